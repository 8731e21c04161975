"""What the rules say of Keras, in a form that can be held against an installed one. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ...ir.inference import Inference, Refusal
from ...ir.op import Example, Op
from ...ir.size import Size, make_symbol
from ...ir.tensor import Axis, TensorType
from ...language.catalog import load_catalog
from ...ops import FAMILIES, find_op
from ...ops.backbones.walk import BACKBONES
from ...text.document import Document
from ...text.frozen import dataclass

Sort = Literal["missing", "differs", "new"]
Shape = tuple[int | None, ...]

ANNOUNCED_WRONGLY = frozenset({"EinsumDense"})
"""Layers whose announced shape is not what they give, so that it says nothing: Keras misplaces the axes of `...`."""


class KerasDifference(Document):
    """Where the installed Keras is not as the rules say; what is `new` breaks no rule and cannot be written in a spec."""

    name: str
    """The layer or backbone, or the family with the object: `optimizers.Adam`."""
    sort: Sort
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True)
class ExpectedLayer:
    """What a layer gives for an example: sizes (None: known only at run time), dtype, and weights as Keras names them."""

    shape: Shape
    dtype: str
    weights: tuple[tuple[str, tuple[int, ...], bool], ...]


def map_layers() -> dict[str, type[Op]]:
    """Every layer that is one class of Keras, by the path of the class."""
    found: dict[str, type[Op]] = {}
    for names in FAMILIES.values():
        for name in names.split():
            op = find_op(name)
            if op is not None and op.has_class:
                found[op.keras_path()] = op
    return found


def count_expectations() -> dict[str, int]:
    """How many things of each sort are compared."""
    objects = sum(len(family["classes"]) for family in load_catalog()["families"].values())
    return {"layers": len(map_layers()), "backbones": len(BACKBONES), "objects": objects}


def iterate_expectations(cls: type[Op]) -> Iterator[tuple[Op, Example, ExpectedLayer]]:
    """Each example of a layer that the rules accept, and what it gives."""
    for example in cls.examples:
        op = cls.make(**example.arguments)
        inputs = [_make_type(op, shape, example.dtype) for shape in example.shapes]
        at = Inference()
        try:
            output = op.infer(at, *inputs)
            dtype = op.infer_dtype(at, *inputs)
            weights = tuple((each.name, each.shape, each.trainable) for each in op.weights(*inputs))
        except Refusal:
            continue
        yield op, example, ExpectedLayer(tuple(size if isinstance(size, int) else None for size in output.sizes), dtype, weights)


def _make_type(op: Op, shape: Shape, dtype: str) -> TensorType:
    names = op.list_axes_read() or ()
    axes = []
    for index, given in enumerate(shape):
        size: Size = make_symbol(f"s{index + 1}") if given is None else given
        axes.append(Axis(names[index] if len(names) == len(shape) else f"axis{index + 1}", size))
    return TensorType(tuple(axes), dtype)
