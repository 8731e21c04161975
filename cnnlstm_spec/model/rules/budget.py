"""`budget`: ceilings on what the model costs, with the lines that cost most."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...ir.graph import TypedGraph
from ...ir.size import Size
from ...language.read_record import UNKNOWN_KEY
from ...spec.budget import POWERS, Budget
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.source import Place
from ...text.spelling import guess
from ..costs import Costs, Row, count_costs, find_open_sizes, list_open_sizes

OVER_BUDGET = Code(
    "over-budget",
    "error",
    "`{name}` is {given}; the budget is {ceiling}",
    help="make the lines that are named smaller, or raise the budget",
    promised=True,
)
OF_TRIALS = "`search` goes on: it holds each trial to the budget, whatever the spec costs as it is written"
NEEDS_SIZE = Code("budget-needs-size", "error", "`{name}` rests on {size}, known only at run time", promised=True)

COUNTED: dict[str, tuple[Callable[[Costs], Size], Callable[[Row], Size]]] = {
    "params": (lambda costs: costs.params, lambda row: row.params),
    "trainable_params": (lambda costs: costs.trainable, lambda row: row.trainable),
    "macs": (lambda costs: costs.macs, lambda row: row.macs),
    "activation_memory": (lambda costs: costs.activation_bytes, lambda row: row.activation_bytes),
}
"""How a cost is read off a model and off a layer."""
SHOWN = 3


def check_budget(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each ceiling that does not hold, or cannot be held against the model."""
    if spec.budget is None:
        return
    section, places = spec.budget.record, spec.budget.written.places
    yield from _check_sizes(section, places.get("sizes"), typed)
    if not typed.is_known:
        return
    batch = section.batch_size or spec.batch_size or 1
    costs = count_costs(typed, batch, section.sizes)
    for name, (whole, part) in COUNTED.items():
        ceiling = section.get_value(name)
        if ceiling is None:
            continue
        value, place = whole(costs), places[name]
        if not isinstance(value, int):
            yield report_open_size(name, value, place)
        elif value > ceiling:
            unit = getattr(ceiling, "unit", "")
            texts = describe_cost(name, value, unit), describe_cost(name, ceiling, unit)
            if texts[0] == texts[1]:
                texts = describe_cost(name, value, "B"), describe_cost(name, ceiling, "B")
            facts: dict[str, object] = {"name": name, "given": texts[0], "ceiling": texts[1]}
            per = f"for {batch} samples" if name == "activation_memory" and batch > 1 else ""
            help = (OVER_BUDGET.help, OF_TRIALS) if spec.search is not None else ()
            yield Diagnostic(OVER_BUDGET, place, facts, per, label_costliest(name, costs, part, value, unit), help)


def _check_sizes(section: Budget, place: Place | None, typed: TypedGraph) -> Iterable[Diagnostic]:
    """Names that are those of no size."""
    names = sorted(find_open_sizes(typed))
    for name in section.sizes or {}:
        if name not in names and place is not None:
            listed = f"its keys are {', '.join(f'`{each}`' for each in names)}" if names else "every size is fixed: remove it"
            facts: dict[str, object] = {"owner": "budget.sizes", "key": name}
            near = guess(name, names, place.span)
            yield Diagnostic(UNKNOWN_KEY, place, facts, help=near.help or (listed,), fixes=near.fixes)


def report_open_size(name: str, value: Size, place: Place) -> Diagnostic:
    """Says that a cost rests on sizes known only at run time."""
    names = list_open_sizes(value)
    first = names[0]
    if " " in first:
        help: tuple[str, ...] = ("give it a name in the `shape` of the input, and a value in `budget.sizes`",)
        return Diagnostic(NEEDS_SIZE, place, {"name": name, "size": first}, help=help)
    sizes = ", ".join(f"{each}: 32" for each in names if " " not in each)
    help = (f"say for which the estimate is: `budget: {{sizes: {{{sizes}}}}}`",)
    return Diagnostic(NEEDS_SIZE, place, {"name": name, "size": f"`{first}`"}, help=help)


def label_costliest(name: str, costs: Costs, part: Callable[[Row], Size], whole: int, unit: str = "") -> tuple[Label, ...]:
    """The lines that cost most; what a block or a repetition costs is summed up on its lines."""
    lines: dict[tuple[int, int], tuple[Place, int]] = {}
    for row in costs.rows:
        place, value = row.node.node.origin.place, part(row)
        assert isinstance(value, int)
        key = (id(place.span.source), place.span.start)
        lines[key] = (place, lines[key][1] + value if key in lines else value)
    most = sorted(lines.values(), key=lambda line: -line[1])[:SHOWN]
    return tuple(
        Label(place, f"{describe_cost(name, value, unit)}, {100 * value // whole} %")
        for place, value in most
        if value * 20 >= whole
    )


def describe_cost(name: str, value: int, unit: str = "") -> str:
    """A cost as a message shows it: memory in the unit of the budget, or in one that suits it."""
    if name != "activation_memory":
        return f"{value:,}"
    if unit == "B":
        return f"{value:,} bytes"
    if unit:
        number = value / POWERS[unit.removesuffix("B")]
        return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"
    for power, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if value >= power:
            return f"{value / power:.3g} {unit}" if value < 1000 * power else f"{value / power:,.0f} {unit}"
    return f"{value} bytes"
