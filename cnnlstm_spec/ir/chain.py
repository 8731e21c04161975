"""Many expressions brought together by a call of two, in lines of bounded depth. Imports nothing of ours but types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lowering import Lowering
    from .program import Expression

DEEPEST = 50
"""How many calls of one kind stand in one another in an expression."""


def join_chain(
    to: Lowering, join: Callable[[Expression, Expression], Expression], parts: Iterable[Expression], stem: str
) -> Expression:
    """The parts brought together from left to right; where they are many, in several variables."""
    whole, *others = parts
    for number, part in enumerate(others, 1):
        whole = join(to.let(whole, stem) if number % DEEPEST == 0 else whole, part)
    return whole
