"""Reading one layer: its name, and its arguments as the op's record."""

from __future__ import annotations

import re
from dataclasses import replace

from ..ir.inference import RAISES, described
from ..ir.op import Op
from ..language.kinds import Boolean, Choice
from ..language.leaf import Reading
from ..language.read_record import NOT_A_MAPPING, at_key_if_empty, read_fields, read_record
from ..language.scope import Scope, did_you_mean
from ..text.diagnostic import Code, Label
from ..text.nodes import Mapping, Node, Scalar, given, words_for
from . import find_op, former, known_layers, refusal

UNKNOWN_LAYER = Code("unknown-layer", "error", "there is no layer `{name}`")
REFUSED_LAYER = Code("layer-not-supported", "error", "`{name}` cannot stand in a spec: {reason}")
NOT_A_LAYER = Code(
    "not-a-layer",
    "error",
    "a layer is `Name` or `Name: {{argument: value}}`; this is {given}",
    help="write `- Dense: {units: 64}` or `- Flatten`",
)
KEYS_BESIDE = Code("arguments-not-indented", "error", "`{key}` stands beside `{layer}`, not inside it")


def read_op(key: Scalar, arguments: Node, scope: Scope) -> Reading | None:
    """A Reading of a layer by its Keras name, or None after reporting why there is none."""
    name = key.text
    cls = find_op(name) or scope.layers.get(name)
    if cls is None:
        _report_unknown(key, scope)
        return None
    resolved = scope.resolve(arguments)
    if resolved is None:
        return None
    if isinstance(resolved, Scalar) and resolved.value is not None and len(required := _required(cls)) == 1:
        help: tuple[str, ...] = (f"write `{name}: {{{required[0]}: {resolved.text}}}`",)
        scope.report(NOT_A_MAPPING, resolved, owner=name, given=words_for(resolved), help=help)
        return None
    try:
        reading = read_record(cls, at_key_if_empty(resolved, key), scope, name)
    except Exception as error:
        if not cls.is_own():
            raise
        scope.report(RAISES, key, layer=name, error=type(error).__name__, help=(described(error),))
        return None
    return reading if isinstance(reading, Reading) else None


def read_meant(key: Scalar, arguments: Node, scope: Scope) -> Op | None:
    """A layer of ours with mistakes in its arguments, with Keras's defaults in their place; reports nothing.

    None where one of them may decide how many axes it gives: a flag, one of several names, or what is required.
    """
    quiet = replace(scope, found=[], budget=[0], expanded=set(), guessed=set(), memory=None)
    cls, resolved = find_op(key.text), quiet.resolve(arguments)
    if cls is None or not isinstance(resolved, Mapping):
        return None
    values, _ = read_fields(cls, resolved, quiet, key.text)
    unread = [argument for name, argument in cls.arguments.items() if name not in values]
    if any(each.required or isinstance(getattr(each.kind, "inner", each.kind), Boolean | Choice) for each in unread):
        return None
    return cls.model_construct(_fields_set=set(), **{cls.arguments[name].field: value for name, value in values.items()})


def _required(cls: type[Op]) -> list[str]:
    return [name for name, argument in cls.arguments.items() if argument.required]


def _report_unknown(key: Scalar, scope: Scope) -> None:
    name = key.text
    if (refused := refusal(name)) is not None:
        reason, instead = refused
        scope.report(REFUSED_LAYER, key, name=name, reason=reason, help=(instead,))
        return
    if scope.layers_unread:
        return
    structures = scope.registry.structures if scope.registry is not None else ()
    known = (*known_layers(), *structures, *scope.blocks, *scope.layers)
    written = re.match(r"(\w+)\s*([ ({])", name)
    help: tuple[str, ...]
    if (now := former(name)) is not None:
        help = (now,)
    elif written and written[1] in known:
        missing = "a colon is missing" if written[2] != "(" else "arguments go into a mapping"
        help = (f"{missing}: `{written[1]}: {{argument: value}}`",)
    else:
        help = did_you_mean(name, known) or ("`cnnlstm-spec layers` lists the layers", *scope.layers.explain_missing())
    scope.report(UNKNOWN_LAYER, key, name=name, help=help)


def read_name(node: Node, scope: Scope) -> tuple[Scalar, Node] | None:
    """The name of a layer and the arguments beside it, or None after reporting why there is none."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node, Scalar(node.span, None, "")
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return node.entries[0].key, node.entries[0].value
    if isinstance(node, Mapping) and node.entries:
        first, second = node.entries[0], node.entries[1]
        help = (f"indent `{second.key.text}` below `{first.key.text}`, or begin a new item with `- `",)
        label = Label(scope.place(first.key), "this is the layer")
        scope.report(KEYS_BESIDE, second.key, key=second.key.text, layer=first.key.text, help=help, labels=(label,))
        return None
    shown = given(node)
    scope.report(NOT_A_LAYER, node, given=shown)
    return None
