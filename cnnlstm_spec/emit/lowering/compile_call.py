"""The lowering of `compile`: the seed and policy before the model, `model.compile` after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...ir.expressions import make_expression
from ...ir.graph import TypedGraph
from ...ir.op import Weight
from ...ir.program import Call, Do, Expression, OnTensorFlow, Statement
from ...language.catalog import KerasObject
from ...model.addresses import find_inner, find_members
from ...ops.backbones.op import Backbone
from ...spec.compile_keys import Placed
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec

SCALED = ("initial_learning_rate", "end_learning_rate", "warmup_target", "values")
"""Arguments of schedules that are learning rates."""


def write_setup(spec: ModelSpec, policy: str) -> list[Statement]:
    """What must be set before the first layer is made."""
    statements: list[Statement] = [Do(Call("keras.utils.set_random_seed", (spec.seed,)))]
    if policy != "float32":
        statements.append(Do(Call("keras.config.set_dtype_policy", (policy,))))
    return statements


def compile_statements(spec: ModelSpec, graph: TypedGraph) -> list[Statement]:
    """`model.compile(...)`, if the spec has the section."""
    section = spec.compile
    if not isinstance(section, CompileSpec):
        return []
    keywords: dict[str, Expression] = {"optimizer": _make_scaling(section, graph), "loss": _make_losses(section, spec)}
    if section.loss_weights:
        keywords["loss_weights"] = _make_loss_weights(section, spec)
    for key, metrics in (("metrics", section.metrics), ("weighted_metrics", section.weighted_metrics)):
        if any(metrics.values()):
            lists: dict[str, Expression] = {
                head: [_make_thing(each) for each in found] for head, found in metrics.items() if found
            }
            keywords[key] = next(iter(lists.values())) if spec.single_head else lists
    keywords.update({name: make_expression(value) for name, value in section.plain.items()})
    if section.plain.get("jit_compile", "auto") == "auto" and _defies_xla(graph):
        # On a GPU Keras would take `auto` for true.
        keywords["jit_compile"] = OnTensorFlow(False, "auto")
    return [Do(Call("model.compile", (), tuple(keywords.items())))]


def _defies_xla(graph: TypedGraph) -> bool:
    """Whether TensorFlow's XLA could not compile a layer, trained or not."""
    return any(node.node.op is not None and node.node.op.without_xla(trained=True) is not None for node in graph.nodes.values())


def _make_thing(placed: Placed) -> Expression:
    return make_expression(placed.thing)


def _make_losses(section: CompileSpec, spec: ModelSpec) -> Expression:
    by_head: dict[str, Expression] = {head: None if loss is None else _make_thing(loss) for head, loss in section.losses.items()}
    if spec.single_head:
        return next(iter(by_head.values()))
    return {head.name: by_head.get(head.name) for head in spec.heads}


def _make_loss_weights(section: CompileSpec, spec: ModelSpec) -> Expression:
    """A weight for every head, None where nothing is trained: Keras wants as many as losses, and takes them by position."""
    if spec.single_head:
        return next(iter(section.loss_weights.values()))
    untrained = {head for head, loss in section.losses.items() if loss is None}
    return {head.name: None if head.name in untrained else section.loss_weights.get(head.name, 1.0) for head in spec.heads}


def _make_scaling(section: CompileSpec, graph: TypedGraph) -> Expression:
    """The optimizer; what scales the loss under `mixed_float16` is written out, since a loaded model would do without it.

    Keras puts it around an optimizer where the policy of the process says so, and writes a file without it.
    """
    written = section.optimizer
    optimizer = KerasObject("optimizers", "RMSprop", (), "rmsprop") if written is None else written.thing
    if section.dtype_policy != "mixed_float16" or not section.plain.get("auto_scale_loss", True):
        return _make_optimizer(optimizer, section, graph)
    return Call("keras.optimizers.LossScaleOptimizer", (_make_optimizer(replace(optimizer, identifier=None), section, graph),))


def _make_optimizer(optimizer: KerasObject, section: CompileSpec, graph: TypedGraph) -> Expression:
    if not section.multipliers:
        return make_expression(optimizer)
    groups = list_multiplied_layers(section, graph)
    map_: dict[str, Expression] = {
        _write_paths(layers, graph): make_expression(make_scaled(optimizer, factor)) for factor, layers in groups if layers
    }
    for factor, holder, layers in list_multiplied_inner_layers(section, graph):
        map_[_write_inner_paths(holder, layers)] = make_expression(make_scaled(optimizer, factor))
    plain = make_expression(make_scaled(optimizer, 1.0))
    return Call("keras.optimizers.MultiOptimizer", (Call("keras.optimizers.OptimizerMap", (plain, map_)),))


def _write_paths(layers: list[str], graph: TypedGraph) -> str:
    """A pattern of the paths of the layers' weights, of which those of layers inside them begin with a name and a dot."""
    holders = {typed.node.layer for typed in graph.nodes.values() if typed.node.op is not None and typed.node.op.holds_layers}
    inside = "" if holders.isdisjoint(layers) else "([^/]*[.])?"
    return f"{inside}({'|'.join(layers)})/.*" if len(layers) > 1 else f"{inside}{layers[0]}/.*"


def _write_inner_paths(holder: str, layers: list[str]) -> str:
    """A pattern of the paths of the weights of layers in a backbone, which say where they are before or behind their name."""
    if not layers:
        return f"([^/]*[.])?{holder}/.*"
    names = f"({'|'.join(layers)})" if len(layers) > 1 else layers[0]
    return f"(?={holder}/|[^/]*[.]{holder}/)({holder}/)?([^/]*/)*{names}([.]{holder})?/.*"


def list_multiplied_inner_layers(section: CompileSpec, graph: TypedGraph) -> list[tuple[float, str, list[str]]]:
    """For each factor on the layers of a backbone of which some are named: the factor, the backbone, and layers with weights.

    None stand for all of them.

    A factor holds from the layer that is named up to the next that is; before the first that of the backbone holds, if any.
    """
    found = []
    for typed in graph.nodes.values():
        op = typed.node.op
        named = find_inner_multipliers(section, graph, typed.node.id)
        if not isinstance(op, Backbone) or not named or not typed.owns_weights:
            continue
        weighted = {op.find_layer(weight) for weight in typed.weights}
        factor = _find_outer_factor(section, graph, typed.node.id)
        groups: dict[float, list[str]] = {}
        for layer in op.list_layers():
            factor = named.get(layer, factor)
            if layer in weighted and factor is not None:
                groups.setdefault(factor, []).append(layer)
        every = len(weighted)
        found += [(factor, typed.node.layer, layers if len(layers) < every else []) for factor, layers in groups.items()]
    return found


def find_inner_multipliers(section: CompileSpec, graph: TypedGraph, id: str) -> dict[str, float]:
    """The factors of layers that are named in the backbone of a node."""
    written = graph.written or graph.graph
    inner = ((find_inner(written, each.address), each.factor) for each in section.multipliers or ())
    return {each.layer: factor for each, factor in inner if each is not None and each.id == id}


def _find_outer_factor(section: CompileSpec, graph: TypedGraph, id: str) -> float | None:
    """The factor of the longest address that covers a node."""
    written = graph.written or graph.graph
    fitting = [each for each in section.multipliers or () if id in find_members(written, each.address)]
    return max(fitting, key=lambda each: len(each.address)).factor if fitting else None


def list_multiplied_layers(section: CompileSpec, graph: TypedGraph) -> list[tuple[float, list[str]]]:
    """For each multiplier the Keras layers with weights that it scales: of several addresses the longest counts."""
    groups: dict[str, list[str]] = {address: [] for address, _, _ in section.multipliers}
    covered = {address: find_members(graph.written or graph.graph, address) for address in groups}
    for typed in graph.nodes.values():
        if not typed.weights or not typed.owns_weights or find_inner_multipliers(section, graph, typed.node.id):
            continue
        fitting = [address for address, ids in covered.items() if typed.node.id in ids]
        if fitting:
            groups[max(fitting, key=len)] += name_layers(typed.node.layer, typed.weights)
    return [(factor, groups[address]) for address, factor, _ in section.multipliers]


def name_layers(layer: str, weights: tuple[Weight, ...]) -> list[str]:
    """The Keras layers that hold a node's weights."""
    return list(dict.fromkeys(layer + weight.within for weight in weights))


def make_scaled(optimizer: KerasObject, factor: float) -> KerasObject:
    """The optimizer, an object of its own, with its learning rate times a factor."""
    rate = optimizer.get("learning_rate")
    if isinstance(rate, KerasObject):
        arguments = {**{name: rate.get(name) for name in SCALED if rate.get(name) is not None}, **dict(rate.arguments)}
        changed = {name: _multiply(value, factor) if name in SCALED else value for name, value in arguments.items()}
        kept = changed if factor != 1.0 else dict(rate.arguments)
        new: Any = KerasObject(rate.family, rate.name, tuple(kept.items()))
    else:
        new = float(rate) * factor
    arguments = {**dict(optimizer.arguments), "learning_rate": new}
    if factor == 1.0 and "learning_rate" not in dict(optimizer.arguments):
        arguments.pop("learning_rate")
    return KerasObject(optimizer.family, optimizer.name, tuple(arguments.items()))


def _multiply(value: float | tuple[float, ...] | list[float], factor: float) -> object:
    return tuple(_multiply(each, factor) for each in value) if isinstance(value, tuple | list) else value * factor
