"""Shapes, weights and costs of the models in `keras.applications`, by walking their generated layer graphs.

Never imports Keras. A graph is a list of nodes `[kind, inputs, name, *parameters]`; node 0 is the input, `inputs` is a
list of node numbers, or 0 for the node before. The kinds are in `backbone_layers.KINDS`.

Sides are those of the images; where a height is known only at run time, or null in `input_shape`, padding is that of
Keras's build without a size. Call `check` first: of arguments it refuses, these functions make no promise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from math import prod
from typing import Any

from cnnlstm_spec.ir.size import Size
from cnnlstm_spec.ops.backbones.arguments import BACKBONES, Args, Facts, Problem, check, data, facts, is_prefixed, known_sides
from cnnlstm_spec.ops.backbones.layers import KINDS, Build, Shape, Step, Walk, Weight, channels_of

__all__ = ["BACKBONES", "Args", "Facts", "Problem", "Shape", "Weight"]
__all__ += ["activations", "check", "facts", "known_sides", "least_side", "macs", "output_shape", "weights"]

LARGE = 128
"""More than any least side."""


def output_shape(name: str, args: Args, height: Size, width: Size) -> Shape:
    """The backbone's output, batch implied: (height, width, channels), or (features,) after pooling or with the top."""
    return _trace(name, _build(name, args, height, width), height, width, 3).output


def least_side(name: str, args: Args, height: Size, width: Size) -> int:
    """The least height and width of images that the built model runs on, where Keras is not told both and checks none."""
    return _least_side(name, _build(name, args, height, width))


def weights(name: str, args: Args, height: Size, width: Size, channels: int) -> tuple[Weight, ...]:
    """Each weight, in the order of `model.weights`.

    A path is `layer/weight`; in ConvNeXt also `sequential/layer/weight`, in NASNet `scope/.../layer/weight`. Layers
    Keras names itself (`facts(name).auto_named`) have the name they get in a fresh process: `conv2d`, `conv2d_1`, ...
    counted from the backbone's first. The weight of ConvNeXt's layer scale is `variable`; Keras adds a number that
    depends on the process."""
    return _trace(name, _build(name, args, height, width), height, width, channels).weights


def macs(name: str, args: Args, height: Size, width: Size, channels: int) -> Size:
    """Multiply-adds for one image.

    A convolution has output positions x kernel height x kernel width x (input channels / groups) x filters; a
    depthwise one output positions x kernel x its output channels; a dense layer positions x inputs x units. Biases,
    norms, activations, pooling, scaling and merges count 0."""
    return _trace(name, _build(name, args, height, width), height, width, channels).macs


def activations(name: str, args: Args, height: Size, width: Size, channels: int) -> Size:
    """Elements for one image in the outputs of all layers and operations, without the input.

    Layers that compute nothing in inference (dropout, identity) count; a nested model counts as its layers."""
    return _trace(name, _build(name, args, height, width), height, width, channels).activations


@dataclass(frozen=True)
class Trace:
    """What a walk over a graph has found."""

    output: Shape
    weights: tuple[Weight, ...]
    macs: Size
    activations: Size


def _build(name: str, args: Args, height: Size, width: Size) -> Build:
    values: dict[str, Any] = facts(name).defaults | dict(args)
    top, pooling = bool(values["include_top"]), values["pooling"]
    return Build(
        top=top,
        pooling=pooling if pooling in ("avg", "max") and not top else "none",
        classes=values["classes"] if top else 0,
        alpha=values.get("alpha", 1.0),
        depth_multiplier=values.get("depth_multiplier", 1),
        minimalistic=bool(values.get("minimalistic", False)),
        preprocessing=bool(values.get("include_preprocessing", True)),
        dropout=values.get("dropout_rate", 1.0) > 0,
        imagenet=values["weights"] == "imagenet",
        sizeless=known_sides(args, height, width)[0] is None,
        prefix=(values["name"] or "") if is_prefixed(name) else "",
    )


def _steps(name: str, build: Build, height: Size, width: Size, channels: int) -> Iterator[tuple[str, Step]]:
    """The layers that a build has, in order, by name."""
    graph = data(name)["minimalistic" if build.minimalistic else "graph"]
    walk = Walk(build, channels, [(height, width, channels)])
    for node in (*graph["body"], *graph["top" if build.top else build.pooling]):
        inputs = [walk.shapes[i] for i in node[1] or (-1,)]
        step = KINDS[node[0]](node[3:], inputs, walk)
        walk.shapes.append(inputs[-1] if step is None else step.shape)
        if step is not None:
            yield node[2].replace("~", build.prefix), step


@lru_cache(maxsize=512)
def _trace(name: str, build: Build, height: Size, width: Size, channels: int) -> Trace:
    output: Shape = ()
    found: list[Weight] = []
    # Costs are kept per pair of sides, so that products of symbolic sides are formed once.
    costs: dict[Shape, int] = {}
    sizes: dict[Shape, int] = {}
    for layer, step in _steps(name, build, height, width, channels):
        output = step.shape
        sides = output[:-1]
        if step.macs:
            costs[sides] = costs.get(sides, 0) + step.macs
        sizes[sides] = sizes.get(sides, 0) + channels_of(output)
        found += [(f"{layer}/{weight}", shape, trainable) for weight, shape, trainable in step.weights]
    return Trace(output, tuple(found), _total(costs), _total(sizes))


@cache
def _least_side(name: str, build: Build) -> int:
    return bisect_left(range(LARGE), True, key=lambda side: _leaves_something(name, build, side))


def _leaves_something(name: str, build: Build, side: int) -> bool:
    """Whether every layer of a build has a position left on square images of that side."""
    steps = _steps(name, build, side, side, 3)
    return all(size >= 1 for _, step in steps for size in step.shape[:-1] if isinstance(size, int))


def _total(costs: dict[Shape, int]) -> Size:
    total: Size = 0
    for sides, cost in costs.items():
        total = total + prod(sides) * cost
    return total
