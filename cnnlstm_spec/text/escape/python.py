"""Text in Python source: strings, docstrings, comments and names. Whatever a text holds, it stays what it is written as.

A text is cut into lines by pieces, each a character as it is written, so that no cut falls into an escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from .characters import make_visible

PLAIN = re.compile(r"[ !#-\[\]-~]*")
"""What stands in a string as it is."""
BREAKS = re.compile(r"[ \t\n\r]+")


def write_string(text: str) -> str:
    """A string in one line."""
    return f'"{text}"' if PLAIN.fullmatch(text) else '"' + "".join(map(_escape_in_string, text)) + '"'


def write_strings(text: str, room: int, before: int, after: int) -> str:
    """A string in parts, a line each, where one line has no room for it; cut after `|`, `/` and spaces.

    Of the first line `before` columns are taken, of the last `after`.
    """
    pieces = [_escape_in_string(char) for char in text]
    lines: list[str] = []
    start, left = 0, room - before - after - 2
    while start < len(pieces):
        end = _count_fitting(pieces, start, left)
        if end < len(pieces):
            end = next((at for at in range(end, start, -1) if pieces[at - 1] in "|/ "), end)
        lines.append('"' + "".join(pieces[start:end]) + '"')
        start, left = end, room - after - 2
    return "\n".join(lines)


def write_docstring(text: str, width: int) -> str:
    """A docstring of lines of that width; breaks and runs of spaces become single spaces."""
    words = [*_split_words(text, _escape_in_docstring)]
    if words and words[0][0] == '"':
        words[0][0] = r"\""
    if words and words[-1][-1] == '"':
        words[-1][-1] = r"\""
    first, *more = _fill_lines(words, width, 3) or [""]
    if not more and len(first) + 6 <= width:
        return f'"""{first}"""'
    return "\n".join((f'"""{first}', *more, '"""'))


def write_comment(text: str, width: int) -> str:
    """A comment of lines of that width."""
    return "\n".join(f"# {line}" for line in _fill_lines([*_split_words(text, _escape_in_comment)], width - 2))


def name(text: str) -> str:
    """A name, or several with dots between them; it is written as it is, so nothing else may stand for one."""
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError(f"no name of Python's: {text!r}")
    return text


def _escape_in_string(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else repr(char)[1:-1]


def _escape_in_docstring(before: str, char: str) -> str:
    """Quotes may stand there, but not two of them side by side."""
    return char if char == '"' != before else _escape_in_string(char)


def _escape_in_comment(before: str, char: str) -> str:
    return make_visible(char)


def _split_words(text: str, piece: Callable[[str, str], str]) -> Iterator[list[str]]:
    """Each word as pieces; a piece is told the character before its own."""
    for word in filter(None, BREAKS.split(text)):
        yield [piece(before, char) for before, char in zip(" " + word, word, strict=False)]


def _fill_lines(words: Iterable[list[str]], width: int, indent: int = 0) -> list[str]:
    """Words in lines; one that is wider than a line goes on in the next. The first line has `indent` columns less."""
    lines: list[str] = []
    line, left = "", width - indent
    for word in words:
        if line and len(line) + 1 + sum(map(len, word)) > left:
            lines.append(line)
            line, left = "", width
        start = 0
        while not line and (end := _count_fitting(word, start, left)) < len(word):
            lines.append("".join(word[start:end]))
            start, left = end, width
        line = f"{line} {''.join(word)}" if line else "".join(word[start:])
    return [*lines, line] if line else lines


def _count_fitting(pieces: list[str], start: int, room: int) -> int:
    """Where the pieces from `start` on that fit into the room end; one does always."""
    end, used = start, 0
    while end < len(pieces) and (end == start or used + len(pieces[end]) <= room):
        used += len(pieces[end])
        end += 1
    return end
