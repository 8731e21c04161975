"""What is asked of an export, told without Keras."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.deploy import deploy
from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.runs.export.asked import check_model
from cnnlstm_spec.runs.export.blame import describe, find_blamed, find_layer
from cnnlstm_spec.runs.export.formats import Kind
from cnnlstm_spec.runs.export.said import shorten_error
from cnnlstm_spec.runs.export.sizes import find_inputs, find_open, fix_sizes, need_fixed, need_names
from cnnlstm_spec.runs.export.wanted import Wanted
from cnnlstm_spec.runs.samples import DataError

SPEC = """version: 1
name: clips
branches:
  video:
    input: {kind: video, shape: [frames, 8, 8, 1], mask_input: real}
    layers: [{TimeDistributed: {layers: [{Conv2D: {filters: 2, kernel_size: 3}}, GlobalAveragePooling2D]}}, {LSTM: {units: 2}}]
  sound: {input: {kind: sequence, shape: [null, 3]}, layers: [{GRU: {units: 2}}]}
fusion: {strategy: concat}
head: [{Dense: {units: 1}}]
"""


@pytest.fixture(scope="module")
def clips() -> Compilation:
    found = load(SPEC)
    assert found.ok
    return found


@pytest.fixture(scope="module")
def typed(clips: Compilation) -> TypedGraph:
    assert clips.typed is not None
    return clips.typed


def test_inputs_are_those_of_keras_with_their_masks(typed: TypedGraph) -> None:
    found = {each.name: (each.dtype, each.shape(None, {}), each.fill) for each in find_inputs(typed)}
    assert found == {
        "video": ("float32", (None, None, 8, 8, 1), 0),
        "real": ("bool", (None, None), 0),
        "sound": ("float32", (None, None, 3), None),
    }


def test_an_open_size_has_a_name_and_an_address(typed: TypedGraph) -> None:
    assert list(find_open(typed).values()) == [("frames", "video.frames"), ("sound.steps",)]


@pytest.mark.parametrize(("name", "apart"), [("Video", False), ("REAL", False), ("audio", True)])
def test_inputs_that_differ_in_case_alone_are_named(name: str, apart: bool) -> None:
    """Branches, and inputs of masks."""
    found = load(SPEC.replace("sound:", f"{name}:"))
    assert found.ok and found.typed is not None
    inputs = find_inputs(found.typed)
    if apart:
        need_names(inputs)
        return
    with pytest.raises(DataError) as error:
        need_names(inputs)
    (said,) = error.value.problems
    assert f"`{name.lower()}` and `{name}` differ in case alone" in said


def test_an_input_that_no_function_has_is_named() -> None:
    found = load(SPEC.replace("sound:", "self:"))
    assert found.typed is not None
    with pytest.raises(DataError, match="no file holds an input named `self`"):
        need_names(find_inputs(found.typed))


@pytest.mark.parametrize("name", ["frames", "video.frames"])
def test_a_size_is_fixed_for_all_that_have_it(typed: TypedGraph, name: str) -> None:
    fixed = fix_sizes(typed, {name: 16})
    shapes = {each.name: each.shape(1, fixed) for each in find_inputs(typed)}
    assert shapes == {"video": (1, 16, 8, 8, 1), "real": (1, 16), "sound": (1, None, 3)}


def test_a_size_that_is_none_is_told(typed: TypedGraph) -> None:
    with pytest.raises(DataError) as error:
        fix_sizes(typed, {"steps": 3})
    assert error.value.problems == (
        "`--size steps=3`: there is no size `steps` that is known only at run time; there are `frames`, `sound.steps`",
    )


def test_what_litert_needs_is_told_with_the_way(typed: TypedGraph) -> None:
    with pytest.raises(DataError) as error:
        need_fixed(typed, fix_sizes(typed, {"frames": 4}), "litert")
    assert error.value.problems == ("`litert` needs a number for `sound.steps`: --size sound.steps=16",)


LOOKS_UP = """version: 1
name: shop
branches:
  count: {input: {kind: tokens, shape: [2]}, layers: [{IntegerLookup: {vocabulary: [4, 7]}}, Flatten]}
  name:
    input: {kind: text}
    layers: [{Hashing: {num_bins: 8}}, {Embedding: {input_dim: 8, output_dim: 2}}, {Flatten: {name: flat}}]
fusion: {strategy: concat}
head: [{Dense: {units: 1}}]
"""


def test_what_is_known_to_fail_is_told_before_anything_is_built() -> None:
    """All of it at once. A layer that reads a text is no part of a file, so that no runtime lacks it."""
    asked = Wanted(("onnx", "litert", "openvino"), ("int8",), keep_float=("branches.name.flag", "branches.name.flat"))
    with pytest.raises(DataError) as error:
        check_model(deploy(load(LOOKS_UP)), asked)
    unknown, *lacking = error.value.problems
    assert unknown == (
        "`--keep-float branches.name.flag`: there is no `branches.name.flag` in this model; did you mean `branches.name.flat`?"
    )
    told = (
        "has no operation for `IntegerLookup`, at `branches.count.layers[0]`: `saved_model` and `openvino` can hold it; it says"
    )
    assert [each.partition(" ")[0] for each in lacking] == ["`onnx`", "`litert`"] and all(told in each for each in lacking)


STATEFUL = """version: 1
name: on
batch_size: 2
branches:
  x:
    input: {kind: sequence, shape: [8, 2]}
    layers: [{Bidirectional: {layer: {LSTM: {units: 4, stateful: true, return_sequences: true}}}}, {GRU: {units: 4}}]
head: [{Dense: {units: 1}}]
"""


def test_states_that_last_are_of_a_saved_model_alone() -> None:
    """Of Keras 3.15 and TensorFlow 2.21: ONNX's converter fails, and LiteRT and OpenVINO give other numbers."""
    deployment = deploy(load(STATEFUL))
    check_model(deployment, Wanted(("saved_model",)))
    with pytest.raises(DataError) as error:
        check_model(deployment, Wanted(("saved_model", "litert", "onnx")))
    assert error.value.problems == (
        "no states last in `litert` and `onnx`, and `branches.x.layers[0]` (Bidirectional) is `stateful`: `saved_model` keeps them",
    )


SHRINKS = """version: 1
name: small
branches:
  picture: {input: {kind: image, shape: [h, null, 1]}, layers: [{Conv2D: {filters: 3, kernel_size: 5}}, MaxPooling2D, GlobalAveragePooling2D]}
  other: {input: {kind: image, shape: [h, 6, 1]}, layers: [GlobalAveragePooling2D]}
fusion: {strategy: concat}
head: [{Dense: {units: 1}}]
"""


def test_sizes_that_the_model_cannot_have_are_told() -> None:
    """They ended `export` in Keras."""
    found = load(SHRINKS)
    for h, width, least in ((6, 6, None), (3, 9, "height"), (9, 5, "width"), (9, None, None)):
        sizes = {"h": h, **({"picture.width": width} if width else {})}
        wanted = Wanted(("onnx",), sizes=sizes)
        if least is None:
            check_model(deploy(found), wanted)
            continue
        with pytest.raises(DataError) as error:
            check_model(deploy(found), wanted)
        (said,) = error.value.problems
        assert said.startswith(f"`--size h={h} --size picture.width={width}`: ") and least in said
        assert "at `branches.picture.layers[" in said


def test_one_size_has_one_number(typed: TypedGraph) -> None:
    with pytest.raises(DataError) as error:
        fix_sizes(typed, {"frames": 3, "video.frames": 4})
    assert error.value.problems == ("`--size video.frames=4`: `frames` is 3 already",)
    assert fix_sizes(typed, {"frames": 3, "video.frames": 3}) == fix_sizes(typed, {"frames": 3})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"quantize": ("int8",)}, "`--quantize` is for `--format litert`"),
        ({"opset": 18}, "`--opset` is for `--format onnx`"),
        ({"keep_float": ("head",)}, "`--keep-float` is for `--quantize int8`"),
    ],
)
def test_what_would_have_no_effect_is_an_error(given: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as error:
        Wanted(("saved_model",), **given).check()  # type: ignore[arg-type]
    assert error.value.problems == (said,)


def test_files_by_format() -> None:
    kinds = Wanted(("onnx", "litert", "openvino", "saved_model"), ("int8", "float16")).kinds
    assert [(str(kind), kind.path) for kind in kinds] == [
        ("saved_model", "saved_model/1"),
        ("litert int8", "model.int8.tflite"),
        ("litert float16", "model.float16.tflite"),
        ("onnx", "model.onnx"),
        ("openvino", "model.xml"),
    ]


def test_what_may_differ() -> None:
    assert [Kind("litert", each).find_tolerance("float32") for each in (None, "float16", "dynamic", "int8")] == [
        1e-4,
        2e-3,
        2e-2,
        None,
    ]
    assert Kind("onnx").find_tolerance("mixed_float16") == 2e-3
    assert Kind("onnx").find_tolerance("mixed_bfloat16") == 2e-2


@pytest.mark.parametrize(
    ("said", "layer"),
    [
        ('loc(fused["MaxPool3D:", "clips_1/sound_gru_1/while@__inference_serve_6645"])', "`branches.sound.layers[0]` (GRU)"),
        ("Node clips/head_dense/MatMul fails", "`head[0]` (Dense)"),
        ("nothing of ours", None),
    ],
)
def test_the_layer_that_a_library_speaks_of(typed: TypedGraph, said: str, layer: str | None) -> None:
    found = find_layer(typed, said)
    assert (found and describe(found)) == layer


def test_a_layer_is_told_with_what_is_said_of_it(typed: TypedGraph) -> None:
    """LiteRT's converter has a line for each operation, and that of a table stands in no layer."""
    whole = """ConverterError: model:0: error: loc(fused["HashTableV2:", "hash_table"]): 'tf.HashTableV2' op is neither a custom op nor a flex op
<unknown>:0: note: loc(fused["StatefulPartitionedCall:", "StatefulPartitionedCall"]): called from
model:0: error: loc(callsite(fused["Bincount:", "clips_1/head_dense_1/Bincount@__serve"])): 'tf.Bincount' op is neither a custom op nor a flex op
"""
    found, said = find_blamed(typed, "'tf.HashTableV2' op is neither a custom op nor a flex op", whole)
    assert found is not None and describe(found) == "`head[0]` (Dense)"
    assert said == "'tf.Bincount' op is neither a custom op nor a flex op"
    assert find_blamed(typed, "nothing of ours", "nothing") == (None, "nothing of ours")


def test_what_a_library_says_before_it_says_something_is_left_out() -> None:
    said = RuntimeError("Check 'false' failed at src/frontends/report.cpp:151:\n[TensorFlow Frontend] no translator for: X\n")
    assert shorten_error(said) == "[TensorFlow Frontend] no translator for: X"
    assert shorten_error(RuntimeError("Check 'false' failed at report.cpp:151:\n")) == "Check 'false' failed at report.cpp:151:"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "tflite"], "`tflite` is none of saved_model, litert, onnx, openvino"),
        (["--format", "litert", "--quantize", "int4"], "`int4` is none of dynamic, float16, int8"),
        (["--format", "litert", "--size", "frames"], "`frames` is not of the form NAME=N, such as frames=16"),
        (["--format", "litert", "--size", "frames=0"], "`frames=0` is not of the form NAME=N, such as frames=16"),
        (["--format", "litert", "--size", "frames=3", "--size", "frames=4"], "`frames` is 3 already"),
        (["--format", "litert", "--require", "accuracy"], "`accuracy` is not of the form"),
    ],
)
def test_arguments_that_cannot_be(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "run", "-o", "device", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(tmp_path / "run"), "-o", str(tmp_path / "device"), "--format", "onnx"]) == 1
    assert "is no folder of a run, which `train` writes" in capsys.readouterr().err
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run(["export", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "device"), "--format", "onnx"]) == 1
    assert "is a file, and no folder of a run" in capsys.readouterr().err
    assert not (tmp_path / "device").exists()


def test_lines_that_lead_up_to_what_a_library_says_are_left_out() -> None:
    from cnnlstm_spec.runs.export.said import shorten_error

    said = [
        "Check 'false' failed at src/frontend.cpp:478:",
        "FrontEnd API failed with OpConversionFailure:",
        "no translator found",
        "x",
    ]
    assert shorten_error(RuntimeError("\n".join(said))) == "no translator found"
    assert shorten_error(RuntimeError(said[0])) == said[0]


def test_the_line_that_loads_an_openvino_file_computes_as_it_was_compared() -> None:
    """On processors with bfloat16 it would differ by more than is allowed."""
    from types import SimpleNamespace
    from typing import Any

    from cnnlstm_spec.runs.export.words import USES

    file: Any = SimpleNamespace(inputs=(), outputs=("head",))
    lines = USES["openvino"]("device/model.xml", file, file)
    assert lines[1] == 'model = openvino.compile_model("device/model.xml", config={"INFERENCE_PRECISION_HINT": "f32"})'
