"""Whether the losses reach any weight: Keras refuses a first batch that gives no gradient at all."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.op import FLOATS, Op
from ...ir.tensor import TensorType
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import write
from .common import find_title, place_in
from .weight_arguments import has_gradient, is_penalised, list_layers, pulls_on_output

NO_GRADIENT = Code("no-gradient", "error", "no weight can learn: `{layer}` lets no gradient through", sort="keras")

NO_WEIGHTS = Code("loss-without-weights", "error", "no weight lies before `{head}`, and no other head has a loss", sort="keras")

NO_SUCH_GRADIENT = Code(
    "gradient-not-there",
    "error",
    "`{layer}` with `{argument}: {value}` has no gradient for the weights before it",
    sort="keras",
)
NEVER_LEARNS = Code("never-learns", "warning", "`{cut}` lets no gradient through: {what}")
MEANT = "stop_gradient"
"""The function that is written for that."""
NEEDS_MATRIX = Code("depends-on-values", "warning", "{what} fails, or gives NaN, at a matrix without {needed}")
INSTEAD = {"interpolation": "use `bilinear`", "function": "use another function"}
"""What to write in place of an argument's value."""


def check_gradients(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding, at the last layer that cuts every way from the losses to a weight."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or not typed.is_known:
        return
    trained_heads = [head for head, loss in section.losses.items() if loss is not None]
    if not trained_heads or section.losses.keys() != typed.graph.outputs.keys():
        # A loss that could not be read may be what reaches the weights.
        return
    if not any(map(_is_trained, typed.nodes.values())):
        return
    learning = _find_learning(typed)
    if any(learning[typed.graph.outputs[head]] for head in trained_heads):
        return
    if any(_pulls(node, learning[id]) for id, node in typed.nodes.items()):
        return
    cuts = (node for node in reversed(typed.nodes.values()) if _is_cut(node) or _stops_before(node) or _drops_scores(node))
    cut = next(cuts, None)
    if cut is None:
        head = trained_heads[0]
        loss = section.losses[head]
        assert loss is not None
        help = ("give a head that has weights a loss",)
        yield Diagnostic(NO_WEIGHTS, loss.place, {"head": "`, `".join(trained_heads)}, help=help)
    elif cut.node.op is not None:
        layer = cut.node.op.title()
        nothing = "its `dropout: 1` leaves nothing of the scores" if _drops_scores(cut) else "nothing before it is trained"
        yield Diagnostic(NO_GRADIENT, cut.node.origin.place, {"layer": layer}, labels=cut.node.origin.uses, help=(nothing,))


def check_cut_layers(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each layer that cuts some weights off from every loss, where others learn."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or not typed.is_known or section.losses.keys() != typed.graph.outputs.keys():
        return
    reached, cuts = find_reached(section, typed)
    layers = {typed.nodes[id].node.layer for id in reached if _is_trained(typed.nodes[id])}
    if not layers:
        return
    for cut in cuts:
        op, before = cut.node.op, _list_trained_before(cut, typed)
        dead = {node.node.layer: node for node in before if node.node.layer not in layers}
        function = op.get_value("function") if op is not None and "function" in op.arguments else None
        if op is None or not dead or function == MEANT:
            continue
        layers |= dead.keys()
        first = next(iter(dead.values()))
        title = find_title(first.node.op) if first.node.op is not None else first.node.layer
        what = f"`{title}` before it never learns" if len(dead) == 1 else f"{len(dead)} layers before it never learn"
        argument = "function" if function is not None else "rate"
        facts: dict[str, object] = {"cut": function or find_title(op), "what": what}
        labels = (Label(first.node.origin.place, "no loss reaches its weights"), *cut.node.origin.uses)
        why = "at a rate of 1 nothing is left" if op.drops_all else "no small change of a weight changes what it gives"
        help = (why, "`Op: {function: stop_gradient}` before it, or `trainable: false`, says that it is meant")
        yield Diagnostic(NEVER_LEARNS, place_in(op, argument, cut.node), facts, "", labels, help)


def find_reached(section: CompileSpec, typed: TypedGraph) -> tuple[set[str], list[TypedNode]]:
    """The nodes that a gradient comes to from the losses, and those on the way that it does not get through."""
    reached, cuts = set[str](), dict[str, TypedNode]()
    waiting = [typed.graph.outputs[head] for head, loss in section.losses.items() if loss is not None]
    while waiting:
        node = typed.nodes[waiting.pop()]
        id = node.node.id
        if id in reached or id in cuts:
            continue
        if _is_cut(node):
            cuts[id] = node
            continue
        reached.add(id)
        if _stops_before(node):
            cuts[id] = node
        else:
            waiting += _list_smooth(node)
    return reached, [cuts[id] for id in typed.nodes if id in cuts]


def _list_trained_before(cut: TypedNode, typed: TypedGraph) -> list[TypedNode]:
    """The layers with trained weights that a node depends on, in order."""
    before, waiting = set[str](), list(cut.node.inputs)
    while waiting:
        id = waiting.pop()
        if id not in before:
            before.add(id)
            waiting += typed.nodes[id].node.inputs
    return [node for id, node in typed.nodes.items() if id in before and _is_trained(node)]


def _pulls(node: TypedNode, learns: bool) -> bool:
    """Whether a penalty of a layer changes a weight: one that it trains, or one that its output depends on."""
    return any(is_penalised(op, weights, has_gradient) or (learns and pulls_on_output(op)) for op, weights in list_layers(node))


def check_missing_gradients(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each layer that a gradient would run through, and that TensorFlow has none of."""
    lacking = {id: argument for id, node in typed.nodes.items() if (argument := _find_without(node)) is not None}
    through = find_gradients_taken(typed, spec) if lacking else frozenset()
    for id, argument in lacking.items():
        node = typed.nodes[id]
        op, type = node.node.op, node.type
        if id not in through or op is None or type is None:
            continue
        value = type.dtype if argument == "dtype" else op.get_value(argument)
        instead = "give the layer `dtype: float32`" if argument == "dtype" else INSTEAD.get(argument, "use another")
        facts: dict[str, object] = {"layer": find_title(op), "argument": argument, "value": value}
        help = (f"{instead}, or put it before every layer with weights, frozen ones too",)
        yield Diagnostic(NO_SUCH_GRADIENT, place_in(op, argument, node.node), facts, labels=node.node.origin.uses, help=help)


def check_needed_matrices(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each function that some matrices fail in: by itself, or where a gradient runs through it."""
    needing = {
        id: node.node.op for id, node in typed.nodes.items() if node.node.op is not None and any(node.node.op.needs_matrix)
    }
    through = find_gradients_taken(typed, spec) if needing else frozenset()
    for id, op in needing.items():
        itself, trained = op.needs_matrix
        needed = itself or (trained if id in through else "")
        if not needed:
            continue
        node, function = typed.nodes[id].node, op.get_value("function")
        place = place_in(op, "function", node)
        has_other = function == "inv"
        help = (f"one such sample ends a run: {'`pinv` takes every matrix' if has_other else 'let none come in'}",)
        fixes = (write(place.span, "pinv"),) if has_other else ()
        what = f"`{function}`" if itself else f"the gradient of `{function}`"
        yield Diagnostic(NEEDS_MATRIX, place, {"what": what, "needed": needed}, labels=node.origin.uses, help=help, fixes=fixes)


@remember_by_node
def _find_without(node: TypedNode) -> str | None:
    """The argument with whose value a layer has no gradient."""
    return node.node.op.without_gradient(node.type.dtype) if node.node.op is not None and node.type is not None else None


def find_gradients_through(typed: TypedGraph, spec: ModelSpec) -> frozenset[str]:
    """The ids of the nodes that stand between a trained weight and a loss."""
    return _find_between(typed, spec, frozen=False)


def find_gradients_taken(typed: TypedGraph, spec: ModelSpec) -> frozenset[str]:
    """The ids of the nodes whose gradient TensorFlow takes: as it records them, a frozen weight is one like others."""
    return _find_between(typed, spec, frozen=True)


def _find_between(typed: TypedGraph, spec: ModelSpec, frozen: bool) -> frozenset[str]:
    section = spec.compile
    if not isinstance(section, CompileSpec) or not typed.is_known:
        return frozenset()
    if not any(map(_is_trained, typed.nodes.values())):
        return frozenset()
    learning = _find_learning(typed, frozen)
    waiting = [
        typed.graph.outputs[head] for head, loss in section.losses.items() if loss is not None and head in typed.graph.outputs
    ]
    found: set[str] = set()
    while waiting:
        node = typed.nodes[waiting.pop()]
        if node.node.id in found or _is_cut(node) or _stops_before(node) or not any(learning[id] for id in _list_smooth(node)):
            continue
        found.add(node.node.id)
        waiting += _list_smooth(node)
    return frozenset(found)


def _find_learning(typed: TypedGraph, frozen: bool = False) -> dict[str, bool]:
    """Of each node, whether its values depend on a trained weight, smoothly; with `frozen`, on one that is frozen too."""
    learning: dict[str, bool] = {}
    for id, node in typed.nodes.items():
        if _is_cut(node):
            learning[id] = False
            continue
        own = _learns(node) or (frozen and _has_frozen(node) and not _drops_scores(node))
        learning[id] = own or (any(map(learning.__getitem__, _list_smooth(node))) and not _stops_before(node))
    return learning


@remember_by_node
def _is_trained(node: TypedNode) -> bool:
    """Whether a layer has weights that it trains."""
    return any(weight.trainable for weight in node.weights)


@remember_by_node
def _learns(node: TypedNode) -> bool:
    """Whether the values of a layer with weights that it trains depend on them."""
    return _is_trained(node) and not _drops_scores(node)


@remember_by_node
def _has_frozen(node: TypedNode) -> bool:
    """Whether a layer has weights that it would train if it were not frozen."""
    op, inputs = node.node.op, tuple(x for x in node.inputs if x is not None)
    return bool(node.weights) and op is not None and any(weight.trainable for weight in op.weights(*inputs))


@remember_by_node
def _drops_scores(node: TypedNode) -> bool:
    return node.node.op is not None and node.node.op.drops_scores()


@remember_by_node
def _list_smooth(node: TypedNode) -> tuple[str, ...]:
    """The inputs that a gradient comes to; of attention without scores the values, the second of several."""
    return node.node.inputs[:2][-1:] if _drops_scores(node) else node.node.inputs


def _stops_before(node: TypedNode) -> bool:
    return node.node.op is not None and node.node.op.reads_codes


@remember_by_node
def _is_cut(node: TypedNode) -> bool:
    assert node.node.op is not None and node.type is not None
    return is_cut(node.node.op, node.type)


def is_cut(op: Op, output: TensorType) -> bool:
    """Whether what a layer gives does not depend on its input, or not smoothly."""
    return output.dtype not in FLOATS or op.is_flat() or (op.drops_all and op.get_value("rate") == 1)
