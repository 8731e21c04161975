"""Control-C and `kill -9`: one line and status 130, the old artifact, the new one or nothing, and nothing else left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT
from signals import heed

from cnnlstm_spec.cli.main import INTERRUPTED, run
from tools import kill

MATRIX = kill.SPEC + "matrix: {seed: [1, 2, 3, 4]}\n"


def started(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    line = [sys.executable, "-m", "cnnlstm_spec", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        line,
        cwd=cwd,
        env=environment,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=heed,
    )


def until_it_waits(process: subprocess.Popen[str]) -> None:
    """Until a process has done nothing for half a second."""
    quiet = 0
    while quiet < 10:
        time.sleep(0.05)
        quiet = quiet + 1 if Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S" else 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it cannot be told what a process does")
@pytest.mark.parametrize("command", [["validate", "-"], ["shapes", "-"]])
def test_an_interrupt_is_one_line(command: list[str], tmp_path: Path) -> None:
    process = started(*command, cwd=tmp_path)
    until_it_waits(process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (INTERRUPTED, "", "interrupted\n")


@pytest.mark.parametrize("library", ["click", "yaml", "pydantic", "gc"])
def test_an_interrupt_while_it_imports(library: str, tmp_path: Path) -> None:
    """Before any command has begun; a library that is not ours stands for the moment."""
    (tmp_path / "moment.py").write_text(MOMENT.format(library=library))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    line = [sys.executable, "-c", "import moment; from cnnlstm_spec.__main__ import main; main()", "validate", "x.yaml"]
    done = subprocess.run(
        line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False, preexec_fn=heed
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "interrupted\n")


MOMENT = """
import os, signal, sys
from importlib.abc import MetaPathFinder
sys.modules.pop("{library}", None)
class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{library}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


def test_an_interrupt_that_becomes_another_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries raise what they like where they are interrupted."""
    monkeypatch.setattr("cnnlstm_spec.compiler.interrupts._came", True)
    monkeypatch.setattr("cnnlstm_spec.cli.checking.sweep", lambda *arguments: 1 / 0)
    assert run(["validate", str(ROOT / "specs" / "equipment-fault.yaml")]) == INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.keras
@pytest.mark.sampled("jobs", long=1)
@pytest.mark.parametrize(("moment", "jobs"), [(1.0, 1), (3.0, 1), (5.0, 1), pytest.param(6.0, 2, marks=pytest.mark.whole)])
def test_an_interrupt_of_compile(moment: float, jobs: int, tmp_path: Path) -> None:
    """At several moments, the last of them in the processes that build variants."""
    (tmp_path / "spec.yaml").write_text(kill.SPEC if jobs == 1 else MATRIX)
    process = started("compile", "spec.yaml", "-o", "out", "--jobs", str(jobs), cwd=tmp_path)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("it had come to its end")
    assert (process.returncode, err) == (INTERRUPTED, "interrupted\n")
    whole = [tmp_path / "out"] if jobs == 1 else list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else []
    assert all(kill.left(folder) != "nothing" for folder in whole if folder.exists())
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.keras
@pytest.mark.whole
def test_compile_killed(tmp_path: Path, whole: bool) -> None:
    """A few of what `make kill` does two hundred times: two in the last fifth of a run, where it writes."""
    (tmp_path / "spec.yaml").write_text(kill.SPEC)
    begun = time.monotonic()
    assert kill.start(tmp_path / "spec.yaml", tmp_path / "old", 1).wait() == 0
    length = time.monotonic() - begun
    for number in range(2, 8 if whole else 4):
        assert not kill.kill_once(number, tmp_path, tmp_path / "old", length).startswith("AMISS")
