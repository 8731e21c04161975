"""The dtype that several inputs come to together. Imports no family of layers."""

from __future__ import annotations

from ..ir.op import FLOATS, compute_dtype
from ..ir.tensor import TensorType

BITS = {"bool": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64}


def merge_dtypes(policy: str, *inputs: TensorType) -> str:
    """The dtype that values have together: the compute dtype if any is a float, else the integers that hold all."""
    kinds = sorted({x.dtype for x in inputs}, key=lambda dtype: (BITS.get(dtype, 0), dtype))
    if any(dtype in FLOATS for dtype in kinds):
        return compute_dtype(policy)
    widest = kinds[-1]
    signed = [dtype for dtype in kinds if dtype.startswith("int")]
    unsigned = [dtype for dtype in kinds if dtype.startswith("uint")]
    if not signed or not unsigned or BITS[signed[-1]] > BITS[unsigned[-1]]:
        return widest if not signed or widest.startswith("int") else signed[-1]
    double = 2 * BITS[unsigned[-1]]
    return f"int{double}" if double <= 64 else compute_dtype(policy)
