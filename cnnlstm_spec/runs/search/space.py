"""The space of a search as Optuna has it, and what it draws as texts PATH=VALUE. Imports no Keras."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...spec.search import Dimension, FloatRange
from ...text.escape.json import to_json
from ...text.nodes import to_value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def to_flow(value: object) -> str:
    """A value as YAML on one line: JSON, and numbers that JSON does not have."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_json(str(key))}: {to_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_flow, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return to_json(value, None)


def make_distributions(space: Sequence[Dimension]) -> dict[str, BaseDistribution]:
    """A distribution for each path; the choices of a list are their own texts."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for each in space:
        bounds = each.range
        if bounds is None:
            texts = dict.fromkeys(to_flow(to_value(node)) for node in each.choices)
            found[each.path] = CategoricalDistribution(tuple(texts))
            continue
        with warnings.catch_warnings():
            # Optuna takes the greatest value that a step leads to, and says so.
            warnings.simplefilter("ignore")
            if isinstance(bounds, FloatRange):
                low, high = map(float, bounds.float)
                found[each.path] = FloatDistribution(low, high, log=bounds.log, step=bounds.step)
            else:
                least, greatest = bounds.int
                found[each.path] = IntDistribution(least, greatest, log=bounds.log, step=bounds.step)
    return found


def to_texts(drawn: Mapping[str, object]) -> tuple[str, ...]:
    """What was drawn, as texts PATH=VALUE in the order of the space."""
    return tuple(f"{path}={each if isinstance(each, str) else to_flow(each)}" for path, each in drawn.items())
