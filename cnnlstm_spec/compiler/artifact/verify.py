"""Two models of a spec against each other, on random batches. Imports Keras through `emit.keras` alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...ir.graph import TypedGraph
from ...ir.op import FLOATS, TEXT
from ...ir.size import Size
from ...ops.input import InputOp
from ...ops.vocabulary import VocabularyLookup
from ...text.frozen import dataclass
from ..compile import Compilation
from ..deploy import Deployment

if TYPE_CHECKING:
    import keras
    import numpy

    Array = numpy.ndarray[Any, Any]

BOUND, INFERENCE_BOUND = 1e-5, 1e-4
BATCHES = 3
MOST_WORDS = 100
SIZES = ((3, 32), (7, 48), (5, 40), (16, 32), (24, 64), (40, 96), (100, 224))
"""What sizes known only at run time are tried as, the first axis of an input and others, until `BATCHES` of them ran."""


@dataclass(frozen=True)
class Verification:
    """The greatest difference of any prediction, relative to those above 1, and the shapes that were compared."""

    difference: float
    shapes: tuple[str, ...]
    what: str = "with and without passes"
    bound: float = BOUND

    @property
    def equal(self) -> bool:
        """Whether anything ran, and gave the same."""
        return bool(self.shapes) and self.difference <= self.bound

    def __str__(self) -> str:
        if not self.shapes:
            return f"{self.what}: no size that was tried runs, so nothing is compared"
        return f"{self.what}: greatest difference {self.difference:.1e}, on batches of {', '.join(self.shapes)}"


def compare(compilation: Compilation) -> Verification:
    """Predictions with passes `none` and `default`, the same weights in both."""
    plain, passed = compilation.to_keras("none"), compilation.to_keras("default")
    # Passes may change the order of the layers; those that they remove have no weights.
    for layer in plain.layers:
        if layer.weights:
            passed.get_layer(layer.name).set_weights(layer.get_weights())
    return Verification(*measure_differences(compilation, plain, passed), bound=BOUND)


def compare_inference(deployment: Deployment, passes: str) -> Verification:
    """Predictions of the model for training, outside of training, and of the one for inference."""
    training, inference = deployment.make_models(passes)
    found = measure_differences(deployment.training, training, inference)
    return Verification(*found, "for training and for inference", INFERENCE_BOUND)


def measure_differences(compilation: Compilation, plain: keras.Model, passed: keras.Model) -> tuple[float, tuple[str, ...]]:
    """The greatest difference of predictions, and the shapes that were fed."""

    worst, shapes = 0.0, []
    for batch, inputs in _make_batches(compilation):
        fed = inputs if len(inputs) > 1 else next(iter(inputs.values()))
        try:
            wanted = plain.predict(fed, batch_size=batch, verbose=0)
        except Exception:
            # Sizes that the network cannot take, such as images smaller than its kernels.
            continue
        found = passed.predict(fed, batch_size=batch, verbose=0)
        for a, b in zip(_list_arrays(wanted), _list_arrays(found), strict=True):
            worst = max(worst, _measure_difference(a, b))
        shapes.append(" and ".join("x".join(map(str, each.shape)) for each in inputs.values()))
        if len(shapes) == BATCHES:
            break
    return worst, tuple(shapes)


def _measure_difference(a: Array, b: Array) -> float:
    """The greatest of any value; what is no number, or infinite, in both alike differs by nothing."""
    import numpy

    if a.shape != b.shape:
        return float("inf")
    a, b = a.astype("float64"), b.astype("float64")
    with numpy.errstate(invalid="ignore"):
        difference = numpy.abs(a - b) / numpy.maximum(1, numpy.abs(a))
    difference[(a == b) | (numpy.isnan(a) & numpy.isnan(b))] = 0
    return float(numpy.nan_to_num(difference, nan=numpy.inf).max(initial=0))


def _list_arrays(outputs: Array | list[Array] | dict[str, Array]) -> list[Array]:
    return list(outputs.values()) if isinstance(outputs, dict) else outputs if isinstance(outputs, list) else [outputs]


def _make_batches(compilation: Compilation) -> Iterator[tuple[int, dict[str, Array]]]:
    """Random inputs by name, the last steps padded where an input has padding."""
    import numpy

    rng = numpy.random.default_rng(0)
    typed, spec = compilation.typed, compilation.spec
    assert typed is not None and spec is not None
    words = [*_list_words(typed), "another"]
    for number, (first, others) in enumerate(SIZES):
        batch = spec.batch_size or number % 3 + 1
        data: dict[str, Array] = {}
        for id in typed.graph.inputs:
            op, x = typed.nodes[id].node.op, typed.nodes[id].type
            assert isinstance(op, InputOp) and x is not None
            shape = (batch, *(_evaluate_size(axis.size, first if place == 0 else others) for place, axis in enumerate(x.axes)))
            if x.dtype == TEXT:
                texts = [" ".join(rng.choice(words, rng.integers(1, 6))) for _ in range(batch)]
                data[op.branch] = numpy.asarray(texts, dtype=object)
                continue
            values = rng.normal(size=shape) if x.dtype in FLOATS else rng.integers(0, 256 if x.dtype == "uint8" else 2, shape)
            data[op.branch] = values.astype("float32" if x.dtype == "bfloat16" else x.dtype)
            if len(shape) > 1:
                kept = numpy.arange(shape[1])[None, :] < rng.integers(1, shape[1] + 1, (batch, 1))
            if op.input.mask_input is not None:
                data.setdefault(op.input.mask_input, kept)
            elif op.input.padding_value is not None:
                data[op.branch][~kept] = op.input.padding_value
        yield batch, data


def _list_words(typed: TypedGraph) -> Iterator[str]:
    """Some texts that layers have in their vocabularies."""
    for each in typed.nodes.values():
        if isinstance(each.node.op, VocabularyLookup):
            yield from (token for token in (each.node.op.tokens or ())[:MOST_WORDS] if isinstance(token, str))


def _evaluate_size(size: Size, value: int) -> int:
    return size if isinstance(size, int) else size.evaluate(dict.fromkeys(size.symbols, value))
