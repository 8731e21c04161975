"""Whether a backbone is fed pixels scaled as it expects them: not raw, and not scaled twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.meaning import BRIGHTEST, SCALED
from ...ir.op import FLOATS, Op
from ...ops.input import InputOp
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Change, Drop, Fix, Insert, Put, drop, put
from .common import Setting, find_title, place_in

if TYPE_CHECKING:
    from ...ops.backbones.op import Backbone
    from ...ops.functions.op import Function
    from ...ops.rescaling import Rescaling
else:
    Backbone = stand_for("backbones.op", "Backbone")
    Function = stand_for("functions.op", "Function")
    Rescaling = stand_for("rescaling", "Rescaling")

RAW = Code("pixels-not-scaled", "warning", "`{layer}` was trained on scaled pixels; nothing scales them here")
TWICE = Code("pixels-scaled-twice", "warning", "`{layer}` scales pixels{inside}; this scales them before it too")

OTHERWISE = Code("pixels-scaled-otherwise", "warning", "`{layer}` reads {reads}; this gives {given}")
RANGE = Code("value-range-differs", "warning", "`{layer}` takes values for {low:g} to {high:g}; they are {given}")

OF_PIXELS = ("image", "video", "volume", "tensor")
"""Kinds of input that may be images."""
LARGEST = {"uint16": 65535.0, "int16": 32767.0}
"""The brightest pixel of a dtype; 255 of any other."""
MOVING = ("add", "subtract")
"""Functions that move pixels by a number."""

WAYS: dict[str, tuple[str, ...]] = {
    "tf": ("write `preprocess_input: true`, or put `Rescaling: {scale: 1/127.5, offset: -1}` before it",),
    "torch": ("write `preprocess_input: true`: it takes the mean of each channel away, and scales",),
    "caffe": ("write `preprocess_input: true`: it reads BGR less the mean of each channel",),
    "identity": ("leave `include_preprocessing: false` out: it then scales them inside",),
}
"""By what Keras's `preprocess_input` does for a model."""


def check_pixels(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each backbone that is fed raw pixels, or pixels that have been scaled although it scales them, as another layer may."""
    for node in typed.nodes.values():
        op, (preprocessing, again) = node.node.op, _find_scaling(node)
        if op is None or (preprocessing is None and not again):
            continue
        steps = tuple(_list_before(node, typed))
        if not steps or not isinstance(steps[-1].node.op, InputOp) or steps[-1].node.op.input.kind not in OF_PIXELS:
            continue
        scales = [step for step in steps if _find_brightest(_find_op(step))]
        inside = preprocessing is not None and _is_scaled_inside(op, preprocessing)
        if preprocessing is None or inside:
            moves = [step for step in steps if _is_moving(_find_op(step))]
            yield from _check_twice(node, steps[-1], scales, (*scales, *moves), " inside" if inside else "")
        elif not scales:
            yield from _check_raw(node, op, preprocessing, steps[-1])
        else:
            yield from _check_otherwise(node, op, preprocessing, scales[0])


@remember_by_node
def _find_scaling(node: TypedNode) -> tuple[str | None, bool]:
    """How a backbone wants its pixels, and whether a layer scales them; None and False of all others."""
    op = node.node.op
    if op is None or node.type is None:
        return None, False
    return op.find_preprocessing(), 0 < _find_brightest(op) <= SCALED


def _is_scaled_inside(op: Op, preprocessing: str) -> bool:
    """Whether a model scales pixels of 0 to 255 itself, or the spec has it do so."""
    if preprocessing == "identity":
        return "include_preprocessing" not in op.arguments or bool(op.get_value("include_preprocessing"))
    return isinstance(op, Backbone) and op.preprocess_input


def _is_moving(op: Op) -> bool:
    """Whether a function moves pixels by a number, and does nothing else."""
    return isinstance(op, Function) and op.fact.name in MOVING


def _list_before(node: TypedNode, typed: TypedGraph) -> Iterator[TypedNode]:
    """The nodes back to the input, as long as each only moves pixels or rescales them."""
    while len(node.node.inputs) == 1:
        node = typed.nodes[node.node.inputs[0]]
        if node.node.op is None or node.type is None:
            return
        op = node.node.op
        # What draws a brightness keeps values in the range that it is told.
        passes = op.keeps_pixels or "value_range" in op.arguments or _is_moving(op) or _find_brightest(op)
        if not passes and not isinstance(op, InputOp):
            return
        yield node


def _check_otherwise(node: TypedNode, op: Op, way: str, scale: TypedNode) -> Iterator[Diagnostic]:
    """Pixels scaled for other weights than the pretrained ones."""
    values = node.inputs[0].meaning.range if node.inputs[0] is not None else None
    if op.get_value("weights") != "imagenet" or values is None or values.least is None or values.greatest is None:
        return
    if way == "tf" and values.least < 0:
        return
    from ...ops.backbones.preprocess import PIXELS

    facts: dict[str, object] = {"layer": op.title(), "reads": PIXELS[way].partition(",")[0], "given": values}
    label = Label(node.node.origin.place, f"reads {PIXELS[way]}")
    help = {
        "tf": ("write `Rescaling: {scale: 1/127.5, offset: -1}`",),
        "identity": ("leave this out",),
    }.get(way, (f"write `preprocess_input: true` in its place, at `{op.title()}`",))
    fixes: tuple[Fix, ...] = ()
    if way == "tf":
        fixes = (Fix("write `Rescaling: {scale: 1/127.5, offset: -1}`", _change_scaling(scale, "1/127.5", "-1")),)
    elif way in ("torch", "caffe"):
        puts = Put(node.node.origin.place.span, "preprocess_input", "true")
        fixes = (Fix("leave the pixels, and write `preprocess_input: true`", (*_change_scaling(scale, "1"), puts)),)
    yield Diagnostic(OTHERWISE, scale.node.origin.place, facts, "", (label, *scale.node.origin.uses), help, fixes)


def _change_scaling(step: TypedNode, scale: str, offset: str = "0") -> tuple[Change, ...]:
    """Other arguments of a `Rescaling`; in place of a function one that has them, or nothing."""
    here = step.node.origin.place.span
    if not isinstance(_find_op(step), Rescaling):
        other = f"Rescaling: {{scale: {scale}, offset: {offset}}}"
        return (*(() if scale == "1" else (Insert(here, other),)), Drop(here))
    moved = offset != "0" or "offset" in step.node.origin.written.places
    return Put(here, "scale", scale), *((Put(here, "offset", offset),) if moved else ())


def check_value_range(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """An augmentation that is told, or believes, that values lie elsewhere than they do."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or "value_range" not in op.arguments or x.meaning.range is None:
        return
    values, (low, high) = x.meaning.range, op.get_value("value_range")
    if values.least is None or values.greatest is None:
        return
    width, span = values.greatest - values.least, high - low
    if values.least >= low and values.greatest <= high and span <= 10 * width:
        return
    facts: dict[str, object] = {"layer": op.title(), "low": low, "high": high, "given": values}
    help = (f"write `value_range: [{values.least:g}, {values.greatest:g}]`",)
    label = (Label(values.made_at, f"gives {values}"),) if values.made_at is not None else ()
    fixes = (put(node.node.origin.place.span, "value_range", f"[{values.least:g}, {values.greatest:g}]"),)
    places = (*label, *node.node.origin.uses)
    yield Diagnostic(RANGE, place_in(op, "value_range", node.node), facts, "", places, help, fixes)


def _check_raw(node: TypedNode, op: Op, way: str, start: TypedNode) -> Iterator[Diagnostic]:
    """Integers are raw for certain. Floats may come scaled: then only where the weights are known and the way out is a layer."""
    assert start.type is not None
    weights = op.get_value("weights")
    integers = start.type.dtype not in FLOATS
    if weights is None or not (integers or (weights == "imagenet" and way != "caffe")):
        return
    silent = () if integers else ("where the data come scaled already, `Rescaling: {scale: 1}` says so",)
    label = Label(start.node.origin.place, f"gives {start.type.dtype} pixels")
    here = node.node.origin.place.span
    fixes: tuple[Fix, ...] = ()
    if isinstance(op, Backbone) and way != "identity":
        fixes = (put(here, "preprocess_input", "true"),)
    elif "include_preprocessing" in op.arguments:
        fixes = (put(here, "include_preprocessing", "true"),)
    labels, help = (label, *node.node.origin.uses), (*WAYS[way], *silent)
    yield Diagnostic(RAW, node.node.origin.place, {"layer": op.title()}, "", labels, help, fixes)


def _check_twice(
    node: TypedNode, start: TypedNode, scales: list[TypedNode], changed: Iterable[TypedNode], inside: str
) -> Iterator[Diagnostic]:
    assert start.type is not None
    brightest = LARGEST.get(start.type.dtype, BRIGHTEST)
    for step in scales:
        brightest *= _find_brightest(_find_op(step)) / BRIGHTEST
    if not scales or not 0 < brightest <= SCALED:
        return
    layer, place = _find_op(node).title(), scales[0].node.origin.place
    label = Label(node.node.origin.place, f"`{layer}` reads pixels of 0 to 255")
    uses = scales[0].node.origin.uses
    title, rescales = find_title(_find_op(scales[0])), isinstance(_find_op(scales[0]), Rescaling)
    changes = tuple(each for step in changed for each in _change_scaling(step, "1"))
    leave = Fix("write `scale: 1`, which leaves pixels of 0 to 255" if rescales else f"leave this `{title}` out", changes)
    fixes = (leave, *((drop(place.span, title, "display"),) if rescales else ()))
    help = (f"remove this `{title}`{', or write `scale: 1`' if rescales else ''}",)
    facts: dict[str, object] = {"layer": layer, "inside": inside}
    yield Diagnostic(TWICE, place, facts, "", (label, *uses), help, fixes)


def _find_op(node: TypedNode) -> Op:
    assert node.node.op is not None
    return node.node.op


def _find_brightest(op: Op) -> float:
    """What a layer that scales makes of the brightest pixel of an image; 0 of one that does not."""
    if isinstance(op, Rescaling):
        values = op.scale if isinstance(op.scale, tuple | list) else (op.scale,)
        return BRIGHTEST * max(abs(float(each)) for each in values)
    return BRIGHTEST * abs((isinstance(op, Function) and op.find_scale()) or 0.0)
