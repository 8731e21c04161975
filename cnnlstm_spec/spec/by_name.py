"""What sections of a spec have in common whose keys are names: of heads, or addresses. Imports no section."""

from __future__ import annotations

from ..language.meanings import NamedKey
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import Mapping, Node, Scalar, describe_sort

UNKNOWN_HEAD = Code("unknown-head", "error", "there is no head `{name}`")
Entries = tuple[tuple[Scalar, Node, Scope], ...]
"""Of each entry its key, its value, and where that is read."""


def note_heads(node: Node, scope: Scope, heads: tuple[str, ...]) -> None:
    """Notes the keys of a mapping that are names of heads."""
    for entry in node.entries if scope.index is not None and isinstance(node, Mapping) else ():
        scope.note(NamedKey(entry.key.span, heads, "a head"))
        if entry.key.text in heads:
            scope.note_word(entry.key, "heads", entry.key.text)


def read_entries(node: Node, scope: Scope, sample: str) -> Entries:
    """Key, value and scope of each entry of a section, variables replaced; `sample` shows one where it is no mapping."""
    resolved = scope.resolve(node)
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return ()
    if not isinstance(resolved, Mapping):
        scope.report(NOT_A_MAPPING, resolved, owner=scope.name, given=describe_sort(resolved), help=(sample,))
        return ()
    inner = [(each.key, scope.enter(each.key.text).resolve(each.value), scope.enter(each.key.text)) for each in resolved.entries]
    return tuple((key, value, at) for key, value, at in inner if value is not None)
