"""What a study has come to, read off it: a document, a table, and words. Imports no Keras."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from ...text.escape.csv import to_csv
from ...text.escape.json import write_readable
from .document import SearchReport, Trial
from .place import name_trial
from .study import BEST_EPOCH, CODES, EPOCHS, OUTCOME, OWNER, SOUND

if TYPE_CHECKING:
    import optuna

STATES = {"COMPLETE": "completed", "PRUNED": "pruned", "RUNNING": "running"}


def make_report(study: optuna.Study, objective: str, wanted: int, owner: str, ended: str | None, is_last: bool) -> SearchReport:
    """Everything that can be told of a study; what matters at its end alone, since to find it takes long."""
    found = study.get_trials(deepcopy=False)
    outcomes = Counter(each.user_attrs.get(OUTCOME) for each in found)
    refused = Counter(code for each in found for code in each.user_attrs.get(CODES, ()))
    trials = tuple(_describe_trial(each, owner) for each in found if counts(each))
    completed = [each for each in trials if each.state == "completed" and each.value is not None]
    more: dict[str, Any] = {} if ended is None else {"ended": ended}
    direction = study.direction.name.lower()
    if completed:
        sign = -1 if direction == "maximize" else 1
        more["best"] = min(completed, key=lambda each: (sign * (each.value or 0.0), each.number)).number
    return SearchReport(
        version=1,
        objective=objective,
        direction=direction,  # type: ignore[arg-type]
        wanted=wanted,
        trials=trials,
        refused=dict(sorted(refused.items())),
        draws_refused=outcomes["refused"],
        draws_repeated=outcomes["repeated"],
        draws_failed=outcomes["failed"],
        importance=find_importance(study) if is_last else {},
        **more,
    )


def counts(trial: optuna.trial.FrozenTrial) -> bool:
    """Whether it is one of the trials that a person has asked for."""
    return bool(trial.user_attrs.get(SOUND)) and trial.state.name in STATES


def _describe_trial(each: optuna.trial.FrozenTrial, owner: str) -> Trial:
    state = each.user_attrs.get(OUTCOME) if each.state.is_finished() else "running"
    numbers = {"best_epoch": each.user_attrs.get(BEST_EPOCH), "epochs": each.user_attrs.get(EPOCHS)}
    more: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    if each.user_attrs.get(OWNER) == owner and state != "pruned":
        more["run"] = name_trial(each.number)
    value = each.value if state == "completed" else None
    return Trial(number=each.number, state=state or "pruned", value=value, values=list_drawn(each), **more)  # type: ignore[arg-type]


def list_drawn(trial: optuna.trial.FrozenTrial) -> dict[str, object]:
    """What was drawn, as values."""
    return {path: _read_value(each) if isinstance(each, str) else each for path, each in trial.params.items()}


def _read_value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # Numbers that JSON does not have.
        return text


def find_importance(study: optuna.Study) -> dict[str, float]:
    """By path, the greatest first; nothing where completed trials are too few, or all alike."""
    import optuna

    done = [each for each in study.get_trials(deepcopy=False) if each.state.name == "COMPLETE"]
    if len(done) < 4 or len({each.value for each in done}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except (ImportError, RuntimeError, ValueError):
            return {}
    return {path: round(float(each), 6) for path, each in found.items()}


def to_table(report: SearchReport) -> str:
    """`trials.csv`: a row a trial."""
    paths = list(dict.fromkeys(path for each in report.trials for path in each.values))
    rows: list[list[object]] = [["trial", "state", report.objective, "best_epoch", "epochs", *paths]]
    for each in report.trials:
        cells = [each.values.get(path, "") for path in paths]
        held = [each.value, each.best_epoch, each.epochs]
        told = [write_readable(cell) if isinstance(cell, dict | list | bool) or cell is None else cell for cell in cells]
        rows.append([each.number, each.state, *("" if one is None else one for one in held), *told])
    return to_csv(rows)


def to_words(report: SearchReport) -> list[str]:
    """What a person wants to know at the end."""
    states = Counter(each.state for each in report.trials)
    parts = [f"{states[name]} {name}" for name in ("completed", "pruned", "diverged", "running") if states[name]]
    lines = [f"{len(report.trials)} of {_count(report.wanted, 'trial', 'trials')}: {', '.join(parts) or 'none'}"]
    if report.draws_refused:
        codes = ", ".join(f"{code} ({count})" for code, count in sorted(report.refused.items(), key=lambda one: -one[1]))
        lines.append(f"{_count(report.draws_refused, 'draw was', 'draws were')} refused: {codes}")
    if report.draws_repeated:
        lines.append(f"{_count(report.draws_repeated, 'draw was', 'draws were')} of what was drawn before")
    if report.draws_failed:
        lines.append(f"{_count(report.draws_failed, 'variant', 'variants')} could not be trained")
    best = next((each for each in report.trials if each.number == report.best), None)
    if best is not None:
        values = ", ".join(f"{path}={write_readable(each)}" for path, each in best.values.items())
        lines.append(f"the best is trial {best.number}, {report.objective} {best.value:.4g}: {values}")
    return lines


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
