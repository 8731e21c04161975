"""Which layers read what a branch is fed, as it is fed. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.graph import TypedGraph
from ..ir.op import Op
from ..ops.embedding import EmbeddingLookup
from ..ops.input import InputOp
from ..ops.stand_in import stand_for


def iterate_readers(typed: TypedGraph, branch: str) -> Iterator[Op]:
    """The layers that read what a branch is fed, moved or joined with other values but otherwise as it is."""
    reached = {branch}
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or reached.isdisjoint(node.node.inputs):
            continue
        yield op
        if keeps_numbers(op):
            reached.add(node.node.id)


def keeps_numbers(op: Op) -> bool:
    """Whether the numbers go on as they are."""
    return op.keeps_range or op.keeps_values or op.passes_on or op.only_in_training


def find_masked_value(typed: TypedGraph, branch: str) -> float | None:
    """The value by which a layer of a branch finds steps that are padding: `Masking` its own, `mask_zero` of an `Embedding` 0.

    None where no layer does, or where a `Masking` looks for another than 0 in what layers before it have changed.
    """
    Masking = stand_for("masking", "Masking")
    nodes = (each for each in typed.nodes.values() if each.node.area == f"branches.{branch}")
    maker = next((each for each in nodes if each.type is not None and each.type.mask is not None), None)
    if maker is None:
        return None
    if not isinstance(maker.node.op, Masking):
        return 0
    value = float(maker.node.op.mask_value)
    return value if value == 0 or isinstance(typed.nodes[maker.node.inputs[0]].node.op, InputOp) else None


def count_tokens(typed: TypedGraph, branch: str) -> int | None:
    """How many integers, from 0 on, are looked up of a branch that embeddings alone read; None of any other."""
    readers = [op for op in iterate_readers(typed, branch) if not keeps_numbers(op)]
    tables = [op.input_dim for op in readers if isinstance(op, EmbeddingLookup)]
    # Of several each may look at a part of the branch.
    return max(tables) if tables and len(tables) == len(readers) else None
