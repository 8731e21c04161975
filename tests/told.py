"""What is said of a spec, whole: what a terminal shows, and under it the fixes of each finding, as they are before they are tried."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.fix import Change, Fix
from cnnlstm_spec.text.render import render
from cnnlstm_spec.text.source import Span

WORD = re.compile(r"\w")
HEADING = re.compile(r"^=== (.+)\n", re.M)
WRITTEN = pytest.StashKey[dict[Path, dict[str, str]]]()
"""What stands in each `.out` that a run has begun to write."""
THERE = pytest.StashKey[dict[Path, list[str]]]()
"""The tests of each file, in their order, those that a run leaves out too."""


def tell(found: Iterable[Diagnostic]) -> str:
    """The rendered text of findings, and a line for each of their fixes."""
    found = list(found)
    places = [place for each in found for place in (each.place, *(label.place for label in each.labels))]
    assert [at.span for at in places if not covers_words(at.span)] == []
    return "\n".join([render(found), *tell_fixes(found)])


def covers_words(span: Span) -> bool:
    """Whether a span ends and begins where words do; one character is where reading stopped."""
    text = span.source.text
    within = [at for at in (span.start, span.end) if 0 < at < len(text) and WORD.match(text[at - 1]) and WORD.match(text[at])]
    return span.end - span.start < 2 or not within


def tell_fixes(found: Iterable[Diagnostic]) -> list[str]:
    """A line for each fix: the finding that it mends, its title, and its changes."""
    return [f"fix of {each.code.name} ({fix.applicability}): {fix.title}{_changes(fix)}" for each in found for fix in each.fixes]


def _changes(fix: Fix) -> str:
    """The changes of a fix, the texts that they stand at in place of spans."""
    return "".join(f"; {_change(each)}" for each in fix.edits)


def _change(edit: Change) -> str:
    return f"{type(edit).__name__.lower()} {', '.join(_part(part) for part in edit if part != ())}"


def _part(part: object) -> str:
    if isinstance(part, Span):
        line, column = part.source.find_position(part.start)
        return f"{line}:{column} {part.source.text[part.start : part.end]!r}"
    if isinstance(part, Change):
        return _change(part)
    return f"({', '.join(map(_part, part))})" if isinstance(part, tuple) else repr(part)


def hold(out: Path, said: str, request: pytest.FixtureRequest) -> None:
    """Holds what is said against a file, or writes that anew."""
    if request.config.getoption("--update"):
        out.write_text(said, encoding="utf-8")
    assert out.read_text("utf-8") == said


def hold_told(found: Iterable[Diagnostic], request: pytest.FixtureRequest, folder: Path | None = None) -> None:
    """Holds what is told of findings against the part of this test in the `.out` beside its file; `folder` is not named there."""
    out, test = request.path.with_suffix(".out"), request.node.name
    told = tell(found).replace(f"{folder}/", "") if folder is not None else tell(found)
    if request.config.getoption("--update"):
        write_part(out, test, told, request.config)
    assert told == read_parts(out)[test]


def read_parts(out: Path) -> dict[str, str]:
    """What each test tells, as it stands in an `.out`; a file that is not there holds nothing."""
    _, *held = HEADING.split(out.read_text("utf-8") if out.exists() else "")
    return {test: told.rstrip("\n") for test, told in zip(held[::2], held[1::2], strict=True)}


def write_part(out: Path, test: str, told: str, config: pytest.Config) -> None:
    """Writes what a test tells anew. The parts of other tests stay, in the order of the tests; those of tests that are gone go."""
    parts = config.stash.setdefault(WRITTEN, {}).setdefault(out, read_parts(out))
    parts[test] = told
    there = config.stash[THERE].get(out.with_suffix(".py"), [])
    rest = [each for each in parts if each not in there] if names_tests(config) else []
    out.write_text("\n\n".join(f"=== {each}\n{parts[each]}" for each in [*there, *rest] if each in parts) + "\n", "utf-8")


def names_tests(config: pytest.Config) -> bool:
    """Whether a run was asked for tests by their names, so that it does not know of the others of their files."""
    return any("::" in each for each in config.args)


def note_tests(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Notes the tests of each file before any is left out."""
    there: dict[Path, list[str]] = config.stash.setdefault(THERE, {})
    for item in items:
        there.setdefault(item.path, []).append(item.name)
