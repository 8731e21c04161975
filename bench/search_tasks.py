"""`python -m bench.search_tasks WHO FOLDER SECONDS`: one search in this process; a line of JSON on standard output.

Who searches is `ours`, `optuna` (an objective by hand, as its documentation has it) or `keras_tuner`. All have one space, of
which a third cannot be built and a third is over a budget of multiply-adds, the same data and networks, Hyperband, and as many
seconds. Keras counts no multiply-adds, so that the others train what is over the budget; that it was is told afterwards.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

EPOCHS, BATCH, BUDGET, SIDE = 9, 32, 500_000, 24
POOLS, FILTERS, RATES = (2, 4, 12), (8, 16, 256, 512), (1e-4, 1e-1)
"""A pool of 12 leaves fewer pixels than the kernel behind it has; the wide half of the filters is over the budget."""
MANY = 10_000
SPEC = f"""version: 1
name: searched
vars: {{pool: 2, filters: 16}}
branches:
  x:
    input: {{kind: image, shape: [{SIDE}, {SIDE}, 1]}}
    layers:
      - Conv2D: {{filters: 16, kernel_size: 3, padding: same, activation: relu}}
      - MaxPooling2D: {{pool_size: $pool}}
      - Conv2D: {{filters: $filters, kernel_size: 3, activation: relu}}
      - GlobalAveragePooling2D
head: [{{Dense: {{units: 1, activation: sigmoid}}}}]
compile: {{optimizer: {{Adam: {{learning_rate: 1e-3}}}}, loss: binary_crossentropy}}
budget: {{macs: {BUDGET}}}
data: {{train: train, validation: validation, inputs: {{x: {{}}}}, targets: {{head: {{}}}}}}
fit: {{epochs: {EPOCHS}, batch_size: {BATCH}}}
search:
  minimize: val_loss
  space:
    vars.pool: {list(POOLS)}
    vars.filters: {list(FILTERS)}
    compile.optimizer.learning_rate: {{float: {list(RATES)}, log: true}}
  trials: {MANY}
  pruner: hyperband
"""


@dataclass
class Account:
    """What has come of a search so far."""

    began: float = field(default_factory=time.perf_counter)
    completed: int = 0
    pruned: int = 0
    unusable: int = 0
    lost: float = 0.0
    """Seconds spent on what could not be used: what cannot be built, and what is over the budget, trained or not."""
    best: list[tuple[float, float]] = field(default_factory=list)
    """After how many seconds which value was the best."""

    def note(self, value: float | None) -> None:
        """A trial that has ended; None for one that was stopped."""
        if value is None:
            self.pruned += 1
            return
        self.completed += 1
        if not self.best or value < self.best[-1][1]:
            self.best.append((time.perf_counter() - self.began, value))

    def waste(self, began: float) -> None:
        """A draw that came to nothing, from that moment on."""
        self.unusable += 1
        self.lost += time.perf_counter() - began


@cache
def is_usable(pool: int, filters: int) -> bool:
    """Whether a network can be built, and is within the budget."""
    from cnnlstm_spec import load

    # What is searched is not to be set.
    return load(SPEC.partition("search:")[0], {"vars.pool": pool, "vars.filters": filters}).ok


class TimeOver(BaseException):
    """The seconds of a search are over."""


def write_data(folder: Path) -> None:
    """Pictures with a bright square, to be told by where it is."""
    import numpy

    rng = numpy.random.default_rng(0)
    for name, count in (("train", 512), ("validation", 256)):
        x = rng.normal(0, 1, (count, SIDE, SIDE, 1)).astype("float32")
        y = rng.integers(0, 2, (count, 1))
        for picture, label in zip(x, y[:, 0], strict=True):
            row, column = rng.integers(0, SIDE - 6, 2)
            picture[row : row + 6, column : column + (6 if label else 2)] += 1.5
        (folder / name).mkdir()
        numpy.save(folder / name / "x.npy", x)
        numpy.save(folder / name / "head.npy", y.astype("float32"))
    (folder / "spec.yaml").write_text(SPEC)


def read_data(folder: Path) -> dict[str, Any]:
    """The same for `fit`."""
    import numpy

    found = {name: [numpy.load(folder / name / f"{each}.npy") for each in ("x", "head")] for name in ("train", "validation")}
    return {"x": found["train"][0], "y": found["train"][1], "validation_data": tuple(found["validation"])}


def build(pool: int, filters: int, rate: float) -> Any:
    """The network by hand. Raises ValueError where it cannot be built."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(pool),
            layers.Conv2D(filters, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
    return model


def run_ours(folder: Path, account: Account, end: float) -> None:
    """`search`, with a clock beside what judges a draw."""
    from cnnlstm_spec.cli.main import run
    from cnnlstm_spec.runs.search import search
    from cnnlstm_spec.runs.search.draw import Draws

    judge, note = Draws._judge, search._note

    def judged(self: Draws, *given: Any) -> Any:
        began = time.perf_counter()
        found = judge(self, *given)
        if found is not None:
            account.waste(began)
        check(end)
        return found

    def noted(study: Any, job: Any, ending: Any, place: Any) -> None:
        note(study, job, ending, place)
        account.note(ending.value if ending.outcome == "completed" else None)
        check(end)

    Draws._judge, search._note = judged, noted  # type: ignore[method-assign]
    run(["search", str(folder / "spec.yaml"), "-o", str(folder / "ours"), "--format", "json"])


def run_optuna(folder: Path, account: Account, end: float) -> None:
    """An objective that prunes what cannot be built."""
    import keras
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    data = read_data(folder)

    def objective(trial: Any) -> float:
        check(end)
        began = time.perf_counter()
        pool, filters = trial.suggest_categorical("pool", POOLS), trial.suggest_categorical("filters", FILTERS)
        rate = trial.suggest_float("rate", *RATES, log=True)
        keras.utils.clear_session()
        try:
            model = build(pool, filters, rate)
        except ValueError:
            account.waste(began)
            raise optuna.TrialPruned from None
        values: list[float] = []

        def ended(epoch: int, logs: dict[str, float]) -> None:
            values.append(logs["val_loss"])
            trial.report(values[-1], epoch)
            if epoch + 1 < EPOCHS and trial.should_prune():
                raise optuna.TrialPruned

        callback = keras.callbacks.LambdaCallback(on_epoch_end=ended)
        pruned = True
        try:
            model.fit(**data, epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=[callback])
            pruned = False
        finally:
            if is_usable(pool, filters):
                account.note(None if pruned else min(values))
            else:
                account.waste(began)
        return min(values)

    pruner = optuna.pruners.HyperbandPruner(max_resource=EPOCHS)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), pruner=pruner)
    study.optimize(objective, n_trials=MANY)


def run_keras_tuner(folder: Path, account: Account, end: float) -> None:
    """Keras Tuner's Hyperband; one that it stops early has fewer epochs."""
    import keras_tuner

    data = read_data(folder)

    def make(values: Any) -> Any:
        return build(
            values.Choice("pool", POOLS), values.Choice("filters", FILTERS), values.Float("rate", *RATES, sampling="log")
        )

    class Timed(keras_tuner.Hyperband):  # type: ignore[misc]
        def run_trial(self, trial: Any, *given: Any, **named: Any) -> Any:
            check(end)
            began = time.perf_counter()
            try:
                found = super().run_trial(trial, *given, **named)
            except Exception:
                account.waste(began)
                raise
            values = trial.hyperparameters.values
            if not is_usable(values["pool"], values["filters"]):
                account.waste(began)
                return found
            whole = values["tuner/epochs"] >= EPOCHS
            account.note(min(min(each.history["val_loss"]) for each in found) if whole else None)
            return found

    given: dict[str, Any] = {"max_consecutive_failed_trials": MANY, "hyperband_iterations": MANY}
    where = {"directory": str(folder), "project_name": "keras_tuner", "seed": 0}
    Timed(make, objective="val_loss", max_epochs=EPOCHS, factor=3, **given, **where).search(**data, batch_size=BATCH, verbose=0)


def check(end: float) -> None:
    """Raises TimeOver once that moment has come."""
    if time.perf_counter() >= end:
        raise TimeOver


WHO: dict[str, Callable[[Path, Account, float], None]] = {
    "ours": run_ours,
    "optuna": run_optuna,
    "keras_tuner": run_keras_tuner,
}


def main() -> None:
    who, folder, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    import keras
    import tensorflow  # noqa: F401 - imports come before the clock, in all programs the same

    keras.utils.set_random_seed(0)
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print is no answer.
    os.dup2(2, 1)
    for pool in POOLS:
        for filters in FILTERS:
            is_usable(pool, filters)
    account = Account()
    with suppress(TimeOver, SystemExit):
        WHO[who](folder, account, account.began + seconds)
    took = time.perf_counter() - account.began
    answers.write(json.dumps({**vars(account), "seconds": took}) + "\n")


if __name__ == "__main__":
    main()
