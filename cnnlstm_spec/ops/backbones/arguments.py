"""The arguments of `keras.applications` constructors: what they are, and what Keras refuses. Never imports Keras.

The facts come from `data/<Name>.json`, which `tools/backbones.py` writes from Keras itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from cnnlstm_spec.ir.size import Size
from cnnlstm_spec.text.files import read_own

from ...text.frozen import dataclass

BACKBONES: tuple[str, ...] = (
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
)
"""The classes of `keras.applications`, in alphabetical order."""

Args = Mapping[str, object]
"""A constructor's arguments as written, without those left at their defaults."""

INPUT = "input_layer"
"""What Keras calls the first layer of a backbone, which does nothing."""
COUNTED = re.compile(
    "(activation|add|average_pooling2d|batch_normalization|concatenate|conv2d|cropping2d|custom_scale_layer|dense|dropout|flatten"
    "|global_average_pooling2d|global_max_pooling2d|layer_normalization|max_pooling2d|multiply|normalization|re_lu|rescaling|reshape"
    r"|zero_padding2d)(_\d+)?"
)
"""The names that Keras gives layers by their class, and counts up in a process."""

WEIGHT_SUFFIXES = (".keras", ".weights.h5", ".weights.json", ".h5", ".hdf5")
"""How the path of a weights file ends, or `load_weights` refuses it; a path without a dot may be an Orbax folder."""


@dataclass(frozen=True)
class BackboneFacts:
    """What Keras's source says of one backbone."""

    name: str
    """The constructor in `keras.applications`."""
    default_side: int
    """Height and width in pixels that its ImageNet weights were trained at."""
    min_side: int
    """The least height and width in pixels that its constructor accepts."""
    preprocess: Literal["caffe", "tf", "torch", "identity"]
    """What its `preprocess_input` does to pixels in 0..255: `caffe` BGR less the mean, `tf` to -1..1, `torch` by
    mean and deviation; `identity` where the model does it itself."""
    arguments: tuple[tuple[str, object], ...]
    """Names and defaults of the constructor's arguments, in order."""
    reads_parity: bool
    """Whether its padding depends on the input's size being odd or even, and on it being known."""

    @property
    def defaults(self) -> dict[str, object]:
        """Argument name to default."""
        return dict(self.arguments)


@dataclass(frozen=True)
class BackboneProblem:
    """One thing wrong with a backbone's arguments or input."""

    kind: str
    """A name for the problem, from `PROBLEMS`."""
    argument: str
    """The argument that the fix belongs to."""
    given: object
    """What was given: sides as (height, width), else the argument's value."""
    expected: tuple[object, ...] = ()
    """What is accepted; a least value for kinds that end in `too-small`."""

    @property
    def refused(self) -> bool:
        """Whether Keras's constructor, or the first batch, fails; otherwise Keras ignores the argument silently."""
        return PROBLEMS[self.kind]


PROBLEMS: dict[str, bool] = {
    "argument-unknown": True,
    "weights-illegal": True,
    "weights-suffix": True,
    "classes-fixed": True,
    "classes-too-small": True,
    "activation-fixed": True,
    "input-shape-differs": True,
    "side-fixed": True,
    "side-unknown": True,
    "side-too-small": True,
    "width-unknown": True,
    "channels-fixed": True,
    "alpha-fixed": True,
    "alpha-too-small": True,
    "depth-multiplier-fixed": True,
    "depth-multiplier-too-small": True,
    "name-fixed": True,
    "pooling-unknown": False,
    "pooling-unused": False,
    "classes-unused": False,
}
"""Every kind of problem, and whether it keeps the model from being built or run."""


@cache
def load_data(name: str) -> Any:
    """The generated description of a backbone; treat as frozen."""
    return json.loads(read_own("ops", "backbones", "data", f"{name}.json"))


@cache
def is_prefixed(name: str) -> bool:
    """Whether names of its layers begin with its own, for which a `~` stands."""
    return b"~" in read_own("ops", "backbones", "data", f"{name}.json")


@cache
def find_facts(name: str) -> BackboneFacts:
    """The facts of one of `BACKBONES`."""
    raw = load_data(name)
    keys = ("default_side", "min_side", "preprocess", "reads_parity")
    return BackboneFacts(name=name, arguments=tuple((k, v) for k, v in raw["arguments"]), **{k: raw[k] for k in keys})


def find_known_sides(args: Args, height: Size, width: Size) -> tuple[int | None, int | None]:
    """The height and width Keras is told: None where only known at run time, or null in `input_shape`."""
    shape = args.get("input_shape")
    told = tuple(shape)[:2] if isinstance(shape, (list, tuple)) else (height, width)
    sides = [n if isinstance(n, int) and told[i] is not None else None for i, n in enumerate((height, width))]
    return sides[0], sides[1]


def check(name: str, args: Args, height: Size, width: Size, channels: int) -> list[BackboneProblem]:
    """Whatever keeps `keras.applications.<name>(**args)` from being built for images of height x width x channels.

    The sides are passed to Keras as `input_shape`, null where known only at run time. Whether a weights file exists
    is not looked at. Types are those of Keras's documentation and are not checked, but for `weights`; give `alpha` as a
    float, as Keras looks for the weights of a MobileNetV3 under its text."""
    values = find_facts(name).defaults | dict(args)
    unknown = [BackboneProblem("argument-unknown", key, args[key]) for key in args if key not in find_facts(name).defaults]
    return [
        *unknown,
        *_check_weights(name, values),
        *_check_top(values, args),
        *_check_sides(name, values, args, height, width, channels),
        *_check_widths(name, values),
    ]


def _check_weights(name: str, values: Args) -> list[BackboneProblem]:
    weights = values["weights"]
    if weights is not None and not isinstance(weights, str):
        return [BackboneProblem("weights-illegal", "weights", weights, (None, "imagenet"))]
    problems = []
    if isinstance(weights, str) and "." in weights.rpartition("/")[2] and not weights.endswith(WEIGHT_SUFFIXES):
        problems.append(BackboneProblem("weights-suffix", "weights", weights, WEIGHT_SUFFIXES))
    activation = values["classifier_activation"]
    if weights is not None and values["include_top"] and activation not in (None, "softmax", "linear"):
        problems.append(BackboneProblem("activation-fixed", "classifier_activation", activation, (None, "softmax")))
    default = find_facts(name).defaults["name"]
    picks_layers = name.startswith("EfficientNetV2")
    picks_file = weights == "imagenet" and name.startswith(("EfficientNet", "ConvNeXt"))
    if values["name"] != default and (picks_layers or picks_file):
        problems.append(BackboneProblem("name-fixed", "name", values["name"], (default,)))
    return problems


def _check_top(values: Args, args: Args) -> list[BackboneProblem]:
    pooling, classes = values["pooling"], values["classes"]
    if not values["include_top"]:
        unused = [BackboneProblem("classes-unused", "classes", classes)] if "classes" in args else []
        unknown = pooling not in (None, "avg", "max")
        return unused + ([BackboneProblem("pooling-unknown", "pooling", pooling, (None, "avg", "max"))] if unknown else [])
    problems = [BackboneProblem("pooling-unused", "pooling", pooling)] if pooling is not None else []
    if values["weights"] == "imagenet" and classes != 1000:
        problems.append(BackboneProblem("classes-fixed", "classes", classes, (1000,)))
    if isinstance(classes, int) and classes < 1:
        problems.append(BackboneProblem("classes-too-small", "classes", classes, (1,)))
    return problems


def _check_sides(name: str, values: Args, args: Args, height: Size, width: Size, channels: int) -> list[BackboneProblem]:
    about, shape = find_facts(name), args.get("input_shape")
    if shape is not None and not _agrees(shape, (height, width, channels)):
        return [BackboneProblem("input-shape-differs", "input_shape", shape, (height, width, channels))]
    sides = find_known_sides(args, height, width)
    imagenet, any_side = values["weights"] == "imagenet", name.startswith("MobileNetV3")
    problems = []
    if imagenet and channels != 3:
        problems.append(BackboneProblem("channels-fixed", "weights", channels, (3,)))
    if None in sides and (name.startswith("NASNet") or (values["include_top"] and not any_side)):
        problems.append(BackboneProblem("side-unknown", "input_shape", (height, width)))
    elif sides[0] is not None and sides[1] is None and about.reads_parity:
        problems.append(BackboneProblem("width-unknown", "input_shape", (height, width)))
    elif imagenet and values["include_top"] and not any_side:
        trained = _list_trained_sides(name)
        if sides[0] != sides[1] or sides[0] not in trained:
            problems.append(BackboneProblem("side-fixed", "weights", (height, width), trained))
    elif any(side is not None and side < about.min_side for side in sides) and not (any_side and None in sides):
        problems.append(BackboneProblem("side-too-small", "input_shape", (height, width), (about.min_side,)))
    return problems


def _agrees(shape: object, size: tuple[Size, Size, int]) -> bool:
    """Whether an `input_shape` says the size, with null for a side it leaves open."""
    if not isinstance(shape, (list, tuple)) or len(shape) != 3:
        return False
    return shape[2] == size[2] and all(s is None or s == n for s, n in zip(shape[:2], size[:2], strict=True))


def _list_trained_sides(name: str) -> tuple[int, ...]:
    """The square sides that a whole ImageNet model, head included, is accepted at."""
    sides = {"MobileNet": (128, 160, 192, 224), "MobileNetV2": (96, 128, 160, 192, 224)}
    return sides.get(name, (find_facts(name).default_side,))


def _check_widths(name: str, values: Args) -> list[BackboneProblem]:
    if "alpha" not in values:
        return []
    alpha, imagenet, problems = values["alpha"], values["weights"] == "imagenet", []
    trained = _list_trained_alphas(name, bool(values.get("minimalistic")))
    if imagenet and alpha not in trained:
        problems.append(BackboneProblem("alpha-fixed", "alpha", alpha, trained))
    elif name == "MobileNet" and isinstance(alpha, (int, float)) and int(32 * alpha) < 1:
        problems.append(BackboneProblem("alpha-too-small", "alpha", alpha, (1 / 32,)))
    multiplier = values.get("depth_multiplier", 1)
    if imagenet and multiplier != 1:
        problems.append(BackboneProblem("depth-multiplier-fixed", "depth_multiplier", multiplier, (1,)))
    elif isinstance(multiplier, int) and multiplier < 1:
        problems.append(BackboneProblem("depth-multiplier-too-small", "depth_multiplier", multiplier, (1,)))
    return problems


def _list_trained_alphas(name: str, minimalistic: bool) -> tuple[float, ...]:
    """The width multipliers that ImageNet weights exist for."""
    if name.startswith("MobileNetV3"):
        return (1.0,) if minimalistic else (0.75, 1.0)
    return (0.25, 0.5, 0.75, 1.0) if name == "MobileNet" else (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
