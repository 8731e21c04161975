"""Padding masks as values: one boolean (batch, steps) tensor from its source, handed to every layer that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph import TypedGraph
from .op import compute_dtype
from .ops.structure import Output
from .program import Call, Expression, Let, Ref
from .tensor import Mask, TensorType

if TYPE_CHECKING:
    from .lower import Lowering

SENTINELS = {"float16": -6.0e4, "bfloat16": -1.0e30, "float32": -1.0e30, "float64": -1.0e30}
"""Values that no output takes, by dtype: what `attach` writes where a step is padding."""


def needed_sources(graph: TypedGraph) -> frozenset[str]:
    """The nodes whose mask some layer, or an output, reads."""
    needed: set[str] = set()
    for typed in graph.nodes.values():
        op = typed.node.op
        reads = op is not None and (op.reads_mask or isinstance(op, Output))
        for x in typed.inputs if reads else ():
            if x is not None and x.mask is not None:
                needed |= x.mask.sources
    return frozenset(needed)


def mask_input(to: Lowering, name: str, x: TensorType) -> Expression:
    """A boolean Keras input of (steps)."""
    steps = x.axes[0].size
    shape = (steps if isinstance(steps, int) else None,)
    keywords: tuple[tuple[str, Expression], ...] = (("shape", shape), ("dtype", "bool"), ("name", name))
    variable = to.program.fresh(name)
    to.program.statements.append(Let(variable, Call("keras.Input", (), keywords)))
    to.program.mask_inputs[name] = Ref(variable)
    return Ref(variable)


def padding_mask(to: Lowering, value: Expression, padding: float, x: TensorType) -> Expression:
    """True where any value of a step differs from the padding value."""
    differs = to.ops("not_equal", value, padding if x.dtype.startswith(("float", "bfloat")) else int(padding))
    return differs if x.rank == 1 else to.ops("any", differs, axis=tuple(range(2, x.rank + 1)))


def value(to: Lowering, mask: Mask, made: dict[str, Expression]) -> Expression:
    """The tensor of a mask: real in every source."""
    key = "&".join(sorted(mask.sources)) + ("~" if mask.flipped else "")
    if key not in made:
        parts = [made[source] for source in sorted(mask.sources)]
        whole = parts[0]
        for part in parts[1:]:
            whole = to.ops("logical_and", whole, part)
        if mask.flipped:
            whole = to.ops("flip", whole, axis=1)
        made[key] = whole if isinstance(whole, Ref) else to.let(whole, "mask")
    return made[key]


def attach(to: Lowering, value: Expression, x: TensorType, head: str) -> Expression:
    """An output whose padded steps count in neither loss nor metrics: a `Masking` layer finds them by a value that no output takes."""
    assert x.mask is not None
    mask = to.mask_value(x.mask)
    sentinel = SENTINELS[x.dtype]
    for _ in range(x.rank - 1):
        mask = to.ops("expand_dims", mask, axis=-1)
    marked = to.ops("where", mask, value, sentinel)
    keywords: dict[str, Expression] = {} if compute_dtype(to.policy) == x.dtype else {"dtype": x.dtype}
    return to.layer("keras.layers.Masking", marked, mask_value=sentinel, **keywords)


