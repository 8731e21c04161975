"""What a person may write at the top of a spec and in its sections, and the value that it is read into."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace
from typing import TYPE_CHECKING, Annotated

from ..language.cached_reading import recall
from ..language.json_schema import Schema, make_ref
from ..language.kinds import BOOLEAN, NOT_ALLOWED, OWN_NATURAL, SIZE, AnyKind, Integer, Name, Optional, Text
from ..language.layer_kinds import LAYERS
from ..language.leaf import OpenLeaf, Reading
from ..language.read_record import NOT_A_MAPPING, read_record
from ..language.record import Record
from ..language.scope import POISON, Poison, Scope
from ..ops.input import KINDS, MASK_KEYS, Input, find_mask_key
from ..text.diagnostic import Origin
from ..text.fix import Fix, write
from ..text.frozen import dataclass
from ..text.nodes import Entry, Mapping, Node, describe_sort
from ..text.source import Place
from .branch_rounds import UNBOUND, Bound
from .elsewhere import (
    find_home_at_top,
    find_home_in_branch,
    list_stands_for,
    move_of_branch,
    move_of_top,
    stands_for_input,
    suggest_for_branch,
    suggest_for_top,
    tell_variables,
)
from .fusion import REFERENCES, MergeKeys, ReferenceKind
from .layer_list import Fusion, Item
from .of_optimizer import find_argument, find_class, find_written, give, is_known_above, tell
from .other_forms import suggest_input
from .own_modules import MODULES

if TYPE_CHECKING:
    from .budget import Budget
    from .compile_section import CompileSpec
    from .data.section import DataSpec
    from .expect import Expected
    from .fit.section import FitSpec
    from .search import SearchSpec
    from .targets import Labels


class InputKind(OpenLeaf[Input]):
    """The input of a branch, as a mapping."""

    words = "a mapping with `kind` and `shape`"

    def read_node(self, node: Node, scope: Scope) -> Reading[Input] | Reading[Unmasked] | Poison:
        return recall(_read_input, node, scope)

    def make_schema(self) -> Schema:
        return make_ref("input", Input.model_json_schema)


def _read_input(node: Node, scope: Scope) -> Reading[Input] | Reading[Unmasked] | Poison:
    if not isinstance(node, Mapping):
        help = suggest_input(node, KINDS)
        fixes = tuple(write(node.span, each.removeprefix("write `")[:-1]) for each in help if each.startswith("write `"))
        scope.report(NOT_A_MAPPING, node, owner="input", given=describe_sort(node), help=help, fixes=fixes)
        return POISON
    meant = Input.repair_shape(node, scope)
    reading = read_record(Input, meant, scope, "input")
    return _read_unmasked(meant, scope) if reading is POISON else reading


class Unmasked(Input):
    """An input of which all could be read but which steps are padding."""


def _read_unmasked(node: Mapping, scope: Scope) -> Reading[Unmasked] | Poison:
    """The input without what says which steps are padding, if nothing else is amiss: the layers are looked at all the same."""
    entries = tuple(each for each in node.entries if each.key.text not in MASK_KEYS)
    if len(entries) == len(node.entries):
        return POISON
    quiet = replace(scope, found=[], budget=[0], expanded=set(), guessed=set(), memory=None, index=None)
    return read_record(Unmasked, Mapping(node.span, entries), quiet, "input")


class BranchSection(Record):
    """A branch: an input and the layers that it goes through."""

    input: Annotated[Input, InputKind()]
    """What the branch reads."""
    layers: Annotated[tuple[Item, ...], LAYERS] = ()
    """The layers in order; none sends the input straight to the fusion."""
    share_layers_with: Annotated[tuple[str, Origin] | None, Optional(ReferenceKind())] = None
    """A branch whose layers and weights come before its own."""
    freeze_batch_norm: Annotated[bool, BOOLEAN] = False
    """Whether the batch norms of its layers are frozen, whatever else is trained."""
    each: Annotated[Node | None, AnyKind("a mapping of names to lists")] = None
    """Lists of equal length: a branch for each position, whose variables its name holds; `$index` counts from 0."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        return find_home_in_branch(entry, node)

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """What belongs into `input` or `layers` is told so."""
        return suggest_for_branch(entries, node, KINDS, scope.has_layer(entries[0].key.text))

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        return move_of_branch(entries, node, KINDS)

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        """No input is missing where keys of it stand beside it, which is told."""
        return {} if any(map(stands_for_input, written)) else super().find_missing(written)


class HeadSection(MergeKeys):
    """A head with inputs of its own."""

    inputs: Annotated[tuple[tuple[str, Origin], ...] | None, REFERENCES]
    """What the head reads, instead of the last fusion."""


class PlainHead(Record):
    """A head that reads one input."""

    inputs: Annotated[tuple[tuple[str, Origin], ...], REFERENCES]
    """What the head reads, instead of the last fusion."""
    layers: Annotated[tuple[Item, ...], LAYERS] = ()
    """Layers after it."""


NEEDED = {
    "version": "1: begin with `version: 1`",
    "name": "the name of the model",
    "branches": "the inputs by name, each with its layers",
    "head": "the list of the last layers",
}
"""What every spec has; `heads` in place of `head`."""


class Top(Record):
    """The whole spec; the sections that need names of other sections are read later."""

    version: Annotated[int, Integer(1, 1, NOT_ALLOWED)]
    """Version of the language: 1."""
    name: Annotated[str, Name("a name without `/`", r"[^/]+")]
    """Name of the model."""
    extends: Annotated[str | None, Text("the path of a spec", ".+")] = None
    """A spec that this one differs from: maps merge."""
    matrix: Annotated[Node | None, AnyKind()] = None
    """Paths to lists of values; every combination is a variant."""
    description: Annotated[str | None, Optional(Text())] = None
    """What the model is, in a sentence."""
    seed: Annotated[int, OWN_NATURAL] = 0
    """Seed of the initial weights."""
    batch_size: Annotated[int | None, Optional(SIZE)] = None
    """Fixes the batch axis; only `stateful: true` needs it."""
    vars: Annotated[Node | None, AnyKind()] = None
    """Values for `$name`."""
    layers_from: Annotated[tuple[str, ...], MODULES] = ()
    """Python modules with layers of your own; needs `--allow-imports`."""
    objects_from: Annotated[tuple[str, ...], MODULES] = ()
    """Python modules with losses, metrics and the like of your own; needs `--allow-imports`."""
    blocks: Annotated[Node | None, AnyKind()] = None
    """Lists of layers with parameters, used like layers."""
    branches: Annotated[Node, AnyKind()]
    """The branches by name, each an input with its layers."""
    fusion: Annotated[Node | None, AnyKind("a mapping, or a list of them")] = None
    """How the branches are brought together."""
    head: Annotated[Node | None, AnyKind("a list of layers, or a mapping")] = None
    """The layers after the fusion, when there is one output."""
    heads: Annotated[Node | None, AnyKind()] = None
    """Several outputs by name."""
    compile: Annotated[Node | None, AnyKind()] = None
    """Optimizer, loss and metrics."""
    targets: Annotated[Node | None, AnyKind()] = None
    """What the labels of each head look like."""
    budget: Annotated[Node | None, AnyKind()] = None
    """Ceilings on parameters, multiply-adds and memory."""
    expect: Annotated[Node | None, AnyKind()] = None
    """Shapes and counts that must come out."""
    rules: Annotated[Node | None, AnyKind()] = None
    """How severe findings are, by code: ignore, advice, warning or error."""
    data: Annotated[Node | None, AnyKind()] = None
    """Where samples come from, and how they are read."""
    fit: Annotated[Node | None, AnyKind()] = None
    """How the model is trained."""
    search: Annotated[Node | None, AnyKind()] = None
    """Which values are tried, and what says which are best."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        """What belongs into one section is told at once, and arguments of the optimizer are."""
        home = find_home_at_top(entry)
        return home.section if home is not None else "optimizer" if is_known_above(entry) else None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """What belongs into a section, or into a branch, is told so; of a variable, where it is set."""
        if (way := tell_variables(entries, node)) is not None:
            return (way,)
        optimizer = _find_optimizer(entries, node)
        return (tell(entries, optimizer, "compile"),) if optimizer is not None else suggest_for_top(entries)

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        if tell_variables(entries, node) is not None:
            return ()
        optimizer = _find_optimizer(entries, node)
        return give(entries, optimizer, find_written(node)) if optimizer is not None else move_of_top(entries, node)

    @classmethod
    def list_meant(cls, entry: Entry) -> list[str]:
        """`head` or `heads`, whichever the value could be that of; and all other keys."""
        names_heads = isinstance(entry.value, Mapping) and entry.value.get("inputs") is None
        return [name for name in cls.arguments if name != ("head" if names_heads else "heads")]

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        """Every spec has a head, or several; what is written elsewhere or otherwise is there."""
        there = {*written, *(["head"] if "heads" in written else []), *(key for each in written for key in list_stands_for(each))}
        return {name: words for name, words in NEEDED.items() if name not in there}


def _find_optimizer(entries: tuple[Entry, ...], node: Mapping) -> str | None:
    """The class of the spec's optimizer, where keys at the top stand for arguments of it."""
    if not all(map(is_known_above, entries)):
        return None
    optimizer = find_class(find_written(node))
    return optimizer if all(find_argument(each, optimizer) is not None for each in entries) else None


@dataclass(frozen=True)
class Branch:
    """A branch as read."""

    name: str
    input: Input | None
    share_layers_with: tuple[str, Origin] | None
    items: tuple[Item, ...]
    origin: Origin
    """Its arguments are those of the input."""
    norms: Place | None = None
    """Where `freeze_batch_norm: true` is written."""
    bound: Bound = field(default=UNBOUND, compare=False)
    """The variables of the round of `each` that it was made in."""

    @property
    def mask_by(self) -> str | None:
        """`padding_value` or `mask_input`, whichever says what is padding."""
        return find_mask_key(self.input, self.origin.written) if self.input is not None else None


@dataclass(frozen=True)
class Head:
    """A head as read: what it reads (None: the last fusion, or the only branch) and its layers."""

    name: str
    items: tuple[Item, ...]
    origin: Origin
    source: tuple[str, Origin] | None = None
    fusion: Fusion | None = None
    written: bool = True
    """False where it stands for heads that could not be read: what they would read is not known."""


@dataclass(frozen=True)
class ModelSpec:
    """A spec with everything read: variables replaced, blocks and repetitions written out."""

    name: str
    description: str | None
    seed: int
    batch_size: int | None
    branches: tuple[Branch, ...]
    fusions: tuple[Fusion, ...]
    heads: tuple[Head, ...]
    single_head: bool
    compile: CompileSpec | Poison | None
    """Losses, metrics and the optimizer; POISON of a section that could not be read, and None of a spec without it."""
    objects_from: tuple[str, ...] = ()
    """The modules of the person's own losses, metrics and the like."""
    targets: tuple[Labels, ...] = ()
    """What the labels of heads look like."""
    budget: Reading[Budget] | None = None
    """Ceilings on what the model costs."""
    expect: tuple[Expected, ...] = ()
    """Shapes and counts that must come out."""
    data: DataSpec | None = None
    """Where samples come from, and how they are read; None of a spec without the section."""
    fit: FitSpec | None = None
    """How the model is trained; None of a spec without the section."""
    search: SearchSpec | None = None
    """Which values are tried; None of a spec without the section."""
