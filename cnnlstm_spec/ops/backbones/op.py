"""Backbones: the models of `keras.applications`, each used as one layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field

from ...ir.inference import Inference, Refusal
from ...ir.meaning import ANY, Range, infer_activation_range
from ...ir.op import Op, Weight, example
from ...ir.program import Apply, Attribute, Call
from ...ir.size import Size, at_least
from ...ir.tensor import Axis, TensorType
from ...language.catalog import NO_EFFECT
from ...language.kinds import BOOLEAN, TEXT, Optional
from ...language.record import Checks
from ...text.diagnostic import Code
from ...text.spelling import find_nearest, sort_by_likeness, suggest_word
from ..shared import known
from ..weights_file import WeightsFile
from .codes import COLOURS, CUT_OFF, NO_NORM, TWO_WAYS, UNKNOWN_INNER
from .kinds import KINDS
from .preprocess import OF_COLOURS, PART, PIXELS, preprocess
from .walk import (
    BackboneProblem,
    Traced,
    check,
    count_activations,
    count_macs,
    find_facts,
    find_kept_layers,
    find_known_sides,
    find_layer,
    find_least_side,
    infer_inner_shape,
    infer_output_shape,
    is_counted,
    list_layers,
    list_norms,
    list_weights,
    trace,
)

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression, Ref

TOO_SMALL = Code("image-too-small", "error", "`{layer}` reads images of {least}x{least} or more; given {given}", sort="keras")
CHANNELS = Code("image-channels", "error", "`{layer}` with `weights: imagenet` reads 3 channels; given {given}", sort="keras")
SIDES_UNKNOWN = Code("image-size-needed", "error", "`{layer}` needs the size of its images here; given {given}", sort="keras")
SIDES_FIXED = Code(
    "image-size-fixed", "error", "`{layer}` with its top and `weights: imagenet` reads {expected}; given {given}", sort="keras"
)
SHAPE_DIFFERS = Code("input-shape-differs", "error", "`input_shape: {written}` differs from what comes in: {given}", sort="keras")
ARGUMENT = Code("backbone-argument", "error", "`{layer}` does not take `{argument}: {written}` here", sort="keras")
UNUSED = Code("backbone-argument-unused", "error", "`{argument}` has no effect with `include_top: {top}`")
OWN = ("name", "share", "trainable", "train_from", "freeze_batch_norm", "preprocess_input")
"""Arguments that are no argument of Keras's constructor."""


class Backbone(Op):
    """A model of `keras.applications` as a layer, built for the size of the image that it stands on."""

    train_from: Annotated[str | None, Optional(TEXT)] = None
    """That layer and all after it are trained, those before it are frozen."""
    freeze_batch_norm: Annotated[bool, BOOLEAN] = False
    """Whether its batch norms are frozen, whatever else is trained."""
    preprocess_input: Annotated[bool, BOOLEAN] = False
    """Whether images of 0 to 255 go through Keras's `preprocess_input` first."""

    model: ClassVar[str]
    reads = ("height", "width", "channels")
    keeps_mask = False
    holds_layers = True
    gives_channels = True

    taps: tuple[str, ...] = ()
    """The inner layers whose outputs are read, in their order."""
    whole: bool = True
    """Whether its own output is read; else the layers after the taps are no part of the model."""
    unsure: bool = False
    """Whether a reference names nothing, so that more of it may be meant to be read."""

    @classmethod
    def title(cls) -> str:
        return cls.model

    @classmethod
    def keras_path(cls) -> str:
        return f"keras.applications.{cls.model}"

    def find_preprocessing(self) -> str | None:
        return find_facts(self.model).preprocess

    def list_settings(self) -> dict[str, Any]:
        """The arguments of Keras's constructor, as written."""
        own = {name: value for name, value in self.list_values().items() if name not in OWN}
        activation = own.get("classifier_activation")
        if activation is not None:
            own["classifier_activation"] = activation.name
        if isinstance(own.get("weights"), WeightsFile):
            own["weights"] = own["weights"].path
        return own

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(height, width, channels) to what the last layer that is used gives, by a walk along the model's layers."""
        (x,) = inputs
        height, width, channels = x.axes
        count = known(self.title(), channels)
        for problem in check(self.model, self.list_settings(), height.size, width.size, count):
            raise self.make_refusal(problem, x)
        self.check_run_time(at, x)
        self.check_frozen(count)
        if self.preprocess_input and self.find_preprocessing() in OF_COLOURS and count != 3:
            raise Refusal(COLOURS, "preprocess_input", layer=self.title(), given=count)
        if not self.whole and not self.unsure:
            return self.infer_inner_type(x, self.taps[-1])
        return x.with_axes(*_list_axes(infer_output_shape(self.model, self.list_settings(), height.size, width.size)))

    def infer_inner_type(self, x: TensorType, layer: str) -> TensorType:
        """What an inner layer gives for an image of that type; refuses a layer that there is not for its channels."""
        height, width, channels = x.axes
        count = known(self.title(), channels)
        if layer not in self.list_layers(count):
            raise Refusal(UNKNOWN_INNER, None, layer=self.title(), name=layer)
        return x.with_axes(
            *_list_axes(infer_inner_shape(self.model, self.list_settings(), height.size, width.size, count, layer))
        )

    def trace(self, x: TensorType, layer: str | None) -> Iterator[Traced]:
        """The inner layers on which an inner layer rests, or what it gives, for an image of that type."""
        height, width, channels = x.axes
        reads = self.list_read_layers() if layer is None else (layer,)
        return trace(self.model, self.list_settings(), height.size, width.size, known(self.title(), channels), reads)

    def find_image(self, *inputs: TensorType) -> tuple[Axis, ...]:
        return inputs[0].axes

    def list_layers(self, channels: int = 3) -> tuple[str, ...]:
        """The names of its inner layers, those that are not part of the model too, in Keras's order."""
        return list_layers(self.model, self.list_settings(), channels)

    def list_kept(self, channels: int = 3) -> tuple[str, ...]:
        """The names of those that are part of the model, or may be meant to be."""
        if self.unsure:
            return self.list_layers(channels)
        return find_kept_layers(self.model, self.list_settings(), channels, self.list_read_layers())

    def list_read_layers(self) -> tuple[str, ...] | None:
        """The inner layers that are read, where nothing else is; None where all of it is."""
        return None if self.whole else self.taps

    def is_counted(self) -> bool:
        """Whether Keras counts up names of its layers, and somebody goes by them."""
        return (self.name is not None or self.train_from is not None) and is_counted(self.model, self.list_settings())

    def list_norms(self, channels: int = 3) -> frozenset[str]:
        """The names of its batch norms, those that are not part of the model too."""
        return list_norms(self.model, self.list_settings(), channels)

    def has_norms(self) -> bool:
        return bool(self.list_norms())

    def with_norms_frozen(self) -> Self:
        return self.replace_values(stays_frozen=True) if self.has_norms() and self.trainable else self

    def holds_norms(self) -> bool:
        """Whether its batch norms are frozen, whatever else is trained: by a key of its own, or one around it."""
        return self.freeze_batch_norm or self.stays_frozen

    def list_frozen_layers(self, channels: int = 3) -> frozenset[str]:
        """The inner layers that are not trained."""
        every = self.list_layers(channels)
        if not self.trainable:
            return frozenset(every)
        before = every[: every.index(self.train_from)] if self.train_from in every else ()
        held = self.list_norms(channels) if self.holds_norms() else frozenset()
        return held.union(before)

    def check(self, at: Checks) -> None:
        if self.is_written("train_from") and self.train_from is not None and self.is_written("trainable"):
            at.report(TWO_WAYS, "train_from", (), True, layer=self.title())

    def check_frozen(self, channels: int) -> None:
        """Raises Refusal for a `train_from` that is no layer of the model, or batch norms that are none, or frozen already."""
        kept = self.list_kept(channels)
        if self.train_from is not None and self.train_from not in kept:
            if self.train_from in self.list_layers(channels):
                raise Refusal(CUT_OFF, "train_from", name=self.train_from)
            near = sort_by_likeness(self.train_from, kept)
            help = suggest_word(self.train_from, near) or (f"there are {', '.join(f'`{each}`' for each in kept[:8])}",)
            found = find_nearest(self.train_from, near)
            refusal = Refusal(UNKNOWN_INNER, "train_from", help, layer=self.title(), name=self.train_from)
            raise refusal.add_fixes(train_from=found) if found is not None else refusal
        if not self.freeze_batch_norm:
            return
        held = self.list_norms(channels).intersection(kept)
        if not held:
            raise Refusal(NO_NORM, "freeze_batch_norm", layer=self.title()).add_fixes(freeze_batch_norm="false")
        if held <= self.replace_values(freeze_batch_norm=False, stays_frozen=False).list_frozen_layers(channels):
            help = ("leave it out: all are frozen without it",)
            raise Refusal(
                NO_EFFECT, "freeze_batch_norm", help, argument="freeze_batch_norm", needed="a batch norm that is trained"
            )

    def check_run_time(self, at: Inference, x: TensorType) -> None:
        """Of images whose size Keras is not told, or not all of it, some are too small for the last layers."""
        height, width, _ = x.axes
        if None not in find_known_sides(self.list_settings(), height.size, width.size):
            return
        least = find_least_side(self.model, self.list_settings(), height.size, width.size, self.list_read_layers())
        for axis in (height, width):
            at.require(at_least(axis.size, least), self.refuse_too_small(x, least))

    def refuse_too_small(self, x: TensorType, least: object) -> Refusal:
        """What is said of images that leave nothing for the last layers."""
        help = ("read larger images, or put a `Resizing` before it",)
        sides = " x ".join(str(axis.size) for axis in x.axes[:2])
        return Refusal(TOO_SMALL, None, help, layer=self.title(), least=least, given=sides)

    def make_refusal(self, problem: BackboneProblem, x: TensorType) -> Refusal:
        """What is said of a problem."""
        layer, written = self.title(), _write_yaml(problem.given)
        help: tuple[str, ...]
        accepted = ", ".join(_write_yaml(each) for each in problem.expected)
        sides = " x ".join(str(axis.size) for axis in x.axes[:2])
        match problem.kind:
            case "side-too-small":
                return self.refuse_too_small(x, problem.expected[0])
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

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        own = self.list_settings()
        return (
            infer_activation_range(self.get_value("classifier_activation"), output.rank) if own.get("include_top", True) else ANY
        )

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        height, width, channels = inputs[0].axes
        count = known(self.title(), channels)
        found = list_weights(self.model, self.list_settings(), height.size, width.size, count, self.list_read_layers())
        return _make_weights(self.model, found, self.list_frozen_layers(count) if self.trainable else frozenset())

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        height, width, channels = inputs[0].axes
        count = known(self.title(), channels)
        return count_macs(self.model, self.list_settings(), height.size, width.size, count, self.list_read_layers())

    def count_elements(self, x: TensorType) -> Size:
        """The values that all layers give for an image."""
        height, width, channels = x.axes
        count = known(self.title(), channels)
        return count_activations(self.model, self.list_settings(), height.size, width.size, count, self.list_read_layers())

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return (PART,) if self.preprocess_input else ()

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        image = preprocess(to, inputs[0], self.find_preprocessing()) if self.preprocess_input else inputs[0]
        if not self.taps:
            layer = to.make_layer(self.make_constructor(to), scope=self.find_scope(to), alone=self.is_counted())
            if to.is_first_use():
                if self.is_named_by_keras():
                    to.set(layer, "name", to.name)
                self.prepare(to, layer)
                self.finish(to, layer)
            return Apply(layer, (image,))
        full = to.make_layer(self.make_constructor(to), "_whole", self.find_scope(to), self.is_counted())
        if to.is_first_use():
            self.prepare(to, full)
        outputs: list[Expression] = [Attribute(Call(f"{full.name}.get_layer", (tap,)), "output") for tap in self.taps]
        if self.whole:
            outputs.append(Attribute(full, "output"))
        given = outputs if len(outputs) > 1 else outputs[0]
        layer = to.make_layer(Call("keras.Model", (Attribute(full, "input"), given), (("name", to.name),)))
        if to.is_first_use():
            self.finish(to, layer)
        stems = [*self.taps, to.stem] if self.whole else list(self.taps)
        values = to.let_each(Apply(layer, (image,)), stems)
        for tap, value in zip(self.taps, values, strict=False):
            to.give_inner(tap, value)
        return values[-1]

    def find_layer(self, weight: Weight) -> str:
        """The inner layer that has a weight."""
        return find_layer(self.model, weight.name.rpartition("/")[0])

    def find_scope(self, to: Lowering) -> str | None:
        """What the paths of its weights begin with, where optimizers go by them."""
        return to.name if to.marks_layers else None

    def prepare(self, to: Lowering, layer: Ref) -> None:
        """Freezes inner layers, by the names and in the order that Keras gives them."""
        if self.train_from is not None and self.train_from != self.list_layers()[0]:
            to.freeze_before(layer, self.train_from)
        if self.holds_norms():
            to.freeze_norms(layer)

    def finish(self, to: Lowering, layer: Ref) -> None:
        """Freezes it whole, and marks the names of its layers where they must be told from those of others."""
        if to.marks_layers:
            to.mark_layers(layer, deep=self.model.startswith("ConvNeXt"))
        if not self.trainable:
            to.set(layer, "trainable", False)

    def make_constructor(self, to: Lowering) -> Call:
        """The call that builds the backbone for the size that it stands on."""
        keywords: dict[str, Expression] = {"input_shape": list_sizes(to.inputs[0])}
        keywords.update(self.list_settings())
        if not self.is_named_by_keras():
            keywords["name"] = to.name
        return Call(self.keras_path(), (), tuple(keywords.items()))

    def is_named_by_keras(self) -> bool:
        """Whether Keras chooses layers, a weights file or layers' names by the name, which is then set afterwards."""
        return self.model.startswith(("EfficientNet", "ConvNeXt"))


def _list_axes(shape: tuple[Size, ...]) -> tuple[Axis, ...]:
    names = ("features",) if len(shape) == 1 else ("height", "width", "channels")
    return tuple(Axis(name, size) for name, size in zip(names, shape, strict=True))


@lru_cache(maxsize=64)
def _make_weights(model: str, found: tuple[tuple[str, tuple[int, ...], bool], ...], frozen: frozenset[str]) -> tuple[Weight, ...]:
    """The same for all copies: a thousand backbones have a million."""

    def is_trained(path: str) -> bool:
        return find_layer(model, path.rpartition("/")[0]) not in frozen

    return tuple(Weight(path, shape, trainable and is_trained(path)) for path, shape, trainable in found)


def list_sizes(x: TensorType) -> tuple[int | None, ...]:
    """The sizes as Keras takes them."""
    return tuple(axis.size if isinstance(axis.size, int) else None for axis in x.axes)


def _write_yaml(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_write_yaml(each) for each in value) + "]"
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


@cache
def make_backbone_op(model: str) -> type[Backbone]:
    """The op of a backbone, its arguments read off Keras's constructor."""
    side = max(64, find_facts(model).min_side)
    doc = f"A model of `keras.applications`; reads {PIXELS[find_facts(model).preprocess]}."
    fields: dict[str, Any] = {"model": model, "__doc__": doc, "__module__": __name__}
    types: dict[str, Any] = {}
    for name, default in find_facts(model).arguments:
        if name in KINDS:
            leaf, words = KINDS[name]
            field = "weights_" if name == "weights" else name
            types[field] = Annotated[Any, leaf]
            fields[field] = Field(default, description=words)
    fields["__annotations__"] = types
    fields["examples"] = (example((side, side, 3), weights=None, include_top=False, pooling="avg"),)
    return type(model, (Backbone,), fields)
