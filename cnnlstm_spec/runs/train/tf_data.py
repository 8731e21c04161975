"""Batches as a `tf.data.Dataset`, which TensorFlow reads beside the step that it computes. Imports TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import tensorflow

if TYPE_CHECKING:
    import keras

    from ..samples import Array
    from .training import Values


def gather(whole: Values, batches: Callable[[], list[Sequence[int]]], size: int) -> object:
    """Batches of `size` samples of what is in memory, in the order that `batches` gives anew for each epoch."""
    values = tensorflow.nest.map_structure(tensorflow.constant, whole)

    def make_orders() -> Iterator[Array]:
        yield numpy.concatenate([numpy.asarray(each, "int64") for each in batches()])

    def take(places: object) -> object:
        return tensorflow.nest.map_structure(lambda array: tensorflow.gather(array, places), values)

    order = tensorflow.data.Dataset.from_generator(make_orders, output_signature=tensorflow.TensorSpec((None,), "int64"))
    return order.flat_map(lambda all: tensorflow.data.Dataset.from_tensor_slices(all).batch(size)).map(take)


def generate(batches: Callable[[], Iterator[Values]], first: Values, model: keras.Model) -> object:
    """What a generator gives for each epoch. Sizes are those of the first sample, but where the model leaves them open.

    A batch axis that the model fixes is told: a stateful layer needs it.
    """
    heads = model.output if isinstance(model.output, dict) else {None: model.output}
    outputs = {name: each.shape for name, each in heads.items()}
    shapes: list[Mapping[str | None, Sequence[int | None]]] = [{each.name: each.shape for each in model.inputs}, outputs, outputs]
    size = model.inputs[0].shape[0]
    signature = tuple(_make_specs(value, known, size) for value, known in zip(first, shapes, strict=False))
    return tensorflow.data.Dataset.from_generator(batches, output_signature=signature)


def finish(made: Any, steps: int, ahead: int) -> object:
    """A dataset that tells how many batches it has, and holds some of them ready."""
    return made.apply(tensorflow.data.experimental.assert_cardinality(steps)).prefetch(ahead)


def _make_specs(value: Array | dict[str, Array], known: Mapping[str | None, Sequence[int | None]], size: int | None) -> object:
    if isinstance(value, dict):
        return {name: _make_spec(each, known[name], size) for name, each in value.items()}
    return _make_spec(value, next(iter(known.values())), size)


def _make_spec(array: Array, known: Sequence[int | None], size: int | None) -> object:
    open_ = [place < len(known) and known[place] is None for place in range(1, array.ndim)]
    shape = [size, *(None if each else own for each, own in zip(open_, array.shape[1:], strict=True))]
    return tensorflow.TensorSpec(shape, tensorflow.as_dtype(array.dtype))
