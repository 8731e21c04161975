"""A new tree with every part that is equal to one of an old tree replaced by that. Imports nodes alone."""

from __future__ import annotations

from collections.abc import Callable

from .nodes import Entry, Listing, Mapping, Node, Scalar


class Graft:
    """Puts nodes of an old tree into a new one, those that may be kept."""

    def __init__(self, may_keep: Callable[[Node], bool]) -> None:
        self.may_keep = may_keep

    def graft_node(self, old: Node, new: Node) -> Node:
        """The new tree with every part that is equal to one of the old, in the same place, replaced by that."""
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            known = {entry.key.text: entry for entry in old.entries}
            entries = tuple(self.graft_entry(known.get(entry.key.text), entry) for entry in new.entries)
            return old if _are_same(entries, old.entries) and (entries or self.may_keep(old)) else Mapping(new.span, entries)
        if isinstance(old, Listing) and isinstance(new, Listing):
            items = self.graft_items(old.items, new.items)
            return old if _are_same(items, old.items) and (items or self.may_keep(old)) else Listing(new.span, items)
        return old if isinstance(old, Scalar) and isinstance(new, Scalar) and self.is_equal(old, new) else new

    def graft_entry(self, old: Entry | None, new: Entry) -> Entry:
        """A key and its value."""
        if old is None or not self.is_equal(old.key, new.key):
            return new
        value = self.graft_node(old.value, new.value)
        return old if value is old.value else Entry(old.key, value)

    def graft_items(self, old: tuple[Node, ...], new: tuple[Node, ...]) -> tuple[Node, ...]:
        """Items, those at the end by their place from the end where some were put in or left out."""
        if len(old) == len(new):
            return tuple(self.graft_node(each, item) for each, item in zip(old, new, strict=True))
        shorter = min(len(old), len(new))
        head = 0
        items = list(new)
        while head < shorter and (item := self.graft_node(old[head], new[head])) is old[head]:
            items[head] = item
            head += 1
        tail = 1
        while tail <= shorter - head and (item := self.graft_node(old[-tail], new[-tail])) is old[-tail]:
            items[-tail] = item
            tail += 1
        return tuple(items)

    def is_equal(self, old: Scalar, new: Scalar) -> bool:
        """Whether an old scalar is the same as a new one, and may stand for it."""
        is_kept = (old.text, old.plain, old.broken, old.value) == (new.text, new.plain, new.broken, new.value)
        return is_kept and type(old.value) is type(new.value) and not new.broken and self.may_keep(old)


def _are_same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
