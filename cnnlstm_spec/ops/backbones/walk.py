"""Shapes, weights and costs of the models in `keras.applications`, by walking their generated layer graphs.

Never imports Keras. A graph is a list of nodes `[kind, inputs, name, *parameters]`; node 0 is the input, `inputs` is a
list of node numbers, or 0 for the node before. The kinds are in `layers.KINDS`.

Sides are those of the images; where a height is known only at run time, or null in `input_shape`, padding is that of
Keras's build without a size. Call `check` first: of arguments it refuses, these functions make no promise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from math import prod
from typing import Any, NamedTuple

from cnnlstm_spec.ir.size import Size
from cnnlstm_spec.ops.backbones.arguments import (
    BACKBONES,
    COUNTED,
    Args,
    BackboneProblem,
    check,
    find_facts,
    find_known_sides,
    is_prefixed,
    load_data,
)
from cnnlstm_spec.ops.backbones.layers import KINDS, BackboneStep, Build, Shape, Walk, Weight, count_channels

from ...text.frozen import dataclass

__all__ = ["BACKBONES", "WHOLE", "Args", "BackboneProblem", "Shape", "Weight"]
__all__ += [
    "check",
    "count_activations",
    "find_facts",
    "find_kept_layers",
    "find_known_sides",
    "find_least_side",
    "infer_inner_shape",
    "is_counted",
    "list_layers",
]
__all__ += ["count_macs", "infer_output_shape", "list_norms", "list_weights", "trace"]

LARGE = 128
"""More than any least side."""
WHOLE: None = None
"""Stands for all of a backbone, where else stand the inner layers that are read of it."""
Reads = tuple[str, ...] | None
"""The inner layers that are read of a backbone, and without which no other is part of the model; None for all of it."""


def trace(name: str, args: Args, height: Size, width: Size, channels: int, reads: Reads = WHOLE) -> Iterator[Traced]:
    """The layers on which what is read of it rests, in their order."""
    build = _build(name, args, height, width)
    placed = _walk(name, build, height, width, channels)
    shapes: list[Shape] = [(height, width, channels)]
    for each in placed:
        shapes.append(shapes[each.inputs[-1]] if each.step is None else each.step.shape)
    walk = Walk(build, channels, shapes)
    for each in _iterate_kept(placed, reads):
        assert each.step is not None
        yield Traced(
            each.path, each.kind, each.step, tuple(shapes[index] for index in each.inputs), partial(_make_step, each, walk)
        )


def _make_step(placed: BackboneNode, walk: Walk, inputs: list[Shape]) -> BackboneStep | None:
    return KINDS[placed.kind](placed.parameters, inputs, walk)


def infer_output_shape(name: str, args: Args, height: Size, width: Size) -> Shape:
    """The backbone's output, batch implied: (height, width, channels), or (features,) after pooling or with the top."""
    return _trace(name, _build(name, args, height, width), height, width, 3, WHOLE).output


def infer_inner_shape(name: str, args: Args, height: Size, width: Size, channels: int, layer: str) -> Shape:
    """The output of one of its `layers`, batch implied."""
    placed = _walk(name, _build(name, args, height, width), height, width, channels)
    return next(each.step.shape for each in reversed(placed) if each.layer == layer and each.step is not None)


def list_layers(name: str, args: Args, channels: int) -> tuple[str, ...]:
    """The names of its layers, but for the input, in the order of Keras's `backbone.layers`: those of a fresh process."""
    side = find_facts(name).default_side
    return _list_layers(name, _build(name, args, side, side), channels)


def find_kept_layers(name: str, args: Args, channels: int, reads: Reads) -> tuple[str, ...]:
    """The `layers` that are left where nothing but some of them is read: those and what they rest on."""
    side = find_facts(name).default_side
    return _find_kept_layers(name, _build(name, args, side, side), channels, reads)


def list_norms(name: str, args: Args, channels: int) -> frozenset[str]:
    """Those of its `layers` that are batch norms."""
    side = find_facts(name).default_side
    return _find_norms(name, _build(name, args, side, side), channels)


def find_layer(name: str, path: str) -> str:
    """The one of its `layers` that has the weight of a path, or lies at it: a `Sequential`, or the last name."""
    return path.partition("/")[0] if is_prefixed(name) else path.rpartition("/")[2]


def is_counted(name: str, args: Args) -> bool:
    """Whether some of its layers have names that Keras counts up in a process: `conv2d_93`."""
    return any(COUNTED.fullmatch(each) for each in list_layers(name, args, 3))


def find_least_side(name: str, args: Args, height: Size, width: Size, reads: Reads = WHOLE) -> int:
    """The least height and width of images that the built model runs on, where Keras is not told both and checks none."""
    return _find_least_side(name, _build(name, args, height, width), reads)


def list_weights(name: str, args: Args, height: Size, width: Size, channels: int, reads: Reads = WHOLE) -> tuple[Weight, ...]:
    """Each weight, in the order of `model.weights`.

    A path is `layer/weight`; in ConvNeXt also `sequential/layer/weight`, in NASNet `scope/.../layer/weight`. Layers
    Keras names itself (`is_counted`) have the name they get in a fresh process: `conv2d`, `conv2d_1`, ...
    counted from the backbone's first. The weight of ConvNeXt's layer scale is `variable`; Keras adds a number that
    depends on the process."""
    return _trace(name, _build(name, args, height, width), height, width, channels, reads).weights


def count_macs(name: str, args: Args, height: Size, width: Size, channels: int, reads: Reads = WHOLE) -> Size:
    """Multiply-adds for one image.

    A convolution has output positions x kernel height x kernel width x (input channels / groups) x filters; a
    depthwise one output positions x kernel x its output channels; a dense layer positions x inputs x units. Biases,
    norms, activations, pooling, scaling and merges count 0."""
    return _trace(name, _build(name, args, height, width), height, width, channels, reads).macs


def count_activations(name: str, args: Args, height: Size, width: Size, channels: int, reads: Reads = WHOLE) -> Size:
    """Elements for one image in the outputs of all layers and operations, without the input.

    Layers that compute nothing in inference (dropout, identity) count; a nested model counts as its layers."""
    return _trace(name, _build(name, args, height, width), height, width, channels, reads).activations


@dataclass(frozen=True)
class Trace:
    """What a walk over a graph has found."""

    output: Shape
    weights: tuple[Weight, ...]
    macs: Size
    activations: Size


def _build(name: str, args: Args, height: Size, width: Size) -> Build:
    values: dict[str, Any] = find_facts(name).defaults | dict(args)
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
        sizeless=find_known_sides(args, height, width)[0] is None,
        prefix=(values["name"] or "") if is_prefixed(name) else "",
    )


class BackboneNode(NamedTuple):
    """A node of a graph: the layer of the backbone that it is, or lies in, and what it does; None where a build leaves it out."""

    layer: str
    path: str
    kind: str
    step: BackboneStep | None
    inputs: tuple[int, ...]
    parameters: tuple[Any, ...] = ()


class Traced(NamedTuple):
    """A layer that a build has, what it reads and does, and what it does on inputs that are given otherwise."""

    path: str
    kind: str
    step: BackboneStep
    inputs: tuple[Shape, ...]
    on: Callable[[list[Shape]], BackboneStep | None]


@lru_cache(maxsize=128)
def _walk(name: str, build: Build, height: Size, width: Size, channels: int) -> tuple[BackboneNode, ...]:
    """The nodes of a graph, in order; the first that they may read, by number, is the image, the next the first of them."""
    graph = load_data(name)["minimalistic" if build.minimalistic else "graph"]
    walk = Walk(build, channels, [(height, width, channels)])
    found = []
    for index, node in enumerate((*graph["body"], *graph["top" if build.top else build.pooling])):
        read = tuple(node[1] or (index,))
        inputs = [walk.shapes[i] for i in read]
        step = KINDS[node[0]](node[3:], inputs, walk)
        walk.shapes.append(inputs[-1] if step is None else step.shape)
        path = node[2].replace("~", build.prefix)
        found.append(
            BackboneNode(find_layer(name, path), path, node[0], step, read if step is not None else read[-1:], tuple(node[3:]))
        )
    return tuple(found)


def _iterate_kept(placed: tuple[BackboneNode, ...], reads: Reads) -> Iterator[BackboneNode]:
    """The nodes of a build that are there, and on which something that is read rests."""
    wanted = {len(placed)} if reads is None else set[int]()
    last = {each.layer: index for index, each in enumerate(placed, 1) if each.step is not None}
    wanted.update(last[layer] for layer in reads or () if layer in last)
    for index in range(len(placed), 0, -1):
        if index in wanted:
            wanted.update(placed[index - 1].inputs)
    return (each for index, each in enumerate(placed, 1) if index in wanted and each.step is not None)


def _place_nodes(name: str, build: Build, channels: int) -> tuple[BackboneNode, ...]:
    """The nodes for images of the side that the backbone is made for: which there are depends on no size."""
    side = find_facts(name).default_side
    return _walk(name, build, side, side, channels)


@lru_cache(maxsize=512)
def _list_layers(name: str, build: Build, channels: int) -> tuple[str, ...]:
    placed = _place_nodes(name, build, channels)
    return tuple(dict.fromkeys(each.layer for each in placed if each.step is not None and each.layer))


@lru_cache(maxsize=512)
def _find_kept_layers(name: str, build: Build, channels: int, reads: Reads) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.layer for each in _iterate_kept(_place_nodes(name, build, channels), reads) if each.layer))


@lru_cache(maxsize=512)
def _find_norms(name: str, build: Build, channels: int) -> frozenset[str]:
    return frozenset(
        each.layer for each in _place_nodes(name, build, channels) if each.step is not None and each.kind == "batch-norm"
    )


@lru_cache(maxsize=512)
def _trace(name: str, build: Build, height: Size, width: Size, channels: int, reads: Reads) -> Trace:
    output: Shape = ()
    found: list[Weight] = []
    # Costs are kept per pair of sides, so that products of symbolic sides are formed once.
    costs: dict[Shape, int] = {}
    sizes: dict[Shape, int] = {}
    for each in _iterate_kept(_walk(name, build, height, width, channels), reads):
        step = each.step
        assert step is not None
        output = step.shape
        sides = output[:-1]
        if step.macs:
            costs[sides] = costs.get(sides, 0) + step.macs
        sizes[sides] = sizes.get(sides, 0) + count_channels(output)
        found += [(f"{each.path}/{weight}", shape, trainable) for weight, shape, trainable in step.weights]
    return Trace(output, tuple(found), _sum_costs(costs), _sum_costs(sizes))


@cache
def _find_least_side(name: str, build: Build, reads: Reads) -> int:
    return bisect_left(range(LARGE), True, key=lambda side: _leaves_something(name, build, side, reads))


def _leaves_something(name: str, build: Build, side: int, reads: Reads) -> bool:
    """Whether every layer of a build has a position left on square images of that side."""
    steps = (each.step for each in _iterate_kept(_walk(name, build, side, side, 3), reads))
    return all(size >= 1 for step in steps if step is not None for size in step.shape[:-1] if isinstance(size, int))


def _sum_costs(costs: dict[Shape, int]) -> Size:
    total: Size = 0
    for sides, cost in costs.items():
        total = total + prod(sides) * cost
    return total
