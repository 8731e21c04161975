"""What a value is read against: where it stands, the variables in force, and where findings go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum
from pathlib import Path as File
from typing import Any, Final

from ..text.diagnostic import THE_SPEC, Code, Diagnostic, Label, Origin
from ..text.fix import Edit, Fix
from ..text.frozen import dataclass
from ..text.memo import Memory
from ..text.nodes import BAD_NAME, DEPTH_LIMIT, TOO_DEEP, TOO_MANY, Entry, Listing, Node, Scalar
from ..text.nodes import Mapping as MappingNode
from ..text.source import Path, Place, Span
from ..text.spelling import find_nearest
from .catalog import OwnObjects
from .meanings import TextMeaning, Variables, Word, find_word
from .variables import WHOLE, explain_unfit_name, find_held, find_names, find_uses, substitute

TOO_MANY_LAYERS = Code(
    "too-many-layers",
    "error",
    "written out, the spec has more than {limit} layers",
    help="repeat less, or use blocks that hold less",
)


class Poison(Enum):
    """Stands for a value that could not be read and has been reported; nothing complains about it again."""

    POISON = "POISON"

    def __repr__(self) -> str:
        return self.value


POISON: Final = Poison.POISON
DEEPEST = 64
"""Steps of an address, which blocks and variables can make longer than the text is deep; each takes a few calls of Python."""
LAYERS_LIMIT = 20_000
"""So many layers, written out, a spec may have."""
VALUES_LIMIT = 200_000
"""So many values may be written out for variables that stand in values of `each` and of parameters."""


class Registry(ABC):
    """What names in a list of layers stand for. The scope has it, so that a kind of value imports no layer."""

    structures: tuple[str, ...] = ()
    """Names of structures such as `Repeat`."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether the name is that of a layer of Keras or of a structure."""

    @abstractmethod
    def read_item(self, node: Node, scope: Scope) -> object:
        """One item of a list of layers; without an op where it could not be read."""

    @abstractmethod
    def read_items(self, node: Node, scope: Scope) -> Sequence[object] | Poison:
        """The items of a list of layers, or POISON."""


class OwnLayers(Mapping[str, Any]):
    """A person's own layers by name; here none."""

    def __getitem__(self, name: str) -> object:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def explain_missing(self) -> tuple[str, ...]:
        """What is to be said of a layer that is not found: packages that may have it, or have failed."""
        return ()


@dataclass(frozen=True)
class Scope:
    """Passed down while a document is read; `enter` steps into a key or an item.

    What grows with a reading all its scopes share, and nothing else in them changes: `found` and `index`, to which is added
    what is said and noted; `budget` and `values`, which count what is written out; `expanded` and `guessed`, which later
    readers ask. They begin empty with each reading, so that none knows of another.
    """

    found: list[Diagnostic]
    path: Path = ()
    """Where the text stands that is read."""
    address: Path = ()
    """Where what is read stands in the model: another place than `path` inside a block."""
    variables: Mapping[str, Node] = field(default_factory=dict)
    blocks: Mapping[str, Node] = field(default_factory=dict)
    globals: Mapping[str, Node] = field(default_factory=dict)
    """The variables of `vars:`, which a block sees beside its parameters."""
    budget: list[int] = field(default_factory=lambda: [0])
    """How many layers have been written out so far."""
    values: list[int] = field(default_factory=lambda: [0])
    """How many values have been written out that variables stand for."""
    expanded: set[str] = field(default_factory=set)
    """The blocks that have been used so far."""
    guessed: set[Span] = field(default_factory=set)
    """The values of keys that were taken for others: that one does not fit the key it was taken for is nobody's mistake."""
    within: tuple[tuple[str, Span], ...] = ()
    """The blocks that are being expanded, each with where it is used."""
    uses: tuple[Label, ...] = ()
    folder: File | None = None
    """The folder of the spec, for paths of files; None where the text came from no file."""
    registry: Registry | None = None
    """Reads lists of layers; None where values of arguments are read that hold none."""
    layers: OwnLayers = field(default_factory=OwnLayers)
    """The person's own layers by name."""
    layers_unread: bool = False
    """Whether some of them could not be read, which has been reported: an unknown name may be one of theirs."""
    objects: OwnObjects = field(default_factory=OwnObjects)
    """The person's own losses, metrics and the rest."""
    allow_imports: bool = False
    """Whether the person who runs the tool allows a spec to import modules."""
    memory: Memory | None = None
    """What other variants of the spec have in common with this one."""
    index: list[TextMeaning] | None = None
    """Where is noted what the words of the text mean; None where nobody asks."""
    homes: Mapping[str, Path] = field(default_factory=dict)
    """Where the variables in force are defined, as symbols of words."""

    def note(self, meaning: TextMeaning) -> None:
        """Notes what a text means, if somebody asks."""
        if self.index is not None and meaning.span.source.text:
            self.index.append(meaning)

    def note_word(self, node: Node, *symbol: str | int, defines: bool = False) -> None:
        """Notes a name that a person has chosen; its text is the last step of the symbol."""
        if self.index is not None:
            self.note(Word(find_word(self.find_written(node), str(symbol[-1])), symbol, defines))

    def find_written(self, node: Node) -> Span:
        """Where the text of a value is written: of what a variable holds where its value stands, in a matrix perhaps."""
        return find_held(node.span, self.variables)

    def has_layer(self, name: str) -> bool:
        """Whether the name is that of a layer of Keras or of a structure."""
        return self.registry is not None and self.registry.has(name)

    def enter(self, *steps: str | int) -> Scope:
        """The scope of an inner value."""
        return self.change_document(path=(*self.path, *steps), address=(*self.address, *steps))

    def copy_apart(self) -> Scope:
        """The scope with lists of its own of what is found, of what is noted and of the blocks that are used."""
        return self.change_document(found=[], expanded=set(), index=None if self.index is None else [])

    def copy_listening(self) -> Scope:
        """The scope with a list of its own of what is found, which the caller tells after: while it is empty, all went well."""
        return self.change_document(found=[])

    def add_variables(self, variables: Mapping[str, Node], homes: Mapping[str, Path]) -> Scope:
        """The scope with more variables, which hide others of the same name, and where they are defined."""
        hidden = {name: home for name, home in self.homes.items() if name not in variables}
        return self.change_document(variables={**self.variables, **variables}, homes={**hidden, **homes})

    def change_document(self, **fields: object) -> Scope:
        """The scope with other values of some of its fields."""
        # Not `replace`, which looks every field up: this is called for every value of a spec.
        inner = object.__new__(Scope)
        inner.__dict__.update(self.__dict__)
        inner.__dict__.update(fields)
        return inner

    def make_place(self, node: Node) -> Place:
        """Where a node stands, at this scope's path."""
        return Place(self.path, node.span)

    @property
    def name(self) -> str:
        """The key that is read, for messages."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), THE_SPEC)

    def report(
        self,
        code: Code,
        node: Node,
        label: str = "",
        labels: Iterable[Label] = (),
        help: Iterable[str] = (),
        fixes: Iterable[Fix] = (),
        **facts: object,
    ) -> Poison:
        """Adds a finding at a node, unless one was made of it already; the result is POISON, for the reader to return."""
        if node.span in self.guessed or (isinstance(node, Scalar) and node.broken):
            return POISON
        if fixes and (defined := self._find_definition(node)) is not None:
            fixes = [each for each in (_move_fix(fix, node.span, defined) for fix in fixes) if each is not None]
            labels = (*labels, Label(Place(self.path, defined.span), "its value is written here"))
        found = Diagnostic(code, self.make_place(node), facts, label, (*labels, *self.uses), tuple(help), tuple(fixes))
        self.found.append(found)
        return POISON

    def _find_definition(self, node: Node) -> Node | None:
        """What is written for the variable that a value stands for as a whole; None of any other value."""
        source, start, end = node.span
        if not isinstance(node, Scalar) or "$" in node.text:
            return None
        used = WHOLE.fullmatch(source.text[start:end].strip("\"' "))
        return self.variables.get(used[1] or used[2]) if used is not None else None

    def resolve(self, node: Node) -> Node | None:
        """The node with `$name` and `${...}` replaced, or None where it cannot be; that has been reported."""
        if not isinstance(node, Scalar):
            return node
        if node.broken:
            return None
        if isinstance(node.value, str) and "$" in node.value:
            if self.index is not None:
                self.note_variables(node)
            return substitute(node, self.variables, self.make_place(node), self.found, self.uses)
        return node

    def can_name(self, key: Scalar, what: str = "a variable", taken: Mapping[str, str] = {}) -> bool:
        """Whether a key can name a variable, and is none of those taken, each with what to say of it; else it is reported."""
        help = explain_unfit_name(key.text) or ((taken[key.text],) if key.text in taken else ())
        if help:
            self.enter(key.text).report(BAD_NAME, key, name=key.text, what=what, help=help)
        return not help

    def note_variables(self, node: Node) -> None:
        """Notes the uses of variables in a value, inside lists and mappings too."""
        if self.index is None:
            return
        for inner in node.items if isinstance(node, Listing) else ():
            self.note_variables(inner)
        for entry in node.entries if isinstance(node, MappingNode) else ():
            self.note_variables(entry.value)
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or "$" not in node.value:
            return
        self.note(Variables(node.span, self.variables))
        for name, span in find_uses(node):
            if name in self.homes:
                self.note(Word(span, self.homes[name]))

    def spend(self, count: int, node: Node) -> bool:
        """Whether the layers written out are not too many with so many more, which is said once."""
        before = self.budget[0]
        self.budget[0] += count
        if before <= LAYERS_LIMIT < self.budget[0]:
            self.report(TOO_MANY_LAYERS, node, limit=LAYERS_LIMIT)
        return self.budget[0] <= LAYERS_LIMIT

    def resolve_deep(self, node: Node, bound: frozenset[str] = frozenset(), depth: int = 0) -> Node | None:
        """Like `resolve`, inside lists and mappings too: for values that go into another scope.

        What rests on a `bound` name stays as it is: a `Repeat` among the values gives it its value, a round each. Variables
        in values of variables may hold each other, or more than any text could: that is said once, and nothing is resolved.
        """
        if self.values[0] > VALUES_LIMIT:
            return None
        self.values[0] += 1
        if depth > DEPTH_LIMIT or self.values[0] > VALUES_LIMIT:
            self.values[0] = VALUES_LIMIT + 1
            code, limit = (TOO_DEEP, DEPTH_LIMIT) if depth > DEPTH_LIMIT else (TOO_MANY, VALUES_LIMIT)
            self.report(code, node, limit=limit)
            return None
        if bound and isinstance(node, Scalar) and not bound.isdisjoint(find_names(node)):
            return node
        found = self.resolve(node)
        if isinstance(found, Listing):
            items = [self.resolve_deep(item, bound, depth + 1) for item in found.items]
            named = found.named or isinstance(node, Scalar)
            return None if None in items else Listing(found.span, tuple(item for item in items if item), named)
        if isinstance(found, MappingNode):
            inner = bound | _list_bound(found)
            held = [(each.key, each.value, inner if each.key.text == "layers" else bound) for each in found.entries]
            values = [(key, self.resolve_deep(value, names, depth + 1)) for key, value, names in held]
            return MappingNode(found.span, tuple(Entry(key, value) for key, value in values if value is not None))
        return found


def _move_fix(fix: Fix, used: Span, defined: Node) -> Fix | None:
    """A fix of a value where that is written, in place of where a variable stands for it; it is a change for all who use that."""
    if not any(edit == Edit(used, edit[1]) for edit in fix.edits if isinstance(edit, Edit)):
        return fix
    if not isinstance(defined, Scalar) or "$" in defined.text or not defined.span.source.text:
        return None
    edits = tuple(Edit(defined.span, each.text) if isinstance(each, Edit) and each.span == used else each for each in fix.edits)
    return Fix(fix.title, edits, "unsafe" if fix.applicability == "safe" else fix.applicability)


def _list_bound(arguments: MappingNode) -> frozenset[str]:
    """The names that stand for other values in the layers of these arguments, if they are those of a `Repeat`."""
    each = arguments.get("each")
    if each is None and arguments.get("times") is None:
        return frozenset()
    names = [entry.key.text for entry in each.value.entries] if each and isinstance(each.value, MappingNode) else []
    return frozenset(("index", *names))


__all__ = ["POISON", "Scope", "find_nearest"]


def make_origin(node: Node, scope: Scope) -> Origin:
    """Where a node is written, as an origin."""
    return Origin(scope.make_place(node), scope.address, scope.uses)
