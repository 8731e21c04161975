"""What layers read beside their input: `initial_state`. Branches become a graph, whose order is found here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..ir.graph import Node
from ..ir.op import Op
from ..language.references import Reference
from ..language.scope import POISON, Poison
from ..ops.stand_in import stand_for
from ..ops.states import RecurrentState
from ..text.diagnostic import Code, Diagnostic, Label, Origin
from ..text.fix import Fix, Put, drop, put
from ..text.frozen import dataclass
from .order import find_circled, sort_by_reading

if TYPE_CHECKING:
    from ..ops.recurrent import Recurrent
    from ..ops.wrappers import Bidirectional
else:
    Recurrent = stand_for("recurrent", "Recurrent")
    Bidirectional = stand_for("wrappers", "Bidirectional")

Resolve = Callable[[str, Origin], str]
Add = Callable[[Op, str, Node], str]
Suppose = Callable[[Origin], str]

STATE_COUNT = Code("initial-state-count", "error", "`{layer}` begins with {wanted}; `initial_state` names {given}")
CIRCLE = Code("initial-state-circle", "error", "`{layer}` would begin with `{address}`, which is computed from it")


@dataclass(frozen=True)
class Side:
    """A node that reads others beside its input."""

    node: str
    names: tuple[Reference, ...] | Poison
    """POISON where they could not be read."""
    origin: Origin
    """Of the layer."""
    layer: str | None
    """What messages call the layer; None of one that could not be read."""


def count_states(op: Op | None) -> int:
    """How many states a recurrent layer has; 0 of any other."""
    if isinstance(op, Bidirectional):
        return count_states(op.layer) + count_states(op.backward_layer or op.layer)
    return op.states if isinstance(op, Recurrent) else 0


def join(
    sides: Sequence[Side], nodes: list[Node], found: list[Diagnostic], resolve: Resolve, add: Add, suppose: Suppose
) -> dict[str, str]:
    """Lets the nodes of `sides` read their states; `nodes` grows with what is added. Gives who reads each state by its id.

    `suppose` gives the node of what nobody knows.
    """
    places = {node.id: place for place, node in enumerate(nodes)}
    readers: dict[str, str] = {}
    for side in sides:
        node = nodes[places[side.node]]
        names = () if side.names is POISON else side.names
        read = [resolve(name, name.origin) for name in names] or [suppose(side.origin)]
        _number_nodes(nodes, places)
        sources = [nodes[places[id]] for id in read]
        op, wanted = node.op, count_states(node.op)
        if op is None or any(source.op is None for source in sources):
            # Nothing is supposed of what it begins with, so that nothing is said of that.
            node = replace(node, op=None)
        elif len(read) == 1 and _is_like(sources[0].op, op):
            states = [
                RecurrentState(index, _gives_steps(get_op(sources[0])), _halves(get_op(sources[0]))) for index in range(wanted)
            ]
            read = [add(state, sources[0].id, node) for state in states]
            _number_nodes(nodes, places)
            readers |= dict.fromkeys(read, side.node)
        elif len(read) != wanted:
            found.append(_report_wrong_count(side, names, op, wanted, sources))
            node = replace(node, op=None)
        nodes[places[side.node]] = replace(node, inputs=(*node.inputs, *read), sides=len(read))
    return readers


def order_nodes(nodes: list[Node], sides: Sequence[Side], states: Mapping[str, str], found: list[Diagnostic]) -> list[Node]:
    """Each node after those that it reads, else as they are written; a state that closes a circle is reported and left out."""
    if not sides:
        return nodes
    # A state stands where it is read, not behind all that is written.
    places = {node.id: place for place, node in enumerate(nodes)}
    written = sorted(nodes, key=lambda node: (places[states.get(node.id, node.id)], node.id not in states))
    return _sort_out(written, {side.node: side for side in sides}, found)


def _number_nodes(nodes: list[Node], places: dict[str, int]) -> None:
    """The places of the nodes that have been added."""
    places.update({node.id: place for place, node in enumerate(nodes[len(places) :], len(places))})


def get_op(node: Node) -> Op:
    """The op of a node that has one."""
    assert node.op is not None
    return node.op


def _is_like(source: Op | None, target: Op) -> bool:
    """Whether a layer is recurrent, of the same kind and units, so that its states are those of the other."""
    if source is None or type(source) is not type(target):
        return False
    if isinstance(source, Bidirectional) and isinstance(target, Bidirectional):
        pairs = ((source.layer, target.layer), (source.backward_layer or source.layer, target.backward_layer or target.layer))
        return all(_is_like(one, other) for one, other in pairs)
    if not isinstance(source, Recurrent) or not isinstance(target, Recurrent):
        return False
    return source.width == target.width


def _gives_steps(op: Op) -> bool:
    return op.layer.return_sequences if isinstance(op, Bidirectional) else isinstance(op, Recurrent) and op.return_sequences


def _halves(op: Op) -> bool:
    """Whether what it gives is twice as wide as a state."""
    return isinstance(op, Bidirectional) and op.merge_mode == "concat"


def _report_wrong_count(side: Side, addresses: Sequence[str], op: Op, wanted: int, sources: list[Node]) -> Diagnostic:
    names = {1: "one state", 2: "two states, h and c", 4: "four states, h and c of each direction"}
    words = names.get(wanted, f"{wanted} states")
    if isinstance(op, Bidirectional) and wanted == 2:
        words = "two states, one of each direction"
    given = "one" if len(addresses) == 1 else str(len(addresses))
    several = f"[{', '.join([addresses[0]] * wanted)}]"
    help: tuple[str, ...] = (f"write a list: `initial_state: {several}`",)
    if len({each.id for each in sources}) == 1 and sources[0].op is not None and count_states(sources[0].op):
        help = (*help, "a recurrent layer of the same kind and units gives all of its own by its name alone")
    meant = addresses[0] if _is_like(sources[0].op, op) else several
    place = side.origin.written.places.get("initial_state", side.origin.place)
    facts: dict[str, object] = {"layer": op.title(), "wanted": words, "given": given}
    fixes: tuple[Fix, ...] = (put(side.origin.place.span, "initial_state", meant),)
    theirs, ours = _find_units(sources[0].op), _find_units(op)
    if len(addresses) == 1 and theirs is not None and ours is not None and theirs[0] == ours[0] and theirs != ours:
        help = (f"`{addresses[0]}` has {theirs[1]} units, and {ours[1]} stand here: with as many it gives all of its states",)
        within = "layer" if isinstance(op, Bidirectional) else None
        fixes = (Fix(f"write `units: {theirs[1]}`", (Put(side.origin.place.span, "units", str(theirs[1]), within),)),)
    return Diagnostic(STATE_COUNT, place, facts, labels=side.origin.uses, help=help, fixes=fixes)


def _find_units(op: Op | None) -> tuple[str, int] | None:
    """What a recurrent layer is, in `Bidirectional` too, and its units; None of any other."""
    inner = op.layer if isinstance(op, Bidirectional) else op
    if op is None or not isinstance(inner, Recurrent) or "units" not in inner.arguments:
        return None
    return f"{op.title()} {inner.title()}", inner.get_value("units")


def _sort_out(nodes: list[Node], sides: Mapping[str, Side], found: list[Diagnostic]) -> list[Node]:
    """The nodes in order; each circle is cut at its first layer, whose mistake it is."""
    while True:
        order = sort_by_reading(nodes)
        if len(order) == len(nodes):
            return order
        circled = find_circled(nodes, {node.id for node in order})
        held = [node for node in nodes if node.id in circled and any(id in circled for id in _list_states(node))]
        on_it = (node for node in held if node.id in sides and _is_circled(node, nodes))
        # Of a layer that could not be read nothing more is said than that.
        first = min(on_it, key=lambda node: sides[node.id].layer is None)
        dropped = set(_list_states(first))
        cut = replace(first, op=None, inputs=first.inputs[: -first.sides], sides=0)
        nodes = [
            cut if node is first else node for node in nodes if node.id not in dropped or not isinstance(node.op, RecurrentState)
        ]
        left = find_circled(nodes, {node.id for node in sort_by_reading(nodes)})
        freed = [sides[node.id] for node in held if node is not first and node.id in sides and node.id not in left]
        if sides[first.id].layer is not None:
            found.append(_tell_circle(sides[first.id], freed))


def _list_states(node: Node) -> tuple[str, ...]:
    """What a node reads beside what it works on."""
    return node.inputs[len(node.inputs) - node.sides :]


def _is_circled(node: Node, nodes: Sequence[Node]) -> bool:
    """Whether a node reads what is computed from it."""
    inputs = {each.id: each.inputs for each in nodes}
    seen, waiting = set[str](), list(node.inputs)
    while waiting:
        id = waiting.pop()
        if id not in seen:
            seen.add(id)
            waiting += inputs[id]
    return node.id in seen


def _tell_circle(side: Side, others: Sequence[Side]) -> Diagnostic:
    place = side.origin.written.places.get("initial_state", side.origin.place)
    facts: dict[str, object] = {"layer": side.layer, "address": "" if side.names is POISON else side.names[0]}
    help = ("begin with what does not read this layer, or leave `initial_state` out",)
    key = side.origin.written.keys.get("initial_state", place)
    fixes = (drop(key.span, "initial_state", "unsafe"),)
    places = (other.origin.written.places.get("initial_state", other.origin.place) for other in others)
    labels = tuple(Label(each, "is on the circle") for each in places)
    return Diagnostic(CIRCLE, place, facts, labels=(*labels, *side.origin.uses), help=help, fixes=fixes)
