"""What is supposed of a layer whose argument cannot be read: no size of it depends on the argument, or nothing is supposed."""

from __future__ import annotations

import pytest

from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ir.tensor import Axis, TensorType
from cnnlstm_spec.language.kinds import Boolean, Choice
from cnnlstm_spec.model.suppose import TRIED, _infer_given
from cnnlstm_spec.ops import list_ops

OTHERS = (1, 2, 3, 5, (2, 2), (0.1, 0.2), ("a", "b", "c"), (1, 2, 3), None)
"""Values that arguments are given in place of their own; one that a layer cannot have it refuses."""
CASES = [(op, example) for op in list_ops() for example in op.examples if op.reads is not None or len(example.shapes) == 1]


def infer(op: Op, example: Example, size: int) -> TensorType | None:
    """What it gives where each axis of its inputs has that size; None where it refuses them."""
    inputs = []
    for shape in example.shapes:
        names = op.list_axes_read() or ()
        names = names if len(names) == len(shape) else ("features",) * len(shape)
        inputs.append(TensorType(tuple(Axis(name, size) for name in names), example.dtype))
    return _infer_given(op, tuple(inputs), "float32")


@pytest.mark.parametrize(("cls", "example"), CASES, ids=[f"{op.title()}-{op.examples.index(each)}" for op, each in CASES])
def test_a_size_that_an_argument_says_is_not_supposed(cls: type[Op], example: Example) -> None:
    """Of a default that stands for an argument at fault, sizes would be told that what is meant may not have."""
    op = cls.make(**example.arguments)
    for name, argument in cls.arguments.items():
        asked = not argument.required and not isinstance(getattr(argument.kind, "inner", argument.kind), Boolean | Choice)
        if not asked or op.decides_shape(name):
            continue
        left_out = op.model_copy(update={argument.field: argument.default})
        small, large = (infer(left_out, example, size) for size in TRIED)
        if small is None or large is None or small.rank != large.rank:
            continue
        fixed = [index for index, (one, two) in enumerate(zip(small.axes, large.axes, strict=True)) if one.size == two.size]
        for value in (op.get_value(name), *OTHERS):
            other = infer(op.model_copy(update={argument.field: value}), example, TRIED[0])
            if other is not None:
                assert other.rank == small.rank, (name, value)
                assert [other.axes[index].size for index in fixed] == [small.axes[index].size for index in fixed], (name, value)
