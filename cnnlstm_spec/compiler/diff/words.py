"""The difference of two specs, as text for a person."""

from __future__ import annotations

from pydantic import JsonValue

from ...text.escape.json import write_readable
from ...text.escape.terminal import make_line_safe, measure_width
from .document import Change, Counts, Differences, LayerChange, LoadedWeights, Sizes

MISSING = "(none)"
"""Stands for what one of the two does not have."""
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
COSTS = {
    "params": "parameters",
    "trainable": "trainable",
    "weight_bytes": "bytes of weights",
    "macs": "multiply-adds of a sample",
    "activation_bytes": "bytes of all outputs",
}


def describe_differences(found: Differences) -> str:
    """What differs, for a person."""
    heading = f"{make_line_safe(found.old)} -> {make_line_safe(found.new)}: "
    if found.equal:
        return f"{heading}the same model, {found.same_layers} layers\n"
    numbers = [f"{sum(each.sort == sort for each in found.layers)} {sort}" for sort in SIGNS]
    lines = [f"{heading}layers {', '.join(numbers)}, {found.same_layers} the same", ""]
    lines += [f"  ~ {make_line_safe(change.what)}: {describe_step(change)}" for change in found.model]
    lines += ["" for _ in found.model[:1]]
    for each in found.layers:
        lines += _describe_layer(each)
    lines += ["" for _ in found.layers[:1]]
    return "\n".join([*lines, *_describe_costs(found), "", *_describe_weights(found.weights)]) + "\n"


def describe_step(change: Change) -> str:
    """A value and what it has become."""
    old, new = change.old if change.has("old") else MISSING, change.new if change.has("new") else MISSING
    return f"{_show_value(old)} -> {_show_value(new)}"


def _show_value(value: JsonValue) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return make_line_safe(value if isinstance(value, str) else write_readable(value))


def _describe_layer(change: LayerChange) -> list[str]:
    params = f", {change.params:,} parameters" if change.params else ""
    first = f"  {SIGNS[change.sort]} {make_line_safe(change.layer)} {make_line_safe(change.name)}"
    if change.sort != "changed":
        return [f"{first}: {make_line_safe(change.output)}{params}"]
    return [first, *(f"      {make_line_safe(each.what)}: {describe_step(each)}" for each in change.changes)]


def _describe_costs(found: Differences) -> list[str]:
    sides = {words: getattr(found.costs, name) for name, words in COSTS.items()}
    rows = [(words, _show_value(each.old), _show_value(each.new), _describe_change(each)) for words, each in sides.items()]
    widths = [max(measure_width(row[column]) for row in rows) for column in range(4)]
    return [f"  {a:<{widths[0]}}  {b:>{widths[1]}} -> {c:>{widths[2]}}  {d}".rstrip() for a, b, c, d in rows]


def _describe_change(change: Counts | Sizes) -> str:
    if not isinstance(change.old, int) or not isinstance(change.new, int) or change.old == change.new:
        return ""
    ratio = (change.new - change.old) / change.old if change.old else 0.0
    share = f" ({ratio:+.0%})" if abs(ratio) >= 0.005 else ""
    return f"{change.new - change.old:+,}{share}"


def _describe_weights(found: LoadedWeights) -> list[str]:
    total = found.loaded_params + sum(each.params for each in found.not_loaded)
    layers = len(found.loaded) + len(found.not_loaded)
    if not layers:
        return ["trained weights: there are none"]
    lines = [f"trained weights: {len(found.loaded)} of {layers} layers would load, {found.loaded_params:,} of {total:,} values"]
    return lines + [f"  {make_line_safe(each.name)} would not: {make_line_safe(each.reason)}" for each in found.not_loaded]
