"""Dense, Activation and Identity."""

from __future__ import annotations

from typing import Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range
from ..ir.op import FLOATS, Op, Weight, example
from ..ir.size import Size
from ..ir.tensor import Axis, Mask, TensorType, Zeros
from ..language.activations import ALONG_LAST_AXIS, KEEP_ZEROS
from ..language.catalog import KerasObject
from ..language.kinds import BOOLEAN, COUNT, NATURAL, NUMBER, Optional
from ..text.diagnostic import Code
from .axes import refuse_batch
from .floats import refuse_integers
from .shared import ACTIVATION, CONSTRAINT, INITIALIZER, NOTHING, REGULARIZER, as_written, find_called, find_last, known
from .windows import count_positions

LORA_WITH_CONSTRAINT = Code(
    "lora-with-constraint",
    "error",
    "`{layer}` takes `lora_rank` or `{constraint}`, not both",
    sort="keras",
    help="leave one of them out",
)

KEEP_INTEGERS = frozenset({None, "linear", "relu", "relu6"})
GIVE_FLOATS = frozenset({"exponential", "tanh", "leaky_relu"})


class Dense(Op):
    """A product with a matrix over the last axis, the same at every position before it."""

    units: Annotated[int, COUNT]
    """Size of the last axis of the output."""
    activation: Annotated[KerasObject | None, ACTIVATION] = None
    """Activation of the output."""
    use_bias: Annotated[bool, BOOLEAN] = True
    """Whether a bias is added."""
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel."""
    bias_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the bias."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel."""
    bias_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the bias."""
    activity_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the output."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel."""
    bias_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the bias."""
    lora_rank: Annotated[int | None, Optional(NATURAL)] = None
    """Rank of a trained correction; the kernel is then frozen."""
    lora_alpha: Annotated[float | None, Optional(NUMBER)] = None
    """The correction is scaled by `lora_alpha / lora_rank`."""
    quantization_config: Annotated[None, NOTHING] = None
    """Only `null`: a spec does not quantize."""

    least_rank = 1
    last_axis_only = True
    gives_channels = True
    reads_features = True
    examples = (
        example((5,), units=3),
        example((None, 4), units=3, activation="relu", use_bias=False, kernel_regularizer="l2"),
        example((2, 3, 4), units=2, lora_rank=2, lora_alpha=4),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(..., features) to (..., `units`)."""
        (x,) = inputs
        known(self.title(), x.axes[-1])
        if self.lora_rank and self.kernel_constraint is not None:
            raise Refusal(LORA_WITH_CONSTRAINT, "lora_rank", (), layer=self.title(), constraint="kernel_constraint")
        return x.with_axes(*x.axes[:-1], Axis(x.axes[-1].name, self.units))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        width = find_last(inputs[0])
        rank = self.lora_rank
        bias = (Weight("bias", (self.units,)),) if self.use_bias else ()
        if not rank:
            return (Weight("kernel", (width, self.units)), *bias)
        lora = (Weight("lora_kernel_a", (width, rank)), Weight("lora_kernel_b", (rank, self.units)))
        return (Weight("kernel", (width, self.units), trainable=False), *bias, *lora)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = inputs[0].zeros
        kept = zeros is not None and zeros.axis < inputs[0].rank - 1 and not self.use_bias
        return zeros if kept and find_called(self.activation) in KEEP_ZEROS else None

    def decides_last_axis(self) -> bool:
        # Without a bias zeros stay zeros.
        return self.use_bias

    def sums_zeros(self, *inputs: TensorType) -> bool:
        (x,) = inputs
        return x.zeros is not None and x.zeros.axis == x.rank - 1 and (x.mask is None or (x.rank == 1 and x.zeros.cover(x.mask)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        width, rank = find_last(inputs[0]), self.lora_rank or 0
        return count_positions(output.axes[:-1]) * (width * self.units + rank * (width + self.units))


class Activation(Op):
    """An activation function by itself."""

    activation: Annotated[KerasObject | None, ACTIVATION]
    """The function."""
    keeps_integers = True
    last_axis_only = True
    examples = (
        example((4,), activation="relu"),
        example((None, 4), activation="softmax"),
        example((4,), dtype="int32", activation="relu"),
        example((4,), dtype="int32", activation="tanh"),
    )

    def gives_its_input(self, rank: int) -> bool:
        return find_called(self.activation) in (None, "linear")

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        name = find_called(self.activation)
        if name in ALONG_LAST_AXIS and not x.axes:
            refuse_batch(name, 0, x, "activation", left_out=True)
        if x.dtype in FLOATS or (name in KEEP_INTEGERS | GIVE_FLOATS and x.dtype != "bool"):
            return x
        if name in (None, "linear", "exponential", "tanh"):
            return x
        refuse_integers(name, x)
        return x

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        if inputs[0].dtype not in FLOATS and find_called(self.activation) in GIVE_FLOATS:
            return "float32"
        return super().infer_dtype(at, *inputs)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Values that a `relu` leaves as they are stay within their bounds."""
        values, name = inputs[0].meaning.range, find_called(self.activation)
        if name in (None, "linear"):
            return values
        given = self.infer_activated(output)
        return values.clip(given.least, given.greatest) if values is not None and name in ("relu", "relu6") else given

    def keeps_zeros(self) -> bool:
        return find_called(self.activation) in KEEP_ZEROS


class Identity(Op):
    """The input itself."""

    passes_on = True
    keeps_pixels = True
    keeps_integers = True
    keeps_values = True
    last_axis_only = True
    examples = (example((4,)), example((None, 2), dtype="int32"))

    def gives_its_input(self, rank: int) -> bool:
        return True

    def keeps_zeros(self) -> bool:
        return True
