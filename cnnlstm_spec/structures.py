"""Reading the structures of a list of layers: TimeDistributed, Residual, Parallel; Repeat is in `reuse`."""

from __future__ import annotations

from typing import Any

from .argument import UNKNOWN_KEY, Kind, Record, arg, at_key_if_empty, read, read_record
from .diagnostic import Code, Origin
from .fusion import read_merge
from .items import Fusion, Item, Parallel, Residual, Timed
from .kinds import BOOLEAN, NAME, UNKNOWN_CHOICE, Optional, wrong_type
from .layer_kinds import LAYER, LAYERS
from .nodes import Listing, Mapping, Node, Scalar
from .ops import find_op
from .scope import POISON, Scope, did_you_mean, origin_of

ONE_OF = Code("one-of-keys", "error", "`{owner}` takes either {keys}", help="keep one of them, and write it")


class Structure(Record):
    """What every structure takes."""

    name: str | None = arg(Optional(NAME), None, doc="Names the output.")
    share: str | None = arg(Optional(NAME), None, doc="All that carry this name have one set of weights.")

    def items(self, origin: Origin) -> Item:
        """The structure as an item."""
        raise NotImplementedError(type(self).__name__)


class TimeDistributed(Structure):
    """Every step of the first axis through the same layers."""

    layers: tuple[Item, ...] | None = arg(LAYERS, None, doc="The layers of every step.")
    layer: Item | None = arg(LAYER, None, doc="The one layer of every step, as in Keras.")
    trainable: bool = arg(BOOLEAN, True, doc="Whether training changes the weights of the layers.")

    def check(self, scope: Scope, node: Node) -> bool:
        if self.is_written("layers") == self.is_written("layer"):
            scope.report(ONE_OF, node, owner="TimeDistributed", keys="`layers` or `layer`")
            return False
        return True

    def items(self, origin: Origin) -> Item:
        inner = self.layers if self.layers is not None else (self.layer,) if self.layer else ()
        return Timed(inner, origin, self.name, self.share, None if self.trainable else self.places["trainable"])


class ShortcutKind(Kind):
    """`identity`, `projection` or a list of layers: a tuple of items, or None for a projection."""

    words = "`identity`, `projection` or a list of layers"

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Scalar) and node.value in ("identity", "projection"):
            return () if node.value == "identity" else None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            help = did_you_mean(node.value, ("identity", "projection")) or (f"it is {self.words}",)
            return scope.report(UNKNOWN_CHOICE, node, key=scope.name, given=node.value, help=help)
        return LAYERS.read(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": ["identity", "projection"]}, LAYERS.schema()]}


class ResidualStructure(Structure):
    """output = shortcut(x) + layers(x)"""

    layers: tuple[Item, ...] = arg(LAYERS, doc="The layers beside the shortcut.")
    shortcut: tuple[Item, ...] | None = arg(ShortcutKind(), "identity", doc="What is added to them.")

    def items(self, origin: Origin) -> Item:
        return Residual(self.layers, self.shortcut, origin, self.name, self.share)


class PathsKind(Kind):
    """A mapping of names to lists of layers."""

    words = "a mapping of names to lists of layers"

    def read(self, node: Node, scope: Scope) -> Any:
        if not isinstance(node, Mapping) or not node.entries:
            return wrong_type(node, scope, self.words)
        paths = [(entry.key.text, read(LAYERS, entry.value, scope.at(entry.key.text))) for entry in node.entries]
        return POISON if any(items is POISON for _, items in paths) else tuple(paths)

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": LAYERS.schema(), "minProperties": 1}


class MergeKind(Kind):
    """A strategy, or a mapping with any key of a fusion but `name` and `inputs`."""

    words = "a strategy of fusion"

    def read(self, node: Node, scope: Scope) -> Any:
        return read_merge(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/merge"}


class ParallelStructure(Structure):
    """The same input down several paths, then merged in the order written."""

    paths: tuple[tuple[str, tuple[Item, ...]], ...] = arg(PathsKind(), doc="The paths; an empty one is the input itself.")
    merge: Fusion = arg(MergeKind(), doc="How they are merged.")

    def items(self, origin: Origin) -> Item:
        return Parallel(self.paths, self.merge, origin, self.name, self.share)


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
        items = LAYERS.read(resolved, scope.at("layers"))
        return None if items is POISON else Timed(items, origin_of(key, scope))
    if isinstance(resolved, Mapping) and len(resolved.entries) == 1:
        only = resolved.entries[0].key
        if only.text not in TimeDistributed.arguments and (find_op(only.text) or only.text in scope.layers):
            help = (f"write `TimeDistributed: [{{{only.text}: ...}}]`, or `TimeDistributed: {{layer: {{{only.text}: ...}}}}`",)
            scope.report(UNKNOWN_KEY, only, owner=key.text, key=only.text, help=help)
            return None
    return _read(TimeDistributed, key, resolved, scope)


def read_residual(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """`Residual` as an item."""
    return _read(ResidualStructure, key, scope.resolve(arguments), scope)


def read_parallel(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """`Parallel` as an item."""
    return _read(ParallelStructure, key, scope.resolve(arguments), scope)


def _read(cls: type[Structure], key: Scalar, arguments: Node | None, scope: Scope) -> Item | None:
    if arguments is None:
        return None
    record = read_record(cls, at_key_if_empty(arguments, key), scope, key.text)
    return None if record is POISON else record.items(origin_of(key, scope))
