"""Chains of layers in a graph of calls, with `Residual`, `Parallel` and `TimeDistributed` in them.

A chain begins at an input, at a call of several tensors, or where a value that several read is taken up; it goes on as long as
one call reads it, or several whose paths come together again and nothing else reads in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from ...text.frozen import dataclass
from .calls import CallOutput, Calls, KerasCall, find_calls, list_needed_tensors, read_by
from .layers import is_operation, say_layer
from .lowered import ENTER, LEAVE
from .names import clean
from .read import NotAModel
from .unsayable import Unsayable

MERGES = {"Add": "add", "Average": "average", "Maximum": "maximum", "Multiply": "multiply", "Concatenate": "concat"}
"""Layers of several inputs that a strategy of fusion stands for."""
ATTENTION = frozenset({"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"})
"""Layers that may be given one tensor for their query, value and key."""
STATES = "initial_state"
"""The argument that has, until the branches are named, the tensors that a layer begins with."""
PLACE = "FILL_IN"
"""Stands where a layer cannot be written."""


@dataclass(frozen=True)
class WrittenLayer:
    """A layer as it is written."""

    name: str
    arguments: Mapping[str, Any]
    paths: tuple[tuple[str, ...], ...] = ()
    """Where in the model the layers lie whose weights it has."""
    shape: tuple[int | None, ...] | None = None
    """The shape that it was built for, batch first."""
    stretches: bool = False
    """Whether it reads several inputs of different shapes."""


@dataclass(frozen=True)
class WrittenStructure:
    """A structure: `Residual`, `Parallel`, `TimeDistributed` or `Repeat`, with lists of items by key."""

    name: str
    lists: Mapping[str, Items] = field(default_factory=dict)
    paths: tuple[Items, ...] = ()
    copies: tuple[Items, ...] = ()
    """Of `Repeat`, the lists of all its times; the first is written."""
    merge: WrittenLayer | None = None


Item = WrittenLayer | WrittenStructure
Items = tuple[Item, ...]


@dataclass(frozen=True)
class Chain:
    """A list of items that begins at an input, or at one or several earlier chains."""

    items: Items
    end: CallOutput
    """The value that it ends with."""
    input: KerasCall | None = None
    merge: KerasCall | None = None
    sources: tuple[CallOutput, ...] = ()


@dataclass(frozen=True)
class FoundChains:
    """All chains, in an order in which each comes after those that it reads, and what could not be said."""

    chains: tuple[Chain, ...]
    problems: Mapping[str, str] = field(default_factory=dict)
    """By the layer's place in the model, why it cannot be written."""


class Finder:
    """Finds the chains of one model."""

    def __init__(self, graph: Calls, policy: str) -> None:
        self.graph, self.policy = graph, policy
        self.readers: dict[CallOutput, list[KerasCall]] = {}
        live = self._list_live()
        self.states_of = {state.call for call in live for state in call.states}
        """The calls of which another one takes what it begins with: their layers have names."""
        for call in live:
            for tensor in dict.fromkeys(read_by(call)):
                self.readers.setdefault(tensor, []).append(call)
        self.ends = {tensor for _, tensor in graph.outputs}
        self.problems: dict[str, str] = {}
        self.followed: dict[str, tuple[Items, CallOutput]] = {}
        self.seen: set[str] = set()
        """The calls that stand in some chain."""

    def _list_live(self) -> list[KerasCall]:
        needed: set[str] = set()
        waiting = [tensor.call for _, tensor in self.graph.outputs]
        while waiting:
            id = waiting.pop()
            if id not in needed:
                needed.add(id)
                waiting += [each.call for each in list_needed_tensors(self.graph.calls[id])]
        return [call for id, call in self.graph.calls.items() if id in needed]

    def find(self) -> FoundChains:
        """Every chain."""
        chains: list[Chain] = []
        begun: set[str] = set()
        for id in self.graph.inputs:
            call = self.graph.calls[id]
            items, end = self.follow(CallOutput(id))
            chains.append(Chain(items, end, input=call))
        done = {chain.end for chain in chains}
        # A call begins a chain when all that it reads is the end of one.
        progress = True
        while progress:
            progress = False
            for chain in list(chains):
                for reader in self.readers.get(chain.end, []):
                    if reader.id in begun or not all(tensor in done for tensor in read_by(reader)):
                        continue
                    begun.add(reader.id)
                    progress = True
                    sources = tuple(read_by(reader)) if len(set(reader.inputs)) > 1 else (chain.end,)
                    merge = reader if len(set(reader.inputs)) > 1 else None
                    first = () if merge is not None else self.find_items(reader)
                    items, end = self.follow(CallOutput(reader.id))
                    chains.append(Chain((*first, *items), end, merge=merge, sources=sources))
                    done.add(end)
        for call in self._list_live():
            if call.id not in begun | self.seen and call.class_name != "InputLayer":
                self.problems.setdefault("/".join(call.path), "it reads an output that is none of its layer's first")
        return FoundChains(tuple(chains), self.problems)

    def follow(self, value: CallOutput) -> tuple[Items, CallOutput]:
        """The items that follow a value, and the value that they end with."""
        items: list[Item] = []
        while value not in self.ends:
            readers = self.readers.get(value, [])
            if len(readers) == 1 and set(readers[0].inputs) == {value} and len(read_by(readers[0])) == len(readers[0].inputs):
                items += self.find_items(readers[0])
                value = CallOutput(readers[0].id)
                continue
            found = self.close(value, readers) if len(readers) > 1 else None
            if found is None:
                break
            block, value = found
            items.append(block)
        return fold_time(items), value

    def close(self, value: CallOutput, readers: list[KerasCall]) -> tuple[WrittenStructure, CallOutput] | None:
        """What stands between a value that several calls read and the one call in which all of their paths come together."""
        ends: dict[CallOutput, Items] = {}
        merges: list[KerasCall] = []
        for reader in readers:
            if len(set(reader.inputs)) > 1 or len(reader.inputs) != len(read_by(reader)):
                merges.append(reader)
                ends[value] = ()
                continue
            if reader.id not in self.followed:
                rest, end = self.follow(CallOutput(reader.id))
                self.followed[reader.id] = ((*self.find_items(reader), *rest), end)
            path, end = self.followed[reader.id]
            after = self.readers.get(end, [])
            if end in self.ends or len(after) != 1:
                return None
            ends[end] = path
            merges.append(after[0])
        merge = merges[0]
        if any(each is not merge for each in merges) or set(merge.inputs) != set(ends) or len(merge.inputs) != len(ends):
            return None
        return self.find_structure(merge, tuple(ends[tensor] for tensor in merge.inputs)), CallOutput(merge.id)

    def find_structure(self, merge: KerasCall, paths: tuple[Items, ...]) -> WrittenStructure:
        """`Residual` where two paths are added, else `Parallel`."""
        said = self.say(merge)
        if said.name == "Add" and not said.arguments and len(paths) == 2:
            shortcut, layers = sorted(paths, key=len)
            lists = {"layers": layers} if not shortcut else {"layers": layers, "shortcut": shortcut}
            return WrittenStructure("Residual", lists)
        return WrittenStructure("Parallel", paths=paths, merge=said)

    def find_items(self, call: KerasCall) -> Items:
        """The items that a call of one tensor is written as."""
        self.seen.add(call.id)
        if call.class_name == "TimeDistributed" and not is_operation(call):
            return (self.find_timed(call),)
        if call.class_name in (ENTER, LEAVE):
            return (WrittenLayer(call.class_name, {}, (call.path,)),)
        return (self.say(call),)

    def say(self, call: KerasCall) -> WrittenLayer:
        """A call as it is written; one that cannot be is a place to fill in."""
        self.seen.add(call.id)
        where = "/".join(call.path)
        try:
            if len(call.inputs) > 1 and len(set(call.inputs)) == 1 and call.class_name not in ATTENTION:
                raise Unsayable("it reads one tensor twice")
            name, arguments = say_layer(call, self.policy)
        except Unsayable as error:
            self.problems[where] = str(error)
            return WrittenLayer(PLACE, {"layer": call.class_name}, (call.path,))
        if call.parts:
            return WrittenLayer(name, arguments, call.parts)
        if call.states:
            arguments = {**arguments, STATES: call.states}
        if call.id in self.states_of:
            arguments = {**arguments, "name": clean("_".join(call.path))}
        if call.shared is not None and not is_operation(call):
            arguments = {**arguments, "share": call.shared}
        build = call.layer.get("build_config")
        shape = build.get("input_shape") if isinstance(build, dict) else None
        flat = isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape)
        built = tuple(shape) if flat and isinstance(shape, list) else None
        return WrittenLayer(name, arguments, (call.path,), built, stretches=len(set(call.shapes)) > 1)

    def find_timed(self, call: KerasCall) -> Item:
        """`TimeDistributed` with the layers in it, those of a model too."""
        self.seen.add(call.id)
        inner = call.config.get("layer")
        where = "/".join(call.path)
        more = {"share": call.shared} if call.shared is not None else {}
        if more:
            self.problems[where] = "`TimeDistributed` is called more than once"
        if not isinstance(inner, dict):
            self.problems[where] = "its layer is not in the file"
            return WrittenLayer(PLACE, {"layer": "TimeDistributed"}, (call.path,))
        if inner.get("class_name") in ("Functional", "Sequential", "Model"):
            try:
                graph = find_calls(inner)
                finder = Finder(graph, self.policy)
                (chain,) = finder.find().chains
                if chain.end != graph.outputs[0][1] or len(graph.outputs) != 1:
                    raise NotAModel("what it does in each step is no list of layers")
            except (NotAModel, ValueError):
                self.problems[where] = "what it does in each step is no list of layers"
                return WrittenLayer(PLACE, {"layer": "TimeDistributed"}, (call.path,))
            self.problems.update({f"{where}/{each}": why for each, why in finder.problems.items()})
            items = _move_within(chain.items, (*call.path, "layer"))
        else:
            one = KerasCall(call.id, inner, (*call.path, "layer"), call.inputs)
            items = (self.say(one),)
        return WrittenStructure("TimeDistributed", {"layers": items})


def fold_time(items: list[Item]) -> Items:
    """What stands between a step into the batch and the one out of it again, as `TimeDistributed`."""
    found: list[Item] = []
    open_: list[int] = []
    for item in items:
        if isinstance(item, WrittenLayer) and item.name == ENTER:
            open_.append(len(found))
        if isinstance(item, WrittenLayer) and item.name == LEAVE and open_:
            start = open_.pop()
            inner = tuple(found[start + 1 :])
            found[start:] = [WrittenStructure("TimeDistributed", {"layers": inner})] if inner else []
            continue
        found.append(item)
    return tuple(found)


def change_layers(items: Items, change: Callable[[WrittenLayer], WrittenLayer]) -> Items:
    """The items, each layer replaced by what `change` makes of it."""
    return tuple(change(item) if isinstance(item, WrittenLayer) else _change_within(item, change) for item in items)


def _change_within(item: WrittenStructure, change: Callable[[WrittenLayer], WrittenLayer]) -> WrittenStructure:
    return replace(
        item,
        lists={key: change_layers(each, change) for key, each in item.lists.items()},
        paths=tuple(change_layers(each, change) for each in item.paths),
        copies=tuple(change_layers(each, change) for each in item.copies),
        merge=change(item.merge) if item.merge is not None else None,
    )


def _move_within(items: Items, path: tuple[str, ...]) -> Items:
    """The items with the place of the model that they lie in; the shape that a layer was built for is not that of a step."""
    return change_layers(items, lambda each: WrittenLayer(each.name, each.arguments, tuple((*path, *at) for at in each.paths)))


def iterate_leaves(items: Items) -> Iterator[WrittenLayer]:
    """Every layer with an address of its own, in the order in which a spec builds them."""
    for item in items:
        if isinstance(item, WrittenLayer):
            yield item
            continue
        for each in (*item.lists.values(), *item.paths, *item.copies):
            yield from iterate_leaves(each)
        if item.merge is not None:
            yield item.merge
