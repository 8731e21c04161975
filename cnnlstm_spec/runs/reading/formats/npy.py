"""`.npy`: an array, whose header is read first, without pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from ..problems import Broken

Array = numpy.ndarray[Any, Any]


def open_npy(path: Path) -> Array:
    """The array, read from the file as it is asked for; raises Broken."""
    try:
        # Not `numpy.load`, which takes other formats too, whatever the name says.
        found = numpy.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        objects = "Python objects" in str(error) or "Object arrays" in str(error)
        reason = "it needs pickle, which could run code" if objects else "the array cannot be read"
        raise Broken("not-readable", reason) from None
    if not isinstance(found, numpy.ndarray) or found.dtype.kind not in "biuf":
        raise Broken("not-readable", "it holds no array of numbers")
    return found
