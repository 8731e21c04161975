"""Time into the batch and out again, by stock operations, whatever sizes are known only at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .program import Expression, Slice
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
    if not isinstance(time.size, int) or not all(_known(x.axes) for x in _leaving(to)):
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


def folded(to: Lowering, value: Expression, x: TensorType) -> tuple[Expression, Expression]:
    """The first axis in the batch, for one op alone, and the positions by which `keras.ops.take` brings it out again."""
    steps = to.let(_step_index(to, value, x), f"{to.node.id}_steps")
    rest = x.axes[1:]
    inside = to.ops("reshape", value, (-1, *_sizes(rest))) if _known(rest) else _gathered(to, value, x)
    return to.let(inside, f"{to.node.id}_folded"), steps


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
        # The vector comes first: Keras takes a vector that is added to a tensor for a bias, perhaps over another axis.
        index = to.infix("+", position, to.infix("*", to.ops("expand_dims", index, axis=-1), to.ops("sum", along)))
    flat = to.ops("reshape", value, (-1, *_sizes(rest[last + 1 :])))
    return to.ops("take", flat, index, axis=0)


def _leaving(to: Lowering) -> list[TensorType]:
    """For the node that enters time: what the nodes that leave it are given."""
    from .ops.structure import LeaveTime

    frame = to.node.frames[-1]
    nodes = to.program.graph.nodes.values()
    left = (typed.inputs[0] for typed in nodes if isinstance(typed.node.op, LeaveTime) and typed.node.frames[-1] == frame)
    return [x for x in left if x is not None]


def _sizes(axes: tuple[Axis, ...]) -> tuple[int, ...]:
    return tuple(axis.size for axis in axes if isinstance(axis.size, int))
