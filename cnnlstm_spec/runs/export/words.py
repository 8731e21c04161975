"""What `export` wrote, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.escape.python import string
from ...text.escape.terminal import measure_width, one_line
from ..measure.document import Value
from .document import Export, ExportedFile

MOST_LAYERS = 10


def render_export(found: Export, folder: str) -> str:
    """A row a file, what it is worth, and lines of Python that run each."""
    of = "seeded samples" if found.samples_of == "seeded" else f"samples of {one_line(found.samples_of)}"
    heading = ("file", "bytes", "ms/sample", "99 %", "difference", "allowed")
    rows = [heading, *(_make_row(each) for each in found.files)]
    widths = [max(measure_width(row[place]) for row in rows) for place in range(len(heading))]
    lines = [
        f"{one_line(found.name)}: wrote {len(found.files)} file{'s' * (len(found.files) > 1)} to {one_line(folder)}, "
        f"compared with Keras on {found.samples} {of}",
        *(
            "  " + "  ".join(cell + " " * (size - measure_width(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
    ]
    for each in found.files:
        lines += _describe_more(each)
    return "\n".join([*lines, "", *_describe_usage(found, folder)])


def _make_row(each: ExportedFile) -> tuple[str, ...]:
    allowed = "-" if each.tolerance is None else f"{each.tolerance:.0e}"
    return (
        one_line(each.path),
        f"{each.bytes:,}",
        f"{each.milliseconds:.3g}",
        f"{each.milliseconds_99:.3g}",
        f"{each.difference:.1e}",
        allowed,
    )


def _describe_more(each: ExportedFile) -> Iterator[str]:
    if each.unrolled:
        names = ", ".join(map(one_line, each.unrolled))
        yield f"  {each.path}: the steps of {names} lie one after another, which takes more bytes than a loop"
    if each.metrics is not None and each.measured is not None:
        yield f"  {each.path} on {one_line(each.measured.part)} ({each.measured.samples:,} samples), before and after:"
        for name, value in each.metrics.items():
            yield f"    {one_line(name)}  {_format_number(each.measured.before.get(name))}  {_format_number(value)}"
    if each.layers:
        yield f"  {each.path}, layers by difference:"
        for layer in each.layers[:MOST_LAYERS]:
            yield f"    {layer.difference:.1e}  {one_line(layer.address)}"
        if (more := len(each.layers) - MOST_LAYERS) > 0:
            yield f"    {more} more in export.json"


def _format_number(value: Value | None) -> str:
    return "-" if value is None or value.value is None else f"{value.value:.4g}"


def _describe_usage(found: Export, folder: str) -> Iterator[str]:
    """How each file is run, and fed."""
    for each in found.files:
        yield from USES[each.format](f"{folder}/{each.path}", found, each)


def _describe_fed(found: Export, each: ExportedFile) -> str:
    arrays = []
    for input in each.inputs:
        shape = [1 if size is None and place == 0 else 32 if size is None else size for place, size in enumerate(input.shape)]
        if input.dtype == "string":
            arrays.append(f"{string(input.name)}: numpy.array({['a text'] * (shape[0] or 1)})")
            continue
        dtype = "float32" if input.dtype == "bfloat16" else input.dtype
        arrays.append(f'{string(input.name)}: numpy.zeros({tuple(shape)}, "{dtype}")')
    return "{" + ", ".join(arrays) + "}"


def _describe_saved_model(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    fed = _describe_fed(found, each)
    return (
        "import numpy, tensorflow",
        f'run = tensorflow.saved_model.load({string(path)}).signatures["serving_default"]',
        f"run(**{{name: tensorflow.constant(each) for name, each in {fed}.items()}})",
    )


def _describe_litert(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, ai_edge_litert.interpreter",
        f"run = ai_edge_litert.interpreter.Interpreter({string(path)}).get_signature_runner()",
        f"run(**{_describe_fed(found, each)})",
    )


def _describe_onnx(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, onnxruntime",
        f"session = onnxruntime.InferenceSession({string(path)})",
        f"session.run([{', '.join(map(string, each.outputs))}], {_describe_fed(found, each)})",
    )


def _describe_openvino(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, openvino",
        f"model = openvino.compile_model({string(path)})",
        f"model({_describe_fed(found, each)})",
    )


USES = {"saved_model": _describe_saved_model, "litert": _describe_litert, "onnx": _describe_onnx, "openvino": _describe_openvino}
