"""OpenVINO: converted and run by openvino. Imports it, and no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...samples import Array


def convert(source: File, target: File, arrays: Mapping[str, Array]) -> None:
    """Writes the file, and its weights beside it; as float32, which is not OpenVINO's default."""
    import openvino

    openvino.save_model(openvino.convert_model(str(source)), str(target), compress_to_fp16=False)


def open_file(path: File) -> tuple[object, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs.

    It computes with float32: on processors that have bfloat16, OpenVINO takes that unless it is told otherwise.
    """
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(path)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = sorted(name for each in compiled.inputs for name in each.names)
    outputs = sorted(name for each in compiled.outputs for name in each.names)

    def run(arrays: Mapping[str, Array]) -> dict[str, Array]:
        found = compiled(dict(arrays))
        return {name: found[name].copy() for name in outputs}

    return run, inputs, outputs
