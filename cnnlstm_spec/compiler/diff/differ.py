"""What differs between two specs in the model's terms: layers, shapes, costs, and which trained weights would still load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from ...ir.graph import TypedGraph, TypedNode, count_elements
from ...ir.size import Size
from ...language.catalog import load_catalog
from ...model.costs import count_costs
from ...ops.input import InputOp
from ...text.source import format_path
from ..compile import Compilation
from ..resolved import describe_resolved, make_plain
from .document import Change, CostChanges, Counts, Differences, LayerChange, LoadedWeights, LostLayer, Sizes


def compare(
    old: Compilation, new: Compilation, batch_size: int | None = None, names: tuple[str, str] | None = None
) -> Differences:
    """What differs from one sound spec to another; `names` is what they are called, if not as their texts."""
    assert old.typed is not None and new.typed is not None
    layers, same = _compare_layers(old.typed, new.typed)
    model = tuple(_list_changes(_list_facts(old), _list_facts(new)))
    first, second = names or (old.source.name, new.source.name)
    return Differences(
        version=1,
        old=first,
        new=second,
        equal=not model and not layers,
        model=model,
        layers=layers,
        same_layers=same,
        costs=_compare_costs(old, new, batch_size or 1),
        weights=_compare_weights(old.typed, new.typed),
    )


def _list_facts(compilation: Compilation) -> dict[str, object]:
    """What is to be said of a model beside its layers, flat."""
    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    found: dict[str, object] = {"name": spec.name, "seed": spec.seed, "batch_size": spec.batch_size}
    for id in typed.graph.inputs:
        op, type = typed.nodes[id].node.op, typed.nodes[id].type
        assert isinstance(op, InputOp) and type is not None
        found[f"input {op.branch}"] = f"{type} {type.dtype}"
        found[f"input {op.branch} mask"] = op.mask_by
    for head, id in typed.graph.outputs.items():
        type = typed.nodes[id].type
        found[f"output {head}"] = f"{type} {type.dtype}" if type is not None else None
    written = describe_resolved(compilation).compile
    return found if written is None else {**found, **_flatten_value("compile", written)}


def _flatten_value(path: str, value: object) -> dict[str, object]:
    """A value by its path; of a thing with arguments its name, and each argument below that."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    (name, arguments), *more = value.items()
    if not more and any(name in each["classes"] for each in load_catalog()["families"].values()):
        return {path: name, **(_flatten_value(path, arguments) if arguments else {})}
    return {key: each for name, inner in value.items() for key, each in _flatten_value(f"{path}.{name}", inner).items()}


def _list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        sides = {side: facts[key] for side, facts in (("old", old), ("new", new)) if key in facts}
        if len(sides) < 2 or not _is_same(key, sides["old"], sides["new"]):
            yield Change(what=key, **sides)


def _is_same(key: str, old: object, new: object) -> bool:
    """Whether two facts are equal; in `compile`, a class by its name and by its identifier is one."""
    if old == new or not (key.startswith("compile.") and isinstance(old, str) and isinstance(new, str)):
        return bool(old == new)
    return any(
        each["identifiers"].get(old, old) == each["identifiers"].get(new, new) for each in load_catalog()["families"].values()
    )


def _compare_layers(old: TypedGraph, new: TypedGraph) -> tuple[tuple[LayerChange, ...], int]:
    """How each layer has changed, area by area in the order of the second spec, then of the first."""
    before, after = _group_by_area(old), _group_by_area(new)
    pairs = [
        pair for area in dict.fromkeys((*after, *before)) for pair in _align_layers(before.get(area, []), after.get(area, []))
    ]
    renamed = {a.node.layer: b.node.layer for a, b in pairs if a is not None and b is not None}
    found = [change for a, b in pairs if (change := _change(a, b, old, new, renamed)) is not None]
    return tuple(found), len(pairs) - len(found)


def _group_by_area(graph: TypedGraph) -> dict[str, list[TypedNode]]:
    areas: dict[str, list[TypedNode]] = {}
    for typed in graph.nodes.values():
        if not typed.node.hidden:
            areas.setdefault(typed.node.area, []).append(typed)
    return areas


Pair = tuple[TypedNode | None, TypedNode | None]


def _align_layers(old: Sequence[TypedNode], new: Sequence[TypedNode]) -> Iterator[Pair]:
    """Layers that are the same in place, then those of one class between them, then what is left."""
    for tag, a, b in _match_blocks([_make_signature(each) for each in old], [_make_signature(each) for each in new]):
        if tag == "equal":
            yield from zip(old[a], new[b], strict=True)
            continue
        for inner, c, d in _match_blocks([_name_class(each) for each in old[a]], [_name_class(each) for each in new[b]]):
            if inner == "equal":
                yield from zip(old[a][c], new[b][d], strict=True)
            else:
                yield from ((each, None) for each in old[a][c])
                yield from ((None, each) for each in new[b][d])


def _match_blocks(old: list[str], new: list[str]) -> Iterator[tuple[str, slice, slice]]:
    """Equal and unequal stretches; what is equal at both ends is told first, since the matching is slow on long lists."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    yield "equal", slice(0, head), slice(0, head)
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        yield tag, slice(head + i, head + j), slice(head + k, head + m)
    yield "equal", slice(len(old) - tail, len(old)), slice(len(new) - tail, len(new))


def _name_class(typed: TypedNode) -> str:
    return typed.node.op.title() if typed.node.op is not None else ""


def _make_signature(typed: TypedNode) -> str:
    return f"{_name_class(typed)} {_list_arguments(typed)}"


def _list_arguments(typed: TypedNode) -> dict[str, object]:
    """Every argument, written or not, so that a default which is written out is no change."""
    op = typed.node.op
    if op is None:
        return {}
    return {name: make_plain(op.get_value(name)) for name, each in op.arguments.items() if each.field not in ("name", "share")}


def _change(
    a: TypedNode | None, b: TypedNode | None, old: TypedGraph, new: TypedGraph, renamed: Mapping[str, str]
) -> LayerChange | None:
    typed = b if b is not None else a
    assert typed is not None
    changes: tuple[Change, ...] = ()
    if a is not None and b is not None:
        changes = tuple(_list_changes(_describe_row(a, old, renamed), _describe_row(b, new, {})))
        if not changes:
            return None
    sort: Literal["added", "removed", "changed"] = "changed" if changes else "added" if a is None else "removed"
    path = format_path(typed.node.origin.address)
    return LayerChange(
        sort=sort,
        layer=_name_class(typed),
        name=typed.node.layer,
        path=path,
        output=str(typed.type),
        params=typed.params,
        changes=changes,
    )


def _describe_row(typed: TypedNode, graph: TypedGraph, renamed: Mapping[str, str]) -> dict[str, object]:
    """The facts of a layer; names of the layers that it reads are those of the second spec, so that a new name is no change."""
    read = [_read(id, graph) for id in typed.node.inputs]
    arguments = {"function" if name == "name" else name: value for name, value in _list_arguments(typed).items()}
    return {
        "name": typed.node.layer,
        **arguments,
        "reads": [renamed.get(name, name) for name in read],
        "output": f"{typed.type}",
        "dtype": typed.type.dtype if typed.type is not None else None,
        "params": typed.params,
    }


def _read(id: str, graph: TypedGraph) -> str:
    """The layer whose output is read, past what only folds and unfolds time."""
    node = graph.nodes[id].node
    while node.hidden and node.inputs and not isinstance(node.op, InputOp):
        node = graph.nodes[node.inputs[0]].node
    return node.layer


def _compare_costs(old: Compilation, new: Compilation, batch_size: int) -> CostChanges:
    assert old.typed is not None and new.typed is not None
    a, b = count_costs(old.typed, batch_size), count_costs(new.typed, batch_size)
    return CostChanges(
        params=Counts(old=a.params, new=b.params),
        trainable=Counts(old=a.trainable, new=b.trainable),
        weight_bytes=Counts(old=a.weight_bytes, new=b.weight_bytes),
        macs=Sizes(old=_write_size(a.macs), new=_write_size(b.macs)),
        activation_bytes=Sizes(old=_write_size(a.activation_bytes), new=_write_size(b.activation_bytes)),
    )


def _write_size(value: Size) -> int | str:
    return value if isinstance(value, int) else str(value)


def _compare_weights(old: TypedGraph, new: TypedGraph) -> LoadedWeights:
    """The Keras layers of the first whose weights would load in the second, their size, and those that would not."""
    before, after = _map_shapes(old), _map_shapes(new)
    loaded, lost = [], []
    for name, weights in before.items():
        if weights == after.get(name):
            loaded.append(name)
        else:
            reason = _explain_difference(weights, after.get(name))
            lost.append(LostLayer(name=name, params=_count_size(weights), reason=reason))
    loaded_params = sum(_count_size(before[name]) for name in loaded)
    return LoadedWeights(loaded=tuple(loaded), loaded_params=loaded_params, not_loaded=tuple(lost))


Weights = list[tuple[str, tuple[int, ...]]]


def _map_shapes(graph: TypedGraph) -> dict[str, Weights]:
    found: dict[str, Weights] = {}
    for typed in graph.nodes.values():
        for weight in typed.weights if typed.owns_weights else ():
            found.setdefault(typed.node.layer + weight.within, []).append((weight.name, weight.shape))
    return found


def _count_size(weights: Weights) -> int:
    return sum(count_elements(shape) for _, shape in weights)


def _explain_difference(old: Weights, new: Weights | None) -> str:
    if new is None:
        return "no layer has its name"
    for (name, shape), (other, other_shape) in zip(old, new, strict=False):
        if name != other:
            return f"`{name}` has become `{other}`"
        if shape != other_shape:
            return f"`{name}` is {list(other_shape)} instead of {list(shape)}"
    return f"it has {len(new)} weights instead of {len(old)}"
