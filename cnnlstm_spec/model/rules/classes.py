"""What `fit` says of classes, against the heads: class weights and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...ir.graph import TypedGraph
from ...spec.compile_section import CompileSpec
from ...spec.fit.by_class import ClassWeight
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Put
from ...text.spelling import guess
from .common import BINARY, DISTRIBUTIONS, HeadUse, find_head_use, name_written

OF_NUMBERS = Code(
    "class-weight-of-numbers",
    "error",
    "`{head}` learns numbers with `{loss}`, which have no classes to weigh",
    help="leave it out; `data.sample_weight` weighs samples",
)
UNTRAINED = Code("class-weight-untrained", "error", "`{head}` has no loss for class weights to weigh", help="leave it out")
UNKNOWN_CLASS = Code("class-weight-unknown-class", "error", "`{head}` has no class `{given}`")
MISSING_CLASS = Code("class-weight-missing-class", "error", "`{head}` has {count} classes; {given} have a weight")
NO_THRESHOLD = Code("threshold-without-binary-head", "error", "a threshold is for a head of one sigmoid; {what}")

CLASSES = BINARY | DISTRIBUTIONS | {"CategoricalHinge", "Hinge", "SquaredHinge", "Dice", "Tversky", "Circle", "CTC"}


def check_classes(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Class weights of heads that have such classes, and thresholds of binary heads."""
    if spec.fit is None or not isinstance(spec.compile, CompileSpec):
        return
    for name, weight in spec.fit.class_weight.items():
        head = find_head_use(name, typed, spec) if name in typed.graph.outputs else None
        if head is not None:
            yield from _check_weights(head, weight, spec)
    heads = {name: find_head_use(name, typed, spec) for name in typed.graph.outputs}
    for name_or_all, threshold in spec.fit.threshold.items():
        meant = [head for name, head in heads.items() if name_or_all in (None, name)]
        if meant and all(head is not None and not _is_binary(head) for head in meant):
            what = "there is none" if name_or_all is None else f"`{name_or_all}` is none"
            yield Diagnostic(NO_THRESHOLD, threshold.place, {"what": what}, help=("leave it out",))


def _is_binary(head: HeadUse) -> bool:
    """Whether a head gives one value that may be a probability of yes."""
    return head.width in (1, None) and (head.loss is None or head.loss.thing.name in CLASSES)


def _check_weights(head: HeadUse, weight: ClassWeight, spec: ModelSpec) -> Iterator[Diagnostic]:
    section = spec.compile
    assert isinstance(section, CompileSpec)
    if head.loss is None:
        if head.name in section.losses:
            yield Diagnostic(UNTRAINED, weight.place, {"head": head.name})
        return
    source = spec.data.targets.get(head.name) if spec.data is not None else None
    told = next((each.target for each in spec.targets if each.head == head.name), None)
    real = told is not None and told.encoding == "real"
    if real or (head.loss.thing.name not in CLASSES and (source is None or source.source.classes is None) and told is None):
        labels = (Label(head.loss.place, "the loss"),)
        yield Diagnostic(OF_NUMBERS, weight.place, {"head": head.name, "loss": name_written(head.loss.thing)}, labels=labels)
        return
    if weight.weights is None:
        return
    classes = None
    if source is not None:
        classes = source.source.classes or source.source.columns
    if classes is not None:
        yield from _check_by_name(head.name, weight, classes)
        return
    count = 2 if head.width == 1 else head.width
    if isinstance(count, int) and len(weight.weights) != count:
        facts: dict[str, object] = {"head": head.name, "count": count, "given": len(weight.weights)}
        labels = (Label(head.node.origin.place, f"gives {head.type}"),)
        yield Diagnostic(
            MISSING_CLASS, weight.place, facts, labels=labels, help=("give each class a weight, or write `balanced`",)
        )


def _check_by_name(head: str, weight: ClassWeight, classes: tuple[str, ...]) -> Iterator[Diagnostic]:
    assert weight.weights is not None
    for name in weight.weights:
        if name not in classes:
            near = guess(name, classes, weight.places[name].span)
            help = near.help or (f"the classes are {', '.join(f'`{each}`' for each in classes[:12])}",)
            yield Diagnostic(UNKNOWN_CLASS, weight.places[name], {"head": head, "given": name}, help=help, fixes=near.fixes)
    missing = [each for each in classes if each not in weight.weights]
    if missing and all(name in classes for name in weight.weights):
        facts: dict[str, object] = {"head": head, "count": len(classes), "given": len(weight.weights)}
        help = (f"`{missing[0]}` has none: give it 1 to leave it as it is",)
        fixes = (Fix("give what has none a weight of 1", tuple(Put(weight.place.span, each, "1") for each in missing)),)
        yield Diagnostic(MISSING_CLASS, weight.place, facts, help=help, fixes=fixes)
