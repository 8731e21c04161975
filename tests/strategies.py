"""Hypothesis strategies for arguments, derived from their kinds; slightly illegal values are drawn too."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.language.kinds import INTEGER, Boolean, Choice, Integer, Number, Optional
from cnnlstm_spec.language.leaf import Leaf
from cnnlstm_spec.language.list_kinds import Each, Either, ListOf, OneOrMore
from cnnlstm_spec.language.named import Named
from cnnlstm_spec.language.record import Argument
from cnnlstm_spec.ops.augment.factors import Factor
from cnnlstm_spec.ops.padding import Margins

Strategy = st.SearchStrategy[Any]

NAMED = {
    "activations": ["relu", "tanh", "softmax", "gelu"],
    "initializers": ["zeros", "he_normal"],
    "regularizers": ["l2"],
    "constraints": ["non_neg"],
}
"""A few names of each family that work everywhere; the rest is the catalog's to test."""

TEXTS = {
    "equation": [
        "ab,bc->ac",
        "abc,cd->abd",
        "...x,xy->...y",
        "ab...,bc->ac...",
        "abc,cde->abde",
        "abc,bd->adc",
        "ab,cd->ac",
    ],
    "bias_axes": ["c", "d", "y", "bd", "ac"],
    "vocabulary": ["a", "b", "a b", "", "[UNK]"],
    "mask_token": ["", "a"],
    "oov_token": ["[UNK]", "a"],
}
"""Texts by the name of the argument, where a language is read in them."""

SEEDS = {"seed", "salt"}


def of_kind(kind: Leaf, name: str = "") -> Strategy:
    """Values of a kind, as a person writes them, now and then just outside it."""
    if isinstance(kind, Optional):
        return st.one_of(st.none(), of_kind(kind.inner, name))
    if isinstance(kind, Boolean):
        return st.booleans()
    if isinstance(kind, Factor):
        number = (
            st.sampled_from([kind.least, kind.most]) if kind.inner is INTEGER else st.sampled_from([kind.least, 0.25, kind.most])
        )
        number = st.one_of(number, number, number, st.just(kind.most + 1))
        return st.one_of(number, st.lists(number, min_size=2, max_size=2))
    if isinstance(kind, Choice):
        return st.sampled_from(kind.choices)
    if isinstance(kind, Integer):
        least = 1 if kind.least is None or name in SEEDS else kind.least
        legal = st.integers(-2 if kind.least is None else least, min(kind.most or 4, 4))
        return st.one_of(legal, legal, legal, st.just(least - 1)) if kind.least is not None else legal
    if isinstance(kind, Number):
        return numbers(kind)
    if isinstance(kind, Either):
        return st.one_of(of_kind(kind.choice), of_kind(kind.other, name))
    if isinstance(kind, OneOrMore):
        inner = of_kind(kind.inner, name)
        return st.one_of(inner, st.lists(inner, min_size=1, max_size=3))
    if isinstance(kind, Each):
        inner = of_kind(kind.inner, name)
        return st.one_of(inner, st.lists(inner, min_size=kind.length or 1, max_size=kind.length))
    if isinstance(kind, ListOf):
        return st.lists(of_kind(kind.inner, name), min_size=kind.length or kind.least, max_size=kind.length or 3)
    if isinstance(kind, Named):
        return st.sampled_from(NAMED.get(kind.family, ["relu"]))
    if name in TEXTS:
        return st.sampled_from(TEXTS[name])
    return st.nothing()


def numbers(kind: Number) -> Strategy:
    """Numbers on the bounds, within, and just outside."""
    bounds = [each for each in (kind.least, kind.most, kind.above, kind.below) if each is not None]
    near = [0.0, 0.25, 0.5, 1.0, 2.0]
    inside = [value for value in (*near, *bounds) if kind.holds(value)]
    outside = [bound + step for bound in bounds for step in (-0.5, 0.0, 0.5) if not kind.holds(bound + step)]
    legal = st.sampled_from(inside)
    return st.one_of(legal, legal, legal, st.sampled_from(outside)) if outside else legal


@cache
def arguments(op: type[Op], left_out: frozenset[str]) -> Strategy:
    """Mappings of arguments, with the required ones."""
    required: dict[str, Strategy] = {}
    optional: dict[str, Strategy] = {}
    for name, argument in op.arguments.items():
        if name in left_out:
            continue
        strategy = of(op, argument)
        if not strategy.is_empty:
            (required if argument.required else optional)[name] = strategy
    return st.fixed_dictionaries(required, optional=optional)


def of(op: type[Op], argument: Argument) -> Strategy:
    """Values of an argument."""
    if isinstance(argument.kind, Margins):
        return margins(argument.kind.n)
    return of_kind(argument.kind, argument.name)


def margins(n: int) -> Strategy:
    """What may stand for the margins of `n` axes."""
    number = st.integers(0, 3)
    pair = st.lists(number, min_size=2, max_size=2)
    if n == 1:
        return st.one_of(number, pair)
    return st.one_of(number, st.lists(st.one_of(number, pair), min_size=n, max_size=n))


def shapes(op: Op) -> Strategy:
    """Shapes of the inputs that the op reads, now and then of a wrong rank, with unknown sizes."""
    names = op.list_axes_read()
    size = st.one_of(st.integers(1, 6), st.integers(2, 8), st.integers(4, 8), st.none())
    rank = len(names) if names is not None else None
    if op.takes_text:
        return st.one_of(st.just(()), st.tuples(size))
    ranks = st.integers(max(op.least_rank - 1, 0), 3) if rank is None else st.sampled_from([rank] * 9 + [rank - 1, rank + 1])
    return ranks.flatmap(lambda count: st.tuples(*[size] * max(count, 0)))


DTYPES = st.sampled_from(["float32"] * 8 + ["int32", "uint8"])
