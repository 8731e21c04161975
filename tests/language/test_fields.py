"""A field of a record that is no argument cannot be written."""

from __future__ import annotations

import pytest
from layers import op_classes

from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.language.read_record import read_record
from cnnlstm_spec.language.scope import POISON, Scope
from cnnlstm_spec.text.nodes import make_node

INNER = [
    (op, name)
    for op in op_classes()
    for name in sorted(set(op.model_fields) - {each.field for each in op.arguments.values()})
    if name not in op.arguments
]


@pytest.mark.parametrize(("op", "name"), INNER, ids=lambda each: each if isinstance(each, str) else each.__name__)
@pytest.mark.parametrize("value", [8, "channels_last", None])
def test_it_is_an_unknown_key(op: type[Op], name: str, value: object) -> None:
    arguments = {**op.examples[0].arguments, name: value}
    assert read_record(op, make_node(arguments), scope := Scope([]), op.__name__) is POISON
    assert [each.code.name for each in scope.found] == ["unknown-key"]


def test_there_are_some() -> None:
    assert ("LSTM", "batch_size") in {(op.__name__, name) for op, name in INNER}


def test_a_key_may_end_with_what_is_put_to_a_field() -> None:
    lstm = {op.__name__: op for op in op_classes()}["LSTM"]
    arguments = {"units": 2, "batch_size": 1, "a\0": 1, "units\0": 1}
    assert read_record(lstm, make_node(arguments), scope := Scope([]), "LSTM") is POISON
    assert {each.code.name for each in scope.found} == {"unknown-key"}
