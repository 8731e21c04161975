"""Weighted sums of the inputs: `learned_weights`, the same for every sample, and `gated`, weights by what the inputs hold.

Both give their weights, which are not negative and sum to 1, as the output of a layer named `<fusion>_weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...ir.chain import join_chain
from ...ir.inference import Inference
from ...ir.meaning import Range, merge_ranges
from ...ir.op import Weight, example
from ...ir.size import Size
from ...ir.tensor import TensorType
from ..windows import count_positions
from .base import Strategy, find_last_width, find_width, fuse_axes

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

WEIGHTS = "_weights"


class LearnedWeights(Strategy):
    """The sum of softmax(a)_i x_i, where a starts at 0 and is the same for every sample."""

    word = "learned_weights"
    least_rank = 1
    weighs = "input"
    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return (WEIGHTS,)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return merge_ranges(x.meaning.range for x in inputs)

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The one shape of the inputs."""
        return inputs[0].with_axes(*fuse_axes(at, self, inputs))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("kernel", (1, len(inputs)), within=WEIGHTS),)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return count_positions(output.axes) * len(inputs)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        rank = to.inputs[0].rank
        one = to.call_ops("ones_like", self.write_one_number(to, inputs[0]), dtype=to.output.dtype)
        dense: dict[str, Any] = {
            "activation": "softmax",
            "use_bias": False,
            "kernel_initializer": "zeros",
            **self.list_settings(),
        }
        weights = to.write_layer("keras.layers.Dense", one, len(inputs), suffix=WEIGHTS, **dense)
        if rank > 1:
            weights = to.call_ops("expand_dims", weights, axis=tuple(range(1, rank)) if rank > 2 else 1)
        return write_weighted_sum(to, self.cast(to, inputs), to.let(weights, f"{to.name}{WEIGHTS}"), rank)

    def write_one_number(self, to: Lowering, value: Expression) -> Expression:
        """A number of each sample, on an axis of size 1."""
        x = to.inputs[0]
        before = [0] * (x.rank - 1)
        if isinstance(x.axes[-1].size, int):
            return to.slice(value, *before, (0, 1))
        # Keras does not know how many `[0:1]` of an axis of unknown size are.
        return to.call_ops("expand_dims", to.slice(value, *before, 0), axis=-1)


class Gated(Strategy):
    """The sum of g_i x_i, where g is the softmax over the inputs of s_i = x_i . v_i + c_i."""

    word = "gated"
    reads_features = True
    weighs = "input"
    examples = (example((4,), (4,)), example((5, 4), (5, 4), (5, 4)))

    def name_scores(self, inputs: int) -> tuple[str, ...]:
        """What the names of the layers that score the inputs add to its own."""
        return tuple(f"_score_{index + 1}" for index in range(inputs))

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return (WEIGHTS, *self.name_scores(inputs))

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return merge_ranges(x.meaning.range for x in inputs)

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The one shape of the inputs."""
        result = inputs[0].with_axes(*fuse_axes(at, self, inputs))
        for x in inputs:
            # Each is read by a `Dense`, which takes the size from its own input: that of another, though equal, is no help.
            find_width(self.title(), x)
        return result

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        d = find_last_width(inputs[0])
        pairs = (
            (Weight("kernel", (d, 1), within=part), Weight("bias", (1,), within=part)) for part in self.name_scores(len(inputs))
        )
        return tuple(weight for pair in pairs for weight in pair)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return count_positions(output.axes) * (2 * len(inputs))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        cast = self.cast(to, inputs)
        values = tuple(to.let(value, f"{to.name}_{index + 1}") for index, value in enumerate(cast))
        pairs = zip(values, self.name_scores(len(values)), strict=True)
        scores = [to.write_layer("keras.layers.Dense", value, 1, suffix=part, **self.list_settings()) for value, part in pairs]
        joined = scores[0] if len(scores) == 1 else to.call_ops("concatenate", scores, axis=-1)
        weights = to.write_layer("keras.layers.Activation", joined, "softmax", suffix=WEIGHTS, **self.list_settings())
        return write_weighted_sum(to, values, to.let(weights, f"{to.name}{WEIGHTS}"), to.inputs[0].rank)


def write_weighted_sum(to: Lowering, inputs: tuple[Expression, ...], weights: Expression, rank: int) -> Expression:
    """The sum of inputs of `rank` axes times the weights, which lie side by side on the last axis."""
    parts = (to.write_infix("*", to.pick(weights, *[None] * rank, (i, i + 1)), value) for i, value in enumerate(inputs))
    return join_chain(to, lambda whole, part: to.write_infix("+", whole, part), parts, f"{to.name}_sum")
