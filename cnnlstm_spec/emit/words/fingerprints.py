"""What tells a finding from all others of a report, and stays as it is when other lines of the file change."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from ...text.diagnostic import Diagnostic
from ...text.source import NOWHERE


class Fingerprints:
    """Counts equal findings on equal lines of one file, whose fingerprints differ by their number."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def take(self, found: Diagnostic, path: str, option: str | None = None) -> str:
        """The fingerprint of the next finding: of its code, its path and the text of its line, without spaces around it."""
        span = found.place.span
        text = option or (
            span.source.read_line(span.source.find_position(span.start)[0]) if span.source is not NOWHERE.source else ""
        )
        parts = "\0".join((found.code.name, path, text.strip()))
        digest = sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        self.taken[digest] += 1
        return f"{digest}:{self.taken[digest]}"
