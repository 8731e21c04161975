"""`callbacks`: those of Keras that a run does not do itself, with the places of their arguments."""

from __future__ import annotations

from dataclasses import field
from pathlib import PurePath
from typing import TYPE_CHECKING

from ...language.catalog import KerasObject, load_catalog
from ...language.foreign import suggest_line, write_flow
from ...language.json_schema import Schema
from ...language.kinds import report_wrong_type
from ...language.leaf import OpenLeaf
from ...language.named import Named
from ...language.scope import POISON, Poison, Scope
from ...text.diagnostic import Code
from ...text.frozen import dataclass
from ...text.nodes import WRONG_TYPE, Listing, Mapping, Node, Scalar, show_given
from ...text.source import Place

OF_THE_RUN = Code("callback-of-the-run", "error", "`{name}` is done by the run itself", help="leave it out", is_idle=True)
LOG_OUTSIDE = Code(
    "log-dir-outside",
    "error",
    "`log_dir: {path}` leads out of the run's folder, where it belongs",
    help="leave it out: it is `logs` in the run's folder",
)

if TYPE_CHECKING:
    from ...language.catalog_types import ObjectFamily
WAYS = {
    "ModelCheckpoint": "`model.keras` holds the best epoch, by `fit.monitor`; leave it out",
    "BackupAndRestore": "`--resume` goes on where a run was cut off; leave it out",
    "CSVLogger": "`history.csv` has an epoch a row; leave it out",
    "LearningRateScheduler": "give the optimizer a schedule: `optimizer: {Adam: {learning_rate: {CosineDecay: {...}}}}`",
}


@dataclass(frozen=True)
class Callback:
    """A callback, and where it and its arguments are written."""

    thing: KerasObject
    place: Place
    places: dict[str, Place] = field(default_factory=dict, compare=False)
    """Of each argument that is written, its value."""


class _Callbacks(Named):
    """A callback of Keras."""

    def report_unknown(self, key: Scalar, scope: Scope, found: ObjectFamily) -> Poison:
        name = key.text
        if name in load_catalog()["of_the_run"]:
            return scope.report(OF_THE_RUN, key, name=name, help=(WAYS[name],) if name in WAYS else ())
        return super().report_unknown(key, scope, found)


NAMED = _Callbacks("callbacks")


class CallbackLeaf(OpenLeaf[Callback]):
    """A callback by name, with its arguments."""

    words = "a callback of Keras"
    canonical = (Callback,)

    def read_node(self, node: Node, scope: Scope) -> object:
        thing = NAMED.read(node, scope)
        if thing is POISON:
            return POISON
        entry = node.entries[0] if isinstance(node, Mapping) else None
        arguments = scope.resolve(entry.value) if entry is not None else None
        entries = arguments.entries if isinstance(arguments, Mapping) else ()
        places = {each.key.text: scope.enter(each.key.text).make_place(each.value) for each in entries}
        logs = PurePath(thing.get("log_dir")) if thing.name == "TensorBoard" else PurePath()
        if logs.is_absolute() or ".." in logs.parts:
            at = next(each.value for each in entries if each.key.text == "log_dir")
            return scope.enter("log_dir").report(LOG_OUTSIDE, at, path=logs)
        return Callback(thing, scope.make_place(entry.key if entry is not None else node), places)

    def make_schema(self) -> Schema:
        return NAMED.make_schema()


CALLBACK = CallbackLeaf()


class CallbacksLeaf(OpenLeaf[tuple[Callback, ...]]):
    """A list of callbacks; what can be read of it, where the rest cannot."""

    words = "a list of callbacks"
    canonical = (tuple,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Scalar) and node.value is None:
            return ()
        if isinstance(node, Mapping):
            each = [write_flow(Mapping(entry.key.span, (entry,))) for entry in node.entries]
            help, fixes = suggest_line(f"[{', '.join(each)}]", node)
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        if not isinstance(node, Listing):
            return report_wrong_type(node, scope, self.words)
        resolved = [(scope.resolve(item), scope.enter(index)) for index, item in enumerate(node.items)]
        found = tuple(CALLBACK.read(item, at) for item, at in resolved if item is not None)
        return tuple(each for each in found if each is not POISON)

    def make_schema(self) -> Schema:
        return {"type": ["array", "null"], "items": CALLBACK.make_schema()}
