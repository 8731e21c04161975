"""What is checked of a typed graph: nothing lies idle, multipliers find their weights, and the rules.

Where a type is unknown, a mistake before it has been told, and nothing is said. Imports no emitter.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import Graph, Node, TypedGraph, TypedNode
from ...language.catalog import NO_EFFECT
from ...ops.input import InputOp
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.memo import UNKNOWN, Memory
from ...text.source import Place, Span
from ..addresses import Inner, cut_off_address, find_inner, find_members, is_cut_off, report_unknown_address
from . import HEAD_RULES, NODE_RULES, RULES
from .common import HeadUse, Setting, list_heads

REACHES_NO_HEAD = Code("reaches-no-head", "error", "{what} reaches no head")


def verify(typed: TypedGraph, spec: ModelSpec, memory: Memory | None = None) -> list[Diagnostic]:
    """Every finding, in the order of the checks."""
    found = [*_check_idle(typed.graph, spec), *_check_multipliers(typed, spec)]
    for rule in RULES:
        found += rule(typed, spec)
    for head in list_heads(typed, spec):
        found += judge_head(head, memory)
    setting = Setting(typed.policy, isinstance(spec.compile, CompileSpec))
    for node in typed.nodes.values():
        found += judge_node(node, setting, memory)
    return found


def judge_head(head: HeadUse, memory: Memory | None) -> list[Diagnostic]:
    """What is said of a head; nothing of one in which an earlier variant found nothing."""
    last = head.activation
    rests_on = (head.type, head.mask, head.loss, head.target, last and last.typed, *head.metrics)
    key = (judge_head, head.name, last and last.pooled, *map(id, rests_on))
    if memory is not None and memory.get(key) is not UNKNOWN:
        return []
    found = [each for rule in HEAD_RULES for each in rule(head)]
    if memory is not None and not found:
        memory.keep(key, None, *rests_on)
    return found


def judge_node(node: TypedNode, setting: Setting, memory: Memory | None) -> list[Diagnostic]:
    """What is said of a node by itself; nothing of one in which an earlier variant found nothing."""
    if node.node.op is None or node.type is None:
        return []
    key = (judge_node, id(node), setting)
    if memory is not None and memory.get(key) is not UNKNOWN:
        return []
    found = [each for rule in NODE_RULES for each in rule(node, setting)]
    if memory is not None and not found:
        memory.keep(key, None, node)
    return found


def _check_idle(graph: Graph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each branch, fusion or tail of layers that no head reads; not where what is read could not be told."""
    if any(node.op is None and (node.hidden or not node.area.startswith("branches.")) for node in graph.nodes.values()):
        return
    alive = _find_reaching(graph)
    idle = [node for node in graph.nodes.values() if node.id not in alive]
    read = {id for node in idle for id in node.inputs}
    for area in dict.fromkeys(node.area for node in idle if node.id not in read):
        nodes = [node for node in idle if node.area == area]
        labels = _label_feeding(area, nodes, idle, graph, spec)
        yield _report_idle_area(area, nodes, graph, spec, labels)


def _report_idle_area(area: str, nodes: list[Node], graph: Graph, spec: ModelSpec, labels: tuple[Label, ...]) -> Diagnostic:
    first, name = nodes[0], area.split(".", 1)[-1]
    if isinstance(first.op, InputOp) or first.op is None:
        reader = "the fusion" if spec.fusions else "a head"
        help: tuple[str, ...] = (f"add `{name}` to the `inputs` of {reader}, or remove it",)
        return Diagnostic(
            REACHES_NO_HEAD, _find_branch_place(name, first, spec), {"what": f"the branch `{name}`"}, "", labels, help
        )
    whole = all(node.area != area or node in nodes for node in graph.nodes.values())
    if area.split(".")[0] == "fusion" and whole:
        what = f"the fusion `{name}`" if name != "fusion" else "`fusion`"
        help = ("a head reads the last fusion, or what its `inputs` name", f"read `{name}` later, or remove it")
        return Diagnostic(REACHES_NO_HEAD, first.origin.place, {"what": what}, "", labels, help)
    before = graph.nodes[first.inputs[0]]
    used = before.op.name if before.op is not None and before.op.name else before.layer
    more = " and what follows it" if len(nodes) > 1 else ""
    help = (f"what is read is `{used}`, before it; read `{name}` instead, or remove what follows",)
    what = f"`{first.op.title() if first.op else 'the layer'}`{more}"
    if first.hidden:
        what = "`TimeDistributed`" + (more if len({node.origin.place for node in nodes if node.hidden}) > 1 else "")
    return Diagnostic(REACHES_NO_HEAD, first.origin.place, {"what": what}, "", (*labels, *first.origin.uses), help)


def _label_feeding(area: str, nodes: list[Node], idle: list[Node], graph: Graph, spec: ModelSpec) -> tuple[Label, ...]:
    """The other areas that reach nothing but this one."""
    areas = dict.fromkeys(node.area for node in idle if node.area != area)
    fed = [each for each in areas if any(_leads(node, nodes, graph) for node in idle if node.area == each)]
    labels = []
    for each in fed:
        first = next(node for node in idle if node.area == each)
        place = _find_branch_place(each.split(".", 1)[-1], first, spec) if isinstance(first.op, InputOp) else first.origin.place
        labels.append(Label(place, "is read by nothing else"))
    return tuple(labels)


def _leads(node: Node, to: list[Node], graph: Graph) -> bool:
    return any(node.id in each.inputs for each in to)


def _find_branch_place(name: str, node: Node, spec: ModelSpec) -> Place:
    return next((branch.origin.place for branch in spec.branches if branch.name == name), node.origin.place)


def _is_idle(inner: Inner | None, nodes: list[TypedNode]) -> bool:
    """Whether no layer of a backbone from the inner one on has a weight that is trained."""
    if inner is None:
        return False
    after = inner.op.list_layers()[inner.op.list_layers().index(inner.layer) :]
    return not any(weight.trainable and inner.op.find_layer(weight) in after for weight in nodes[0].weights)


def _find_reaching(graph: Graph) -> frozenset[str]:
    """The nodes that some output rests on."""
    alive: set[str] = set()
    waiting = list(graph.outputs.values())
    while waiting:
        id = waiting.pop()
        if id not in alive:
            alive.add(id)
            waiting += graph.nodes[id].inputs
    return frozenset(alive)


def _check_multipliers(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Addresses of learning-rate multipliers that name nothing, or nothing that is trained."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or any(node.op is None for node in typed.graph.nodes.values()):
        return
    told: set[Span] = set()
    for address, _, place in section.multipliers:
        if place.span in told:
            continue
        if is_cut_off(typed.graph, address):
            yield cut_off_address(address, place)
            continue
        inner = find_inner(typed.graph, address)
        ids = find_members(typed.graph, address) if inner is None else (inner.id,)
        if not ids:
            whole = ("branches",) if typed.graph.single_head else ("branches", "heads")
            yield report_unknown_address(typed.graph, address, place, whole)
            # Of a pattern the same is true of all branches that it stands for.
            told.add(place.span)
            continue
        nodes = [typed.nodes[id] for id in ids]
        trained = any(node.trainable_params for node in nodes) and not _is_idle(inner, nodes)
        if trained or any(node.type is None for node in nodes):
            continue
        shared = any(weight.trainable for node in nodes for weight in node.weights)
        why = "its weights are shared with a layer before it; give that one the multiplier" if shared else "remove the line"
        facts: dict[str, object] = {"argument": address, "needed": "weights of its own to train"}
        yield Diagnostic(NO_EFFECT, place, facts, help=(why,))
