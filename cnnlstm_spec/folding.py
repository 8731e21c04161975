"""Time into the batch and out again, by stock operations, whatever sizes are known only at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .program import Expression, Slice
from .size import Size
from .tensor import Axis, TensorType

if TYPE_CHECKING:
    from .lower import Lowering


def _known(axes: tuple[Axis, ...]) -> bool:
    return all(isinstance(axis.size, int) for axis in axes)


def fold(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """(batch, time, ...) to (batch x time, ...).

    A reshape where at most the time is unknown. Where more is, the positions of the flat tensor are gathered, since a
    reshape can infer one size only.
    """
    time, rest = x.axes[0], x.axes[1:]
    leaving = to.leaving_type()
    if not isinstance(time.size, int) or leaving is None or not _known(leaving.axes):
        to.program.steps[to.node.frames[-1].id] = to.let(_step_index(to, value, x), f"{to.node.id}_steps")
    if _known(rest):
        return to.ops("reshape", value, (-1, *_sizes(rest)))
    return _gathered(to, value, x)


def unfold(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """(batch x time, ...) to (batch, time, ...)."""
    time = x.outer[-1][0]
    steps = to.program.steps.get(to.node.frames[-1].id)
    if steps is None:
        return to.ops("reshape", value, (-1, *_sizes((time, *x.axes))))
    return to.ops("take", value, steps, axis=0)


def _ones(to: Lowering, value: Expression, x: TensorType, kept: tuple[int, ...]) -> Expression:
    """Integer ones along some of the axes of (batch, time, ...), the first position of the others."""
    index = tuple(None if axis in kept else 0 for axis in range(x.rank + 1))
    return to.ops("ones_like", Slice(value, index), dtype="int32")


def _step_index(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """b * T + t for every sample b and step t: where each step lies in the folded batch."""
    ones = to.let(_ones(to, value, x, (0, 1)), f"{to.node.id}_ones")
    sample = to.infix("-", to.ops("cumsum", ones, axis=0), 1)
    step = to.infix("-", to.ops("cumsum", ones, axis=1), 1)
    count = to.ops("sum", ones, axis=1, keepdims=True)
    return to.infix("+", to.infix("*", sample, count), step)


def _gathered(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """The fold where axes after time are unknown too: an index over all positions up to the last unknown axis."""
    rest = x.axes[1:]
    last = max(i for i, axis in enumerate(rest) if not isinstance(axis.size, int))
    ones = to.let(_ones(to, value, x, (0, 1)), f"{to.node.id}_ones")
    index: Expression = to.infix("-", to.ops("cumsum", to.ops("reshape", ones, (-1,))), 1)
    for i in range(last + 1):
        along = to.let(_ones(to, value, x, (i + 2,)), f"{to.node.id}_{rest[i].name}")
        position = to.infix("-", to.ops("cumsum", along), 1)
        index = to.infix("+", to.infix("*", to.ops("expand_dims", index, axis=-1), to.ops("sum", along)), position)
    flat = to.ops("reshape", value, (-1, *_sizes(rest[last + 1 :])))
    return to.ops("take", flat, index, axis=0)


def reshape(to: Lowering, value: Expression, axes: tuple[Axis, ...]) -> Expression:
    """A reshape to (batch, *axes); only the last two sizes change, so all before may be gathered again."""
    if _known(axes):
        return to.ops("reshape", value, (-1, *_sizes(axes)))
    unknown = [i for i, axis in enumerate(axes) if not isinstance(axis.size, int)]
    assert unknown == [len(axes) - 2] or len(unknown) == 1
    parts = to.ops("split", value, _size(to.inputs), axis=-2)
    return to.ops("squeeze", to.ops("concatenate", parts, axis=-1), axis=-2)


def _size(inputs: tuple[TensorType, ...]) -> int:
    return len(inputs)


def widen(to: Lowering, value: Expression, x: TensorType, wanted: TensorType) -> Expression:
    """A value repeated over the axes it lacks or has with size 1; unknown sizes are taken from an input that has them."""
    if x.sizes == wanted.sizes:
        return value
    lacking = wanted.rank - x.rank
    for _ in range(lacking):
        value = to.ops("expand_dims", value, axis=1)
    own: tuple[Size, ...] = (*(1,) * lacking, *x.sizes)
    if own == wanted.sizes:
        return value
    return value if _keras_broadcasts(to) else to.ops("broadcast_to", value, (-1, *_sizes(wanted.axes)))


def _keras_broadcasts(to: Lowering) -> bool:
    return False


def _sizes(axes: tuple[Axis, ...]) -> tuple[int, ...]:
    return tuple(axis.size for axis in axes if isinstance(axis.size, int))
