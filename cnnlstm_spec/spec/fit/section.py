"""The section `fit`: its keys, the value that it is read into, and its reader."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import field, replace
from typing import Annotated, Any

from ...language.kinds import BOOLEAN, NOT_A_CHOICE, SIZE, AnyKind, Choice, Optional, Text
from ...language.list_kinds import OneOrMore
from ...language.read_record import MISSING_KEY, NOT_A_MAPPING, UNKNOWN_KEY, read_fields
from ...language.record import Record
from ...language.scope import Scope
from ...text.diagnostic import UNWRITTEN, Code, Written
from ...text.fix import Fix, drop
from ...text.frozen import dataclass
from ...text.nodes import Entry, Mapping, Node, Scalar, describe_sort
from ...text.source import Place
from ...text.synonyms import fold_word
from ..compile_section import KEYS as COMPILE_KEYS
from ..elsewhere import STOPPING, find_home_of_arrays, move_home, move_of_fit, tell_home, write_early_stopping
from ..fusion import ONE_WAY
from ..paths import PathLeaf, WrittenPath
from .by_class import ClassWeight, Threshold, read_class_weight, read_threshold
from .callbacks import Callback, CallbacksLeaf
from .phases import Phase, PhasesLeaf

CALLBACK_TWICE = Code("callback-twice", "error", "`{name}` stands twice in `callbacks`", help="keep one of them")

ELSEWHERE = {
    "validation_split": "it is a share of the data: `data: {validation: {fraction: 0.2}}`",
    "validation_data": "it is a source of the data: `data: {validation: val.csv}`",
    "sample_weight": "it is a column of the data: `data: {sample_weight: {column: w}}`",
    "initial_epoch": "`train --resume` goes on where a run was cut off; leave it out",
    "verbose": "what `train` prints is up to the terminal; leave it out",
    "seed": "the model's seed is `seed` at the top, that of the shares is `data: {seed: 0}`",
    "workers": "Keras has it no longer; leave it out",
    "use_multiprocessing": "Keras has it no longer; leave it out",
    "max_queue_size": "Keras has it no longer; leave it out",
    "learning_rate": "it is the optimizer's: `compile: {optimizer: {Adam: {learning_rate: 1e-3}}}`",
    "validation": "it is a part of the data: `data: {validation: {fraction: 0.2}}`",
    "folds": "they are a part of the data: `data: {validation: {folds: 5}}`",
    **{key: f"it belongs into `compile`: `compile: {{{key}: ...}}`" for key in COMPILE_KEYS},
}
"""Where it belongs what `Model.fit` takes, or people look for there, and `fit` does not."""


class FitSection(Record):
    """How the model is trained, in the words of `keras.Model.fit`."""

    epochs: Annotated[int | None, SIZE] = None
    """How many times the model sees the training part; required without `phases`."""
    batch_size: Annotated[int | None, Optional(SIZE)] = None
    """Samples a step: 32, or the spec's own `batch_size`, if it is left out."""
    steps_per_epoch: Annotated[int | None, Optional(SIZE)] = None
    """Steps an epoch; all samples if it is left out."""
    validation_steps: Annotated[int | None, Optional(SIZE)] = None
    """Steps of each validation; all samples if it is left out."""
    validation_batch_size: Annotated[int | None, Optional(SIZE)] = None
    """Samples a step of validation; `batch_size` if it is left out."""
    validation_freq: Annotated[int | tuple[int, ...], OneOrMore(SIZE)] = 1
    """Epochs from one validation to the next, or a list of the epochs that have one."""
    shuffle: Annotated[bool, BOOLEAN] = True
    """Whether each epoch has an order of its own."""
    class_weight: Annotated[Node | None, AnyKind("`balanced`, or a weight for each class")] = None
    """How much each class counts in the loss: `balanced`, a weight by name, or either by head."""
    callbacks: Annotated[tuple[Callback, ...], CallbacksLeaf()] = ()
    """Callbacks of Keras, but those that the run does itself."""
    monitor: Annotated[str | None, Text("the name of what is logged, such as `val_loss`")] = None
    """What says which epoch is the best: `val_loss` with validation, else `loss`, if it is left out."""
    mode: Annotated[str, Choice("auto", "min", "max", code=NOT_A_CHOICE)] = "auto"
    """Whether less or more of it is better."""
    phases: Annotated[tuple[Phase, ...] | None, PhasesLeaf()] = None
    """Stretches of training, in place of `epochs`."""
    start_from: Annotated[WrittenPath | None, PathLeaf("the path of a run or an artifact")] = None
    """A run whose weights are loaded, layer by layer, where `diff` says that they would."""
    deterministic: Annotated[bool, BOOLEAN] = False
    """Whether a GPU gives the same weights bit for bit, which is slower."""
    threshold: Annotated[Node | None, AnyKind("a number, `{maximize: f1}`, or either by head")] = None
    """From which probability on a binary head is 1: 0.5 if it is left out."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        """The samples and their targets, which Keras's own `fit` is given, are told at once."""
        return "data" if find_home_of_arrays(entry) is not None else None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        homes = [home for each in entries if (home := find_home_of_arrays(each)) is not None]
        return (tell_home(entries, homes),) if homes else ()

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        return move_home(entries, [home for each in entries if (home := find_home_of_arrays(each)) is not None])


@dataclass(frozen=True)
class FitSpec:
    """The section `fit` as read. What could not be read has been reported, and is in `broken`."""

    place: Place
    """The key `fit`."""
    written: Written = UNWRITTEN
    epochs: int | None = None
    """None where there are `phases`, or where it could not be read."""
    batch_size: int | None = None
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    validation_batch_size: int | None = None
    validation_freq: int | tuple[int, ...] = 1
    shuffle: bool = True
    class_weight: MappingOf[str, ClassWeight] = field(default_factory=dict)
    """By head."""
    callbacks: tuple[Callback, ...] = ()
    monitor: str | None = None
    mode: str = "auto"
    phases: tuple[Phase, ...] | None = None
    start_from: WrittenPath | None = None
    deterministic: bool = False
    threshold: MappingOf[str | None, Threshold] = field(default_factory=dict)
    """By head; under None that of all binary heads."""
    broken: frozenset[str] = frozenset()
    """Keys that could not be read."""

    @property
    def longest(self) -> int | None:
        """The epochs of the longest phase, or of the only one; None where that is not known."""
        return max(each.epochs for each in self.phases) if self.phases else self.epochs

    def find_place(self, key: str) -> Place:
        """Where the value of a key is written, else the section."""
        return self.written.places.get(key, self.place)


def read_fit(node: Node, scope: Scope, heads: tuple[str, ...], key: Node) -> FitSpec:
    """The section, as far as it can be read; `key` is where it begins."""
    place = scope.make_place(key)
    resolved = scope.resolve(node)
    if resolved is None:
        return FitSpec(place, broken=frozenset(FitSection.arguments))
    if isinstance(resolved, Scalar) and resolved.value is None:
        resolved = Mapping(resolved.span, ())
    if not isinstance(resolved, Mapping):
        scope.report(NOT_A_MAPPING, resolved, owner="fit", given=describe_sort(resolved))
        return FitSpec(place, broken=frozenset(FitSection.arguments))
    kept = tuple(entry for entry in resolved.entries if not _is_elsewhere(entry, scope))
    values, written = read_fields(FitSection, replace(resolved, entries=kept), scope, "fit", key)
    meant = set(values) | {name for name in FitSection.arguments if name in written.places}
    weight, threshold = values.pop("class_weight", None), values.pop("threshold", None)
    known: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    known["class_weight"] = read_class_weight(weight, scope.enter("class_weight"), heads) if weight is not None else {}
    known["threshold"] = read_threshold(threshold, scope.enter("threshold"), heads) if threshold is not None else {}
    broken = {name for name in meant if name not in values} - {"class_weight", "threshold"}
    spec = FitSpec(place, written, **known, broken=frozenset(broken))
    _check(spec, scope, key)
    return spec


def _is_elsewhere(entry: Entry, scope: Scope) -> bool:
    """Whether a key belongs to another place, which is then told."""
    name = entry.key.text
    help = ELSEWHERE.get("learning_rate" if name == "lr" else name) if name not in FitSection.arguments else None
    if fold_word(name) in STOPPING:
        help = f"it is a callback: `callbacks: {write_early_stopping(entry)}`"
    if help is not None:
        scope.enter(name).report(UNKNOWN_KEY, entry.key, owner="fit", key=name, help=(help,), fixes=move_of_fit(entry))
    return help is not None


def _check(spec: FitSpec, scope: Scope, key: Node) -> None:
    """What keys break together."""
    written = spec.written
    if "epochs" in written.places and "phases" in written.places:
        epochs = written.keys["epochs"]
        help = ("each phase has `epochs` of its own",)
        fixes = (drop(epochs.span, "epochs", "unsafe"),)
        scope.enter("epochs").report(ONE_WAY, Node(epochs.span), help=help, fixes=fixes, owner="fit", keys="`epochs` or `phases`")
    elif not {"epochs", "phases"} & set(written.places) and not spec.broken & {"epochs", "phases"}:
        scope.report(MISSING_KEY, key, owner="fit", key="epochs", help=("`epochs` is a positive integer",))
    seen: set[str] = set()
    for callback in spec.callbacks:
        if callback.thing.name in seen and callback.thing.name != "EarlyStopping":
            scope.report(CALLBACK_TWICE, Node(callback.place.span), name=callback.thing.name)
        seen.add(callback.thing.name)
