"""What a person may write at the top of a spec and in its sections, and the value that it is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .argument import Kind, Record, arg, read_record
from .diagnostic import Origin
from .fusion import REFERENCES, MergeKeys, ReferenceKind
from .inputs import Input
from .items import Fusion, Item
from .kinds import NOT_ALLOWED, OWN_NATURAL, SIZE, AnyKind, Integer, Name, Optional, Text
from .layer_kinds import LAYERS
from .nodes import Node
from .own import MODULES
from .recall import recall
from .scope import Scope


class InputKind(Kind):
    """The input of a branch, as a mapping."""

    words = "a mapping with `kind` and `shape`"

    def read(self, node: Node, scope: Scope) -> Any:
        return recall(_read_input, node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/input"}


def _read_input(node: Node, scope: Scope) -> Any:
    return read_record(Input, node, scope, "input")


class BranchSection(Record):
    """A branch: an input and the layers that it goes through."""

    input: Input = arg(InputKind(), doc="What the branch reads.")
    layers: tuple[Item, ...] = arg(LAYERS, (), doc="The layers in order; none sends the input straight to the fusion.")
    share_layers_with: tuple[str, Origin] | None = arg(
        Optional(ReferenceKind()), None, doc="A branch whose layers and weights come before its own."
    )


class HeadSection(MergeKeys):
    """A head with inputs of its own."""

    inputs: Any = arg(REFERENCES, doc="What the head reads, instead of the last fusion.")


class Top(Record):
    """The whole spec; the sections that need names of other sections are read later."""

    version: int = arg(Integer(1, 1, NOT_ALLOWED), doc="Version of the language: 1.")
    name: str = arg(Name("a name without `/`", r"[^/]+"), doc="Name of the model.")
    extends: str | None = arg(Text("the path of a spec", ".+"), None, doc="A spec that this one differs from: maps merge.")
    matrix: Node | None = arg(AnyKind(), None, doc="Paths to lists of values; every combination is a variant.")
    description: str | None = arg(Optional(Text()), None, doc="What the model is, in a sentence.")
    seed: int = arg(OWN_NATURAL, 0, doc="Seed of the initial weights.")
    batch_size: int | None = arg(Optional(SIZE), None, doc="Fixes the batch axis; only `stateful: true` needs it.")
    vars: Node | None = arg(AnyKind(), None, doc="Values for `$name`.")
    layers_from: tuple[str, ...] = arg(MODULES, (), doc="Python modules with layers of your own; needs `--allow-imports`.")
    blocks: Node | None = arg(AnyKind(), None, doc="Lists of layers with parameters, used like layers.")
    branches: Node = arg(AnyKind(), doc="The branches by name, each an input with its layers.")
    fusion: Node | None = arg(AnyKind(), None, doc="How the branches are brought together.")
    head: Node | None = arg(AnyKind(), None, doc="The layers after the fusion, when there is one output.")
    heads: Node | None = arg(AnyKind(), None, doc="Several outputs by name.")
    compile: Node | None = arg(AnyKind(), None, doc="Optimizer, loss and metrics.")
    targets: Node | None = arg(AnyKind(), None, doc="What the labels of each head look like.")
    budget: Node | None = arg(AnyKind(), None, doc="Ceilings on parameters, multiply-adds and memory.")
    expect: Node | None = arg(AnyKind(), None, doc="Shapes and counts that must come out.")


@dataclass(frozen=True)
class Branch:
    """A branch as read."""

    name: str
    input: Input | None
    share_layers_with: tuple[str, Origin] | None
    items: tuple[Item, ...]
    origin: Origin


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
    compile: Any
    sections: dict[str, tuple[Node, Scope]] = field(default_factory=dict)
    """`targets`, `budget` and `expect` as written, for the checks that hold them against the typed graph."""
