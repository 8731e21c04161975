"""What a person may write in the section `compile`: its keys, and what each may be."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, NamedTuple

from pydantic_core import CoreSchema, core_schema

from ..language.catalog import KerasObject, load_catalog
from ..language.json_schema import Schema, make_either, make_list, make_mapping
from ..language.kinds import BOOLEAN, NOT_ALLOWED, NUMBER, Choice, Integer, Policy
from ..language.leaf import OpenLeaf
from ..language.meanings import Address
from ..language.named import Named
from ..language.read_record import read
from ..language.record import Record
from ..language.scope import POISON, Scope
from ..text.fix import Fix
from ..text.frozen import dataclass
from ..text.nodes import WRONG_TYPE, Entry, Mapping, Node, show_given
from ..text.source import Place
from .elsewhere import find_home_elsewhere, move_of_compile, suggest_for_compile
from .of_optimizer import find_argument, find_class, give, tell

NOTHING: Schema = {"type": "null"}


@dataclass(frozen=True)
class Placed:
    """An object of the catalog, and where it and its arguments are named."""

    thing: KerasObject
    place: Place
    keys: dict[str, Place] = field(default_factory=dict, compare=False)
    """Of each argument that is written, its key."""

    def find_place(self, argument: str) -> Place:
        """Where an argument is named; where none is written, the object."""
        return self.keys.get(argument, self.place)


class Multiplier(NamedTuple):
    """A factor on the learning rate of what an address covers."""

    address: str
    factor: float
    place: Place


class PlacedLeaf(OpenLeaf[Placed]):
    """An object of Keras, with the place of its name."""

    canonical = (Placed,)

    def __init__(self, family_name: str) -> None:
        self.named = Named(family_name)
        self.words = self.named.words

    def read_node(self, node: Node, scope: Scope) -> object:
        value = self.named.read(node, scope)
        if value is POISON:
            return POISON
        if not isinstance(node, Mapping):
            return Placed(value, scope.make_place(node))
        named = node.entries[0]
        arguments, at = scope.resolve(named.value), scope.enter(named.key.text)
        entries = arguments.entries if isinstance(arguments, Mapping) else ()
        keys = {each.key.text: at.enter(each.key.text).make_place(each.key) for each in entries}
        return Placed(value, scope.make_place(named.key), keys)

    def make_schema(self) -> Schema:
        return self.named.make_schema()


class ByHead(OpenLeaf[Node]):
    """A value for the one head, or a mapping of heads to values; a node, until it is read against the heads."""

    canonical = (Node,)

    def __init__(self, words: str, one: Schema, each: Schema) -> None:
        self.words, self.one, self.each = words, one, each

    def read_node(self, node: Node, scope: Scope) -> object:
        return node

    def make_schema(self) -> Schema:
        return make_either(self.one, make_mapping(self.each))


class MultipliersLeaf(OpenLeaf[tuple[Multiplier, ...]]):
    """Factors by address, as far as they can be read."""

    words = "a mapping of addresses to numbers"
    canonical = (tuple,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Mapping) or not node.entries:
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        found = []
        for each in node.entries:
            inner = scope.enter(each.key.text)
            scope.note(Address(each.key.span, each.key.text, whole=True))
            value = read(NUMBER, each.value, inner)
            if value is not POISON and value < 0:
                inner.report(NOT_ALLOWED, each.value, key=each.key.text, words="a number of 0 or more", given=value)
            elif value is not POISON:
                found.append(Multiplier(each.key.text, float(value), inner.make_place(each.key)))
        return tuple(found)

    def make_schema(self) -> Schema:
        return make_mapping(NUMBER.make_schema())


class JitLeaf(Choice):
    """`auto`, true or false."""

    def __init__(self) -> None:
        super().__init__("auto")
        self.words = "`auto`, true or false"

    def make_core(self) -> CoreSchema:
        return core_schema.literal_schema(["auto", True, False])

    def make_schema(self) -> Schema:
        return {"enum": ["auto", True, False]}


class PolicyLeaf(OpenLeaf):
    """A dtype policy of Keras; the catalog, which lists them, is read when one is met."""

    words = "a dtype policy"

    def read_node(self, node: Node, scope: Scope) -> object:
        return Policy(*load_catalog()["dtype_policies"]).read(node, scope)

    def make_schema(self) -> Schema:
        return {"enum": load_catalog()["dtype_policies"]}


LOSS = make_either(Named("losses").make_schema(), NOTHING)
METRIC = Named("metrics").make_schema()
METRICS = make_either(make_list(METRIC), NOTHING)
LOSS_BY_HEAD = ByHead("a loss, or one for each head", LOSS, LOSS)
WEIGHT_BY_HEAD = ByHead("a number, or one for each head", NUMBER.make_schema(), NUMBER.make_schema())
METRICS_BY_HEAD = ByHead("a list of metrics, or one for each head", METRICS, make_either(METRIC, METRICS))


class CompileKeys(Record):
    """Optimizer, loss and metrics."""

    unwritten = {"optimizer": "RMSprop"}
    optimizer: Annotated[Placed | None, PlacedLeaf("optimizers")] = None
    """The optimizer; Keras's default is `rmsprop`."""
    learning_rate_multipliers: Annotated[tuple[Multiplier, ...] | None, MultipliersLeaf()] = None
    """Factors on the learning rate: `branches.video: 0.1`."""
    loss: Annotated[Node | None, LOSS_BY_HEAD] = None
    """The loss, or one for each head."""
    loss_weights: Annotated[Node | None, WEIGHT_BY_HEAD] = None
    """The weight of each head's loss."""
    metrics: Annotated[Node | None, METRICS_BY_HEAD] = None
    """Metrics, or a list for each head."""
    weighted_metrics: Annotated[Node | None, METRICS_BY_HEAD] = None
    """Metrics that sample weights count in."""
    dtype_policy: Annotated[str, PolicyLeaf()] = "float32"
    """The dtype policy of all layers."""
    jit_compile: Annotated[str | bool, JitLeaf()] = "auto"
    """Whether XLA compiles the steps of training; `auto` where it can."""
    run_eagerly: Annotated[bool, BOOLEAN] = False
    """Whether steps run line by line, for finding mistakes."""
    steps_per_execution: Annotated[int, Integer(1)] = 1
    """Batches that go through in one call."""
    auto_scale_loss: Annotated[bool, BOOLEAN] = True
    """Whether the loss is scaled where the policy is `mixed_float16`."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        """Arguments of the optimizer are told at once, and what stands in one other section."""
        if find_argument(entry, find_class(node.get("optimizer"))) is not None:
            return "optimizer"
        home = find_home_elsewhere(entry)
        return home.section if home is not None else None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """Arguments of the optimizer are told where they belong."""
        optimizer = find_class(node.get("optimizer"))
        return (tell(entries, optimizer),) if find_argument(entries[0], optimizer) is not None else suggest_for_compile(entries)

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        written = node.get("optimizer")
        optimizer = find_class(written)
        its_own = find_argument(entries[0], optimizer) is not None
        return give(entries, optimizer, written) if its_own else move_of_compile(entries)


PASSED_ON = ("jit_compile", "run_eagerly", "steps_per_execution", "auto_scale_loss")
"""Keys that are passed on to Keras's `compile` as they are."""
