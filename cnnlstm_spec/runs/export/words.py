"""What `export` wrote, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.escape.python import write_string
from ...text.escape.terminal import make_line_safe, measure_width
from ..measure.document import MeasuredValue
from .document import Export, ExportedFile

MOST_LAYERS = 10


def render_export(found: Export, folder: str) -> str:
    """A row a file, what it is worth, and lines of Python that run each."""
    of = "seeded samples" if found.samples_of == "seeded" else f"samples of {make_line_safe(found.samples_of)}"
    heading = ("file", "bytes", "ms/sample", "99 %", "difference", "allowed")
    rows = [heading, *(_make_row(each) for each in found.files)]
    widths = [max(measure_width(row[place]) for row in rows) for place in range(len(heading))]
    lines = [
        f"{make_line_safe(found.name)}: wrote {len(found.files)} file{'s' * (len(found.files) > 1)} to {make_line_safe(folder)}, "
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
        make_line_safe(each.path),
        f"{each.bytes:,}",
        f"{each.milliseconds:.3g}",
        f"{each.milliseconds_99:.3g}",
        f"{each.difference:.1e}",
        allowed,
    )


def _describe_more(each: ExportedFile) -> Iterator[str]:
    if each.unrolled:
        names = ", ".join(map(make_line_safe, each.unrolled))
        yield f"  {each.path}: the steps of {names} lie one after another, which takes more bytes than a loop"
    if each.metrics is not None and each.measured is not None:
        yield f"  {each.path} on {make_line_safe(each.measured.part)} ({each.measured.samples:,} samples), before and after:"
        for name, value in each.metrics.items():
            yield f"    {make_line_safe(name)}  {_format_number(each.measured.before.get(name))}  {_format_number(value)}"
    if each.layers:
        yield f"  {each.path}, layers by difference:"
        for layer in each.layers[:MOST_LAYERS]:
            yield f"    {layer.difference:.1e}  {make_line_safe(layer.address)}"
        if (more := len(each.layers) - MOST_LAYERS) > 0:
            yield f"    {more} more in export.json"


def _format_number(value: MeasuredValue | None) -> str:
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
            arrays.append(f"{write_string(input.name)}: numpy.array({['a text'] * (shape[0] or 1)})")
            continue
        dtype = "float32" if input.dtype == "bfloat16" else input.dtype
        arrays.append(f'{write_string(input.name)}: numpy.zeros({tuple(shape)}, "{dtype}")')
    return "{" + ", ".join(arrays) + "}"


def _describe_saved_model(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    fed = _describe_fed(found, each)
    return (
        "import numpy, tensorflow",
        f'run = tensorflow.saved_model.load({write_string(path)}).signatures["serving_default"]',
        f"run(**{{name: tensorflow.constant(each) for name, each in {fed}.items()}})",
    )


def _describe_litert(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, ai_edge_litert.interpreter",
        f"run = ai_edge_litert.interpreter.Interpreter({write_string(path)}).get_signature_runner()",
        f"run(**{_describe_fed(found, each)})",
    )


def _describe_onnx(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, onnxruntime",
        f"session = onnxruntime.InferenceSession({write_string(path)})",
        f"session.run([{', '.join(map(write_string, each.outputs))}], {_describe_fed(found, each)})",
    )


def _describe_openvino(path: str, found: Export, each: ExportedFile) -> Sequence[str]:
    return (
        "import numpy, openvino",
        f'model = openvino.compile_model({write_string(path)}, config={{"INFERENCE_PRECISION_HINT": "f32"}})',
        f"model({_describe_fed(found, each)})",
    )


USES = {"saved_model": _describe_saved_model, "litert": _describe_litert, "onnx": _describe_onnx, "openvino": _describe_openvino}
