"""Layers of images on a video: its frames become one image, so that the layer draws once for all frames of a clip.

Frames lie in the channels, or below one another in the height; which of them leaves the values as they are, an op says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..ir.meaning import Meaning
from ..ir.op import FLOATS, Op, compute_dtype
from ..ir.tensor import TensorType
from ..ops.shared import known

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

CLIP = 4
"""The axes of a clip: frames before those of an image."""


def is_clip(op: Op, inputs: tuple[TensorType | None, ...]) -> bool:
    """Whether an op that reads images stands on a video, and can."""
    first = inputs[0] if inputs else None
    return first is not None and first.rank == CLIP and op.place_frames() is not None


def infer_seen(op: Op, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    """The inputs as the op sees them: of a video one frame; refuses frames whose size is known only at run time."""
    if not is_clip(op, inputs):
        return inputs
    (x,) = inputs
    for axis in x.axes[1:]:
        known(op.title(), axis)
    frame = x.meaning.move_axes(lambda place: place - 1 if place else None)
    return (replace(x, axes=x.axes[1:], mask=None, zeros=None, meaning=frame),)


def infer_frames_given(op: Op, inputs: tuple[TensorType, ...], result: TensorType) -> TensorType:
    """The output, of what the op gives for what it sees; all frames come out of it."""
    if not is_clip(op, inputs):
        return result
    (x,) = inputs
    return replace(result, axes=x.axes if result.axes == x.axes[1:] else x.axes[:1] + result.axes)


def infer_meaning(op: Op, inputs: tuple[TensorType, ...], result: Meaning) -> Meaning:
    """What the output stands for, of what it does for what the op sees."""
    if not is_clip(op, inputs):
        return result
    x = inputs[0].meaning
    return replace(result.move_axes(lambda place: place + 1), steps=x.steps, backwards=x.backwards)


def lower(op: Op, to: Lowering, inputs: tuple[Expression, ...], id: str) -> Expression:
    """What the op of a node calls in Keras, on one image of all frames where it stands on a video."""
    if not is_clip(op, to.inputs):
        return op.lower(to, *inputs)
    to.write_comment(f"All frames of a clip in the {op.place_frames()} of one image: what is drawn is drawn for them all.")
    image = to.let(_join_frames(op, to, inputs[0], f"{id}_frames"), f"{to.stem}_frames")
    return _split_frames(op, to, op.lower(to, image), f"{id}_clip")


def _join_frames(op: Op, to: Lowering, value: Expression, name: str) -> Expression:
    """(batch, frames, ...) to the image of all frames."""
    x, place = to.inputs[0], _place(op)
    sizes = list(_list_sizes(x))
    sizes[place] = -1
    turned = to.call_ops("transpose", value, _move_axis(1, place + 1)) if place else value
    return _reshape(to, turned, tuple(sizes), name, x.dtype)


def _split_frames(op: Op, to: Lowering, value: Expression, name: str) -> Expression:
    """The image of all frames to (batch, frames, ...)."""
    y, place = to.output, _place(op)
    sizes = list(_list_sizes(y))
    sizes.insert(place, -1)
    parted = _reshape(to, value, tuple(sizes), name, y.dtype)
    return to.call_ops("transpose", parted, _move_axis(place + 1, 1)) if place else parted


def _place(op: Op) -> int:
    """Which axis of an image, the batch left out, the frames lie in."""
    reads = op.list_axes_read()
    assert reads is not None
    return reads.index(op.place_frames() or "channels")


def _move_axis(axis: int, to: int) -> tuple[int, ...]:
    """The order of the axes of a batch of clips with one of them moved."""
    order = [each for each in range(CLIP + 1) if each != axis]
    order.insert(to, axis)
    return tuple(order)


def _list_sizes(x: TensorType) -> tuple[int, ...]:
    """Height, width and channels of a frame, which inference has found to be known."""
    return tuple(axis.size for axis in x.axes[1:] if isinstance(axis.size, int))


def _reshape(to: Lowering, value: Expression, shape: tuple[int, ...], name: str, dtype: str) -> Expression:
    """A `Reshape` of the node's own, which finds the number of frames at run time; it casts nothing."""
    from ..ir.program import Apply, Call

    kept = () if dtype not in FLOATS or dtype == compute_dtype(to.policy) else (("dtype", dtype),)
    return Apply(Call("keras.layers.Reshape", (shape,), (("name", name), *kept)), (value,))
