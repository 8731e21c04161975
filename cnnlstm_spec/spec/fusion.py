"""Reading a fusion: a strategy of ours or a Keras layer of several inputs, its inputs, and what comes after it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated

from ..ir.op import Op
from ..language.catalog import NO_EFFECT
from ..language.foreign import suggest_line, write_flow
from ..language.json_schema import Schema
from ..language.kinds import BOOLEAN, NAME, SIZE, UNKNOWN_CHOICE, Optional
from ..language.layer_kinds import LAYER, LAYERS
from ..language.leaf import OpenLeaf, Reading
from ..language.meanings import Address, LayerName
from ..language.read_record import (
    MANY,
    MISSING_KEY,
    NOT_A_MAPPING,
    UNKNOWN_KEY,
    note_keys,
    read,
    read_record,
    report_unknown_keys,
)
from ..language.record import Record
from ..language.references import is_pattern
from ..language.scope import POISON, Poison, Scope, make_origin
from ..ops import find_op
from ..ops.fusions.table import STRATEGIES
from ..ops.read_layer import read_op
from ..text.diagnostic import UNWRITTEN, Code, Diagnostic, Origin, Written
from ..text.fix import drop, write
from ..text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, describe_sort, show_given
from ..text.spelling import find_nearest, guess
from .layer_list import Fusion, Item

ONE_WAY = Code("one-of-keys", "error", "`{owner}` takes either {keys}", help="keep one of them, and write it")
NO_BROADCAST = Code("broadcast-without-effect", "error", "`broadcast` has no effect on `{strategy}`: a vector is one step to it")
PASSES_ON = "concat"
"""The strategy that gives its input as it is, if it has one alone."""
ONE_INPUT_LAYER = Code("layer-of-one-input", "error", "`{layer}` takes one input; a fusion needs a layer of several")


class ReferenceKind(OpenLeaf[tuple[str, Origin]]):
    """The name of a branch or an earlier fusion, or `branch.layer`; in heads `heads.name` too."""

    words = "the name of a branch, a fusion, or `branch.layer`"

    def read_node(self, node: Node, scope: Scope) -> tuple[str, Origin] | Poison:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            if isinstance(node, Scalar) and node.value is not None:
                return (node.text, make_origin(node, scope))
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        scope.note(Address(scope.find_written(node), node.value, whole=False, with_heads=scope.path[:1] == ("heads",)))
        return (node.value, make_origin(node, scope))

    def make_schema(self) -> Schema:
        return {"type": "string"}


class ReferencesKind(OpenLeaf[tuple[tuple[str, Origin], ...]]):
    """A list of references, or a single one."""

    words = "a list of branches, fusions or `branch.layer`"

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return (REFERENCE.read(node, scope),)
        if not isinstance(node, Listing) or not node.items:
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        values = tuple(read(REFERENCE, item, scope.enter(index)) for index, item in enumerate(node.items))
        return POISON if POISON in values else values

    def make_schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


ALL = f"it is one of {', '.join(STRATEGIES)}"
"""Which strategies there are."""


class StrategyKind(OpenLeaf[str]):
    """A strategy's name."""

    words = "a strategy such as `concat`"

    def read_node(self, node: Node, scope: Scope) -> str | Poison:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=(ALL,))
        if node.value not in STRATEGIES:
            near = guess(node.value, STRATEGIES, node.span)
            help = near.help or (ALL,)
            return scope.report(UNKNOWN_CHOICE, node, key=scope.name, given=node.value, help=help, fixes=near.fixes)
        return node.value

    def make_schema(self) -> Schema:
        return {"enum": list(STRATEGIES)}


class FusedLayerKind(OpenLeaf[Op]):
    """A Keras layer of several inputs."""

    words = "a Keras layer of several inputs"

    def read_node(self, node: Node, scope: Scope) -> Reading[Op] | Poison:
        if isinstance(node, Mapping) and len(node.entries) == 1:
            key, arguments = node.entries[0].key, node.entries[0].value
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            key, arguments = node, Scalar(node.span, None, "")
        else:
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        scope.note(LayerName(key.span, key.text, {}))
        cls = find_op(key.text) or scope.layers.get(key.text)
        if cls is not None and cls.arity[1] == 1:
            help = (f"a strategy first, then `layers: [{key.text}: ...]`",)
            return scope.report(ONE_INPUT_LAYER, key, layer=key.text, help=help)
        return read_op(key, arguments, scope) or POISON

    def make_schema(self) -> Schema:
        return LAYER.make_schema()


REFERENCE = ReferenceKind()
REFERENCES = ReferencesKind()


class MergeKeys(Record):
    """What any fusion takes; the keys of its strategy stand beside them."""

    strategy: Annotated[str | None, StrategyKind()] = None
    """How the inputs are brought together."""
    layer: Annotated[Op | None, FusedLayerKind()] = None
    """A Keras layer of several inputs, in place of `strategy`."""
    units: Annotated[int | None, SIZE] = None
    """Each input first goes through a `Dense` of its own to this width."""
    broadcast: Annotated[bool, BOOLEAN] = False
    """Whether inputs of lower rank and axes of size 1 are repeated."""
    layers: Annotated[tuple[Item, ...], LAYERS] = ()
    """Layers after the fusion."""
    query: Annotated[tuple[str, Origin] | None, REFERENCE] = None
    """The input that attends over the others."""


class FusionKeys(MergeKeys):
    """A fusion of its own."""

    name: Annotated[str | None, Optional(NAME)] = None
    """Names the fusion."""
    inputs: Annotated[tuple[tuple[str, Origin], ...] | None, REFERENCES] = None
    """What is fused; all branches by default."""


def read_merge(node: Node, scope: Scope) -> Fusion | Poison:
    """The merge of a Parallel: a strategy's name, or a mapping; its inputs are the paths."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return _read_by_name(node, scope)
    return read_fusion(node, scope, MergeKeys, "merge")


def read_fusion(node: Node, scope: Scope, keys: type[MergeKeys] = FusionKeys, owner: str = "fusion") -> Fusion | Poison:
    """A Fusion of a mapping, or POISON."""
    resolved = scope.resolve(node)
    if resolved is None:
        return POISON
    if isinstance(resolved, Scalar) and isinstance(resolved.value, str):
        help, fixes = suggest_line(_write_line(resolved.value), resolved)
        return scope.report(NOT_A_MAPPING, resolved, owner=owner, given=describe_sort(resolved), help=help, fixes=fixes)
    if not isinstance(resolved, Mapping):
        return scope.report(NOT_A_MAPPING, resolved, owner=owner, given=describe_sort(resolved))
    inner = scope.copy_listening()
    fusion = _read_mapping(resolved, inner, keys, owner)
    scope.found.extend(inner.found)
    return fusion


def _read_mapping(resolved: Mapping, scope: Scope, keys: type[MergeKeys], owner: str) -> Fusion | Poison:
    """A Fusion, without an op where anything is found; or POISON."""
    entries = _read_known(resolved, scope, keys, owner)
    common = tuple(entry for entry in entries if entry.key.text in keys.arguments)
    own = tuple(entry for entry in entries if entry.key.text not in keys.arguments)
    reading = read_record(keys, Mapping(resolved.span, common), scope, owner, partial=True)
    if reading is POISON:
        return POISON
    record, written = reading
    op, arguments = record.layer, written.find_inner("layer")
    if written.keys.keys() >= {"strategy", "layer"}:
        scope.report(ONE_WAY, resolved, owner=owner, keys="`strategy` or `layer`")
    elif record.strategy is not None:
        op, arguments = _read_strategy(record, written, Mapping(resolved.span, own), scope)
    elif not written.keys.keys() & {"strategy", "layer"} and is_of_one(resolved, scope):
        op = STRATEGIES[PASSES_ON]()
    _check_query(record, written, resolved, scope, has_op=op is not None)
    place = written.places.get("strategy") or written.places.get("layer") or scope.make_place(resolved)
    if record.broadcast:
        arguments = replace(arguments, keys={**arguments.keys, "broadcast": written.keys["broadcast"]})
    name = getattr(record, "name", None)
    named = written.places.get("name")
    origin = Origin(place, scope.address, scope.uses, arguments)
    inputs = getattr(record, "inputs", None)
    if op is None or scope.found:
        # What it reads is looked at all the same, and what follows may read it by its name.
        return Fusion(None, origin, name, inputs, named=named)
    if record.broadcast:
        from ..ops.fusions.broadcast import broadcast

        op = broadcast(op)
    units = None if record.strategy == "bilinear" else record.units
    trainable = record.strategy is None or op.trainable
    return Fusion(op, origin, name, inputs, units, record.query, trainable, record.layers, named)


def may_be(entry: Entry, names: Collection[str], known: Collection[str]) -> bool:
    """Whether a key that is none of those known is most like one of some."""
    return entry.key.text not in known and find_nearest(entry.key.text, known) in names


def is_of_one(node: Mapping, scope: Scope) -> bool:
    """Whether a fusion names one input alone, which is passed on to its layers; a `*` may stand for several."""
    known = FusionKeys.arguments
    inputs = node.get("inputs") or next((each for each in node.entries[:MANY] if may_be(each, ("inputs",), known)), None)
    value = replace(scope, found=[], index=None).resolve(inputs.value) if inputs is not None else None
    if isinstance(value, Listing):
        value = value.items[0] if len(value.items) == 1 else None
    return isinstance(value, Scalar) and isinstance(value.value, str) and not is_pattern(value.value)


def _read_known(node: Mapping, scope: Scope, keys: type[MergeKeys], owner: str) -> list[Entry]:
    """The keys that a fusion of that strategy has, a misspelt one as what is meant; others are reported."""
    chosen = node.get("strategy") or node.get("layer")
    value = (
        replace(scope, found=[], index=None).resolve(chosen.value)
        if chosen is not None and chosen.key.text == "strategy"
        else None
    )
    cls = STRATEGIES.get(value.text) if isinstance(value, Scalar) else None
    misspelt = any(may_be(each, ("strategy", "layer"), keys.arguments) for each in node.entries[:MANY])
    alone = chosen is None and not misspelt and keys is FusionKeys and is_of_one(node, scope)
    of_any = not alone and (chosen is None or (chosen.key.text == "strategy" and cls is None))
    strategies = STRATEGIES.values() if of_any else () if cls is None else (cls,)
    own = [key for each in strategies for key in each.arguments if key != "name"]
    known = (*dict.fromkeys(own), *keys.arguments)
    unknown = [entry for entry in node.entries if entry.key.text not in known]
    if scope.index is not None:
        taken = {name: each for one in strategies for name, each in one.arguments.items() if name != "name"}
        note_keys({**taken, **keys.arguments}, node, scope, owner, unknown)
    strategy = find_nearest(unknown[0].key.text, (*STRATEGIES, *known)) if chosen is None and len(unknown) == 1 else None
    if strategy in STRATEGIES:
        key, whole = unknown[0].key, _merge_beside_strategy(node, unknown[0], str(strategy))
        help = (f"write `strategy: {strategy}`, with its arguments beside it",)
        scope.report(UNKNOWN_KEY, key, owner=owner, key=key.text, help=help, fixes=(write(node.span, write_flow(whole)),))
        return [entry for entry in node.entries if entry.key.text in known]
    needed = {} if chosen is not None or alone else {"strategy": f"one of {', '.join(STRATEGIES)}"}
    # Beside a strategy, or a layer, no other can be meant.
    taken_up = ("strategy", "layer") if of_any or (cls is not None and cls.needs_query) else ("strategy", "layer", "query")
    free = known if chosen is None else tuple(key for key in known if key not in taken_up)
    meant = report_unknown_keys(unknown, scope, cls.word if cls is not None else owner, free, needed)
    if needed and not meant.keys() & {"strategy", "layer"}:
        scope.report(MISSING_KEY, node, owner=owner, key="strategy", help=(f"`strategy` is {needed['strategy']}",))
    written = {key: Entry(replace(entry.key, text=key), entry.value) for key, entry in meant.items()}
    return list((written | {entry.key.text: entry for entry in node.entries if entry.key.text in known}).values())


CALL = re.compile(r"(?:\w+\.)*(\w+)\(.*?\)(?:\(\[(.*)\]\))?")
"""A layer of Keras called on its inputs."""


def _write_line(text: str) -> str:
    """`{strategy: concat}` for `concat`, `Concatenate`, or `Concatenate()([a, b])`."""
    call = CALL.fullmatch(text)
    name = call[1] if call is not None else text.rpartition(".")[2]
    inputs = f", inputs: [{call[2]}]" if call is not None and call[2] else ""
    return f"{{strategy: {find_nearest(name, STRATEGIES) or name}{inputs}}}"


def _merge_beside_strategy(node: Mapping, entry: Entry, strategy: str) -> Mapping:
    """The mapping with `strategy` for the key that names it, and what that holds beside it: its inputs, or its arguments."""
    key = replace(entry.key, text="strategy", value="strategy")
    name = Entry(key, Scalar(entry.key.span, strategy, strategy))
    held = entry.value.entries if isinstance(entry.value, Mapping) else ()
    if isinstance(entry.value, Listing):
        held = (Entry(replace(key, text="inputs", value="inputs"), entry.value),)
    return Mapping(node.span, tuple(new for each in node.entries for new in ((name, *held) if each is entry else (each,))))


def _read_strategy(record: MergeKeys, keys: Written, own: Mapping, scope: Scope) -> tuple[Op | None, Written]:
    """The op of a strategy; `keys` are those of every fusion, and what is amiss in one has been said: it is not missing."""
    name = record.strategy
    assert name is not None
    cls = STRATEGIES[name]
    reading = read_record(cls, own, scope, name)
    if reading is POISON:
        return None, UNWRITTEN
    op, written = reading
    if cls.needs_units and "units" not in keys.keys:
        scope.report(MISSING_KEY, own, owner=name, key="units", help=("`units` is the rank of the product",))
        return None, written
    if name == "bilinear" and record.units is not None:
        op = op.replace_values(units=record.units)
    if "broadcast" in keys.keys and not cls.takes_broadcast:
        scope.report(NO_BROADCAST, own, strategy=name, help=("leave `broadcast` out",))
        return None, written
    if op.is_written("trainable") and not cls.has_weights and record.units is None:
        help = (f"`{name}` has no weights; leave `trainable` out",)
        place = written.keys["trainable"]
        facts: dict[str, object] = {"argument": "trainable", "needed": "`units`"}
        scope.found.append(Diagnostic(NO_EFFECT, place, facts, labels=scope.uses, help=help))
        return None, written
    return op if isinstance(op, Op) else None, written


def _check_query(record: MergeKeys, keys: Written, node: Mapping, scope: Scope, has_op: bool) -> None:
    if record.strategy == "cross_attention" and record.query is None:
        if "query" in keys.keys:
            return
        scope.report(MISSING_KEY, node, owner="cross_attention", key="query", help=("`query` is one of the inputs",))
    elif record.strategy != "cross_attention" and (entry := node.get("query")) is not None and has_op:
        help, fixes = ("only `cross_attention` has one: leave it out",), (drop(entry.key.span, "query"),)
        owner = record.strategy or "fusion"
        scope.enter("query").report(UNKNOWN_KEY, entry.key, owner=owner, key="query", help=help, fixes=fixes)


def _read_by_name(node: Scalar, scope: Scope) -> Fusion | Poison:
    strategy = StrategyKind().read(node, scope)
    if strategy is POISON:
        return POISON
    cls = STRATEGIES[strategy]
    if cls.needs_units or cls.needs_query:
        key = "units" if cls.needs_units else "query"
        return scope.report(MISSING_KEY, node, owner=strategy, key=key, help=(f"write `{{strategy: {strategy}, {key}: ...}}`",))
    return Fusion(cls(), make_origin(node, scope))
