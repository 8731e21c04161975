"""Sizes of axes: integers, or integer expressions of sizes known only at run time; and what can be asked of them.

The way into `sizes`, which is divided by what it does: `expr` holds expressions, `condition` what is asked of them, `decide` and
`solve` find for which sizes it holds, `wording` and `text` say it.
"""

from __future__ import annotations

from math import lcm

from .sizes.condition import NEVER, Condition, at_least, divisible, equal, require_always_alike, require_stretchable
from .sizes.expr import Expr, Symbol, make_larger
from .sizes.solve import holds_always, holds_never
from .sizes.text import describe_size, quote_size

__all__ = [
    "NEVER",
    "Condition",
    "Expr",
    "Size",
    "Symbol",
    "are_alike_known",
    "at_least",
    "ceil_div",
    "describe_size",
    "divisible",
    "equal",
    "format_size",
    "holds_always",
    "holds_never",
    "make_anonymous",
    "make_symbol",
    "measure_growth_ratio",
    "quote_size",
    "require_always_alike",
    "require_stretchable",
    "take_larger",
]

Size = int | Expr


def make_symbol(name: str) -> Expr:
    """The size of that name."""
    return Expr({(Symbol(name),): 1})


def make_anonymous(words: str, supposed: bool = False) -> Expr:
    """A size without a name, told from others by words that say whose it is."""
    return Expr({(Symbol(words, anonymous=True, supposed=supposed),): 1})


def are_alike_known(size: Size, other: Size) -> bool:
    """Whether both are known before data come, or neither is, as far as a mistake does not leave that open."""
    if any(symbol.supposed for each in (size, other) if isinstance(each, Expr) for symbol in each.symbols):
        return True
    return isinstance(size, int) == isinstance(other, int)


def ceil_div(size: Size, divisor: int) -> Size:
    """`size / divisor`, rounded up."""
    return (size + (divisor - 1)) // divisor


def take_larger(left: Size, right: Size) -> Size:
    """The larger of two sizes, which is one of them where it is known to be for all sizes."""
    if holds_always(at_least(left, right)):
        return left
    return right if holds_always(at_least(right, left)) else make_larger(left, right)


def format_size(size: Size) -> int | str | None:
    """An integer, an expression as text, or None where it rests on a size without a name."""
    if isinstance(size, int):
        return size
    return None if any(s.anonymous for s in size.symbols) else str(size)


def measure_growth_ratio(size: Size, other: Size) -> int | None:
    """How many times faster a size grows than another with the one symbol of both; None where that is no whole number."""
    symbols = {symbol for each in (size, other) if isinstance(each, Expr) for symbol in each.symbols}
    if isinstance(size, int) or isinstance(other, int) or len(symbols) > 1:
        return None
    (only,) = symbols
    period = lcm(size.facts.periods[only], other.facts.periods[only])
    first, second = (each.evaluate({only: 1 + period}) - each.evaluate({only: 1}) for each in (size, other))
    return None if not second or first % second else first // second
