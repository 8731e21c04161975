"""What the builder of a graph notes of the words of a spec: names of layers, what addresses name, and where its nodes stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..ir.graph import Node
from ..language.meanings import Address, NodePlace, TextMeaning, Variables, Word, find_parts, find_word
from ..language.variables import find_held
from ..spec.model_spec import ModelSpec
from ..text.diagnostic import Origin
from ..text.source import Path, Span
from .addresses import SECTIONS


def note_name(index: list[TextMeaning] | None, origin: Origin, prefix: str, local: str) -> None:
    """Notes the name of a layer or structure; `local` is what it is called in its area, which may be made unique."""
    place = origin.written.places.get("name")
    if index is not None and place is not None and place.span.source.text:
        index.append(Word(find_word(place.span, local), ("names", *prefix.split("."), local), defines=True))


def note_places(index: list[TextMeaning], nodes: Iterable[Node], uses: Mapping[int, Span]) -> None:
    """Notes where each node is written, and what stands in each use of a block, by the number of its frame."""
    held: dict[int, list[str]] = {}
    for node in nodes:
        index.append(NodePlace(node.origin.place.span, (node.id,)))
        for frame in node.frames:
            if frame.id in uses:
                held.setdefault(frame.id, []).append(node.id)
    index += [NodePlace(uses[frame], tuple(ids), is_use=True) for frame, ids in held.items()]


def note_heads_of_monitors(index: list[TextMeaning], spec: ModelSpec) -> None:
    """Notes the heads in the names of what is looked at in each epoch, such as `val_risk_accuracy`."""
    if spec.fit is None and spec.search is None:
        return
    from .logged import find_logged, find_looked_at
    from .monitors import list_monitors

    known = find_logged(spec) or {}
    held = {each.span: each.variables for each in index if isinstance(each, Variables)}
    for each in list_monitors(spec):
        prefix, found = find_looked_at(known, each.name)
        span = find_word(find_held(each.place.span, held.get(each.place.span, {})), each.name)
        if found is not None and found.head is not None and span.source.text[span.start : span.end] == each.name:
            start = span.start + len(prefix)
            index.append(Word(Span(span.source, start, start + len(found.head)), ("heads", found.head)))


def note_addresses(index: list[TextMeaning], spec: ModelSpec) -> None:
    """Notes the names in the addresses that were read."""
    branches = {branch.name for branch in spec.branches}
    fusions = {fusion.name for fusion in spec.fusions if fusion.name is not None}
    for each in [each for each in index if isinstance(each, Address)]:
        steps: tuple[str, ...] = ()
        for part, span in find_parts(each.span, each.text):
            steps = (*steps, part)
            symbol = _find_symbol(steps, each.whole, branches, fusions)
            if symbol is not None:
                index.append(Word(span, symbol))


def _find_symbol(steps: tuple[str, ...], whole: bool, branches: set[str], fusions: set[str]) -> Path | None:
    """The symbol of the last step of an address; None where it is the name of a section."""
    if steps[0] == "heads":
        return None if len(steps) == 1 else ("heads", steps[1]) if len(steps) == 2 else ("names", *steps)
    if whole and steps[0] == "head":
        return None if len(steps) == 1 else ("names", *steps)
    if whole and steps[0] in SECTIONS:
        steps = steps[1:]
    if not steps:
        return None
    if len(steps) > 1:
        return ("names", *steps)
    if steps[0] in branches:
        return ("branches", steps[0])
    return ("fusion", steps[0]) if steps[0] in fusions else None
