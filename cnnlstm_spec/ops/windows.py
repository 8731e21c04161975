"""How windows move over axes: what is common to convolutions and poolings. Imports no family of layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..ir.inference import Inference, Refusal
from ..ir.size import Size, at_least, ceil_div
from ..ir.tensor import Axis, TensorType
from ..text.diagnostic import Code

KERNEL_LARGER = Code(
    "kernel-larger-than-input", "error", "`{layer}` needs at least {needed} along {axis}; {left} are left", sort="keras"
)

SPATIAL = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def name_window_axes(n: int, channels_first: bool) -> tuple[str, ...]:
    """The names of the axes that a layer of `n` spatial axes reads."""
    return ("channels", *SPATIAL[n]) if channels_first else (*SPATIAL[n], "channels")


def split(axes: Sequence[Axis], channels_first: bool) -> tuple[tuple[Axis, ...], Axis]:
    """The spatial axes and the channels."""
    return (tuple(axes[1:]), axes[0]) if channels_first else (tuple(axes[:-1]), axes[-1])


def join(spatial: Sequence[Axis], channels: Axis, channels_first: bool) -> tuple[Axis, ...]:
    """The inverse of `split`."""
    return (channels, *spatial) if channels_first else (*spatial, channels)


def slide(
    at: Inference,
    layer: str,
    axis: Axis,
    window: int,
    stride: int,
    padding: str,
    dilation: int = 1,
    argument: str = "kernel_size",
) -> Axis:
    """The axis after a window of `window` (dilated) positions has moved over it in steps of `stride`."""
    if padding != "valid":
        return Axis(axis.name, ceil_div(axis.size, stride))
    reach = dilation * (window - 1) + 1
    help = ("use `padding: same`", f"make `{argument}` smaller, or pool less before it")
    facts: dict[str, Any] = {"layer": layer, "needed": reach, "axis": axis.name, "left": axis.size}
    at.require(at_least(axis.size, reach), Refusal(KERNEL_LARGER, argument, help, **facts).add_fixes(padding="same"))
    return Axis(axis.name, (axis.size - reach) // stride + 1)


def count_positions(axes: Sequence[Axis]) -> Size:
    """How many positions the axes have together."""
    count: Size = 1
    for axis in axes:
        count = count * axis.size
    return count


def call_channels_first(x: TensorType, reads: tuple[str, ...] | None) -> TensorType:
    """The input of a layer that reads its channels first, whose axes were called as if they came last."""
    if reads is None or len(reads) != x.rank:
        return x
    *others, last = (axis.name for axis in x.axes)
    called = ["steps" if each == "frames" else each for each in others]
    if last not in ("channels", "features") or called != [each for each in reads if each != "channels"]:
        return x
    others.insert(reads.index("channels"), last)
    return replace(x, axes=tuple(replace(axis, name=name) for axis, name in zip(x.axes, others, strict=True)))
