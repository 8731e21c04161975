"""The phases of a training: what each freezes, and its optimizer. Imports Keras through `emit.keras` alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from ...compiler.compile import Compilation
from ...emit.lowering.compile_call import compile_statements, name_layers
from ...ir.graph import TypedGraph
from ...model.addresses import expand, find_inner, find_members, find_parts
from ...model.passes import optimize
from ...ops.backbones.op import Backbone
from ...spec.compile_keys import Placed
from ...spec.compile_section import CompileSpec
from ...spec.fit.phases import Phase
from ...spec.fit.section import FitSpec
from ...text.frozen import dataclass
from ..samples import HeadTarget

if TYPE_CHECKING:
    import keras

    from .training import Losses


@dataclass(frozen=True)
class EpochStretch:
    """Epochs that one call of `fit` trains."""

    name: str
    """Of the phase; empty where there are none."""
    epochs: int
    phase: Phase | None = None


def list_stretches(fit: FitSpec) -> tuple[EpochStretch, ...]:
    """The phases, or the one that `epochs` is."""
    if fit.phases:
        return tuple(EpochStretch(each.name, each.epochs, each) for each in fit.phases)
    assert fit.epochs is not None
    return (EpochStretch("", fit.epochs),)


def begin(
    model: keras.Model,
    compilation: Compilation,
    before: Sequence[EpochStretch],
    now: EpochStretch,
    targets: Mapping[str, HeadTarget],
    losses: Losses,
    scope: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Freezes and thaws what the phases so far and this one say, and compiles the model with a new optimizer, in a scope."""
    from ...emit.keras.run import compile_again
    from .scaled import unscale

    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None and isinstance(spec.compile, CompileSpec)
    metrics = unscale(targets)
    graph = optimize(typed, "default")
    if now.phase is None and not losses and not metrics:
        # It is compiled already.
        return
    layers = {layer.name: layer for layer in model.layers}
    for phase in (each.phase for each in (*before, now) if each.phase is not None):
        for addresses, trainable in ((phase.keys.freeze, False), (phase.keys.unfreeze, True)):
            for address in addresses:
                for each in expand(graph.written or graph.graph, address.text):
                    _set(each, trainable, graph, layers)
    _hold_norms(graph, layers)
    section = spec.compile
    if now.phase is not None and now.phase.keys.optimizer is not None:
        section = replace(section, optimizer=Placed(now.phase.keys.optimizer, now.phase.place))
    compile_again(model, compile_statements(replace(spec, compile=section), graph), losses, metrics, scope)


def _set(address: str, trainable: bool, graph: TypedGraph, layers: Mapping[str, keras.layers.Layer]) -> None:
    """Freezes or thaws what an address covers; of an inner layer all before it, or all after it, and itself."""
    written = graph.written or graph.graph
    if (inner := find_inner(written, address)) is not None:
        names = {name for _, name in find_parts(written, address, not trainable)}
        _set_inner(layers[written.nodes[inner.id].layer], names, trainable)
        return
    for id in find_members(written, address):
        node = graph.nodes.get(id)
        each = (node.node.layer, *name_layers(node.node.layer, node.weights)) if node is not None else ()
        for layer in (layers[name] for name in each if name in layers):
            # Keras passes over a model that says so already, though layers in it say otherwise.
            layer.trainable = not trainable
            layer.trainable = trainable


def _set_inner(backbone: keras.Model, names: Collection[str], trainable: bool) -> None:
    """Freezes or thaws layers of a backbone; the others stay as they are, though it be frozen whole."""
    before = [layer.trainable for layer in backbone.layers]
    backbone.trainable = True
    for layer, was in zip(backbone.layers, before, strict=True):
        # With multipliers a dot stands behind the name.
        layer.trainable = trainable if layer.name.partition(".")[0] in names else was


def _hold_norms(graph: TypedGraph, layers: Mapping[str, keras.layers.Layer]) -> None:
    """Freezes the batch norms again that `freeze_batch_norm` holds: no phase thaws them."""
    for typed in graph.nodes.values():
        op, layer = typed.node.op, layers.get(typed.node.layer)
        if layer is None or op is None:
            continue
        if isinstance(op, Backbone) and op.holds_norms():
            _set_inner(layer, op.list_norms(), False)
        elif op.stays_frozen:
            layer.trainable = False


def measure_as_told(model: keras.Model, compilation: Compilation, targets: Mapping[str, HeadTarget]) -> None:
    """Lets the metrics of a model that is compiled as the spec says see numbers as their column has them."""
    begin(model, compilation, (), EpochStretch("", 0), targets, {})
