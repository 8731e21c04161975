"""The libraries that reading needs, each imported when a file is met that needs it; one that is missing is told with the way."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ...text.missing import install
from ..samples import DataError

EXTRA = "data"


def import_needed(module: str, what: str, extra: str = EXTRA) -> ModuleType:
    """A module by its name; DataError, which says what installs it, where there is none. `what` is what needs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise DataError([f"{what} needs `{module.partition('.')[0]}`, which is not installed: {install(extra)}"]) from None
