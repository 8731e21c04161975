"""`ClassToken`: one learned step before the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference
from ..ir.meaning import Range
from ..ir.op import Op, Weight, example
from ..ir.tensor import Axis, Mask, TensorType, Zeros
from ..language.catalog import KerasObject
from .floats import refuse_integers
from .shared import INITIALIZER, as_written, find_last, known, list_lookup_settings

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


class ClassToken(Op):
    """One learned step before the others; `Slice: {axis: 1, index: 0}` takes it out again, as it is by then."""

    reads = ("steps", "features")
    has_class = False
    joins_masks = True
    gives_channels = True
    has_table = True
    initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the step."""
    examples = (example((6, 4)), example((None, 4), initializer="glorot_uniform"))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(steps, features) to (steps + 1, features)."""
        (x,) = inputs
        refuse_integers(self.title(), x)
        steps, features = x.axes
        known(self.title(), features)
        return x.with_axes(Axis(steps.name, steps.size + 1), features)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("embeddings", (1, find_last(inputs[0]))),)

    def makes_mask(self, *inputs: TensorType) -> bool:
        return inputs[0].mask is not None

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        mask = to.find_mask(0)
        assert mask is not None
        return to.call_ops("concatenate", [to.call_ops("ones_like", to.pick(mask, None, (None, 1))), mask], axis=1)

    def begins_mask(self) -> bool:
        return True

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return None

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        """Padded steps that were 0 still are, wherever they have moved to."""
        zeros = inputs[0].zeros
        covered = zeros is not None and zeros.axis == 0 and zeros.cover(inputs[0].mask)
        return Zeros(mask) if covered and mask is not None else None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        to.write_comment("A learned step, the only row of its table, before those of each sample.")
        row = to.call_ops("zeros_like", to.pick(inputs[0], None, (None, 1), 0), dtype="int32")
        settings = list_lookup_settings(self, self.initializer)
        token = to.write_layer("keras.layers.Embedding", row, 1, find_last(to.inputs[0]), **settings)
        return to.call_ops("concatenate", [to.let(token, f"{to.stem}_token"), to.cast(inputs[0])], axis=1)
