"""Several runs of one spec: its folds, seeds and the variants of its matrix, each in a folder of its own, some at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import Any

from ..compiler import interrupts
from ..compiler.backend import explain_failure
from ..compiler.compile import Compilation
from ..compiler.processes import SentSpec, run_side_by_side
from ..ir.program import Unbuildable
from ..spec.data.splits import Split
from ..text.edits.matrix import name_folders
from ..text.files import PathError
from ..text.frozen import dataclass
from ..text.missing import explain_missing
from .ending import FOUND, REFUSED, Ending
from .folder import RunFolder
from .run import Orders, run
from .samples import DataError
from .train.watch import Watch

RUNS = "runs.csv"


@dataclass(frozen=True)
class RunJob:
    """What a process needs for one run."""

    spec: SentSpec
    variant: int | None
    """Its place among the variants of the matrix; None of a spec without one."""
    output: str
    label: str
    """What the run is called beside the others; empty where it is the only one."""
    orders: Orders


def compile_job(job: RunJob, more: tuple[str, ...] = ()) -> Compilation:
    """The spec of a run; `more` are overrides beside those of the command line."""
    prepared = replace(job.spec, overrides=(*job.spec.overrides, *more)).prepare()
    return prepared.compile_plain() if job.variant is None else prepared.compile(prepared.variants[job.variant])


def list_jobs(plain: RunJob, seeds: Sequence[int], compiled: Callable[[RunJob], Compilation]) -> list[RunJob]:
    """A job for each fold, seed and variant, its folder below that of the plain one: `fold-0/seed-3/VARIANT`."""
    variants = list(plain.spec.prepare().variants)
    names: list[str | None] = [*name_folders(variants)] if variants else [None]
    jobs: list[RunJob] = []
    for place, name in enumerate(names):
        for seed in seeds or (None,):
            overrides = plain.spec.overrides if seed is None else (*plain.spec.overrides, f"seed={seed}")
            variant = None if name is None else place
            one = replace(plain, spec=replace(plain.spec, overrides=overrides), variant=variant)
            for fold in _list_folds(compiled(one)):
                parts = [f"fold-{fold}" if fold is not None else None, f"seed-{seed}" if seed is not None else None, name]
                label = "/".join(part for part in parts if part is not None)
                output = str(File(plain.output, label)) if label else plain.output
                held = replace(plain.orders, fold=fold)
                jobs.append(replace(one, output=output, label=label, orders=held))
    return jobs


def _list_folds(compilation: Compilation) -> Sequence[int | None]:
    data = compilation.spec.data if compilation.spec is not None else None
    if data is None or not isinstance(data.validation, Split) or data.validation.folds is None:
        return (None,)
    return range(data.validation.folds)


def run_job(job: RunJob, watch: Watch | None = None) -> Ending:
    """Runs it, in this process; what is amiss is told in the ending, as a status and a line."""
    with interrupts.allow_interrupts():
        try:
            return run(partial(compile_job, job), RunFolder(File(job.output)), job.orders, watch or Watch())
        except DataError as error:
            return Ending(FOUND, error.problems)
        except PathError as error:
            return Ending(REFUSED, (str(error),))
        except Unbuildable as error:
            return Ending(FOUND, (str(error),))
        except ImportError as error:
            if (missing := explain_missing(error)) is None:
                raise
            return Ending(REFUSED, (missing,))
        except Exception as error:
            # Of several processes each fails where another is lost, which is told first.
            if job.orders.team is not None or (failure := explain_failure(error)) is None:
                raise
            return Ending(FOUND, failure)


def run_all(jobs: Sequence[RunJob], workers: int, watch_of: Callable[[RunJob], Watch]) -> Iterator[tuple[RunJob, Ending]]:
    """Runs them, and gives each ending as it comes; more than one at a time say nothing until they end."""
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            yield job, run_job(job, watch_of(job))
        return
    yield from run_side_by_side(run_job, jobs, workers)


def write_runs_table(jobs: Sequence[RunJob]) -> str:
    """`runs.csv`: a row a run with its best epoch and what Keras logged of it; of folds and seeds the mean and the spread.

    Variants of a matrix have a mean each: that of different models says nothing.
    """
    rows: dict[int | None, list[dict[str, Any]]] = {}
    for job in jobs:
        manifest = RunFolder(File(job.output)).read_manifest()
        best = manifest.best if manifest is not None else None
        row = {"run": job.label, **({"best_epoch": None} if best is None else {"best_epoch": best.epoch, **best.metrics})}
        rows.setdefault(job.variant, []).append(row)
    every = [row for alike in rows.values() for row in alike]
    names = list(dict.fromkeys(name for row in every for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(every)
    for alike in rows.values():
        for label, of in (("mean", _compute_mean), ("spread", _spread)) if len(alike) > 1 else ():
            values = {name: of([row[name] for row in alike if isinstance(row.get(name), float)]) for name in names[2:]}
            # A variant is the last part of what its runs are called.
            named = f"{label}/{alike[0]['run'].rpartition('/')[2]}" if len(rows) > 1 else label
            writer.writerow({"run": named, **{name: value for name, value in values.items() if value is not None}})
    return stream.getvalue()


def _compute_mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _spread(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample."""
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    return float((sum((each - mean) ** 2 for each in values) / (len(values) - 1)) ** 0.5)
