"""Random lists of layers that mostly fit what stands before them: the type after each is what the compiler infers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.ir.tensor import TensorType
from cnnlstm_spec.ops import list_ops
from cnnlstm_spec.ops.functions.table import find_fact, list_names
from cnnlstm_spec.text.source import Source
from fuzz.arguments import Draw
from fuzz.files import folder_of

Item = Any
COMMON = {
    0: "Embedding Op Op CategoryEncoding Rescaling Reshape",
    1: "Dense Dense Dense Op Dropout BatchNormalization ReLU Reshape RepeatVector LayerNormalization Activation",
    2: "Conv1D LSTM GRU SimpleRNN Dense MaxPooling1D GlobalAveragePooling1D Flatten MultiHeadAttention Attention Bidirectional "
    "LayerNormalization Softmax Dropout UpSampling1D ZeroPadding1D Masking BatchNormalization Permute GlobalMaxPooling1D "
    "Conv1DTranspose PositionEmbedding SinePositionEncoding ClassToken Slice Op",
    3: "Conv2D SeparableConv2D DepthwiseConv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D BatchNormalization Flatten "
    "ReLU ZeroPadding2D Conv2DTranspose Rescaling ConvLSTM1D Reshape",
    4: "Conv3D ConvLSTM2D MaxPooling3D GlobalAveragePooling3D BatchNormalization Flatten Reshape Cropping3D RandomFlip "
    "Resizing RandomColorJitter",
}
"""Layers by the number of axes that they read, those drawn often."""
TRIES = 8
STRATEGIES = ["concat", "concat", "add", "average", "maximum", "multiply", "learned_weights", "gated", "attention"]
STRATEGIES += ["cross_attention", "bilinear"]
INNER = ["LSTM", "GRU", "SimpleRNN"]


def load(spec: Any) -> Compilation:
    """What the compiler says of plain data."""
    return load_text(json.dumps(spec))


def load_text(text: str) -> Compilation:
    """What the compiler says of a text, in the folder where the files that it names are written."""
    return compile_source(Source("spec.yaml", text), folder=folder_of(text), allow_imports=True)


@dataclass
class Place:
    """A place for a list of layers: the whole spec with given ones there, and where their type is found."""

    whole: Callable[[list[Item]], Any]
    area: str
    depth: int = 0
    """How many `TimeDistributed` stand around it."""

    def type(self, items: list[Item]) -> TensorType | None:
        """The type after the items, None where they do not fit."""
        compilation = load(self.whole(items))
        if not compilation.ok or compilation.typed is None:
            return None
        graph = compilation.typed.graph
        id = graph.addresses.get(self.area) or graph.outputs.get(self.area)
        x = compilation.typed.nodes[id].type if id is not None else None
        return None if x is None else x.with_axes(*x.axes[self.depth :])

    def inside(self, items: list[Item], wrap: Callable[[list[Item]], list[Item]], deeper: int = 0) -> Place:
        """The place of a list within a structure after the items."""
        return Place(lambda inner: self.whole([*items, *wrap(inner)]), self.area, self.depth + deeper)


@dataclass
class Layers:
    """Draws lists of layers; what several of them need is kept: blocks, and layers to share."""

    rng: Random
    sloppy: float
    """How often a layer is kept though it does not fit."""
    blocks: dict[str, Any] = field(default_factory=dict)
    shared: int = 0

    def __post_init__(self) -> None:
        self.draw = Draw(self.rng, 0.1 if self.sloppy else 0.0)
        self.all = [op for op in list_ops() if op.arity[0] <= 1]
        self.by_name = {op.title(): op for op in self.all}

    def list(self, place: Place, count: int, nesting: int = 2) -> list[Item]:
        """Up to so many items; the last may not fit."""
        items: list[Item] = []
        for _ in range(count):
            x = place.type(items)
            if x is None:
                break
            item = self.item(place, items, x, nesting)
            if item is not None:
                items.append(item)
        return items

    def item(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        """One item that fits, after a few tries; or one that need not."""
        misfit = self.rng.random() < self.sloppy
        for _ in range(TRIES):
            item = self.candidate(place, items, x, nesting, misfit)
            if item is None:
                continue
            if misfit or place.type([*items, item]) is not None:
                return item
        return None

    def candidate(self, place: Place, items: list[Item], x: TensorType, nesting: int, misfit: bool) -> Item | None:
        """An item that may fit."""
        chance = self.rng.random()
        if nesting > 0 and chance < 0.30:
            structure = self.rng.choice([self.timed, self.timed, self.residual, self.parallel, self.repeat, self.block])
            return structure(place, items, x, nesting - 1)
        rank = x.rank if not misfit else self.rng.randint(1, 4)
        return self.layer(rank, x)

    def lookup(self, name: str) -> Item:
        """A layer with a vocabulary, of words or numbers that are fed and others."""
        rng, op = self.rng, self.by_name[name]
        if name == "Hashing":
            return {name: {"num_bins": rng.randint(1, 5)}}
        values = self.draw.arguments(op)
        words: list[Any] = [0, 1, 2, 7, -1] if name == "IntegerLookup" else ["a", "b", "c", "z", "another"]
        values["vocabulary"] = rng.sample(words, rng.randint(1, 4))
        if rng.random() < 0.9:
            values |= {"num_oov_indices": rng.randint(1, 3), "sparse": False, "ragged": False, "invert": False}
        if name == "TextVectorization" and values.get("output_mode", "int") == "int":
            # The judge knows the sizes of inputs alone, not how many words a text has.
            values["output_sequence_length"] = rng.randint(1, 5)
        if values.get("output_mode") in ("tf_idf", "tf-idf") and rng.random() < 0.9:
            values["idf_weights"] = [rng.choice([0.5, 1.0, 2.0]) for _ in values["vocabulary"]]
        return {name: {key: value for key, value in values.items() if key in op.arguments}}

    def layer(self, rank: int, x: TensorType) -> Item | None:
        """A layer with arguments."""
        rng = self.rng
        if "int" in x.dtype and rng.random() < 0.1:
            return self.lookup("IntegerLookup")
        if rank <= 1 and "int" in x.dtype and rng.random() < 0.7:
            return {
                "Embedding": {"input_dim": rng.randint(5, 9), "output_dim": rng.randint(2, 4), "mask_zero": rng.random() < 0.5}
            }
        common = COMMON.get(rank, "Dense Flatten Reshape LayerNormalization").split()
        name = rng.choice(common) if rng.random() < 0.7 else rng.choice(sorted(self.by_name))
        if name == "Bidirectional":
            return self.bidirectional()
        if name not in self.by_name or name == "ReversibleEmbedding":
            return None
        op = self.by_name[name]
        values = self.draw.arguments(op)
        self.fit(op, values, x)
        if rng.random() < 0.06:
            values["trainable"] = False
        return {name: values} if values else name

    def fit(self, op: type[Op], values: dict[str, Any], x: TensorType) -> None:
        """Arguments that only fit by luck, made to fit most of the time."""
        rng, title = self.rng, op.title()
        known = [axis.size for axis in x.axes if isinstance(axis.size, int)]
        if title == "Reshape" and len(known) == x.rank and 0 not in known and rng.random() < 0.9:
            total = 1
            for size in known:
                total *= size
            divisors = [d for d in range(1, min(total, 12) + 1) if total % d == 0]
            d = rng.choice(divisors)
            values["target_shape"] = rng.choice([[d, total // d], [-1, d], [total], [d, -1]])
        if title == "Op" and rng.random() < 0.7:
            values.clear()
            values.update(self.function(x))
        if title == "Slice" and x.rank:
            values.update(_sliced(rng, x))
        if title == "PositionEmbedding" and rng.random() < 0.9:
            values["sequence_length"] = rng.choice([30, 40])
        if title == "Permute" and x.rank:
            values["dims"] = rng.sample(range(1, x.rank + 1), x.rank)
        if "return_state" in values and rng.random() < 0.95:
            values.pop("return_state")
        if "stateful" in values and rng.random() < 0.95:
            values.pop("stateful")
        if "data_format" in values and rng.random() < 0.7:
            values.pop("data_format")
        if "sparse" in values and rng.random() < 0.9:
            values.pop("sparse")
        for key in ("lora_rank", "quantization_config"):
            values.pop(key, None)

    def function(self, x: TensorType) -> dict[str, Any]:
        """A function of `keras.ops`, along an axis that is there."""
        rng = self.rng
        fact = find_fact("expand_dims" if x.rank == 0 and rng.random() < 0.7 else rng.choice(list_names()))
        assert fact is not None
        values: dict[str, Any] = {"function": fact.name, **fact.example}
        for each in fact.arguments:
            if each.name == "axis" and (values.get("axis") is not None or each.default is None):
                values["axis"] = rng.choice([*range(1, x.rank + 1), -1]) if rng.random() > self.sloppy / 2 else 0
            if each.kind == "bool" and rng.random() < 0.3:
                values[each.name] = rng.random() < 0.5
        return values

    def bidirectional(self) -> Item:
        name = self.rng.choice(INNER)
        values: dict[str, Any] = {"layer": {name: self.draw.arguments(self.by_name[name], 0.05)}}
        for key in ("go_backwards", "return_state", "stateful"):
            values["layer"][name].pop(key, None)
        if self.rng.random() < 0.4:
            values["merge_mode"] = self.rng.choice(["sum", "mul", "ave", "concat"])
        return {"Bidirectional": values}

    def timed(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        if x.rank < 2:
            return None
        inner = self.list(place.inside(items, lambda i: [{"TimeDistributed": i}], 1), self.rng.randint(1, 3), nesting)
        if len(inner) == 1 and self.rng.random() < 0.3:
            return {"TimeDistributed": {"layer": inner[0]}}
        return {"TimeDistributed": inner} if inner else None

    def residual(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        inner = self.list(place.inside(items, lambda i: i), self.rng.randint(1, 2), nesting)
        if not inner:
            return None
        values: dict[str, Any] = {"layers": inner}
        if self.rng.random() < 0.6:
            values["shortcut"] = "projection"
        elif self.rng.random() < 0.3:
            values["shortcut"] = self.list(place.inside(items, lambda i: i), 1, 0)
        return {"Residual": values}

    def parallel(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        if self.rng.random() < 0.3:
            return self.paths_of_each(place, items)
        paths = {
            name: self.list(place.inside(items, lambda i: i), self.rng.randint(0, 2), nesting)
            for name in ("p", "q", "r")[: self.rng.randint(2, 3)]
        }
        merge: Any = self.merge(list(paths))
        if isinstance(merge, dict) and list(merge) == ["strategy"]:
            merge = merge["strategy"]
        return {"Parallel": {"paths": paths, "merge": merge}}

    def paths_of_each(self, place: Place, items: list[Item]) -> Item | None:
        """Paths that differ in a number."""
        inner = self.list(place.inside(items, lambda i: i), self.rng.randint(1, 2), 0)
        if (found := whole_number(inner)) is None:
            return None
        holder, key = found
        values = [holder[key], *(self.rng.randint(1, 4) for _ in range(self.rng.randint(1, 2)))]
        holder[key] = "$n"
        merge = self.merge([f"paths[{index}]" for index in range(len(values))])
        return {"Parallel": {"each": {"n": values}, "layers": inner, "merge": merge}}

    def repeat(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        inner = self.list(place.inside(items, lambda i: i), self.rng.randint(1, 2), 0)
        if not inner:
            return None
        if self.rng.random() < 0.5 and (found := whole_number(inner)) is not None:
            holder, key = found
            holder[key], values = "$n", [holder[key], self.rng.randint(1, 4)]
            return {"Repeat": {"each": {"n": values}, "layers": inner}}
        return {"Repeat": {"times": self.rng.randint(0, 3), "layers": inner}}

    def block(self, place: Place, items: list[Item], x: TensorType, nesting: int) -> Item | None:
        """A use of a block; a new one is drawn for the place."""
        if self.blocks and self.rng.random() < 0.4:
            return self.rng.choice(sorted(self.blocks))
        inner = self.list(place.inside(items, lambda i: i), self.rng.randint(1, 2), 0)
        if not inner:
            return None
        name = f"block{len(self.blocks) + 1}"
        self.blocks[name] = {"layers": inner}
        if (found := whole_number(inner)) is not None:
            holder, key = found
            self.blocks[name]["parameters"] = {"n": holder[key]}
            holder[key] = "$n"
            return {name: {"n": self.rng.randint(1, 4)}} if self.rng.random() < 0.5 else name
        return name

    def merge(self, inputs: list[str]) -> dict[str, Any]:
        """A strategy or layer that brings inputs together."""
        rng = self.rng
        if rng.random() < 0.2:
            layer = rng.choice(
                ["Subtract", "Minimum", "Attention", "Add", "Multiply", {"Dot": {"axes": -1}}, {"Concatenate": {"axis": 1}}]
            )
            if rng.random() < 0.15:
                layer = {"MultiHeadAttention": {"num_heads": 2, "key_dim": 2}}
            return {"layer": layer, **self.broadcast()}
        strategy = rng.choice(STRATEGIES)
        found: dict[str, Any] = {"strategy": strategy}
        if strategy == "bilinear" or rng.random() < 0.35:
            found["units"] = rng.choice([2, 4, 6])
        if strategy == "concat" and rng.random() < 0.2:
            found["axis"] = rng.choice([1, -1, 2])
        if strategy in ("attention", "cross_attention") and rng.random() < 0.5:
            found["num_heads"] = rng.choice([1, 2])
            found["key_dim"] = rng.choice([2, 3])
        if strategy == "attention" and rng.random() < 0.5:
            found["pool"] = rng.choice(["mean", "max", "concat", "none"])
        if strategy == "cross_attention":
            found["query"] = rng.choice(inputs)
            return found
        return {**found, **self.broadcast()}

    def broadcast(self) -> dict[str, Any]:
        return {"broadcast": True} if self.rng.random() < 0.2 else {}


def _sliced(rng: Random, x: TensorType) -> dict[str, Any]:
    """One position of an axis, or a range that has some."""
    found: dict[str, Any] = {"axis": rng.choice([*range(1, x.rank + 1), -1]), "start": None, "stop": None, "step": None}
    if rng.random() < 0.5:
        return {**found, "index": rng.choice([0, -1, 1])}
    bounds = {
        key: each for key, each in (("start", rng.choice([0, 1, -2])), ("stop", rng.choice([None, 2, 4, -1]))) if each is not None
    }
    return {**found, "index": None, **bounds, **({"step": 2} if rng.random() < 0.3 else {})}


def whole_number(value: Any) -> tuple[Any, Any] | None:
    """The first positive integer in layers, as its holder and key."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        if isinstance(each, int) and not isinstance(each, bool) and each > 0 and isinstance(key, str):
            return value, key
        if (found := whole_number(each)) is not None:
            return found
    return None
