"""Which of the processes this one is. Imports nothing of ours."""

from __future__ import annotations

from ...text.frozen import dataclass


@dataclass(frozen=True)
class Seat:
    """Which of how many processes this one is, from 0 on, and where the first of them listens."""

    host: str
    port: int
    number: int
    count: int

    def write_address(self, port: int) -> str:
        """A port of the first one's machine, as a program is told of it."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    def __str__(self) -> str:
        return name(self.number, self.count)


@dataclass(frozen=True)
class Team:
    """The same for the process that trains: which it is of how many, and where JAX's of the first one listens."""

    number: int
    count: int
    coordinator: str


def name(number: int, count: int) -> str:
    """What a process is called."""
    return f"process {number} of {count}"
