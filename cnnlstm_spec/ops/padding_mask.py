"""The padding mask of a value by operations of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.tensor import TensorType

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


HALF = frozenset({"float16", "bfloat16"})


def padding_mask(to: Lowering, value: Expression, padding: float, x: TensorType) -> Expression:
    """True where any value of a step differs from the padding value."""
    differs = to.ops("not_equal", value, padding if x.dtype.startswith(("float", "bfloat")) else int(padding))
    return differs if x.rank == 1 else to.ops("any", differs, axis=2 if x.rank == 2 else tuple(range(2, x.rank + 1)))
