"""What a spec without a warning promises of the model that is built of it: XLA where it asks for it, a place for each class,
and nothing changed outside of training by what acts in training alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy
import tensorflow

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.graph import TypedGraph, TypedNode
from cnnlstm_spec.spec.compile_section import CompileSpec

BINS = ("num_bins", "bin_boundaries")
"""Arguments of layers that give the numbers of bins."""


def broken(compilation: Compilation, model: Any, given: Any) -> str | None:
    """What is not as promised; None where all is."""
    told = {each.code.name for each in compilation.diagnostics}
    section, typed = compilation.spec and compilation.spec.compile, compilation.typed
    assert typed is not None
    if isinstance(section, CompileSpec) and section.plain.get("jit_compile") is True and not section.plain.get("run_eagerly"):
        if not model.jit_compile and "xla-not-used" not in told:
            return "XLA is left off, and nothing says so"
    for node, before, after in _seen(typed, model, given):
        op = node.node.op
        assert op is not None
        if op.only_in_training and not numpy.array_equal(before, after, equal_nan=True):
            return f"`{op.title()}` changes what it is given outside of training"
        if op.looks_up is not None and "class-without-place" not in told:
            count = op.get_value(op.looks_up)
            if ((before < 0) | (before >= count)).any():
                return f"`{op.title()}` has {count} places, and is given up to {before.max():g}"
    return None


def _seen(typed: TypedGraph, model: Any, inputs: Any) -> Iterator[tuple[TypedNode, Any, Any]]:
    """The layers of which something is promised, with what each is given and gives outside of training."""
    nodes = [node for node in typed.nodes.values() if _promises(node, typed)]
    layers = [layer for node in nodes if (layer := _layer(model, node)) is not None]
    if not layers:
        return
    nodes = [node for node in nodes if _layer(model, node) is not None]
    part = keras.Model(model.inputs, [value for layer in layers for value in (layer.input, layer.output)])
    try:
        values = tensorflow.function(part, autograph=False)(inputs, training=False)
    except tensorflow.errors.InvalidArgumentError:
        # A table has no row for such values; a batch that must run has been run before.
        return
    for node, before, after in zip(nodes, values[::2], values[1::2], strict=True):
        # A layer is given floats as its own: what the policy rounds is no change that the layer makes.
        given = keras.ops.cast(before, after.dtype) if _is_float(before) and _is_float(after) else before
        yield node, _array(given), _array(after)


def _promises(node: TypedNode, typed: TypedGraph) -> bool:
    op = node.node.op
    if op is None or op.is_own():
        return False
    counts = op.looks_up is not None and "output_mode" in op.arguments and _from_bins(node, typed)
    return op.only_in_training or counts


def _from_bins(node: TypedNode, typed: TypedGraph) -> bool:
    """Whether what it is given are numbers of bins, moved about at most."""
    before = typed.nodes[node.node.inputs[0]]
    op = before.node.op
    if op is None:
        return False
    if any(each in op.arguments for each in BINS):
        return op.list_values().get("output_mode", "int") == "int"
    return op.keeps_values and bool(before.node.inputs) and _from_bins(before, typed)


def _layer(model: Any, node: TypedNode) -> Any:
    """The Keras layer of a node, which is called once, on one tensor; None where it is not."""
    layer = next((each for each in model.layers if each.name == node.node.layer), None)
    once = layer is not None and len(layer._inbound_nodes) == 1
    return layer if once and isinstance(layer.input, keras.KerasTensor) else None


def _array(value: Any) -> Any:
    value = keras.ops.convert_to_tensor(value)
    return numpy.asarray(keras.ops.cast(value, "float32") if _is_float(value) else value)


def _is_float(value: Any) -> bool:
    return "float" in keras.backend.standardize_dtype(value.dtype)
