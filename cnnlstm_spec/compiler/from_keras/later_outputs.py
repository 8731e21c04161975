"""Outputs of a layer after its first, which a spec has no address for: what they are otherwise, or a place to fill in."""

from __future__ import annotations

from dataclasses import replace

from .calls import CallOutput, Calls, KerasCall, read_by

STATEFUL = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
"""Layers whose second output is what they give last."""
OUTPUT = "output"
"""The key that a layer's configuration has, beside Keras's, in a call that stands for a later output of it."""


def read_first_outputs(graph: Calls) -> Calls:
    """The graph in which all but states read first outputs: the last output of a recurrent layer is its first state."""
    later = {
        tensor
        for each in (*(read_by(call) for call in graph.calls.values()), (tensor for _, tensor in graph.outputs))
        for tensor in each
        if tensor.output
    }
    found: dict[str, KerasCall] = {}
    instead: dict[CallOutput, CallOutput] = {}
    for id, call in graph.calls.items():
        keywords = {key: _rename(value, instead) if isinstance(value, tuple) else value for key, value in call.keywords.items()}
        found[id] = replace(call, inputs=_rename(call.inputs, instead), keywords=keywords)
        for tensor in sorted((each for each in later if each.call == id), key=lambda each: each.output):
            instead[tensor] = CallOutput(id)
            if (stand_in := _stand_in(call, tensor)) is not None:
                found[stand_in.id] = stand_in
                instead[tensor] = CallOutput(stand_in.id)
    return replace(graph, calls=found, outputs=[(name, instead.get(tensor, tensor)) for name, tensor in graph.outputs])


def _rename(tensors: tuple[CallOutput, ...], instead: dict[CallOutput, CallOutput]) -> tuple[CallOutput, ...]:
    return tuple(instead.get(each, each) for each in tensors)


def _stand_in(call: KerasCall, tensor: CallOutput) -> KerasCall | None:
    """The call that gives what a later output is; None where that is the first output."""
    first = CallOutput(call.id)
    made = KerasCall(f"{call.id}/{tensor.output}", {}, call.path, (first,))
    if call.class_name in STATEFUL and tensor.output == 1:
        if not call.config.get("return_sequences"):
            return None
        if not call.states:
            # Of a sample without any real step the state is that which the layer began with.
            whole = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
            return replace(made, layer={"class_name": "GetItem", "module": "keras.src.ops.numpy"}, values=(None, [whole, -1]))
    return replace(made, layer={"class_name": f"output {tensor.output + 1} of {call.class_name}", OUTPUT: tensor.output})
