"""What `make` offers runs: each target's commands are there, and each row of the bench goes through at its smallest."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import blocks
from places import ROOT

from cnnlstm_spec.cli.main import run

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split()  # type: ignore[index]
RUN = re.compile(r"\S+/bin/(\S+)((?: [^\n&|;]*)?)")


def commands(*target: str) -> list[tuple[str, list[str]]]:
    """What `make TARGET` would run of the environments: a program, and its arguments."""
    shown = subprocess.run(["make", "--no-print-directory", "-n", *target], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = shown.stdout.replace("\\\n", " ")
    return [(found[1], shlex.split(found[2])) for found in RUN.finditer(lines)]


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_target_runs_is_there(target: str) -> None:
    for program, arguments in commands(target):
        if program == "python" and arguments[0] == "-m":
            module = arguments[1]
            held = (ROOT / module / "__main__.py").exists() or module in ("pip", "venv", "pytest")
            assert held or importlib.util.find_spec(module), module
        elif program == "python" and arguments[0] == "-c":
            assert compile(arguments[1], "-c", "exec")
        elif program == "python":
            assert (ROOT / arguments[0]).is_file(), arguments
        elif program == "cnnlstm-spec":
            assert run([arguments[0], "--help"]) == 0 and Path(ROOT, arguments[1]).exists()
        else:
            assert program in ("uv", "ruff", "mypy", "lint-imports", "yaml-language-server", "chromium"), program


def test_every_target_is_declared() -> None:
    rules = set(re.findall(r"^([a-z][\w-]*):(?!=)", MAKEFILE, re.M))
    assert rules == set(TARGETS)


def ran(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_bench_imports_what_the_package_needs_alone() -> None:
    assert "ratio" in ran("-m", "bench", "--smoke", "cold", "growth", "many", "variants")


@pytest.mark.keras
@pytest.mark.whole(every=0)
def test_every_row_of_the_bench_runs() -> None:
    """A process for all rows that need Keras: most of its time is the import of TensorFlow."""
    from bench.__main__ import ROWS

    out = ran("-m", "bench", "--smoke", *(name for name in ROWS if name not in ("cold", "growth", "many", "variants")))
    assert {
        "mistake",
        "clips",
        "frames",
        "fault",
        "own",
        "passes",
        "mobilenet",
        "epochs",
        "first",
        "reading",
        "flat",
        "rows",
    } <= set(ROWS)
    for shown in (
        "the same mistake",
        "clips of 7 to 12",
        "article 3",
        "article 1",
        "our own share",
        "with passes",
        "MobileNetV2",
        "against `fit` by hand",
        "the start of `train`",
        "plant: an epoch from files",
        "ten times the samples",
        "rows.parquet: MiB beyond",
    ):
        assert shown in out, shown


SMALLER = {
    "schema": ["--check"],
    "bench": ["--smoke", "cold"],
    "bench-quick": ["--smoke", "many"],
    "test-core": ["--collect-only", "-q", "tests/whole/test_targets.py"],
    "test-keras": ["--collect-only", "-q", "tests/whole/test_readme.py"],
    "fuzz-input N=10": [],
}
"""What is added to the last command of a target, so that it takes a second or two."""


@pytest.mark.parametrize("target", SMALLER)
def test_what_a_target_runs_goes_through(target: str) -> None:
    program, arguments = commands(*target.split())[-1]
    assert program == "python"
    assert ran(*arguments, *SMALLER[target]) or target == "schema"


def test_the_demo_runs_as_far_as_it_needs_no_keras() -> None:
    """The command that needs it is the one of the README, which its own test runs."""
    *others, last = [arguments for program, arguments in commands("demo") if program == "cnnlstm-spec"]
    assert [arguments[0] for arguments in others] == ["validate", "shapes"]
    for arguments in others:
        assert ran("-m", "cnnlstm_spec", *arguments)
    assert any(f"{shlex.join(['cnnlstm-spec', *last])}\n" == block.text for block in blocks("README.md"))


def test_what_is_made_is_cleaned_away(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in (".venv", ".venv-core", "demo", "build", "a.egg-info", "specs"):
        (tmp_path / folder).mkdir()
    subprocess.run(["make", "--no-print-directory", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert {each.name for each in tmp_path.iterdir()} == {"Makefile", "specs"}


@pytest.mark.keras
@pytest.mark.whole
@pytest.mark.parametrize(("target", "shown"), [("fuzz N=1", r"specs tried +1\n"), ("kill KILLS=1", r" 1  (nothing|seed 2)\n")])
def test_what_needs_keras_runs(target: str, shown: str) -> None:
    program, arguments = commands(*target.split())[-1]
    assert program == "python" and re.search(shown, ran(*arguments))
