"""One trial: a run like any other, whose epochs go to the study, and which ends where it has no hope. Imports Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal

from ...compiler import interrupts
from ...compiler.backend import explain_failure, is_of_keras
from ...compiler.compile import Compilation
from ...compiler.processes import SentSpec
from ...emit.keras.quiet import silence
from ...ir.inference import describe_error
from ...ir.program import Unbuildable
from ...text.files import PathError
from ...text.frozen import dataclass
from ...text.missing import explain_missing
from ..ending import DIVERGED, DONE
from ..folder import LAST, RunFolder
from ..run import Orders, run
from ..samples import DataError
from ..train.watch import Watch
from .study import ASKED, Design, is_hopeless, open_study
from .variant import compile_variant, prepare

if TYPE_CHECKING:
    import optuna

Outcome = Literal["completed", "pruned", "diverged", "failed"]


@dataclass(frozen=True)
class TrialJob:
    """What a process needs to train a trial."""

    spec: SentSpec
    design: Design
    number: int
    id: int
    """As the storage knows it."""
    texts: tuple[str, ...]
    output: str
    objective: str


@dataclass(frozen=True)
class TrialEnding:
    """How it ended."""

    outcome: Outcome
    value: float | None = None
    epochs: int | None = None
    best_epoch: int | None = None
    lines: tuple[str, ...] = ()
    """What there is to say of one that has failed."""


class Hopeless(Exception):
    """The pruner has ended the trial."""


class TrialWatch(Watch):
    """Tells the study of each epoch, and another watch of all."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial, objective: str, epochs: int, other: Watch) -> None:
        self.study, self.trial, self.objective, self.epochs, self.other = study, trial, objective, epochs, other

    def begin(self, epochs: int, steps: int) -> None:
        self.other.begin(epochs, steps)

    def end_step(self, epoch: int, done: int, samples: int) -> None:
        interrupts.check()
        self.other.end_step(epoch, done, samples)

    def say(self, text: str) -> None:
        self.other.say(text)

    def end_epoch(self, epoch: int, phase: str, logs: Mapping[str, float], seconds: float, samples: int) -> None:
        self.other.end_epoch(epoch, phase, logs, seconds, samples)
        self.tell(epoch, logs.get(self.objective))

    def tell(self, epoch: int, value: float | None) -> None:
        """Raises Hopeless where the pruner says so."""
        if value is None:
            return
        self.trial.report(value, epoch)
        self.ask(epoch)

    def ask(self, epoch: int) -> None:
        """Asks the pruner, and notes first that it was asked; after the last epoch there is nothing to save."""
        if epoch >= self.epochs:
            return
        noted = sorted(self.study._storage.get_trial(self.trial._trial_id).system_attrs)
        self.trial.set_user_attr(ASKED, {"epoch": epoch, "noted": noted})
        if self.trial.should_prune():
            raise Hopeless

    def take_up(self, kept: bytes | None) -> None:
        """Tells of an epoch that was saved and not told, and asks again where no answer to a question is known."""
        told = self.study._storage.get_trial(self.trial._trial_id)
        asked: dict[str, Any] = told.user_attrs.get(ASKED) or {}
        last = told.last_step
        if last is not None and asked.get("epoch") == last:
            if is_hopeless(self.study, self.trial.number, asked["noted"]):
                raise Hopeless
        elif last is not None:
            self.ask(last)
        if kept is None:
            return
        with silence():
            from ..train.keep import unpack_mark

        for row in unpack_mark(kept)[1].rows:
            if row["epoch"] > (last or 0):
                self.tell(row["epoch"], row.get(self.objective))


def count_epochs(compilation: Compilation) -> int:
    """How many epochs a sound spec trains at most."""
    assert compilation.spec is not None and compilation.spec.fit is not None
    fit = compilation.spec.fit
    return sum(each.epochs for each in fit.phases) if fit.phases else fit.epochs or 1


def run_trial(job: TrialJob, watch: Watch | None = None, study: optuna.Study | None = None) -> TrialEnding:
    """Trains it, or goes on with it; what is amiss is told in the ending."""
    with interrupts.allow_interrupts():
        try:
            return _run(job, watch or Watch(), study or open_study(job.design))
        except DataError as error:
            return TrialEnding("failed", lines=error.problems)
        except (PathError, Unbuildable) as error:
            return TrialEnding("failed", lines=(str(error),))
        except ImportError as error:
            if (missing := explain_missing(error)) is None:
                raise
            return TrialEnding("failed", lines=(missing,))
        except Exception as error:
            if not is_of_keras(error):
                raise
            return TrialEnding("failed", lines=explain_failure(error) or (describe_error(error),))


def _run(job: TrialJob, watch: Watch, study: optuna.Study) -> TrialEnding:
    import optuna

    base = prepare(job.spec)

    def recompile(more: tuple[str, ...]) -> Compilation:
        return compile_variant(base, (*job.texts, *more))

    folder = RunFolder(File(job.output))
    told = TrialWatch(study, optuna.Trial(study, job.id), job.objective, count_epochs(recompile(())), watch)
    spec = job.spec
    orders = Orders(resume=True, allow_outside=spec.allow_outside, allow_imports=spec.allow_imports)
    try:
        told.take_up(folder.read(LAST))
        ending = run(recompile, folder, orders, told)
    except Hopeless:
        last = study._storage.get_trial(job.id).last_step
        return TrialEnding("pruned", epochs=last)
    if ending.status not in (DONE, DIVERGED):
        return TrialEnding("failed", lines=ending.lines)
    manifest = folder.read_manifest()
    if manifest is None or manifest.best is None:
        return TrialEnding("diverged", epochs=None if manifest is None else manifest.epochs)
    best = manifest.best
    value = best.metrics.get(job.objective)
    return TrialEnding("diverged" if value is None else "completed", value, manifest.epochs, best.epoch)


__all__ = ["TrialEnding", "TrialJob", "run_trial"]
