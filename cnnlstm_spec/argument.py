"""Records: pydantic models whose fields say what a person may write, and the one reader of a mapping into one.

A layer and a section of the spec are both records. A field is `units: Annotated[int, COUNT]` with its text as the docstring
after it: pydantic checks a value by the leaf, `COUNT`, which also has the words for what pydantic finds. A record holds no
places: `Written` does. Imports no layer and no section.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, ClassVar, Final, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, core_schema

from .diagnostic import UNWRITTEN, Code, Written
from .nodes import TOO_DEEP, Entry, Mapping, Node, Scalar, node_of, words_for
from .scope import DEEPEST, POISON, Scope, nearest
from .source import NOWHERE

UNKNOWN_KEY = Code("unknown-key", "error", "`{owner}` has no key `{key}`")
MISSING_KEY = Code("missing-key", "error", "`{owner}` needs `{key}`")
NOT_A_MAPPING = Code("not-a-mapping", "error", "`{owner}` is a mapping of keys; this is {given}")

REQUIRED: Final[Any] = object()
SHARED = ("name", "trainable", "dtype", "share")
"""Keys that every layer has, which a message lists last."""
MANY = 100
"""So many findings into a spec, no more suggestions are searched for."""
REPORTED = PydanticCustomError("reported", "what was found is reported where it stands")
"""What a value ends in of which everything has been said."""

NOT_WRITTEN = Node(NOWHERE)
Steps = Sequence[str | int]


class Quoted(str):
    """A text in quotes, which is never a number or `null`."""


class Leaf(ABC):
    """What a value may be: pydantic's own rule for it, and what pydantic cannot say: words, codes, the way out."""

    words: str = "a value"

    @abstractmethod
    def core(self) -> CoreSchema:
        """The rule by which pydantic checks a value, and makes it canonical."""

    @abstractmethod
    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        """Reports what is amiss with a node, or with a value inside it that `steps` lead to; `problem` is pydantic's word."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what may be written, without `$name`, which the schema adds everywhere."""

    def take(self, node: Node, scope: Scope) -> Any:
        """A node as pydantic is given it."""
        resolved = scope.resolve(node)
        if resolved is None:
            return POISON
        if not isinstance(resolved, Scalar):
            return resolved
        return Quoted(resolved.value) if isinstance(resolved.value, str) and not resolved.plain else resolved.value

    def shortest(self, value: Any) -> Any:
        """A canonical value as a person writes it for Keras, to which both are one."""
        return value

    def read(self, node: Node, scope: Scope) -> Any:
        """The canonical value of a node, or POISON after reporting why there is none."""
        value = self.take(node, scope)
        if value is POISON:
            return POISON
        try:
            return self.validator.validate_python(value)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False):
                if each["type"] != REPORTED.type and each["input"] is not POISON:
                    self.explain(each["type"], each["loc"], node, scope)
            return POISON

    @cached_property
    def validator(self) -> SchemaValidator:
        """Checks a value by itself."""
        return SchemaValidator(self.core())

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.core()

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.schema()


class Unread:
    """A node on its way to a leaf that reads it by itself, once; what comes of it is kept."""

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node, self.scope = node, scope
        self.written: Written | None = None
        self.value: Any = REQUIRED

    def read(self, leaf: OpenLeaf) -> Any:
        """The canonical value, or POISON."""
        if self.value is REQUIRED:
            deep = len(self.scope.address) > DEEPEST
            value = self.scope.report(TOO_DEEP, self.node, limit=DEEPEST) if deep else leaf.read_node(self.node, self.scope)
            self.value, self.written = (value.record, value.written) if isinstance(value, Reading) else (value, None)
        return self.value


class OpenLeaf(Leaf):
    """A leaf that reads a node by itself: names of Keras's objects, lists of layers, whatever rests on where it stands."""

    canonical: ClassVar[tuple[type, ...]] = ()
    """The classes of its canonical values, which are taken as they are."""

    @abstractmethod
    def read_node(self, node: Node, scope: Scope) -> Any:
        """The canonical value of a node, a Reading of it, or POISON after reporting why there is none."""

    def core(self) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def validate(self, value: Any) -> Any:
        """The canonical value of what pydantic gives: a node that is unread, or a value of Python's."""
        if isinstance(value, Unread):
            found = value.read(self)
            if found is POISON:
                raise REPORTED
            return found
        if value is POISON:
            raise REPORTED
        if isinstance(value, self.canonical):
            return value
        if isinstance(value, Node):
            raise PydanticCustomError("node", "a node that is none of its values")
        if isinstance(value, str) or value is None or value == ():
            return self._of_word(value)
        return self._of_python(value)

    @cached_property
    def _of_word(self) -> Any:
        return cache(self._of_python)

    def _of_python(self, value: Any) -> Any:
        scope = Scope([])
        found = Unread(node_of(value), scope).read(self)
        if found is POISON:
            raise PydanticCustomError("spec", "{words}", {"words": "; ".join(each.message for each in scope.found)})
        return found

    def take(self, node: Node, scope: Scope) -> Any:
        resolved = scope.resolve(node)
        return POISON if resolved is None else Unread(resolved, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        """What is amiss has been reported while the node was read."""


class Argument:
    """A field of a record, as a person writes it."""

    def __init__(self, owner: type[Record], field: str, info: FieldInfo, leaf: Leaf) -> None:
        self.owner, self.field, self.info, self.kind = owner, field, info, leaf
        self.name = name_of(field, info)

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.info.is_required()

    @property
    def default(self) -> Any:
        """The default as it is declared; REQUIRED where there is none."""
        return (
            REQUIRED
            if self.required
            else self.kind.shortest(self.info.default)
            if isinstance(self.info.default, tuple)
            else self.info.default
        )

    @cached_property
    def canonical(self) -> Any:
        """The default as a read value."""
        return None if self.info.default is None else self.kind.validator.validate_python(self.info.default)

    @property
    def doc(self) -> str:
        """What it means, from the docstring after the field."""
        return self.info.description or _docs(self.owner).get(self.field, "")


def name_of(field: str, info: FieldInfo) -> str:
    """What is written for a field; one that would hide a method ends in `_`."""
    return info.alias if info.alias is not None and info.alias_priority == 2 else field.rstrip("_")


class _Arguments:
    """`arguments` of a class of records: by name, the class's own first, then those of its bases."""

    def __init__(self) -> None:
        self.known: dict[type, dict[str, Argument]] = {}

    def __get__(self, record: Record | None, cls: type[Record]) -> dict[str, Argument]:
        if cls not in self.known:
            inherited: dict[str, Argument] = {}
            for base in reversed(cls.__mro__[1:]):
                if issubclass(base, Record):
                    inherited.update(base.arguments)
            own = {}
            for name in cls.__annotations__:
                info = cls.model_fields.get(name)
                leaf = next((each for each in info.metadata if isinstance(each, Leaf)), None) if info is not None else None
                if info is not None and leaf is not None:
                    own[name_of(name, info)] = Argument(cls, name, info, leaf)
            fields = cls.model_fields
            kept = {name: each for name, each in inherited.items() if name not in own and each.field in fields}
            self.known[cls] = own | kept
        return self.known[cls]


class Record(BaseModel):
    """Values of declared arguments, frozen; where each was written stands in `Written`, beside it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        validate_default=True,
        arbitrary_types_allowed=True,
        alias_generator=lambda name: name.rstrip("_"),
        populate_by_name=True,
    )

    arguments: ClassVar[Any] = _Arguments()
    """By name, each Argument."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """A default is read like any value, so that it is canonical; null stands for what is not given."""
        for info in cls.model_fields.values():
            info.validate_default = info.default is not None

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values().items())
        return f"{type(self).__name__}({shown})"

    def is_written(self, name: str) -> bool:
        """Whether a person wrote the argument."""
        return self.arguments[name].field in self.model_fields_set

    def values(self, order: Iterable[str] = ()) -> dict[str, Any]:
        """The written arguments, canonical: those of `order` first, and so."""
        names = dict.fromkeys((*order, *self.arguments))
        return {name: self.value(name) for name in names if name in self.arguments and self.is_written(name)}

    def value(self, name: str) -> Any:
        """The value of an argument; the field of one that would hide a method ends in `_`."""
        return getattr(self, self.arguments[name].field)

    def key(self) -> tuple[object, ...]:
        """What tells two records apart: the class and every value."""
        return (type(self), *((name, repr(self.value(name))) for name in sorted(self.arguments)))

    def having(self, **values: Any) -> Self:
        """The record with other canonical values, by field."""
        return self.model_copy(update=values)

    def without(self, *names: str) -> Self:
        """The record as if these arguments had not been written."""
        fields = {
            self.arguments[name].field: self.arguments[name] for name in names if name in self.arguments and self.is_written(name)
        }
        made = self.model_copy(update={name: each.canonical for name, each in fields.items()})
        made.model_fields_set.difference_update(fields)
        return made

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Self:
        at = info.context if isinstance(info.context, Checks) else Checks(Scope([]), NOT_WRITTEN, UNWRITTEN)
        if at.sound:
            self.check(at)
        if at.failed and at.written is UNWRITTEN:
            raise PydanticCustomError("spec", "{words}", {"words": "; ".join(each.message for each in at.scope.found)})
        if at.failed:
            raise REPORTED
        return self

    def check(self, at: Checks) -> None:
        """Reports what the arguments break together. Called when each is fine by itself."""

    @classmethod
    def make(cls, **values: Any) -> Self:
        """A record of Python values as a person would write them; for tests and for our own use."""
        found = Scope([])
        reading = read_record(cls, node_of(values), found, cls.__name__)
        if reading is POISON:
            raise ValueError("; ".join(each.message for each in found.found))
        assert isinstance(reading.record, cls)
        return reading.record


class Reading(NamedTuple):
    """A record, and where everything in it is written."""

    record: Any
    written: Written


@dataclass
class Checks:
    """Given to a record's own check, as pydantic's context: where its keys stand, and where findings go."""

    scope: Scope
    node: Node
    written: Written
    sound: bool = True
    """Whether every key and value is fine by itself; else nothing is checked."""
    failed: bool = False

    def report(self, code: Code, at: str | None = None, help: Iterable[str] = (), on_key: bool = False, /, **facts: Any) -> None:
        """Reports what arguments break together: at the value of one of them, at its key, or at the whole."""
        self.failed = self.failed or code.severity == "error"
        if at is None or at not in self.written.places:
            self.scope.report(code, self.node, help=help, **facts)
            return
        place = self.written.keys[at] if on_key else self.written.places[at]
        Scope(self.scope.found, place.path, uses=self.scope.uses).report(code, Node(place.span), help=help, **facts)


def read(leaf: Leaf, node: Node, scope: Scope) -> Any:
    """The value of a node, variables replaced; or POISON."""
    return leaf.read(node, scope)


def read_record(cls: type[Record], node: Node, scope: Scope, owner: str, partial: bool = False) -> Any:
    """A Reading of a mapping, or POISON; every mistake in it is reported.

    With `partial`, what can be read is given even where the rest cannot, unless that is required.
    """
    if not isinstance(node, Mapping):
        if not (isinstance(node, Scalar) and node.value is None):
            return scope.report(NOT_A_MAPPING, node, owner=owner, given=words_for(node))
        node = Mapping(node.span, ())
    values = _take(cls, node, scope)
    written = _written(cls, values, node, scope)
    try:
        record = cls.model_validate(values, context=Checks(scope, node, written))
    except ValidationError as error:
        amiss = _explain(error, cls, node, scope, owner, node)
        if not partial or any(cls.arguments[name].required for name in amiss if name in cls.arguments):
            return POISON
        values = {name: value for name, value in values.items() if name not in amiss}
        record = cls.model_validate(values, context=Checks(scope, node, written, sound=False))
    return Reading(record, _with_inner(written, values))


def read_fields(
    cls: type[Record], node: Mapping, scope: Scope, owner: str, at: Node | None = None
) -> tuple[dict[str, Any], Written]:
    """The values that can be read, by name: a mistake in one does not hide the others. What is missing is reported at `at`.

    A misspelt key is read as what it is taken for, so that nothing that rests on it is amiss.
    """
    values = _take(cls, node, scope)
    written = _written(cls, values, node, scope)
    try:
        record = cls.model_validate(values, context=Checks(scope, node, written))
        return {name: record.value(name) for name in cls.arguments}, _with_inner(written, values)
    except ValidationError as error:
        meant: dict[str, Entry] = {}
        amiss = _explain(error, cls, node, scope, owner, at or node, meant)
    found = {name: each.canonical for name, each in cls.arguments.items() if not each.required}
    for name, entry in meant.items():
        if name not in values:
            values[name] = cls.arguments[name].kind.take(entry.value, scope.at(name))
    for name, value in values.items():
        if name not in cls.arguments:
            continue
        found.pop(name, None)
        if name not in amiss:
            found[name] = cls.arguments[name].kind.validator.validate_python(value)
        elif name in meant:
            read_value = read(cls.arguments[name].kind, meant[name].value, scope.at(name))
            if read_value is not POISON:
                found[name] = read_value
    return found, _with_inner(written, values)


def _take(cls: type[Record], node: Mapping, scope: Scope) -> dict[str, Any]:
    """The values of a mapping as pydantic is given them; of a key that is none, the node."""
    known = cls.arguments
    return {
        entry.key.text: known[entry.key.text].kind.take(entry.value, scope.at(entry.key.text))
        if entry.key.text in known
        else entry.value
        for entry in node.entries
        if not _is_rest_of_tuple(entry, node)
    }


def _written(cls: type[Record], values: MappingOf[str, Any], node: Mapping, scope: Scope) -> Written:
    """Where the arguments stand."""
    entries = [entry for entry in node.entries if entry.key.text in values and entry.key.text in cls.arguments]
    places = {entry.key.text: scope.at(entry.key.text).place(entry.value) for entry in entries}
    return Written(places, {entry.key.text: scope.at(entry.key.text).place(entry.key) for entry in entries})


def _with_inner(written: Written, values: MappingOf[str, Any]) -> Written:
    """With where the arguments of records in it stand."""
    inner = {name: value.written for name, value in values.items() if isinstance(value, Unread) and value.written is not None}
    return replace(written, inner=inner) if inner else written


def _explain(
    error: ValidationError,
    cls: type[Record],
    node: Mapping,
    scope: Scope,
    owner: str,
    at: Node,
    meant: dict[str, Entry] | None = None,
) -> set[str]:
    """Says in our words what pydantic has found; gives the names of what is amiss, and into `meant` what misspelt keys are."""
    entries = {entry.key.text: entry for entry in node.entries}
    strange, missing, amiss = [], [], set()
    for problem in error.errors(include_url=False, include_context=False):
        if not problem["loc"]:
            continue
        name, *steps = problem["loc"]
        name = str(name)
        amiss.add(name)
        if problem["type"] == "extra_forbidden":
            strange.append(entries[name])
        elif problem["type"] == "missing":
            missing.append(name)
        elif problem["type"] != REPORTED.type and problem["input"] is not POISON:
            inner = scope.at(name)
            cls.arguments[name].kind.explain(problem["type"], steps, entries[name].value, inner)
    needed = {name: cls.arguments[name].kind.words for name in cls.arguments if name in missing}
    strange.sort(key=lambda entry: entry.key.span.start)
    taken = report_unknown_keys(strange, scope, owner, cls.arguments, needed)
    for name, words in needed.items():
        if name not in taken:
            scope.report(MISSING_KEY, at, owner=owner, key=name, help=(f"`{name}` is {words}",))
    if meant is not None:
        meant.update(taken)
    return amiss


@cache
def _docs(cls: type) -> dict[str, str]:
    """The docstrings after the fields of a class, by field; its source is read when they are asked for."""
    import ast
    import inspect
    from textwrap import dedent

    try:
        (body,) = ast.parse(dedent(inspect.getsource(cls))).body
    except (OSError, TypeError):
        return {}
    assert isinstance(body, ast.ClassDef)
    found = {}
    for each, after in zip(body.body, body.body[1:], strict=False):
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and isinstance(text, str):
            found[each.target.id] = text
    return found


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
