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
    ends: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, object]:
    """Writes the file, of operations that are built in alone; int8 takes its ranges of the samples in `arrays`.

    `keep_float` are the layers of each address that stays in float, `ends` by output those that may end in it, last first.
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
    data = converter.convert() if not keep_float else _convert_selectively(converter, keep_float, ends or {})
    replace_file(target, data)
    return {"operations": _count_operations(target)}


def _convert_selectively(converter: Any, addresses: Sequence[Sequence[str]], ends: Mapping[str, Sequence[str]]) -> bytes:
    """The file with some layers left in float. Raises ValueError where no operation of an address is found."""
    import tensorflow

    debug = tensorflow.lite.experimental
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    converter._experimental_calibrate_only = False
    known = _Operations(calibrated, ends)
    kept: list[str] = []
    kinds: set[str] = set()
    for layers in addresses:
        names = [name for layer in layers for name in known.list_names(layer)]
        if not names:
            raise ValueError(f"no operation of `{layers[-1]}` is left in the file, so that none can stay in float")
        kept += names
        kinds |= {kind for layer in layers for kind in known.list_nameless_kinds(layer)}
    options = debug.QuantizationDebugOptions(denylisted_nodes=kept, denylisted_ops=sorted(kinds))
    debugger = debug.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
    )
    found: bytes = debugger.get_nondebug_quantized_model()
    return found


class _Operations:
    """What the operations of a file are called, which is what their outputs are: a layer's have its name among their scopes.

    The last one before an output of the file has the name of that. It is of the last layers, back to one that has others.
    """

    def __init__(self, model: bytes, ends: Mapping[str, Sequence[str]]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=model)
        names = {each["index"]: each["name"] for each in interpreter.get_tensor_details()}
        self._found = [
            (each["op_name"], [names.get(index, "") for index in each["outputs"]]) for each in interpreter._get_ops_details()
        ]
        outputs = interpreter._get_full_signature_list()[SIGNATURE]["outputs"]
        self._last: dict[str, list[str]] = {}
        for output, layers in ends.items():
            for layer in layers:
                self._last.setdefault(layer, []).append(names[outputs[output]])
                if self._list_scoped(layer):
                    break

    def list_names(self, layer: str) -> list[str]:
        """The operations of a layer."""
        return [*self._list_scoped(layer), *self._last.get(layer, ())]

    def list_nameless_kinds(self, layer: str) -> set[str]:
        """The kinds of those with several outputs, which the converter knows by no name: all of a kind stay in float, or none."""
        scope = _compile_scope(layer)
        return {kind for kind, names in self._found if len(names) > 1 and any(map(scope.search, names))}

    def _list_scoped(self, layer: str) -> list[str]:
        scope = _compile_scope(layer)
        whole = [name for _, names in self._found for name in names if scope.search(name)]
        return list(dict.fromkeys(part for name in whole for part in (name, *name.split(";"))))


def _compile_scope(layer: str) -> re.Pattern[str]:
    """The names of a layer's operations."""
    return re.compile(rf"(^|/|;){re.escape(layer)}(_\d+)?/")


def _iterate_samples(arrays: Mapping[str, Array]) -> Iterator[dict[str, Array]]:
    count = len(next(iter(arrays.values())))
    return ({name: each[place : place + 1] for name, each in arrays.items()} for place in range(count))


def _count_operations(path: File) -> dict[str, int]:
    """How many operations of each kind the file has."""
    from ai_edge_litert.interpreter import Interpreter

    found = Interpreter(str(path))._get_ops_details()
    return dict(Counter(each["op_name"] for each in found))


def open_file(path: File) -> tuple[object, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    run = interpreter.get_signature_runner(SIGNATURE)
    names = interpreter.get_signature_list()[SIGNATURE]

    def call(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: each.copy() for name, each in run(**arrays).items()}

    return call, sorted(names["inputs"]), sorted(names["outputs"])
