"""Inner layers of backbones in Keras: what they give, whose weights they have, and what a part that is frozen does in training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.program import find_calls
from cnnlstm_spec.ops.backbones.walk import BACKBONES, find_facts, is_counted, list_layers

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

BASE: dict[str, Any] = {"weights": None, "include_top": False, "name": "base"}
POOLED: Any = ["GlobalAveragePooling2D", {"Dense": {"units": 1}}]
QUICK: dict[str, Any] = {
    "MobileNet": {"alpha": 0.25},
    "MobileNetV3Small": {"alpha": 0.35},
    "VGG16": {},
}
"""Built in each run of the tests, of one with names that Keras counts up two. All others are built with `--whole`."""


def load(branches: Any, heads: Any, folder: Path | None = None, **more: Any) -> Compilation:
    """A spec in JSON, without errors."""
    text = json.dumps({"version": 1, "name": "t", "branches": branches, "heads": heads, **more})
    if folder is not None:
        (folder / "spec.yaml").write_text(text)
    found = cnnlstm_spec.load(text if folder is None else folder / "spec.yaml")
    assert found.ok, [each.message for each in found.diagnostics]
    return found


def image(*layers: Any, side: int = 32, channels: int = 3) -> Any:
    return {"input": {"kind": "image", "shape": [side, side, channels]}, "layers": list(layers)}


def pixels(*shape: int) -> Any:
    import numpy

    return numpy.random.default_rng(0).uniform(0, 255, shape).astype("float32")


def apart(first: Any, second: Any) -> float:
    import numpy

    return float(numpy.max(numpy.abs(numpy.asarray(first) - numpy.asarray(second))) / (1e-6 + numpy.max(numpy.abs(first))))


def randomized(model: Any) -> Any:
    """The model with other moving statistics, which all begin alike."""
    import numpy

    draw = numpy.random.default_rng(1)
    for weight in model.weights:
        if "moving" in weight.path:
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
    return model


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.whole(every=12)) for name in sorted(BACKBONES)]
)
def test_weights_of_the_whole_backbone_load_into_what_is_left_of_it(name: str, tmp_path: Path, fresh: Any) -> None:
    """The file is written by Keras's own class; the branch that reads it comes second, after one that counts names up."""
    import keras
    import networks

    side, more = max(find_facts(name).min_side, 32), QUICK.get(name, {})
    args = {"weights": None, "include_top": False, **more}
    keras.utils.clear_session(free_memory=False)
    full = randomized(getattr(keras.applications, name)(**args, input_shape=(side, side, 3)))
    full.save_weights(tmp_path / "full.weights.h5")
    names = [layer.name for layer in full.layers[1:]]
    assert names == list(list_layers(name, args, 3))
    inner = names[len(names) // 2]
    expected = keras.Model(full.input, full.get_layer(inner).output)(pixels(2, side, side, 3))
    kept = {layer.name for layer in keras.Model(full.input, full.get_layer(inner).output).layers[1:]}
    base = {name: {**args, "name": "base", "weights": "full.weights.h5"}}
    branches, heads = {"x": image(base, side=side)}, {"y": {"inputs": [f"x.base.{inner}"], "layers": []}}
    given = {"x": pixels(2, side, side, 3)}
    if is_counted(name, args):
        branches = {"other": image({name: {**args, "name": "other"}}, side=side), **branches}
        heads["z"] = {"inputs": [f"other.other.{names[0]}"], "layers": []}
        given["other"] = given["x"]
    compilation = load(branches, heads, tmp_path)
    model = compilation.to_keras()
    networks.compare(compilation, model)
    cut = model.get_layer("base")
    assert {layer.name for layer in cut.layers[1:]} == kept
    assert [each for each in names if each in kept] == list(compilation.typed.nodes["base"].node.op.list_kept())  # type: ignore
    assert apart(expected, model(given)["y"]) < 1e-5
    model.save(tmp_path / "model.keras")
    assert apart(expected, keras.models.load_model(tmp_path / "model.keras")(given)["y"]) < 1e-5


@pytest.fixture(scope="module")
def video() -> Compilation:
    """Frames through a backbone whose end, and two layers of which, are read; batch norms before a layer are frozen, and all held."""
    base = {"MobileNetV2": {**BASE, "alpha": 0.35, "train_from": "block_13_expand", "freeze_batch_norm": True}}
    timed = {"TimeDistributed": [base, "GlobalAveragePooling2D"]}
    step: Any = [{"TimeDistributed": ["GlobalAveragePooling2D"]}, {"GRU": {"units": 2}}]
    return load(
        {"x": {"input": {"kind": "video", "shape": ["frames", 32, 32, 3]}, "layers": [timed]}},
        {
            "end": {"inputs": ["x"], "layers": [{"GRU": {"units": 2}}]},
            "skip": {"inputs": ["x.base.block_3_expand_relu"], "layers": step},
            "early": {"inputs": ["x.base.Conv1"], "layers": []},
        },
        compile={"optimizer": {"SGD": {"learning_rate": 1.0}}, "loss": {"end": "mse", "skip": "mse", "early": None}},
    )


@pytest.fixture(scope="module")
def built(video: Compilation) -> Any:
    return video.to_keras()


def test_each_frame_by_itself(built: Any) -> None:
    import keras

    clip = pixels(2, 3, 32, 32, 3)
    base = built.get_layer("base")
    alone = keras.Model(base.input, base.outputs[0])
    expected = [alone(clip[:, frame]) for frame in range(3)]
    found = built(clip)["early"]
    assert all(apart(each, found[:, frame]) < 1e-5 for frame, each in enumerate(expected))


def test_what_is_frozen_stays_in_training_and_in_a_loaded_file(built: Any, tmp_path: Path) -> None:
    import keras
    import numpy

    order = list(list_layers("MobileNetV2", {**BASE, "alpha": 0.35}, 3))
    after = order[order.index("block_13_expand") :]
    built.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (built, loaded):
        base = each.get_layer("base")
        trained = {layer.name for layer in base.layers if layer.trainable_weights}
        assert trained == {name for name in after if base.get_layer(name).weights and "BN" not in name and name != "Conv_1_bn"}
    before = {weight.path: weight.numpy() for weight in base.weights}
    loaded.run_eagerly = True
    loaded.fit(pixels(2, 3, 32, 32, 3) / 255, {"end": numpy.ones((2, 2)), "skip": numpy.ones((2, 2))}, verbose=0)
    changed = {path.split("/")[-2] for path, value in before.items() if apart(value, _weight(base, path)) > 0}
    assert "Conv_1" in changed and changed <= trained


def _weight(model: Any, path: str) -> Any:
    return next(weight.numpy() for weight in model.weights if weight.path == path)


@pytest.mark.parametrize(("name", "layer"), [("MobileNetV2", "Conv1"), ("VGG16", "block1_conv1")])
def test_preprocess_input_is_that_of_keras(name: str, layer: str, fresh: Any) -> None:
    """To -1 and 1, or BGR less the mean."""
    import keras

    module = {"MobileNetV2": "mobilenet_v2", "VGG16": "vgg16"}[name]
    net = {name: {**BASE, "preprocess_input": True}}
    model = load({"x": image(net)}, {"y": {"inputs": [f"x.base.{layer}"], "layers": []}}).to_keras()
    images = pixels(2, 32, 32, 3)
    expected = model.get_layer("base")(getattr(keras.applications, module).preprocess_input(images.copy()))
    assert apart(expected, model.predict(images, verbose=0)["y"]) < 1e-5


def test_preprocess_input_by_mean_and_deviation(fresh: Any) -> None:
    import keras

    from cnnlstm_spec.emit.keras.run import make

    program = load({"x": image({"DenseNet121": {**BASE, "preprocess_input": True}})}, {"y": POOLED}).program
    calls = (call for statement in program.statements for call in find_calls(statement))
    (scaling,) = (call for call in calls if call.path == "keras.layers.Rescaling")
    images = pixels(2, 32, 32, 3)
    expected = keras.applications.densenet.preprocess_input(images.copy())
    assert apart(expected, make(scaling)(images)) < 1e-5


def test_preprocess_input_that_does_nothing() -> None:
    plain, told = (load({"x": image({"EfficientNetB0": {**BASE, **more}})}, {"y": POOLED}) for more in ({}, PREPROCESSED))
    assert told.to_python() == plain.to_python()


PREPROCESSED = {"preprocess_input": True}


@pytest.mark.whole
@pytest.mark.parametrize("emitted", [False, True])
def test_each_inner_layer_has_the_rate_of_the_last_that_is_named(emitted: bool, tmp_path: Path, fresh: Any) -> None:
    """Of two backbones with names that Keras counts up; in the model, or what emitted source builds, and in a loaded file."""
    import keras

    net = {"MobileNetV3Small": {**BASE, "alpha": 0.35}}
    multipliers = {
        "branches.a": 0.5,
        "branches.a.base.expanded_conv_2_expand": 0.1,
        "branches.b.base.activation_3": 0.2,
        "branches.b.base.expanded_conv_9_expand": 0.3,
    }
    section = {"optimizer": {"SGD": {"learning_rate": 1.0}}, "loss": {"y": "mse"}, "learning_rate_multipliers": multipliers}
    fusion = [{"name": "f", "strategy": "concat", "inputs": ["a", "b"]}]
    compilation = load({"a": image(net), "b": image(net)}, {"y": POOLED}, fusion=fusion, compile=section)
    module: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(compilation.to_python(), "emitted.py", "exec"), module)
    models = {"built": module["build_model"]() if emitted else compilation.to_keras()}
    models["built"].save(tmp_path / "model.keras")
    models["loaded"] = keras.models.load_model(tmp_path / "model.keras")
    order = list(list_layers("MobileNetV3Small", {**BASE, "alpha": 0.35}, 3))
    for where, model in models.items():
        for holder, first in (("a_base", 0.5), ("b_base", 1.0)):
            factor, factors = first, {}
            for name in order:
                factor = multipliers.get(f"branches.{holder[0]}.base.{name}", factor)
                factors[name] = factor
            for layer in model.get_layer(holder).layers:
                for variable in layer.trainable_variables:
                    rate = float(model.optimizer._optimizer_map(variable).learning_rate)
                    assert rate == pytest.approx(factors[layer.name.partition(".")[0]]), (where, holder, layer.name)


def test_phases_freeze_and_thaw_parts_of_a_backbone(fresh: Any) -> None:
    """`unfreeze` of an inner layer thaws it and what comes after it, of a backbone that is frozen whole; norms that are held stay."""
    from cnnlstm_spec.runs.train.phases import begin, list_stretches

    net = {"MobileNetV2": {**BASE, "alpha": 0.35, "freeze_batch_norm": True}}
    phases = [
        {"name": "head", "epochs": 1, "freeze": ["branches.x.base"]},
        {"name": "top", "epochs": 1, "unfreeze": ["branches.x.base.block_16_expand"]},
        {"name": "all", "epochs": 1, "unfreeze": ["branches.x"]},
        {"name": "last", "epochs": 1, "freeze": ["branches.x.base.block_15_add"]},
        {"name": "others", "epochs": 1, "unfreeze": ["branches"]},
    ]
    held = image({"Conv2D": {"filters": 8, "kernel_size": 1, "strides": 32, "use_bias": False}}, "BatchNormalization")
    compilation = load(
        {"x": image(net), "held": {**held, "freeze_batch_norm": True}},
        {"y": POOLED},
        fusion=[{"name": "f", "strategy": "concat", "inputs": ["x", "held"]}],
        compile={"optimizer": "sgd", "loss": {"y": "mse"}},
        fit={"phases": phases},
    )
    spec = compilation.spec
    assert spec is not None and spec.fit is not None
    model, every = compilation.to_keras(), list_stretches(spec.fit)
    trained = []
    for place, each in enumerate(every):
        begin(model, compilation, every[:place], each, {}, {})
        trained.append({layer.name for layer in model.get_layer("base").layers if layer.trainable_weights})
        assert not model.get_layer("held_batch_normalization").trainable and model.get_layer("held_conv2d").trainable
    assert not any("BN" in name or "bn" in name for names in trained for name in names)
    assert trained[0] == set()
    assert "block_16_expand" in trained[1] and "block_15_project" not in trained[1] and "Conv_1" in trained[1]
    assert "Conv1" in trained[2]
    assert trained[3] == trained[1] and trained[4] == trained[2]
