"""Trials on the processes of a Ray cluster: a node that dies loses those that it had, which are tried again. Imports Ray."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import ray
from ray.exceptions import NodeDiedError, ObjectLostError, RayActorError, WorkerCrashedError

from ..cluster import explain_not_begun, join_cluster
from .trial import TrialEnding, TrialJob, run_trial
from .workers import TrialWorker


class RayWorker(TrialWorker):
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
        return explain_not_begun(death) or super().describe_death(death)

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
def hire_in_cluster(count: int) -> Iterator[Callable[[], TrialWorker]]:
    """What hires in the cluster, for so many trials at a time; raises DataError where there is none to be had."""
    with join_cluster(count):
        yield RayWorker
