"""Padding masks as values: one boolean (batch, steps) tensor from its source, handed to every layer that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph import TypedGraph
from .op import compute_dtype
from .program import Call, Expression, Let, Ref
from .tensor import Mask, TensorType

if TYPE_CHECKING:
    from .lower import Lowering

HALF = frozenset({"float16", "bfloat16"})
SENTINELS = {"float16": -(2.0**15), "bfloat16": -(2.0**100), "float32": -(2.0**100), "float64": -(2.0**100)}
"""Values that no output takes, by dtype, and exact in it: what `attach` writes where a step is padding."""
TINY = 1e-30
"""Lost in any value but 0: keeps a loss that divides by the sum of an output from 0 / 0 at padded steps."""


def needed_sources(graph: TypedGraph) -> frozenset[str]:
    """The nodes whose mask some layer, or an output, reads."""
    from .ops.structure import Output

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


def attach(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """An output whose padded steps count in neither loss nor metrics.

    Keras reads the mask of an output off the layers that gave it. A `Masking` layer finds padded steps by a value that
    no output takes and zeroes them; `Rescaling` keeps its mask. Half precision is left, where `TINY` would be 0.
    """
    assert x.mask is not None
    mask = to.mask_value(x.mask)
    for _ in range(x.rank - 1):
        mask = to.ops("expand_dims", mask, axis=-1)
    marked = to.ops("where", mask, value, SENTINELS[x.dtype])
    dtype: dict[str, Expression] = {} if compute_dtype(to.policy) == to.output.dtype else {"dtype": to.output.dtype}
    found = to.layer("keras.layers.Masking", marked, suffix="_mask", mask_value=SENTINELS[x.dtype], **dtype)
    return to.layer("keras.layers.Rescaling", found, 1.0, TINY, **dtype)
