"""Whether what stands in padded steps reaches the predictions of an accepted spec of which no warning says so."""

from __future__ import annotations

from typing import Any

import numpy

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.graph import TypedNode
from cnnlstm_spec.ir.tensor import Mask
from cnnlstm_spec.ops.input import InputOp
from fuzz import data

SAID = frozenset({"mask-lost", "mask-unread", "mask-made-twice", "batchnorm-over-padding", "no-effect"})
"""Warnings after which padding may count."""
WITHIN = 1e-4
"""Of the greatest value, or of 1."""


def leak(spec: dict[str, Any], compilation: Compilation, sizes: dict[str, int], model: Any) -> str | None:
    """How predictions at real steps differ where padded steps hold other values; None where they do not, or where all is said."""
    masked = {name: each["input"]["mask_input"] for name, each in spec["branches"].items() if "mask_input" in each["input"]}
    typed = compilation.typed
    if not masked or typed is None or "stateful" in str(spec) or SAID & {each.code.name for each in compilation.diagnostics}:
        return None
    if any(mask.empties for node in typed.nodes.values() if node.type is not None and (mask := node.type.mask) is not None):
        # A range of steps may leave a sample none that is real; of such a one all are read.
        return None
    given = data.inputs(spec, sizes, zeros=False)
    other = given | {name: _changed(given[name], given[mask]) for name, mask in masked.items()}
    try:
        # Not left to Keras: an image layer whose `training` is true unless told otherwise makes later layers train.
        first, second = (model(data.fed(each), training=False) for each in (given, other))
    except Exception:
        # Of such values a table, or the device, lacks something; a batch that must run has been run before.
        return None
    sources = {node.node.id: masked[node.node.op.branch] for node in typed.nodes.values() if _makes(node, masked)}
    for head, id in typed.graph.outputs.items():
        x = typed.nodes[id].inputs[0]
        assert x is not None
        real = _real(x.mask, sources, given)
        if real is None:
            continue
        one, two = (numpy.asarray(each if typed.graph.single_head else each[head], "float64") for each in (first, second))
        one, two = (each if real is True else each[real] for each in (one, two))
        apart = numpy.abs(numpy.nan_to_num(one) - numpy.nan_to_num(two)).max(initial=0.0)
        if apart > WITHIN * max(1.0, numpy.abs(numpy.nan_to_num(one)).max(initial=0.0)):
            return f"`{head}` differs by {apart:.2g} where padded steps hold other values"
    return None


def _makes(node: TypedNode, masked: dict[str, str]) -> bool:
    return isinstance(node.node.op, InputOp) and node.node.op.branch in masked


def _changed(values: Any, real: Any) -> Any:
    """Other values of the dtype at the padded steps."""
    if values.dtype == bool:
        other = ~values
    elif values.dtype.kind in "iu":
        other = (values + 1) % 4
    else:
        other = values + 3
    return numpy.where(real.reshape(*real.shape, *[1] * (values.ndim - 2)), values, other.astype(values.dtype))


def _real(mask: Mask | None, sources: dict[str, str], given: dict[str, Any]) -> Any:
    """The real steps of an output, True where all are; None where they rest on other masks than those that are fed."""
    if mask is None:
        return True
    found = None
    for id, flipped in mask.terms:
        if id not in sources:
            return None
        steps = given[sources[id]][:, ::-1] if flipped else given[sources[id]]
        found = steps if found is None else found & steps
    return found
