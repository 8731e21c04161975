"""Random values of arguments, from their kinds; now and then just outside what a kind allows. Imports no Keras."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.language.kinds import INTEGER, Boolean, Choice, Integer, Number, Optional
from cnnlstm_spec.language.leaf import Leaf
from cnnlstm_spec.language.list_kinds import Each, Either, ListOf, OneOrMore
from cnnlstm_spec.language.named import Exempt, FloatOrSchedule, Named, find_kind
from cnnlstm_spec.language.record import Argument
from cnnlstm_spec.ops.augment.factors import Factor
from cnnlstm_spec.ops.padding import Margins

NOTHING: Any = object()
"""No value can be drawn."""

NAMED = {
    "activations": ["relu", "tanh", "sigmoid", "softmax", "gelu", "linear"],
    "initializers": ["zeros", "he_normal", {"Constant": {"value": 0.5}}, "orthogonal"],
    "regularizers": ["l2", {"L1": {"l1": 0.01}}],
    "constraints": ["non_neg", {"MaxNorm": {"max_value": 2}}],
}
"""A few names of each family; the catalog is tested by itself."""

TEXTS = {
    "equation": ["ab,bc->ac", "abc,cd->abd", "...x,xy->...y", "abc,cde->abde", "ab,cd->ac"],
    "bias_axes": ["c", "d", "y"],
    "mask_token": ["", "a"],
    "oov_token": ["[UNK]", "a"],
}
LEAST = {"input_dim": 4, "num_tokens": 4, "num_bins": 4}
"""Sizes of tables, which hold the integers that are fed."""
POSITIVE = {"seed": 1, "salt": 1, "axis": None, "axes": None}


class Draw:
    """Draws values; `bad` is how often one is outside its bounds."""

    def __init__(self, rng: Random, bad: float = 0.0) -> None:
        self.rng, self.bad = rng, bad

    def arguments(self, op: type[Op], written: float = 0.15) -> dict[str, Any]:
        """Arguments of a layer: the required ones, and each other with a probability."""
        values: dict[str, Any] = {}
        for name, argument in op.arguments.items():
            if name in ("name", "share", "dtype") and not argument.required:
                continue
            likely = 0.4 if name in ("return_sequences", "padding", "strides", "pooling", "activation") else written
            if argument.required or self.rng.random() < likely:
                value = self.argument(argument)
                if value is not NOTHING:
                    values[name] = value
        return values

    def argument(self, argument: Argument) -> Any:
        """A value of an argument."""
        if isinstance(argument.kind, Margins):
            return self.margins(argument.kind.n)
        return self.of(argument.kind, argument.name)

    def margins(self, n: int) -> Any:
        """What may stand for the margins of `n` axes."""
        if n == 1 or self.rng.random() < 0.5:
            return self.rng.randint(0, 2)
        return [[self.rng.randint(0, 2), self.rng.randint(0, 2)] for _ in range(n)]

    def of(self, kind: Leaf, name: str = "") -> Any:
        """A value of a kind, as a person writes it."""
        rng = self.rng
        if isinstance(kind, Optional):
            return None if rng.random() < 0.2 else self.of(kind.inner, name)
        if isinstance(kind, Exempt):
            return self.of(kind.inner, name)
        if isinstance(kind, Boolean):
            return rng.random() < 0.5
        if isinstance(kind, Factor):
            return kind.least if kind.inner is INTEGER else rng.choice([kind.least, 0.25, kind.most])
        if isinstance(kind, Choice):
            return rng.choice(kind.choices)
        if isinstance(kind, Integer):
            return self.integer(kind, name)
        if isinstance(kind, Number):
            return self.number(kind)
        if isinstance(kind, Either):
            return self.of(rng.choice([kind.choice, kind.other]), name)
        if isinstance(kind, OneOrMore):
            return self.of(kind.inner, name)
        if isinstance(kind, Each):
            inner = self.of(kind.inner, name)
            return inner if rng.random() < 0.8 else [self.of(kind.inner, name) for _ in range(kind.length or 1)]
        if isinstance(kind, ListOf):
            values = [self.of(kind.inner, name) for _ in range(kind.length or max(kind.least, rng.randint(1, 2)))]
            return NOTHING if NOTHING in values else values
        if isinstance(kind, FloatOrSchedule):
            return rng.choice([0.01, 0.001, {"CosineDecay": {"initial_learning_rate": 0.01, "decay_steps": 10}}])
        if isinstance(kind, Named):
            # A copy, since what is drawn may be changed in its place.
            return deepcopy(rng.choice(NAMED.get(kind.family, ["relu"])))
        return rng.choice(TEXTS[name]) if name in TEXTS else NOTHING

    def integer(self, kind: Integer, name: str) -> int:
        """A small integer."""
        least = kind.least if kind.least is not None else POSITIVE.get(name, -1) or -1
        if kind.least is not None and self.rng.random() < self.bad:
            return kind.least - 1
        least = max(least, LEAST.get(name, least))
        return self.rng.randint(least, max(least, min(kind.most if kind.most is not None else 4, max(4, least))))

    def number(self, kind: Number) -> float | int:
        """A number on the bounds or within, or just outside."""
        bounds = [each for each in (kind.least, kind.most, kind.above, kind.below) if each is not None]
        outside = [bound + step for bound in bounds for step in (-0.5, 0.0, 0.5) if not kind.holds(bound + step)]
        if outside and self.rng.random() < self.bad:
            return self.rng.choice(outside)
        return self.rng.choice([value for value in (0.0, 0.25, 0.5, 1.0, 2.0, *bounds) if kind.holds(value)])

    def named(self, family_name: str, name: str) -> Any:
        """A class of the catalog, with some arguments: as a string, or `{Name: {argument: value}}`."""
        declared = find_family(family_name)["classes"][name]["arguments"]
        values: dict[str, Any] = {}
        for fact in declared:
            if fact["name"] in ("name", "dtype") or (not fact.get("required") and self.rng.random() > 0.12):
                continue
            value = self.of(find_kind(fact), fact["name"])
            if value is not NOTHING:
                values[fact["name"]] = value
        return {name: values} if values else name
