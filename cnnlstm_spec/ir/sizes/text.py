"""A size as people read it; one that is long or deep is cut short, with dots for what is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .form import Atom, Sum

ROOM = 160
"""Characters, where a shorter text leaves enough to read."""
CUTS = ((6, 24), (4, 6), (3, 4), (2, 3), (1, 2))
"""How deep a text goes and how many terms of a sum it shows: the first that has room, or the last."""
DOTS = "..."

Show = Callable[[Any], str]


def describe_size(size: int | Sum) -> str:
    """A size for a sentence: one without a name by the words that say whose it is."""
    return str(size) if isinstance(size, int) else _write_fitted(size, lambda symbol: symbol.name)


def quote_size(size: int | Sum) -> str:
    """A size for a sentence, marked as code; the words for one without a name hold marks of their own."""
    text = describe_size(size)
    return text if "`" in text or isinstance(size, int) else f"`{text}`"


def format_sum(size: Sum) -> str:
    """A size where it stands for itself, `?` for one without a name."""
    return _write_fitted(size, str)


def _write_fitted(size: Sum, show: Show) -> str:
    text = ""
    for depth, most in CUTS:
        try:
            text = _Writer(show, most).write_sum(size, depth)
        except _TooLong:
            continue
        if len(text) <= ROOM:
            break
    return text


class _TooLong(Exception):
    """More terms are written than have room."""


class _Writer:
    """Writes a size with so many terms of each sum."""

    def __init__(self, show: Show, most: int) -> None:
        self.show, self.most, self.left = show, most, ROOM

    def write_sum(self, size: Sum, depth: int) -> str:
        """A sum, and what it rests on so many levels down."""
        if not depth:
            return DOTS
        terms = list(size.terms.items())
        cut = len(terms) > self.most
        text = ""
        for monomial, factor in [*terms[: self.most - 1], terms[-1]] if cut else terms:
            if cut and monomial is terms[-1][0]:
                text += f" + {DOTS}" if text else DOTS
            sign = "-" if factor < 0 else "+"
            parts = [str(abs(factor))] if abs(factor) != 1 or not monomial else []
            alone = len(monomial) == 1 and not parts
            parts += [self.write_atom(atom, depth, alone) for atom in monomial]
            text += (f" {sign} " if text else "-" if sign == "-" else "") + " * ".join(parts)
        return text

    def write_atom(self, atom: Atom, depth: int, alone: bool) -> str:
        """A factor of a product, or what stands `alone`."""
        self.left -= 1
        if self.left < 0:
            raise _TooLong
        text = atom.write([self.write_sum(part, depth - 1) for part in atom.parts], self.show)
        return f"({text})" if atom.needs_brackets and not alone else text
