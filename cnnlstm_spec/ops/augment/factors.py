"""What the augmentations have in common: their base, and the kinds of their arguments. Imports no family of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ...ir.inference import Inference, Refusal
from ...ir.op import FramesAs, Op, compute_dtype
from ...ir.size import equal, holds_always, holds_never
from ...ir.tensor import TensorType
from ...language.json_schema import Schema
from ...language.kinds import INTEGER, NOT_ALLOWED, NUMBER, OUT_OF_RANGE, Choice
from ...language.leaf import Leaf, Steps
from ...language.list_kinds import ListOf, OneOrMore
from ...language.scope import Scope
from ...text.diagnostic import Code
from ...text.nodes import Node, show_given
from ..floats import as_floats
from ..shared import FRAME_PARTS, WRONG_DTYPE
from ..windows import name_window_axes, split

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

CHANNELS = Code(
    "channels-not-taken",
    "error",
    "`{layer}` reads images of {taken} channels; {given} come in",
    sort="keras",
    help="bring the images to as many channels before it",
)
NOT_LOADED = Code("file-does-not-load", "error", "Keras saves `{argument}: {value}` in a file that it does not load")
FILL_MODE = Choice("reflect", "wrap", "constant", "nearest")
INTERPOLATION = Choice("nearest", "bilinear")
OneOrTwo = float | tuple[float, float]


class ValueRange(ListOf):
    """The least and the greatest value of the images; of one value alone some augmentations divide by 0, in training."""

    def __init__(self) -> None:
        super().__init__(NUMBER, 2)
        self.words = "a list of two different numbers"

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_make_different, super().make_core())

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if problem != EQUAL.type:
            super().explain(problem, steps, node, scope)
            return
        values = self.take(node, scope)
        assert isinstance(values, list)
        scope.report(NOT_ALLOWED, node, key=scope.name, words=self.words, given=f"{values[0]:g} twice")


EQUAL = PydanticCustomError("equal_bounds", "the two values are equal")


def _make_different(values: tuple[float, float]) -> tuple[float, float]:
    if values[0] == values[1]:
        raise EQUAL
    return values


VALUE_RANGE = ValueRange()


OUTSIDE = PydanticCustomError("outside_bounds", "the value lies outside the bounds")


class OneOrPair(OneOrMore):
    """One value, or a list of two."""

    def __init__(self, inner: Leaf) -> None:
        super().__init__(inner)
        self.length = 2
        self.words = f"a list of 2, each {inner.words}"


class Factor(Leaf):
    """A number within bounds, or a pair of which a number is drawn; a `strict` pair lies within them too."""

    def __init__(self, least: float, most: float, strict: bool = False, integers: bool = False, above: bool = False) -> None:
        self.least, self.most, self.strict, self.above = least, most, strict, above
        self.inner = INTEGER if integers else NUMBER
        number, bound = "an integer" if integers else "a number", "above" if above else "from"
        self.words = f"{number} {bound} {least:g} to {most:g}, or a list of two"

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda value: self.bound_value(value), OneOrPair(self.inner).make_core()
        )

    def bound_value(self, value: OneOrTwo) -> OneOrTwo:
        """The value, if it lies within the bounds."""
        pair = isinstance(value, tuple)
        first, second = value if isinstance(value, tuple) else (value, value)
        inside = self.least <= min(first, second) and max(first, second) <= self.most
        inside = inside and not (self.above and self.least in (first, second))
        meets = first <= self.most and second >= self.least
        if not (inside if self.strict or not pair else meets):
            raise OUTSIDE
        return value

    def take(self, node: Node, scope: Scope) -> object:
        return OneOrPair(self.inner).take(node, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if problem != OUTSIDE.type:
            OneOrPair(self.inner).explain(problem, steps, node, scope)
            return
        value, resolved = self.take(node, scope), scope.resolve(node) or node
        shown = list(value) if isinstance(value, list) else show_given(resolved)
        scope.report(OUT_OF_RANGE, resolved, key=scope.name, words=self.words, given=shown)

    def make_schema(self) -> Schema:
        number = {"type": "number", "minimum": self.least, "maximum": self.most}
        return {"anyOf": [number, {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}]}


SINGLE = PydanticCustomError("single", "a single number is not loaded again")


class SavedPair(Factor):
    """A factor of which Keras saves a single number as a pair that begins below 0, and refuses when it loads the file."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__(least, most, strict=True)
        self.words = f"a list of two numbers from {least:g} to {most:g}, or 0"

    def bound_value(self, value: OneOrTwo) -> OneOrTwo:
        value = super().bound_value(value)
        if not isinstance(value, tuple) and value != 0:
            raise SINGLE
        return value

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if problem != SINGLE.type:
            super().explain(problem, steps, node, scope)
            return
        value = self.take(node, scope)
        help = (f"write the bounds: `{scope.name}: [0.0, {value:g}]`",)
        scope.report(NOT_LOADED, scope.resolve(node) or node, argument=scope.name, value=f"{value:g}", help=help)

    def make_schema(self) -> Schema:
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"const": 0}, pair]}


class Augmentation(Op):
    """Images changed at random in training; the shape stays."""

    only_in_training = True
    draws_for_images = True
    """Whether what it does is drawn, for each image by itself."""
    frames: ClassVar[FramesAs | None] = "channels"
    """Where the frames of a video go, as `place_frames` says."""
    channels: ClassVar[tuple[int, ...]] = ()
    """The numbers of channels it takes; any where empty."""
    refused_dtypes: ClassVar[tuple[str, ...]] = ()
    """Compute dtypes in which Keras cannot run it."""
    only_forward: ClassVar[tuple[str, ...]] = ()
    """Compute dtypes in which TensorFlow runs it, and knows no gradient of it."""
    flat: ClassVar[bool] = False
    """Whether no gradient comes through while it acts: it goes by integers, or by a color space."""
    data_format: str | None = None

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis."""
        return self.data_format == "channels_first"

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(2, self.channels_first)

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras takes it for one image, and its batch for the height.
        return rank == 2

    def place_frames(self) -> FramesAs | None:
        return self.frames

    def clip_help(self) -> tuple[str, ...]:
        return ("inside `TimeDistributed:` each frame of a clip draws by itself",)

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return FRAME_PARTS if self.frames is not None else ()

    def list_refused_dtypes(self) -> tuple[str, ...]:
        """The compute dtypes in which Keras cannot run it, where arguments decide."""
        return self.refused_dtypes

    def list_channels_taken(self) -> tuple[int, ...]:
        """The numbers of channels it takes, where arguments decide; any where empty."""
        return self.channels

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        dtype = compute_dtype(self.dtype or at.policy)
        if dtype in self.list_refused_dtypes():
            help = ("give the layer `dtype: float32`",)
            raise Refusal(WRONG_DTYPE, None, help, layer=self.title(), taken="float32", dtype=dtype)
        taken = self.list_channels_taken()
        size = split(x.axes, self.channels_first)[1].size
        if taken and all(holds_never(equal(size, count)) for count in taken):
            words = " or ".join(str(count) for count in taken)
            raise Refusal(CHANNELS, None, (), layer=self.title(), taken=words, given=size)
        if taken:
            refusal = Refusal(CHANNELS, None, (), layer=self.title(), taken=" or ".join(map(str, taken)), given=size)
            if not any(holds_always(equal(size, count)) for count in taken):
                at.require(equal(size, taken[0]), refusal)
        return x

    def is_flat(self) -> bool:
        return self.flat

    def without_gradient(self, dtype: str) -> str | None:
        return "dtype" if dtype in self.only_forward else None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call(self, as_floats(to, inputs))
