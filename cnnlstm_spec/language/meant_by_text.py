"""What is meant by a text where a number, a list or null stands: its ways out. Imported where a value is at fault."""

from __future__ import annotations

import re

from ..text.diagnostic import Diagnostic
from ..text.foreign_variables import JINJA
from ..text.nodes import Scalar
from ..text.source import NOWHERE, Place
from ..text.yaml_scalars import SIDES, read_fraction, resolve
from .variables import substitute

GROUPED = re.compile(r"[0-9]+(?:_[0-9]+)+")
"""As Python groups digits."""
ARITHMETIC = re.compile(r"[0-9.(-][0-9.eE+*/() -]*[-+*/][0-9.eE+*/() -]*[0-9.)]")
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")


def suggest_for_text(node: Scalar, value: str, words: str) -> tuple[tuple[str, ...], str | None]:
    """The way out, and what is to be written instead where that can only be one thing."""
    text, takes_number = value.strip(), "integer" in words or "number" in words
    number = resolve(text or "x")
    if value in ("None", "none") and "null" in words:
        return ("Python's `None` is `null` in YAML",), "null"
    if (jinja := JINJA.fullmatch(text)) is not None:
        return (f"a variable is written `${jinja[1]}`",), f"${jinja[1]}"
    if not node.plain and isinstance(number, float) and "integer" in words:
        return (f"write {int(number)}",) if number.is_integer() else (), str(int(number)) if number.is_integer() else None
    if not node.plain and isinstance(number, int | float) and not isinstance(number, bool):
        return (f"remove the quotes: {text}",), text if takes_number else None
    if takes_number and GROUPED.fullmatch(text):
        plain = text.replace("_", "")
        return (f"write {plain}",), plain
    if takes_number and ARITHMETIC.fullmatch(text) and not DATE.fullmatch(text) and (number := _compute(text)) is not None:
        if not node.plain and "number" in words and read_fraction(text) is not None:
            return (f"remove the quotes: {text}",), text
        whole = isinstance(number, int) or number.is_integer()
        if "integer" not in words or whole:
            meant = f"{int(number) if whole else number:.17g}" if "integer" in words else f'"${{{text}}}"'
            return (f"write {meant}" if "integer" in words else f"arithmetic is written {meant}",), meant
    if SIDES.fullmatch(text):
        sides = f"[{', '.join(re.findall('[0-9]+', text))}]"
        return (f"write {sides}",), sides if "list" in words else None
    if (share := PERCENT.fullmatch(text)) is not None and "number" in words:
        return (f"write {float(share[1]) / 100:g}",), None
    if value.startswith("("):
        return ("a list is written in brackets, such as [64, 64, 3]",), None
    if value.count(","):
        return (f"a list is written [{text}]",), f"[{text}]" if node.plain and "list" in words else None
    return (), None


def _compute(text: str) -> int | float | None:
    """The number that plain arithmetic gives."""
    found: list[Diagnostic] = []
    value = substitute(Scalar(NOWHERE, f"${{{text}}}", ""), {}, Place((), NOWHERE), found, ())
    return value.value if isinstance(value, Scalar) and isinstance(value.value, int | float) else None
