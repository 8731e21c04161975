"""What an address such as `branches.video.conv3` or `heads.risk` names in a graph. Imports no stage after the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..ir.graph import Graph, Node
from ..ops.backbones.codes import CUT_OFF
from ..ops.stand_in import stand_for
from ..spec.patterns import fits
from ..text.diagnostic import Code, Diagnostic
from ..text.fix import write
from ..text.source import Place, Span
from ..text.spelling import Guess, find_nearest, guess_address, sort_by_likeness

if TYPE_CHECKING:
    from ..ops.backbones.op import Backbone
else:
    Backbone = stand_for("backbones.op", "Backbone")

UNKNOWN_ADDRESS = Code("unknown-address", "error", "there is no `{address}` in this model")


class Inner(NamedTuple):
    """An inner layer of a backbone."""

    id: str
    """The node of the backbone."""
    op: Backbone
    layer: str


Part = tuple[str, str]
"""A node, and of a backbone the name of an inner layer."""

SECTIONS = ("branches", "fusion", "heads")


def find_output(graph: Graph, address: str) -> str | None:
    """The node whose output an address means, or None where there is none."""
    if address == "head" and graph.single_head:
        return next(iter(graph.outputs.values()))
    if address.startswith("heads.") and address[6:] in graph.outputs and not graph.single_head:
        return graph.outputs[address[6:]]
    if address == "fusion":
        areas = [node.area for node in graph.nodes.values() if node.area.split(".")[0] == "fusion"]
        address = areas[-1] if areas else address
    return graph.addresses.get(_localize(address)) if _is_known(graph, address) else None


def find_backbone(graph: Graph, address: str) -> str | None:
    """The node of the backbone that an address names, in `TimeDistributed` too."""
    id = graph.backbones.get(_localize(address))
    return id if id is not None and _find_holder(address) == graph.nodes[id].area else None


def find_inner(graph: Graph, address: str) -> Inner | None:
    """The inner layer of a backbone that an address names, whether it is part of the model or not."""
    holder = _find_holder(address)
    id = find_backbone(graph, holder) if holder is not None else None
    op = graph.nodes[id].op if id is not None else None
    if id is None or not isinstance(op, Backbone) or _name(address) not in op.list_layers():
        return None
    return Inner(id, op, _name(address))


def list_addresses(graph: Graph) -> tuple[str, ...]:
    """Every address of a branch, fusion, head or named layer."""
    areas = [area for area in graph.areas if _is_section(area)]
    held: dict[str | None, list[str]] = {}
    for key in graph.addresses:
        held.setdefault(_find_holder(key), []).append(_name(key))
    named = [f"{area}.{name}" for area in areas for name in held.get(_localize(area), ())]
    fusion = ["fusion"] if any(area.startswith("fusion.") for area in areas) else []
    return (*areas, *fusion, *named)


def list_inner(graph: Graph, address: str, whole: bool) -> tuple[str, ...]:
    """The layers inside the backbone whose name an address goes on from; of a `whole` one those that are part of the model."""
    holder = _find_holder(address)
    id = graph.backbones.get(_localize(holder)) if holder is not None else None
    op = graph.nodes[id].op if id is not None else None
    if not isinstance(op, Backbone):
        return ()
    return tuple(f"{holder}.{each}" for each in (op.list_kept() if whole else op.list_layers()))


def _is_known(graph: Graph, address: str) -> bool:
    """Whether it is one of the known addresses."""
    if address in graph.areas and _is_section(address):
        return True
    if address == "fusion":
        return any(area.startswith("fusion.") for area in graph.areas)
    if find_inner(graph, address) is not None:
        return True
    area = _find_holder(address)
    return area in graph.areas and _is_section(area) and f"{_localize(area)}.{_name(address)}" in graph.addresses


def _is_section(area: str) -> bool:
    return area.split(".")[0] in (*SECTIONS, "head")


def find_members(graph: Graph, address: str) -> tuple[str, ...]:
    """The nodes that an address covers: a section's, a branch's, fusion's or head's, a layer's, or those of a structure."""
    whole = [id for id, node in graph.nodes.items() if address in (node.area, node.area.split(".")[0])]
    if whole:
        return tuple(whole)
    if (backbone := find_backbone(graph, address)) is not None:
        return (backbone,)
    id = find_output(graph, address) if find_inner(graph, address) is None else None
    if id is None:
        return ()
    node, name = graph.nodes[id], _name(address)
    if node.op is not None and node.op.name == name:
        return (id,)
    return _list_inside(graph, node, name)


def report_unknown_address(graph: Graph, address: str, place: Place, more: tuple[str, ...] = ()) -> Diagnostic:
    """Says that an address names nothing, and what is near; `more` are other words that could stand there."""
    backbones = {f"{graph.nodes[id].area}.{_name(key)}": graph.nodes[id].op for key, id in graph.backbones.items()}
    meant = list_meant(address, {key: op for key, op in backbones.items() if isinstance(op, Backbone)})
    names = meant or (*more, *list_addresses(graph))
    near = guess_address(address, names, place.span)
    help = near.help or (f"there are {', '.join(f'`{each}`' for each in names[:8])}",)
    if (pattern := find_pattern(place.span)) is not None:
        near = guess_layer(pattern, find_nearest(address, names), place.span)
        help = near.help or help
    return Diagnostic(UNKNOWN_ADDRESS, place, {"address": address}, help=help, fixes=near.fixes)


def find_pattern(span: Span) -> str | None:
    """The pattern that an address is written as; None of one that is written as it is."""
    source, start, end = span
    text = source.text[start:end].strip("\"'")
    return text if "*" in text else None


def guess_layer(pattern: str, near: str | None, span: Span) -> Guess:
    """The pattern that is meant, if in one of the branches that it stands for the nearest address is that of a layer."""
    branch, _, layer = pattern.rpartition(".")
    if "*" in layer:
        return Guess(("`*` stands for characters of a branch's name, and for none of a layer's",))
    meant = f"{branch}.{near.rpartition('.')[2]}" if near else ""
    return Guess((f"did you mean `{meant}`?",), (write(span, f'"{meant}"'),)) if meant else Guess()


def find_parts(graph: Graph, address: str, freezes: bool) -> frozenset[Part]:
    """What an address covers; an inner layer all before it where it freezes, else all after it, and itself."""
    if (inner := find_inner(graph, address)) is not None:
        kept = inner.op.list_kept()
        place = kept.index(inner.layer)
        return frozenset((inner.id, each) for each in (kept[: place + 1] if freezes else kept[place:]))
    found: set[Part] = set()
    for id in find_members(graph, address):
        op = graph.nodes[id].op
        found.update((id, each) for each in (op.list_kept() if isinstance(op, Backbone) else ("",)))
    return frozenset(found)


def list_meant(address: str, backbones: Mapping[str, Backbone]) -> tuple[str, ...]:
    """The inner layers that an address may be meant for: those of its backbone, likeliest first, or of that name in others."""
    holder, layer = _find_holder(address), _name(address)
    if holder is None:
        return ()
    if holder in backbones:
        return tuple(f"{holder}.{each}" for each in sort_by_likeness(layer, backbones[holder].list_kept()))
    return tuple(f"{each}.{layer}" for each, op in backbones.items() if layer in op.list_layers())


def expand(graph: Graph, address: str) -> tuple[str, ...]:
    """The addresses that one stands for: with a `*` in the name of a branch, fusion or head those that fit."""
    section, _, rest = address.partition(".")
    name, dot, layer = rest.partition(".")
    area = f"{section}.{name}" if rest else section
    if "*" not in area:
        return (address,)
    return tuple(f"{each}{dot}{layer}" for each in graph.areas if fits(each, area))


def is_cut_off(graph: Graph, address: str) -> bool:
    """Whether an address names what nothing reads of a backbone, and so is no part of the model."""
    if (inner := find_inner(graph, address)) is not None:
        return inner.layer not in inner.op.list_kept()
    id = find_output(graph, address)
    op = graph.nodes[id].op if id is not None else None
    return isinstance(op, Backbone) and not (op.whole or op.unsure)


def cut_off_address(address: str, place: Place) -> Diagnostic:
    """Says that an address names what is no part of the model."""
    return Diagnostic(CUT_OFF, place, {"name": address})


def _list_inside(graph: Graph, end: Node, name: str) -> tuple[str, ...]:
    """The nodes of the structure or block that a node ends."""
    area = [node for node in graph.nodes.values() if node.area == end.area]
    frames = {frame.id for node in area for frame in node.frames if graph.titles.get(frame.id) == name}
    return tuple(node.id for node in area if node.id == end.id or any(frame.id in frames for frame in node.frames))


def _localize(address: str) -> str:
    """As the inputs of a fusion spell it."""
    return address.removeprefix("branches.").removeprefix("fusion.") if address != "fusion" else address


def _find_holder(key: str) -> str | None:
    return key.rsplit(".", 1)[0] if "." in key else None


def _name(key: str) -> str:
    return key.rsplit(".", 1)[-1]
