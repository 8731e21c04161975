"""The evaluator of `keras.applications` models against measured numbers, and, where Keras is there, against Keras."""

from __future__ import annotations

import re
import subprocess
import sys
from math import prod
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec.ir.size import Symbol, make_symbol
from cnnlstm_spec.ops.backbones import walk as backbone
from cnnlstm_spec.ops.backbones.arguments import PROBLEMS

BARE: dict[str, Any] = {"include_top": False, "weights": None}
FULL: dict[str, Any] = {"weights": None}

PARAMETERS = {
    "ConvNeXtTiny": 28_589_128,
    "DenseNet121": 8_062_504,
    "EfficientNetB0": 5_330_571,
    "EfficientNetB7": 66_658_687,
    "EfficientNetV2B0": 7_200_312,
    "InceptionResNetV2": 55_873_736,
    "InceptionV3": 23_851_784,
    "MobileNet": 4_253_864,
    "MobileNetV2": 3_538_984,
    "MobileNetV3Large": 5_507_432,
    "NASNetMobile": 5_326_716,
    "ResNet50": 25_636_712,
    "ResNet50V2": 25_613_800,
    "VGG16": 138_357_544,
    "Xception": 22_910_480,
}
"""The whole model at its default side, as `Model.count_params` has it."""


def count(weights: tuple[backbone.Weight, ...]) -> int:
    return sum(prod(shape) for _, shape, _ in weights)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    side = backbone.find_facts(name).default_side
    assert count(backbone.list_weights(name, FULL, side, side, 3)) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "args", "sides", "shape"),
    [
        ("EfficientNetB0", BARE, (150, 150), (5, 5, 1280)),
        ("EfficientNetB0", {**BARE, "input_shape": [None, None, 3]}, (150, 150), (4, 4, 1280)),
        ("ResNet50", BARE, (150, 101), (5, 4, 2048)),
        ("VGG16", BARE, (150, 150), (4, 4, 512)),
        ("InceptionV3", BARE, (75, 150), (1, 3, 2048)),
        ("MobileNetV2", {**BARE, "alpha": 0.35, "pooling": "avg"}, (96, 96), (1280,)),
        ("MobileNetV2", {**BARE, "alpha": 1.4}, (97, 96), (4, 3, 1792)),
        ("ConvNeXtTiny", BARE, (32, 47), (1, 1, 768)),
        ("VGG16", {"weights": None, "classes": 7}, (64, 32), (7,)),
    ],
)
def test_output_shape(name: str, args: dict[str, Any], sides: tuple[int, int], shape: tuple[int, ...]) -> None:
    assert backbone.infer_output_shape(name, args, *sides) == shape


@pytest.mark.parametrize("name", backbone.BACKBONES)
def test_every_backbone_at_its_least_and_default_side(name: str) -> None:
    facts = backbone.find_facts(name)
    assert facts.name == name and set(facts.defaults) >= {"include_top", "weights", "input_shape", "pooling", "classes"}
    assert not backbone.check(name, BARE, facts.min_side, facts.min_side, 3)
    assert not backbone.check(name, {}, facts.default_side, facts.default_side, 3)
    least = backbone.infer_output_shape(name, BARE, facts.min_side, facts.min_side)
    assert len(least) == 3 and all(isinstance(n, int) and n > 0 for n in least)
    paths = [path for path, _, _ in backbone.list_weights(name, FULL, facts.default_side, facts.default_side, 3)]
    assert len(set(paths)) == len(paths)
    assert not any("~" in path or path.startswith("/") for path in paths)


@pytest.mark.parametrize("name", [name for name in backbone.BACKBONES if not name.startswith("NASNet")])
def test_symbolic_sides_agree_with_a_build_without_a_size(name: str) -> None:
    height, width = make_symbol("height"), make_symbol("width")
    shape, macs = backbone.infer_output_shape(name, BARE, height, width), backbone.count_macs(name, BARE, height, width, 3)
    assert not isinstance(shape[0], int) and not isinstance(shape[1], int) and not isinstance(macs, int)
    for sides in ((96, 131), (150, 77)):
        values = dict(zip((Symbol("height"), Symbol("width")), sides, strict=True))
        unsized = {**BARE, "input_shape": (None, None, 3)}
        assert (shape[0].evaluate(values), shape[1].evaluate(values)) == backbone.infer_output_shape(name, unsized, *sides)[:2]
        assert macs.evaluate(values) == backbone.count_macs(name, unsized, *sides, 3)


LEAST = {"MobileNetV2": 31, "DenseNet121": 29, "EfficientNetB0": 32, "InceptionV3": 75, "Xception": 7, "ResNet50": 1, "VGG16": 32}
"""Of a build without a size, which checks none: tried with Keras, one less fails."""


@pytest.mark.parametrize("name", LEAST)
def test_the_least_side_that_keras_does_not_check(name: str) -> None:
    assert backbone.find_least_side(name, {**BARE, "input_shape": [None, None, 3]}, 224, 224) == LEAST[name]


@pytest.mark.parametrize("argument", ["", ", input_shape: [null, null, 3]"])
@pytest.mark.parametrize(
    ("sides", "codes"),
    [
        ("16, 40", ["image-too-small"]),
        ("40, 16", ["image-too-small"]),
        ("h, 16", ["image-too-small"]),
        ("h, 40", ["depends-on-size"]),
        ("h, w", ["depends-on-size", "depends-on-size"]),
    ],
)
def test_images_that_leave_nothing(sides: str, codes: list[str], argument: str) -> None:
    layers = f"[{{MobileNetV2: {{weights: null, include_top: false{argument}}}}}]"
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {{kind: image, shape: [{sides}, 3]}}, layers: {layers}}}}}\nhead: []\n"
    assert [each.code.name for each in cnnlstm_spec.load(text).diagnostics] == codes


@pytest.mark.keras
@pytest.mark.parametrize("name", ["MobileNetV2", "Xception", "VGG16"])
def test_the_least_side_against_keras(name: str) -> None:
    keras = pytest.importorskip("keras")
    model = getattr(keras.applications, name)(**BARE, input_shape=(None, None, 3))
    assert min(model(keras.Input((LEAST[name], LEAST[name], 3))).shape[1:]) >= 1
    with pytest.raises(ValueError, match="zero or negative"):
        model(keras.Input((LEAST[name] - 1, LEAST[name], 3)))


def test_costs() -> None:
    assert backbone.count_macs("ResNet50", FULL, 224, 224, 3) == 3_857_973_248
    assert backbone.count_macs("VGG16", FULL, 224, 224, 3) == 15_470_264_320
    assert backbone.count_activations("VGG16", FULL, 224, 224, 3) == 15_112_168


def test_first_convolution_and_frozen_statistics() -> None:
    found = {path: (shape, trainable) for path, shape, trainable in backbone.list_weights("EfficientNetB0", BARE, 64, 64, 1)}
    assert found["stem_conv/kernel"] == ((3, 3, 1, 32), True)
    assert found["normalization/mean"] == ((1,), False)
    assert found["top_bn/moving_mean"] == ((1280,), False)


@pytest.mark.parametrize(
    ("name", "args", "size", "kind"),
    [
        ("ResNet50", BARE, (31, 64, 3), "side-too-small"),
        ("Xception", BARE, (70, 71, 3), "side-too-small"),
        ("InceptionV3", BARE, (74, 75, 3), "side-too-small"),
        ("ResNet50", {"include_top": False}, (64, 64, 1), "channels-fixed"),
        ("ResNet50", {}, (64, 64, 3), "side-fixed"),
        ("MobileNet", {}, (128, 160, 3), "side-fixed"),
        ("ResNet50", {"classes": 7}, (224, 224, 3), "classes-fixed"),
        ("ResNet50", {"classifier_activation": "relu"}, (224, 224, 3), "activation-fixed"),
        ("ResNet50", {"weights": 3}, (224, 224, 3), "weights-illegal"),
        ("ResNet50", {"weights": "mine.ckpt"}, (224, 224, 3), "weights-suffix"),
        ("ResNet50", FULL, (make_symbol("h"), make_symbol("w"), 3), "side-unknown"),
        ("NASNetMobile", BARE, (make_symbol("h"), 64, 3), "side-unknown"),
        ("MobileNetV2", BARE, (64, make_symbol("w"), 3), "width-unknown"),
        ("MobileNetV2", {"include_top": False, "alpha": 0.9}, (64, 64, 3), "alpha-fixed"),
        ("MobileNetV3Small", {"minimalistic": True, "alpha": 0.75}, (64, 64, 3), "alpha-fixed"),
        ("MobileNet", {**BARE, "alpha": 0.02}, (64, 64, 3), "alpha-too-small"),
        ("MobileNet", {"depth_multiplier": 2}, (224, 224, 3), "depth-multiplier-fixed"),
        ("ResNet50", {**BARE, "alpha": 0.5}, (64, 64, 3), "argument-unknown"),
        ("ResNet50", {**BARE, "input_shape": [96, 96, 3]}, (64, 64, 3), "input-shape-differs"),
        ("ResNet50", {**BARE, "input_shape": [None]}, (64, 64, 3), "input-shape-differs"),
        ("EfficientNetV2B0", {**BARE, "name": "mine"}, (64, 64, 3), "name-fixed"),
        ("ResNet50", {**BARE, "pooling": "mean"}, (64, 64, 3), "pooling-unknown"),
        ("ResNet50", {**FULL, "pooling": "avg"}, (64, 64, 3), "pooling-unused"),
        ("ResNet50", {**BARE, "classes": 7}, (64, 64, 3), "classes-unused"),
    ],
)
def test_check(name: str, args: dict[str, Any], size: tuple[Any, Any, int], kind: str) -> None:
    (problem,) = backbone.check(name, args, *size)
    assert problem.kind == kind and problem.refused == PROBLEMS[kind]


@pytest.mark.parametrize(
    ("name", "args", "size"),
    [
        ("ResNet50", BARE, (make_symbol("h"), make_symbol("w"), 3)),
        ("ResNet50", BARE, (64, 64, 5)),
        ("MobileNetV3Small", {}, (64, 200, 3)),
        ("MobileNetV2", {"alpha": 1.3}, (96, 96, 3)),
        ("ResNet50", {**BARE, "input_shape": [None, None, 3]}, (64, 64, 3)),
    ],
)
def test_check_is_silent(name: str, args: dict[str, Any], size: tuple[Any, Any, int]) -> None:
    assert backbone.check(name, args, *size) == []


def test_no_file_is_read_at_import() -> None:
    code = (
        "import sys, cnnlstm_spec.ops.backbones.walk as b; assert not (b.load_data.cache_info().misses or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


KERAS_BUILDS: list[tuple[dict[str, Any], tuple[int, int, int]]] = [
    (BARE, (96, 131, 3)),
    ({**BARE, "pooling": "max"}, (77, 80, 1)),
    ({**FULL, "classes": 3}, (90, 75, 3)),
]


@pytest.mark.keras
@pytest.mark.sampled("name", "size")
@pytest.mark.parametrize(("args", "size"), KERAS_BUILDS)
@pytest.mark.parametrize("name", ["EfficientNetB0", "ResNet50", "VGG16", "MobileNetV2", "InceptionV3", "ConvNeXtTiny"])
def test_against_keras(name: str, args: dict[str, Any], size: tuple[int, int, int]) -> None:
    import keras

    keras.backend.clear_session(free_memory=False)
    # No values for the weights: VGG16 alone would take half a gigabyte.
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, name)(**args, input_shape=size)
    weights = [(re.sub(r"/variable_\d+$", "/variable", w.path), tuple(w.shape), w.trainable) for w in model.weights]
    assert list(backbone.list_weights(name, args, *size)) == weights
    assert backbone.infer_output_shape(name, args, *size[:2]) == tuple(model.output.shape[1:])
    inner = {layer: backbone.infer_inner_shape(name, args, *size, layer) for layer in backbone.list_layers(name, args, size[2])}
    given = {layer.name: tuple(layer._inbound_nodes[-1].output_tensors[0].shape[1:]) for layer in model.layers[1:]}
    assert list(inner.items()) == list(given.items())
