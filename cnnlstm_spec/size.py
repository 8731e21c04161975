"""Sizes of axes: integers, or integer expressions of sizes known only at run time. Imports nothing of ours.

An expression is kept in a canonical form (a sum of integer multiples of products of atoms), so that two expressions
that are the same polynomial are equal; an atom is a symbol or a floor division that does not come out even.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import lcm, prod


@dataclass(frozen=True)
class Symbol:
    """A size known only at run time.

    An anonymous one (`null` in a spec) is a size of its own; its name is only words, such as "the height of `left`".
    """

    name: str
    anonymous: bool = False

    def __str__(self) -> str:
        return "?" if self.anonymous else self.name


@dataclass(frozen=True)
class Quotient:
    """`top // bottom`, with an integer bottom of 2 or more that does not divide every coefficient of the top.

    The top keeps its constant, so that `(frames - 2) // 2` is printed as it came about; that it equals
    `frames // 2 - 1` is found by `equal`, which is exact for one symbol. A quotient of a quotient is one: what a stack of
    strided layers leaves is no deeper than what one leaves."""

    top: Expr
    bottom: int

    def __str__(self) -> str:
        return str(Expr({(self,): 1}))


Atom = Symbol | Quotient
Monomial = tuple[Atom, ...]


class Expr:
    """A sum of integer multiples of products of atoms, never a plain integer; supports `+`, `-`, `*` and `//`."""

    __slots__ = ("_hash", "_text", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = dict(terms)
        self._hash = hash(frozenset(self.terms.items()))
        self._text = ""

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and self.terms == other.terms

    def __add__(self, other: int | Expr) -> int | Expr:
        terms = dict(self.terms)
        for monomial, factor in _terms(other).items():
            terms[monomial] = terms.get(monomial, 0) + factor
        return _expr(terms)

    __radd__ = __add__

    def __neg__(self) -> int | Expr:
        return self * -1

    def __sub__(self, other: int | Expr) -> int | Expr:
        return self + -other

    def __rsub__(self, other: int) -> int | Expr:
        return -self + other

    def __mul__(self, other: int | Expr) -> int | Expr:
        terms: dict[Monomial, int] = {}
        for (left, a), (right, b) in product(self.terms.items(), _terms(other).items()):
            monomial = tuple(sorted(left + right, key=str))
            terms[monomial] = terms.get(monomial, 0) + a * b
        return _expr(terms)

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> int | Expr:
        """What comes out even is taken out, so that `(2 * n + 1) // 2` is `n`, and `(n - 2) // 2 + 1` is `n // 2`."""
        if divisor == 1:
            return self
        constant = self.terms.get((), 0)
        whole = _expr({m: f // divisor for m, f in self.terms.items() if m and f % divisor == 0})
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
        self._text = self._text or _print(self, str)
        return self._text

    __repr__ = __str__

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol in the expression."""
        return frozenset(s for monomial in self.terms for atom in monomial for s in _symbols(atom))

    def at(self, values: Mapping[Symbol, int]) -> int:
        """The value where each symbol has the given one."""
        return sum(f * prod(_atom_at(a, values) for a in m) for m, f in self.terms.items())


def symbol(name: str) -> Expr:
    """The size of that name."""
    return Expr({(Symbol(name),): 1})


def anonymous(words: str) -> Expr:
    """A size without a name, told from others by words that say whose it is."""
    return Expr({(Symbol(words, anonymous=True),): 1})


def ceil_div(size: int | Expr, divisor: int) -> int | Expr:
    """`size / divisor`, rounded up."""
    return (size + (divisor - 1)) // divisor


def format_size(size: int | Expr) -> int | str | None:
    """An integer, an expression as text, or None where it rests on a size without a name."""
    if isinstance(size, int):
        return size
    return None if any(s.anonymous for s in size.symbols) else str(size)


def at_least(size: int | Expr, least: int) -> Condition:
    """When `size >= least`."""
    if isinstance(size, Expr) and len(size.symbols) == 1 and _grows(size):
        return _from_least_on(size, least)
    return _decide(size, least, lambda value: value >= least, lambda: f"{words(size)} is at least {least}")


def equal(left: int | Expr, right: int | Expr) -> Condition:
    """When two sizes are equal: always, never, or under a condition; undecided counts as under one."""
    return _decide(left - right, 0, lambda value: value == 0, lambda: _equality(left, right))


def divisible(size: int | Expr, divisor: int) -> Condition:
    """When a size is a multiple of `divisor`."""
    rest = size - (size // divisor) * divisor
    return _decide(rest, 0, lambda value: value == 0, lambda: f"{words(size)} is a multiple of {divisor}")


def always_alike(size: int | Expr) -> Condition:
    """When a size is the same whenever the model is called."""
    return ALWAYS if isinstance(size, int) else Condition(False, False, f"{words(size)} is the same in every batch")


def _equality(left: int | Expr, right: int | Expr) -> str:
    if isinstance(left, int) or isinstance(right, int):
        known, unknown = (left, right) if isinstance(left, int) else (right, left)
        return f"{words(unknown)} is {known}"
    return f"{words(left)} and {words(right)} are equal"


@dataclass(frozen=True)
class Fit:
    """Which values of one symbol will do: from `settled` on the answers repeat themselves every `period`."""

    symbol: Symbol
    holds: Callable[[int], bool]
    settled: int
    period: int


@dataclass(frozen=True)
class Condition:
    """Whether something holds: always, never, or where `text` says; a `fit` where it rests on one symbol."""

    always: bool
    never: bool
    text: str = ""
    fit: Fit | None = None
    smallest: int = 0
    """The smallest size that fits."""
    least: bool = False
    """Whether all sizes from there on fit."""


ALWAYS = Condition(True, False)
NEVER = Condition(False, True)
PERIOD_LIMIT = 1024
LARGEST = 2**62
"""No tensor has an axis of so many."""


def _decide(size: int | Expr, least: int, holds: Callable[[int], bool], text: Callable[[], str]) -> Condition:
    if isinstance(size, int):
        return ALWAYS if holds(size) else NEVER
    symbols = sorted(size.symbols, key=lambda s: s.name)
    if len(symbols) > 1 or any(len(m) > 1 for m in size.terms):
        return Condition(False, False, text())
    only = symbols[0]
    period = _period(size)
    if period > PERIOD_LIMIT:
        return Condition(False, False, text())
    # size(n + period) = size(n) + slope, so one period and its slope decide every n.
    slope = size.at({only: 1 + period}) - size.at({only: 1})
    reach = 1 if slope == 0 else 2 + (abs(size.at({only: 1})) + abs(least) + 1) // abs(slope)
    last = period * min(reach, max(1, PERIOD_LIMIT // period) + 1)
    good = [n for n in range(1, last + period + 1) if holds(size.at({only: n}))]
    if len(good) == last + period:
        return ALWAYS
    if not good:
        return NEVER if period * reach <= last else Condition(False, False, text())
    fit = Fit(only, lambda n: holds(size.at({only: n})), last, period)
    return Condition(False, False, describe(fit), fit, good[0])


def _from_least_on(size: Expr, least: int) -> Condition:
    """The same for a size of one symbol that grows with it: by halving what lies between."""
    (only,) = size.symbols
    low, high = 0, 1
    while size.at({only: high}) < least:
        low, high = high, 2 * high
        if high > LARGEST:
            return NEVER
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if size.at({only: middle}) >= least else (middle, high)
    if high == 1:
        return ALWAYS
    return Condition(False, False, f"{only.name} is at least {high}", Fit(only, lambda n: n >= high, high, 1), high, True)


def _grows(size: Expr) -> bool:
    """Whether a size grows with its symbols: a sum of multiples of them, and of quotients of such sums."""
    alone = all(len(m) < 2 and (f > 0 or not m) for m, f in size.terms.items())
    return alone and all(isinstance(atom, Symbol) or _grows(atom.top) for m in size.terms for atom in m)


def growth_ratio(size: int | Expr, other: int | Expr) -> int | None:
    """How many times faster a size grows than another with the one symbol of both; None where that is no whole number."""
    symbols = {symbol for each in (size, other) if isinstance(each, Expr) for symbol in each.symbols}
    if isinstance(size, int) or isinstance(other, int) or len(symbols) > 1:
        return None
    (only,) = symbols
    period = lcm(_period(size), _period(other))
    first, second = (each.at({only: 1 + period}) - each.at({only: 1}) for each in (size, other))
    return None if not second or first % second else first // second


def describe(fit: Fit) -> str:
    """Which values fit; some do."""
    name, period = fit.symbol.name, fit.period
    # Two periods, so that what is seen to repeat itself does.
    last = fit.settled + 2 * period
    good = [n for n in range(1, last + 1) if fit.holds(n)]
    if good == list(range(good[0], last + 1)):
        return f"{name} is at least {good[0]}"
    if good == list(range(1, good[-1] + 1)):
        return f"{name} is at most {good[-1]}"
    if good[-1] <= fit.settled:
        return f"{name} is {_join(good)}"
    for step in range(2, period + 1):
        if good == list(range(step, last + 1, step)):
            return f"{name} is a multiple of {step}"
        start = good[0]
        if good == list(range(start, last + 1, step)):
            return f"{name} is {start}, {start + step}, {start + 2 * step}, ..."
    return f"{name} is {_join(good)}, ..."


def _join(values: list[int]) -> str:
    shown = [str(v) for v in values[:4]]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]


def words(size: int | Expr) -> str:
    """A size for a sentence: one without a name by the words that say whose it is."""
    return str(size) if isinstance(size, int) else _print(size, lambda symbol: symbol.name)


def _print(size: Expr, show: Callable[[Symbol], str]) -> str:
    text = ""
    for monomial, factor in sorted(size.terms.items(), key=lambda item: (item[0] == (), str(item[0]))):
        sign = "-" if factor < 0 else "+"
        parts = [str(abs(factor))] if abs(factor) != 1 or not monomial else []
        alone = len(monomial) == 1 and not parts
        for atom in monomial:
            if isinstance(atom, Symbol):
                parts.append(show(atom))
                continue
            top = str(atom.top) if show is str else _print(atom.top, show)
            quotient = f"{top if _is_atomic(atom.top) else f'({top})'} // {atom.bottom}"
            parts.append(quotient if alone else f"({quotient})")
        text += (f" {sign} " if text else "-" if sign == "-" else "") + " * ".join(parts)
    return text


def _terms(size: int | Expr) -> Mapping[Monomial, int]:
    return {(): size} if isinstance(size, int) else size.terms


def _expr(terms: Mapping[Monomial, int]) -> int | Expr:
    kept = {m: f for m, f in terms.items() if f}
    if not kept:
        return 0
    return kept[()] if set(kept) == {()} else Expr(kept)


def _is_atomic(expr: Expr) -> bool:
    return list(expr.terms.values()) == [1] and all(len(m) == 1 and isinstance(m[0], Symbol) for m in expr.terms)


def _symbols(atom: Atom) -> Iterable[Symbol]:
    return (atom,) if isinstance(atom, Symbol) else atom.top.symbols


def _atom_at(atom: Atom, values: Mapping[Symbol, int]) -> int:
    return values[atom] if isinstance(atom, Symbol) else atom.top.at(values) // atom.bottom


def _period(expr: Expr) -> int:
    """A number of steps after which an expression of one symbol has grown by a constant."""
    periods = [_period(a.top) * a.bottom for m in expr.terms for a in m if isinstance(a, Quotient)]
    return lcm(*periods) if periods else 1


Size = int | Expr
