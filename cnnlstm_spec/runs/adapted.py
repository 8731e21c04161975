"""What layers have measured of a run's data, as overrides of its spec: `adapted.json` holds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue

from ..text.document import Document
from ..text.escape.json import to_json
from ..text.files import find_sort, need_regular
from .folder import ADAPTED
from .samples import DataError


class Adapted(Document):
    """What layers have measured of the training part before the model was built."""

    model_config = ConfigDict(title="cnnlstm-spec train: adapted.json")

    version: Literal[1] = 1
    layers: dict[str, dict[str, JsonValue]]
    """The arguments that were measured, by the address of their layer."""


def make_adapted(measured: Mapping[str, Mapping[str, Any]]) -> Adapted:
    """The document of what was measured."""
    return Adapted(version=1, layers={address: dict(values) for address, values in measured.items()})


def to_overrides(found: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Texts of the form PATH=VALUE that set what was measured."""
    return tuple(
        f"{address}.{name}={to_json(value, None)}" for address, values in found.items() for name, value in values.items()
    )


def read_adapted(folder: File) -> tuple[str, ...]:
    """What a run has measured, as overrides; empty where it has measured nothing. Raises DataError, PathError."""
    if find_sort(folder / ADAPTED) is None:
        return ()
    need_regular(folder / ADAPTED)
    held = Adapted.read_file(folder / ADAPTED)
    if held is None:
        raise DataError([f"`{folder / ADAPTED}` does not hold what a run has measured"])
    return to_overrides(held.layers)
