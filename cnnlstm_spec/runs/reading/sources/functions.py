"""A function of Python's that gives the data: a mapping of arrays, a `keras.utils.PyDataset` or a `tf.data.Dataset`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any

import numpy

from ....ir.inference import describe_error
from ...samples import DataError
from .arrays import ArrayRows
from .rows import Array

WEIGHTS = "sample_weight"
ENDLESS = -1
"""What `tf.data` says of a dataset that repeats itself for ever."""


def call_function(
    name: str, branches: tuple[str, ...], heads: tuple[str, ...], needed: tuple[str, ...] | None = None
) -> ArrayRows:
    """What `package.module:function` gives, as arrays by the names of branches and heads; its code is run."""
    module, _, function = name.partition(":")
    try:
        with redirect_stdout(sys.stderr):
            given = getattr(import_module(module), function)()
            batches = [] if isinstance(given, Mapping) else list(_iterate_batches(given, name))
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError([f"{name}: {describe_error(error)}"]) from error
    if isinstance(given, Mapping):
        return ArrayRows({str(key): numpy.asarray(value) for key, value in given.items()}, name, needed=needed)
    if not batches:
        raise DataError([f"{name}: it gives no batch"])
    columns: dict[str, list[Array]] = {}
    for batch in batches:
        if not isinstance(batch, tuple | list) or not 2 <= len(batch) <= 3:
            raise DataError([f"{name}: each batch is (inputs, targets) or (inputs, targets, sample weights)"])
        parts = {**_name_values(batch[0], branches, name), **_name_values(batch[1], heads, name)}
        if len(batch) == 3 and isinstance(batch[2], Mapping):
            parts |= {f"{WEIGHTS}.{head}": each for head, each in batch[2].items()}
        elif len(batch) == 3:
            parts[WEIGHTS] = batch[2]
        for key, value in parts.items():
            columns.setdefault(key, []).append(numpy.asarray(value))
    try:
        return ArrayRows({key: numpy.concatenate(values) for key, values in columns.items()}, name, needed=needed)
    except ValueError:
        raise DataError([f"{name}: its batches have different shapes; give arrays of one shape"]) from None


def _iterate_batches(given: Any, name: str) -> Iterator[object]:
    if hasattr(given, "as_numpy_iterator"):
        if int(given.cardinality()) == ENDLESS:
            raise DataError([f"{name}: it never ends; an epoch of it is all samples, once"])
        return iter(given.as_numpy_iterator())
    if hasattr(given, "__getitem__") and hasattr(given, "__len__"):
        return (given[index] for index in range(len(given)))
    if isinstance(given, Iterable):
        return iter(given)
    raise DataError([f"{name}: it gives a {type(given).__name__}; a mapping of arrays, a PyDataset or a tf.data.Dataset is read"])


def _name_values(value: object, names: tuple[str, ...], source: str) -> dict[str, object]:
    """What a batch holds, by name; a single array, or a list in order, is that of the names."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    values = list(value) if isinstance(value, tuple | list) else [value]
    if len(values) != len(names):
        raise DataError([f"{source}: a batch has {len(values)} arrays where the spec has {', '.join(names)}"])
    return dict(zip(names, values, strict=True))
