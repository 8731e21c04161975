"""Ways out as edits: the fixes of the findings in a range, each tried, and all that mend without a change of meaning at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...compiler.fixes import Clock, Trials, mend
from ...text.diagnostic import Diagnostic
from ...text.escape.terminal import make_line_safe
from ...text.fix import Applicability, Edit, Fix
from ...text.source import Source, Span
from ..positions import to_offset, to_range
from ..retyped import count_alike
from ..state import State
from .diagnostics import Json, Uris, make_diagnostic

QUICK_FIX, FIX_ALL = "quickfix", "source.fixAll"
SAID: dict[Applicability, str] = {"safe": "", "unsafe": " (changes the model)", "display": " (not known to mend it)"}
MOST = 20
"""So many findings of a range have their fixes tried."""


def find_actions(state: State, params: Json, uris: Uris) -> list[Json]:
    """The quick fixes of what was found in a range, likeliest first, and to fix all where that is asked for."""
    wanted = [str(each) for each in params.get("context", {}).get("only") or ()]
    actions: list[Json] = []
    if any(fits(QUICK_FIX, each) for each in wanted) or not wanted:
        start, end = (to_offset(state.source, params["range"][side]) for side in ("start", "end"))
        trials = Trials(state.prepared, Clock(), state.found)
        near = [each for each in state.found if _touches(each.place.span, state.source, start, end)]
        for finding in near[:MOST]:
            actions += [_make_action(finding, fix, uris) for fix in trials.try_each_fix(finding)]
    if any(fits(FIX_ALL, each) or fits(f"{FIX_ALL}.cnnlstm-spec", each) for each in wanted):
        actions += _fix_all(state, uris)
    return actions


def fits(kind: str, asked: str) -> bool:
    """Whether a kind of action is one of those that are asked for."""
    return kind == asked or kind.startswith(f"{asked}.")


def _touches(span: Span, source: Source, start: int, end: int) -> bool:
    return span.source is source and span.start <= end and start <= span.end


def _make_action(finding: Diagnostic, fix: Fix, uris: Uris) -> Json:
    return {
        "title": make_line_safe(fix.title) + SAID[fix.applicability],
        "kind": QUICK_FIX,
        "diagnostics": [make_diagnostic(finding, uris)],
        "isPreferred": fix.applicability == "safe",
        "edit": make_edit([each for each in fix.edits if isinstance(each, Edit)], uris),
    }


def _fix_all(state: State, uris: Uris) -> list[Json]:
    """All safe fixes made, round by round, where there are some."""
    mended = mend(state.prepared)
    if not mended.changed:
        return []
    edits = [_find_difference(source, text) for source, text in mended.changed]
    return [{"title": "fix all that keeps the meaning", "kind": FIX_ALL, "edit": make_edit(edits, uris)}]


def _find_difference(source: Source, text: str) -> Edit:
    """The one edit that makes a text of another: what lies between what both begin and end with."""
    before, most = source.text, min(len(source.text), len(text))
    start = count_alike(before, text)
    same = min(count_alike(before[::-1], text[::-1]), most - start)
    return Edit(Span(source, start, len(before) - same), text[start : len(text) - same])


def make_edit(edits: Iterable[Edit], uris: Uris) -> Json:
    """Edits of several files, made together."""
    changes: dict[str, list[Any]] = {}
    for each in dict.fromkeys(edits):
        changes.setdefault(uris.find_uri(each.span.source), []).append({"range": to_range(each.span), "newText": each.text})
    return {"changes": changes}
