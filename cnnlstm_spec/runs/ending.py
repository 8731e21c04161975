"""How a run ends. Imports nothing of ours."""

from __future__ import annotations

from ..text.frozen import dataclass

DONE, FOUND, REFUSED, DIVERGED, LOST = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    status: int
    """0 done, 1 findings, 2 refused, 3 ended by NaN, 4 ended since another process is lost."""
    lines: tuple[str, ...]
    """What there is to say of it."""
