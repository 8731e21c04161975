"""Records: classes whose fields say what a person may write, and the reading of a mapping into one.

A layer and a section of the spec are both records. A field is `units: int = arg(COUNT, doc="...")`; the kind reads a
node, the default is canonicalised like any value. Imports no layer and no section.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from typing import Any, ClassVar, Final, Self

from .diagnostic import Code
from .nodes import TOO_DEEP, Entry, Mapping, Node, Scalar, node_of, words_for
from .scope import DEEPEST, POISON, Scope, nearest
from .source import NOWHERE, Place

UNKNOWN_KEY = Code("unknown-key", "error", "`{owner}` has no key `{key}`")
MISSING_KEY = Code("missing-key", "error", "`{owner}` needs `{key}`")
NOT_A_MAPPING = Code("not-a-mapping", "error", "`{owner}` is a mapping of keys; this is {given}")

REQUIRED: Final[Any] = object()
SHARED = ("name", "trainable", "dtype", "share")
"""Keys that every layer has, which a message lists last."""
MANY = 100
"""So many findings into a spec, no more suggestions are searched for."""


class Kind(ABC):
    """What a value may be: reads a node, and says so as words and as JSON Schema."""

    words: str = "a value"

    @abstractmethod
    def read(self, node: Node, scope: Scope) -> Any:
        """The canonical value, or POISON after reporting why there is none."""

    def shortest(self, value: Any) -> Any:
        """A canonical value as a person writes it for Keras, to which both are one."""
        return value

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what may be written, without `$name`, which the schema adds everywhere."""


class Argument:
    """A field of a record."""

    __slots__ = ("_canonical", "default", "doc", "field", "kind", "name")

    def __init__(self, kind: Kind, default: Any, doc: str, key: str = "") -> None:
        self.kind = kind
        self.default = default
        self.doc = doc
        self.name = key
        self.field = ""
        self._canonical: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.default is REQUIRED

    @property
    def canonical(self) -> Any:
        """The default as a read value."""
        if self._canonical is REQUIRED:
            default = self.default
            self._canonical = default if default is None else self.kind.read(node_of(default), Scope([]))
        return self._canonical


def arg(kind: Kind, default: Any = REQUIRED, doc: str = "", key: str = "") -> Any:
    """Declares a field of a record; `key` is what is written, where that differs from the field's name."""
    return Argument(kind, default, doc, key)


class Record:
    """Values of declared arguments; `places` tells where each written one stands."""

    arguments: ClassVar[dict[str, Argument]] = {}
    places: dict[str, Place]
    keys: dict[str, Place]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Argument)}
        for name, argument in own.items():
            argument.name, argument.field = argument.name or name.rstrip("_"), name
            delattr(cls, name)
        inherited: dict[str, Argument] = {}
        for base in reversed(cls.__mro__[1:]):
            inherited.update(vars(base).get("arguments", {}))
        removed = {name for name, value in vars(cls).items() if value is ABSENT}
        for name in removed:
            setattr(cls, name, inherited[name].canonical)
        written = {argument.name: argument for argument in own.values()}
        cls.arguments = written | {name: each for name, each in inherited.items() if name not in written and name not in removed}

    def __init__(self, **values: Any) -> None:
        for name, argument in self.arguments.items():
            # Not `values.get`: a required argument has no default to read.
            setattr(self, argument.field, values[name] if name in values else argument.canonical)  # noqa: SIM401
        self.places = {}
        self.keys = {}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{type(self).__name__}({shown})"

    def is_written(self, name: str) -> bool:
        """Whether a person wrote the argument."""
        return name in self.places

    def values(self) -> dict[str, Any]:
        """The written arguments, canonical, in the order written."""
        return {name: self.value(name) for name in self.places}

    def value(self, name: str) -> Any:
        """The value of an argument; the field of one that would hide a method ends in `_`."""
        return getattr(self, self.arguments[name].field)

    def key(self) -> tuple[object, ...]:
        """What tells two records apart: the class and every value."""
        return (type(self), *((name, repr(self.value(name))) for name in sorted(self.arguments)))

    def check(self, scope: Scope, node: Node) -> bool:
        """Reports what the arguments break together; whether they are fine. Called when each is fine by itself."""
        return True

    @classmethod
    def make(cls, **values: Any) -> Self:
        """A record of Python values as a person would write them; for tests and for our own use."""
        found = Scope([])
        record = read_record(cls, node_of(values), found, cls.__name__)
        if record is POISON:
            raise ValueError("; ".join(each.message for each in found.found))
        assert isinstance(record, cls)
        return record


ABSENT: Final[Any] = object()
"""Assigned to an inherited field that a record does not have."""


def read(kind: Kind, node: Node, scope: Scope) -> Any:
    """The value of a node, variables replaced; or POISON."""
    resolved = scope.resolve(node)
    if resolved is None:
        return POISON
    return scope.report(TOO_DEEP, node, limit=DEEPEST) if len(scope.address) > DEEPEST else kind.read(resolved, scope)


def read_record(cls: type[Record], node: Node, scope: Scope, owner: str, partial: bool = False) -> Any:
    """A record of a mapping, or POISON; every mistake in it is reported.

    With `partial`, what can be read is given even where the rest cannot, unless that is required.
    """
    if not isinstance(node, Mapping):
        if isinstance(node, Scalar) and node.value is None:
            node = Mapping(node.span, ())
        else:
            return scope.report(NOT_A_MAPPING, node, owner=owner, given=words_for(node))
    before = len(scope.found)
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    keys: dict[str, Place] = {}
    for entry in node.entries:
        name = entry.key.text
        if name not in cls.arguments:
            continue
        inner = scope.at(name)
        values[name] = read(cls.arguments[name].kind, entry.value, inner)
        places[name] = inner.place(entry.value)
        keys[name] = inner.place(entry.key)
    unknown = [entry for entry in node.entries if entry.key.text not in values and not _is_rest_of_tuple(entry, node)]
    needed = {name: each.kind.words for name, each in cls.arguments.items() if each.required and name not in values}
    meant = report_unknown_keys(unknown, scope, owner, cls.arguments, needed)
    for name, words in needed.items():
        if name not in meant:
            scope.report(MISSING_KEY, node, owner=owner, key=name, help=(f"`{name}` is {words}",))
    readable = {name: value for name, value in values.items() if value is not POISON}
    # A mistake may go unsaid in what was taken for another key.
    sound = len(scope.found) == before and len(readable) == len(values) and not needed
    if not sound and (not partial or any(each.required and name not in readable for name, each in cls.arguments.items())):
        return POISON
    record = cls(**readable)
    record.places, record.keys = places, keys
    return record if not sound or record.check(scope, node) else POISON


def read_fields(cls: type[Record], node: Mapping, scope: Scope, owner: str, at: Node | None = None) -> dict[str, Any]:
    """The fields that can be read: a mistake in one does not hide the others. What is missing is reported at `at`.

    A misspelt key is read as what it is taken for, so that nothing that rests on it is amiss.
    """
    values: dict[str, Any] = {name: each.canonical for name, each in cls.arguments.items() if not each.required}
    entries = {entry.key.text: entry for entry in node.entries if entry.key.text in cls.arguments}
    needed = {name: each.kind.words for name, each in cls.arguments.items() if each.required and name not in entries}
    unknown = [entry for entry in node.entries if entry.key.text not in cls.arguments]
    meant = report_unknown_keys(unknown, scope, owner, cls.arguments, needed)
    for name, entry in {**meant, **entries}.items():
        value = read(cls.arguments[name].kind, entry.value, scope.at(name))
        values.pop(name, None)
        if value is not POISON:
            values[name] = value
    for name, words in needed.items():
        if name not in meant:
            scope.report(MISSING_KEY, at or node, owner=owner, key=name, help=(f"`{name}` is {words}",))
    return values


def _is_rest_of_tuple(entry: Entry, node: Mapping) -> bool:
    """Whether a key is what YAML makes of the `3)` in `{shape: (64, 3)}`; the value that begins with `(` is reported."""
    opened = any(isinstance(each.value, Scalar) and each.value.text.startswith("(") for each in node.entries)
    return opened and entry.key.text.strip().rstrip(")").replace(".", "").isdigit()


def report_unknown_keys(
    entries: Iterable[Entry], scope: Scope, owner: str, known: Iterable[str], needed: MappingOf[str, str] | None = None
) -> dict[str, Entry]:
    """Says of keys that they mean nothing where they stand; gives those that they are taken for.

    That is the nearest one, or for the only key that is near none the only one of `needed`, which has words for its value.
    """
    known = sorted(known, key=lambda key: key in SHARED)
    meant: dict[str, Entry] = {}
    help: list[tuple[Entry, tuple[str, ...]]] = []
    strange: list[Entry] = []
    for entry in entries:
        before, colon, after = entry.key.text.partition(":")
        if colon and before in known:
            meant.setdefault(before, entry)
            help.append((entry, (f"a space is missing after the colon: `{before}: {after}`",)))
            continue
        near = nearest(entry.key.text, known) if len(scope.found) + len(help) + len(strange) < MANY else None
        if near is None:
            strange.append(entry)
        else:
            meant.setdefault(near, entry)
            help.append((entry, (f"did you mean `{near}`?",)))
    missing = [name for name in needed or () if name not in meant]
    if needed and len(strange) == len(missing) == 1:
        meant[missing[0]] = strange[0]
        help.append((strange.pop(), (f"`{owner}` needs `{missing[0]}`, which is {needed[missing[0]]}",)))
    listed = (f"its keys are {', '.join(f'`{k}`' for k in known)}",) if known else ()
    for entry, ways in (*help, *((entry, listed) for entry in strange)):
        scope.at(entry.key.text).report(UNKNOWN_KEY, entry.key, owner=owner, key=entry.key.text, help=ways)
    scope.guessed.update(entry.value.span for entry in meant.values())
    return meant


def report_unknown_key(entry: Entry, scope: Scope, owner: str, known: Iterable[str]) -> str | None:
    """Says that a key means nothing where it stands; gives the one that it is taken for."""
    return next(iter(report_unknown_keys((entry,), scope, owner, known)), None)


def written(value: object) -> Node:
    """A node for a value that no person wrote."""
    return node_of(value, NOWHERE)


def at_key_if_empty(node: Node, key: Scalar) -> Node:
    """Arguments; where there are none, an empty mapping at the name, where a missing key is then reported."""
    empty = (isinstance(node, Scalar) and node.value is None) or (isinstance(node, Mapping) and not node.entries)
    return Mapping(key.span, ()) if empty else node
