"""Hostile inputs as `make fuzz-input` draws them, the first of them, and that what it looks for is found."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from cnnlstm_spec.compiler import api
from fuzz.inputs import look as looking
from fuzz.inputs.draw import KINDS, Input, draw
from fuzz.inputs.look import STAGES, look
from fuzz.inputs.pool import look_at

COUNT = 2000
"""Inputs of all kinds, which take turns."""


def test_hostile_inputs() -> None:
    """No status 70, no exception, nothing that takes long or much; most come past the reader."""
    found = list(look_at(range(COUNT), 2))
    assert sorted(each.seed for each in found) == list(range(COUNT))
    assert [(each.seed, each.wrong) for each in found if each.wrong is not None] == []
    reached = Counter(STAGES.index(each.stage) for each in found if each.stage is not None)
    assert sum(number for stage, number in reached.items() if stage >= STAGES.index("spec")) > COUNT / 2
    assert reached[STAGES.index("emitted")] > COUNT / 20


@pytest.mark.parametrize("seed", range(10))
def test_a_seed_gives_the_same_input(seed: int) -> None:
    assert draw(seed) == draw(seed)
    assert draw(seed).kind == KINDS[seed % 5]


class Hang(BaseException):
    """Stands for what no limit of ours would end."""


@pytest.mark.parametrize("fault", ["raises", "bug", "hangs", "memory"])
def test_what_is_wrong_is_found(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault put into the package is told by every look."""
    monkeypatch.chdir(tmp_path)
    compile_source, calls = api.compile_source, []

    def faulty(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if fault == "raises":
            raise RecursionError("of ours")
        if fault == "memory":
            raise MemoryError
        while fault == "hangs":
            pass
        return compile_source(*arguments, **options)  # type: ignore[arg-type]

    if fault == "bug":
        monkeypatch.setattr("cnnlstm_spec.cli.checking.sweep", lambda *arguments: 1 / 0)
    else:
        monkeypatch.setattr(api, "compile_source", faulty)
    monkeypatch.setattr(looking, "SECONDS", 0.2)
    said = [look(seed, tmp_path / "input").wrong for seed in (1, 2, 6, 7)]
    wanted = {"raises": "raises RecursionError", "memory": "raises MemoryError", "hangs": "takes more than", "bug": "status 70"}
    assert all(each is not None and each.startswith(wanted[fault]) for each in said), said
    os.chdir(tmp_path)


def test_strange_things_are_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    looking.laid_out(Input("files", {"sub/a.yaml": b"x"}, {"pipe": "|", "folder": "/", "loop": "loop"}), tmp_path / "input")
    assert sorted(os.listdir()) == ["folder", "loop", "pipe", "sub"]
