"""The words in a picture: arguments of a layer in short, shapes, counts."""

from __future__ import annotations

from ...ir.op import TEXT, Op
from ...ir.size import format_size
from ...ir.tensor import TensorType
from ...ops.input import InputOp
from ...spec.layer_list import Layer
from ...text.diagnostic import UNWRITTEN, Written

BARE = ("kernel_size", "pool_size", "activation", "size", "target_shape", "dims", "name", "layer")
"""Arguments whose value says what it is."""
PLACES = ("axis", "axes", "dims", "shared_axes")
"""Arguments that name axes, which are no sizes."""
COUNTED = {"units": "units", "filters": "filters", "num_heads": "heads"}
WORDS = {"strides": "stride", "dilation_rate": "dilation", "padding": "", "merge_mode": ""}
HIDDEN = ("name", "share", "dtype", "seed", "vocabulary", "idf_weights")
"""Fields that are told elsewhere, or not at all; the `name` of an `Op` is the field `function`."""


def describe_shape(type: TensorType | None) -> str:
    """The sizes of the axes, `62 × 62 × 32`; one known only at run time by its name."""
    if type is None:
        return "?"
    sizes = [format_size(axis.size) for axis in type.axes]
    return " × ".join("?" if size is None else _bracket(str(size), len(sizes)) for size in sizes) or "scalar"


def _bracket(size: str, count: int) -> str:
    return f"({size})" if " " in size and count > 1 else size


def describe_input(op: InputOp) -> str:
    """The kind, the names of the axes, and what is not as usual."""
    input, mask_by = op.input, op.mask_by
    parts = [input.kind, *([" × ".join(input.list_axis_names())] if input.shape else [])]
    usual = {"tokens": "int32", "text": TEXT}.get(input.kind, "float32")
    if input.data_type != usual:
        parts.append(input.data_type)
    if mask_by == "padding_value":
        parts.append(f"padding {_show_value(input.padding_value)}")
    elif mask_by == "mask_input":
        parts.append(f"mask_input {input.mask_input}")
    return " · ".join(parts)


def describe_arguments(op: Op, written: Written) -> str:
    """The written arguments of a layer in short: `32 × 3×3, relu`."""
    shown = op.list_values(written.places).items()
    values = {key: value for key, value in shown if op.arguments[key].field not in HIDDEN and value is not None}
    parts = []
    if "filters" in values and "kernel_size" in values:
        parts.append(f"{_show_value(values.pop('filters'))} × {_show_value(values.pop('kernel_size'))}")
    frozen = values.pop("trainable", True) is False
    parts += [words for key, value in values.items() if (words := _describe_argument(key, value, written.find_inner(key)))]
    return ", ".join([*parts, "frozen"] if frozen else parts)


def _describe_argument(key: str, value: object, written: Written) -> str:
    if value is True:
        return key
    if value is False:
        return f"no {key.removeprefix('use_').removeprefix('include_')}"
    if key in COUNTED and isinstance(value, int):
        return count(value, COUNTED[key])
    if key in PLACES and isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    if key in BARE:
        return _show_value(value, written)
    return f"{WORDS.get(key, key)} {_show_value(value, written)}".strip()


def _show_value(value: object, written: Written = UNWRITTEN) -> str:
    if isinstance(value, tuple | list):
        return (
            "×".join(map(_show_value, value))
            if all(isinstance(each, int) for each in value)
            else ", ".join(map(_show_value, value))
        )
    if isinstance(value, dict):
        return ", ".join(f"{name} {_show_value(inner)}".strip() if inner else str(name) for name, inner in value.items())
    if isinstance(value, Layer):
        return _show_value(value.op, value.origin.written)
    if isinstance(value, Op):
        return f"{value.title()} {describe_arguments(value, written)}".strip()
    if isinstance(value, float):
        text = f"{value:.6g}"
        if not 0 < value < 0.1 or len(text) <= 6:
            return text
        inverse = 1 / value
        near = round(inverse * 2) / 2
        # A fraction such as 1/255 or 1/127.5, which is how people write a scale.
        return f"1/{near:g}" if abs(inverse - near) < 1e-6 * inverse else text
    return str(value)


def count(number: int, word: str) -> str:
    """`1 layer`, `12,608 params`."""
    return f"{number:,} {word}" if number != 1 else f"1 {word.removesuffix('s')}"
