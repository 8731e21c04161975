"""A model as a graph: nodes in the order in which they can be computed. Structure has become edges and frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cache, cached_property, wraps
from typing import TypeVar

from ..text.diagnostic import Origin
from ..text.frozen import dataclass
from .op import Op, Weight
from .size import Size
from .tensor import TensorType

Answer = TypeVar("Answer")
Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Frame:
    """What holds a node, for people: a structure, a block, a round of a repetition."""

    kind: str
    title: str
    id: int
    paths: tuple[str, ...] = ()
    """Of a Parallel the names of its paths, in the order of the inputs of what merges them."""


@dataclass(frozen=True)
class Node:
    """One op with its inputs; without an op where it could not be read."""

    id: str
    op: Op | None
    inputs: tuple[str, ...]
    layer: str
    """The name of the Keras layer; nodes of one layer share its weights."""
    origin: Origin
    area: str
    """Address of the branch, fusion or head that it belongs to: `branches.video`, `fusion.av`, `head`."""
    frames: tuple[Frame, ...] = ()
    hidden: bool = False
    """Whether no person wrote it: an input, a fold of time, an output."""
    meant: Op | None = None
    """Of a layer that could not be read, what could."""
    sides: int = 0
    """How many of the inputs, the last ones, are read beside what it works on: the states that it begins with."""

    def replace_names(self, names: Mapping[str, str]) -> Node:
        """The node under its name, with those of the nodes that it reads."""
        inputs = tuple([names[id] for id in self.inputs])
        layer = names[self.layer]
        more = (self.origin, self.area, self.frames, self.hidden, self.meant, self.sides)
        return Node(names[self.id], self.op, inputs, layer, *more)


@dataclass(frozen=True)
class Graph:
    """Nodes by id, in order; the inputs, and the outputs by name of their head."""

    name: str
    nodes: dict[str, Node]
    inputs: tuple[str, ...]
    outputs: dict[str, str]
    single_head: bool
    addresses: dict[str, str] = field(default_factory=dict)
    """What can be referred to, to the node that gives it."""
    titles: dict[int, str] = field(default_factory=dict)
    """The name, unique in its area, of each frame that was given one, by the frame's id."""
    has_data: bool = False
    """Whether the spec says where its data are, so that layers may be measured of them."""
    backbones: dict[str, str] = field(default_factory=dict)
    """The addresses of backbones that have a name, in `TimeDistributed` too, to their nodes."""

    @cached_property
    def areas(self) -> dict[str, None]:
        """The addresses of its branches, fusions and heads, in order."""
        return dict.fromkeys(node.area for node in self.nodes.values())

    @cached_property
    def places(self) -> dict[str, int]:
        """By the id of a node, its place in the order."""
        return {id: place for place, id in enumerate(self.nodes)}

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """By the id of a node, the nodes that read it alone, in order."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            if len(node.inputs) == 1:
                found.setdefault(node.inputs[0], []).append(node)
        return found


@dataclass(frozen=True)
class TypedNode:
    """A node with what is known of it; `type` is None downstream of a mistake."""

    node: Node
    type: TensorType | None
    inputs: tuple[TensorType | None, ...]
    weights: tuple[Weight, ...] = ()
    owns_weights: bool = True
    """False where an earlier node is the same layer."""
    macs: Size = 0

    @property
    def params(self) -> int:
        """The number of its weights, shared ones counted at their first use."""
        return sum(count_elements(w.shape) for w in self.weights) if self.owns_weights else 0

    @property
    def trainable_params(self) -> int:
        """The number of those that training changes."""
        return sum(count_elements(w.shape) for w in self.weights if w.trainable) if self.owns_weights else 0


def remember_by_node(ask: Callable[[TypedNode], Answer]) -> Callable[[TypedNode], Answer]:
    """A question that a node answers by itself, and once: variants of a spec have most of their nodes in common."""
    name = f"{ask.__module__}.{ask.__qualname__}"

    @wraps(ask)
    def answer(node: TypedNode) -> Answer:
        if name not in node.__dict__:
            node.__dict__[name] = ask(node)
        found: Answer = node.__dict__[name]
        return found

    return answer


@dataclass(frozen=True)
class BatchNormFold:
    """A batch norm that is part of the layer before it, whose weights are computed from those of both in training.

    The layer's `weight` is multiplied by a factor for each channel, which stands against it in the given `shape`.
    """

    layer: str
    norm: str
    weight: str
    shape: tuple[int, ...]
    epsilon: float


@dataclass(frozen=True)
class TypedGraph:
    """A graph with the type of every node."""

    graph: Graph
    nodes: dict[str, TypedNode]
    policy: str = "float32"
    written: Graph | None = None
    """The graph before any pass, which addresses are about; None where no pass has been over it."""
    folds: tuple[BatchNormFold, ...] = ()
    """How weights of training are folded into others, in the order in which it is done; all others stay as they are."""

    @cached_property
    def is_known(self) -> bool:
        """Whether all types are known: no mistake has hidden any."""
        return all(node.type is not None for node in self.nodes.values())

    @property
    def params(self) -> int:
        """The number of weights."""
        return sum(node.params for node in self.nodes.values())

    @property
    def trainable_params(self) -> int:
        """The number of weights that training changes."""
        return sum(node.trainable_params for node in self.nodes.values())


def remember_by_graph(ask: Callable[[TypedGraph, Subject], Answer]) -> Callable[[TypedGraph, Subject], Answer]:
    """A question about a graph and what it is the graph of, which several ask one after the other: it is answered once."""
    name = f"{ask.__module__}.{ask.__qualname__}"

    @wraps(ask)
    def answer(graph: TypedGraph, subject: Subject) -> Answer:
        known: tuple[Subject, Answer] | None = graph.__dict__.get(name)
        if known is None or known[0] is not subject:
            known = graph.__dict__[name] = subject, ask(graph, subject)
        return known[1]

    return answer


Readers = dict[str, list[TypedNode]]
"""By the id of a node, the nodes that read it."""


def find_readers(graph: TypedGraph) -> Readers:
    """Who reads each node; a node that reads another twice is there twice."""
    found: Readers = {id: [] for id in graph.nodes}
    for typed in graph.nodes.values():
        for id in typed.node.inputs:
            found[id].append(typed)
    return found


def count_elements(shape: tuple[int, ...]) -> int:
    """The number of elements."""
    product = 1
    for size in shape:
        product *= size
    return product


@cache
def make_layer_stem(title: str) -> str:
    """A class's name as Keras writes it in layer names: `MaxPooling2D` to `max_pooling2d`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", title))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
