"""STFTSpectrogram and MelSpectrogram: sound to images of frequencies over time."""

from __future__ import annotations

from math import ceil, log2
from typing import Annotated, Any

from ..ir.inference import Inference, Refusal
from ..ir.op import Op, Weight, compute_dtype, example
from ..ir.size import Size, at_least
from ..ir.tensor import Axis, TensorType
from ..language.kinds import BOOLEAN, COUNT, NATURAL, NUMBER, SIZE, Choice, Optional, Text
from ..text.diagnostic import Code
from .floats import refuse_computing, refuse_integers
from .shared import DATA_FORMAT, WRONG_DTYPE, known
from .windows import KERNEL_LARGER, slide

FFT_SHORTER = Code(
    "fft-shorter-than-frame",
    "error",
    "`fft_length` {fft} is below `{argument}` {frame}",
    sort="keras",
    help="leave `fft_length` out, or make it a power of two of at least `frame_length`",
)
FRAME_STEP = Code(
    "frame-step",
    "error",
    "`frame_step` is 1 to `frame_length` {frame}; this is {given}",
    sort="keras",
    help="half of `frame_length` is usual",
)
MEL_FRAMES = Code("mel-frames", "error", "`MelSpectrogram` announces {announced} frames of {size} samples and gives {given}")
MODES = Choice("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Op):
    """The short-time Fourier transform of each channel, by convolution with kernels that training may change."""

    mode: Annotated[str, MODES] = "log"
    """What is given of each frequency; `stft` gives real and imaginary parts."""
    frame_length: Annotated[int, COUNT] = 256
    """Samples in a frame."""
    frame_step: Annotated[int | None, Optional(COUNT)] = None
    """Samples between frames; half a frame by default."""
    fft_length: Annotated[int | None, Optional(COUNT)] = None
    """Samples of the transform; the next power of two by default."""
    window: Annotated[str | None, Optional(Text("a window of scipy.signal"))] = "hann"
    """Window of a frame; any needs scipy."""
    periodic: Annotated[bool, BOOLEAN] = False
    """Whether the window is periodic."""
    scaling: Annotated[str | None, Optional(Choice("density", "spectrum"))] = "density"
    """How the window is scaled."""
    padding: Annotated[str, Choice("valid", "same")] = "valid"
    """`same` pads so that steps alone change the size."""
    expand_dims: Annotated[bool, BOOLEAN] = False
    """Whether frequencies and channels are axes of their own."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    keeps_mask = False
    examples = (
        example((20, 2), frame_length=8, window=None),
        example(
            (20, 2),
            mode="stft",
            frame_length=8,
            frame_step=3,
            fft_length=12,
            padding="same",
            expand_dims=True,
            window=None,
        ),
        example((2, 20), mode="real", frame_length=8, data_format="channels_first", expand_dims=True, window=None),
    )

    def decides_shape(self, argument: str) -> bool:
        return argument in ("frame_length", "fft_length")

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis."""
        return self.data_format == "channels_first"

    def list_axes_read(self) -> tuple[str, ...]:
        return ("channels", "steps") if self.channels_first else ("steps", "channels")

    @property
    def frequencies(self) -> int:
        """How many frequencies a kernel gives."""
        return (self.fft_length or 2 ** ceil(log2(self.frame_length))) // 2 + 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(steps, channels) to (frames, frequencies * channels), with `expand_dims` to (frames, frequencies, channels)."""
        (x,) = inputs
        refuse_integers(self.title(), x)
        if compute_dtype(self.dtype or at.policy) == "bfloat16":
            raise Refusal(WRONG_DTYPE, None, (), layer=self.title(), taken="float16, float32 or float64", dtype="bfloat16")
        step = self.frame_length // 2 if self.frame_step is None else self.frame_step
        if not 1 <= step <= self.frame_length:
            raise Refusal(FRAME_STEP, "frame_step", (), frame=self.frame_length, given=step)
        if self.fft_length is not None and self.fft_length < self.frame_length:
            facts: dict[str, Any] = {"fft": self.fft_length, "argument": "frame_length", "frame": self.frame_length}
            raise Refusal(FFT_SHORTER, "fft_length", (), **facts)
        steps, channels = reversed(x.axes) if self.channels_first else x.axes
        count = known(self.title(), channels)
        moved = slide(at, self.title(), steps, self.frame_length, step, self.padding, argument="frame_length")
        parts = self.frequencies * (2 if self.mode == "stft" else 1)
        if self.expand_dims:
            frequencies = Axis("frequencies", parts)
            return x.with_axes(*((channels, moved, frequencies) if self.channels_first else (moved, frequencies, channels)))
        features = Axis("features", parts * count)
        return x.with_axes(*((features, moved) if self.channels_first else (moved, features)))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        shape = (self.frame_length, 1, self.frequencies)
        real = (Weight("real_kernel", shape),) if self.mode != "imag" else ()
        return (*real, *((Weight("imag_kernel", shape),) if self.mode != "real" else ()))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        (x,) = inputs
        first = self.channels_first
        channels = known(self.title(), x.axes[0] if first else x.axes[1])
        moved = output.axes[1 if first else 0].size
        kernels = len(self.weights(x))
        return moved * (channels * self.frame_length * self.frequencies * kernels)


class MelSpectrogram(Op):
    """The power of mel frequencies over time, of one channel of sound."""

    fft_length: Annotated[int, COUNT] = 2048
    """Samples of the transform."""
    sequence_stride: Annotated[int, COUNT] = 512
    """Samples between frames."""
    sequence_length: Annotated[int | None, Optional(NATURAL)] = None
    """Samples in a frame; `fft_length` by default."""
    window: Annotated[str | None, Optional(Choice("hann", "hamming"))] = "hann"
    """Window of a frame."""
    sampling_rate: Annotated[int, SIZE] = 16000
    """Samples in a second."""
    num_mel_bins: Annotated[int, SIZE] = 128
    """Mel frequencies."""
    min_freq: Annotated[float, NUMBER] = 20.0
    """Lowest frequency."""
    max_freq: Annotated[float | None, Optional(NUMBER)] = None
    """Highest frequency; half the sampling rate by default."""
    power_to_db: Annotated[bool, BOOLEAN] = True
    """Whether the power is given in decibel."""
    top_db: Annotated[float, NUMBER] = 80.0
    """Span below the greatest value that is kept."""
    mag_exp: Annotated[float, NUMBER] = 2.0
    """Exponent of the magnitude; 2 is power."""
    min_power: Annotated[float, NUMBER] = 1e-10
    """Least power."""
    ref_power: Annotated[float, NUMBER] = 1.0
    """Power of 0 decibel."""
    reads = ("samples",)
    keeps_mask = False
    examples = (
        example((40,), fft_length=16, sequence_stride=4, num_mel_bins=6),
        example(
            (48,),
            fft_length=16,
            sequence_stride=8,
            sequence_length=12,
            num_mel_bins=3,
            power_to_db=False,
            window="hamming",
        ),
        example((40,), dtype="int32", fft_length=16, sequence_stride=4, num_mel_bins=6),
    )

    def decides_shape(self, argument: str) -> bool:
        return argument in ("num_mel_bins", "sequence_stride", "fft_length", "sequence_length")

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras transforms the last axis, be it the batch, and announces others than it gives.
        return True

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(steps) to (`num_mel_bins`, frames)."""
        (x,) = inputs
        refuse_computing(self, at, "float64")
        if self.sequence_length is not None and self.sequence_length > self.fft_length:
            facts: dict[str, Any] = {
                "fft": self.fft_length,
                "argument": "sequence_length",
                "frame": self.sequence_length,
            }
            raise Refusal(FFT_SHORTER, "fft_length", (), **facts)
        size, half = x.axes[0].size, self.fft_length // 2
        room: dict[str, Any] = {"layer": self.title(), "needed": half + 1, "axis": x.axes[0].name, "left": size}
        at.require(at_least(size, half + 1), Refusal(KERNEL_LARGER, "fft_length", ("make `fft_length` smaller",), **room))
        frames = (size + 2 * half - self.fft_length) // self.sequence_stride + 1
        if isinstance(size, int):
            # Keras computes the number of frames it announces by another formula.
            announced = (size + self.sequence_stride + 1) // self.sequence_stride
            if announced != frames:
                help = ("give it a number of samples that is a multiple of `sequence_stride`, and an even `fft_length`",)
                raise Refusal(MEL_FRAMES, "sequence_stride", help, announced=announced, size=size, given=frames)
        return x.with_axes(Axis("frequencies", self.num_mel_bins), Axis("frames", frames))
