"""What `predict` writes: the rows of a source with what each head gives, as a table or as arrays. Imports Keras."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from ..compiler.compile import Compilation
from ..model.addresses import find_backbone, find_inner, find_output, list_addresses
from ..text.escape.json import to_json
from ..text.frozen import dataclass
from .measure.inside import find_tensor
from .measure.measure import HALF
from .measure.predict import Predicted, compute_probabilities, decide_classes, make_heads, predict, read_numbers
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
    """Predictions by sample."""

    columns: Mapping[str, Sequence[object]]
    """A value a sample each: the source's own columns, or the sample's name, then what the heads give."""
    arrays: Mapping[str, Array]
    """Outputs with axes, by the names that columns would have, samples first.

    Where they differ in steps they are filled up with NaN, or -1 for a class that is a number, or an empty text.
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
    rows = part.read_rows()
    columns: dict[str, Sequence[object]] = dict(rows) if rows is not None else {}
    if rows is None:
        columns[SAMPLE] = [part.name_sample(place) for place in range(len(part))]
    arrays: dict[str, Array] = {}
    heads = make_heads(compilation)
    if at is not None:
        found = predict(cut_at(model, compilation, at), part, type(heads)((at,), batch_size=heads.batch_size))
        return _add_features(columns, at, found[at])
    for head, predicted in predict(model, part, heads).items():
        target = targets.get(head) or _guess(head, predicted)
        if predicted.values[0].ndim > 1:
            described = [
                _describe_steps(head, each, target, head in heads.logits, thresholds.get(head, HALF), every)
                for each in predicted.values
            ]
            arrays |= {name: _stack([each[name] for each in described]) for name in described[0]}
        else:
            columns |= _check_head(head, predicted, target, head in heads.logits, thresholds.get(head, HALF), every)
    return Predictions(columns, arrays)


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
    fill: Any = {"i": -1, "U": ""}.get(arrays[0].dtype.kind, numpy.nan)
    room = [[(0, longest - len(each)), *[(0, 0)] * (each.ndim - 1)] for each in arrays]
    return numpy.stack([numpy.pad(each, pad, constant_values=fill) for each, pad in zip(arrays, room, strict=True)])


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


def _add_features(columns: dict[str, Sequence[object]], at: str, found: Predicted) -> Predictions:
    if found.values[0].ndim > 1:
        return Predictions(columns, {at: _stack(found.values)})
    values = numpy.stack(found.values).reshape(len(found.values), -1)
    return Predictions(columns | {f"{at}.{place}": values[:, place].tolist() for place in range(values.shape[1])}, {})


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
    if all(isinstance(each, int | float) for each in kept):
        return kept
    return ["" if each is None else each if isinstance(each, str) else str(each) for each in kept]
