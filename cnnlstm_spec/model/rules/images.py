"""An image that was to become a vector before the last `Dense`, and did not."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...ir.op import Op
from ...ops.input import InputOp
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from .common import find_title

DENSE_ON_IMAGE = Code("dense-on-image", "warning", "`Dense` on {given} gives an output for every pixel")


def check_images(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """The first of the last `Dense` layers of each head whose output still has a height and a width."""
    if spec.targets:
        return
    for id in typed.graph.outputs.values():
        output = typed.nodes[id]
        if output.type is None or not {"height", "width"} <= {axis.name for axis in output.type.axes}:
            continue
        first = None
        step = output
        while step.node.op is not None and _keeps_places(step.node.op) and step.inputs[0] is not None:
            given = step.inputs[0]
            if find_title(step.node.op) == "Dense" and given.rank > 2:
                first = (step, given)
            step = typed.nodes[step.node.inputs[0]]
        if first is None:
            continue
        dense, given = first
        if given.meaning.channels_first:
            # That is a row of pixels to it, which is told by itself.
            continue
        source = Label(step.node.origin.place, f"gives {given} here") if not isinstance(step.node.op, InputOp) else None
        help: tuple[str, ...] = (
            "put `Flatten` or `GlobalAveragePooling2D` before it, for an output for the image",
            "for an output for every pixel, write `Conv2D` with `kernel_size: 1`",
        )
        labels = (*((source,) if source else ()), *dense.node.origin.uses)
        yield Diagnostic(DENSE_ON_IMAGE, dense.node.origin.place, {"given": given}, labels=labels, help=help)


def _keeps_places(op: Op) -> bool:
    """Whether height and width come out of it as they came in, and no neighbour is looked at."""
    return op.passes_on or op.last_axis_only or op.is_batch_norm or op.statistics == "axis"
