"""`Condition`: what must hold of sizes, as a value. Its words are made where they are told; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Literal

from ...text.frozen import dataclass
from .expr import Expr, Quotient, Symbol
from .text import quote_size

Kind = Literal["zero", "least", "multiple"]


@dataclass(frozen=True)
class Test:
    """Of an expression: that it is 0, that it is at least 0, or that it is a multiple of `divisor`."""

    __test__ = False
    kind: Kind
    size: Expr
    divisor: int = 1

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The sizes that it asks something of."""
        return self.size.symbols

    def holds(self, value: int) -> bool:
        """Whether it holds where the expression has a value."""
        if self.kind == "zero":
            return value == 0
        return value >= 0 if self.kind == "least" else value % self.divisor == 0

    @property
    def opposite(self) -> tuple[Test | bool, ...]:
        """What else holds, one or another, where it does not."""
        if self.kind == "least":
            return (require_not_negative(-1 - self.size),)
        if self.kind == "zero":
            return (require_not_negative(self.size - 1), require_not_negative(-1 - self.size))
        return tuple(require_multiple(self.size - rest, self.divisor) for rest in range(1, self.divisor))

    def __str__(self) -> str:
        """`n // 2` and `m` are equal."""
        if self.kind == "multiple":
            return (
                f"{quote_size(self.size)} is even"
                if self.divisor == 2
                else f"{quote_size(self.size)} is a multiple of {self.divisor}"
            )
        left, right = self.sides
        if isinstance(left, int):
            left, right = right, left
        if self.kind == "zero":
            both = f"{quote_size(left)} and {quote_size(right)} are equal"
            return f"{quote_size(left)} is {right}" if isinstance(right, int) else both
        more, less = self.sides
        return (
            f"{more} is at least {quote_size(less)}"
            if isinstance(more, int)
            else f"{quote_size(more)} is at least {quote_size(less)}"
        )

    @property
    def sides(self) -> tuple[int | Expr, int | Expr]:
        """What is added and what is taken away, the constant on the shorter side."""
        gains = {m: f for m, f in self.size.terms.items() if m and f > 0}
        losses = {m: -f for m, f in self.size.terms.items() if m and f < 0}
        constant = self.size.constant
        left = Expr(gains) if gains else 0
        right = Expr(losses) if losses else 0
        return (left, right - constant) if constant < 0 or not losses else (left + constant, right)


def zero(size: int | Expr) -> Test | bool:
    """That a size is 0."""
    if isinstance(size, int):
        return size == 0
    shared = gcd(*(factor for monomial, factor in size.terms.items() if monomial))
    if size.constant % shared:
        return False
    size = _divide(size if next(iter(size.terms.values())) > 0 else -size, shared)
    return _find_rest(size) or _find_rest(-size) or Test("zero", size)


def _find_rest(size: int | Expr) -> Test | bool:
    """What is left of a rounding, `top - top // bottom * bottom`, is 0 where the top is a multiple; False for anything else."""
    assert isinstance(size, Expr)
    for monomial, factor in size.terms.items():
        if len(monomial) == 1 and isinstance(atom := monomial[0], Quotient) and factor == -atom.bottom:
            if size - Expr({monomial: factor}) == atom.top:
                return require_multiple(atom.top, atom.bottom)
    return False


def require_not_negative(size: int | Expr) -> Test | bool:
    """That a size is at least 0."""
    if isinstance(size, int):
        return size >= 0
    shared = gcd(*(factor for monomial, factor in size.terms.items() if monomial))
    constant = size.constant
    return Test("least", _divide(size - constant + (constant - constant % shared), shared))


def require_multiple(size: int | Expr, divisor: int) -> Test | bool:
    """That a size is a multiple of a number."""
    if isinstance(size, Expr):
        kept: int | Expr = 0
        for monomial, factor in size.terms.items():
            if factor % divisor:
                kept = kept + (factor % divisor if not monomial else Expr({monomial: factor % divisor}))
        size = kept
    if isinstance(size, int):
        return size % divisor == 0
    shared = gcd(*size.terms.values(), divisor)
    return Test("multiple", _divide(size, shared), divisor // shared)


def _divide(size: int | Expr, divisor: int) -> Expr:
    assert isinstance(size, Expr)
    return size if divisor == 1 else Expr({m: f // divisor for m, f in size.terms.items()})


@dataclass(frozen=True)
class Condition:
    """That one of the `tests` holds, or what words alone can say."""

    tests: frozenset[Test]
    surely: bool = False
    """Whether it holds whatever the sizes are, beside the tests."""
    said: str = ""
    """What it comes to, in words that are better than those of the tests; or all that is known of it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self._meaning == other._meaning

    def __hash__(self) -> int:
        return hash(self._meaning)

    def __or__(self, other: Condition) -> Condition:
        """That the one holds, or the other."""
        return make_either(*self.tests, *other.tests, self.surely or other.surely)

    @property
    def _meaning(self) -> object:
        return (self.tests, self.surely, "" if self.tests else self.said)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The sizes that it asks something of."""
        return frozenset(symbol for test in self.tests for symbol in test.symbols)

    @property
    def text(self) -> str:
        """`n // 2` and `m` are equal."""
        return self.said or ", or ".join(sorted(map(str, self.tests)))

    def holds(self, values: Mapping[Symbol, int]) -> bool:
        """Whether it holds of given sizes."""
        return self.surely or any(test.holds(test.size.evaluate(values)) for test in self.tests)

    @property
    def opposites(self) -> list[Condition]:
        """What holds, all of it, where it does not."""
        return [make_either(*test.opposite) for test in self.tests]


def make_either(*tests: Test | bool, said: str = "") -> Condition:
    """That one of several tests holds."""
    return Condition(frozenset(test for test in tests if isinstance(test, Test)), any(test is True for test in tests), said)


NEVER = make_either()
"""What holds of no sizes."""


def at_least(size: int | Expr, least: int | Expr) -> Condition:
    """When `size >= least`."""
    return make_either(require_not_negative(size - least))


def equal(left: int | Expr, right: int | Expr) -> Condition:
    """When two sizes are equal."""
    return make_either(zero(left - right))


def divisible(size: int | Expr, divisor: int) -> Condition:
    """When a size is a multiple of `divisor`."""
    return make_either(require_multiple(size, divisor))


def require_stretchable(left: int | Expr, right: int | Expr) -> Condition:
    """When two sizes are equal, or one of them is 1 and is stretched to the other."""
    same, said = equal(left, right), ""
    if isinstance(left, Expr) and isinstance(right, Expr):
        said = f"{quote_size(left)} and {quote_size(right)} are equal, or one of them is 1" if same.symbols else ""
    elif isinstance(left, Expr) or isinstance(right, Expr):
        open_one, fixed = (left, right) if isinstance(left, Expr) else (right, left)
        said = f"{quote_size(open_one)} is 1 or {fixed}" if same.tests else ""
    return make_either(*same.tests, same.surely, zero(left - 1), zero(right - 1), said=said)


def require_always_alike(size: int | Expr) -> Condition:
    """When a size is the same whenever the model is called."""
    return Condition(frozenset(), isinstance(size, int), f"{quote_size(size)} is the same in every batch")
