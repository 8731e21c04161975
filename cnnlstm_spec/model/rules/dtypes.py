"""What a dtype lets a layer have: penalties, which Keras adds to a loss of float32, initial values, and fractions."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedNode
from ...ir.op import FLOATS, Op, Weight, compute_dtype, find_storage_dtype
from ...language.catalog import KerasObject
from ...text.diagnostic import Code, Diagnostic
from .common import Setting, find_title, place_in
from .weight_arguments import find_weights, forgets_penalty, list_layers

PENALTY_DTYPE = Code("penalty-not-float32", "error", "`{layer}` has a penalty of {given}; the loss is float32", sort="keras")
PENALTY_OVER_TIME = Code(
    "time-penalty-not-float32", "error", "`{layer}` has a penalty of {given} for every step; the loss is float32"
)
"""In `TimeDistributed` Keras forgets the penalty on an output, whatever its dtype."""
ORTHOGONAL = Code(
    "orthogonal-in-bfloat16", "error", "`{layer}` begins with an orthogonal matrix; bfloat16 has none", sort="keras"
)


CUT_OFF = Code(
    "cut-to-integers",
    "warning",
    "`{layer}` gives {given} back, as it is given: fractions are cut off",
    help="give it floats: put `Rescaling: {scale: 1}` before it",
)


def check_dtypes(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """At most one finding for a layer: it has one policy. One that is wrapped has not that of what is around it."""
    for op, weights in list_layers(node):
        policy = op.dtype or setting.policy
        owned = weights if node.owns_weights else ()
        found = _check_orthogonal(node, op, policy, owned) or (
            _check_penalty(node, op, policy, owned) if setting.trains else None
        )
        if found is not None:
            yield found
            return


def check_cast(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer that casts what it computes to the dtype of its input, where that holds no fractions."""
    op = node.node.op
    if op is None or find_title(op) != "SpectralNormalization" or node.type is None or node.type.dtype in FLOATS:
        return
    facts: dict[str, object] = {"layer": find_title(op), "given": node.type.dtype}
    yield Diagnostic(CUT_OFF, node.node.origin.place, facts, labels=node.node.origin.uses)


def _check_orthogonal(node: TypedNode, op: Op, policy: str, weights: tuple[Weight, ...]) -> Diagnostic | None:
    """A weight that is made by a decomposition, of which TensorFlow has none for the dtype."""
    if policy != "bfloat16":
        return None
    for argument in op.arguments:
        value = op.get_value(argument)
        if isinstance(value, KerasObject) and value.name == "Orthogonal" and find_weights(argument, weights):
            help = (f"name another `{argument}`", "`dtype_policy: mixed_bfloat16` keeps weights in float32")
            return Diagnostic(ORTHOGONAL, place_in(op, argument, node.node), {"layer": find_title(op)}, help=help)
    return None


def _check_penalty(node: TypedNode, op: Op, policy: str, weights: tuple[Weight, ...]) -> Diagnostic | None:
    """A penalty of another dtype than that of the loss, which Keras does not cast."""
    computed, stored = compute_dtype(policy), find_storage_dtype(policy)
    for argument in op.list_values():
        if not argument.endswith("_regularizer") or op.get_value(argument) is None:
            continue
        if argument == "activity_regularizer":
            if computed != "float32" and not forgets_penalty(op):
                return _report_not_float32(node, op, argument, computed)
        elif stored != "float32" and any(weight.trainable for weight in find_weights(argument, weights)):
            return _report_not_float32(node, op, argument, stored)
    if find_title(op) == "ActivityRegularization" and computed != "float32":
        return _report_not_float32(node, op, "", computed)
    return None


def _report_not_float32(node: TypedNode, op: Op, argument: str, given: str) -> Diagnostic:
    facts: dict[str, object] = {"layer": find_title(op), "given": given}
    over_time = argument == "activity_regularizer" and any(frame.kind == "time" for frame in node.node.frames)
    code = PENALTY_OVER_TIME if over_time else PENALTY_DTYPE
    return Diagnostic(code, place_in(op, argument, node.node), facts, help=("give the layer `dtype: float32`",))
