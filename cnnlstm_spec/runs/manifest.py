"""The manifest of a run, as the document `manifest.json`: that of the artifact, and what it was trained on and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from ..compiler.artifact.manifest import Manifest
from ..text.document import Count, Document, LeftOut
from .measure.document import Evaluation
from .samples import HeadTarget


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


class TargetFacts(Document):
    """What a head's target is; `predict` says it in these words."""

    sort: Literal["classes", "labels", "numbers"]
    encoding: Literal["integer", "one_hot", "multi_hot", "binary", "real"]
    names: tuple[str, ...]
    """Classes or labels in order, or the columns of numbers."""
    mean: float
    """What was taken away from numbers before training."""
    spread: float
    """What they were then divided by."""

    def to_target(self, head: str) -> HeadTarget:
        """The target of a head."""
        return HeadTarget(head, self.sort, self.encoding, self.names, self.mean, self.spread)


def make_target_facts(target: HeadTarget) -> TargetFacts:
    """The facts of a head's target."""
    mean, spread = float(target.mean), float(target.spread)
    return TargetFacts(sort=target.sort, encoding=target.encoding, names=target.names, mean=mean, spread=spread)


class RunManifest(Manifest):
    """What a run's folder holds, what it was trained on, and how."""

    model_config = ConfigDict(title="cnnlstm-spec train: manifest.json")

    data: dict[str, JsonValue]
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
    evaluation: LeftOut[Evaluation] = None
    """What the model is worth on `test`, else on `validation`."""
    base: str
    """The folder of the spec, as a path from the run's."""
    fold: LeftOut[Count] = None
    """Which fold of `train` is validation."""
    targets: dict[str, TargetFacts]
    """By head."""
    thresholds: dict[str, float]
    """From which probability on a binary head is 1, by head."""
    seconds: float
    """In epochs; of those that were run again after a kill, once."""
    machine: Machine
    commit: str | None
    """Of the repository that the spec lies in; null where it lies in none."""
