"""Each argument of each layer at the edges of what it takes, against Keras: what has no error runs, what Keras is said to refuse fails.

What a layer may be given besides, and what layers do to one another, is the fuzz's.
"""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.language.kinds import Boolean, Choice, Integer, Number, Optional
from cnnlstm_spec.language.leaf import Leaf
from cnnlstm_spec.language.list_kinds import Each, Either, ListOf, OneOrMore
from cnnlstm_spec.language.named import Exempt, Named
from cnnlstm_spec.ops import list_ops
from cnnlstm_spec.ops.augment.factors import Factor
from cnnlstm_spec.ops.padding import Margins
from fuzz.arguments import NAMED

INTEGERS = [-7, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 9]
NUMBERS = [-2, -1, -0.5, 0, 0.0, 0.3, 0.5, 1, 1.0, 1.5, 2, 255, 1000]
FACTORS = [0, 0.0, 0.5, 1, -0.5, 2, [0.2, 0.5], [0.5, 0.2], [-0.2, 0.5], [0, 0], [0.1, 0.1]]
LEFT_OUT = ("name", "share", "dtype", "trainable", "seed", "weights", "vocabulary", "num_oov_indices")
"""Arguments that are tried elsewhere, or whose fit hangs on the data."""


def list_values(kind: Leaf) -> list[Any]:
    """Values that a kind takes, and some that it does not."""
    if isinstance(kind, Optional | Exempt):
        return [*([None] if isinstance(kind, Optional) else []), *list_values(kind.inner)]
    if isinstance(kind, Boolean):
        return [True, False]
    if isinstance(kind, Choice):
        return [*kind.choices, "nonsense"]
    if isinstance(kind, Factor):
        return FACTORS
    if isinstance(kind, Integer):
        return INTEGERS
    if isinstance(kind, Number):
        return NUMBERS
    if isinstance(kind, Either):
        return [*list_values(kind.choice), *list_values(kind.other)]
    if isinstance(kind, OneOrMore):
        each = list_values(kind.inner)
        return [*each, *([value] for value in each[:6]), *map(list, zip(each, [*each[1:], *each[:1]], strict=True))]
    if isinstance(kind, Each | ListOf):
        each = list_values(kind.inner)
        several = [[each[(at + more) % len(each)] for more in range(kind.length or 2)] for at in range(0, len(each), 2)]
        return [*(each if isinstance(kind, Each) else [[]]), *several]
    if isinstance(kind, Margins):
        return [0, 1, 3, -1, [1, 2] if kind.n == 1 else [[1, 2]] * kind.n]
    return [*NAMED.get(kind.family, ()), None] if isinstance(kind, Named) else []


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
