"""What a dtype policy lets a layer have: penalties, which Keras adds to a loss of float32, and initial values."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalog import KerasObject
from ..diagnostic import Code, Diagnostic
from ..graph import TypedNode
from ..op import Op, compute_dtype
from .common import Setting, place_in, title_of

PENALTY_DTYPE = Code("penalty-not-float32", "error", "`{layer}` has a penalty of {given}; the loss is float32", sort="keras")
PENALTY_OVER_TIME = Code(
    "time-penalty-not-float32", "error", "`{layer}` has a penalty of {given} for every step; the loss is float32"
)
"""In `TimeDistributed` Keras forgets the penalty on an output, whatever its dtype."""
ORTHOGONAL = Code(
    "orthogonal-in-bfloat16", "error", "`{layer}` begins with an orthogonal matrix; bfloat16 has none", sort="keras"
)


def check_dtypes(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """At most one finding for a layer: it has one policy."""
    op, policy = node.node.op, setting.policy
    if op is None:
        return
    for inner in _with_inner(op):
        policy = inner.dtype or op.dtype or policy
        found = _orthogonal(node, inner, policy) or (_penalty(node, inner, policy) if setting.trains else None)
        if found is not None:
            yield found
            return


def _with_inner(op: Op) -> tuple[Op, ...]:
    """A layer and those that it wraps."""
    return (op, *(value for value in op.values().values() if isinstance(value, Op)))


def _orthogonal(node: TypedNode, op: Op, policy: str) -> Diagnostic | None:
    """A weight that is made by a decomposition, of which TensorFlow has none for the dtype."""
    if policy != "bfloat16" or not node.owns_weights:
        return None
    for argument in op.arguments:
        value = op.value(argument)
        if isinstance(value, KerasObject) and value.name == "Orthogonal" and _has(node, argument):
            help = (f"name another `{argument}`", "`dtype_policy: mixed_bfloat16` keeps weights in float32")
            return Diagnostic(ORTHOGONAL, place_in(op, argument, node.node), {"layer": title_of(op)}, help=help)
    return None


def _has(node: TypedNode, argument: str) -> bool:
    stem = argument.rsplit("_", 1)[0]
    return any(weight.name.rsplit("/", 1)[-1] in (stem, f"{stem}_kernel") for weight in node.weights)


def _penalty(node: TypedNode, op: Op, policy: str) -> Diagnostic | None:
    """A penalty of another dtype than that of the loss, which Keras does not cast."""
    given = {"activity": compute_dtype(policy), "weight": "float32" if policy.startswith("mixed") else policy}
    trained = node.owns_weights and any(weight.trainable for weight in node.weights)
    for argument in op.values():
        if not argument.endswith("_regularizer") or op.value(argument) is None:
            continue
        of = "activity" if argument == "activity_regularizer" else "weight"
        if given[of] != "float32" and (of == "activity" or (trained and _has(node, argument))):
            return _not_float32(node, op, argument, given[of])
    if title_of(op) == "ActivityRegularization" and given["activity"] != "float32":
        return _not_float32(node, op, "", given["activity"])
    return None


def _not_float32(node: TypedNode, op: Op, argument: str, given: str) -> Diagnostic:
    facts: dict[str, object] = {"layer": title_of(op), "given": given}
    over_time = argument == "activity_regularizer" and any(frame.kind == "time" for frame in node.node.frames)
    code = PENALTY_OVER_TIME if over_time else PENALTY_DTYPE
    return Diagnostic(code, place_in(op, argument, node.node), facts, help=("give the layer `dtype: float32`",))
