"""Exported files beside Keras: names, values, sizes, what is measured of them, and what is left where one is not as it should be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.ir.graph import TypedGraph

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

CLIPS = """version: 1
name: clips
branches:
  video:
    input: {kind: sequence, shape: [frames, 3], mask_input: real}
    layers: [Normalization: {mean: 1.0, variance: 4.0}, {LSTM: {units: 3, return_sequences: true, recurrent_dropout: 0.2, use_cudnn: false}}]
  rows: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 3}}, BatchNormalization]}
heads:
  each: {inputs: video, layers: [{Dense: {units: 2}}]}
  whole: {inputs: [video, rows], fusion: {strategy: concat}, layers: [{Dense: {units: 1, activation: sigmoid}}]}
"""
CLIPS = CLIPS.replace("[video, rows], fusion: {strategy: concat}", "rows")
TABLE = """version: 1
name: table
branches:
  rows: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 8, activation: relu}}]}
head: [{Dense: {units: 2, activation: softmax}}]
compile: {optimizer: {Adam: {learning_rate: 0.05}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
data: {train: train.npz, validation: {fraction: 0.25}}
fit: {epochs: 3}
"""


@pytest.fixture(scope="module")
def clips() -> Iterator[Any]:
    import keras

    from cnnlstm_spec.runs.export.sizes import find_inputs

    keras.utils.clear_session()
    compilation = load(CLIPS)
    model = compilation.to_keras()
    assert compilation.typed is not None
    yield compilation.typed, model, find_inputs(compilation.typed)


@pytest.mark.parametrize(
    ("format", "batch"),
    [("saved_model", None), ("litert", 1), ("onnx", None), pytest.param("openvino", None, marks=pytest.mark.whole)],
)
def test_a_file_gives_what_keras_gives_by_name(format: str, batch: int | None, clips: Any, tmp_path: Path) -> None:
    from importlib import import_module

    from cnnlstm_spec.runs.export.comparison import ask_keras, compare_outputs
    from cnnlstm_spec.runs.export.formats import Kind
    from cnnlstm_spec.runs.export.samples import draw_samples
    from cnnlstm_spec.runs.export.serving import call, write_saved_model
    from cnnlstm_spec.runs.export.sizes import fix_sizes

    typed, model, inputs = clips
    fixed = fix_sizes(typed, {"frames": 5}) if batch else {}
    write_saved_model(model, ("each", "whole"), inputs, batch, fixed, tmp_path / "source")
    module = import_module(f"cnnlstm_spec.runs.export.convert.{format}")
    target = tmp_path / Kind(format).path
    target.parent.mkdir(exist_ok=True)
    module.convert(tmp_path / "source", target, arrays={})
    runner, names, heads = module.open_file(target)
    assert (names, heads) == (["real", "rows", "video"], ["each", "whole"])
    trial = draw_samples(typed, inputs, fixed, 6)
    assert any(not each["real"].all() for each in trial.samples)
    found = compare_outputs(ask_keras(trial, batch, lambda arrays: call(model, ("each", "whole"), arrays)), runner)
    assert set(found) == {"each", "whole"} and max(found.values()) <= 1e-5


def test_a_loop_is_unrolled_over_a_size_that_is_fixed_for_the_file(clips: Any, tmp_path: Path) -> None:
    from cnnlstm_spec.runs.export.comparison import ask_keras, compare_outputs
    from cnnlstm_spec.runs.export.convert import litert
    from cnnlstm_spec.runs.export.samples import draw_samples
    from cnnlstm_spec.runs.export.serving import call, unroll, write_saved_model
    from cnnlstm_spec.runs.export.sizes import fix_sizes

    typed, model, inputs = clips
    fixed = fix_sizes(typed, {"frames": 4})
    with unroll(model) as names:
        write_saved_model(model, ("each", "whole"), inputs, 1, fixed, tmp_path / "source", bool(names))
    litert.convert(tmp_path / "source", tmp_path / "model.tflite", arrays={})
    runner, _, _ = litert.open_file(tmp_path / "model.tflite")
    trial = draw_samples(typed, inputs, fixed, 6)
    found = compare_outputs(ask_keras(trial, 1, lambda arrays: call(model, ("each", "whole"), arrays)), runner)
    assert len(names) == 1 and set(found) == {"each", "whole"} and max(found.values()) <= 1e-5


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import numpy

    folder = tmp_path_factory.mktemp("table")
    rng = numpy.random.default_rng(0)
    rows = rng.normal(size=(80, 4)).astype("float32")
    numpy.savez(folder / "train.npz", rows=rows, head=(rows[:, 0] > 0).astype("int64"))
    (folder / "table.yaml").write_text(TABLE)
    assert run(["train", str(folder / "table.yaml"), "-o", str(folder / "run")]) == 0
    return folder


def test_a_run_is_exported_and_measured(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = trained / "device"
    given = ["export", str(trained / "run"), "-o", str(device), "--format", "litert", "--quantize", "int8"]
    assert run([*given, "--require", "accuracy>=0.6"]) == 0
    printed = capsys.readouterr().out
    found = read_document("export", (device / "export.json").read_text())
    (file,) = found["files"]
    assert (file["path"], file["inputs"]) == ("model.int8.tflite", [{"name": "rows", "shape": [1, 4], "dtype": "float32"}])
    assert file["bytes"] == (device / "model.int8.tflite").stat().st_size
    assert 0 < file["difference"] < 0.2 and "tolerance" not in file and file["milliseconds"] <= file["milliseconds_99"]
    assert (file["measured"]["part"], file["measured"]["samples"]) == ("validation", 20)
    manifest = json.loads((trained / "run" / "manifest.json").read_text())
    assert file["measured"]["before"] == manifest["evaluation"]["metrics"]
    assert abs(file["metrics"]["accuracy"]["value"] - file["measured"]["before"]["accuracy"]["value"]) <= 0.05
    assert found["outputs"] == [{"name": "head", "shape": [2], "dtype": "float32", "names": ["0", "1"]}]
    assert found["samples_of"] == "validation"
    assert "model.int8.tflite on validation (20 samples), before and after:" in printed

    written = {each: each.stat().st_mtime_ns for each in device.iterdir()}
    assert run([*given, "--require", "accuracy>=0.6", "--time-limit", "900"]) == 0
    assert capsys.readouterr().out == f"{device} is up to date\n"
    assert {each: each.stat().st_mtime_ns for each in device.iterdir()} == written

    assert run(["compare", str(trained / "run"), str(device), "--format", "json"]) == 0
    of_run, of_file = read_document("compare", capsys.readouterr().out)["runs"]
    assert of_file["run"] == str(device / "model.int8.tflite") and "params" not in of_file and "difference" not in of_run
    assert (of_file["format"], of_file["bytes"], of_file["difference"]) == ("litert int8", file["bytes"], file["difference"])
    assert of_file["metrics"] == file["metrics"] and 0 < of_file["milliseconds"] <= of_file["milliseconds_99"]


@pytest.mark.whole
def test_layers_are_explained_and_what_is_required_leaves_what_is_there(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = trained / "explained"
    given = ["export", str(trained / "run"), "-o", str(device), "--format", "litert", "--quantize", "int8", "--explain"]
    assert run(given) == 0
    (file,) = read_document("export", (device / "export.json").read_text())["files"]
    assert [each["address"] for each in file["layers"]] and file["layers"][0]["difference"] >= file["layers"][-1]["difference"]
    before = sorted(each.name for each in device.iterdir())
    assert run([*given, "--require", "accuracy>=1.1"]) == 1
    assert "`accuracy>=1.1` does not hold" in capsys.readouterr().err
    assert sorted(each.name for each in device.iterdir()) == before
    assert [each.name for each in trained.iterdir() if each.name.startswith(".")] == []


@pytest.mark.whole
def test_what_differs_too_much_leaves_nothing(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["export", str(trained / "run"), "-o", str(trained / "half"), "--format", "litert", "--quantize", "float16"]
    assert run([*given, "--tolerance", "1e-9"]) == 1
    assert "litert float16: `head` differs from Keras by" in capsys.readouterr().err
    assert run([*given, "--tolerance", "1e-9", "--explain"]) == 1
    assert "litert float16: `head[0]` differs by" in capsys.readouterr().err
    assert not (trained / "half").exists()


@pytest.mark.whole
def test_a_run_is_exported_where_its_data_are_not(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(trained / "run", tmp_path / "run")
    given = ["export", str(tmp_path / "run"), "-o", str(tmp_path / "device"), "--format", "saved_model"]
    assert run(given) == 1
    assert "`--without-data` compares files on seeded samples, and measures nothing" in capsys.readouterr().err
    assert run([*given, "--without-data", "--require", "accuracy>=0.5"]) == 1
    assert "`--require` needs `data`" in capsys.readouterr().err
    assert run([*given, "--without-data"]) == 0
    assert "compared with Keras on 16 seeded samples" in capsys.readouterr().out


def test_files_of_others_stay(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = trained / "other"
    other.mkdir()
    (other / "model.onnx").write_text("mine")
    assert run(["export", str(trained / "run"), "-o", str(other), "--format", "onnx"]) == 1
    assert "holds `model.onnx`, not written by `export`" in capsys.readouterr().err
    assert (other / "model.onnx").read_text() == "mine"


def test_a_process_that_fails_dies_or_takes_too_long_is_told() -> None:
    from cnnlstm_spec.runs.export.child import Child, Failed, Late

    with Child(60, 2**40) as child:
        with pytest.raises(Failed, match="no such file"):
            child.ask("convert", format="saved_model", source="/nowhere/at/all", target="/nowhere/else")
        child._process.kill()
        with pytest.raises(Failed, match="the process was ended by SIGKILL"):
            child.ask("open", format="saved_model", path="/nowhere")
    with Child(0.01, 2**40) as child, pytest.raises(Late, match=r"it was not done after 0\.01 seconds"):
        child.ask("open", format="saved_model", path="/nowhere")


TEXTS = """version: 1
name: texts
branches:
  review:
    input: {kind: text}
    layers:
      - TextVectorization: {vocabulary: [good, bad, the], output_sequence_length: 5}
      - Embedding: {input_dim: 6, output_dim: 3, mask_zero: true}
      - LSTM: {units: 2}
  genre: {input: {kind: text}, layers: [{StringLookup: {vocabulary: [x, y], output_mode: one_hot}}]}
  rows: {input: {kind: vector, shape: [2]}}
fusion: {strategy: concat}
heads: {state: [{Dense: {units: 2}}], wear: [{Dense: {units: 1}}]}
"""


@pytest.mark.whole
def test_files_without_strings_begin_behind_the_layers_that_read_text(tmp_path: Path) -> None:
    import keras

    from cnnlstm_spec.runs.export.comparison import ask_keras, compare_outputs
    from cnnlstm_spec.runs.export.convert import onnx, saved_model
    from cnnlstm_spec.runs.export.samples import draw_samples
    from cnnlstm_spec.runs.export.serving import call, write_saved_model
    from cnnlstm_spec.runs.export.sizes import find_inputs
    from cnnlstm_spec.runs.export.texts import cut, describe_texts, list_words

    keras.utils.clear_session()
    compilation = load(TEXTS)
    assert compilation.ok and compilation.typed is not None
    typed, model = compilation.typed, compilation.to_keras()
    inputs, heads = find_inputs(typed), ("state", "wear")
    trial = draw_samples(typed, inputs, {}, 5)
    texts = ("review", "genre")

    def keras_gives(arrays: Any) -> Any:
        import tensorflow

        return call(model, heads, {name: tensorflow.constant(each) for name, each in arrays.items()})

    wanted = ask_keras(trial, None, keras_gives)
    write_saved_model(model, heads, inputs, None, {}, tmp_path / "whole")
    run_whole, names, _ = saved_model.open_file(tmp_path / "whole")
    assert names == ["genre", "review", "rows"]
    assert max(compare_outputs(wanted, lambda arrays: run_whole(_as_text(arrays))).values()) == 0

    side = cut(typed, model, inputs)
    assert side.texts == texts
    assert [(each.name, each.dtype, each.shape(None, {})) for each in side.inputs] == [
        ("review", "int64", (None, 5)),
        ("genre", "float32", (None, 3)),
        ("rows", "float32", (None, 2)),
    ]
    write_saved_model(side.model, heads, side.inputs, None, {}, tmp_path / "behind")
    onnx.convert(tmp_path / "behind", tmp_path / "model.onnx", arrays={})
    run_behind, names, found = onnx.open_file(tmp_path / "model.onnx")
    assert (names, found) == (["genre", "review", "rows"], ["state", "wear"])
    assert max(compare_outputs(wanted, lambda arrays: run_behind(side.prepare(arrays))).values()) <= 1e-5

    told = describe_texts(typed, texts)
    assert told["review"].to_data() == {
        "layer": "TextVectorization",
        "arguments": {"output_sequence_length": 5},
        "vocabulary": "review.vocabulary.txt",
    }
    assert list_words(typed, "genre") == ("x", "y")


def _as_text(arrays: Any) -> Any:
    return {name: each.astype(str) if each.dtype == object else each for name, each in arrays.items()}


def build(branch: str, name: str = "x") -> tuple[TypedGraph, Any, Any]:
    """A spec of one branch, with a head of one unit: its graph, its model and the inputs of that."""
    import keras

    from cnnlstm_spec.runs.export.sizes import find_inputs

    keras.utils.clear_session()
    compilation = load(f"version: 1\nname: one\nbranches: {{{name}: {branch}}}\nhead: [{{Dense: {{units: 1}}}}]\n")
    assert compilation.typed is not None, compilation
    return compilation.typed, compilation.to_keras(), find_inputs(compilation.typed)


@pytest.mark.parametrize(
    "pool",
    [
        "{MaxPooling3D: {padding: same, pool_size: 3, strides: [1, 2, 2]}}",
        "{TimeDistributed: [{AveragePooling3D: {padding: same, pool_size: [2, 3, 2], strides: [2, 1, 3]}}]}",
    ],
)
def test_pools_over_three_axes_in_litert(pool: str, tmp_path: Path) -> None:
    """It has pools over two alone; over height and width, then over depth, they give the same."""
    import numpy
    from ai_edge_litert.interpreter import Interpreter

    from cnnlstm_spec.runs.export.convert import litert
    from cnnlstm_spec.runs.export.serving import write_saved_model

    kind, shape = ("tensor, axes: [frames, a, b, c, d]", [2, 5, 6, 7, 2]) if "Time" in pool else ("volume", [5, 6, 7, 2])
    branch = f"{{input: {{kind: {kind}, shape: {shape}}}, layers: [{pool}, Flatten]}}"
    _, model, inputs = build(branch)
    x = numpy.random.default_rng(0).normal(size=(1, *shape)).astype("float32")
    before = model.predict(x, verbose=0)
    write_saved_model(model, ("head",), inputs, 1, {}, tmp_path / "source", in_planes=True)
    litert.convert(tmp_path / "source", tmp_path / "model.tflite", arrays={})
    found = Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()(x=x)["head"]
    assert numpy.abs(found - before).max() < 1e-5
    model.predict_function = None
    assert (model.predict(x, verbose=0) == before).all()


def test_an_exact_gelu_in_onnx(tmp_path: Path) -> None:
    """TensorFlow computes it with erfc, which neither ONNX nor its converter has; and it writes names of inputs small."""
    import numpy

    from cnnlstm_spec.runs.export.convert import onnx
    from cnnlstm_spec.runs.export.serving import write_saved_model

    branch = "{input: {kind: vector, shape: [5]}, layers: [{Dense: {units: 6, activation: gelu}}]}"
    _, model, inputs = build(branch, "lead_I")
    x = numpy.random.default_rng(0).normal(size=(9, 5)).astype("float32") * 4
    write_saved_model(model, ("head",), inputs, None, {}, tmp_path / "source")
    onnx.convert(tmp_path / "source", tmp_path / "model.onnx", arrays={})
    run, _, _ = onnx.open_file(tmp_path / "model.onnx")
    assert numpy.abs(run({"lead_I": x})["head"] - model.predict(x, verbose=0)).max() < 1e-5


def test_layers_that_end_in_an_output_stay_in_float_too(tmp_path: Path) -> None:
    """An output has a name of its own in the file, and not that of the layer. One that is no more is told."""
    import numpy
    from ai_edge_litert.interpreter import Interpreter

    from cnnlstm_spec.runs.export.convert import litert
    from cnnlstm_spec.runs.export.serving import find_ends, write_saved_model
    from cnnlstm_spec.runs.export.sizes import find_inputs

    compilation = load("""version: 1
name: kept
branches:
  x: {input: {kind: image, shape: [6, 6, 1]}, layers: [{Conv2D: {name: conv, filters: 3, kernel_size: 3}}, {Flatten: {name: flat}}]}
  s: {input: {kind: sequence, shape: [3, 2]}, layers: [{GRU: {name: gru, units: 2, unroll: true}}]}
heads:
  line: {inputs: x, layers: [{Dense: {name: dense, units: 2}}]}
  share: {inputs: x, layers: [{Dense: {name: soft, units: 3, activation: softmax}}, Identity]}
  other: {inputs: x, layers: [{Dense: {name: least, units: 3, activation: softmax}}]}
  more: {inputs: s, layers: [{Dense: {name: last, units: 3}}]}
""")
    model, heads = compilation.to_keras(), ("line", "share", "other", "more")
    assert compilation.typed is not None
    inputs = find_inputs(compilation.typed)
    ends = find_ends(model, heads)
    assert [chain[0] for chain in ends.values()] == list(heads) and ends["share"] == ["share", "soft"]
    write_saved_model(model, heads, inputs, 1, {}, tmp_path / "source")
    rng = numpy.random.default_rng(0)
    samples = {name: rng.normal(size=(4, *shape)).astype("float32") for name, shape in (("x", (6, 6, 1)), ("s", (3, 2)))}
    target = tmp_path / "model.tflite"

    def convert(kept: list[list[str]]) -> list[tuple[str, str]]:
        litert.convert(tmp_path / "source", target, samples, "int8", kept, ends)
        interpreter = Interpreter(str(target))
        dtypes = {each["index"]: each["dtype"].__name__ for each in interpreter.get_tensor_details()}
        found = [(each["op_name"], dtypes[each["outputs"][0]]) for each in interpreter._get_ops_details()]
        return sorted(each for each in found if each[0] in ("CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "SPLIT", "TANH"))

    found = convert([["dense"], ["soft"], ["gru"]])
    dtypes = {name: sorted(dtype for each, dtype in found if each == name) for name, _ in found}
    assert (dtypes["CONV_2D"], dtypes["SOFTMAX"]) == (["int8"], ["float32", "int8"])
    # A split has several outputs, and no name that the converter knows.
    assert set(dtypes["TANH"]) == set(dtypes["SPLIT"]) == {"float32"}
    assert dtypes["FULLY_CONNECTED"].count("int8") == 2
    with pytest.raises(ValueError, match="no operation of `x` is left in the file"):
        convert([["x"]])


def test_what_a_runtime_lacks_is_told_by_layer(tmp_path: Path) -> None:
    """By the name that the converter gives it: pools over three axes, if they are written as they are."""
    from cnnlstm_spec.runs.export.blame import describe, find_layer
    from cnnlstm_spec.runs.export.convert import litert
    from cnnlstm_spec.runs.export.said import describe_error, shorten_error
    from cnnlstm_spec.runs.export.serving import write_saved_model

    layers = "{Conv3D: {filters: 1, kernel_size: 1}}, MaxPooling3D, {MaxPooling3D: {padding: same}}, Flatten"
    branch = f"{{input: {{kind: volume, shape: [4, 4, 4, 1]}}, layers: [{layers}]}}"
    typed, model, inputs = build(branch)
    write_saved_model(model, ("head",), inputs, 1, {}, tmp_path / "source")
    with pytest.raises(Exception, match="MaxPool3D") as error:
        litert.convert(tmp_path / "source", tmp_path / "model.tflite", arrays={})
    assert shorten_error(error.value) == "'tf.MaxPool3D' op is neither a custom op nor a flex op"
    found = find_layer(typed, describe_error(error.value))
    assert found is not None and describe(found) == "`branches.x.layers[1]` (MaxPooling3D)"
    assert not (tmp_path / "model.tflite").exists()
