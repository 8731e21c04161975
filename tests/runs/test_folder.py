"""The folder of a run, whose process may be killed before any step of what it does to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from finished_runs import MADE, SPEC
from json_schemas import read_document

from cnnlstm_spec.compiler.artifact.manifest import Manifest, ReadFile, SpecFile, WrittenFile
from cnnlstm_spec.compiler.artifact.ownership import MODEL, find_foreign
from cnnlstm_spec.compiler.artifact.write import digest
from cnnlstm_spec.runs.folder import HISTORY, LAST, MANIFEST, STATE, RunFolder
from cnnlstm_spec.runs.folder import IDENTITY as NAME
from cnnlstm_spec.runs.identity import RunIdentity

STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "open"}
"""What the system is asked for."""
IDENTITY = RunIdentity(version=1, spec=SPEC, data={"samples": 3}, versions={"keras": "3"})
OTHER = IDENTITY.model_copy(update={"data": {"samples": 4}})


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


def begun(path: Path, identity: RunIdentity = IDENTITY) -> RunFolder:
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
    files = {HISTORY: b"epoch\n", MANIFEST: MADE.to_json().encode()}
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


def test_the_identity_of_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    data = read_document("run-identity", (tmp_path / STATE / NAME).read_text())
    assert data["data"] == {"samples": 3} and folder.read_held() == IDENTITY


def test_longer_training_and_files_that_were_read_later_are_the_same_run() -> None:
    longer = IDENTITY.model_copy(update={"spec": SPEC.model_copy(update={"document": {"fit": {"epochs": 2}}})})
    assert not IDENTITY.is_same(longer) and IDENTITY.is_same(longer, but_epochs=True)
    assert not IDENTITY.is_same(OTHER, but_epochs=True) and not IDENTITY.is_same(None)
    assert IDENTITY.add_files("digest").is_same(IDENTITY)
    assert not IDENTITY.add_files("digest").is_same(IDENTITY.add_files("another"))
    assert IDENTITY.describe_difference(longer) == "the spec" and IDENTITY.describe_difference(OTHER) == "the data"
    assert IDENTITY.describe_difference(None) == "the spec and the data and the versions of packages"


def test_a_finished_run_with_files_of_weights_is_itself(tmp_path: Path) -> None:
    """The digests of the files are in its manifest too."""
    spec = SPEC.model_copy(update={"files": {"w.keras": ReadFile(sha256="1" * 64)}})
    identity = IDENTITY.model_copy(update={"spec": spec})
    made = MADE.model_copy(update={"spec": SpecFile(sha256="0" * 64, **spec.to_data())})
    begun(tmp_path, identity).finish({MANIFEST: made.to_json().encode()})
    assert RunFolder(tmp_path).find_standing(identity) == "finished"
    assert RunFolder(tmp_path).find_standing(IDENTITY) == "other run"


HOSTILE = {
    "a list": "[]",
    "none": "null",
    "brackets": "[" * 100_000,
    "deep": '{"version": 1, "data": ' + '{"a": ' * 900 + "1" + "}" * 901,
    "no JSON": "{",
    "another version": IDENTITY.to_json().replace('"version": 1', '"version": 2'),
    "an older form": '{"spec": {"document": {}, "compile": null, "layers": []}, "data": {}, "versions": {}}',
    "more": IDENTITY.to_json()[:-1] + ', "more": 1}',
    "of other kinds": IDENTITY.to_json().replace('"3"', "3"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_identity_of_ours_is_foreign(text: str, tmp_path: Path) -> None:
    """Whatever a file of that name holds, nothing of the folder is taken for a run's, and nothing is raised."""
    (tmp_path / STATE).mkdir()
    (tmp_path / STATE / NAME).write_text(text)
    (tmp_path / MANIFEST).write_text(text)
    folder = RunFolder(tmp_path)
    assert folder.find_standing(IDENTITY) == "foreign" and not folder.is_whole()
    assert folder.read_held() is None and folder.read_manifest() is None


def test_the_model_of_a_run_is_not_taken_for_one_that_compile_wrote(tmp_path: Path) -> None:
    """It is trained, and cannot be made again: `compile` asks for `--force`."""
    files = {MODEL: WrittenFile(sha256=digest(b"trained"), bytes=7)}
    (tmp_path / MODEL).write_bytes(b"trained")
    (tmp_path / MANIFEST).write_text(MADE.model_copy(update={"files": files}).to_json())
    assert find_foreign(tmp_path, (MODEL, MANIFEST), digest) == [MODEL, MANIFEST]
    given = {name: getattr(MADE, name) for name in MADE.model_fields_set & Manifest.model_fields.keys()}
    (tmp_path / MANIFEST).write_text(Manifest(**{**given, "files": files}).to_json())
    assert find_foreign(tmp_path, (MODEL, MANIFEST), digest) == []
