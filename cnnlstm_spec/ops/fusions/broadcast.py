"""Inputs brought to one shape for an op that needs it: axes that one lacks, and axes of size 1, repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import InstanceOf

from ...ir.inference import Inference, Refusal
from ...ir.meaning import Range
from ...ir.op import Op, Weight
from ...ir.size import Size
from ...ir.tensor import Axis, Mask, TensorType, Zeros
from ...text.diagnostic import Code
from .base import Strategy, merge_masks

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

STRETCHED = Code("masked-steps-repeated", "error", "`broadcast` would repeat the one step of an input that has a mask")


def broadcast(op: Op) -> Broadcast:
    """The op on inputs that are brought to one shape."""
    return _find_class(type(op))(op=op, name=op.name, trainable=op.trainable, dtype=op.dtype, share=op.share)


@cache
def _find_class(cls: type[Op]) -> type[Broadcast]:
    """Broadcasting for a class of ops, with what is said of the class."""
    said = ("arity", "reads_mask", "reads_features", "joins_masks", "freezes_late", "thaws", "arguments")
    facts = {name: getattr(cls, name) for name in said}
    return type(cls.__name__, (Broadcast,), {**facts, "title": classmethod(lambda _: cls.title()), "__module__": __name__})


class Broadcast(Strategy):
    """A strategy, or a layer of several inputs, on inputs of one shape; the last axes lie side by side, as in Keras.

    A vector lies along the channels, where a layer's `data_format` has put them first.
    """

    broadcast: ClassVar[bool] = True
    op: InstanceOf[Op]
    """What it is done for. Whoever reads the arguments of the node, its name or number of inputs, reads those of this one."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.op, name)

    def is_written(self, name: str) -> bool:
        return self.op.is_written(name)

    def list_values(self, order: Iterable[str] = ()) -> dict[str, object]:
        return self.op.list_values(order)

    def get_value(self, name: str) -> object:
        return self.op.get_value(name)

    def make_key(self) -> tuple[object, ...]:
        return ("broadcast", *self.op.make_key())

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return self.op.list_parts(inputs) if isinstance(self.op, Strategy) else ()

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return self.op.infer_range(output, *self.widen_types(inputs))

    def stretches(self) -> bool:
        """Whether axes of size 1 are repeated for the op, which does not do it by itself."""
        return not (isinstance(self.op, Strategy) and self.op.broadcasts_itself)

    def list_fixed_axes(self, rank: int) -> frozenset[int]:
        if isinstance(self.op, Strategy):
            return self.op.list_fixed_axes(rank)
        axis = getattr(self.op, "axis", None)
        return frozenset({axis - 1 if axis > 0 else axis + rank}) if isinstance(axis, int) else frozenset()

    def widen_types(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The types of the inputs once they are repeated."""
        rank = max(x.rank for x in inputs)
        if not rank:
            return inputs
        fixed = self.list_fixed_axes(rank)
        target = list(_find_widest(inputs).axes)
        places = _find_places(inputs)
        for x, own in zip(inputs, places, strict=True):
            for place, axis in zip(own, x.axes, strict=True):
                if target[place].size == 1 and place not in fixed:
                    target[place] = axis
        mask = merge_masks(tuple(x for x in inputs if x.rank == rank and x.axes[0].size == target[0].size))
        return tuple(self._widen(x, own, fixed, tuple(target), mask) for x, own in zip(inputs, places, strict=True))

    def _widen(
        self, x: TensorType, places: tuple[int, ...], fixed: frozenset[int], target: tuple[Axis, ...], mask: Mask | None
    ) -> TensorType:
        """One type; what is repeated over the steps of others is real where they are: `mask`."""
        rank, own = len(target), dict(zip(places, x.axes, strict=True))
        kept = {place: target[place] if axis.size == 1 and place not in fixed else axis for place, axis in own.items()}
        # Of an axis that is lacked and in which inputs may differ, an op that broadcasts by itself is given one position.
        narrow = frozenset() if self.stretches() else fixed
        lacked = {place: replace(axis, size=1) if place in narrow else axis for place, axis in enumerate(target)}
        wide = x.with_axes(*(lacked | kept).values())
        if x.rank == rank and x.axes[0].size == wide.axes[0].size:
            return wide
        if x.rank == rank and x.mask is not None:
            raise Refusal(STRETCHED, None, ("give it as many steps as the others",))
        return wide.with_mask(mask).with_zeros(None if x.zeros is None else replace(x.zeros, axis=places[x.zeros.axis]))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the strategy gives of inputs that all have the greatest size along each axis."""
        wide = self.widen_types(inputs)
        self.check_axes(wide[0])
        return self.op.infer(at, *wide)

    def check_axes(self, x: TensorType) -> None:
        """Refuses inputs of a number of axes that the op does not read; the engine has seen them before they were widened."""
        from ...ir.inference import TOO_FEW_AXES, WRONG_RANK

        reads = self.op.list_axes_read()
        facts: dict[str, Any] = {"layer": self.op.title(), "origin": "broadcast", "given": x}
        if reads is not None and x.rank != len(reads):
            raise Refusal(WRONG_RANK, None, (), reads=", ".join(reads), **facts)
        if x.rank < self.op.least_rank:
            raise Refusal(TOO_FEW_AXES, None, (), least=f"{self.op.least_rank} axes", **facts)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return self.op.weights(*self.widen_types(inputs))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return self.op.macs(output, *self.widen_types(inputs))

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return self.op.infer_dtype(at, *inputs)

    def makes_mask(self, *inputs: TensorType) -> bool:
        return self.op.makes_mask(*self.widen_types(inputs))

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        after, values = self.repeat_inputs(to, inputs)
        return self.op.make_mask(to.copy_with_inputs(after), *values)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        return self.op.infer_zeros(mask, *self.widen_types(inputs))

    def sums_zeros(self, *inputs: TensorType) -> bool:
        return self.op.sums_zeros(*self.widen_types(inputs))

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return self.op.infer_mask(*self.widen_types(inputs))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        after, values = self.repeat_inputs(to, inputs)
        return self.op.lower(to.copy_with_inputs(after), *values)

    def repeat_inputs(
        self, to: Lowering, inputs: tuple[Expression, ...]
    ) -> tuple[tuple[TensorType, ...], tuple[Expression, ...]]:
        """The inputs repeated: their types, and their values."""
        before = to.inputs
        after = self.widen_types(before)
        places = _find_places(before)
        full = tuple(_add_axes(to, value, own, after[0].rank) for value, own in zip(inputs, places, strict=True))
        if self.stretches():
            sizes = tuple(_place_sizes(x, own, after[0].rank) for x, own in zip(before, places, strict=True))
            full = tuple(self.stretch(to, index, full, sizes, after) for index in range(len(full)))
        return after, full

    def stretch(
        self,
        to: Lowering,
        index: int,
        values: tuple[Expression, ...],
        sizes: tuple[tuple[Size, ...], ...],
        after: tuple[TensorType, ...],
    ) -> Expression:
        """An input, which has all axes, with those of size 1 stretched; a size known only at run time is taken from another."""
        value, wanted, rank = values[index], after[index], after[index].rank
        for place, axis in enumerate(wanted.axes):
            if sizes[index][place] == axis.size:
                continue
            if isinstance(axis.size, int):
                value = to.call_ops("repeat", value, axis.size, axis=place + 1)
                continue
            has = next(i for i, own in enumerate(sizes) if own[place] == axis.size)
            line = to.slice(values[has], *(None if each == place else (0, 1) for each in range(rank)))
            # No sum with zeros: for a batch of one, Keras may take one side for a bias, over another axis.
            ones = to.call_ops("ones_like", line, dtype=wanted.dtype)
            value = to.call_ops("logical_and", value, ones) if wanted.dtype == "bool" else to.write_infix("*", value, ones)
        return value if value is values[index] else to.let(value, f"{to.name}_{index + 1}")


def _find_widest(inputs: tuple[TensorType, ...]) -> TensorType:
    """The first of the inputs with the most axes."""
    return max(inputs, key=lambda x: x.rank)


def _find_places(inputs: tuple[TensorType, ...]) -> tuple[tuple[int, ...], ...]:
    """Of each input, along which axes of the widest its own lie."""
    widest = _find_widest(inputs)
    meaning, rank = widest.meaning, widest.rank
    if meaning.channels_first and meaning.channels is not None:
        channels = (meaning.channels,)
        return tuple(channels if x.rank == 1 else tuple(range(rank - x.rank, rank)) for x in inputs)
    return tuple(tuple(range(rank - x.rank, rank)) for x in inputs)


def _place_sizes(x: TensorType, places: tuple[int, ...], rank: int) -> tuple[Size, ...]:
    """The sizes of an input once it has all axes, 1 of each that it lacks."""
    own = dict(zip(places, x.sizes, strict=True))
    return tuple(own.get(place, 1) for place in range(rank))


def _add_axes(to: Lowering, value: Expression, places: tuple[int, ...], rank: int) -> Expression:
    """An input with an axis of size 1 for each that it lacks."""
    lacking = tuple(place + 1 for place in range(rank) if place not in places)
    if not lacking:
        return value
    return to.let(to.call_ops("expand_dims", value, axis=lacking[0] if len(lacking) == 1 else lacking), f"{to.name}_wide")
