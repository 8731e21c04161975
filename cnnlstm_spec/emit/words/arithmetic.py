"""How a shape came to be: from the input down, with each layer's arithmetic, as `explain SPEC ADDRESS` prints it.

A layer says its output, weights and multiply-adds in arithmetic of sizes. It is asked once more with sizes that remember how they
were computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from math import prod
from operator import mul

from ...ir.graph import Node, TypedGraph, TypedNode
from ...ir.inference import Inference, Refusal
from ...ir.op import Op
from ...ir.size import Expr, Size, Symbol
from ...ir.tensor import Axis, TensorType
from ...model import frames
from ...ops.backbones.inner import InnerLayer
from ...ops.backbones.op import Backbone
from ...ops.input import InputOp
from ...text.escape.terminal import make_line_safe, measure_width
from ...text.frozen import dataclass

LARGE = 5040
"""A number that much divides."""
SUM, RATIO, PRODUCT, ATOM = range(4)
"""How tightly a text binds, from the loosest: `a + b`, `a // b`, `a * b`, a number."""


class TracedSize(int):
    """A size that remembers how it was computed; `4 // 2 + 1` is the text of 3."""

    text: str
    binds: int

    def __new__(cls, value: int, text: str | None = None, binds: int = ATOM) -> TracedSize:
        """A number; without a text it is its own."""
        made = super().__new__(cls, value)
        made.text, made.binds = str(int(value)) if text is None else text, binds
        return made

    def __add__(self, other: int) -> int:
        return _compute(self, "+", other)

    def __radd__(self, other: int) -> int:
        return _compute(other, "+", self)

    def __sub__(self, other: int) -> int:
        return _compute(self, "-", other)

    def __rsub__(self, other: int) -> int:
        return _compute(other, "-", self)

    def __mul__(self, other: int) -> int:
        return _compute(self, "*", other)

    def __rmul__(self, other: int) -> int:
        return _compute(other, "*", self)

    def __floordiv__(self, other: int) -> int:
        return _compute(self, "//", other)

    def __rfloordiv__(self, other: int) -> int:
        return _compute(other, "//", self)

    def __mod__(self, other: int) -> int:
        return _compute(self, "%", other)

    def __rmod__(self, other: int) -> int:
        return _compute(other, "%", self)


OPERATIONS = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "//": int.__floordiv__, "%": int.__mod__}
BINDS = {"+": SUM, "-": SUM, "*": PRODUCT, "//": RATIO, "%": RATIO}


def _compute(left: int, sign: str, right: int) -> int:
    """The result of an operation with its text; what adds 0 or multiplies by 1 is not told, nor what an expression is in."""
    if not isinstance(left, int) or not isinstance(right, int):
        return NotImplemented
    value = OPERATIONS[sign](int(left), int(right))
    same = 0 if sign in "+-" else 1
    if sign in "+-*" and right == same and not isinstance(right, TracedSize):
        return left
    if sign in "+*" and left == same and not isinstance(left, TracedSize):
        return right
    if sign == "*" and value == 0:
        return 0
    binds = BINDS[sign]
    # From the left, a ratio may go on in a product; what stands at the right of a sign must bind more tightly.
    before = _show_number(left, RATIO if binds == PRODUCT else binds)
    after = _show_number(right, binds if sign in "+*" else ATOM if binds == RATIO else binds + 1)
    loose = binds == PRODUCT and _rank_binding(left) == RATIO
    return TracedSize(value, f"{before} {sign} {after}", RATIO if loose else binds)


def _rank_binding(value: int) -> int:
    return value.binds if isinstance(value, TracedSize) else ATOM if value >= 0 else SUM


def _show_number(value: int, least: int) -> str:
    text = value.text if isinstance(value, TracedSize) else str(value)
    return text if _rank_binding(value) >= least else f"({text})"


@dataclass(frozen=True)
class ComputedNumber:
    """A number of a layer by its name, and how it was computed; no arithmetic where it is a number by itself."""

    name: str
    value: Size
    arithmetic: str | None


def explain(graph: TypedGraph, node: TypedNode) -> str:
    """How the output of a node came to be: every layer from the input down, a line for each of its numbers."""
    lines = [make_line_safe(graph.graph.name)]
    inner = node.node.op if isinstance(node.node.op, InnerLayer) else None
    for each in (*_iterate_path(graph, node), *(() if node.node.id in graph.nodes else (node,))):
        if isinstance(each.node.op, Backbone):
            read = inner.layer if inner is not None and each.node.id in node.node.inputs else None
            lines += _explain_inside(each, read, read is not None or each.node.id == node.node.id or each is node)
            if read is not None:
                continue
        lines += ["", *explain_layer(each, graph)]
    return "\n".join(lines)


def _explain_inside(typed: TypedNode, layer: str | None, whole: bool) -> Iterator[str]:
    """The lines of the layers of a backbone, down to one of them: of those that change sides alone, unless it is a `whole`."""
    op, x = typed.node.op, typed.inputs[0]
    if not isinstance(op, Backbone) or x is None:
        return
    tried = _make_tried(x)
    for each in op.trace(x, layer):
        again = each.on([tuple(_remember(size, tried) for size in shape) for shape in each.inputs])
        assert again is not None
        sides, changed = len(each.step.shape) - 1, each.step.shape != each.inputs[0]
        if not (each.step.weights or changed) or not (whole or each.step.shape[:sides] != each.inputs[0][:sides]):
            continue
        names = ("height", "width", "channels") if sides == 2 else ("features",)
        rows = [_make_number(*row, tried) for row in zip(names, each.step.shape, again.shape, strict=True)] if changed else []
        params, told = (_count_elements(shape for _, shape, _ in step.weights) for step in (each.step, again))
        rows += [_make_number("parameters", params, told, tried)] if params else []
        sides_of = [_remember(size, tried) for size in each.step.shape[:sides]]
        macs, told = each.step.macs * prod(each.step.shape[:sides]), reduce(mul, (*sides_of, again.macs))
        rows += [_make_number("multiply-adds", macs, told, tried)] if each.step.macs else []
        yield from (
            "",
            f"{each.kind.replace('-', ' ')} {make_line_safe(each.path)}, in {_name_node(typed.node)}",
            *_show_rows(rows),
        )


def _count_elements(shapes: Iterable[tuple[int, ...]]) -> int:
    """The elements of weights, which remember how they are counted."""
    total: int = 0
    for shape in shapes:
        product: int = TracedSize(1, "1") if not shape else 1
        for size in shape:
            product = product * (size if isinstance(size, TracedSize) else TracedSize(size))
        total = total + product
    return total


def list_numbers(typed: TypedNode, policy: str = "float32", batch_size: int | None = None) -> tuple[ComputedNumber, ...]:
    """The sizes of a node's output, its parameters and its multiply-adds for a sample."""
    op, type = typed.node.op, typed.type
    assert type is not None
    inputs = tuple(x for x in typed.inputs if x is not None)
    tried = _make_tried(type, *inputs)
    result = _infer_asked(op, inputs, tried, policy, batch_size) if op is not None and inputs else None
    told = result.sizes if result is not None and result.rank == type.rank else type.sizes
    found = [_make_number(axis.name, axis.size, size, tried) for axis, size in zip(type.axes, told, strict=True)]
    if op is None or not inputs:
        return tuple(found)
    if typed.params:
        found.append(_make_number("parameters", typed.params, _count_params(typed, op, inputs, tried), tried))
    if typed.macs != 0:
        found.append(_count_multiply_adds(typed, op, type, inputs, tried))
    return tuple(found)


Tried = Mapping[Symbol, int]
"""A number for each size known only at run time, by which it is told whether arithmetic gives what the layer does."""


def _make_tried(*types: TensorType) -> Tried:
    """Large numbers that much divides, another for each size."""
    sizes = [axis.size for x in types for axis in (*x.axes, *(outer for outer, _ in x.outer))]
    symbols = {symbol for size in sizes if isinstance(size, Expr) for symbol in size.symbols}
    return {symbol: LARGE * (2 + number) for number, symbol in enumerate(sorted(symbols, key=lambda each: each.order))}


def _count_multiply_adds(
    typed: TypedNode, op: Op, type: TensorType, inputs: tuple[TensorType, ...], tried: Tried
) -> ComputedNumber:
    """Those of a step, as often as there are steps."""
    told = None if isinstance(op, Backbone) else op.macs(_remember_type(type, tried), *(_remember_type(x, tried) for x in inputs))
    step = _make_number("multiply-adds", typed.macs, told, tried)
    whole, parts = typed.macs, [step.arithmetic or _show_size(typed.macs)]
    for axis, _ in type.outer:
        whole, parts = whole * axis.size, [*parts, _show_size(axis.size)]
    is_told = len(parts) > 1 or step.arithmetic is not None
    texts = [part if part.isalnum() or len(parts) == 1 else f"({part})" for part in parts]
    arithmetic = " * ".join(texts)
    return ComputedNumber("multiply-adds", whole, arithmetic if is_told and arithmetic != _show_size(whole) else None)


def _make_number(name: str, value: Size, told: Size | None, tried: Tried) -> ComputedNumber:
    """A number with its arithmetic, if that is of the same value, and more than the number."""
    plain = int(value) if isinstance(value, int) else value
    computed = plain if isinstance(plain, int) else plain.evaluate(tried)
    if isinstance(told, TracedSize) and told == computed and told.text != str(plain):
        return ComputedNumber(name, plain, told.text)
    return ComputedNumber(name, plain, None)


def _infer_asked(op: Op, inputs: tuple[TensorType, ...], tried: Tried, policy: str, batch_size: int | None) -> TensorType | None:
    """What an op gives, of sizes that remember how they were computed; None of one that computes with tables."""
    if isinstance(op, Backbone):
        return None
    given = tuple(_remember_type(x, tried) for x in inputs)
    try:
        return frames.infer_frames_given(op, given, op.infer(Inference(policy, batch_size), *frames.infer_seen(op, given)))
    except Refusal:
        return None


def _remember_type(x: TensorType, tried: Tried) -> TensorType:
    return replace(x, axes=tuple(Axis(axis.name, _remember(axis.size, tried)) for axis in x.axes))


def _remember(size: Size, tried: Tried) -> TracedSize:
    """A size that remembers how it is computed with; one known only at run time as a number that is written as the size."""
    if isinstance(size, int):
        return TracedSize(size)
    text = str(size)
    return TracedSize(size.evaluate(tried), text, ATOM if len(size.symbols) == 1 and text in map(str, size.symbols) else SUM)


def _count_params(typed: TypedNode, op: Op, inputs: tuple[TensorType, ...], tried: Tried) -> Size | None:
    """The parameters as the sum of the weights' elements."""
    if isinstance(op, Backbone):
        return None
    seen = frames.infer_seen(op, tuple(_remember_type(x, tried) for x in inputs))
    return _count_elements(weight.shape for weight in op.weights(*seen))


def _iterate_path(graph: TypedGraph, node: TypedNode) -> Iterator[TypedNode]:
    """The nodes of the graph that a node rests on, and itself, in their order."""
    wanted, waiting = set[str](), [node.node.id] if node.node.id in graph.nodes else [*node.node.inputs]
    while waiting:
        id = waiting.pop()
        if id not in wanted:
            wanted.add(id)
            waiting += graph.nodes[id].node.inputs
    return (each for id, each in graph.nodes.items() if id in wanted)


def explain_layer(typed: TypedNode, graph: TypedGraph) -> Iterator[str]:
    """The lines of one layer: its title, and each of its numbers with how it was computed."""
    node, type = typed.node, typed.type
    if type is None:
        yield f"{_name_node(node)}: its shape is unknown, because of the error"
        return
    outer = "".join(f" for each of {make_line_safe(axis.name)} ({_show_size(axis.size)})" for axis, _ in type.outer)
    yield f"{_name_node(node)}{outer}"
    yield from _show_rows(list_numbers(typed, graph.policy))


def _show_rows(rows: Iterable[ComputedNumber]) -> Iterator[str]:
    """A line for each number."""
    rows = tuple(rows)
    size = max((measure_width(make_line_safe(row.name)) for row in rows), default=0)
    for row in rows:
        name = make_line_safe(row.name)
        value = f"{row.value:,}" if isinstance(row.value, int) else _show_size(row.value)
        told = f" = {row.arithmetic}" if row.arithmetic is not None else ""
        yield f"  {name}{' ' * (size - measure_width(name))}  {value}{told}"


def _name_node(node: Node) -> str:
    """A layer by its class, its name in Keras and its line."""
    span = node.origin.place.span
    line = f" (line {span.source.find_position(span.start)[0]})" if span.source.text else ""
    if isinstance(node.op, InputOp):
        return f"input {make_line_safe(node.op.branch)}{line}"
    title = node.op.title() if node.op is not None else "layer"
    return f"{title} {make_line_safe(node.layer)}{line}" if not node.hidden else f"{title}{line}"


def _show_size(size: Size) -> str:
    return make_line_safe(str(size))


def find(graph: TypedGraph, address: str) -> TypedNode | None:
    """The node of an address: one that `expect` takes, or a path as `shapes` has it."""
    from ...model.addresses import find_output
    from ...model.backbones import find_node
    from ...text.source import format_path

    if (inside := find_node(graph, address)) is not None:
        return inside
    id = find_output(graph.graph, address)
    if id is not None:
        return graph.nodes[id]
    paths = {format_path(each.node.origin.address): each for each in graph.nodes.values() if not each.node.hidden}
    return paths.get(address)


def list_known_addresses(graph: TypedGraph) -> Iterable[str]:
    """What `find` finds."""
    from ...model.addresses import list_addresses
    from ...text.source import format_path

    paths = (format_path(each.node.origin.address) for each in graph.nodes.values() if not each.node.hidden)
    return dict.fromkeys((*list_addresses(graph.graph), *paths))
