"""Training and prediction on backends beside TensorFlow, each in an environment without it: `make test-backends` names them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest
from places import ROOT

from cnnlstm_spec.cli.main import run

BACKENDS = os.environ.get("BACKENDS", "").split()
# A backend that is named and not installed fails every test of it.
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
STEPS = 20
BRANCHES = """version: 1
name: two
seed: 5
branches:
  picture:
    input: {kind: image, shape: [12, 12, 1]}
    layers: [{Conv2D: {filters: 4, kernel_size: 3, use_bias: false}}, BatchNormalization, ReLU, MaxPooling2D, Flatten]
  signal: {input: {kind: sequence, shape: [10, 3]}, layers: [{LSTM: {units: 6}}]}
fusion: {strategy: gated, units: 8}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {optimizer: {Adam: {learning_rate: 0.01}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""
MASKED = """version: 1
name: masked
seed: 6
branches:
  words:
    input: {kind: tokens, shape: [9], padding_value: 0}
    layers:
      - Embedding: {input_dim: 20, output_dim: 8}
      - Bidirectional: {layer: {GRU: {units: 4, return_sequences: true}}}
      - MultiHeadAttention: {num_heads: 2, key_dim: 4}
      - LayerNormalization
      - GlobalAveragePooling1D
head: [{Dense: {units: 3, activation: softmax}}]
compile: {optimizer: sgd, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""
HEADS = """version: 1
name: heads
seed: 7
branches:
  signal: {input: {kind: sequence, shape: [10, 3]}, layers: [{LSTM: {units: 6}}]}
heads:
  sort: [{Dense: {units: 3, activation: softmax}}]
  level: [{Dense: {units: 1}}]
compile:
  optimizer: {Adam: {learning_rate: 0.01}}
  loss: {sort: sparse_categorical_crossentropy, level: mse}
  loss_weights: {sort: 1.0, level: 0.5}
  metrics: {sort: [accuracy], level: [mae]}
"""
NETWORKS = {"branches": BRANCHES, "masked": MASKED, "heads": HEADS}
RUN = """
data: {{train: data.npz, validation: {{fraction: 0.25}}}}
fit: {{epochs: {epochs}, batch_size: 8{more}}}
"""
WITHOUT = """version: 1
name: codes
branches:
  code: {input: {kind: tokens, shape: [4]}, layers: [{IntegerLookup: {vocabulary: [1, 2, 3]}}, {Embedding: {input_dim: 4, output_dim: 2}}, Flatten]}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy}
"""


def write_folder(folder: Path, spec: str, epochs: int, more: str = "") -> Path:
    """A spec with its data, which fit every network here."""
    numpy = pytest.importorskip("numpy")
    rng = numpy.random.default_rng(0)
    arrays = {
        "picture": rng.random((64, 12, 12, 1), "float32"),
        "signal": rng.random((64, 10, 3), "float32"),
        "words": rng.integers(1, 20, (64, 9)) * (numpy.arange(9) < rng.integers(3, 10, (64, 1))),
        "code": rng.integers(1, 4, (64, 4)),
        "sort": rng.integers(0, 3, 64),
        "level": rng.random((64, 1), "float32"),
        "head": rng.integers(0, 3, 64),
    }
    named = {name: each for name, each in arrays.items() if f"  {name}:" in spec or f"\n{name}:" in spec}
    numpy.savez(folder / "data.npz", **named)
    (folder / "spec.yaml").write_text(spec + RUN.format(epochs=epochs, more=more))
    return folder / "spec.yaml"


def elsewhere(backend: str, *arguments: str, status: int = 0) -> str:
    """What the command prints on another backend, in the environment of that."""
    python = ROOT / f".venv-{backend}" / "bin" / "python"
    variables = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([python, *arguments], capture_output=True, text=True, env=variables, cwd=ROOT)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def losses(folder: Path) -> list[list[float]]:
    """By epoch the loss, and those of the heads where there are several."""
    with (folder / "history.csv").open() as stream:
        return [
            [float(row[name]) for name in row if name.endswith("loss") and name[:4] != "val_"] for row in csv.DictReader(stream)
        ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_tensorflow_is_not_there(backend: str) -> None:
    assert "No module named 'tensorflow'" in elsewhere(backend, "-c", "import tensorflow", status=1)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_steps_have_the_losses_of_tensorflow(backend: str, network: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, NETWORKS[network], STEPS, ", steps_per_epoch: 1, start_from: start/model.keras")
    assert run(["compile", str(spec), "-o", str(tmp_path / "start")]) == 0
    assert run(["train", str(spec), "-o", str(tmp_path / "here")]) == 0
    elsewhere(backend, "-m", "cnnlstm_spec", "train", str(spec), "-o", str(tmp_path / "there"))
    here, there = losses(tmp_path / "here"), losses(tmp_path / "there")
    assert len(here) == len(there) == STEPS and len({loss for loss, *_ in here}) == STEPS
    assert {len(each) for each in here} == ({3} if network == "heads" else {1})
    pairs = [pair for rows in zip(here, there, strict=True) for pair in zip(*rows, strict=True)]
    assert max(abs(a - b) / abs(a) for a, b in pairs) < 1e-4
    manifest = json.loads((tmp_path / "there" / "manifest.json").read_text())
    assert backend in manifest["versions"] and "tensorflow" not in manifest["versions"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_of_tensorflow_predicts_and_is_measured_there(backend: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, BRANCHES, 2)
    folder, source = str(tmp_path / "run"), str(tmp_path / "data.npz")
    assert run(["train", str(spec), "-o", folder]) == 0
    assert run(["predict", folder, source, "-o", str(tmp_path / "here.csv"), "--probabilities"]) == 0
    elsewhere(backend, "-m", "cnnlstm_spec", "predict", folder, source, "-o", str(tmp_path / "there.csv"), "--probabilities")
    tables = [list(csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines())) for name in ("here", "there")]
    for here, there in zip(*tables, strict=True):
        numbers = [name for name in here if name.startswith("head.") and name != "head.prediction"]
        assert len(numbers) == 3
        assert all(abs(float(here[name]) - float(there[name])) < 1e-5 for name in numbers)
    told = json.loads(elsewhere(backend, "-m", "cnnlstm_spec", "evaluate", folder, source, "--format", "json"))
    assert run(["evaluate", folder, source, "--format", "json"]) == 0
    assert told["samples"] == 64


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_repeats_and_goes_on_there(backend: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, BRANCHES.replace("Flatten]", "Flatten, {Dropout: {rate: 0.3}}]"), 4)
    for folder, epochs in (("once", "4"), ("again", "4"), ("longer", "2"), ("longer", "4")):
        more = ("--epochs", epochs, *(["--resume"] if (tmp_path / folder).exists() else []))
        elsewhere(backend, "-m", "cnnlstm_spec", "train", str(spec), "-o", str(tmp_path / folder), *more)
    first, *others = [(tmp_path / folder / "model.keras").read_bytes() for folder in ("once", "again", "longer")]
    assert [each == first for each in others] == [True, True]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loss_that_becomes_nan_is_told_there(backend: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, MASKED.replace("optimizer: sgd", "optimizer: {Adagrad: {learning_rate: 1e38}}"), 2)
    told = elsewhere(backend, "-m", "cnnlstm_spec", "train", str(spec), "-o", str(tmp_path / "run"), status=3)
    assert "the loss became NaN in epoch 1, batch " in told and "has the model as it began" in told


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_of_tensorflow_is_compiled_as_the_backend_does(backend: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, BRANCHES, 1)
    assert run(["compile", str(spec), "-o", str(tmp_path / "made")]) == 0
    asks = f"import keras; print('jit', keras.models.load_model({str(tmp_path / 'made' / 'model.keras')!r}).jit_compile)"
    assert f"jit {backend == 'jax'}" in elsewhere(backend, "-c", asks)


@pytest.mark.parametrize("command", ["train", "compile"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_layer_of_tensorflows_own_is_told_with_its_line(backend: str, command: str, tmp_path: Path) -> None:
    spec = write_folder(tmp_path, WITHOUT, 1)
    told = elsewhere(backend, "-m", "cnnlstm_spec", command, str(spec), "-o", str(tmp_path / "out"), status=1)
    assert f"spec.yaml:4:55: `{backend}` has no operation for `IntegerLookup`" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("policy", "raised"), [("mixed_float16", "ValueError: The precision"), ("float16", "NotImplementedError: ")]
)
@pytest.mark.parametrize("backend", [each for each in BACKENDS if each == "jax"])
def test_half_precision_that_jax_lacks_on_a_cpu_is_told(backend: str, policy: str, raised: str, tmp_path: Path) -> None:
    """Of attention it lacks the product, where the model trains; of a recurrent layer the first weights, where it is built."""
    compiled = f"compile: {{dtype_policy: {policy}, optimizer: {{SGD: {{learning_rate: 0.01}}}}"
    spec = write_folder(tmp_path, MASKED.replace("compile: {optimizer: sgd", compiled), 1)
    for command in ("train",) if policy == "mixed_float16" else ("train", "compile"):
        told = elsewhere(backend, "-m", "cnnlstm_spec", command, str(spec), "-o", str(tmp_path / command), status=1)
        assert f"the backend `{backend}` fails with this model: {raised}" in told
        assert (
            "`KERAS_BACKEND=tensorflow` runs all that `validate` finds sound; so may `dtype_policy: mixed_bfloat16` here" in told
        )


@pytest.mark.parametrize("backend", [each for each in BACKENDS if each == "jax"])
def test_float64_is_computed_where_jax_is_told_to(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_folder(tmp_path, MASKED.replace("compile: {", "compile: {dtype_policy: float64, "), 1)
    told = elsewhere(backend, "-m", "cnnlstm_spec", "train", str(spec), "-o", str(tmp_path / "out"), status=1)
    assert "spec.yaml:8:9: `Embedding` computes in float64, and the backend `jax` would in float32" in told
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    elsewhere(backend, "-m", "cnnlstm_spec", "train", str(spec), "-o", str(tmp_path / "out"))
