"""Each recipe of docs/pipelines.md that can run here is run; the hook runs under pre-commit itself."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest
import yaml
from places import ROOT
from signals import heed

from cnnlstm_spec.cli.formats import FORMATS
from cnnlstm_spec.cli.main import cli, run
from cnnlstm_spec.cli.repeating import repeat
from cnnlstm_spec.text.files import read, walk

PAGE = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)
WRONG = """version: 1
name: wrong
branches: {x: {input: {kind: vector, shape: [4]}}}
head: [{Dense: {units: none}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with specs, and the tool on the path."""
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "bin" / "cnnlstm-spec"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnnlstm_spec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    specs = tmp_path / "specs"
    specs.mkdir()
    for name in ("equipment-fault", "stock-price"):
        shutil.copy(ROOT / "specs" / f"{name}.yaml", specs)
    return tmp_path


def block(language: str, holds: str) -> str:
    (found,) = [text for each, text in BLOCKS if each == language and holds in text]
    return str(found)


def sh(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-c", command], capture_output=True, text=True, timeout=120, env={**os.environ, **environment}, check=False
    )


def test_every_block_is_one_of_these() -> None:
    assert [language for language, _ in BLOCKS] == ["yaml", "yaml", "yaml", "yaml", "make", "yaml", "dockerfile", "sh"]
    assert all(f"| `{form}` |" in PAGE for form in FORMATS)


def steps(text: str) -> list[str]:
    """What a workflow runs of the tool."""
    jobs = yaml.safe_load(text)["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "cnnlstm-spec validate" in step.get("run", "")]


def test_github(folder: Path) -> None:
    (command,) = steps(block("yaml", "run: cnnlstm-spec validate"))
    assert sh(command, GITHUB_ACTIONS="true").returncode == 0
    (folder / "specs" / "wrong.yaml").write_text(WRONG)
    done = sh(command, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(folder))
    assert done.returncode == 1 and "\n::error file=specs/wrong.yaml,line=4,endLine=4,col=24,endColumn=27,title=" in done.stdout


def action() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return read


def test_the_action(folder: Path) -> None:
    """Its last step with the inputs of the recipe; no input stands in a command as text."""
    written, used = action(), yaml.safe_load(block("yaml", "uses: ./tools/cnnlstm-spec"))
    (step,) = [each for each in used["jobs"]["validate"]["steps"] if each["uses"].startswith("./tools")]
    assert set(step["with"]) <= set(written["inputs"])
    runs = [each for each in written["runs"]["steps"] if "run" in each]
    assert all("${{" not in each["run"] and each["shell"] == "bash" for each in runs)
    given = {name: step["with"].get(name, each["default"]) for name, each in written["inputs"].items()}
    environment = {name: given[re.findall(r"inputs\.(\S+)", text)[0]] for name, text in runs[-1]["env"].items()}
    assert sh(runs[-1]["run"], **environment).returncode == 0
    assert json.loads((folder / "specs.sarif").read_text())["version"] == "2.1.0"
    hostile = {**environment, "PATHS": "specs/$(touch${IFS}x)", "ARGUMENTS": "`touch y` ; touch z", "SARIF": ""}
    assert sh(runs[-1]["run"], **hostile).returncode == 2
    assert not any((folder / name).exists() for name in "xyz")


def test_gitlab(folder: Path) -> None:
    job = yaml.safe_load(block("yaml", "image: python"))["specs"]
    (folder / "specs" / "wrong.yaml").write_text(WRONG)
    assert sh(job["script"][0], CI_PROJECT_DIR=str(folder)).returncode == 1
    reports = job["artifacts"]["reports"]
    assert json.loads((folder / reports["codequality"]).read_text())[0]["location"]["path"] == "specs/wrong.yaml"
    assert len(ElementTree.fromstring((folder / reports["junit"]).read_text())) == 3


def test_make(folder: Path) -> None:
    (folder / "Makefile").write_text(block("make", "validate"))
    first = sh("make check")
    assert first.returncode == 0 and first.stdout.count("validate") == 2
    assert "validate" not in sh("make check").stdout
    (folder / "specs" / "wrong.yaml").write_text(WRONG)
    again = sh("make check")
    assert again.returncode != 0 and "specs/wrong.yaml:4:24: error[wrong-type]" in again.stdout
    assert not (folder / "build" / "wrong.checked").exists()


def test_dvc(folder: Path) -> None:
    stages = yaml.safe_load(block("yaml", "stages:"))["stages"]
    assert sh(stages["validate"]["cmd"]).returncode == 0
    assert all(Path(out).exists() for out in stages["validate"]["outs"])
    assert set(stages["compile"]["deps"]) == {"specs/equipment-fault.yaml", *stages["validate"]["outs"]}
    given = {out for stage in stages.values() for out in (*stage.get("outs", ()), *stage.get("metrics", ()))}
    for stage in stages.values():
        words = shlex.split(stage["cmd"].split(" > ")[0])[1:]
        command = cli.get_command(click.Context(cli), words[0])
        assert command is not None and command.make_context(words[0], words[1:]).args == []
        made = [*stage.get("outs", ()), *stage.get("metrics", ())]
        assert all(f" {each}" in stage["cmd"] or f"={each}" in stage["cmd"] for each in made)
        assert set(stage["deps"]) <= given | {"specs", "specs/equipment-fault.yaml", "specs/fault-run.yaml", "plant"}


@pytest.mark.whole(every=1)
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_dvc_compiles(folder: Path, fresh: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Once; where the artifact lies there, nothing is built, and where a file of it is gone, it is built again, byte for byte."""
    stage = yaml.safe_load(block("yaml", "stages:"))["stages"]["compile"]
    assert sh(stage["cmd"]).returncode == 0
    model = folder / stage["outs"][0] / "model.keras"
    before = model.read_bytes()
    assert run(shlex.split(stage["cmd"])[1:]) == 0 and model.read_bytes() == before
    assert capsys.readouterr().out == "model is up to date\n"
    model.unlink()
    assert run(shlex.split(stage["cmd"])[1:]) == 0 and model.read_bytes() == before


def test_a_container(folder: Path) -> None:
    """What it runs where no other command is given."""
    text = block("dockerfile", "FROM")
    parts = {name: json.loads(re.findall(rf"^{name} (\[.+\])$", text, re.M)[0]) for name in ("ENTRYPOINT", "CMD")}
    assert sh(f"cd specs && {' '.join(parts['ENTRYPOINT'] + parts['CMD'])}").returncode == 0


def hook() -> dict[str, Any]:
    (only,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return dict(only)


def test_pre_commit(folder: Path) -> None:
    """The hook as it is declared, under pre-commit itself; the tool is the one under test, and not installed anew."""
    pytest.importorskip("pre_commit")
    recipe = yaml.safe_load(block("yaml", "id: cnnlstm-spec"))["repos"][0]["hooks"][0]
    assert recipe["id"] == hook()["id"]
    local = {**hook(), **recipe, "language": "system"}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]}))
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "notes.txt").write_text(WRONG)
    (folder / "specs" / "_part.yaml").write_text(WRONG)
    home = {"PRE_COMMIT_HOME": str(folder / "home"), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    assert sh("git init -q . && git add specs other.yaml notes.txt .pre-commit-config.yaml", **home).returncode == 0
    run = f'"{sys.executable}" -m pre_commit run --verbose'
    sound = sh(run, **home)
    assert sound.returncode == 0 and "no errors in 2 files" in sound.stdout, sound.stdout + sound.stderr
    (folder / "specs" / "wrong.yaml").write_text(WRONG)
    sh("git add specs", **home)
    wrong = sh(run, **home)
    assert wrong.returncode == 1 and "error[wrong-type]" in wrong.stdout
    # In one process, which counts all of them.
    assert wrong.stdout.count(" in 3 files") == 1
    sh("git rm -q --cached specs/wrong.yaml", **home)
    sh("git add specs/stock-price.yaml", **home)
    only_other = sh(f"{run} --files other.yaml notes.txt", **home)
    assert only_other.returncode == 0 and "in 0 files" in only_other.stdout


def test_watch(folder: Path) -> None:
    """Checked again after each save of what was read, the base of a spec too; Control-C ends it."""
    spec, base = folder / "specs" / "w.yaml", folder / "specs" / "_base.yaml"
    base.write_text(WRONG)
    spec.write_text("extends: _base.yaml\n")
    log = folder / "log"
    with log.open("w") as stream:
        line = ["cnnlstm-spec", "validate", "specs/w.yaml", "--watch"]
        process = subprocess.Popen(line, stdout=stream, stderr=stream, preexec_fn=heed)
        try:
            wait_for(log, "1 error in 1 file")
            assert "watching 2 files" in wait_for(log, "watching")
            base.write_text(WRONG.replace("none", "1"))
            wait_for(log, "no errors in 1 file")
            spec.unlink()
            wait_for(log, "no-such-file")
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        finally:
            process.kill()
            process.wait()


def test_watching_goes_on_where_no_spec_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is empty for a moment while some editors save it; at first it is a mistake of the command line.

    What is saved while it is checked is checked again.
    """
    spec = tmp_path / "only.yaml"

    def check() -> None:
        for _, _, names in walk(tmp_path, print):
            for name in names:
                read(tmp_path / name)
        if not spec.exists():
            raise KeyboardInterrupt
        if not spec.read_text():
            spec.unlink()
            raise click.UsageError("there is no spec")
        (tmp_path / "findings.json").write_text("{}")
        spec.write_text("")

    spec.write_text("")
    with pytest.raises(click.UsageError):
        repeat(check)
    spec.write_text(WRONG)
    with pytest.raises(KeyboardInterrupt):
        repeat(check)
    assert "there is no spec" in capsys.readouterr().err


def wait_for(log: Path, words: str) -> str:
    end = time.monotonic() + 60
    while words not in (text := log.read_text()):
        assert time.monotonic() < end, text
        time.sleep(0.05)
    return text


def test_standard_input_is_not_watched() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cnnlstm_spec", "validate", "-", "--watch"], input="", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "cannot be watched" in done.stderr
