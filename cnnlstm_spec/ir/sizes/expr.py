"""Expressions of sizes known only at run time: sums of integer multiples of products of atoms.

Equal ones are one object, so that comparing them never looks inside, and an expression that stands in many others is
worked out once. Nothing here goes down into an expression by calling itself: how deep one is, a spec decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count, product
from math import lcm
from operator import attrgetter
from threading import Lock
from typing import Any, Self
from weakref import WeakValueDictionary
from zlib import crc32

from ...text.frozen import dataclass
from .form import Atom, Monomial, Order, Sum, list_inner
from .text import format_sum
from .values import compute

TERMS = 64
"""A longer sum is taken as one atom, so that the work of one operation is bounded."""

_ALIVE: WeakValueDictionary[Any, Any] = WeakValueDictionary()
_LOCK = Lock()
_NUMBERS = count()


@dataclass(frozen=True)
class Symbol(Atom):
    """A size known only at run time.

    An anonymous one (`null` in a spec) is a size of its own; its name is only words, such as "the height of `left`". One that
    is supposed stands for what a mistake left open, and may be known once that is mended.
    """

    name: str
    anonymous: bool = False
    supposed: bool = False

    def __str__(self) -> str:
        return "?" if self.anonymous else self.name

    @property
    def order(self) -> Order:
        return (True, self.anonymous, self.supposed, self.name, 0)

    def write(self, inside: list[str], show: Callable[[Symbol], str]) -> str:
        return show(self)


class ExprFacts:
    """What is known of an expression without trying values, for each of its symbols.

    After `periods[s]` more of a symbol the value has grown by a polynomial of the degree `degrees[s] - 1`.
    """

    __slots__ = ("bent", "degrees", "depth", "digest", "grows", "periods")

    def __init__(
        self, periods: dict[Symbol, int], degrees: dict[Symbol, int], grows: bool, bent: bool, depth: int, digest: int
    ) -> None:
        self.periods, self.degrees = periods, degrees
        self.depth, self.digest = depth, digest
        """How many atoms stand within one another, and a number that tells it from others, in every process the same."""
        self.grows = grows
        """Whether it never falls where a symbol grows."""
        self.bent = bent
        """Whether a `Largest` is in it, so that all this holds only from some size on."""

    @property
    def order(self) -> tuple[int, str, int]:
        """Its place among others: the less deep first, then by name. What was made before, in another spec too, tells nothing."""
        return (self.depth, min((symbol.name for symbol in self.periods), default=""), self.digest)


class _Unique:
    """Of things made of the same parts there is one."""

    __slots__ = ("__weakref__",)

    @classmethod
    def _make_unique(cls, key: object, **parts: object) -> Self:
        with _LOCK:
            found: Self | None = _ALIVE.get((cls, key))
            if found is None:
                found = object.__new__(cls)
                for name, part in parts.items():
                    setattr(found, name, part)
                _ALIVE[(cls, key)] = found
        return found


class Compound(_Unique, Atom):
    """An atom that is made of expressions, its `parts`."""

    __slots__ = ("facts", "number", "parts", "points", "tried")
    parts: tuple[Expr, ...]
    facts: ExprFacts
    number: int
    """Counts up: what it is made of has lower ones."""

    @property
    def order(self) -> Order:
        return (False, 0, *self.facts.order)

    def keep_tried(self, values: Sequence[int]) -> None:
        self.tried = list(values)

    @classmethod
    def _make_atom(cls, key: object, parts: tuple[Expr, ...], facts: ExprFacts, **more: object) -> Self:
        return cls._make_unique(key, parts=parts, facts=facts, number=next(_NUMBERS), tried=None, points={}, **more)


class Quotient(Compound):
    """`top // bottom`, with an integer bottom of 2 or more that does not divide every coefficient of the top.

    The top keeps its constant, so that `(frames - 2) // 2` is printed as the layers made it. A quotient of a quotient is one:
    what a stack of strided layers leaves is no deeper than what one leaves.
    """

    __slots__ = ("bottom", "top")
    top: Expr
    bottom: int

    def __new__(cls, top: Expr, bottom: int) -> Quotient:
        facts = top.facts
        periods = {symbol: period * bottom for symbol, period in facts.periods.items()}
        mine = ExprFacts(periods, facts.degrees, facts.grows, facts.bent, facts.depth + 1, hash((bottom, facts.digest)))
        return cls._make_atom((top, bottom), (top,), mine, top=top, bottom=bottom)

    @property
    def order(self) -> Order:
        return (False, self.bottom, *self.facts.order)

    def compute(self, values: list[Sequence[int]]) -> Sequence[int]:
        return [value // self.bottom for value in values[0]]

    def write(self, inside: list[str], show: Callable[[Symbol], str]) -> str:
        is_plain = list(self.top.terms.values()) == [1] and all(len(m) == 1 and not m[0].needs_brackets for m in self.top.terms)
        return f"{inside[0] if is_plain else f'({inside[0]})'} // {self.bottom}"

    @property
    def needs_brackets(self) -> bool:
        return True


class Largest(Compound):
    """The larger of two sizes, which is what is left of both where one of them is 1 and is stretched."""

    __slots__ = ()

    def __new__(cls, left: Expr, right: Expr) -> Largest:
        parts = (left, right) if left.facts.order < right.facts.order else (right, left)
        return cls._make_atom(parts, parts, _join_facts(left.facts, right.facts))

    def compute(self, values: list[Sequence[int]]) -> Sequence[int]:
        return [max(pair) for pair in zip(*values, strict=True)]

    def write(self, inside: list[str], show: Callable[[Symbol], str]) -> str:
        return f"max({', '.join(inside)})"


class Whole(Compound):
    """A long sum, as one."""

    __slots__ = ()

    def __new__(cls, inner: Expr) -> Whole:
        return cls._make_atom(inner, (inner,), inner.facts)

    def compute(self, values: list[Sequence[int]]) -> Sequence[int]:
        return values[0]

    def write(self, inside: list[str], show: Callable[[Symbol], str]) -> str:
        return f"({inside[0]})"


class Expr(_Unique, Sum):
    """A sum of integer multiples of products of atoms, never a plain integer; supports `+`, `-`, `*` and `//`."""

    __slots__ = ("_facts", "terms", "text")
    text: str
    """What it is written as, once it was."""

    def __new__(cls, terms: Mapping[Monomial, int]) -> Expr:
        ordered = sorted(terms.items(), key=lambda term: _rank_monomial(term[0])) if len(terms) > 1 else terms
        return cls._make_unique(frozenset(terms.items()), terms=dict(ordered), text="", _facts=None)

    def __add__(self, other: int | Expr) -> int | Expr:
        left: Mapping[Monomial, int] = self.terms
        right = _map_terms(other)
        if len(left) + len(right) > TERMS:
            left, right = (_take_whole(each) if len(each) > TERMS // 2 else each for each in (left, right))
        terms = dict(left)
        for monomial, factor in right.items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return _make_expr(terms)

    __radd__ = __add__

    def __neg__(self) -> int | Expr:
        return self * -1

    def __sub__(self, other: int | Expr) -> int | Expr:
        return self + -other

    def __rsub__(self, other: int) -> int | Expr:
        return -self + other

    def __mul__(self, other: int | Expr) -> int | Expr:
        left: Mapping[Monomial, int] = self.terms
        right = _map_terms(other)
        if len(left) * len(right) > TERMS and len(right) > 1:
            left, right = _take_whole(left), _take_whole(right)
        terms: dict[Monomial, int] = {}
        for (first, a), (second, b) in product(left.items(), right.items()):
            monomial = tuple(sorted(first + second, key=attrgetter("order"))) if first and second else first + second
            terms[monomial] = terms.get(monomial, 0) + a * b
        return _make_expr(terms)

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> int | Expr:
        """What comes out even is taken out, so that `(2 * n + 1) // 2` is `n`, and `(n - 2) // 2 + 1` is `n // 2`."""
        if divisor == 1:
            return self
        constant = self.terms.get((), 0)
        whole = _make_expr({m: f // divisor for m, f in self.terms.items() if m and f % divisor == 0})
        rest = {m: f for m, f in self.terms.items() if m and f % divisor}
        if not rest:
            return whole + constant // divisor
        monomial, *others = rest
        if not others and rest[monomial] == 1 and len(monomial) == 1 and isinstance(nested := monomial[0], Quotient):
            return whole + (nested.top + constant * nested.bottom) // (nested.bottom * divisor)
        kept = constant % divisor if constant >= 0 else -(-constant % divisor)
        top = Expr({**rest, (): kept} if kept else rest)
        return whole + (constant - kept) // divisor + Expr({(Quotient(top, divisor),): 1})

    def __str__(self) -> str:
        # Kept, since an expression may stand in many others.
        self.text = self.text or format_sum(self)
        return self.text

    __repr__ = __str__

    @property
    def facts(self) -> ExprFacts:
        """What is known of it without trying values."""
        if self._facts is None:
            self._facts = _infer_facts(self.terms)
        return self._facts

    _facts: ExprFacts | None

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol in the expression."""
        return frozenset(self.facts.periods)

    def evaluate(self, values: Mapping[Symbol, int]) -> int:
        """The value where each symbol has the given one."""
        return compute(self, values)


def make_larger(left: int | Expr, right: int | Expr) -> int | Expr:
    """The larger of two sizes; one of them where that is seen at once."""
    more = left - right
    if _is_never_negative(more):
        return left
    if _is_never_negative(-more):
        return right
    if 1 in (left, right):
        return left if right == 1 else right
    if (first := _split_quotient(left)) and (second := _split_quotient(right)) and first[1] == second[1]:
        return make_larger(first[0], second[0]) // first[1]
    return Expr({(Largest(_as_expr(left), _as_expr(right)),): 1})


def _is_never_negative(size: int | Expr) -> bool:
    """Whether it is seen at once that a size is at least 0."""
    if isinstance(size, int):
        return size >= 0
    return size.facts.grows and size.evaluate(dict.fromkeys(size.symbols, 1)) >= 0


def _split_quotient(size: int | Expr) -> tuple[int | Expr, int] | None:
    """What is rounded and by what, where a size is one rounding: the larger of two of one divisor is that of what is larger."""
    if isinstance(size, int):
        return None
    (monomial, factor), *others = [(m, f) for m, f in size.terms.items() if m]
    if others or factor != 1 or len(monomial) > 1 or not isinstance(atom := monomial[0], Quotient):
        return None
    return atom.top + size.constant * atom.bottom, atom.bottom


def replace_atoms(size: int | Expr, known: dict[Atom, int | Expr]) -> int | Expr:
    """The size with values for the atoms that are known; `known` keeps what others have become, for more sizes."""
    if isinstance(size, int):
        return size
    for atom in list_inner(size, known):
        known[atom] = _rebuild(atom, tuple(_replace_symbols(part, known) for part in atom.parts)) if atom.parts else _as_sum(atom)
    return _replace_symbols(size, known)


def _rebuild(atom: Atom, parts: tuple[int | Expr, ...]) -> int | Expr:
    if isinstance(atom, Quotient):
        return parts[0] // atom.bottom
    return make_larger(*parts) if isinstance(atom, Largest) else parts[0]


def _replace_symbols(size: Sum, known: Mapping[Atom, int | Expr]) -> int | Expr:
    found: int | Expr = 0
    for monomial, factor in size.terms.items():
        term: int | Expr = factor
        for atom in monomial:
            term = term * known[atom]
        found = found + term
    return found


def _as_sum(atom: Atom) -> Expr:
    return Expr({(atom,): 1})


def _as_expr(size: int | Expr) -> Expr:
    # A constant has a place in a `Largest` alone.
    return Expr({(): size}) if isinstance(size, int) else size


def _take_whole(terms: Mapping[Monomial, int]) -> Mapping[Monomial, int]:
    """A sum as one atom and its constant; its negation as a multiple of the same atom, so that the two are nothing together."""
    rest = {m: f for m, f in terms.items() if m}
    if len(rest) < 2:
        return terms
    sign = 1 if rest[min(rest, key=_rank_monomial)] > 0 else -1
    whole: dict[Monomial, int] = {(Whole(Expr({m: sign * f for m, f in rest.items()})),): sign}
    return whole | {(): terms[()]} if () in terms else whole


def _infer_facts(terms: Mapping[Monomial, int]) -> ExprFacts:
    periods: dict[Symbol, int] = {}
    degrees: dict[Symbol, int] = {}
    grows = all(factor > 0 for monomial, factor in terms.items() if monomial)
    bent = False
    depth = digest = 0
    for monomial, factor in terms.items():
        here: dict[Symbol, int] = {}
        digests = [2 * factor + 1]  # Python has one hash for -1 and -2.
        for atom in monomial:
            if isinstance(atom, Symbol):
                periods.setdefault(atom, 1)
                here[atom] = here.get(atom, 0) + 1
                digests += (crc32(atom.name.encode(errors="backslashreplace")), atom.anonymous, atom.supposed)
                continue
            assert isinstance(atom, Compound)
            facts = atom.facts
            grows, bent, depth = grows and facts.grows, bent or facts.bent, max(depth, facts.depth)
            digests.append(facts.digest)
            for symbol, period in facts.periods.items():
                periods[symbol] = lcm(periods.get(symbol, 1), period)
                here[symbol] = here.get(symbol, 0) + facts.degrees[symbol]
        for symbol, degree in here.items():
            degrees[symbol] = max(degree, degrees.get(symbol, 0))
        digest ^= hash(tuple(digests))
        # A product falls where one of what is multiplied is below 0 and another grows.
        grows = grows and (len(monomial) < 2 or all(_is_positive(atom) for atom in monomial))
    return ExprFacts(periods, degrees, grows, bent, depth, digest)


def _is_positive(atom: Atom) -> bool:
    return all(all(factor > 0 for factor in part.terms.values()) for part in atom.parts)


def _join_facts(left: ExprFacts, right: ExprFacts) -> ExprFacts:
    """Of the larger of two."""
    periods, degrees = dict(left.periods), dict(left.degrees)
    for symbol, period in right.periods.items():
        periods[symbol] = lcm(periods.get(symbol, 1), period)
        degrees[symbol] = max(degrees.get(symbol, 0), right.degrees[symbol])
    digest = hash((left.digest, right.digest))
    return ExprFacts(periods, degrees, left.grows and right.grows, True, 1 + max(left.depth, right.depth), digest)


def _map_terms(size: int | Expr) -> Mapping[Monomial, int]:
    return {(): size} if isinstance(size, int) else size.terms


def _rank_monomial(monomial: Monomial) -> tuple[bool, list[Order]]:
    """Roundings before names, by what they divide by; the constant last. No two have one rank."""
    return (not monomial, [atom.order for atom in monomial])


def _make_expr(terms: Mapping[Monomial, int]) -> int | Expr:
    kept = {m: f for m, f in terms.items() if f}
    if not kept:
        return 0
    return kept[()] if set(kept) == {()} else Expr(kept)
