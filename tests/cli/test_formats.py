"""The forms in which `validate` tells what it found, each read by what it is for."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from json_schemas import read_document
from places import ROOT

from cnnlstm_spec.cli.formats import FORMATS
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.compiler.variants import Sweep
from cnnlstm_spec.text.edits.matrix import Variant

SCHEMA = ROOT / "tests" / "data" / "sarif-2.1.0.schema.json"
WRONG = """version: 1
name: wrong
branches:
  image:
    input: {kind: image, shape: [64, 64, 3]}
    layers:
      - Conv2D: {filters: 8, kernel_size: 3}
      - LSTM: {units: 4}
head:
  - Dense: {units: "64"}
"""
WARNED = """version: 1
name: warned
branches:
  steps:
    input: {kind: sequence, shape: [20, 4], padding_value: 0.0}
    layers:
      - Conv1D: {filters: 8, kernel_size: 3}
      - GlobalMaxPooling1D
head:
  - Dense: {units: 1}
"""
SOUND = WARNED.replace(", padding_value: 0.0", "")
HOSTILE = """version: 1
name: "a::b,c%0A<x>&\\"'[click](http://example.org) \\x1b[31m"
branches:
  "]]><!--": {input: {kind: vector, shape: [4]}}
  é🙂: {input: {kind: nothing, shape: [4]}}
head: [{Dense: {units: "::error::\\n## %25"}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "specs").mkdir()
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "specs" / "warned.yaml").write_text(WARNED)
    (tmp_path / "sound.yaml").write_text(SOUND)
    (tmp_path / "a b,c:ü.yaml").write_text(HOSTILE)
    return tmp_path


ALL = ("wrong.yaml", "specs/warned.yaml", "sound.yaml", "a b,c:ü.yaml", "nowhere.yaml")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    status = run(["validate", *arguments])
    return status, capsys.readouterr().out


def log_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """A SARIF log which the schema of OASIS and a reader that is not ours admit, and which keeps to GitHub's rules."""
    jsonschema = pytest.importorskip("jsonschema")
    log = json.loads(said(capsys, *arguments, "--format", "sarif")[1])
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(log)
    foreign = pytest.importorskip("sarif_pydantic").Sarif.model_validate(log)
    (one,) = log["runs"]
    assert len(foreign.runs[0].results) == len(one["results"])
    driver = one["tool"]["driver"]
    assert one["columnKind"] == "unicodeCodePoints" and driver["name"] == "cnnlstm-spec"
    prints = [each["partialFingerprints"]["primaryLocationLineHash"] for each in one["results"]]
    assert len(set(prints)) == len(prints)
    for each in one["results"]:
        rule = driver["rules"][each["ruleIndex"]]
        assert rule["id"] == each["ruleId"] and "## Right" in rule["help"]["markdown"]
        assert each["level"] in ("error", "warning", "note") and each["message"]["text"]
        for place in [*each["locations"], *each.get("relatedLocations", ())]:
            at = place["physicalLocation"]
            assert not re.match(r"[a-z]+:|/", at["artifactLocation"]["uri"]) and " " not in at["artifactLocation"]["uri"]
            assert at["region"]["startLine"] >= 1
    return one


def test_sarif(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = log_of(capsys, *ALL, "--set", "vars.a=1")
    files = {unquote(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for each in one["results"]}
    assert files == {*ALL} and one["invocations"] == [{"executionSuccessful": False}]
    (rank,) = [each for each in one["results"] if each["ruleId"] == "wrong-rank"]
    region = rank["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 8, "startColumn": 9, "endLine": 8, "endColumn": 13}
    assert rank["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "branches.image.layers[1]"}]
    assert rank["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7
    assert [each["level"] for each in one["results"] if each["ruleId"] == "mask-lost"] == ["warning"]


def test_the_fingerprint_stays_when_lines_above_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = log_of(capsys, "wrong.yaml")["results"]
    (folder / "wrong.yaml").write_text("# words\n\n" + WRONG)
    after = log_of(capsys, "wrong.yaml")["results"]
    assert [each["partialFingerprints"] for each in before] == [each["partialFingerprints"] for each in after]
    assert [each["locations"] for each in before] != [each["locations"] for each in after]


def test_no_message_holds_a_link(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "link.yaml").write_text(WRONG.replace('"64"', '"[click](http://example.org)"'))
    texts = [each["message"]["text"] for each in log_of(capsys, "link.yaml")["results"]]
    assert any("click" in text for text in texts) and not any(re.search(r"(?<!\\)\[click", text) for text in texts)


@pytest.mark.skipif(importlib.util.find_spec("sarif") is None, reason="sarif-tools is not installed")
def test_sarif_is_read_by_sarif_tools(folder: Path) -> None:
    run(["validate", *ALL, "--output-file", "sarif=found.sarif"])
    done = subprocess.run([sys.executable, "-m", "sarif", "summary", "found.sarif"], capture_output=True, text=True, check=True)
    assert "wrong-rank" in done.stdout


def test_paths_are_relative_to_the_repository(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.chdir(folder / "specs")
    for name in ("warned.yaml", str(folder / "specs" / "warned.yaml"), "./warned.yaml"):
        (each,) = log_of(capsys, name)["results"]
        assert each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "specs/warned.yaml"
        assert "file=specs/warned.yaml,line=7," in said(capsys, name, "--format", "github")[1]
        assert json.loads(said(capsys, name, "--format", "gitlab")[1])[0]["location"]["path"] == "specs/warned.yaml"


def test_a_path_outside_of_the_repository_is_told_from_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the tool runs: it is no path of the folder where that is."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder / "repository"))
    (folder / "repository").mkdir()
    monkeypatch.chdir(folder / "specs")
    assert json.loads(said(capsys, "warned.yaml", "--format", "gitlab")[1])[0]["location"]["path"] == "../specs/warned.yaml"
    (folder / "repository" / "link.yaml").symlink_to(folder / "specs" / "warned.yaml")
    linked = said(capsys, "../repository/link.yaml", "--format", "gitlab")[1]
    assert json.loads(linked)[0]["location"]["path"] == "link.yaml"
    whole = str(folder / "specs" / "warned.yaml")
    assert json.loads(said(capsys, whole, "--format", "gitlab")[1])[0]["location"]["path"] == whole


def test_github(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, "wrong.yaml", "specs/warned.yaml", "--format", "github", "--set", "vars.a=1,b:%")
    lines = out.splitlines()
    assert status == 1
    assert lines[0].startswith("::error file=wrong.yaml,title=cnnlstm-spec (unknown-path)::the spec has no `vars.a`%0A")
    assert "in `vars.a=1,b:%25`" in lines[0]
    assert lines[1].startswith(
        "::error file=wrong.yaml,line=8,endLine=8,col=9,endColumn=12,title=cnnlstm-spec (wrong-rank)::`LSTM`"
    )
    assert lines[-1].startswith("::warning file=specs/warned.yaml,line=7,endLine=7,col=9,")
    assert all(re.match("::(error|warning|notice) file=", line) for line in lines)


def test_no_text_of_a_spec_is_a_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "a b,c:ü.yaml", "--format", "github")[1].splitlines()
    assert lines and all(line.startswith("::error file=a b%2Cc%3Aü.yaml,line=") for line in lines)
    for line in lines:
        properties = line.partition(" ")[2].partition("::")[0]
        names = [each.partition("=")[0] for each in properties.split(",")]
        assert names == ["file", "line", "endLine", "col", "endColumn", "title"] and "\x1b" not in line


def test_annotations_where_github_runs_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    status, out = said(capsys, "wrong.yaml")
    stopped = re.match(r"::stop-commands::([0-9a-f]{32})\n", out)
    assert status == 1 and stopped
    text, _, after = out.partition(f"::{stopped[1]}::\n")
    assert "error[wrong-rank]" in text and "2 errors in 1 file" in text
    assert after == said(capsys, "wrong.yaml", "--format", "github")[1] and after.count("::error") == 2
    assert "::error file" not in said(capsys, "wrong.yaml", "--format", "text")[1]
    read_document("validate", said(capsys, "wrong.yaml", "--format", "json")[1])
    ElementTree.fromstring(said(capsys, "wrong.yaml", "--format", "junit")[1])


def test_concise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, *ALL, "--format", "concise", "--set", "vars.a=1")
    lines = out.splitlines()
    assert status == 2
    assert lines[0] == "wrong.yaml: error[unknown-path]: the spec has no `vars.a` (in `vars.a=1`)"
    assert lines[1].startswith("wrong.yaml:8:9: error[wrong-rank]: `LSTM` reads")
    assert lines[-1] == "nowhere.yaml: error[no-such-file]: there is no such file"
    assert not said(capsys, "sound.yaml", "--format", "concise")[1]


def test_junit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junitparser = pytest.importorskip("junitparser")
    out = said(capsys, *ALL, "--format", "junit")[1]
    read = junitparser.JUnitXml.fromstring(out.encode())
    suites = {suite.name: suite for suite in read}
    assert list(suites) == [*ALL]
    assert (suites["wrong.yaml"].tests, suites["wrong.yaml"].failures, suites["wrong.yaml"].errors) == (2, 2, 0)
    assert (suites["specs/warned.yaml"].tests, suites["specs/warned.yaml"].failures) == (1, 0)
    assert (suites["sound.yaml"].tests, suites["sound.yaml"].failures) == (1, 0)
    assert (suites["nowhere.yaml"].failures, suites["nowhere.yaml"].errors) == (0, 1)
    first = next(iter(suites["wrong.yaml"]))
    assert first.name == "wrong-rank at 8:9" and first.result[0].type == "wrong-rank" and "help:" in first.result[0].text
    for suite in suites.values():
        cases = list(suite)
        assert suite.tests == len(cases)
        assert suite.failures + suite.errors == sum(not case.is_passed for case in cases)
    strict = junitparser.JUnitXml.fromstring(said(capsys, "specs/warned.yaml", "--format", "junit", "--strict")[1].encode())
    assert next(iter(strict)).failures == 1


def test_gitlab(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issues = json.loads(said(capsys, *ALL, "--format", "gitlab")[1])
    assert len({each["fingerprint"] for each in issues}) == len(issues)
    for each in issues:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert each["location"]["lines"]["begin"] >= 1 and not each["location"]["path"].startswith(("/", "./"))
    assert [each["severity"] for each in issues if each["check_name"] == "mask-lost"] == ["minor"]
    assert said(capsys, "sound.yaml", "--format", "gitlab")[1] == "[]\n"


def test_equal_lines_have_fingerprints_of_their_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "twice.yaml").write_text(WRONG + '  - Dense: {units: "64"}\n' * 2)
    issues = json.loads(said(capsys, "twice.yaml", "--format", "gitlab")[1])
    assert len(issues) == 4 and len({each["fingerprint"] for each in issues}) == 4


def test_variants_are_told_once_or_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "many.yaml").write_text(WRONG + "matrix: {'head[0].units': [1, two, 3]}\n")
    assert said(capsys, "many.yaml", "--format", "concise")[1].count("wrong-rank") == 1
    suites = ElementTree.fromstring(said(capsys, "many.yaml", "--format", "junit")[1])
    names = ["many.yaml[head[0].units=1]", "many.yaml[head[0].units=two]", "many.yaml[head[0].units=3]"]
    assert [suite.get("name") for suite in suites] == names
    assert [suite.get("failures") for suite in suites] == ["1", "2", "1"]
    assert "3 variants, 3 fail" in said(capsys, "many.yaml")[1]


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_in_every_form(form: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, "a b,c:ü.yaml", "--format", form)
    assert status == 1 and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)
    assert run(["validate", "a b,c:ü.yaml", "--output-file", f"{form}=out"]) == 1
    written = (folder / "out").read_text("utf-8")
    assert written == out


def test_output_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"{form}=out.{form}" for form in FORMATS]
    options = [part for each in files for part in ("--output-file", each)]
    status, out = said(capsys, *ALL, *options)
    assert status == 2 and "error[wrong-rank]" in out
    for form in FORMATS:
        assert (folder / f"out.{form}").read_text("utf-8") == said(capsys, *ALL, "--format", form)[1]
    assert "\x1b" not in (folder / "out.text").read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_an_output_file_is_whole_or_as_it_was(form: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "out").write_text("before")
    (folder / "many.yaml").write_text(SOUND + "matrix: {'head[0].units': [1, 2, 3]}\n")
    there = sorted(folder.iterdir())
    compile_variant = Sweep.compile
    writing = []

    def compiled(self: Sweep, variant: Variant | None) -> Compilation:
        writing.append(sorted(folder.iterdir()) != there)
        if len(writing) == 3:
            raise KeyboardInterrupt
        return compile_variant(self, variant)

    with monkeypatch.context() as patch:
        patch.setattr(Sweep, "compile", compiled)
        assert run(["validate", "many.yaml", "--output-file", f"{form}=out"]) == 128 + signal.SIGINT
    assert all(writing) and sorted(folder.iterdir()) == there and (folder / "out").read_text() == "before"
    assert run(["validate", "many.yaml", "--output-file", f"{form}=out"]) == 0
    assert sorted(folder.iterdir()) == there and (folder / "out").read_text() != "before"


@pytest.mark.parametrize("value", ["sarif", "sarif=", "=a", "xml=a", "json=a", "json=wrong.yaml", "json=no/such/folder"])
def test_output_files_that_cannot_be(value: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A form that there is none of, a name given twice, a spec, and a folder that is not there: status 2."""
    assert said(capsys, "wrong.yaml", "--output-file", value, "--output-file", "text=a")[0] == 2
    assert (folder / "wrong.yaml").read_text() == WRONG


def test_advice_is_a_note(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("specs/warned.yaml", "--advice", "--rule", "mask-lost=advice", "--strict")
    assert [each["level"] for each in log_of(capsys, *given)["results"]] == ["note"]
    assert said(capsys, *given, "--format", "github")[1].startswith("::notice ")
    assert json.loads(said(capsys, *given, "--format", "gitlab")[1])[0]["severity"] == "info"
    status, out = said(capsys, *given, "--format", "junit")
    assert status == 0 and "<failure" not in out


def test_only_specs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "_part.yaml").write_text(WRONG)
    assert said(capsys, "--only-specs", "other.yaml", "_part.yaml", "sound.yaml") == (0, "no errors in 1 file\n")
    assert said(capsys, "--only-specs", "other.yaml") == (0, "no errors in 0 files\n")
    assert said(capsys, "--only-specs", "other.yaml", "wrong.yaml")[0] == 1
    assert said(capsys, "other.yaml")[0] == 1
