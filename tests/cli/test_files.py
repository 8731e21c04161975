"""What lies at a path and is no file, or cannot be a path: a finding or a line, soon, and never a bug of ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.artifact.ownership import find_foreign
from cnnlstm_spec.compiler.artifact.write import Unsuitable, write_files
from cnnlstm_spec.text.files import PathError, find_sort, read, read_json

SPEC = ROOT / "specs" / "equipment-fault.yaml"
GOOD = "version: 1\nname: t\nbranches: {a: {input: {kind: vector, shape: [4]}}}\nhead: []\n"
IMAGE = (
    "version: 1\nname: t\nbranches: {a: {input: {kind: image, shape: [64, 64, 3]}, layers: [{VGG16: {weights: %s}}]}}\nhead: []\n"
)
LONG = "a" * 300
SURROGATE = "\udcff\ud800"
STRANGE = {
    "pipe": "it is a pipe",
    "socket": "it is a socket",
    "folder": "it is a folder",
    "loop": "too many levels of symbolic links",
    "long": "file name too long",
    "nul": "its name holds what no file name can",
    "surrogate": "its name holds what no file name can",
}
"""What may lie at a path, and what is said of it."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def strange(sort: str, folder: Path, suffix: str = "") -> str:
    """The name of such a thing, made in the folder."""
    name = f"{sort}{suffix}"
    if sort == "pipe":
        os.mkfifo(folder / name)
    elif sort == "socket":
        # The path of a socket is short: it is made where it lies.
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(name)
    elif sort == "folder":
        (folder / name).mkdir()
    elif sort == "loop":
        (folder / name).symlink_to(name)
    else:
        name = {"long": LONG, "nul": "a\0b", "surrogate": SURROGATE}[sort] + suffix
    return name


@pytest.mark.parametrize("sort", STRANGE)
def test_a_strange_spec(sort: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = strange(sort, folder)
    (found,) = load(Path(name)).diagnostics
    assert found.message.endswith(STRANGE[sort]) or sort == "long"
    assert [each.code.name for each in load(name).diagnostics] == [found.code.name]
    for command in (["shapes"], ["emit", "python"], ["diff", name], ["dump"], ["plot", "-o", "-"], ["compile", "-o", "out"]):
        assert run([*command, name]) == 2, command
    (folder / "good.yaml").write_text(GOOD)
    if sort != "folder":
        capsys.readouterr()
        assert run(["validate", name, "good.yaml"]) == 2
        assert capsys.readouterr().out.endswith("1 error in 2 files\n"), "the other file is checked all the same"
        assert run(["validate", "--diff", name, "good.yaml"]) == 2
        printed = capsys.readouterr()
        assert not printed.out and found.message in printed.err, "a patch is printed without words, which stand beside it"
        assert run(["emit", "python", "good.yaml", "--adapted", name]) == 2
        assert STRANGE[sort] in (told := capsys.readouterr().err) or "holds nothing that was measured" in told


@pytest.mark.parametrize("sort", STRANGE)
def test_a_strange_base_and_strange_weights(sort: str, folder: Path) -> None:
    name = json.dumps(strange(sort, folder), ensure_ascii=True)
    (folder / "spec.yaml").write_text(f"extends: {name}\n")
    (folder / "image.yaml").write_text(IMAGE % name)
    for spec, codes in (
        ("spec.yaml", {"base-not-readable", "not-yaml"}),
        ("image.yaml", {"weights-file-unreadable", "not-yaml"}),
    ):
        found = load(Path(spec)).diagnostics
        assert {each.code.name for each in found} <= codes and len(found) == 1
        if found[0].code.name != "not-yaml":
            assert STRANGE[sort] in found[0].facts["reason"]


@pytest.mark.parametrize("sort", ["pipe", "socket", "loop"])
def test_a_folder_that_holds_strange_things(sort: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange(sort, folder, ".yaml")
    (folder / "good.yaml").write_text(GOOD)
    assert run(["validate", "."]) == 2
    out = capsys.readouterr().out
    assert out.count("error[unreadable-file]") == 1 and out.endswith("1 error in 2 files\n")


def test_standard_input_is_the_way_out_of_a_pipe(folder: Path) -> None:
    assert load(Path(strange("pipe", folder))).diagnostics[0].help == ("give it as standard input, which is named `-`",)


def test_a_folder_without_permission_does_not_end_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "good.yaml").write_text(GOOD)
    (folder / "spec.yaml").write_text("extends: secret/base.yaml\n")
    (folder / "image.yaml").write_text(IMAGE % "secret/weights.h5")
    stat = os.stat

    def refused(path: Any, *arguments: Any, **options: Any) -> Any:
        if "secret/" in os.fspath(path):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", refused)
    assert run(["validate", "secret/spec.yaml", "spec.yaml", "image.yaml", "good.yaml"]) == 2
    out = capsys.readouterr().out
    assert out.count("permission denied") == 3 and out.endswith("3 errors in 4 files\n")


@pytest.mark.parametrize("sort", ["pipe", "socket", "loop", "long", "nul"])
def test_a_strange_output(sort: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = strange(sort, folder, ".svg")
    assert run(["plot", str(SPEC), "-o", name]) == 2
    err = capsys.readouterr().err
    assert f"cannot be written: {STRANGE[sort]}" in err and len(err.splitlines()) == 1
    assert run(["new", "video", "-o", name]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises((PathError, Unsuitable)):
        write_files(folder / name, {"a": b""})


def test_a_manifest_of_brackets_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[" * 100_000)
    assert read_json(tmp_path / "manifest.json") is None
    assert find_foreign(tmp_path, ["manifest.json"], str) == ["manifest.json"]


def test_a_manifest_that_is_a_pipe_is_not_opened(folder: Path) -> None:
    (folder / strange("pipe", folder)).rename(folder / "manifest.json")
    assert find_foreign(folder, ["manifest.json"], str) == ["manifest.json"]


def test_a_file_that_becomes_a_pipe_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and its opening."""
    (folder / "file").write_text("")
    pipe, looked = folder / strange("pipe", folder), os.stat(folder / "file")
    monkeypatch.setattr(os, "stat", lambda *arguments, **options: looked)
    with pytest.raises(PathError, match="it is a pipe"):
        read(pipe)


def test_devices() -> None:
    assert find_sort(Path(os.devnull)) == "device"
    with pytest.raises(PathError, match="it is a device"):
        read(Path(os.devnull))


STREAMS = {
    "validate - <&-": (2, "", "the file cannot be read: it is closed"),
    "shapes - <&-": (2, "the file cannot be read: it is closed", ""),
    "emit python - <&-": (2, "the file cannot be read: it is closed", ""),
    "diff - - <&-": (2, "the file cannot be read: it is closed", ""),
    "dump - <&-": (2, "the file cannot be read: it is closed", ""),
    "--help > /dev/full": (2, "Error: standard output: No space left on device\n", ""),
    "validate --help > /dev/full": (2, "Error: standard output: No space left on device\n", ""),
    "validate good.yaml >&-": (2, "Error: standard output: it is closed\n", ""),
    "--version >&-": (2, "Error: standard output: it is closed\n", ""),
    "validate good.yaml 2>&-": (0, "", "no errors in 1 file\n"),
    "validat good.yaml 2>/dev/full": (2, "", ""),
    "validate good.yaml <&- >&- 2>&-": (2, "", ""),
}
"""Command lines, with the status, and what stands on standard error and standard output."""


@pytest.mark.parametrize("line", STREAMS)
def test_streams_that_are_closed_or_full(line: str, folder: Path) -> None:
    (folder / "good.yaml").write_text(GOOD)
    status, err, out = STREAMS[line]
    done = shell(f"{sys.executable} -m cnnlstm_spec {line}")
    assert done.returncode == status and err in done.stderr and out in done.stdout
    assert "bug" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["--help", "layers", "schema", "validate --help"])
def test_a_reader_that_goes_away(command: str) -> None:
    done = shell(f"{sys.executable} -m cnnlstm_spec {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=60)
