"""Layers that wrap another: Bidirectional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..argument import Kind, arg
from ..diagnostic import Code
from ..items import Layer
from ..kinds import Choice, Optional
from ..layers import LAYER
from ..op import Inference, Op, Refusal, Weight, example
from ..program import Call
from ..scope import POISON, Scope
from ..size import Size
from ..syntax import Mapping, Node
from ..tensor import Axis, Mask, TensorType
from .convlstm import ConvLSTM
from .recurrent import Gated, Recurrent

if TYPE_CHECKING:
    from ..lower import Lowering
    from ..program import Expression

NOT_RECURRENT = Code("wraps-a-recurrent-layer", "error", "`Bidirectional` wraps a recurrent layer; `{given}` is none", sort="keras")
TWO_OUTPUTS = Code("merge-mode-null", "error", "`merge_mode: null` gives two tensors; a list of layers passes on one")
UNLIKE = Code("backward-layer-unlike", "error", "`{argument}` must be equal forward and backward; given {first} and {other}", sort="keras")
BACKWARDS = Code("bidirectional-backwards", "error", "`go_backwards` is what `Bidirectional` does itself", sort="keras")
WIDTHS = Code("backward-layer-width", "error", "both directions give one shape; given {first} and {other}")
SAME_DIRECTION = Code("backward-layer-direction", "error", "`backward_layer` needs the other `go_backwards` than `layer`", sort="keras")


class RecurrentKind(Kind):
    """A recurrent layer, such as `LSTM: {units: 64}`."""

    words = "a recurrent layer"

    def read(self, node: Node, scope: Scope) -> Any:
        item = LAYER.read(node, scope)
        if not isinstance(item, Layer) or item.op is None:
            if isinstance(item, Layer):
                return POISON
            return scope.report(NOT_RECURRENT, node, given=type(item).__name__)
        if not isinstance(item.op, Recurrent):
            key = node.entries[0].key if isinstance(node, Mapping) else node
            help = ("LSTM, GRU, SimpleRNN and ConvLSTM1D to 3D are recurrent",)
            return scope.report(NOT_RECURRENT, key, given=item.op.title(), help=help)
        return item.op

    def schema(self) -> dict[str, Any]:
        return LAYER.schema()


class Bidirectional(Op):
    """A recurrent layer over the steps in both directions, and the two results merged."""

    reads_mask = True
    layer: Recurrent = arg(RecurrentKind(), doc="The recurrent layer; its copy reads the steps last to first.")
    merge_mode: str | None = arg(
        Optional(Choice("concat", "sum", "mul", "ave")), "concat", doc="How the two results become one."
    )
    backward_layer: Recurrent | None = arg(Optional(RecurrentKind()), None, doc="The layer for the other direction.")
    examples = (
        example((6, 3), layer={"LSTM": {"units": 4}}),
        example((None, 3), layer={"GRU": {"units": 4, "return_sequences": True}}, merge_mode="sum"),
        example((6, 3), layer={"LSTM": {"units": 2}}, backward_layer={"GRU": {"units": 2, "go_backwards": True}}),
    )

    def axes_read(self) -> tuple[str, ...] | None:
        return self.layer.axes_read()

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if self.merge_mode is None:
            raise Refusal(TWO_OUTPUTS, "merge_mode", ("leave it out, or choose `concat`, `sum`, `mul` or `ave`",))
        if self.layer.go_backwards and self.backward_layer is None:
            raise Refusal(BACKWARDS, "layer", ("leave `go_backwards` out: the copy reads backwards",))
        result = self.layer.infer(at, x)
        if self.backward_layer is not None:
            self.check_backward(self.backward_layer)
            other = self.backward_layer.infer(at, x)
            if other.sizes != result.sizes:
                raise Refusal(WIDTHS, "backward_layer", ("give both the same size",), first=result, other=other)
        if self.merge_mode != "concat":
            return result
        first = isinstance(self.layer, ConvLSTM) and self.layer.data_format == "channels_first"
        place = result.rank - 1
        if first:
            place = 1 if self.layer.return_sequences else 0
        axes = list(result.axes)
        axes[-1 if not first else place] = Axis(axes[place].name, axes[place].size * 2)
        return result.with_axes(*axes)

    def check_backward(self, backward: Recurrent) -> None:
        """Refuses a backward layer that does not go with the forward one."""
        if backward.go_backwards == self.layer.go_backwards:
            raise Refusal(SAME_DIRECTION, "backward_layer", ("write `go_backwards: true` in it",))
        for argument in ("stateful", "return_sequences", "return_state"):
            first, other = getattr(self.layer, argument), getattr(backward, argument)
            if first != other:
                facts = {"argument": argument, "first": str(first).lower(), "other": str(other).lower()}
                raise Refusal(UNLIKE, "backward_layer", (), **facts)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        (x,) = inputs
        forward = self.layer.directional_weights("forward", x)
        if self.backward_layer is not None:
            return (*forward, *self.backward_layer.directional_weights("", x))
        return (*forward, *self.layer.directional_weights("backward", x))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        (x,) = inputs
        once = self.layer.infer(Inference(), x)
        other = self.backward_layer or self.layer
        return self.layer.macs(once, x) + other.macs(once, x)

    def mask_after(self, *inputs: TensorType) -> Mask | None:
        return self.layer.mask_after(*inputs)

    def keras_arguments(self) -> dict[str, Any]:
        return {name: _inner(value) if isinstance(value, Recurrent) else value for name, value in super().keras_arguments().items()}

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        mask = to.inputs[0].mask
        if mask is None or not mask.flipped:
            return to.call(self, inputs)
        # On a GPU, cuDNN stops at a mask whose real steps do not come first.
        written = {name: value for name, value in self.values().items() if isinstance(value, Gated)}
        return to.call(self, inputs, **{name: _inner(value, use_cudnn=False) for name, value in written.items()})


def _inner(op: Recurrent, **more: bool) -> Call:
    from ..lower import expression

    keywords = {name: expression(value) for name, value in op.keras_arguments().items()} | more
    return Call(op.keras_path(), (), (*keywords.items(), ("name", op.keras_name())))
