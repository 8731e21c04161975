"""Attention and AdditiveAttention, and what every attention has in common."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range
from ..ir.op import FLOATS, Op, Weight, example
from ..ir.size import Size, equal
from ..ir.tensor import Axis, Mask, TensorType
from ..language.kinds import BOOLEAN, Choice, Number
from ..text.diagnostic import Code
from .fusions.base import ATTENTION_RANKS, SIZES_DIFFER
from .shared import SEED, WRONG_DTYPE, find_last, known
from .windows import count_positions

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

CAUSAL = Code(
    "causal-over-one-axis",
    "error",
    "`use_causal_mask` needs attention over one axis, the first; given {given}",
    help="add `attention_axes: 1`, or put the layer into `TimeDistributed`",
)
OVER_SAMPLES = Code("attends-over-samples", "error", "`{layer}` would attend from one sample of a batch to another")


class Attending(Op):
    """Every attention: a query, the value, and the key, which is the value by default; one input attends to itself."""

    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    reads_mask = True
    gives_channels = True
    reads_features = True
    apart: ClassVar[bool]
    """Whether Keras's layer takes its inputs as arguments of their own, not as one list."""
    call_arguments = frozenset({"use_causal_mask"})
    use_causal_mask: Annotated[bool, BOOLEAN] = False
    """Whether a step attends to none that comes after it."""

    def list_weighed(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """What a padded step of a query gives stays in that step."""
        return inputs[1:] or inputs

    def list_feeds(self, inputs: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """The arguments of the Keras call that are inputs."""
        several = (inputs[0], inputs[0]) if len(inputs) == 1 else inputs
        return several if self.apart else (list(several),)

    def find_only_choice(self, *inputs: TensorType) -> TensorType | None:
        """What it attends to, if that is one step: its weight is 1, whatever the scores."""
        x = inputs[1] if len(inputs) > 1 else inputs[0]
        return x if x.rank == 2 and x.axes[0].size == 1 else None

    def write_masked(self, to: Lowering, *inputs: TensorType) -> dict[str, Expression]:
        """The keywords of the Keras call by which padded steps get no weight."""
        raise NotImplementedError

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        keywords = to.write_keywords(self)
        causal: dict[str, Expression] = {"use_causal_mask": True} if self.use_causal_mask else {}
        return to.apply(self.keras_path(), self.list_feeds(inputs), (), keywords, self.write_masked(to, *to.inputs) | causal)

    def require_one_rank(self, code: Code, *inputs: TensorType) -> None:
        """Refuses inputs that differ in rank."""
        for index, x in enumerate(inputs):
            if x.rank != inputs[0].rank:
                help = ("a vector is brought to one step by `RepeatVector: {n: 1}`",)
                raise Refusal(code, None, help, index, strategy=self.title(), first=inputs[0], other=x)

    def agree(self, at: Inference, left: TensorType, right: TensorType, axis: int, index: int, at_build: bool = False) -> None:
        """Requires that an axis is equal in two inputs; Keras's check `at_build` fails where only one is known."""
        here, there = left.axes[axis].size, right.axes[axis].size
        facts = {"strategy": self.title(), "axis": right.axes[axis].name, "first": left.axes[axis], "other": right.axes[axis]}
        help = ("a `Dense` or a `Reshape` before one of them can bring them together",)
        refusal = Refusal(SIZES_DIFFER, None, help, index, **facts)
        if at_build and isinstance(here, int) != isinstance(there, int):
            raise refusal
        at.require(equal(here, there), refusal)


def assign_roles(inputs: tuple[TensorType, ...]) -> tuple[TensorType, TensorType, TensorType]:
    """Query, value and key."""
    query = inputs[0]
    value = inputs[1] if len(inputs) > 1 else query
    return query, value, inputs[2] if len(inputs) > 2 else value


class Scored(Attending):
    """Attention and AdditiveAttention: over the last axis but one, apart for all axes before it."""

    apart = False
    least_rank = 1
    use_scale: bool
    dropout: Annotated[float, Number(most=1)] = 0.0
    """Share of the weights dropped in training."""

    def multiplies(self) -> bool:
        """Whether scores are products of query and key, not sums."""
        raise NotImplementedError

    def drops_scores(self) -> bool:
        return self.dropout == 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(..., queries, features) to (..., queries, features of the value)."""
        query, value, key = assign_roles(inputs)
        self.require_one_rank(ATTENTION_RANKS, *inputs)
        if query.rank == 1:
            raise Refusal(OVER_SAMPLES, None, ("it needs steps: `RepeatVector` gives a vector some",), layer=self.title())
        self.check_dtypes(query, key)
        place = len(inputs) - 1
        if self.multiplies() or 1 not in (query.axes[-1].size, key.axes[-1].size):
            self.agree(at, query, key, -1, place)
        self.agree(at, value, key, -2, place)
        for axis in range(query.rank - 2):
            for index, x in enumerate(inputs):
                if x.axes[axis].size != 1:
                    self.agree(at, query, x, axis, index)
        return query.with_axes(*query.axes[:-1], Axis(query.axes[-1].name, value.axes[-1].size))

    def check_dtypes(self, query: TensorType, key: TensorType) -> None:
        """Refuses inputs from which no floating-point scores come, or whose sum Keras cannot take."""
        kinds = {"a float" if x.dtype in FLOATS else x.dtype for x in (query, key)}
        taken = ""
        if self.multiplies() and not self.use_scale and "a float" not in kinds:
            taken = "floating-point values"
        elif not self.multiplies() and kinds == {"bool"}:
            taken = "numbers"
        elif not self.multiplies() and len(kinds) > 1:
            taken = "query and key of one dtype"
        if taken:
            help = ("put a `Rescaling` before it, or leave the `dtype` of the input out",)
            given = query.dtype if query.dtype not in FLOATS else key.dtype
            raise Refusal(WRONG_DTYPE, None, help, layer=self.title(), taken=taken, dtype=given)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Means of the values."""
        values = assign_roles(inputs)[1].meaning.range
        return values and values.loosen()

    def score_macs(self, query: TensorType) -> Size:
        """Multiply-adds of one score."""
        return query.axes[-1].size

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        query, value, key = assign_roles(inputs)
        scores = count_positions(query.axes[:-1]) * key.axes[-2].size
        return scores * (self.score_macs(query) + value.axes[-1].size)

    def write_masked(self, to: Lowering, *inputs: TensorType) -> dict[str, Expression]:
        if inputs[0].rank != 2:
            return {}
        read = range(1, len(inputs)) if len(inputs) > 1 else (0,)
        found = [mask for index in read if (mask := inputs[index].mask) is not None]
        return {"mask": [None, to.write_mask(reduce(Mask.join, found))]} if found else {}


class Attention(Scored):
    """Dot-product attention without projections."""

    use_scale: Annotated[bool, BOOLEAN] = False
    """Whether scores have a trained scale."""
    score_mode: Annotated[str, Choice("dot", "concat")] = "dot"
    """A score is query times key, or tanh of their sum."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the dropout."""
    examples = (
        example((6, 3)),
        example((None, 3), use_scale=True, score_mode="concat", dropout=0.2, seed=1),
        example((6, 3), (5, 3), use_scale=True),
        example((None, 3), (5, 4), (5, 3)),
        example((4, 6, 3), dtype="int32", use_scale=True),
        example((None, 3), use_causal_mask=True),
    )

    def multiplies(self) -> bool:
        return self.score_mode == "dot"

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        scale = (Weight("scale", ()),) if self.use_scale else ()
        return scale if self.multiplies() else (*scale, Weight("concat_score_weight", ()))

    def score_macs(self, query: TensorType) -> Size:
        return super().score_macs(query) if self.multiplies() else 0


class AdditiveAttention(Scored):
    """Additive attention: a score is a weighted sum of tanh(query + key)."""

    use_scale: Annotated[bool, BOOLEAN] = True
    """Whether the sum has trained weights."""
    examples = (
        example((6, 3)),
        example((None, 3), use_scale=False, dropout=0.2),
        example((6, 3), (None, 3)),
        example((6, 3), (5, 4), (5, 3)),
        example((4, 6, 3), use_causal_mask=True),
    )

    def multiplies(self) -> bool:
        return False

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        output = super().infer(at, *inputs)
        if self.use_scale:
            known(self.title(), inputs[0].axes[-1])
        return output

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("scale", (find_last(inputs[0]),)),) if self.use_scale else ()

    def score_macs(self, query: TensorType) -> Size:
        return super().score_macs(query) if self.use_scale else 0
