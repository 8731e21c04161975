"""What came of one seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """Counts by verdict, and disagreements as kind, what was seen, and a spec that shows it."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    found: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    seconds: float = 0.0
