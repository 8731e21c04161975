"""What int8 costs: by how much the figure of each head falls. Imports no Keras."""

from __future__ import annotations

from ..measure.document import Evaluation, MeasuredValue
from .formats import Kind

JUDGED = {"classes": "accuracy", "labels": "f1", "numbers": "r2"}
"""The figure that int8 is held by, by what a head's target is."""


def describe_fallen(kind: Kind, before: Evaluation, after: Evaluation, most: float) -> list[str]:
    """A line for each metric that fell too far."""
    lines = []
    several = len(before.heads) > 1
    for head, figures in before.heads.items():
        name = f"{head}.{JUDGED[figures.sort]}" if several else JUDGED[figures.sort]
        was, now = _find_value(before.metrics.get(name)), _find_value(after.metrics.get(name))
        if was is not None and (now is None or was - now > most):
            told = "no number" if now is None else f"{now:.4g}"
            lines.append(
                f"{kind}: `{name}` on {before.part} falls from {was:.4g} to {told}, by more than {most:g}; "
                "`--explain` tells the layers, `--keep-float` leaves some out of int8, `--tolerance` allows more"
            )
    return lines


def _find_value(value: MeasuredValue | None) -> float | None:
    return None if value is None else value.value
