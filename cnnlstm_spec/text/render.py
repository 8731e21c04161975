"""Diagnostics for a terminal: source lines with carets, both ends of a mismatch, and the ways out.

What a `Diagnostic` must have to be shown is said here, since that file imports this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from .escape.terminal import make_line_safe, measure_width, paint_text, show_character
from .source import NOWHERE, Place, Source, Span

WIDTH = 120
"""Columns where the terminal does not say how many it has."""
LEAST_WIDTH = 40


class Underline(NamedTuple):
    """A stretch of one line to be underlined, in code points from 0, and what is said of it."""

    line: int
    start: int
    end: int
    message: str
    primary: bool


class NamedCode(Protocol):
    """A code."""

    @property
    def name(self) -> str: ...


class Labelled(Protocol):
    """A second place, and what is said of it."""

    @property
    def place(self) -> Place: ...
    @property
    def message(self) -> str: ...


class Shown(Protocol):
    """What a terminal shows of a diagnostic."""

    @property
    def code(self) -> NamedCode: ...
    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, object]: ...
    @property
    def place(self) -> Place: ...
    @property
    def label(self) -> str: ...
    @property
    def labels(self) -> Sequence[Labelled]: ...
    @property
    def help(self) -> Sequence[str]: ...


def render(diagnostics: Iterable[Shown], color: bool = False, width: int | None = None) -> str:
    """The diagnostics, an empty line between two; `width` is in columns."""
    printer = _Printer(color, max(width or WIDTH, LEAST_WIDTH))
    return "\n\n".join(printer.render_diagnostic(each) for each in diagnostics)


def describe_counts(diagnostics: Sequence[Shown], files: int) -> str:
    """`2 errors, 1 warning in 1 file`."""
    found = []
    for severity in ("error", "warning", "advice"):
        count = sum(_count(each, severity) for each in diagnostics)
        if count or severity == "error":
            found.append(f"{count or 'no'} {severity}{'' if count == 1 or severity == 'advice' else 's'}")
    return f"{', '.join(found)} in {files} file{'' if files == 1 else 's'}"


def _count(diagnostic: Shown, severity: str) -> int:
    """How many findings of that severity it is; one that stands for others has their numbers in its facts."""
    if diagnostic.code.name == "more-findings":
        return int(str(diagnostic.facts.get(severity, 0)))
    return diagnostic.severity == severity


class _Printer:
    def __init__(self, color: bool, columns: int) -> None:
        self.color, self.columns = color, columns

    def paint(self, text: str, style: str) -> str:
        return paint_text(text, style) if self.color else text

    def render_diagnostic(self, diagnostic: Shown) -> str:
        severity = diagnostic.severity
        head = self.paint(f"{severity}[{diagnostic.code.name}]", severity)
        lines = [head + self.paint(": " + make_line_safe(diagnostic.message), "bold")]
        notes = [label.message for label in diagnostic.labels if not _is_somewhere(label.place.span)]
        sources = _collect_marks(diagnostic)
        gutter = max((len(str(mark.line)) for _, marks in sources for mark in marks), default=1)
        for index, (source, marks) in enumerate(sources):
            lines += self.render_location(source, marks, gutter, first=index == 0)
            if source.text:
                lines += self.render_snippet(source, marks, gutter, severity)
        for word, texts in (("note", notes), ("help", diagnostic.help)):
            sign = self.paint("=", "gutter")
            lines += [f"{'':{gutter}} {sign} {self.paint(word + ':', 'bold')} {make_line_safe(text)}" for text in texts]
        return "\n".join(lines)

    def render_location(self, source: Source, marks: list[Underline], gutter: int, first: bool) -> list[str]:
        arrow = self.paint("-->" if first else ":::", "gutter")
        mark = next((mark for mark in marks if mark.primary), marks[0])
        at = f":{mark.line}:{mark.start + 1}" if source.text else ""
        return [f"{'':{gutter}}{arrow} {make_line_safe(source.name)}{at}"]

    def render_snippet(self, source: Source, marks: list[Underline], gutter: int, severity: str) -> list[str]:
        bar = self.paint("|", "gutter")
        lines = [f"{'':{gutter}} {bar}"]
        before: int | None = None
        for number in sorted({mark.line for mark in marks}):
            if before is not None and number == before + 2:
                lines += self.render_source_line(source, before + 1, [], gutter, severity)
            elif before is not None and number > before + 1:
                lines.append(self.paint("...", "gutter"))
            lines += self.render_source_line(source, number, [mark for mark in marks if mark.line == number], gutter, severity)
            before = number
        return lines

    def render_source_line(self, source: Source, number: int, marks: list[Underline], gutter: int, severity: str) -> list[str]:
        """A line with its marks below it; a line too long is printed again for a mark that does not fit beside the others."""
        text = source.read_line(number)
        bar = self.paint("|", "gutter")
        space = self.columns - gutter - 3
        lines: list[str] = []
        waiting = sorted(marks, key=lambda mark: (mark.start, not mark.primary))
        while True:
            start, end = _choose_window(text, waiting[0] if waiting else None, space)
            prefix = "... " if start else ""
            shown_text = prefix + "".join(map(show_character, text[start:end])) + (" ..." if end < len(text) else "")
            label = self.paint(f"{number:>{gutter}}", "gutter")
            lines.append(f"{label} {bar} {shown_text}".rstrip())
            later = []
            for mark in waiting:
                if mark is not waiting[0] and not (start <= mark.start and mark.end <= end):
                    later.append(mark)
                    continue
                indent = " " * (len(prefix) + _count_columns(text[start : mark.start]))
                length = max(1, _count_columns(text[mark.start : min(mark.end, end)]))
                message = f" {make_line_safe(mark.message)}" if mark.message else ""
                marked = self.paint(("^" if mark.primary else "-") * length + message, severity if mark.primary else "label")
                lines.append(f"{'':{gutter}} {bar} {indent}{marked}")
            if not later:
                return lines
            waiting = later


def _collect_marks(diagnostic: Shown) -> list[tuple[Source, list[Underline]]]:
    """The marks of each source, that of the diagnostic itself first."""
    spans = [(diagnostic.place.span, diagnostic.label, True)]
    spans += [(label.place.span, label.message, False) for label in diagnostic.labels]
    sources: list[tuple[Source, list[Underline]]] = []
    for span, message, primary in spans:
        if not _is_somewhere(span):
            continue
        marks = next((marks for source, marks in sources if source is span.source), None)
        if marks is None:
            marks = []
            sources.append((span.source, marks))
        mark = _mark(span, message, primary)
        if mark not in marks:
            marks.append(mark)
    return sources


def _mark(span: Span, message: str, primary: bool) -> Underline:
    """A span as a mark; one of several lines ends with its first."""
    line, column = span.source.find_position(span.start)
    text = span.source.read_line(line)
    start = min(column - 1, len(text))
    end = min(start + span.end - span.start, len(text))
    return Underline(line, start, start + len(text[start:end].rstrip()), message, primary)


def _is_somewhere(span: Span) -> bool:
    return span.source is not NOWHERE.source


def _count_columns(text: str) -> int:
    return measure_width("".join(map(show_character, text)))


def _choose_window(text: str, mark: Underline | None, space: int) -> tuple[int, int]:
    """The stretch of a line that is printed: all of it, or as much around the mark as there is space for."""
    if len(text) <= space and _count_columns(text) <= space:
        return 0, len(text)
    space -= len("... ") + len(" ...")
    at = mark.start if mark is not None else 0
    start = at
    left = min(space // 3, space)
    while start > 0 and (left := left - _count_columns(text[start - 1])) >= 0:
        start -= 1
    used, end = _count_columns(text[start:at]), at
    while end < len(text) and (used := used + _count_columns(text[end])) <= space:
        end += 1
    return start, end
