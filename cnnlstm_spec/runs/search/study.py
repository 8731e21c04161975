"""The study of a search in Optuna: opened, its sampler and its pruner.

Each draw depends on the seed, the trial and the path alone.

So a search that was killed draws on as if it had not been: a sampler holds nothing that is not in the study.
"""

from __future__ import annotations

import copy
import hashlib
import random
import time
import warnings
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from ...text.frozen import dataclass
from ..samples import DataError

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

OWNER, SOUND, OUTCOME, CODES, REASON, ASKED, BEST_EPOCH, EPOCHS = (
    "owner",
    "sound",
    "outcome",
    "codes",
    "reason",
    "asked",
    "best_epoch",
    "epochs",
)
"""What is noted of a trial, beside what Optuna itself has."""
TRIES = 20
"""So often a study is opened at most, which others may make at the same time."""


@dataclass(frozen=True)
class Design:
    """How a study is made; with its URL it is all that a process needs to open it."""

    url: str
    name: str
    maximize: bool
    seed: int
    pruner: str | None
    epochs: int
    """The most that a trial is trained."""


def open_study(design: Design) -> optuna.Study:
    """The study, made where there is none. Raises DataError, in which no password stands, where it cannot be opened."""
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return _open_study(design)
        except ImportError as error:
            needed = error.name or make_url(design.url).get_driver_name()
            raise DataError([f"`{hide_password(design.url)}` needs `{needed}`, which is not installed"]) from None
        except ArgumentError:
            raise DataError(["`--storage` is a URL, such as postgresql://USER@HOST/DATABASE or sqlite:///FILE"]) from None
        except Exception as error:
            told = explain_failure(design.url, error)
            raise DataError([f"`{hide_password(design.url)}` cannot be opened: {told}"]) from None


def _open_study(design: Design) -> optuna.Study:
    import optuna
    from sqlalchemy.exc import DBAPIError

    for last in (*[False] * (TRIES - 1), True):
        try:
            storage = optuna.storages.RDBStorage(design.url, skip_compatibility_check=False)
            _complete_tables(storage)
            return optuna.create_study(
                storage=storage,
                sampler=make_sampler(design.seed),
                pruner=make_pruner(design),
                study_name=design.name,
                direction="maximize" if design.maximize else "minimize",
                load_if_exists=True,
            )
        except (DBAPIError, optuna.exceptions.StorageInternalError):
            # Another process may have made a table, or its only row, since this one saw that it was missing.
            if last:
                raise
            time.sleep(random.uniform(0.05, 0.2))
    raise AssertionError


def _complete_tables(storage: optuna.storages.RDBStorage) -> None:
    """Makes the indices that a kill may have left out: without the one of names, each process makes a study of its own."""
    from optuna.storages._rdb.models import BaseModel

    for table in BaseModel.metadata.sorted_tables:
        for index in table.indexes:
            index.create(storage.engine, checkfirst=True)


def explain_failure(url: str, error: Exception) -> str:
    """What the database says, or the kind of the error where that may hold the password or another part of the query."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    said = str(getattr(error, "orig", None) or "").strip().partition("\n")[0]
    values = (each for given in parsed.query.values() for each in ((given,) if isinstance(given, str) else given))
    secrets = [each for each in (parsed.password, *values) if each]
    return type(error).__name__ if not said or any(str(each) in said for each in secrets) else said


def hide_password(url: str) -> str:
    """The URL of a database, with stars for its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "--storage"
    # Some drivers take it as a part of the query.
    return parsed.set(query={}).render_as_string(hide_password=True)


def make_sampler(seed: int) -> optuna.samplers.BaseSampler:
    """Optuna's TPE, seeded anew for each value."""
    from optuna.samplers import BaseSampler, TPESampler

    class Repeatable(BaseSampler):
        def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
            return {}

        def sample_relative(
            self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
        ) -> dict[str, object]:
            return {}

        def sample_independent(
            self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
        ) -> object:
            text = f"{seed}/{trial.number}/{param_name}".encode()
            one = TPESampler(seed=int.from_bytes(hashlib.sha256(text).digest()[:4], "big"))
            return one.sample_independent(study, trial, param_name, param_distribution)

    return Repeatable()


def draw_values(study: optuna.Study, space: Mapping[str, BaseDistribution], seen: Sequence[FrozenTrial]) -> dict[str, object]:
    """What the next trial is made of, by path, after those that were seen of the study; nothing is read or written."""
    import optuna

    def read(deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False) -> list[FrozenTrial]:
        return [each for each in seen if states is None or each.state in states]

    trial = optuna.create_trial(state=optuna.trial.TrialState.RUNNING)
    trial.number = len(seen)
    known = copy.copy(study)
    # The sampler reads the study anew for each value.
    vars(known)["_get_trials"] = read
    only, sample = optuna.distributions._get_single_value, study.sampler.sample_independent
    return {path: only(each) if each.single() else sample(known, trial, path, each) for path, each in space.items()}


def make_pruner(design: Design) -> optuna.pruners.BasePruner:
    """What stops trials early; how long the longest is, is said rather than found out."""
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if design.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=max(1, design.epochs))
    return MedianPruner() if design.pruner == "median" else NopPruner()


def is_hopeless(study: optuna.Study, number: int, before: list[str]) -> bool:
    """What the pruner says of a trial that it had seen once already, when only `before` was noted of it by Optuna.

    Hyperband notes in the study how far a trial has come before it says what it thinks of it, and would not say it again. So it
    is asked of a copy without those notes.
    """
    import optuna

    direction = study.direction
    twin = optuna.create_study(study_name=study.study_name, pruner=study.pruner, direction=direction)
    for each in study.get_trials():
        if each.number == number:
            each = copy.deepcopy(each)
            each.system_attrs = {name: value for name, value in each.system_attrs.items() if name in before}
        twin.add_trial(each)
    return bool(study.pruner.prune(twin, twin.get_trials()[number]))
