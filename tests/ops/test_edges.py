"""Each argument of each layer at the edges of what it takes, against Keras: what has no error runs, what Keras is said to refuse fails.

What a layer may be given besides, and what layers do to one another, is the fuzz's.
"""

from __future__ import annotations

from typing import Any

import pytest
from edges import list_values

from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ops import list_ops

LEFT_OUT = ("name", "share", "dtype", "trainable", "seed", "weights", "vocabulary", "num_oov_indices")
"""Arguments that are tried elsewhere, or whose fit hangs on the data."""


def list_layers(op: type[Op]) -> list[tuple[Example, dict[str, Any]]]:
    """The first examples with each other value of each argument."""
    found = []
    for example in op.examples[:2]:
        for name, argument in op.arguments.items():
            if name not in LEFT_OUT:
                found += [(example, {**example.arguments, name: value}) for value in list_values(argument.kind)]
    return [(example, values) for example, values in found if example.dtype != "string"]


OPS = [op for op in list_ops() if op.has_class and op.arity[0] <= 1 and op.examples and op.looks_up is None]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.whole(every=16)
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.title())
def test_what_is_refused_keras_refuses(op: type[Op]) -> None:
    from fuzz.judge import judge
    from fuzz.layers import load

    wrong = []
    for example, values in list_layers(op):
        shape = [3 if size is None else size for size in example.shapes[0]]
        axes = [f"axis{place}" for place in range(len(shape))]
        input = {"kind": "tensor", "axes": axes, "shape": shape, "dtype": example.dtype}
        branch = {"input": input, "layers": [{op.title(): values}]}
        spec: dict[str, Any] = {"version": 1, "name": "edge", "branches": {"left": branch}, "head": []}
        errors = [each for each in load(spec).diagnostics if each.severity == "error"]
        if any(each.code.sort != "keras" for each in errors):
            continue
        outcome = judge(spec, 1)
        if outcome.disagreement is not None:
            wrong.append(f"{values}: {outcome.disagreement}: {outcome.message}")
    assert wrong == []
