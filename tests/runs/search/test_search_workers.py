"""Who trains the trials of a search, without Keras: processes that die, and processes that draw from one study."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from places import ROOT

from cnnlstm_spec.runs.search.trial import TrialEnding, TrialJob
from cnnlstm_spec.runs.search.workers import TRIES, LocalWorker, train_side_by_side


def die_at_first(times: int, folder: str, number: int) -> TrialEnding:
    """Ends its process without a word so many times, and trains then."""
    seen = len(list(Path(folder).glob(f"{number}-*")))
    Path(folder, f"{number}-{seen}").touch()
    if seen < times:
        os.kill(os.getpid(), signal.SIGKILL)
    return TrialEnding("completed", float(number))


class Mortal(LocalWorker):
    folder = ""

    def train(self, job: TrialJob) -> Future[TrialEnding]:
        return self.pool.submit(die_at_first, job.number if job.number < 9 else TRIES, self.folder, job.number)


def make_job(number: int) -> TrialJob:
    return TrialJob(None, None, number, number, (), "", "val_loss")  # type: ignore[arg-type]


@pytest.mark.whole
def test_a_trial_whose_process_dies_is_tried_again(tmp_path: Path) -> None:
    """Beside it another goes on; one that ends each process that takes it has failed."""
    Mortal.folder = str(tmp_path)
    waiting = [make_job(number) for number in (0, 1, 2, 9)]
    endings = {job.number: ending for job, ending in train_side_by_side(2, Mortal, lambda: waiting.pop(0) if waiting else None)}
    assert {number: each.value for number, each in endings.items()} == {0: 0.0, 1: 1.0, 2: 2.0, 9: None}
    assert endings[9].outcome == "failed" and "died" in endings[9].lines[0]
    assert {number: len(list(tmp_path.glob(f"{number}-*"))) for number in (0, 1, 2, 9)} == {0: 1, 1: 2, 2: 3, 9: TRIES}


PARENT = """
import os, sys, time
from cnnlstm_spec.runs.search.workers import LocalWorker

if __name__ == "__main__":
    worker = LocalWorker()
    print(worker.pool.submit(os.getpid).result(), flush=True)
    worker.pool.submit(time.sleep, 600)
    time.sleep(600)
"""


def test_a_worker_ends_with_who_hired_it(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(tmp_path / "parent.py")], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        os.kill(worker, 0)
        process.kill()
    assert any(is_gone(worker) for _ in patience(60))


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def patience(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)


SPEC = """
version: 1
name: small
vars: {width: 4}
branches: {rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: $width}}]}}
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse}
budget: {params: 200}
data: {train: t.csv, inputs: {rows: {columns: [a, b]}}, targets: {head: {column: y}}}
fit: {epochs: 3}
"""


def draw_all(url: str, owner: str, wanted: int, high: int = 60) -> int:
    """Draws what there is to be had, and counts what it has trained."""
    import optuna

    from cnnlstm_spec.compiler.processes import SentSpec
    from cnnlstm_spec.runs.search.draw import Draws
    from cnnlstm_spec.runs.search.study import OUTCOME, Design, open_study
    from cnnlstm_spec.runs.search.variant import prepare

    study = open_study(Design(url, "shared", False, 0, "median", 3))
    space = {"vars.width": optuna.distributions.IntDistribution(1, high)}
    base = prepare(SentSpec("<test>", SPEC, ""))
    draws = Draws(study, space, base, owner, wanted)
    count = 0
    while (one := draws.draw_next()) is not None:
        study._storage.set_trial_user_attr(one.id, OUTCOME, "completed")
        study.tell(one.number, float(len(one.texts)))
        count += 1
    return count


def test_a_study_whose_tables_were_cut_short(tmp_path: Path) -> None:
    """A kill between a table and its index, which Optuna does not make any more, left a study for each process that came."""
    optuna = pytest.importorskip("optuna")
    from cnnlstm_spec.runs.search.study import Design, open_study

    url = f"sqlite:///{tmp_path / 'study.db'}"
    optuna.storages.RDBStorage(url)
    with closing(sqlite3.connect(tmp_path / "study.db")) as held:
        held.execute("DROP INDEX ix_studies_study_name")
    for _ in range(3):
        open_study(Design(url, "cut", False, 0, None, 3))
    assert optuna.get_all_study_names(url) == ["cut"]


def test_two_processes_draw_from_one_study(tmp_path: Path) -> None:
    """Which both make at the same time. However their draws fall together, there are as many trials as are wanted, and none twice."""
    optuna = pytest.importorskip("optuna")
    from cnnlstm_spec.runs.search.draw import counts

    url, wanted = f"sqlite:///{tmp_path / 'study.db'}", 12
    draw = partial(draw_all, url, wanted=wanted)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert sum(pool.map(draw, ("one", "other"))) == wanted
    found = optuna.load_study(study_name="shared", storage=url).get_trials()
    trained = [each.params["vars.width"] for each in found if counts(each)]
    assert len(trained) == wanted == len(set(trained))
    assert {each.user_attrs["outcome"] for each in found} >= {"completed", "refused"}
    assert all(each.state.is_finished() and each.params for each in found)


@pytest.mark.parametrize("high", [12, 60])
def test_a_space_is_drawn_to_its_end(high: int, tmp_path: Path) -> None:
    """A search of twelve widths ended after six, since the best was drawn again and again; 50 of 60 are within the budget."""
    optuna = pytest.importorskip("optuna")
    from cnnlstm_spec.runs.search.draw import counts

    url = f"sqlite:///{tmp_path / 'study.db'}"
    assert draw_all(url, "one", high, high) == min(high, 49)
    found = optuna.load_study(study_name="shared", storage=url).get_trials()
    drawn = [each.params["vars.width"] for each in found]
    assert sorted(drawn) == list(range(1, high + 1)) and sum(map(counts, found)) == min(high, 49)


def test_a_grid_has_the_values_that_are_drawn() -> None:
    optuna = pytest.importorskip("optuna")
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    from cnnlstm_spec.runs.search.grid import make_grid

    space = {
        "a": IntDistribution(3, 11, step=4),
        "b": FloatDistribution(0.1, 0.7, step=0.1),
        "c": CategoricalDistribution(("x", "y")),
    }
    grid = make_grid(space)
    assert grid is not None and grid.count() == 3 * 7 * 2
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for sampler in (optuna.samplers.RandomSampler(seed=0), optuna.samplers.TPESampler(seed=0)):
        study = optuna.create_study(sampler=sampler)
        for number in range(80):
            trial = study.ask(space)
            assert all(value in grid.values[path] for path, value in trial.params.items())
            study.tell(trial, float(number % 7))
    assert make_grid({**space, "d": FloatDistribution(0, 1)}) is None
    assert make_grid({"n": IntDistribution(0, 10**12)}) is None


def test_what_is_new_is_as_near_as_can_be() -> None:
    from cnnlstm_spec.runs.search.grid import Grid

    grid = Grid({"a": range(3), "b": ("x", "y")})
    drawn = {"a": 1, "b": "x"}
    known = {(1, "x")}
    order = []
    while (found := grid.find_new(drawn, known, f"{len(known)}")) is not None:
        assert found == grid.find_new(drawn, known, f"{len(known)}")
        order.append(sum(found[path] != drawn[path] for path in drawn))
        known.add(tuple(found.values()))
    assert order == [1, 1, 1, 2, 2] and len(known) == grid.count()


def test_the_median_pruner_stops_what_is_worse_than_most() -> None:
    pytest.importorskip("optuna")
    import optuna

    from cnnlstm_spec.runs.search.study import Design, is_hopeless, make_pruner

    study = optuna.create_study(pruner=make_pruner(Design("", "", False, 0, "median", 9)))
    said = []
    for value in (1.0, 2.0, 3.0, 4.0, 5.0, 2.5, 6.0):
        trial = study.ask()
        trial.report(value, 1)
        said.append(bool(trial.should_prune()))
        assert is_hopeless(study, trial.number, []) is said[-1]
        study.tell(trial, None if said[-1] else value, state=optuna.trial.TrialState.PRUNED if said[-1] else None)
    assert said == [False] * 6 + [True]
