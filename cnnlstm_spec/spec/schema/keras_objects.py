"""The part of the JSON Schema that names Keras's objects: optimizers, losses, metrics, activations and so on."""

from __future__ import annotations

from ...language.catalog import load_catalog
from ...language.json_schema import Schema
from ...language.named import define_class, define_family


def define_families() -> dict[str, Schema]:
    """A definition for each family, by its name, and one for the arguments of each class: `losses.Huber`."""
    found: dict[str, Schema] = {}
    for name, family in load_catalog()["families"].items():
        found[name] = define_family(name)
        found.update({f"{name}.{each}": define_class(name, each) for each in family["classes"]})
    return found
