"""From a spec to a trained, measured model: data are opened, models trained, measured and compared here.

It imports `compiler` and the rooms below, and knows neither `editor/` nor `cli/`. A `Compilation` comes in; a run's folder goes
out, or what was measured of one. `reading/` opens data, and gives a `samples.Data`; all else takes what it needs of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .feeding import read_rows as read


def __getattr__(name: str) -> object:
    if name != "read":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .feeding import read_rows

    return read_rows


__all__ = ["read"]
