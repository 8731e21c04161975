"""What is said of a spec, whole: what a terminal shows, and under it the fixes of each finding, as they are before they are tried."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.fix import Fix
from cnnlstm_spec.text.render import render
from cnnlstm_spec.text.source import Span


def tell(found: Iterable[Diagnostic]) -> str:
    """The rendered text of findings, and a line for each of their fixes."""
    found = list(found)
    return "\n".join([render(found), *tell_fixes(found)])


def tell_fixes(found: Iterable[Diagnostic]) -> list[str]:
    """A line for each fix: the finding that it mends, its title, and its changes."""
    return [f"fix of {each.code.name} ({fix.applicability}): {fix.title}{_changes(fix)}" for each in found for fix in each.fixes]


def _changes(fix: Fix) -> str:
    """The changes of a fix, the texts that they stand at in place of spans."""
    return "".join(
        f"; {type(each).__name__.lower()} {', '.join(_part(part) for part in each if part != ())}" for each in fix.edits
    )


def _part(part: object) -> str:
    if not isinstance(part, Span):
        return repr(part)
    line, column = part.source.find_position(part.start)
    return f"{line}:{column} {part.source.text[part.start : part.end]!r}"


def hold(out: Path, said: str, request: pytest.FixtureRequest) -> None:
    """Holds what is said against a file, or writes that anew."""
    if request.config.getoption("--update"):
        out.write_text(said, encoding="utf-8")
    assert out.read_text("utf-8") == said
