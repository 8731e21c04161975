"""Every weight has the learning rate that is asked for it: in the model, in emitted source, and in a saved model once loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from layers import judge, op_classes

import cnnlstm_spec
from cnnlstm_spec.ir.op import Example, Op

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

RATE = 0.01
"""Keras's default of SGD."""


def rates(model: Any) -> dict[str, float]:
    """The learning rate of every weight that is trained, by its layer in the model and its path."""
    found = {}
    for layer in model.layers:
        for variable in layer.trainable_variables:
            rate = model.optimizer._optimizer_map(variable).learning_rate
            found[f"{layer.name}: {variable.path}"] = float(rate)
    return found


def check(text: str, wanted: dict[str, float], folder: Path) -> None:
    """Holds the rates against the factor wanted for each layer by its name's beginning, 1 for others."""
    import keras

    keras.utils.clear_session(free_memory=False)
    compilation = cnnlstm_spec.load(text)
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    module: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(compilation.to_python(), "emitted.py", "exec"), module)
    models = {"built": compilation.to_keras(), "emitted": module["build_model"]()}
    model = models["built"]
    for loaded in ("loaded", "loaded again"):
        model.save(folder / "model.keras")
        model = models[loaded] = keras.models.load_model(folder / "model.keras")
    for name, model in models.items():
        given = rates(model)
        for variable, rate in given.items():
            factor = next((factor for begins, factor in wanted.items() if variable.startswith(begins)), 1.0)
            assert rate == pytest.approx(RATE * factor), (name, variable)
        for begins in wanted:
            assert any(variable.startswith(begins) for variable in given), (name, begins)


def spec(branches: dict[str, Any], fusions: list[Any], multipliers: dict[str, float]) -> str:
    """A spec, in JSON, with a head for each branch or fusion that nothing reads."""
    read = {name for fusion in fusions for name in fusion["inputs"]}
    ends = [name for name in (*branches, *(fusion["name"] for fusion in fusions)) if name not in read]
    heads = {f"{name}_out": {"inputs": [name]} for name in ends}
    train = {"optimizer": "sgd", "loss": dict.fromkeys(heads, "mse"), "learning_rate_multipliers": multipliers}
    more = {"fusion": fusions} if fusions else {}
    return json.dumps({"version": 1, "name": "t", "branches": branches, **more, "heads": heads, "compile": train}, indent=1)


def tensor(shape: tuple[int | None, ...], dtype: str, *outer: int) -> dict[str, Any]:
    sizes = [*outer, *(6 if size is None else size for size in shape)]
    return {"kind": "tensor", "shape": sizes, "axes": [f"a{i}" for i in range(len(sizes))], "dtype": dtype}


def trained(op_class: type[Op], example: Example) -> bool:
    """Whether an example has weights to train."""
    verdict = judge(op_class.make(**example.arguments), example.shapes, example.dtype, unknown=6)
    return any(trainable for _, _, trainable in verdict.weights)


CASES = {op.__name__: [each for each in op.examples if trained(op, each)] for op in op_classes()}


@pytest.mark.sampled(every=12, long=3)
@pytest.mark.parametrize("op", [op for op, examples in CASES.items() if examples])
def test_every_layer_with_weights(op: str, tmp_path: Path) -> None:
    """Beside another like it that has no multiplier; shared, and in `TimeDistributed`, where it has one input."""
    branches: dict[str, Any] = {}
    fusions: list[Any] = []
    multipliers: dict[str, float] = {}
    wanted: dict[str, float] = {}
    for index, each in enumerate(CASES[op]):
        for kind, factor in (("slow", 0.1), ("plain", 1.0)):
            name = f"{kind}{index}"
            layer = {op: {key: value for key, value in each.arguments.items() if key != "mask_zero"}}
            wanted[name] = factor
            if len(each.shapes) > 1:
                inputs = [f"{name}_{i}" for i in range(len(each.shapes))]
                branches |= {
                    branch: {"input": tensor(shape, each.dtype)} for branch, shape in zip(inputs, each.shapes, strict=True)
                }
                fusions.append({"name": name, "layer": layer, "inputs": inputs})
            else:
                branches[name] = {"input": tensor(each.shapes[0], each.dtype), "layers": [layer]}
            if factor != 1:
                multipliers[f"{'fusion' if len(each.shapes) > 1 else 'branches'}.{name}"] = factor
        if index == 0 and len(each.shapes) == 1:
            inner = {"TimeDistributed": [{op: {**each.arguments, "share": "one"}}]}
            branches["time"] = {"input": tensor(each.shapes[0], each.dtype, 3), "layers": [inner]}
            branches["again"] = {"input": tensor(each.shapes[0], each.dtype, 3), "layers": [inner]}
            multipliers["branches.time"] = wanted["time"] = 0.3
    check(spec(branches, fusions, multipliers), wanted, tmp_path)


BACKBONE = {"weights": None, "include_top": False, "pooling": "avg"}
IMAGE = {"kind": "image", "shape": [32, 32, 3]}


@pytest.mark.whole
def test_backbones_and_layers_of_equal_names(tmp_path: Path) -> None:
    """Two backbones of one kind at different rates, a third at none, and a layer named as one in all of them."""
    small = {"MobileNetV2": {**BACKBONE, "alpha": 0.35}}
    layers = [{"MobileNetV2": {**small["MobileNetV2"], "name": "cnn"}}, {"Dense": {"units": 2, "name": "Conv1"}}]
    video = {"kind": "video", "shape": [2, 32, 32, 3]}
    branches: dict[str, Any] = {
        "one": {"input": IMAGE, "layers": layers},
        "two": {"input": video, "layers": [{"TimeDistributed": [small]}]},
        "three": {"input": IMAGE, "layers": [small]},
    }
    multipliers = {"branches.one.cnn": 0.1, "branches.two": 0.2, "branches.one.Conv1": 0.5}
    check(spec(branches, [], multipliers), {"cnn": 0.1, "two": 0.2, "Conv1": 0.5}, tmp_path)


@pytest.mark.whole
def test_a_backbone_with_models_inside(tmp_path: Path) -> None:
    branches = {
        "x": {"input": IMAGE, "layers": [{"ConvNeXtTiny": BACKBONE}, {"Dense": {"units": 2, "name": "convnext_tiny_stem"}}]}
    }
    check(spec(branches, [], {"branches.x": 0.1, "branches.x.convnext_tiny_stem": 0.5}), {"x_": 0.1, "convnext": 0.5}, tmp_path)


def test_layers_named_as_those_inside_others(tmp_path: Path) -> None:
    rnn: dict[str, Any] = {"layer": {"LSTM": {"units": 2, "return_sequences": True}}}
    named: dict[str, Any] = {"layer": {"LSTM": {"units": 2, "return_sequences": True, "name": "rnn"}}}
    layers = [
        {"LSTM": {"units": 2, "return_sequences": True, "name": "forward_lstm"}},
        {"Bidirectional": {**rnn, "name": "rnn"}},
        {"Bidirectional": {**rnn, "name": "forward_rnn"}},
        {"Bidirectional": {**named, "name": "forward"}},
        {"LSTM": {"units": 2, "return_sequences": True, "name": "backward_rnn"}},
        {"SpectralNormalization": {"layer": {"Dense": {"units": 2, "name": "dense"}}, "name": "normal"}},
        {"Dense": {"units": 2, "name": "dense"}},
        {"SpectralNormalization": {"layer": {"Dense": {"units": 2}}, "name": "other"}},
    ]
    names = ("forward_lstm", "rnn", "forward_rnn", "forward", "backward_rnn", "normal", "dense")
    wanted = {f"{name}:": (index + 1) / 10 for index, name in enumerate(names)}
    multipliers = {f"branches.x.{name}": wanted[f"{name}:"] for name in names}
    branch = {"input": {"kind": "sequence", "shape": [4, 3]}, "layers": layers}
    check(spec({"x": branch}, [], multipliers), wanted, tmp_path)


def test_fusions(tmp_path: Path) -> None:
    """Every strategy with weights, each beside one like it without a multiplier."""
    strategies = ("learned_weights", "gated", "attention", "cross_attention", "bilinear", "add", "concat")
    sides = {side: {"input": {"kind": "sequence", "shape": [4, 3]}, "layers": [{"Dense": {"units": 4}}]} for side in ("a", "b")}
    fusions: list[Any] = []
    for strategy in strategies:
        more = {"query": "a"} if strategy == "cross_attention" else {}
        written = {"strategy": strategy, "inputs": ["a", "b"], "units": 4, **more}
        fusions += [{"name": f"{strategy}_slow", **written}, {"name": f"{strategy}_plain", **written}]
    wanted = {f"{strategy}_slow": (index + 1) / 10 for index, strategy in enumerate(strategies)}
    multipliers = {f"fusion.{name}": factor for name, factor in wanted.items()}
    check(spec(sides, fusions, multipliers | {"branches.a": 0.05}), wanted | {"a_": 0.05}, tmp_path)


def test_passes_change_no_rate() -> None:
    layers: list[Any] = [
        {"TimeDistributed": [{"Dense": {"units": 3, "name": "one"}}, {"Dropout": {"rate": 0}}]},
        {"TimeDistributed": [{"Conv1D": {"filters": 2, "kernel_size": 2, "name": "two"}}, {"LSTM": {"units": 2}}]},
        {"Bidirectional": {"layer": {"LSTM": {"units": 2}}, "name": "rnn"}},
    ]
    branch = {"input": {"kind": "tensor", "shape": [3, 4, 2], "axes": ["a", "b", "c"]}, "layers": layers}
    compilation = cnnlstm_spec.load(spec({"x": branch}, [], {"branches.x": 0.1, "branches.x.rnn": 0.5}))
    assert rates(compilation.to_keras("none")) == rates(compilation.to_keras("default"))
