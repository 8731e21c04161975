"""Every function that an `Op` may name, against `keras.ops` itself: values, shapes, dtypes, masks, and what is refused."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import product
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


NUMBERS = [-2, -1, -0.5, 0, 0.5, 1, 2.5, 300]
WRITTEN: dict[str, list[Any]] = {
    "int": [*range(-5, 6)],
    "axes": [*range(-4, 5), [1, 1], [1, 2], [2, -1], [0, 1], [1, -1]],
    "bool": [True, False],
    "count": [*range(6)],
    "block": [*range(4)],
    "natural": [*range(-1, 6)],
    "counts": [0, 1, 2, 3, 5, [1], [1, 2], [2, 1, 1], [1, 1, 2, 1]],
    "number": NUMBERS,
    "positive": NUMBERS,
    "ord": [None, 1, 2, -1, 0],
    "numbers": [[1], [1, 2]],
    "rate": [0, 0.3, 1, -0.5, 1.5],
    "percent": [0, 30, 100, -1, 101],
}
"""Values that an argument of a kind may be given, and some that it may not."""


def list_calls(name: str) -> list[dict[str, Any]]:
    """The arguments of the example with each other value of each, and with each pair of axes."""
    fact = op_of(name).fact  # type: ignore[attr-defined]
    calls = []
    for each in fact.arguments:
        kind = each.kind.removesuffix("?")
        values = kind.removeprefix("choice:").split() if kind.startswith("choice:") else WRITTEN.get(kind, [])
        calls += [{**fact.example, each.name: value} for value in (*values, *([None] if each.kind.endswith("?") else []))]
    pairs = [each.name for each in fact.arguments if each.name in ("axis1", "axis2", "source", "destination")]
    if len(pairs) == 2:
        calls += [{**fact.example, **dict(zip(pairs, both, strict=True))} for both in product(range(-3, 3), repeat=2)]
    return calls


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=32, long=4)
@pytest.mark.parametrize("name", list_names())
def test_what_is_refused_keras_refuses(name: str) -> None:
    """What has no error builds, runs and gives what is inferred; what Keras is said to refuse it refuses."""
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    oracle = pytest.importorskip("oracle")
    op, wrong = op_of(name), []
    fact = op.fact  # type: ignore[attr-defined]
    shapes = [fact.shape, *([(7, 2), (2, 7)] if any(each.name in ("offset", "k") for each in fact.arguments) else [])]
    for dtype, shape in product(("float32", "int32", "bool"), shapes):
        given = oracle.data(shape, dtype)
        if "matrix" in fact.sort and dtype == "float32":
            given = given @ given.swapaxes(-1, -2) + numpy.eye(given.shape[-1], dtype="float32")
        for call in list_calls(name) if fact.dtypes.get(dtype, dtype) is not None else ():
            compilation = load(text_of(spec_of([(op, example(shape, dtype=dtype, function=name, **call))])))
            found = [each for each in compilation.diagnostics if each.severity == "error"]
            if any(each.code.sort != "keras" for each in found):
                continue
            x = keras.Input(shape, dtype=dtype)
            try:
                y = getattr(keras.ops, name)(x, **{key: _tuples(value) for key, value in call.items()})
                output = keras.Model(x, y)(given)
                seen = f"{tuple(output.shape[1:])} {keras.backend.standardize_dtype(output.dtype)}"
            except Exception:
                seen = "refused"
            inferred = "refused"
            if not found:
                assert compilation.typed is not None
                type = compilation.typed.nodes[compilation.typed.graph.outputs["y0"]].type
                assert type is not None
                inferred = f"{tuple(axis.size for axis in type.axes)} {type.dtype}"
            if seen != inferred:
                wrong.append(f"{call} of {dtype}: {seen}, not {inferred}: {[each.message for each in found]}")
    assert wrong == []


MATRICES = {
    "": [[1.0, 0.1, 0.1], [0.1, 1.0, 0.1], [0.1, 0.1, 1.0]],
    "an inverse": [[1.0, 1.0, 1.0]] * 3,
    "positive eigenvalues": [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]],
}
"""Matrices that lack something each, but for the first."""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_what_a_matrix_has_to_have() -> None:
    """What is said of functions of matrices, and of `pinv` as the way out."""
    keras, tensorflow = pytest.importorskip("keras"), pytest.importorskip("tensorflow")

    def lacks(name: str, lacking: str, trained: bool) -> bool:
        x = tensorflow.constant([MATRICES[lacking]])
        try:
            with tensorflow.GradientTape() as tape:
                tape.watch(x)
                y = getattr(keras.ops, name)(x)
            if trained:
                tape.gradient(y, x)
        except (tensorflow.errors.InvalidArgumentError, ValueError):
            return True
        return False

    needing = {name: op_of(name).needs_matrix for name in list_names() if "matrix" in op_of(name).fact.sort}  # type: ignore[attr-defined]
    assert {name for name, needed in needing.items() if any(needed)} == {"cholesky", "det", "inv"}
    for name, needed in needing.items():
        for trained in (False, True):
            found = [lacking for lacking in MATRICES if lacks(name, lacking, trained)]
            assert (found[-1:] or [""]) == [needed[trained]], (name, trained)
    for matrix in MATRICES.values():
        x = tensorflow.constant([matrix])
        given = keras.ops.pinv(x)
        assert tensorflow.reduce_max(tensorflow.abs(x @ given @ x - x)) < 1e-4


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("[Op: {function: inv}]", "`inv` fails, or gives NaN, at a matrix without an inverse"),
        ("[Op: {function: cholesky}]", "`cholesky` fails, or gives NaN, at a matrix without positive eigenvalues"),
        (
            "[{Dense: {units: 4}}, {Op: {function: det}}]",
            "the gradient of `det` fails, or gives NaN, at a matrix without an inverse",
        ),
        ("[Op: {function: det}]", None),
        ("[Op: {function: pinv}]", None),
    ],
)
def test_a_function_of_matrices_is_told_of(layers: str, told: str | None) -> None:
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {{kind: sequence, shape: [4, 4]}}, layers: {layers}}}}}\n"
    flat = "Op: {function: expand_dims, axis: -1}" if "det" in layers else "Flatten"
    found = load(f"{text}head: [{flat}, {{Dense: {{units: 1}}}}]\ncompile: {{loss: mse}}\n").diagnostics
    assert [each.message for each in found if each.severity != "advice"] == ([told] if told else [])
