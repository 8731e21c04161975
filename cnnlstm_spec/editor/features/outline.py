"""What a text is made of: its sections and what is named in them, the lines that fold, and what a branch costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...language.meanings import ArgumentValue, Key, LayerName, TextMeaning, Word
from ...model.costs import Row, count_costs, sum_sizes
from ...text.escape.terminal import make_line_safe
from ...text.source import Span
from ..hints import format_output
from ..positions import to_position, to_range
from ..standing import iterate_standing
from ..state import State
from .diagnostics import Json

MODULE, CLASS, FIELD, FUNCTION, VARIABLE = 2, 5, 8, 12, 13
SORTS = {"branches": CLASS, "heads": CLASS, "fusion": CLASS, "blocks": FUNCTION, "vars": VARIABLE, "names": VARIABLE}
TOP = "the spec"


class _Part(NamedTuple):
    span: Span
    """The name."""
    end: int
    """Where all that belongs to it ends."""
    kind: int
    detail: str = ""


def find_symbols(state: State) -> list[Json]:
    """The sections, in each what is named there, in that its layers."""
    own = (each for each in iterate_standing(state.meant) if each.place.span.source.name == state.source.name)
    outputs = {each.place.span.start: format_output(each.output) for each in own if each.output.type is not None}
    names = [each for each in _list_own(state, Word) if isinstance(each, Word) and each.defines and each.symbol[0] in SORTS]
    parts = [_Part(each.span, each.span.end, SORTS[str(each.symbol[0])]) for each in names if len(each.symbol) == 2]
    layers = [_Part(each.span, each.span.end, FIELD, outputs.get(each.span.start, "")) for each in _list_own(state, LayerName)]
    sections = sorted(_iterate_sections(state), key=lambda part: part.span.start)
    return [_describe_symbol(state, section, _list_within(section, parts), layers) for section in sections]


def _iterate_sections(state: State) -> Iterator[_Part]:
    """The keys of the spec itself, each up to the end of its value."""
    keys = [each for each in _list_own(state, Key) if isinstance(each, Key) and each.owner == TOP]
    values = {
        each.argument.name: each
        for each in _list_own(state, ArgumentValue)
        if isinstance(each, ArgumentValue) and each.owner == TOP
    }
    for key in keys:
        value = values.get(key.name)
        yield _Part(key.span, value.span.end if value is not None else key.span.end, MODULE)


def _list_own(state: State, kind: type[TextMeaning]) -> list[TextMeaning]:
    """The meanings of a kind in the text itself, in its order."""
    name = state.source.name
    found = [each for each in state.meant.index.meanings if isinstance(each, kind) and each.span.source.name == name]
    return sorted(found, key=lambda each: each.span.start)


def _list_within(outer: _Part, parts: list[_Part]) -> list[_Part]:
    """The parts inside another, each up to where the next begins."""
    inner = [each for each in parts if outer.span.end <= each.span.start < outer.end]
    text, ends = outer.span.source.text, [each.span.start for each in inner[1:]] + [outer.end]
    return [
        each._replace(end=each.span.end + len(text[each.span.end : end].rstrip(" \n\r\t,{}[]-\"'")))
        for each, end in zip(inner, ends, strict=False)
    ]


def _describe_symbol(state: State, part: _Part, inner: list[_Part], layers: list[_Part]) -> Json:
    text = state.source.text[part.span.start : part.span.end] if part.span.source is state.source else ""
    text = text or part.span.source.text[part.span.start : part.span.end]
    end = max(part.end, part.span.end)
    children = [_describe_symbol(state, each, [], _list_within(each, layers)) for each in inner]
    if not inner:
        children = [_describe_symbol(state, each, [], []) for each in layers if part.span.end <= each.span.start < end]
    made: Json = {
        "name": make_line_safe(text) or "?",
        "kind": part.kind,
        "range": to_range(part.span.to(end)),
        "selectionRange": to_range(part.span),
    }
    return {**made, **({"detail": part.detail} if part.detail else {}), **({"children": children} if children else {})}


def find_folds(state: State) -> list[Json]:
    """Lines with deeper lines below them, each up to the last of those."""
    count = state.source.find_position(len(state.source.text))[0]
    waiting: list[tuple[int, int]] = []
    found: list[Json] = []
    last = 0
    for number in range(1, count + 2):
        line = state.source.read_line(number) if number <= count else "end"
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        # The items of a list belong to the key above them, in the same column too.
        indent = 2 * (len(line) - len(line.lstrip(" "))) + (text == "-" or text.startswith("- "))
        while waiting and waiting[-1][0] >= indent:
            _, start = waiting.pop()
            if last > start:
                found.append({"startLine": start - 1, "endLine": last - 1})
        waiting.append((indent, number))
        last = number
    return sorted(found, key=lambda each: each["startLine"])


def find_lenses(state: State) -> list[Json]:
    """Above each branch, fusion and head, its parameters and multiply-adds."""
    typed = state.meant.typed
    if typed is None:
        return []
    unknown = {each.node.area for each in typed.nodes.values() if each.type is None}
    areas: dict[str, list[Row]] = {each.node.area: [] for each in typed.nodes.values()}
    for row in count_costs(typed).rows:
        areas[row.node.node.area].append(row)
    made = []
    for area, span in _list_areas(state):
        if area not in areas or area in unknown:
            continue
        macs = sum_sizes(row.macs for row in areas[area])
        counted = f"{macs:,}" if isinstance(macs, int) else str(macs)
        title = f"{sum(row.params for row in areas[area]):,} parameters, {make_line_safe(counted)} multiply-adds"
        start = to_position(span.source, span.start)
        made.append({"range": {"start": start, "end": start}, "command": {"title": title, "command": ""}})
    return made


def _list_areas(state: State) -> Iterator[tuple[str, Span]]:
    """The areas of the graph that the text defines, each with its name there; of the only head, or fusion, the key."""
    for word in _list_own(state, Word):
        if isinstance(word, Word) and word.defines and word.symbol[0] in ("branches", "fusion", "heads"):
            yield ".".join(map(str, word.symbol)), word.span
    for key in _list_own(state, Key):
        if isinstance(key, Key) and key.owner == TOP and key.name in ("head", "fusion"):
            yield key.name, key.span
