"""A habit of another tool is one mistake, told once with its places, and mended to a spec without findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from told import hold_told

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Source

SPEC = """version: 1
name: habits
branches:
  x:
    input: {kind: vector, shape: [8]}
    layers:
      - Dense: {units: 4}
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse}
data:
  train: a.csv
  validation: {fraction: 0.2}
  inputs: {x: {columns: [a, b, c, d, e, f, g, h]}}
  targets: {head: {column: y}}
fit: {epochs: 9}
vars: {width: 4}
"""
INPUT = "{kind: vector, shape: [8]}"
COMPILE = "compile: {optimizer: adam, loss: mse}\n"
LAYER = "Dense: {units: 4}"
WHOLE = "  x:\n    input: {kind: vector, shape: [8]}\n    layers:\n"
RATE = "compile: {optimizer: {Adam: {learning_rate: 1e-3, beta_1: 0.9}}, loss: mse}\n"
STOPPING = "{epochs: 9, callbacks: [{EarlyStopping: {patience: 5}}]}"
TEN = "columns: [a, b, c, d, e, f, g, h]"

PLACES = [
    (COMPILE, "loss: mse\noptimizer: adam\nmetrics: [mae]\n", "compile:\n  loss: mse\n  optimizer: adam\n  metrics: [mae]\n"),
    (COMPILE, "loss: mse\ncompile: {optimizer: adam}\n", "compile: {optimizer: adam, loss: mse}\n"),
    (COMPILE, "compile: {optimizer: adam, learning_rate: 1e-3, beta_1: 0.9, loss: mse}\n", RATE),
    (COMPILE, f"{COMPILE}learning_rate: 1e-3\nbeta_1: 0.9\n", RATE),
    (COMPILE, f"{COMPILE}gradient_clip_val: 1.0\n", "{Adam: {global_clipnorm: 1.0}}"),
    (
        COMPILE,
        "compile: {optimizer: {SGD: {momentum: 0.9}}, loss: mse}\nlr: 0.1\n",
        "{SGD: {momentum: 0.9, learning_rate: 0.1}}",
    ),
    ("adam, loss", "{Adam: {gradient_clip_val: 1.0}}, loss", "{Adam: {global_clipnorm: 1.0}}"),
    ("adam, loss", "[Adam, 0.001], loss", "{Adam: {learning_rate: 0.001}}"),
    (
        COMPILE,
        "compile:\n  optimizer:\n    Adam:\n    learning_rate: 0.1\n  loss: mse\n",
        "    Adam:\n      learning_rate: 0.1\n",
    ),
    ("fit: {epochs: 9}", "training: {epochs: 9, batch_size: 4}", "fit: {epochs: 9, batch_size: 4}"),
    ("{epochs: 9}", "{epochs: 9, early_stopping: 5}", STOPPING),
    ("{epochs: 9}", "{epochs: 9, early_stopping: {patience: 5}}", STOPPING),
    ("{epochs: 9}", "{epochs: 9, patience: 5}", STOPPING),
    ("{epochs: 9}", "{epochs: 9, callbacks: {EarlyStopping: {patience: 5}}}", STOPPING),
    ("{epochs: 9}", "{epochs: 9, bs: 16}", "{epochs: 9, batch_size: 16}"),
    ("validation: {fraction: 0.2}", "val_split: 0.2", "validation: {fraction: 0.2}"),
    ("train: a.csv\n", "train: a.csv\n  batch_size: 16\n", "fit: {epochs: 9, batch_size: 16}"),
    ("targets: {head", "labels: {head", "targets: {head"),
    ("loss: mse", "loss: {output: mse}", "loss: {head: mse}"),
    ("loss: mse", "loss: mse, metrics: {output: [mae]}", "metrics: {head: [mae]}"),
    ("loss: mse", "loss: {out: {Huber: {delta: 2.0}}}", "loss: {head: {Huber: {delta: 2.0}}}"),
    ("targets: {head: {column: y}}", "targets: y", "targets: {head: {column: y}}"),
    (f"{{x: {{{TEN}}}}}", "[a, b, c, d, e, f, g, h]", f"{{x: {{{TEN}}}}}"),
]
SIZES = {
    "{kind: image, shape: [-1, 8, 8, 3]}": "{kind: image, shape: [8, 8, 3]}",
    "{kind: image, shape: [None, 8, 8, 3]}": "{kind: image, shape: [8, 8, 3]}",
    "{kind: image, height: 8, width: 9, channels: 3}": "{kind: image, shape: [8, 9, 3]}",
    "{kind: image, channels: 3, img_width: 9, img_height: 8}": "{kind: image, shape: [8, 9, 3]}",
    "{kind: image, size: 8, channels: 3}": "{kind: image, shape: [8, 8, 3]}",
    "{kind: image, image_size: [8, 9], channels: 1, dtype: uint8}": "{kind: image, shape: [8, 9, 1], dtype: uint8}",
    "{kind: sequence, timesteps: 20, n_features: 3}": "{kind: sequence, shape: [20, 3]}",
    "{kind: video, num_frames: 5, height: 8, width: 9, channels: 3}": "{kind: video, shape: [5, 8, 9, 3]}",
    "{kind: image, shape: [null, 8, 8, 3]}": "{kind: image, shape: [8, 8, 3]}",
    "{kind: image, shape: [32, 8, 8, 3]}": None,
    "{kind: sequence, shape: [20, 4, 3, 2, 2]}": None,
}
VALUES = {
    "Dense: {units: '${model.width}'}": "Dense: {units: $width}",
    "Dense: {units: {{ width }}}": "Dense: {units: $width}",
    "Dense: {units: ${oc.env:width}}": "Dense: {units: $width}",
    "Dense: {units: 1_000}": "Dense: {units: 1000}",
    "Dense: {units: 4, activation: none}": "Dense: {units: 4, activation: null}",
    "Dense: {units:4, activation:[relu]}": "Dense: {units: 4, activation: relu}",
}
STEPS = {
    "{Dense: null, units: 3}": "{Dense: {units: 3}}",
    "Dense:\n          - units: 3\n          - activation: relu": "Dense: {units: 3, activation: relu}",
    "Dense: units=3, activation=relu": "Dense: {units: 3, activation: relu}",
    "Bidirectional(LSTM(8))": "Bidirectional: {layer: {LSTM: {units: 8}}}",
    "Bidirectional: LSTM": "Bidirectional: {layer: {LSTM: {units: 4}}}",
    "LSTM: {units: 8}\n        repeat: 2": "Repeat: {times: 2, layers: [{LSTM: {units: 8, return_sequences: true}}]}",
    "Dense: {units: 4}  # wide\n        ReLU: {}": "Dense: {units: 4}  # wide\n      - ReLU: {}",
    "ReLU  # first\n      - Conv1D: {filters: 8, kernel_size: 3, padding: same}\n      - Add": (
        "Residual:\n          layers:\n            - ReLU  # first\n            - Conv1D: {filters: 8, kernel_size: 3, padding: same}\n"
    ),
    "GRU: {units: 8, return_sequences: true, name: a}\n      - ReLU\n      - Add: [x, a]": "- Residual:\n          layers:\n            - ReLU\n",
    "Dense: {units: 8, name: a}\n      - ReLU\n      - Dense: {units: 4}\n      - Concatenate: [a, x]  # both": (
        "- Parallel:\n          paths:\n            new:\n              - ReLU\n              - Dense: {units: 4}\n"
        "            same: []\n          merge: concat\n"
    ),
}
"""Of a branch with steps."""
TWO = """version: 1
name: habits
branches:
  z: {input: {kind: vector, shape: [4]}}
  x: {input: {kind: vector, shape: [4]}}
FUSION
head: [{Dense: {units: 1}}]
"""
FUSIONS = {
    "fusion: [z, x]": "fusion: {strategy: concat, inputs: [z, x]}",
    "fusion: {concat: [z, x]}": "fusion: {strategy: concat, inputs: [z, x]}",
    "fusion: {Concatenate: {axis: -1}}": "fusion: {strategy: concat, axis: -1}",
    "fusion: 'Concatenate()([z, x])'": "fusion: {strategy: concat, inputs: [z, x]}",
    "fusion: keras.layers.Add": "fusion: {strategy: add}",
    "fusion: {strategy: concat, branches: [z, x]}": "fusion: {strategy: concat, inputs: [z, x]}",
    "merge: concat": "fusion: {strategy: concat}",
    "concatenate: [z, x]": "fusion: {strategy: concat, inputs: [z, x]}",
}
DENSE = "[{Dense: {units: 3, activation: relu}}]"
FORMS = [
    ("head: [{Dense: {units: 1}}]", "head: {type: Dense, units: 3, activation: relu}", f"head: {DENSE}"),
    ("head: [{Dense: {units: 1}}]", f"head: {{layers: {DENSE}}}", f"head: {DENSE}"),
    ("head: [{Dense: {units: 1}}]", "head: {num_classes: 3, activation: relu}", f"head: {DENSE}"),
    (WHOLE, WHOLE.replace("  x:", "  - x:").replace("\n    ", "\n      "), "branches:\n  x:\n      input"),
    ("  x:\n    input", "  - name: x  # first\n    input", "  x:  # first\n    input"),
    ("      - Dense: {units: 4}\n", "      Dense: {units: 4}\n      ReLU:\n", "layers: [{Dense: {units: 4}}, ReLU]"),
    ("      - Dense: {units: 4}\n", "      1: {Dense: {units: 4}}\n      2: ReLU\n", None),
    ("      - Dense: {units: 4}\n", "      fc1: {type: Dense, units: 4}\n", "layers: [{Dense: {units: 4, name: fc1}}]"),
    (f"input: {INPUT}", "input_shape: [8]", f"input: {INPUT}"),
    (f"input: {INPUT}", "shape: [8]", f"input: {INPUT}"),
    (f"input: {INPUT}", "kind: vector\n    shape: [8]", "input:\n      kind: vector\n      shape: [8]"),
    (LAYER, "Parallel: {paths: [[ReLU], [Softmax]], merge: add}", "Parallel: {paths: {a: [ReLU], b: [Softmax]}, merge: add}"),
    (LAYER, "Parallel: {a: [ReLU], b: []}", "Parallel: {paths: {a: [ReLU], b: []}, merge: concat}"),
    (LAYER, "Parallel: [[ReLU], []]", "Parallel: {paths: {a: [ReLU], b: []}, merge: concat}"),
    (LAYER, "Residual: [{Dense: {units: 8}}]", "Residual: {layers: [{Dense: {units: 8}}]}"),
    (LAYER, "Repeat: [{Dense: {units: 8}}]", "Repeat: {times: 2, layers: [{Dense: {units: 8}}]}"),
    ("name: habits", "name: habits\nblocks: {b: [ReLU]}", "blocks: {b: {layers: [ReLU]}}"),
    (
        "name: habits",
        "name: habits\nblocks: {b: {parameters: [u, v], layers: [{Dense: {units: $u}}]}}",
        "parameters: {u: required, v: required}",
    ),
    ("head: [{", "heads: [{", "head: [{"),
    (COMPILE, f"{COMPILE}targets: {{encoding: real, shape: [1]}}\n", "targets: {head: {encoding: real, shape: [1]}}"),
    (COMPILE, f"{COMPILE}budget: {{params: 5m}}\n", "budget: {params: 5M}"),
    (COMPILE, f"{COMPILE}budget: {{activation_memory: 2gib}}\n", "budget: {activation_memory: 2GiB}"),
    (LAYER, "Dense: {units: 2*32}", "Dense: {units: 64}"),
    (LAYER, "Rescaling: {scale: '1/255'}", "Rescaling: {scale: 1/255}"),
    (LAYER, "Rescaling: {scale: 1/1e3}", 'Rescaling: {scale: "${1/1e3}"}'),
    (COMPILE, f"{COMPILE}targets: {{head: real}}\n", "targets: {head: {encoding: real}}"),
    (COMPILE, f"{COMPILE}expect: {{x: [4]}}\n", "expect: {branches.x: [4]}"),
    (COMPILE, f"{COMPILE}expect: {{heads.head: [1]}}\n", "expect: {head: [1]}"),
]
OTHERS = {
    "input_features: [{name: x, type: number}]\noutput_features: [{name: y, type: binary}]": "Ludwig",
    "model: {class_path: my.Model}\ntrainer: {max_epochs: 3}": "Lightning",
    '{"class_name": "Functional", "config": {"name": "m", "layers": []}}': "the JSON of a Keras model",
}
TEXTS = [
    ("layers:\n      - Dense: {units: 4}", "layers: [Flatten:, ReLU]", "layers: [Flatten: , ReLU]"),
    (f"input: {INPUT}", "input: kind: vector, shape: [8]", f"input: {INPUT}"),
    (LAYER, "Dense: units: 4, activation: relu  # the usual", "Dense: {units: 4, activation: relu}  # the usual"),
    (LAYER, "Dense:\n          units: 4, activation: relu", "Dense:\n          units: 4\n          activation: relu\n"),
    ("name: habits", "name: a: b", 'name: "a: b"'),
    ("name: habits", "name = habits", "name: habits"),
    ("version: 1\n", "version: 2\n", "version: 1\n"),
    ("version: 1\n", "version: 1.0\n", "version: 1\n"),
    (
        "{optimizer: adam, loss: mse}",
        "{optimizer: adam, // the usual\n  loss: mse}",
        "{optimizer: adam, # the usual\n  loss: mse}",
    ),
]


def compiled(text: str, request: pytest.FixtureRequest) -> tuple[Diagnostic, ...]:
    """The findings of a text, which are told as they are written down."""
    found = sweep(Source("habits.yaml", text)).compile_plain().diagnostics
    hold_told(found, request)
    return found


def mended(text: str, request: pytest.FixtureRequest) -> str:
    """The text mended, which had one finding and then has none."""
    prepared = sweep(Source("habits.yaml", text))
    found = prepared.compile_plain().diagnostics
    hold_told(found, request)
    assert [each.severity for each in found if each.severity != "advice"] == ["error"]
    result = mend(prepared, True, Clock(lambda: 0.0))
    assert not result.found, [each.message for each in result.found]
    return result.changed[0][1]


@pytest.mark.parametrize(("sound", "written", "meant"), PLACES + TEXTS)
def test_a_key_or_a_value(sound: str, written: str, meant: str, request: pytest.FixtureRequest) -> None:
    assert sound in SPEC
    assert meant in mended(SPEC.replace(sound, written), request)


@pytest.mark.parametrize("written", SIZES)
def test_sizes(written: str, request: pytest.FixtureRequest) -> None:
    text = SPEC[: SPEC.index("compile")].replace(INPUT, written).replace("- Dense: {units: 4}", "- Flatten")
    if SIZES[written] is not None:
        assert mended(text, request) == text.replace(written, str(SIZES[written]))
    else:
        (found,) = compiled(text, request)
        assert found.code.name == "input-axes"


@pytest.mark.parametrize("written", VALUES)
def test_a_value(written: str, request: pytest.FixtureRequest) -> None:
    text = SPEC.replace(LAYER, written)
    after = mended(text, request)
    assert VALUES[written] in after


@pytest.mark.parametrize("written", STEPS)
def test_layers(written: str, request: pytest.FixtureRequest) -> None:
    text = SPEC[: SPEC.index("data:")].replace(INPUT, "{kind: sequence, shape: [20, 8]}").replace(LAYER, written)
    text = text.replace("head: [", "head: [Flatten, ")
    assert STEPS[written] in mended(text, request)


@pytest.mark.parametrize("written", FUSIONS)
def test_fusions(written: str, request: pytest.FixtureRequest) -> None:
    assert FUSIONS[written] in mended(TWO.replace("FUSION", written), request)


@pytest.mark.parametrize(("sound", "written", "meant"), FORMS)
def test_lists_and_mappings(sound: str, written: str, meant: str | None, request: pytest.FixtureRequest) -> None:
    assert sound in SPEC
    text = SPEC[: SPEC.index("data:")].replace(sound, written)
    if meant is not None:
        assert meant in mended(text, request)
    else:
        (found,) = compiled(text, request)
        assert found.code.name == "not-a-list" and not found.fixes


@pytest.mark.parametrize("text", OTHERS)
def test_a_text_of_another_tool(text: str, request: pytest.FixtureRequest) -> None:
    (found,) = compiled(text, request)
    assert found.code.name == "not-a-spec" and OTHERS[text] in found.message


def test_keys_of_one_section_are_told_at_the_first(request: pytest.FixtureRequest) -> None:
    (found,) = compiled(SPEC.replace(COMPILE, "loss: mse\noptimizer: adam\n"), request)
    assert found.message == "the spec has no key `loss`" and [each.message for each in found.labels] == ["nor `optimizer`"]
    assert found.help == ("they stand in `compile`: `compile: {loss: mse, optimizer: adam}`",)


@pytest.mark.parametrize("key", ["model:  # the network\n", "network:\n\n", "spec:\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_spec_below_a_key(key: str, newline: str, request: pytest.FixtureRequest) -> None:
    """Its keys are put at the top, with their comments, and nothing else is amiss with it meanwhile."""
    inner = SPEC.replace("branches:", "# what is read\nbranches:")
    below = key + "".join(f"   {line}" for line in inner.splitlines(keepends=True))
    assert (
        mended(below.replace("\n", newline), request).partition("version")[2]
        == inner.replace("\n", newline).partition("version")[2]
    )


def test_a_part_of_a_spec_below_a_key(request: pytest.FixtureRequest) -> None:
    version, rest = SPEC[: SPEC.index("branches")], SPEC[SPEC.index("branches") :]
    below = f"{version}model:\n" + "".join(f"  {line}" for line in rest.splitlines(keepends=True))
    assert mended(below, request) == SPEC


def test_a_spec_in_braces_below_a_key(request: pytest.FixtureRequest) -> None:
    text = "model: {version: 1, name: x, branches: {x: {input: {kind: vector, shape: [4]}}}, head: [{Dens: {units: 1}}]}"
    found = compiled(text, request)
    assert [each.message for each in found] == ["the spec has no key `model`", "there is no layer `Dens`"]


@pytest.mark.parametrize("written", ["defaults:\n  - base\n  - _self_\n", "defaults: [base.yaml]\n", "defaults: base\n"])
def test_defaults_of_hydra(written: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "base.yaml").write_text(SPEC)
    prepared = sweep(Source(str(tmp_path / "spec.yaml"), f"{written}vars: {{width: 8}}\n"), folder=tmp_path)
    hold_told(prepared.compile_plain().diagnostics, request, tmp_path)
    found = mend(prepared, True)
    assert not found.found
    assert found.changed[0][1] == "extends: base.yaml\nvars: {width: 8}\n"


def test_samples_that_fit_is_given(request: pytest.FixtureRequest) -> None:
    text = SPEC.partition("data:")[0] + "fit: {x: a.csv, y: price, epochs: 9}\n"
    (found,) = compiled(text, request)
    assert found.help == ("they stand in `data`: `data: {train: a.csv, targets: {head: {column: price}}}`",)
    assert [each.message for each in found.labels] == ["nor `y`"]
