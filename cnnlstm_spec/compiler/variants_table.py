"""The variants of a spec: a table of which of them fail and why, and their costs as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..model.costs import count_costs, estimate_training_bytes
from ..text.diagnostic import Diagnostic
from ..text.edits.matrix import Variant
from ..text.escape.csv import to_csv
from ..text.escape.terminal import measure_width, one_line
from .compile import Compilation

COSTS = ("params", "trainable_params", "weight_bytes", "macs", "activation_bytes", "training_bytes")

Found = tuple[Variant, Sequence[Diagnostic]]


def table(name: str, found: Sequence[Found], strict: bool = False) -> str:
    """A row for each variant: its values, and `ok` or the first of its mistakes."""
    paths = [axis.path for axis, _ in found[0][0].choices]
    verdicts = [_judge_variant(each, strict) for _, each in found]
    rows = [(*paths, ""), *((*variant.texts, verdict) for (variant, _), verdict in zip(found, verdicts, strict=True))]
    shown = [tuple(map(one_line, row)) for row in rows]
    widths = [max(measure_width(row[column]) for row in shown) for column in range(len(paths))]
    lines = [("  " + "  ".join(map(_pad_text, row, [*widths, 0]))).rstrip() for row in shown]
    failing = sum(verdict != "ok" for verdict in verdicts)
    fail = f"{failing} fail{'s' if failing == 1 else ''}" if failing else "all are sound"
    return "\n".join([f"{one_line(name)}: {len(found)} variant{'s' if len(found) > 1 else ''}, {fail}", *lines])


def costs(
    found: Iterable[tuple[Variant | None, Compilation]], batch_size: int | None, sizes: Mapping[str, int]
) -> tuple[str, bool]:
    """CSV with a heading, and whether all variants are sound.

    A line holds the values of a variant's axes, its costs, and its first mistake if it has one. Bytes of outputs are for
    the batch; a cost that rests on a size known only at run time is an expression.
    """
    rows: list[list[str]] = []
    sound = True
    for index, (variant, compilation) in enumerate(found):
        if index == 0:
            rows.append([*(axis.path for axis, _ in (variant.choices if variant else ())), *COSTS, "error"])
        rows.append([*(variant.texts if variant else ()), *_list_costs(compilation, batch_size, sizes)])
        sound &= compilation.ok
    return to_csv(rows), sound


def _list_costs(compilation: Compilation, batch_size: int | None, sizes: Mapping[str, int]) -> list[str]:
    if not compilation.ok or compilation.typed is None or compilation.spec is None:
        return [*("" for _ in COSTS), _judge_variant(compilation.diagnostics, False)]
    found = count_costs(compilation.typed, batch_size or compilation.spec.batch_size or 1, sizes)
    training = estimate_training_bytes(compilation.typed, compilation.spec, found)
    values = (found.params, found.trainable, found.weight_bytes, found.macs, found.activation_bytes, training)
    return [*map(str, values), ""]


def _judge_variant(found: Sequence[Diagnostic], strict: bool) -> str:
    wrong = [each for each in found if each.severity == "error" or (strict and each.severity == "warning")]
    if not wrong:
        return "ok"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return f"{wrong[0].severity}[{wrong[0].code.name}]: {wrong[0].message}{more}"


def _pad_text(text: str, size: int) -> str:
    return text + " " * max(0, size - measure_width(text))
