"""`search` against the rest of the spec: what it makes greatest or least is logged, and there is something to train."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...spec.model_spec import ModelSpec
from ...spec.search import SearchSpec
from ...text.diagnostic import Code, Diagnostic
from ...text.fix import write
from ..logged import find_logged, find_looked_at
from ..monitors import find_objective
from .fit import check_monitor

NEEDS = Code("search-needs-section", "error", "`search` trains its trials, and the spec has no `{section}`")
TOO_MANY = Code("search-of-few-values", "warning", "`trials` is {trials:,}; the space has {combinations}")
WRONG_WAY = Code("search-for-the-worst", "warning", "`{key}: {name}` looks for the worst: {better} of it is better")


def check_search(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Everything that needs no trial."""
    search = spec.search
    assert search is not None
    for section, written in (("data", spec.data), ("fit", spec.fit)):
        if written is None:
            yield Diagnostic(NEEDS, search.place, {"section": section}, help=(f"add the section `{section}`",))
    yield from _check_trials(search)
    objective = find_objective(search)
    if objective is None or spec.compile is None:
        return
    yield from check_monitor(objective, spec)
    found = find_looked_at(find_logged(spec) or {}, objective.name)[1]
    key = "maximize" if search.maximize else "minimize"
    if found is not None and found.direction == ("down" if search.maximize else "up"):
        other, better = ("minimize", "less") if search.maximize else ("maximize", "more")
        facts: dict[str, object] = {"key": key, "name": objective.name, "better": better}
        key_place, help = search.written.keys[key], (f"write `{other}: {objective.name}`",)
        yield Diagnostic(WRONG_WAY, key_place, facts, help=help, fixes=(write(key_place.span, other),))


def _check_trials(search: SearchSpec) -> Iterable[Diagnostic]:
    """Whether there can be as many trials as are wanted."""
    count = search.count_combinations()
    if search.trials is None or count is None or count >= search.trials:
        return
    place = search.written.places["trials"]
    facts = {"trials": search.trials, "combinations": f"{count:,} combination{'s' if count > 1 else ''}"}
    help = (f"`trials: {count}` tries each of them; or give the space more values",)
    yield Diagnostic(TOO_MANY, place, facts, help=help, fixes=(write(place.span, f"{count}"),))
