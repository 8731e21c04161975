"""A spec whose keys stand below another key, as `model:`, and not at the top. Imports no section."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ..language.read_record import UNKNOWN_KEY
from ..language.scope import Scope
from ..text.diagnostic import THE_SPEC
from ..text.fix import Fix, Lift
from ..text.nodes import Entry, Mapping


def lift(root: Mapping, known: Collection[str], scope: Scope) -> Mapping:
    """The spec with its keys at the top; that they stand below another one is said, and all else is read as it is meant."""
    below = _find_spec_below(root, known)
    if below is None or not isinstance(below.value, Mapping):
        return root
    key, inner = below.key, below.value.entries
    others = tuple(each for each in root.entries if each is not below)
    names = {each.key.text for each in others}
    lifted = tuple(each for each in inner if each.key.text not in names)
    fixes = (Fix(f"move what stands below `{key.text}` to the top", (Lift(key.span),)),) if len(lifted) == len(inner) else ()
    help = ("the keys of a spec stand at the top of the text",)
    scope.enter(key.text).report(UNKNOWN_KEY, key, owner=THE_SPEC, key=key.text, help=help, fixes=fixes)
    return replace(root, entries=(*others, *lifted))


def _find_spec_below(root: Mapping, known: Collection[str]) -> Entry | None:
    """The key of no section below which the keys of a spec stand, where they do not stand at the top."""
    if root.get("branches") is not None:
        return None
    strange = (each for each in root.entries if each.key.text not in known and not each.key.text.startswith("x-"))
    return next((each for each in strange if isinstance(each.value, Mapping) and each.value.get("branches")), None)
