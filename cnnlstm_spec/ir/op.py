"""What a layer must say about itself. An op is a final class; families of them live in `ops/`, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from ..language.kinds import BOOLEAN, NAME, Optional, Policy
from ..language.record import Record
from ..text.frozen import dataclass
from .inference import Inference
from .meaning import Meaning, Range, infer_activation_range
from .size import Size
from .tensor import Axis, Mask, TensorType, Values, Zeros

if TYPE_CHECKING:
    from ..language.scope import Scope
    from ..text.nodes import Mapping as NodeMapping
    from .lowering import Lowering
    from .program import Expression


POLICIES = ("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
FramesAs = Literal["channels", "height"]


@dataclass(frozen=True)
class Weight:
    """A weight by Keras's name in the layer (`kernel`, `forward_lstm/lstm_cell/kernel`), with its shape.

    A fusion may be several Keras layers; `within` is what the name of such a layer adds to the fusion's.
    """

    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    within: str = ""


@dataclass(frozen=True)
class Example:
    """Arguments as a person writes them, and the inputs they fit: shapes without the batch, and their dtype."""

    arguments: Mapping[str, object]
    shapes: tuple[tuple[int | None, ...], ...]
    dtype: str = "float32"


def example(*shapes: tuple[int | None, ...], dtype: str = "float32", **arguments: object) -> Example:
    """`example((8, 8, 3), filters=4, kernel_size=3)`."""
    return Example(arguments, shapes, dtype)


COMPUTE_DTYPES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
FLOATS = ("float32", "float16", "bfloat16", "float64")
TEXT = "string"
"""The dtype of text."""


def compute_dtype(policy: str) -> str:
    """What a layer of that policy computes in, and casts floating inputs to."""
    return COMPUTE_DTYPES.get(policy, policy)


def find_storage_dtype(policy: str) -> str:
    """What a layer of that policy keeps its weights in."""
    return "float32" if policy in COMPUTE_DTYPES else policy


class Op(Record):
    """A layer, its Keras arguments as fields. Methods have a right default for a pure elementwise layer."""

    name: Annotated[str | None, Optional(NAME)] = None
    """Name of the layer in Keras."""
    trainable: Annotated[bool, BOOLEAN] = True
    """Whether training changes the weights."""
    dtype: Annotated[str | None, Optional(Policy(*POLICIES))] = None
    """Dtype policy of this layer."""
    share: Annotated[str | None, Optional(NAME)] = None
    """All layers that carry this name are one layer with one set of weights."""

    stays_frozen: bool = False
    """Whether it is a batch norm that a `freeze_batch_norm` around it has frozen, which no phase thaws."""

    keras: ClassVar[str] = ""
    """Path below `keras`; `layers.` and the class's name by default."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """Fewest and most inputs."""
    reads: ClassVar[tuple[str, ...] | None] = None
    """Names of the axes it reads, batch left out, or None for any."""
    least_rank: ClassVar[int] = 0
    """Fewest axes, batch left out, where any will do."""
    keeps_integers: ClassVar[bool] = False
    """Whether integers in give integers out; a layer that computes gives its compute dtype."""
    reads_mask: ClassVar[bool] = False
    """Whether the mask changes what it computes, and is handed to it."""
    keeps_mask: ClassVar[bool] = True
    """Whether its output has the steps of its input, one for one."""
    joins_masks: ClassVar[bool] = False
    """Whether the mask that it makes is one of those of its inputs, which then stay true."""
    last_axis_only: ClassVar[bool] = False
    """Whether it treats every position before the last axis alike, so that time need not be folded for it."""
    only_in_training: ClassVar[bool] = False
    """Whether it gives its input as it is outside of training."""
    keeps_values: ClassVar[bool] = False
    """Whether what comes out is what came in, moved or repeated."""
    keeps_range: ClassVar[bool] = False
    """Whether what comes out lies between the bounds that what came in lay between."""
    passes_on: ClassVar[bool] = False
    """Whether each value that comes out is one that came in: moved, repeated, left out, or changed in training alone."""
    averages: ClassVar[bool] = False
    """Whether it gives the mean over all positions."""
    keeps_pixels: ClassVar[bool] = False
    """Whether pixels of an image are pixels of an image afterwards, between the same bounds."""
    is_function: ClassVar[str | None] = None
    """The activation that the whole layer is, by Keras's name."""
    statistics: ClassVar[Literal["axis", "sample"] | None] = None
    """Over what it takes means and spreads of one sample, where it does: the axes of its argument `axis`, or all."""
    takes_text: ClassVar[bool] = False
    """Whether it reads text; all others read numbers."""
    reads_codes: ClassVar[bool] = False
    """Whether it makes integers of its input first, through which no gradient comes."""
    drops_all: ClassVar[bool] = False
    """Whether nothing is left in training where its `rate` is 1."""
    has_table: ClassVar[bool] = False
    """Whether its weights are a table of which a batch reads some rows, so that the gradients of the others are 0."""
    thaws: ClassVar[bool] = False
    """Whether a saved model forgets that it is frozen, since it is made of layers that only building makes."""
    gives_channels: ClassVar[bool] = False
    """Whether the positions of one axis, the channels or features, have weights of their own."""
    looks_up: ClassVar[str | None] = None
    """The argument that says how many integers, from 0 up, it has a place for; None where it takes any value."""
    reads_features: ClassVar[bool] = False
    """Whether it takes the last axis for the features, whose positions it weighs, adds up or compares."""
    draws_for_images: ClassVar[bool] = False
    """Whether it draws, in training, how each image is changed."""
    is_batch_norm: ClassVar[bool] = False
    """Whether it takes the mean of a batch away and divides by its spread."""
    needs_matrix: ClassVar[tuple[str, str]] = ("", "")
    """What a matrix has to have or a batch fails, by itself and where a gradient runs through it; nothing where any will do."""
    keeps_xla_off: ClassVar[bool] = False
    """Whether Keras runs a model that has it without XLA, whatever `jit_compile` says."""
    freezes_late: ClassVar[bool] = False
    """Whether Keras's class is made of layers that it does not hand `trainable: false` on to: it is set once they are built."""
    holds_layers: ClassVar[bool] = False
    """Whether it holds layers by names of their own, with which the paths of their weights begin in a loaded model."""
    wraps: ClassVar[tuple[str, ...]] = ()
    """The fields that hold layers, where there are any."""
    has_class: ClassVar[bool] = True
    """Whether it is one class of Keras; else it is made of several, or of operations."""
    call_arguments: ClassVar[frozenset[str]] = frozenset()
    """The arguments that Keras takes where the layer is called, not where it is made."""
    is_output: ClassVar[bool] = False
    """Whether its value is one of the model's outputs, whose padded steps count in neither loss nor metrics."""
    naming: ClassVar[tuple[str, ...]] = ("name",)
    """The fields that say what it is called, and nothing of what it gives."""
    leaves_time: ClassVar[bool] = False
    """Whether it brings the steps back out of the batch."""
    examples: ClassVar[tuple[Example, ...]] = ()

    @classmethod
    def choose_class(cls, arguments: NodeMapping, scope: Scope) -> type[Op] | None:
        """The class that reads such arguments, where one name has several; None where none does, which is then reported."""
        return cls

    @classmethod
    @cache
    def is_own(cls) -> bool:
        """Whether the layer is a person's own, and its failures are not ours."""
        return cls.__module__.partition(".")[0] != __name__.partition(".")[0]

    @classmethod
    def title(cls) -> str:
        """The name in a spec: Keras's class name, or our own word for a structure or strategy."""
        return cls.__name__

    def name_giver(self) -> str:
        """What messages call it as the giver of a shape."""
        return self.title()

    def list_inner_ops(self) -> tuple[Op, ...]:
        """The layers that it wraps."""
        return tuple(each for field in self.wraps if isinstance(each := getattr(self, field), Op))

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        """What the names of its Keras layers add to its own, where it is more than one."""
        return ()

    def freeze(self) -> Self:
        """The layer with `trainable: false`."""
        return self.replace_values(trainable=False) if "trainable" in self.arguments and self.trainable else self

    def has_norms(self) -> bool:
        """Whether it is a batch norm, or holds some by names of their own."""
        return self.is_batch_norm

    def with_norms_frozen(self) -> Self:
        """The layer where a `freeze_batch_norm` around it freezes what it has of batch norms."""
        return self.replace_values(trainable=False, stays_frozen=True) if self.is_batch_norm and self.trainable else self

    def list_axes_read(self) -> tuple[str, ...] | None:
        """The axes that this one reads, where arguments such as `data_format` decide."""
        return self.reads

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        """Whether it can read so many axes too, once Keras has built it for as many as it is given first."""
        return True

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        """Whether other axes than it reads run in Keras all the same, for something else; `timed`: in `TimeDistributed`."""
        return False

    def place_frames(self) -> FramesAs | None:
        """Where the frames of a video go in the one image that it is given of them; None where it cannot stand on a video.

        In the channels it may not tell them apart, in the height each pixel must be by itself.
        """
        return None

    def clip_help(self) -> tuple[str, ...]:
        """Ways out on a video, of an op that reads images and cannot stand on one."""
        return ()

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The type of the output, dtype and mask left to the engine; raises Refusal."""
        return inputs[0]

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        """Its weights in Keras's order."""
        return ()

    def reads_all_rows(self, *inputs: TensorType) -> bool:
        """Whether each sample reads every row of its table once."""
        return False

    def drops_scores(self) -> bool:
        """Whether training drops all scores of attention, so that a gradient comes to the values alone."""
        return False

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        """Multiply-adds for a sample: those of products with weights and between inputs; no activations or sums."""
        return 0

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        """The dtype of the output."""
        first = inputs[0].dtype
        return first if self.keeps_integers and first not in FLOATS else compute_dtype(self.dtype or at.policy)

    def find_image(self, *inputs: TensorType) -> tuple[Axis, ...]:
        """Of a backbone, the axes of its image, from which follows what its inner layers give."""
        return ()

    def makes_mask(self, *inputs: TensorType) -> bool:
        """Whether it says which steps are padding; then `make_mask` says it as a tensor."""
        return False

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        """The boolean (batch, steps) tensor, true where a step is real, of an op that makes a mask."""
        raise NotImplementedError(type(self).__name__)

    def is_to_measure(self) -> bool:
        """Whether it lacks what Keras's `adapt` would measure: it is measured of the data before the model is built."""
        return False

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        """The padding mask of the output; None where there is none."""
        return inputs[0].mask if self.keeps_mask else None

    def empties_mask(self) -> bool:
        """Whether a sample with real steps may be without any in the mask that it makes."""
        return False

    def begins_mask(self) -> bool:
        """Whether the first step of the mask that it makes is real in every sample."""
        return False

    def takes_no_padding(self, *inputs: TensorType) -> bool:
        """Whether it takes no padded step for data, though it drops the axis of the steps without the mask."""
        return False

    def infer_values(self, *inputs: TensorType) -> Values | None:
        """Values that are known to come out."""
        return inputs[0].values if self.keeps_values else None

    def gives_its_input(self, rank: int) -> bool:
        """Whether the values of an input of that rank are passed on as they are, in training too; the shape left aside."""
        return False

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Between which numbers the output lies; None where nothing is known of it."""
        if self.keeps_range or self.keeps_values or self.only_in_training:
            values = inputs[0].meaning.range
            return values if values is None or inputs[0].rank == output.rank else values.loosen()
        return self.infer_activated(output) if "activation" in self.arguments and not self.is_own() else None

    def infer_activated(self, output: TensorType) -> Range:
        """The range of the op's activation, which is along the last axis."""
        return infer_activation_range(self.get_value("activation"), output.rank)

    def find_channels_axis(self, output: TensorType, *inputs: TensorType) -> int | None:
        """The axis of the output's channels, batch left out."""
        first = self.reads_channels_first()
        if self.gives_channels and output.rank:
            return 0 if first else output.rank - 1
        if inputs[0].rank != output.rank:
            return None
        channels = inputs[0].meaning.channels
        return 0 if first and channels is None else channels

    def reads_channels_first(self) -> bool:
        """Whether its `data_format` says that the channels come first."""
        return "data_format" in self.arguments and self.get_value("data_format") == "channels_first"

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        """What the output stands for; axes stay what they are as long as their number does."""
        longest = next((x for x in inputs if x.rank == output.rank), inputs[0])
        x = longest.meaning
        values, channels = self.infer_range(output, *inputs), self.find_channels_axis(output, longest)
        same = longest.rank == output.rank
        first = self.reads_channels_first() or (same and x.channels_first and not self.gives_channels)
        first = first and channels is not None and channels < output.rank - 1
        if not same:
            return Meaning(values, channels, first, outer=x.outer)
        still = x.still and (self.last_axis_only or self.only_in_training)
        return Meaning(values, channels, first, x.steps, x.backwards, x.outer, still)

    def keeps_zeros(self) -> bool:
        """Whether 0 stays 0, element by element."""
        return False

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        """Where the output is 0 at padded steps; `mask` is the output's own."""
        return inputs[0].zeros if self.keeps_zeros() else None

    def sums_zeros(self, *inputs: TensorType) -> bool:
        """Whether it sums over the steps of every mask that comes to it, and padded ones add 0."""
        return False

    def without_xla(self, trained: bool) -> str | None:
        """The argument, or else "", for which XLA cannot compile it; `trained`: a gradient runs through it. None where it can."""
        return None

    def is_flat(self) -> bool:
        """Whether what it gives does not depend on its input smoothly, so that no gradient comes through."""
        return False

    def without_gradient(self, dtype: str) -> str | None:
        """The argument for which TensorFlow has no gradient of it, computed in a dtype; None where it has one."""
        return None

    def list_keras_arguments(self) -> dict[str, object]:
        """What is passed to Keras's class: the arguments written, but for `name`, `share` and a `trainable: true`."""
        values = {
            name: self.arguments[name].kind.shorten(value)
            for name, value in self.list_values().items()
            if name not in self.call_arguments
        }
        values.pop("name", None)
        values.pop("share", None)
        if values.get("trainable", True):
            values.pop("trainable", None)
        return values

    def find_preprocessing(self) -> str | None:
        """What Keras's `preprocess_input` does for it, of a model of `keras.applications`: `tf`, `torch`, `caffe`, `identity`."""
        return None

    def decides_shape(self, argument: str) -> bool:
        """Whether an argument that may be left out says how many axes it gives, or a size that its inputs do not.

        Flags and names may, and are not asked of.
        """
        return False

    def leaves_padding_out(self, x: TensorType) -> bool:
        """Whether it can be told the mask of such an input, if it reads masks at all."""
        return True

    def decides_last_axis(self) -> bool:
        """Whether all that it gives rests on the mask and the axes before the last, which stay."""
        return False

    def count_inputs(self) -> tuple[int, int | None]:
        """Fewest and most inputs, states that are read beside the first too."""
        return self.arity

    def list_weighed(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """The inputs whose steps it takes together, of an op that reads masks: a padded one counts where it is told none."""
        return inputs

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """Keras calls as data; the one layer of that name by default."""
        return to.call(self, inputs)

    @classmethod
    def keras_path(cls) -> str:
        """Where Keras has the class."""
        return "keras." + (cls.keras or f"layers.{cls.__name__}")
