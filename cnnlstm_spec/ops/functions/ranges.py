"""Between which numbers what a function gives lies. Imports no op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import exp, log
from typing import Any

from ...ir.meaning import ANY, Range, infer_scaled_pixels, merge_ranges, move_axes
from ...language.activations import BOUNDS

Values = Mapping[str, Any]

EVEN: dict[str, Callable[[float], float]] = {"abs": abs, "absolute": abs, "fabs": abs, "square": lambda x: x * x}
"""Functions that fall to 0 at 0 and rise from there."""
WAVES = frozenset({"sin", "cos", "erf"})
ANGLES = frozenset({"arctan", "arcsin"})
NEVER_NEGATIVE = frozenset({"std", "var", "norm", "ptp", "nanstd", "nanvar", "count_nonzero"})
WITHIN = frozenset(
    {"amax", "amin", "average", "max", "mean", "median", "min", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile"}
) | {"nanquantile", "percentile", "quantile", "average_pool", "max_pool"}
"""Functions that take values together to one that lies between them."""
SUMS = frozenset({"sum", "nansum", "cumsum", "nancumsum", "prod", "nanprod", "cumprod", "nancumprod"})
"""Functions of which values that are not negative give none that is."""
SAME = frozenset(
    {"along", "expand", "squeeze", "transpose", "move", "swap", "repeat", "tile", "diagonal", "to_depth", "to_space", "take"}
) | {"sequences"}
"""Sorts of functions that give the values that come in."""
CASTS = frozenset({"cast", "saturate_cast"})
FLOATS = ("float32", "float64", "bfloat16")
"""The dtypes that hold the numbers of the others; float16 may cut them off."""
KEPT = frozenset({"copy", "stop_gradient", "real", "conj", "conjugate", "sort", "flip", "roll"})


def infer_function_range(
    name: str, sort: str, values: Values, x: Range | None, places: tuple[int | None, ...], rank: int
) -> Range | None:
    """The bounds of what a function gives of values within others; `places` says where axes have gone, `rank` how many came."""
    if x is not None and x.pixels and (scale := find_scale(name, values)) is not None:
        x = infer_scaled_pixels(abs(scale))
    given = None if x is not None and x.pixels else x
    if name in KEPT or (sort in SAME and sort != "along"):
        return move_axes(x, lambda place: places[place]) if x is not None and sort != "take" else x and x.loosen()
    if name in CASTS and values["dtype"] in FLOATS:
        return x
    if name in WITHIN:
        return x and x.loosen()
    if name in NEVER_NEGATIVE:
        return Range(0, None, True, by=name)
    if name in SUMS:
        return Range(0, None, given.attained, by=name) if given is not None and _is_positive(given) else None
    if name == "softmax":
        axes = values.get("axis", -1)
        axes = (axes,) if isinstance(axes, int) else axes
        return Range(0, 1, sums=tuple(axis - 1 if axis > 0 else axis + rank for axis in axes), by=name)
    if name == "normalize":
        return Range(-1, 1, by=name)
    if name in BOUNDS:
        return _infer_activation(name, given)
    if name in WAVES:
        return Range(-1, 1, by=name)
    return _infer_of_numbers(name, values, given)


def find_scale(name: str, values: Values) -> float | None:
    """What a function multiplies by, if it does nothing else."""
    if name == "multiply":
        return float(values["x2"])
    return 1 / values["x2"] if name in ("divide", "true_divide") and values["x2"] else None


def _is_positive(values: Range) -> bool:
    return values.least is not None and values.least >= 0


def _infer_activation(name: str, given: Range | None) -> Range:
    least, greatest, attained = BOUNDS[name]
    if name in ("relu", "relu6") and given is not None:
        return given.clip(least, greatest)
    return Range(least, greatest, attained, by=name)


def _infer_of_numbers(name: str, values: Values, given: Range | None) -> Range | None:
    """Of functions that rise or fall throughout, and of those beside a number."""
    other: Any = values.get("x2")
    match name:
        case "clip":
            return (given or ANY).clip(values["x_min"], values["x_max"])
        case "maximum" | "fmax":
            return (given or ANY).clip(other, None)
        case "minimum" | "fmin":
            return (given or ANY).clip(None, other)
        case "sign":
            return Range(-1, 1, True, by="sign")
        case "sqrt":
            return Range(0, None, given is None or given.attained, by="sqrt")
        case "exp":
            return Range(0, None, by="exp") if given is None else replace(given.map_values(_compute_exp), by="exp")
        case "log":
            return infer_log(given)
        case "pad":
            filled = values.get("constant_values") or 0
            return merge_ranges((given, Range(filled, filled, True))) if values["mode"] == "constant" else given
    if name in EVEN:
        return infer_even(given or ANY, EVEN[name], name)
    if given is None:
        return None
    moving: dict[str, Callable[[float], float]] = {
        "negative": lambda x: -x,
        "add": lambda x: x + other,
        "subtract": lambda x: x - other,
        "multiply": lambda x: x * other,
        "divide": lambda x: x / other if other else x,
        "true_divide": lambda x: x / other if other else x,
    }
    beside_zero = name in ("multiply", "divide", "true_divide") and not other
    return given.loosen().map_values(moving[name]) if name in moving and not beside_zero else None


def _compute_exp(value: float) -> float:
    """The exponential, of what is too large the largest number."""
    return exp(min(value, 700.0))


def infer_log(values: Range | None) -> Range:
    """The logarithm, of 0 no number."""
    low, high = (None, None) if values is None else (values.least, values.greatest)
    return Range(
        log(low) if low is not None and low > 0 else None, log(high) if high is not None and high > 0 else None, by="log"
    )


def infer_even(values: Range, function: Callable[[float], float], name: str) -> Range:
    """What a function gives that falls to 0 at 0 and rises from there."""
    ends = [None if each is None else function(each) for each in (values.least, values.greatest)]
    greatest = None if None in ends else max(each for each in ends if each is not None)
    if values.least is not None and values.least >= 0:
        return Range(ends[0], greatest, values.attained, by=name)
    if values.greatest is not None and values.greatest <= 0:
        return Range(ends[1], greatest, by=name)
    return Range(0, greatest, True, by=name)
