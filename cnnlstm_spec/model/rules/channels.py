"""Axes that are taken for others: channels for the height, rows for channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...ir.size import Size
from ...ir.tensor import TensorType
from ...ops.input import InputOp
from ...ops.stand_in import stand_for
from ...ops.structural import EnterTime
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Insert, put
from .common import Setting, place_in

if TYPE_CHECKING:
    from ...ops.fusions.concat import Concat
    from ...ops.join import Concatenate
    from ...ops.normalization import BatchNormalization, GroupNormalization
    from ...ops.rescaling import Normalization, Rescaling
    from ...ops.wrappers import Bidirectional
else:
    Bidirectional = stand_for("wrappers", "Bidirectional")
    Concat = stand_for("fusions.concat", "Concat")
    Concatenate = stand_for("join", "Concatenate")
    BatchNormalization = stand_for("normalization", "BatchNormalization")
    GroupNormalization = stand_for("normalization", "GroupNormalization")
    Normalization = stand_for("rescaling", "Normalization")
    Rescaling = stand_for("rescaling", "Rescaling")

NORM = Code("norm-not-over-channels", "warning", "`{layer}` has weights for {axis}; the channels are {channels}")
ALONG = Code("norm-without-channels", "warning", "`{layer}` goes along {axes}; the channels are {channels}")
FORMAT = Code("data-format-differs", "warning", "`{what}` takes the channels for {taken}: they are {channels} here")
JOINED = Code("joined-not-over-channels", "warning", "`{layer}` joins along {axis}; the channels are {channels}")
FEATURES = Code("features-not-channels", "warning", "`{layer}` takes {axis} for the {features}; the channels are {channels}")
FIRST = Code("channels-come-first", "warning", "`shape: {shape}` is {height} high, with {channels} channels, as it is read")

COLOURS = (1, 3)
"""Channels of an image that come first in the shape of other frameworks."""
SMALLEST = 16
"""Height and width from which on an image that begins with 1 or 3 has its channels first."""


def check_channels(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer that takes another axis for that of the channels than the layer before gave them."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or node.type is None:
        return
    channels = x.meaning.channels
    if len(node.inputs) > 1 and isinstance(op, Concat | Concatenate):
        yield from _check_joined(node, op)
    if isinstance(op, Bidirectional) and op.merge_mode == "concat":
        yield from _check_directions(node, op, node.type)
    yield from _check_features(node, op)
    if x.rank < 2 or len(node.inputs) > 1:
        return
    if op.is_batch_norm or op.statistics is not None or isinstance(op, Normalization):
        channels = _find_colours(x) if channels is None else channels
    if channels is None:
        return
    if isinstance(op, BatchNormalization | GroupNormalization | Normalization):
        yield from _check_norm(node, op, channels)
    elif op.statistics == "axis":
        yield from _check_along(node, op, channels)
    elif (wanted := find_format(node)) is not None:
        yield tell_format(node, wanted)


def _check_joined(node: TypedNode, op: Concat | Concatenate) -> Iterable[Diagnostic]:
    """Images whose channels come first, joined along the last axis because no other is named."""
    known = [x for x in node.inputs if x is not None]
    first = [x for x in known if x.rank > 2 and x.meaning.channels == 0]
    if op.axis == -1 and not op.is_written("axis") and known and len(first) == len(node.inputs):
        facts: dict[str, object] = {"layer": op.title(), "axis": _name_axis(known[0].rank - 1), "channels": _name_axis(0)}
        yield _report_axis(JOINED, node, op, facts, 0)


def _check_directions(node: TypedNode, op: Bidirectional, output: TensorType) -> Iterable[Diagnostic]:
    """Both directions of images whose channels come first: Keras joins them along the last axis."""
    channels = output.meaning.channels
    if channels is None or channels == output.rank - 1:
        return
    facts: dict[str, object] = {"layer": op.title(), "axis": _name_axis(output.rank - 1), "channels": _name_axis(channels)}
    help = "`merge_mode: sum` or `ave` keeps the images as large; with `data_format: channels_last` the channels are joined"
    yield Diagnostic(JOINED, node.node.origin.place, facts, "", node.node.origin.uses, (help,))


def _check_features(node: TypedNode, op: Op) -> Iterable[Diagnostic]:
    """A layer that has no `data_format`, and reads features last, behind one whose `data_format` has put the channels first."""
    x = next((x for x in node.inputs if x is not None and x.rank > 1 and x.meaning.channels_first), None)
    reads = op.list_axes_read()
    last = reads[-1] if reads else "features"
    if x is None or "data_format" in op.arguments or not (op.reads_features or (reads and last in ("features", "channels"))):
        return
    channels = x.meaning.channels
    assert channels is not None
    order = (*range(1, channels + 1), *range(channels + 2, x.rank + 1), channels + 1)
    turn = f"Permute: {{dims: {list(order)}}}"
    facts: dict[str, object] = {"layer": op.title(), "axis": _name_axis(x.rank - 1), "features": last}
    facts["channels"] = _name_axis(channels)
    here = node.node.origin.place.span
    # The projection of a fusion stands where its strategy is written.
    alone = len(node.node.inputs) == 1 and here.source.text[here.start : here.end] == op.title()
    help = f"put `{turn}` before it: the channels come last then" if alone else f"end the layers of that input with `{turn}`"
    fixes = (Fix(f"put `{turn}` before it", (Insert(here, turn),)),) if alone else ()
    yield Diagnostic(FEATURES, node.node.origin.place, facts, "", node.node.origin.uses, (help,), fixes)


def _find_colours(x: TensorType) -> int | None:
    """The last axis of an image as the data have it, where no other one has a size of colours."""
    *others, last = x.axes
    alone = last.size in COLOURS and not any(each.size in COLOURS for each in others)
    return len(others) if last.name == "channels" and alone else None


def _name_axis(place: int) -> str:
    return f"axis {place + 1}"


def _check_norm(node: TypedNode, op: Op, channels: int) -> Iterable[Diagnostic]:
    x = node.inputs[0]
    assert x is not None
    places = _find_places(op, x)
    if channels in places or not places:
        return
    axes = " and ".join(map(_name_axis, places))
    facts: dict[str, object] = {"layer": op.title(), "axis": axes, "channels": _name_axis(channels)}
    yield _report_axis(NORM, node, op, facts, channels)


def _check_along(node: TypedNode, op: Op, channels: int) -> Iterable[Diagnostic]:
    """A normalization of single samples that goes along rows or columns, or has weights for each of them."""
    x = node.inputs[0]
    assert x is not None
    places = _find_places(op, x)
    if channels in places or (not node.weights and len(places) == x.rank - 1):
        # Along all axes but that of the channels, and without weights, each channel is normalized by itself.
        return
    axes = " and ".join(map(_name_axis, places))
    facts: dict[str, object] = {"layer": op.title(), "axes": axes, "channels": _name_axis(channels)}
    yield _report_axis(ALONG, node, op, facts, channels)


def _find_places(op: Op, x: TensorType) -> tuple[int, ...]:
    """The axes that an op names, from 0 for the first after the batch."""
    axis = op.get_value("axis")
    axes = () if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(each - 1 if each > 0 else each + x.rank for each in axes))


def _report_axis(code: Code, node: TypedNode, op: Op, facts: dict[str, object], channels: int) -> Diagnostic:
    assert node.type is not None
    last = channels == node.type.rank - 1
    help = "leave `axis` out: -1 is that of the channels" if last else f"write `axis: {channels + 1}`"
    fix = put(node.node.origin.place.span, "axis", str(-1 if last else channels + 1))
    return Diagnostic(code, place_in(op, "axis", node.node), facts, "", node.node.origin.uses, (help,), (fix,))


def find_format(node: TypedNode) -> str | None:
    """The data format of the layer before, where that of a layer is another, whether or not it fails for that."""
    op, x = node.node.op, node.inputs[0] if len(node.inputs) == 1 else None
    reads = op.list_axes_read() if op is not None and "data_format" in op.arguments else None
    if op is None or x is None or reads is None or len(reads) != x.rank or x.meaning.channels not in (0, x.rank - 1):
        return None
    name = next((each for each in ("channels", "features") if each in reads), None)
    if x.rank < 2 or name is None or reads.index(name) == x.meaning.channels:
        return None
    return "channels_first" if x.meaning.channels == 0 else "channels_last"


def tell_format(node: TypedNode, wanted: str) -> Diagnostic:
    """The finding of a layer that takes the channels for another axis."""
    op, x = node.node.op, node.inputs[0]
    reads = op.list_axes_read() if op is not None else None
    assert op is not None and x is not None and reads is not None and x.meaning.channels is not None
    channels = x.meaning.channels
    facts: dict[str, object] = {"what": op.title(), "taken": reads[channels], "channels": _name_axis(channels)}
    help = (f"write `data_format: {wanted}`, as the layer before it has",)
    if wanted == "channels_last":
        help = ("leave `data_format` out, as the layer before it does",)
    fixes = (put(node.node.origin.place.span, "data_format", wanted),)
    return Diagnostic(FORMAT, place_in(op, "data_format", node.node), facts, "", node.node.origin.uses, help, fixes)


def check_image_channels(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Images, films and volumes whose shape begins with the channels, under layers that read them last."""
    readers: dict[str, list[TypedNode]] | None = None
    for id in typed.graph.inputs:
        node = typed.nodes[id]
        op = node.node.op
        order = find_order(op.input.kind, node.type.sizes) if isinstance(op, InputOp) and node.type is not None else None
        if order is None or node.type is None:
            continue
        readers = readers or find_readers(typed)
        spatial = [_find_spatial(each, readers) for each in readers[id]]
        if not all(spatial):
            continue
        sizes, names = node.type.sizes, [axis.name for axis in node.type.axes]
        shape, turned = list(sizes), ", ".join(str(sizes[dim - 1]) for dim in order)
        facts: dict[str, object] = {"shape": shape, "height": sizes[names.index("height")], "channels": sizes[-1]}
        labels = [Label(each.node.origin.place, f"reads {', '.join(names[-3:-1])} and channels") for each in spatial[:1] if each]
        turn = f"Permute: {{dims: {list(order)}}}"
        help = (f"where the data are so, turn them first: `{turn}` gives ({turned})", f"else write `shape: [{turned}]`")
        place = node.node.origin.written.places.get("shape", node.node.origin.place)
        first = Insert(readers[id][0].node.origin.place.span, turn)
        fixes = (Fix(f"put `{turn}` before the layers", (first,)),) if len(readers[id]) == 1 else ()
        yield Diagnostic(FIRST, place, facts, "", tuple(labels), help, fixes)


ORDERS: dict[str, tuple[tuple[int, ...], ...]] = {
    "image": ((2, 3, 1),),
    "video": ((1, 3, 4, 2), (2, 3, 4, 1)),
    "volume": ((2, 3, 4, 1),),
}
"""By the kind of an input, how its axes are turned where the channels do not come last."""


def find_order(kind: str, sizes: tuple[Size, ...]) -> tuple[int, ...] | None:
    """How the axes of a shape would have to be turned; None where its channels come last, or that cannot be told."""
    for order in ORDERS.get(kind, ()):
        height, width = sizes[order[-3] - 1], sizes[order[-2] - 1]
        sides = all(isinstance(side, int) and side >= SMALLEST for side in (height, width))
        if sides and sizes[order[-1] - 1] in COLOURS and sizes[-1] not in COLOURS:
            return order
    return None


def _find_spatial(reader: TypedNode, readers: Mapping[str, list[TypedNode]]) -> TypedNode | None:
    """The layer that reads the channels last, behind those that do the same with every value."""
    while isinstance(reader.node.op, Rescaling | Normalization | EnterTime) and len(readers[reader.node.id]) == 1:
        (reader,) = readers[reader.node.id]
    reads = reader.node.op.list_axes_read() if reader.node.op is not None else None
    return reader if reads is not None and "height" in reads and reads[-1] == "channels" else None
