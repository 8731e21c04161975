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
"""What a run that writes has told so far: by `.out`, what each test tells."""


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
        parts = request.config.stash.setdefault(WRITTEN, {}).setdefault(out, {})
        parts[test] = told
        out.write_text("\n\n".join(f"=== {each}\n{parts[each]}" for each in parts) + "\n", encoding="utf-8")
    _, *held = HEADING.split(out.read_text("utf-8"))
    parts = dict(zip(held[::2], held[1::2], strict=True))
    assert told == parts[test].rstrip("\n")
