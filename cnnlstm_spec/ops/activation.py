"""Activations that are layers with arguments: ReLU, LeakyReLU, ELU, PReLU, Softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ..ir.inference import Inference, Refusal
from ..ir.meaning import ANY, Range
from ..ir.op import FLOATS, Op, Weight, example
from ..ir.tensor import Mask, TensorType, Zeros
from ..language.catalog import KerasObject
from ..language.kinds import NOT_NEGATIVE, NUMBER, Optional
from .axes import AXES, NO_SUCH_AXIS, number_axes_of_sample, refuse_batch
from .floats import refuse_integers
from .shared import CONSTRAINT, INITIALIZER, REGULARIZER, as_written, known, need_numbers

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


class ReLU(Op):
    """Zero below a threshold, the input above it, a ceiling where one is given."""

    is_function = "relu"
    max_value: Annotated[float | None, Optional(NOT_NEGATIVE)] = None
    """Greatest value of the output."""
    negative_slope: Annotated[float, NOT_NEGATIVE] = 0.0
    """Slope below the threshold."""
    threshold: Annotated[float, NOT_NEGATIVE] = 0.0
    """Where the output begins to follow the input."""
    keeps_integers = True
    last_axis_only = True
    examples = (example((4,)), example((None, 4), max_value=6, negative_slope=0.1, threshold=0.5))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        need_numbers(self.title(), inputs[0])
        if self.negative_slope and (self.max_value is not None or self.threshold):
            refuse_integers(self.title(), inputs[0])
        return inputs[0]

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        if inputs[0].dtype not in FLOATS and self.negative_slope:
            return "float32"
        return super().infer_dtype(at, *inputs)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return ANY if self.negative_slope else (inputs[0].meaning.range or ANY).clip(0, self.max_value)

    def keeps_zeros(self) -> bool:
        return not (self.threshold and self.negative_slope)


class LeakyReLU(Op):
    """The input where positive, a fraction of it where negative."""

    is_function = "leaky_relu"
    negative_slope: Annotated[float, NOT_NEGATIVE] = 0.3
    """Slope below zero."""
    last_axis_only = True
    examples = (example((4,)), example((None, 4), negative_slope=0.1), example((4,), dtype="int32"))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        need_numbers(self.title(), inputs[0])
        return inputs[0]

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return super().infer_dtype(at, *inputs) if inputs[0].dtype in FLOATS else "float32"

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        return values.loosen() if values is not None and values.least is not None and values.least >= 0 else ANY

    def keeps_zeros(self) -> bool:
        return True


class ELU(Op):
    """The input where positive, an exponential that levels off where negative."""

    is_function = "elu"
    alpha: Annotated[float, NUMBER] = 1.0
    """How far below zero it levels off."""
    last_axis_only = True
    examples = (example((4,)), example((None, 4), alpha=0.5))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        refuse_integers(self.title(), inputs[0])
        return inputs[0]

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return Range(-abs(self.alpha), None, by="elu") if self.alpha >= 0 else ANY

    def keeps_zeros(self) -> bool:
        return True


class PReLU(Op):
    """A leaky ReLU whose slope is learned, one for each element unless axes share it."""

    is_function = "leaky_relu"
    alpha_initializer: Annotated[KerasObject, INITIALIZER] = as_written("Zeros")
    """Initial values of the slopes."""
    alpha_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the slopes."""
    alpha_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the slopes."""
    shared_axes: Annotated[int | tuple[int, ...] | None, Optional(AXES)] = None
    """Axes along which one slope serves all."""
    examples = (example((4,)), example((None, 4), shared_axes=[1]), example((5, 4, 3), shared_axes=[1, 2]))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        refuse_integers(self.title(), x)
        shared = self.list_shared(x)
        for index, axis in enumerate(x.axes):
            if index not in shared:
                known(self.title(), axis, (f"share the slopes along it: `shared_axes: [{index + 1}]`",))
        return x

    def list_shared(self, x: TensorType) -> set[int]:
        """The shared axes, batch left out; Keras takes `shared_axes` less one as a Python index."""
        axes = self.shared_axes
        indices: set[int] = set()
        for axis in () if axes is None else (axes,) if isinstance(axes, int) else axes:
            if not -x.rank <= axis - 1 < x.rank:
                facts: dict[str, Any] = {"layer": self.title(), "axis": axis, "least": 1, "most": x.rank}
                raise Refusal(NO_SUCH_AXIS, "shared_axes", ("axis 1 is the first after the batch",), **facts)
            indices.add((axis - 1) % x.rank)
        return indices

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        (x,) = inputs
        shared = self.list_shared(x)
        shape = [1 if index in shared else known(self.title(), axis) for index, axis in enumerate(x.axes)]
        return (Weight("alpha", tuple(shape)),)

    def keeps_zeros(self) -> bool:
        return True


class Softmax(Op):
    """Exponentials that add up to 1 along one or several axes; padded steps get no share of a sum over steps."""

    is_function = "softmax"
    reads_mask = True
    axis: Annotated[int | tuple[int, ...] | None, Optional(AXES)] = -1
    """Axis or axes that add up to 1."""
    examples = (example((4,)), example((None, 4), axis=1), example((3, 4), axis=[1, 2]))

    def list_weighed(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        axes = self.axis if isinstance(self.axis, tuple | list) else (self.axis,)
        return inputs if {1, -inputs[0].rank} & {*axes} else ()

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        refuse_integers(self.title(), x)
        if self.axis is None:
            refuse_batch(self.title(), 0, x, "axis")
        else:
            number_axes_of_sample(self.title(), self.axis, x, not self.is_written("axis"))
        return x

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis or ()
        return Range(0, 1, sums=tuple(axis - 1 if axis > 0 else axis + output.rank for axis in axes), by="softmax")

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        """Along whatever axes: what Keras's layer is told to leave out, it gives as 0."""
        return None if mask is None else Zeros(mask)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        mask = to.find_mask(0)
        if mask is None:
            return to.call(self, inputs)
        for _ in range(to.inputs[0].rank - 1):
            mask = to.call_ops("expand_dims", mask, axis=-1)
        return to.call(self, inputs, {"mask": mask})
