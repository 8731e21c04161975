"""Weights that are kept in half precision, under an optimizer whose numbers are 0 or 1 there."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...ir.op import find_storage_dtype
from ...language.catalog import KerasObject
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put, write
from .common import name_written
from .optimizers import PRECISION, check_optimizer
from .weight_arguments import list_layers

IN_HALF = Code("optimizer-in-half", "warning", "`{optimizer}` {outcome} weights of {dtype}: {what} is {value} there")

STAND_STILL, NOT_A_NUMBER = "does not move", "makes NaN of"
HALVES = ("float16", "bfloat16")
BY_BETA = {
    **dict.fromkeys(("Adam", "AdamW"), STAND_STILL),
    **dict.fromkeys(("Lamb", "Nadam", "ScheduleFreeAdamW"), NOT_A_NUMBER),
    "Muon": "moves matrices alone among",
}
"""What an optimizer does whose `beta_2` is 1: its correction for the first steps is 0, or divides by it."""
BY_EPSILON = {"Adafactor": "epsilon_1", "Adamax": "epsilon", "ScheduleFreeAdamW": "epsilon"}
"""What keeps an optimizer from dividing by 0 where a gradient is 0."""


def check_half(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding for an optimizer that cannot train the weights as they are kept."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or section.optimizer is None:
        return
    for node in typed.nodes.values():
        for op, weights in list_layers(node) if node.owns_weights else ():
            dtype = find_storage_dtype(op.dtype or typed.policy)
            if dtype not in HALVES:
                continue
            found = _find_wrong(section.optimizer.thing, dtype) if any(weight.trainable for weight in weights) else None
            if found is None:
                continue
            if any(check_optimizer(typed, spec)):
                return
            what, value, outcome, argument, enough = found
            facts: dict[str, object] = {
                "optimizer": name_written(section.optimizer.thing),
                "outcome": outcome,
                "dtype": dtype,
                "what": what,
                "value": value,
            }
            mixed = f"`dtype_policy: mixed_{dtype}` keeps the weights in float32"
            help = (mixed if typed.policy == dtype else "give the layer `dtype: float32`", f"or write `{argument}: {enough}`")
            labels = (Label(node.node.origin.place, f"keeps its weights in {dtype}"),)
            policy, fixes = section.written.places.get("dtype_policy"), tuple[Fix, ...]()
            if typed.policy != dtype:
                fixes = (put(node.node.origin.place.span, "dtype", "float32"),)
            elif policy is not None:
                fixes = (write(policy.span, f"mixed_{dtype}"),)
            if section.optimizer.thing.identifier is None:
                fixes += (put(section.optimizer.place.span, argument, enough),)
            yield Diagnostic(IN_HALF, section.optimizer.place, facts, "", labels, help, fixes)
            return


def _find_wrong(optimizer: KerasObject, dtype: str) -> tuple[str, str, str, str, str] | None:
    """What is 0 or 1 in a dtype, which of them, what follows, and an argument with a value that helps."""
    smallest, next_to_one = PRECISION[dtype]
    name = optimizer.name
    if name in BY_BETA and (beta := _find_beta(optimizer)) is not None and 1 - optimizer.get(beta) <= next_to_one:
        return f"`{beta}: {optimizer.get(beta):g}`", "1", BY_BETA[name], beta, "0.99"
    if name in BY_EPSILON:
        epsilon = optimizer.get(BY_EPSILON[name])
        if epsilon * (1 - optimizer.get("beta_1") if name == "Adamax" else 1) < smallest:
            return f"`{BY_EPSILON[name]}: {epsilon:g}`", "0", NOT_A_NUMBER, BY_EPSILON[name], "1e-4"
    return None


def _find_beta(optimizer: KerasObject) -> str | None:
    return next((name for name in ("beta_2", "adam_beta_2") if optimizer.get(name) is not None), None)
