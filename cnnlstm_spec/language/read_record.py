"""The one reader of a mapping: a node to a record, with every mistake said at its place, and where each argument stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..text.diagnostic import Code, Label, Written, mark
from ..text.fix import Fix, drop, write
from ..text.nodes import DefaultName, Entry, Listing, Mapping, Node, Scalar, describe_sort, make_node
from ..text.source import NOWHERE
from ..text.spelling import find_nearest, fix_spelling
from ..text.synonyms import GONE, LEFT_OUT, SYNONYMS, fold_word
from .catalog import KerasObject
from .foreign import write_flow
from .leaf import REPORTED, Leaf, Reading, Unread
from .meanings import Arguments, Described
from .record import Checks, Record, Taken
from .scope import POISON, Poison, Scope

UNKNOWN_KEY = Code("unknown-key", "error", "`{owner}` has no key `{key}`")
MISSING_KEY = Code("missing-key", "error", "`{owner}` needs `{key}`")
NOT_A_MAPPING = Code("not-a-mapping", "error", "`{owner}` is a mapping of keys; this is {given}")
SHARED = ("name", "trainable", "dtype", "share")
"""Keys that every layer has, which a message lists last."""
DASHED = re.compile(r"-[A-Za-z]\w*$")
"""An item of a list without a space after its dash, which YAML takes for a key."""
SHOWN = 60
"""A longer value is shown as `...` in what is to be written."""
MANY = 100
"""So many keys of a mapping are looked at for one that is misspelt."""


Entries = tuple[Entry, ...]
R = TypeVar("R", bound=Record)
V = TypeVar("V")


class Keys(Protocol):
    """What a mapping may hold. A class of records says so, and what it says of keys that are missing or strange."""

    @property
    def arguments(self) -> MappingOf[str, Taken]:
        """By name, each key."""

    def find_missing(self, written: Collection[str]) -> dict[str, str]:
        """What must be written beside what is, with words for its value."""

    def list_meant(self, entry: Entry) -> Iterable[str]:
        """The keys that one which it does not have may be taken for."""

    def find_home(self, entry: Entry, node: Mapping) -> str | None:
        """Where a key that it does not have belongs, if others may belong there too: all of them are told at once."""

    def explain_keys(self, entries: Entries, node: Mapping, scope: Scope) -> tuple[str, ...]:
        """The way out for a key that it does not have, or for those of one home; none where no more is known than the name."""

    def mend_keys(self, entries: Entries, node: Mapping) -> tuple[Fix, ...]:
        """What would mend such keys."""


def read(leaf: Leaf[V], node: Node, scope: Scope) -> V | Poison:
    """The value of a node, variables replaced; or POISON."""
    return leaf.read(node, scope)


def read_record(cls: type[R], node: Node, scope: Scope, owner: str, partial: bool = False) -> Reading[R] | Poison:
    """A Reading of a mapping, or POISON; every mistake in it is reported.

    With `partial`, what can be read is given even where the rest cannot, unless that is required.
    """
    if not isinstance(node, Mapping):
        if not (isinstance(node, Scalar) and node.value is None):
            help, fixes = _suggest_whole(cls, node, scope)
            scope.report(NOT_A_MAPPING, node, owner=owner, given=describe_sort(node), help=help, fixes=fixes)
            return POISON
        node = Mapping(node.span, ())
    values, strange = _take(cls, node, scope, owner)
    written = _locate_arguments(cls, values, node, scope)
    record, problems = _validate(cls, values, Checks(scope, node, written, sound=not strange))
    if record is None or strange:
        amiss, _ = _explain(problems, strange, cls, node, scope, owner, node)
        if not partial or any(cls.arguments[name].required for name in amiss):
            return POISON
        values = {name: value for name, value in values.items() if name not in amiss}
        record = cls.model_validate(values, context=Checks(scope, node, written, sound=False))
    return Reading(record, _with_inner(written, values))


def _suggest_whole(cls: type[Record], node: Node, scope: Scope) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What to write in place of the value of the only argument that must be written: the mapping that holds it."""
    required = [each for each in cls.arguments.values() if each.required]
    if len(required) != 1:
        return (), ()
    (only,) = required
    quiet = replace(scope.enter(only.name), found=[], expanded=set(), budget=[0], guessed=set(), memory=None, index=None)
    is_list = only.words.startswith("a list")
    fits = isinstance(node, Listing) if is_list else isinstance(node, Scalar) and only.kind.read(node, quiet) is not POISON
    if not fits:
        return (), ()
    beside = "".join(f"{key}: {value}, " for key, value in cls.beside.items())
    shown = write_flow(node) if len(write_flow(node)) <= SHOWN else "[...]"
    line, whole = (f"{{{beside}{only.name}: {text}}}" for text in (shown, write_flow(node)))
    return (f"write `{line}`",), (write(node.span, whole),)


def read_fields(
    cls: type[Record], node: Mapping, scope: Scope, owner: str, at: Node | None = None
) -> tuple[dict[str, Any], Written]:
    """The values that can be read, by name: a mistake in one does not hide the others. What is missing is reported at `at`.

    A misspelt key is read as what it is taken for, so that nothing that rests on it is amiss.
    """
    values, strange = _take(cls, node, scope, owner)
    written = _locate_arguments(cls, values, node, scope)
    record, problems = _validate(cls, values, Checks(scope, node, written, sound=not strange))
    amiss, meant = _explain(problems, strange, cls, node, scope, owner, at or node)
    if record is not None and not strange:
        return {name: record.get_value(name) for name in cls.arguments}, _with_inner(written, values)
    found = {name: each.canonical for name, each in cls.arguments.items() if not each.required}
    for name, entry in meant.items():
        # What is missing may be an argument of another class, which the record would be with it.
        if name in cls.arguments and name not in values:
            values[name] = cls.arguments[name].kind.take(entry.value, scope.enter(name))
            written = written.add_argument(
                name, scope.enter(name).make_place(entry.value), scope.enter(name).make_place(entry.key)
            )
    for name, value in values.items():
        found.pop(name, None)
        if name not in amiss or name in meant:
            found |= _read_value(cls.arguments[name].kind, name, value)
    return found, _with_inner(written, values)


def read_keys(keys: Keys, node: Mapping, scope: Scope, owner: str) -> tuple[dict[str, Any], dict[str, Entry]]:
    """The values of a mapping whose keys no class declares, by name, and the strange keys, by what they are taken for."""
    if scope.index is not None:
        note_keys(keys.arguments, node, scope, owner)
    given = {each.key.text: each for each in node.entries}
    values = {
        name: keys.arguments[name].kind.read(each.value, scope.enter(name))
        for name, each in given.items()
        if name in keys.arguments
    }
    strange = [each for name, each in given.items() if name not in keys.arguments]
    return values, _explain((), strange, keys, node, scope, owner, node)[1]


def _read_value(leaf: Leaf, name: str, value: object) -> dict[str, object]:
    """The canonical value by name; nothing where there is none, which has been said, or is nobody's mistake."""
    try:
        return {name: leaf.validator.validate_python(value)}
    except ValidationError:
        return {}


def _take(cls: type[Record], node: Mapping, scope: Scope, owner: str) -> tuple[dict[str, object], list[Entry]]:
    """The values of a mapping by argument, as pydantic is given them, and the entries whose keys name no argument."""
    known, rest = cls.arguments, _find_rest_of_tuples(node)
    if scope.index is not None:
        note_keys(known, node, scope, owner)
    values: dict[str, Any] = {}
    strange: dict[str, Entry] = {}
    for entry in node.entries:
        name = entry.key.text
        if name in known:
            values[name] = known[name].kind.take(_name_default(entry.value, name, cls), scope.enter(name))
        elif name not in rest:
            strange[name] = entry
    return values, list(strange.values())


def _name_default(node: Node, argument: str, cls: type[Record]) -> Node:
    """An object that is not written and of which an argument is set, under the name of its default, if it has one."""
    if not (isinstance(node, Mapping) and node.entries and isinstance(node.entries[0].key, DefaultName)):
        return node
    taken = cls.arguments[argument]
    default = None if taken.required else taken.canonical
    name = default.name if isinstance(default, KerasObject) else cls.unwritten.get(argument)
    if name is None:
        return node
    (entry,) = node.entries
    return Mapping(node.span, (Entry(Scalar(entry.key.span, name, name), entry.value),))


def _validate(cls: type[R], values: dict[str, object], checks: Checks) -> tuple[R | None, list[ErrorDetails]]:
    """The record that pydantic makes of values, or None and what it has found."""
    try:
        return cls.model_validate(values, context=checks), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False)


def note_keys(
    known: MappingOf[str, Described], node: Mapping, scope: Scope, owner: str, of: Iterable[Entry] | None = None
) -> None:
    """Notes the keys of a mapping, and the values of those that its owner has; with `of`, of these entries alone."""
    scope.note(Arguments(node.span, node, node.entries if of is None else tuple(of), owner, known))
    share = node.get("share") if of is None else None
    if share is not None and isinstance(share.value, Scalar) and isinstance(share.value.value, str):
        scope.note_word(share.value, "share", share.value.value)


def _locate_arguments(cls: type[Record], values: MappingOf[str, object], node: Mapping, scope: Scope) -> Written:
    """Where the arguments stand."""
    places, keys = {}, {}
    for entry in node.entries:
        name = entry.key.text
        if name in values and name in cls.arguments:
            at = scope.enter(name)
            places[name], keys[name] = at.make_place(entry.value), at.make_place(entry.key)
    return Written(places, keys)


def _with_inner(written: Written, values: MappingOf[str, object]) -> Written:
    """With where the arguments of records in it stand."""
    inner = {name: value.written for name, value in values.items() if isinstance(value, Unread) and value.written is not None}
    return replace(written, inner=inner) if inner else written


def _explain(
    problems: Iterable[ErrorDetails],
    strange: Iterable[Entry],
    keys: Keys,
    node: Mapping,
    scope: Scope,
    owner: str,
    at: Node,
) -> tuple[set[str], dict[str, Entry]]:
    """Says in our words what pydantic has found, and of strange and missing keys; gives the names of what is amiss.

    Beside them the strange keys, by the argument that each is taken for.
    """
    entries = {entry.key.text: entry for entry in node.entries}
    amiss = set()
    for problem in problems:
        if not problem["loc"]:
            continue
        name, steps = str(problem["loc"][0]), problem["loc"][1:]
        amiss.add(name)
        if problem["type"] not in ("missing", REPORTED.type) and problem["input"] is not POISON:
            keys.arguments[name].kind.explain(problem["type"], steps, entries[name].value, scope.enter(name))
    needed = keys.find_missing(entries)
    by_meaning: dict[tuple[str, ...], list[Entry]] = {}
    for together in _group_by_home(strange, keys, node):
        if not _explain_keys(together, keys, node, scope, owner):
            for entry in together:
                by_meaning.setdefault(tuple(keys.list_meant(entry)), []).append(entry)
    taken: dict[str, Entry] = {}
    for known, alike in by_meaning.items():
        left = {name: words for name, words in needed.items() if name not in taken}
        taken |= report_unknown_keys(alike, scope, owner, known, left)
    for name, words in keys.find_missing({*entries, *taken}).items():
        scope.report(MISSING_KEY, at, owner=owner, key=name, help=(f"`{name}` is {words}",))
    return amiss, taken


def _group_by_home(strange: Iterable[Entry], keys: Keys, node: Mapping) -> Iterable[Entries]:
    """Strange keys in their order, those of one home together."""
    found: dict[object, list[Entry]] = {}
    for entry in strange:
        found.setdefault(keys.find_home(entry, node) or id(entry), []).append(entry)
    return map(tuple, found.values())


def _explain_keys(entries: Entries, keys: Keys, node: Mapping, scope: Scope, owner: str) -> bool:
    """Whether a record knows more of keys that it does not have than their names, which is then said at the first."""
    help = keys.explain_keys(entries, node, scope)
    if help:
        key, fixes = entries[0].key, keys.mend_keys(entries, node)
        labels = tuple(Label(scope.enter(each.key.text).make_place(each.key), f"nor `{each.key.text}`") for each in entries[1:])
        scope.enter(key.text).report(UNKNOWN_KEY, key, owner=owner, key=key.text, help=help, labels=labels, fixes=fixes)
    return bool(help)


def _find_rest_of_tuples(node: Mapping) -> frozenset[str]:
    """The keys that are what YAML makes of the `3)` in `{shape: (64, 3)}`; the value that begins with `(` is reported."""
    if not any(isinstance(each.value, Scalar) and each.value.text.startswith("(") for each in node.entries):
        return frozenset()
    names = (each.key.text for each in node.entries)
    return frozenset(name for name in names if name.strip() == ")" or name.strip().rstrip(")").replace(".", "").isdigit())


def report_unknown_keys(
    entries: Iterable[Entry], scope: Scope, owner: str, known: Iterable[str], needed: MappingOf[str, str] | None = None
) -> dict[str, Entry]:
    """Says of keys that they mean nothing where they stand; gives those that they are taken for.

    That is the nearest one, or for the only key that is near none the only one of `needed`, which has words for its value.
    """
    known = sorted(known, key=lambda key: key in SHARED)
    meant: dict[str, Entry] = {}
    help: list[tuple[Entry, tuple[str, ...], tuple[Fix, ...]]] = []
    strange: list[Entry] = []
    ways: tuple[str, ...]
    for entry in entries:
        before, colon, after = entry.key.text.partition(":")
        if colon and before in known:
            meant.setdefault(before, entry)
            ways = (f"a space is missing after the colon: `{before}: {after}`",)
            help.append((entry, ways, (write(entry.key.span, f"{before}: {after.strip()}", "safe"),)))
            continue
        if DASHED.match(entry.key.text):
            ways = (f"a space is missing after the dash: `- {entry.key.text[1:]}: ...`",)
            help.append((entry, ways, (write(entry.key.span, f"- {entry.key.text[1:]}", "safe"),)))
            continue
        near = find_nearest(entry.key.text, known)
        gone = GONE.get(fold_word(entry.key.text))
        if gone is not None and (near is None or fold_word(near) not in SYNONYMS.get(fold_word(entry.key.text), ())):
            out = (drop(entry.key.span, entry.key.text, "unsafe"),) if gone.startswith(LEFT_OUT) else ()
            help.append((entry, (gone,), out))
        elif near is None:
            strange.append(entry)
        else:
            meant.setdefault(near, entry)
            help.append((entry, (f"did you mean `{near}`?",), (fix_spelling(entry.key.text, near, known, entry.key.span),)))
    missing = [name for name in needed or () if name not in meant]
    if needed and len(strange) == len(missing) == 1:
        meant[missing[0]] = strange[0]
        ways = (f"{mark(owner)} needs `{missing[0]}`, which is {needed[missing[0]]}",)
        help.append((strange[0], ways, (write(strange[0].key.span, missing[0]),)))
        strange.clear()
    listed = (f"its keys are {', '.join(f'`{k}`' for k in known)}",) if known else ()
    for entry, ways, fixes in (*help, *((each, listed, ()) for each in strange)):
        scope.enter(entry.key.text).report(UNKNOWN_KEY, entry.key, owner=owner, key=entry.key.text, help=ways, fixes=fixes)
    scope.guessed.update(entry.value.span for entry in meant.values())
    return meant


def report_unknown_key(entry: Entry, scope: Scope, owner: str, known: Iterable[str]) -> str | None:
    """Says that a key means nothing where it stands; gives the one that it is taken for."""
    return next(iter(report_unknown_keys((entry,), scope, owner, known)), None)


def make_written(value: object) -> Node:
    """A node for a value that no person wrote."""
    return make_node(value, NOWHERE)


def place_at_key(node: Node, key: Scalar) -> Node:
    """Arguments; where there are none, an empty mapping at the name, where a missing key is then reported."""
    empty = (isinstance(node, Scalar) and node.value is None) or (isinstance(node, Mapping) and not node.entries)
    return Mapping(key.span, ()) if empty else node
