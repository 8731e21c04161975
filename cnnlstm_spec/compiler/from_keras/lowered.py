"""What this project's own models are made of besides layers, as what it was: time in the batch, padding masks, copies.

Models of others have such operations too, and are read alike; the proof at the end holds for both.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from ...text.frozen import dataclass
from .calls import CallOutput, Calls, KerasCall
from .layers import is_operation

ENTER, LEAVE = "EnterTime", "LeaveTime"
"""What the calls are named that bring the steps into the batch, and out of it again."""
TINY = 1e-20
"""Less than any number that a model is moved by on purpose."""
MASK_OPERATIONS = frozenset({"Any", "LogicalAnd", "LogicalOr", "Copy", "NotEqual", "Reshape", "ExpandDims", "All"})


@dataclass(frozen=True)
class Padding:
    """How the padded steps of an input are told."""

    value: float | int | None = None
    mask_input: str | None = None


@dataclass(frozen=True)
class Read:
    """A graph of layers alone, and what was said of padding, by the id of the input's call."""

    graph: Calls
    padding: dict[str, Padding] = field(default_factory=dict)


def read_lowered(graph: Calls) -> Read:
    """The graph without the operations that only stand for something else."""
    graph = _split_divisions(graph)
    calls = dict(graph.calls)
    same = _find_same(graph)
    for id, call in graph.calls.items():
        calls[id] = _rename_call(call, same)
    outputs = [(name, _find_first(tensor, same)) for name, tensor in graph.outputs]
    read = Read(Calls(calls, list(graph.inputs), outputs))
    for id, call in calls.items():
        if is_operation(call):
            calls[id] = _find_fixed(_recognize_learned(_mark_call(call, calls), calls), calls)
    _find_padding(read)
    return read


def _find_same(graph: Calls) -> dict[CallOutput, CallOutput]:
    """Tensors that are copies of others."""
    outputs = {tensor for _, tensor in graph.outputs}
    found: dict[CallOutput, CallOutput] = {}
    for id, call in graph.calls.items():
        tensor = CallOutput(id)
        copies = call.class_name == "Copy" and is_operation(call)
        names = call.class_name == "Identity" and tensor in outputs and not is_operation(call)
        if (copies or names) and len(call.inputs) == 1:
            found[tensor] = call.inputs[0]
        elif (unmarked := _unmark(call, graph.calls)) is not None:
            found[tensor] = unmarked
    return found


def _unmark(call: KerasCall, calls: dict[str, KerasCall]) -> CallOutput | None:
    """What an output with padded steps is, which our models mark for the loss: set far off, masked, moved by next to nothing."""
    if call.class_name != "Rescaling" or call.config.get("scale") != 1 or len(call.inputs) != 1:
        return None
    offset, masked = call.config.get("offset"), calls[call.inputs[0].call]
    if not isinstance(offset, int | float) or not abs(offset) < TINY or masked.class_name != "Masking" or len(masked.inputs) != 1:
        return None
    marked = calls[masked.inputs[0].call]
    far = marked.class_name == "Where" and is_operation(marked) and masked.config.get("mask_value") in marked.values
    return marked.inputs[1] if far and len(marked.inputs) == 2 else None


def _find_first(tensor: CallOutput, same: dict[CallOutput, CallOutput]) -> CallOutput:
    while tensor in same:
        tensor = same[tensor]
    return tensor


def _rename_call(call: KerasCall, same: dict[CallOutput, CallOutput]) -> KerasCall:
    keywords: dict[str, Any] = {
        name: tuple(_find_first(each, same) if isinstance(each, CallOutput) else each for each in value)
        if isinstance(value, tuple)
        else value
        for name, value in call.keywords.items()
    }
    inputs, states = (tuple(_find_first(each, same) for each in some) for some in (call.inputs, call.states))
    masks = tuple((_find_first(mask, same), place) for mask, place in call.masks)
    return replace(call, inputs=inputs, keywords=keywords, masks=masks, states=states)


def _split_divisions(graph: Calls) -> Calls:
    """The graph with a number over a tensor as the tensor's reciprocal, times the number."""
    found: dict[str, KerasCall] = {}
    for id, call in graph.calls.items():
        numbers = [value for value in call.values[:1] if isinstance(value, int | float) and not isinstance(value, bool)]
        if call.class_name in ("TrueDivide", "Divide") and is_operation(call) and len(call.inputs) == 1 and numbers:
            one = replace(call, id=f"{id}/1", layer={**call.layer, "class_name": "Reciprocal", "config": {}}, values=(None,))
            found |= {} if numbers[0] == 1 else {one.id: one}
            product = replace(call, layer={**call.layer, "class_name": "Multiply"}, inputs=(CallOutput(one.id),))
            call = replace(one, id=id) if numbers[0] == 1 else replace(product, values=(None, numbers[0]))
        found[id] = call
    return replace(graph, calls=found)


def _mark_call(call: KerasCall, calls: dict[str, KerasCall]) -> KerasCall:
    """The call as one that moves the steps, where it is."""
    if call.class_name == "Take" and len(call.inputs) == 2 and _comes_from(call.inputs[1], "Cumsum", calls):
        return replace(call, layer={"class_name": LEAVE, "config": {}}, inputs=call.inputs[:1], values=(), keywords={})
    if call.class_name != "Reshape" or not call.shapes:
        return call
    new, shape = _read_new_shape(call), call.shapes[0]
    if new is None or new[0] not in (-1, None):
        return call
    if len(shape) > 2 and tuple(new[1:]) == shape[2:] and shape[0] is None and shape[1] != 1:
        return replace(call, layer={"class_name": ENTER, "config": {}})
    if len(new) == len(shape) + 1 and tuple(new[2:]) == shape[1:] and new[1] not in (1, -1, None):
        return replace(call, layer={"class_name": LEAVE, "config": {}})
    return call


def _recognize_learned(call: KerasCall, calls: dict[str, KerasCall]) -> KerasCall:
    """A sum with rows of a table by where they stand as `PositionEmbedding`, a step of a table before others as `ClassToken`."""
    for name, maker, table_first in (("Add", "Cumsum", False), ("Concatenate", "ZerosLike", True)):
        if call.class_name != name or len(call.inputs) != 2:
            continue
        table, x = (call.inputs[0], call.inputs[1]) if table_first else (call.inputs[1], call.inputs[0])
        made = calls[table.call]
        if made.class_name != "Embedding" or len(made.inputs) != 1 or not _comes_from(made.inputs[0], maker, calls):
            continue
        own: dict[str, Any] = {key: made.config[key] for key in ("name", "trainable", "dtype") if key in made.config}
        own["initializer"] = made.config.get("embeddings_initializer")
        length = {} if table_first else {"sequence_length": made.config.get("input_dim")}
        title = "ClassToken" if table_first else "PositionEmbedding"
        return replace(call, layer={"class_name": title, "config": {**own, **length}}, path=made.path, inputs=(x,), values=())
    return call


def _find_fixed(call: KerasCall, calls: dict[str, KerasCall]) -> KerasCall:
    """A sum with sines and cosines of where steps stand as `SinePositionEncoding`."""
    if call.class_name != "Add" or len(call.inputs) != 2 or not is_operation(call):
        return call
    x, waves = call.inputs
    made = calls[waves.call]
    if made.class_name == "Cast" and len(made.inputs) == 1:
        made = calls[made.inputs[0].call]
    turns = {calls[each.call].class_name for each in made.inputs}
    base = _read_number(_find(waves, "Power", calls))
    if made.class_name != "Where" or not {"Sin", "Cos"} <= turns or not base or not _comes_from(waves, "Cumsum", calls):
        return call
    longest = 1 / base
    whole = round(longest)
    config = {"max_wavelength": whole if abs(whole - longest) < 1e-9 * longest else longest}
    return replace(call, layer={"class_name": "SinePositionEncoding", "config": config}, inputs=(x,), values=())


def _read_number(call: KerasCall | None) -> float | None:
    """The number that an operation reads beside a tensor."""
    return next((value for value in call.values if isinstance(value, float)), None) if call is not None else None


def _read_new_shape(call: KerasCall) -> list[object] | None:
    found = call.config.get("newshape") or call.config.get("target_shape")
    if found is None:
        found = next((value for value in call.values if isinstance(value, list)), None)
    return list(found) if isinstance(found, list) and found else None


def _comes_from(tensor: CallOutput, name: str, calls: dict[str, KerasCall]) -> bool:
    """Whether an operation of that name is among those that a tensor is made by."""
    return _find(tensor, name, calls) is not None


def _find(tensor: CallOutput, name: str, calls: dict[str, KerasCall]) -> KerasCall | None:
    """The nearest operation of that name among those that a tensor is made by."""
    waiting, seen = [tensor.call], set()
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        if calls[id].class_name == name:
            return calls[id]
        waiting += [each.call for each in calls[id].inputs]
    return None


def _find_padding(read: Read) -> None:
    """Says of each input by what its padded steps are told: of masks that no layer of the model makes by itself."""
    calls = read.graph.calls
    for call in list(calls.values()):
        for mask, place in call.masks:
            for source in _find_mask_sources(mask, calls):
                if source.class_name == "NotEqual":
                    _find_value(source, read)
                elif source.class_name == "InputLayer":
                    _find_mask_input(source, call.inputs[min(place, len(call.inputs) - 1)], read)


def _find_mask_sources(mask: CallOutput, calls: dict[str, KerasCall]) -> list[KerasCall]:
    """The comparisons and inputs that a mask is made of."""
    found, waiting, seen = [], [mask.call], set()
    while waiting:
        id = waiting.pop()
        call = calls[id]
        if id in seen:
            continue
        seen.add(id)
        if call.class_name in ("NotEqual", "InputLayer"):
            found.append(call)
        elif call.class_name in MASK_OPERATIONS:
            waiting += [each.call for each in call.inputs]
    return found


def _find_value(comparison: KerasCall, read: Read) -> None:
    values = [value for value in comparison.values if isinstance(value, int | float)]
    if len(comparison.inputs) != 1 or len(values) != 1:
        return
    id = comparison.inputs[0].call
    if read.graph.calls[id].class_name != "InputLayer":
        return
    made = any(
        call.class_name == "Masking" or (call.class_name == "Embedding" and call.config.get("mask_zero"))
        for call in read.graph.calls.values()
        if id in (each.call for each in call.inputs)
    )
    if not made:
        read.padding[id] = Padding(value=values[0])


def _find_mask_input(source: KerasCall, masked: CallOutput, read: Read) -> None:
    """The branch that a mask is an input of is that of the tensor which it is of."""
    id = masked.call
    while read.graph.calls[id].inputs:
        id = read.graph.calls[id].inputs[0].call
    read.padding[id] = Padding(mask_input=str(source.config.get("name") or source.path[-1]))
    if source.id in read.graph.inputs and source.id != id:
        read.graph.inputs.remove(source.id)
