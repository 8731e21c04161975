"""A Ray cluster: the one that there is, or one of our own on this machine. Imports Ray."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from .samples import DataError

STORE = 100 * 2**20
"""Bytes for what processes of a cluster of our own give each other: jobs and endings. Ray wants 75 MiB at least."""
PASSED = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES")
"""Variables that hold for what runs there as they do here; of those that are not set nothing is said."""
HERE = "127.0.0.1"
ANSWERS = 10
"""Seconds in which what leads a cluster takes a connection."""
NOT_BEGUN = "creation task"
"""What Ray says of a process that has failed before it was asked for anything."""


@contextmanager
def join_cluster(count: int) -> Iterator[str]:
    """The address of this machine in the cluster that RAY_ADDRESS names, or in one of our own for so many processes.

    Raises DataError where there is none to be had.
    """
    address = os.environ.get("RAY_ADDRESS")
    own = {"num_cpus": count, "object_store_memory": STORE, "include_dashboard": False, "_node_ip_address": HERE}
    variables = {name: os.environ[name] for name in PASSED if name in os.environ}
    given = {"runtime_env": {"env_vars": variables}, "log_to_driver": False, "logging_level": "ERROR"}
    if address:
        _need_answer(address)
    else:
        # What trains is all that a cluster of our own does; by default Ray lets it wait for whatever else runs.
        os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        # Without an address Ray would take whatever cluster it finds here.
        ray.init(address or "local", **given, **({} if address else own))
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise DataError([f"Ray: {error}"]) from None
    # That a node is lost is told by who used it; Ray would write its own log of that among what a command prints.
    ray._private.worker._worker_logs_enabled = False
    try:
        yield ray.util.get_node_ip_address() if address else HERE
    finally:
        ray.shutdown()


def _need_answer(address: str) -> None:
    """Raises DataError where nothing listens at HOST:PORT, for which Ray would wait for minutes and say nothing."""
    host, _, port = address.rpartition(":")
    if "/" in host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), ANSWERS).close()
    except (OSError, OverflowError) as error:
        raise DataError([f"Ray: nothing answers at {address}, which RAY_ADDRESS names: {error}"]) from None


def explain_not_begun(death: BaseException) -> str | None:
    """What Ray says where a node could not begin: packages that it lacks, as a rule. None where it had begun."""
    said = str(death)
    if NOT_BEGUN not in said:
        return None
    return f"a node of the cluster cannot train: {said.strip().splitlines()[-1]}; each needs the same packages as this machine"
