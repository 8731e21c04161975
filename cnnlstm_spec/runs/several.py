"""Several runs of one spec: its folds, seeds and the variants of its matrix, each in a folder of its own, some at a time."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import Any

from ..compiler import interrupts
from ..compiler.backend import explain_failure
from ..compiler.compile import Compilation
from ..compiler.variants import sweep
from ..ir.program import Unbuildable
from ..spec.data.splits import Split
from ..text.edits.matrix import name_folders
from ..text.files import PathError
from ..text.frozen import dataclass
from ..text.missing import explain_missing
from ..text.source import Source
from .ending import FOUND, REFUSED, Ending
from .folder import RunFolder
from .run import Orders, run
from .samples import DataError
from .train.watch import Watch

RUNS = "runs.csv"


@dataclass(frozen=True)
class RunJob:
    """What a process needs for one run: nothing but plain values goes to it."""

    name: str
    text: str
    overrides: tuple[str, ...]
    matrix: tuple[str, ...]
    folder: str | None
    variant: int | None
    """Its place among the variants of the matrix; None of a spec without one."""
    output: str
    label: str
    """What the run is called beside the others; empty where it is the only one."""
    orders: Orders


def compile_job(job: RunJob, more: tuple[str, ...] = ()) -> Compilation:
    """The spec of a run; `more` are overrides beside those of the command line."""
    below = None if job.folder is None else File(job.folder)
    orders = job.orders
    given = ((*job.overrides, *more), job.matrix, below, orders.allow_imports, orders.allow_outside, sys.maxsize)
    prepared = sweep(Source(job.name, job.text), *given)
    return prepared.compile_plain() if job.variant is None else prepared.compile(prepared.variants[job.variant])


def list_jobs(plain: RunJob, seeds: Sequence[int], compiled: Callable[[RunJob], Compilation]) -> list[RunJob]:
    """A job for each fold, seed and variant, its folder below that of the plain one: `fold-0/seed-3/VARIANT`."""
    orders = plain.orders
    below = None if plain.folder is None else File(plain.folder)
    given = (plain.overrides, plain.matrix, below, orders.allow_imports, orders.allow_outside, sys.maxsize)
    variants = list(sweep(Source(plain.name, plain.text), *given).variants)
    names: list[str | None] = [*name_folders(variants)] if variants else [None]
    jobs: list[RunJob] = []
    for place, name in enumerate(names):
        for seed in seeds or (None,):
            overrides = plain.overrides if seed is None else (*plain.overrides, f"seed={seed}")
            variant = None if name is None else place
            one = replace(plain, overrides=overrides, variant=variant)
            for fold in _list_folds(compiled(one)):
                parts = [f"fold-{fold}" if fold is not None else None, f"seed-{seed}" if seed is not None else None, name]
                label = "/".join(part for part in parts if part is not None)
                output = str(File(plain.output, label)) if label else plain.output
                held = replace(orders, fold=fold)
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
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import active_children, get_context

    # A fork of a process in which TensorFlow runs may hang; a fresh one imports it anew.
    count, context = min(workers, len(jobs)), get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=interrupts.heed_in_worker) as pool:
        try:
            with interrupts.hold_interrupts():
                waiting = {pool.submit(run_job, job): job for job in jobs}
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                if process.pid is not None:
                    os.kill(process.pid, signal.SIGINT)
            raise


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
