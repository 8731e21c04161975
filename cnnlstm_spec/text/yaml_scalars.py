"""Plain scalars as YAML 1.2's core schema reads them, but for `010`, which is refused. Imports nothing of ours."""

from __future__ import annotations

import re
from typing import NamedTuple

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]+")
PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
SIDES = re.compile(r"[0-9]{1,6}(?:\s*[x×]\s*[0-9]{1,6}){1,3}")
"""Sizes as `64x64`, which are text."""
FRACTION = re.compile(r"([-+]?[0-9]{1,18}(?:\.[0-9]{1,18})?)\s*/\s*([0-9]{1,18}(?:\.[0-9]{1,18})?)")
DIGITS_LIMIT = 18
"""More digits than this fit in no size, count or weight."""

Value = None | bool | int | float | str


class Unreadable(NamedTuple):
    """A plain scalar that looks like a number and is refused."""

    reason: str
    help: str


def resolve(text: str) -> Value | Unreadable:
    """The value of a plain scalar."""
    if text in NULLS:
        return None
    if text in BOOLS:
        return BOOLS[text]
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    if LEADING_ZERO.fullmatch(text):
        return Unreadable(f"`{text}` begins with a zero", f'write `{_strip_zeros(text)}`, or "{text}" if it is text')
    if INTEGER.fullmatch(text) or PREFIXED.fullmatch(text):
        if len(text) > DIGITS_LIMIT:
            return Unreadable(f"a number of {len(text)} digits is too large", "write a smaller number")
        return int(text, 0)
    if len(text) < 400 and FLOAT.fullmatch(text):
        return float(text)
    if SPECIAL.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text


def read_fraction(text: str) -> float | None:
    """The value of `1/255`, or None where the text is no fraction."""
    match = FRACTION.fullmatch(text.strip())
    if match is None or float(match[2]) == 0:
        return None
    return float(match[1]) / float(match[2])


def _strip_zeros(text: str) -> str:
    sign = text[0] if text[0] in "+-" else ""
    return sign + (text.lstrip("+-0") or "0")
