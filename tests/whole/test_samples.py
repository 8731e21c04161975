"""Which tests run: samples by themselves, with `--long` a sample of what that leaves out and nothing else, with `--whole` all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from places import TESTS

PROOFS = """
import pytest

def test_plain():
    pass

@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("number", range(8))
def test_alike(number):
    pass

@pytest.mark.sampled(every=4, long=3)
@pytest.mark.parametrize("number", range(8))
def test_more(number):
    pass

@pytest.mark.sampled("one", "other", long=1)
@pytest.mark.parametrize("one", "ab")
@pytest.mark.parametrize("other", "xy")
def test_pairs(one, other):
    pass

@pytest.mark.whole
def test_slow():
    pass

@pytest.mark.parametrize("number", [0, *(pytest.param(each, marks=pytest.mark.whole(every=2)) for each in range(1, 5))])
def test_slower(number):
    pass
"""


def collect(folder: Path, *options: str) -> set[str]:
    """The tests that a run with these options has, under the settings and the conftest of this project."""
    (folder / "test_proofs.py").write_text(PROOFS)
    shutil.copy(TESTS / "conftest.py", folder)
    shutil.copy(TESTS.parent / "pyproject.toml", folder)
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    line = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *options, "test_proofs.py"]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(re.findall(r"::test_(\S+)", done.stdout))


def test_what_runs_by_itself_and_what_is_left_for_longer_runs(tmp_path: Path) -> None:
    plain, long, all = (collect(tmp_path, *options) for options in ([], ["--long"], ["--whole"]))
    pairs = {each for each in all if each.startswith("pairs")}
    assert len(all) == 1 + 8 + 8 + 4 + 1 + 5
    assert len(pairs & plain) == 2 and len({each[i] for each in pairs & plain for i in (6, 8)}) == 4
    assert plain - pairs == {"plain", "alike[0]", "alike[4]", "more[0]", "more[4]", "slower[0]"}
    assert long == {"more[1]", "more[5]", "slow", "slower[1]", "slower[3]"} | pairs - plain
