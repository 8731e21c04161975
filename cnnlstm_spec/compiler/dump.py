"""The stages of the compiler as text that changes only when they do, for golden tests and bug reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from ..emit.python.source import write_source
from ..ir.graph import Graph, TypedGraph, TypedNode
from ..ir.graph import Node as GraphNode
from ..ir.op import Op
from ..language.catalog import KerasObject
from ..language.record import Record
from ..language.scope import Scope
from ..model.passes import REASONS, optimize
from ..text.diagnostic import Origin
from ..text.escape.terminal import make_line_safe
from ..text.nodes import Listing, Mapping, Node, Scalar
from ..text.source import NOWHERE, Place, Span, format_path
from .compile import Compilation

STAGES = ("document", "spec", "graph", "typed", "lowered", "program")


def dump(compilation: Compilation, stage: str, passes: str = "default") -> str | None:
    """A stage as text, those after the passes with that choice of passes; None where the compilation did not get there."""
    match stage:
        case "document":
            return _write_lines(_dump_document(compilation.document, "")) if compilation.document else None
        case "spec":
            return _write_lines(_dump_value(compilation.spec, "")) if compilation.spec else None
        case "graph":
            return _write_lines(_dump_graph(compilation.graph)) if compilation.graph else None
        case "typed":
            return _write_lines(map(_dump_typed, compilation.typed.nodes.values())) if compilation.typed else None
        case "lowered":
            return _write_lines(_dump_lowered(compilation.typed, passes)) if compilation.ok and compilation.typed else None
        case "program":
            return write_source(compilation.lower_with(passes)) if compilation.ok and compilation.typed else None
    raise ValueError(stage)


def _write_lines(lines: Iterable[str]) -> str:
    return "".join(f"{make_line_safe(line)}\n" for line in lines)


def _write_place(span: Span) -> str:
    if span.source is NOWHERE.source:
        return "-"
    line, column = span.source.find_position(span.start)
    end_line, end_column = span.source.find_position(span.end)
    return f"{line}:{column}-{end_line}:{end_column}"


def _dump_document(node: Node, indent: str) -> Iterator[str]:
    """A line a value: where it is written, and what it is."""
    if isinstance(node, Scalar):
        yield f"{indent}{node.value!r}  @{_write_place(node.span)}"
    elif isinstance(node, Mapping):
        yield f"{indent}mapping  @{_write_place(node.span)}"
        for entry in node.entries:
            yield f"{indent}  {entry.key.text}:  @{_write_place(entry.key.span)}"
            yield from _dump_document(entry.value, indent + "    ")
    elif isinstance(node, Listing):
        yield f"{indent}list  @{_write_place(node.span)}"
        for item in node.items:
            yield from _dump_document(item, indent + "  ")


def _dump_value(value: object, indent: str, name: str = "") -> Iterator[str]:
    """A value of the spec, a line a field; where it is written is left to the document."""
    prefix = f"{indent}{name}: " if name else indent
    match value:
        case Op() | KerasObject():
            yield f"{prefix}{_dump_op(value) if isinstance(value, Op) else value!r}"
        case Record():
            yield f"{prefix}{type(value).__name__}"
            for key, each in value.list_values().items():
                yield from _dump_value(each, indent + "  ", key)
        case Node():
            yield f"{prefix}as written  @{_write_place(value.span)}"
        case Scope():
            return
        case Origin():
            yield f"{prefix}{format_path(value.address)}"
        case Place():
            yield f"{prefix}{format_path(value.path)}"
        case tuple() | list() if value and any(is_dataclass(each) or isinstance(each, tuple) for each in value):
            yield prefix.rstrip()
            for each in value:
                yield from _dump_value(each, indent + "  ", "-")
        case dict() if value:
            yield prefix.rstrip()
            for key, each in value.items():
                yield from _dump_value(each, indent + "  ", str(key))
        case _ if is_dataclass(value):
            yield f"{prefix}{type(value).__name__}"
            for field in fields(value):
                yield from _dump_value(getattr(value, field.name), indent + "  ", field.name)
        case _:
            yield f"{prefix}{value!r}"


def _dump_op(op: Op | None) -> str:
    if op is None:
        return "?"
    return f"{type(op).__name__}({', '.join(f'{name}={value!r}' for name, value in op.list_values().items())})"


def _dump_graph(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        yield _dump_node(node)
    for head, id in graph.outputs.items():
        yield f"output {head} = {id}"
    for address, id in sorted(graph.addresses.items()):
        yield f"address {address} = {id}"


def _dump_node(node: GraphNode) -> str:
    frames = "".join(f" in {frame.kind} {frame.title!r}" for frame in node.frames)
    layer = f" as {node.layer}" if node.layer != node.id else ""
    hidden = " hidden" if node.hidden else ""
    made = f"{node.id} = {_dump_op(node.op)} of ({', '.join(node.inputs)})"
    return f"{made}{layer}{frames}{hidden}  @{format_path(node.origin.address)}"


def _dump_lowered(typed: TypedGraph, passes: str) -> Iterator[str]:
    """The graph after the passes, what stands for each node that is gone, and why others stayed."""
    after = optimize(typed, passes)
    for each in after.nodes.values():
        op = each.node.op
        yield f"{_dump_typed(each)} = {'?' if op is None else type(op).__name__} of ({', '.join(each.node.inputs)})"
    for id in typed.nodes:
        if id not in after.nodes:
            yield f"gone: {id}"
    for name, why_not in REASONS.items() if passes != "none" else ():
        for id, reason in why_not(after):
            yield f"{name} leaves {id}: {reason}"


def _dump_typed(typed: TypedNode) -> str:
    type = typed.type
    if type is None:
        return f"{typed.node.id}: ?"
    outer = f"[{', '.join(str(axis) for axis, _ in type.outer)}] " if type.outer else ""
    mask = f" mask {' & '.join(sorted(type.mask.sources))}" + (" flipped" if type.mask.flipped else "") if type.mask else ""
    weights = "".join(f" {w.name}{list(w.shape)}{'' if w.trainable else ' fixed'}" for w in typed.weights)
    macs = f" macs {typed.macs}" if typed.macs else ""
    meaning = f" {{{words}}}" if (words := type.meaning.describe()) else ""
    return f"{typed.node.id}: {outer}{type} {type.dtype}{mask}{meaning}{weights}{'' if typed.owns_weights else ' shared'}{macs}"
