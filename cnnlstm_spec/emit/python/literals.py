"""Values as Python source, as a person writes them: fractions and powers of two by name."""

from __future__ import annotations

from fractions import Fraction
from math import frexp, isfinite

from ...text.escape.python import write_string

MOST = 1000
"""The greatest numerator and denominator of what is written as a fraction."""
FEW = 100
"""Up to here a denominator is not halved: `2 / 3`, but `1 / 127.5`."""
LONG = 12
"""Digits from which on a number is not one that a person wrote."""
LEAST_POWER = 32
"""The exponent from which on a power of two is written as one."""


def write_literal(value: bool | int | float | str | None) -> str:
    """The value in one line."""
    if isinstance(value, str):
        return write_string(value)
    return _write_float(value) if isinstance(value, float) else repr(value)


def _write_float(value: float) -> str:
    text = repr(value)
    if not isfinite(value):
        return f'float("{text}")'
    mantissa, exponent = frexp(abs(value))
    if mantissa == 0.5 and exponent > LEAST_POWER:
        return f"-(2.0**{exponent - 1})" if value < 0 else f"2.0**{exponent - 1}"
    if len(text) < LONG:
        return text
    numerator, denominator = Fraction(value).limit_denominator(MOST).as_integer_ratio()
    if abs(numerator) > MOST or numerator / denominator != value:
        return text
    return f"1 / {denominator / 2:g}" if numerator == 2 and denominator > FEW else f"{numerator} / {denominator}"
