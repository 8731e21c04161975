"""Trials of a search, and processes that train one model, in a Ray cluster on this machine.

`make test-ray` runs it, in an environment of its own.
"""

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
from shared import HEAD, STEPS, rows, write_folder  # noqa: E402
from test_searching import rows_of, write  # noqa: E402

from cnnlstm_spec.cli.main import run  # noqa: E402
from cnnlstm_spec.runs import cluster as clusters  # noqa: E402
from cnnlstm_spec.runs.samples import DataError  # noqa: E402
from cnnlstm_spec.runs.search.ray_workers import RayWorker, hire_in_cluster  # noqa: E402
from cnnlstm_spec.runs.search.trial import TrialEnding, TrialJob  # noqa: E402
from cnnlstm_spec.runs.search.workers import train_side_by_side  # noqa: E402


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A node that only leads, and two that work."""
    given: dict[str, Any] = {"include_dashboard": False, "object_store_memory": clusters.STORE}
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
    with hire_in_cluster(2):
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
        "from cnnlstm_spec.runs.search.ray_workers import hire_in_cluster\n"
        "with hire_in_cluster(1) as hire:\n"
        "    worker = hire()\n"
        "    try: worker.train(None).result()\n"
        "    except worker.deaths as death: print(worker.describe_death(death))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "RAY_ADDRESS")}
    command = [sys.executable, "-c", program, str(ROOT)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert "a node of the cluster cannot train: ModuleNotFoundError: No module named 'cnnlstm_spec'" in done.stdout, done.stderr


@pytest.mark.parametrize("address", ["nowhere:what", "127.0.0.1:1", "nowhere.invalid:6379", "127.0.0.1:99999"])
def test_a_cluster_that_is_not_there_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(DataError, match="Ray: "), hire_in_cluster(1):
        raise AssertionError
    assert not ray.is_initialized() and os.environ["RAY_ADDRESS"]


def train(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command, which is not waited for."""
    line = [sys.executable, "-m", "cnnlstm_spec", "train", *arguments]
    given = {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        line, cwd=folder, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def end(process: subprocess.Popen[str], status: int) -> str:
    """What it has said."""
    said, _ = process.communicate(timeout=240)
    assert process.returncode == status, said
    return said


def test_processes_there_have_the_losses_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cluster of its own, for two runs, of which each is written here."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    write_folder(tmp_path)
    with train(tmp_path, "norms.yaml", "-o", "one", "--seeds", "1,2") as one:
        end(one, 0)
    with train(tmp_path, "norms.yaml", "-o", "two", "--seeds", "1,2", "--engine", "ray", "--workers", "2") as two:
        assert "2 devices of 2 processes share each batch" in end(two, 0)
    for seed in (1, 2):
        alone, shared = (rows(tmp_path / name / f"seed-{seed}") for name in ("one", "two"))
        assert len(alone) == 20
        for expected, found in zip(alone, shared, strict=True):
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_a_node_that_dies_ends_the_training_which_goes_on(cluster: Cluster, tmp_path: Path) -> None:
    """Killed with its node, the second process is told by the first one; with `--resume` the other node takes its place."""
    write_folder(tmp_path)
    (tmp_path / "long.yaml").write_text(f"{HEAD}{STEPS}fit: {{epochs: 200, batch_size: 7}}\n")
    given = ("long.yaml", "--engine", "ray", "--workers", "2", "-o")
    with train(tmp_path, *given, "whole") as whole:
        end(whole, 0)
    with train(tmp_path, *given, "lost") as lost:
        assert lost.stdout is not None
        while (line := lost.stdout.readline()) and not line.startswith("epoch 20/"):
            pass
        (busy,) = (each for each in cluster.workers if is_busy(each))
        cluster.remove_node(busy, allow_graceful=False)
        began = time.monotonic()
        told = [line for line in end(lost, 4).splitlines() if not line.startswith("epoch ")]
        assert len(told) == 1 and told[0].startswith("Error: process 1 of 2 is lost: ")
        assert time.monotonic() - began < 30
    with train(tmp_path, *given, "lost", "--resume") as again:
        end(again, 0)
    assert (tmp_path / "lost/model.keras").read_bytes() == (tmp_path / "whole/model.keras").read_bytes()


def is_busy(node: Any) -> bool:
    """Whether a process of a training runs on a node, of which each has one CPU."""
    ray.init(os.environ["RAY_ADDRESS"], log_to_driver=False, logging_level="ERROR")
    try:
        return ray.state.available_resources_per_node().get(node.node_id, {}).get("CPU", 0) < 1
    finally:
        ray.shutdown()


def test_a_cluster_without_room_is_told(cluster: Cluster, tmp_path: Path) -> None:
    write_folder(tmp_path)
    with train(tmp_path, "norms.yaml", "-o", "out", "--engine", "ray", "--workers", "4") as process:
        assert "Error: Ray: 3 processes beside this one take a CPU each; the cluster has 2" in end(process, 1)
    assert not (tmp_path / "out").exists()
