"""Opens data: sources to rows, rows to parts, cells to arrays, arrays to batches; what is amiss is told by file and row.

`open.py` makes a `samples.Data` of a compilation; `check.py` reads everything there is, for `cnnlstm-spec data`. A source is a
file of `sources/`, a format a file of `formats/`. Nothing here knows Keras; libraries are imported when a file needs them.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Reading(ModuleType):
    """This package, which may be called: `cnnlstm_spec.runs.read(RUN, rows)`."""

    def __call__(self, run: Any, rows: Any, **allowed: bool) -> dict[str, Any]:
        """See `feeding.read_rows`."""
        from importlib import import_module

        found: dict[str, Any] = import_module("cnnlstm_spec.runs.feeding").read_rows(run, rows, **allowed)
        return found


sys.modules[__name__].__class__ = _Reading
