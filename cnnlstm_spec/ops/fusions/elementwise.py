"""The strategies that go element by element, each a merging layer of Keras: `add`, `average`, `maximum`, `multiply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...ir.inference import Inference
from ...ir.meaning import Range
from ...ir.op import example
from ...ir.size import Expr, Size
from ...ir.tensor import Axis, Mask, TensorType, Zeros
from ..merge import Add, Average, Maximum, Merge, Multiply
from ..windows import count_positions
from .base import Strategy, fuse_axes

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression


class Elementwise(Strategy):
    """Element by element; one input is passed on."""

    has_weights = False
    passes_on = True
    merge: ClassVar[type[Merge]]
    """The layer of Keras."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The one shape of the inputs."""
        axes = fuse_axes(at, self, inputs)
        if len(inputs) > 1:
            self.merge().infer(Inference(at.policy), *inputs)
        return inputs[0].with_axes(*(self.as_keras(place, axis, inputs) for place, axis in enumerate(axes)))

    def as_keras(self, place: int, axis: Axis, inputs: tuple[TensorType, ...]) -> Axis:
        """An axis of the result: of a size that is known in one input alone, Keras says that it is not known."""
        unknown = [x.axes[place].size for x in inputs if isinstance(x.axes[place].size, Expr)]
        return Axis(axis.name, unknown[0]) if unknown else axis

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return inputs[0].meaning.range if len(inputs) == 1 else self.merge().infer_range(output, *inputs)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return inputs[0].dtype if len(inputs) == 1 else self.merge().infer_dtype(at, *inputs)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        return self.merge().infer_zeros(mask, *inputs)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return inputs[0] if len(inputs) == 1 else to.write_layer(self.merge.keras_path(), list(inputs), **self.list_settings())


class AddStrategy(Elementwise):
    """The sum."""

    word = "add"
    merge = Add
    examples = (example((4,), (4,), (4,)), example((5, 4), (5, 4)))


class AverageStrategy(Elementwise):
    """The mean."""

    word = "average"
    merge = Average
    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))


class MaximumStrategy(Elementwise):
    """The greatest."""

    word = "maximum"
    broadcasts_itself = True
    merge = Maximum
    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))


class MultiplyStrategy(Elementwise):
    """The product."""

    word = "multiply"
    broadcasts_itself = True
    merge = Multiply
    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return count_positions(output.axes) * (len(inputs) - 1)
