"""What `predict` writes: the rows of a source with what each head gives, as a table or as arrays. Imports Keras."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy

from ..compiler.compile import Compilation
from ..model.addresses import find_backbone, find_inner, find_output, list_addresses
from ..text.escape.json import to_json
from ..text.frozen import dataclass
from .measure.inside import find_tensor
from .measure.measure import HALF
from .measure.predict import Heads, Predicted, compute_probabilities, decide_classes, make_heads, predict, read_numbers
from .reading.libraries import import_needed
from .samples import DataError, HeadTarget, Part

if TYPE_CHECKING:
    import keras

    from .samples import Array

TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
ARRAYS = ".npz"
SAMPLE = "sample"


@dataclass(frozen=True)
class Predictions:
    """Predictions by row."""

    columns: Mapping[str, Sequence[object]]
    """A value a row each: the source's own columns, or the sample's name, then what the heads give.

    None of a row that has no sample: it is left out (`missing: drop`), or no window ends with it.
    """
    arrays: Mapping[str, Array]
    """Outputs with axes, by the names that columns would have, rows first.

    Where they differ in steps they are filled up with NaN, or -1 for a class that is a number, or an empty text; so is a row that
    has no sample.
    """


def make_predictions(
    compilation: Compilation,
    model: keras.Model,
    part: Part,
    targets: Mapping[str, HeadTarget],
    thresholds: Mapping[str, float],
    every: bool = False,
    at: str | None = None,
) -> Predictions:
    """Predicts; `every` gives the probability of each class, `at` the features at an address in place of the heads."""
    rows, kept = part.read_rows(), part.list_kept()
    if rows is None:
        rows = {SAMPLE: part.name_kept()}
    heads = make_heads(compilation)
    if at is not None:
        found = predict(cut_at(model, compilation, at), part, type(heads)((at,), batch_size=heads.batch_size))
        columns, arrays = _list_features(at, found[at])
    else:
        columns, arrays = _list_heads(predict(model, part, heads), heads, targets, thresholds, every)
    placed = {name: _place(each, kept) for name, each in columns.items()}
    return Predictions({**rows, **placed}, {name: _place_arrays(each, kept) for name, each in arrays.items()})


def _place(values: Sequence[object], kept: Sequence[int | None]) -> Sequence[object]:
    """Values of samples as those of the rows that are kept."""
    return [None if place is None else values[place] for place in kept]


def _place_arrays(values: Array, kept: Sequence[int | None]) -> Array:
    rows = numpy.full((len(kept), *values.shape[1:]), _find_fill(values), values.dtype)
    rows[[row for row, place in enumerate(kept) if place is not None]] = values
    return rows


def _list_heads(
    found: Mapping[str, Predicted],
    heads: Heads,
    targets: Mapping[str, HeadTarget],
    thresholds: Mapping[str, float],
    every: bool,
) -> tuple[dict[str, Sequence[object]], dict[str, Array]]:
    """What the heads give of each sample: columns, and arrays of those with axes."""
    columns: dict[str, Sequence[object]] = {}
    arrays: dict[str, Array] = {}
    for head, predicted in found.items():
        target = targets.get(head) or _guess(head, predicted)
        if predicted.values[0].ndim > 1:
            described = [
                _describe_steps(head, each, target, head in heads.logits, thresholds.get(head, HALF), every)
                for each in predicted.values
            ]
            arrays |= {name: _stack([each[name] for each in described]) for name in described[0]}
        else:
            columns |= _check_head(head, predicted, target, head in heads.logits, thresholds.get(head, HALF), every)
    return columns, arrays


def _guess(head: str, predicted: Predicted) -> HeadTarget:
    """A target of a model that is no run's: its classes have numbers for names."""
    width = predicted.values[0].shape[-1] if predicted.values[0].ndim else 1
    return HeadTarget(head, "numbers", "real", tuple(map(str, range(width))))


def _check_head(
    head: str, predicted: Predicted, target: HeadTarget, is_logits: bool, threshold: float, every: bool
) -> dict[str, Sequence[object]]:
    values = predicted.list_rows()
    if target.sort == "numbers":
        numbers = read_numbers(values.astype("float64"), target)
        if numbers.shape[1] == 1:
            return {f"{head}.prediction": numbers[:, 0].tolist()}
        names = target.names if len(target.names) == numbers.shape[1] else tuple(map(str, range(numbers.shape[1])))
        return {f"{head}.{name}": numbers[:, place].tolist() for place, name in enumerate(names)}
    scores = compute_probabilities(values, is_logits).astype("float64")
    if target.sort == "labels":
        chosen = scores >= threshold
        told: dict[str, Sequence[object]] = {
            f"{head}.prediction": ["|".join(name for name, yes in zip(target.names, row, strict=True) if yes) for row in chosen]
        }
        return told | {f"{head}.{name}": scores[:, place].tolist() for place, name in enumerate(target.names)}
    classes = decide_classes(scores, target, threshold)
    both = numpy.concatenate([1 - scores, scores], axis=1) if scores.shape[1] == 1 else scores
    names = target.names if len(target.names) == both.shape[1] else tuple(map(str, range(both.shape[1])))
    told = {f"{head}.prediction": [names[each] for each in classes]}
    if every:
        return told | {f"{head}.{name}": both[:, place].tolist() for place, name in enumerate(names)}
    return told | {f"{head}.probability": both[numpy.arange(len(both)), classes].tolist()}


def _describe_steps(
    head: str, values: Array, target: HeadTarget, is_logits: bool, threshold: float, every: bool
) -> dict[str, Array]:
    """What a head with steps gives of a sample: the class of each step and its probability, or its numbers."""
    if target.sort == "numbers":
        return {f"{head}.prediction": read_numbers(values, target)}
    axes = values.shape[:-1]
    flat = compute_probabilities(values.reshape(-1, values.shape[-1]), is_logits)
    if target.sort == "labels":
        return {f"{head}.{name}": flat[:, place].reshape(axes) for place, name in enumerate(target.names)}
    classes = decide_classes(flat, target, threshold)
    both = numpy.concatenate([1 - flat, flat], axis=1) if flat.shape[1] == 1 else flat
    names = target.names if len(target.names) == both.shape[1] else tuple(map(str, range(both.shape[1])))
    labels = numpy.asarray(list(map(int, names)) if all(each.isdecimal() for each in names) else names)
    found = {f"{head}.prediction": labels[classes].reshape(axes)}
    if every:
        return found | {f"{head}.{name}": both[:, place].reshape(axes) for place, name in enumerate(names)}
    return found | {f"{head}.probability": both[numpy.arange(len(both)), classes].reshape(axes)}


def _stack(arrays: Sequence[Array]) -> Array:
    longest = max(len(each) for each in arrays)
    if all(len(each) == longest for each in arrays):
        return numpy.stack(arrays)
    room = [[(0, longest - len(each)), *[(0, 0)] * (each.ndim - 1)] for each in arrays]
    return numpy.stack([numpy.pad(each, pad, constant_values=_find_fill(each)) for each, pad in zip(arrays, room, strict=True)])


def _find_fill(values: Array) -> float | str:
    """What stands where an array has no value."""
    fills: dict[str, float | str] = {"i": -1, "U": ""}
    return fills.get(values.dtype.kind, numpy.nan)


def cut_at(model: keras.Model, compilation: Compilation, address: str) -> keras.Model:
    """The model up to an address. Raises DataError where it names nothing that a sample has."""
    import keras

    typed = compilation.typed
    assert typed is not None
    id = find_output(typed.graph, address)
    if id is None and (find_inner(typed.graph, address) or find_backbone(typed.graph, address)):
        raise DataError([f"nothing in the model reads `{address}`: read it in a head, and predict that"])
    if id is None:
        raise DataError([f"there is no `{address}` in this model; there are {', '.join(list_addresses(typed.graph)[:8])}"])
    tensor = find_tensor(model, typed, id)
    if tensor is None:
        raise DataError([f"`{address}` is no layer of the Keras model"])
    return keras.Model(model.inputs, tensor)


def _list_features(at: str, found: Predicted) -> tuple[dict[str, Sequence[object]], dict[str, Array]]:
    if found.values[0].ndim > 1:
        return {}, {at: _stack(found.values)}
    values = numpy.stack(found.values).reshape(len(found.values), -1)
    return {f"{at}.{place}": values[:, place].tolist() for place in range(values.shape[1])}, {}


def write_predictions(found: Predictions, ending: str) -> bytes:
    """The bytes of a file of that ending. Raises DataError where it cannot hold them."""
    if ending == ARRAYS:
        stream = io.BytesIO()
        held = {name: numpy.asarray(_list_texts(each)) for name, each in found.columns.items()}
        numpy.savez(stream, allow_pickle=False, **{**held, **found.arrays})
        return stream.getvalue()
    if ending not in TABLES:
        raise DataError([f"`{ending}` is none of {', '.join((*TABLES, ARRAYS))}"])
    if found.arrays:
        named = " and ".join(f"`{name}`" for name in found.arrays)
        raise DataError([f"{named} gives more than a value a sample: name an `.npz` file with `-o`"])
    if ending == ".parquet":
        stream = io.BytesIO()
        import_needed("polars", "a `.parquet` file").DataFrame(
            {name: list(each) for name, each in found.columns.items()}
        ).write_parquet(stream)
        return stream.getvalue()
    rows = zip(*found.columns.values(), strict=True)
    if ending == ".jsonl":
        return "".join(
            to_json(dict(zip(found.columns, map(_make_plain, row), strict=True)), None) + "\n" for row in rows
        ).encode()
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if ending == ".tsv" else ",", lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows(map(_list_cells, rows))
    return text.getvalue().encode()


def _list_cells(row: Sequence[object]) -> list[object]:
    return [
        "" if each is None else to_json(_make_plain(each), None) if isinstance(each, list | tuple | numpy.ndarray) else each
        for each in row
    ]


def _make_plain(value: object) -> object:
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    if isinstance(value, numpy.generic):
        value = value.item()
    return None if isinstance(value, float) and not numpy.isfinite(value) else value


def _list_texts(values: Sequence[object]) -> list[object]:
    """Cells that an array holds without pickle."""
    kept = [_make_plain(each) for each in values]
    if all(each is None or isinstance(each, int | float) for each in kept):
        return [numpy.nan if each is None else each for each in kept]
    return ["" if each is None else each if isinstance(each, str) else str(each) for each in kept]
