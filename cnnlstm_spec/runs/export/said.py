"""What a library says where it fails, without where in itself that is. Imports nothing heavy."""

from __future__ import annotations

import re
import traceback

LOCATION = re.compile(r"\bloc\(.*\): (error: )?")
"""Where LiteRT's converter says that it is, before it says what."""


def shorten_error(error: Exception) -> str:
    """What a library says first, without the lines that lead up to it, which end in a colon as OpenVINO's do."""
    if isinstance(error, MemoryError):
        return "it needs more memory than it may have"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = next((line for line in lines if not line.endswith(":")), next(iter(lines), type(error).__name__))
    return first[found.end() :] if (found := LOCATION.search(first)) is not None else first


def describe_error(error: Exception) -> str:
    """All that Python tells of an error."""
    return "".join(traceback.format_exception(error))[-100_000:]
