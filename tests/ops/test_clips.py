"""Layers of images on a video: one draw for all frames of a clip, each of which is as the layer makes of an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small import codes, spec

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.model.frames import is_clip
from cnnlstm_spec.ops import find_op
from cnnlstm_spec.ops.augment.factors import Augmentation

ALIKE: dict[str, dict[str, Any]] = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomZoom": {"height_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomShear": {"x_factor": [0.0, 0.3]},
    "RandomPerspective": {"scale": 0.5},
    "RandomContrast": {"factor": 0.9},
    "RandomBrightness": {"factor": 0.4},
    "RandomGaussianBlur": {},
    "RandomSharpness": {"factor": [0.1, 1.0]},
    "RandomPosterization": {"factor": [1, 5]},
    "RandomInvert": {},
    "RandomErasing": {"fill_value": 7},
    "RandomCrop": {"height": 4, "width": 5},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.5},
    "RandomHue": {"factor": 0.5},
    "RandomSaturation": {"factor": [0.1, 0.9]},
    "RandomColorJitter": {"brightness_factor": 0.3, "saturation_factor": 0.7, "hue_factor": 0.3},
    "RandomGrayscale": {},
    "RandomColorDegeneration": {"factor": 0.8},
    "CenterCrop": {"height": 4, "width": 5},
    "Resizing": {"height": 4, "width": 5},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": [2, 2]},
}
"""Every layer of images that may stand on a video, with arguments that draw widely."""
APART = ("CutMix", "MixUp", "AugMix", "RandAugment", "RandomElasticTransform", "RandomErasing")
SEED = {"seed": 3}


def arguments(name: str) -> dict[str, Any]:
    """The arguments of a layer, with a seed where it takes one."""
    op = find_op(name)
    assert op is not None
    return {**ALIKE[name], **(SEED if "seed" in op.arguments else {})}


def test_all_are_here() -> None:
    """No layer of images is without an answer."""
    from cnnlstm_spec.ops import list_ops

    readers = [op for op in list_ops() if "place_frames" in {key for each in op.__mro__ for key in vars(each) if each is not Op}]
    assert {op.title() for op in readers} == {*ALIKE, *APART}


@pytest.mark.parametrize("name", APART)
def test_one_that_cannot(name: str) -> None:
    """The error says what `TimeDistributed` would do, and of one that could with other arguments, with which."""
    (error,) = spec("[4, 8, 8, 3]", "video", f"[{name}, Flatten]").diagnostics
    assert error.code.name == "wrong-rank" and "each frame of a clip draws by itself" in str(error.help)
    assert ("`fill_value`" in str(error.help)) == (name == "RandomErasing")


@pytest.mark.parametrize("shape", ["[4, null, 8, 3]", "[4, 8, w, 3]", "[4, h, null, 3]"])
def test_frames_of_unknown_size(shape: str) -> None:
    (error,) = spec(shape, "video", "[RandomFlip]").diagnostics
    assert (error.code.name, error.severity) == ("size-needed-at-build", "error")


def test_what_stays() -> None:
    """The mask, the frames and their names; a layer of images where there is no video is as before."""
    compilation = spec(
        "[t, 8, 8, 3]",
        "video",
        "[{Resizing: {height: 4, width: 5}}, {TimeDistributed: [Flatten]}, GlobalAveragePooling1D]",
        input=", padding_value: 0",
    )
    assert codes(compilation) == [] and compilation.typed is not None
    x = compilation.typed.nodes["x_resizing"].type
    assert x is not None and x.shape == ("t", 4, 5, 3) and x.mask is not None
    assert "wrong-rank" in codes(spec("[2, 2, 8, 8, 3]", "tensor", "[RandomFlip]", input=", axes: [a, b, c, d, e]"))
    assert "rank-misread" in codes(spec("[8, 3]", "sequence", "[RandomFlip]"))
    image = spec("[8, 8, 3]", "image", "[RandomFlip]").typed
    assert image is not None and not any(is_clip(each.node.op, each.inputs) for each in image.nodes.values() if each.node.op)


@pytest.mark.parametrize("name", [*ALIKE, "CutMix"])
def test_inside_time_distributed(name: str) -> None:
    """What is drawn is drawn for each frame, which is said; what is not drawn is not."""
    import json

    op = find_op(name)
    layer = {name: ALIKE.get(name, {})}
    found = codes(spec("[4, 8, 8, 3]", "video", f"[{{TimeDistributed: [{json.dumps(layer)}]}}]"))
    drawn = op is not None and issubclass(op, Augmentation) and op.draws_for_images
    assert found == (["frames-drawn-apart"] if drawn else [])


def whole(clip: str) -> Compilation:
    """Every layer on a video of its own, each with a head."""
    import json

    lines = ["version: 1", "name: clips", "branches:"]
    for name in ALIKE:
        lines += [f"  {name}:", f"    input: {{kind: video, shape: {clip}}}"]
        lines.append(f"    layers: [{json.dumps({name: {**arguments(name), 'name': f'{name}_layer'}})}]")
    lines += ["heads:", *(f"  of_{name}: {{inputs: [{name}]}}" for name in ALIKE)]
    return load("\n".join(lines) + "\n")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("clip", [pytest.param("[4, 8, 7, 3]", marks=pytest.mark.whole), "[frames, 8, 7, 3]"])
def test_in_keras(clip: str, tmp_path: Path, fresh: Any) -> None:
    """In training each frame is what the layer makes of it as an image with the same draw; in `predict` nothing is drawn."""
    import numpy
    import tensorflow as tf

    compilation = whole(clip)
    assert codes(compilation) == []
    model = compilation.to_keras()
    model.save(tmp_path / "m.keras")
    rng = numpy.random.default_rng(0)
    values = rng.uniform(0, 255, (5, 4, 8, 7, 3)).astype("float32")
    data = dict.fromkeys(ALIKE, values)
    trained = tf.function(lambda x: model(x, training=True))({name: tf.constant(x) for name, x in data.items()})
    predicted = fresh.models.load_model(tmp_path / "m.keras", safe_mode=True).predict(data, verbose=0)
    for name in ALIKE:
        op = find_op(name)
        assert op is not None
        frames = []
        for t in range(4):
            layer = getattr(fresh.layers, name)(**arguments(name))
            frames.append(layer(values[:, t], training=True).numpy())
        got = trained[f"of_{name}"].numpy()
        assert got.dtype == frames[0].dtype and numpy.abs(got - numpy.stack(frames, 1)).max() < 1e-3, name
        seen = predicted[f"of_{name}"]
        assert seen.shape == got.shape
        if op.only_in_training:
            assert (seen == values).all() and not numpy.allclose(got, values), name
        elif name != "RandomCrop":
            assert numpy.allclose(seen, got, atol=1e-3), name


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("policy", ["mixed_float16", pytest.param("float64", marks=pytest.mark.whole)])
def test_on_other_types(policy: str, fresh: Any) -> None:
    """Integers, other policies, channels first, masked frames and one layer for images and clips; in `fit` it is drawn."""
    import numpy
    from networks import compare, random_inputs

    text = f"""version: 1
name: clips
branches:
  bytes:
    input: {{kind: video, shape: [t, 8, 6, 3], dtype: uint8, padding_value: 0}}
    layers:
      - {{RandomBrightness: {{factor: 0.4}}}}
      - {{Resizing: {{height: 4, width: 6, share: size}}}}
      - {{RandomHue: {{factor: 0.2, dtype: float32}}}}
      - TimeDistributed: [Flatten]
      - LSTM: {{units: 2}}
  first:
    input: {{kind: video, shape: [3, 3, 8, 6]}}
    layers: [{{RandomContrast: {{factor: 0.5}}}}, {{RandomSaturation: {{factor: [0.1, 0.9], data_format: channels_first}}}},
      {{RandomFlip: {{data_format: channels_first}}}}, Flatten]
  still:
    input: {{kind: image, shape: [9, 9, 3]}}
    layers: [{{Resizing: {{height: 4, width: 6, share: size}}}}, Flatten]
fusion: {{strategy: concat}}
head: [{{Dense: {{units: 1, kernel_initializer: ones}}}}]
compile: {{loss: mse, optimizer: {{SGD: {{learning_rate: 1e-12}}}}, dtype_policy: {policy}}}
"""
    compilation = load(text)
    assert [each.code.name for each in compilation.diagnostics if each.severity == "error"] == []
    model = compilation.to_keras()
    compare(compilation, model)
    data = random_inputs(compilation, {"t": 4})
    labels = model.predict(data, verbose=0)
    assert model.evaluate(data, labels, verbose=0) < 1e-3 < model.fit(data, labels, verbose=0).history["loss"][0]
    assert numpy.isfinite(labels).all()
