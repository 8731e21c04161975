"""`train SPEC -o DIR`: the model trained as `data` and `fit` say."""

from __future__ import annotations

import csv
import io
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..compiler import interrupts
from ..compiler.backend import find_backend
from ..text.escape.terminal import make_line_safe
from ..text.files import PathError
from .options import (
    FOUND,
    add_matrix_option,
    allow_outside,
    color_option,
    imports_option,
    load_sweep,
    need_sound,
    read_folder,
    set_option,
    show,
    spec_argument,
    write_file,
)
from .run_options import tell_people
from .terminal import note, write
from .watching import TerminalWatch

if TYPE_CHECKING:
    from ..runs.ending import Ending
    from ..runs.several import RunJob
    from ..runs.together.seat import Seat

UNUSABLE, INTERRUPTED = 2, 130
SEEDS = re.compile(r"(\d+)\.\.(\d+)|\d+(,\d+)*")
SHARING = ("tensorflow", "jax")
"""The backends with which several devices share a batch."""
PROCESS = re.compile(r"(\d{1,4})/(\d{1,4})")
MOST = 1000


def _read_seeds(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    if value is None:
        return ()
    found = SEEDS.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"`{value}` is neither a range such as `0..4` nor a list such as `1,2,3`")
    if found[1] is None:
        return tuple(dict.fromkeys(map(int, value.split(","))))
    first, last = int(found[1]), int(found[2])
    if last < first or last - first >= MOST:
        raise click.BadParameter(f"`{value}` runs from the least seed to the greatest, at most {MOST} of them")
    return tuple(range(first, last + 1))


def _read_process(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = PROCESS.fullmatch(value)
    number, count = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    if number >= count:
        raise click.BadParameter(f"`{value}` is no process of several: `0/2` is the first of two, `1/2` the second")
    return number, count


def _read_coordinator(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise click.BadParameter(f"`{value}` is no host with a port, such as `10.0.0.1:9911`")
    return host.removeprefix("[").removesuffix("]"), int(port)


@click.command("train")
@spec_argument
@click.option("-o", "--output", "folder", metavar="DIR", required=True, callback=read_folder, help="The folder of the run.")
@click.option("--force", is_flag=True, help="Start anew in DIR, whatever lies there.")
@click.option("--resume", is_flag=True, help="Go on with the run in DIR that was killed, interrupted, or is to have more epochs.")
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="In place of `fit.epochs`.")
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="In place of `fit.batch_size`.")
@click.option("--seeds", callback=_read_seeds, metavar="A..B", help="A run for each seed: `0..4`, or `1,2,3`.")
@click.option("--devices", type=click.Choice(["one", "all"]), default="one", help="Whether all devices share each batch.")
@click.option(
    "--process", callback=_read_process, metavar="I/N", help="Which of N processes, from 0 on, this is; with --coordinator."
)
@click.option(
    "--coordinator", callback=_read_coordinator, metavar="HOST:PORT", help="Where process 0 listens, without a password."
)
@click.option(
    "--engine", type=click.Choice(["processes", "ray"]), default="processes", help="What starts the processes: see below."
)
@click.option("--workers", type=click.IntRange(2, MOST), metavar="N", help="How many processes, this one too; with --engine ray.")
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="N", help="How many runs to train at a time.")
@color_option
@set_option
@imports_option
@add_matrix_option
def command(
    spec: str,
    folder: File,
    force: bool,
    resume: bool,
    epochs: int | None,
    batch_size: int | None,
    seeds: tuple[int, ...],
    devices: str,
    process: tuple[int, int] | None,
    coordinator: tuple[str, int] | None,
    engine: str,
    workers: int | None,
    jobs: int,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
    matrix: tuple[str, ...],
) -> int:
    """Train the model on the data of the spec, and write model.keras, history.csv and manifest.json to DIR.

    `model.keras` has the weights of the best epoch. A run of the same spec, data and versions that lies in DIR is left alone,
    and of another nothing is touched, unless --force is given. Folds, --seeds and a `matrix` make several runs, each in a
    folder of its own.

    With KERAS_BACKEND=jax, N processes on one machine or several train one model together, each started by a line such as
    `--coordinator 10.0.0.1:9911 --process 0/2`. They read their data each for itself; process 0 writes DIR. They trust whoever
    can reach the port, and the other ports that JAX opens: keep them within a network of your own.

    With `--engine ray --workers N` this process is the first of N, and starts the others in the Ray cluster that RAY_ADDRESS
    names, else in one of this machine. The spec and the data must be at the same place on every node.

    Status: 0 trained, 1 findings, 2 refused, 3 the loss became NaN, 4 another process is lost, 130 interrupted.
    """
    from ..compiler.processes import make_sent
    from ..runs.compare import compare_runs, to_text
    from ..runs.run import Orders, describe_needs
    from ..runs.several import RUNS, RunJob, compile_job, list_jobs, run_all, write_runs_table

    seat = _find_seat(process, coordinator)
    if (engine == "ray") != (workers is not None):
        raise click.UsageError("`--engine ray` and `--workers` go together")
    if workers is not None and (seat is not None or spec == "-"):
        other = "`--process` says which one of them this is" if seat is not None else "they need the spec as a file"
        raise click.UsageError(f"`--engine ray` starts the other processes, and {other}")
    together = seat is not None or workers is not None
    if together:
        _check_together(jobs)
    if devices == "all" and find_backend() not in SHARING:
        raise click.UsageError(f"`--devices all` is there for {' and '.join(SHARING)} alone; this is {find_backend()}")
    if force and resume:
        raise click.UsageError("`--force` starts anew, `--resume` goes on: give one of them")
    given = [f"fit.{name}={value}" for name, value in (("epochs", epochs), ("batch_size", batch_size)) if value is not None]
    overrides = (*overrides, *given)
    prepared = load_sweep(spec, overrides, matrix, color, allow_imports)
    found = [prepared.compile_plain()] if not prepared.variants else [each for _, each in prepared.find_all()]
    for each in found:
        show(each.diagnostics, color, sys.stderr)
        need_sound(each)
        if (lacking := describe_needs(each)) is not None:
            note(f"Error: {lacking}")
            return FOUND
    orders = Orders(force, resume, allow_outside(), allow_imports, all_devices=devices == "all")
    plain = RunJob(make_sent(prepared, overrides, matrix, allow_outside()), None, str(folder), "", orders)
    planned = list_jobs(plain, seeds, compile_job)
    said = _write_options_again(overrides, matrix, seeds, allow_imports) + (["--devices", "all"] if devices == "all" else [])
    endings = run_all(planned, jobs, _make_watch)
    if workers is not None:
        anew = ["--force"] if force else ["--resume"] if resume else []
        endings = _run_in_cluster(planned, workers, ["train", spec, "-o", str(folder), *said, *anew])
        said += ["--engine", engine, "--workers", str(workers)]
    if seat is not None:
        endings = _run_together(planned, seat)
        said += ["--coordinator", seat.write_address(seat.port), "--process", f"{seat.number}/{seat.count}"]
    status = 0
    try:
        for job, ending in endings:
            status = max(status, ending.status)
            prefix = f"{job.label}: " if job.label else ""
            for line in ending.lines:
                (write if ending.status in (0, 3) else note)(f"{prefix}{line}" + ("\n" if ending.status in (0, 3) else ""))
        writes = seat is None or seat.number == 0
        if len(planned) > 1 and writes and (not together or status in (0, 3)):
            table = write_runs_table(planned)
            write_file(folder / RUNS, table.encode(), "name another folder")
            write(f"\n{_align_columns(table)}\n")
            if prepared.variants and status == 0:
                write(f"\n{to_text(compare_runs([File(job.output) for job in planned], allow_imports))}\n")
    except PathError as error:
        raise click.ClickException(str(error)) from None
    except BaseException:
        if not interrupts.was_interrupted():
            raise
        line = shlex.join(["cnnlstm-spec", "train", spec, "-o", str(folder), *said, "--resume"])
        note(f"\ninterrupted; the epochs that have ended are saved, and this goes on with them:\n  {make_line_safe(line)}")
        return INTERRUPTED
    return status


def _make_watch(job: RunJob) -> TerminalWatch:
    return TerminalWatch(f"{job.label}: " if job.label else "")


def _find_seat(process: tuple[int, int] | None, coordinator: tuple[str, int] | None) -> Seat | None:
    """Which of several processes this is; None where there is one, or this one starts the others."""
    from ..runs.together.seat import Seat

    if process is None and coordinator is None:
        return None
    if process is None or coordinator is None:
        raise click.UsageError("`--process` and `--coordinator` go together")
    return Seat(*coordinator, *process)


def _check_together(jobs: int) -> None:
    """Whether several processes can train one model here."""
    if jobs > 1:
        raise click.UsageError("`--jobs` trains several models at a time, several processes train one: give one of them")
    if (backend := find_backend()) != "jax":
        raise click.UsageError(f"several processes train together with `KERAS_BACKEND=jax` alone; this is {backend}")


def _run_together(planned: Sequence[RunJob], seat: Seat) -> Iterator[tuple[RunJob, Ending]]:
    from ..runs.together.train import run_together

    return run_together(planned, seat, lambda job: partial(_make_watch, job))


def _run_in_cluster(planned: Sequence[RunJob], workers: int, arguments: Sequence[str]) -> Iterator[tuple[RunJob, Ending]]:
    """The same with processes of a Ray cluster, each of which is given the arguments."""
    with tell_people():
        from ..runs.reading.libraries import import_needed

        import_needed("ray", "`--engine ray`", "ray")
        from ..runs.together.ray_seats import fill_seats

        with fill_seats(workers, arguments) as others:
            yield from _run_together(planned, others.seat)
        for line in others.said:
            note(make_line_safe(line))


def _write_options_again(
    overrides: tuple[str, ...], matrix: tuple[str, ...], seeds: tuple[int, ...], allow_imports: bool
) -> list[str]:
    """The options with which the same runs are meant."""
    found = [part for each in overrides for part in ("--set", each)]
    found += [part for each in matrix for part in ("--matrix", each)]
    found += ["--seeds", ",".join(map(str, seeds))] if seeds else []
    found += ["--allow-imports"] if allow_imports else []
    return found + (["--allow-outside"] if allow_outside() else [])


def _align_columns(table: str) -> str:
    """A table of commas as columns."""
    rows = [[_shorten(cell) for cell in row] for row in csv.reader(io.StringIO(table))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows)


def _shorten(cell: str) -> str:
    try:
        return cell if cell.isdigit() else f"{float(cell):.4g}"
    except ValueError:
        return make_line_safe(cell)
