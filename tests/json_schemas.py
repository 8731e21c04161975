"""The JSON Schemas in `schemas/`, for the tests of what is printed as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from places import ROOT

SCHEMAS = ROOT / "schemas"


def validator(name: str) -> Any:
    """The validator of a schema, which is itself held against its meta-schema."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)
