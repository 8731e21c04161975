"""The calls of a model's layers as one graph: nested models are written out, and what only makes masks is left out.

Keras writes each tensor as the layer that made it, the number of the call, and the number of the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ...text.frozen import dataclass
from .read import NotAModel

MASKS = {"mask": 0, "query_mask": 0, "value_mask": 1, "key_mask": 1}
"""Arguments of a call by which Keras hands a padding mask on, each with the place of the input that it is of."""
RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"})
"""Layers that may begin with states."""
GIVEN_BY_NAME = ("inputs", "x", "x1", "x2", "sequence", "sequences", "query", "value", "key")
"""Arguments by which a call may be given its inputs, in their order."""
MOST_CALLS = 100_000
DEEPEST = 32
"""Models in models."""


@dataclass(frozen=True)
class CallOutput:
    """The output of a call: the call's id, and which of its outputs."""

    call: str
    output: int = 0


@dataclass(frozen=True)
class KerasCall:
    """One call of a layer, or of an operation that stands in the graph by itself."""

    id: str
    layer: dict[str, Any]
    """Keras's configuration of the layer."""
    path: tuple[str, ...]
    """Where the layer lies: its name, after those of the models it is nested in."""
    inputs: tuple[CallOutput, ...] = ()
    values: tuple[object, ...] = ()
    """Arguments that are no tensors, in order; None in the place of a tensor."""
    keywords: dict[str, object] = field(default_factory=dict)
    masks: tuple[tuple[CallOutput, int], ...] = ()
    """The padding masks that it is handed, each with the place of the input that it is of."""
    shapes: tuple[tuple[int | None, ...], ...] = ()
    """The shapes of the tensors that it reads, batch first, where the file says them."""
    shared: str | None = None
    """The name that all calls of a layer share which is called more than once."""
    states: tuple[CallOutput, ...] = ()
    """What a recurrent layer begins with."""
    parts: tuple[tuple[str, ...], ...] = ()
    """Of a fusion, where the layers lie whose weights it has."""

    @property
    def class_name(self) -> str:
        """Keras's class."""
        return str(self.layer.get("class_name"))

    @property
    def config(self) -> dict[str, Any]:
        """The layer's own arguments."""
        found = self.layer.get("config")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Calls:
    """All calls by id, in an order in which each comes after what it reads."""

    calls: dict[str, KerasCall]
    inputs: list[str]
    """Ids of the calls of `InputLayer`, in the model's order."""
    outputs: list[tuple[str, CallOutput]]
    """The model's outputs, each with the name of the layer that gives it."""


def find_calls(config: dict[str, object]) -> Calls:
    """The graph of a Functional or Sequential model; raises NotAModel."""
    calls: dict[str, KerasCall] = {}
    inputs, outputs = _expand(config, (), None, calls, {})
    named = [(calls[each.call].path[-1], each) for each in outputs]
    return _keep_needed(Calls(calls, [each.call for each in inputs], named))


def _expand(
    model: dict[str, Any],
    path: tuple[str, ...],
    given: list[CallOutput] | None,
    calls: dict[str, KerasCall],
    uses: dict[tuple[str, ...], str],
) -> tuple[list[CallOutput], list[CallOutput]]:
    """Adds the calls of a model; gives its inputs and its outputs. `given` are the tensors that it is called with."""
    if len(path) > DEEPEST:
        raise NotAModel(f"models are nested more than {DEEPEST} deep")
    if model.get("class_name") == "Sequential":
        return _expand_sequential(model, path, given, calls, uses)
    if model.get("class_name") not in ("Functional", "Model"):
        raise NotAModel(f"`{model.get('class_name')}` is neither a Functional nor a Sequential model, so that its graph is code")
    config = model["config"]
    known: dict[tuple[str, int], list[CallOutput]] = {}
    wanted_inputs = _read_histories(config.get("input_layers"))
    for number, (name, _, _) in enumerate(wanted_inputs):
        if given is not None:
            if number >= len(given):
                raise NotAModel(f"the model `{path[-1]}` is called with too few inputs")
            known[name, 0] = [given[number]]
    nodes = {
        (_name(layer), index): (layer, node) for layer in _list_layers(config) for index, node in enumerate(_list_nodes(layer))
    }
    for key in _order_calls({key: _list_needs(node) for key, (_, node) in nodes.items()}):
        if key not in known:
            if key not in nodes:
                raise NotAModel("its graph reads a tensor that nothing makes")
            layer, node = nodes[key]
            known[key] = _call(layer, key[1], node, path, known, calls, uses)
    try:
        made = [known[name, index][output] for name, index, output in _read_histories(config.get("output_layers"))]
        starts = [known[name, index][output] for name, index, output in wanted_inputs]
    except (KeyError, IndexError):
        raise NotAModel("its inputs or outputs are not in its graph") from None
    return starts, made


def _expand_sequential(
    model: dict[str, Any],
    path: tuple[str, ...],
    given: list[CallOutput] | None,
    calls: dict[str, KerasCall],
    uses: dict[tuple[str, ...], str],
) -> tuple[list[CallOutput], list[CallOutput]]:
    config = model["config"]
    layers = _list_layers(config)
    if given is not None and len(given) != 1:
        raise NotAModel(f"the model `{path[-1]}` takes one input")
    value = given
    if layers and layers[0].get("class_name") == "InputLayer":
        first, layers = layers[0], layers[1:]
    else:
        shape = config.get("build_input_shape") or (layers and _build_layer(layers[0]))
        if not shape:
            raise NotAModel("it was saved before it knew its input: call it once, or begin it with `keras.Input`")
        first = {"class_name": "InputLayer", "name": "input", "config": {"name": "input", "batch_shape": shape}}
    if value is None:
        value = _call(first, 0, {}, path, {}, calls, uses)[:1]
    start = value
    for layer in layers:
        value = _apply(layer, 0, path, list(value), (None,), {}, (), calls, uses)[:1]
    return start, value


def _call(
    layer: dict[str, object],
    index: int,
    node: dict[str, Any],
    path: tuple[str, ...],
    known: dict[tuple[str, int], list[CallOutput]],
    calls: dict[str, KerasCall],
    uses: dict[tuple[str, ...], str],
) -> list[CallOutput]:
    inputs: list[CallOutput] = []
    values: list[Any] = []
    kwargs = node.get("kwargs") or {}
    by_name = [name for name in GIVEN_BY_NAME if any(map(_read_history, _flatten_values([kwargs.get(name)])))]
    given = list(_flatten_values([*node.get("args", []), *(kwargs[name] for name in by_name)]))
    shapes = tuple(shape for value in given if (shape := _shape(value)) is not None)
    for value in given:
        history = _read_history(value)
        if history is None:
            values.append(value)
        else:
            inputs.append(_find_tensor(history, known))
            values.append(None)
    keywords: dict[str, Any] = {}
    masks: list[tuple[CallOutput, int]] = []
    states: list[CallOutput] = []
    if layer.get("class_name") in RECURRENT:
        inputs, states = inputs[:1], inputs[1:]
    for name, value in kwargs.items():
        histories = [history for each in _flatten_values([value]) if (history := _read_history(each)) is not None]
        if name in MASKS:
            masks += [(_find_tensor(history, known), MASKS[name]) for history in histories if history[:2] in known]
        elif histories and name == "initial_state":
            states += [_find_tensor(history, known) for history in histories]
        elif name in by_name:
            continue
        elif histories:
            keywords[name] = tuple(_find_tensor(history, known) for history in histories)
        elif value not in (None, False) and name != "training":
            # Keras's `fit` and `predict` overrule what a call says of training.
            keywords[name] = value
    made = _apply(layer, index, path, inputs, tuple(values), keywords, tuple(masks), calls, uses, shapes)
    if states:
        first = made[0].call
        calls[first] = replace(calls[first], states=tuple(states))
    return made


def _apply(
    layer: dict[str, object],
    index: int,
    path: tuple[str, ...],
    inputs: list[CallOutput],
    values: tuple[object, ...],
    keywords: dict[str, object],
    masks: tuple[tuple[CallOutput, int], ...],
    calls: dict[str, KerasCall],
    uses: dict[tuple[str, ...], str],
    shapes: tuple[tuple[int | None, ...], ...] = (),
) -> list[CallOutput]:
    """The outputs of one call of a layer or of a nested model."""
    where = (*path, _name(layer))
    if layer.get("class_name") in ("Functional", "Sequential", "Model"):
        return _expand(layer, where, inputs, calls, uses)[1]
    if len(calls) >= MOST_CALLS:
        raise NotAModel(f"it has more than {MOST_CALLS:,} calls of layers")
    id = f"{'/'.join(where)}#{len(calls)}"
    shared = "_".join(where) if where in uses and inputs else None
    if shared is not None:
        calls[uses[where]] = replace(calls[uses[where]], shared=shared)
    uses.setdefault(where, id)
    calls[id] = KerasCall(id, layer, where, tuple(inputs), values, keywords, masks, shapes, shared)
    return [CallOutput(id, output) for output in range(8)]


def _keep_needed(graph: Calls) -> Calls:
    """Without what no output reads but as a mask: Keras makes masks again."""
    needed: set[str] = set()
    waiting = [each.call for _, each in graph.outputs]
    while waiting:
        id = waiting.pop()
        if id not in needed:
            needed.add(id)
            waiting += [each.call for each in list_needed_tensors(graph.calls[id])]
    kept = {id: call for id, call in graph.calls.items() if id in needed or id in graph.inputs}
    # What makes a mask is kept beside, to be recognised.
    return Calls({**kept, **{id: call for id, call in graph.calls.items() if id not in kept}}, graph.inputs, graph.outputs)


def _read(call: KerasCall) -> Iterator[CallOutput]:
    yield from call.inputs
    for value in call.keywords.values():
        if isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, CallOutput))


def read_by(call: KerasCall) -> tuple[CallOutput, ...]:
    """The tensors that a call reads, masks and states aside."""
    return tuple(_read(call))


def list_needed_tensors(call: KerasCall) -> tuple[CallOutput, ...]:
    """The tensors without which a call is none, masks aside."""
    return (*_read(call), *call.states)


def _list_layers(config: dict[str, object]) -> list[dict[str, object]]:
    found = config.get("layers")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NotAModel("its configuration lists no layers")
    return found


def _name(layer: dict[str, object]) -> str:
    config = layer.get("config")
    name = layer.get("name") or (config.get("name") if isinstance(config, dict) else None) or layer.get("class_name")
    return str(name)


def _build_layer(layer: dict[str, Any]) -> object:
    build = layer.get("build_config")
    shape = build.get("input_shape") if isinstance(build, dict) else None
    return shape or (layer.get("config") or {}).get("batch_shape") or (layer.get("config") or {}).get("batch_input_shape")


def _list_nodes(layer: dict[str, Any]) -> list[dict[str, object]]:
    nodes = layer.get("inbound_nodes") or []
    if not nodes and layer.get("class_name") == "InputLayer":
        return [{}]
    if not all(isinstance(node, dict) for node in nodes):
        return [_read_keras_2(node) for node in nodes]
    return list(nodes)


def _read_keras_2(node: object) -> dict[str, object]:
    """A call as Keras 2 wrote it: a list of [layer, call, output, keywords]."""
    if not isinstance(node, list) or not all(isinstance(each, list) and len(each) >= 3 for each in node):
        raise NotAModel("its calls are written in a way that is not known")
    keywords: dict[str, Any] = {}
    for each in node:
        keywords.update(each[3] if len(each) > 3 and isinstance(each[3], dict) else {})
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": each[:3]}} for each in node]
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": keywords}


def _flatten_values(values: Iterable[object]) -> Iterator[object]:
    """Each value, those of lists of tensors one by one."""
    for value in values:
        if isinstance(value, list) and any(_read_history(each) is not None for each in value):
            yield from _flatten_values(value)
        else:
            yield value


def _read_history(value: object) -> tuple[str, int, int] | None:
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        found = value.get("config", {}).get("keras_history")
        if isinstance(found, list) and len(found) == 3:
            return str(found[0]), int(found[1]), int(found[2])
    return None


def _shape(value: Any) -> tuple[int | None, ...] | None:
    """The shape of a tensor that a call reads, batch first."""
    if _read_history(value) is None:
        return None
    shape = value["config"].get("shape")
    sound = isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape)
    return tuple(shape) if sound else None


def _read_histories(value: object) -> list[tuple[str, int, int]]:
    """`[layer, call, output]`, or a list or mapping of them."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        raise NotAModel("its inputs or outputs are not listed")
    if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        value = [value]
    if not all(isinstance(each, list) and len(each) == 3 for each in value):
        raise NotAModel("its inputs or outputs are not listed")
    return [(str(name), int(index), int(output)) for name, index, output in value]


def _list_needs(node: dict[str, Any]) -> set[tuple[str, int]]:
    """The calls whose outputs a call reads."""
    values = [*_flatten_values(node.get("args", []))]
    for value in (node.get("kwargs") or {}).values():
        values += _flatten_values([value])
    return {history[:2] for value in values if (history := _read_history(value)) is not None}


def _order_calls(needs: dict[tuple[str, int], set[tuple[str, int]]]) -> Iterator[tuple[str, int]]:
    """Each call after those that it reads, else as they are listed; raises NotAModel where there is no such order."""
    try:
        yield from TopologicalSorter(needs).static_order()
    except CycleError:
        raise NotAModel("its graph has a circle") from None


def _find_tensor(history: tuple[str, int, int], known: dict[tuple[str, int], list[CallOutput]]) -> CallOutput:
    made = known.get(history[:2])
    if made is None or not 0 <= history[2] < len(made):
        raise NotAModel("its graph reads a tensor that nothing makes")
    return made[history[2]]
