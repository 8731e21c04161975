"""Holds a whole compiled spec against Keras: shapes, dtypes, weights and a first training batch. Needs Keras."""

from __future__ import annotations

import re
from typing import Any

import numpy

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.graph import TypedNode
from cnnlstm_spec.ir.op import FLOATS
from cnnlstm_spec.ir.size import Size
from cnnlstm_spec.ir.tensor import TensorType
from cnnlstm_spec.language.catalog import find_reads
from cnnlstm_spec.model.frames import is_clip
from cnnlstm_spec.model.names import is_operation
from cnnlstm_spec.model.passes import optimize
from cnnlstm_spec.ops.backbones.op import Backbone
from cnnlstm_spec.ops.input import InputOp
from cnnlstm_spec.spec.compile_section import CompileSpec

UNKNOWN = 24
"""What a size known only at run time is fed as, unless a warning asks for another."""

MASKED = ("Copy", "Rescaling")
"""What takes a value that a mask of Keras's depends on: the copy without it, and the end of an output that carries it."""


def at(size: Size, sizes: dict[str, int]) -> int:
    if isinstance(size, int):
        return size
    return size.evaluate({symbol: sizes.get(symbol.name, UNKNOWN) for symbol in size.symbols})


def shape_of(x: TensorType, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(at(axis.size, sizes) for axis in x.axes)


def random_inputs(compilation: Compilation, sizes: dict[str, int] | None = None, batch: int = 3) -> dict[str, Any]:
    """An array for every Keras input; masks have the last steps of some samples padded."""
    rng = numpy.random.default_rng(0)
    typed = compilation.typed
    assert typed is not None
    data: dict[str, Any] = {}
    for id in typed.graph.inputs:
        op, x = typed.nodes[id].node.op, typed.nodes[id].type
        assert isinstance(op, InputOp) and x is not None
        shape = (batch, *shape_of(x, sizes or {}))
        integer = "int" in x.dtype
        values = rng.integers(0, 4, shape) if integer else rng.random(shape)
        data[op.branch] = values.astype("float32" if x.dtype == "bfloat16" else x.dtype)
        if op.input.mask_input is not None:
            lengths = rng.integers(1, shape[1] + 1, (batch, 1))
            data.setdefault(op.input.mask_input, numpy.arange(shape[1])[None, :] < lengths)
    return data


def labels(compilation: Compilation, sizes: dict[str, int] | None = None, batch: int = 3) -> Any:
    """Labels that suit the loss of each head; a bare array for a single one."""
    rng = numpy.random.default_rng(1)
    typed, spec = compilation.typed, compilation.spec
    assert typed is not None and spec is not None and isinstance(spec.compile, CompileSpec)
    found: dict[str, Any] = {}
    for head, id in typed.graph.outputs.items():
        placed, x = spec.compile.losses.get(head), typed.nodes[id].type
        if placed is None:
            continue
        assert x is not None
        shape = (batch, *shape_of(x, sizes or {}))
        kind = find_reads(placed.thing).get("labels", "same")
        if kind == "integer":
            masked_or_flat = (*shape[:-1], 1) if len(shape) > 2 and shape[-1] == 1 else shape[:-1]
            found[head] = rng.integers(0, max(1, shape[-1]), masked_or_flat)
        elif kind == "sequence":
            found[head] = rng.integers(1, max(2, shape[-1]), (batch, 2))
        else:
            found[head] = (
                numpy.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])] if shape[-1] > 1 else rng.integers(0, 2, shape)
            )
            found[head] = found[head].astype("float32")
    return next(iter(found.values())) if spec.single_head else found


def compare(compilation: Compilation, model: Any) -> None:
    """Parameter counts, and each layer's weights, output shape and dtype, are as inferred."""
    typed = compilation.typed
    assert typed is not None
    assert model.count_params() == typed.params
    layers = {layer.name: layer for layer in model.layers}
    for operation in model.operations:
        assert operation.name in layers or is_operation(operation.name), f"{operation.name} is not among naming.OPERATIONS"
        for node in operation._inbound_nodes:
            hung = [x for x in node.input_tensors if getattr(x, "_keras_mask", None) is not None]
            assert not hung or type(operation).__name__ in MASKED, f"Keras hands {operation.name} a mask by itself"
    for node in optimize(typed).nodes.values():
        if node.node.op is None or not node.owns_weights:
            continue
        expected: dict[str, list[Any]] = {}
        for weight in node.weights:
            expected.setdefault(node.node.layer + weight.within, []).append(weight)
        for name, weights in expected.items():
            actual = [w for w in layers[name].weights if "seed_generator" not in w.path]
            if isinstance(node.node.op, Backbone) and node.node.op.taps:
                _compare_inside(layers[name], actual, weights)
                continue
            assert [tuple(w.shape) for w in actual] == [w.shape for w in weights], name
            # A layer may be frozen as a whole while its variables, by themselves, are not.
            trained = {id(w) for w in layers[name].trainable_weights}
            assert [id(w) in trained for w in actual] == [w.trainable for w in weights], name
            if "/" not in weights[0].name or not hasattr(layers[name], "layers"):
                # With multipliers a layer inside another says in its name where it is.
                assert [w.path.replace(f".{name}/", "/") for w in actual] == [f"{name}/{w.name}" for w in weights]
        x = node.type
        layer = layers.get(node.node.layer)
        if layer is None or x is None or node.node.hidden:
            continue
        shape = (None, *(axis.size if isinstance(axis.size, int) else None for axis in x.axes))
        outputs = layer._inbound_nodes[0].outputs[0]
        if type(layer).__name__.lower() == node.node.op.title().lower():
            # On a video the layer itself gives the image of all frames.
            if is_clip(node.node.op, node.inputs):
                shape = (None, *outputs.shape[1:])
            assert tuple(outputs.shape) == shape, (node.node.layer, outputs.shape, shape)
            if outputs.dtype != x.dtype and _is_told_what_comes(layer, node):
                assert _find_dtype_given(layer) == x.dtype, (node.node.layer, outputs.dtype, x.dtype)


def _is_told_what_comes(layer: Any, node: TypedNode) -> bool:
    """Whether Keras announces floats to the layer, and those that come: of some layers it announces another dtype than they give."""
    announced = {each.dtype for each in layer._inbound_nodes[0].input_tensors}
    comes = {x.dtype for x in node.inputs if x is not None}
    return announced == comes and all(each in FLOATS for each in announced)


def _find_dtype_given(layer: Any) -> str:
    """The dtype that a layer gives in a graph."""
    import keras
    import tensorflow

    call = layer._inbound_nodes[0]
    given = [keras.ops.zeros([size or 2 for size in x.shape], x.dtype) for x in call.input_tensors]
    run = tensorflow.function(keras.Function(call.input_tensors, call.outputs), autograph=False)
    return str(keras.backend.standardize_dtype(run(given)[0].dtype))


def _compare_inside(backbone: Any, actual: list[Any], weights: list[Any]) -> None:
    """Of a backbone of several outputs, whose layers Keras has in another order: each weight by its path."""
    trained = {id(w) for w in backbone.trainable_weights}
    mark = re.escape(backbone.name)
    paths = [re.sub(rf"[.]{mark}/|/variable_\d+$", lambda m: m[0][-1] if m[0][0] == "." else "/variable", w.path) for w in actual]
    given = {path.removeprefix(f"{backbone.name}/"): w for path, w in zip(paths, actual, strict=True)}
    assert len(given) == len(weights)
    for weight in weights:
        assert tuple(given[weight.name].shape) == weight.shape, weight.name
        assert (id(given[weight.name]) in trained) == weight.trainable, weight.name


def run_first_batch(compilation: Compilation, model: Any, sizes: dict[str, int] | None = None, batch: int = 3) -> Any:
    """One training batch where the spec compiles the model, else one call; gives the predictions."""
    inputs = random_inputs(compilation, sizes, batch)
    fed = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    spec = compilation.spec
    assert spec is not None
    if isinstance(spec.compile, CompileSpec):
        loss = model.train_on_batch(fed, labels(compilation, sizes, batch))
        assert numpy.all(numpy.isfinite(numpy.asarray(loss[0] if isinstance(loss, list) else loss)))
    return model.predict(fed, verbose=0)
