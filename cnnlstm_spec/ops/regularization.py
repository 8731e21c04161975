"""Dropouts, noise and penalties, which change nothing outside training and no shape ever."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.op import FLOATS, Op, example
from ..ir.size import equal
from ..ir.tensor import TensorType
from ..language.kinds import COUNT, NOT_NEGATIVE, RATE, Number, Optional
from ..language.list_kinds import ListOf
from ..text.diagnostic import Code
from .shared import DATA_FORMAT, SEED, WRONG_DTYPE
from .windows import name_window_axes

NOISE_SHAPE = Code("noise-shape-does-not-fit", "error", "`noise_shape` does not fit: {problem}", sort="keras")
NOISE_BATCH = Code("noise-shape-fixes-batch", "error", "`noise_shape` says {given} for the batch; it is 1 or null")
DRAWS_FLOATS = Code(
    "noise-on-integers",
    "error",
    "`{layer}` draws floating-point values in training; its input is {dtype}",
    help="put a `Rescaling` before it, or leave the `dtype` of the input out",
)
WIDE_INTEGERS = ("int32", "int64", "uint32", "uint64")
BELOW_ONE = Number(least=0, below=1)


class Noise(Op):
    """What the layers of this family have in common: integers pass only where nothing is drawn."""

    passes_on = True
    keeps_integers = True
    last_axis_only = True
    only_in_training = True

    @property
    def draws(self) -> bool:
        """Whether training changes the values."""
        return True

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        if self.draws and x.dtype not in FLOATS:
            raise Refusal(DRAWS_FLOATS, layer=self.title(), dtype=x.dtype)
        return x


class ShapedNoise(Noise):
    """Dropout and AlphaDropout, whose `noise_shape` counts the batch."""

    rate: float
    noise_shape: Annotated[tuple[int | None, ...] | None, Optional(ListOf(Optional(COUNT)))] = None
    """Shape of what is drawn, batch first; 1 drops a whole axis together."""
    last_axis_only = False

    def gives_its_input(self, rank: int) -> bool:
        return self.rate == 0

    @property
    def draws(self) -> bool:
        return 0 < self.rate < 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        x = super().infer(at, *inputs)
        if self.noise_shape is not None and 0 < self.rate < 1:
            self.check_noise(at, x, self.noise_shape)
        return x

    def check_noise(self, at: Inference, x: TensorType, shape: tuple[int | None, ...]) -> None:
        """Refuses a noise shape that does not broadcast to the input."""
        missing = x.rank + 1 - len(shape)
        if missing < 0:
            problem = f"it has {len(shape)} sizes for {x.rank + 1} axes, batch counted"
            raise Refusal(NOISE_SHAPE, "noise_shape", (), problem=problem)
        for place, given in enumerate(shape):
            axis = place + missing
            if given == 1 or (given is None and axis == place):
                continue
            if axis == 0:
                raise Refusal(NOISE_BATCH, "noise_shape", ("write null for the batch",), given=given)
            # null stands for the size at its own place, counted from the left; sizes are matched from the right.
            against = x.axes[axis - 1]
            if given is None and place == 0:
                raise Refusal(NOISE_SHAPE, "noise_shape", (), problem=f"null is the batch, matched with {against.name}")
            size = x.axes[place - 1].size if given is None else given
            problem = f"{against} comes in, {size} is given"
            at.require(
                equal(against.size, size),
                Refusal(NOISE_SHAPE, "noise_shape", ("write null, 1 or the size",), problem=problem),
            )


class Dropout(ShapedNoise):
    """Sets a fraction of the values to zero in training, and scales up the rest; with a rate of 1 all of them."""

    keeps_pixels = True
    drops_all = True
    rate: Annotated[float, RATE]
    """Fraction of the values that are dropped."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (example((4,), rate=0.5), example((3, 4), rate=0.3, noise_shape=[None, 1, 4], seed=3))

    def keeps_zeros(self) -> bool:
        return True


class AlphaDropout(ShapedNoise):
    """Dropout that keeps mean and variance, for `selu` networks."""

    rate: Annotated[float, BELOW_ONE]
    """Fraction of the values that are dropped."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (example((4,), rate=0.5), example((3, 4), rate=0.3, noise_shape=[None, 1, 4], seed=3))


class GaussianDropout(Noise):
    """Multiplies by noise around 1 in training."""

    rate: Annotated[float, BELOW_ONE]
    """As in `Dropout`; the noise has the standard deviation sqrt(rate / (1 - rate))."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (example((4,), rate=0.5), example((None, 4), rate=0.0, seed=1))

    def keeps_zeros(self) -> bool:
        return True

    def gives_its_input(self, rank: int) -> bool:
        return self.rate == 0

    @property
    def draws(self) -> bool:
        return self.rate > 0


class GaussianNoise(Noise):
    """Adds noise around 0 in training."""

    stddev: Annotated[float, RATE]
    """Standard deviation of the noise."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (example((4,), stddev=0.5), example((None, 4), stddev=0.1, seed=1))

    def gives_its_input(self, rank: int) -> bool:
        return self.stddev == 0

    @property
    def draws(self) -> bool:
        return self.stddev > 0


class Spatial(Noise):
    """SpatialDropout1D/2D/3D: whole channels are dropped; `n` is the number of spatial axes."""

    drops_all = True
    n: ClassVar[int]
    rate: Annotated[float, RATE]
    """Fraction of the channels that are dropped."""
    data_format: str | None = None
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    last_axis_only = False

    def gives_its_input(self, rank: int) -> bool:
        return self.rate == 0

    @property
    def draws(self) -> bool:
        return 0 < self.rate < 1

    def keeps_zeros(self) -> bool:
        return True

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(self.n, self.data_format == "channels_first")

    def list_keras_arguments(self) -> dict[str, object]:
        arguments = super().list_keras_arguments()
        arguments.pop("trainable", None)  # Keras's class does not take it, and it has no weights
        return arguments


class SpatialDropout1D(Spatial):
    """Drops whole features of a sequence in training."""

    n = 1
    examples = (example((6, 3), rate=0.5), example((None, 3), rate=0.2, seed=1))


class SpatialDropout2D(Spatial):
    """Drops whole channels of an image in training."""

    n = 2
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (example((4, 4, 3), rate=0.5), example((3, None, 4), rate=0.2, data_format="channels_first", seed=1))


class SpatialDropout3D(Spatial):
    """Drops whole channels of a volume in training."""

    n = 3
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (example((2, 4, 4, 3), rate=0.5), example((3, 2, 4, 4), rate=0.2, data_format="channels_first", seed=1))


class ActivityRegularization(Noise):
    """A penalty on the values that pass."""

    l1: Annotated[float | None, Optional(NOT_NEGATIVE)] = 0.0
    """Weight of the sum of absolute values."""
    l2: Annotated[float | None, Optional(NOT_NEGATIVE)] = 0.0
    """Weight of the sum of squares."""
    examples = (example((4,), l1=0.1), example((None, 4), l2=0.1))

    @property
    def draws(self) -> bool:
        """The values pass as they are, in training too."""
        return False

    def keeps_zeros(self) -> bool:
        return True

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        if x.dtype in FLOATS or x.dtype in WIDE_INTEGERS or not (self.l1 or self.l2):
            return x
        raise Refusal(WRONG_DTYPE, None, (), layer=self.title(), taken="floating-point numbers", dtype=x.dtype)
