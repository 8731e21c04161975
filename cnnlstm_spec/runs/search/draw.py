"""Draws of a study: each a variant, which is trained if it is sound and new. Imports no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...compiler.variants import Sweep
from ..run import needs_of
from .space import to_texts
from .study import CODES, FOLDER, OUTCOME, OWNER, REASON, SOUND
from .table import counts
from .variant import compile_variant

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

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

    def left_over(self) -> list[Drawn]:
        """Trials of this folder that were cut off, some before they were drawn to their end."""
        found = []
        for each in self.study.get_trials(deepcopy=False):
            if each.state.name == "RUNNING" and each.user_attrs.get(OWNER) == self.owner:
                one = self._judge(self._trial(each._trial_id))
                found += [] if one is None else [one]
        return found

    def next(self) -> Drawn | None:
        """The next trial; None where there are enough, or no more can be had."""
        while not self.is_enough() and self.exhausted() is None:
            trial = self.study.ask()
            trial.set_user_attr(OWNER, self.owner)
            if (one := self._judge(trial)) is not None:
                return one
        return None

    def is_enough(self) -> bool:
        """Whether there are as many trials as are wanted, those that run included."""
        return sum(map(counts, self.study.get_trials(deepcopy=False))) >= self.wanted

    def exhausted(self) -> str | None:
        """Why no more is drawn; None where it is."""
        row = lost = 0
        repeated = 0
        for each in self.study.get_trials(deepcopy=False):
            outcome = each.user_attrs.get(OUTCOME)
            if counts(each):
                row = repeated = 0
            elif outcome is not None:
                row, lost, repeated = row + 1, lost + 1, repeated + (outcome == "repeated")
        if row >= IN_A_ROW:
            if repeated == row:
                return f"the last {row} draws were of what was drawn before: the space seems to have no more"
            return f"the last {row} draws in a row were no trials"
        most = TIMES * self.wanted
        return f"{lost} draws were no trials, {TIMES} times as many as are wanted" if lost >= most else None

    def _trial(self, id: int) -> optuna.Trial:
        import optuna

        return optuna.Trial(self.study, id)

    def _judge(self, trial: optuna.Trial) -> Drawn | None:
        """Draws what is not drawn yet; None where it is no trial, which is noted."""
        values = {path: trial._suggest(path, each) for path, each in self.space.items()}
        texts = to_texts(values)
        drawn = Drawn(trial.number, trial._trial_id, texts)
        if trial.user_attrs.get(SOUND):
            return drawn
        if self._is_known(trial.number, values):
            self._refuse(trial, "repeated")
            return None
        compilation = compile_variant(self.base, texts)
        codes = sorted({each.code.name for each in compilation.diagnostics if each.severity == "error"})
        if codes:
            trial.set_user_attr(CODES, codes)
            self._refuse(trial, "refused")
            return None
        if (lacking := needs_of(compilation)) is not None:
            trial.set_user_attr(REASON, lacking)
            self._refuse(trial, "failed")
            return None
        trial.set_user_attr(FOLDER, f"trial-{trial.number:04d}")
        trial.set_user_attr(SOUND, True)
        return drawn

    def _is_known(self, number: int, values: Mapping[str, Any]) -> bool:
        return any(
            each.params == values and (counts(each) or each.user_attrs.get(OUTCOME) == "failed")
            for each in self.study.get_trials(deepcopy=False)
            if each.number != number
        )

    def _refuse(self, trial: optuna.Trial, outcome: str) -> None:
        """What breaks rules counts as worse than all else when values are drawn; a repeated draw says nothing."""
        from optuna.trial import TrialState

        trial.set_user_attr(OUTCOME, outcome)
        self.study.tell(trial.number, state=TrialState.PRUNED if outcome == "refused" else TrialState.FAIL)
