"""What each kind of layer in a backbone's graph gives, holds and costs. Never imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from cnnlstm_spec.ir.size import Expr, Size

from ...text.frozen import dataclass

Shape = tuple[Size, ...]
"""(height, width, channels), or (features,)."""

Weight = tuple[str, tuple[int, ...], bool]
"""Path inside the backbone, shape, and whether it is trainable."""


@dataclass(frozen=True)
class Build:
    """What of a backbone's arguments changes its graph."""

    top: bool
    pooling: str
    classes: int
    alpha: float
    depth_multiplier: int
    minimalistic: bool
    preprocessing: bool
    dropout: bool
    imagenet: bool
    sizeless: bool
    prefix: str


@dataclass(frozen=True)
class Walk:
    """Where a walk stands: the build, the image's channels and the outputs of the nodes so far."""

    build: Build
    channels: int
    shapes: list[Shape]


@dataclass(frozen=True, slots=True)
class BackboneStep:
    """A layer's output, its weights without the layer's name, and its multiply-adds for one output position."""

    shape: Shape
    weights: tuple[Weight, ...] = ()
    macs: int = 0


def count_channels(shape: Shape) -> int:
    """The size of the last axis, which every graph knows."""
    count = shape[-1]
    if not isinstance(count, int):
        raise ValueError("a flattened image of unknown size has no number of features")
    return count


def _slide(side: Size, kernel: int, stride: int, same: int) -> Size:
    """How many positions a window has along a side; of two equal forms, the one that nests into itself."""
    if same:
        return side if stride == 1 else (side - 1) // stride + 1
    whole = side - kernel + stride
    if isinstance(whole, Expr) and () not in whole.terms:
        return whole // stride
    return (side - kernel) // stride + 1


def _slide_image(image: Shape, kernel: tuple[int, int], stride: int, same: int) -> Shape:
    return _slide(image[0], kernel[0], stride, same), _slide(image[1], kernel[1], stride, same)


def _count_filters(rule: Any, inputs: int, walk: Walk) -> int:
    """How many filters a layer has: a number, or `[rule, number]` in a model of variable width."""
    if isinstance(rule, int):
        return rule
    word, number = rule
    return WIDTHS[word](number, inputs, walk)


def _widen(number: int, inputs: int, walk: Walk) -> int:
    return number if walk.build.alpha <= 1 else _round(number * walk.build.alpha)


def _round(width: float) -> int:
    """The multiple of 8 nearest to a width, at least 8, and not below 90% of it."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


WIDTHS: dict[str, Callable[[Any, int, Walk], int]] = {
    "classes": lambda number, inputs, walk: walk.build.classes,
    "cut": lambda number, inputs, walk: int(number * walk.build.alpha),
    "round": lambda number, inputs, walk: _round(number * walk.build.alpha),
    "cut-round": lambda number, inputs, walk: _round(int(number * walk.build.alpha)),
    "widen": _widen,
    "times": lambda number, inputs, walk: number * inputs,
    "round-times": lambda number, inputs, walk: _round(inputs * number),
    "like": lambda number, inputs, walk: count_channels(walk.shapes[number]),
}
"""Rules for filters, from a number, the layer's input channels and `alpha`; `like` reads another node's channels."""


def _make_bias(units: int, bias: int) -> tuple[Weight, ...]:
    return (("bias", (units,), True),) if bias else ()


def _make_conv(p: Sequence[Any], inputs: list[Shape], walk: Walk) -> BackboneStep:
    rows, columns, stride, same, rule, groups, bias = p
    read = count_channels(inputs[0])
    filters = _count_filters(rule, read, walk)
    kernel = (rows, columns, read // groups, filters)
    shape = (*_slide_image(inputs[0], (rows, columns), stride, same), filters)
    return BackboneStep(shape, (("kernel", kernel, True), *_make_bias(filters, bias)), prod(kernel))


def _make_depthwise(p: Sequence[int], inputs: list[Shape], walk: Walk) -> BackboneStep:
    side, stride, same, multiplier, bias = p
    kernel = (side, side, count_channels(inputs[0]), multiplier or walk.build.depth_multiplier)
    filters = kernel[2] * kernel[3]
    shape = (*_slide_image(inputs[0], (side, side), stride, same), filters)
    return BackboneStep(shape, (("kernel", kernel, True), *_make_bias(filters, bias)), prod(kernel))


def _make_separable(p: Sequence[int], inputs: list[Shape], walk: Walk) -> BackboneStep:
    side, stride, same, filters, bias = p
    deep = (side, side, count_channels(inputs[0]), 1)
    point = (1, 1, deep[2], filters)
    kernels = (("depthwise_kernel", deep, True), ("pointwise_kernel", point, True))
    shape = (*_slide_image(inputs[0], (side, side), stride, same), filters)
    return BackboneStep(shape, (*kernels, *_make_bias(filters, bias)), prod(deep) + prod(point))


def _make_dense(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    read = count_channels(inputs[0])
    units = _count_filters(p[0], read, walk)
    found = (("kernel", (read, units), True), ("bias", (units,), True))
    return BackboneStep((*inputs[0][:-1], units), found, read * units)


def _make_pool(p: Sequence[int], inputs: list[Shape], walk: Walk) -> BackboneStep:
    side, stride, same = p
    return BackboneStep((*_slide_image(inputs[0], (side, side), stride, same), inputs[0][2]))


def _pad(p: Sequence[int], inputs: list[Shape], walk: Walk) -> BackboneStep:
    return BackboneStep((inputs[0][0] + p[0], inputs[0][1] + p[1], inputs[0][2]))


def _pad_by_parity(p: Sequence[int], inputs: list[Shape], walk: Walk) -> BackboneStep:
    """`imagenet_utils.correct_pad`: one less where a side is even, or where the height is not known."""
    height, width, channels = inputs[0]
    least = p[0] // 2 * 2 - 1
    if walk.build.sizeless:
        return BackboneStep((height + least, width + least, channels))
    return BackboneStep((height + least + height - height // 2 * 2, width + least + width - width // 2 * 2, channels))


def _make_batch_norm(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    shape = (count_channels(inputs[0]),)
    scale = (("gamma", shape, True),) if p[0] else ()
    rest = (("beta", shape, True), ("moving_mean", shape, False), ("moving_variance", shape, False))
    return BackboneStep(inputs[0], (*scale, *rest))


def _make_layer_norm(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    shape = (count_channels(inputs[0]),)
    return BackboneStep(inputs[0], (("gamma", shape, True), ("beta", shape, True)))


def _normalize(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    shape = (count_channels(inputs[0]),)
    return BackboneStep(inputs[0], (("mean", shape, False), ("variance", shape, False), ("count", (), False)))


def _scale(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    return BackboneStep(inputs[0], (("variable", (count_channels(inputs[0]),), True),))


def _keep_shape(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    return BackboneStep(inputs[0])


def _make_concat(p: Sequence[object], inputs: list[Shape], walk: Walk) -> BackboneStep:
    return BackboneStep((*inputs[0][:-1], sum(count_channels(shape) for shape in inputs)))


def _make_optional(present: Callable[[Walk, list[Shape]], bool]) -> Kind:
    """An elementwise layer that a build has or leaves out; left out, its last input passes on."""
    return lambda p, inputs, walk: BackboneStep(inputs[0]) if present(walk, inputs) else None


Kind = Callable[[Sequence[Any], list[Shape], Walk], BackboneStep | None]

KINDS: dict[str, Kind] = {
    "conv": _make_conv,
    "depthwise": _make_depthwise,
    "separable": _make_separable,
    "dense": _make_dense,
    "pool": _make_pool,
    "pad": _pad,
    "pad-by-parity": _pad_by_parity,
    "batch-norm": _make_batch_norm,
    "layer-norm": _make_layer_norm,
    "normalize": _normalize,
    "scale": _scale,
    "same": _keep_shape,
    "concat": _make_concat,
    "flatten": lambda p, inputs, walk: BackboneStep((prod(inputs[0]),)),
    "global-pool": lambda p, inputs, walk: BackboneStep((inputs[0][2],)),
    "point": lambda p, inputs, walk: BackboneStep((1, 1, inputs[0][-1])),
    "add-if-equal": _make_optional(lambda walk, inputs: inputs[0][-1] == inputs[1][-1]),
    "if-preprocessing": _make_optional(lambda walk, inputs: walk.build.preprocessing),
    "if-preprocessing-rgb": _make_optional(lambda walk, inputs: walk.build.preprocessing and walk.channels == 3),
    "if-imagenet": _make_optional(lambda walk, inputs: walk.build.imagenet),
    "if-dropout": _make_optional(lambda walk, inputs: walk.build.dropout),
}
