"""Padding masks as values: one boolean (batch, steps) tensor from its source, handed to every layer that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...ir.chain import join_chain
from ...ir.graph import TypedGraph
from ...ir.op import compute_dtype
from ...ir.tensor import Mask, TensorType

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

SENTINELS = {"float16": -(2.0**15), "bfloat16": -(2.0**100), "float32": -(2.0**100), "float64": -(2.0**100)}
"""Values that no output takes, by dtype, and exact in it: what `attach` writes where a step is padding."""
TINY = 1e-30
"""Lost in any value but 0: keeps a loss that divides by the sum of an output from 0 / 0 at padded steps."""


def find_needed_sources(graph: TypedGraph) -> frozenset[str]:
    """The nodes whose mask some layer, or an output, reads, or another mask that is read."""
    needed: set[str] = set()
    for typed in reversed(graph.nodes.values()):
        op = typed.node.op
        reads = op is not None and (op.reads_mask or op.is_output or (op.joins_masks and typed.node.id in needed))
        for x in typed.inputs if reads else ():
            if x is not None and x.mask is not None:
                needed |= {id for id, _ in x.mask.terms}
    return frozenset(needed)


def write_mask_keywords(name: str, x: TensorType, batch_size: int | None) -> tuple[tuple[str, Expression], ...]:
    """The arguments of a boolean `keras.Input` of (steps)."""
    steps = x.axes[0].size if isinstance(x.axes[0].size, int) else None
    shape: tuple[str, Expression] = ("shape", (steps,)) if batch_size is None else ("batch_shape", (batch_size, steps))
    return (shape, ("dtype", "bool"), ("name", name))


def write_mask(to: Lowering, mask: Mask, made: dict[str, Expression]) -> Expression:
    """The tensor of a mask: real in every source."""
    names = sorted(f"~{id}" if flipped else id for id, flipped in mask.terms)
    for name in names:
        if name not in made:
            made[name] = to.let(to.call_ops("flip", made[name.removeprefix("~")], axis=1), "mask")
    key = "&".join(names)
    if key not in made:
        whole = join_chain(to, lambda one, other: to.call_ops("logical_and", one, other), (made[name] for name in names), "mask")
        made[key] = to.let(whole, "mask")
    return made[key]


def widen_mask(to: Lowering, mask: Expression, value: Expression, rank: int) -> Expression:
    """A (batch, steps) mask repeated over the axes of a value of `rank` axes, its last left out."""
    if rank == 2:
        return mask
    for _ in range(rank - 2):
        mask = to.call_ops("expand_dims", mask, axis=-1)
    return to.call_ops("logical_or", mask, to.call_ops("zeros_like", to.slice(value, *[None] * (rank - 1), 0), dtype="bool"))


def takes_mask(output: TensorType, applied: dict[str, Expression]) -> bool:
    """Whether Keras takes the mask that a layer is called with for that of what it gives; of a list it takes none."""
    return output.mask is not None and "mask" in applied and not isinstance(applied["mask"], list)


def attach(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """An output whose padded steps count in neither loss nor metrics.

    Keras reads the mask of an output off the layers that gave it. A `Masking` layer finds padded steps by a value that
    no output takes and zeroes them; `Rescaling` keeps its mask. Half precision is left, where `TINY` would be 0.
    """
    assert x.mask is not None
    to.write_mask(x.mask)
    to.write_comment("Padded steps count in neither loss nor metrics: `Masking` finds them by what no output is.")
    marked = _write_where_real(to, value, x, SENTINELS[x.dtype])
    dtype: dict[str, Any] = {} if compute_dtype(to.policy) == to.output.dtype else {"dtype": to.output.dtype}
    found = to.write_layer("keras.layers.Masking", marked, suffix="_mask", mask_value=SENTINELS[x.dtype], **dtype)
    masked = to.let(found, f"{to.stem}_masked")
    to.write_comment("They are 0 now; an offset, lost in other values, keeps losses from dividing 0 by 0.")
    return to.write_layer("keras.layers.Rescaling", masked, scale=1.0, offset=TINY, **dtype)


def zero_padding(to: Lowering, value: Expression, x: TensorType) -> Expression:
    """A value that is 0 where a step is padding, as `attach` gives it."""
    return _write_where_real(to, value, x, 0.0)


def _write_where_real(to: Lowering, value: Expression, x: TensorType, padding: float) -> Expression:
    assert x.mask is not None
    mask = to.write_mask(x.mask)
    for _ in range(x.rank - 1):
        mask = to.call_ops("expand_dims", mask, axis=-1)
    return to.call_ops("where", mask, value, padding)
