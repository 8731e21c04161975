"""The public JSON of `validate` and `shapes`, version 1; `schemas/` holds its schemas. Lines and columns count from 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...ir.graph import TypedGraph, TypedNode
from ...ir.tensor import Mask, TensorType
from ...ops.input import InputOp
from ...text.diagnostic import Diagnostic, Label
from ...text.escape.json import to_json
from ...text.source import NOWHERE, Span, format_path

VERSION = 1

Checked = tuple[str, Iterable[Diagnostic]]
"""A file's path, and what was found in it."""


def findings(files: Iterable[Checked]) -> str:
    """The output of `validate --format json`."""
    return _text({"version": VERSION, "files": [_file(path, list(found)) for path, found in files]})


def shapes(graph: TypedGraph) -> str:
    """The output of `shapes --format json`; every type of the graph is known."""
    return _text(shapes_data(graph))


def _text(data: dict[str, Any]) -> str:
    return to_json(data)


def _file(path: str, found: list[Diagnostic]) -> dict[str, Any]:
    ok = not any(each.severity == "error" for each in found)
    return {"path": path, "ok": ok, "diagnostics": [_diagnostic(each, path) for each in found]}


def _diagnostic(diagnostic: Diagnostic, file: str) -> dict[str, Any]:
    span = diagnostic.place.span
    return {
        "code": diagnostic.code.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "path": format_path(diagnostic.place.path),
        **_position(span, file),
        "labels": [*_caret(diagnostic, file), *(_label(label, file) for label in diagnostic.labels)],
        "help": list(diagnostic.help),
    }


def _caret(diagnostic: Diagnostic, file: str) -> list[dict[str, Any]]:
    """What is said at the diagnostic's own place, as a label like the others."""
    if not diagnostic.label:
        return []
    return [{"message": diagnostic.label, **_position(diagnostic.place.span, file)}]


def _label(label: Label, file: str) -> dict[str, Any]:
    return {"message": label.message, **_position(label.place.span, file)}


def _position(span: Span, file: str) -> dict[str, Any]:
    """Where a span stands, its end excluded; `source` says in what text where that is not the file itself."""
    if span.source is NOWHERE.source:
        return {"line": None, "column": None, "end_line": None, "end_column": None}
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    position: dict[str, Any] = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    if span.source.name != file:
        position["source"] = span.source.name
    return position


def shapes_data(graph: TypedGraph) -> dict[str, Any]:
    """What `shapes` says of a graph, as plain values."""
    layers = [_layer(typed, graph) for typed in graph.nodes.values() if not typed.node.hidden]
    return {
        "version": VERSION,
        "name": graph.graph.name,
        "inputs": inputs(graph),
        "layers": layers,
        "outputs": [_tensor(head, graph.nodes[id].type) for head, id in graph.graph.outputs.items()],
        "params": params(graph),
    }


def params(graph: TypedGraph) -> dict[str, int]:
    """The counts of a graph's weights."""
    total, trainable = graph.params, graph.trainable_params
    return {"total": total, "trainable": trainable, "non_trainable": total - trainable}


def inputs(graph: TypedGraph) -> list[dict[str, Any]]:
    """The inputs of the Keras model, in its order: the branches, a mask after the first branch that it is of, read or not."""
    found: list[dict[str, Any]] = []
    for id in graph.graph.inputs:
        typed = graph.nodes[id]
        op = typed.node.op
        assert isinstance(op, InputOp)
        found.append(_tensor(op.branch, typed.type))
        mask = op.input.mask_input
        if mask is not None and typed.type is not None and all(each["name"] != mask for each in found):
            found.append({"name": mask, "shape": list(typed.type.shape[:1]), "dtype": "bool"})
    return found


def _tensor(name: str, type: TensorType | None) -> dict[str, Any]:
    assert type is not None
    return {"name": name, "shape": list(type.shape), "dtype": type.dtype}


def _layer(typed: TypedNode, graph: TypedGraph) -> dict[str, Any]:
    node, type = typed.node, typed.type
    assert node.op is not None and type is not None
    return {
        "path": format_path(node.origin.address),
        "name": node.layer,
        "layer": node.op.title(),
        "shape": list(type.shape),
        "dtype": type.dtype,
        "mask": mask_origin(type, graph),
        "params": typed.params,
        "trainable_params": typed.trainable_params,
    }


def mask_origin(type: TensorType, graph: TypedGraph) -> str | None:
    """What says which steps are real: `branches.video.input.padding_value`, or the path of a layer; several with ` & `.

    Inside `TimeDistributed` it is the mask of the outermost axis that has one.
    """
    masks: list[Mask | None] = [*(mask for _, mask in type.outer), type.mask]
    mask = next((mask for mask in masks if mask is not None), None)
    if mask is None:
        return None
    origins = []
    for id in sorted(mask.sources):
        node = graph.nodes[id].node
        key = f".input.{node.op.mask_by}" if isinstance(node.op, InputOp) else ""
        origins.append(format_path(node.origin.address) + key)
    return " & ".join(origins)
