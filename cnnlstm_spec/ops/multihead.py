"""MultiHeadAttention and GroupQueryAttention: attention between projections of its inputs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.op import Weight, example
from ..ir.size import Size, equal
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import BOOLEAN, COUNT, NOT_ALLOWED, RATE, SIZE, Optional
from ..language.list_kinds import OneOrMore
from ..text.diagnostic import Code
from .attention import CAUSAL, OVER_SAMPLES, Attending, assign_roles
from .axes import AXES, find_axis_numbers
from .fusions.base import RANKS_DIFFER
from .shared import CONSTRAINT, INITIALIZER, REGULARIZER, SEED, as_written, find_last, known
from .windows import count_positions

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

FLASH = Code("flash-attention-cannot-run", "error", "`flash_attention: true` cannot run: {reason}", sort="keras")
WINDOW = Code(
    "sliding-window-over-one-axis",
    "error",
    "`sliding_window` needs attention over one axis, the first; given {given}",
    sort="keras",
)
KEY_HEADS = Code(
    "key-heads-do-not-divide",
    "error",
    "`num_key_value_heads: {keys}` does not divide the {queries} query heads",
    sort="keras",
    help="take a number that divides the query heads",
)


class Projected(Attending):
    """What the attentions between projections have in common; a head is a projection of its own."""

    thaws = True
    apart = True
    freezes_late = True
    dropout: Annotated[float, RATE] = 0.0
    """Share of the weights dropped in training."""
    use_bias: Annotated[bool, BOOLEAN] = True
    """Whether projections have a bias."""
    sliding_window: Annotated[int | None, Optional(COUNT)] = None
    """Steps to either side attended to, itself included."""
    flash_attention: Annotated[bool | None, Optional(BOOLEAN)] = None
    """Whether to use a kernel that TensorFlow lacks."""
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernels."""
    bias_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the biases."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernels."""
    bias_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the biases."""
    activity_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the output."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernels."""
    bias_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the biases."""
    use_gate: Annotated[bool, BOOLEAN] = False
    """Whether a sigmoid of the query gates what is attended to."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the dropout."""

    def list_heads(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Number of heads and size of one, for query, key and value."""
        raise NotImplementedError

    def list_widths_out(self, query: TensorType) -> tuple[int, ...]:
        """The sizes that the last axis becomes."""
        return (find_last(query),)

    def list_attended(self, x: TensorType) -> tuple[int, ...]:
        """The axes that it attends over, the batch being 0."""
        return tuple(range(1, x.rank))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(..., features of the query) to (..., features of the query), or to `output_shape` in their place."""
        query, value, key = assign_roles(inputs)
        self.require_one_rank(RANKS_DIFFER, *inputs)
        for x in inputs:
            known(self.title(), x.axes[-1])
        place = len(inputs) - 1
        for axis in range(query.rank - 1):
            self.agree(at, value, key, axis, place, at_build=True)
            if axis + 1 not in self.list_attended(query):
                self.agree(at, query, value, axis, min(place, 1))
        self.check_flash(query)
        widths = self.list_widths_out(query)
        name = query.axes[-1].name
        names = [name] if len(widths) == 1 else [f"{name}_{index + 1}" for index in range(len(widths))]
        return query.with_axes(*query.axes[:-1], *(Axis(*each) for each in zip(names, widths, strict=True)))

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        return rank == first

    def check_flash(self, query: TensorType) -> None:
        """Refuses flash attention where it would be used, or could not be."""
        help = ("leave `flash_attention` out",)
        if self.flash_attention and self.dropout:
            raise Refusal(FLASH, "flash_attention", help, reason="it takes no `dropout`")
        if self.flash_attention and query.rank == 2:
            raise Refusal(FLASH, "flash_attention", help, reason="TensorFlow does not have it")

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        query, value, key = assign_roles(inputs)
        of_query, of_key, of_value = self.list_heads()
        gated = (of_query[0], of_value[1])
        found = [
            *self.list_dense_weights("query", (find_last(query),), of_query),
            *self.list_dense_weights("key", (find_last(key),), of_key),
        ]
        found += self.list_dense_weights("gate", (find_last(query),), gated) if self.use_gate else ()
        found += self.list_dense_weights("value", (find_last(value),), of_value)
        return (*found, *self.list_dense_weights("attention_output", gated, self.list_widths_out(query)))

    def list_dense_weights(self, name: str, before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Weight, ...]:
        """The weights of one projection."""
        kernel = Weight(f"{name}/kernel", (*before, *after))
        return (kernel, Weight(f"{name}/bias", after)) if self.use_bias else (kernel,)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        query, value, key = assign_roles(inputs)
        of_query, of_key, of_value = (prod(each) for each in self.list_heads())
        number, size_of_value = self.list_heads()[0][0], self.list_heads()[2][1]
        here, there = count_positions(query.axes[:-1]), count_positions(value.axes[:-1])
        out = number * size_of_value
        from_query = of_query + (out if self.use_gate else 0)
        projected = here * (find_last(query) * from_query + out * prod(self.list_widths_out(query)))
        projected = projected + there * (find_last(key) * of_key + find_last(value) * of_value)
        over = count_positions([axis for place, axis in enumerate(value.axes[:-1], 1) if place in self.list_attended(value)])
        return projected + here * over * (of_query + out)

    def write_masked(self, to: Lowering, *inputs: TensorType) -> dict[str, Expression]:
        axes = self.list_attended(inputs[0])
        if 1 not in axes:
            return {}
        given = {"value_mask": 1 if len(inputs) > 1 else 0, **({"key_mask": 2} if len(inputs) > 2 else {})}
        masks: dict[str, Expression] = {}
        for keyword, index in given.items():
            if (found := to.find_mask(index)) is not None:
                masks[keyword] = found
        if len(axes) == 1 or not masks:
            return masks
        both = list(masks.values())
        mask = both[0] if len(both) == 1 else to.call_ops("logical_and", *both)
        # (batch, steps) among the axes of query and key: 1 for each axis of the query, and of the key but the steps.
        places = tuple(n for n in range(1, 2 * len(axes) + 1) if n != 1 + len(axes) + axes.index(1))
        return {"attention_mask": to.call_ops("expand_dims", mask, axis=places)}


class MultiHeadAttention(Projected):
    """Attention of several heads, over all axes but the last."""

    least_rank = 2
    num_heads: Annotated[int, COUNT]
    """Number of heads."""
    key_dim: Annotated[int, COUNT]
    """Size of a head of query and key."""
    value_dim: Annotated[int | None, Optional(COUNT)] = None
    """Size of a head of the value; `key_dim` by default."""
    output_shape: Annotated[int | tuple[int, ...] | None, Optional(OneOrMore(SIZE))] = None
    """Size of the output's last axis, or sizes; that of the query by default."""
    attention_axes: Annotated[int | tuple[int, ...] | None, Optional(AXES)] = None
    """Axes attended over, the batch being 0."""
    examples = (
        example((6, 5), num_heads=2, key_dim=3),
        example((None, 5), num_heads=2, key_dim=3, value_dim=4, output_shape=7, use_bias=False, use_gate=True, dropout=0.2),
        example((4, 3, 5), num_heads=2, key_dim=3, attention_axes=1, sliding_window=2, output_shape=[2, 3]),
        example((None, None, 5), num_heads=2, key_dim=3, attention_axes=[2, -3]),
        example((6, 5), (None, 3), num_heads=2, key_dim=3),
        example((6, 5), (4, 3), (4, 2), num_heads=1, key_dim=3, sliding_window=2, use_gate=True, use_causal_mask=True),
    )

    def decides_shape(self, argument: str) -> bool:
        return argument == "output_shape"

    def list_heads(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        n = self.num_heads
        return (n, self.key_dim), (n, self.key_dim), (n, self.value_dim or self.key_dim)

    def list_widths_out(self, query: TensorType) -> tuple[int, ...]:
        shape = self.output_shape
        return super().list_widths_out(query) if shape is None else (shape,) if isinstance(shape, int) else shape

    def list_attended(self, x: TensorType) -> tuple[int, ...]:
        if self.attention_axes is None:
            return super().list_attended(x)
        axes = self.attention_axes if isinstance(self.attention_axes, tuple) else (self.attention_axes,)
        if any(not -x.rank - 1 <= axis <= x.rank for axis in axes):
            # Keras counts on, also to the axes of heads that it makes, and attends over what it comes to.
            words = f"an axis from {-x.rank} to {x.rank}"
            raise Refusal(NOT_ALLOWED, "attention_axes", (), key="attention_axes", words=words, given=self.attention_axes)
        return find_axis_numbers(self.title(), self.attention_axes, x, "attention_axes")

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        query, value, _ = assign_roles(inputs)
        axes = self.list_attended(query)
        if 0 in axes:
            raise Refusal(OVER_SAMPLES, "attention_axes", ("axis 0 is the batch, 1 the first after it",), layer=self.title())
        if len(axes) > 1 and query.rank in axes and any(x.mask is not None for x in inputs[1:] or inputs):
            words = "of axes before the last where steps are padding"
            raise Refusal(NOT_ALLOWED, "attention_axes", (), key="attention_axes", words=words, given=list(axes))
        output = super().infer(at, *inputs)
        if self.use_causal_mask and axes != (1,):
            raise Refusal(CAUSAL, "use_causal_mask", (), given=", ".join(str(axis) for axis in axes))
        if self.sliding_window is not None:
            help = ("add `attention_axes: 1`",)
            refusal = Refusal(WINDOW, "sliding_window", help, given=", ".join(str(axis) for axis in axes))
            if query.rank == 2 and axes == (2,):
                # It attends over the heads; only where it drops does Keras see that the window is not as wide as they are many.
                if self.dropout:
                    at.require(equal(query.axes[0].size, self.num_heads), refusal)
                return output
            if len(axes) > 1 or axes[0] == query.rank:
                raise refusal
            for x in (query, value):
                at.require(equal(x.axes[0].size, x.axes[axes[0] - 1].size), refusal)
        return output


class GroupQueryAttention(Projected):
    """Attention whose heads of key and value each serve several heads of the query."""

    reads = ("steps", "features")
    head_dim: Annotated[int, COUNT]
    """Size of a head."""
    num_query_heads: Annotated[int, SIZE]
    """Number of heads of the query."""
    num_key_value_heads: Annotated[int, COUNT]
    """Number of heads of key and value."""
    examples = (
        example((6, 5), head_dim=3, num_query_heads=4, num_key_value_heads=2),
        example((None, 5), head_dim=3, num_query_heads=4, num_key_value_heads=1, use_bias=False, use_gate=True, dropout=0.2),
        example((6, 5), (4, 5), head_dim=2, num_query_heads=2, num_key_value_heads=2, sliding_window=2),
        example((None, 5), head_dim=2, num_query_heads=2, num_key_value_heads=1, use_causal_mask=True),
        example((6, 5), (None, 5), (None, 2), head_dim=2, num_query_heads=2, num_key_value_heads=1),
    )

    def list_heads(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        shared = (self.num_key_value_heads, self.head_dim)
        return (self.num_query_heads, self.head_dim), shared, shared

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        queries, keys = self.num_query_heads, self.num_key_value_heads
        if queries % keys:
            raise Refusal(KEY_HEADS, "num_key_value_heads", (), keys=keys, queries=queries)
        query, value, _ = assign_roles(inputs)
        output = super().infer(at, *inputs)
        self.agree(at, query, value, -1, min(len(inputs) - 1, 1))
        return output
