"""What layers have measured of a run's data, as overrides of its spec: `adapted.json` holds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from ..text.escape.json import to_json
from ..text.files import read_json
from .folder import ADAPTED
from .samples import DataError


def to_overrides(found: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Texts of the form PATH=VALUE that set what was measured."""
    return tuple(
        f"{address}.{name}={to_json(value, None)}" for address, values in found.items() for name, value in values.items()
    )


def read_adapted(folder: File) -> tuple[str, ...]:
    """What a run has measured, as overrides; empty where it has measured nothing. Raises DataError for a file that is none."""
    held = read_json(folder / ADAPTED)
    if held is None:
        return ()
    if not isinstance(held, dict) or not all(isinstance(each, dict) for each in held.values()):
        raise DataError([f"`{folder / ADAPTED}` does not hold what a run has measured"])
    return to_overrides(held)
