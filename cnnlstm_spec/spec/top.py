"""The keys at the top of a spec, with their values; sections stay nodes, which are read later. Imports no section."""

from __future__ import annotations

from typing import Any

from ..language.cached_reading import recall
from ..language.kinds import AnyKind
from ..language.read_record import read_fields
from ..language.scope import Scope
from ..text.diagnostic import THE_SPEC
from ..text.memo import UNKNOWN
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar
from ..text.source import NOWHERE, Span
from .model_spec import Top

SECTION = Mapping(NOWHERE, ())
"""Stands for a section where only the keys of a spec are read."""


def read_top(root: Mapping, scope: Scope) -> tuple[dict[str, Any], dict[str, Scalar]]:
    """The values of the spec's keys, as far as they can be read; and the keys, misspelt ones by what they are taken for."""
    entries = tuple([entry for entry in root.entries if not entry.key.text.startswith("x-")])
    values, spans = _recall_top(entries, root, scope) or _read_values(Mapping(root.span, entries), scope)
    keys = {entry.key.span: entry.key for entry in entries}
    return values, {name: keys[span] for name, span in spans.items()}


def _read_values(root: Mapping, scope: Scope) -> tuple[dict[str, object], dict[str, Span]]:
    """The values of the spec's keys, and where its keys stand by what they are taken for."""
    values, written = read_fields(Top, root, scope, THE_SPEC, find_first_line(root))
    return values, {name: place.span for name, place in written.keys.items()}


def _recall_top(entries: tuple[Entry, ...], root: Mapping, scope: Scope) -> tuple[dict[str, object], dict[str, Span]] | None:
    """The same of a variant, from one whose sections alone differ, which are read later; None where that cannot be told."""
    memory = scope.memory
    if memory is None or scope.index is not None:
        return None
    sections = {each.key.text: each.value for each in entries if _is_section(each)}
    parts = tuple([id(each.key if each.key.text in sections else each) for each in entries])
    outline = memory.get((_recall_top, root.span, *parts))
    if outline is UNKNOWN:
        left = [Entry(each.key, SECTION) if each.key.text in sections else each for each in entries]
        outline = Mapping(root.span, tuple(left))
        memory.keep((_recall_top, root.span, *parts), outline, *entries)
    quiet = scope.change_document(found=[])
    values, spans = recall(_read_values, outline, quiet)
    # What is said of keys may look into the sections.
    return None if quiet.found else ({**values, **sections}, spans)


def _is_section(entry: Entry) -> bool:
    """Whether a key holds what is read later, and stands for itself."""
    known = Top.arguments.get(entry.key.text)
    return known is not None and isinstance(known.kind, AnyKind) and isinstance(entry.value, Mapping | Listing)


def find_first_line(root: Mapping) -> Node:
    """Where it is told what a mapping lacks."""
    return root.entries[0].key if root.entries else root
