"""What is required of figures, such as `accuracy>=0.9`, or `lower:accuracy>=0.85` of the interval's lower end."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence

from ..text.frozen import dataclass
from .measure.document import Evaluation

FORM = re.compile(r"(?:(lower|upper):)?([^<>=\s:][^<>=:]*?)\s*(>=|<=|>|<)\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+)")
SIGNS: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True)
class Requirement:
    """A figure, its value or an end of its interval, held against a bound."""

    text: str
    end: str
    """`value`, `lower` or `upper`."""
    name: str
    sign: str
    bound: float


def read_requirement(text: str) -> Requirement | None:
    """The requirement that a text is; None where it is none."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        return None
    return Requirement(text.strip(), found[1] or "value", found[2], found[3], float(found[4]))


def check_requirements(evaluation: Evaluation, wanted: Sequence[Requirement]) -> list[str]:
    """A line for each that does not hold; a figure that is not there is one."""
    lines = []
    for each in wanted:
        figures = dict(evaluation.metrics)
        if each.name == "loss" and evaluation.loss is not None:
            value: float | None = evaluation.loss
        elif each.name not in figures:
            lines.append(f"`{each.text}` does not hold: there is no `{each.name}`; there are {', '.join(figures)}")
            continue
        else:
            value = getattr(figures[each.name], each.end)
        if value is None or not SIGNS[each.sign](value, each.bound):
            told = "there is no such number" if value is None else f"it is {value:.6g}"
            lines.append(f"`{each.text}` does not hold: {told}")
    return lines
