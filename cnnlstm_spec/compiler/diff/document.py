"""What differs between two specs, as the document that `diff --format json` writes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from ...text.document import Count, Document, LeftOut
from .differ import MISSING, Difference
from .differ import Change as Changed
from .differ import LayerChange as ChangedLayer

Cost = Annotated[Count | str, Field(description="An expression where it depends on a size known only at run time.")]


def _need_a_side(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": ["old"]}, {"required": ["new"]}]


def _need_changes(schema: dict[str, Any]) -> None:
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

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not {"old", "new"} & self.model_fields_set:
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


class Costs(Document):
    """All costs, equal ones too."""

    params: Counts
    trainable: Counts
    weight_bytes: Counts
    macs: Sizes
    """Multiply-adds of one sample."""
    activation_bytes: Sizes
    """Of all outputs, for a batch of `--batch-size`, which is 1 by default."""


class Lost(Document):
    """A layer whose trained weights would not load."""

    name: str
    """A layer of the first spec, by its name in Keras."""
    params: Count
    reason: str


class Weights(Document):
    """Which trained weights of the first spec would load in the second."""

    loaded: tuple[str, ...]
    """Keras layers whose trained weights would load: of the same name and the same shapes."""
    loaded_params: Count
    not_loaded: tuple[Lost, ...]


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
    costs: Costs
    """All costs, equal ones too."""
    weights: Weights


def make_differences(found: Difference, old: str, new: str) -> Differences:
    """The document of what differs between two specs, by the names that they were given by."""
    costs = {each.what: {"old": each.old, "new": each.new} for each in found.costs}
    lost = tuple(Lost(name=each.name, params=each.params, reason=each.reason) for each in found.lost)
    return Differences(
        version=1,
        old=old,
        new=new,
        equal=found.equal,
        model=tuple(map(_change, found.model)),
        layers=tuple(map(_describe_layer, found.layers)),
        same_layers=found.same,
        costs=Costs.model_validate(costs),
        weights=Weights(loaded=found.loaded, loaded_params=found.loaded_params, not_loaded=lost),
    )


def _change(change: Changed) -> Change:
    """A change lacks `old` or `new` where one of the two specs does not have what it is about."""
    sides: dict[str, Any] = {"old": change.old, "new": change.new}
    return Change(what=change.what, **{side: value for side, value in sides.items() if value != MISSING})


def _describe_layer(each: ChangedLayer) -> LayerChange:
    return LayerChange(
        sort=each.sort,
        layer=each.layer,
        name=each.name,
        path=each.path,
        output=each.output,
        params=each.params,
        changes=tuple(map(_change, each.changes)),
    )
