"""Of which numbers a function gives one, and where it has no slope. Imports no op.

Held against Keras by `tests/ops/test_domains.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from ...ir.meaning import Range
from ...text.frozen import dataclass
from .ranges import infer_even

STEEP = "steep without bound"
"""What a function is where its value is a number, and its gradient none."""


@dataclass(frozen=True)
class Domain:
    """Between which numbers a function gives one, and what it is at `ends`, which may lie within."""

    least: float = -inf
    greatest: float = inf
    ends: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Fault:
    """What a function gives, and where."""

    gives: str
    where: str
    end: float | None = None
    """The number at which it does; None beyond them."""
    argument: str | None = None
    """The argument by which it does, whatever comes in."""

    @property
    def in_gradient(self) -> bool:
        """Whether its value is a number, and the gradient alone is none."""
        return self.gives == STEEP


BOTH = ((-1.0, "minus infinity"), (1.0, "infinity"))
LOG = Domain(0, ends=((0.0, "minus infinity"),))
DOMAINS: dict[str, Domain] = {
    "sqrt": Domain(0, ends=((0.0, STEEP),)),
    "rsqrt": Domain(0, ends=((0.0, "infinity"),)),
    "reciprocal": Domain(ends=((0.0, "infinity"),)),
    "cbrt": Domain(ends=((0.0, STEEP),)),
    "sinc": Domain(ends=((0.0, STEEP),)),
    **dict.fromkeys(("log", "log2", "log10"), LOG),
    "log1p": Domain(-1, ends=((-1.0, "minus infinity"),)),
    **dict.fromkeys(("arccos", "arcsin"), Domain(-1, 1, ((-1.0, STEEP), (1.0, STEEP)))),
    **dict.fromkeys(("arctanh", "erfinv"), Domain(-1, 1, BOTH)),
    "arccosh": Domain(1, ends=((1.0, STEEP),)),
}
"""Those of the functions that are left out give a number with a gradient everywhere."""
ENDS_AT_ONE = frozenset(name for name, domain in DOMAINS.items() if domain.greatest == 1)
"""The functions of numbers between -1 and 1."""
DIVISORS = {**dict.fromkeys(("divide", "true_divide", "floor_divide", "mod", "fmod"), "x2"), "celu": "alpha"}
"""The argument by which a function divides."""
DEVIATIONS = frozenset({"std", "nanstd"})
SMOOTH_NORMS = (1, inf, -inf)
"""The norms that are no root of a sum."""


def find_domain(name: str, arguments: Mapping[str, Any]) -> Domain | None:
    """The domain of a function of each value by itself; None where it is all numbers."""
    if name != "power":
        return DOMAINS.get(name)
    exponent = float(arguments["x2"])
    at_zero = "infinity" if exponent < 0 else STEEP if 0 <= exponent < 1 else ""
    return Domain(-inf if exponent.is_integer() else 0, ends=((0.0, at_zero),) if at_zero else ())


def find_fault_of_argument(name: str, arguments: Mapping[str, object]) -> Fault | None:
    """A division by 0, of whatever comes in."""
    divisor = DIVISORS.get(name)
    return Fault("no number", "at a divisor of 0", argument=divisor) if divisor and arguments[divisor] == 0 else None


def find_fault(name: str, arguments: Mapping[str, object], values: Range) -> Fault | None:
    """The first number that comes, and is outside of the domain of a function, or at an end of it."""
    if name in DEVIATIONS:
        # A `relu`, or what else has a value that comes often, may give that one throughout.
        return Fault(STEEP, "where all are alike") if values.attained else None
    if name == "norm" and arguments.get("ord") not in SMOOTH_NORMS:
        return Fault(STEEP, "where all are 0") if infer_even(values, abs, name).reaches(0) else None
    domain = find_domain(name, arguments)
    if domain is None:
        return None
    low, high = values.least, values.greatest
    if domain.least > -inf and (low is None or low < domain.least):
        return Fault("no number", f"below {domain.least:g}")
    if domain.greatest < inf and (high is None or high > domain.greatest):
        return Fault("no number", f"above {domain.greatest:g}")
    attained = (low, high) if values.attained else ()
    return next((Fault(gives, f"at {end:g}", end) for end, gives in domain.ends if end in attained), None)
