"""Paths into the document that a spec holds, as keys: what each means. Imports `text` alone."""

from __future__ import annotations

from ..text.edits.overrides import FORM, STEP
from ..text.nodes import Scalar
from ..text.source import Path, Span
from .meanings import DocumentPath, find_word


def read_steps(path: str) -> Path:
    """A path that is one as keys and positions."""
    return tuple(int(step[2]) if step[1] is None else step[1] for step in STEP.finditer(path))


def find_path(key: Scalar) -> DocumentPath | None:
    """What a key means that is a path; None where it is none."""
    span = find_word(key.span, key.text)
    if FORM.fullmatch(key.text) is None or span.end - span.start != len(key.text):
        return None
    places = [step.span(1 if step[1] is not None else 2) for step in STEP.finditer(key.text)]
    spans = tuple(Span(span.source, span.start + start, span.start + end) for start, end in places)
    return DocumentPath(span, read_steps(key.text), spans)
