"""What `evaluate` found, as the document that it writes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ...text.document import Count, Document, LeftOut
from ..samples import describe_left_out


class MeasuredValue(Document):
    """A figure and its interval; null where there is none, such as the AUC of a class without a sample."""

    value: float | None
    lower: LeftOut[float | None] = None
    upper: LeftOut[float | None] = None

    def show(self) -> str:
        """`0.93 [0.91, 0.95]`, as people read it."""
        if self.value is None:
            return "-"
        if self.lower is None or self.upper is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} [{self.lower:.4g}, {self.upper:.4g}]"


class ClassFigures(Document):
    """The figures of a class, or of one label of several."""

    samples: Count
    precision: MeasuredValue
    recall: MeasuredValue
    f1: MeasuredValue
    false_alarms: MeasuredValue
    """The share of the other samples that are taken for it."""
    auc: MeasuredValue


class HeadFigures(Document):
    """What is known of a head beside its metrics."""

    sort: Literal["classes", "labels", "numbers"]
    threshold: LeftOut[float] = None
    """From which probability on it is 1, of a binary head and of labels."""
    classes: LeftOut[dict[str, ClassFigures]] = None
    confusion: LeftOut[tuple[tuple[Count, ...], ...]] = None
    """How many samples of each class (rows) are taken for each (columns), in the order of `classes`."""
    last_value: LeftOut[dict[str, MeasuredValue]] = None
    """Of a forecast: the figures of the last known value repeated."""
    season: LeftOut[dict[str, MeasuredValue]] = None
    """Of a forecast: the figures of the value a season before."""


class Evaluation(Document):
    """What a model is worth on samples that it was not trained on."""

    model_config = ConfigDict(title="cnnlstm-spec evaluate --format json")

    version: Literal[1]
    name: str
    part: str
    """`test`, `validation`, or the source that was named."""
    samples: Annotated[int, Field(ge=1)]
    left_out: LeftOut[Count] = None
    """How many more samples there would be if no cell were empty (`missing: drop`); left out where there would be none."""
    groups: LeftOut[Count | None] = None
    """Of how many groups they are, where the split has them: intervals are of draws of these."""
    loss: LeftOut[float] = None
    metrics: dict[str, MeasuredValue]
    """Those of the spec as Keras logs them, and those of the task; of several heads `HEAD.accuracy`."""
    heads: dict[str, HeadFigures]

    def describe_samples(self) -> str:
        """How many samples there are, and how many more there would be."""
        return f"{self.samples:,} sample{'s' if self.samples > 1 else ''}{describe_left_out(self.left_out or 0)}"

    def describe_intervals(self) -> str:
        """What is said of intervals beside the figures."""
        if (self.samples if self.groups is None else self.groups) > 1:
            return "in brackets 95 % intervals"
        return f"no intervals, for which one {'sample' if self.groups is None else 'group'} is too few"
