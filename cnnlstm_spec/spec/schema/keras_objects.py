"""The part of the JSON Schema that names Keras's objects: optimizers, losses, metrics, activations and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...language.catalog import facts
from ...language.json_schema import Schema, either, keys, one_key, ref
from ...language.named import kind_of

NOTHING: Schema = {"type": "null"}


def families() -> dict[str, Schema]:
    """A definition for each family, by its name, and one for the arguments of each class: `losses.Huber`."""
    found: dict[str, Schema] = {}
    for name, family in facts()["families"].items():
        found[name] = _family(name, family)
        found.update({f"{name}.{each}": _class(arguments["arguments"]) for each, arguments in family["classes"].items()})
    return found


def _family(name: str, family: Mapping[str, Any]) -> Schema:
    """An identifier, or a class or identifier with arguments."""
    identifiers: Mapping[str, str] = family["identifiers"]
    required = {each for each, spec in family["classes"].items() if any(fact.get("required") for fact in spec["arguments"])}
    bare = {*(set(family["classes"]) - required), *identifiers, *family.get("by_shape", ())}
    classes = {each: ref(f"{name}.{each}") for each in family["classes"]}
    named = {each: ref(f"{name}.{cls}") if cls in classes else NOTHING for each, cls in identifiers.items()}
    with_arguments = one_key({**classes, **named})
    return either({"enum": sorted(bare)}, with_arguments) if bare else either(with_arguments)


def _class(arguments: list[dict[str, Any]]) -> Schema:
    required = [fact["name"] for fact in arguments if fact.get("required")]
    sort = "object" if required else ["object", "null"]
    return {**keys({fact["name"]: _argument(fact) for fact in arguments}, required), "type": sort}


def _argument(fact: dict[str, Any]) -> Schema:
    default = {"default": fact["default"]} if "default" in fact else {}
    return {**kind_of(fact).schema(), **default}
