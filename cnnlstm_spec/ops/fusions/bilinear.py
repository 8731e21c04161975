"""`bilinear`: the product of projections of two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.inference import Inference
from ...ir.op import Weight, example
from ...ir.size import Size
from ...ir.tensor import Axis, TensorType
from ..windows import count_positions
from .base import Strategy, find_last_width, find_width, fuse_axes

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

FACTORS = ("_first", "_second")


class Bilinear(Strategy):
    """(U x_1) * (V x_2), element by element, of rank `units`, without bias."""

    word = "bilinear"
    reads_features = True
    broadcasts_itself = True
    arity = (2, 2)
    needs_units = True
    units: int = 1
    """The rank; no argument of its own, since `units` is a key of every fusion."""
    examples = (example((4,), (6,)), example((5, 4), (5, 3)))

    def list_fixed_axes(self, rank: int) -> frozenset[int]:
        return frozenset({rank - 1})

    def make_key(self) -> tuple[object, ...]:
        return (*super().make_key(), self.units)

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return FACTORS

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Two inputs of (..., features) to (..., `units`)."""
        axes = fuse_axes(at, self, inputs, apart=True)
        for x in inputs:
            find_width(self.title(), x)
        return inputs[0].with_axes(*axes[:-1], Axis("features", self.units))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        pairs = zip(inputs, FACTORS, strict=True)
        return tuple(Weight("kernel", (find_last_width(x), self.units), within=part) for x, part in pairs)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        products: Size = count_positions(output.axes)
        for x in inputs:
            products = products + count_positions(x.axes) * self.units
        return products

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        pairs = zip(inputs, FACTORS, strict=True)
        settings = {"use_bias": False, **self.list_settings()}
        factors = ((to.write_layer("keras.layers.Dense", x, self.units, suffix=part, **settings), part) for x, part in pairs)
        first, second = (to.let(factor, f"{to.name}{part}") for factor, part in factors)
        return to.write_infix("*", first, second)
