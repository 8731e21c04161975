"""What an address such as `branches.video.conv3` or `heads.risk` names in a graph. Imports no stage after the graph."""

from __future__ import annotations

from ..ir.graph import Graph, Node
from ..text.diagnostic import Code, Diagnostic
from ..text.source import Place
from ..text.spelling import guess

UNKNOWN_ADDRESS = Code("unknown-address", "error", "there is no `{address}` in this model")

SECTIONS = ("branches", "fusion", "heads")


def output_of(graph: Graph, address: str) -> str | None:
    """The node whose output an address means, or None where there is none."""
    if address == "head" and graph.single_head:
        return next(iter(graph.outputs.values()))
    if address.startswith("heads.") and address[6:] in graph.outputs and not graph.single_head:
        return graph.outputs[address[6:]]
    if address == "fusion":
        areas = [node.area for node in graph.nodes.values() if node.area.split(".")[0] == "fusion"]
        address = areas[-1] if areas else address
    return graph.addresses.get(_local(address)) if _is_known(graph, address) else None


def list_addresses(graph: Graph) -> tuple[str, ...]:
    """Every address of a branch, fusion, head or named layer."""
    areas = [area for area in graph.areas if _is_section(area)]
    held: dict[str | None, list[str]] = {}
    for key in graph.addresses:
        held.setdefault(_holder(key), []).append(_name(key))
    named = [f"{area}.{name}" for area in areas for name in held.get(_local(area), ())]
    fusion = ["fusion"] if any(area.startswith("fusion.") for area in areas) else []
    return (*areas, *fusion, *named)


def _is_known(graph: Graph, address: str) -> bool:
    """Whether it is one of the known addresses."""
    if address in graph.areas and _is_section(address):
        return True
    if address == "fusion":
        return any(area.startswith("fusion.") for area in graph.areas)
    area = _holder(address)
    return area in graph.areas and _is_section(area) and f"{_local(area)}.{_name(address)}" in graph.addresses


def _is_section(area: str) -> bool:
    return area.split(".")[0] in (*SECTIONS, "head")


def find_members(graph: Graph, address: str) -> tuple[str, ...]:
    """The nodes that an address covers: a section's, a branch's, fusion's or head's, a layer's, or those of a structure."""
    whole = [id for id, node in graph.nodes.items() if address in (node.area, node.area.split(".")[0])]
    if whole:
        return tuple(whole)
    id = output_of(graph, address)
    if id is None:
        return ()
    node, name = graph.nodes[id], _name(address)
    if node.op is not None and node.op.name == name:
        return (id,)
    return _inside(graph, node, name)


def unknown_address(graph: Graph, address: str, place: Place, more: tuple[str, ...] = ()) -> Diagnostic:
    """Says that an address names nothing, and what is near; `more` are other words that could stand there."""
    names = (*more, *list_addresses(graph))
    near = guess(address, names, place.span)
    help = near.help or (f"there are {', '.join(f'`{each}`' for each in names[:8])}",)
    return Diagnostic(UNKNOWN_ADDRESS, place, {"address": address}, help=help, fixes=near.fixes)


def _inside(graph: Graph, end: Node, name: str) -> tuple[str, ...]:
    """The nodes of the structure or block that a node ends."""
    area = [node for node in graph.nodes.values() if node.area == end.area]
    frames = {frame.id for node in area for frame in node.frames if graph.titles.get(frame.id) == name}
    return tuple(node.id for node in area if node.id == end.id or any(frame.id in frames for frame in node.frames))


def _local(address: str) -> str:
    """As the inputs of a fusion spell it."""
    return address.removeprefix("branches.").removeprefix("fusion.") if address != "fusion" else address


def _holder(key: str) -> str | None:
    return key.rsplit(".", 1)[0] if "." in key else None


def _name(key: str) -> str:
    return key.rsplit(".", 1)[-1]
