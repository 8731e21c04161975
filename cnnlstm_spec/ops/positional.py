"""Where a step stands, added to what it holds: `PositionEmbedding`, which learns it, and `SinePositionEncoding`.

KerasHub has layers of these names, arguments and values; those give the positions alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range, add_ranges
from ..ir.op import Op, Weight, compute_dtype, example
from ..ir.size import at_least
from ..ir.tensor import TensorType
from ..language.catalog import KerasObject
from ..language.kinds import COUNT, POSITIVE, Optional
from ..text.diagnostic import Code
from .floats import refuse_integers
from .shared import INITIALIZER, as_written, find_last, known, list_lookup_settings

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

LENGTH_NEEDED = Code("positions-of-open-length", "error", "`{layer}` needs `sequence_length`: the number of {steps} is not known")
TOO_SHORT = Code("positions-too-few", "error", "`{layer}` has {length} positions; {steps} come in", sort="keras")


class Positions(Op):
    """What both have in common: the steps, with something added that only depends on where they stand."""

    reads = ("steps", "features")
    has_class = False

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        refuse_integers(self.title(), inputs[0])
        return inputs[0]

    def add_positions(self, to: Lowering, value: Expression, positions: Expression) -> Expression:
        """The input with the positions added, in the dtype that the layer computes in."""
        return to.write_infix("+", to.cast(value), positions)


class PositionEmbedding(Positions):
    """A learned vector for each step, added to it."""

    gives_channels = True
    has_table = True
    sequence_length: Annotated[int | None, Optional(COUNT)] = None
    """How many vectors there are; the number of steps by default."""
    initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the vectors."""
    examples = (
        example((6, 4)),
        example((None, 4), sequence_length=20, initializer="zeros"),
        example((6, 4), sequence_length=9, trainable=False),
    )

    def count_vectors(self, x: TensorType) -> int:
        """How many vectors there are."""
        return self.sequence_length or known(self.title(), x.axes[0])

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        steps, features = x.axes
        known(self.title(), features)
        if self.sequence_length is None and not isinstance(steps.size, int):
            help: tuple[str, ...] = (
                f"give the {steps.name} of the input a fixed number, to which its samples are padded",
                "or write the most that may come as `sequence_length`: a longer sample is refused then",
            )
            raise Refusal(LENGTH_NEEDED, None, help, layer=self.title(), steps=steps.name)
        length = self.count_vectors(x)
        help = ("write `sequence_length` at least as long as the longest sequence",)
        refusal = Refusal(TOO_SHORT, "sequence_length", help, layer=self.title(), length=length, steps=steps)
        if isinstance(steps.size, int):
            refusal.add_fixes(sequence_length=str(steps.size))
        at.require(at_least(length - steps.size, 0), refusal)
        return super().infer(at, x)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        (x,) = inputs
        return (Weight("embeddings", (self.count_vectors(x), find_last(x))),)

    def reads_all_rows(self, *inputs: TensorType) -> bool:
        return self.count_vectors(inputs[0]) == inputs[0].axes[0].size

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        x = to.inputs[0]
        to.write_comment("The positions from 0 up, of one sample; a learned vector of each is added.")
        ones = to.call_ops("ones_like", to.pick(inputs[0], (None, 1), None, 0), dtype="int32")
        places = to.write_infix("-", to.call_ops("cumsum", ones, axis=1), 1)
        settings = list_lookup_settings(self, self.initializer)
        vectors = to.write_layer("keras.layers.Embedding", places, self.count_vectors(x), find_last(x), **settings)
        return self.add_positions(to, inputs[0], to.let(vectors, f"{to.stem}_positions"))


class SinePositionEncoding(Positions):
    """Sines and cosines of where a step stands, added to it."""

    max_wavelength: Annotated[float, POSITIVE] = 10000
    """The longest wavelength, over 2 pi."""
    examples = (example((6, 4)), example((None, 5), max_wavelength=100), example((6, None)))

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return compute_dtype(self.dtype or at.policy)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        return None if values is None or values.pixels else add_ranges(values.loosen(), Range(-1, 1))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """As KerasHub computes it, in float32: the wavelengths of each pair of features grow from 2 pi up."""
        x = to.inputs[0]
        to.write_comment("Step and feature count from 0 up; a pair of features has one wavelength.")
        ones = to.let(
            to.call_ops("cast", to.call_ops("ones_like", to.pick(inputs[0], (None, 1), None)), "float32"), f"{to.stem}_ones"
        )
        step = to.let(to.write_infix("-", to.call_ops("cumsum", ones, axis=1), 1.0), f"{to.stem}_step")
        feature = to.let(to.write_infix("-", to.call_ops("cumsum", ones, axis=2), 1.0), f"{to.stem}_feature")
        size = x.axes[1].size
        count = size if isinstance(size, int) else to.call_ops("sum", ones, axis=2, keepdims=True)
        pair = to.call_ops("divide", to.write_infix("*", to.call_ops("floor_divide", feature, 2.0), 2.0), count)
        angle = to.let(to.write_infix("*", step, to.call_ops("power", 1.0 / self.max_wavelength, pair)), f"{to.stem}_angle")
        even = to.call_ops("equal", to.call_ops("mod", feature, 2.0), 0.0)
        waves = to.let(to.call_ops("where", even, to.call_ops("sin", angle), to.call_ops("cos", angle)), f"{to.stem}_waves")
        dtype = to.output.dtype
        return self.add_positions(to, inputs[0], waves if dtype == "float32" else to.call_ops("cast", waves, dtype))
