"""A naive reading of a spec into Keras: layers by name with the arguments as written, wrapped one by one over time.

Knows nothing of the compiler: no inference, no folding, no masks handed over. What it cannot say in Keras's words, such
as a strategy of ours, raises Unreadable; anything else that is raised is Keras's own failure.
"""

from __future__ import annotations

import copy
from inspect import isfunction
from typing import Any

import keras
import numpy

from fuzz.files import folder_of
from fuzz.ours import OURS
from fuzz.own import OWN

ATTEND_ALONE = {"MultiHeadAttention", "GroupQueryAttention"}
NESTED = {"layer", "backward_layer"}
FAMILIES = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}
MERGES = {"add": "Add", "average": "Average", "maximum": "Maximum", "multiply": "Multiply"}
CONVOLUTIONS = {1: "Conv1D", 2: "Conv2D", 3: "Conv3D"}
COLORS = tuple(
    getattr(keras.layers, f"Random{name}") for name in ("Hue", "Saturation", "ColorJitter", "Grayscale", "ColorDegeneration")
)
"""Layers that read each pixel by itself, of three channels."""
MIXING = tuple(
    getattr(keras.layers, name)
    for name in ("CutMix", "MixUp", "AugMix", "RandAugment", "RandomElasticTransform", "RandomErasing")
)
IMAGE_LAYERS = (keras.layers.RandomFlip.__mro__[1], keras.layers.Resizing, keras.layers.CenterCrop)
PLAIN = ("jit_compile", "steps_per_execution", "auto_scale_loss")


class Unreadable(Exception):
    """What is written has no plain counterpart in Keras."""


def read(spec: dict[str, Any]) -> Any:
    """The Keras model of the spec, compiled where it says so."""
    section = spec.get("compile") or {}
    keras.config.set_dtype_policy(section.get("dtype_policy", "float32"))
    try:
        return _Reading(spec).model()
    finally:
        keras.config.set_dtype_policy("float32")


class _Reading:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.values: dict[str, Any] = {}
        self.shared: dict[Any, Any] = {}
        self.heads: dict[str, Any] = spec.get("heads") or {"head": spec.get("head")}
        self.last: Any = None
        self.area = ""

    def model(self) -> Any:
        inputs: dict[str, Any] = {}
        for name, branch in self.spec["branches"].items():
            given = branch["input"]
            shape = [None if isinstance(size, str) else size for size in given.get("shape", ())]
            dtype = given.get("dtype") or {"tokens": "int32", "text": "string"}.get(given["kind"], "float32")
            inputs[name] = keras.Input(shape, dtype=dtype, name=name)
            if given.get("mask_input") and given["mask_input"] not in inputs:
                inputs[given["mask_input"]] = keras.Input(shape[:1], dtype="bool", name=given["mask_input"])
        for name in self.spec["branches"]:
            self.values[name] = self.branch(name, inputs[name])
        self.last = self.fusions()
        outputs = {name: self.output(name) for name in self.heads}
        if not self.spec.get("heads"):
            outputs = outputs["head"]
        model = keras.Model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())), outputs)
        if self.spec.get("compile") is not None:
            self.compile(model)
        return model

    def branch(self, name: str, x: Any) -> Any:
        branch = self.spec["branches"][name]
        giver = branch.get("share_layers_with")
        if giver is not None:
            x = self.within(name, self.spec["branches"][giver].get("layers") or [], x, ("branch", giver))
        return self.within(name, branch.get("layers") or [], x, ("branch", name))

    def within(self, area: str, items: list[Any], x: Any, shared: Any = None) -> Any:
        """The layers of a branch, fusion or head, whose named ones can be read."""
        before, self.area = self.area, area
        try:
            return self.layers(items, x, shared)
        finally:
            self.area = before

    def output(self, name: str) -> Any:
        x = self.reference(f"heads.{name}")
        # Without layers a head gives what it reads, in the dtype of that.
        return keras.layers.Identity(name=name, dtype=x.dtype if "float" in x.dtype else None)(x)

    def head(self, name: str) -> Any:
        """What a head gives; others may read it before it is a turn of its own."""
        head, last = self.heads[name], self.last
        if isinstance(head, dict):
            names = head["inputs"]
            last = self.merge(_merge_keys(head), [self.reference(each) for each in names], names, 0)
            head = head.get("layers")
        return self.within(f"heads.{name}", head or [], last)

    def reference(self, name: str) -> Any:
        head = name.split(".")[1] if name.startswith("heads.") else None
        if head in self.heads and f"heads.{head}" not in self.values:
            self.values[f"heads.{head}"] = self.head(head)
        if name not in self.values:
            raise Unreadable(name)
        return self.values[name]

    def fusions(self) -> Any:
        written = self.spec.get("fusion")
        if written is None:
            return next(reversed(self.values.values()))
        last = None
        for fusion in written if isinstance(written, list) else [written]:
            names = fusion.get("inputs") or list(self.spec["branches"])
            last = self.merge(_merge_keys(fusion), [self.reference(name) for name in names], names, 0)
            last = self.within(fusion.get("name", "fusion"), fusion.get("layers") or [], last)
            self.values[fusion.get("name", "fusion")] = last
        return last

    def merge(self, fusion: Any, inputs: list[Any], names: list[str], depth: int) -> Any:
        """Several inputs to one; within `TimeDistributed` only what does not depend on the depth."""
        fusion = {"strategy": fusion} if isinstance(fusion, str) else dict(fusion)
        if not fusion and len(inputs) == 1:
            return inputs[0]
        if fusion.get("broadcast"):
            raise Unreadable("broadcast")
        strategy = fusion.get("strategy")
        share = fusion.get("share")
        if "units" in fusion and strategy != "bilinear":
            inputs = [self.kept(share, index, "Dense", {"units": fusion["units"]})(x) for index, x in enumerate(inputs)]
        if strategy is None:
            if depth:
                raise Unreadable("layer over time")
            ((name, arguments),) = _named(fusion["layer"]).items()
            called = {"use_causal_mask": True} if (arguments or {}).get("use_causal_mask") else {}
            layer = self.kept(
                share, name, name, {key: each for key, each in (arguments or {}).items() if key != "use_causal_mask"}
            )
            return layer(*inputs, **called) if name in ATTEND_ALONE else layer(inputs, **called)
        if strategy == "concat":
            axis = fusion.get("axis", -1)
            if len(inputs) == 1:
                return inputs[0]
            return keras.layers.Concatenate(axis=axis + depth if axis > 0 else axis)(inputs)
        if strategy not in MERGES:
            raise Unreadable(strategy)
        return inputs[0] if len(inputs) == 1 else getattr(keras.layers, MERGES[strategy])()(inputs)

    def kept(self, share: str | None, place: Any, name: str, arguments: dict[str, Any]) -> Any:
        """A layer of a fusion: the one that is there already, where it shares."""
        if share is None:
            return make(name, arguments)
        return self.shared.setdefault((share, place), make(name, arguments))

    def layers(self, items: list[Any], x: Any, shared: Any, depth: int = 0, variables: dict[str, Any] | None = None) -> Any:
        variables = variables or self.spec.get("vars", {})
        for index, item in enumerate(items):
            inner = None if shared is None else (*shared, index)
            item = _replaced(item, variables) if isinstance(item, str) else item
            if isinstance(item, list):
                x = self.layers(item, x, inner, depth, variables)
            else:
                x = self.item(item, x, inner, depth, variables)
        return x

    def item(self, item: Any, x: Any, shared: Any, depth: int, variables: dict[str, Any]) -> Any:
        ((name, arguments),) = _named(item).items()
        if name == "Repeat":
            return self.repeat(arguments, x, shared, depth, variables)
        arguments = _replaced(arguments, variables)
        if name == "TimeDistributed":
            inner = arguments if isinstance(arguments, list) else arguments.get("layers") or [arguments["layer"]]
            if x.shape[1 + depth] is None:
                raise Unreadable("TimeDistributed over an unknown axis")
            return self.layers(inner, x, shared, depth + 1, variables)
        if name == "Residual":
            given = self.layers(arguments["layers"], x, None if shared is None else (*shared, "path"), depth, variables)
            return keras.layers.Add()(
                [self.shortcut(arguments.get("shortcut", "identity"), x, given, shared, depth, variables), given]
            )
        if name == "Parallel":
            paths = {
                key: self.layers(path or [], x, None if shared is None else (*shared, key), depth, {**variables, **own})
                for key, path, own in _paths(arguments)
            }
            merged = self.merge(arguments["merge"], list(paths.values()), list(paths), depth)
            after = arguments["merge"].get("layers", []) if isinstance(arguments["merge"], dict) else []
            return self.layers(after, merged, None, depth, variables)
        block = self.spec.get("blocks", {}).get(name)
        if block is not None:
            parameters = {**block.get("parameters", {}), **(arguments or {})}
            return self.layers(block["layers"], x, shared, depth, {**variables, **parameters})
        return self.layer(name, dict(arguments or {}), x, shared, depth)

    def repeat(self, arguments: Any, x: Any, shared: Any, depth: int, variables: dict[str, Any]) -> Any:
        each = _replaced(arguments.get("each", {}), variables)
        times = arguments.get("times", len(next(iter(each.values()))) if each else 0)
        for index in range(times):
            own = {name: values[index] for name, values in each.items()}
            inner = None if shared is None else (*shared, f"round{index}")
            x = self.layers(arguments["layers"], x, inner, depth, {**variables, **own, "index": index})
        return x

    def shortcut(self, written: Any, x: Any, given: Any, shared: Any, depth: int, variables: dict[str, Any]) -> Any:
        if written == "identity":
            return x
        if written == "projection" or depth:
            raise Unreadable("projection")
        return self.layers(written or [], x, None if shared is None else (*shared, "shortcut"), depth, variables)

    def layer(self, name: str, arguments: dict[str, Any], x: Any, shared: Any, depth: int) -> Any:
        if name in OURS and arguments.get("axis") == 0:
            # What becomes of the batch is ours to say.
            raise Unreadable(name)
        key = arguments.pop("share", shared)
        called: dict[str, Any] = {"use_causal_mask": True} if arguments.pop("use_causal_mask", False) else {}
        if (states := arguments.pop("initial_state", None)) is not None:
            if depth:
                raise Unreadable("states over time")
            states = [states] if isinstance(states, str) else states
            if any("." in each for each in states):
                raise Unreadable("the states of a layer")
            called["initial_state"] = [self.reference(each) for each in states]
        given_name = arguments.pop("name", None) if name != "Op" or "function" in arguments else None
        y = self.call(name, arguments, called, x, key, depth)
        if given_name is not None and not depth:
            self.values[f"{self.area}.{given_name}"] = y
        return y

    def call(self, name: str, arguments: dict[str, Any], called: dict[str, Any], x: Any, key: Any, depth: int) -> Any:
        """What a layer gives, with those arguments of its call."""
        if name == "Op":
            if "function" not in arguments:
                return getattr(keras.ops, arguments["name"])(x)
            if depth:
                raise Unreadable("a function over time")
            given = {key: _value("", each) for key, each in arguments.items() if key not in ("function", "name")}
            return getattr(keras.ops, arguments["function"])(x, **given)
        if key is not None and key in self.shared:
            layer = self.shared[key]
        else:
            layer = make(name, arguments)
            for _ in range(depth):
                layer = keras.layers.TimeDistributed(layer)
            if key is not None:
                self.shared[key] = layer
        if depth and name in ("Attention", "AdditiveAttention", *ATTEND_ALONE):
            raise Unreadable("attention over time")
        if not depth and len(x.shape) == 5 and isinstance(layer, IMAGE_LAYERS) and None not in x.shape[2:]:
            return _on_clips(layer, x)
        if name in ATTEND_ALONE:
            return layer(x, x, **called)
        return layer([x, x], **called) if name in ("Attention", "AdditiveAttention") else layer(x, **called)

    def compile(self, model: Any) -> None:
        for layer in model._flatten_layers():
            # What holds other layers does not freeze those that it makes later, unless it is told anew.
            if not layer.trainable:
                layer.trainable = True
                layer.trainable = False
        section = self.spec["compile"]
        heads = self.spec.get("heads")
        losses = section.get("loss")
        measured = {key: section[key] for key in ("metrics", "weighted_metrics") if section.get(key)}
        arguments: dict[str, Any] = {key: section[key] for key in PLAIN if key in section}
        if "optimizer" in section:
            arguments["optimizer"] = _optimizer(section["optimizer"])
        if heads:
            if not all(isinstance(each, dict) and each.keys() <= heads.keys() for each in (losses, *measured.values())):
                raise Unreadable("one for all heads")
            arguments["loss"] = {head: None if loss is None else thing("losses", loss) for head, loss in losses.items()}
            for key, by_head in measured.items():
                arguments[key] = {head: [thing("metrics", each) for each in found] for head, found in by_head.items()}
            if section.get("loss_weights"):
                raise Unreadable("loss_weights")
        else:
            arguments["loss"] = thing("losses", losses)
            arguments |= {key: [thing("metrics", each) for each in found] for key, found in measured.items()}
        model.compile(**arguments)


def _merge_keys(written: dict[str, Any]) -> dict[str, Any]:
    """Of a fusion or head what says how its inputs become one."""
    return {key: value for key, value in written.items() if key not in ("name", "inputs", "layers")}


def _paths(arguments: dict[str, Any]) -> list[tuple[str, Any, dict[str, Any]]]:
    """The paths of a `Parallel`: name, layers, and variables of its own."""
    if "paths" in arguments:
        return [(name, path, {}) for name, path in arguments["paths"].items()]
    rounds = list(zip(*arguments["each"].values(), strict=True))
    own = [{**dict(zip(arguments["each"], values, strict=True)), "index": index} for index, values in enumerate(rounds)]
    return [(f"paths[{index}]", arguments["layers"], each) for index, each in enumerate(own)]


def make(name: str, arguments: dict[str, Any] | None) -> Any:
    """A layer of Keras by its name, with the arguments as written."""
    values = {key: _value(key, value) for key, value in (arguments or {}).items()}
    return (OURS.get(name) or getattr(keras.layers, name))(**values)


def _value(key: str, value: Any) -> Any:
    if isinstance(value, str) and value.count("/") == 1 and value.replace("/", "").replace(".", "").isdigit():
        top, bottom = value.split("/")
        return float(top) / float(bottom)
    if key in NESTED and not isinstance(value, keras.layers.Layer):
        ((name, inner),) = _named(value).items()
        return make(name, inner)
    if key == "weights" and isinstance(value, str):
        return numpy.load(folder_of(value) / value)
    if key.endswith("activation") and isinstance(value, str) and value in OWN:
        return OWN[value]
    family = next((family for ending, family in FAMILIES.items() if key.endswith(ending)), None)
    if family is not None and (isinstance(value, dict) or (isinstance(value, str) and value in OWN)):
        return thing(family, value)
    return tuple(_value("", each) for each in value) if isinstance(value, list) else value


def _on_clips(layer: Any, x: Any) -> Any:
    """A layer of images on clips, as a person brings it to change all frames alike; one that mixes images fails."""
    if isinstance(layer, MIXING) or getattr(layer, "data_format", "") == "channels_first":
        return layer(x)
    _, _, height, width, channels = x.shape
    if isinstance(layer, COLORS):
        return keras.layers.Reshape((-1, height, width, channels))(layer(keras.layers.Reshape((-1, width, channels))(x)))
    y = layer(keras.layers.Reshape((height, width, -1))(keras.layers.Permute((2, 3, 1, 4))(x)))
    return keras.layers.Permute((3, 1, 2, 4))(keras.layers.Reshape((*y.shape[1:3], -1, channels))(y))


def thing(family: str, written: Any) -> Any:
    """A loss, metric, initializer and so on; a class where one is so named, else the string itself."""
    ((name, arguments),) = _named(written).items()
    known = name in OWN or (hasattr(getattr(keras, family), name) and not name[:1].islower())
    if isinstance(written, str) and not known:
        return written
    found = OWN.get(name) or getattr(getattr(keras, family), name)
    return found if isfunction(found) else found(**{key: _value(key, value) for key, value in (arguments or {}).items()})


def _optimizer(written: Any) -> Any:
    ((name, arguments),) = _named(written).items()
    if isinstance(written, str):
        return written if name[:1].islower() else getattr(keras.optimizers, name)()
    values = dict(arguments or {})
    if isinstance(values.get("learning_rate"), dict):
        ((schedule, inner),) = values["learning_rate"].items()
        values["learning_rate"] = getattr(keras.optimizers.schedules, schedule)(**inner)
    return getattr(keras.optimizers, name)(**values)


def _named(item: Any) -> dict[str, Any]:
    if isinstance(item, str):
        return {item: None}
    if isinstance(item, dict) and len(item) == 1:
        return item
    raise Unreadable(repr(item))


def _replaced(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        if value[1:] not in variables:
            raise Unreadable(value)
        return copy.deepcopy(variables[value[1:]])
    if isinstance(value, dict):
        return {key: _replaced(each, variables) for key, each in value.items()}
    return [_replaced(each, variables) for each in value] if isinstance(value, list) else value
