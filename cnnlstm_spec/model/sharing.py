"""Which items are one set of weights: what must be alike in them, and the branches that share their layers."""

from __future__ import annotations

from typing import Any

from ..ir.graph import TypedNode
from ..ir.inference import Refusal
from ..ir.op import Op, Weight
from ..ir.tensor import TensorType
from ..spec.layer_list import Fusion, Group, Item, Layer, Parallel, Residual, Timed
from ..spec.model_spec import Branch, ModelSpec
from ..text.diagnostic import Code, Diagnostic
from ..text.spelling import guess_address

SHARE_CYCLE = Code(
    "share-cycle", "error", "`{name}` shares its layers with itself", help="let one of them have layers of its own"
)
UNKNOWN_BRANCH = Code("unknown-branch", "error", "there is no branch `{name}`")
SHARED_SHAPES = Code(
    "shared-weights-differ", "error", "`{layer}` is shared, but its weights are {first} there, {here} here", sort="keras"
)
SHARED_RANK = Code(
    "shared-rank-differs",
    "error",
    "`{layer}` is shared, but reads {first} there, {here} here",
    help="give both inputs of as many axes, by a `Reshape`, or leave `share` out of one",
)

Key = tuple[object, ...]
UNKNOWN: Key = ("unknown",)
"""What stands for a layer that could not be read: whether it is like another is not known."""


def make_sharing_key(op: Op) -> Key:
    """What must be equal in two layers that share weights: everything but their names, and the states that they begin with."""
    return tuple(part for part in op.make_key() if not (isinstance(part, tuple) and part[0] in ("name", "initial_state")))


def make_signature(item: Item) -> Key:
    """What must be equal in two items that share weights."""
    if isinstance(item, Layer):
        return make_sharing_key(item.op) if item.op is not None else UNKNOWN
    if isinstance(item, Parallel):
        paths = tuple((name, *map(make_signature, items)) for name, items in item.paths)
        return ("Parallel", paths, *_make_fusion_key(item.merge))
    shortcut = item.shortcut if isinstance(item, Residual) else ()
    side = "projection" if shortcut is None else tuple(map(make_signature, shortcut))
    frozen = isinstance(item, Timed) and item.frozen is not None
    norms = isinstance(item, Timed | Group) and item.norms is not None
    return (type(item).__name__, side, frozen, norms, *map(make_signature, item.items))


def check_shared(op: Op, first: TypedNode, inputs: tuple[TensorType, ...], weights: tuple[Weight, ...]) -> None:
    """Raises Refusal where Keras has built a layer, for the first node that has it, for other inputs than these."""
    for mine, theirs in zip(weights, first.weights, strict=False):
        if mine.shape != theirs.shape:
            facts: dict[str, Any] = {"layer": op.title(), "first": list(theirs.shape), "here": list(mine.shape)}
            raise Refusal(SHARED_SHAPES, None, ("give both the same input shape",), **facts)
    there, here = first.inputs[0], inputs[0]
    if there is not None and not op.reads_rank_beside(there.rank, here.rank):
        raise Refusal(SHARED_RANK, None, (), layer=op.title(), first=there, here=here)


def is_known(key: Key) -> bool:
    """Whether all of what must be alike could be read."""
    return key != UNKNOWN and all(is_known(part) for part in key if isinstance(part, tuple))


def _make_fusion_key(fusion: Fusion) -> Key:
    op = make_sharing_key(fusion.op) if fusion.op is not None else UNKNOWN
    query = fusion.query[0] if fusion.query is not None else None
    return (op, fusion.units, query, *map(make_signature, fusion.items))


def resolve_chains(spec: ModelSpec, found: list[Diagnostic]) -> dict[str, tuple[Branch, ...] | None]:
    """For each branch those whose layers it has, its own last; None where a reference in the chain names no branch."""
    branches = {branch.name: branch for branch in spec.branches}
    result: dict[str, tuple[Branch, ...] | None] = {}
    told: set[str] = set()
    for branch in spec.branches:
        chain: list[Branch] = [branch]
        names = {branch.name}
        while chain[0].share_layers_with is not None:
            name, origin = chain[0].share_layers_with
            before = branches.get(name)
            if before is None or name in names:
                break
            chain.insert(0, before)
            names.add(name)
        else:
            result[branch.name] = tuple(chain)
            continue
        result[branch.name] = None
        if before is None and chain[0] is branch:
            others = [each for each in branches if each != branch.name]
            near = guess_address(name, others, origin.place.span)
            facts: dict[str, object] = {"name": name}
            help = near.help or ((f"the other branches are {', '.join(f'`{each}`' for each in others[:12])}",) if others else ())
            found.append(Diagnostic(UNKNOWN_BRANCH, origin.place, facts, "", origin.uses, help, near.fixes))
        elif before is branch and branch.name not in told:
            told.update(each.name for each in chain)
            own = branch.share_layers_with
            assert own is not None
            found.append(Diagnostic(SHARE_CYCLE, own[1].place, {"name": branch.name}, labels=own[1].uses))
    return result
