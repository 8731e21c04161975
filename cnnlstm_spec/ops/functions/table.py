"""The functions of `keras.ops` that an `Op` may name, as `tools/operations.py` has found them. Imports no op."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ...text.files import read_own
from ...text.frozen import dataclass


@dataclass(frozen=True)
class ArgumentFact:
    """An argument of a function: what it takes, by the word of the table, and its default."""

    name: str
    kind: str
    required: bool = False
    default: object = None


@dataclass(frozen=True)
class FunctionFacts:
    """What is known of a function."""

    name: str
    sort: str
    """What it does with shapes."""
    arguments: tuple[ArgumentFact, ...]
    """Each argument but the tensor."""
    example: Mapping[str, object]
    shape: tuple[int, ...]
    """What the example stands on."""
    operations: tuple[str, ...]
    """What Keras calls the operations of a model that it makes."""
    dtypes: Mapping[str, str | None]
    """What it gives of a dtype, where that is another, or None where it takes none of it."""
    dtypes_of_floats: Mapping[str, str | None]
    """The same where a number among the arguments has a fraction."""
    gradient: str
    """`yes`, `none` where the result does not depend on the input smoothly, `missing` where TensorFlow has none."""
    xla: tuple[bool, bool]
    """Whether XLA compiles it, by itself and with its gradient."""
    keeps_zero: bool
    refused_numbers: Mapping[str, Mapping[str, Sequence[str]]]
    """For `int32`, which stands for all integers, and `bool`: by argument, the numbers that it fails with, each by a word."""
    needs_matrix: tuple[str, str]
    """What a matrix has to have, by itself and with its gradient: `an inverse`, `positive eigenvalues`, or nothing."""

    @property
    def first(self) -> str:
        """A dtype that it takes."""
        return "float32" if self.dtypes.get("float32", "float32") is not None else "int32"


@cache
def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read_own("ops", "data", "operations.json"))
    return found


@cache
def list_names() -> tuple[str, ...]:
    """Every function that an `Op` may name."""
    return tuple(_read()["functions"])


def map_refused() -> Mapping[str, str]:
    """Every other function of `keras.ops`, with the reason."""
    found: dict[str, str] = _read()["refused"]
    return found


@cache
def find_fact(name: str) -> FunctionFacts | None:
    """What is known of a function; None where there is none of that name."""
    row = _read()["functions"].get(name)
    if row is None:
        return None
    xla = row.get("xla", (True, True))
    return FunctionFacts(
        name,
        row["sort"],
        tuple(ArgumentFact(**each) for each in row["arguments"]),
        row["example"],
        tuple(row.get("shape", (3, 4))),
        tuple(row["operations"]),
        row["dtypes"],
        row.get("dtypes_of_floats", row["dtypes"]),
        row.get("gradient", "yes"),
        (bool(xla[0]), bool(xla[1])),
        row.get("keeps_zero", False),
        row.get("refused_numbers", {}),
        tuple(row.get("needs_matrix", ("", ""))),
    )
