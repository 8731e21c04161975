"""Opens data: sources to rows, rows to parts, cells to arrays, arrays to batches; what is amiss is told by file and row.

It imports `runs`, `compiler` and the rooms below, and no Keras; libraries are imported when a file needs them. A compilation
comes in and a `samples.Data` goes out (`open.py`), or, for `cnnlstm-spec data`, a report of everything there is (`check.py`). A
source is a file of `sources/`, a format a file of `formats/`.
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
