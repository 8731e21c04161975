"""A text with edits in it, and where a place of the text before stands then. Reads no file."""

from __future__ import annotations

from collections.abc import Iterable

from ..fix import Edit


def apply_edits(text: str, edits: Iterable[Edit]) -> str | None:
    """The text with edits in it, all of one source; None where two of them are of the same characters."""
    parts, at = [], 0
    for edit in sorted(dict.fromkeys(edits), key=lambda each: each.span[1:]):
        if edit.span.start < at:
            return None
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join((*parts, text[at:]))


def move_offset(offset: int, edits: Iterable[Edit]) -> int:
    """Where a place of the text before stands once edits are in it; one inside a replaced span, where that begins."""
    by = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda each: each.span[1:]):
        start, end = edit.span[1:]
        if end <= offset:
            by += len(edit.text) - (end - start)
        elif start < offset:
            return start + by
    return offset + by
