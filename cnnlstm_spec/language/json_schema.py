"""The pieces that the JSON Schema is made of, and `$name` admitted in them. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Schema = dict[str, Any]
"""As pydantic has it: what stands behind a key depends on the key."""

ANYTHING: Schema = {}
VARIABLE: Schema = {"$ref": "#/$defs/variable"}
DEFINITION: Schema = {
    "type": "string",
    "pattern": r"\$([A-Za-z_]|\{)",
    "description": "A value of `vars:`, or arithmetic with such values.",
}


class SchemaRef(Schema):
    """A reference to what `$defs` of the schema of a spec holds by a name, and what that is for whoever has no `$defs`."""

    def __init__(self, schema: Schema, define: Callable[[], Schema]) -> None:
        super().__init__(schema)
        self.define = define


def make_ref(name: str, define: Callable[[], Schema] = dict) -> Schema:
    """What `$defs` holds by that name; for whoever has none, what `define` gives, which is anything if nothing is said."""
    return SchemaRef({"$ref": f"#/$defs/{name}"}, define)


def join(before: Schema, schema: Schema, after: Schema) -> Schema:
    """A schema with more keys before and after its own."""
    joined = {**before, **schema, **after}
    return SchemaRef(joined, schema.define) if isinstance(schema, SchemaRef) else joined


def write_out(schema: Schema) -> Schema:
    """A schema with what its references stand for in their place, so that it needs no `$defs`."""
    if isinstance(schema, SchemaRef):
        return {**{key: each for key, each in schema.items() if key != "$ref"}, **write_out(schema.define())}
    return {key: _write_out_value(each) for key, each in schema.items()}


def _write_out_value(value: object) -> object:
    if isinstance(value, dict):
        return write_out(value)
    return [_write_out_value(each) for each in value] if isinstance(value, list | tuple) else value


def make_keys(properties: Mapping[str, Schema], required: Iterable[str] = (), description: str = "") -> Schema:
    """A mapping with these keys and no others."""
    said = {"description": description} if description else {}
    needed = {"required": list(required)} if required else {}
    return {"type": "object", **said, "properties": dict(properties), **needed, "additionalProperties": False}


def make_one_key(properties: Mapping[str, Schema], patterns: Mapping[str, Schema] | None = None) -> Schema:
    """A mapping of exactly one of these keys: a name with its arguments."""
    more = {"patternProperties": dict(patterns)} if patterns else {}
    return {**make_keys(properties), **more, "minProperties": 1, "maxProperties": 1}


def make_mapping(values: Schema) -> Schema:
    """A mapping of names that a spec chooses."""
    return {"type": "object", "additionalProperties": values}


def make_list(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def make_either(*schemas: Schema) -> Schema:
    """Any of these, alternatives of alternatives laid flat and each once."""
    flat: list[Schema] = []
    for schema in schemas:
        flat.extend(each for each in (schema["anyOf"] if list(schema) == ["anyOf"] else [schema]) if each not in flat)
    return {"anyOf": flat}


def make_part(schema: Schema, names: frozenset[str]) -> Schema:
    """A mapping of which another file has the rest: no key is required, and null takes one away.

    A reference to one of `names` becomes one to `NAME_part`; lists are whole, and so is what is in them.
    """
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in names:
        return make_ref(f"{name}_part")
    if "anyOf" in schema:
        return {**schema, **make_either(*(make_part(each, names) for each in schema["anyOf"]))}
    if "object" not in schema.get("type", ""):
        return schema
    rules = ("required", "allOf", "if", "then", "minProperties")
    found = {key: value for key, value in schema.items() if key not in rules}
    if "properties" in found:
        found["properties"] = {key: _admit_removal(each, names) for key, each in found["properties"].items()}
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = _admit_removal(found["additionalProperties"], names)
    return found


def _admit_removal(schema: Schema, names: frozenset[str]) -> Schema:
    beside: Schema = {key: schema[key] for key in ("description", "default") if key in schema}
    value = {key: each for key, each in schema.items() if key not in beside}
    return {**beside, **make_either(make_part(value, names), {"type": "null"})} if value else schema


def with_variables(schema: Schema) -> Schema:
    """The schema with `$name` admitted wherever a value stands: behind a key, in a list, and in what is referred to."""
    found = dict(schema)
    for name in ("properties", "$defs"):
        if name in found:
            found[name] = {key: _admit_variables(with_variables(each)) for key, each in found[name].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(found.get(name), dict):
            found[name] = _admit_variables(with_variables(found[name]))
    if "anyOf" in found:
        found["anyOf"] = make_either(*(with_variables(each) for each in found["anyOf"]))["anyOf"]
    return found


def _admit_variables(schema: Schema) -> Schema:
    if not {"type", "enum", "anyOf", "allOf"} & set(schema) or schema == DEFINITION:
        return schema
    beside: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    value = {key: each for key, each in schema.items() if key not in beside}
    return {**beside, **make_either(value, VARIABLE)}
