"""The strategies of a fusion: several inputs to one output, made of stock Keras layers and operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..argument import arg
from ..diagnostic import Code
from ..kinds import COUNT, INTEGER, Choice, Optional
from ..op import Inference, Op, Refusal, Weight, example
from ..size import Size, equal
from ..tensor import Axis, Mask, TensorType
from .common import known
from .windows import positions

if TYPE_CHECKING:
    from ..lower import Lowering
    from ..program import Expression

RANKS_DIFFER = Code("ranks-differ", "error", "`{strategy}` needs inputs of one rank; given {first} and {other}", sort="keras")
SIZES_DIFFER = Code("sizes-differ", "error", "`{strategy}` needs {axis} to be equal; given {first} and {other}", sort="keras")
SHAPES_DIFFER = Code("shapes-differ", "error", "`{strategy}` needs inputs of one shape; given {first} and {other}")
NOT_A_FEATURE = Code("no-feature-axis", "error", "`{strategy}` works on the last axis; this input has none")
BAD_AXIS = Code("axis-out-of-range", "error", "`axis: {axis}` does not exist in {given}", sort="keras")
BATCH_AXIS = Code("batch-axis", "error", "`axis: 0` is the batch, which cannot be named")
HEADS = Code("heads-do-not-divide", "error", "`num_heads: {heads}` does not divide the width {width}")

WIDEN = "give them one width: `units: 64` puts each through a `Dense` of its own"
POOL_FIRST = "bring them to one rank before: `Flatten`, a global pooling, or `broadcast: true`"


class Strategy(Op):
    """What the strategies have in common; `broadcast` and `units` are set by the fusion that holds it."""

    arity = (1, None)
    needs_units: ClassVar[bool] = False
    broadcast: bool = False
    units: int | None = None

    @classmethod
    def title(cls) -> str:
        return next((name for name, each in STRATEGIES.items() if each is cls), cls.__name__)

    def mask_after(self, *inputs: TensorType) -> Mask | None:
        return common_mask(inputs)


def common_mask(inputs: tuple[TensorType, ...]) -> Mask | None:
    """Real where every input that has a mask is real."""
    masks = [x.mask for x in inputs if x.mask is not None]
    if not masks:
        return None
    first = masks[0]
    return Mask(frozenset().union(*(m.sources for m in masks)), first.made_at, first.flipped)


def fused_axes(at: Inference, strategy: str, inputs: tuple[TensorType, ...], broadcast: bool) -> tuple[Axis, ...]:
    """The one shape of all inputs, of highest rank and greatest size where they are broadcast."""
    rank = max(x.rank for x in inputs)
    target = list(next(x for x in inputs if x.rank == rank).axes)
    for index, x in enumerate(inputs):
        facts = {"strategy": strategy, "first": inputs[0], "other": x}
        if x.rank != rank and not broadcast:
            other = index if x.rank != inputs[0].rank else next(i for i, y in enumerate(inputs) if y.rank != inputs[0].rank)
            facts["other"] = inputs[other]
            raise Refusal(SHAPES_DIFFER, None, (POOL_FIRST,), other, **facts)
        for place, axis in enumerate(aligned(x, rank), rank - x.rank if x.rank == rank else 0):
            if axis is None:
                continue
            wanted = target[place]
            if broadcast and (axis.size == 1 or wanted.size == 1):
                target[place] = wanted if axis.size == 1 else axis
                continue
            last = place == rank - 1
            refusal = Refusal(SHAPES_DIFFER, None, (WIDEN if last else POOL_FIRST,), index, **facts)
            at.require(equal(axis.size, wanted.size), refusal)
            if isinstance(axis.size, int):
                target[place] = Axis(wanted.name, axis.size)
    return tuple(target)


def aligned(x: TensorType, rank: int) -> tuple[Axis | None, ...]:
    """The axes of an input of lower rank beside those of the full one: its last axis is the last, what it lacks is before."""
    return (*[None] * (rank - x.rank), *x.axes)


def width(strategy: str, x: TensorType) -> int:
    """The size of the last axis, which sizes weights."""
    if not x.axes:
        raise Refusal(NOT_A_FEATURE, None, (), 0, strategy=strategy)
    return known(strategy, x.axes[-1])


class Concat(Strategy):
    """Side by side on an axis."""

    keras = "layers.Concatenate"
    axis: int = arg(INTEGER, -1, doc="The axis, counted as Keras does: the batch is 0, -1 the last.")
    examples = (example((4,), (6,)), example((5, 4), (5, 6)), example((5, 4), (6, 4), axis=1))

    def index(self, x: TensorType) -> int:
        """The axis, batch left out."""
        return self.axis - 1 if self.axis > 0 else self.axis + x.rank

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        first = inputs[0]
        name = self.title()
        if self.axis == 0 or self.axis == -first.rank - 1:
            raise Refusal(BATCH_AXIS, "axis")
        if self.broadcast:
            inputs = self.widened(inputs)
            first = inputs[0]
        for index, x in enumerate(inputs):
            if x.rank != first.rank:
                raise Refusal(RANKS_DIFFER, None, (POOL_FIRST,), index, strategy=name, first=first, other=x)
        place = self.index(first)
        if not 0 <= place < first.rank:
            raise Refusal(BAD_AXIS, "axis", (f"it is from 1 to {first.rank}, or negative",), axis=self.axis, given=first)
        axes = list(first.axes)
        for index, x in enumerate(inputs[1:], 1):
            for here, (wanted, axis) in enumerate(zip(axes, x.axes, strict=True)):
                if here == place:
                    axes[here] = Axis(wanted.name, wanted.size + axis.size)
                    continue
                facts = {"strategy": name, "axis": wanted.name, "first": first, "other": x}
                help = (POOL_FIRST, f"or join them on that axis: `axis: {here + 1}`")
                at.require(equal(wanted.size, axis.size), Refusal(SIZES_DIFFER, None, help, index, **facts))
                if isinstance(axis.size, int):
                    axes[here] = Axis(wanted.name, axis.size)
        return first.with_axes(*axes)

    def widened(self, inputs: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """Inputs with the axes they lack, and axes of size 1 stretched, but for the one that is joined."""
        rank = max(x.rank for x in inputs)
        full = next(x for x in inputs if x.rank == rank)
        place = self.index(full)
        sizes = list(full.axes)
        for x in inputs:
            for here, axis in enumerate(aligned(x, rank)):
                if axis is not None and here != place and sizes[here].size == 1:
                    sizes[here] = axis
        widened = []
        for x in inputs:
            own = aligned(x, rank)
            pairs = [
                wanted if axis is None or (axis.size == 1 and here != place) else axis
                for here, (axis, wanted) in enumerate(zip(own, sizes, strict=True))
            ]
            widened.append(x.with_axes(*pairs))
        return tuple(widened)

    def mask_after(self, *inputs: TensorType) -> Mask | None:
        rank = max(x.rank for x in inputs)
        return None if self.index(next(x for x in inputs if x.rank == rank)) == 0 else common_mask(inputs)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        types = self.widened(to.inputs) if self.broadcast else to.inputs
        wide = to.broadcast(inputs, types)
        if len(wide) == 1:
            return wide[0]
        return to.layer("keras.layers.Concatenate", list(wide), axis=self.axis)


class Elementwise(Strategy):
    """Element by element."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        return inputs[0].with_axes(*fused_axes(at, self.title(), inputs, self.broadcast))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        if len(inputs) == 1:
            return inputs[0]
        return to.layer(self.keras_path(), list(to.broadcast(inputs, (to.output,) * len(inputs))))


class AddStrategy(Elementwise):
    """The sum."""

    keras = "layers.Add"
    examples = (example((4,), (4,), (4,)), example((5, 4), (5, 4)))


class AverageStrategy(Elementwise):
    """The mean."""

    keras = "layers.Average"
    examples = (example((4,), (4,)),)


class MaximumStrategy(Elementwise):
    """The greatest."""

    keras = "layers.Maximum"
    examples = (example((4,), (4,)),)


class MultiplyStrategy(Elementwise):
    """The product."""

    keras = "layers.Multiply"
    examples = (example((4,), (4,)),)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return positions(output.axes) * (len(inputs) - 1)


class LearnedWeights(Strategy):
    """The sum of softmax(a)_i x_i, where a starts at 0 and is the same for every sample."""

    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        return inputs[0].with_axes(*fused_axes(at, self.title(), inputs, self.broadcast))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("kernel", (1, len(inputs)), within="_weights"),)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return positions(output.axes) * len(inputs)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        wide = to.broadcast(inputs, (to.output,) * len(inputs))
        first = to.inputs[0]
        one = to.ops("ones_like", to.slice(inputs[0], *[0] * (first.rank - 1), (None, 1)))
        weights = to.layer(
            "keras.layers.Dense",
            one,
            len(inputs),
            suffix="_weights",
            activation="softmax",
            use_bias=False,
            kernel_initializer="zeros",
        )
        return weighted_sum(to, wide, weights, to.output.rank)


def weighted_sum(to: Lowering, inputs: tuple[Expression, ...], weights: Expression, rank: int) -> Expression:
    """The sum of inputs of `rank` axes times the (batch, n) or step-by-step weights that belong to them."""
    stacked = to.ops("stack", list(inputs), axis=-1)
    shaped = to.ops("reshape", weights, (-1, *[1] * rank, len(inputs)))
    return to.ops("sum", to.infix("*", stacked, shaped), axis=-1)


class AttentionStrategy(Strategy):
    """The inputs as n tokens, multi-head attention over them, then a pool."""

    num_heads: int = arg(COUNT, 1, doc="Number of attention heads.")
    key_dim: int | None = arg(Optional(COUNT), None, doc="Width of each head; the width over `num_heads` by default.")
    pool: str = arg(Choice("mean", "max", "concat", "none"), "mean", doc="How the n attended tokens become one.")
    examples = (example((4,), (4,)), example((8,), (8,), (8,), num_heads=2, pool="concat"))

    def head_width(self, width: int) -> int:
        """The width of a head."""
        if self.key_dim is not None:
            return self.key_dim
        if width % self.num_heads:
            help = ("choose heads that divide the width, or give `key_dim`",)
            raise Refusal(HEADS, "num_heads", help, heads=self.num_heads, width=width)
        return width // self.num_heads

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        axes = fused_axes(at, self.title(), inputs, self.broadcast)
        x = inputs[0].with_axes(*axes)
        d = width(self.title(), x)
        self.head_width(d)
        before, last = axes[:-1], axes[-1]
        if self.pool == "concat":
            return x.with_axes(*before, Axis(last.name, d * len(inputs)))
        if self.pool == "none":
            return x.with_axes(*before, Axis("steps", len(inputs)), last)
        return x

    def mask_after(self, *inputs: TensorType) -> Mask | None:
        return common_mask(inputs)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        d = known(self.title(), inputs[0].axes[-1])
        h, k = self.num_heads, self.head_width(d)
        names = ("query", "key", "value")
        inner = [w for name in names for w in (Weight(f"{name}/kernel", (d, h, k)), Weight(f"{name}/bias", (h, k)))]
        return (*inner, Weight("attention_output/kernel", (h, k, d)), Weight("attention_output/bias", (d,)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        n, d = len(inputs), known(self.title(), inputs[0].axes[-1])
        inner = self.num_heads * self.head_width(d)
        return positions(inputs[0].axes[:-1]) * (n * 4 * d * inner + 2 * n * n * inner)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        full = max(to.inputs, key=lambda x: x.rank)
        target = to.output if self.pool in ("mean", "max") else full
        d = target.axes[-1].size
        assert isinstance(d, int)
        tokens = to.let(to.ops("stack", list(to.broadcast(inputs, (target,) * len(inputs))), axis=-2), "tokens")
        keywords: dict[str, Any] = {"num_heads": self.num_heads, "key_dim": self.head_width(d)}
        if target.rank > 1:
            keywords["attention_axes"] = (target.rank,)
        attended = to.layer("keras.layers.MultiHeadAttention", (tokens, tokens), **keywords)
        if self.pool == "none":
            return attended
        if self.pool == "concat":
            return to.reshape(attended, (*full.axes[:-1], Axis("features", d * len(inputs))))
        return to.ops(self.pool, attended, axis=-2)


STRATEGIES: dict[str, type[Strategy]] = {
    "concat": Concat,
    "add": AddStrategy,
    "average": AverageStrategy,
    "maximum": MaximumStrategy,
    "multiply": MultiplyStrategy,
    "learned_weights": LearnedWeights,
    "attention": AttentionStrategy,
}
