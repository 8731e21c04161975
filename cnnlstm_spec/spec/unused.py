"""What a spec defines and nothing uses: variables, blocks, parameters of blocks. Imports no layer.

What is used is read off the text, and not off what was built: a variant, or an option, may leave out what another one uses. What
a base defines may be for other specs, so that only definitions of the file itself are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..language.scope import Scope
from ..language.variables import NAME, USED
from ..text.diagnostic import Code
from ..text.fix import drop
from ..text.memo import UNKNOWN
from ..text.nodes import Entry, Listing, Mapping, Node
from ..text.source import Source

UNUSED = Code("unused-definition", "advice", "nothing uses {what}", help="leave it out, or use it")
WORD = re.compile(r"[\w-]+")


def report_unused(root: Mapping, scope: Scope) -> None:
    """Reports what nothing uses; not of a spec with mistakes, one of which may be how it was to be used."""
    if not root.span.source.text or any(each.severity == "error" for each in scope.found):
        return
    for path, entry, what in _find_unused(root, scope):
        scope.enter(*path).report(UNUSED, entry.key, what=what, fixes=(drop(entry.key.span, entry.key.text, "display"),))


Unused = list[tuple[tuple[str, ...], Entry, str]]
"""Where each stands, its entry, and how it is called."""


def _find_unused(root: Mapping, scope: Scope) -> Unused:
    """The same for each variant of a file."""
    source = root.span.source
    key = (_find_unused, id(source))
    known = UNKNOWN if scope.memory is None else scope.memory.get(key)
    if known is UNKNOWN:
        known = list(_list_unused(root, source))
        if scope.memory is not None:
            scope.memory.keep(key, known, source)
    unused: Unused = known
    return unused


def _list_unused(root: Mapping, source: Source) -> Iterator[tuple[tuple[str, ...], Entry, str]]:
    texts = [each.text for each in _find_sources(root)]
    names = {name for text in texts for name in _read_names(text)}
    words = [word for text in texts for word in WORD.findall(text)]
    for entry in _list_entries(root, "vars"):
        if _is_defined_in(entry, source) and entry.key.text not in names:
            yield ("vars", entry.key.text), entry, f"`${entry.key.text}`"
    for block in _list_entries(root, "blocks"):
        name = block.key.text
        if not _is_defined_in(block, source):
            continue
        if words.count(name) < 2:
            yield ("blocks", name), block, f"the block `{name}`"
            continue
        inside = _read_names(source.text[block.value.span.start : block.value.span.end])
        for entry in _list_entries(block.value, "parameters"):
            if entry.key.text not in inside:
                yield ("blocks", name, "parameters", entry.key.text), entry, f"the parameter `{entry.key.text}` of `{name}`"


def _is_defined_in(entry: Entry, source: Source) -> bool:
    """Whether the text of a file defines it, without an anchor, which may be what uses it."""
    start, end = entry.key.span.start, entry.value.span.end
    return entry.key.span.source is entry.value.span.source is source and "&" not in source.text[start:end]


def _find_sources(root: Mapping) -> set[Source]:
    """The files that a document is made of."""
    found: set[Source] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        found.add(node.span.source)
        entries = node.entries if isinstance(node, Mapping) else ()
        found.update(each.key.span.source for each in entries)
        waiting += [each.value for each in entries] if entries else node.items if isinstance(node, Listing) else ()
    return found


def _read_names(text: str) -> set[str]:
    """The variables that a text uses."""
    return {name for used in USED.findall(text) for name in NAME.findall(used)}


def _list_entries(node: Node, key: str) -> tuple[Entry, ...]:
    section = node.get(key) if isinstance(node, Mapping) else None
    return section.value.entries if section is not None and isinstance(section.value, Mapping) else ()
