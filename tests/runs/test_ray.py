"""Trials of a search in a Ray cluster on this machine. `make test-ray` runs it, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

from ray.cluster_utils import Cluster  # noqa: E402
from test_searching import rows_of, write  # noqa: E402

from cnnlstm_spec.cli.main import run  # noqa: E402
from cnnlstm_spec.runs.samples import DataError  # noqa: E402
from cnnlstm_spec.runs.search import ray_workers  # noqa: E402
from cnnlstm_spec.runs.search.ray_workers import RayWorker, join_cluster  # noqa: E402
from cnnlstm_spec.runs.search.trial import TrialEnding, TrialJob  # noqa: E402
from cnnlstm_spec.runs.search.workers import train_side_by_side  # noqa: E402


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A node that only leads, and two that work."""
    given: dict[str, Any] = {"include_dashboard": False, "object_store_memory": ray_workers.STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**given, "num_cpus": 0})
    cluster.workers = [cluster.add_node(num_cpus=1, **given) for _ in range(2)]
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster
    cluster.shutdown()


def take_long(folder: str, job: TrialJob) -> TrialEnding:
    """A trial that waits until it may end, and says where it is."""
    name = f"{job.number}-{ray.get_runtime_context().get_node_id()}"
    Path(folder, name).touch()
    while not Path(folder, "go").exists():
        time.sleep(0.05)
    return TrialEnding("completed", float(job.number))


def test_the_trials_of_a_node_that_dies_are_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    waiting = [TrialJob(None, None, number, number, (), "", "val_loss") for number in range(4)]  # type: ignore[arg-type]
    go = tmp_path / "go"

    def take() -> TrialJob | None:
        return waiting.pop(0) if waiting else None

    # What trains there cannot import this file.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with join_cluster(2):
        hire = partial(RayWorker, partial(take_long, str(tmp_path)))
        endings = train_side_by_side(2, hire, take)
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(lambda: {job.number: ending.value for job, ending in endings})
            while len(begun := sorted(each.name for each in tmp_path.iterdir())) < 2 and not found.done():
                time.sleep(0.1)
            nodes = {name.partition("-")[2] for name in begun}
            assert len(begun) == len(nodes) == 2
            dead = cluster.workers[0]
            cluster.remove_node(dead, allow_graceful=False)
            time.sleep(1)
            go.touch()
            assert found.result(timeout=240) == {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0}
    lost = next(name for name in begun if name.endswith(dead.node_id))
    again = [each.name for each in tmp_path.iterdir() if each.name.startswith(lost.partition("-")[0] + "-")]
    assert len(again) == 2


def test_a_search_trains_its_trials_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cluster of its own: as many as are wanted, none twice, and the best is that of the table; in paths as they are written."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert run(["search", "spec.yaml", "-o", "out", "--engine", "ray", "--jobs", "2"]) == 0
    trials = [row for row in rows_of(Path("out")) if row["state"] in ("completed", "pruned")]
    assert len(trials) == 4 == len({row["trial"] for row in trials})
    manifest = json.loads(Path("out/best/manifest.json").read_text())
    least = min(float(row["val_loss"]) for row in trials if row["state"] == "completed")
    assert manifest["best"]["metrics"]["val_loss"] == pytest.approx(least)
    assert not ray.is_initialized()


def test_a_node_without_the_package_is_told(tmp_path: Path) -> None:
    """In a process that has the package by its path alone, which Ray's have not."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from cnnlstm_spec.runs.search.ray_workers import join_cluster\n"
        "with join_cluster(1) as hire:\n"
        "    worker = hire()\n"
        "    try: worker.train(None).result()\n"
        "    except worker.deaths as death: print(worker.describe_death(death))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "RAY_ADDRESS")}
    command = [sys.executable, "-c", program, str(ROOT)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert "a node of the cluster cannot train: ModuleNotFoundError: No module named 'cnnlstm_spec'" in done.stdout, done.stderr


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "nowhere:what")
    with pytest.raises(DataError, match="Ray: "), join_cluster(1):
        raise AssertionError
    assert not ray.is_initialized() and os.environ["RAY_ADDRESS"]
