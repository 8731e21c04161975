"""What a training goes on from between two epochs: variables, and the counters of callbacks, in one file without pickle."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ...text.escape.json import to_json

if TYPE_CHECKING:
    from ..samples import Array

TEXT = "json"


def pack(arrays: Mapping[str, Array], values: object) -> bytes:
    """Arrays and plain values, which may hold arrays too, as one `.npz`."""
    held = {f"array/{name}": _make_plain_array(each) for name, each in arrays.items()}
    dtypes = {name: str(numpy.asarray(each).dtype) for name, each in arrays.items()}
    inner: list[Array] = []
    text = to_json({"values": _encode(values, inner), "dtypes": dtypes}, None)
    held |= {f"value/{number}": each for number, each in enumerate(inner)}
    stream = io.BytesIO()
    held[TEXT] = numpy.frombuffer(text.encode(), "uint8")
    numpy.savez(stream, allow_pickle=False, **held)
    return stream.getvalue()


def unpack(data: bytes) -> tuple[dict[str, Array], Any]:
    """What `pack` was given; raises ValueError where the bytes are none of it."""
    try:
        with numpy.load(io.BytesIO(data), allow_pickle=False) as held:
            document = json.loads(held[TEXT].tobytes())
            inner = [held[f"value/{number}"] for number in range(sum(name.startswith("value/") for name in held.files))]
            dtypes = document["dtypes"]
            arrays = {name: _restore_dtype(held[f"array/{name}"], dtype) for name, dtype in dtypes.items()}
            return arrays, _decode(document["values"], inner)
    except (OSError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"it holds no state of a run: {type(error).__name__}") from None


def _make_plain_array(value: Array) -> Array:
    """An array of a type that NumPy itself has: others, such as bfloat16, as their bits."""
    array: Array = numpy.asarray(value)
    return array if array.dtype.kind in "biufSU" else array.view(f"uint{8 * array.dtype.itemsize}")


def _restore_dtype(array: Array, dtype: str) -> Array:
    return array if str(array.dtype) == dtype else array.view(dtype)


def _encode(value: Any, arrays: list[Array]) -> object:
    if isinstance(value, numpy.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, dict):
        return {"map": [[_encode(key, arrays), _encode(each, arrays)] for key, each in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(each, arrays) for each in value]}
    if isinstance(value, list):
        return [_encode(each, arrays) for each in value]
    if callable(value):
        return {"op": value.__name__}
    return value


def _decode(value: object, arrays: Sequence[Array]) -> object:
    if isinstance(value, list):
        return [_decode(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    ((sort, held),) = value.items()
    match sort:
        case "array":
            return arrays[held]
        case "float":
            return float(held)
        case "tuple":
            return tuple(_decode(each, arrays) for each in held)
        case "op":
            return getattr(keras.ops, held)
        case _:
            return {_decode(key, arrays): _decode(each, arrays) for key, each in held}


def list_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Every variable that training changes, by a name that does not depend on the process: seed generators and optimizer too."""
    found = {f"model/{number}": each for number, each in enumerate(model.variables)}
    found |= {f"optimizer/{number}": each for number, each in enumerate(_list_optimizer_state(model.optimizer))}
    return found


def _list_optimizer_state(optimizer: keras.optimizers.Optimizer) -> Iterator[keras.Variable]:
    seen: set[int] = set()
    for one in _list_optimizers(optimizer):
        for variable in one.variables:
            if id(variable) not in seen:
                seen.add(id(variable))
                yield variable


def _list_optimizers(optimizer: keras.optimizers.Optimizer) -> Iterator[keras.optimizers.Optimizer]:
    """An optimizer, and those that it holds."""
    yield optimizer
    for each in (getattr(optimizer, "inner_optimizer", None), *(getattr(optimizer, "optimizers", None) or ())):
        if each is not None:
            yield from _list_optimizers(each)


def take(model: keras.Model) -> dict[str, Array]:
    """The values of all variables."""
    return {name: numpy.array(each) for name, each in list_variables(model).items()}


def give(model: keras.Model, arrays: Mapping[str, Array]) -> None:
    """Sets all variables; raises ValueError where the arrays are those of another model."""
    wanted = list_variables(model)
    if wanted.keys() != arrays.keys() or any(tuple(wanted[name].shape) != arrays[name].shape for name in wanted):
        raise ValueError("its weights are those of another model")
    for name, variable in wanted.items():
        variable.assign(arrays[name])


def list_counters(callback: keras.callbacks.Callback) -> dict[str, object]:
    """What a callback has counted and kept so far: of its attributes those that are plain values, arrays or operations."""
    held = {name: each for name, each in vars(callback).items() if name not in ("params", "_model", "model", "validation_data")}
    return {name: each for name, each in held.items() if _is_plain(each)}


def recount(callback: keras.callbacks.Callback, values: Mapping[str, object]) -> None:
    """Gives a callback what `counters` has told."""
    for name, each in values.items():
        setattr(callback, name, each)


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(each) for key, each in value.items())
    if callable(value):
        return getattr(keras.ops, getattr(value, "__name__", ""), None) is value
    return value is None or isinstance(value, bool | int | float | str | numpy.ndarray | numpy.generic)
