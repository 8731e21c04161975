"""Writes `cnnlstm_spec/ops/data/operations.json`: the functions of `keras.ops` that `Op: {function: ...}` may name.

What a function does with shapes (its sort) and what its arguments take are the tables below, written by hand. The rest is seen of
the installed Keras, on small tensors: arguments with defaults, what each dtype gives or that it is refused, in a graph and with a
gradient, whether 0 stays 0, what a matrix has to have, whether XLA and gradients have it, and how Keras names the operation. Each
function of `keras.ops` is in one table or the other: what is left out has its reason.

    python tools/operations.py            write the file
    python tools/operations.py --check    exit 1 where the file, or a table below, disagrees with the installed Keras
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy
import tensorflow

FILE = Path(__file__).resolve().parent.parent / "cnnlstm_spec" / "ops" / "data" / "operations.json"
DTYPES = (
    *("float32", "float16", "bfloat16", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool"),
)

SORTS: dict[str, str] = {
    "each": "abs absolute add angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_invert "
    "bitwise_left_shift bitwise_not bitwise_right_shift cast cbrt ceil celu clip conj conjugate copy cos "
    "cosh deg2rad divide divide_no_nan elu equal erf erfc erfinv exp exp2 expm1 fabs floor floor_divide fmax fmin fmod "
    "full_like gcd gelu greater greater_equal hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh i0 imag "
    "isclose isfinite isinf isnan isneginf isposinf isreal lcm ldexp leaky_relu left_shift less less_equal log log10 log1p "
    "log2 log_sigmoid logaddexp logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum mod multiply "
    "nan_to_num "
    "negative nextafter not_equal ones_like power rad2deg real reciprocal relu relu6 right_shift round rsqrt saturate_cast selu "
    "sigmoid sign signbit silu sin sinc sinh soft_shrink softplus softsign sparse_plus sparse_sigmoid sqrt square squareplus "
    "stop_gradient subtract swish tan tanh tanh_shrink threshold true_divide trunc where zeros_like",
    "turn": "rot90",
    "along": "argsort cumprod cumsum flip log_softmax nancumprod nancumsum normalize rms_normalization "
    "layer_normalization roll softmax sort sparsemax",
    "reduce": "all amax amin any argmax argmin average count_nonzero logsumexp max mean median min nanargmax nanargmin nanmax "
    "nanmean nanmin nanprod nanstd nansum nanvar norm percentile prod ptp quantile std sum "
    "trapezoid var",
    "halve": "glu",
    "expand": "expand_dims",
    "squeeze": "squeeze",
    "transpose": "transpose",
    "move": "moveaxis",
    "swap": "swapaxes",
    "repeat": "repeat",
    "tile": "tile",
    "pad": "pad",
    "differences": "diff",
    "classes": "one_hot",
    "triangle": "tril triu",
    "diagonal": "diagonal",
    "trace": "trace",
    "matrix": "cholesky cholesky_inverse inv",
    "transposed_matrix": "pinv",
    "of_matrix": "det logdet matrix_rank",
    "to_depth": "space_to_depth",
    "to_space": "depth_to_space",
    "sequences": "extract_sequences",
    "pool": "average_pool max_pool",
    "take": "take",
}
"""What each function does with the shape: `cnnlstm_spec/ops/functions/` has a rule for each sort."""

LISTS = "it reads a list of tensors"
SEVERAL = "it gives several tensors, or none"
TWO = "it reads two tensors"
VALUES = "the size of what it gives depends on values"
NO_TENSOR = "it reads no tensor first"
OVER_BATCH = "it works over the batch"
FUNCTIONS = "it takes functions"
COMPLEX = "it reads or gives complex numbers"
LAYER = "a layer does it: "
REFUSED_BY_REASON: dict[str, str] = {
    LISTS: "concatenate dstack einsum hstack meshgrid stack vstack",
    SEVERAL: "array_split ctc_decode dsplit eig eigh fft fft2 histogram hsplit ifft2 lu_factor moments qr rfft slogdet split "
    "stft svd top_k unravel_index unstack vsplit",
    TWO: "allclose append batch_normalization binary_crossentropy bitwise_and bitwise_or bitwise_xor "
    "categorical_crossentropy cdist conv conv_transpose correlate cross ctc_loss depthwise_conv dot "
    "dot_product_attention heaviside hypot in_top_k inner isin kron lstsq matmul outer polar psnr scatter "
    "scatter_update searchsorted segment_max segment_min segment_prod segment_sum separable_conv slice_update solve "
    "solve_triangular sparse_categorical_crossentropy take_along_axis tensordot vdot",
    VALUES: "bartlett bincount blackman hamming hanning kaiser nonzero unique",
    NO_TENSOR: "arange array convert_to_numpy convert_to_tensor dtype empty empty_like eye full geomspace identity is_tensor "
    "linspace logspace ndim ones shape size tri zeros",
    OVER_BATCH: "broadcast_to corrcoef diag diagflat flipud ravel vander",
    FUNCTIONS: "associative_scan cond custom_gradient fori_loop jvp map scan select switch vectorize vectorized_map while_loop",
    COMPLEX: "irfft istft view_as_complex view_as_real",
}
REFUSED: dict[str, str] = {
    **{name: why for why, names in REFUSED_BY_REASON.items() for name in names.split()},
    "adaptive_average_pool": LAYER + "`AdaptiveAveragePooling1D` to 3D",
    "adaptive_max_pool": LAYER + "`AdaptiveMaxPooling1D` to 3D",
    "argpartition": "it gives positions in no certain order",
    "digitize": LAYER + "`Discretization`",
    "nanmedian": "Keras cannot run it in a graph",
    "nanpercentile": "Keras cannot run it in a graph",
    "nanquantile": "Keras cannot run it in a graph",
    "fliplr": LAYER + "`Op: {function: flip, axis: 1}`",
    "view": "it reads the bytes of numbers as numbers of another dtype",
    "fold": "it takes what `unfold` gives, whose channels come first",
    "get_item": LAYER + "`Slice`",
    "slice": LAYER + "`Slice`",
    "multi_hot": LAYER + "`CategoryEncoding`",
    "rearrange": LAYER + "`Reshape` and `Permute`",
    "reshape": LAYER + "`Reshape`",
    "unfold": "it reads images whose channels come first",
}
"""What no `Op` can be, and why."""

KINDS: dict[str, str] = {
    "axis": "axes?",
    "axes": "axes",
    "axis1": "int",
    "axis2": "int",
    "source": "axes",
    "destination": "axes",
    "keepdims": "bool",
    "dtype": "dtype?",
    "q": "number",
    "decimals": "int",
    "shift": "int",
    "repeats": "count",
    "num_classes": "count",
    "n": "count",
    "k": "int",
    "offset": "int",
    "block_size": "block",
    "data_format": "choice:channels_last channels_first",
    "sequence_length": "count",
    "sequence_stride": "count",
    "pool_size": "counts",
    "strides": "counts?",
    "padding": "choice:valid same",
    "pad_width": "pairs",
    "mode": "choice:constant reflect symmetric",
    "constant_values": "number?",
    "order": "count",
    "ord": "ord?",
    "indices": "int",
    "approximate": "bool",
    "upper": "bool",
    "equal_nan": "bool",
    "initial": "number?",
    "posinf": "number?",
    "neginf": "number?",
    "epsilon": "number?",
    "rcond": "number?",
    "tol": "number?",
}
"""What an argument takes, by name; `number` where nothing stands here. A `?` admits null."""
ONE_AXIS = "argmax argmin nanargmax nanargmin repeat take cumsum cumprod nancumsum nancumprod norm average"
ALWAYS_ONE = "trapezoid glu one_hot diff argsort sort sparsemax softmax log_softmax"
OF: dict[str, str] = {
    **{f"{name}.axis": "int" for name in ALWAYS_ONE.split()},
    **{f"{name}.axis": "int?" for name in ONE_AXIS.split()},
    **{f"{name}.y": "natural" for name in ["bitwise_left_shift", "bitwise_right_shift", "left_shift", "right_shift"]},
    **{f"{name}.x2": "int" for name in ["gcd", "lcm", "ldexp"]},
    "roll.axis": "int?",
    "expand_dims.axis": "axes",
    "cast.dtype": "dtype",
    "saturate_cast.dtype": "dtype",
    "transpose.axes": "axes?",
    "tile.repeats": "counts",
    "quantile.q": "rate",
    "percentile.q": "percent",
    "norm.ord": "number?",
    "normalize.epsilon": "positive?",
}
"""What an argument of one function takes, where its name does not say it."""
LEFT_OUT = {
    "average": {"weights"},
    "layer_normalization": {"gamma", "beta"},
    "rms_normalization": {"scale"},
    "one_hot": {"sparse", "dtype"},
    "trapezoid": {"x"},
    # In a model Keras does not pass it on.
    **{name: {"method"} for name in ("percentile", "quantile")},
    **{name: {"initial"} for name in ("max", "min")},
    **{
        name: {"dtype"}
        for name in ("cumprod", "cumsum", "nancumprod", "nancumsum", "prod", "full_like", "ones_like", "zeros_like")
    },
}
"""Arguments that take tensors, or say nothing in a spec: `cast` gives another dtype."""
SAMPLES: dict[str, dict[str, Any]] = {
    "clip": {"x_min": 0, "x_max": 6},
    "threshold": {"threshold": 1, "default_value": 0},
    "cast": {"dtype": "float32"},
    "saturate_cast": {"dtype": "float32"},
    "full_like": {"fill_value": 2},
    "roll": {"shift": 1, "axis": 1},
    "expand_dims": {"axis": -1},
    "squeeze": {"axis": 1},
    "transpose": {"axes": [0, 2, 1]},
    "rot90": {"axes": [1, 2]},
    "where": {"x1": 1, "x2": 0},
    "moveaxis": {"source": 1, "destination": 2},
    "swapaxes": {"axis1": 1, "axis2": 2},
    "repeat": {"repeats": 2, "axis": 1},
    "tile": {"repeats": [1, 2, 1]},
    "pad": {"pad_width": [[0, 0], [1, 1], [0, 2]]},
    "one_hot": {"num_classes": 4},
    "diagonal": {"axis1": 1, "axis2": 2},
    "trace": {"axis1": 1, "axis2": 2},
    "space_to_depth": {"block_size": 2},
    "depth_to_space": {"block_size": 2},
    "extract_sequences": {"sequence_length": 2, "sequence_stride": 1},
    "average_pool": {"pool_size": 2},
    "max_pool": {"pool_size": 2},
    "take": {"indices": 0, "axis": 1},
    **{name: {"q": 0.5, "axis": 1} for name in ("quantile",)},
    **{name: {"q": 50, "axis": 1} for name in ("percentile",)},
    "layer_normalization": {"axis": -1},
}
"""Arguments of an example, where the defaults are not one; for reductions `axis: 1`, for two numbers 2."""
SHAPES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("matrix", "transposed_matrix", "of_matrix"), (3, 3)),
    "to_depth": (4, 4, 2),
    "to_space": (2, 2, 4),
    "squeeze": (1, 4),
    "pool": (4, 3),
}
"""What an example stands on, by sort; (3, 4) otherwise."""
WITHOUT_NUMBERS = {"one_hot"}


def sample_of(name: str, sort: str) -> dict[str, Any]:
    """The arguments of a function's example."""
    if name in SAMPLES:
        return SAMPLES[name]
    found: dict[str, Any] = {}
    for each in arguments_of(name):
        if each["name"] == "axis" and (sort == "reduce" or each.get("default") is None):
            found["axis"] = 1
        elif each.get("required"):
            found[each["name"]] = 2
    return found


def arguments_of(name: str) -> list[dict[str, Any]]:
    """The arguments of a function, but for the tensor."""
    found = []
    for each in list(inspect.signature(getattr(keras.ops, name)).parameters.values())[1:]:
        if each.kind is each.VAR_KEYWORD or each.name in LEFT_OUT.get(name, ()):
            continue
        kind = OF.get(f"{name}.{each.name}") or KINDS.get(each.name, "number")
        row: dict[str, Any] = {"name": each.name, "kind": kind}
        if each.default is each.empty:
            row["required"] = True
        else:
            row["default"] = each.default
        found.append(row)
    return found


def taken(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments as Keras takes them."""
    return {name: tuple(map(tuple_of, value)) if isinstance(value, list) else value for name, value in values.items()}


def tuple_of(value: Any) -> Any:
    """A list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def data_of(sort: str, dtype: str) -> Any:
    """Values on which every function has one: between 0 and 1, a definite matrix, 0 and 1 as integers."""
    shape = SHAPES.get(sort, (3, 4))
    values = numpy.random.default_rng(0).uniform(0.1, 0.9, (2, *shape))
    if sort in ("matrix", "transposed_matrix", "of_matrix"):
        values = values @ values.swapaxes(1, 2) + numpy.eye(shape[0])
    return tensorflow.cast(tensorflow.convert_to_tensor(values if "float" in dtype else numpy.round(values)), dtype)


def given(name: str, sort: str, sample: dict[str, Any], dtype: str) -> str | None:
    """The dtype that a function gives of another, in a graph and where it is built; None where either fails."""
    function = getattr(keras.ops, name)
    try:
        x = data_of(sort, dtype)
        symbolic = function(keras.Input(x.shape[1:], dtype=dtype), **taken(sample))
        value = value_of(function, sample, x)
        if tuple(symbolic.shape[1:]) != tuple(value.shape[1:]):
            print(f"{name} {sample}: Keras announces {symbolic.shape} and gives {value.shape}")
        return str(keras.backend.standardize_dtype(value.dtype))
    except Exception:
        return None


def value_of(function: Callable[..., Any], sample: dict[str, Any], x: Any) -> Any:
    """What it gives in a graph; of floats the gradient must run too, if there is one."""

    def run(each: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(each)
            y = function(each, **taken(sample))
        try:
            found = tape.gradient(y, each) if y.dtype.is_floating and each.dtype.is_floating else None
        except LookupError:
            found = None
        return y, tensorflow.zeros(()) if found is None else found

    return tensorflow.function(run, autograph=False)(x)[0]


def gradient_of(function: Callable[..., Any], sample: dict[str, Any], x: Any) -> Any:
    """The gradient of what it gives, None where there is none."""
    with tensorflow.GradientTape() as tape:
        tape.watch(x)
        y = function(x, **taken(sample))
    return tape.gradient(y, x) if y.dtype.is_floating else None


def gradient(name: str, sort: str, sample: dict[str, Any]) -> str:
    """`yes`, `none` where the result does not depend on the input smoothly, or `missing` where TensorFlow has none."""
    try:
        return "none" if gradient_of(getattr(keras.ops, name), sample, data_of(sort, "float32")) is None else "yes"
    except LookupError:
        return "missing"


def compiles(name: str, sort: str, sample: dict[str, Any], trained: bool) -> bool:
    """Whether XLA compiles it, with its gradient where it is trained."""
    function = getattr(keras.ops, name)

    def run(each: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(each)
            y = function(each, **taken(sample))
        found = tape.gradient(y, each) if trained and y.dtype.is_floating else None
        return y if found is None else found

    try:
        tensorflow.function(run, autograph=False, jit_compile=True)(data_of(sort, "float32"))
    except Exception:
        return False
    return True


NUMBERS: dict[str, Any] = {"zero": 0, "negative": -1, "positive": 1, "fraction": 0.5}
"""Numbers that a function of integers or truth values may not take, each by a word for it."""


def numbers_refused(name: str, sort: str, sample: dict[str, Any], dtype: str) -> dict[str, list[str]]:
    """By argument, which numbers end a run of a dtype, but for what `dtypes_of_floats` says."""
    function, x, refused = getattr(keras.ops, name), data_of(sort, dtype), {}
    for argument in (each["name"] for each in arguments_of(name) if each["kind"] in ("number", "number?")):
        failing = []
        for word, number in NUMBERS.items():
            try:
                function(x, **taken({**sample, argument: number}))
            except Exception:
                failing += [word] if word != "fraction" or sort != "each" else []
        if failing:
            refused[argument] = failing
    return refused


MATRICES: dict[str, Any] = {
    "": numpy.eye(3) + 0.1,
    "an inverse": numpy.ones((3, 3)),
    "positive eigenvalues": -numpy.eye(3),
}
"""Matrices that lack something each, but for the first."""


def needed_matrix(name: str, sample: dict[str, Any], trained: bool) -> str:
    """What a matrix has to have, the hardest of it, for the function to run, with its gradient where it is trained."""
    function, needed = getattr(keras.ops, name), ""
    for lacks, matrix in MATRICES.items():
        x = tensorflow.constant(matrix[None], "float32")
        try:
            gradient_of(function, sample, x) if trained else function(x, **taken(sample))
        except (tensorflow.errors.InvalidArgumentError, ValueError):
            needed = lacks
    return needed


def keeps_zero(name: str, sample: dict[str, Any]) -> bool:
    """Whether 0 stays 0."""
    try:
        return bool(numpy.all(numpy.asarray(getattr(keras.ops, name)(numpy.zeros((2, 3), "float32"), **taken(sample))) == 0))
    except Exception:
        return False


def operations_of(name: str, sort: str, sample: dict[str, Any], dtype: str) -> list[str]:
    """What Keras calls the operations that a model gets."""
    keras.utils.clear_session()
    x = keras.Input(SHAPES.get(sort, (3, 4)), dtype=dtype)
    model = keras.Model(x, getattr(keras.ops, name)(x, **taken(sample)))
    return [each.name for each in model.operations[1:]]


def row_of(name: str, sort: str) -> dict[str, Any] | None:
    """All that is said of a function; None of one that no dtype suits."""
    sample, arguments = sample_of(name, sort), arguments_of(name)
    dtypes = {dtype: given(name, sort, sample, dtype) for dtype in DTYPES}
    first = next((dtype for dtype, each in dtypes.items() if each is not None), None)
    if first is None:
        return None
    row: dict[str, Any] = {"sort": sort, "arguments": arguments, "example": sample}
    if sort in SHAPES:
        row["shape"] = list(SHAPES[sort])
    row["operations"] = operations_of(name, sort, sample, first)
    row["dtypes"] = {dtype: each for dtype, each in dtypes.items() if each != dtype}
    numbers = [each["name"] for each in arguments if each["kind"] in ("number", "number?") and each["name"] in sample]
    if numbers and sort == "each":
        real = {**sample, **{each: sample[each] + 0.5 for each in numbers}}
        of_floats = {dtype: given(name, sort, real, dtype) for dtype in DTYPES}
        if of_floats != dtypes:
            row["dtypes_of_floats"] = {dtype: each for dtype, each in of_floats.items() if each != dtype}
    if dtypes["float32"] is not None:
        row["gradient"] = gradient(name, sort, sample)
        row["xla"] = [compiles(name, sort, sample, trained) for trained in (False, True)]
    taken_of = [dtype for dtype in ("int32", "bool") if dtypes[dtype] is not None]
    if refused := {dtype: each for dtype in taken_of if (each := numbers_refused(name, sort, sample, dtype))}:
        row["refused_numbers"] = refused
    if sort in ("matrix", "transposed_matrix", "of_matrix"):
        needed = [needed_matrix(name, sample, trained) for trained in (False, True)]
        if any(needed):
            row["needs_matrix"] = needed
    if sort == "each" and keeps_zero(name, sample):
        row["keeps_zero"] = True
    return row


def table() -> dict[str, Any]:
    """The file; exits where a table here does not fit the installed Keras."""
    listed = {name: sort for sort, names in SORTS.items() for name in names.split()}
    public = {each for each in dir(keras.ops) if not each.startswith("_") and callable(getattr(keras.ops, each))}
    for what, names in (
        ("in neither table", public - set(listed) - set(REFUSED)),
        ("in both tables", set(listed) & set(REFUSED)),
        ("not in Keras", (set(listed) | set(REFUSED)) - public),
    ):
        if names:
            raise SystemExit(f"{what}: {' '.join(sorted(names))}")
    functions = {name: row_of(name, listed[name]) for name in sorted(listed)}
    if none := [name for name, row in functions.items() if row is None]:
        raise SystemExit(f"run on no dtype: {' '.join(none)}")
    return {"keras": keras.__version__, "functions": functions, "refused": dict(sorted(REFUSED.items()))}


def text_of(found: dict[str, Any]) -> str:
    """A function a line."""
    lines = [
        ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found[key].items())
        for key in ("functions", "refused")
    ]
    return (
        f'{{\n "keras": {json.dumps(found["keras"])},\n "functions": {{\n{lines[0]}\n }},\n "refused": {{\n{lines[1]}\n }}\n}}\n'
    )


def main() -> int:
    """Writes or compares the file; 1 where it differs."""
    parser = argparse.ArgumentParser(description="Write the table of the functions of `keras.ops`.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    text = text_of(table())
    if not arguments.check:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{FILE.name} differs from the installed Keras; run tools/operations.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
