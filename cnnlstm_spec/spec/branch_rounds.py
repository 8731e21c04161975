"""A branch with `each`: the branches that it stands for, each with its name and the variables of its round."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import field, replace

from ..language.kinds import report_wrong_type
from ..language.scope import Scope, find_nearest
from ..text.diagnostic import Code
from ..text.frozen import dataclass
from ..text.nodes import Entry, Mapping, Node, Scalar, make_node
from ..text.source import Path
from .rounds import find_homes, make_unread, read_rounds

BRANCH_TWICE = Code(
    "branch-named-twice",
    "error",
    "two branches are called `{name}`",
    help="write variables of `each` into the name, so that each round has its own",
)


@dataclass(frozen=True)
class Bound:
    """The variables of the round that a branch was made in; none of a branch that is written as it is."""

    variables: MappingOf[str, Node] = field(default_factory=dict)
    homes: MappingOf[str, Path] = field(default_factory=dict)
    """Where they are defined."""
    told: bool = True
    """False of a branch that stands for those of rounds that could not be told, or for one of an unknown name."""

    def apply_to(self, scope: Scope) -> Scope:
        """The scope with them."""
        return scope.add_variables(self.variables, self.homes) if self.variables else scope


UNBOUND = Bound()


def read_branch_rounds(entry: Entry, scope: Scope, keys: tuple[str, ...]) -> list[tuple[Entry, Bound]]:
    """The branches of an entry, each under its own name; one that stands for all where they cannot be told."""
    each = _find_each(entry, scope, keys)
    if each is None:
        return [(entry, UNBOUND)]
    at = scope.enter(entry.key.text)
    homes = find_homes(each, at)
    rounds = read_rounds(each, at)
    if rounds == []:
        first = each.entries[0] if isinstance(each, Mapping) and each.entries else None
        inside = at.enter("each") if first is None else at.enter("each", first.key.text)
        words = "a mapping of names to lists of one value or more" if first is None else "a list of one value or more"
        report_wrong_type(each if first is None else first.value, inside, words)
    names = [each.key.text for each in each.entries] if isinstance(each, Mapping) else []
    untold = Bound({name: make_unread(entry.key.span) for name in (*names, "index")}, homes, told=False)
    found: list[tuple[Entry, Bound]] = []
    for index, variables in enumerate(rounds or ()):
        bound = Bound({**variables, "index": make_node(index)}, homes)
        key = Scalar(entry.key.span, entry.key.text, entry.key.text, plain=False)
        name = bound.apply_to(at).resolve(key)
        if name is None or not scope.spend(1, entry.key):
            return [(entry, untold)]
        text = name.text if isinstance(name, Scalar) else entry.key.text
        found.append((Entry(replace(entry.key, text=text), entry.value), bound))
    return found or [(entry, untold)]


def _find_each(entry: Entry, scope: Scope, keys: tuple[str, ...]) -> Node | None:
    """What is written as `each`, or misspelt where the name has a variable."""
    node = entry.value if isinstance(entry.value, Mapping) else scope.change_document(found=[], index=None).resolve(entry.value)
    if not isinstance(node, Mapping):
        return None
    if (written := node.get("each")) is not None:
        return written.value
    strange = [each for each in node.entries[:20] if each.key.text not in keys] if "$" in entry.key.text else []
    return next((each.value for each in strange if find_nearest(each.key.text, keys) == "each"), None)
