"""A leaf: what a value may be, as pydantic checks it, and what pydantic cannot say: words, codes, the way out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, core_schema

from ..text.diagnostic import Written
from ..text.nodes import TOO_DEEP, Node, Scalar, make_node
from .json_schema import Schema, write_out
from .scope import DEEPEST, POISON, Poison, Scope

REQUIRED: Final[Any] = object()
REPORTED = PydanticCustomError("reported", "what was found is reported where it stands")
"""What a value ends in of which everything has been said."""
Steps = Sequence[str | int]
R = TypeVar("R")
if TYPE_CHECKING:
    from typing_extensions import TypeVar as WithDefault

    V = WithDefault("V", covariant=True, default=Any)
else:
    V = TypeVar("V", covariant=True)


class Quoted(str):
    """A text in quotes, which is never a number or `null`."""


class Leaf(ABC, Generic[V]):
    """What a value may be: pydantic's own rule for it, and what pydantic cannot say: words, codes, the way out."""

    words: str = "a value"

    @abstractmethod
    def make_core(self) -> CoreSchema:
        """The rule by which pydantic checks a value, and makes it canonical."""

    @abstractmethod
    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        """Reports what is amiss with a node, or with a value inside it that `steps` lead to; `problem` is pydantic's word."""

    @abstractmethod
    def make_schema(self) -> Schema:
        """The JSON Schema of what may be written, without `$name`, which the schema adds everywhere."""

    def take(self, node: Node, scope: Scope) -> object:
        """A node as pydantic is given it."""
        resolved = scope.resolve(node)
        if resolved is None:
            return POISON
        if not isinstance(resolved, Scalar):
            return resolved
        return Quoted(resolved.value) if isinstance(resolved.value, str) and not resolved.plain else resolved.value

    def shorten(self, value: object) -> object:
        """A canonical value as a person writes it for Keras, to which both are one."""
        return value

    def read(self, node: Node, scope: Scope) -> V | Poison:
        """The canonical value of a node, or POISON after reporting why there is none."""
        value = self.take(node, scope)
        if value is POISON:
            return POISON
        try:
            read: V = self.validator.validate_python(value)
            return read
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False):
                if each["type"] != REPORTED.type and each["input"] is not POISON:
                    self.explain(each["type"], each["loc"], node, scope)
            return POISON

    @cached_property
    def validator(self) -> SchemaValidator:
        """Checks a value by itself."""
        return SchemaValidator(self.make_core())

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.make_core()

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return write_out(self.make_schema())


class Unread:
    """A node on its way to a leaf that reads it by itself, once; what comes of it is kept."""

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node, self.scope = node, scope
        self.written: Written | None = None
        self.value: Any = REQUIRED

    def read(self, leaf: OpenLeaf) -> object:
        """The canonical value, or POISON."""
        if self.value is REQUIRED:
            deep = len(self.scope.address) > DEEPEST
            value = self.scope.report(TOO_DEEP, self.node, limit=DEEPEST) if deep else leaf.read_node(self.node, self.scope)
            self.value, self.written = (value.record, value.written) if isinstance(value, Reading) else (value, None)
        return self.value


class OpenLeaf(Leaf[V]):
    """A leaf that reads a node by itself: names of Keras's objects, lists of layers, whatever rests on where it stands."""

    canonical: ClassVar[tuple[type, ...]] = ()
    """The classes of its canonical values, which are taken as they are."""

    @abstractmethod
    def read_node(self, node: Node, scope: Scope) -> object:
        """The canonical value of a node, a Reading of it, or POISON after reporting why there is none."""

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def validate(self, value: object) -> object:
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
        return self._read_python(value)

    @cached_property
    def _of_word(self) -> Callable[[object], object]:
        return cache(self._read_python)

    def _read_python(self, value: object) -> object:
        scope = Scope([])
        found = Unread(make_node(value), scope).read(self)
        if found is POISON:
            raise PydanticCustomError("spec", "{words}", {"words": "; ".join(each.message for each in scope.found)})
        return found

    def take(self, node: Node, scope: Scope) -> Poison | Unread:
        resolved = scope.resolve(node)
        return POISON if resolved is None else Unread(resolved, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        """What is amiss has been reported while the node was read."""


class Reading(NamedTuple, Generic[R]):
    """A record, and where everything in it is written."""

    record: R
    written: Written
