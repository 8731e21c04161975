"""What an expression is made of, for those who walk one without asking what sort of atom they meet. Imports nothing of ours.

A sum is of integer multiples of products of atoms, and an atom is a size known only at run time or is made of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence


class Atom:
    """A factor of a product. Abstract; not an ABC, whose `isinstance` takes longer."""

    __slots__ = ()
    parts: Sequence[Sum] = ()
    """The sums that it is made of; none of a size known only at run time."""
    tried: list[int] | None
    """Of an atom with parts, its values where the one symbol under it is 1, 2 and so on, once they were worked out."""
    points: dict[int, int]
    """The same by the value of the symbol."""

    @property
    def order(self) -> Order:
        """Its place among others, in a product and in a text."""
        raise NotImplementedError

    def keep_tried(self, values: Sequence[int]) -> None:
        """Keeps values for `tried`."""
        raise NotImplementedError

    def compute(self, values: list[Sequence[int]]) -> Sequence[int]:
        """Its values, given those of its parts."""
        raise NotImplementedError

    def write(self, inside: list[str], show: Callable[[object], str]) -> str:
        """Its text, given those of its parts; `show` is given a size known only at run time."""
        raise NotImplementedError

    @property
    def needs_brackets(self) -> bool:
        """Whether its text stands in brackets beside others of a product."""
        return False


Monomial = tuple[Atom, ...]
Order = tuple[bool, int, int, str, int]


class Sum:
    """A sum of integer multiples of products of atoms. Abstract, as `Atom` is."""

    __slots__ = ()
    terms: dict[Monomial, int]
    """In an order that is the same whatever was made before: roundings, names, the constant."""

    @property
    def constant(self) -> int:
        """What is added to the multiples of atoms."""
        return self.terms.get((), 0)

    @property
    def atoms(self) -> Iterator[Atom]:
        """Every atom of its terms."""
        return (atom for monomial in self.terms for atom in monomial)


def list_inner(size: Sum, known: Container[Atom]) -> list[Atom]:
    """The atoms that the expression rests on and that are not known, each after those that it rests on itself."""
    found: dict[Atom, None] = {}
    waiting: list[tuple[Atom, bool]] = [(atom, False) for atom in size.atoms]
    while waiting:
        atom, ready = waiting.pop()
        if atom in known or atom in found:
            continue
        if ready:
            found[atom] = None
            continue
        waiting.append((atom, True))
        waiting += ((each, False) for part in atom.parts for each in part.atoms)
    return list(found)
