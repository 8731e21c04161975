"""What each sort of layer measures of the values that come into it: arguments of its constructor. Imports Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ..emit.keras.run import make
from ..ir.expressions import make_expression
from ..ir.op import Op
from ..ir.program import Call
from ..ops.discretize import Discretization
from ..ops.lookup import IntegerLookup, TextVectorization
from ..ops.rescaling import Normalization
from ..ops.vocabulary import VocabularyLookup

if TYPE_CHECKING:
    from .samples import Array

Flow = Iterator[tuple["Array", "Array | None"]]
"""What comes into a layer, batch by batch, and which steps of it count; None where all do."""


def make_stand_in(op: Op) -> dict[str, object]:
    """Values of the right form, for a model that is built to be measured."""
    if isinstance(op, Discretization):
        return {"bin_boundaries": [float(each) for each in range((op.num_bins or 2) - 1)], "num_bins": None}
    if isinstance(op, VocabularyLookup):
        special = (op.padding, op.unknown[0])
        candidates: Iterable[int | str] = range(3) if isinstance(op, IntegerLookup) else "abc"
        value = next(each for each in candidates if each not in special)
        return {"vocabulary": [value], **({"idf_weights": [1.0]} if op.mode == "tf_idf" else {})}
    return {"mean": 0.0, "variance": 1.0}


def measure(op: Op, flow: Flow) -> dict[str, object]:
    """The arguments that Keras's own `adapt` would find, as JSON has them; empty where no value came."""
    if isinstance(op, Discretization):
        return _measure_boundaries(op, flow)
    if isinstance(op, VocabularyLookup):
        return _measure_vocabulary(op, flow)
    assert isinstance(op, Normalization)
    return _measure_moments(op, flow)


def _measure_moments(op: Normalization, flow: Flow) -> dict[str, object]:
    """Mean and variance over all axes but the layer's own, as Keras's `adapt` has them."""
    total: Any = 0.0
    count, mean, spread = 0, total, total
    for given, kept in flow:
        values = given.astype("float64")
        axes = () if op.axis is None else (op.axis,) if isinstance(op.axis, int) else op.axis
        own = sorted(axis % values.ndim for axis in axes)
        if kept is not None and 1 not in own:
            values, own = values[kept], [axis - 1 for axis in own]
        over = tuple(axis for axis in range(values.ndim) if axis not in own)
        size = int(numpy.prod([values.shape[axis] for axis in over]))
        if not size:
            continue
        # Chan's way to join the moments of two sets.
        new_mean, new_spread = values.mean(over), values.var(over) * size
        step = new_mean - mean
        whole = count + size
        spread = spread + new_spread + step**2 * count * size / whole
        mean = mean + step * size / whole
        count = whole
    return {"mean": numpy.asarray(mean).tolist(), "variance": numpy.asarray(spread / count).tolist()} if count else {}


def _measure_boundaries(op: Discretization, flow: Flow) -> dict[str, object]:
    values = numpy.concatenate([(each if kept is None else each[kept]).reshape(-1) for each, kept in flow])
    if not values.size:
        return {}
    layer = keras.layers.Discretization(num_bins=op.num_bins, epsilon=op.epsilon)
    # What `adapt` does of an array, without its look for TensorFlow.
    layer.reset_state()
    layer.update_state(values)
    layer.finalize_state()
    return {"bin_boundaries": [float(each) for each in layer.bin_boundaries], "num_bins": None}


def _measure_vocabulary(op: VocabularyLookup, flow: Flow) -> dict[str, object]:
    """The values, the most frequent first; of `tf_idf` with the special ones, so that each has its own weight."""
    keywords = tuple((name, make_expression(value)) for name, value in op.list_keras_arguments().items())
    layer = make(Call(op.keras_path(), (), keywords))
    layer.reset_state()
    for values, kept in flow:
        if kept is None:
            layer.update_state(values)
        elif op.mode == "tf_idf":
            import tensorflow

            layer.update_state(tensorflow.ragged.boolean_mask(values, kept))
        else:
            layer.update_state(values[kept].reshape(-1))
    layer.finalize_state()
    plain = int if isinstance(op, IntegerLookup) else str
    found = [plain(each) for each in layer.get_vocabulary(include_special_tokens=False)]
    # NumPy takes NUL from the end of a text, so that two of Keras's words may be one.
    places = {each: place for place, each in reversed(list(enumerate(found)))}
    tokens = sorted(places, key=places.__getitem__)
    if not tokens or op.mode != "tf_idf":
        return {"vocabulary": tokens} if tokens else {}
    held = layer._lookup_layer if isinstance(op, TextVectorization) else layer
    weights = [float(each) for each in held.idf_weights.numpy()]
    name, first = op.unknown[0], op.specials
    weighed = [weights[first + places[each]] for each in tokens]
    if name is None:
        return {"vocabulary": tokens, "idf_weights": weighed}
    return {"vocabulary": [name] * first + tokens, "idf_weights": weights[:first] + weighed}
