"""A list where a mapping stands in a spec, a mapping where a list stands, names that are none: what to write instead."""

from __future__ import annotations

import re

from ..language.foreign import write_flow
from ..language.kinds import NAME
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import POISON, Scope, find_nearest
from ..ops.foreign_layers import suggest_line
from ..text.diagnostic import Diagnostic
from ..text.fix import Drop, Edit, Fix, Wrap, write
from ..text.nodes import BAD_NAME, Entry, Listing, Mapping, Node, Scalar, describe_sort, explain_letters
from ..text.source import Span


def suggest_input(node: Node, kinds: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What to write where an input is a list of sizes: a mapping of the kind that has as many."""
    if not isinstance(node, Listing):
        return ("it is written `{kind: image, shape: [64, 64, 3]}`",)
    kind = find_kind(node, kinds)
    return (f"write `{{kind: {kind}, shape: {write_flow(node)}}}`",) if kind is not None else ()


def find_kind(shape: Node, kinds: dict[str, tuple[str, ...]]) -> str | None:
    """The first kind of input that has as many axes as a list has sizes."""
    of_rank = {len(axes): kind for kind, axes in reversed(kinds.items())}
    return of_rank.get(len(shape.items)) if isinstance(shape, Listing) else None


def suggest_layer_list(node: Mapping, scope: Scope) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What to write where a mapping stands in place of a list of layers."""
    if not node.entries:
        return ("a list's items begin with `- `",), ()
    items = [_write_item(each, scope) for each in node.entries]
    if None not in items:
        whole, (first, *_) = write(node.span, f"[{', '.join(map(str, items))}]", title="write it as a list"), items
        shown = str(first)[1:-1] if str(first).startswith("{") else first
        return (f"a list's items begin with `- `: `- {cut(str(shown))}`",), (whole,)
    return ("a list's items begin with `- `, and each names its layer: `- Dense: {units: 64}`",), ()


def _write_item(entry: Entry, scope: Scope) -> str | None:
    """The item of a list that a key and its value stand for: a layer, one with a name, or one with a number."""
    name, value = entry.key.text, entry.value
    if scope.has_layer(name):
        return name if isinstance(value, Scalar) and value.value is None else write_flow(Mapping(entry.key.span, (entry,)))
    if name.isdigit() and isinstance(value, Mapping) and len(value.entries) == 1:
        return _write_item(value.entries[0], scope)
    return _put_in_braces(suggest_line(Mapping(entry.key.span, (entry,)), scope))


def _put_in_braces(line: str | None) -> str | None:
    return f"{{{line}}}" if line is not None and ": " in line else line


def suggest_head_list(node: Mapping, scope: Scope) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What to write where a head that reads no inputs of its own is a mapping: its list of layers."""
    layers = node.get("layers")
    if layers is not None and isinstance(layers.value, Listing) and len(node.entries) == 1:
        text = write_flow(layers.value)
        return ("a head that reads the last fusion is a plain list of layers",), (
            write(node.span, text, title="write its layers"),
        )
    item = _put_in_braces(suggest_line(node, scope)) or _put_in_braces(suggest_line(_as_dense(node), scope))
    if item is not None and not scope.has_layer(node.entries[0].key.text):
        return (f"a head is a list of layers: write `[{item}]`",), (write(node.span, f"[{item}]"),)
    help, fixes = suggest_layer_list(node, scope)
    return ("a head that reads the last fusion is a plain list of layers", *help), fixes


def rename_to_head(node: object, key: Scalar, scope: Scope) -> tuple[Fix, ...]:
    """The fix of `heads` with a list of layers, which is that of one head; none of anything else."""
    items = node.items if isinstance(node, Listing) else ()
    names = [each.entries[0].key.text for each in items if isinstance(each, Mapping) and len(each.entries) == 1]
    names += [each.text for each in items if isinstance(each, Scalar)]
    layers = any(scope.has_layer(name) or name in scope.layers or name in scope.blocks for name in names)
    return (write(key.span, "head"),) if layers else ()


def are_names(node: Listing) -> bool:
    """Whether a list holds names alone, as the inputs of a fusion do."""
    return bool(node.items) and all(isinstance(each, Scalar) and isinstance(each.value, str) for each in node.items)


def _as_dense(node: Mapping) -> Mapping:
    """Arguments of a `Dense` without its name."""
    span = node.span
    units = any(find_nearest(each.key.text, ("units",)) == "units" for each in node.entries)
    named = (Entry(Scalar(span, "type", "type"), Scalar(span, "Dense", "Dense")),) if units else ()
    return Mapping(span, (*named, *node.entries))


def suggest_by_name(node: Node, owner: str) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What to write where a list stands in place of a mapping of names."""
    if not isinstance(node, Listing):
        return (), ()
    named = [found for each in node.items if (found := _split_name(each)) is not None]
    help = (f"names are keys: `{owner}: {{{named[0][0] if named else 'x'}: ...}}`",)
    if len(named) < len(node.items) or len({name for name, _ in named}) < len(named):
        return help, ()
    edits = [_turn_into_key(item, name, value) for item, (name, value) in zip(node.items, named, strict=True)]
    if all(edits):
        return help, (Fix("write names as keys", tuple(edit for edit in edits if edit is not None)),)
    pairs = ", ".join(f"{name}: {write_flow(value)}" for name, value in named)
    return help, (write(node.span, f"{{{pairs}}}", title="write names as keys"),)


MERGES = {
    "Add": "add",
    "Average": "average",
    "Maximum": "maximum",
    "Multiply": "multiply",
    "Concatenate": "concat",
    "Subtract": "{layer: Subtract}",
    "Minimum": "{layer: Minimum}",
}
"""Keras's merging layers, and what says the same as the `merge` of a `Parallel`."""


def find_named_merge(item: Node) -> Entry | None:
    """The merging layer of an item that gives it names alone: `Add: [x, first]`."""
    if not isinstance(item, Mapping) or len(item.entries) != 1 or not isinstance(item.entries[0].value, Listing):
        return None
    (entry,) = item.entries
    names = entry.value.items if isinstance(entry.value, Listing) else ()
    words = names and all(isinstance(each, Scalar) and isinstance(each.value, str) and "$" not in each.value for each in names)
    return entry if words and entry.key.text in MERGES else None


def merge_instead(merged: Entry, before: tuple[Node, ...]) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """How layers of one list are merged, and the fix where one of the names is that of a layer before: what came between."""
    layer, names = merged.key.text, merged.value
    assert isinstance(names, Listing)
    way = (
        "`Residual` adds layers to what stands before them" if layer == "Add" else "`Parallel` goes several ways and merges them"
    )
    help = (f"{way}; a `fusion` reads layers by their names",)
    named = {name: number for number, each in enumerate(before) if (name := _find_name(each)) is not None}
    found = {named[each.text] for each in names.items if isinstance(each, Scalar) and each.text in named} - {len(before) - 1}
    if len(found) != 1 or len(names.items) != 2:
        return help, ()
    first, last = before[found.pop() + 1], before[-1]
    beside = () if layer == "Add" else ("same: []", f"merge: {MERGES[layer]}")
    wrap = Wrap(first.span, last.span, "Residual.layers" if layer == "Add" else "Parallel.paths.new", beside)
    title = f"put the layers that it merges into `{wrap.name.partition('.')[0]}`"
    return help, (Fix(title, (wrap, Drop(merged.key.span))),)


def _find_name(item: Node) -> str | None:
    """The `name` of a layer."""
    arguments = item.entries[0].value if isinstance(item, Mapping) and len(item.entries) == 1 else None
    named = arguments.get("name") if isinstance(arguments, Mapping) else None
    return named.value.text if named is not None and isinstance(named.value, Scalar) else None


def _split_name(item: Node) -> tuple[str, Node] | None:
    """The name that an item has, as its only key or under `name`, and all else of it."""
    if not isinstance(item, Mapping):
        return None
    named = item.get("name")
    if named is not None and isinstance(named.value, Scalar):
        return named.value.text, Mapping(item.span, tuple(each for each in item.entries if each is not named))
    only = item.entries[0] if len(item.entries) == 1 else None
    return (only.key.text, only.value) if only is not None and only.key.text not in ("input", "inputs", "layers") else None


def _turn_into_key(item: Node, name: str, value: Node) -> Edit | None:
    """The dash of an item taken away, and its name made a key; None where it is not laid out so."""
    assert isinstance(item, Mapping)
    source, first = item.span.source, item.entries[0]
    dash = source.text.rfind("-", 0, item.span.start)
    if dash < 0 or source.text[dash + 1 : item.span.start].strip(" "):
        return None
    if source.text[item.span.start] == "{":
        return Edit(Span(source, dash, item.span.end), f"{name}: {write_flow(value)}")
    if first.key.text == "name" and len(item.entries) > 1:
        return Edit(Span(source, dash, first.value.span.end), f"{name}:")
    return Edit(Span(source, dash, first.key.span.start), "") if len(item.entries) == 1 else None


def cut(text: str) -> str:
    """A line for a message, if it is short."""
    return text if len(text) <= 60 else "..."


HELD = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)
"""A variable inside a name."""
BARE = re.compile(r"\$([A-Za-z_]\w*)", re.ASCII)
"""A variable without braces, which is one where it stands alone."""


def list_entries(node: Node | None, scope: Scope, owner: str) -> tuple[Entry, ...] | None:
    """The entries of a section; None where it is no mapping, which has been reported."""
    if node is None or (isinstance(node, Scalar) and node.value is None and not node.broken):
        return ()
    if not isinstance(node, Mapping):
        help, fixes = suggest_by_name(node, owner)
        scope.report(NOT_A_MAPPING, node, owner=owner, given=describe_sort(node), help=help, fixes=fixes)
        return None
    return node.entries


def read_name(entry: Entry, scope: Scope, what: str) -> str | None:
    """The name of an entry; None where it cannot be one, which is reported."""
    quiet: list[Diagnostic] = []
    as_text = Scalar(entry.key.span, entry.key.text, entry.key.text, plain=False)
    name = NAME.read(as_text, Scope(quiet))
    if name is POISON:
        fixes: tuple[Fix, ...] = ()
        help = (f"a name is {NAME.words.removeprefix('a name ')}", *explain_letters(entry.key.text))
        braced = BARE.sub(r"${\1}", entry.key.text)
        if braced != entry.key.text and isinstance(entry.value, Mapping) and entry.value.get("each") is not None:
            help, fixes = (f"a variable inside a name has braces: `{braced}`",), (write(entry.key.span, f'"{braced}"'),)
        elif what == "branch" and (used := HELD.search(entry.key.text)) is not None:
            help = (f"`each: {{{used[1]}: [...]}}` in it makes it a branch for each value of `{used[1]}`",)
        scope.report(BAD_NAME, entry.key, name=entry.key.text, what=f"a {what}", help=help, fixes=fixes)
        return None
    return str(name)
