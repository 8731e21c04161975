"""What is said of the scaling of pixels before a backbone, and where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.model.rules.pixels import WAYS
from cnnlstm_spec.ops.backbones.walk import BACKBONES, find_facts

PRETRAINED = "include_top: false, weights: imagenet"
SCRATCH = "include_top: false, weights: null"
TF = "Rescaling: {scale: 1/127.5, offset: -1}"


def codes(*layers: str, dtype: str = "float32", kind: str = "image", shape: str = "[96, 96, 3]") -> list[str]:
    """The codes found in a branch of those layers."""
    listed = "".join(f"      - {each}\n" for each in layers)
    text = f"version: 1\nname: p\nbranches:\n  x:\n    input: {{kind: {kind}, shape: {shape}, dtype: {dtype}}}\n"
    pool = "GlobalAveragePooling2D" if kind == "image" else "Flatten"
    found = load(text + f"    layers:\n{listed}      - {pool}\nhead: [{{Dense: {{units: 1}}}}]\n").diagnostics
    return [each.code.name for each in found]


@pytest.mark.parametrize(
    "layers",
    [
        [f"MobileNetV2: {{{PRETRAINED}}}"],
        [f"DenseNet121: {{{PRETRAINED}}}"],
        ["Resizing: {height: 80, width: 80}", "RandomFlip", f"InceptionV3: {{{PRETRAINED}}}"],
        [f"MobileNetV3Small: {{{PRETRAINED}, include_preprocessing: false}}"],
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_raw(layers: list[str], dtype: str) -> None:
    assert codes(*layers, dtype=dtype) == ["pixels-not-scaled"]


def test_raw_for_a_model_that_no_layer_can_scale_for() -> None:
    assert codes(f"VGG16: {{{PRETRAINED}}}", dtype="uint8") == ["pixels-not-scaled"]
    assert codes(f"VGG16: {{{PRETRAINED}}}") == []


def test_raw_in_every_frame() -> None:
    layer = f"TimeDistributed: [{{MobileNetV2: {{{PRETRAINED}, pooling: avg}}}}]"
    assert codes(layer, kind="video", shape="[5, 96, 96, 3]") == ["pixels-not-scaled"]
    assert codes(TF, layer, kind="video", shape="[5, 96, 96, 3]") == []


def test_a_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "own.weights.h5").touch()
    text = "version: 1\nname: p\nbranches:\n  x:\n    input: {{kind: image, shape: [96, 96, 3], dtype: {dtype}}}\n    layers:\n"
    text += "      - MobileNetV2: {{weights: own.weights.h5, include_top: false, pooling: avg}}\nhead: []\n"
    for dtype, expected in (("uint8", ["pixels-not-scaled"]), ("float32", [])):
        (tmp_path / "spec.yaml").write_text(text.format(dtype=dtype))
        assert [each.code.name for each in load(tmp_path / "spec.yaml").diagnostics] == expected


@pytest.mark.parametrize(
    "layers",
    [
        [f"MobileNetV2: {{{SCRATCH}}}"],
        [TF, f"MobileNetV2: {{{PRETRAINED}}}"],
        ["Rescaling: {scale: 1}", f"MobileNetV2: {{{PRETRAINED}}}"],
        ["Normalization: {mean: 127, variance: 4000}", f"DenseNet121: {{{PRETRAINED}}}"],
        ["BatchNormalization", f"MobileNetV2: {{{PRETRAINED}}}"],
        ["Conv2D: {filters: 3, kernel_size: 1}", f"MobileNetV2: {{{PRETRAINED}}}"],
        [f"EfficientNetB0: {{{PRETRAINED}}}"],
        ["Rescaling: {scale: 255}", f"EfficientNetB0: {{{PRETRAINED}}}"],
        ["Rescaling: {scale: 1/255}", "Rescaling: {scale: 255}", f"EfficientNetB0: {{{SCRATCH}}}"],
        ["Rescaling: {scale: 1/255}", "Conv2D: {filters: 3, kernel_size: 1}", f"EfficientNetB0: {{{SCRATCH}}}"],
        ["Rescaling: {scale: 1/255}", f"MobileNetV3Small: {{{SCRATCH}, include_preprocessing: false}}"],
    ],
)
def test_silent(layers: list[str]) -> None:
    assert codes(*layers) == []


@pytest.mark.parametrize("model", ["EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny", "MobileNetV3Large"])
@pytest.mark.parametrize("scale", ["1/255", "[1/255, 1/127.5, 1/255]"])
def test_twice(model: str, scale: str) -> None:
    assert codes(f"Rescaling: {{scale: {scale}}}", "RandomFlip", f"{model}: {{{SCRATCH}}}") == ["pixels-scaled-twice"]
    assert codes(f"Rescaling: {{scale: {scale}}}", f"{model}: {{{PRETRAINED}}}") == ["pixels-scaled-twice"]


def test_sixteen_bits() -> None:
    assert codes("Rescaling: {scale: 1/257}", f"EfficientNetB0: {{{SCRATCH}}}", dtype="uint16") == []
    assert codes("Rescaling: {scale: 1/65535}", f"EfficientNetB0: {{{SCRATCH}}}", dtype="uint16") == ["pixels-scaled-twice"]


def test_every_way_has_words() -> None:
    assert {find_facts(name).preprocess for name in BACKBONES} == set(WAYS)
