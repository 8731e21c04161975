"""ONNX: converted by tf2onnx, run by onnxruntime. Imports them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from ....compiler.artifact.write import replace_file

SIGNATURE = "serving_default"
OPSET = 18


def convert(source: File, target: File, arrays: Mapping[str, Any], opset: int | None = None) -> dict[str, Any]:
    """Writes the file."""
    import onnx
    import tensorflow
    import tf2onnx
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    patch_tf2onnx()
    loaded = tensorflow.saved_model.load(str(source))
    function = loaded.signatures[SIGNATURE]
    frozen = freeze(function)
    specs = {name: tensorflow.TensorSpec(each.shape, each.dtype, name) for name, each in _inputs(function).items()}

    def serve(inputs: dict[str, Any]) -> dict[str, Any]:
        return dict(zip(sorted(function.structured_outputs), frozen(*(inputs[name] for name in sorted(specs))), strict=True))

    asked = opset or OPSET
    model, _ = tf2onnx.convert.from_function(tensorflow.function(serve), [specs], opset=asked)
    onnx.checker.check_model(model)
    replace_file(target, model.SerializeToString())
    return {"opset": asked}


def _inputs(function: Any) -> dict[str, Any]:
    found: dict[str, Any] = function.structured_input_signature[1]
    return found


def freeze(function: Any) -> Any:
    """A function without variables and without what it had captured: constants of a layer would be inputs of the file."""
    import tensorflow
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    constant = convert_variables_to_constants_v2(function, lower_control_flow=False, aggressive_inlining=True)
    graph = constant.graph.as_graph_def()
    held = {inner.op.name: value for value, inner in constant.graph.captures if value.dtype != tensorflow.resource}
    for node in graph.node:
        if node.op == "Placeholder" and node.name in held:
            value = held[node.name].numpy()
            node.op = "Const"
            node.ClearField("attr")
            node.attr["dtype"].type = tensorflow.as_dtype(value.dtype).as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tensorflow.make_tensor_proto(value))
    names = {each.name.partition(":")[0]: each.name for each in constant.inputs}
    feeds = [names.get(name, f"{name}:0") for name in sorted(_inputs(function))]
    # Outputs lie in the order of their names, as TensorFlow flattens a mapping.
    fetches = [each.name for each in constant.outputs]
    wrapped = tensorflow.compat.v1.wrap_function(lambda: tensorflow.import_graph_def(graph, name=""), [])
    at = wrapped.graph.as_graph_element
    return wrapped.prune([at(each) for each in feeds], [at(each) for each in fetches])


def open_file(path: File) -> tuple[Any, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs = [each.name for each in session.get_outputs()]

    def run(arrays: Mapping[str, Any]) -> dict[str, Any]:
        return dict(zip(outputs, session.run(outputs, dict(arrays)), strict=True))

    return run, sorted(each.name for each in session.get_inputs()), sorted(outputs)
