"""Learning rates that train nothing, or away from what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...ir.graph import TypedGraph
from ...language.catalog import KerasObject
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic
from ...text.fix import Fix, Put
from ...text.source import Place

NOT_POSITIVE = Code("rate-not-positive", "warning", "`{argument}: {given}` of `{what}` {outcome}")
NOTHING = "changes no weight"
UPHILL = "makes the loss grow"
OF_SCHEDULES = ("initial_learning_rate", "warmup_target", "end_learning_rate", "values")
"""The arguments of schedules that are rates."""
USUAL = 0.001


class _Optimizer(NamedTuple):
    """An optimizer that trains, where its learning rate is, and what holds it: its name, or a phase, `within` whose key it is."""

    thing: KerasObject
    rate: Place
    holder: Place
    within: str | None = None


def check_rates(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each optimizer whose learning rate is never above 0, or at times below it."""
    for optimizer in _iterate_optimizers(spec):
        rate = optimizer.thing.get("learning_rate")
        if isinstance(rate, KerasObject):
            found = _check_schedule(optimizer, rate)
        else:
            found = _check_number(optimizer, rate)
        yield from found


def _iterate_optimizers(spec: ModelSpec) -> Iterator[_Optimizer]:
    section = spec.compile
    if isinstance(section, CompileSpec) and section.optimizer is not None:
        placed = section.optimizer
        yield _Optimizer(placed.thing, placed.find_place("learning_rate"), placed.place)
    for phase in (spec.fit.phases or ()) if spec.fit is not None else ():
        if phase.keys.optimizer is not None:
            yield _Optimizer(phase.keys.optimizer, phase.written.places["optimizer"], phase.place, "optimizer")


def _check_number(optimizer: _Optimizer, rate: object) -> Iterator[Diagnostic]:
    if not isinstance(rate, int | float) or rate > 0:
        return
    usual = -rate or USUAL
    facts: dict[str, object] = {"argument": "learning_rate", "given": f"{rate:g}", "what": optimizer.thing.name}
    help = ("`trainable: false` freezes a layer",) if not rate else ()
    change = Put(optimizer.holder.span, "learning_rate", f"{usual:g}", optimizer.within)
    facts["outcome"] = UPHILL if rate else NOTHING
    way = f"write `learning_rate: {usual:g}`"
    yield Diagnostic(NOT_POSITIVE, optimizer.rate, facts, help=(way, *help), fixes=(Fix(way, (change,)),))


def _check_schedule(optimizer: _Optimizer, schedule: KerasObject) -> Iterator[Diagnostic]:
    """A schedule that begins, and ends, at no rate above 0, or goes below it."""
    rates = {name: value for name in OF_SCHEDULES for value in _list_rates(schedule, name)}
    if not rates or (max(map(max, rates.values())) > 0 and min(map(min, rates.values())) >= 0):
        return
    argument, given = next((name, each) for name, each in rates.items() if min(each) <= 0)
    outcome = UPHILL if min(given) < 0 else NOTHING
    shown = f"{given[0]:g}" if argument != "values" else f"[{', '.join(f'{each:g}' for each in given)}]"
    facts: dict[str, object] = {"argument": argument, "given": shown, "what": schedule.name, "outcome": outcome}
    value = f"{-given[0] or USUAL:g}"
    change = Put(optimizer.holder.span, argument, value, "learning_rate")
    fixes = () if argument == "values" or optimizer.within else (Fix(f"write `{argument}: {value}`", (change,)),)
    yield Diagnostic(NOT_POSITIVE, optimizer.rate, facts, help=("a learning rate is above 0",), fixes=fixes)


def _list_rates(schedule: KerasObject, argument: str) -> Iterator[tuple[float, ...]]:
    """The numbers that an argument gives, where the schedule has it."""
    value = schedule.get(argument)
    if isinstance(value, int | float):
        yield (value,)
    elif isinstance(value, tuple | list) and value and all(isinstance(each, int | float) for each in value):
        yield tuple(value)
