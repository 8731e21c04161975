"""What the strategies of a fusion are made of in this project's own models, as the strategies that they were.

Models of others that compute the same are read alike. A layer or a value that anything else reads stays what it is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .calls import CallOutput, Calls, KerasCall, read_by
from .layers import COMMON, is_operation, say_config
from .unsayable import Unsayable

STRATEGIES = frozenset({"learned_weights", "gated", "attention", "cross_attention", "bilinear"})
"""The strategies that are several layers and operations in Keras."""
ASKING = "cross_attention"
"""The one of them of which the first input is the query."""
POOLS = {"Mean": "mean", "Max": "max"}
"""By operation, how the tokens of an attention become one."""


def read_fused(graph: Calls, policy: str) -> Calls:
    """The graph with one call in place of the last one of each fusion; `policy` is the model's dtype policy."""
    return _FusionFinder(graph, policy).read()


class _FusionFinder:
    """Looks for fusions in one graph, from their last call back."""

    def __init__(self, graph: Calls, policy: str) -> None:
        self.graph, self.policy = graph, policy
        self.readers: dict[CallOutput, list[KerasCall | None]] = {tensor: [None] for _, tensor in graph.outputs}
        """By tensor, the calls that read it; None where it is an output."""
        for call in graph.calls.values():
            for tensor in dict.fromkeys((*read_by(call), *call.states)):
                self.readers.setdefault(tensor, []).append(call)

    def read(self) -> Calls:
        calls = {id: self.find(call) or call for id, call in self.graph.calls.items()}
        return replace(self.graph, calls=calls)

    def find(self, call: KerasCall) -> KerasCall | None:
        """The fusion that ends with a call; None where none does."""
        if _is_attention(call):
            after = self.readers.get(CallOutput(call.id), [])
            goes_on = any(
                each is not None and self.find_attended(each) is call and self.find_attention(call, each) for each in after
            )
            return None if goes_on else self.find_attention(call, call)
        if not is_operation(call):
            return None
        if call.class_name == "Multiply":
            return self.find_bilinear(call)
        if call.class_name == "Add":
            return self.find_weighted(call)
        attended = self.find_attended(call)
        return self.find_attention(attended, call) if attended is not None else None

    def count_readers(self, tensor: CallOutput) -> int:
        """How many calls read a tensor; that it is an output counts as one."""
        return len(self.readers.get(tensor, ()))

    def find_before(self, tensor: CallOutput, name: str) -> KerasCall | None:
        """The operation of that name that makes a tensor, where one call alone reads it."""
        call = self.graph.calls[tensor.call]
        return call if call.class_name == name and is_operation(call) and self.count_readers(tensor) == 1 else None

    def find_layer(
        self, tensor: CallOutput, name: str, arguments: dict[str, object], reads: int = 1
    ) -> tuple[KerasCall, dict[str, object]] | None:
        """The layer of those arguments that makes a tensor which so many calls read, and what else is said of it."""
        call = self.graph.calls[tensor.call]
        if call.class_name != name or is_operation(call) or call.shared or call.keywords or self.count_readers(tensor) != reads:
            return None
        try:
            _, said = say_config(call.layer, self.policy)
        except Unsayable:
            return None
        own = {key: value for key, value in said.items() if key in COMMON}
        return (call, own) if {**arguments, **own} == said else None

    def fuse(
        self, last: KerasCall, strategy: str, parts: list[KerasCall], inputs: tuple[CallOutput, ...], **arguments: object
    ) -> KerasCall | None:
        """The last call as a fusion of those inputs, which has the weights of those layers."""
        if len(set(inputs)) < 2:
            return None
        return replace(
            last,
            layer={"class_name": strategy, "config": arguments},
            path=(*parts[0].path[:-1], re.sub("_(weights|first|score_1)$", "", parts[0].path[-1])),
            inputs=inputs,
            values=(),
            keywords={},
            shapes=(),
            parts=tuple(each.path for each in parts),
        )

    def find_bilinear(self, call: KerasCall) -> KerasCall | None:
        """The product of two `Dense` without bias, of one width."""
        units = self.graph.calls[call.inputs[0].call].config.get("units")
        found = [self.find_layer(tensor, "Dense", {"units": units, "use_bias": False}) for tensor in call.inputs]
        layers = [each for each in found if each is not None]
        if len(layers) != 2 or len(call.inputs) != 2 or layers[0][1] != layers[1][1] or len(set(call.shapes)) != 1:
            return None
        inputs = tuple(each.inputs[0] for each, _ in layers)
        return self.fuse(call, "bilinear", [each for each, _ in layers], inputs, units=units, **layers[0][1])

    def find_weighted(self, call: KerasCall) -> KerasCall | None:
        """A sum of inputs, each times its place on the last axis of weights that sum to 1."""
        parts = self.list_summed(call)
        if len({weights for weights, _ in parts}) != 1:
            return None
        weights = parts[0][0]
        inputs = tuple(value for _, value in parts)
        return self.find_learned(call, weights, inputs) or self.find_gated(call, weights, inputs)

    def list_summed(self, call: KerasCall) -> list[tuple[CallOutput, CallOutput]]:
        """The weights and the value of each part of a sum, in order; none where a part is another."""
        waiting = list(reversed(call.inputs))
        found: list[tuple[CallOutput, CallOutput]] = []
        while waiting:
            tensor = waiting.pop()
            if (whole := self.find_before(tensor, "Add")) is not None:
                waiting += reversed(whole.inputs)
                continue
            product = self.find_before(tensor, "Multiply")
            taken = self.find_before(product.inputs[0], "GetItem") if product is not None and len(product.inputs) == 2 else None
            if product is None or taken is None or _find_place(taken) != len(found) or product.shapes[-1:] != call.shapes[-1:]:
                return []
            found.append((taken.inputs[0], product.inputs[1]))
        return found

    def find_learned(self, call: KerasCall, weights: CallOutput, inputs: tuple[CallOutput, ...]) -> KerasCall | None:
        """A weighted sum whose weights are a `Dense` of ones."""
        arguments = {"units": len(inputs), "activation": "softmax", "use_bias": False, "kernel_initializer": "Zeros"}
        widened = self.graph.calls[weights.call]
        if widened.class_name == "ExpandDims" and self.count_readers(weights) == len(inputs):
            found = self.find_layer(widened.inputs[0], "Dense", arguments)
        else:
            found = self.find_layer(weights, "Dense", arguments, len(inputs))
        if found is None or self.find_before(found[0].inputs[0], "OnesLike") is None:
            return None
        return self.fuse(call, "learned_weights", [found[0]], inputs, **found[1])

    def find_gated(self, call: KerasCall, weights: CallOutput, inputs: tuple[CallOutput, ...]) -> KerasCall | None:
        """A weighted sum whose weights are the softmax of what a `Dense` of one unit makes of each input."""
        found = self.find_layer(weights, "Activation", {"activation": "softmax"}, len(inputs))
        joined = self.find_before(found[0].inputs[0], "Concatenate") if found is not None else None
        if found is None or joined is None or joined.config.get("axis") != -1 or len(joined.inputs) != len(inputs):
            return None
        scores = [self.find_layer(tensor, "Dense", {"units": 1}) for tensor in joined.inputs]
        layers = [each for each, own in filter(None, scores) if own == found[1]]
        if tuple(each.inputs[0] for each in layers) != inputs:
            return None
        return self.fuse(call, "gated", layers, inputs, **found[1])

    def find_attended(self, call: KerasCall) -> KerasCall | None:
        """The attention that an operation alone takes on, whole or in parts."""
        parts = [self.find_before(tensor, "GetItem") for tensor in call.inputs] if call.class_name == "Concatenate" else []
        read = {part.inputs[0] for part in parts if part is not None} if parts else set(call.inputs)
        if len(read) != 1 or None in parts:
            return None
        (tensor,) = read
        made = self.graph.calls[tensor.call]
        readers = len(parts) or 1
        return made if _is_attention(made) and self.count_readers(tensor) == readers else None

    def find_attention(self, attended: KerasCall, last: KerasCall) -> KerasCall | None:
        """An attention that gives its scores too: over inputs as tokens, or from one over the steps of the others."""
        found = self.read_attention(attended)
        if found is None:
            return None
        stacked = self.find_before(attended.inputs[0], "Stack")
        if stacked is not None and attended.inputs[0] == attended.inputs[1]:
            pool = self.find_pool(attended, last, len(stacked.inputs))
            if pool is None or stacked.config.get("axis") != -2 or attended.masks:
                return None
            return self.fuse(last, "attention", [attended], stacked.inputs, **found, **({} if pool == "mean" else {"pool": pool}))
        rank = len(attended.shapes[0])
        query = self.find_widened(attended.inputs[0])
        if rank != 3 or (last is attended) == (last.class_name == "Squeeze") or (last is not attended and query is None):
            return None
        first = attended.inputs[0] if last is attended or query is None else query
        joined = self.find_before(attended.inputs[1], "Concatenate")
        if joined is not None and joined.config.get("axis") != 1:
            return None
        values = joined.inputs if joined is not None else (attended.inputs[1],)
        others = tuple(self.find_widened(each) or each for each in values)
        return self.fuse(last, ASKING, [attended], (first, *others), **found)

    def read_attention(self, call: KerasCall) -> dict[str, object] | None:
        """The arguments of a strategy that an attention has; None where it has others."""
        if call.keywords != {"return_attention_scores": True} or len(call.inputs) != 2 or not call.shapes or call.shared:
            return None
        try:
            _, said = say_config(call.layer, self.policy)
        except Unsayable:
            return None
        axes, heads, key = said.pop("attention_axes", [1]), said.get("num_heads"), said.pop("key_dim", None)
        rank, width = len(call.shapes[0]), call.shapes[0][-1]
        if axes not in ([rank - 2], rank - 2) or not said.keys() <= {"num_heads", *COMMON}:
            return None
        shared_out = isinstance(heads, int) and isinstance(width, int) and width % heads == 0 and key == width // heads
        return {
            **{name: value for name, value in said.items() if (name, value) != ("num_heads", 1)},
            **({} if shared_out else {"key_dim": key}),
        }

    def find_pool(self, attended: KerasCall, last: KerasCall, tokens: int) -> str | None:
        """How the tokens of an attention become one; None where it is another way."""
        if last is attended:
            return "none"
        if last.class_name == "Concatenate":
            places = [_find_place(self.graph.calls[tensor.call], -2, keeps=False) for tensor in last.inputs]
            return "concat" if places == list(range(tokens)) and last.config.get("axis") == -1 else None
        width = attended.shapes[0][-1]
        if last.class_name == "Reshape" and isinstance(width, int):
            return "concat" if last.config.get("newshape") == [-1, tokens * width] else None
        sound = last.config.get("axis") == -2 and not last.config.get("keepdims")
        return POOLS.get(last.class_name) if sound else None

    def find_widened(self, tensor: CallOutput) -> CallOutput | None:
        """The vector that a tensor is as one step; None where it is none."""
        call = self.find_before(tensor, "ExpandDims")
        return call.inputs[0] if call is not None and call.config.get("axis") == 1 and len(call.shapes[0]) == 2 else None


def _is_attention(call: KerasCall) -> bool:
    return call.class_name == "MultiHeadAttention" and not is_operation(call)


def _find_place(call: KerasCall, axis: int = -1, keeps: bool = True) -> int | None:
    """The one place of an axis that an index takes, which `keeps` the axis or not; None where it is another index."""
    index = next((value for value in call.values if isinstance(value, list)), None)
    if index is None or len(index) < -axis:
        return None
    taken, whole = index[axis], {"start": None, "stop": None, "step": None}
    rest = [each for place, each in enumerate(index) if place != len(index) + axis]
    if any(not isinstance(each, dict) or each.get("config") != whole for each in rest):
        return None
    if not keeps:
        return taken if isinstance(taken, int) else None
    bounds = taken.get("config") if isinstance(taken, dict) else None
    start = bounds.get("start") if isinstance(bounds, dict) else None
    return start if isinstance(start, int) and bounds == {"start": start, "stop": start + 1, "step": None} else None
