"""`validate --fix` and `--diff`: what is written, what is printed, and the status."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

WRONG = """version: 1
name: example
branches:
  x:
    input: {kind: sequence, shape: [20, 8]}
    layers:
      - LSTM: {units: 4}  # gives its last step
      - LSTM: {units: "4"}
head: [{Dense: {units: "1"}}]   # one
"""
SAFE = WRONG.replace('"1"', "1")
LINE = "mended spec.yaml: write `1` [wrong-type]\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "spec.yaml"
    path.write_text(WRONG)
    return path


def test_safe_fixes_are_made(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(WRONG.replace('"4"', "4"))
    assert run(["validate", "--fix", "spec.yaml"]) == 1
    out = capsys.readouterr().out
    assert spec.read_text() == SAFE.replace('"4"', "4")
    assert out.startswith(LINE) and "error[wrong-rank]" in out and out.endswith("1 error in 1 file\n")


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "junit", "github", "concise"])
def test_what_programs_read_holds_no_other_line(spec: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    run(["validate", "--fix", "--format", form, "spec.yaml"])
    out, err = capsys.readouterr()
    assert LINE not in out and err == LINE and spec.read_text() == SAFE
    run(["validate", "--format", form, "spec.yaml"])
    assert capsys.readouterr().out == out


def test_unsafe_fixes_are_asked_for(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SAFE.replace('"4"', "4"))
    assert run(["validate", "--fix", "--unsafe-fixes", "spec.yaml"]) == 0
    assert spec.read_text() == SAFE.replace('"4"', "4").replace("{units: 4}  #", "{units: 4, return_sequences: true}  #")
    assert capsys.readouterr().out.endswith("[wrong-rank]\nno errors in 1 file\n")
    assert run(["validate", "--unsafe-fixes", "spec.yaml"]) == 2


def test_a_patch_is_printed_and_nothing_written(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    patch = capsys.readouterr().out
    assert spec.read_text() == WRONG
    subprocess.run(["patch", "-p0"], input=patch.encode(), check=True, capture_output=True)
    assert spec.read_text() == SAFE
    assert run(["validate", "--diff", "--format", "json", "spec.yaml"]) == 2


def test_that_there_is_no_patch_is_told(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(
        WRONG.replace('"1"', "1").replace('"4"', "four").replace("units: 4}  #", "units: 4, return_sequences: true}  #")
    )
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    assert capsys.readouterr() == ("", "nothing of what is found can be mended so; without `--diff` it is shown\n")
    spec.write_text(SAFE.replace('"4"', "4"))
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    assert capsys.readouterr().err == "1 more finding may be mended with `--unsafe-fixes`, which changes the model\n"
    spec.write_text(SAFE.replace('"4"', "4").replace("units: 4}  #", "units: 4, return_sequences: true}  #"))
    assert run(["validate", "--diff", "spec.yaml"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_file_that_several_specs_read_is_patched_once(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a second spec would mend besides, and a file under two names, are no second patch."""
    base, first, second = spec.with_name("_base.yaml"), spec, spec.with_name("two.yaml")
    base.write_text(
        WRONG.replace('"4"', "4, return_sequences: false").replace("{units: 4}", "{units: 4, return_sequences: true}")
    )
    first.write_text("extends: _base.yaml\n")
    second.write_text('extends: _base.yaml\nseed: "3"\n')
    spec.with_name("link.yaml").symlink_to(second)
    names = ["spec.yaml", "two.yaml", "link.yaml"]
    assert run(["validate", "--diff", *names]) == 1
    patch = capsys.readouterr().out
    assert [line for line in patch.splitlines() if line.startswith("+++")] == ["+++ _base.yaml", "+++ two.yaml"]
    subprocess.run(["patch", "-p0"], input=patch.encode(), check=True, capture_output=True)
    assert run(["validate", *names]) == 0


def test_what_a_second_spec_would_mend_of_a_file_is_told(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = "version: 1\nname: b\nvars: {u: 3}\nbranches: {x: {input: {kind: vector, shape: [4]}}}\n"
    spec.with_name("_base.yaml").write_text(base + 'head: [{Dense: {units: "1"}}]\nseed: "3"\n')
    spec.write_text("extends: _base.yaml\nseed: 4\n")
    spec.with_name("two.yaml").write_text("extends: _base.yaml\n")
    assert run(["validate", "--diff", "spec.yaml", "two.yaml"]) == 1
    out, err = capsys.readouterr()
    assert out.count("+++ _base.yaml") == 1 and "more of `_base.yaml` may be mended once this patch is applied" in err


def test_a_patch_of_a_text_without_a_last_line_break(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(WRONG.replace("   # one\n", ""))
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    subprocess.run(["patch", "-p0"], input=capsys.readouterr().out.encode(), check=True, capture_output=True)
    assert spec.read_text() == SAFE.replace("   # one\n", "")


@pytest.mark.parametrize("command", [["patch", "-p0"], ["git", "apply", "-p0"]])
def test_a_patch_of_other_line_breaks_and_tabs_can_be_applied(
    spec: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    text = WRONG.replace("  # gives", "\t# gives").replace("\n", "\r\n")
    spec.write_bytes(text.encode())
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    subprocess.run(command, input=capfd.readouterr().out.encode(), check=True, capture_output=True)
    assert spec.read_bytes().decode() == text.replace('"1"', "1")


def test_a_patch_holds_nothing_that_a_terminal_obeys(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(WRONG.replace("# one", "# \u202e one\t"))
    assert run(["validate", "--diff", "spec.yaml"]) == 1
    assert "   # \\u202e one\t\n" in capsys.readouterr().out


def test_json_has_fixes_with_their_places(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--format", "json", "spec.yaml"]) == 1
    found = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    edit = {"path": "spec.yaml", "line": 9, "column": 24, "end_line": 9, "end_column": 27, "text": "1"}
    assert found[-1]["fixes"] == [{"title": "write `1`", "applicability": "safe", "edits": [edit]}]


def test_a_link_stays_a_link_and_a_mode_a_mode(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    target = tmp_path / "in" / "target.yaml"
    spec.rename(target)
    target.chmod(0o640)
    spec.symlink_to(target)
    run(["validate", "--fix", "spec.yaml"])
    assert spec.is_symlink() and target.read_text() == SAFE
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert os.listdir(tmp_path / "in") == ["target.yaml"]


def test_all_else_stays_to_the_byte(spec: Path) -> None:
    data = b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode() + "# ä\r\n".encode()
    spec.write_bytes(data)
    run(["validate", "--fix", "spec.yaml"])
    assert spec.read_bytes() == data.replace(b'"1"', b"1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_cannot_be_written_is_told(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    try:
        assert run(["validate", "--fix", "spec.yaml"]) == 1
        assert "cannot be mended" in capsys.readouterr().err
    finally:
        tmp_path.chmod(0o700)
    assert spec.read_text() == WRONG


def test_standard_input_cannot_be_mended(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--fix", "-"]) == 2
    assert "standard input cannot be mended" in capsys.readouterr().err


def test_nothing_is_tried_for_plain_text(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnlstm_spec.compiler import fixes

    monkeypatch.setattr(fixes, "Trials", None)
    assert run(["validate", "spec.yaml"]) == 1
