"""A spec that was made of a model, held against it: shapes and weights without Keras, predictions with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...ir.tensor import TensorType
from ..artifact.verify import Verification, measure_differences
from ..compile import Compilation
from .structure import WrittenLayer
from .write import Draft

if TYPE_CHECKING:
    import keras

BOUND = 1e-5


class Unequal(Exception):
    """What differs between a spec and the model that it was made of, as a whole sentence."""


def compare_shapes(draft: Draft, compilation: Compilation) -> int:
    """How many layers with weights read what they were built for in the model; raises Unequal where one does not."""
    assert compilation.typed is not None
    rest = iter(_iterate_written(draft))
    count = 0
    for node in _list_weighted(compilation):
        op = node.node.op
        assert op is not None
        leaf = next((each for each in rest if each.name == op.title()), None)
        if leaf is None:
            raise Unequal(f"the spec has a layer `{op.title()}` more than the model")
        x = node.inputs[0] if node.inputs else None
        if leaf.shape is None or x is None:
            continue
        count += 1
        wanted, found = leaf.shape[1:], x.sizes
        # A layer that is called several times was built for what it read in one of the calls.
        if not any(_fits(wanted, each.inputs) for each in compilation.typed.nodes.values() if each.node.layer == node.node.layer):
            where = "/".join(leaf.paths[0])
            raise Unequal(f"`{where}` reads {list(wanted)} in the model, and ({', '.join(map(str, found))}) in the spec")
    return count


def _fits(wanted: Sequence[int | None], inputs: Sequence[TensorType | None]) -> bool:
    """Whether the first of the inputs may have the sizes that a layer was built for."""
    found = inputs[0].sizes if inputs and inputs[0] is not None else ()
    return len(wanted) == len(found) and all(
        not isinstance(size, int) or other in (None, size) for size, other in zip(found, wanted, strict=True)
    )


def compare_predictions(draft: Draft, compilation: Compilation, path: Path) -> Verification:
    """Predictions of the model and of the one built from the spec, with the model's weights; raises Unequal."""
    from ...emit.keras.run import load

    original, rebuilt = load(path), compilation.to_keras("none")
    sources = _list_sources(draft, original)
    targets = [
        rebuilt.get_layer(f"{node.node.layer}{part}") for node in _list_weighted(compilation) for part in _list_parts(node)
    ]
    if len(sources) != len(targets):
        raise Unequal(f"the model has {len(sources)} layers with weights, the spec {len(targets)}")
    for (where, source), target in zip(sources, targets, strict=True):
        given, needed = [each.shape for each in source.get_weights()], [each.shape for each in target.get_weights()]
        if given != needed:
            raise Unequal(f"the weights of `{where}` are {given} in the model, and {needed} in the spec")
        target.set_weights(source.get_weights())
    if original.count_params() != rebuilt.count_params():
        raise Unequal(f"the model has {original.count_params():,} parameters, the spec {rebuilt.count_params():,}")
    return Verification(*measure_differences(compilation, _Fed(original, compilation), rebuilt), "model and spec", BOUND)


class _Fed:
    """A model that is fed by the names of the branches, and gives arrays in the order of the heads."""

    def __init__(self, model: keras.Model, compilation: Compilation) -> None:
        assert compilation.spec is not None
        inputs = {branch.name: branch.input for branch in compilation.spec.branches}
        masks = {each.mask_input for each in inputs.values() if each is not None}
        kept = {*masks, *inputs} & {each.name for each in model.inputs}
        branches = (name for name in inputs if name not in kept)
        self.model, self.heads = model, [head.name for head in compilation.spec.heads]
        self.names = {each.name: each.name if each.name in kept else next(branches) for each in model.inputs}
        """By the name of each of the model's inputs, what feeds it: a mask or a branch, of that name where there is one."""

    def predict(self, fed: object, **options: object) -> object:
        """What the model gives, called by itself: Keras's `predict` reuses a `TimeDistributed` traced for fewer steps."""
        given = {name: fed[source] for name, source in self.names.items()} if isinstance(fed, dict) else fed
        if isinstance(given, dict):
            taken = self.model.input
            named = {key: given[each.name] for key, each in taken.items()} if isinstance(taken, dict) else None
            given = [given[each.name] for each in self.model.inputs] if named is None else named
        outputs = self.model(given, training=False)
        several = outputs
        if isinstance(outputs, dict):
            several = [outputs[head] for head in (self.heads if {*self.heads} == {*outputs} else outputs)]
        return [each.numpy() for each in several] if isinstance(several, list | tuple) else several.numpy()


def _iterate_written(draft: Draft) -> Iterator[WrittenLayer]:
    """Each layer once, where it stands first."""
    seen = set()
    for leaf in draft.leaves:
        if leaf.paths[0] not in seen:
            seen.add(leaf.paths[0])
            yield leaf


def _list_weighted(compilation: Compilation) -> list[TypedNode]:
    """The nodes of the spec that have weights of their own, in order."""
    assert compilation.typed is not None
    return [node for node in compilation.typed.nodes.values() if node.weights and node.owns_weights]


def _list_parts(node: TypedNode) -> tuple[str, ...]:
    """What is added to its name by each of the Keras layers that have its weights."""
    return tuple(dict.fromkeys(weight.within for weight in node.weights))


def _list_sources(draft: Draft, model: keras.Model) -> list[tuple[str, keras.layers.Layer]]:
    """The layers of the model that have weights, in the order of the spec."""
    found = []
    for leaf in _iterate_written(draft):
        for path in leaf.paths:
            layer = model
            for step in path:
                layer = layer.layer if step == "layer" and hasattr(layer, "layer") else _find_layer(layer, step)
            if getattr(layer, "weights", None):
                found.append(("/".join(path), layer))
    return found


def _find_layer(model: keras.Model, name: str) -> keras.layers.Layer | None:
    """A layer of a model, or an operation that stands in its graph and has no weights."""
    return next((each for each in getattr(model, "layers", ()) if each.name == name), None)
