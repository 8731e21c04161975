"""What is meant where a text is not YAML: the place of the slip, and the way out. It knows texts alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .fix import Edit, Fix, write
from .foreign_variables import DOTTED
from .source import Source, Span

JOINED = re.compile(r"(?<=[{,])(\s*[\w-]+:)(?=[\w\[{\"'-])")
"""A key in braces without a space after its colon."""
ENDED = re.compile(r"(?<=[{,\[])(\s*\$?[\w-]+:)(?=[,\]}])")
"""A key in braces or brackets without a value, whose colon YAML takes for a part of the word."""
SLASHES = re.compile(r"(?<=[\s,])//(?=\s)")
"""The beginning of a comment in JSON with comments."""
EQUALS = re.compile(r"\s*(?:- )?([\w-]+)(\s*=\s*)(\S.*)")
UNQUOTED = re.compile(r"(?<![\"'\w])\$\{[^}]*\}")
NO_SPACE_AFTER_COLON = re.compile(r"\s*(?:- )?([\w-]+):([^\s:/].*)")
NO_SPACE_AFTER_DASH = re.compile(r"\s*(-)([A-Za-z].*)")
WORD = re.compile(r"[\w./-]*")
PLAIN = re.compile(r"[^\n\r#\]},]*[^\n\r#\]},\s]")
"""A value up to what ends it: a comment, a comma, a bracket, the line."""
TABS = re.compile(r"^([ ]*\t[ \t]*)", re.M)
TOKEN = re.compile(r"""[\[\]{}]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[ \t]*(?:[ \t]\#[^\n]*)?\r?(?:\n|\Z)""")
NO_COMMA = re.compile(r"([^\s,{\[])[ \t]+([A-Za-z_]\w*)[ \t]*:")
TWO_COLONS = re.compile(r"\s*(?:- )?([\w-]+): +([^\"'\[{|>&*].*: .*)")
PAIR = re.compile(r"[\w-]+: +\S[^#]*")
PROSE = ("description", "name")
"""Keys whose value is text, in which a colon may stand."""


class Slip(NamedTuple):
    """Where a slip is, the way out if it is a common one, and the fixes, likeliest first."""

    at: int
    help: str | None = None
    fixes: tuple[Fix, ...] = ()


def find_slip(source: Source, problem: str, at: int, context: str, context_at: int) -> Slip:
    """What is meant where a text cannot be read; `problem` and `context` are libyaml's words."""
    number, column = source.find_position(at)
    line, start = source.read_line(number), source.start(number)
    if unquoted := UNQUOTED.search(line):
        span = Span(source, start + unquoted.start(), start + unquoted.end())
        if foreign := DOTTED.fullmatch(unquoted[0]):
            return Slip(at, f"a variable is written `${foreign[1]}`", (write(span, f"${foreign[1]}"),))
        return Slip(at, f'quote it in a flow mapping: "{unquoted[0]}"', (_fix_unquoted(span),))
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Slip(at, "YAML is indented with spaces, not tabs", tuple(_replace_tabs(source)))
    if slashes := [Span(source, each.start(), each.end()) for each in SLASHES.finditer(source.text)]:
        edits = tuple(Edit(span, "#") for span in slashes)
        return Slip(slashes[0].start, "a comment begins with `#`", (Fix("write `#` for `//`", edits),))
    if ("flow" in context or "unexpected ':'" in problem) and (joined := list(JOINED.finditer(line))):
        edits = tuple(Edit(Span(source, start + each.end(), start + each.end()), " ") for each in joined)
        help = f"a space is missing after the colon: `{joined[0][1].strip()} ...`"
        return Slip(start + joined[0].start(1), help, (Fix("put a space after the colon", edits, "safe"),))
    if "unexpected ':'" in problem and (ended := ENDED.search(line)):
        end = start + ended.end()
        name = ended[1].strip().rstrip(":")
        help = f"a space is missing after the colon: `{name}: `; a name without arguments may stand alone: `{name}`"
        edits = tuple(Edit(Span(source, at, at), " ") for each in ENDED.finditer(line) for at in (start + each.end(),))
        return Slip(end - 1, help, (Fix("put a space after the colon", edits, "safe"),))
    if "quoted scalar" in context:
        return Slip(context_at, "close the quote", _fix_unclosed_quote(source, context_at))
    if "cannot start any token" in problem:
        value = PLAIN.match(line, column - 1)
        fixes: tuple[Fix, ...] = (_fix_unquoted(Span(source, at, start + value.end())),) if value and '"' not in value[0] else ()
        return Slip(at, f'quote the value: "{_shorten(line[column - 1 :])}"', fixes)
    if "flow" in context:
        opened = source.text[context_at : context_at + 1]
        where = f"the `{opened}` of line {source.find_position(context_at)[0]}" if opened in ("[", "{") else "every bracket"
        fixes = (*_fix_unclosed(source, context_at), *_fix_comma(source, start, line, column))
        return Slip(at, f"close {where}, or put a comma between the values", fixes)
    if "mapping values" in problem:
        return _explain_colons(source, at, number, line)
    if "expected ':'" in problem:
        return _explain_missing_colon(source, context_at)
    if "block" in context and (dashes := _separate_dashes(source)):
        return Slip(dashes[0].span.start - 1, "a space is missing after the dash", (_fix_dash(dashes),))
    if "block" in context:
        help = "no line before it is indented like it: the keys of one mapping, and the items of one list, share a column"
        return Slip(at, help)
    return Slip(at)


def _fix_unquoted(span: Span) -> Fix:
    """A value put into quotes."""
    text = span.source.text[span.start : span.end]
    return write(span, f'"{text}"', "safe", f"write `{_shorten(text)}` in quotes")


def _replace_tabs(source: Source) -> Iterator[Fix]:
    """Tabs at the beginnings of lines as spaces, as many as others indent by, or as editors show."""
    for width in (2, 4, 8):
        found = [Span(source, match.start(1), match.end(1)) for match in TABS.finditer(source.text)]
        edits = tuple(Edit(span, source.text[span.start : span.end].replace("\t", " " * width)) for span in found)
        yield Fix(f"indent with {width} spaces instead of a tab", edits, "unsafe")


def _fix_unclosed_quote(source: Source, opened: int) -> tuple[Fix, ...]:
    """The quote closed at the end of the word, or of the line."""
    quote = source.text[opened]
    ends = [match.end() for pattern in (WORD, PLAIN) if (match := pattern.match(source.text, opened + 1))]
    return tuple(Fix("close the quote", (Edit(Span(source, end, end), quote),), "unsafe") for end in dict.fromkeys(ends))


def _fix_unclosed(source: Source, opened: int) -> Iterator[Fix]:
    """What is open where a line ends, closed there; the lines are that of the bracket and those after it that hold values."""
    closing = {"[": "]", "{": "}"}
    waiting: list[str] = []
    begun = source.start(source.find_position(opened)[0])
    for match in TOKEN.finditer(source.text, begun):
        text = match[0]
        if text in closing:
            waiting.append(closing[text])
        elif waiting and text == waiting[-1]:
            waiting.pop()
        elif text in ("]", "}") and text in waiting:
            # The inner one is closed before the outer one, which stands here.
            missing = ""
            while waiting[-1] != text:
                missing += waiting.pop()
            yield Fix(f"close with `{missing}`", (Edit(Span(source, match.start(), match.start()), missing),), "unsafe")
            return
        elif "\n" in text and waiting:
            end = match.start()
            missing = "".join(reversed(waiting))
            yield Fix(f"close with `{missing}`", (Edit(Span(source, end, end), missing),), "unsafe")
            return
        elif "\n" in text:
            return


def _fix_comma(source: Source, start: int, line: str, column: int) -> Iterator[Fix]:
    """A comma between a value and the key after it."""
    for match in NO_COMMA.finditer(line):
        if match.start(1) <= column - 1 <= match.end(2):
            at = start + match.end(1)
            yield Fix("put a comma between the values", (Edit(Span(source, at, at), ","),), "unsafe")


def _explain_colons(source: Source, at: int, number: int, line: str) -> Slip:
    above = next((n for n in range(number - 1, 0, -1) if source.read_line(n).strip()), None)
    joined = NO_SPACE_AFTER_COLON.fullmatch(source.read_line(above)) if above is not None else None
    if above is not None and joined:
        meant = f"{_shorten(joined[1])}: {_shorten(joined[2])}"
        place = source.start(above) + joined.start(2)
        return Slip(place, f"a space is missing after the colon: `{meant}`", (_fix_space(source, place, meant),))
    if two := TWO_COLONS.fullmatch(line):
        start = source.start(number)
        if (pairs := _split_pairs(two[2])) is not None and two[1] not in PROSE:
            return _explain_nested(source, at, start, two, pairs)
        value = PLAIN.match(line, two.start(2))
        fixes = (_fix_unquoted(Span(source, start + two.start(2), start + value.end())),) if value and '"' not in value[0] else ()
        return Slip(at, f'quote the value: "{_shorten(two[2])}"', fixes)
    return Slip(at, "its line is indented deeper than the one before it, which has a value already")


def _split_pairs(text: str) -> list[str] | None:
    """Keys with values, and before them perhaps one value, which commas divide; None where something else stands there."""
    text = text.split(" #")[0].rstrip()
    if PAIR.fullmatch(text):
        return [text]
    first, *rest = text.split(", ")
    return [first, *rest] if rest and ": " not in first and all(PAIR.fullmatch(each) for each in rest) else None


def _explain_nested(source: Source, at: int, start: int, two: re.Match[str], pairs: list[str]) -> Slip:
    """The keys behind a key: those of its value, or more keys beside it, which are to stand on lines of their own."""
    whole = ", ".join(pairs)
    span = Span(source, start + two.start(2), start + two.start(2) + len(whole))
    if PAIR.fullmatch(pairs[0]):
        return Slip(at, f"keys behind a key stand in braces: `{two[1]}: {{{_shorten(whole)}}}`", (write(span, f"{{{whole}}}"),))
    indent = "\n" + " " * two.start(1)
    help = f"each key stands on a line of its own: `{two[1]}: {_shorten(pairs[0])}`, then `{_shorten(pairs[1])}`"
    return Slip(at, help, (write(span, indent.join(pairs), title="write each key on a line of its own"),))


def _explain_missing_colon(source: Source, at: int) -> Slip:
    number, _ = source.find_position(at)
    if joined := NO_SPACE_AFTER_COLON.fullmatch(source.read_line(number)):
        meant, place = f"{_shorten(joined[1])}: {_shorten(joined[2])}", source.start(number) + joined.start(2)
        return Slip(place, f"a space is missing after the colon: `{meant}`", (_fix_space(source, place, meant),))
    if equals := EQUALS.fullmatch(source.read_line(number)):
        start = source.start(number)
        meant = f"{_shorten(equals[1])}: {_shorten(equals[3])}"
        fix = write(Span(source, start + equals.start(2), start + equals.end(2)), ": ", "safe", f"write `{meant}`")
        return Slip(start + equals.start(2), f"a colon stands between a key and its value: `{meant}`", (fix,))
    if source.read_line(number).startswith("!include"):
        return Slip(at, "a spec extends one other: `extends: base.yaml`")
    found = Slip(at, "a colon is missing: `key: value`")
    while number > 0 and (dash := NO_SPACE_AFTER_DASH.fullmatch(source.read_line(number))):
        place = source.start(number) + dash.start(1)
        fixes = (_fix_dash(dashes),) if (dashes := _separate_dashes(source)) else ()
        found = Slip(place, f"a space is missing after the dash: `- {_shorten(dash[2])}`", fixes)
        number -= 1
    return found


def _separate_dashes(source: Source) -> tuple[Edit, ...]:
    """A space for each dash that has none, on a line of its own beside an item of a list."""
    edits = []
    lines = source.text.split("\n")
    for number, line in enumerate(lines):
        dash = NO_SPACE_AFTER_DASH.fullmatch(line.rstrip("\r"))
        beside = (*lines[max(number - 1, 0) : number], *lines[number + 1 : number + 2])
        if dash and any(other.startswith(line[: dash.start(1)] + "-") for other in beside):
            place = source.start(number + 1) + dash.end(1)
            edits.append(Edit(Span(source, place, place), " "))
    return tuple(edits)


def _fix_dash(edits: tuple[Edit, ...]) -> Fix:
    return Fix("put a space after the dash", edits, "safe")


def _fix_space(source: Source, place: int, meant: str) -> Fix:
    """A space after a colon."""
    return Fix(f"write `{meant}`", (Edit(Span(source, place, place), " "),), "safe")


def _shorten(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else text[:57] + "..."
