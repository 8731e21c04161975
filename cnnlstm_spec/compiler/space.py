"""The space of a `search` held against the spec: each path is there, and its key takes each value, by reading it with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as File

from ..spec.read_spec import elaborate
from ..spec.search import Dimension
from ..text.diagnostic import Code, Diagnostic
from ..text.edits.overrides import IN_VAIN, UNKNOWN_PATH
from ..text.edits.set_value import NoPath, edit
from ..text.memo import Memory
from ..text.nodes import Mapping, Node, Scalar, to_value
from ..text.source import Place
from ..text.spelling import find_nearest

NOT_TAKEN = Code("search-value", "error", "`{path}` does not take {value}: {reason}")
MOST = 32
"""So many values of a dimension are tried."""


def check_space(document: Node, space: tuple[Dimension, ...], folder: File | None, allow_imports: bool) -> Iterator[Diagnostic]:
    """What is amiss with paths and values, each value tried in the spec as it is written."""
    if not isinstance(document, Mapping) or not space:
        return
    plain = Mapping(document.span, tuple(entry for entry in document.entries if entry.key.text != "search"))
    memory = Memory()
    before = _find_errors(plain, folder, allow_imports, memory)
    for dimension in space:
        for value, place in _list_values(dimension):
            try:
                spans = tuple(dimension.key.span for _ in dimension.steps)
                changed = edit(plain, dimension.steps, value, spans, memory)
            except NoPath as error:
                yield _report_unknown(dimension, error)
                break
            wrong = next(
                (each for key, each in _find_errors(changed, folder, allow_imports, memory).items() if key not in before), None
            )
            if wrong is not None:
                shown = value.text if isinstance(value, Scalar) else str(to_value(value))
                facts: dict[str, object] = {"path": dimension.path, "value": shown, "reason": wrong.message}
                yield Diagnostic(NOT_TAKEN, place, facts, help=wrong.help or ("leave the value out",))
                break


def _list_values(dimension: Dimension) -> Iterator[tuple[Node, Place]]:
    """The values to try: all of a list, both ends of a range."""
    if dimension.range is None:
        for node in dimension.choices[:MOST]:
            yield node, Place(dimension.place.path, node.span)
        return
    bounds = dimension.range.get_value("int" if "int" in dimension.range.arguments else "float")
    for bound in bounds:
        number = float(bound) if "float" in dimension.range.arguments else bound
        yield Scalar(dimension.place.span, number, f"{bound}"), dimension.place


def _make_key(found: Diagnostic) -> tuple[object, ...]:
    return (found.code.name, found.place.path, found.message)


def _find_errors(
    document: Node, folder: File | None, allow_imports: bool, memory: Memory
) -> dict[tuple[object, ...], Diagnostic]:
    """What reading finds, by what tells it apart."""
    found: list[Diagnostic] = []
    elaborate(document, found, folder, allow_imports, memory)
    return {_make_key(each): each for each in found if each.severity == "error"}


def _report_unknown(dimension: Dimension, error: NoPath) -> Diagnostic:
    near = find_nearest(str(dimension.steps[-error.left]), error.known)
    help = error.help or (f"did you mean `{near}`?" if near else None)
    return Diagnostic(
        IN_VAIN if error.in_vain else UNKNOWN_PATH, dimension.key, {"path": dimension.path}, help=(help,) if help else ()
    )
