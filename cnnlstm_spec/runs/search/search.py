"""A search: trials drawn and trained until there are as many as are wanted. Killed at any moment, it goes on with what it had.

A trial that was cut off is gone on with under its own number; each draw depends on what is in the study alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from ...compiler.artifact.write import remove_folder
from ...compiler.processes import SentSpec
from ...compiler.variants import Sweep
from ...text.edits.overrides import read_overrides, set_all
from ...text.frozen import dataclass
from ...text.nodes import to_value
from ..samples import DataError
from ..train.watch import Watch
from .best import make_best
from .document import SearchReport
from .draw import Drawn, Draws
from .pictures import make_pictures
from .place import BEST_SPEC, REPORT, TABLE, SearchFolder
from .space import make_distributions
from .study import BEST_EPOCH, EPOCHS, OUTCOME, REASON, Design, open_study
from .table import make_report, to_table
from .trial import TrialEnding, TrialJob, run_trial
from .variant import prepare
from .workers import LocalWorker, train_side_by_side

if TYPE_CHECKING:
    import optuna

    from ...spec.search import SearchSpec

Engine = Literal["processes", "ray"]
ALIKE = 3
"""So many trials in a row that fail with the same words end a search: it is no matter of their values."""


@dataclass(frozen=True)
class SearchOrders:
    """What is searched, and where it is kept."""

    spec: SentSpec
    search: SearchSpec
    design: Design
    place: SearchFolder
    owner: str
    written: object
    """The document as it is written, without its overrides, as plain values."""
    jobs: int
    engine: Engine = "processes"
    """What trains: processes of this machine, or of a Ray cluster."""


def search(
    orders: SearchOrders, tell: Callable[[TrialJob, TrialEnding], None], watch: Callable[[TrialJob], Watch]
) -> SearchReport:
    """Runs it to its end, and writes the folder. Raises DataError where the study cannot be opened, or trials fail alike."""
    study, base = open_study(orders.design), prepare(orders.spec)
    assert orders.search.trials is not None
    draws = Draws(study, make_distributions(orders.search.space), base, orders.owner, orders.search.trials)
    alike: list[tuple[str, ...]] = []
    for job, ending in _iterate_endings(orders, draws, watch):
        _note(study, job, ending, orders.place)
        tell(job, ending)
        alike = [*alike, ending.lines] if ending.outcome == "failed" and ending.lines in (alike or [ending.lines]) else []
        if len(alike) == ALIKE:
            write_results(orders, study, base, f"{ALIKE} trials in a row failed alike")
            raise DataError([f"{ALIKE} trials in a row failed alike:", *ending.lines])
        write_results(orders, study, base, None, is_last=False)
    return write_results(orders, study, base, None if draws.is_enough() else draws.explain_exhausted())


def write_results(
    orders: SearchOrders, study: optuna.Study, base: Sweep, ended: str | None, is_last: bool = True
) -> SearchReport:
    """The table, the best spec and the best run; at the end what matters, and the pictures."""
    assert orders.search.objective is not None and orders.search.trials is not None
    place = orders.place
    report = make_report(study, orders.search.objective, orders.search.trials, orders.owner, ended, is_last)
    best = next((each for each in report.trials if each.number == report.best), None)
    if best is not None:
        from .space import to_flow

        texts = tuple(f"{path}={to_flow(each)}" for path, each in best.values.items())
        assert base.document is not None
        after = to_value(set_all(base.document, read_overrides(texts, []), []))
        told = f"{report.objective} {best.value:.6g}, trial {best.number} of a search"
        if os.path.relpath(orders.spec.name, place.path).startswith(os.pardir):
            told += "; --allow-outside lets it extend a file above this folder"
        place.put(BEST_SPEC, make_best(orders.spec.name, place.path, orders.written, after, told).encode())
        if best.run is not None:
            place.keep_best(best.number)
    place.put(TABLE, to_table(report).encode())
    place.put(REPORT, (report.to_json() + "\n").encode())
    if is_last:
        for name, data in make_pictures(report).items():
            place.put(name, data)
    return report


def _note(study: optuna.Study, job: TrialJob, ending: TrialEnding, place: SearchFolder) -> None:
    """Tells the study how a trial ended, last of all its state: until then it counts as cut off."""
    from optuna.trial import TrialState

    states = {"completed": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "diverged": TrialState.PRUNED}
    notes = {OUTCOME: ending.outcome, BEST_EPOCH: ending.best_epoch, EPOCHS: ending.epochs}
    for name, value in notes.items():
        if value is not None:
            study._storage.set_trial_user_attr(job.id, name, value)
    if ending.lines:
        study._storage.set_trial_user_attr(job.id, REASON, "; ".join(ending.lines)[:1000])
    study.tell(job.number, ending.value, state=states.get(ending.outcome, TrialState.FAIL))
    if ending.outcome in ("pruned", "failed"):
        remove_folder(place.find_trial(job.number))


def _iterate_endings(
    orders: SearchOrders, draws: Draws, watch: Callable[[TrialJob], Watch]
) -> Iterator[tuple[TrialJob, TrialEnding]]:
    """Each trial as it ends; those that were cut off come first."""
    waiting = draws.find_left_over()

    def take() -> TrialJob | None:
        one = waiting.pop(0) if waiting else draws.draw_next()
        return None if one is None else _make_job(orders, one)

    if orders.engine == "ray":
        from .ray_workers import hire_in_cluster

        with hire_in_cluster(orders.jobs) as hire:
            yield from train_side_by_side(orders.jobs, hire, take)
        return
    if orders.jobs == 1:
        while (job := take()) is not None:
            yield job, run_trial(job, watch(job), draws.study)
        return
    yield from train_side_by_side(orders.jobs, LocalWorker, take)


def _make_job(orders: SearchOrders, one: Drawn) -> TrialJob:
    assert orders.search.objective is not None
    output = str(orders.place.find_trial(one.number))
    return TrialJob(orders.spec, orders.design, one.number, one.id, one.texts, output, orders.search.objective)
