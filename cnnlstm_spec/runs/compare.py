"""Runs and exported files side by side: what each is worth, costs, and how fast it is here. Imports Keras through `finished`."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from statistics import median, quantiles
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ..compiler.artifact.ownership import MANIFEST
from ..ir.size import Size
from ..model.costs import count_costs
from ..ops.input import InputOp
from ..text.document import Count, Document, LeftOut
from ..text.escape.terminal import make_line_safe, measure_width
from ..text.files import find_sort, list_entries
from .export.place import DOCUMENT
from .finished import Finished, open_run
from .measure.document import MeasuredValue
from .samples import DataError

if TYPE_CHECKING:
    import keras

OPEN_SIZE = 32
"""Stands for sizes that are known only at run time."""
BATCH, TIMES, WARM_UP = 32, 30, 3
DEEP = 3
"""Folders between one that is named and a run: fold, seed and variant."""


class ComparedRun(Document):
    """A run, or a file of an export."""

    run: str
    """Its folder, or the file, as it was named."""
    format: LeftOut[str] = None
    """Of an exported file."""
    part: LeftOut[str] = None
    """What its metrics are of; left out where nothing was measured."""
    samples: LeftOut[Count] = None
    metrics: dict[str, MeasuredValue]
    params: LeftOut[Count] = None
    """Of a run."""
    macs: LeftOut[Count] = None
    """Multiply-adds a sample, of a run; a size that is known only at run time counts as 32."""
    bytes: Count
    """Of `model.keras`, or of the exported file."""
    milliseconds: float
    """A sample by itself, on this machine: the median."""
    milliseconds_99: float
    """The 99th percentile."""
    samples_per_second: float
    """In batches of 32, or of the model's own size."""
    difference: LeftOut[float] = None
    """Of an exported file, from Keras when it was exported."""


class Comparison(Document):
    """Runs side by side."""

    model_config = ConfigDict(title="cnnlstm-spec compare --format json")

    version: Literal[1]
    runs: Annotated[tuple[ComparedRun, ...], Field(min_length=1)]


def find_runs(folders: Sequence[File]) -> list[File]:
    """The runs that folders are, or hold. Raises DataError for one that is and holds none."""
    found: list[File] = []
    for folder in folders:
        below = _find_runs_below(folder, DEEP)
        if not below:
            raise DataError([f"`{folder}` holds no finished run, and no `{DOCUMENT}`"])
        found += [each for each in below if each not in found]
    return found


def _find_runs_below(folder: File, deep: int) -> list[File]:
    if find_sort(folder / MANIFEST) == "file" or find_sort(folder / DOCUMENT) == "file":
        return [folder]
    if deep == 0 or find_sort(folder) != "folder":
        return []
    return [run for each in list_entries(folder) if find_sort(each) == "folder" for run in _find_runs_below(each, deep - 1)]


def compare_runs(folders: Sequence[File], allow_imports: bool = False) -> Comparison:
    """Every run, its model timed; raises DataError where one cannot be read."""
    found: list[ComparedRun] = []
    for folder in folders:
        if find_sort(folder / MANIFEST) == "file":
            found.append(_compare(folder, open_run(folder, True, allow_imports)))
        else:
            found += _compare_files(folder)
    return Comparison(version=1, runs=tuple(found))


def _compare_files(folder: File) -> Iterator[ComparedRun]:
    from .export.speed import measure_file_time, read_export

    for file in read_export(folder).files:
        size, alone = measure_file_time(folder, file, 1)
        many, together = (size, alone) if file.batch_size is not None else measure_file_time(folder, file, BATCH)
        more: dict[str, Any] = {}
        if file.measured is not None:
            more = {"part": file.measured.part, "samples": file.measured.samples}
        yield ComparedRun(
            run=str(folder / file.path),
            format=file.format if file.quantize is None else f"{file.format} {file.quantize}",
            **more,
            metrics=dict(file.metrics or {}),
            bytes=file.bytes,
            difference=file.difference,
            **_compute_speed([each / size for each in alone], many / median(together)),
        )


def _compute_speed(alone: Sequence[float], rate: float) -> dict[str, Any]:
    """The figures of the seconds that a sample takes."""
    last = quantiles(alone, n=100, method="inclusive")[-1]
    return {
        "milliseconds": round(1000 * median(alone), 4),
        "milliseconds_99": round(1000 * last, 4),
        "samples_per_second": round(rate, 2),
    }


def _compare(folder: File, finished: Finished) -> ComparedRun:
    manifest, typed = finished.manifest, finished.compilation.typed
    assert manifest is not None and typed is not None
    costs = count_costs(typed, 1)
    more: dict[str, Any] = {}
    metrics: Mapping[str, MeasuredValue] = {}
    if manifest.evaluation is not None:
        more, metrics = {"part": manifest.evaluation.part, "samples": manifest.evaluation.samples}, manifest.evaluation.metrics
    elif manifest.best is not None:
        metrics = {name: MeasuredValue(value=value) for name, value in manifest.best.metrics.items()}
    return ComparedRun(
        run=str(folder),
        **more,
        metrics=dict(metrics),
        params=manifest.params.total,
        macs=_read_number(costs.macs),
        bytes=manifest.files["model.keras"].bytes,
        **_compute_speed(*measure_speed(finished)),
    )


def _read_number(size: Size) -> int:
    return size if isinstance(size, int) else size.evaluate(dict.fromkeys(size.symbols, OPEN_SIZE))


def measure_speed(finished: Finished) -> tuple[list[float], float]:
    """Seconds of a sample by itself, and samples a second in batches; of zeros, whose values cost as much as others."""
    model = finished.load()
    assert finished.compilation.spec is not None
    fixed = finished.compilation.spec.batch_size
    one, many = fixed or 1, fixed or BATCH
    alone = _measure_seconds(model, _make_zeros(finished, one))
    together = alone if one == many else _measure_seconds(model, _make_zeros(finished, many))
    return [each / one for each in alone], many / median(together)


def _measure_seconds(model: keras.Model, inputs: Mapping[str, object]) -> list[float]:
    fed = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    times = []
    for number in range(WARM_UP + TIMES):
        began = time.perf_counter()
        model.predict_on_batch(fed)
        if number >= WARM_UP:
            times.append(time.perf_counter() - began)
    return times


def _make_zeros(finished: Finished, batch: int) -> dict[str, object]:
    import numpy

    typed = finished.compilation.typed
    assert typed is not None
    found: dict[str, object] = {}
    for id in typed.graph.inputs:
        op, type = typed.nodes[id].node.op, typed.nodes[id].type
        assert isinstance(op, InputOp) and type is not None
        shape = (batch, *map(_read_number, type.sizes))
        dtype = "float32" if type.dtype == "bfloat16" else type.dtype
        if dtype == "string":
            import tensorflow

            found[op.branch] = tensorflow.constant([""] * batch)
            continue
        found[op.branch] = numpy.ones(shape, dtype) if op.input.padding_value is not None else numpy.zeros(shape, dtype)
        if op.input.mask_input is not None:
            found[op.input.mask_input] = numpy.ones(shape[:2], "bool")
    return found


WIDE = 120
"""Columns of a terminal that a table may take."""
MISSING, BEST_EPOCH = "-", "the best epoch"
COSTS = ("params", "macs", "bytes", "milliseconds", "milliseconds_99", "samples_per_second", "difference")


def to_csv(found: Comparison) -> str:
    """A row a run; of each metric its value and the ends of its interval."""
    metrics = list(dict.fromkeys(name for each in found.runs for name in each.metrics))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    ends = [(name, end) for name in metrics for end in ("value", "lower", "upper")]
    heading = [name if end == "value" else f"{name}_{end}" for name, end in ends]
    writer.writerow(["run", "part", "samples", *heading, *COSTS])
    for each in found.runs:
        values = [getattr(each.metrics[name], end, None) if name in each.metrics else None for name, end in ends]
        row = [each.run, each.part, each.samples, *values, *(getattr(each, name) for name in COSTS)]
        writer.writerow(["" if value is None else value for value in row])
    return stream.getvalue()


def to_text(found: Comparison) -> str:
    """Runs as rows of a table, or as its columns where it would be too wide else; costs that no run has are left out."""
    metrics = list(dict.fromkeys(name for each in found.runs for name in each.metrics))
    parts = {each.part or BEST_EPOCH for each in found.runs}
    heading = (
        "run",
        "measured on",
        *map(make_line_safe, metrics),
        "parameters",
        "multiply-adds",
        "bytes",
        "ms/sample",
        "99 %",
        "samples/s",
        "difference",
    )
    table = [heading, *(_make_row(each, metrics) for each in found.runs)]
    columns = [column for column in zip(*table, strict=True) if any(cell != MISSING for cell in column[1:])]
    if len(parts) == 1:
        del columns[1]
    lines = _align(list(zip(*columns, strict=True)))
    if max(map(measure_width, lines)) > WIDE and len(found.runs) < len(columns):
        lines = _align(columns)
    return "\n".join([f"metrics of {parts.pop()}" if len(parts) == 1 else "metrics of different samples", *lines])


def _make_row(compared: ComparedRun, metrics: Sequence[str]) -> tuple[str, ...]:
    return (
        make_line_safe(compared.run),
        make_line_safe(compared.part or BEST_EPOCH),
        *(_format_number(compared.metrics.get(name)) for name in metrics),
        MISSING if compared.params is None else f"{compared.params:,}",
        MISSING if compared.macs is None else f"{compared.macs:,}",
        f"{compared.bytes:,}",
        f"{compared.milliseconds:.3g}",
        f"{compared.milliseconds_99:.3g}",
        f"{compared.samples_per_second:,.0f}",
        MISSING if compared.difference is None else f"{compared.difference:.1e}",
    )


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    widths = [max(map(measure_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (size - measure_width(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _format_number(value: MeasuredValue | None) -> str:
    if value is None or value.value is None:
        return MISSING
    if value.lower is None or value.upper is None:
        return f"{value.value:.4g}"
    return f"{value.value:.4g} [{value.lower:.3g}, {value.upper:.3g}]"
