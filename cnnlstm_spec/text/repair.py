"""What a text may be meant as while one line of it is half written: the same text with that line closed, or without it.

Every other line stays as it is, on the line where it is: what is known of a candidate
is known of them at their places. Imports `source` alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from .source import Source

MOST = 6
"""So many candidates at most."""
TOKEN = re.compile(r"""[\[\]{},]|"(?:[^"\\]|\\.)*("?)|(?<![^\s\[{,:])'[^']*('?)|(?:^|(?<=\s))\#.*""")
KEY = re.compile(r"(?<![\w-])[A-Za-z_][\w-]*+(?=:(?:\s|$))", re.M)
WORD = re.compile(r"(?<![\w-])[A-Za-z_][\w-]*+$")
CLOSING = {"[": "]", "{": "}"}
STANDS_FOR = "half-written"
"""A key where one is missing above lines that stand deeper."""


class _Open(NamedTuple):
    """What a line leaves open: its text without a comment, what closes it, and where its last part begins."""

    text: str
    quote: str
    closing: str
    part: int | None
    """After the last comma, or the bracket, in the innermost bracket; None outside of brackets."""


def propose_repairs(source: Source, number: int, words: Collection[str] = ()) -> Iterator[Source]:
    """Texts that may be meant where the line of that number is half written, likeliest first; none of them may be YAML.

    `words` are keys that a word of the line may begin, besides those that stand elsewhere in the text.
    """
    line, start = source.read_line(number), source.start(number)
    seen = {line}
    for candidate in _propose_lines(source, number, line, words):
        if candidate in seen:
            continue
        seen.add(candidate)
        if len(seen) > MOST + 1:
            return
        yield Source(source.name, source.text[:start] + candidate + source.text[start + len(line) :])


def _propose_lines(source: Source, number: int, line: str, words: Collection[str]) -> Iterator[str]:
    """What may stand in place of a line."""
    held = _find_left_open(line)
    text = held.text.rstrip()
    word = text.strip().removeprefix("-").strip()
    begun = WORD.search(text)
    whole = _complete_key(source, number, begun[0], words) if begun is not None else None
    if held.part is not None:
        # The last part is the one that is half written: what stands before it means something by itself.
        yield text[: held.part].rstrip(" ,") + held.closing
        yield text + held.quote + held.closing
        if begun is not None and whole is not None:
            yield f"{text[: begun.start()]}{whole}: {held.closing}"
    elif held.quote:
        yield text + held.quote
    elif begun is not None and whole is not None:
        yield f"{text[: begun.start()]}{whole}:"
    if word and held.part is None:
        yield f"{text}{held.quote}:"
    if not word and (indent := _find_missing_key(source, number)) is not None:
        yield f"{' ' * indent}{STANDS_FOR}:"
    yield ""
    if text.lstrip().startswith("-"):
        yield text[: text.index("-") + 1]


def _complete_key(source: Source, number: int, begun: str, words: Collection[str]) -> str | None:
    """A key that begins so: one of another line, from the nearest on, or one of the words."""
    line = source.find_position
    found = [
        (abs(line(match.start())[0] - number), match[0])
        for match in KEY.finditer(source.text)
        if match[0].startswith(begun) and match[0] != begun and line(match.start())[0] != number
    ]
    known = [word for word in words if word.startswith(begun) and word != begun]
    return min(found)[1] if found else known[0] if known else None


def _find_left_open(line: str) -> _Open:
    opened: list[str] = []
    parts: list[int] = []
    for match in TOKEN.finditer(line):
        sign = match[0][0]
        if sign == "#":
            return _close_brackets(line[: match.start()], "", opened, parts)
        if sign in "\"'" and not (match[1] or match[2]):
            return _close_brackets(line, sign, opened, parts)
        if sign in CLOSING:
            opened.append(sign)
            parts.append(match.end())
        elif sign in "]}" and opened:
            opened.pop()
            parts.pop()
        elif sign == "," and parts:
            parts[-1] = match.end()
    return _close_brackets(line, "", opened, parts)


def _close_brackets(text: str, quote: str, opened: list[str], parts: list[int]) -> _Open:
    return _Open(text, quote, "".join(CLOSING[each] for each in reversed(opened)), parts[-1] if parts else None)


def _find_missing_key(source: Source, number: int) -> int | None:
    """The column of the key that lines below a line without one belong to; None where they need none."""
    above = next((each for each in range(number - 1, 0, -1) if _is_written(source.read_line(each))), None)
    count = source.find_position(len(source.text))[0]
    below = [_indent(line) for each in range(number + 1, count + 1) if _is_written(line := source.read_line(each))]
    if not below or above is None:
        return None
    return next((indent for indent in below if indent < below[0]), 0)


def _is_written(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
