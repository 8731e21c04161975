"""What of a spec a pack depends on, in plain words: how inputs and targets are read, and the shares of `train`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ....language.record import Record
from ....ops.input import Input
from ....spec.data.section import DataSpec
from ....spec.data.splits import Split
from ..branches.branch import BranchSamples
from ..branches.cells import CellsBranch
from ..head_facts import HeadFacts
from .document import Held, Pack, PackedInput


def list_differing(record: Record) -> dict[str, str]:
    """The arguments of a record that are not at their defaults."""
    defaults = {name: type(record).model_fields[each.field].default for name, each in record.arguments.items()}
    return {name: repr(record.get_value(name)) for name, default in defaults.items() if record.get_value(name) != default}


def describe_input(input: Input, source: Record, held: Held, in_memory: bool) -> PackedInput:
    """How a branch is read."""
    padding = input.padding_value
    return PackedInput(
        kind=input.kind,
        shape=tuple(map(str, input.shape)),
        dtype=str(input.data_type),
        padding_value=padding if padding is None or math.isfinite(padding) else str(padding),
        source=list_differing(source),
        held=held,
        in_memory=in_memory,
    )


def describe_splits(data: DataSpec) -> dict[str, dict[str, str]]:
    """The shares of `train`, by part."""
    splits = {name: each for name, each in data.parts.items() if isinstance(each, Split)}
    return {name: {**list_differing(each), "seed": str(data.seed)} for name, each in splits.items()}


def choose_held(branch: BranchSamples) -> Held:
    """Whether a pack holds samples, or all that training draws them of."""
    source = branch.source.source
    drawn = bool(getattr(source, "augment", ())) or getattr(source, "frames", None) == "random"
    return "files" if drawn and isinstance(branch, CellsBranch) else "samples"


def find_encoding(head: HeadFacts) -> str:
    """What the loss of a head takes, as far as the spec says it."""
    return head.find_encoding() if head.of_classes else "real"


LEFT_OUT = "; left out, it is as it was packed"


def find_differences(pack: Pack, inputs: Mapping[str, Input], data: DataSpec, heads: list[HeadFacts]) -> Iterator[str]:
    """What the spec has otherwise than what was packed, each as the words after the name of the pack.

    An entry that the spec leaves out of `inputs` or `targets` is as it was packed, but for one by which training draws anew:
    what is drawn is not in the pack.
    """
    for name, input in inputs.items():
        known, written = pack.inputs.get(name), data.inputs[name]
        if known is None:
            yield f"it holds no branch `{name}`"
            continue
        now = describe_input(input, written.source, known.held, known.in_memory)
        if not written.written.places and known.held == "files":
            told = " and ".join(f"`{key}`" for key in known.source)
            yield f"training draws anew of `{name}`: write the entry of `inputs` that it was packed with, {told}"
            continue
        if not written.written.places:
            now = now.model_copy(update={"source": known.source})
        if now != known:
            keys = ("kind", "shape", "dtype", "padding_value", "source")
            key = next(key for key in keys if getattr(now, key) != getattr(known, key))
            yield f"`inputs.{name}` was packed otherwise{LEFT_OUT}" if key == "source" else f"the `{key}` of `{name}` is another"
    for head in heads:
        held, source = pack.targets.get(head.name), head.source
        if held is None:
            yield f"it holds no target of `{head.name}`"
        elif source.written.places and list_differing(source.source) != held.source:
            yield f"`targets.{head.name}` was packed otherwise{LEFT_OUT}"
        elif find_encoding(head) != held.encoding:
            yield f"the loss of `{head.name}` takes `{find_encoding(head)}`; `{held.encoding}` was packed"
    for name, split in describe_splits(data).items():
        if split != pack.splits.get(name):
            yield f"`{name}` is another share than was packed"
    if (list_differing(data.window) if data.window is not None else None) != pack.window:
        yield "`window` is another than was packed"
    for weight in data.sample_weights:
        if (weight.head is None and not pack.weights) or (weight.head is not None and weight.head not in pack.weights):
            yield "it holds no weights of samples"
