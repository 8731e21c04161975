"""Time into the batch and out again, by stock operations, whatever sizes are known only at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.program import Expression, Ref, Slice
from ...ir.tensor import Axis, TensorType

if TYPE_CHECKING:
    from ...ir.lowering import Lowering


def _is_known(axes: tuple[Axis, ...]) -> bool:
    return all(isinstance(axis.size, int) for axis in axes)


def fold(to: Lowering, value: Expression, x: TensorType, leaving: list[TensorType]) -> tuple[Expression, Ref | None]:
    """(batch, time, ...) to (batch x time, ...), and the index that brings what leaves it out again, where one is needed.

    A reshape where at most the time is unknown. Where more is, the positions of the flat tensor are gathered, since a
    reshape can infer one size only.
    """
    time = x.axes[0]
    indexed = not isinstance(time.size, int) or not all(_is_known(x.axes) for x in leaving)
    to.write_comment(
        f"`{time.name}` into the batch, each a sample of its own" + ("; the index says where they lie." if indexed else ".")
    )
    return _fold_known(to, value, x, indexed)


def unfold(to: Lowering, value: Expression, x: TensorType, index: Ref | None) -> Expression:
    """(batch x time, ...) to (batch, time, ...)."""
    time = x.outer[-1][0]
    to.write_comment(f"And `{time.name}` out of it again.")
    if index is None:
        return to.call_ops("reshape", value, (-1, *_list_sizes((time, *x.axes))))
    return to.call_ops("take", value, index, axis=0)


def fold_axis(to: Lowering, value: Expression, x: TensorType) -> tuple[Expression, Expression]:
    """The first axis in the batch, for one op alone, and the index by which `keras.ops.take` brings it out again."""
    inside, index = _fold_known(to, value, x, indexed=True)
    assert index is not None
    return to.let(inside, f"{to.stem}_folded"), index


def _fold_known(to: Lowering, value: Expression, x: TensorType, indexed: bool) -> tuple[Expression, Ref | None]:
    """The first axis in the batch, and the index that brings it out again where it is asked for."""
    rest = x.axes[1:]
    if not indexed and _is_known(rest):
        return to.call_ops("reshape", value, (-1, *_list_sizes(rest))), None
    ones = to.let(_make_ones(to, value, x, (0, 1)), f"{to.stem}_ones")
    index = _make_index(to, ones) if indexed else None
    return to.call_ops("reshape", value, (-1, *_list_sizes(rest))) if _is_known(rest) else _gather_unknown(
        to, value, x, ones
    ), index


def _make_ones(to: Lowering, value: Expression, x: TensorType, kept: tuple[int, ...]) -> Expression:
    """Integer ones along some of the axes of (batch, time, ...), the first position of the others."""
    index = tuple(None if axis in kept else 0 for axis in range(x.rank + 1))
    # Before Keras 3.12 `ones_like` with a dtype is told to be of another.
    return to.call_ops("cast", to.call_ops("ones_like", Slice(value, index)), "int32")


def _make_index(to: Lowering, ones: Expression) -> Ref:
    """b * T + t for every sample b and step t: where each step lies in the folded batch."""
    sample, step = (
        to.let(to.write_infix("-", to.call_ops("cumsum", ones, axis=axis), 1), f"{to.stem}_{name}")
        for axis, name in enumerate(("sample", "step"))
    )
    before = to.write_infix("*", sample, to.call_ops("sum", ones, axis=1, keepdims=True))
    return to.let(to.write_infix("+", before, step), f"{to.stem}_index")


def _gather_unknown(to: Lowering, value: Expression, x: TensorType, ones: Expression) -> Expression:
    """The fold where axes after time are unknown too: an index over all positions up to the last unknown axis."""
    rest = x.axes[1:]
    last = max(i for i, axis in enumerate(rest) if not isinstance(axis.size, int))
    to.write_comment("A reshape can infer one size only, so the positions are gathered.")
    index: Expression = to.write_infix("-", to.call_ops("cumsum", to.call_ops("reshape", ones, (-1,))), 1)
    for i in range(last + 1):
        along = to.let(_make_ones(to, value, x, (i + 2,)), f"{to.stem}_{rest[i].name}")
        position = to.write_infix("-", to.call_ops("cumsum", along), 1)
        # The vector comes first: Keras takes a vector that is added to a tensor for a bias, perhaps over another axis.
        index = to.write_infix(
            "+", position, to.write_infix("*", to.call_ops("expand_dims", index, axis=-1), to.call_ops("sum", along))
        )
        index = to.let(index, f"{to.stem}_positions")
    flat = to.call_ops("reshape", value, (-1, *_list_sizes(rest[last + 1 :])))
    return to.call_ops("take", flat, index, axis=0)


def _list_sizes(axes: tuple[Axis, ...]) -> tuple[int, ...]:
    return tuple(axis.size for axis in axes if isinstance(axis.size, int))
