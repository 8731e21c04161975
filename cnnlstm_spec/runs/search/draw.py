"""Draws of a study: each a variant, which is trained if it is sound and new. Imports no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ...compiler.variants import Sweep
from ...text.frozen import dataclass
from ..run import describe_needs
from .grid import Combination, Grid, make_grid
from .space import to_texts
from .study import CODES, OUTCOME, OWNER, REASON, SOUND, draw_values
from .table import counts
from .variant import compile_variant

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

IN_A_ROW, TIMES = 50, 20
"""So many draws in a row that are no trials, or so many times the trials that are wanted, end a search."""


@dataclass(frozen=True)
class Drawn:
    """A trial that is to be trained."""

    number: int
    id: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Draws:
    """What a process draws from a study."""

    study: optuna.Study
    space: Mapping[str, BaseDistribution]
    base: Sweep
    owner: str
    wanted: int

    @cached_property
    def grid(self) -> Grid | None:
        """The values of the space, where they can be counted."""
        return make_grid(self.space)

    def find_left_over(self) -> list[Drawn]:
        """Trials of this folder that were cut off, but for those that came a moment after another process's."""
        seen = self.study.get_trials(deepcopy=False)
        ours = [each for each in seen if each.state.name == "RUNNING" and each.user_attrs.get(OWNER) == self.owner]
        return [_make_drawn(each) for each in ours if counts(each) and self._keeps(each)]

    def draw_next(self) -> Drawn | None:
        """The next trial; None where there are enough, or no more can be had."""
        while True:
            seen = self.study.get_trials(deepcopy=False)
            if self._is_enough(seen) or self._explain_exhausted(seen) is not None:
                return None
            if (one := self._draw(seen)) is not None:
                return one

    def is_enough(self) -> bool:
        """Whether there are as many trials as are wanted, those that run included."""
        return self._is_enough(self.study.get_trials(deepcopy=False))

    def explain_exhausted(self) -> str | None:
        """Why no more is drawn; None where it is."""
        return self._explain_exhausted(self.study.get_trials(deepcopy=False))

    def _is_enough(self, seen: Sequence[FrozenTrial]) -> bool:
        return sum(map(counts, seen)) >= self.wanted

    def _explain_exhausted(self, seen: Sequence[FrozenTrial]) -> str | None:
        row = lost = repeated = 0
        for each in seen:
            outcome = each.user_attrs.get(OUTCOME)
            if counts(each):
                row = repeated = 0
            elif outcome is not None and outcome != "surplus":
                row, lost, repeated = row + 1, lost + 1, repeated + (outcome == "repeated")
        if row >= IN_A_ROW:
            if repeated == row:
                return f"the last {row} draws were of what was drawn before: the space seems to have no more"
            return f"the last {row} draws in a row were no trials"
        if self.grid is not None and len(seen) >= self.grid.count() <= len(self._list_known(seen)):
            return "all combinations of the space have been drawn"
        most = TIMES * self.wanted
        return f"{lost} draws were no trials, {TIMES} times as many as are wanted" if lost >= most else None

    def _draw(self, seen: Sequence[FrozenTrial]) -> Drawn | None:
        """Draws values and judges them, and writes both down at once; None where it is no trial."""
        values = draw_values(self.study, self.space, seen)
        if self.grid is not None and tuple(values.values()) in (known := self._list_known(seen)):
            values = self.grid.find_new(values, known, f"{self.study.study_name}/{len(seen)}") or values
        if (refused := self._judge(values, seen)) is not None:
            outcome, notes = refused
            # What breaks rules counts as worse than all else when values are drawn; a repeated draw says nothing.
            self._write(values, "PRUNED" if outcome == "refused" else "FAIL", {OUTCOME: outcome, **notes})
            return None
        trial = self._write(values, "RUNNING", {SOUND: True})
        return _make_drawn(trial) if self._keeps(trial) else None

    def _list_known(self, seen: Sequence[FrozenTrial]) -> set[Combination]:
        """What it makes no sense to draw again."""
        done = (each for each in seen if each.user_attrs.get(OUTCOME) == "refused" or _is_done(each))
        return {tuple([each.params[path] for path in self.space]) for each in done}

    def _judge(self, values: Mapping[str, object], seen: Sequence[FrozenTrial]) -> tuple[str, dict[str, object]] | None:
        """Why a draw is no trial, and what is to be noted of it; None where it is one."""
        if any(_has(each, values) for each in seen):
            return "repeated", {}
        compilation = compile_variant(self.base, to_texts(values))
        codes = sorted({each.code.name for each in compilation.diagnostics if each.severity == "error"})
        if codes:
            return "refused", {CODES: codes}
        lacking = describe_needs(compilation)
        return None if lacking is None else ("failed", {REASON: lacking})

    def _keeps(self, trial: FrozenTrial) -> bool:
        """Whether a trial stays, once others that draw from the study can see it: of two that come at once the later goes."""
        others = [each for each in self.study.get_trials(deepcopy=False) if each.number != trial.number]
        is_surplus = self._is_enough(others)
        if not is_surplus and not any(_has(each, trial.params) for each in others):
            return True
        self.study._storage.set_trial_user_attr(trial._trial_id, OUTCOME, "surplus" if is_surplus else "repeated")
        self.study.tell(trial.number, state=_import_states()["FAIL"])
        return False

    def _write(self, values: Mapping[str, object], state: str, notes: Mapping[str, object]) -> FrozenTrial:
        """A draw in the study, whole from the beginning: no other process sees a part of it, and no kill leaves one."""
        import optuna

        noted = {OWNER: self.owner, **notes}
        drawn = optuna.create_trial(
            state=_import_states()[state], params=dict(values), distributions=dict(self.space), user_attrs=noted
        )
        storage = self.study._storage
        return storage.get_trial(storage.create_new_trial(self.study._study_id, template_trial=drawn))


def _import_states() -> type[TrialState]:
    from optuna.trial import TrialState

    return TrialState


def _make_drawn(trial: FrozenTrial) -> Drawn:
    return Drawn(trial.number, trial._trial_id, to_texts(trial.params))


def _has(trial: FrozenTrial, values: Mapping[str, object]) -> bool:
    """Whether it is of these values, and was trained, or could not be."""
    return trial.params == values and _is_done(trial)


def _is_done(trial: FrozenTrial) -> bool:
    """Whether it was trained, is being trained, or could not be."""
    return counts(trial) or trial.user_attrs.get(OUTCOME) == "failed"
