"""The reference of Keras's objects that are no layers, and of the kinds of inputs: what the catalog and the records say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...language.catalog import find_family
from ...language.named import SINGULAR, find_kind
from ...ops.input import KINDS, Input
from ...text.escape.json import write_readable
from ...text.escape.terminal import measure_width
from ...text.synonyms import fold_word

if TYPE_CHECKING:
    from ...language.catalog_types import ObjectArgument

FAMILIES = (
    "losses",
    "metrics",
    "optimizers",
    "schedules",
    "regularizers",
    "initializers",
    "constraints",
    "activations",
    "callbacks",
)
WHERE = {
    "losses": "compile: {{loss: {0}}}",
    "metrics": "compile: {{loss: mse, metrics: [{0}]}}",
    "optimizers": "compile: {{loss: mse, optimizer: {0}}}",
    "schedules": "compile: {{loss: mse, optimizer: {{Adam: {{learning_rate: {0}}}}}}}",
    "regularizers": "- Dense: {{units: 8, kernel_regularizer: {0}}}",
    "initializers": "- Dense: {{units: 8, kernel_initializer: {0}}}",
    "constraints": "- Dense: {{units: 8, kernel_constraint: {0}}}",
    "activations": "- Dense: {{units: 8, activation: {0}}}",
    "callbacks": "fit: {{epochs: 10, callbacks: [{0}]}}",
}
"""Where a thing of each family stands."""
LABELS = {
    "integer": "class numbers, without the last axis",
    "same": "of the output's shape",
    "sequence": "sequences of class numbers",
}
MASKS = {
    "counted": "padded steps do not count",
    "ignored": "padded steps count",
    "fails": "cannot run on padded steps",
    "nan": "NaN with padded steps",
}
EXAMPLES: dict[str, object] = {
    "boundaries": [1000],
    "values": [0.01, 0.001],
    "target_class_ids": [0],
    "decay_rate": 0.9,
    "decay_steps": 1000,
    "first_decay_steps": 1000,
    "initial_learning_rate": 0.01,
    "name": "mean",
}
"""Values for what is required; 2 for a count of classes, half for a share."""


def list_object_names() -> dict[str, list[str]]:
    """Names of each family that have a page, and of the kinds of inputs."""
    found = {family: [*find_family(family)["classes"]] or sorted(set(find_family(family)["identifiers"])) for family in FAMILIES}
    return {"inputs": [*KINDS, "tensor"], **found}


def write_object_pages(name: str) -> list[str]:
    """The pages of that name, of which losses and metrics have some in common; by any of its identifiers too."""
    pages = [_describe_input(name)] if name in (*KINDS, "tensor") else []
    return pages + [page for family in FAMILIES if (page := write_object_page(name, family)) is not None]


def write_object_page(name: str, family: str) -> str | None:
    """The page of that name in a family."""
    known = find_family(family)
    cls = name if name in known["classes"] else known["identifiers"].get(name)
    if cls in known["classes"]:
        return _describe_object(family, cls)
    return _show_activation(name) if cls is not None else None


def _describe_object(family: str, cls: str) -> str:
    spec = find_family(family)["classes"][cls]
    identifiers = [each for each, of in find_family(family)["identifiers"].items() if of == cls]
    what = SINGULAR.get(family, family.removesuffix("s"))
    parts = [f"{cls}: {'an' if what[0] in 'aeiou' else 'a'} {what} of Keras"]
    lines = [f"  also written  {', '.join(identifiers)}"] if identifiers else []
    reads = spec.get("reads", {})
    if reads:
        lines += [f"  labels  {LABELS[reads['labels']]}"] if reads.get("labels") in LABELS else []
        lines += [f"  mask    {MASKS[reads['mask']]}"] if reads.get("mask") in MASKS else []
    if lines:
        parts.append("\n".join(lines))
    rows = [(fact["name"], find_kind(fact).words, _show_default(fact)) for fact in sorted(spec["arguments"], key=_is_optional)]
    parts.append("arguments\n" + (_write_table(rows) if rows else "  none"))
    parts.append(f"example\n  {write_example(family, cls)}")
    return "\n\n".join(parts) + "\n"


def write_example(family: str, cls: str) -> str:
    """A thing where it stands, with what it needs."""
    known = find_family(family)["classes"].get(cls)
    needed = {fact["name"]: _make_example(fact) for fact in (known["arguments"] if known else ()) if not _is_optional(fact)}
    written = "{" + cls + ": " + write_readable(needed).replace('"', "") + "}" if needed else cls
    return WHERE[family].format(written)


def _make_example(fact: ObjectArgument) -> object:
    if fact["name"] in EXAMPLES:
        return EXAMPLES[fact["name"]]
    return 2 if fact["kind"].startswith("int") else 0.5


def _is_optional(fact: ObjectArgument) -> bool:
    return not fact.get("required")


def _show_default(fact: ObjectArgument) -> str:
    if fact.get("required"):
        return "required"
    value = fact.get("default")
    return value if isinstance(value, str) else write_readable(value)


def _show_activation(name: str) -> str:
    return f"{name}: an activation of Keras\n\nexample\n  {WHERE['activations'].format(name)}\n"


def _describe_input(kind: str) -> str:
    axes = KINDS.get(kind)
    shown = "axes as given: `axes: [windows, samples, features]`" if axes is None else f"({', '.join(axes)})"
    shown = shown if axes != () else "no axes: a sample is one text"
    rows = [(name, each.kind.words, "required" if each.required else "null", each.doc) for name, each in Input.arguments.items()]
    examples = {0: "", 1: ", shape: [8]", 2: ", shape: [100, 50]", 3: ", shape: [64, 64, 3]", 4: ", shape: [16, 64, 64, 3]"}
    more = ", shape: [64, 64, 3], axes: [windows, samples, features]" if axes is None else examples[len(axes)]
    example = f"example\n  input: {{kind: {kind}{more}}}"
    return "\n\n".join([f"{kind}: an input of {shown}", "keys\n" + _write_table(rows), example]) + "\n"


def _write_table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(measure_width(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [cell + " " * (size - measure_width(cell)) for cell, size in zip(row, widths, strict=False)]
        lines.append(("  " + "  ".join([*cells, row[-1]])).rstrip())
    return "\n".join(lines)


def find_similar(name: str) -> str | None:
    """A name that has a page and is the same but for capitals and underscores."""
    names = (each for listed in list_object_names().values() for each in listed)
    return next((each for each in names if fold_word(each) == fold_word(name)), None)
