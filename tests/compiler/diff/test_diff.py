"""`diff`: what it tells of two specs, and that the weights it says would load do."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document, validator
from places import ROOT
from pydantic import ValidationError

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.diff.differ import compare
from cnnlstm_spec.compiler.diff.document import Differences
from cnnlstm_spec.compiler.diff.words import describe_step

SPEC = ROOT / "specs" / "equipment-fault.yaml"
SPECS = sorted((ROOT / "specs").rglob("*.yaml")) + sorted((ROOT / "tests" / "specs" / "ok").glob("*.yaml"))
LISTS = """
    version: 1
    name: lists
    branches:
      x:
        input: {{kind: sequence, shape: [16, 4]}}
        layers: {layers}
    head:
      - Dense: {{units: 1, name: score}}
"""


def of_layers(layers: str) -> Compilation:
    compilation = load(textwrap.dedent(LISTS.format(layers=layers)))
    assert compilation.ok
    return compilation


def between(old: str, new: str) -> Differences:
    return compare(of_layers(old), of_layers(new))


def told(found: Differences) -> list[str]:
    """Each layer's change in short: its sign, class, and what has changed of it."""
    return [f"{each.sort} {each.layer} {' '.join(change.what for change in each.changes)}".strip() for each in found.layers]


def test_a_spec_is_equal_to_itself() -> None:
    found = compare(load(SPEC), load(SPEC))
    assert found.equal and found.same_layers == 8 and found.weights.not_loaded == () and found.weights.loaded_params == 60_865
    assert all(each["old"] == each["new"] for each in found.costs.to_data().values())


def test_what_is_only_written_otherwise_is_equal() -> None:
    old = "[{Dense: {units: 4}}, {Dense: {units: 4}}, Flatten]"
    new = "[{Repeat: {times: 2, layers: [{Dense: {units: 4, use_bias: true}}]}}, Flatten]"
    assert between(old, new).equal


def test_a_changed_argument() -> None:
    found = compare(load(SPEC), load(SPEC, {"branches.vibration.layers[0].units": 32}))
    assert told(found) == ["changed LSTM units output params", "changed concat output", "changed Dense params"]
    (units, output, params) = found.layers[0].changes
    assert (units.old, units.new) == (64, 32) and (params.old, params.new) == (29_440, 10_624)
    assert (output.old, output.new) == ("(features=64)", "(features=32)")
    assert found.weights.loaded_params == 18_816
    assert {each.name for each in found.weights.not_loaded} == {"vibration_lstm", "head_dense"}
    assert found.weights.not_loaded[0].reason == "`lstm_cell/kernel` is [50, 128] instead of [50, 256]"


def test_a_layer_put_in_front() -> None:
    old = "[{Conv1D: {filters: 4, kernel_size: 3}}, {Conv1D: {filters: 8, kernel_size: 3}}, Flatten]"
    new = "[{Conv1D: {filters: 4, kernel_size: 1}}, " + old[1:]
    found = between(old, new)
    assert told(found) == ["added Conv1D", "changed Conv1D name reads", "changed Conv1D name"]
    assert [each.name for each in found.weights.not_loaded] == ["x_conv1d", "x_conv1d_1"]
    assert [each.reason for each in found.weights.not_loaded] == [
        "`kernel` is [1, 4, 4] instead of [3, 4, 4]",
        "`kernel` is [3, 4, 4] instead of [3, 4, 8]",
    ]


def test_another_function() -> None:
    found = between("[{Op: {name: abs}}, Flatten]", "[{Op: {name: square}}, Flatten]")
    assert told(found) == ["changed Op function"]


def test_a_layer_removed() -> None:
    found = between("[{LSTM: {units: 4, return_sequences: true}}, {GRU: {units: 3}}]", "[{LSTM: {units: 4}}]")
    assert told(found) == [
        "changed LSTM return_sequences output",
        "removed GRU",
        "changed Dense reads params",
    ]
    assert [each.reason for each in found.weights.not_loaded] == ["no layer has its name", "`kernel` is [4, 1] instead of [3, 1]"]


def test_what_is_beside_the_layers() -> None:
    new = load(SPEC, {"compile.optimizer": "sgd", "seed": 3, "branches.vibration.input.shape": [90, 50]})
    found = compare(load(SPEC), new)
    assert {each.what for each in found.model} == {"seed", "compile.optimizer", "input vibration"}
    assert found.weights.not_loaded == () and told(found) == []


def test_without_compile() -> None:
    compiled = load(SPEC)
    bare = load(re.sub(r"(?m)^compile:\n(  .*\n)+", "", SPEC.read_text("utf-8")))
    changes = compare(bare, compiled).model
    assert [each.what for each in changes] == ["compile.optimizer", "compile.loss", "compile.metrics"]
    assert not any(each.has("old") for each in changes)


def test_an_optimizer_that_gains_arguments() -> None:
    def between_optimizers(old: object, new: object) -> list[str]:
        found = compare(load(SPEC, {"compile.optimizer": old}), load(SPEC, {"compile.optimizer": new}))
        return [f"{each.what.removeprefix('compile.')}: {describe_step(each)}" for each in found.model]

    schedule = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}
    assert between_optimizers("adam", {"SGD": {"learning_rate": 0.1}}) == [
        "optimizer: adam -> SGD",
        "optimizer.learning_rate: (none) -> 0.1",
    ]
    assert between_optimizers("adam", {"Adam": None}) == between_optimizers({"Adam": {}}, "Adam") == []
    assert between_optimizers("adam", {"Adam": {"clipnorm": 1.0}}) == ["optimizer.clipnorm: (none) -> 1.0"]
    assert between_optimizers({"Adam": {"learning_rate": 0.1}}, {"Adam": {"learning_rate": schedule}}) == [
        "optimizer.learning_rate: 0.1 -> CosineDecay",
        "optimizer.learning_rate.initial_learning_rate: (none) -> 0.1",
        "optimizer.learning_rate.decay_steps: (none) -> 5",
    ]


def test_many_layers() -> None:
    many = "[" + "{Dense: {units: 4}}, " * 2000 + "Flatten]"
    assert told(between(many, many.replace("units: 4", "units: 5", 1))) != []


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", str(SPEC), str(SPEC)]) == 0
    assert "the same model" in capsys.readouterr().out
    assert run(["diff", str(SPEC), str(SPEC), "--set", "seed=1", "--format", "json"]) == 1
    data = read_document("diff", capsys.readouterr().out)
    assert data["equal"] is False and data["model"] == [{"what": "seed", "old": 0, "new": 1}]
    assert data["weights"]["loaded_params"] == 60_865 and data["costs"]["params"] == {"old": 60_865, "new": 60_865}
    assert run(["diff", str(SPEC), "no-such.yaml"]) == 2
    assert run(["diff", str(SPEC), str(SPEC), "--set", "seed=x"]) == 2


def as_data(old: Path, new: Path) -> Any:
    return read_document("diff", compare(load(old), load(new)).to_json() + "\n")


def test_the_schema_admits_real_output(whole: bool) -> None:
    """Of each spec and the next, or of every sixth."""
    seen = set()
    for old, new in list(zip(SPECS, [*SPECS[1:], SPECS[0]], strict=True))[:: 1 if whole else 6]:
        data = as_data(old, new)
        assert {each["what"]: each for each in data["model"]}["name"] == {
            "what": "name",
            "old": load(old).spec.name,
            "new": load(new).spec.name,
        }
        seen |= {each["sort"] for each in data["layers"]} | {type(each["new"]) for each in data["costs"].values()}
        seen |= {tuple(each) for each in data["model"]}
    assert seen >= {"added", "removed", "changed", int, str, ("what", "old"), ("what", "new"), ("what", "old", "new")}
    assert as_data(SPEC, SPEC)["equal"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda data: data.update(version=2),
        lambda data: data.update(more=1),
        lambda data: data.pop("costs"),
        lambda data: data["costs"].pop("macs"),
        lambda data: data["costs"]["params"].update(new="many"),
        lambda data: data["layers"][0].update(sort="moved"),
        lambda data: data["layers"][0]["changes"].clear(),
        lambda data: data["layers"][0]["changes"][0].pop("what"),
        lambda data: data["layers"][0]["changes"].append({"what": "units"}),
        lambda data: data["weights"]["not_loaded"][0].pop("reason"),
    ],
)
def test_the_schema_refuses_what_is_not_printed(wrong: Any) -> None:
    schema = validator("diff")
    found = compare(load(SPEC), load(SPEC, {"branches.vibration.layers[0].units": 32}))
    data = json.loads(found.to_json())
    schema.validate(data)
    wrong(data)
    assert not schema.is_valid(data)
    with pytest.raises(ValidationError):
        Differences.from_json(json.dumps(data))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_weights_load_as_told(tmp_path: Path) -> None:
    import numpy

    changed = {"branches.vibration.layers[0].units": 32, "seed": 9}
    old, new = load(SPEC), load(SPEC, changed)
    a, b = old.to_keras(), new.to_keras()
    found = compare(old, new)
    lost = {each.name for each in found.weights.not_loaded}
    before: dict[str, Any] = {layer.name: layer for layer in a.layers}
    for layer in b.layers:
        if not layer.weights:
            continue
        shapes = [tuple(weight.shape) for weight in before[layer.name].weights]
        assert (layer.name in lost) == (shapes != [tuple(weight.shape) for weight in layer.weights])
        if layer.name not in lost:
            layer.set_weights(before[layer.name].get_weights())
            assert numpy.array_equal(layer.get_weights()[0], before[layer.name].get_weights()[0])
