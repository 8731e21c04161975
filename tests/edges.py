"""Values at the edges of what an argument takes, by its kind."""

from __future__ import annotations

from typing import Any

from cnnlstm_spec.language.kinds import Boolean, Choice, Integer, Number, Optional
from cnnlstm_spec.language.leaf import Leaf
from cnnlstm_spec.language.list_kinds import Each, Either, ListOf, OneOrMore
from cnnlstm_spec.language.named import Exempt, FloatOrSchedule, Named
from cnnlstm_spec.ops.augment.factors import Factor
from cnnlstm_spec.ops.padding import Margins
from fuzz.arguments import NAMED

INTEGERS = [-7, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 9]
NUMBERS = [-2, -1, -0.5, 0, 0.0, 0.3, 0.5, 1, 1.0, 1.5, 2, 255, 1000]
FACTORS = [0, 0.0, 0.5, 1, -0.5, 2, [0.2, 0.5], [0.5, 0.2], [-0.2, 0.5], [0, 0], [0.1, 0.1]]


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
    if isinstance(kind, Number | FloatOrSchedule):
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
