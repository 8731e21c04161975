"""The variants of a spec: a table of which of them fail and why, and their costs as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..model.costs import count_costs, estimate_training_bytes
from ..text.diagnostic import Diagnostic
from ..text.edits.matrix import MatrixAxis, Variant
from ..text.escape.csv import to_csv
from ..text.escape.terminal import make_line_safe, measure_width
from .compile import Compilation

OK = "ok"
COSTS = ("params", "trainable_params", "weight_bytes", "macs", "activation_bytes", "training_bytes")


class Table:
    """A row for each variant, as it comes: its values, and `ok` or the first of its mistakes. Below them how many fail."""

    def __init__(self, name: str, axes: Sequence[MatrixAxis], strict: bool = False) -> None:
        self.name, self.axes, self.strict = name, axes, strict
        shown = [[make_line_safe(text) for text in (axis.path, *axis.texts.values())] for axis in axes]
        self.widths = [max(map(measure_width, texts)) for texts in shown]
        self.count = self.failing = 0

    def write_head(self) -> str:
        """The paths of the axes."""
        return self._lay_out([axis.path for axis in self.axes], "")

    def write_row(self, variant: Variant, found: Iterable[Diagnostic]) -> str:
        """The next variant."""
        verdict = _judge_variant(found, self.strict)
        self.count += 1
        self.failing += verdict != OK
        return self._lay_out(variant.texts, verdict)

    def write_end(self) -> str:
        """How many there were, and how many of them fail."""
        fail = f"{self.failing} fail{'s' if self.failing == 1 else ''}" if self.failing else "all are sound"
        return f"{make_line_safe(self.name)}: {self.count} variant{'s' if self.count > 1 else ''}, {fail}"

    def _lay_out(self, texts: Iterable[str], verdict: str) -> str:
        cells = [_pad_text(make_line_safe(text), width) for text, width in zip(texts, self.widths, strict=True)]
        return ("  " + "  ".join([*cells, make_line_safe(verdict)])).rstrip()


def write_table(name: str, axes: Sequence[MatrixAxis], found: Iterable[tuple[Variant, Sequence[Diagnostic]]]) -> str:
    """The whole table."""
    made = Table(name, axes)
    rows = [made.write_row(variant, each) for variant, each in found]
    return "\n".join([made.write_head(), *rows, made.write_end()])


def write_costs(
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


def _judge_variant(found: Iterable[Diagnostic], strict: bool) -> str:
    wrong = [each for each in found if each.severity == "error" or (strict and each.severity == "warning")]
    if not wrong:
        return OK
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return f"{wrong[0].severity}[{wrong[0].code.name}]: {wrong[0].message}{more}"


def _pad_text(text: str, size: int) -> str:
    return text + " " * max(0, size - measure_width(text))
