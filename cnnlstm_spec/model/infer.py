"""A Graph to a TypedGraph: the type, weights and costs of every node, each mistake reported once where it is made."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from ..ir.graph import Graph, Node, TypedGraph, TypedNode, count_elements
from ..ir.inference import RAISES, TOO_FEW_AXES, WRONG_RANK, Inference, Refusal, describe_error
from ..ir.meaning import ANY, Meaning
from ..ir.op import Op, Weight
from ..ir.size import Condition, format_size
from ..ir.size_conditions import Conditions
from ..ir.tensor import Axis, Mask, TensorType
from ..ops.input import InputOp
from ..ops.windows import call_channels_first
from ..spec.other_forms import MERGES
from ..text.diagnostic import Code, Diagnostic, Label
from ..text.fix import drop, put
from ..text.memo import UNKNOWN, Memory
from ..text.source import Place
from . import frames, mismatch
from .sharing import check_shared
from .text_inputs import NOT_READ, find_text
from .ways_out import find_fixes as rank_fixes
from .ways_out import merge_fixes, suggest_ways_out

RANK_MISREAD = Code("rank-misread", "error", "`{layer}` reads ({reads}); `{origin}` gives {given}")
WRONG_ARITY = Code(
    "wrong-number-of-inputs",
    "error",
    "`{layer}` takes {wanted} inputs; it is given {given}",
    sort="keras",
    help="name as many in the `inputs` of a fusion, or of a `Parallel` the paths",
)
ONE_INPUT = Code(
    "nothing-to-merge",
    "error",
    "`{layer}` brings several inputs together; it is given one",
)
TWO_MASKS = Code("mask-made-twice", "warning", "`{layer}` says anew which steps are padding; the earlier mask no longer counts")
TOO_LARGE = Code(
    "tensor-too-large",
    "error",
    "`{layer}` gives {what} of more than {limit:.0e} elements",
    help="look for a size, or a number of times, with too many digits",
)
LARGEST = 10**18
"""Elements of which no tensor has more: their number would not fit 64 bits."""
CONDITION = Code("depends-on-size", "warning", "runs where {condition}")


class InferenceState:
    """A graph that is gone through, and what is known of it so far, which grows by the methods of this class alone."""

    def __init__(
        self,
        graph: Graph,
        policy: str,
        batch_size: int | None,
        memory: Memory | None,
        told: frozenset[str] | None = None,
        counts: bool = True,
    ) -> None:
        """`told` are the nodes of which ways out are wanted, None for all; of others only what is found where.

        `counts` says whether multiply-adds are counted.
        """
        self.graph, self.policy, self.batch_size = graph, policy, batch_size
        self.memory, self.told, self.counts = memory, told, counts
        self.typed: dict[str, TypedNode] = {}
        self.layers: dict[str, TypedNode] = {}
        """By name, the first node of each layer, whose weights all its nodes have."""
        self.found: list[Diagnostic] = []
        self.conditions = Conditions()

    def add(self, typed: TypedNode) -> None:
        """What is known of a node from now on."""
        self.typed[typed.node.id] = typed

    def give_weights(self, typed: TypedNode) -> None:
        """What the nodes of a layer share from now on, if it is the first of them."""
        self.layers.setdefault(typed.node.layer, typed)

    def report(self, *found: Diagnostic) -> None:
        """Adds to what is amiss."""
        self.found += found

    def require(self, condition: Condition, warning: Diagnostic) -> None:
        """A condition on run-time sizes, with the warning that tells it."""
        self.conditions.add(condition, warning)

    def copy_with(self, **given: object) -> InferenceState:
        """The state with other values of some of its parts, such as a list of its own of what is found."""
        # Not `copy`, which asks for a state to copy by: this is called for every node.
        inner = object.__new__(InferenceState)
        inner.__dict__.update(self.__dict__, **given)
        return inner

    def tells(self, node: Node) -> bool:
        """Whether ways out are wanted of a node."""
        return self.told is None or node.id in self.told


def infer(
    graph: Graph, policy: str, found: list[Diagnostic], batch_size: int | None = None, memory: Memory | None = None
) -> TypedGraph:
    """The types of a graph under a dtype policy; downstream of a mistake they are unknown and nothing is said."""
    state = InferenceState(graph, policy, batch_size, memory)
    for node in graph.nodes.values():
        state.add(_infer_typed(node, state))
    found += [*state.found, *state.conditions.find_findings()]
    return TypedGraph(graph, state.typed, policy, graph)


def _infer_typed(node: Node, state: InferenceState) -> TypedNode:
    types = tuple([state.typed[id].type for id in node.inputs])
    known = tuple([x for x in types if x is not None])
    if node.op is None or len(known) < len(types):
        return TypedNode(node, None, types)
    try:
        inferred = recall(node, node.op, known, state)
        for condition, refusal in inferred.conditions:
            _note(condition, refusal, node, known, state)
        state.give_weights(inferred.typed)
        return inferred.typed
    except Refusal as refusal:
        state.report(make_diagnostic(refusal.code, refusal, node, known, state))
    except Exception as error:
        if not node.op.is_own():
            raise
        facts: dict[str, object] = {"layer": node.op.title(), "error": type(error).__name__}
        state.report(Diagnostic(RAISES, node.origin.place, facts, "", node.origin.uses, (describe_error(error),)))
    return TypedNode(node, None, types)


class _Inferred(NamedTuple):
    typed: TypedNode
    conditions: tuple[tuple[Condition, Refusal], ...] = ()
    """What must hold of run-time sizes."""


def recall(node: Node, op: Op, inputs: tuple[TensorType, ...], state: InferenceState) -> _Inferred:
    """What is known of a node; of one that an earlier variant has too, on inputs of the same types, it is not inferred again."""
    memory = state.memory
    if memory is None:
        return infer_node(node, op, inputs, state)
    first = state.layers.get(node.layer)
    rests_on = (op, node.origin.place.span.source, first and first.weights, first and first.inputs, *inputs)
    key = (
        recall,
        node.id,
        node.layer,
        node.origin.place.span.start,
        state.policy,
        state.batch_size,
        state.graph.has_data,
        state.counts,
        *map(id, rests_on),
    )
    known = memory.get(key)
    if known is UNKNOWN:
        apart = state.copy_with(found=[], memory=memory)
        try:
            known = infer_node(node, op, inputs, apart)
        finally:
            state.report(*apart.found)
        if not apart.found:
            memory.keep(key, known, *rests_on)
    elif known.typed.node != node:
        known = known._replace(typed=replace(known.typed, node=node))
    inferred: _Inferred = known
    return inferred


def infer_node(node: Node, op: Op, inputs: tuple[TensorType, ...], state: InferenceState) -> _Inferred:
    """What is known of a node on inputs that are known; raises Refusal."""
    if isinstance(op, InputOp):
        return _Inferred(TypedNode(node, op.infer_type(node.id, node.origin.place, node.origin.written), ()))
    at = Inference(state.policy, state.batch_size, state.graph.has_data, node.id)
    try:
        typed = _check_node(node, op, inputs, at, state)
    except Refusal as refusal:
        # It would hold the frames that hold it, which only the collector finds.
        refusal.with_traceback(None)
        raise
    return _Inferred(typed, tuple(at.conditions))


def _check_node(node: Node, op: Op, inputs: tuple[TensorType, ...], at: Inference, state: InferenceState) -> TypedNode:
    _check_inputs(node, op, inputs, state)
    seen = frames.infer_seen(op, inputs)
    in_frames = seen is not inputs
    if op.reads_channels_first():
        seen = (call_channels_first(seen[0], op.list_axes_read()), *seen[1:])
    result = op.infer(at, *seen)
    weights = op.weights(*seen)
    if not op.trainable:
        weights = tuple(replace(each, trainable=False) for each in weights)
    _check_sizes(node, op, result, weights)
    first = state.layers.get(node.layer)
    if first is not None:
        check_shared(op, first, seen, weights)
    # Weights over the steps themselves, of tokens that are read as one vector, leave no step where it was.
    across = bool(weights) and inputs[0].rank == result.rank == 1
    mask = None if across else inputs[0].mask if in_frames else _infer_mask(node, op, inputs, state)
    values = op.infer_values(*seen)
    if values is not None and values.made_at is None:
        values = replace(values, made_at=node.origin.place)
    meaning = frames.infer_meaning(op, inputs, _infer_meaning(node, op, result, seen, bool(weights)))
    result = frames.infer_frames_given(op, inputs, result)
    zeros = op.infer_zeros(mask, *seen)
    dtype, image = op.infer_dtype(at, *seen), op.find_image(*seen)
    result = TensorType(result.axes, dtype, mask, result.outer, values, zeros, meaning, image)
    result = make_same(node, inputs, result, state)
    return TypedNode(node, result, inputs, weights, first is None, op.macs(result, *inputs) if state.counts else 0)


def _infer_meaning(node: Node, op: Op, output: TensorType, inputs: tuple[TensorType, ...], weighted: bool) -> Meaning:
    """What the output stands for; weights give any number where nothing bounds it."""
    meaning = op.infer_meaning(output, *inputs)
    values = meaning.range
    if values is None:
        return meaning.with_range(ANY) if weighted and not op.is_own() else meaning
    if values.made_at is None and values.bounded:
        return meaning.with_range(values.place(node.origin.place))
    return meaning


def _check_sizes(node: Node, op: Op, result: TensorType, weights: tuple[Weight, ...]) -> None:
    """Raises Refusal for a tensor that could nowhere be: what follows would compute with ever longer numbers."""
    for axis in result.axes:
        factors = (axis.size,) if isinstance(axis.size, int) else axis.size.terms.values()
        if max(map(abs, factors)) > LARGEST:
            raise Refusal(TOO_LARGE, None, (), layer=op.title(), what="an axis", limit=LARGEST)
    if prod(size for size in result.sizes if isinstance(size, int)) > LARGEST:
        raise Refusal(TOO_LARGE, None, (), layer=op.title(), what="a tensor", limit=LARGEST)
    if any(count_elements(each.shape) > LARGEST for each in weights):
        raise Refusal(TOO_LARGE, None, (), layer=op.title(), what="weights", limit=LARGEST)


def make_same(node: Node, inputs: tuple[TensorType, ...], type: TensorType, state: InferenceState) -> TensorType:
    """The type, as one thing with an equal one of an earlier variant: what reads it has not changed.

    Axes that are handed on stay the very ones that came in, which tell what gave the shape, and so does what gave the values.
    """
    if state.memory is None:
        return type
    handed_on = next((x.axes for x in inputs[:1] if x.axes is type.axes), None)
    made_at = type.meaning.range and type.meaning.range.made_at
    key = (make_same, node.id, id(handed_on), id(made_at), SameType(type))
    same: TensorType = state.memory.keep_first(key, type, handed_on, made_at)
    return same


class SameType:
    """A type in a key: equal where the type is, and found by what is quick to hash of it."""

    __slots__ = ("hash", "type")

    def __init__(self, type: TensorType) -> None:
        values = type.meaning.range
        between = (values.least, values.greatest) if values is not None else ()
        self.type, self.hash = type, hash((type.dtype, between, *[axis.size for axis in type.axes]))

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameType) and self.type == other.type


def _infer_mask(node: Node, op: Op, inputs: tuple[TensorType, ...], state: InferenceState) -> Mask | None:
    if not op.makes_mask(*inputs):
        return op.infer_mask(*inputs)
    *others, last = (x.mask for x in inputs)
    # Of a layer that is repeated the copy after another says what that one said.
    if last is not None and not op.joins_masks and last.made_at != node.origin.place:
        labels = (Label(last.made_at, "the first is made here"), *node.origin.uses)
        key = node.origin.written.keys.get("mask_zero")
        name, span = ("mask_zero", key.span) if key is not None else (op.title(), node.origin.place.span)
        help, fixes = (f"leave `{name}` out, or what makes the first",), (drop(span, name, "unsafe"),)
        state.report(Diagnostic(TWO_MASKS, node.origin.place, {"layer": op.title()}, "", labels, help, fixes))
    scattered = any(others) or (last is not None and (last.backwards or last.scattered))
    empties = op.empties_mask() or (op.joins_masks and last is not None and last.empties and not op.begins_mask())
    real, scattered = op.begins_mask(), op.joins_masks and scattered
    return Mask(frozenset({node.id}), node.origin.place, scattered=scattered, begins_real=real, empties=empties)


def _check_inputs(node: Node, op: Op, inputs: tuple[TensorType, ...], state: InferenceState) -> None:
    fewest, most = op.count_inputs()
    if len(inputs) < fewest or (most is not None and len(inputs) > most):
        if len(inputs) == 1 and most is None:
            # Of any number Keras takes one too, and gives it as it is.
            way = f"`Parallel: {{paths: {{a: [...], b: []}}, merge: {MERGES.get(op.title(), 'concat')}}}`"
            ways = (f"name two or more in `inputs`, or, in a list of layers, write {way}",)
            raise Refusal(ONE_INPUT, None, ways, layer=op.title()).add_fixes(*merge_fixes(node, op, state.typed))
        wanted = str(fewest) if most == fewest else f"{fewest} or more" if most is None else f"{fewest} to {most}"
        raise Refusal(WRONG_ARITY, None, (), layer=op.title(), wanted=wanted, given=len(inputs))
    if (text := find_text(op, inputs)) is not None:
        raise Refusal(NOT_READ, None, (), text, layer=op.title(), origin=_describe_origin(node, text, state))
    reads = op.list_axes_read()
    x = inputs[0] if inputs else None
    if x is None:
        return
    if (reads is None or x.rank == len(reads)) and x.rank >= op.least_rank:
        return
    if frames.is_clip(op, inputs):
        return
    facts: dict[str, Any] = {"layer": op.title(), "origin": _describe_origin(node, 0, state), "given": x}
    help = suggest_ways_out(node, op, x, state.graph, state.typed) if state.tells(node) else ()
    fixes = rank_fixes(node, op, x, state.graph, state.typed) if state.tells(node) else ()
    if reads is not None and x.rank != len(reads):
        code = RANK_MISREAD if op.misreads_rank(x.rank, bool(x.outer)) else WRONG_RANK
        raise Refusal(code, None, help, reads=", ".join(reads), **facts).add_fixes(*fixes)
    least = "1 axis" if op.least_rank == 1 else f"{op.least_rank} axes"
    raise Refusal(TOO_FEW_AXES, None, help, least=least, **facts).add_fixes(*fixes)


def _find_producer(node: Node, index: int, state: InferenceState) -> Node:
    """The node that gave an input its shape: a layer that hands on the very axes that it is given has not."""
    typed = state.typed[node.inputs[index]]
    while len(typed.inputs) == 1 and typed.inputs[0] is not None and typed.type is not None:
        # Not `==`: a layer may make anew, by its own arguments, the sizes that come in.
        if typed.inputs[0].axes is not typed.type.axes:
            break
        typed = state.typed[typed.node.inputs[0]]
    return typed.node


def _describe_origin(node: Node, index: int, state: InferenceState) -> str:
    producer = _find_producer(node, index, state)
    op = producer.op or producer.meant
    return op.name_giver() if op is not None else "?"


def make_diagnostic(
    code: Code, refusal: Refusal, node: Node, inputs: tuple[TensorType, ...], state: InferenceState
) -> Diagnostic:
    """A refusal at its place: the argument at fault where one is written, else the layer; and where the shape came from."""
    place = node.origin.place
    if refusal.at is not None and node.op is not None:
        place = node.origin.written.places.get(refusal.at, place)
    if not state.tells(node):
        return Diagnostic(code, place, refusal.facts)
    labels = []
    several = sorted({0, refusal.input}) if len(inputs) > 1 else [0] if inputs else []
    for index in several:
        producer = _find_producer(node, index, state)
        if producer.origin.place.span != place.span:
            labels.append(Label(_find_place(producer), f"gives {inputs[index]} here"))
    mended = (put(node.origin.place.span, name, value) for name, value in refusal.ways)
    fixes = (*refusal.fixes, *mended, *mismatch.find_fixes(refusal, node, inputs, state.graph, state.typed))
    return Diagnostic(
        code, place, shorten_facts(code, refusal.facts), labels=(*labels, *node.origin.uses), help=refusal.help, fixes=fixes
    )


def _find_place(node: Node) -> Place:
    if isinstance(node.op, InputOp):
        return node.origin.written.places.get("shape", node.origin.place)
    return node.origin.place


def _note(condition: Condition, refusal: Refusal, node: Node, inputs: tuple[TensorType, ...], state: InferenceState) -> None:
    """Keeps a condition on run-time sizes, with the warning that tells it."""
    diagnostic = make_diagnostic(refusal.code, refusal, node, inputs, state)
    reason = refusal.code.template.format(**refusal.facts)
    warning = Diagnostic(CONDITION, diagnostic.place, {"condition": condition.text}, reason, diagnostic.labels)
    state.require(condition, warning)


WIDTH = 80


def shorten_facts(code: Code, facts: dict[str, object]) -> dict[str, object]:
    """Facts with shapes written without the names of axes where the first line would be too long; labels name them."""
    if len(code.template.format(**facts)) <= WIDTH:
        return facts
    return {name: _shorten(fact) for name, fact in facts.items()}


def _shorten(fact: object) -> object:
    if isinstance(fact, Axis):
        return fact.name
    return _describe_sizes(fact) if isinstance(fact, TensorType) else fact


def _describe_sizes(x: TensorType) -> str:
    return "(" + ", ".join("?" if size is None else str(size) for size in map(format_size, x.sizes)) + ")"
