"""What the page shows of a compilation, as data: texts, findings, layers with their costs and lines, the picture with its boxes.

Every text goes through `clean`: the page puts it into the document as text, and it holds nothing that turns its direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...compiler.compile import Compilation
from ...emit.picture.drawing import Box
from ...emit.picture.opened import Opened, name_fold
from ...emit.picture.svg import draw_marked
from ...ir.graph import TypedNode
from ...model.costs import Row, count_costs
from ...text.diagnostic import Diagnostic
from ...text.escape.terminal import make_line_safe as clean
from ...text.escape.terminal import make_lines_safe
from ...text.render import render
from ...text.source import Source, Span, format_path

Json = dict[str, Any]
Files = dict[str, int]
"""The number of each text by its name."""


def describe(compilation: Compilation) -> Json:
    """All but the picture."""
    sources = list(_iterate_sources(compilation))
    files = {source.name: number for number, source in enumerate(sources)}
    return {
        "title": clean(compilation.spec.name if compilation.spec is not None else compilation.source.name),
        "files": [{"name": clean(each.name), "lines": list(map(clean, _iterate_lines(each)))} for each in sources],
        "found": [_describe_finding(each, files) for each in compilation.diagnostics],
        "nodes": _describe_nodes(compilation, files),
    }


def describe_picture(compilation: Compilation, opened: Opened) -> Json:
    """The picture with those folds opened, and what its boxes stand for."""
    svg, boxes = draw_marked(compilation, opened)
    typed = compilation.typed
    numbers = {id: number for number, id in enumerate(typed.nodes)} if typed is not None else {}
    return {"svg": svg, "opened": sorted(opened), "boxes": [_describe_box(each, numbers) for each in boxes]}


def _describe_box(box: Box, numbers: dict[str, int]) -> Json:
    ids = dict.fromkeys(id for copy in (box.ids, *box.copies) for id in copy)
    return {
        "title": clean(box.title),
        "name": clean(box.name),
        "detail": clean(box.detail),
        "message": clean(box.message),
        "shape": clean(box.gives.shape),
        "fold": name_fold(box),
        "nodes": [numbers[id] for id in ids if id in numbers],
    }


def _iterate_sources(compilation: Compilation) -> Iterator[Source]:
    """The text of the spec, then each other that a layer or a finding stands in."""
    spans = [*(each.place.span for each in compilation.diagnostics), *(each.span for each in compilation.index.places)]
    found = {compilation.source.name: compilation.source}
    for span in spans:
        if span.source.text:
            found.setdefault(span.source.name, span.source)
    return iter(found.values())


def _iterate_lines(source: Source) -> Iterator[str]:
    last = source.find_position(len(source.text))[0]
    return (source.read_line(number) for number in range(1, last + 1))


def _place(span: Span, files: Files) -> list[int] | None:
    """The number of the text, and the first and last line; None of what no person wrote."""
    if span.source.name not in files or not span.source.text:
        return None
    text = span.source.text[span.start : span.end].rstrip()
    first = span.source.find_position(span.start)[0]
    return [files[span.source.name], first, span.source.find_position(span.start + len(text))[0]]


def _describe_finding(each: Diagnostic, files: Files) -> Json:
    return {
        "severity": each.severity,
        "code": each.code.name,
        "message": clean(each.message),
        "place": _place(each.place.span, files),
        "text": make_lines_safe(render([each])),
    }


def _describe_nodes(compilation: Compilation, files: Files) -> list[Json]:
    typed, spec = compilation.typed, compilation.spec
    if typed is None or spec is None:
        return []
    rows = {row.node.node.id: row for row in count_costs(typed, spec.batch_size or 1).rows}
    places: dict[str, list[list[int]]] = {id: [] for id in typed.nodes}
    for each in compilation.index.places:
        if (place := _place(each.span, files)) is not None:
            for id in each.nodes:
                places[id].append(place)
    return [_describe_node(each, rows.get(each.node.id), places[each.node.id]) for each in typed.nodes.values()]


def _describe_node(typed: TypedNode, row: Row | None, places: list[list[int]]) -> Json:
    """A layer; a cost that is not known before run time is null, and one of what has no row 0."""
    address = clean(format_path(typed.node.origin.address))
    if row is None:
        return {"address": address, "places": places, "params": 0, "macs": 0, "memory": 0}
    macs, memory = (int(each) if isinstance(each, int) else None for each in (row.macs, row.activation_bytes))
    return {"address": address, "places": places, "params": row.params, "macs": macs, "memory": memory}
