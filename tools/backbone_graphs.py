"""Every model of `keras.applications` as a layer graph, read from Keras; `tools/backbones.py` is the command.

Models are built in a stateless scope, so that no weight is ever allocated, downloaded or loaded.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras.src.applications import imagenet_utils, mobilenet_v3
from keras.src.utils import file_utils

from cnnlstm_spec.ops.backbones.arguments import COUNTED, INPUT

NAMES = tuple(name for name in dir(keras.applications) if name[0].isupper())
"""The constructors of `keras.applications`."""
NARROW = 0.01
"""An `alpha` at which all blocks of a MobileNetV2 or V3 are 8 channels wide, so that every residual exists."""


@dataclass(frozen=True)
class Node:
    """One layer or operation of a graph; `inputs` are names of operations, `path` begins or ends in the layer's name."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    path: str
    parameters: tuple[Any, ...]


class Seen:
    """What patched functions of `keras.applications` were called with while a model was built."""

    default_side = 224
    min_side = 32
    expansions: ClassVar[dict[int, float]] = {}
    parity_as_unknown = False


class Padding(tuple[tuple[int, int], tuple[int, int]]):
    """A padding that came from `correct_pad`."""

    kernel: int


def patch() -> None:
    """Record what constructors compute, and keep them from fetching or loading weights."""
    real_pad, real_shape = imagenet_utils.correct_pad, imagenet_utils.obtain_input_shape
    real_block, real_init = mobilenet_v3._inverted_res_block, keras.layers.ZeroPadding2D.__init__

    def correct_pad(inputs: Any, kernel_size: Any) -> Padding:
        kernel = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
        least = (kernel // 2 - 1, kernel // 2)
        padding = Padding((least, least) if Seen.parity_as_unknown else real_pad(inputs, kernel_size))
        padding.kernel = kernel
        return padding

    def obtain_input_shape(input_shape: Any, default_size: int, min_size: int, **rest: Any) -> Any:
        Seen.default_side, Seen.min_side = default_size, min_size
        return real_shape(input_shape, default_size=default_size, min_size=min_size, **rest)

    def block(x: Any, expansion: float, *rest: Any) -> Any:
        Seen.expansions[rest[-1]] = expansion
        return real_block(x, expansion, *rest)

    def get_file(name: str, *args: Any, **rest: Any) -> str:
        if "other" in name:
            raise ValueError(f"there is no file {name}")
        return name

    def init(self: Any, padding: Any = (1, 1), **rest: Any) -> None:
        real_init(self, padding=padding, **rest)
        self.parity_kernel = getattr(padding, "kernel", 0)

    imagenet_utils.correct_pad = correct_pad
    imagenet_utils.obtain_input_shape = obtain_input_shape
    mobilenet_v3._inverted_res_block = block
    keras.layers.ZeroPadding2D.__init__ = init
    file_utils.get_file = get_file
    file_utils.exists = lambda path: str(path).startswith("there")
    keras.Model.load_weights = lambda self, *args, **rest: None


def build(name: str, /, **args: Any) -> Any:
    """A model whose auto-named layers are counted from the first, without values for its weights."""
    keras.backend.clear_session()
    Seen.default_side, Seen.min_side, Seen.expansions = 224, 32, {}
    with keras.StatelessScope(initialize_variables=False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(keras.applications, name)(**args)


def leaves(model: Any) -> Iterator[tuple[Any, tuple[str, ...], str]]:
    """Operation, names of the inputs, and the layer of the model, of each but the input, in Keras's order."""
    inner: dict[str, str] = {}
    for op in model.operations:
        if isinstance(op, keras.layers.InputLayer):
            continue
        tensors = op._inbound_nodes[-1].arguments.keras_tensors
        inputs = tuple(inner.get(t._keras_history.operation.name, t._keras_history.operation.name) for t in tensors)
        if not isinstance(op, keras.Sequential):
            yield op, inputs, op.name if isinstance(op, keras.Layer) else ""
            continue
        for layer in op.layers:
            yield layer, inputs, op.name
            inputs = (layer.name,)
        inner[op.name] = inputs[0]


def only(values: Any) -> Any:
    """The one value of a tuple of equal ones."""
    first, *rest = values
    assert all(v == first for v in rest), values
    return first


def describe(name: str, op: Any, arity: int, expansions: dict[int, float]) -> tuple[str, tuple[Any, ...]]:
    """A node's kind and parameters."""
    same = int(getattr(op, "padding", "valid") == "same")
    match type(op).__name__:
        case "Conv2D":
            assert op.dilation_rate == (1, 1)
            rule = width(name, op.name, op.filters, expansions)
            return "conv", (*op.kernel_size, only(op.strides), same, rule, op.groups, int(op.use_bias))
        case "DepthwiseConv2D":
            multiplier = 0 if name == "MobileNet" else op.depth_multiplier
            return "depthwise", (only(op.kernel_size), only(op.strides), same, multiplier, int(op.use_bias))
        case "SeparableConv2D":
            assert op.depth_multiplier == 1
            return "separable", (only(op.kernel_size), only(op.strides), same, op.filters, int(op.use_bias))
        case "Dense":
            assert op.use_bias
            return "dense", (width(name, op.name, op.units, expansions),)
        case "MaxPooling2D" | "AveragePooling2D":
            return "pool", (only(op.pool_size), only(op.strides), same)
        case "ZeroPadding2D" if op.parity_kernel:
            return "pad-by-parity", (op.parity_kernel,)
        case "ZeroPadding2D":
            return "pad", tuple(sum(side) for side in op.padding)
        case "Cropping2D":
            return "pad", tuple(-sum(side) for side in op.cropping)
        case "BatchNormalization":
            assert op.center
            return "batch-norm", (int(op.scale),)
        case "LayerNormalization":
            return "layer-norm", ()
        case "Normalization":
            return ("normalize" if op.weights else "if-preprocessing-rgb"), ()
        case "LayerScale":
            return "scale", ()
        case "Rescaling" if not name.startswith("EfficientNetB"):
            return "if-preprocessing", ()
        case "Rescaling":
            return ("if-imagenet" if isinstance(op.scale, list) else "same"), ()
        case "Dropout" if name.startswith("MobileNetV3"):
            return "if-dropout", ()
        case "Add" if arity == 2 and name.startswith(("MobileNetV2", "MobileNetV3")):
            return "add-if-equal", ()
        case "GlobalAveragePooling2D" | "GlobalMaxPooling2D":
            return ("point" if op.keepdims else "global-pool"), ()
        case "Reshape":
            return ("flatten" if len(op.target_shape) == 1 else "point"), ()
        case "Flatten":
            return "flatten", ()
        case "Concatenate":
            return "concat", ()
        case "Activation" | "ReLU" | "Dropout" | "Add" | "Multiply" | "CustomScaleLayer" | "StochasticDepth":
            return "same", ()
    raise NotImplementedError(f"{name}: {type(op).__name__} {op.name}")


def width(name: str, layer: str, number: int, expansions: dict[int, float]) -> Any:
    """A number of filters as a rule of `backbone_layers.WIDTHS`, where `classes` or `alpha` decides it."""
    if layer in ("predictions", "logits", "conv_preds") or layer.endswith("_head_dense"):
        return ["classes", 0]
    if name == "MobileNet":
        return ["cut", number]
    if name == "MobileNetV2":
        rules = {"Conv1": ["round", number], "Conv_1": ["widen", number]}
        return rules.get(layer) or (["times", 6] if layer.endswith("_expand") else ["cut-round", number])
    if not name.startswith("MobileNetV3") or layer == "conv":
        return number
    if layer.endswith("_expand"):
        return ["round-times", expansions[int(layer.split("_")[2])]]
    if layer.endswith("_project"):
        return ["round", number]
    if layer.endswith("excite_conv_1"):
        return ["like", layer.replace("excite_conv_1", "excite_avg_pool")]
    return {"conv_1": ["round-times", 6], "conv_2": ["widen", number]}.get(layer, ["round-times", 0.25])


def nodes(name: str, /, **args: Any) -> list[Node]:
    """A model's graph."""
    model, found = build(name, **args), []
    expansions = dict(Seen.expansions)
    assert model.layers[0].name == INPUT
    sizes = {op.name: prod(op.output.shape[1:]) for op in (model.operations[0], *(op for op, _, _ in leaves(model)))}
    for op, inputs, layer in leaves(model):
        kind, parameters = describe(name, op, len(inputs), expansions)
        if kind == "same" and len(inputs) > 1:
            inputs = tuple(sorted(inputs, key=lambda n: -sizes[n]))
        assert bool(COUNTED.fullmatch(layer)) == _is_counted(op, layer), layer
        inside = layer if layer == op.name else f"{layer}/{op.name}" if layer else ""
        path = op.weights[0].path.rpartition("/")[0] if getattr(op, "weights", ()) else inside
        path = re.sub(rf"\b{model.name}_", "~_", path) if name.startswith("ConvNeXt") else path
        found.append(Node(op.name, kind, inputs, path, parameters))
    return found


def _is_counted(op: Any, layer: str) -> bool:
    """Whether Keras has named a layer by its class, and counts such names up in a process."""
    word = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(op).__name__)).lower()
    return re.fullmatch(rf"{word}(_\d+)?", layer) is not None


def merged(wide: list[Node], narrow: list[Node]) -> list[Node]:
    """A graph with the residuals of both; each is left out again where its inputs differ in channels."""
    found, other = list(wide), {node.name: node for node in narrow}
    adds = {node.name for node in (*wide, *narrow) if node.kind == "add-if-equal"}
    for node in narrow:
        if node.name in adds and node.name not in {n.name for n in found}:
            found.insert([n.name for n in found].index(node.inputs[-1]) + 1, node)
    return [replace(n, inputs=_through(n, other.get(n.name, n), adds)) for n in found]


def _through(node: Node, other: Node, adds: set[str]) -> tuple[str, ...]:
    return tuple(b if b in adds else a for a, b in zip(node.inputs, other.inputs, strict=True))


def graph(name: str, /, **args: Any) -> dict[str, Any]:
    """The body all builds share, and the tails after it: with the top, without pooling, with each pooling."""
    side = backbone_side(name)
    weights = "imagenet" if name.startswith("EfficientNetB") else None
    variants: dict[str, dict[str, Any]] = {"top": {"include_top": True}}
    variants |= {str(p).lower(): {"include_top": False, "pooling": p} for p in (None, "avg", "max")}
    found: dict[str, list[Node]] = {}
    for key, variant in variants.items():
        sized = {**args, **variant, "weights": weights, "input_shape": (side, side, 3)}
        found[key] = nodes(name, **sized)
        if "alpha" in arguments(name) and name != "MobileNet":
            found[key] = merged(found[key], nodes(name, alpha=NARROW, **sized))
    shared = 0
    while len({repr(tail[shared : shared + 1]) for tail in found.values()}) == 1:
        shared += 1
    return {"body": numbered(found["none"], 0, shared)} | {k: numbered(v, shared, len(v)) for k, v in found.items()}


def numbered(graph: list[Node], first: int, last: int) -> list[list[Any]]:
    """Nodes as the evaluator reads them, numbered from 1; 0 is the input."""
    index = {node.name: i for i, node in enumerate(graph, 1)}
    rows = []
    for i, node in enumerate(graph[first:last], first):
        inputs = [index.get(n, 0) for n in node.inputs]
        values = [["like", index[v[1]] - 1] if isinstance(v, list) and v[0] == "like" else v for v in node.parameters]
        rows.append([node.kind, 0 if inputs == [i] else inputs, node.path, *values])
    return rows


def arguments(name: str) -> dict[str, Any]:
    """The constructor's arguments and defaults."""
    return {k: p.default for k, p in inspect.signature(getattr(keras.applications, name)).parameters.items()}


def backbone_side(name: str) -> int:
    """The side its ImageNet weights were trained at."""
    build(name, weights=None)
    return Seen.default_side


def preprocess_mode(name: str) -> str:
    """What the module's `preprocess_input` makes of black."""
    module = sys.modules[getattr(keras.applications, name).__module__]
    black = float(module.preprocess_input(np.zeros((1, 1, 1, 3), "float32"))[0, 0, 0, 0])
    return {"-103.939": "caffe", "-1.000": "tf", "-2.118": "torch", "0.000": "identity"}[f"{black:.3f}"]


def generate(name: str) -> str:
    """The text of a backbone's file."""
    facts: dict[str, Any] = {"default_side": backbone_side(name), "min_side": Seen.min_side}
    body = graph(name)
    facts["preprocess"] = preprocess_mode(name)
    facts["reads_parity"] = any(row[0] == "pad-by-parity" for row in body["body"])
    facts["arguments"] = list(arguments(name).items())
    facts["graph"] = body
    if "minimalistic" in arguments(name):
        facts["minimalistic"] = graph(name, minimalistic=True)
    lines = (f'"{key}":{json.dumps(value, separators=(",", ":"))}' for key, value in facts.items())
    return "{" + ",\n".join(lines) + "}\n"
