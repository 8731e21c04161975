"""A layer that is written in the way of another library, as a spec has it: the line for a message, which has been read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from ..ir.op import Op
from ..language.catalog import family
from ..language.foreign import NAMING, Call, line, named, read_call, read_foreign, thing
from ..language.read_record import read_record
from ..language.scope import POISON, Scope, nearest
from ..text.files import own
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar, node_of
from ..text.synonyms import SYNONYMS, folded
from . import ALIASES, find_op, known_layers

CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")
POOL = ("kernel_size", "stride", "padding")
RECURRENT = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")
TORCH: dict[str, tuple[str, ...]] = {
    "linear": ("in_features", "out_features", "bias"),
    **{f"conv{n}d": CONV for n in (1, 2, 3)},
    **{f"maxpool{n}d": POOL for n in (1, 2, 3)},
    **{f"avgpool{n}d": POOL for n in (1, 2, 3)},
    **{f"batchnorm{n}d": ("num_features", "eps", "momentum") for n in (1, 2, 3)},
    "layernorm": ("normalized_shape", "eps"),
    "lstm": RECURRENT,
    "gru": RECURRENT,
    "rnn": RECURRENT,
    "dropout": ("p",),
    "embedding": ("num_embeddings", "embedding_dim"),
    "leakyrelu": ("negative_slope",),
    "multiheadattention": ("embed_dim", "num_heads"),
}
"""The order of arguments of PyTorch's modules, whose names are folded."""


def line_instead(node: Node, scope: Scope) -> str | None:
    """`Dense: {units: 3}` for `{type: Dense, units: 3}`, `nn.Linear(8, 3)` and the like; None where no layer is meant."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and node.entries[0].key.text not in ("type", "layer", "class_name"):
        key, value = node.entries[0].key, node.entries[0].value
        call = read_foreign(key) or (Call(key.text) if folded(key.text) in SYNONYMS else None)
        if call is None:
            return _named_beside(key, value, scope)
        if isinstance(value, Mapping) and call is not None:
            call = replace(call, by_name=tuple((each.key.text, each.value) for each in value.entries))
    else:
        call = read_foreign(_inner(node))
    return None if call is None else _line(call, node, scope)


def _named_beside(key: Scalar, value: Node, scope: Scope) -> str | None:
    """`Conv2D: {filters: 3, kernel_size: 3, name: first}` for `first: {type: Conv2D, filters: 3}`."""
    call = read_foreign(value) if isinstance(value, Mapping) and any(value.get(each) for each in NAMING[:6]) else None
    name = Scalar(key.span, key.text, key.text)
    return None if call is None else _line(replace(call, by_name=(*call.by_name, ("name", name))), value, scope)


def _inner(node: Node) -> Node:
    """What `{layer: {type: Dense, units: 3}}` holds."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and isinstance(node.entries[0].value, Mapping):
        return node.entries[0].value
    return node


def _line(call: Call, node: Node, scope: Scope) -> str | None:
    found = _layer(call, node, scope)
    return line(found) if found is not None else None


def _layer(call: Call, node: Node, scope: Scope) -> Node | None:
    """A layer as a spec has it, which can be read."""
    activations = family("activations")["identifiers"]
    known = known_layers()
    name = call.last if call.last in known else nearest(call.last, known)
    of_another = name is None or (folded(name) != folded(call.last) and folded(call.last) not in SYNONYMS)
    if of_another and call.last.lower() in activations:
        function = Scalar(node.span, call.last.lower(), call.last.lower())
        return thing("Activation", (Entry(Scalar(node.span, "activation", "activation"), function),), node.span)
    cls = find_op(name) if name is not None else None
    if name is None or cls is None:
        return None
    torch = TORCH.get(folded(call.last)) if _is_torch(call.name) else None
    if torch is not None:
        call = replace(call, by_place=(), by_name=(*zip(torch, call.by_place, strict=False), *call.by_name))
    entries = [_with_layer(cls, each, scope) for each in named(call, cls.arguments, _order(ALIASES.get(name, name)))]
    for candidate in _candidates(cls, entries, node, scope):
        if read_record(cls, Mapping(node.span, candidate), _quiet(scope), name) is not POISON:
            return thing(name, candidate, node.span)
    return None


def _with_layer(cls: type[Op], entry: Entry, scope: Scope) -> Entry:
    """An argument, and a layer that is the value of one as a spec has it: `LSTM(8)`, or `LSTM` without what it needs."""
    value = entry.value
    if entry.key.text not in cls.arguments or _reads(cls, entry, scope):
        return entry
    call = read_foreign(value) or (Call(value.text) if isinstance(value, Scalar) and value.text else None)
    meant = _layer(call, value, scope) if call is not None else None
    return Entry(entry.key, meant) if meant is not None else entry


def _is_torch(name: str) -> bool:
    last = name.rpartition(".")[2]
    return "nn." in name or last == "Linear" or last[-2:] in ("1d", "2d", "3d")


def _candidates(cls: type[Op], entries: Sequence[Entry], node: Node, scope: Scope) -> Iterator[tuple[Entry, ...]]:
    """All arguments, with those that are missing; then those alone that can be read."""
    for written in (entries, [each for each in entries if _reads(cls, each, scope)]):
        have = {each.key.text for each in written}
        example = dict(cls.examples[0].arguments) if cls.examples else {}
        missing = [name for name, each in cls.arguments.items() if each.required and name not in have and name in example]
        more = [Entry(Scalar(node.span, name, name), node_of(example[name], node.span)) for name in missing]
        yield (*written, *more)


def _reads(cls: type[Op], entry: Entry, scope: Scope) -> bool:
    argument = cls.arguments.get(entry.key.text)
    return argument is not None and argument.kind.read(entry.value, _quiet(scope).at(entry.key.text)) is not POISON


def _quiet(scope: Scope) -> Scope:
    return replace(scope, found=[], budget=[0], values=[0], expanded=set(), guessed=set(), memory=None, index=None)


@cache
def _order(name: str) -> tuple[str, ...]:
    """The arguments of a layer in the order of Keras's signature."""
    order: dict[str, list[str]] = json.loads(own("language", "data", "argument_order.json"))
    return tuple(order.get(name, ()))


def line_of_values(cls: type[Op], name: str, value: Node, scope: Scope) -> str | None:
    """`Conv2D: {filters: 32, kernel_size: 3}` for `Conv2D: 32`: a value, or a list of them, by place or by name."""
    if isinstance(value, Scalar) and isinstance(value.value, str) and "=" in value.value:
        call = read_call(f"{name}({value.value})", value.span)
        return _line(call, value, scope) if call is not None else None
    if isinstance(value, Listing) and all(isinstance(each, Mapping) for each in value.items):
        merged = tuple(entry for each in value.items if isinstance(each, Mapping) for entry in each.entries)
        if read_record(cls, Mapping(value.span, merged), _quiet(scope), name) is not POISON:
            return line(thing(name, merged, value.span))
    for by_place in ((value,), value.items if isinstance(value, Listing) else ()):
        by_name = named(Call(name, by_place), cls.arguments, _order(ALIASES.get(name, name)))
        entries = [_with_layer(cls, each, scope) for each in by_name]
        whole = next(_candidates(cls, entries, value, scope))
        if entries and read_record(cls, Mapping(value.span, whole), _quiet(scope), name) is not POISON:
            return line(thing(name, whole, value.span))
    return None
