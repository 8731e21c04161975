"""Axes that are taken for others: channels for the height, rows for channels, one axis for another after a reshape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...ops.input import InputOp
from ...ops.shape import Reshape
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Edit, Fix, Insert, Put, put
from .common import Setting, place_in

if TYPE_CHECKING:
    from ...ops.normalization import BatchNormalization, GroupNormalization
else:
    BatchNormalization = stand_for("normalization", "BatchNormalization")
    GroupNormalization = stand_for("normalization", "GroupNormalization")

NORM = Code("norm-not-over-channels", "warning", "`{layer}` has weights for {axis}; the channels are {channels}")
FORMAT = Code("data-format-differs", "warning", "`{layer}` takes the channels for {taken}: they are {channels} here")
FIRST = Code("channels-come-first", "warning", "`shape: {shape}` is {height} high, with {channels} channels, as it is read")
SWAPS = Code("reshape-swaps-axes", "warning", "`Reshape` to {target} mixes the axes: it keeps the order of the values")

COLOURS = (1, 3)
"""Channels of an image that come first in the shape of other frameworks."""
SMALLEST = 16
"""Height and width from which on an image that begins with 1 or 3 has its channels first."""


def check_channels(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer that takes another axis for that of the channels than the layer before gave them, or mixes axes."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or node.type is None:
        return
    if isinstance(op, Reshape):
        yield from _swapped(node, op)
        return
    channels = x.meaning.channels
    if channels is None or x.rank < 2 or len(node.inputs) > 1:
        return
    if isinstance(op, BatchNormalization | GroupNormalization):
        yield from _norm(node, op, channels)
    elif "data_format" in op.arguments and (reads := op.axes_read()) is not None and len(reads) == x.rank:
        yield from _format(node, op, channels, reads)


def _axis(node: TypedNode, place: int) -> str:
    assert node.inputs[0] is not None
    return f"axis {place + 1}"


def _norm(node: TypedNode, op: Op, channels: int) -> Iterable[Diagnostic]:
    x = node.inputs[0]
    assert x is not None
    axis = op.value("axis")
    place = axis - 1 if axis > 0 else axis + x.rank
    if place == channels:
        return
    facts: dict[str, object] = {"layer": op.title(), "axis": _axis(node, place), "channels": _axis(node, channels)}
    help = (f"write `axis: {channels + 1}`",) if channels != x.rank - 1 else ("leave `axis` out: -1 is that of the channels",)
    axis = channels + 1 if channels != x.rank - 1 else -1
    fixes = (put(node.node.origin.place.span, "axis", str(axis)),)
    yield Diagnostic(NORM, place_in(op, "axis", node.node), facts, "", node.node.origin.uses, help, fixes)


def _format(node: TypedNode, op: Op, channels: int, reads: tuple[str, ...]) -> Iterable[Diagnostic]:
    if "channels" not in reads and "features" not in reads:
        return
    own = reads.index("channels" if "channels" in reads else "features")
    if own == channels or channels not in (0, len(reads) - 1):
        return
    wanted = "channels_first" if channels == 0 else "channels_last"
    facts: dict[str, object] = {"layer": op.title(), "taken": reads[channels], "channels": _axis(node, channels)}
    help = (f"write `data_format: {wanted}`, as the layer before it has",)
    if wanted == "channels_last":
        help = ("leave `data_format` out, as the layer before it does",)
    fixes = (put(node.node.origin.place.span, "data_format", wanted),)
    yield Diagnostic(FORMAT, place_in(op, "data_format", node.node), facts, "", node.node.origin.uses, help, fixes)


def _swapped(node: TypedNode, op: Reshape) -> Iterable[Diagnostic]:
    """A target that is the shape of the input in another order: what was one row becomes parts of several."""
    x, y = node.inputs[0], node.type
    assert x is not None and y is not None
    if x.rank != y.rank or x.sizes == y.sizes or sorted(map(str, x.sizes)) != sorted(map(str, y.sizes)):
        return
    kept = [size for size in x.sizes if size != 1]
    if len(set(map(str, kept))) < len(kept) or kept == [size for size in y.sizes if size != 1]:
        return
    sizes = [str(size) for size in x.sizes]
    ones = [place for place, size in enumerate(sizes) if size == "1"]
    dims = [ones.pop(0) + 1 if size == "1" else sizes.index(size) + 1 for size in map(str, y.sizes)]
    target = "[" + ", ".join(map(str, y.sizes)) + "]"
    help = (f"`Permute: {{dims: {dims}}}` turns the axes",)
    labels = node.node.origin.uses
    place = place_in(op, "target_shape", node.node)
    yield Diagnostic(SWAPS, place, {"target": target}, f"{x} comes in", labels, help, _permuted(node, dims))


def _permuted(node: TypedNode, dims: list[int]) -> tuple[Fix, ...]:
    """`Permute` in place of `Reshape`, with its argument."""
    written = node.node.origin.written
    if "target_shape" not in written.keys:
        return ()
    here, key = node.node.origin.place.span, written.keys["target_shape"].span
    edits = (Edit(here, "Permute"), Edit(key, "dims"), Put(here, "target_shape", str(dims)))
    return (Fix(f"write `Permute: {{dims: {dims}}}`", edits),)


def check_image_channels(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Images whose shape begins with the channels, under layers that read them last."""
    readers = None
    for id in typed.graph.inputs:
        node = typed.nodes[id]
        op = node.node.op
        if not isinstance(op, InputOp) or op.input.kind != "image" or len(op.input.shape) != 3 or node.type is None:
            continue
        first, *sides = op.input.shape
        if first not in COLOURS or not all(isinstance(side, int) and side >= SMALLEST for side in sides):
            continue
        readers = readers or find_readers(typed)
        spatial = [each for each in readers[id] if each.node.op is not None and each.node.op.axes_read() == READ_LAST]
        if not spatial or len(spatial) < len(readers[id]):
            continue
        height, width = sides
        facts: dict[str, object] = {"shape": list(op.input.shape), "height": first, "channels": width}
        label = Label(spatial[0].node.origin.place, "reads height, width and channels")
        help = (
            f"where the data are so, turn them first: `Permute: {{dims: [2, 3, 1]}}` gives ({height}, {width}, {first})",
            f"else write `shape: [{height}, {width}, {first}]`",
        )
        place = node.node.origin.written.places.get("shape", node.node.origin.place)
        turn = Insert(spatial[0].node.origin.place.span, "Permute: {dims: [2, 3, 1]}")
        fixes = (Fix("put `Permute: {dims: [2, 3, 1]}` before the layers", (turn,)),) if len(spatial) == 1 else ()
        yield Diagnostic(FIRST, place, facts, "", (label,), help, fixes)


READ_LAST = ("height", "width", "channels")
