"""The artifact folder: whole or not at all, equal for equal specs, and of use without this package."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from json_schemas import read_document
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.artifact import write as artifact
from cnnlstm_spec.compiler.artifact.ownership import clear, find_foreign
from cnnlstm_spec.compiler.artifact.saved import make_canonical
from cnnlstm_spec.compiler.artifact.usage import write_usage
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.text.files import PathError
from cnnlstm_spec.text.source import Source

SPEC = ROOT / "specs" / "equipment-fault.yaml"
SMALL = """version: 1
name: small
seed: 3
branches:
  text:
    input: {kind: tokens, shape: [null]}
    layers:
      - Embedding: {input_dim: 20, output_dim: 4, mask_zero: true}
      - LSTM: {units: $width}
  extra:
    input: {kind: sequence, shape: [steps, 3], mask_input: real}
    layers:
      - GRU: {units: $width}
vars: {width: 4}
fusion: {strategy: learned_weights}
head:
  - Dense: {units: 1, activation: sigmoid}
compile: {optimizer: adam, loss: binary_crossentropy, metrics: [accuracy]}
"""
OLD = {"a": b"old a", "b": b"old b", "manifest.json": b"old"}
NEW = {"a": b"new a", "b": b"new b", "manifest.json": b"new"}


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    artifact.write_files(folder, NEW)
    assert contents(folder) == NEW
    assert names(folder.parent) == ["out"]
    assert folder.stat().st_mode & 0o777 == 0o777 & ~artifact._read_umask()


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    artifact.write_files(tmp_path, {**OLD, "mine": b"mine"})
    artifact.write_files(tmp_path, NEW)
    assert contents(tmp_path) == {**NEW, "mine": b"mine"}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("after", range(10))
@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_at_any_moment(after: int, exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is old, new, or a mix in which the manifest is still the old one."""
    folder = tmp_path / "out"
    if exists:
        artifact.write_files(folder, OLD)
    calls = 0

    def counted(function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > after:
                raise Killed
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    with contextlib.suppress(Killed):
        artifact.write_files(folder, NEW)
    monkeypatch.undo()
    if not exists:
        assert not folder.exists() or contents(folder) == NEW
        assert not folder.exists() or names(tmp_path) == ["out"]
        return
    held = contents(folder)
    waiting = [held.pop(name) for name in list(held) if name.startswith(".manifest.json.")]
    assert set(held) == set(NEW), "nothing else is left beside the files"
    assert waiting == ([NEW["manifest.json"]] if held not in (OLD, NEW) else [])
    assert all(held[name] in (OLD[name], NEW[name]) for name in held)
    assert held["manifest.json"] == OLD["manifest.json"] or held == NEW


def manifest(**files: bytes) -> bytes:
    made = artifact.make_manifest(compile_source(Source("small.yaml", SMALL)), files, {})
    return made.to_json().encode()


MODEL = "model.keras"
WRITTEN = {MODEL: b"one", "plot.svg": b"one", "manifest.json": manifest(**{MODEL: b"one", "plot.svg": b"one"})}
LATER = {MODEL: b"two", "plot.svg": b"two", "manifest.json": manifest(**{MODEL: b"two", "plot.svg": b"two"})}


@pytest.mark.parametrize(
    ("held", "others"),
    [
        ({}, []),
        (WRITTEN, []),
        ({"mine.txt": b"mine"}, []),
        ({MODEL: b"mine"}, [MODEL]),
        ({**WRITTEN, MODEL: b"trained"}, [MODEL]),
        ({**WRITTEN, "plot.svg": b"drawn anew"}, []),
        ({**WRITTEN, "manifest.json": b'{"short_name": "a web app"}'}, [MODEL, "plot.svg", "manifest.json"]),
        ({"manifest.json": b"not JSON"}, ["manifest.json"]),
    ],
)
def test_whose_files_they_are(held: dict[str, bytes], others: list[str], tmp_path: Path) -> None:
    for name, data in held.items():
        (tmp_path / name).write_bytes(data)
    assert find_foreign(tmp_path, artifact.NAMES, artifact.digest) == others


@pytest.mark.parametrize("renames", range(4))
@pytest.mark.parametrize("killed", [True, False])
def test_what_an_interrupted_run_leaves_is_ours(
    renames: int, killed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of renames, with the temporary files left as `kill -9` leaves them, or removed."""
    artifact.write_files(tmp_path, WRITTEN)
    replace, done = Path.replace, []

    def counted(path: Path, target: Path) -> Path:
        if len(done) == renames:
            raise Killed
        done.append(path)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", counted)
    if killed:
        monkeypatch.setattr(Path, "unlink", lambda *arguments, **options: None)
    with contextlib.suppress(Killed):
        artifact.write_files(tmp_path, LATER)
    monkeypatch.undo()
    assert (tmp_path / MODEL).read_bytes() == (b"two" if renames else b"one")
    assert find_foreign(tmp_path, artifact.NAMES, artifact.digest) == []


def test_old_temporary_files_are_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    left = [folder / ".model.keras.abcd1234.tmp", tmp_path / ".out.abcd1234.tmp" / MODEL]
    others = [folder / ".mine.abcd1234.tmp", folder / ".model.keras.tmp", tmp_path / ".out.zzzzzzzz.tmp" / "mine"]
    new = [folder / ".model.keras.zzzz1234.tmp", tmp_path / ".out.abcd9999.tmp" / MODEL]
    for path in (*left, *others, *new):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for path in (*left, *others):
        os.utime(path, (0, 0))
        if path.parent != folder:
            os.utime(path.parent, (0, 0))
    clear(folder, artifact.NAMES)
    assert not any(path.exists() for path in left) and not (tmp_path / ".out.abcd1234.tmp").exists()
    assert all(path.exists() for path in (*others, *new))


def test_compile_leaves_a_trained_model_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / MODEL).write_bytes(b"trained")
    with pytest.raises(artifact.Unsuitable, match=r"`model.keras`, not written by `compile`: .* `--force`"):
        artifact.write(load(SPEC), tmp_path)
    assert contents(tmp_path) == {MODEL: b"trained"}
    assert run(["compile", str(SPEC), "-o", ""]) == 2
    assert "the name is empty" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a", "b", "manifest.json"])
def test_a_folder_where_a_file_should_be(name: str, tmp_path: Path) -> None:
    """All targets are looked at before the first is replaced, and the one that cannot be is named."""
    artifact.write_files(tmp_path, OLD)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    rest = {each: data for each, data in OLD.items() if each != name}
    with pytest.raises(PathError) as raised:
        artifact.write_files(tmp_path, NEW)
    assert raised.value.path == tmp_path / name
    assert {each: (tmp_path / each).read_bytes() for each in rest} == rest and names(tmp_path) == sorted(OLD)


def test_a_target_that_cannot_be_replaced_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(self), None, str(target))

    artifact.write_files(tmp_path, OLD)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PathError) as raised:
        artifact.write_files(tmp_path, NEW)
    assert raised.value.path == tmp_path / "a" and contents(tmp_path) == OLD


def test_a_folder_in_an_artifact_is_told_before_anything_is_built(tmp_path: Path) -> None:
    (tmp_path / "plot.svg").mkdir()
    with pytest.raises(artifact.Unsuitable, match=r"plot\.svg` is a folder"):
        artifact.write(load(SMALL), tmp_path, force=True)
    assert names(tmp_path) == ["plot.svg"]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(artifact.Unsuitable):
        artifact.write(load(SPEC), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_replace_file_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    artifact.replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"new" and (tmp_path / "link").is_symlink()
    with pytest.raises(PathError, match="it is a device"):
        artifact.replace_file(Path(os.devnull), b"new")


@pytest.mark.parametrize("name", ["a" * 245, "ä" * 120])
def test_a_long_name_can_be_written(name: str, tmp_path: Path) -> None:
    artifact.replace_file(tmp_path / name, b"new")
    artifact.write_files(tmp_path / f"{name}.d", NEW)
    assert (tmp_path / name).read_bytes() == b"new" and contents(tmp_path / f"{name}.d") == NEW


def keras_file(time: tuple[int, int, int, int, int, int], saved: str, address: int) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        config = {"layers": [{"shared_object_id": address}, {"shared_object_id": address + 1}, {"shared_object_id": address}]}
        made.writestr(zipfile.ZipInfo("metadata.json", time), json.dumps({"keras_version": "3", "date_saved": saved}))
        made.writestr(zipfile.ZipInfo("config.json", time), json.dumps(config))
        made.writestr(zipfile.ZipInfo("model.weights.h5", time), b"weights")
    return data.getvalue()


def test_canonical_files_are_equal() -> None:
    one = make_canonical(keras_file((2024, 1, 1, 0, 0, 0), "now", 1000))
    two = make_canonical(keras_file((2025, 1, 1, 0, 0, 0), "then", 7))
    assert one == two == make_canonical(one)
    with zipfile.ZipFile(BytesIO(one)) as held:
        assert [each["shared_object_id"] for each in json.loads(held.read("config.json"))["layers"]] == [1, 2, 1]
        assert held.read("model.weights.h5") == b"weights"


def test_usage_feeds_every_input() -> None:
    assert write_usage(load(SMALL), "model.keras") == [
        "import keras, numpy",
        'model = keras.models.load_model("model.keras")',
        'model.predict({"text": numpy.zeros((1, 32), "int32"), "extra": numpy.zeros((1, 32, 3), "float32"), '
        '"real": numpy.ones((1, 32), "bool")})',
    ]


def test_usage_feeds_a_mask_that_nothing_reads() -> None:
    text = SMALL.replace("- GRU: {units: $width}", "- GlobalMaxPooling1D").replace("learned_weights", "concat")
    assert '"real": numpy.ones((1, 32), "bool")' in write_usage(load(text), "model.keras")[2]


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, "-m", "cnnlstm_spec", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )


STRICT = "import warnings\nwarnings.simplefilter('error')\n"
"""What warns has failed."""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere) -> None:
    """Another process and this one give equal bytes; a third, without this package, loads and feeds the model as it was told."""
    (tmp_path / "small.yaml").write_text(SMALL)
    first = command("compile", "small.yaml", "-o", "one", "--set", "vars.width=5", cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["compile", "small.yaml", "-o", "two", "--set", "vars.width=5"]) == 0
    assert first.stderr == ""
    one, two = tmp_path / "one", tmp_path / "two"
    assert contents(one) == contents(two)
    manifest = read_document("manifest", (one / "manifest.json").read_text("utf-8"))
    assert set(manifest["files"]) == set(names(one)) - {"manifest.json"} >= {"model.keras", "plot.svg"}
    for name, facts in manifest["files"].items():
        assert hashlib.sha256((one / name).read_bytes()).hexdigest() == facts["sha256"]
    assert manifest["spec"]["sha256"] == hashlib.sha256(SMALL.encode()).hexdigest()
    assert manifest["spec"]["document"]["vars"] == {"width": 5}
    assert {"units": 5} in [each["arguments"] for each in manifest["spec"]["layers"]]
    assert [each["name"] for each in manifest["inputs"]] == ["text", "extra", "real"]
    assert manifest["seed"] == 3 and manifest["versions"]["cnnlstm-spec"]
    lines = first.stdout.splitlines()[-3:]
    assert lines[1] == 'model = keras.models.load_model("one/model.keras")' and manifest["usage"][2] == lines[2]
    said = elsewhere.run(STRICT + "\n".join(lines) + "\nprint(model.count_params())\n", tmp_path)
    assert said.split()[-1] == str(manifest["params"]["total"])


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_file_gives_the_same_predictions(tmp_path: Path) -> None:
    import keras
    import numpy

    compilation = load(SMALL)
    artifact.write(compilation, tmp_path / "out")
    model, loaded = compilation.to_keras(), keras.models.load_model(tmp_path / "out" / "model.keras", safe_mode=True)
    random = numpy.random.default_rng(0)
    data = {
        "text": random.integers(0, 20, (4, 7), dtype="int32"),
        "extra": random.normal(size=(4, 6, 3)).astype("float32"),
        "real": random.integers(0, 2, (4, 6)).astype("bool"),
    }
    numpy.testing.assert_array_equal(model.predict(data, verbose=0), loaded.predict(data, verbose=0))


MODES = {
    "plain": "",
    "multipliers": ", learning_rate_multipliers: {branches.x: 0.1}",
    "half": ", dtype_policy: mixed_float16",
    "half with multipliers": ", dtype_policy: mixed_float16, learning_rate_multipliers: {branches.x: 0.1}",
}
LOADED = """import pathlib, sys
assert sys.modules["cnnlstm_spec"] is None
import keras
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    model = keras.models.load_model(path)
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert model.optimizer.built and scaled == path.stem.startswith("half"), path.stem
print("silent")
"""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_a_file_that_is_trained_on_loads_silently(tmp_path: Path, whole: bool, elsewhere: Elsewhere) -> None:
    """Of every optimizer, or a sixth of them, in one mode or another; under `mixed_float16` what scales the loss is in the file."""
    optimizers = sorted(find_family("optimizers")["classes"])
    wanted = [(mode, name) for index, name in enumerate(optimizers) for mode in [list(MODES)[index % len(MODES)]]]
    wanted = wanted[:: 1 if whole else 6] + [(mode, "adam") for mode in MODES]
    wanted += [("plain", "{Adam: {use_ema: true, gradient_accumulation_steps: 2}}")]
    for index, (mode, name) in enumerate(wanted):
        text = (
            "version: 1\nname: n\nbranches: {x: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 3}}]}}\n"
            f"head: [{{Dense: {{units: 2}}}}]\ncompile: {{loss: mse, optimizer: {name}{MODES[mode]}}}\n"
        )
        files, _ = artifact.make_files(load(text), lambda step: None)
        (tmp_path / f"{mode} {index}.keras").write_bytes(files["model.keras"])
    assert len(optimizers) > 10
    assert elsewhere.run(STRICT + LOADED, tmp_path, str(tmp_path)) == "silent\n"
