"""Reading the structures of a list of layers: TimeDistributed, Residual, Parallel; Repeat is in `reuse`."""

from __future__ import annotations

from typing import Any

from .argument import UNKNOWN_KEY, Kind, Record, arg, read, read_record
from .diagnostic import Code
from .items import Fusion, Item, Origin, Parallel, Residual, Timed
from .kinds import BOOLEAN, NAME, UNKNOWN_CHOICE, Optional, wrong_type
from .layers import LAYER, LAYERS, at_key_if_empty, origin_of
from .ops import find_op
from .scope import POISON, Scope, did_you_mean
from .syntax import Listing, Mapping, Node, Scalar

ONE_OF = Code("one-of-keys", "error", "`{owner}` takes either {keys}", help="keep one of them, and write it")


class Structure(Record):
    """What every structure takes."""

    name: str | None = arg(Optional(NAME), None, doc="Names the output.")
    share: str | None = arg(Optional(NAME), None, doc="All that carry this name have one set of weights.")


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
        """The structure as an item."""
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
        """The structure as an item."""
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
        from .fusion import read_merge

        return read_merge(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/merge"}


class ParallelStructure(Structure):
    """The same input down several paths, then merged in the order written."""

    paths: tuple[tuple[str, tuple[Item, ...]], ...] = arg(PathsKind(), doc="The paths; an empty one is the input itself.")
    merge: Fusion = arg(MergeKind(), doc="How they are merged.")

    def items(self, origin: Origin) -> Item:
        """The structure as an item."""
        return Parallel(self.paths, self.merge, origin, self.name, self.share)


STRUCTURES: dict[str, type[Any]] = {
    "TimeDistributed": TimeDistributed,
    "Residual": ResidualStructure,
    "Parallel": ParallelStructure,
}


def read_structure(name: str, key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """A structure as an item, or None after reporting why there is none."""
    if name == "Repeat":
        from .reuse import read_repeat

        return read_repeat(key, arguments, scope)
    resolved = scope.resolve(arguments)
    if resolved is None:
        return None
    if name == "TimeDistributed" and isinstance(resolved, Listing):
        items = LAYERS.read(resolved, scope.at("layers"))
        return None if items is POISON else Timed(items, origin_of(key, scope))
    if name == "TimeDistributed" and isinstance(resolved, Mapping) and len(resolved.entries) == 1:
        only = resolved.entries[0]
        if only.key.text not in TimeDistributed.arguments and (only.key.text in scope.layers or find_op(only.key.text)):
            key_ = only.key.text
            help = (f"write `TimeDistributed: [{{{key_}: ...}}]`, or `TimeDistributed: {{layer: {{{key_}: ...}}}}`",)
            scope.report(UNKNOWN_KEY, only.key, owner=name, key=key_, help=help)
            return None
    record = read_record(STRUCTURES[name], at_key_if_empty(resolved, key), scope, name)
    return None if record is POISON else record.items(origin_of(key, scope))
