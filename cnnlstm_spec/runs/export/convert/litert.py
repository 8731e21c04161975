"""LiteRT: converted by TensorFlow, run by ai-edge-litert. Imports them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ....compiler.artifact.write import replace_file

if TYPE_CHECKING:
    from ...samples import Array

SIGNATURE = "serving_default"


def convert(
    source: File,
    target: File,
    arrays: Mapping[str, Array],
    quantize: str | None = None,
    keep_float: Sequence[Sequence[str]] = (),
) -> dict[str, object]:
    """Writes the file, of operations that are built in alone; int8 takes its ranges of the samples in `arrays`.

    `keep_float` are the layers of each address that stays in float.
    """
    import tensorflow

    lite = tensorflow.lite
    converter = lite.TFLiteConverter.from_saved_model(str(source), signature_keys=[SIGNATURE])
    if quantize is not None:
        converter.optimizations = [lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
    if quantize == "int8":
        converter.representative_dataset = lambda: ((SIGNATURE, each) for each in _iterate_samples(arrays))
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS_INT8, lite.OpsSet.TFLITE_BUILTINS]
    data = converter.convert() if not keep_float else _convert_selectively(converter, arrays, keep_float)
    replace_file(target, data)
    return {"operations": _count_operations(target)}


def _convert_selectively(converter: Any, arrays: Mapping[str, Array], addresses: Sequence[Sequence[str]]) -> bytes:
    """The file with some layers left in float. Raises ValueError where no operation of an address is found."""
    import tensorflow

    debug = tensorflow.lite.experimental
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    converter._experimental_calibrate_only = False
    kept: list[str] = []
    for layers in addresses:
        names = [name for layer in layers for name in _list_nodes(calibrated, layer)]
        if not names:
            raise ValueError(f"no operation of `{layers[-1]}` is left in the file, so that none can stay in float")
        kept += names
    options = debug.QuantizationDebugOptions(denylisted_nodes=kept)
    debugger = debug.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
    )
    found: bytes = debugger.get_nondebug_quantized_model()
    return found


def _list_nodes(model: bytes, layer: str) -> list[str]:
    """What the operations of a layer are called in a file: their outputs have its name among their scopes."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    scope = re.compile(rf"(^|/|;){re.escape(layer)}(_\d+)?/")
    names = {each["index"]: each["name"] for each in interpreter.get_tensor_details()}
    outputs = [names.get(index, "") for each in interpreter._get_ops_details() for index in each["outputs"]]
    return list(dict.fromkeys(part for name in outputs if scope.search(name) for part in (name, *name.split(";"))))


def _iterate_samples(arrays: Mapping[str, Array]) -> Iterator[dict[str, Array]]:
    count = len(next(iter(arrays.values())))
    return ({name: each[place : place + 1] for name, each in arrays.items()} for place in range(count))


def _count_operations(path: File) -> dict[str, int]:
    """How many operations of each kind the file has."""
    from ai_edge_litert.interpreter import Interpreter

    found = Interpreter(str(path))._get_ops_details()
    return dict(Counter(each["op_name"] for each in found))


def open_file(path: File) -> tuple[Any, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    run = interpreter.get_signature_runner(SIGNATURE)
    names = interpreter.get_signature_list()[SIGNATURE]

    def call(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: each.copy() for name, each in run(**arrays).items()}

    return call, sorted(names["inputs"]), sorted(names["outputs"])
