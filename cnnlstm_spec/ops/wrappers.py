"""Layers that wrap another: Bidirectional and SpectralNormalization."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from ..ir.graph import make_layer_stem
from ..ir.inference import TOO_FEW_AXES, Inference, Refusal
from ..ir.meaning import ANY, Meaning, Range, add_ranges, merge_ranges, multiply_ranges
from ..ir.op import FLOATS, Op, Weight, compute_dtype, example
from ..ir.program import Call
from ..ir.size import Size
from ..ir.tensor import Axis, Mask, TensorType
from ..language.json_schema import Schema
from ..language.kinds import COUNT, Choice, Optional
from ..language.layer_kinds import LAYER
from ..language.leaf import OpenLeaf, Reading
from ..language.meanings import LayerName
from ..language.references import STATES, Reference
from ..language.scope import POISON, Poison, Scope
from ..text.diagnostic import Code
from ..text.fix import Fix, Nest
from ..text.nodes import Entry, Mapping, Node
from .read_layer import read_name, read_op
from .recurrent import Recurrent, without_cudnn
from .states import begin_states, check_states, end_states

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

NOT_RECURRENT = Code(
    "wraps-a-recurrent-layer", "error", "`Bidirectional` wraps a recurrent layer; `{given}` is none", sort="keras"
)
TWO_OUTPUTS = Code("merge-mode-null", "error", "`merge_mode: null` gives two tensors; a list of layers passes on one")
UNLIKE = Code(
    "backward-layer-unlike",
    "error",
    "`{argument}` must be equal forward and backward; given {first} and {other}",
    sort="keras",
    help="write it alike in both layers",
)
BACKWARDS = Code("bidirectional-backwards", "error", "`go_backwards` is what `Bidirectional` does itself", sort="keras")
WIDTHS = Code("backward-layer-width", "error", "both directions give one shape; given {first} and {other}")
SAME_DIRECTION = Code(
    "backward-layer-direction", "error", "`backward_layer` needs the other `go_backwards` than `layer`", sort="keras"
)


STATE_INSIDE = Code(
    "initial-state-inside",
    "error",
    "`initial_state` stands on `Bidirectional` itself",
    help="move it out of `layer`, to `Bidirectional`: the forward states, then those of the other direction",
)
NO_KERNEL = Code(
    "no-kernel-to-normalize",
    "error",
    "`SpectralNormalization` wraps a layer with a kernel; `{given}` has none",
    sort="keras",
    help="wrap `Dense`, a convolution or `Embedding`",
)
NORMALIZED_LORA = Code(
    "normalized-low-rank",
    "error",
    "`SpectralNormalization` cannot train `{layer}` with `lora_rank`",
    help="leave `lora_rank` out: the kernel is then one weight, which can be changed in training",
)
NORMALIZABLE = frozenset(
    [
        "Dense",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "Embedding",
    ]
)


RECURRENT = ("LSTM, GRU, SimpleRNN and ConvLSTM1D to 3D are recurrent",)


def read_inner(node: Node, scope: Scope, code: Code, help: tuple[str, ...] = ()) -> Reading[Op] | Poison:
    """A Reading of the layer that another wraps, or POISON; a structure or a block is refused."""
    named = read_name(node, scope)
    if named is None:
        return POISON
    key, arguments = named
    scope.note(LayerName(key.span, key.text, {}))
    structures = scope.registry.structures if scope.registry is not None else ()
    if key.text in structures or key.text in scope.blocks:
        return scope.report(code, key, given=key.text, help=help)
    return read_op(key, arguments, scope) or POISON


def is_layer(name: str) -> bool:
    """Whether a key is the name of a layer of Keras."""
    from . import find_op

    return find_op(name) is not None


class Wrapping(Op):
    """A layer around another, its `layer`, which people write straight into its arguments."""

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        (entry,) = entries
        return (f"write `{cls.title()}: {{layer: {{{entry.key.text}: ...}}}}`",) if is_layer(entry.key.text) else ()

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        (entry,) = entries
        return (Fix("write it as `layer`", (Nest(entry.key.span, entry.key.span, "layer"),)),)

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        return {} if any(map(is_layer, written)) else super().find_missing(written)


class RecurrentKind(OpenLeaf[Op]):
    """A recurrent layer, such as `LSTM: {units: 64}`."""

    canonical = (Op,)
    words = "a recurrent layer such as `LSTM: {units: 64}`"

    def read_node(self, node: Node, scope: Scope) -> Reading[Op] | Poison:
        reading = read_inner(node, scope, NOT_RECURRENT, RECURRENT)
        if reading is POISON or isinstance(reading.record, Recurrent):
            return reading
        key = node.entries[0].key if isinstance(node, Mapping) else node
        return scope.report(NOT_RECURRENT, key, given=reading.record.title(), help=RECURRENT)

    def make_schema(self) -> Schema:
        return LAYER.make_schema()


class Bidirectional(Wrapping):
    """A recurrent layer over the steps in both directions, and the two results merged."""

    reads_mask = True
    freezes_late = True
    holds_layers = True
    wraps = ("layer", "backward_layer")
    layer: Annotated[Recurrent, RecurrentKind()]
    """The recurrent layer; its copy reads the steps last to first."""
    merge_mode: Annotated[str | None, Optional(Choice("concat", "sum", "mul", "ave"))] = "concat"
    """How the two results become one."""
    backward_layer: Annotated[Recurrent | None, Optional(RecurrentKind())] = None
    """The layer for the other direction."""
    initial_state: Annotated[tuple[Reference, ...] | None, STATES] = None
    """What both directions begin with: the states of the first, then of the other."""
    call_arguments = frozenset({"initial_state"})
    examples = (
        example((6, 3), layer={"LSTM": {"units": 4}}),
        example((None, 3), layer={"GRU": {"units": 4, "return_sequences": True}}, merge_mode="sum"),
        example((6, 3), layer={"LSTM": {"units": 2}}, backward_layer={"GRU": {"units": 2, "go_backwards": True}}),
    )

    def list_axes_read(self) -> tuple[str, ...] | None:
        return self.layer.list_axes_read()

    def count_inputs(self) -> tuple[int, int | None]:
        return (1, None) if self.initial_state is not None else self.arity

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the layer gives; with `merge_mode: concat` its last axis twice."""
        x, *states = inputs
        for name in ("layer", "backward_layer"):
            inner = getattr(self, name)
            if inner is not None and inner.initial_state is not None:
                raise Refusal(STATE_INSIDE, name)
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
        check_states(at, self, x, tuple(states), result.axes[1:] if self.layer.return_sequences else result.axes)
        if self.merge_mode != "concat":
            return result
        # Keras joins along the last axis, wherever the channels are.
        *before, last = result.axes
        return result.with_axes(*before, Axis(last.name, last.size * 2))

    def check_backward(self, backward: Recurrent) -> None:
        """Refuses a backward layer that does not go with the forward one."""
        if backward.go_backwards == self.layer.go_backwards:
            raise Refusal(SAME_DIRECTION, "backward_layer", ("write `go_backwards: true` in it",))
        for argument in ("stateful", "return_sequences", "return_state"):
            first, other = getattr(self.layer, argument), getattr(backward, argument)
            if first != other:
                facts: dict[str, Any] = {"argument": argument, "first": str(first).lower(), "other": str(other).lower()}
                raise Refusal(UNLIKE, "backward_layer", (), **facts)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        x = inputs[0]
        forward = _wrap_weights(self.layer, self.layer.list_directional_weights("forward", x))
        if self.backward_layer is not None:
            return (*forward, *_wrap_weights(self.backward_layer, self.backward_layer.list_directional_weights("", x)))
        return (*forward, *_wrap_weights(self.layer, self.layer.list_directional_weights("backward", x)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        x = inputs[0]
        once = self.layer.infer(Inference(), x)
        other = self.backward_layer or self.layer
        return self.layer.macs(once, x) + other.macs(once, x)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return self.layer.infer_mask(*inputs)

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        """That of both directions, whose steps come in the order in which they were read."""
        both = [each.infer_meaning(output, *inputs) for each in (self.layer, self.backward_layer or self.layer)]
        first, second = both[0].range or ANY, both[1].range or ANY
        match self.merge_mode:
            case "sum":
                values: Range | None = add_ranges(first, second)
            case "mul":
                values = multiply_ranges(first, second)
            case _:
                values = merge_ranges((first, second))
        backwards = both[0].steps is not None and inputs[0].meaning.backwards
        # Keras has it give zeros at padded steps, where a recurrent layer by itself stands still.
        return replace(both[0], range=values, backwards=backwards, still=False)

    def list_keras_arguments(self) -> dict[str, object]:
        return {
            name: _make_inner(value, value.find_keras_name()) if isinstance(value, Recurrent) else value
            for name, value in super().list_keras_arguments().items()
        }

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        written = {name: value for name, value in self.list_values().items() if isinstance(value, Recurrent)}
        more: dict[str, Any] = {}
        for name, op in written.items():
            more[name] = _make_inner(op, to.mark_name(op.find_keras_name()), **end_states(to), **without_cudnn(op, to.inputs[0]))
        return to.call(self, inputs[:1], begin_states(to, inputs), **more)


def _wrap_weights(inner: Op, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """The weights of a wrapped layer, which may be frozen where the wrapper is not."""
    return weights if inner.trainable else tuple(replace(weight, trainable=False) for weight in weights)


def _make_inner(op: Op, name: str, **more: bool) -> Call:
    from ..ir.expressions import make_expression

    keywords = {name: make_expression(value) for name, value in op.list_keras_arguments().items()} | more
    return Call(op.keras_path(), (), (*keywords.items(), ("name", name)))


class WrappedKind(OpenLeaf[Op]):
    """A layer with a kernel or embeddings."""

    canonical = (Op,)
    words = "a layer with a kernel, such as `Dense` or `Conv2D`"

    def read_node(self, node: Node, scope: Scope) -> Reading[Op] | Poison:
        reading = read_inner(node, scope, NO_KERNEL)
        if reading is POISON or reading.record.title() in NORMALIZABLE:
            return reading
        return scope.report(NO_KERNEL, node.entries[0].key if isinstance(node, Mapping) else node, given=reading.record.title())

    def make_schema(self) -> Schema:
        return LAYER.make_schema()


class SpectralNormalization(Wrapping):
    """A layer whose kernel is kept at spectral norm 1, by power iteration in training."""

    freezes_late = True
    holds_layers = True
    wraps = ("layer",)
    layer: Annotated[Op, WrappedKind()]
    """The layer."""
    power_iterations: Annotated[int, COUNT] = 1
    """Iterations in a training step."""
    examples = (
        example((5,), layer={"Dense": {"units": 3}}),
        example((8, 8, 3), layer={"Conv2D": {"filters": 4, "kernel_size": 3}}, power_iterations=2),
        example((6,), dtype="int32", layer={"Embedding": {"input_dim": 9, "output_dim": 4}}),
        example((6,), layer={"Dense": {"units": 3, "dtype": "float64"}}),
    )

    def list_axes_read(self) -> tuple[str, ...] | None:
        return self.layer.list_axes_read()

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the layer gives."""
        (x,) = inputs
        reads = self.layer.list_axes_read()
        if x.rank < self.layer.least_rank:
            help = ("`Reshape` can add the missing axis",)
            facts: dict[str, Any] = {"layer": self.title(), "least": "1 axis", "origin": "what comes before", "given": x}
            raise Refusal(TOO_FEW_AXES, None, help, **facts)
        if reads is not None and len(reads) != x.rank:
            return x
        if "lora_rank" in self.layer.arguments and self.layer.get_value("lora_rank"):
            raise Refusal(NORMALIZED_LORA, "layer", (), layer=self.layer.title())
        return self.layer.infer(at, x)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        """What comes in, of floats as the wrapper casts them: Keras casts back what the layer computes."""
        (x,) = inputs
        return compute_dtype(self.dtype or at.policy) if x.dtype in FLOATS else x.dtype

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        first, *others = (
            replace(w, name=f"{self.find_inner_name()}/{w.name}") for w in _wrap_weights(self.layer, self.layer.weights(*inputs))
        )
        return (first, Weight("vector_u", (1, first.shape[-1]), trainable=False), *others)

    def find_inner_name(self) -> str:
        """The wrapped layer's name in Keras, which is given to it."""
        return self.layer.name or make_layer_stem(self.layer.title())

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return self.layer.macs(output, *inputs)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return self.layer.infer_mask(*inputs)

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        return self.layer.infer_meaning(output, *inputs)

    def list_keras_arguments(self) -> dict[str, object]:
        return {**super().list_keras_arguments(), "layer": _make_inner(self.layer, self.find_inner_name())}

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call(self, inputs, layer=_make_inner(self.layer, to.mark_name(self.find_inner_name())))
