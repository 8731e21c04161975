"""Reading what an earlier variant of a spec has read: a part is read again where it, or what it rests on, has changed.

Imports no layer and no section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar, TypeVarTuple

from ..text.memo import UNKNOWN, Memory
from ..text.nodes import Listing, Mapping, Node, Scalar
from .meanings import TextMeaning
from .scope import LAYERS_LIMIT, Scope
from .variables import find_names

N = TypeVar("N", bound=Node)
T = TypeVar("T")
More = TypeVarTuple("More")


class _Reading(NamedTuple):
    value: object
    spent: int
    """How many layers were written out."""
    expanded: frozenset[str]
    """The blocks that were used."""
    noted: tuple[TextMeaning, ...] = ()
    """What the words mean."""


class _Mentions(NamedTuple):
    variables: frozenset[str]
    words: frozenset[str]
    """Everything that could name a block or a person's own layer."""


def recall(read: Callable[[N, Scope, *More], T], node: N, scope: Scope, *more: *More) -> T:
    """`read(node, scope, *more)`, or what it gave before; `more` must be hashable.

    Only a reading without findings is kept: what is said of a mistake may rest on what was said before it.
    """
    memory = scope.memory
    if memory is None or scope.guessed:
        return read(node, scope, *more)
    rests_on = tuple(_list_named(node, scope, memory))
    own = scope.layers_unread, scope.objects
    key = (read, id(node), scope.path, scope.address, scope.uses, own, scope.index is None, more, *rests_on)
    known = memory.get(key)
    if known is not UNKNOWN and scope.budget[0] + known.spent <= LAYERS_LIMIT:
        scope.budget[0] += known.spent
        _take_over(known, scope)
        value: T = known.value
        return value
    inner, before = scope.copy_apart(), scope.budget[0]
    value = read(node, inner, *more)
    made = _Reading(value, scope.budget[0] - before, frozenset(inner.expanded), tuple(inner.index or ()))
    _take_over(made, scope)
    scope.found.extend(inner.found)
    # Past the limit, layers are left out without a word.
    if not inner.found and scope.budget[0] <= LAYERS_LIMIT:
        memory.keep(key, made, node, *rests_on)
    return value


def _take_over(made: _Reading, scope: Scope) -> None:
    """Adds to what the scopes of a reading share what a part of it has used and noted."""
    scope.expanded.update(made.expanded)
    if scope.index is not None:
        scope.index.extend(made.noted)


def _list_named(node: Node, scope: Scope, memory: Memory) -> Iterator[tuple[object, ...]]:
    """What the names in a node stand for, and those in that. A name that is bound further in counts too, for nothing."""
    if not (scope.variables or scope.globals or scope.blocks or scope.layers):
        return
    seen: set[tuple[str, int]] = set()
    waiting = [node]
    while waiting:
        variables, words = _find_mentions(waiting.pop(), memory)
        for name in sorted(variables):
            # Blocks see the variables of the spec, and not those of the place where they are used.
            for value in (scope.variables.get(name), scope.globals.get(name)):
                if ("$" + name, id(value)) not in seen:
                    seen.add(("$" + name, id(value)))
                    yield name, value
                    waiting += [] if value is None else [value]
        for name, block in scope.blocks.items():
            if name in words and (name, id(block)) not in seen:
                seen.add((name, id(block)))
                yield name, Same(block)
                waiting.append(block)
        for name, layer in scope.layers.items():
            if name in words and (name, id(layer)) not in seen:
                seen.add((name, id(layer)))
                yield name, Same(layer)


class Same:
    """A thing that is equal to itself alone, and costs nothing to compare."""

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing


def _find_mentions(node: Node, memory: Memory) -> _Mentions:
    """All names in a node."""
    if isinstance(node, Scalar):
        words = frozenset((node.value,)) if isinstance(node.value, str) else frozenset()
        return _Mentions(frozenset(find_names(node)), words)
    key = (_find_mentions, id(node))
    known: _Mentions = memory.get(key)
    if known is UNKNOWN:
        entries = node.entries if isinstance(node, Mapping) else ()
        inner = [each.value for each in entries] if entries else node.items if isinstance(node, Listing) else ()
        parts = [_find_mentions(each, memory) for each in inner]
        words = frozenset(each.key.text for each in entries).union(*(part.words for part in parts))
        known = _Mentions(frozenset[str]().union(*(part.variables for part in parts)), words)
        memory.keep(key, known, node)
    return known
