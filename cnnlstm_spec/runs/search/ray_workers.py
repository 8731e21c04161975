"""Trials on the processes of a Ray cluster: a node that dies loses those that it had, which are tried again. Imports Ray."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import ray
from ray.exceptions import NodeDiedError, ObjectLostError, RayActorError, WorkerCrashedError

from ..samples import DataError
from .trial import TrialEnding, TrialJob, run_trial
from .workers import Worker

STORE = 100 * 2**20
"""Bytes for what processes of a cluster of our own give each other: jobs and endings. Ray wants 75 MiB at least."""
PASSED = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES")
"""Variables that hold for trials as they do here; of those that are not set nothing is said."""


NOT_BEGUN = "creation task"
"""What Ray says of a process that has failed before it was asked for anything."""


class RayWorker(Worker):
    """A process of one CPU, and of one GPU where the cluster has some, wherever Ray puts it."""

    deaths = (RayActorError, NodeDiedError, WorkerCrashedError, ObjectLostError)

    def __init__(self, run: Callable[[TrialJob], TrialEnding] = run_trial) -> None:
        graphics = 1 if ray.cluster_resources().get("GPU") else 0
        # Paths of a search are told from the folder that it was started in.
        self.actor = ray.remote(_Trainer).options(num_cpus=1, num_gpus=graphics).remote(os.getcwd(), run)

    def train(self, job: TrialJob) -> Future[TrialEnding]:
        future: Future[TrialEnding] = self.actor.train.remote(job).future()
        return future

    def describe_death(self, death: BaseException) -> str:
        """With what Ray says where a node could not begin: packages that it lacks, as a rule."""
        said = str(death)
        if NOT_BEGUN not in said:
            return super().describe_death(death)
        return (
            f"a node of the cluster cannot train: {said.strip().splitlines()[-1]}; each needs the same packages as this machine"
        )

    def stop(self) -> None:
        ray.kill(self.actor)


class _Trainer:
    """What Ray runs elsewhere."""

    def __init__(self, folder: str, run: Callable[[TrialJob], TrialEnding]) -> None:
        self.folder, self.run = folder, run

    def train(self, job: TrialJob) -> TrialEnding:
        try:
            os.chdir(self.folder)
        except OSError as error:
            return TrialEnding("failed", lines=(f"`{self.folder}` is not there on every node: {error.strerror}",))
        return self.run(job)


@contextmanager
def join_cluster(count: int) -> Iterator[Callable[[], Worker]]:
    """What hires in the cluster that RAY_ADDRESS names, or in one of our own on this machine, for so many trials at a time.

    Raises DataError where there is none to be had.
    """
    address = os.environ.get("RAY_ADDRESS")
    own = {"num_cpus": count, "object_store_memory": STORE, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    variables = {name: os.environ[name] for name in PASSED if name in os.environ}
    given = {"runtime_env": {"env_vars": variables}, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        # Without an address Ray would take whatever cluster it finds here.
        ray.init(address or "local", **given, **({} if address else own))
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise DataError([f"Ray: {error}"]) from None
    try:
        yield RayWorker
    finally:
        ray.shutdown()
