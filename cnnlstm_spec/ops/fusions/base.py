"""What all strategies of a fusion have in common: their base, the one shape of their inputs, and masks. Imports no strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...ir.inference import Inference, Refusal
from ...ir.meaning import Range, merge_ranges
from ...ir.op import Op, compute_dtype
from ...ir.size import Size, equal
from ...ir.tensor import Axis, Mask, TensorType, Values, Zeros
from ...text.diagnostic import Code
from ..shared import known

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

RANKS_DIFFER = Code("ranks-differ", "error", "`{strategy}` needs inputs of one rank; given {first} and {other}", sort="keras")
ATTENTION_RANKS = Code("attention-ranks", "error", "`{strategy}` needs inputs of one rank; given {first} and {other}")
SIZES_DIFFER = Code("sizes-differ", "error", "`{strategy}` needs {axis} to be equal; given {first} and {other}", sort="keras")
SHAPES_DIFFER = Code("shapes-differ", "error", "`{strategy}` needs inputs of one shape; given {first} and {other}")
NOT_A_FEATURE = Code(
    "no-feature-axis",
    "error",
    "`{strategy}` works on the last axis; this input has none",
    help="`Op: {function: expand_dims, axis: -1}` before it adds the axis, or `Embedding` turns an integer into a vector",
)

WIDEN = "give them one width: `units: 64` puts each through a `Dense` of its own"
POOL_FIRST = "bring them to one rank before: `Flatten`, a global pooling, or `broadcast: true`"
STRETCH = "`broadcast: true` repeats it over the others"
RESIZE = "bring them to one size before: `padding: same` keeps it, a pooling or a cropping makes it less"


class Strategy(Op):
    """What the strategies have in common. A mask says which fused steps are real: those real in every input that has one."""

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    word: ClassVar[str] = ""
    """The name in a spec."""
    needs_units: ClassVar[bool] = False
    """Whether `units` is its own and must be given, not the width of a projection."""
    needs_query: ClassVar[bool] = False
    """Whether one of the inputs must be named as the query."""
    has_weights: ClassVar[bool] = True
    """Whether it has weights of its own, beside projections."""
    passes_on: ClassVar[bool] = False
    """Whether one input is passed on as it is, whatever the arguments."""
    takes_broadcast: ClassVar[bool] = True
    """Whether inputs of fewer axes can be repeated for it."""
    broadcasts_itself: ClassVar[bool] = False
    """Whether what it computes stretches axes of size 1, so that values need not be repeated before.

    Not where it adds: for a batch of one, Keras's `add` may take one side for a bias, over another axis."""
    weighs: ClassVar[Literal["step", "input"] | None] = None
    """What it gives weights to that add up to 1."""
    broadcast: ClassVar[bool] = False
    """Whether inputs are brought to one shape before; see `Broadcast`."""

    @classmethod
    def title(cls) -> str:
        return cls.word or cls.__name__

    def list_fixed_axes(self, rank: int) -> frozenset[int]:
        """The axes that no broadcasting stretches: those in which inputs may differ."""
        return frozenset()

    def suggest_help(self, differs: Literal["rank", "size", "width"], stretched: bool = False) -> tuple[str, ...]:
        """The ways out where inputs differ in rank, or in the size of an axis; `stretched` where broadcasting would do."""
        if differs == "rank":
            return (POOL_FIRST,)
        return ((STRETCH,) if stretched else ()) + ((WIDEN,) if differs == "width" else () if stretched else (RESIZE,))

    def find_only_choice(self, *inputs: TensorType) -> TensorType | None:
        """What it weighs, if that is one alone: its weight is 1, whatever comes in."""
        return inputs[0] if self.weighs == "input" and len(inputs) == 1 else None

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return merge_masks(inputs)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return compute_dtype(self.dtype or at.policy)

    def list_settings(self) -> dict[str, Any]:
        """What every Keras layer that it is made of is told, as a layer that a person writes is."""
        return {**({} if self.trainable else {"trainable": False}), **({"dtype": self.dtype} if self.dtype else {})}

    def cast(self, to: Lowering, inputs: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """The inputs in the dtype of the output, for operations, which unlike layers do not cast by themselves."""
        wanted = to.output.dtype
        pairs = zip(inputs, to.inputs, strict=True)
        return tuple(value if x.dtype == wanted else to.call_ops("cast", value, wanted) for value, x in pairs)


def merge_masks(inputs: tuple[TensorType, ...]) -> Mask | None:
    """Real where every input that has a mask is real; that of an input of fewer axes is over none of the result."""
    rank = max(x.rank for x in inputs)
    masks = [x.mask for x in inputs if x.mask is not None and x.rank == rank]
    if not masks:
        return None
    whole = masks[0]
    for mask in masks[1:]:
        whole = whole.join(mask)
    return whole


def merge_zeros(inputs: tuple[TensorType, ...]) -> Zeros | None:
    """The padded steps at which every input is 0."""
    rank = max(x.rank for x in inputs)
    found = [x.zeros.move_axes(rank - x.rank) if x.zeros is not None else None for x in inputs]
    first = found[0]
    same = first is not None and all(
        each is not None and each.axis == first.axis and each.mask.is_same(first.mask) for each in found[1:]
    )
    return first if same else None


def merge_any_zeros(inputs: tuple[TensorType, ...]) -> Zeros | None:
    """The padded steps at which a product is 0."""
    rank = max(x.rank for x in inputs)
    return next((x.zeros.move_axes(rank - x.rank) for x in inputs if x.zeros is not None), None)


def join_masks(to: Lowering, inputs: tuple[Expression, ...], types: tuple[TensorType, ...], one_step: bool = False) -> Expression:
    """The masks of inputs whose steps are joined; of one without a mask all steps are real, and a vector may be one step."""
    parts: list[Expression] = []
    for value, x in zip(inputs, types, strict=True):
        if x.mask is not None and not (one_step and x.rank == 1):
            parts.append(to.write_mask(x.mask))
            continue
        index = (0, 1) if x.rank == 1 and one_step else None
        parts.append(to.call_ops("ones_like", to.slice(value, index, *[0] * (x.rank - 1)), dtype="bool"))
    return parts[0] if len(parts) == 1 else to.call_ops("concatenate", parts, axis=1)


def join_values(inputs: tuple[TensorType, ...]) -> Values | None:
    """The values that are known to come in any of the inputs."""
    joined = None
    for x in inputs:
        joined = x.values if joined is None else joined.join(x.values)
    return joined


def join_ranges(place: int, inputs: tuple[TensorType, ...]) -> Range | None:
    """Between which numbers inputs lie that are joined along an axis: what adds up to 1 along it no longer does."""
    values = merge_ranges(x.meaning.range for x in inputs)
    joined = values is not None and values.sums is not None and place in values.sums and len(inputs) > 1
    return values.loosen() if values is not None and joined else values


def fuse_axes(at: Inference, op: Strategy, inputs: tuple[TensorType, ...], apart: bool = False) -> tuple[Axis, ...]:
    """The one shape of all inputs, but for the last axis where inputs may differ in it; a size that is known is kept."""
    first = inputs[0]
    target = list(first.axes)
    for index, x in enumerate(inputs[1:], 1):
        facts = {"strategy": op.title(), "first": first, "other": x}
        if x.rank != first.rank:
            raise Refusal(SHAPES_DIFFER, None, op.suggest_help("rank"), index, **facts)
        for place, (wanted, axis) in enumerate(zip(target, x.axes, strict=True)):
            last = place == first.rank - 1
            if last and apart:
                continue
            help = op.suggest_help("width" if last else "size", stretched=1 in (wanted.size, axis.size))
            at.require(equal(axis.size, wanted.size), Refusal(SHAPES_DIFFER, None, help, index, **facts))
            # Beside a size of 1, Keras takes the one that it does not know for that of the output.
            if wanted.size == 1 or (isinstance(axis.size, int) and axis.size != 1):
                target[place] = Axis(wanted.name, axis.size)
    return tuple(target)


def find_width(strategy: str, x: TensorType) -> int:
    """The size of the last axis, which sizes weights."""
    if not x.axes:
        raise Refusal(NOT_A_FEATURE, None, (), 0, strategy=strategy)
    return known(strategy, x.axes[-1])


def find_last_width(x: TensorType) -> int:
    """The size of the last axis, which inference has found to be known."""
    size = x.axes[-1].size
    assert isinstance(size, int)
    return size


def count_steps(x: TensorType) -> Size:
    """The number of steps of an input of (steps, features); 1 for a vector."""
    return x.axes[0].size if x.rank > 1 else 1
