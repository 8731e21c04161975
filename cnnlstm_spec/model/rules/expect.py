"""`expect`: shapes and counts that must come out."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...ir.size import Size, format_size
from ...ops.input import InputOp
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.source import Place
from ..addresses import cut_off_address, find_backbone, find_inner, find_output, is_cut_off, report_unknown_address
from ..backbones import find_node
from ..costs import count_costs
from .budget import COUNTED, label_costliest, report_open_size

SHAPE_DIFFERS = Code(
    "shape-not-as-expected",
    "error",
    "`{address}` gives {given}; expected {wanted}",
    help="put the line right that is not meant, or the promise",
    promised=True,
)
COUNT_DIFFERS = Code(
    "count-not-as-expected",
    "error",
    "`{name}` is {given}; expected {wanted}",
    help="`cnnlstm-spec shapes` shows where they are; put the line right that is not meant",
    promised=True,
)


def check_expect(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each expectation that does not hold; of branches that one pattern stands for, the first in which it does not."""
    told = set()
    for each in spec.expect:
        if isinstance(each.wanted, int):
            found = _count(each.name, each.wanted, each.place, typed, spec)
        else:
            found = _shape(each.name, each.wanted, each.place, each.key, typed)
        for finding in found:
            if finding.place not in told:
                told.add(finding.place)
                yield finding


def _shape(
    address: str, wanted: tuple[int | str | None, ...], place: Place, key: Place, typed: TypedGraph
) -> Iterable[Diagnostic]:
    if is_cut_off(typed.graph, address):
        yield cut_off_address(address, key)
        return
    inside, id = find_node(typed, address), find_output(typed.graph, address)
    if inside is None and id is None:
        names_backbone = find_inner(typed.graph, address) is not None or find_backbone(typed.graph, address) is not None
        if not names_backbone and all(node.op is not None for node in typed.graph.nodes.values()):
            from ...spec.expect import COUNTS

            yield report_unknown_address(typed.graph, address, key, COUNTS)
        return
    type = inside.type if inside is not None else typed.nodes[id].type if id is not None else None
    if type is None or (len(wanted) == type.rank and all(map(_find_fits, wanted, type.sizes))):
        return
    at = (
        _find_giver(typed, id) if inside is None and id is not None else inside.node.origin.place if inside is not None else place
    )
    shown = "[" + ", ".join("null" if size is None else str(size) for size in wanted) + "]"
    facts: dict[str, object] = {"address": address, "given": type, "wanted": shown}
    yield Diagnostic(SHAPE_DIFFERS, place, facts, labels=(Label(at, f"gives {type}"),))


def _find_fits(wanted: int | str | None, size: Size) -> bool:
    if wanted is None or isinstance(size, int) or isinstance(wanted, int):
        return not isinstance(size, int) if wanted is None else wanted == size
    text = format_size(size)
    return text is not None and "".join(str(text).split()) == wanted


def _find_giver(typed: TypedGraph, id: str) -> Place:
    """The line that gives a node's shape: the last layer that changed it."""
    while True:
        step = typed.nodes[id]
        if isinstance(step.node.op, InputOp):
            return step.node.origin.written.places.get("shape", step.node.origin.place)
        x = step.inputs[0] if len(step.inputs) == 1 else None
        if x is None or step.type is None or x.axes != step.type.axes:
            return step.node.origin.place
        id = step.node.inputs[0]


def _count(name: str, wanted: int, place: Place, typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    if not typed.is_known:
        return
    costs = count_costs(typed, 1, spec.budget.record.sizes if spec.budget is not None else None)
    whole, part = COUNTED[name]
    value = whole(costs)
    if not isinstance(value, int):
        yield report_open_size(name, value, place)
    elif value != wanted:
        facts: dict[str, object] = {"name": name, "given": f"{value:,}", "wanted": f"{wanted:,}"}
        yield Diagnostic(COUNT_DIFFERS, place, facts, labels=label_costliest(name, costs, part, max(value, 1)))
