"""From a spec to a trained, measured model: data are opened, models trained, measured and compared here.

It imports `compiler` and the rooms below, and knows neither `editor/` nor `cli/`. A `Compilation` comes in; a run's folder goes
out, or what was measured of one. `read/` opens data, and gives a `samples.Data`; all else takes what it needs of one.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "read":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"{__name__}.read")
