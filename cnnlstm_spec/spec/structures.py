"""Reading the structures of a list of layers: TimeDistributed, Residual, Parallel; Repeat is in `repeat.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ..language.foreign import write_flow
from ..language.json_schema import Schema, make_ref
from ..language.kinds import BOOLEAN, NAME, UNKNOWN_CHOICE, AnyKind, Optional, report_wrong_type
from ..language.layer_kinds import LATER_LAYERS, LAYER, LAYERS
from ..language.leaf import OpenLeaf
from ..language.read_record import NOT_A_MAPPING, UNKNOWN_KEY, place_at_key, read, read_record
from ..language.record import Checks, Record
from ..language.scope import POISON, Poison, Scope, make_origin
from ..ops import find_op
from ..text.diagnostic import Label, Origin
from ..text.fix import Fix, Nest, write
from ..text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, describe_sort, make_node, show_given
from ..text.spelling import guess
from .fusion import ONE_WAY, read_merge
from .layer_list import Fusion, Item, Parallel, Residual, Timed
from .rounds import find_homes, read_rounds


class Structure(Record):
    """What every structure takes."""

    name: Annotated[str | None, Optional(NAME)] = None
    """Names the output."""
    share: Annotated[str | None, Optional(NAME)] = None
    """All that carry this name have one set of weights."""

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """Of `trainable`, that each layer has it."""
        return ("give it to each layer inside: `trainable: false`",) if entries[0].key.text == "trainable" else ()

    def make_item(self, origin: Origin) -> Item:
        """The structure as an item."""
        raise NotImplementedError(type(self).__name__)


class TimeDistributed(Structure):
    """Every step of the first axis through the same layers."""

    layers: Annotated[tuple[Item, ...] | None, LAYERS] = None
    """The layers of every step."""
    layer: Annotated[Item | None, LAYER] = None
    """The one layer of every step, as in Keras."""
    trainable: Annotated[bool, BOOLEAN] = True
    """Whether training changes the weights of the layers."""
    freeze_batch_norm: Annotated[bool, BOOLEAN] = False
    """Whether its batch norms are frozen, whatever else is trained."""

    def check(self, at: Checks) -> None:
        if self.is_written("layers") == self.is_written("layer"):
            at.report(ONE_WAY, owner="TimeDistributed", keys="`layers` or `layer`")

    def make_item(self, origin: Origin) -> Item:
        inner = self.layers if self.layers is not None else (self.layer,) if self.layer else ()
        frozen = None if self.trainable else origin.written
        norms = origin.written.keys["freeze_batch_norm"] if self.freeze_batch_norm else None
        return Timed(inner, origin, self.name, self.share, frozen, norms)


class ShortcutKind(OpenLeaf[tuple[Item, ...] | None]):
    """`identity`, `projection` or a list of layers: a tuple of items, or None for a projection."""

    words = "`identity`, `projection` or a list of layers"

    def shorten(self, value: object) -> object:
        return "identity" if value == () else value

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Scalar) and node.value in ("identity", "projection"):
            return () if node.value == "identity" else None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            near = guess(node.value, ("identity", "projection"), node.span)
            help = near.help or (f"it is {self.words}",)
            return scope.report(UNKNOWN_CHOICE, node, key=scope.name, given=node.value, help=help, fixes=near.fixes)
        return LAYERS.read(node, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [{"enum": ["identity", "projection"]}, LAYERS.make_schema()]}


class ResidualStructure(Structure):
    """output = shortcut(x) + layers(x)"""

    layers: Annotated[tuple[Item, ...], LAYERS]
    """The layers beside the shortcut."""
    shortcut: Annotated[tuple[Item, ...] | None, ShortcutKind()] = ()
    """What is added to them."""

    def make_item(self, origin: Origin) -> Item:
        return Residual(self.layers, self.shortcut, origin, self.name, self.share)


class PathsKind(OpenLeaf[tuple[tuple[str, tuple[Item, ...]], ...]]):
    """A mapping of names to lists of layers."""

    words = "a mapping of names to lists of layers"

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Listing) and _are_lists(node):
            whole = _as_paths(node)
            help, fixes = (f"names are keys: `paths: {_show_paths(whole, len(node.items))}`",), (write(node.span, whole),)
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        if not isinstance(node, Mapping) or not node.entries:
            return report_wrong_type(node, scope, self.words)
        paths = [(entry.key.text, read(LAYERS, entry.value, scope.enter(entry.key.text))) for entry in node.entries]
        found = tuple((name, items) for name, items in paths if items is not POISON)
        return found if len(found) == len(paths) else POISON

    def make_schema(self) -> Schema:
        return {"type": "object", "additionalProperties": LAYERS.make_schema(), "minProperties": 1}


def _as_paths(node: Listing) -> str:
    """Lists of layers as paths of the names `a`, `b` and on."""
    names = (chr(ord("a") + index) if index < 26 else f"path{index}" for index in range(len(node.items)))
    return f"{{{', '.join(f'{name}: {write_flow(item)}' for name, item in zip(names, node.items, strict=True))}}}"


def _show_paths(whole: str, count: int) -> str:
    """The paths as a message shows them."""
    return whole if len(whole) <= 60 else f"{{a: [...], {'b: [...]' if count == 2 else '...'}}}"


class MergeKind(OpenLeaf[Fusion]):
    """A strategy, or a mapping with any key of a fusion but `name` and `inputs`."""

    words = "a strategy of fusion"

    def read_node(self, node: Node, scope: Scope) -> Fusion | Poison:
        return read_merge(node, scope)

    def make_schema(self) -> Schema:
        return make_ref("merge")


class ParallelStructure(Structure):
    """The same input down several paths, then merged in the order written."""

    paths: Annotated[tuple[tuple[str, tuple[Item, ...]], ...] | None, PathsKind()] = None
    """The paths; an empty one is the input itself."""
    each: Annotated[Node | None, AnyKind("a mapping of names to lists")] = None
    """In place of `paths`, lists of equal length; a path of `layers` for each position, as variables."""
    layers: Annotated[Node | None, LATER_LAYERS] = None
    """The layers of every path of `each`; `$index` counts from 0."""
    merge: Annotated[Fusion, MergeKind()]
    """How they are merged."""

    def check(self, at: Checks) -> None:
        if self.is_written("paths") == (self.is_written("each") and self.is_written("layers")):
            at.report(ONE_WAY, owner="Parallel", keys="`paths`, or `each` with `layers`")
        elif self.is_written("paths"):
            for key in ("each", "layers"):
                if self.is_written(key):
                    at.report(ONE_WAY, key, (), True, owner="Parallel", keys="`paths`, or `each` with `layers`")

    def make_item(self, origin: Origin) -> Item:
        return Parallel(self.paths or (), self.merge, origin, self.name, self.share)


RECORDS: dict[str, type[Structure]] = {
    "TimeDistributed": TimeDistributed,
    "Residual": ResidualStructure,
    "Parallel": ParallelStructure,
}
"""What each takes, for the schema and the reference."""


def read_time_distributed(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """`TimeDistributed`, which may be a list alone, as an item."""
    resolved = scope.resolve(arguments)
    if isinstance(resolved, Listing):
        items = LAYERS.read(resolved, scope.enter("layers"))
        return None if items is POISON else Timed(items, make_origin(key, scope))
    if isinstance(resolved, Scalar) and isinstance(resolved.value, str) and scope.has_layer(resolved.value):
        help = (f"write `TimeDistributed: [{resolved.value}]`, or `TimeDistributed: [{{{resolved.value}: ...}}]`",)
        fixes = (write(resolved.span, f"[{resolved.value}]"),)
        scope.report(NOT_A_MAPPING, resolved, owner=key.text, given=describe_sort(resolved), help=help, fixes=fixes)
        return None
    if isinstance(resolved, Mapping) and len(resolved.entries) == 1:
        only = resolved.entries[0].key
        if only.text not in TimeDistributed.arguments and (find_op(only.text) or only.text in scope.layers):
            help = (f"write `TimeDistributed: [{{{only.text}: ...}}]`, or `TimeDistributed: {{layer: {{{only.text}: ...}}}}`",)
            fixes = (Fix("write it as `layer`", (Nest(only.span, only.span, "layer"),)),)
            scope.report(UNKNOWN_KEY, only, owner=key.text, key=only.text, help=help, fixes=fixes)
            return None
    return _read(TimeDistributed, key, resolved, scope)


def read_residual(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """`Residual` as an item."""
    return _read(ResidualStructure, key, scope.resolve(arguments), scope)


def read_parallel(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """`Parallel` as an item."""
    resolved = scope.resolve(arguments)
    if resolved is None or _has_bare_paths(resolved, key, scope):
        return None
    reading = read_record(ParallelStructure, place_at_key(resolved, key), scope, key.text)
    if reading is POISON:
        return None
    record, origin = reading.record, replace(make_origin(key, scope), written=reading.written)
    if record.each is None:
        return record.make_item(origin)
    assert record.layers is not None
    paths = _repeat_layers(record.each, record.layers, key, scope)
    return None if paths is None else Parallel(paths, record.merge, origin, record.name, record.share)


def _has_bare_paths(node: Node, key: Scalar, scope: Scope) -> bool:
    """Whether all that a `Parallel` has are lists of layers, without `paths` around them, which is then said."""
    known = ParallelStructure.arguments
    entries = node.entries if isinstance(node, Mapping) else ()
    paths = tuple(each for each in entries if each.key.text not in known and isinstance(each.value, Listing))
    others = tuple(each for each in entries if each not in paths)
    if len(paths) < 2 or any(each.key.text not in ("merge", "name", "share") for each in others):
        if not isinstance(node, Listing) or not _are_lists(node):
            return False
        whole = f"{{paths: {_as_paths(node)}, merge: concat}}"
        shown = f"{{paths: {_show_paths(_as_paths(node), len(node.items))}, merge: concat}}"
        help, fixes = (f"write `{shown}`",), (write(node.span, whole),)
        scope.report(NOT_A_MAPPING, node, owner=key.text, given=describe_sort(node), help=help, fixes=fixes)
        return True
    assert isinstance(node, Mapping)
    first = paths[0].key.text
    beside = [f"{each.key.text}: {write_flow(each.value)}" for each in others]
    beside = beside if any(each.key.text == "merge" for each in others) else [*beside, "merge: concat"]
    whole = f"{{paths: {write_flow(Mapping(node.span, paths))}, {', '.join(beside)}}}"
    shown = whole if len(whole) <= 60 else f"{{paths: {{{first}: [...], ...}}, {', '.join(beside)}}}"
    labels = [Label(scope.make_place(each.key), f"nor `{each.key.text}`") for each in paths[1:]]
    help, fixes = (f"they stand in `paths`: `{shown}`",), (write(node.span, whole),)
    scope.enter(first).report(UNKNOWN_KEY, paths[0].key, owner=key.text, key=first, labels=labels, help=help, fixes=fixes)
    return True


def _are_lists(node: Listing) -> bool:
    return bool(node.items) and all(isinstance(each, Listing) for each in node.items)


def _repeat_layers(each: Node, layers: Node, key: Scalar, scope: Scope) -> tuple[tuple[str, tuple[Item, ...]], ...] | None:
    """The layers once for each value, called as they are counted."""
    rounds = read_rounds(each, scope)
    if rounds is None or not scope.spend(len(rounds), key):
        return None
    if not rounds:
        report_wrong_type(each, scope.enter("each"), "a mapping of names to lists of a value or more")
        return None
    homes = find_homes(each, scope)
    paths = []
    for index, variables in enumerate(rounds):
        inner = replace(scope.enter("layers"), address=(*scope.address, "paths", index))
        paths.append((str(index), read(LAYERS, layers, inner.add_variables({**variables, "index": make_node(index)}, homes))))
    found = tuple((name, items) for name, items in paths if items is not POISON)
    return found if len(found) == len(paths) else None


def _read(cls: type[Structure], key: Scalar, arguments: Node | None, scope: Scope) -> Item | None:
    if arguments is None:
        return None
    reading = read_record(cls, place_at_key(arguments, key), scope, key.text)
    return None if reading is POISON else reading.record.make_item(replace(make_origin(key, scope), written=reading.written))
