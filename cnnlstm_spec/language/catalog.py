"""Keras's named objects that are no layers: activations, initializers, optimizers, losses and so on.

The facts are `data/catalog.json`, made from Keras by `tools/catalog.py` and read when first asked for.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.diagnostic import Code
from ..text.files import read_own
from ..text.frozen import dataclass

if TYPE_CHECKING:
    from .catalog_types import Catalog, ObjectArgument, ObjectFamily, ObjectReads

NO_EFFECT = Code("no-effect", "error", "`{argument}` has no effect without {needed}", help="leave it out", is_idle=True)

Default = bool | int | float | str
"""What an argument of a person's own class may be by default, as far as it is known."""
MODULES = {"schedules": "optimizers.schedules"}


@dataclass(frozen=True)
class KerasObject:
    """An object of Keras: a class with the arguments written, or a string that Keras turns into one.

    `name` is the class (or the function, of an activation); `identifier` the string, where it was written so.
    """

    family: str
    name: str
    arguments: tuple[tuple[str, Any], ...] = ()
    identifier: str | None = None

    def __repr__(self) -> str:
        return self.identifier or f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments)})"

    @property
    def path(self) -> str:
        """Where Keras has the class."""
        return f"keras.{MODULES.get(self.family, self.family)}.{self.name}"

    def get(self, argument: str) -> Any:
        """The value of an argument, Keras's default where it is not written."""
        for name, value in self.arguments:
            if name == argument:
                return value
        fact = _find_class(self.family, self.name).get(argument)
        return fact.get("default") if fact is not None else None


@dataclass(frozen=True)
class OwnThing(KerasObject):
    """One of a person's own: made of a class with the arguments written, or a function."""

    module: str = ""
    is_function: bool = False
    defaults: tuple[tuple[str, Default], ...] = ()

    @property
    def path(self) -> str:
        """Where the module has it."""
        return f"{self.module}.{self.name}"

    def get(self, argument: str) -> object:
        return {**dict(self.defaults), **dict(self.arguments)}.get(argument)


@dataclass(frozen=True)
class OwnObject:
    """A class or function that a module of a person's own has registered with Keras."""

    name: str
    module: str
    families: tuple[str, ...]
    """Where it may stand."""
    arguments: tuple[tuple[str, bool], ...] = ()
    """Those of a class by name, and whether it must be written."""
    is_function: bool = False
    defaults: tuple[tuple[str, Default], ...] = ()
    """What arguments are that are not written, as far as they are plain values."""

    def list_declared(self) -> dict[str, ObjectArgument]:
        """Its arguments as the catalog has them; nothing says of what kind they are."""
        return {name: {"name": name, "kind": "value", "required": required} for name, required in self.arguments}

    def make_thing(self, family_name: str, arguments: tuple[tuple[str, object], ...]) -> OwnThing:
        """What stands in a place of that family."""
        return OwnThing(family_name, self.name, arguments, None, self.module, self.is_function, self.defaults)


class OwnObjects(NamedTuple):
    """A person's own objects that a spec may name."""

    known: tuple[OwnObject, ...] = ()
    unread: bool = False
    """Whether some could not be read, which has been reported: an unknown name may be one of theirs."""

    def find(self, family_name: str, name: str) -> OwnObject | None:
        """The one of that name, where it may stand."""
        return next((each for each in self.known if each.name == name and family_name in each.families), None)

    def list_names(self, family_name: str) -> tuple[str, ...]:
        """Those that may stand in a place of that family."""
        return tuple(each.name for each in self.known if family_name in each.families)


@lru_cache(maxsize=1)
def load_catalog() -> Catalog:
    """The catalog."""
    loaded: Catalog = json.loads(read_own("language", "data", "catalog.json"))
    return loaded


def find_family(name: str) -> ObjectFamily:
    """A family of the catalog: its classes, identifiers and what is told by shape."""
    return load_catalog()["families"][name]


@lru_cache(maxsize=1)
def list_losses() -> frozenset[str]:
    """The classes and identifiers of losses and metrics, which no head may be called: where a mapping stands both may be keys."""
    return frozenset(
        name for each in ("losses", "metrics") for words in ("classes", "identifiers") for name in find_family(each)[words]
    )


def _find_class(family_name: str, name: str) -> dict[str, ObjectArgument]:
    """The arguments of a class by name; of what is none there are none."""
    known = find_family(family_name)["classes"].get(name)
    return {argument["name"]: argument for argument in known["arguments"]} if known is not None else {}


def find_reads(thing: KerasObject) -> ObjectReads:
    """What a loss or metric reads: the sort of labels, the ranks and width it takes, what it does with a mask."""
    known = find_family(thing.family)["classes"].get(thing.name)
    return known.get("reads", {}) if known is not None else {}


def find_mask_use(thing: KerasObject) -> str:
    """What a loss or metric does with a mask: `counted` where it leaves padding out, else `ignored`, `nan` or `fails`.

    Along another axis than the last one it has values of another shape than the mask.
    """
    found = find_reads(thing).get("mask", "counted")
    return "fails" if thing.get("axis") not in (None, -1) else found
