"""A document: a value that the tool writes as JSON. `schemas/` holds the schema of each. Imports no other room."""

from __future__ import annotations

import inspect
import json
from pathlib import Path as File
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from .docstrings import read_docstrings
from .escape.json import to_json
from .files import read_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Value = TypeVar("_Value")


def _drop_default(schema: dict[str, object]) -> None:
    schema.pop("default", None)


LeftOut = Annotated[_Value | SkipJsonSchema[None], Field(json_schema_extra=_drop_default)]
"""A key that is left out where there is nothing to say; its field is None there, by default."""
Count = Annotated[int, Field(ge=0)]


class Document(BaseModel):
    """A frozen value that is written as JSON and read from it; a key that is not set is not written.

    The text of a field is the docstring after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_by_name=True, validate_by_alias=True)

    def to_json(self) -> str:
        """The document as it is written, without a line break at its end."""
        return to_json(self.to_data())

    def to_data(self) -> dict[str, Any]:
        """The document as plain values: mappings, lists, texts and numbers."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The document of a text that `to_json` has written.

        Raises ValueError where it is none; pydantic's ValidationError, which says what is amiss, where it is JSON.
        """
        # Not `model_validate_json`, whose texts hold no halves of characters: a file's name may.
        return cls.model_validate(json.loads(text))

    @classmethod
    def read_file(cls, path: File) -> Self | None:
        """The document that a file holds; None where it cannot be read, or holds anything else."""
        try:
            return cls.model_validate(read_json(path))
        except ValidationError:
            return None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(found := handler(core))
        texts: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            texts |= read_docstrings(base) if issubclass(base, Document) else {}
        for field, text in texts.items():
            schema["properties"][cls.model_fields[field].alias or field]["description"] = inspect.cleandoc(text)
        return found


class _Schema(GenerateJsonSchema):
    """Without the titles that pydantic makes of the names of fields and classes."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def get_title_from_name(self, name: str) -> str:
        return ""


def make_schema(cls: type[Document]) -> dict[str, object]:
    """The JSON Schema of a document, by which programs that read it can be checked."""
    schema = cls.model_json_schema(mode="serialization", schema_generator=_Schema)
    return {"$schema": DIALECT, **_drop_empty_titles(schema)}


def _drop_empty_titles(schema: JsonSchemaValue) -> dict[str, object]:
    named = {name: {k: v for k, v in each.items() if k != "title"} for name, each in schema.pop("$defs", {}).items()}
    return {**schema, **({"$defs": named} if named else {})}
