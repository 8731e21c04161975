"""Ways out of a shape that does not fit, for people who wrote it. Pure advice; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from .graph import Graph, Node, TypedNode
from .inputs import InputOp
from .op import Op
from .tensor import TensorType

IMAGE = {"height", "width"}


def ways_out(
    node: Node, op: Op, x: TensorType, reads: tuple[str, ...], graph: Graph, typed: Mapping[str, TypedNode]
) -> tuple[str, ...]:
    """What a person can do about an input of the wrong rank, likeliest first."""
    source = _input_of(node, graph)
    help: list[str] = []
    recurrent = reads == ("steps", "features")
    missing = len(reads) - x.rank
    flat = _returns_last_step(node, graph, typed) if missing == 1 and recurrent else None
    if flat is not None:
        line = _line(flat)
        help.append(f"`return_sequences: true` on the `{flat.op.title() if flat.op else 'layer'}` of line {line} gives its steps")
    elif missing == 1 and recurrent and x.rank == 1 and _flattens(node, graph):
        help.append("without the `Flatten` or pooling before it the axes are kept")
    if missing < 0 and not x.outer and x.rank == len(reads) + 1:
        name = x.axes[0].name
        each = f"of the {name}" if name.endswith("s") else f"position along `{name}`"
        if not (recurrent and name in IMAGE):
            help.append(f"put it inside `TimeDistributed:` to run it on each {each}")
    if recurrent and x.rank > 2:
        names = {axis.name for axis in x.axes}
        if source is not None and source.input.kind == "video" and names & IMAGE:
            help.insert(
                0, "first bring each frame to a vector: `TimeDistributed:` with `GlobalAveragePooling2D` or `Flatten` last"
            )
        elif names & IMAGE:
            help.insert(0, "an image has no steps: read a `video`, or bring it to (steps, features) with `Reshape`")
    if recurrent and x.rank == 1 and flat is None and source is not None and source.input.kind == "image":
        help.append("read a `video` instead of an `image`, with the layers before it in `TimeDistributed:`")
    if missing == 1 and len(reads) == 4 and {"height", "width"} <= set(reads) and "depth" in reads:
        help.append("read a `volume` or a `video`, whose first axis is the missing one")
    elif missing > 0 and not recurrent and not help:
        help.append("`Reshape` can add the missing axis")
    return tuple(help) or (f"bring the input to ({', '.join(reads)}) before it",)


def _input_of(node: Node, graph: Graph) -> InputOp | None:
    seen = node
    while seen.inputs:
        seen = graph.nodes[seen.inputs[0]]
    return seen.op if isinstance(seen.op, InputOp) else None


def _returns_last_step(node: Node, graph: Graph, typed: Mapping[str, TypedNode]) -> Node | None:
    """The recurrent layer before that gave only its last step."""
    id = node.inputs[0]
    while True:
        before = typed[id]
        op = before.node.op
        inner = getattr(op, "layer", None) or op
        if getattr(inner, "return_sequences", None) is False:
            return before.node
        x = before.inputs[0] if len(before.inputs) == 1 else None
        if x is None or before.type is None or x.rank != before.type.rank:
            return None
        id = before.node.inputs[0]


def _flattens(node: Node, graph: Graph) -> bool:
    op = graph.nodes[node.inputs[0]].op
    return op is not None and (op.title() == "Flatten" or op.title().startswith("Global"))


def _line(node: Node) -> int:
    span = node.origin.place.span
    return span.source.position(span.start)[0]
