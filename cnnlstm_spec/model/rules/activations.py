"""The last activation against the loss: what runs, and is not meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...spec.compile_keys import Placed
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix
from .common import (
    BINARY,
    DISTRIBUTIONS,
    POSITIVE,
    PROBABILITIES,
    SIGMOIDS,
    SOFTMAXES,
    Activated,
    HeadUse,
    Setting,
    fails_to_read,
    find_function,
    fix_activation,
    fix_instead,
    is_over_batch,
    measure_softmax,
    name_written,
    place_in,
    with_argument,
)
from .losses import check_loss

if TYPE_CHECKING:
    from ...spec.targets import Target

SOFTMAX_OVER_ONE = Code("softmax-over-one", "warning", "`softmax` over one value is always 1")
NOT_PROBABILITIES = Code("probabilities-expected", "warning", "`{loss}` reads probabilities; `{head}` has {ending}")
NOT_LOGITS = Code("logits-expected", "warning", "`{loss}` reads logits here; `{function}` gives probabilities")
SIGMOID_CATEGORICAL = Code("sigmoid-with-categorical", "warning", "`{loss}` wants one class of several, not `{function}`")
SOFTMAX_BINARY = Code("softmax-with-binary", "warning", "`{loss}` takes each unit apart; `{function}` ties them together")
NEGATIVE = Code("positive-expected", "warning", "`{loss}` takes a logarithm; `{function}` gives negative values")


def check_softmax(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A softmax over one value, wherever it stands."""
    if _has_softmax_over_one(node):
        yield _report_over_one(node)


def check_activation(head: HeadUse) -> Iterable[Diagnostic]:
    """The activation against the loss, where neither is a finding by itself."""
    found = head.activation
    if head.loss is None or found is None or _has_softmax_over_one(found.typed):
        return
    if not any(check_loss(head)) and not _is_told_of_labels(head.loss, head.target, found.function):
        yield from _check_against_loss(head.loss, head, found)


def _is_told_of_labels(loss: Placed, target: Target | None, function: str) -> bool:
    """Whether what the labels look like says already that the loss, or the activation, is another."""
    if target is None:
        return False
    return fails_to_read(loss, target) or (target.encoding == "multi_hot" and function in SOFTMAXES)


def _has_softmax_over_one(node: TypedNode) -> bool:
    op, type = node.node.op, node.type
    recurrent = "return_sequences" in op.arguments if op is not None else False
    if op is None or type is None or not type.axes or recurrent or type.rank == 0:
        return False
    return find_function(op) in SOFTMAXES and not is_over_batch(op, type) and measure_softmax(op, type) == 1


def _report_over_one(node: TypedNode) -> Diagnostic:
    op = node.node.op
    assert op is not None
    help: tuple[str, ...] = ("for one probability use `sigmoid`; for two classes two units",)
    place, fixes = place_in(op, "activation", node.node), (fix_activation(node.node, "sigmoid"),)
    return Diagnostic(SOFTMAX_OVER_ONE, place, labels=node.node.origin.uses, help=help, fixes=fixes)


def _check_against_loss(loss: Placed, head: HeadUse, found: Activated) -> Iterable[Diagnostic]:
    name, function = loss.thing.name, found.function
    op = found.node.op
    assert op is not None
    place = place_in(op, "activation", found.node)
    labels = (Label(loss.place, "the loss"), *found.node.origin.uses)
    facts: dict[str, object] = {"loss": name_written(loss.thing), "head": head.name, "function": function}
    if name == "Poisson" and function not in POSITIVE:
        help: tuple[str, ...] = ("end with `softplus` or `exponential`",)
        yield Diagnostic(NEGATIVE, place, facts, "", labels, help, (fix_activation(found.node, "softplus"),))
    if name == "CTC" and function in SIGMOIDS | SOFTMAXES:
        help = ("leave the activation out: it takes the softmax of what it is given, so that a second one flattens the first",)
        yield Diagnostic(NOT_LOGITS, place, facts, "", labels, help, (fix_activation(found.node, "linear"),))
    if name not in PROBABILITIES:
        return
    if loss.thing.get("from_logits"):
        if function in SIGMOIDS | SOFTMAXES:
            help = ("leave `from_logits` out, or the activation",)
            fixes: tuple[Fix, ...] = (with_argument(loss, "from_logits", "false"), fix_activation(found.node, "linear"))
            yield Diagnostic(NOT_LOGITS, place, facts, "", labels, help, fixes)
        return
    if name in DISTRIBUTIONS and function in SIGMOIDS:
        help = ("use `softmax`, or `binary_crossentropy` for one unit or classes that can go together",)
        if head.width == 1:
            help = ("for one unit use `binary_crossentropy`",)
        binary = fix_instead(loss, "binary_crossentropy")
        fixes = (binary,) if head.width == 1 else (fix_activation(found.node, "softmax"), binary)
        yield Diagnostic(SIGMOID_CATEGORICAL, place, facts, "", labels, help, fixes)
    elif name in BINARY and function in SOFTMAXES:
        help = ("for one class of several use `categorical_crossentropy`; for classes that can go together `sigmoid`",)
        categorical = "categorical_focal_crossentropy" if "Focal" in name else "categorical_crossentropy"
        fixes = (fix_instead(loss, categorical), fix_activation(found.node, "sigmoid"))
        yield Diagnostic(SOFTMAX_BINARY, place, facts, "", labels, help, fixes)
    elif function not in SIGMOIDS | SOFTMAXES:
        wanted = "softmax" if name in DISTRIBUTIONS else "sigmoid"
        ending = "no activation" if function == "linear" else f"`{function}`"
        logits = (f"or give the loss logits: `{name}: {{from_logits: true}}`",) if "from_logits" in _name_arguments(loss) else ()
        help = (f"end with `activation: {wanted}`", *logits)
        if name in DISTRIBUTIONS and head.width == 1:
            help = ("for one unit: `activation: sigmoid`, with `binary_crossentropy`",)
            both = (*fix_activation(found.node, "sigmoid").edits, *fix_instead(loss, "binary_crossentropy").edits)
            fixes = (Fix("write `activation: sigmoid`, with `binary_crossentropy`", both),)
        else:
            fixes = (fix_activation(found.node, wanted), *((with_argument(loss, "from_logits", "true"),) if logits else ()))
        yield Diagnostic(NOT_PROBABILITIES, place, {**facts, "ending": ending}, "", labels, help, fixes)


def _name_arguments(loss: Placed) -> tuple[str, ...]:
    from ...language.catalog import find_family

    return tuple(argument["name"] for argument in find_family("losses")["classes"][loss.thing.name]["arguments"])
