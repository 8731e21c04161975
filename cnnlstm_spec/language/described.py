"""An argument of one of Keras's objects, as a person is told of it. Imports no kind of value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .json_schema import Schema
from .leaf import Leaf
from .meanings import Described


class CatalogArgument(Described):
    """An argument that the catalog declares."""

    def __init__(self, told: Mapping[str, Any], kind: Callable[[dict[str, object]], Leaf]) -> None:
        self.told, self.kind = dict(told), kind
        self.name = self.told["name"]

    @property
    def words(self) -> str:
        return self.kind(self.told).words

    @property
    def doc(self) -> str:
        return ""

    @property
    def required(self) -> bool:
        return bool(self.told.get("required"))

    @property
    def default(self) -> object:
        return self.told.get("default")

    def make_schema(self) -> Schema:
        return self.kind(self.told).make_schema()
