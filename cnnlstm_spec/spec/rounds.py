"""The rounds of `each`: what its variables are in every one of them, for `Repeat` and `Parallel`."""

from __future__ import annotations

from typing import Any

from ..language.kinds import report_wrong_type
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import Listing, Mapping, Node, Scalar
from ..text.source import Path, Span

UNEQUAL_EACH = Code(
    "each-of-unequal-lengths", "error", "`{key}` has {given} values; `{first}` has {count}", help="give every list as many values"
)


COUNTED = {"index": "`$index` counts the rounds: choose another name"}


def find_homes(each: Node | None, scope: Scope) -> dict[str, Path]:
    """Where the variables of a round are defined, which is noted; `index` is nowhere."""
    found: dict[str, Path] = {}
    for entry in each.entries if isinstance(each, Mapping) else ():
        found[entry.key.text] = (*scope.path, "each", entry.key.text)
        scope.note_word(entry.key, *found[entry.key.text], defines=True)
    return found


def make_unread(span: Span) -> Scalar:
    """Stands for a value that nobody gives; nothing complains about what rests on it."""
    return Scalar(span, None, "", broken=True)


def read_rounds(written: Node, scope: Scope) -> list[dict[str, Node]] | None:
    """The variables of each round; None where they cannot be read, which is reported."""
    inner = scope.enter("each")
    each = inner.resolve(written)
    if each is None:
        return None
    if not isinstance(each, Mapping) or not each.entries:
        report_wrong_type(each, inner, "a mapping of names to lists")
        return None
    lists: dict[str, Listing] = {}
    named = [inner.can_name(entry.key, "a variable of `each`", COUNTED) for entry in each.entries]
    if not all(named):
        return None
    for entry in each.entries:
        at = inner.enter(entry.key.text)
        value = at.resolve_deep(entry.value)
        if value is None:
            return None
        if not isinstance(value, Listing):
            report_wrong_type(value, at, "a list of values")
            return None
        lists[entry.key.text] = value
        first = next(iter(lists))
        if len(value.items) != len(lists[first].items):
            facts: dict[str, Any] = {
                "key": entry.key.text,
                "given": len(value.items),
                "first": first,
                "count": len(lists[first].items),
            }
            at.report(UNEQUAL_EACH, entry.value, **facts)
            return None
    count = len(next(iter(lists.values())).items)
    return [{name: values.items[index] for name, values in lists.items()} for index in range(count)]
