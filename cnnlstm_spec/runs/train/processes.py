"""This process among those that train a model together, by JAX: what the first one has, all have. Imports JAX.

Its methods are called by all processes at the same time, or wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy
from jax.experimental import multihost_utils

from ...text.frozen import dataclass
from ..ending import Ending
from ..identity import RunIdentity
from ..samples import DataError
from ..taking import Begin
from ..together.seat import Team
from .training import Store

HALF = 2**30


class Processes:
    """All of them, from the time that all have come here."""

    def __init__(self, team: Team) -> None:
        self.leads = team.number == 0
        given = (team.coordinator, team.count, team.number)
        jax.distributed.initialize(*given, coordinator_bind_address=team.coordinator, cluster_detection_method="deactivate")

    def tell(self, data: bytes | None) -> bytes | None:
        """What the first process gives to this."""
        # JAX has no integers of 64 bits.
        size = divmod(-1 if data is None else len(data), HALF)
        high, low = map(int, multihost_utils.broadcast_one_to_all(numpy.array(size, "int32")))
        if high < 0:
            return None
        mine = numpy.frombuffer(data, "uint8") if self.leads and data else numpy.zeros(high * HALF + low, "uint8")
        return numpy.asarray(multihost_utils.broadcast_one_to_all(mine), "uint8").tobytes() if mine.size else b""

    def decide(self, identity: RunIdentity, take: Callable[[], Ending | Begin]) -> Ending | Begin:
        """What the first process does with its folder; raises DataError where this one would train something else."""
        told = self.tell(identity.to_json().encode() if self.leads else None)
        assert told is not None
        first = RunIdentity.from_json(told)
        if not identity.is_same(first):
            what = identity.describe_difference(first)
            raise DataError([f"this process differs from the first one in {what}: all need the same spec, data and packages"])
        taken = take() if self.leads else _leave_alone
        told = self.tell(str(taken.status).encode() if isinstance(taken, Ending) else b"")
        return Ending(int(told), ()) if told and not self.leads else taken

    def share(self, folder: Store) -> Store:
        """The folder of the first process, as all see it."""
        return _Shared(self, folder)

    def leave(self) -> None:
        """Leaves the others, once all have come so far; this process computes by itself from then on."""
        jax.distributed.shutdown()


def _leave_alone() -> None:
    """The folder is another process's."""


@dataclass(frozen=True)
class _Shared:
    """Only the first process reads and writes."""

    processes: Processes
    folder: Store

    def read(self, name: str) -> bytes | None:
        return self.processes.tell(self.folder.read(name) if self.processes.leads else None)

    def write(self, name: str, data: bytes) -> None:
        if self.processes.leads:
            self.folder.write(name, data)

    def log_folder(self, name: str) -> str | None:
        return self.folder.log_folder(name) if self.processes.leads else None
