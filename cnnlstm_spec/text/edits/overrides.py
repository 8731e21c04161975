"""`--set PATH=VALUE`: edits a document before it is read, so that what is set is checked like what is written.

A path is that of a diagnostic: keys, positions, no class names; a layer that has a name can be addressed by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..diagnostic import Code, Diagnostic, Label
from ..escape.characters import CLASS
from ..frozen import dataclass
from ..memo import Memory
from ..nodes import Entry, Listing, Node, Scalar, make_node, make_plain_value
from ..nodes import Mapping as MappingNode
from ..parse import EMPTY, parse
from ..source import Place, Source, Span, format_path
from ..spelling import find_nearest
from .set_value import CLASS_NAME, NoPath, Steps, edit

UNKNOWN_PATH = Code("unknown-path", "error", "the spec has no `{path}`")
IN_VAIN = Code("set-in-vain", "error", "setting `{path}` changes nothing")
UNCLEAR = Code("unclear-override", "error", "`{text}` is not of the form PATH=VALUE")

COMMAND_LINE = ("--set", "overrides", "--matrix")
"""What texts and mappings of overrides are called in findings: the sources of what no file writes."""
KEY = rf"[^.\[\]=\s{CLASS}]+"
STEP = re.compile(rf"(?:\A|\.)({KEY})|\[(\d{{1,6}})\]")
FORM = re.compile(rf"{KEY}(?:\.{KEY}|\[\d{{1,6}}\])*")

Overrides = Mapping[str, object] | Iterable[str]
"""Paths to Python values, or texts of the form PATH=VALUE with VALUE as YAML."""


@dataclass(frozen=True)
class Step:
    """A key or a position, and where it stands in the text of the override."""

    value: str | int
    span: Span


@dataclass(frozen=True)
class Override:
    """A value and where it goes, as read."""

    written: tuple[Step, ...]
    value: Node

    @property
    def steps(self) -> Steps:
        """The path as keys and positions."""
        return tuple(step.value for step in self.written)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where each of them is written."""
        return tuple(step.span for step in self.written)


def is_override(text: str) -> bool:
    """Whether a text is of the form PATH=VALUE."""
    return FORM.fullmatch(text.partition("=")[0].strip()) is not None and "=" in text


def apply(document: Node, overrides: Overrides, found: list[Diagnostic]) -> Node:
    """The document with every override in it, the later over the earlier; a path that is not there is reported."""
    return set_all(document, read_overrides(overrides, found), found)


def set_all(document: Node, overrides: Iterable[Override], found: list[Diagnostic], memory: Memory | None = None) -> Node:
    """What `apply` gives, of overrides that are read: variants of a spec share them and a memory."""
    for each in overrides:
        try:
            document = edit(document, each.steps, each.value, each.spans, memory)
        except NoPath as error:
            found.append(_report_unknown(each, error, document))
    return document


def explain_path(steps: Steps, value: Node, error: NoPath, document: Node, end: str = "") -> tuple[str, ...]:
    """The way out of a path that names nothing: how it is written, with `end` behind it, the nearest name, or all there are."""
    before = steps[: len(steps) - error.left]
    working = None if error.in_vain else _find_working_steps(steps, value, document)
    if working is not None:
        written = f"`{format_path(working)}{end}`"
        return (f"write {written}" if error.help is None else f"{error.help}: {written}",)
    if error.help is not None:
        return (error.help,)
    step = steps[len(before)]
    near = find_nearest(step, error.known) if isinstance(step, str) else None
    if near is not None:
        return (f"did you mean `{format_path((*before, near))}`?",)
    names = ", ".join(f"`{each}`" for each in error.known)
    return (f"there {'is' if len(error.known) == 1 else 'are'} {names}",) if names else ()


def _find_working_steps(steps: Steps, value: Node, document: Node) -> Steps | None:
    """The path without class names, with positions in brackets, from the section that a name is in, if that leads somewhere."""
    tried = list(steps)
    while tried:
        try:
            edit(document, tuple(tried), value, [value.span] * len(tried))
        except NoPath as error:
            at = len(tried) - error.left
            step = tried[at]
            if isinstance(step, str) and step.isdecimal():
                tried[at] = int(step)
            elif error.instead or error.help == CLASS_NAME:
                tried[at : at + 1] = error.instead
            else:
                return None
        else:
            return tuple(tried)
    return None


def read_overrides(overrides: Overrides, found: list[Diagnostic]) -> list[Override]:
    """Those that are of the form PATH=VALUE; what is not is reported."""
    return [Override(tuple(steps), value) for steps, value in _read(overrides, found)]


def _read(overrides: Overrides, found: list[Diagnostic]) -> Iterable[tuple[list[Step], Node]]:
    if isinstance(overrides, Mapping):
        for path, given in overrides.items():
            value = make_plain_value(given)
            source = Source(COMMAND_LINE[1], f"{path}={value!r}")
            if (steps := _read_steps(source, found)) is not None:
                span = Span(source, len(path) + 1, len(source.text))
                yield steps, value if isinstance(value, Node) else make_node(value, span, found)
        return
    for text in overrides:
        source = Source(COMMAND_LINE[0], text)
        if (steps := _read_steps(source, found)) is None:
            continue
        if (node := _read_value(source, found)) is not None:
            yield steps, node


def read_text(text: str, name: str, found: list[Diagnostic]) -> tuple[Scalar, Node] | None:
    """The path, as a key, and the value of a text of the form PATH=VALUE; None where it is not one, which is reported."""
    source = Source(name, text)
    steps = _read_steps(source, found)
    node = _read_value(source, found) if steps is not None else None
    if steps is None or node is None:
        return None
    path = text.partition("=")[0].strip()
    return Scalar(Span(source, steps[0].span.start, steps[-1].span.end), path, path), node


def _read_steps(source: Source, found: list[Diagnostic]) -> list[Step] | None:
    text = source.text
    if not is_override(text):
        found.append(Diagnostic(UNCLEAR, Place((), Span(source, 0, len(text))), {"text": text}))
        return None
    path = text.partition("=")[0]
    start = len(path) - len(path.lstrip())
    steps = []
    for match in STEP.finditer(path.strip()):
        group = 1 if match[1] is not None else 2
        span = Span(source, start + match.start(group), start + match.end(group))
        steps.append(Step(int(match[2]) if match[1] is None else match[1], span))
    return steps


def _read_value(source: Source, found: list[Diagnostic]) -> Node | None:
    """The value after the `=` as YAML, its spans in the whole text."""
    start = source.text.index("=") + 1
    node, problems = parse(Source(source.name, source.text[start:]))
    if node is None and [each.code for each in problems] == [EMPTY]:
        return Scalar(Span(source, start, len(source.text)), None, "")
    for each in problems:
        labels = tuple(Label(_move_place(label.place, source, start), label.message) for label in each.labels)
        found.append(replace(each, place=_move_place(each.place, source, start), labels=labels))
    return None if node is None or problems else _move_node(node, source, start)


def _move_place(place: Place, source: Source, by: int) -> Place:
    return Place(place.path, Span(source, place.span.start + by, place.span.end + by))


def _move_node(node: Node, source: Source, by: int) -> Node:
    span = Span(source, node.span.start + by, node.span.end + by)
    if isinstance(node, MappingNode):
        return MappingNode(
            span, tuple(Entry(_move_key(e.key, source, by), _move_node(e.value, source, by)) for e in node.entries)
        )
    if isinstance(node, Listing):
        return Listing(span, tuple(_move_node(item, source, by) for item in node.items))
    return replace(node, span=span)


def _move_key(key: Scalar, source: Source, by: int) -> Scalar:
    return replace(key, span=Span(source, key.span.start + by, key.span.end + by))


def _report_unknown(each: Override, error: NoPath, document: Node) -> Diagnostic:
    at = len(each.written) - error.left
    code = IN_VAIN if error.in_vain else UNKNOWN_PATH
    help = explain_path(each.steps, each.value, error, document, "=...")
    return Diagnostic(code, Place((), each.written[at].span), {"path": format_path(each.steps[: at + 1])}, help=help)
