"""Models read from Keras's JSON, without Keras: what is written, and that a configuration may hold anything."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from places import TESTS

import cnnlstm_spec
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.from_keras.convert import convert, convert_file
from cnnlstm_spec.compiler.from_keras.prove import compare_shapes
from cnnlstm_spec.compiler.from_keras.read import ModelFile, NotAModel

FILES = sorted((TESTS / "compiler" / "from_keras").glob("*.json"))
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1e400,
    "",
    "\x1b[2J\u202e",
    "'''",
    "$x",
    "..",
    [],
    {},
    [[]],
    [None],
    {"class_name": "Functional", "config": {}},
    {"class_name": "__keras_tensor__", "config": {"keras_history": ["input_layer", 0, 0]}},
    {"class_name": "Lambda", "config": {"function": "code"}},
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_json_of_a_model(path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    draft = convert_file(path)
    assert not draft.problems
    compilation = cnnlstm_spec.load(draft.text)
    assert compilation.ok, compilation.diagnostics
    assert compare_shapes(draft, compilation) > 1
    out = tmp_path / "spec.yaml"
    assert run(["import", str(path), "-o", str(out)]) == 0
    assert out.read_text() == draft.text
    assert "are equal" in capsys.readouterr().err


def test_what_is_written() -> None:
    text = convert_file(TESTS / "compiler" / "from_keras" / "siamese.json").text
    assert text.count("share: twin_conv2d") == 2
    assert "layer: Subtract" in text and "Op: {name: abs}" in text


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        found += places(each, (*path, key))
    return found


def test_a_configuration_may_hold_anything(whole: bool) -> None:
    """It becomes a spec, or is refused with a reason; what becomes of it is read without a fault, too."""
    rng = random.Random(0)
    configs = [json.loads(path.read_text()) for path in FILES]
    refused = 0
    drawn = 600 if whole else 150
    for _ in range(drawn):
        config = copy.deepcopy(rng.choice(configs))
        for _ in range(rng.choice((1, 1, 2, 5))):
            path = rng.choice(places(config)[1:])
            inside = config
            for step in path[:-1]:
                inside = inside[step]
            inside[path[-1]] = copy.deepcopy(rng.choice(JUNK))
            if not isinstance(config.get("config"), dict):
                break
        try:
            if not isinstance(config.get("config"), dict):
                raise NotAModel("its JSON is not that of a Keras model")
            draft = convert(ModelFile(config, {}), "model")
        except NotAModel:
            refused += 1
            continue
        compilation = cnnlstm_spec.load(draft.text)
        assert not any(each.code.name == "not-yaml" for each in compilation.diagnostics), draft.text
    assert 0 < refused < drawn - 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither a `.keras` file"),
        (b"[" * 100_000, "neither a `.keras` file"),
        (b"{}", "not that of a Keras model"),
        (b"PK\x03\x04broken", "broken"),
        (b"\x89HDF\r\n\x1a\nbroken", "h"),
        (b'{"class_name": "MyModel", "config": {}}', "its graph is code"),
        (b'{"class_name": "Functional", "config": {"layers": []}}', "inputs or outputs"),
    ],
)
def test_files_that_are_no_models(data: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(data)
    assert run(["import", str(path)]) == 2
    assert reason in capsys.readouterr().err


def test_an_archive_without_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("../config.json", "{}")
    (tmp_path / "model.keras").write_bytes(data.getvalue())
    assert run(["import", str(tmp_path / "model.keras")]) == 2
    assert "it has no `config.json`" in capsys.readouterr().err


def test_a_configuration_that_unpacks_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (65 * 2**20))
    assert run(["import", str(tmp_path / "model.keras")]) == 2
    assert "longer than 64 MiB" in capsys.readouterr().err


def test_what_cannot_be_said_is_told_by_layer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = json.loads((TESTS / "compiler" / "from_keras" / "small_resnet.json").read_text())
    layer = next(each for each in config["config"]["layers"] if each["class_name"] == "ReLU")
    layer["class_name"] = "Lambda"
    (tmp_path / "model.json").write_text(json.dumps(config))
    assert run(["import", str(tmp_path / "model.json")]) == 1
    shown = capsys.readouterr()
    assert f"not written: `{layer['name']}`: `Lambda` holds code" in shown.err
    assert "# FILL_IN: a layer in place of `Lambda`" in shown.out
