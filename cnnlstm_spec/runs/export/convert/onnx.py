"""ONNX: converted by tf2onnx, run by onnxruntime. Imports them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ....compiler.artifact.write import replace_file

if TYPE_CHECKING:
    from ...samples import Array

SIGNATURE = "serving_default"
OPSET = 18


def convert(source: File, target: File, arrays: Mapping[str, Array], opset: int | None = None) -> dict[str, object]:
    """Writes the file."""
    import onnx
    import tensorflow
    import tf2onnx
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    patch_tf2onnx()
    _register_erfc()
    loaded = tensorflow.saved_model.load(str(source))
    graph, inputs, outputs = freeze(loaded.signatures[SIGNATURE])
    asked = opset or OPSET
    names = {tensor: name for name, tensor in (*inputs.items(), *outputs.items())}
    given = (list(inputs.values()), list(outputs.values()), asked)
    model, _ = tf2onnx.convert.from_graph_def(graph, source.name, *given, tensors_to_rename=names)
    onnx.checker.check_model(model)
    replace_file(target, model.SerializeToString())
    return {"opset": asked}


def _register_erfc() -> None:
    """Tells the converter that erfc(x), which TensorFlow has in `gelu`, is 1 - erf(x); ONNX has that alone."""
    from tf2onnx import utils
    from tf2onnx.handler import tf_op

    class Erfc:
        @classmethod
        def version_9(cls, graph: Any, node: Any, **more: object) -> None:
            (dtype,) = node.output_dtypes
            shapes = node.output_shapes
            graph.remove_node(node.name)
            one = graph.make_const(utils.make_name("one"), utils.map_onnx_to_numpy_type(dtype)(1).reshape(1))
            erf = graph.make_node("Erf", node.input)
            given = [one.output[0], erf.output[0]]
            graph.make_node("Sub", given, name=node.name, outputs=node.output, shapes=shapes, dtypes=[dtype])

    tf_op("Erfc")(Erfc)


def freeze(function: Any) -> tuple[object, dict[str, str], dict[str, str]]:
    """The graph of a function without variables and without what it had captured, and its tensors by input and by output.

    Constants of a layer, which a function captures, would else be inputs of the file.
    """
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
    placed = {each.name.partition(":")[0]: each.name for each in constant.inputs}
    # The placeholder of an input may have another name: TensorFlow writes `lead_I` small.
    given = {name: each.name for name, each in sorted(function.structured_input_signature[1].items())}
    inputs = {name: placed.get(own, f"{own}:0") for name, own in given.items()}
    # Outputs lie in the order of their names, as TensorFlow flattens a mapping.
    outputs = zip(sorted(function.structured_outputs), (each.name for each in constant.outputs), strict=True)
    return graph, inputs, dict(outputs)


def open_file(path: File) -> tuple[object, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs = [each.name for each in session.get_outputs()]

    def run(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(outputs, session.run(outputs, dict(arrays)), strict=True))

    return run, sorted(each.name for each in session.get_inputs()), sorted(outputs)
