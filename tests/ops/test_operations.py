"""Every function that an `Op` may name, against `keras.ops` itself: values, shapes, dtypes, masks, and what is refused."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
from layers import spec_of

from cnnlstm_spec import load
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.inference import Inference, Refusal
from cnnlstm_spec.ir.op import Example, Op, example
from cnnlstm_spec.ir.tensor import Axis, TensorType
from cnnlstm_spec.ops.functions.op import find_function_op
from cnnlstm_spec.ops.functions.table import list_names
from fuzz.text import text_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def errors(text: str) -> list[Any]:
    return [each for each in load(text).diagnostics if each.severity == "error"]


def op_of(name: str) -> type[Op]:
    op = find_function_op(name)
    assert op is not None
    return op


def case(function: str, *shape: int | None, dtype: str = "float32", **arguments: Any) -> tuple[type[Op], Example]:
    return op_of(function), example(shape, dtype=dtype, function=function, **arguments)


EXAMPLES = [(op_of(name), op_of(name).examples[0]) for name in list_names()]
MORE = [
    case("mean", 3, 4, axis=[1, 2]),
    case("mean", None, 4, axis=-2, keepdims=True),
    case("max", 3, None, 5, axis=[1, -1], keepdims=True),
    case("argmax", None, 4, axis=-1, keepdims=True),
    case("norm", 3, 4, axis=1, ord=1, keepdims=True),
    case("count_nonzero", 3, 4, axis=[1, 2], dtype="int32"),
    case("quantile", 3, 4, axis=-1, q=0.25, keepdims=True),
    case("trapezoid", 3, 4, axis=1, dx=0.5),
    case("softmax", None, 4, axis=1),
    case("cumsum", None, 4, axis=1),
    case("flip", None, 4, axis=[1, 2]),
    case("roll", 3, 4, axis=-1, shift=2),
    case("sort", None, 4, axis=1),
    case("normalize", 3, 4, axis=1, order=1),
    case("glu", None, 4),
    case("expand_dims", None, 4, axis=1),
    case("expand_dims", None, 4, axis=-2),
    case("expand_dims", 3, axis=[1, 3]),
    case("squeeze", 1, 3, 1, axis=[1, -1]),
    case("transpose", None, 4, 5, axes=[0, 3, 1, 2]),
    case("moveaxis", None, 4, 5, source=1, destination=-1),
    case("moveaxis", 3, 4, 5, source=[1, 2], destination=[3, 1]),
    case("swapaxes", None, 4, 5, axis1=1, axis2=-1),
    case("rot90", 3, None, 5, axes=[1, 3], k=3),
    case("rot90", None, 4, axes=[1, 2], k=2),
    case("where", 3, 4, dtype="bool", x1=0.5, x2=2),
    case("repeat", None, 4, repeats=3, axis=1),
    case("tile", 3, 4, repeats=3),
    case("tile", None, 4, repeats=[2, 1]),
    case("pad", None, 4, pad_width=[[0, 0], [1, 2], [0, 1]], constant_values=3),
    case("pad", 3, 4, pad_width=[[0, 0], [2, 1], [0, 0]], mode="reflect"),
    case("diff", None, 4, n=2, axis=1),
    case("one_hot", None, dtype="int32", num_classes=3),
    case("one_hot", 3, dtype="int32", num_classes=5, axis=1),
    case("tril", None, 4, k=1),
    case("diagonal", 3, 5, offset=1, axis1=1, axis2=2),
    case("diagonal", 4, 3, 5, offset=-1, axis1=1, axis2=3),
    case("trace", 4, 3, 5, axis1=2, axis2=3),
    case("pinv", 3, 5),
    case("det", 2, 3, 3),
    case("space_to_depth", 4, 6, 2, block_size=2),
    case("depth_to_space", 2, 3, 8, block_size=2),
    case("extract_sequences", None, 9, sequence_length=4, sequence_stride=2),
    case("max_pool", None, 4, pool_size=2, padding="same"),
    case("average_pool", 7, 6, 2, pool_size=[2, 3], strides=1),
    case("take", None, 4, indices=-1, axis=1),
    case("take", 3, 4, indices=2, axis=2),
    case("clip", 3, 4, x_min=0.2, x_max=1),
    case("power", 3, 4, x2=2.5, dtype="int32"),
    case("add", 3, 4, x2=2, dtype="uint8"),
    case("cast", 3, 4, dtype_="int32"),
    case("greater", 3, 4, x2=0.5),
    case("logical_not", 3, 4, dtype="bool"),
    case("layer_normalization", None, 4, epsilon=0.001),
    case("leaky_relu", 3, 4, negative_slope=0.5),
]
"""Each sort of function with other arguments, and sizes known only at run time."""
MORE = [(op, Example({k.rstrip("_"): v for k, v in each.arguments.items()}, each.shapes, each.dtype)) for op, each in MORE]


def test_every_example_has_a_shape() -> None:
    """Each by itself, without Keras; the size of an axis over which it runs may be known only at run time."""
    refused = [
        f"{each.arguments}: {found}" for op, each in (*EXAMPLES, *MORE) if (found := errors(text_of(spec_of([(op, each)]))))
    ]
    assert refused == []


def test_any_number_of_axes_has_a_shape_or_is_refused() -> None:
    for op, each in (*EXAMPLES, *MORE):
        for count in range(6):
            with suppress(Refusal):
                op.make(**each.arguments).infer(Inference("float32"), TensorType(tuple(Axis(f"a{n}", 4) for n in range(count))))


BATCH_WORDS = [
    ("mean", {}),
    ("mean", {"axis": 0}),
    ("mean", {"axis": [0, 1]}),
    ("argmax", {}),
    ("cumsum", {}),
    ("flip", {}),
    ("roll", {"shift": 1}),
    ("expand_dims", {"axis": 0}),
    ("expand_dims", {"axis": -4}),
    ("squeeze", {}),
    ("transpose", {}),
    ("transpose", {"axes": [1, 0, 2]}),
    ("moveaxis", {"source": 0, "destination": 1}),
    ("moveaxis", {"source": 1, "destination": 0}),
    ("swapaxes", {"axis1": 0, "axis2": 1}),
    ("repeat", {"repeats": 2}),
    ("tile", {"repeats": [2, 1, 1]}),
    ("pad", {"pad_width": [[1, 0], [0, 0], [0, 0]]}),
    ("diagonal", {}),
    ("trace", {"axis2": 2}),
    ("take", {"indices": 0}),
    ("one_hot", {"num_classes": 3, "axis": 0}),
    ("sum", {"axis": -3}),
]


@pytest.mark.parametrize(("function", "arguments"), BATCH_WORDS)
def test_nothing_works_over_the_batch(function: str, arguments: dict[str, Any]) -> None:
    each = example((20, 8), function=function, **arguments)
    (found,) = errors(text_of(spec_of([(op_of(function), each)])))
    assert found.code.name == "works-over-the-batch"
    assert found.code.sort != "keras" and "x0_0_0 is 1, x0_0_1 is 2" in found.message


MASKS = [
    ("{function: mean, axis: 1}", ["mask-lost"]),
    ("{function: max, axis: [1, 2]}", ["mask-lost"]),
    ("{function: cumsum, axis: 1}", ["mask-lost"]),
    ("{function: roll, shift: 1, axis: 1}", ["mask-lost"]),
    ("{function: sin}", []),
    ("{function: softmax, axis: -1}", []),
    ("{function: mean, axis: -1, keepdims: true}", []),
    ("{function: expand_dims, axis: -1}", []),
    ("{function: flip, axis: 1}", []),
]


@pytest.mark.parametrize(("op", "wanted"), MASKS)
def test_masks(op: str, wanted: list[str]) -> None:
    """A function that takes padded steps for data loses the mask; what keeps each step, or turns them, does not."""
    text = (
        "version: 1\nname: t\nbranches: {x: {input: {kind: sequence, shape: [20, 8], mask_input: real}, "
        f"layers: [Op: {op}, {{Op: {{function: tanh, name: last}}}}]}}}}\nhead: []\n"
    )
    compilation = load(text)
    assert [each.code.name for each in compilation.diagnostics if each.code.name != "mask-unread"] == wanted
    assert compilation.typed is not None
    last = compilation.typed.nodes[compilation.typed.graph.addresses["x.last"]].type
    assert last is not None and (last.mask is None) == bool(wanted)
    if "flip" in op:
        assert last.mask is not None and last.mask.flipped


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_every_function_is_keras_own() -> None:
    """One model of all examples against each function by itself: values, dtypes and shapes."""
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    oracle = pytest.importorskip("oracle")
    cases = [*EXAMPLES, *MORE]
    compilation: Compilation = load(text_of(spec_of(cases)))
    assert compilation.ok and compilation.typed is not None, compilation.diagnostics
    model = compilation.to_keras()
    given = {f"x{n}_0": oracle.data(tuple(each.shapes[0]), each.dtype) for n, (_, each) in enumerate(cases)}
    for n, (op, each) in enumerate(cases):
        if "matrix" in op.fact.sort and each.shapes[0][-1] == each.shapes[0][-2]:  # type: ignore[attr-defined]
            x = given[f"x{n}_0"]
            given[f"x{n}_0"] = x @ x.swapaxes(-1, -2) + numpy.eye(x.shape[-1], dtype="float32")
    outputs = model(given)
    wrong = []
    for n, (op, each) in enumerate(cases):
        arguments = {name: value for name, value in each.arguments.items() if name != "function"}
        wanted = getattr(keras.ops, each.arguments["function"])(given[f"x{n}_0"], **{k: _tuples(v) for k, v in arguments.items()})
        x = compilation.typed.nodes[compilation.typed.graph.outputs[f"y{n}"]].type
        assert x is not None
        sizes = tuple(
            size if isinstance(size, int) else size.evaluate(dict.fromkeys(size.symbols, oracle.UNKNOWN)) for size in x.sizes
        )
        value = outputs[f"y{n}"]
        alike = numpy.allclose(numpy.asarray(value, "float64"), numpy.asarray(wanted, "float64"), atol=1e-5, equal_nan=True)
        if tuple(value.shape[1:]) != sizes or keras.backend.standardize_dtype(value.dtype) != x.dtype or not alike:
            wrong.append(
                f"{dict(each.arguments)} of {each.shapes}: {value.shape} {value.dtype}, inferred {sizes} {x.dtype}, {alike}"
            )
        assert op.examples
    assert wrong == []


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
