"""Recurrent layers over (steps, features): LSTM, GRU, SimpleRNN; and what ConvLSTM shares with them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning, Range, merge_ranges
from ..ir.op import Op, Weight, example
from ..ir.size import Size
from ..ir.tensor import Axis, Mask, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import BOOLEAN, COUNT, NUMBER, Choice
from ..language.list_kinds import Either
from ..language.references import STATES, Reference
from ..text.diagnostic import Code
from .floats import refuse_integers
from .shared import ACTIVATION, CONSTRAINT, INITIALIZER, REGULARIZER, SEED, as_written, find_called, find_last, known
from .states import begin_states, check_states, end_states

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

RETURN_STATE = Code(
    "return-state-in-a-list", "error", "`{layer}` with `return_state` gives several tensors; a list passes on one"
)
STATEFUL = Code(
    "stateful-needs-batch-size", "error", "`{layer}` with `stateful` needs a fixed batch size; none is given", sort="keras"
)
CUDNN = Code("cudnn-cannot-run", "error", "`use_cudnn: true` needs `{argument}: {needed}`; this is `{given}`", sort="keras")


class Recurrent(Op):
    """What every recurrent layer has in common; its input has the steps first."""

    cell: ClassVar[str]
    """The name of Keras's cell, below which the weights are."""
    reads_mask = True
    gives_channels = True
    states: ClassVar[int] = 1
    """How many states there are: of an LSTM h and c."""
    call_arguments = frozenset({"initial_state"})
    batch_size: int | None = None
    """The fixed batch size of the model, which `stateful` needs; None where it may vary. No argument: set from the spec."""

    activation: Annotated[KerasObject | None, ACTIVATION] = as_written("tanh")
    """Activation of the output."""
    use_bias: Annotated[bool, BOOLEAN] = True
    """Whether a bias is added."""
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel that reads the input."""
    recurrent_initializer: Annotated[KerasObject, INITIALIZER] = as_written("orthogonal")
    """Initial values of the kernel that reads the state."""
    bias_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the bias."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel that reads the input."""
    recurrent_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel that reads the state."""
    bias_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the bias."""
    activity_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the output."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel that reads the input."""
    recurrent_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel that reads the state."""
    bias_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the bias."""
    dropout: Annotated[float, NUMBER] = 0.0
    """Share of the input dropped in training; Keras clips it to 0..1."""
    recurrent_dropout: Annotated[float, NUMBER] = 0.0
    """Share of the state dropped in training; Keras clips it to 0..1."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the dropout."""
    return_sequences: Annotated[bool, BOOLEAN] = False
    """Whether every step is given, not the last alone."""
    return_state: Annotated[bool, BOOLEAN] = False
    """Must be false: a list of layers passes one tensor on."""
    go_backwards: Annotated[bool, BOOLEAN] = False
    """Whether it reads the steps last to first, and gives them in that order."""
    stateful: Annotated[bool, BOOLEAN] = False
    """Whether a batch starts from the state that the one before ended in."""
    initial_state: Annotated[tuple[Reference, ...] | None, STATES] = None
    """What it begins with: the address of a recurrent layer of the same kind, or one of each state."""

    @property
    def width(self) -> int:
        """The units, or filters, of a state."""
        raise NotImplementedError

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(steps, ...) to what one step gives, (`units`) or an image; with `return_sequences` to (steps, ...) of it."""
        x, *states = inputs
        # What is to be dropped whole is not drawn.
        if 0 < self.dropout < 1:
            refuse_integers(self.title(), x)
        self.check_state(at)
        after = self.infer_step_axes(at, x.axes[1:])
        check_states(at, self, x, tuple(states), after)
        return x.with_axes(x.axes[0], *after) if self.return_sequences else x.with_axes(*after)

    def check_state(self, at: Inference) -> None:
        """Refuses several outputs, and a state kept from batch to batch where batches may differ in size."""
        layer = self.title()
        if self.return_state:
            help = ("leave `return_state` out", "`return_sequences: true` gives the output of every step")
            raise Refusal(RETURN_STATE, "return_state", help, layer=layer)
        if self.stateful and at.batch_size is None:
            raise Refusal(STATEFUL, "stateful", ("add `batch_size:` at the top of the spec",), layer=layer)

    def count_inputs(self) -> tuple[int, int | None]:
        return (1, None) if self.initial_state is not None else self.arity

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call(self, inputs[:1], begin_states(to, inputs), **end_states(to), **without_cudnn(self, to.inputs[0]))

    def infer_step_axes(self, at: Inference, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        """The axes that one step gives, for the axes of one step of the input."""
        raise NotImplementedError

    def list_cell_weights(self, x: TensorType) -> tuple[Weight, ...]:
        """The weights of the cell, by their names in the cell."""
        raise NotImplementedError

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return tuple(replace(weight, name=f"{self.cell}/{weight.name}") for weight in self.list_cell_weights(inputs[0]))

    def list_directional_weights(self, direction: str, x: TensorType) -> tuple[Weight, ...]:
        """The weights inside `Bidirectional`; `direction` is `forward`, `backward`, or nothing for a `backward_layer`."""
        name = self.find_keras_name()
        prefix = f"{direction}_{name.removeprefix(f'{direction}_')}" if direction else name
        return tuple(replace(weight, name=f"{prefix}/{weight.name}") for weight in self.weights(x))

    def find_keras_name(self) -> str:
        """The layer's name, or the one that Keras gives to the first of its class in a model."""
        parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", self.title())
        return self.name or re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Gates take a part of what the activation gives, and the state begins at 0."""
        values = merge_ranges((self.infer_activated(output).loosen(), Range(0, 0, True)))
        return values and replace(values, by=self.title())

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        meaning = super().infer_meaning(output, *inputs)
        if not self.return_sequences:
            return replace(meaning, steps=None, backwards=False)
        return replace(meaning, steps=0, backwards=inputs[0].meaning.backwards != self.go_backwards, still=True)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        mask = inputs[0].mask
        if mask is None or not self.return_sequences:
            return None
        return replace(mask, flipped=not mask.flipped) if self.go_backwards else mask


def without_cudnn(op: Op, x: TensorType) -> dict[str, bool]:
    """The argument by which a layer runs on a GPU where cuDNN would stop: at a sample that is not real steps, then padding."""
    if x.mask is None or not isinstance(op, GatedRecurrent) or op.use_cudnn != "auto":
        return {}
    # A padded window or sentence, in the batch among the others, has no real step.
    without_data = any(mask is not None for _, mask in x.outer)
    without_data = without_data or x.mask.empties
    return {"use_cudnn": False} if x.mask.backwards or x.mask.scattered or without_data else {}


class Units(Recurrent):
    """LSTM, GRU and SimpleRNN: each step is a vector; `gates` kernels stand side by side."""

    reads = ("steps", "features")
    gates: ClassVar[int]

    units: Annotated[int, COUNT]
    """Features of the output."""
    unroll: Annotated[bool, BOOLEAN] = False
    """Whether the loop over the steps is written out, which needs their number."""

    def infer_step_axes(self, at: Inference, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        known(self.title(), axes[-1])
        return (Axis("features", self.units),)

    def decides_last_axis(self) -> bool:
        return self.return_sequences and not self.go_backwards and self.initial_state is None

    def infer_bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def list_cell_weights(self, x: TensorType) -> tuple[Weight, ...]:
        width = self.gates * self.units
        kernels = (Weight("kernel", (find_last(x), width)), Weight("recurrent_kernel", (self.units, width)))
        return (*kernels, Weight("bias", self.infer_bias_shape())) if self.use_bias else kernels

    @property
    def width(self) -> int:
        return self.units

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        x = inputs[0]
        return x.axes[0].size * ((find_last(x) + self.units) * self.gates * self.units)


class GatedRecurrent(Units):
    """LSTM and GRU."""

    recurrent_activation: Annotated[KerasObject | None, ACTIVATION] = as_written("sigmoid")
    """Activation of the gates."""
    use_cudnn: Annotated[bool | str, Either(Choice("auto"), BOOLEAN)] = "auto"
    """Whether cuDNN runs it: `auto` where it can, true or not at all."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.use_cudnn is True:
            self.check_cudnn()
        return super().infer(at, *inputs)

    def check_cudnn(self) -> None:
        """Refuses arguments with which cuDNN runs on no machine."""
        for argument, needed in self.list_cudnn_needs().items():
            given = getattr(self, argument)
            if argument.endswith("activation"):
                given = find_called(given)
            if given != needed:
                help = ("leave `use_cudnn` at `auto`",)
                raise Refusal(CUDNN, argument, help, argument=argument, needed=_write_yaml(needed), given=_write_yaml(given))

    def list_cudnn_needs(self) -> dict[str, object]:
        """The values of arguments that cuDNN asks for."""
        wanted: dict[str, object] = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "unroll": False}
        return {**wanted, "recurrent_dropout": 0}


def _write_yaml(value: object) -> str:
    return {"True": "true", "False": "false", "None": "null"}.get(str(value), str(value))


class LSTM(GatedRecurrent):
    """Long short-term memory over the steps."""

    cell = "lstm_cell"
    states = 2
    gates = 4
    unit_forget_bias: Annotated[bool, BOOLEAN] = True
    """Whether the bias of the forget gate starts at 1."""
    examples = (
        example((6, 3), units=4),
        example((None, 3), units=4, return_sequences=True, use_bias=False, dropout=0.1, recurrent_dropout=0.2, seed=3),
        example((6, 3), units=2, return_sequences=True, go_backwards=True, recurrent_activation="hard_sigmoid"),
        example((6, 3), units=2, unit_forget_bias=False, kernel_constraint="max_norm"),
        example((6, 3), units=4, dtype="uint8", unroll=True),
    )


class GRU(GatedRecurrent):
    """Gated recurrent unit over the steps."""

    cell = "gru_cell"
    gates = 3
    reset_after: Annotated[bool, BOOLEAN] = True
    """Whether the reset gate acts after the product with the state."""
    examples = (
        example((6, 3), units=4),
        example((None, 3), units=4, return_sequences=True, reset_after=False, kernel_regularizer="l2"),
        example((6, 3), units=2, use_bias=False, go_backwards=True, use_cudnn=False, dropout=0.5),
    )

    def infer_bias_shape(self) -> tuple[int, ...]:
        width = self.gates * self.units
        return (2, width) if self.reset_after else (width,)

    def list_cudnn_needs(self) -> dict[str, object]:
        return {**super().list_cudnn_needs(), "reset_after": True}


class SimpleRNN(Units):
    """A fully connected layer of the input and the last output, over the steps."""

    seed: Annotated[int | None, SEED] = None
    """Seed of the dropout, which Keras forgets when it saves a model."""
    cell = "simple_rnn_cell"
    gates = 1
    examples = (
        example((6, 3), units=4),
        example((None, 3), units=4, return_sequences=True, activation="relu", recurrent_initializer="identity"),
        example((6, 3), units=2, use_bias=False, unroll=True, go_backwards=True, return_sequences=True),
    )
