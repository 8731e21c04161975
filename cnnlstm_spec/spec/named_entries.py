"""Sections whose keys are names that a person chooses: their entries, and what may be a name. It knows no section."""

from __future__ import annotations

from typing import Any

from ..language.kinds import NAME
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import POISON, Scope
from ..text.diagnostic import Diagnostic
from ..text.nodes import BAD_NAME, Entry, Mapping, Scalar, words_for
from .other_forms import by_name


def list_entries(node: Any, scope: Scope, owner: str) -> tuple[Entry, ...] | None:
    """The entries of a section; None where it is no mapping, which has been reported."""
    if node is None or (isinstance(node, Scalar) and node.value is None and not node.broken):
        return ()
    if not isinstance(node, Mapping):
        help, fixes = by_name(node, owner)
        scope.report(NOT_A_MAPPING, node, owner=owner, given=words_for(node), help=help, fixes=fixes)
        return None
    return node.entries


def read_name(entry: Entry, scope: Scope, what: str) -> str | None:
    """The name of an entry; None where it cannot be one, which is reported."""
    quiet: list[Diagnostic] = []
    as_text = Scalar(entry.key.span, entry.key.text, entry.key.text, plain=False)
    name = NAME.read(as_text, Scope(quiet))
    if name is POISON:
        scope.report(
            BAD_NAME, entry.key, name=entry.key.text, what=f"a {what}", help=(f"a name is {NAME.words.removeprefix('a name ')}",)
        )
        return None
    return str(name)
