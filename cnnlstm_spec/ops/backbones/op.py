"""Backbones: the models of `keras.applications`, each used as one layer."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from ...ir.inference import Inference, Refusal
from ...ir.meaning import ANY, Range
from ...ir.op import Op, Weight, example, range_of
from ...ir.program import Apply, Call
from ...ir.size import Size, at_least
from ...ir.tensor import Axis, TensorType
from ...language.kinds import BOOLEAN, COUNT, POSITIVE, RATE, Choice, Optional
from ...language.leaf import Leaf, OpenLeaf
from ...language.list_kinds import ListOf
from ...language.scope import Scope
from ...text.diagnostic import Code
from ...text.files import PathError, is_below, sort_of
from ...text.nodes import WRONG_TYPE, Node, Scalar, given
from ..shared import ACTIVATION, known
from .walk import Problem, check, facts, known_sides, least_side, macs, output_shape, weights

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

TOO_SMALL = Code("image-too-small", "error", "`{layer}` reads images of {least}x{least} or more; given {given}", sort="keras")
CHANNELS = Code("image-channels", "error", "`{layer}` with `weights: imagenet` reads 3 channels; given {given}", sort="keras")
SIDES_UNKNOWN = Code("image-size-needed", "error", "`{layer}` needs the size of its images here; given {given}", sort="keras")
SIDES_FIXED = Code(
    "image-size-fixed", "error", "`{layer}` with its top and `weights: imagenet` reads {expected}; given {given}", sort="keras"
)
SHAPE_DIFFERS = Code("input-shape-differs", "error", "`input_shape: {written}` differs from what comes in: {given}", sort="keras")
ARGUMENT = Code("backbone-argument", "error", "`{layer}` does not take `{argument}: {written}` here", sort="keras")
UNUSED = Code("backbone-argument-unused", "error", "`{argument}` has no effect with `include_top: {top}`")
NO_FILE = Code("weights-file-missing", "error", "there is no weights file `{path}`", sort="keras")
NO_WEIGHTS = Code(
    "weights-file-unreadable", "error", "`{path}` cannot be read as weights: {reason}", help="name a file that Keras has written"
)
OUTSIDE = Code("outside-the-folder", "error", "`{path}` lies outside the folder of the spec")


class WeightsKind(OpenLeaf):
    """null, `imagenet`, or the path of a weights file, relative to the spec."""

    words = "null, `imagenet` or the path of a weights file"

    def read_node(self, node: Node, scope: Scope) -> Any:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=given(node))
        if node.value == "imagenet":
            return node.value
        folder = scope.folder if scope.folder is not None else File()
        path = folder / node.value
        try:
            if not is_below(path, folder):
                help: tuple[str, ...] = ("put the file beside the spec, or in a folder below it",)
                return scope.report(OUTSIDE, node, path=node.value, help=help)
            sort = sort_of(path)
        except PathError as error:
            return scope.report(NO_WEIGHTS, node, path=node.value, reason=error.reason)
        if sort is None:
            help = ("the path is relative to the spec", "`weights: null` starts from random weights")
            return scope.report(NO_FILE, node, path=node.value, help=help)
        if sort != "file":
            return scope.report(NO_WEIGHTS, node, path=node.value, reason=f"it is a {sort}")
        return str(path)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


KINDS: dict[str, tuple[Leaf, str]] = {
    "weights": (Optional(WeightsKind()), "`null` for random weights, `imagenet`, or a file's path."),
    "include_top": (BOOLEAN, "Whether the classifier of the original is the last layer."),
    "input_shape": (Optional(ListOf(Optional(COUNT), 3)), "Only `[null, null, 3]` (built without a size), or what comes in."),
    "pooling": (Optional(Choice("avg", "max")), "Global pooling in place of the top."),
    "classes": (COUNT, "Classes of the top."),
    "classifier_activation": (ACTIVATION, "Activation of the top."),
    "alpha": (POSITIVE, "Factor on the width of every layer."),
    "depth_multiplier": (COUNT, "Depthwise channels for each channel."),
    "minimalistic": (BOOLEAN, "Whether to leave out what runs slowly on small devices."),
    "include_preprocessing": (BOOLEAN, "Whether pixels of 0 to 255 are scaled inside."),
    "dropout": (RATE, "Dropout before the top."),
    "dropout_rate": (RATE, "Dropout before the top."),
}

PIXELS = {
    "caffe": "BGR pixels less the mean of each channel",
    "tf": "pixels of -1 to 1",
    "torch": "pixels less their mean, divided by their deviation",
    "identity": "pixels of 0 to 255, which it scales inside",
}
"""What pretrained weights expect, by what Keras's `preprocess_input` does."""


class Backbone(Op):
    """A model of `keras.applications` as a layer, built for the size of the image that it stands on."""

    model: ClassVar[str]
    reads = ("height", "width", "channels")
    keeps_mask = False
    holds_layers = True
    gives_channels = True

    @classmethod
    def title(cls) -> str:
        return cls.model

    @classmethod
    def keras_path(cls) -> str:
        return f"keras.applications.{cls.model}"

    def preprocessing(self) -> str | None:
        return facts(self.model).preprocess

    def settings(self) -> dict[str, Any]:
        """The arguments of Keras's constructor, as written."""
        own = {name: value for name, value in self.values().items() if name not in ("name", "share", "trainable")}
        activation = own.get("classifier_activation")
        if activation is not None:
            own["classifier_activation"] = activation.name
        return own

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        height, width, channels = x.axes
        count = known(self.title(), channels)
        for problem in check(self.model, self.settings(), height.size, width.size, count):
            raise self.refusal(problem, x)
        self.check_run_time(at, x)
        shape = output_shape(self.model, self.settings(), height.size, width.size)
        names = ("features",) if len(shape) == 1 else ("height", "width", "channels")
        return x.with_axes(*(Axis(name, size) for name, size in zip(names, shape, strict=True)))

    def check_run_time(self, at: Inference, x: TensorType) -> None:
        """Of images whose size Keras is not told, or not all of it, some are too small for the last layers."""
        height, width, _ = x.axes
        if None not in known_sides(self.settings(), height.size, width.size):
            return
        least = least_side(self.model, self.settings(), height.size, width.size)
        for axis in (height, width):
            at.require(at_least(axis.size, least), self.too_small(x, least))

    def too_small(self, x: TensorType, least: object) -> Refusal:
        """What is said of images that leave nothing for the last layers."""
        help = ("read larger images, or put a `Resizing` before it",)
        sides = " x ".join(str(axis.size) for axis in x.axes[:2])
        return Refusal(TOO_SMALL, None, help, layer=self.title(), least=least, given=sides)

    def refusal(self, problem: Problem, x: TensorType) -> Refusal:
        """What is said of a problem."""
        layer, written = self.title(), _yaml(problem.given)
        help: tuple[str, ...]
        accepted = ", ".join(_yaml(each) for each in problem.expected)
        sides = " x ".join(str(axis.size) for axis in x.axes[:2])
        match problem.kind:
            case "side-too-small":
                return self.too_small(x, problem.expected[0])
            case "channels-fixed":
                help = ("`weights: null` takes any number of channels",)
                return Refusal(CHANNELS, None, help, layer=layer, given=problem.given)
            case "side-unknown" | "width-unknown":
                help = ("give the input a fixed size, or `include_top: false`", "a `Resizing` before it gives one")
                return Refusal(SIDES_UNKNOWN, "input_shape", help, layer=layer, given=sides)
            case "side-fixed":
                expected = " or ".join(f"{side}x{side}" for side in problem.expected)
                return Refusal(SIDES_FIXED, None, ("use `include_top: false`",), layer=layer, expected=expected, given=sides)
            case "input-shape-differs":
                help = ("leave `input_shape` out: the size is that of what stands before",)
                return Refusal(SHAPE_DIFFERS, "input_shape", help, written=written, given=x)
        if not problem.refused:
            top = str(self.include_top).lower()  # type: ignore[attr-defined]
            return Refusal(UNUSED, problem.argument, ("remove it",), argument=problem.argument, top=top)
        help = (f"it takes {accepted}",) if accepted else ()
        return Refusal(ARGUMENT, problem.argument, help, layer=layer, argument=problem.argument, written=written)

    def range_after(self, output: TensorType, *inputs: TensorType) -> Range | None:
        own = self.settings()
        return range_of(self.value("classifier_activation"), output.rank) if own.get("include_top", True) else ANY

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        height, width, channels = inputs[0].axes
        return _weights(weights(self.model, self.settings(), height.size, width.size, known(self.title(), channels)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        height, width, channels = inputs[0].axes
        return macs(self.model, self.settings(), height.size, width.size, known(self.title(), channels))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        layer = to.made(self.constructor(to), scope=to.name if to.marks_layers else None)
        if to.first_use():
            if self.fixed_name():
                to.set(layer, "name", to.name)
            if to.marks_layers:
                to.mark_layers(layer, deep=self.model.startswith("ConvNeXt"))
            if not self.trainable:
                to.set(layer, "trainable", False)
        return Apply(layer, inputs)

    def constructor(self, to: Lowering) -> Call:
        """The call that builds the backbone for the size that it stands on."""
        keywords: dict[str, Expression] = {"input_shape": sizes(to.inputs[0])}
        keywords.update(self.settings())
        if not self.fixed_name():
            keywords["name"] = to.name
        return Call(self.keras_path(), (), tuple(keywords.items()))

    def fixed_name(self) -> bool:
        """Whether Keras chooses layers, a weights file or layers' names by the name, which is then set afterwards."""
        return self.model.startswith(("EfficientNet", "ConvNeXt"))


@lru_cache(maxsize=64)
def _weights(found: tuple[tuple[str, tuple[int, ...], bool], ...]) -> tuple[Weight, ...]:
    """The same for all copies: a thousand backbones have a million."""
    return tuple(Weight(name, shape, trainable) for name, shape, trainable in found)


def sizes(x: TensorType) -> tuple[int | None, ...]:
    """The sizes as Keras takes them."""
    return tuple(axis.size if isinstance(axis.size, int) else None for axis in x.axes)


def _yaml(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_yaml(each) for each in value) + "]"
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


@cache
def backbone_op(model: str) -> type[Backbone]:
    """The op of a backbone, its arguments read off Keras's constructor."""
    side = max(64, facts(model).min_side)
    doc = f"A model of `keras.applications`; reads {PIXELS[facts(model).preprocess]}."
    fields: dict[str, Any] = {"model": model, "__doc__": doc, "__module__": __name__}
    types: dict[str, Any] = {}
    for name, default in facts(model).arguments:
        if name in KINDS:
            leaf, words = KINDS[name]
            field = "weights_" if name == "weights" else name
            types[field] = Annotated[Any, leaf]
            fields[field] = Field(default, description=words)
    fields["__annotations__"] = types
    fields["examples"] = (example((side, side, 3), weights=None, include_top=False, pooling="avg"),)
    return type(model, (Backbone,), fields)
