"""ZeroPadding1D/2D/3D, Cropping1D/2D/3D and UpSampling1D/2D/3D."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic_core import CoreSchema

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range, merge_ranges
from ..ir.op import Op, example
from ..ir.size import at_least
from ..ir.tensor import Axis, TensorType, Values
from ..language.json_schema import Schema
from ..language.kinds import COUNT, NATURAL, Choice
from ..language.leaf import Leaf, Steps
from ..language.list_kinds import WRONG_LENGTH, Each
from ..language.scope import POISON, Scope
from ..text.diagnostic import Code
from ..text.nodes import Listing, Node
from .rescaling import NOT_IN_XLA, OVERSHOOTING
from .shared import DATA_FORMAT, as_written, need_numbers
from .windows import join, name_window_axes, split

CROPPED_AWAY = Code("cropping-larger-than-input", "error", "`{layer}` crops {cropped} {axis}; {left} are there", sort="keras")


class Margins(Leaf):
    """What is added or cut before and after each axis: one number, one for each axis, or a pair for each."""

    def __init__(self, n: int) -> None:
        self.n = n
        pairs = "a list of two" if n == 1 else f"a list of {n}, each a number or a list of two"
        self.words = f"an integer of 0 or more, or {pairs}"

    @property
    def leaf(self) -> Each:
        """What is written: of one axis one number or two, of more one of those for each."""
        return Each(NATURAL, 2) if self.n == 1 else Each(Each(NATURAL, 2), self.n)

    def make_core(self) -> CoreSchema:
        return self.leaf.make_core()

    def take(self, node: Node, scope: Scope) -> object:
        resolved = scope.resolve(node)
        if resolved is None:
            return POISON
        return (self.leaf if isinstance(resolved, Listing) else NATURAL).take(resolved, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        resolved = scope.resolve(node) or node
        if not isinstance(resolved, Listing):
            if not any(steps):
                NATURAL.explain(problem, (), node, scope)
        elif not steps and self.n > 1:
            scope.report(WRONG_LENGTH, resolved, key=scope.name, words=self.words, given=len(resolved.items))
        else:
            self.leaf.explain(problem, steps, node, scope)

    def shorten(self, value: Any) -> object:
        numbers = {number for pair in ((value,) if self.n == 1 else value) for number in pair}
        return numbers.pop() if len(numbers) == 1 else value

    def make_schema(self) -> Schema:
        pair = {"type": "array", "items": NATURAL.make_schema(), "minItems": 2, "maxItems": 2}
        if self.n == 1:
            return {"anyOf": [NATURAL.make_schema(), pair]}
        items = {"anyOf": [NATURAL.make_schema(), pair]}
        return {"anyOf": [NATURAL.make_schema(), {"type": "array", "items": items, "minItems": self.n, "maxItems": self.n}]}


class Framed(Op):
    """What the layers of this family have in common; `n` is the number of spatial axes."""

    n: ClassVar[int]
    keeps_integers = True
    keeps_mask = False
    data_format: str | None = None

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis."""
        return self.data_format == "channels_first"

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(self.n, self.channels_first)

    def list_pairs(self, margins: Any) -> tuple[tuple[int, int], ...]:
        """Before and after, for each axis."""
        return (margins,) if self.n == 1 else margins


class ZeroPadding(Framed):
    """Zeros before and after."""

    keeps_pixels = True
    padding: tuple[tuple[int, int], ...]

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to before + size + after."""
        (x,) = inputs
        spatial, channels = split(x.axes, self.channels_first)
        grown = [
            Axis(axis.name, axis.size + sum(pair)) for axis, pair in zip(spatial, self.list_pairs(self.padding), strict=True)
        ]
        return x.with_axes(*join(grown, channels, self.channels_first))

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        return values if values is None or values.pixels else merge_ranges((values, Range(0, 0, True)))

    def infer_values(self, *inputs: TensorType) -> Values | None:
        values = inputs[0].values
        return values.join(Values(0, 0)) if values is not None else None


class Cropping(Framed):
    """Cuts before and after."""

    passes_on = True
    keeps_pixels = True
    cropping: tuple[tuple[int, int], ...]
    keeps_values = True

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras's `TimeDistributed` has nothing checked that it calls.
        return timed

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to size - before - after."""
        (x,) = inputs
        spatial, channels = split(x.axes, self.channels_first)
        cut = []
        for axis, pair in zip(spatial, self.list_pairs(self.cropping), strict=True):
            facts: dict[str, Any] = {"layer": self.title(), "cropped": sum(pair), "axis": axis.name, "left": axis.size}
            refusal = Refusal(CROPPED_AWAY, "cropping", ("at least one must be left",), **facts)
            at.require(at_least(axis.size, sum(pair) + 1), refusal)
            cut.append(Axis(axis.name, axis.size - sum(pair)))
        return x.with_axes(*join(cut, channels, self.channels_first))


class UpSampling(Framed):
    """Every position repeated."""

    keeps_pixels = True
    size: int | tuple[int, ...]
    keeps_values = True

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras's `TimeDistributed` has nothing checked that it calls.
        return timed

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to size * factor."""
        (x,) = inputs
        spatial, channels = split(x.axes, self.channels_first)
        factors = (self.size,) if isinstance(self.size, int) else self.size
        grown = [Axis(axis.name, axis.size * factor) for axis, factor in zip(spatial, factors, strict=True)]
        return x.with_axes(*join(grown, channels, self.channels_first))


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after the steps."""

    n = 1
    padding: Annotated[tuple[tuple[int, int], ...], Margins(1)] = as_written(1)
    """Steps added on both sides, or before and after."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (
        example((4, 3)),
        example((None, 3), dtype="int32", padding=[0, 2]),
        example((3, 4), data_format="channels_first"),
    )


class ZeroPadding2D(ZeroPadding):
    """Zeros around images."""

    n = 2
    padding: Annotated[tuple[tuple[int, int], ...], Margins(2)] = as_written(1)
    """Rows and columns added on each side, for each axis, or before and after each."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (
        example((4, 5, 3)),
        example((None, 5, 3), padding=[[1, 0], 2]),
        example((3, 4, 5), padding=[1, 2], data_format="channels_first"),
    )


class ZeroPadding3D(ZeroPadding):
    """Zeros around volumes."""

    n = 3
    padding: Annotated[tuple[tuple[int, int], ...], Margins(3)] = as_written(1)
    """Planes added on each side, for each axis, or before and after each."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (example((2, 4, 5, 3)), example((None, 5, 4, 3), padding=[[1, 0], 2, 0]))


class Cropping1D(Cropping):
    """Steps cut off at both ends."""

    n = 1
    cropping: Annotated[tuple[tuple[int, int], ...], Margins(1)] = as_written(1)
    """Steps cut on both sides, or before and after."""
    examples = (example((4, 3)), example((None, 3), dtype="int32", cropping=[0, 2]))


class Cropping2D(Cropping):
    """Rows and columns cut off."""

    n = 2
    cropping: Annotated[tuple[tuple[int, int], ...], Margins(2)] = as_written(0)
    """Rows and columns cut on each side, for each axis, or before and after each."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (
        example((4, 5, 3)),
        example((None, 5, 3), cropping=[[1, 0], 2]),
        example((3, 4, 5), cropping=[1, 2], data_format="channels_first"),
    )


class Cropping3D(Cropping):
    """Planes cut off volumes."""

    n = 3
    cropping: Annotated[tuple[tuple[int, int], ...], Margins(3)] = as_written(1)
    """Planes cut on each side, for each axis, or before and after each."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (example((3, 4, 5, 3)), example((None, 5, 4, 3), cropping=[[1, 0], 2, 0]))


class UpSampling1D(UpSampling):
    """Every step repeated."""

    passes_on = True
    n = 1
    size: Annotated[int, COUNT] = 2
    """How often."""
    examples = (example((4, 3)), example((None, 3), dtype="int32", size=3))


class UpSampling2D(UpSampling):
    """Images enlarged by whole factors."""

    n = 2
    size: Annotated[tuple[int, ...], Each(COUNT, 2)] = (2, 2)
    """Factors of height and width."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    interpolation: Annotated[str, Choice("nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5")] = "nearest"
    """How values between pixels are found."""
    examples = (
        example((4, 5, 3)),
        example((None, 5, 3), size=[1, 3], interpolation="bilinear"),
        example((3, 4, 5), data_format="channels_first"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.interpolation != "nearest":
            need_numbers(self.title(), inputs[0])
        return super().infer(at, *inputs)

    def infer_values(self, *inputs: TensorType) -> Values | None:
        return super().infer_values(*inputs) if self.interpolation == "nearest" else None

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return None if self.interpolation in OVERSHOOTING else super().infer_range(output, *inputs)

    def without_xla(self, trained: bool) -> str | None:
        return "interpolation" if self.interpolation in NOT_IN_XLA else None

    def without_gradient(self, dtype: str) -> str | None:
        return "interpolation" if self.interpolation == "area" else None


class UpSampling3D(UpSampling):
    """Volumes enlarged by whole factors."""

    n = 3
    size: Annotated[tuple[int, ...], Each(COUNT, 3)] = (2, 2, 2)
    """Factors of depth, height and width."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (example((2, 4, 5, 3)), example((None, 5, 4, 3), size=[1, 2, 3]))
