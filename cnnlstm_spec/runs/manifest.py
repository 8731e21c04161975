"""The manifest of a run, as the document `manifest.json`: that of the artifact, and what it was trained on and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from ..compiler.artifact.manifest import Manifest
from ..text.document import Count, Document, LeftOut


class Machine(Document):
    """The kind of machine that trained; nothing that says which one."""

    system: str
    processor: str
    cores: Count
    devices: tuple[str, ...]
    """What Keras computed on, such as `CPU` or the name of a GPU."""


class Ended(Document):
    """Why a training ended before its time."""

    reason: Literal["nan"]
    where: str
    """Epoch, batch and layer, in words."""


class Best(Document):
    """The epoch whose weights the model has."""

    epoch: Annotated[int, Field(ge=1)]
    monitor: str
    """What says which epoch is the best."""
    direction: Literal["min", "max"]
    metrics: dict[str, float | None]
    """What Keras logged of it; null for what is no number."""


class RunManifest(Manifest):
    """What a run's folder holds, what it was trained on, and how."""

    model_config = ConfigDict(title="cnnlstm-spec train: manifest.json")

    data: JsonValue
    """Sources with their rows and digests, classes, and how they were shared out."""
    fit: JsonValue
    """The section `fit` as it was understood."""
    batch_size: Annotated[int, Field(ge=1)]
    """Samples a step."""
    epochs: Count
    """How many were run."""
    best: LeftOut[Best] = None
    """Left out where no epoch ended."""
    ended: LeftOut[Ended] = None
    """Where it ended before its time."""
    thresholds: dict[str, float]
    """From which probability on a binary head is 1, by head."""
    seconds: float
    """In epochs; of those that were run again after a kill, once."""
    machine: Machine
    commit: str | None
    """Of the repository that the spec lies in; null where it lies in none."""
