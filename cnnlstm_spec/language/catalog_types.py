"""The types of what is generated into `data/`, for mypy and readers: no code needs this file while it runs."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class ObjectArgument(TypedDict):
    """An argument: its kind ends in `?` where it may be null, and its bounds are named as in JSON Schema."""

    name: str
    kind: str
    default: NotRequired[object]
    required: NotRequired[bool]
    minimum: NotRequired[int]
    maximum: NotRequired[int]
    exclusiveMinimum: NotRequired[int]
    exclusiveMaximum: NotRequired[int]
    minItems: NotRequired[int]
    choices: NotRequired[list[str]]
    exempt: NotRequired[list[object]]


class ObjectReads(TypedDict, total=False):
    """What a loss or metric reads; empty for a class that is neither."""

    labels: str
    minimum_rank: int
    maximum_rank: int
    minimum_width: int
    mask: str
    direction: str
    dtypes: str


class ObjectClass(TypedDict):
    """A class of Keras."""

    arguments: list[ObjectArgument]
    reads: NotRequired[ObjectReads]


class ObjectFamily(TypedDict):
    """Objects that may stand in one place."""

    classes: dict[str, ObjectClass]
    identifiers: dict[str, str]
    """By each word that Keras reads as one of them, its class, or of an activation its function."""
    any_case: NotRequired[bool]
    by_shape: NotRequired[list[str]]
    """Words that Keras reads by the shape of an output."""


ObjectRule = TypedDict(
    "ObjectRule",
    {
        "family": str,
        "class": NotRequired[str],
        "rule": str,
        "keras": str,
        "argument": NotRequired[str],
        "arguments": NotRequired[list[str]],
        "given": NotRequired[dict[str, object]],
        "set": NotRequired[str],
        "unset": NotRequired[str],
        "than": NotRequired[str],
        "bound": NotRequired[str | int],
        "minimum": NotRequired[int],
        "maximum": NotRequired[int],
    },
)
"""What arguments break together: of one class, or of all of a family."""


class SinceFact(TypedDict, total=False):
    """Of a class or function, in `since.json`, the version of Keras that first has it, and of its arguments theirs."""

    since: str
    arguments: dict[str, str]


class Catalog(TypedDict):
    """All of `catalog.json`."""

    keras: str
    families: dict[str, ObjectFamily]
    rules: list[ObjectRule]
    compile: list[ObjectArgument]
    dtype_policies: list[str]
    refused: list[str]
    of_the_run: list[str]
