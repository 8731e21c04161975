"""What differs between two specs, as the document that `diff --format json` writes. Imports no other file of the room."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic.config import JsonDict

from ...text.document import Count, Document, LeftOut

Cost = Annotated[Count | str, Field(description="An expression where it depends on a size known only at run time.")]


def _need_a_side(schema: JsonDict) -> None:
    schema["anyOf"] = [{"required": ["old"]}, {"required": ["new"]}]


def _need_changes(schema: JsonDict) -> None:
    """A layer has changes if it is `changed`, and then alone."""
    schema["if"] = {"properties": {"sort": {"const": "changed"}}}
    schema["then"] = {"properties": {"changes": {"minItems": 1}}}
    schema["else"] = {"properties": {"changes": {"maxItems": 0}}}


class Change(Document):
    """A fact with its value in both specs."""

    model_config = ConfigDict(json_schema_extra=_need_a_side)

    what: str
    """What has changed: an argument, `output`, `reads`, `compile.optimizer`."""
    old: LeftOut[JsonValue] = None
    """Any value; left out where the first spec does not have it."""
    new: LeftOut[JsonValue] = None
    """Any value; left out where the second spec does not have it."""

    def has(self, side: Literal["old", "new"]) -> bool:
        """Whether that spec has it."""
        return side in self.model_fields_set

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.has("old") or self.has("new")):
            raise ValueError("a change has `old`, `new` or both")
        return self


class LayerChange(Document):
    """A layer that only one of the two specs has, or that differs."""

    model_config = ConfigDict(json_schema_extra=_need_changes)

    sort: Literal["added", "removed", "changed"]
    layer: str
    """Its class, or the strategy of a fusion."""
    name: str
    """Its name in Keras; in the second spec, unless it was removed."""
    path: str
    """Where it stands in that spec."""
    output: str
    """Its output, as `(steps=98, features=32)`; sizes known only at run time are names or expressions."""
    params: Count
    """Shared weights count where they are first used."""
    changes: tuple[Change, ...]
    """Empty unless `sort` is `changed`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.sort == "changed") != bool(self.changes):
            raise ValueError("a layer has changes if it is `changed`, and then alone")
        return self


class Counts(Document):
    """A count in both specs."""

    old: Count
    new: Count


class Sizes(Document):
    """A cost in both specs that may depend on sizes known only at run time."""

    old: Cost
    new: Cost


class CostChanges(Document):
    """All costs, equal ones too."""

    params: Counts
    trainable: Counts
    weight_bytes: Counts
    macs: Sizes
    """Multiply-adds of one sample."""
    activation_bytes: Sizes
    """Of all outputs, for a batch of `--batch-size`, which is 1 by default."""


class LostLayer(Document):
    """A layer whose trained weights would not load."""

    name: str
    """A layer of the first spec, by its name in Keras."""
    params: Count
    reason: str


class LoadedWeights(Document):
    """Which trained weights of the first spec would load in the second."""

    loaded: tuple[str, ...]
    """Keras layers whose trained weights would load: of the same name and the same shapes."""
    loaded_params: Count
    not_loaded: tuple[LostLayer, ...]


class Differences(Document):
    """What differs between two specs without errors, as models. Layers are found again by their place among the others."""

    model_config = ConfigDict(title="cnnlstm-spec diff --format json")

    version: Literal[1]
    old: str
    """The first spec, as it was given."""
    new: str
    """The second."""
    equal: bool
    """Whether both are the same model: `model` and `layers` are empty."""
    model: tuple[Change, ...]
    """What differs beside the layers: name, seed, batch size, inputs, outputs and `compile`."""
    layers: tuple[LayerChange, ...]
    """Layers that differ, in the order of the second spec; removed ones stand where they were."""
    same_layers: Count
    """How many layers are the same in both."""
    costs: CostChanges
    """All costs, equal ones too."""
    weights: LoadedWeights
