"""Offsets of a text as the lines and columns of LSP, which count units of UTF-16 from 0, and back. Imports `source` alone."""

from __future__ import annotations

from collections.abc import Mapping

from ..text.source import Source, Span

Position = dict[str, int]
Range = dict[str, Position]


def to_position(source: Source, offset: int) -> Position:
    """The line and column of an offset."""
    line, column = source.find_position(max(0, min(offset, len(source.text))))
    start = source.start(line)
    before = source.text[start : start + column - 1]
    return {"line": line - 1, "character": len(before) + sum(char > "\uffff" for char in before)}


def to_range(span: Span) -> Range:
    """The range of a span."""
    return {"start": to_position(span.source, span.start), "end": to_position(span.source, span.end)}


def to_offset(source: Source, position: Mapping[str, int]) -> int:
    """The offset of a line and column; of ones past the end, the end of the line or of the text."""
    line, character = int(position["line"]), int(position["character"])
    count = source.find_position(len(source.text))[0]
    if line >= count:
        return len(source.text)
    start, text = source.start(line + 1), source.read_line(line + 1)
    if text.isascii():
        return start + min(character, len(text))
    for at, char in enumerate(text):
        if character <= 0:
            return start + at
        character -= 2 if char > "\uffff" else 1
    return start + len(text)


def is_position(value: object) -> bool:
    """Whether a value is a line and a column, of 0 or more each."""
    numbers = [value.get("line"), value.get("character")] if isinstance(value, Mapping) else [None]
    return all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in numbers)


def is_range(value: object) -> bool:
    """Whether a value has a start and an end."""
    return isinstance(value, Mapping) and is_position(value.get("start")) and is_position(value.get("end"))


def find_line_range(source: Source, number: int) -> Range:
    """The range of a 1-based line without its line break."""
    start = source.start(number)
    return to_range(Span(source, start, start + len(source.read_line(number))))
