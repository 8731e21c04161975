"""The folder of a run, whose process may be killed before any step of what it does to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cnnlstm_spec.runs.folder import HISTORY, LAST, MANIFEST, Identity, RunFolder

STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "open"}
"""What the system is asked for."""
IDENTITY = Identity({"document": {"fit": {"epochs": 1}}, "compile": None, "layers": {}}, {"samples": 3}, {"keras": "3"})
OTHER = replace(IDENTITY, data={"samples": 4})


def killed(step: int, act: Callable[[], None]) -> bool:
    """Whether a process that does this is killed before that step; if not, it has ended."""
    child = os.fork()
    if child == 0:
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            left -= event in STEPS
            if left < 0:
                os._exit(9)

        sys.addaudithook(count)
        act()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def begun(path: Path, identity: Identity = IDENTITY) -> RunFolder:
    folder = RunFolder(path)
    folder.begin(identity)
    return folder


def trained(path: Path) -> RunFolder:
    folder = begun(path)
    folder.write(LAST, b"state")
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("make", [RunFolder, begun, trained])
def test_a_run_that_begins_can_be_killed_at_any_step(tmp_path: Path, make: Callable[[Path], RunFolder]) -> None:
    steps = 0
    while True:
        folder = make(tmp_path / str(steps))
        before = folder.find_standing(IDENTITY)
        if not killed(steps, lambda folder=folder: folder.begin(IDENTITY)):  # type: ignore[misc]
            break
        # What was there is there still, or the folder is free for the run that is started again.
        assert folder.find_standing(IDENTITY) in (before, "new")
        folder.begin(IDENTITY)
        folder.write(LAST, b"state")
        assert folder.find_standing(IDENTITY) == "unfinished"
        steps += 1
    assert steps > 5 and folder.find_standing(IDENTITY) == "new"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_run_that_ends_can_be_killed_at_any_step(tmp_path: Path) -> None:
    manifest = b'{"spec": {"document": {"fit": {"epochs": 1}}, "compile": null, "layers": {}}, "data": {"samples": 3}, '
    files = {HISTORY: b"epoch\n", MANIFEST: manifest + b'"versions": {"keras": "3"}, "files": {}}'}
    steps = 0
    while True:
        folder = RunFolder(tmp_path / str(steps))
        if not killed(steps, lambda folder=folder: trained(folder.path).finish(files)):  # type: ignore[misc]
            break
        assert folder.find_standing(IDENTITY) in ("new", "unfinished", "finished")
        assert folder.find_standing(OTHER) in ("new", "other run")
        steps += 1
    assert steps > 15 and RunFolder(tmp_path / str(steps)).find_standing(IDENTITY) == "finished"


def test_what_others_have_put_there_is_theirs(tmp_path: Path) -> None:
    for name in ("state", ".mine.abcd1234.tmp"):
        folder = RunFolder(tmp_path / name.strip("."))
        (folder.path / name).mkdir(parents=True)
        assert folder.find_standing(IDENTITY) == "foreign"
