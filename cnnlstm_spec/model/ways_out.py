"""Ways out of a shape that does not fit, for people who wrote it. Pure advice; decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..ir.graph import Graph, Node, TypedNode
from ..ir.op import TEXT, Op
from ..ir.tensor import TensorType
from ..ops.input import InputOp
from ..text.fix import Drop, Fix, Insert, Put, Wrap, write

IMAGE = {"height", "width"}

ADD_AXIS = "`Op: {function: expand_dims, axis: -1}` before it adds the axis, or `Embedding` turns an integer into a vector"


def suggest_ways_out(node: Node, op: Op, x: TensorType, graph: Graph, typed: Mapping[str, TypedNode]) -> tuple[str, ...]:
    """What a person can do about an input of the wrong rank, likeliest first."""
    reads = op.list_axes_read() or ()
    source = _find_input(node, graph)
    help: list[str] = []
    recurrent = reads == ("steps", "features")
    missing = (len(reads) or op.least_rank) - x.rank
    gives_last = _find_recurrent_before(node, graph, typed, sequences=False) if missing == 1 else None
    gives_all = _find_recurrent_before(node, graph, typed, sequences=True) if reads == ("features",) and missing == -1 else None
    if missing == 1 and x.outer:
        help.append(f"take it out of `TimeDistributed:`, which gives it each {_choose_words(x.outer[-1][0].name)} by itself")
    if gives_last is not None:
        help.append(f"`return_sequences: true` on {_name_layer(gives_last)} gives its steps")
    elif gives_all is not None:
        help.append(f"`return_sequences: false` on {_name_layer(gives_all)} gives its last step alone")
    elif missing == 1 and recurrent and x.rank == 1 and _flattens(node, graph):
        help.append("without the `Flatten` or pooling before it the axes are kept")
    if (sibling := _find_sibling(op, reads, x)) is not None:
        help.append(f"`{sibling}` reads {x.rank} axes")
    if missing == -1 and not x.outer and (clip := op.clip_help()):
        return clip
    if missing == -1 and not x.outer and gives_all is None:
        name = x.axes[0].name
        if not (recurrent and name in IMAGE):
            help.insert(0, f"put it inside `TimeDistributed:` to run it on each {_choose_words(name)}")
    if recurrent and x.rank > 2:
        names = {axis.name for axis in x.axes}
        if source is not None and source.input.kind == "video" and names & IMAGE:
            help.insert(
                0, "first bring each frame to a vector: `TimeDistributed:` with `GlobalAveragePooling2D` or `Flatten` last"
            )
        elif names & IMAGE:
            help.insert(0, "an image has no steps: read a `video`, or bring it to (steps, features) with `Reshape`")
    if recurrent and x.rank == 1 and gives_last is None and source is not None and source.input.kind == "image":
        help.append("read a `video` instead of an `image`, with the layers before it in `TimeDistributed:`")
    if missing == 1 and len(reads) == 4 and set(reads) >= IMAGE:
        kinds = "a `volume` or a `video`" if "depth" in reads else "a `video`"
        help.append(f"read {kinds}, whose first axis is the missing one")
    elif missing > 0 and not recurrent and not help:
        help.append("`Reshape` can add the missing axis" if x.rank or x.dtype == TEXT else ADD_AXIS)
    return tuple(help) or (f"bring the input to ({', '.join(reads)}) before it",)


def find_fixes(node: Node, op: Op, x: TensorType, graph: Graph, typed: Mapping[str, TypedNode]) -> tuple[Fix, ...]:
    """Changes of the text that may mend an input of the wrong rank, likeliest first."""
    reads, found = op.list_axes_read() or (), list[Fix]()
    here = node.origin.place.span
    missing = (len(reads) or op.least_rank) - x.rank
    if missing == 1 and (before := _find_recurrent_before(node, graph, typed, sequences=False)) is not None:
        found.append(_fix_returning(before, "true"))
    if missing == -1 and not x.outer and x.axes[0].name not in IMAGE and not op.clip_help():
        per_step = _find_per_step(node, graph)
        ends = (per_step, _find_last_reading(node, len(reads), graph), node)
        for last in dict.fromkeys(each.origin.place.span for each in ends):
            found.append(Fix("put it inside `TimeDistributed`", (Wrap(here, last, "TimeDistributed"),)))
    if reads == ("steps", "features") and x.rank == 4 and not x.outer and x.axes[0].name not in IMAGE:
        item = "TimeDistributed: [GlobalAveragePooling2D]"
        found.append(Fix(f"put `{item}` before it", (Insert(here, item),)))
    if (
        reads == ("features",)
        and missing == -1
        and (before := _find_recurrent_before(node, graph, typed, sequences=True)) is not None
    ):
        found.append(_fix_returning(before, "false"))
    if (sibling := _find_sibling(op, reads, x)) is not None:
        found.append(write(here, sibling, "display"))
    return tuple(found)


def merge_fixes(node: Node, op: Op, typed: Mapping[str, TypedNode]) -> tuple[Fix, ...]:
    """The `Residual` that an `Add` in a list of layers is meant for: around the longest run before it that keeps the shape."""
    given = typed[node.inputs[0]]
    if op.title() != "Add" or given.type is None:
        return ()
    first, at = None, given
    while at.node.area == node.area and not at.node.hidden and len(at.inputs) == 1 and (before := typed[at.node.inputs[0]]).type:
        if before.type.sizes == given.type.sizes:
            first = at.node
        at = before
    if first is None:
        return ()
    wrap = Wrap(first.origin.place.span, given.node.origin.place.span, "Residual.layers")
    return (Fix("put the layers that it adds to into `Residual`", (wrap, Drop(node.origin.place.span))),)


def _fix_returning(node: Node, value: str) -> Fix:
    """A recurrent layer, or the one inside a wrapper, that gives its steps, or its last one."""
    within = None if node.op is None or "return_sequences" in node.op.arguments else "layer"
    change = Put(node.origin.place.span, "return_sequences", value, within)
    return Fix(f"write `return_sequences: {value}` for {_name_layer(node)}", (change,))


def _iterate_following(node: Node, graph: Graph) -> Iterator[Node]:
    """A node and those that follow it one by one in its section."""
    following: Node | None = node
    while following is not None:
        yield following
        readers = graph.readers.get(following.id, ())
        following = next((each for each in readers if each.area == node.area and not each.hidden), None)


def _find_per_step(node: Node, graph: Graph) -> Node:
    """The last layer that is meant for each step: that before the first one that reads the steps."""
    last = node
    for each in _iterate_following(node, graph):
        if each.op is not None and each.op.list_axes_read() == ("steps", "features"):
            return last
        last = each
    return node


def _find_last_reading(node: Node, rank: int, graph: Graph) -> Node:
    """The last layer after it that reads so many axes as it does."""
    last = node
    for each in _iterate_following(node, graph):
        if each.op is not None and len(each.op.list_axes_read() or ()) == rank:
            last = each
    return last


def _find_sibling(op: Op, reads: tuple[str, ...], x: TensorType) -> str | None:
    """The layer of the same sort for an input of that many axes: `Conv1D` beside `Conv2D`."""
    from ..ops import list_known_layers

    parts = re.fullmatch(r"(\w+)([123])D(\w*)", op.title()) if reads[:1] != ("steps",) or len(reads) == 2 else None
    name = f"{parts[1]}{int(parts[2]) + x.rank - len(reads)}D{parts[3]}" if parts else None
    return name if name in list_known_layers() else None


def _find_input(node: Node, graph: Graph) -> InputOp | None:
    seen = node
    while seen.inputs:
        seen = graph.nodes[seen.inputs[0]]
    return seen.op if isinstance(seen.op, InputOp) else None


def _find_recurrent_before(node: Node, graph: Graph, typed: Mapping[str, TypedNode], sequences: bool) -> Node | None:
    """The recurrent layer before that gave every step, or only its last one, if the number of axes is still as it left it."""
    passed: list[str] = []
    id = node.inputs[0]
    while True:
        before = graph.nodes[id]
        # Types are asked for where there is such a layer: what most layers before it give need not be known.
        if _gives_steps(before.op, sequences):
            if not all(map(_keeps_rank, (typed[each] for each in passed))):
                return None
            if typed[id].node.op is not None:
                return before
            passed.clear()
        if len(before.inputs) != 1:
            return None
        passed.append(id)
        id = before.inputs[0]


def _gives_steps(op: Op | None, sequences: bool) -> bool:
    """Whether it is a recurrent layer, or wraps one, that gives every step, or else its last one."""
    # Looked up among its arguments first: an attribute that pydantic does not find takes long, and this goes far back.
    inner = getattr(op, "layer", None) or op if op is not None and "layer" in op.arguments else op
    return inner is not None and "return_sequences" in inner.arguments and inner.get_value("return_sequences") is sequences


def _keeps_rank(typed: TypedNode) -> bool:
    x = typed.inputs[0]
    return x is not None and typed.type is not None and x.rank == typed.type.rank


def _flattens(node: Node, graph: Graph) -> bool:
    op = graph.nodes[node.inputs[0]].op
    return op is not None and (op.title() == "Flatten" or op.title().startswith("Global"))


def _choose_words(axis: str) -> str:
    return f"of the {axis}" if axis.endswith("s") else f"position along `{axis}`"


def _name_layer(node: Node) -> str:
    span = node.origin.place.span
    return f"the `{node.op.title() if node.op else 'layer'}` of line {span.source.find_position(span.start)[0]}"
