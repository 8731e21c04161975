"""Every layer against Keras: its examples, its signature, and configurations drawn from its arguments."""

from __future__ import annotations

import inspect
import os
import warnings

import pytest

from cnnlstm_spec.argument import REQUIRED
from cnnlstm_spec.op import FLOATS, Example, Op
from cnnlstm_spec.scope import POISON, Scope
from cnnlstm_spec.syntax import node_of

from layers import judge, op_classes

oracle = pytest.importorskip("oracle")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

OPS = op_classes()
CASES = [(op, each) for op in OPS for each in op.examples]
NAMES = [f"{op.__name__}-{op.examples.index(each)}" for op, each in CASES]

OURS = frozenset({"name", "trainable", "dtype", "share"})
"""Arguments that every op has, whatever Keras's class takes."""

NOT_DECLARED = {
    "Bidirectional": {"layer", "weights", "backward_layer"},
    "TimeDistributed": {"layer"},
}
"""Arguments of Keras that a spec writes in another way, or cannot write."""

KERAS_SHAPE_IS_WRONG = {"EinsumDense"}
"""Layers whose `compute_output_shape` differs from what they give: Keras misplaces the axes of `...`, or loses sizes."""


@pytest.mark.parametrize(("op_class", "example"), CASES, ids=NAMES)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_example(op_class: type[Op], example: Example, policy: str) -> None:
    op = op_class.make(**example.arguments)
    verdict = judge(op, example.shapes, example.dtype, policy)
    assert verdict.refusal is None and verdict.output is not None, verdict.refusal
    given = oracle.run(op.keras_path(), op.keras_arguments(), example.shapes, example.dtype, policy)
    assert isinstance(given, oracle.Outcome), given
    concrete = judge(op, example.shapes, example.dtype, policy, unknown=oracle.UNKNOWN)
    assert concrete.output is not None
    assert concrete.output.sizes == given.on_data
    assert verdict.output.dtype == given.dtype
    if op_class.__name__ not in KERAS_SHAPE_IS_WRONG:
        ours = tuple(size if isinstance(size, int) else None for size in verdict.output.sizes)
        assert ours == given.called == given.computed
    if op.trainable:
        assert verdict.weights == given.weights


@pytest.mark.parametrize("op_class", OPS, ids=lambda op: op.__name__)
def test_signature(op_class: type[Op]) -> None:
    wanted = {
        name: parameter.default
        for name, parameter in inspect.signature(oracle.resolve(op_class.keras_path()).__init__).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name not in {"self", *OURS}
    }
    for name in NOT_DECLARED.get(op_class.__name__, ()):
        wanted.pop(name, None)
    declared = {name: argument for name, argument in op_class.arguments.items() if name not in OURS}
    assert set(declared) == set(wanted)
    for name, argument in declared.items():
        default = wanted[name]
        assert argument.required == (default is inspect.Parameter.empty), name
        assert argument.doc, name
        if argument.default is not REQUIRED and default is not None:
            found = Scope([])
            assert argument.kind.read(node_of(default), found) == argument.canonical, name
            assert argument.canonical is not POISON and not found.found
        elif argument.default is not REQUIRED:
            assert argument.canonical is None, name


def test_every_op_has_examples() -> None:
    assert all(2 <= len(op.examples) <= 6 for op in OPS), [op.__name__ for op in OPS if not 2 <= len(op.examples) <= 6]
