"""A text of which lines were typed anew, beside the last one: what stands on its other lines is the very same.

All lines stay on the lines where they are, so that what is kept has its line and column in the text as it is, though its offset
is of the old one: whatever asks for offsets takes a state that is compiled by itself.
"""

from __future__ import annotations

from ..compiler.variants import Sweep
from ..text.comments import MARK
from ..text.nodes import Node
from ..text.source import Source
from ..text.texts import EditedTexts, Texts

LEAST = 8000
"""Characters; a shorter text is compiled anew as fast."""

BLOCK = 512


class RetypedTexts(EditedTexts):
    """The texts of another reading, with some lines of one of them typed anew."""

    def __init__(self, before: Texts, old: Source, new: Source, first: int, last: int) -> None:
        super().__init__(before, {id(old): new})
        self.first, self.last = first, last

    def may_keep(self, node: Node) -> bool:
        """Whether a node stands on none of the lines."""
        return not self.first <= node.span.source.find_position(node.span.start)[0] <= self.last


def may_retype(source: Source) -> bool:
    """Whether to keep what is known of a text may be faster than to compile it anew."""
    return len(source.text) >= LEAST


def retype(before: Sweep, source: Source) -> Sweep | None:
    """A spec prepared from what was kept of the last text; None where the text is better compiled by itself."""
    old = before.source
    if not may_retype(source) or before.document is None or before.variants or before.again is None:
        return None
    if len(before.texts.sources) > 1 or MARK.search(source.text) or MARK.search(old.text):
        return None
    lines = find_retyped(old, source)
    return before.again(source, RetypedTexts(before.texts, old, source, *lines)) if lines is not None else None


def find_retyped(old: Source, new: Source) -> tuple[int, int] | None:
    """The first and the last 1-based line that differ, if both texts have as many lines."""
    count = old.find_position(len(old.text))[0]
    if count != new.find_position(len(new.text))[0]:
        return None
    most = min(len(old.text), len(new.text))
    start = count_alike(old.text, new.text)
    end = min(count_alike(old.text[::-1], new.text[::-1]), most - start)
    first, last = old.find_position(start)[0], old.find_position(len(old.text) - end)[0]
    of_new = new.find_position(start)[0], new.find_position(len(new.text) - end)[0]
    # Where most is typed anew, little is to be kept.
    return (first, last) if (first, last) == of_new and 2 * (last - first) <= count else None


def count_alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    at, most = 0, min(len(one), len(other))
    while at < most and one[at : at + BLOCK] == other[at : at + BLOCK]:
        at += BLOCK
    at = min(at, most)
    return next((place for place in range(at, most) if one[place] != other[place]), most)
