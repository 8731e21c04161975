"""An inner layer of a backbone, where its output is read: a node after that of the backbone, which computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.inference import Inference
from ...ir.op import Op, compute_dtype
from ...ir.tensor import TensorType
from .op import Backbone

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression


class InnerLayer(Op):
    """The output of a layer of the backbone that it reads."""

    keeps_mask = False
    gives_channels = True

    of: Backbone
    layer: str

    def __init__(self, of: Backbone, layer: str) -> None:
        super().__init__(of=of, layer=layer)  # type: ignore[call-arg]

    @classmethod
    def title(cls) -> str:
        return "inner layer"

    def name_giver(self) -> str:
        return self.layer

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the layer gives in Keras's model, for the size of the backbone's image."""
        (x,) = inputs
        # Of a backbone with a mistake it is only supposed what it gives.
        return self.of.infer_inner_type(x.with_axes(*x.image), self.layer) if x.image else x

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return compute_dtype(at.policy)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.find_inner(self.layer)
