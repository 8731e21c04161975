"""An argument of one of Keras's objects, as a person is told of it. Imports no kind of value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .json_schema import Schema
from .leaf import Leaf
from .meanings import Described

if TYPE_CHECKING:
    from .catalog_types import ObjectArgument


class CatalogArgument(Described):
    """An argument that the catalog declares."""

    def __init__(self, told: ObjectArgument, kind: Callable[[ObjectArgument], Leaf]) -> None:
        self.told, self.kind = told, kind
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
