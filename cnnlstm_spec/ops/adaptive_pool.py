"""Adaptive poolings: AdaptiveAverage/MaxPooling1D/2D/3D, whose windows are chosen for the size that comes out."""

from __future__ import annotations

from typing import Annotated, Any

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range
from ..ir.op import FLOATS, example
from ..ir.size import at_least, ceil_div, require_always_alike
from ..ir.tensor import Axis, TensorType
from ..language.kinds import COUNT
from ..language.list_kinds import Each
from ..text.diagnostic import Code
from .floats import refuse_computing
from .pool import SpatialPooling
from .shared import UNKNOWN_SIZE

NO_WINDOW = Code("adaptive-window-too-large", "error", "`{layer}` cannot make {size} windows of {given}", sort="keras")


class AdaptivePooling(SpatialPooling):
    """What the adaptive poolings have in common."""

    output_size: tuple[int, ...]

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = super().infer_range(output, *inputs)
        return values and values.loosen()

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras pools the one axis that there is, to the first size, and announces all of them.
        return self.n > 1 and rank == 2

    def infer_pooled(self, at: Inference, spatial: tuple[Axis, ...]) -> list[Axis]:
        for axis, size in zip(spatial, self.output_size, strict=True):
            facts: dict[str, Any] = {"layer": self.title(), "size": size, "given": axis}
            help = ("use a global pooling for one position, `Identity` for as many as there are",)
            # Keras makes windows of ceil(size / output) and of one more, and the larger must fit.
            # The windows are chosen when it is called, of a size that has to be known then.
            at.require(require_always_alike(axis.size), Refusal(UNKNOWN_SIZE, None, (), layer=self.title(), axis=axis.name))
            at.require(at_least(axis.size - ceil_div(axis.size, size), 1), Refusal(NO_WINDOW, "output_size", help, **facts))
        return [Axis(axis.name, size) for axis, size in zip(spatial, self.output_size, strict=True)]


class Adaptive1D(AdaptivePooling):
    """Adaptive pooling over steps."""

    n = 1
    output_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps of the output."""
    examples = (example((7, 3), output_size=3), example((3, 5), output_size=[7], data_format="channels_first"))


class Adaptive2D(AdaptivePooling):
    """Adaptive pooling over height and width."""

    n = 2
    output_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the output."""
    examples = (example((7, 5, 3), output_size=3), example((3, 5, 4), output_size=[7, 2], data_format="channels_first"))


class Adaptive3D(AdaptivePooling):
    """Adaptive pooling over depth, height and width."""

    n = 3
    output_size: Annotated[tuple[int, ...], Each(COUNT, 3)]
    """Depth, height and width of the output."""
    examples = (
        example((4, 7, 5, 3), output_size=2),
        example((3, 4, 5, 4), output_size=[2, 3, 2], data_format="channels_first"),
    )


class AdaptiveAveragePooling1D(Adaptive1D):
    """Means of windows of steps, so many as are asked for."""


class AdaptiveAveragePooling2D(Adaptive2D):
    """Means of windows, so many as are asked for."""


class AdaptiveAveragePooling3D(Adaptive3D):
    """Means of windows, so many as are asked for."""


class AdaptiveMaxPooling1D(Adaptive1D):
    """Greatest values of windows of steps, so many as are asked for."""

    keeps_integers = True


class AdaptiveMaxPooling2D(Adaptive2D):
    """Greatest values of windows, so many as are asked for."""

    keeps_integers = True


class AdaptiveMaxPooling3D(Adaptive3D):
    """Greatest values of windows, so many as are asked for."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if inputs[0].dtype in FLOATS:
            refuse_computing(self, at, "float64")
        return super().infer(at, *inputs)
