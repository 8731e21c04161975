"""Between which numbers values lie, and what axes are: what is inferred is what Keras gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layers import op_classes, type_of
from small import spec

from cnnlstm_spec.ir.inference import Inference
from cnnlstm_spec.ir.meaning import ANY, Meaning, Range, merge_ranges
from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ir.tensor import TensorType
from cnnlstm_spec.language.activations import ADDS_UP, BOUNDS, CUTTING, DISTRIBUTIONS

OPS = [op for op in op_classes() if op.__name__ not in ("Bidirectional", "SpectralNormalization")]
CASES = [(op, each) for op in OPS for each in op.examples if each.dtype == "float32"]
NEAR = 1e-3
"""How far beyond its bounds a float may lie."""


def meaning(kind: str, shape: str, layers: str, input: str = "") -> Meaning:
    """What the last layer of a branch gives stands for."""
    typed = spec(shape, kind, layers, "[]", input=input).typed
    assert typed is not None
    type = typed.nodes[typed.graph.outputs["head"]].type
    assert type is not None
    return type.meaning


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ("[Flatten]", "pixels, scaled or not"),
        ("[{Rescaling: {scale: 1/255}}, Flatten]", "0 to 1"),
        ("[{Rescaling: {scale: 1/127.5, offset: -1}}, ReLU, Flatten]", "0 to 1"),
        ("[{Rescaling: {scale: 255}}, Flatten]", "0 to 255"),
        ("[{Rescaling: {scale: 2}}, Flatten]", "nothing"),
        ("[{Rescaling: {scale: 1/255}}, {Rescaling: {scale: [1, -2, 1], offset: 1}}, Flatten]", "-1 to 2"),
        ("[{Rescaling: {scale: 1/255}}, BatchNormalization, Flatten]", "any number"),
        ("[{Conv2D: {filters: 2, kernel_size: 3, activation: relu}}, GlobalAveragePooling2D]", "from 0 up"),
        ("[{Rescaling: {scale: 1/255}}, Flatten, {Op: {name: square}}, {Op: {name: exp}}]", "1 to 2.71828"),
        ("[Flatten, {Dense: {units: 3, activation: tanh}}, {Op: {name: abs}}]", "0 to 1"),
        ("[Flatten, {Dense: {units: 3, activation: softmax}}, {Dropout: {rate: 0.5}}]", "0 to 1"),
        ("[Flatten, {Residual: {layers: [{Dense: {units: 192, activation: relu}}]}}]", "nothing"),
        ("[{Rescaling: {scale: 1/255}}, Flatten, {Residual: {layers: [{Dense: {units: 192, activation: sigmoid}}]}}]", "0 to 2"),
    ],
)
def test_images(layers: str, words: str) -> None:
    values = meaning("image", "[8, 8, 3]", layers).range
    assert (str(values) if values is not None else "nothing") == words


@pytest.mark.parametrize(
    ("layers", "steps"),
    [
        ("[{LSTM: {units: 4, return_sequences: true}}]", (0, False)),
        ("[{LSTM: {units: 4, return_sequences: true, go_backwards: true}}]", (0, True)),
        ("[{Bidirectional: {layer: {LSTM: {units: 4, return_sequences: true}}}}]", (0, False)),
        ("[{GRU: {units: 4, return_sequences: true, go_backwards: true}}, {TimeDistributed: [{Dense: {units: 2}}]}]", (0, True)),
        ("[{Repeat: {times: 2, layers: [{GRU: {units: 4, return_sequences: true, go_backwards: true}}]}}]", (0, False)),
        ("[{GRU: {units: 4, return_sequences: true, go_backwards: true}}, {Permute: {dims: [2, 1]}}]", (1, True)),
        ("[{LSTM: {units: 4}}, {RepeatVector: {n: 3}}]", (0, False)),
        ("[{LSTM: {units: 4}}]", (None, False)),
    ],
)
def test_steps(layers: str, steps: tuple[int | None, bool]) -> None:
    found = meaning("sequence", "[6, 4]", layers)
    assert (found.steps, found.backwards) == steps


@pytest.mark.parametrize(
    ("layers", "channels"),
    [
        ("[{Conv2D: {filters: 2, kernel_size: 3}}, MaxPooling2D]", 2),
        ("[{Conv2D: {filters: 2, kernel_size: 3, data_format: channels_first}}, ReLU]", 0),
        ("[{Conv2D: {filters: 2, kernel_size: 3}}, {Permute: {dims: [3, 1, 2]}}]", 0),
        ("[{Conv2D: {filters: 2, kernel_size: 3}}, {Reshape: {target_shape: [36, 2]}}]", 1),
        ("[{Conv2D: {filters: 2, kernel_size: 3}}, Flatten]", None),
        ("[ReLU]", None),
    ],
)
def test_channels(layers: str, channels: int | None) -> None:
    assert meaning("image", "[8, 8, 3]", layers).channels == channels


def test_ranges_together() -> None:
    assert merge_ranges([Range(0, 1), Range(-1, 2)]) == Range(-1, 2) and merge_ranges([Range(0, 1), None]) is None
    assert merge_ranges([Range(0, 1), ANY]) == ANY and not Range(0, 1).reaches(0) and Range(0, 1, True).reaches(0)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_activations(name: str) -> None:
    """The bounds hold, and are come near, and the least value comes if and only if it is said to."""
    import keras
    import numpy

    inputs = numpy.concatenate([numpy.linspace(-30, 30, 6001), [-1e4, 1e4]]).astype("float32")[:, None]
    if name in DISTRIBUTIONS | {"log_softmax"}:
        inputs = numpy.concatenate([inputs, numpy.zeros_like(inputs)], -1)
    given = numpy.asarray(keras.activations.get(name)(keras.ops.convert_to_tensor(inputs)))
    least, greatest, attained = BOUNDS[name]
    assert given.min() < -20 if least is None else abs(given.min() - least) < NEAR
    assert given.max() > 20 if greatest is None else abs(given.max() - greatest) < NEAR
    if least == 0:
        # Of those that only come near, float32 rounds no value of moderate size to 0.
        assert attained == bool((given[2000:6001] == 0).any())
    if name in DISTRIBUTIONS:
        assert numpy.allclose(given.sum(-1), 1) == (name == ADDS_UP)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "values", [pytest.param(Range(0, 1, True), marks=pytest.mark.whole), Range(-2, 3)], ids=["positive", "both"]
)
def test_layers(values: Range) -> None:
    """What each layer gives of values in a range lies in the range that is inferred, and adds up to 1 where that is said."""
    import numpy
    import oracle
    from test_ops import keras_values

    wrong = []
    for op_class, example in CASES:
        op = op_class.make(**example.arguments)
        inferred = _inferred(op, example, values)
        if inferred is None or op.only_in_training:
            continue
        rng = numpy.random.default_rng(0)
        shapes = [(4, *(7 if size is None else size for size in shape)) for shape in example.shapes]
        assert values.least is not None and values.greatest is not None
        data = [rng.uniform(values.least, values.greatest, shape).astype("float32") for shape in shapes]
        layer = oracle.resolve(op.keras_path())(**keras_values(op))
        if op_class.__name__ in oracle.ATTEND and len(data) == 1:
            data = data * 2
        try:
            given = numpy.asarray(
                layer(*data) if op_class.__name__ in oracle.POSITIONAL else layer(data if len(data) > 1 else data[0])
            )
        except Exception:
            continue  # This device lacks it; `test_ops` says where a layer fails.
        given = given[numpy.isfinite(given)]
        low = -numpy.inf if inferred.least is None else inferred.least - NEAR
        high = numpy.inf if inferred.greatest is None else inferred.greatest + NEAR
        if given.size and not (low <= given.min() and given.max() <= high):
            wrong.append((op_class.__name__, example.arguments, str(inferred), given.min(), given.max()))
    assert not wrong


def _inferred(op: Op, example: Example, values: Range) -> Range | None:
    inputs = [replace(type_of(op, shape, "float32", 7), meaning=Meaning(values)) for shape in example.shapes]
    output: TensorType = op.infer(Inference(), *inputs)
    return op.infer_meaning(output, *inputs).range


@pytest.mark.keras
def test_those_that_cut_give_one_number_below_and_grow_above() -> None:
    import keras
    import numpy

    x = numpy.linspace(-9, 9, 73, dtype="float32")
    given = {name: numpy.asarray(keras.activations.get(name)(x)) for name in BOUNDS if name not in DISTRIBUTIONS}
    cutting = {name for name, y in given.items() if (y[x <= -1] == y[0]).all() and BOUNDS[name][1] in (None, 6)}
    assert cutting == CUTTING
