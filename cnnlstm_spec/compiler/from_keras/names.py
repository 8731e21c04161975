"""Names of a model as a spec can have them. Imports nothing of ours."""

from __future__ import annotations

import re


def clean(name: str) -> str:
    """A name that a spec can have, as near as may be."""
    return re.sub(r"^[^A-Za-z0-9]+", "", re.sub(r"[^A-Za-z0-9_-]+", "_", name)).strip("_")[:64]
