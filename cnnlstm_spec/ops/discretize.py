"""CategoryEncoding, Discretization, Hashing, HashedCrossing: numbers to categories, categories to vectors."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range
from ..ir.op import FLOATS, Op, compute_dtype, example, find_storage_dtype
from ..ir.size import at_least, equal, holds_always
from ..ir.tensor import Axis, Mask, TensorType, Values
from ..language.kinds import BOOLEAN, COUNT, INTEGER, NATURAL, NUMBER, SIZE, Choice, Optional
from ..language.list_kinds import Each, ListOf
from ..text.diagnostic import Code
from .shared import WRONG_DTYPE

NO_SPARSE = Code(
    "sparse-output", "error", "`{layer}` with `sparse: true` gives a tensor that no other layer reads", help="leave `sparse` out"
)
SPARSE_INTEGERS = Code(
    "sparse-integers", "error", "`{layer}` with `output_mode: int` cannot be `sparse`", sort="keras", help="leave `sparse` out"
)
ONE_AXIS = Code("encodes-one-axis", "error", "`{layer}` with `output_mode: {mode}` reads one axis; {given} come in")
NEEDS_TOKENS = Code("num-tokens-missing", "error", "`CategoryEncoding` needs `num_tokens`", sort="keras")
BOUNDARIES = Code(
    "bin-boundaries",
    "error",
    "`Discretization` needs `bin_boundaries` that rise, and no `num_bins`",
    sort="keras",
    help="write rising numbers, such as `bin_boundaries: [0.0, 1.0, 2.0]`",
)
CROSSED_SHAPES = Code(
    "crossed-shapes",
    "error",
    "`HashedCrossing` reads two inputs of one value each; this has {given}",
    sort="keras",
    help="give both branches `shape: [1]`",
)
HALF_COUNTS = Code("counts-in-half", "error", "`output_mode: {mode}` cannot be computed in {dtype}", sort="keras")
HASH_DTYPE = Code(
    "bins-are-integers",
    "error",
    "`Hashing` with `output_mode: int` gives integers, not {dtype}",
    sort="keras",
    help="leave `dtype` out",
)
HALF = ("float16", "bfloat16")
MODES = Choice("int", "one_hot", "multi_hot", "count")


class Encoder(Op):
    """What the layers of this family have in common."""

    reads_codes = True
    output_mode: str
    sparse: Annotated[bool, BOOLEAN] = False
    """Only `false`: a sparse tensor has no use in a spec."""
    keeps_mask = False

    def decides_shape(self, argument: str) -> bool:
        return self.output_mode != "int"

    def count_depth(self) -> int:
        """The size of the axis that is made."""
        raise NotImplementedError

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """With `int` the shape of the input; with `one_hot` an axis of classes more, or in place of a last one of size 1.

        Else the classes in place of the axis along which they are counted.
        """
        if self.sparse:
            raise Refusal(SPARSE_INTEGERS if self.output_mode == "int" else NO_SPARSE, "sparse", (), layer=self.title())
        dtype = self.infer_dtype(at, *inputs)
        if self.output_mode in ("multi_hot", "count", "binary") and inputs[0].rank < 2 and dtype in HALF:
            help = ("give the layer `dtype: float32`",)
            raise Refusal(HALF_COUNTS, "output_mode", help, mode=self.output_mode, dtype=dtype)
        return inputs[0].with_axes(*self.infer_encoded(inputs[0]))

    def infer_encoded(self, x: TensorType) -> tuple[Axis, ...]:
        """The axes of the output."""
        if self.output_mode == "int":
            return x.axes
        classes = Axis("classes", self.count_depth())
        if self.output_mode == "one_hot":
            return self.infer_one_hot(x, classes)
        if x.rank == 1 or (x.rank and self.counts_along_first):
            return (*x.axes[1:], classes)
        facts: dict[str, Any] = {"layer": self.title(), "mode": self.output_mode, "given": x.rank}
        flat = ("or flatten before it",) if x.rank else ()
        raise Refusal(ONE_AXIS, "output_mode", ("use `output_mode: one_hot`", *flat), **facts)

    counts_along_first: ClassVar[bool] = False
    """Whether more than one axis is encoded along the first, as Keras announces it."""

    def infer_one_hot(self, x: TensorType, classes: Axis) -> tuple[Axis, ...]:
        """An axis more, or in place of a last one of size 1."""
        kept = x.axes[:-1] if x.axes and x.axes[-1].size == 1 else x.axes
        return (*kept, classes)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        most = {"int": self.count_depth() - 1, "count": None}.get(self.output_mode, 1)
        return Range(0, most, True, integers=True, by=self.title())

    def infer_values(self, *inputs: TensorType) -> Values | None:
        """Every class comes; of vectors nothing is said."""
        return Values(0, self.count_depth() - 1) if self.output_mode == "int" else None

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        (x, *_) = inputs
        kept = self.output_mode == "int" or (self.output_mode == "one_hot" and not (x.rank == 1 and x.axes[0].size == 1))
        return x.mask if kept else None


class CategoryEncoding(Encoder):
    """Integers to one-hot, multi-hot or count vectors."""

    looks_up = "num_tokens"
    num_tokens: Annotated[int | None, Optional(COUNT)] = None
    """How many classes there are."""
    output_mode: Annotated[str, Choice("multi_hot", "one_hot", "count", "binary")] = "multi_hot"
    """What the vectors hold."""
    examples = (
        example((3,), dtype="int32", num_tokens=5),
        example((None,), dtype="int32", num_tokens=5, output_mode="one_hot"),
        example((3, 1), dtype="uint8", num_tokens=5, output_mode="one_hot"),
        example((3,), dtype="int32", num_tokens=5, output_mode="count"),
    )

    def count_depth(self) -> int:
        return self.num_tokens or 0

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.num_tokens is None:
            raise Refusal(NEEDS_TOKENS, None, ("it is the number of classes",))
        return super().infer(at, *inputs)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        policy = self.dtype or at.policy
        return "float32" if policy.startswith("mixed_") else policy


class Discretization(Encoder):
    """Numbers to the bins between boundaries."""

    bin_boundaries: Annotated[tuple[float, ...] | None, Optional(ListOf(NUMBER))] = None
    """Boundaries between the bins, rising."""
    num_bins: Annotated[int | None, Optional(NATURAL)] = None
    """How many bins are measured of a spec's `data`, in place of `bin_boundaries`."""
    epsilon: Annotated[float, NUMBER] = 0.01
    """Error of the quantiles that are measured."""
    output_mode: Annotated[str, MODES] = "int"
    """Bins as integers, or as vectors."""
    counts_along_first = True
    examples = (
        example((3,), bin_boundaries=[0.2, 0.5]),
        example((None, 2), bin_boundaries=[0.2, 0.5], output_mode="one_hot"),
        example((3,), bin_boundaries=[0.2], output_mode="multi_hot"),
    )

    def count_depth(self) -> int:
        return self.num_bins if self.is_to_measure() and self.num_bins else len(self.bin_boundaries or ()) + 1

    def is_to_measure(self) -> bool:
        return self.bin_boundaries is None and self.num_bins is not None

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        bounds = self.bin_boundaries
        if self.is_to_measure() and at.has_data:
            return super().infer(at, *inputs)
        if bounds is None or self.num_bins is not None or list(bounds) != sorted(bounds):
            raise Refusal(BOUNDARIES, "num_bins" if self.num_bins is not None else "bin_boundaries", ())
        return super().infer(at, *inputs)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return "int32" if self.output_mode == "int" else compute_dtype(self.dtype or at.policy)

    def list_keras_arguments(self) -> dict[str, object]:
        arguments = super().list_keras_arguments()
        arguments.pop("trainable", None)  # Keras's class does not take it, and it has no weights
        return arguments


class Hashing(Encoder):
    """Values to bins by hashing."""

    takes_text = True
    keeps_xla_off = True
    num_bins: Annotated[int, COUNT]
    """How many bins there are."""
    mask_value: Annotated[int | None, Optional(INTEGER)] = None
    """Value that goes to bin 0, where nothing else goes."""
    salt: Annotated[tuple[int, ...] | None, Optional(Each(INTEGER, 2))] = None
    """Key of the hash, one integer or two."""
    output_mode: Annotated[str, MODES] = "int"
    """Bins as integers, or as vectors."""
    examples = (
        example((3,), dtype="int32", num_bins=4),
        example((3,), dtype="int32", num_bins=4, salt=3, output_mode="multi_hot", mask_value=1),
        example((None, 1), dtype="int32", num_bins=4, output_mode="one_hot"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.output_mode == "int" and self.dtype:
            raise Refusal(HASH_DTYPE, "dtype", (), dtype=self.dtype)
        (x,) = inputs
        if self.output_mode == "one_hot" and x.rank > 1 and x.axes[-1].size == 1:
            # Keras drops the last axis, and then another of size 1, though it announces that.
            at.require(at_least(x.axes[-2].size, 2), self.refuse_axes(x))
        return super().infer(at, *inputs)

    def refuse_axes(self, x: TensorType) -> Refusal:
        """Why it makes no vectors of one class of such an input."""
        facts: dict[str, Any] = {"layer": self.title(), "mode": "one_hot", "given": x.rank}
        return Refusal(ONE_AXIS, "output_mode", ("use `output_mode: int`, then `CategoryEncoding`",), **facts)

    def count_depth(self) -> int:
        return self.num_bins

    def infer_one_hot(self, x: TensorType, classes: Axis) -> tuple[Axis, ...]:
        if x.axes and x.axes[-1].size == 1:
            return super().infer_one_hot(x, classes)
        raise self.refuse_axes(x)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return find_storage_dtype(self.dtype) if self.dtype else "int64" if self.output_mode == "int" else "float32"


class HashedCrossing(Encoder):
    """Two categories to one, by hashing the pair."""

    takes_text = True
    keeps_xla_off = True
    num_bins: Annotated[int, SIZE]
    """How many bins there are."""
    output_mode: Annotated[str, Choice("int", "one_hot")] = "int"
    """Bins as integers, or as vectors."""
    arity = (2, 2)
    examples = (
        example((1,), (1,), dtype="int32", num_bins=4),
        example((1,), (1,), dtype="int32", num_bins=4, output_mode="one_hot"),
    )

    def count_depth(self) -> int:
        return self.num_bins

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        for index, x in enumerate(inputs):
            if x.dtype in FLOATS or x.dtype == "bool":
                facts: dict[str, Any] = {"layer": self.title(), "taken": "integers", "dtype": x.dtype}
                raise Refusal(WRONG_DTYPE, None, ("give the input `dtype: int32`",), index, **facts)
            if x.rank > 1 or x.rank != inputs[0].rank or (x.rank == 1 and not holds_always(equal(x.axes[0].size, 1))):
                raise Refusal(CROSSED_SHAPES, None, (), index, given=x)
        return super().infer(at, *inputs)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return "int64" if self.output_mode == "int" and not self.dtype else compute_dtype(self.dtype or at.policy)

    def list_keras_arguments(self) -> dict[str, object]:
        arguments = super().list_keras_arguments()
        arguments.pop("trainable", None)  # Keras's class ignores it, and it has no weights
        return arguments
