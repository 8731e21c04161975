"""Layers that hold layers say in which fields."""

from __future__ import annotations

from layers import op_classes

from cnnlstm_spec.ir.op import Op


def test_every_layer_within_is_declared() -> None:
    wrappers = set()
    for cls in op_classes():
        for example in cls.examples:
            op = cls.make(**example.arguments)
            held = {name for name, value in vars(op).items() if isinstance(value, Op)}
            assert held <= {*cls.wraps}, cls.__name__
            assert [*op.list_inner_ops()] == [vars(op)[name] for name in cls.wraps if name in held]
            if held:
                wrappers.add(cls.__name__)
    assert wrappers == {"Bidirectional", "SpectralNormalization"}
