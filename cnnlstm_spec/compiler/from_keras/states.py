"""What recurrent layers of a model begin with, by the addresses of a spec. Writes no text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.order import sort_by_reading
from ...text.frozen import dataclass
from .calls import CallOutput, Calls, KerasCall
from .structure import STATES, Chain, Items, WrittenLayer, change_layers, iterate_leaves

COUNTS = {"LSTM": 2, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}
"""The states of a layer; others have one."""


class StateWriter:
    """Says what layers begin with; `problems` has, by layer, why something cannot be said."""

    def __init__(self, graph: Calls, chains: Sequence[Chain], names: Mapping[CallOutput, str]) -> None:
        self._graph, self._addresses = graph, _list_addresses(graph, chains, names)
        self._by_path = {call.path: call for call in graph.calls.values()}
        self.problems: dict[str, str] = {}

    def write(self, items: Items) -> Items:
        """The items with addresses in place of the tensors that their layers begin with."""
        return change_layers(items, self._write_layer)

    def _write_layer(self, leaf: WrittenLayer) -> WrittenLayer:
        if STATES not in leaf.arguments:
            return leaf
        others = {key: value for key, value in leaf.arguments.items() if key != STATES}
        said = _say(leaf.arguments[STATES], self._by_path[leaf.paths[0]], self._graph, self._addresses)
        if said is None:
            self.problems["/".join(leaf.paths[0])] = "what it begins with has no address in a spec"
            return replace(leaf, arguments=others)
        return replace(leaf, arguments={**others, STATES: said})


@dataclass(frozen=True)
class ModelPart:
    """The layers of a branch, a fusion or a head, and the names of what they read."""

    name: str
    sources: tuple[str, ...]
    items: Items


@dataclass(frozen=True)
class _Step:
    """A layer, and what it comes after."""

    id: str
    inputs: tuple[str, ...]
    leaf: WrittenLayer


def order_leaves(parts: Sequence[ModelPart]) -> tuple[WrittenLayer, ...]:
    """The layers in the order in which a spec builds them: as they are written, but behind what they begin with."""
    steps: list[_Step] = []
    ends: dict[str, str] = {}
    for part in parts:
        before = tuple(ends[source] for source in part.sources if source in ends)
        for leaf in iterate_leaves(part.items):
            steps.append(_Step(str(len(steps)), before, leaf))
            before = (steps[-1].id,)
            ends[f"{part.name}.{leaf.arguments.get('name')}"] = steps[-1].id
        if before:
            ends[part.name] = before[0]
    states = {each.id: tuple(ends[name] for name in _list_states(each.leaf) if name in ends) for each in steps}
    reading = [replace(each, inputs=(*each.inputs, *states[each.id])) for each in steps]
    return tuple(each.leaf for each in sort_by_reading(reading))


def _list_states(leaf: WrittenLayer) -> tuple[str, ...]:
    found = leaf.arguments.get(STATES, ())
    return (found,) if isinstance(found, str) else tuple(found)


def _list_addresses(graph: Calls, chains: Sequence[Chain], names: Mapping[CallOutput, str]) -> dict[str, str]:
    """By call, the address of its output."""
    by_path = {call.path: id for id, call in graph.calls.items()}
    found: dict[str, str] = {}
    for chain in chains:
        start = chain.input or chain.merge
        if start is not None and not chain.items:
            found[start.id] = names[chain.end]
        for leaf in iterate_leaves(chain.items):
            if leaf.paths and leaf.paths[0] in by_path and "name" in leaf.arguments:
                found[by_path[leaf.paths[0]]] = f"{names[chain.end]}.{leaf.arguments['name']}"
    return found


def _say(states: tuple[CallOutput, ...], call: KerasCall, graph: Calls, addresses: dict[str, str]) -> str | list[str] | None:
    """One address for all states of a layer of the same kind, or one of each; None where one of them has none."""
    first = graph.calls[states[0].call]
    own = [CallOutput(first.id, number + 1) for number in range(_count_states(first))]
    if _make_kind_key(first) == _make_kind_key(call) and list(states) == own and first.id in addresses:
        return addresses[first.id]
    said = [addresses[state.call] for state in states if state.call in addresses and _is_output(state, graph)]
    return said if len(said) == len(states) else None


def _is_output(state: CallOutput, graph: Calls) -> bool:
    """Whether a state is what its layer gives: the only tensor of most, of a recurrent one that gives its last step the first."""
    call = graph.calls[state.call]
    wrapped, config = _find_inner(call)
    if state.output == 0:
        return not config.get("return_sequences")
    return state.output == 1 and wrapped == call.class_name and not config.get("return_sequences")


def _find_inner(call: KerasCall) -> tuple[str, dict[str, object]]:
    """The class and the arguments of a recurrent layer, inside `Bidirectional` too."""
    inner = call.config.get("layer") if call.class_name == "Bidirectional" else call.layer
    config = inner.get("config") if isinstance(inner, dict) else None
    return str(inner.get("class_name")) if isinstance(inner, dict) else "", config if isinstance(config, dict) else {}


def _count_states(call: KerasCall) -> int:
    name, _ = _find_inner(call)
    return COUNTS.get(name, 1) * (2 if call.class_name == "Bidirectional" else 1)


def _make_kind_key(call: KerasCall) -> tuple[object, ...]:
    name, config = _find_inner(call)
    return call.class_name, name, config.get("units"), config.get("filters")
