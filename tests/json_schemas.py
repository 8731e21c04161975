"""The JSON Schemas in `schemas/`, for the tests of what is printed as JSON."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from typing import Any

import pytest
from places import ROOT

SCHEMAS = ROOT / "schemas"


@cache
def tool() -> Any:
    """`tools/schema.py`, which writes the schemas."""
    spec = importlib.util.spec_from_file_location("schema_tool", ROOT / "tools" / "schema.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def validator(name: str) -> Any:
    """The validator of a schema, which is itself held against its meta-schema."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read_document(name: str, text: str) -> Any:
    """What a printed text holds, as data: the schema admits it, and the document that is read from it is written as the same."""
    data = json.loads(text)
    validator(name).validate(data)
    assert tool().DOCUMENTS[name].from_json(text).to_json() + "\n" == text
    return data
