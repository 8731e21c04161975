"""Sections whose keys are names that a person chooses: their entries, and what may be a name. It knows no section."""

from __future__ import annotations

import re
from typing import Any

from ..language.kinds import NAME
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import POISON, Scope
from ..text.diagnostic import Diagnostic
from ..text.fix import Fix, write
from ..text.nodes import BAD_NAME, Entry, Mapping, Scalar, words_for
from .other_forms import by_name

BARE = re.compile(r"\$([A-Za-z_]\w*)", re.ASCII)
"""A variable without braces, which is one where it stands alone."""


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
        fixes: tuple[Fix, ...] = ()
        help = (f"a name is {NAME.words.removeprefix('a name ')}",)
        braced = BARE.sub(r"${\1}", entry.key.text)
        if braced != entry.key.text and isinstance(entry.value, Mapping) and entry.value.get("each") is not None:
            help, fixes = (f"a variable inside a name has braces: `{braced}`",), (write(entry.key.span, f'"{braced}"'),)
        scope.report(BAD_NAME, entry.key, name=entry.key.text, what=f"a {what}", help=help, fixes=fixes)
        return None
    return str(name)
