"""A layer that is written in the way of another library, as a spec has it: the line for a message, which has been read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from ..ir.op import Op
from ..language.catalog import find_family
from ..language.foreign import NAMING, ForeignCall, make_thing, name_arguments, read_call, read_foreign, write_line
from ..language.read_record import read_record
from ..language.scope import POISON, Scope, find_nearest
from ..text.files import read_own
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar, make_node
from ..text.synonyms import SYNONYMS, fold_word
from . import ALIASES, find_op, list_known_layers

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


def suggest_line(node: Node, scope: Scope) -> str | None:
    """`Dense: {units: 3}` for `{type: Dense, units: 3}`, `nn.Linear(8, 3)` and the like; None where no layer is meant."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and node.entries[0].key.text not in ("type", "layer", "class_name"):
        key, value = node.entries[0].key, node.entries[0].value
        call = read_foreign(key) or (ForeignCall(key.text) if fold_word(key.text) in SYNONYMS else None)
        if call is None:
            return _move_name(key, value, scope)
        if isinstance(value, Mapping) and call is not None:
            call = replace(call, by_name=tuple((each.key.text, each.value) for each in value.entries))
    else:
        call = read_foreign(_find_inner(node))
    return None if call is None else _write_line(call, node, scope)


def _move_name(key: Scalar, value: Node, scope: Scope) -> str | None:
    """`Conv2D: {filters: 3, kernel_size: 3, name: first}` for `first: {type: Conv2D, filters: 3}`."""
    call = read_foreign(value) if isinstance(value, Mapping) and any(value.get(each) for each in NAMING[:6]) else None
    name = Scalar(key.span, key.text, key.text)
    return None if call is None else _write_line(replace(call, by_name=(*call.by_name, ("name", name))), value, scope)


def _find_inner(node: Node) -> Node:
    """What `{layer: {type: Dense, units: 3}}` holds."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and isinstance(node.entries[0].value, Mapping):
        return node.entries[0].value
    return node


def _write_line(call: ForeignCall, node: Node, scope: Scope) -> str | None:
    found = _make_layer(call, node, scope)
    return write_line(found) if found is not None else None


def _make_layer(call: ForeignCall, node: Node, scope: Scope) -> Node | None:
    """A layer as a spec has it, which can be read."""
    activations = find_family("activations")["identifiers"]
    known = list_known_layers()
    name = call.last if call.last in known else find_nearest(call.last, known)
    of_another = name is None or (fold_word(name) != fold_word(call.last) and fold_word(call.last) not in SYNONYMS)
    if of_another and call.last.lower() in activations:
        function = Scalar(node.span, call.last.lower(), call.last.lower())
        return make_thing("Activation", (Entry(Scalar(node.span, "activation", "activation"), function),), node.span)
    cls = find_op(name) if name is not None else None
    if name is None or cls is None:
        return None
    torch = TORCH.get(fold_word(call.last)) if _is_torch(call.name) else None
    if torch is not None:
        call = replace(call, by_place=(), by_name=(*zip(torch, call.by_place, strict=False), *call.by_name))
    entries = [
        _with_layer(cls, each, scope) for each in name_arguments(call, cls.arguments, _find_order(ALIASES.get(name, name)))
    ]
    for candidate in _propose_arguments(cls, entries, node, scope):
        if read_record(cls, Mapping(node.span, candidate), _silence_scope(scope), name) is not POISON:
            return make_thing(name, candidate, node.span)
    return None


def _with_layer(cls: type[Op], entry: Entry, scope: Scope) -> Entry:
    """An argument, and a layer that is the value of one as a spec has it: `LSTM(8)`, or `LSTM` without what it needs."""
    value = entry.value
    if entry.key.text not in cls.arguments or _reads(cls, entry, scope):
        return entry
    call = read_foreign(value) or (ForeignCall(value.text) if isinstance(value, Scalar) and value.text else None)
    meant = _make_layer(call, value, scope) if call is not None else None
    return Entry(entry.key, meant) if meant is not None else entry


def _is_torch(name: str) -> bool:
    last = name.rpartition(".")[2]
    return "nn." in name or last == "Linear" or last[-2:] in ("1d", "2d", "3d")


def _propose_arguments(cls: type[Op], entries: Sequence[Entry], node: Node, scope: Scope) -> Iterator[tuple[Entry, ...]]:
    """All arguments, with those that are missing; then those alone that can be read."""
    for written in (entries, [each for each in entries if _reads(cls, each, scope)]):
        have = {each.key.text for each in written}
        example = dict(cls.examples[0].arguments) if cls.examples else {}
        missing = [name for name, each in cls.arguments.items() if each.required and name not in have and name in example]
        more = [Entry(Scalar(node.span, name, name), make_node(example[name], node.span)) for name in missing]
        yield (*written, *more)


def _reads(cls: type[Op], entry: Entry, scope: Scope) -> bool:
    argument = cls.arguments.get(entry.key.text)
    return argument is not None and argument.kind.read(entry.value, _silence_scope(scope).enter(entry.key.text)) is not POISON


def _silence_scope(scope: Scope) -> Scope:
    return replace(scope, found=[], budget=[0], values=[0], expanded=set(), guessed=set(), memory=None, index=None)


@cache
def _find_order(name: str) -> tuple[str, ...]:
    """The arguments of a layer in the order of Keras's signature."""
    order: dict[str, list[str]] = json.loads(read_own("language", "data", "argument_order.json"))
    return tuple(order.get(name, ()))


def suggest_line_of_values(cls: type[Op], name: str, value: Node, scope: Scope) -> str | None:
    """`Conv2D: {filters: 32, kernel_size: 3}` for `Conv2D: 32`: a value, or a list of them, by place or by name."""
    if isinstance(value, Scalar) and isinstance(value.value, str) and "=" in value.value:
        call = read_call(f"{name}({value.value})", value.span)
        return _write_line(call, value, scope) if call is not None else None
    if isinstance(value, Listing) and all(isinstance(each, Mapping) for each in value.items):
        merged = tuple(entry for each in value.items if isinstance(each, Mapping) for entry in each.entries)
        if read_record(cls, Mapping(value.span, merged), _silence_scope(scope), name) is not POISON:
            return write_line(make_thing(name, merged, value.span))
    for by_place in ((value,), value.items if isinstance(value, Listing) else ()):
        chosen, order = _choose_by_first(cls, by_place, scope), _find_order(ALIASES.get(name, name))
        if chosen is not cls:
            order = ("function", *(each for each in chosen.arguments if each not in ("function", "name")))
        by_name = name_arguments(ForeignCall(name, by_place), chosen.arguments, order)
        entries = [_with_layer(chosen, each, scope) for each in by_name]
        whole = next(_propose_arguments(chosen, entries, value, scope))
        if entries and read_record(chosen, Mapping(value.span, whole), _silence_scope(scope), name) is not POISON:
            return write_line(make_thing(name, whole, value.span))
    return None


def _choose_by_first(cls: type[Op], by_place: Sequence[Node], scope: Scope) -> type[Op]:
    """The class of the function that stands first, of a layer that may be any of several."""
    if not by_place or not isinstance(by_place[0], Scalar):
        return cls
    first = Entry(Scalar(by_place[0].span, "function", "function"), by_place[0])
    return cls.choose_class(Mapping(first.key.span, (first,)), _silence_scope(scope)) or cls
