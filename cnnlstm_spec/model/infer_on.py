"""The types of what follows a mistake, where what fails gives what is supposed of it: of all of it, or of a stretch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from operator import is_
from typing import NamedTuple

from ..ir.graph import Node, TypedGraph, TypedNode
from ..ir.inference import WRONG_RANK, Refusal
from ..ir.meaning import UNKNOWN as UNKNOWN_MEANING
from ..ir.op import Op
from ..ir.tensor import TensorType
from ..text.diagnostic import Diagnostic
from ..text.frozen import dataclass
from ..text.memo import UNKNOWN, Memory
from .alike import Key, is_alike_given
from .infer import InferenceState, infer_node, make_diagnostic, make_same, recall
from .shortcuts import Layers, Shortcuts
from .suppose import SMALL, TRIED, SupposedTrial, merge_types, set_sizes
from .text_inputs import may_be_text

Found = dict[str, list[Diagnostic]]
"""By the id of a node, what is found there."""


def infer_on(
    typed: TypedGraph,
    trial: SupposedTrial,
    ids: Iterable[str],
    layers: Layers,
    batch_size: int | None = None,
    memory: Memory | None = None,
) -> tuple[TypedGraph, Found]:
    """The types of some nodes after mistakes, and of what they rest on, where what fails gives what is supposed of it.

    And what is found then. All else is inferred once it is asked for.
    """
    state = InferenceState(typed.graph, typed.policy, batch_size, memory, trial.told, counts=False)
    known = {id: each for id, each in typed.nodes.items() if each.type is not None}
    asked = _Asked(typed, trial, state, layers, known)
    asked.ask(ids)
    return TypedGraph(typed.graph, asked, typed.policy, typed.graph), asked.found


class _Asked(dict[str, TypedNode]):
    """What is known of nodes, by id; one that is asked for is inferred then, after what it needs. It grows by being asked."""

    def __init__(
        self, typed: TypedGraph, trial: SupposedTrial, state: InferenceState, layers: Layers, known: Mapping[str, TypedNode]
    ) -> None:
        """`state` is where weights are kept; it does not hold what is known, which would hold itself by it."""
        super().__init__(known)
        self._typed, self._trial, self._state, self._layers = typed, trial, state, layers
        self.found: Found = {}

    def __missing__(self, id: str) -> TypedNode:
        self.ask((id,))
        return self[id]

    def ask(self, ids: Iterable[str]) -> None:
        """Infers those of some nodes that are not known, in their order."""
        state = self.make_state()
        for id in ids:
            waiting = [id]
            while waiting:
                last = waiting[-1]
                known = self._typed.nodes[last]
                needed = [each for each in self._list_needs(last) if each not in self] if known.type is None else ()
                if needed:
                    waiting += reversed(needed)
                else:
                    waiting.pop()
                    if last not in self:
                        self[last] = known if known.type is not None else self._infer(last, state)

    def make_state(self) -> InferenceState:
        """The state of the graph with what is known of it."""
        return self._state.copy_with(typed=self)

    def _list_needs(self, id: str) -> tuple[str, ...]:
        node = self._typed.graph.nodes[id]
        if node.layer in self._layers:
            return (*self._trial.list_read(node), *self._list_shared(node))
        return self._trial.list_read(node)

    def _list_shared(self, node: Node) -> Iterable[str]:
        """The nodes before one that share its weights."""
        return takewhile(node.id.__ne__, self._layers[node.layer])

    def _infer(self, id: str, state: InferenceState) -> TypedNode:
        node = self._typed.graph.nodes[id]
        for other in self._list_shared(node) if node.layer in self._layers else ():
            if (known := self._typed.nodes[other]).type is not None:
                state.give_weights(known)
        supposed = _suppose(node, self._trial, state, self.found)
        if id not in self._trial.failing:
            state.give_weights(supposed)
        return supposed


@dataclass(frozen=True)
class Stretch:
    """The nodes up to one, in order, and the one before them through which alone a mistake reaches them."""

    before: str
    nodes: tuple[str, ...]

    def shorten(self, shortcuts: Shortcuts) -> Shortcuts:
        """The shortcuts that are taken before its last node; none leads back beyond its beginning."""
        inner = set(self.nodes[:-1])
        return {id: to if (to := shortcuts[id]) in inner else self.before for id in inner if id in shortcuts}


def find_stretch(typed: TypedGraph, id: str, width: int) -> Stretch | None:
    """The shortest stretch up to a node of so many nodes, or of fewer behind a mistake; None where there is none near."""
    places = typed.graph.places
    inside: list[str] = []
    waiting = {id}
    while waiting and len(inside) < 4 * width:
        last = max(waiting, key=places.__getitem__)
        waiting.remove(last)
        unknown = {each for each in typed.graph.nodes[last].inputs if typed.nodes[each].type is None}
        if inside and not waiting and (len(inside) >= width or not unknown):
            return Stretch(last, tuple(reversed(inside)))
        inside.append(last)
        waiting |= unknown
    return None


def infer_stretch(
    typed: TypedGraph, stretch: Stretch, given: TensorType, trial: SupposedTrial, batch_size: int | None = None
) -> tuple[TypedGraph, Found]:
    """The types of a stretch where what stands before it gives what is said here, and what is found then; no others are known."""
    before, end = typed.nodes[stretch.before], typed.graph.nodes[stretch.nodes[-1]]
    start = TypedNode(replace(before.node, op=None), given, before.inputs)
    state = InferenceState(typed.graph, typed.policy, batch_size, None, trial.told, counts=False)
    asked = _Asked(typed, trial, state, {}, {stretch.before: start})
    trial.note_stepped(stretch.before)
    state = asked.make_state()
    inputs = _find_inputs(end, trial, state)
    # Nothing reads what the last one gives, if it fails.
    state.add(_accept(end, inputs, trial, state, asked.found) or TypedNode(end, None, inputs))
    return TypedGraph(typed.graph, asked, typed.policy, typed.graph), asked.found


def _find_inputs(node: Node, trial: SupposedTrial, state: InferenceState) -> tuple[TensorType, ...]:
    given = [x for id in trial.list_read(node) if (x := state.typed[id].type) is not None]
    return tuple(given) if trial.told else tuple(map(trial.alike.find_first, given))


def _suppose(node: Node, trial: SupposedTrial, state: InferenceState, found: Found) -> TypedNode:
    """A node after a mistake; what must hold of sizes that are supposed is not said."""
    if (known := _find_known(node, trial, state)) is not None:
        return known
    inputs = _find_inputs(node, trial, state)
    if (typed := _accept(node, inputs, trial, state, found)) is not None:
        return typed
    node, given = trial.take(node, inputs, state.policy)
    return TypedNode(node, make_same(node, inputs, given, state), inputs)


def _find_known(node: Node, trial: SupposedTrial, state: InferenceState) -> TypedNode | None:
    """A node of one input as one that is alike is known to be; what most nodes of a long graph come to."""
    if trial.told or node.op is None or len(node.inputs) != 1 or node.layer in state.layers:
        return None
    (read,) = trial.list_read(node)
    given = state.typed[read].type
    if given is None or trial.is_stepped(read):
        return None
    return trial.alike.recall_typed(_try, node, node.op, given)


def _accept(
    node: Node, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState, found: Found
) -> TypedNode | None:
    """A node on what it is given; None where it fails."""
    op = node.op
    if op is None or op.is_own():
        return None
    if (typed := _infer_on_each_step(node, op, inputs, trial, state)) is not None:
        return typed
    made = _recall(_try, node, op, inputs, trial, state)
    if isinstance(made, TypedNode):
        return made
    if made.found:
        found[node.id] = list(made.found)
    if made.typed is not None:
        if made.corrected:
            trial.note_failing(node.id)
        return made.typed
    reads = op.list_axes_read()
    if reads is not None and inputs and inputs[0].rank == len(reads) + 1:
        trial.note_stepped(node.id)
    return None


class _Made(NamedTuple):
    """A node inferred on what it is given; one that fails has no type."""

    typed: TypedNode | None
    found: tuple[Diagnostic, ...] = ()
    corrected: bool = False
    """Whether it fails, and yet gives what it would without its mistake."""


Make = Callable[[Node, Op, tuple[TensorType, ...], SupposedTrial, InferenceState], _Made]


def _recall(
    make: Make, node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState
) -> _Made | TypedNode:
    """A node inferred on what it is given; what is known of it, or of one that is alike, is taken again."""
    first, alike = state.layers.get(node.layer), trial.alike
    if trial.told:
        typed = alike.relocate(make, node, op, inputs) if first is None and node.id not in trial.told else None
        return typed or make(node, op, inputs, trial, state)
    if first is None and (typed := alike.find_typed(make, node, op, inputs)) is not None:
        return typed
    key: Key = (make, node.id, first and id(first.weights))
    made: _Made = alike.get(key, inputs)
    if made is UNKNOWN:
        made = make(node, op, inputs, trial, state)
        if first is None and made.typed is not None and not made.found and is_alike_given(made.typed, inputs):
            alike.keep_typed(make, op, made.typed, inputs)
        else:
            alike.keep(key, inputs, made)
    return made


def _try(node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState) -> _Made:
    if op.leaves_time and inputs and not inputs[0].outer:
        # What entered time was taken out, and so is this.
        return _Made(TypedNode(node, inputs[0], inputs))
    state = state.copy_with(found=[])
    try:
        return _Made(recall(node, op, inputs, state).typed, tuple(state.found))
    except Refusal as refusal:
        # An op that reads another number of axes is refused whatever their sizes are.
        if refusal.code is not WRONG_RANK and (typed := _relieve(node, op, inputs, trial, state)) is not None:
            return _Made(typed, tuple(state.found))
        if not may_be_text(op, node, state.graph):
            state.report(make_diagnostic(refusal.code, refusal, node, inputs, state))
        typed = _correct(node, op, inputs, refusal.at, state)
        return _Made(typed, tuple(state.found), typed is not None)


def _correct(node: Node, op: Op, inputs: tuple[TensorType, ...], at: str | None, state: InferenceState) -> TypedNode | None:
    """A node that is refused because of its axis, and leaves the shape as it is, whichever that is; else None."""
    argument = op.arguments.get(at) if at == "axis" and not op.decides_shape(at) else None
    if argument is None or argument.required or len(inputs) != 1:
        return None
    plain = op.model_copy(update={argument.field: argument.canonical})
    try:
        type = infer_node(node, plain, inputs, state.copy_with(found=[], memory=None)).typed.type
    except Refusal:
        return None
    if type is None or type.axes != inputs[0].axes:
        return None
    given = replace(type, values=None, zeros=None, meaning=UNKNOWN_MEANING)
    return TypedNode(replace(node, op=plain), make_same(node, inputs, given, state), inputs)


def _infer_on_each_step(
    node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState
) -> TypedNode | None:
    """A node that takes any number of axes, on each step; None where that is not supposed, or does not fit."""
    if node.hidden or len(inputs) != 1 or not trial.is_stepped(trial.list_read(node)[0]):
        return None
    if op.list_axes_read() is not None or inputs[0].rank < 2 or not trial.is_within():
        return None
    made = _recall(_try_each_step, node, op, inputs, trial, state)
    typed = made if isinstance(made, TypedNode) else made.typed
    if typed is not None:
        trial.note_stepped(node.id)
    return typed


def _try_each_step(node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState) -> _Made:
    (x,) = inputs
    try:
        step = replace(x, axes=x.axes[1:], mask=None, zeros=None)
        typed = infer_node(node, op, (step,), state.copy_with(found=[], memory=None)).typed
    except Refusal:
        return _Made(None)
    return _Made(replace(typed, type=typed.type and replace(typed.type, axes=(x.axes[0], *typed.type.axes)), inputs=inputs))


def _relieve(node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState) -> TypedNode | None:
    """A node that is refused because of a size that is not known; None where it is refused with any."""
    return _relieve_at(TRIED, node, op, inputs, trial, state) or _relieve_at(SMALL, node, op, inputs, trial, state)


def _relieve_at(
    sizes: tuple[int, int], node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState
) -> TypedNode | None:
    known = tuple(_set_sizes(x, sizes[0], trial) for x in inputs)
    if all(map(is_, known, inputs)) or any(isinstance(size, int) and size < 1 for x in known for size in x.sizes):
        return None
    first = _infer_sized(node, op, known, trial, state)
    second = first.type and _infer_sized(node, op, tuple(_set_sizes(x, sizes[1], trial) for x in inputs), trial, state).type
    if first.type is None or second is None or first.type.rank != second.rank:
        return None
    state.report(*first.found)
    # The inputs as it takes them: a rule may ask it for its weights.
    return TypedNode(node, make_same(node, inputs, merge_types(first.type, second, node.layer), state), known)


def _set_sizes(x: TensorType, size: int, trial: SupposedTrial) -> TensorType:
    """A type of sizes that are known, made once."""
    known: TensorType = trial.alike.get((_set_sizes, size), (x,))
    if known is UNKNOWN:
        known = set_sizes(x, size)
        trial.alike.keep((_set_sizes, size), (x,), known)
    return known


class _Sized(NamedTuple):
    """What a node gives on inputs of sizes that are known, and what is found then; one that is refused has no type."""

    type: TensorType | None
    found: tuple[Diagnostic, ...] = ()


def _infer_sized(node: Node, op: Op, inputs: tuple[TensorType, ...], trial: SupposedTrial, state: InferenceState) -> _Sized:
    """A node on inputs of sizes that are known; where no words are told, as one that is alike is known to be."""
    first, alike = state.layers.get(node.layer), trial.alike
    key: Key = (_infer_sized, alike.number_op(op), first and id(first.weights))
    if not trial.told:
        inputs = tuple(map(alike.find_first, inputs))
        made: _Sized = alike.get(key, inputs)
        if made is not UNKNOWN:
            return made
    apart = state.copy_with(found=[], memory=None)
    try:
        made = _Sized(infer_node(node, op, inputs, apart).typed.type, tuple(apart.found))
    except Refusal:
        made = _Sized(None)
    if not trial.told and not made.found:
        alike.keep(key, inputs, made)
    return made
