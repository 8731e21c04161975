"""Records: frozen pydantic models whose fields say what a person may write.

A layer and a section of the spec are both records. A field is `units: Annotated[int, COUNT]` with its text as the docstring
after it. A record holds no places: `Written` does. Imports no layer and no section.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError

from ..text.diagnostic import UNWRITTEN, Code, Written
from ..text.docstrings import read_docstrings
from ..text.fix import Fix
from ..text.nodes import Entry, Node
from ..text.nodes import Mapping as MappingNode
from ..text.source import NOWHERE, Span
from .json_schema import Schema, join, make_keys, write_out
from .leaf import REPORTED, REQUIRED, Leaf
from .meanings import Described
from .scope import Scope

NOT_WRITTEN = Node(NOWHERE)


class Taken(Described):
    """An argument, and the leaf that reads its value."""

    kind: Leaf


class Argument(Taken):
    """A field of a record, as a person writes it."""

    def __init__(self, owner: type[Record], field: str, info: FieldInfo, leaf: Leaf) -> None:
        self.owner, self.field, self.info, self.kind = owner, field, info, leaf
        self.name = find_written_name(field, info)

    @property
    def words(self) -> str:
        return self.kind.words

    def make_schema(self) -> Schema:
        return self.kind.make_schema()

    @property
    def required(self) -> bool:
        return self.info.is_required()

    @property
    def default(self) -> object:
        if self.required:
            return REQUIRED
        default = self.owner.defaults[self.field]
        return self.kind.shorten(default) if isinstance(default, tuple) else default

    @cached_property
    def canonical(self) -> object:
        """The default as a read value."""
        default = self.owner.defaults[self.field]
        return None if default is None else self.kind.validator.validate_python(default)

    @property
    def doc(self) -> str:
        return self.info.description or read_docstrings(self.owner).get(self.field, "")


def find_written_name(field: str, info: FieldInfo) -> str:
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
            for name in vars(cls).get("__annotations__", {}):
                info = cls.model_fields.get(name)
                leaf = next((each for each in info.metadata if isinstance(each, Leaf)), None) if info is not None else None
                if info is not None and leaf is not None:
                    own[find_written_name(name, info)] = Argument(cls, name, info, leaf)
            fields = cls.model_fields
            kept = {name: each for name, each in inherited.items() if name not in own and each.field in fields}
            self.known[cls] = own | kept
        return self.known[cls]


@cache
def _map_names(cls: type[Record]) -> dict[str, str]:
    """By field, in their order, the name of each argument."""
    return {each.field: name for name, each in cls.arguments.items()}


def _forget_class_variables(cls: type[BaseModel]) -> None:
    """Pydantic evaluates annotations of every base again for each class, and keeps the names of class variables beside them."""
    for name in cls.__class_vars__.intersection(annotations := vars(cls).get("__annotations__", {})):
        del annotations[name]


class Record(BaseModel):
    """Values of declared arguments, frozen; where each was written stands in `Written`, beside it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        arbitrary_types_allowed=True,
        alias_generator=lambda name: name.rstrip("_"),
        populate_by_name=True,
    )

    arguments: ClassVar[dict[str, Argument]] = cast("dict[str, Argument]", _Arguments())
    """By name, each Argument."""

    beside: ClassVar[dict[str, str]] = {}
    """What must be written beside its only required argument too, with a value for it."""
    unwritten: ClassVar[dict[str, str]] = {}
    """The names of objects that Keras takes where an argument is left out that has no default here."""
    defaults: ClassVar[dict[str, Any]] = {}
    """By field, the default as it is declared."""

    @classmethod
    def __pydantic_init_subclass__(cls, **options: object) -> None:
        if "defaults" not in vars(cls):
            own = {name: info.default for name, info in cls.model_fields.items() if name in vars(cls).get("__annotations__", {})}
            cls.defaults = {**cls.defaults, **own}
        _forget_class_variables(cls)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Once, before the first record is made: a default is read like any value, so that it is canonical."""
        for argument in cls.arguments.values():
            if argument.field in cls.model_fields and not argument.required:
                cls.model_fields[argument.field].default = argument.canonical
        return handler(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return write_out(describe_record(cls))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.list_values().items())
        return f"{type(self).__name__}({shown})"

    def is_written(self, name: str) -> bool:
        """Whether a person wrote the argument."""
        return self.arguments[name].field in self.model_fields_set

    def list_values(self, order: Iterable[str] = ()) -> dict[str, Any]:
        """The written arguments, canonical: those of `order` first, and so; the others as they are declared."""
        written, values = self.model_fields_set, vars(self)
        found = {name: values[field] for field, name in _map_names(type(self)).items() if field in written}
        first = {name: found[name] for name in order if name in found}
        return first | found if first else found

    def get_value(self, name: str) -> Any:
        """The value of an argument; the field of one that would hide a method ends in `_`."""
        return getattr(self, self.arguments[name].field)

    def make_key(self) -> tuple[object, ...]:
        """What tells two records apart: the class and every value."""
        return (type(self), *((name, repr(self.get_value(name))) for name in sorted(self.arguments)))

    def replace_values(self, **values: object) -> Self:
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
    def find_home(cls, entry: Entry, node: MappingNode) -> str | None:
        """Where a key that it does not have belongs, if others may belong there too: all of them are told at once."""
        return None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: MappingNode, scope: Scope) -> tuple[str, ...]:
        """The way out for a key that it does not have, or for those of one home; none where no more is known than the name."""
        return ()

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: MappingNode) -> tuple[Fix, ...]:
        """What would mend keys that are explained so."""
        return ()

    @classmethod
    def list_meant(cls, entry: Entry) -> Iterable[str]:
        """The keys that one which it does not have may be taken for."""
        return list(cls.arguments)

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        """What must be written beside what is, with words for its value."""
        return {name: each.kind.words for name, each in cls.arguments.items() if each.required and name not in written}

    @classmethod
    def make(cls, **values: object) -> Self:
        """A record of Python values as a person would write them; for tests and for our own use."""
        return cls.model_validate(values)


_forget_class_variables(Record)


def describe_record(cls: type[Record], instead: Mapping[str, Schema] = {}) -> Schema:
    """The JSON Schema of a mapping with the keys of a record; `instead` has those of keys that are not what their leaf says."""
    required = [name for name, each in cls.arguments.items() if each.required]
    properties = {name: describe_argument(each, instead.get(name)) for name, each in cls.arguments.items()}
    return make_keys(properties, required, " ".join((cls.__doc__ or "").split("\n\n")[0].split()))


def describe_argument(argument: Argument, instead: Schema | None = None) -> Schema:
    """The JSON Schema of what may be written for an argument, with its text and its default."""
    schema = argument.kind.make_schema() if instead is None else instead
    told = not argument.required and (argument.default is not None or _admits_null(schema))
    return join({"description": argument.doc}, schema, {"default": _as_json(argument.default)} if told else {})


def _admits_null(schema: Schema) -> bool:
    """Whether null may be written, and so be told as a default; elsewhere it stands for what is left out."""
    choices = [schema, *schema.get("anyOf", ())]
    return any("null" in each.get("type", ()) or None in each.get("enum", ()) for each in choices)


def _as_json(value: object) -> object:
    """A default as JSON has it."""
    return [_as_json(each) for each in value] if isinstance(value, tuple | list) else value


class Checks:
    """Given to a record's own check, as pydantic's context: it gathers what is found, and knows where keys stand."""

    def __init__(self, scope: Scope, node: Node, written: Written, sound: bool = True) -> None:
        """`sound` says whether every key and value is fine by itself; else nothing is checked."""
        self.scope, self.node, self.written, self.sound = scope, node, written, sound
        self.failed = False
        """Whether an error has been reported."""

    def report(
        self,
        code: Code,
        at: str | None = None,
        help: Iterable[str] = (),
        on_key: bool = False,
        mend: Callable[[Span], Fix] | None = None,
        /,
        **facts: Any,
    ) -> None:
        """Reports what arguments break together: at the value of one of them, at its key, or at the whole.

        `mend` makes the fix of the place where it is reported.
        """
        self.failed = self.failed or code.severity == "error"
        if at is None or at not in self.written.places:
            fixes = (mend(self.node.span),) if mend is not None else ()
            self.scope.report(code, self.node, help=help, fixes=fixes, **facts)
            return
        place = self.written.keys[at] if on_key else self.written.places[at]
        fixes = (mend(place.span),) if mend is not None else ()
        scope = Scope(self.scope.found, place.path, uses=self.scope.uses)
        scope.report(code, Node(place.span), help=help, fixes=fixes, **facts)
