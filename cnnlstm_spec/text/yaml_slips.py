"""What is meant where a text is not YAML: the place of the slip, and the way out. Imports `source` alone."""

from __future__ import annotations

import re

from .source import Source

UNQUOTED = re.compile(r"(?<![\"'\w])\$\{[^}]*\}")
NO_SPACE_AFTER_COLON = re.compile(r"\s*(?:- )?([\w-]+):([^\s:/].*)")
NO_SPACE_AFTER_DASH = re.compile(r"\s*(-)([A-Za-z].*)")
TWO_COLONS = re.compile(r"\s*(?:- )?[\w-]+: +([^\"'\[{|>&*].*: .*)")


def slip(source: Source, problem: str, at: int, context: str, context_at: int) -> tuple[int, str | None]:
    """Where the slip is, and the way out if it is a common one; `problem` and `context` are libyaml's words."""
    number, column = source.position(at)
    line = source.line(number)
    if unquoted := UNQUOTED.search(line):
        return at, f'quote it in a flow mapping: "{unquoted[0]}"'
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return at, "YAML is indented with spaces, not tabs"
    if "quoted scalar" in context:
        return context_at, "close the quote"
    if "cannot start any token" in problem:
        return at, f'quote the value: "{_short(line[column - 1 :])}"'
    if "flow" in context:
        opened = source.text[context_at : context_at + 1]
        where = f"the `{opened}` of line {source.position(context_at)[0]}" if opened in ("[", "{") else "every bracket"
        return at, f"close {where}, or put a comma between the values"
    if "mapping values" in problem:
        return _colons(source, at, number, line)
    if "expected ':'" in problem:
        return _no_colon(source, context_at)
    if "block" in context:
        return at, "no line before it is indented like it: the keys of one mapping, and the items of one list, share a column"
    return at, None


def _colons(source: Source, at: int, number: int, line: str) -> tuple[int, str | None]:
    above = next((n for n in range(number - 1, 0, -1) if source.line(n).strip()), None)
    joined = NO_SPACE_AFTER_COLON.fullmatch(source.line(above)) if above is not None else None
    if above is not None and joined:
        meant = f"{_short(joined[1])}: {_short(joined[2])}"
        return source.start(above) + joined.start(2), f"a space is missing after the colon: `{meant}`"
    if two := TWO_COLONS.fullmatch(line):
        return at, f'quote the value: "{_short(two[1])}"'
    return at, "its line is indented deeper than the one before it, which has a value already"


def _no_colon(source: Source, at: int) -> tuple[int, str | None]:
    number, _ = source.position(at)
    found = at, "a colon is missing: `key: value`"
    while number > 0 and (dash := NO_SPACE_AFTER_DASH.fullmatch(source.line(number))):
        found = source.start(number) + dash.start(1), f"a space is missing after the dash: `- {_short(dash[2])}`"
        number -= 1
    return found


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else text[:57] + "..."
