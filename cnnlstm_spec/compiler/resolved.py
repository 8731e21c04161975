"""A spec as it was understood, as plain data: overrides set, variables replaced, blocks and repetitions written out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path as File

from pydantic import JsonValue

from ..ir.graph import TypedGraph
from ..ir.op import Op
from ..language.catalog import KerasObject
from ..language.scope import Scope
from ..ops.input import InputOp
from ..ops.weights_file import WeightsFile
from ..spec.layer_list import Layer
from ..text.files import digest
from ..text.nodes import Mapping, to_value
from ..text.source import format_path
from .artifact.manifest import ReadFile, ResolvedLayer, ResolvedSpec
from .compile import Compilation


def describe_resolved(compilation: Compilation) -> ResolvedSpec:
    """The spec with its overrides, and every layer with its final arguments and what it reads. Raises PathError."""
    assert compilation.typed is not None and isinstance(compilation.document, Mapping)
    document = compilation.document
    kept = {entry.key.text: to_value(entry.value) for entry in document.entries if not entry.key.text.startswith("x-")}
    files = {name: ReadFile(sha256=digest(path)) for name, path in find_files(compilation.typed).items()}
    return ResolvedSpec(
        document=make_plain_values(kept),
        compile=make_plain(_compile(document)),
        layers=tuple(_list_layers(compilation.typed)),
        **({"files": files} if files else {}),
    )


def find_files(graph: TypedGraph) -> dict[str, File]:
    """The files that weights come from, by their paths as written."""
    ops = [typed.node.op for typed in graph.nodes.values()]
    weights = (op.list_values().get("weights") for op in ops if op is not None)
    return {each.written: File(each.path) for each in weights if isinstance(each, WeightsFile)}


def _compile(document: Mapping) -> object:
    """The `compile` section with its variables replaced."""
    section, variables = document.get("compile"), document.get("vars")
    if section is None:
        return None
    held = variables.value.entries if variables is not None and isinstance(variables.value, Mapping) else ()
    node = Scope([], variables={entry.key.text: entry.value for entry in held}).resolve_deep(section.value)
    return None if node is None else to_value(node)


def _list_layers(graph: TypedGraph) -> Iterator[ResolvedLayer]:
    for typed in graph.nodes.values():
        node = typed.node
        if node.hidden or node.op is None:
            continue
        yield ResolvedLayer(
            path=format_path(node.origin.address),
            name=node.layer,
            layer=node.op.title(),
            arguments=make_plain_values(node.op.list_values(node.origin.written.places)),
            inputs=tuple(_find_source(id, graph) for id in node.inputs),
        )


def _find_source(id: str, graph: TypedGraph) -> str:
    """The input or layer whose output is read, past what only folds and unfolds time."""
    node = graph.nodes[id].node
    while node.hidden and node.inputs and not isinstance(node.op, InputOp):
        node = graph.nodes[node.inputs[0]].node
    return node.layer


def make_plain_values(values: dict[str, object]) -> dict[str, JsonValue]:
    """Values by name, as JSON can hold them."""
    return {str(name): make_plain(each) for name, each in values.items()}


def make_plain(value: object) -> JsonValue:
    """A value as JSON can hold it."""
    if isinstance(value, dict):
        return make_plain_values(value)
    if isinstance(value, list | tuple):
        return [make_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Layer):
        return make_plain(value.op)
    if isinstance(value, Op):
        return {value.title(): make_plain(value.list_values())}
    if isinstance(value, KerasObject):
        return value.identifier or {value.name: make_plain(dict(value.arguments))}
    return str(value)
