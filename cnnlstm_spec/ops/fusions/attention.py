"""Attention between inputs: `attention`, over them as tokens, and `cross_attention`, from one over the steps of the others.

The scores are the second output of the fusion's layer, a `MultiHeadAttention`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...ir.inference import Inference, Refusal
from ...ir.op import Weight, example
from ...ir.size import Size, equal
from ...ir.tensor import Axis, Mask, TensorType
from ...language.kinds import NOT_A_CHOICE, SIZE, Choice, Optional
from ...text.diagnostic import Code
from ..windows import count_positions
from .base import SIZES_DIFFER, WIDEN, Strategy, count_steps, find_last_width, find_width, fuse_axes, join_masks

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

HEADS = Code("heads-do-not-divide", "error", "`num_heads: {heads}` does not divide the width {width}")
NO_STEPS = Code("attends-over-steps", "error", "`cross_attention` attends between vectors and (steps, features); given {given}")

FOLDED_TO = 2
"""So many axes of the inputs stay beside that of the tokens; the others go into the batch."""

POOLS = Choice("mean", "max", "concat", "none", code=NOT_A_CHOICE)


class MultiHeadStrategy(Strategy):
    """What the two have in common: the heads, whose width is that of the query shared out."""

    thaws = True
    reads_features = True
    keras = "layers.MultiHeadAttention"
    freezes_late = True
    num_heads: Annotated[int, SIZE] = 1
    """Number of attention heads."""
    key_dim: Annotated[int | None, Optional(SIZE)] = None
    """Width of each head; the width over `num_heads` by default."""

    def infer_head_width(self, width: int) -> int:
        """The width of a head."""
        if self.key_dim is not None:
            return self.key_dim
        if width % self.num_heads:
            help = ("choose heads that divide the width, or give `key_dim`",)
            raise Refusal(HEADS, "num_heads", help, heads=self.num_heads, width=width)
        return width // self.num_heads

    def list_projections(self, query: int, value: int) -> tuple[Weight, ...]:
        """Keras's weights, between a query and a value of those widths."""
        h, k = self.num_heads, self.infer_head_width(query)
        read = (("query", query), ("key", value), ("value", value))
        inner = [w for name, d in read for w in (Weight(f"{name}/kernel", (d, h, k)), Weight(f"{name}/bias", (h, k)))]
        return (*inner, Weight("attention_output/kernel", (h, k, query)), Weight("attention_output/bias", (query,)))

    def attend(
        self, to: Lowering, query: Expression, value: Expression, width: int, axis: int, mask: Expression | None = None
    ) -> Expression:
        """What the query finds; scores are asked for too, so that they can be read off the layer."""
        keywords: dict[str, Expression] = {
            "num_heads": self.num_heads,
            "key_dim": self.infer_head_width(width),
            **self.list_settings(),
        }
        if axis != 1:
            keywords["attention_axes"] = axis
        applied: dict[str, Expression] = {"return_attention_scores": True}
        if mask is not None:
            applied["value_mask"] = mask
        to.write_comment(f'`model.get_layer("{to.name}").output[1]` are the scores.')
        both = to.apply("keras.layers.MultiHeadAttention", (query, value), (), keywords, applied)
        return to.pick(to.let(both, f"{to.name}_and_scores"), 0)


class AttentionStrategy(MultiHeadStrategy):
    """The inputs as n tokens, multi-head attention over them, then a pool."""

    word = "attention"
    weighs = "input"
    pool: Annotated[str, POOLS] = "mean"
    """How the n attended tokens become one."""
    examples = (example((4,), (4,)), example((8,), (8,), (8,), num_heads=2, pool="concat"), example((5, 4), (5, 4), pool="none"))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """n inputs of (..., features) to (..., features); `pool: concat` gives n * features, `pool: none` (..., n, features)."""
        fuse_axes(at, self, inputs)
        # Keras gives a stack the sizes of the first, known or not.
        x = inputs[0]
        for each in inputs:
            # Stacked, they have no width that Keras knows unless each has.
            d = find_width(self.title(), each)
        self.infer_head_width(d)
        *before, last = x.axes
        if self.pool == "concat":
            return x.with_axes(*before, Axis(last.name, d * len(inputs)))
        if self.pool == "none":
            return x.with_axes(*before, Axis("inputs", len(inputs)), last)
        return x

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        d = find_last_width(inputs[0])
        return self.list_projections(d, d)

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        """Of inputs with more axes than two all but the last two are brought into the batch."""
        return min(rank, FOLDED_TO) == min(first, FOLDED_TO)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        n, d = len(inputs), find_last_width(inputs[0])
        inner = self.num_heads * self.infer_head_width(d)
        return count_positions(inputs[0].axes[:-1]) * (n * 4 * d * inner + 2 * n * n * inner)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        x = to.inputs[0]
        x = x.with_axes(*x.axes[:-1], Axis("inputs", len(inputs)), Axis("features", find_last_width(x)))
        tokens: Expression = to.let(to.call_ops("stack", list(self.cast(to, inputs)), axis=-2), f"{to.name}_tokens")
        outside: list[Expression] = []
        while x.rank > FOLDED_TO + 1:
            to.write_comment(f"`{x.axes[0].name}` into the batch: TensorFlow has no softmax over more than 5 axes.")
            tokens, steps = to.fold_axis(tokens, x)
            outside.append(steps)
            x = x.with_axes(*x.axes[1:])
        found = self.pool_tokens(to, tokens, x)
        for steps in reversed(outside):
            found = to.call_ops("take", found, steps, axis=0)
        return found

    def pool_tokens(self, to: Lowering, tokens: Expression, x: TensorType) -> Expression:
        """The tokens once they have attended to each other, and are made one as `pool` says."""
        n, d = x.axes[-2].size, find_last_width(x)
        assert isinstance(n, int)
        attended = self.attend(to, tokens, tokens, d, x.rank - 1)
        if self.pool == "none":
            return attended
        if self.pool != "concat":
            return to.call_ops(self.pool, attended, axis=-2)
        if x.rank == 2:
            return to.call_ops("reshape", attended, (-1, n * d))
        # A reshape could not infer both the batch and a number of steps known only at run time.
        each = to.let(attended, f"{to.name}_attended")
        return to.call_ops("concatenate", [to.pick(each, None, None, index) for index in range(n)], axis=-1)


class CrossAttention(MultiHeadStrategy):
    """One input, the first here, attends over the steps of the others, joined along time; a vector is one step."""

    word = "cross_attention"
    weighs = "step"
    arity = (2, None)
    needs_query = True
    takes_broadcast = False
    reads_mask = True
    examples = (example((5, 4), (6, 4)), example((4,), (6, 4), (4,), num_heads=2))

    def find_only_choice(self, *inputs: TensorType) -> TensorType | None:
        """A vector, or one step, where it attends over nothing else."""
        only = inputs[1] if len(inputs) == 2 else None
        return only if only is not None and (only.rank < 2 or only.axes[0].size == 1) else None

    def leaves_padding_out(self, x: TensorType) -> bool:
        """Not where its only axis, which is read as the features of one step, is the one that is padded."""
        return x.rank > 1

    def list_weighed(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """What a padded step of the query gives stays in that step."""
        return inputs[1:] or inputs

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the query."""
        for index, x in enumerate(inputs):
            if x.rank not in (1, 2):
                help = ("`Reshape` or a pooling brings it to (steps, features)",)
                raise Refusal(NO_STEPS, None, help, index, given=x)
            find_width(self.title(), x)
        query, first = inputs[0], inputs[1]
        self.infer_head_width(find_last_width(query))
        for index, x in enumerate(inputs[2:], 2):
            facts = {"strategy": self.title(), "axis": "the width of what is attended to", "first": first, "other": x}
            refusal = Refusal(SIZES_DIFFER, None, (WIDEN,), index, **facts)
            at.require(equal(x.axes[-1].size, first.axes[-1].size), refusal)
        return query

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return self.list_projections(find_last_width(inputs[0]), find_last_width(inputs[1]))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        query, value = find_last_width(inputs[0]), find_last_width(inputs[1])
        inner = self.num_heads * self.infer_head_width(query)
        here = count_steps(inputs[0])
        there: Size = 0
        for x in inputs[1:]:
            there = there + count_steps(x)
        return here * (2 * query * inner) + there * (2 * value * inner) + here * there * (2 * inner)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return inputs[0].mask if inputs[0].rank > 1 else None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        cast, types = self.cast(to, inputs), to.inputs
        steps = [to.call_ops("expand_dims", v, axis=1) if x.rank == 1 else v for v, x in zip(cast, types, strict=True)]
        value = steps[1] if len(steps) == 2 else to.let(to.call_ops("concatenate", steps[1:], axis=1), f"{to.name}_steps")
        masked = any(x.mask is not None and x.rank > 1 for x in types[1:])
        mask = join_masks(to, inputs[1:], types[1:], one_step=True) if masked else None
        attended = self.attend(to, steps[0], value, find_last_width(types[0]), 1, mask)
        return to.call_ops("squeeze", attended, axis=1) if types[0].rank == 1 else attended
