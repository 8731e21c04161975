"""The space of a `search` held against the spec: each path is there, and its key takes each value, by reading it with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as File

from ..spec.read_spec import elaborate
from ..spec.search import Dimension, FloatRange, IntRange
from ..text.diagnostic import Code, Diagnostic, Label
from ..text.edits.matrix import show_value
from ..text.edits.overrides import IN_VAIN, UNKNOWN_PATH, explain_path
from ..text.edits.set_value import NoPath, Steps, edit, edit_at
from ..text.frozen import dataclass
from ..text.memo import Memory
from ..text.nodes import Mapping, Node, Scalar
from ..text.source import Place

NOT_TAKEN = Code("search-value", "error", "`{path}` does not take {value}", help="leave the value out")
MOST = 32
"""So many values of a dimension are tried."""


def check_space(document: Node, space: tuple[Dimension, ...], folder: File | None, allow_imports: bool) -> Iterator[Diagnostic]:
    """What is amiss with paths and values, each value tried in the spec as it is written."""
    if not isinstance(document, Mapping) or not space:
        return
    plain = Mapping(document.span, tuple(entry for entry in document.entries if entry.key.text != "search"))
    reader = _ValueReader(folder, allow_imports, Memory())
    before = reader.find_errors(plain)
    places: dict[Steps, Dimension] = {}
    for dimension in space:
        value, _ = next(_list_values(dimension))
        try:
            place = _find_place(plain, dimension, value)
        except NoPath as error:
            code = IN_VAIN if error.in_vain else UNKNOWN_PATH
            help = explain_path(dimension.steps, value, error, plain)
            yield Diagnostic(code, dimension.key, {"path": dimension.path}, help=help)
            continue
        for inner in (each for steps, each in places.items() if steps[: len(place)] == place):
            labels = (Label(dimension.key, "is set after it, in its place"),)
            yield Diagnostic(IN_VAIN, inner.key, {"path": inner.path}, labels=labels, help=("leave one of the two out",))
        places[place] = dimension
        yield from _check_values(plain, dimension, reader, before)


def _find_place(plain: Mapping, dimension: Dimension, value: Node) -> Steps:
    """Where a path leads, in keys and positions. Raises NoPath."""
    if dimension.steps[0] == "search":
        raise NoPath(len(dimension.steps), help="what is drawn is the spec, not its search", in_vain=True)
    spans = tuple(dimension.key.span for _ in dimension.steps)
    return edit_at(plain, dimension.steps, value, spans)[1]


Errors = dict[tuple[object, ...], Diagnostic]
"""Errors, by what tells them apart."""


@dataclass(frozen=True)
class _ValueReader:
    """Reads a spec with values in it; readings share what they can."""

    folder: File | None
    allow_imports: bool
    memory: Memory

    def find_errors(self, document: Node) -> Errors:
        """What reading finds."""
        found: list[Diagnostic] = []
        elaborate(document, found, self.folder, self.allow_imports, self.memory)
        return {(each.code.name, each.place.path, each.message): each for each in found if each.severity == "error"}

    def find_wrong(self, plain: Mapping, dimension: Dimension, value: Node, before: Errors) -> Diagnostic | None:
        """The first error that a value brings."""
        spans = tuple(dimension.key.span for _ in dimension.steps)
        errors = self.find_errors(edit(plain, dimension.steps, value, spans, self.memory))
        return next((each for key, each in errors.items() if key not in before), None)


def _check_values(plain: Mapping, dimension: Dimension, reader: _ValueReader, before: Errors) -> Iterator[Diagnostic]:
    """The values that are not taken: each of a list, and the first end of a range."""
    for value, place in _list_values(dimension):
        wrong = reader.find_wrong(plain, dimension, value, before)
        if wrong is None:
            continue
        help, drawn = wrong.help, dimension.range
        if isinstance(drawn, FloatRange) and all(each == int(each) for each in drawn.float):
            bounds = [int(each) for each in drawn.float]
            whole = [Scalar(dimension.place.span, each, f"{each}") for each in bounds]
            if all(reader.find_wrong(plain, dimension, each, before) is None for each in whole):
                help = (f"draw integers: `{{int: {bounds}}}`",)
        facts: dict[str, object] = {"path": dimension.path, "value": show_value(value)}
        yield Diagnostic(NOT_TAKEN, place, facts, label=wrong.message, help=help)
        if drawn is not None:
            break


def _list_values(dimension: Dimension) -> Iterator[tuple[Node, Place]]:
    """The values to try: those of a list, both ends of a range."""
    if dimension.range is None:
        for node in dimension.choices[:MOST]:
            yield node, Place(dimension.place.path, node.span)
        return
    drawn = dimension.range
    bounds = drawn.int if isinstance(drawn, IntRange) else tuple(map(float, drawn.float))
    for bound in bounds:
        yield Scalar(dimension.place.span, bound, f"{bound}"), dimension.place
