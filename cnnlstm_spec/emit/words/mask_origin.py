"""Where the mask of an output comes from, in words of the spec."""

from __future__ import annotations

from ...ir.graph import TypedGraph
from ...ir.tensor import Mask, TensorType
from ...ops.input import InputOp
from ...text.source import format_path


def find_mask_origin(type: TensorType, graph: TypedGraph) -> str | None:
    """What says which steps are real: `branches.video.input.padding_value`, or the path of a layer; several with ` & `.

    Inside `TimeDistributed` it is the mask of the outermost axis that has one.
    """
    masks: list[Mask | None] = [*(mask for _, mask in type.outer), type.mask]
    mask = next((mask for mask in masks if mask is not None), None)
    if mask is None:
        return None
    origins = []
    for id in sorted(mask.sources):
        node = graph.nodes[id].node
        key = f".input.{node.op.mask_by}" if isinstance(node.op, InputOp) else ""
        origins.append(format_path(node.origin.address) + key)
    return " & ".join(origins)
