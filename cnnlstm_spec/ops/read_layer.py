"""Reading one layer: its name, and its arguments as the op's record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..ir.inference import RAISES, describe_error
from ..ir.op import Op
from ..language.catalog import find_family
from ..language.foreign import NAMING, write_flow
from ..language.kinds import Boolean, Choice
from ..language.leaf import Reading
from ..language.read_record import NOT_A_MAPPING, place_at_key, read_fields, read_record
from ..language.references import STATES, Reference
from ..language.scope import Poison, Scope
from ..text.diagnostic import Code, Label
from ..text.fix import Edit, Fix, Nest, write
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar, describe_sort, show_given
from ..text.source import Span
from ..text.spelling import Guess, find_nearest, guess
from ..text.synonyms import fold_word
from . import explain_refusal, find_former, find_op, list_known_layers
from .foreign_layers import suggest_line, suggest_line_of_values

UNKNOWN_LAYER = Code("unknown-layer", "error", "there is no layer `{name}`")
REFUSED_LAYER = Code("layer-not-supported", "error", "`{name}` cannot stand in a spec: {reason}")
NOT_A_LAYER = Code(
    "not-a-layer",
    "error",
    "a layer is `Name` or `Name: {{argument: value}}`; this is {given}",
    help="write `- Dense: {units: 64}` or `- Flatten`",
)
BESIDE = "initial_state"
"""The argument by which a layer reads what does not come in."""
KEYS_BESIDE = Code("arguments-not-indented", "error", "`{key}` stands beside `{layer}`, not inside it")


def read_op(key: Scalar, arguments: Node, scope: Scope) -> Reading[Op] | None:
    """A Reading of a layer by its Keras name, or None after reporting why there is none."""
    name = key.text
    cls = find_op(name) or scope.layers.get(name)
    if cls is None:
        _report_unknown(key, arguments, scope)
        return None
    resolved = scope.resolve(arguments)
    if resolved is None:
        return None
    if isinstance(resolved, Listing) or (isinstance(resolved, Scalar) and resolved.value is not None):
        instead = suggest_line_of_values(cls, name, resolved, scope)
        help = (f"write `{instead}`",) if instead is not None else ("its arguments go into a mapping, by name",)
        fixes = (write(resolved.span, instead.partition(": ")[2]),) if instead is not None else ()
        scope.report(NOT_A_MAPPING, resolved, owner=name, given=describe_sort(resolved), help=help, fixes=fixes)
        return None
    chosen = cls.choose_class(resolved, scope) if isinstance(resolved, Mapping) else cls
    if chosen is None:
        return None
    cls = chosen
    try:
        reading = read_record(cls, place_at_key(resolved, key), scope, name)
    except Exception as error:
        if not cls.is_own():
            raise
        scope.report(RAISES, key, layer=name, error=type(error).__name__, help=(describe_error(error),))
        return None
    return reading if isinstance(reading, Reading) else None


def read_meant(key: Scalar, arguments: Node, scope: Scope) -> Op | None:
    """A layer of ours with mistakes in its arguments, with Keras's defaults in their place; reports nothing.

    None where one of them may decide what it gives: a flag, one of several names, what is required, or what says a size.
    """
    quiet = _make_quiet(scope)
    cls, resolved = find_op(key.text), quiet.resolve(arguments)
    cls = cls.choose_class(resolved, quiet) if cls is not None and isinstance(resolved, Mapping) else None
    if cls is None or not isinstance(resolved, Mapping):
        return None
    values, written = read_fields(cls, resolved, quiet, key.text)
    unread = {name: argument for name, argument in cls.arguments.items() if name not in values}
    if any(each.required or isinstance(getattr(each.kind, "inner", each.kind), Boolean | Choice) for each in unread.values()):
        return None
    fields = {cls.arguments[name].field: value for name, value in values.items()}
    op = cls.model_construct(_fields_set={cls.arguments[name].field for name in values if name in written.keys}, **fields)
    return None if any(map(op.decides_shape, unread)) else op


def read_beside(key: Scalar, arguments: Node, scope: Scope) -> tuple[Reference, ...] | Poison:
    """What a layer that could not be read begins with, under a misspelt key too, so that it counts as read; reports nothing."""
    quiet, cls = _make_quiet(scope), find_op(key.text)
    resolved = quiet.resolve(arguments)
    entries = {entry.key.text: entry for entry in resolved.entries} if isinstance(resolved, Mapping) else {}
    known = (BESIDE, *cls.arguments) if cls is not None else ()
    meant = entries.get(BESIDE) or next((each for name, each in entries.items() if find_nearest(name, known) == BESIDE), None)
    states = STATES.read(meant.value, quiet.enter(BESIDE)) if meant is not None else ()
    return () if states is None else states


def _make_quiet(scope: Scope) -> Scope:
    """A scope in which what is found is told nobody."""
    return replace(scope, found=[], budget=[0], expanded=set(), guessed=set(), memory=None, index=None)


def _report_unknown(key: Scalar, arguments: Node, scope: Scope) -> None:
    name = key.text
    if (refused := explain_refusal(name)) is not None:
        reason, way = refused
        scope.report(REFUSED_LAYER, key, name=name, reason=reason, help=(way,))
        return
    if scope.layers_unread:
        return
    structures = scope.registry.structures if scope.registry is not None else ()
    known = (*list_known_layers(), *structures, *scope.blocks, *scope.layers)
    written = re.match(r"(\w+)\s*([ ({])", name)
    help: tuple[str, ...]
    empty = isinstance(arguments, Scalar) and arguments.value is None
    near = Guess()
    if (now := find_former(name)) is not None:
        help, near = (now,), Guess(fixes=_as_now(key, now, empty))
    elif name.startswith("$"):
        help = ("a variable stands for a value, never for a key: write the layer, or let a `$name` stand for the whole item",)
    elif name.lower() == "activation" and isinstance(arguments, Scalar) and isinstance(arguments.value, str):
        line = f"Activation: {{activation: {arguments.value}}}"
        edits = (*write(key.span, "Activation").edits, *write(arguments.span, f"{{activation: {arguments.value}}}").edits)
        help, near = (f"write `{line}`",), Guess(fixes=(Fix(f"write `{line}`", edits),))
    elif (instead := suggest_line(key if empty else Mapping(key.span, (Entry(key, arguments),)), scope)) is not None:
        help, near = (f"write `{instead}`",), Guess(fixes=_fix_written(key, arguments, instead, empty))
    elif written and written[1] in known:
        missing = "a colon is missing" if written[2] != "(" else "arguments go into a mapping"
        help = (f"{missing}: `{written[1]}: {{argument: value}}`",)
    elif of_each := [each for each in known if re.fullmatch(rf"{re.escape(name)}(?:ing)?[123]D", each, re.IGNORECASE)]:
        help = (f"Keras has {' and '.join([', '.join(f'`{each}`' for each in of_each[:-1]), f'`{of_each[-1]}`'])}",)
    elif (function := _write_function(name)) is not None and not is_same_in_letters(name, known):
        help, near = (f"write `{function}`",), Guess(fixes=(write(key.span, function),) if empty else ())
    else:
        near = guess(name, known, key.span)
        help = near.help or ("`cnnlstm-spec layers` lists the layers", *scope.layers.explain_missing())
    scope.report(UNKNOWN_LAYER, key, name=name, help=help, fixes=near.fixes)


def _write_function(name: str) -> str | None:
    """The layer that is an activation, or a function of `keras.ops`, of that name; None where there is none."""
    from .functions.table import list_names

    if name.lower() in find_family("activations")["identifiers"]:
        return f"Activation: {{activation: {name.lower()}}}"
    return f"Op: {{function: {name}}}" if name in list_names() else None


def _fix_written(key: Scalar, arguments: Node, instead: str, empty: bool) -> tuple[Fix, ...]:
    """The line in place of the name alone, or the name in place of one with a module before it."""
    if empty:
        return (write(key.span, instead),)
    last = key.text.rpartition(".")[2]
    return (write(key.span, last),) if instead.startswith(f"{last}: ") else ()


def _as_now(key: Scalar, now: str, empty: bool) -> tuple[Fix, ...]:
    """The layer that Keras has in place of a former one, where it is said as a line or by its name."""
    found = re.match(r"write `(.+)`$|`(\w+)`", now)
    if found is None:
        return ()
    meant: str = found[1] or found[2]
    return (write(key.span, meant),) if empty or (found[2] and found[1] is None) else ()


def is_same_in_letters(name: str, known: Iterable[str]) -> bool:
    """Whether a known name is the same but for capitals."""
    return any(each.lower() == name.lower() for each in known)


def _is_layer(name: str, scope: Scope) -> bool:
    """Whether a name is that of a layer, a structure, or a block."""
    return scope.has_layer(name) or name in scope.blocks or name in scope.layers


def _names_another(entry: Entry, scope: Scope) -> bool:
    """Whether a key that is no layer says that its value names one: `layer: Dense`."""
    return entry.key.text in NAMING and not _is_layer(entry.key.text, scope)


REPEATS = ("repeat", "repeats", "times", "count", "numlayers", "copies")
"""Words for how many times a layer is meant, folded."""


def _suggest_beside(node: Mapping, scope: Scope) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What is meant by keys beside a layer: items of their own, how often it stands there, or its arguments."""
    first, second = node.entries[0], node.entries[1]
    if all(_is_layer(each.key.text, scope) for each in node.entries):
        return ("begin each layer with `- `",), _list_items(node)
    if len(node.entries) == 2 and fold_word(second.key.text) in REPEATS:
        layer = write_flow(Mapping(first.key.span, (first,)))
        written = f"Repeat: {{times: {write_flow(second.value)}, layers: [{layer}]}}"
        return (f"write `{written}`",), (write(node.span, written),)
    return (f"indent `{second.key.text}` below `{first.key.text}`, or begin a new item with `- `",), _fix_indentation(node)


def _list_items(node: Mapping) -> tuple[Fix, ...]:
    """Each of the layers an item, where they stand below each other."""
    source = node.span.source
    dashes = [Span(source, each.key.span.start - 2, each.key.span.start) for each in node.entries[1:]]
    if any(source.text[span.start : span.end] != "  " for span in dashes):
        return ()
    return (Fix("begin each with `- `", tuple(Edit(span, "- ") for span in dashes)),)


def _fix_indentation(node: Mapping) -> tuple[Fix, ...]:
    """The keys beside a layer without arguments put below it."""
    first, second, last = node.entries[0], node.entries[1], node.entries[-1]
    if not isinstance(first.value, Scalar) or first.value.value is not None:
        return ()
    return (Fix(f"indent what stands beside `{first.key.text}`", (Nest(second.key.span, last.key.span),)),)


def read_name(node: Node, scope: Scope) -> tuple[Scalar, Node] | None:
    """The name of a layer and the arguments beside it, or None after reporting why there is none."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node, Scalar(node.span, None, "")
    if isinstance(node, Mapping) and len(node.entries) == 1 and not _names_another(node.entries[0], scope):
        return node.entries[0].key, node.entries[0].value
    if isinstance(node, Mapping) and not any(_is_layer(each.key.text, scope) for each in node.entries):
        if (instead := suggest_line(node, scope)) is not None:
            way = (f"write `{instead}`",)
            scope.report(NOT_A_LAYER, node, given="another library's", help=way, fixes=(write(node.span, instead),))
            return None
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return node.entries[0].key, node.entries[0].value
    if isinstance(node, Mapping) and node.entries:
        first, second = node.entries[0], node.entries[1]
        label = Label(scope.make_place(first.key), "this is the layer")
        help, fixes = _suggest_beside(node, scope)
        facts: dict[str, Any] = {"key": second.key.text, "layer": first.key.text}
        scope.report(KEYS_BESIDE, second.key, help=help, labels=(label,), fixes=fixes, **facts)
        return None
    shown = show_given(node)
    scope.report(NOT_A_LAYER, node, given=shown)
    return None
