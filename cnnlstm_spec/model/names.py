"""Unique names for nodes: those that people write, which are addresses, and those that Keras's layers get."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from ..text.diagnostic import Code, Diagnostic, Label, Origin
from ..text.frozen import dataclass

SAME_NAME = Code("same-name", "error", "two layers are written with the name `{name}`", help="give one of them another name")

OPERATIONS = frozenset(
    (
        *(
            "abs",
            "absolute",
            "add",
            "any",
            "cast",
            "concatenate",
            "copy",
            "cos",
            "cumsum",
            "divide",
            "equal",
            "exp",
            "expand_dims",
            "flip",
        ),
        *("floor_divide", "mod", "power", "sin"),
        *("get_item", "log", "logical_and", "logical_not", "logical_or", "max", "mean", "multiply", "not_equal"),
        *("ones_like", "repeat", "reshape", "sign", "sqrt", "square", "squeeze", "stack", "subtract", "sum", "take"),
        *("transpose", "where", "zeros_like"),
    )
)
"""What Keras itself calls the operations that lowering makes, the later ones with a number: `take`, `take_1`."""


DIGITS = 6
"""No model has so many operations of one name that Keras's number for one would have more."""


@dataclass(frozen=True)
class WantedName:
    """What a node would be called: the written name, or the stem of an unnamed one."""

    id: str
    prefix: str
    """What goes before a written name that is not unique in the model."""
    name: str | None
    """The written name, unique in its area."""
    stem: str
    parts: tuple[str, ...] = ()
    """What the names of its Keras layers add to its own, where it is more than one."""
    fixed: bool = False
    """Whether the name is that of an input or output, which nothing else can have."""
    owner: bool = True
    """Whether it is a Keras layer; else an earlier node is the same layer, and it needs a name for people alone."""


class LocalNames:
    """The names written in each area. Of equal ones, which only copies have, later ones get the first free of `_1`, `_2`, ..."""

    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found
        self.first: dict[tuple[str, str], Origin] = {}
        self.used: set[tuple[str, str]] = set()
        self.numbers: dict[tuple[str, str], int] = {}
        self.reserved: set[tuple[str, str]] = set()

    def keep_written(self, area: str, written: Iterable[str]) -> None:
        """Keeps names that are written in an area from copies of others."""
        self.reserved.update([(area, each) for each in written])

    def take(self, area: str, written: str, origin: Origin, again: bool = False) -> str:
        """The name, made unique in its area; reports one that is written twice, if not `again` for the same layer."""
        first = self.first.setdefault((area, written), origin)
        if (area, written) in self.used and first.place.span != origin.place.span and not again:
            label = Label(first.place, "the first of that name")
            self.found.append(Diagnostic(SAME_NAME, origin.place, {"name": written}, labels=(label, *origin.uses)))
        number = self.numbers.get((area, written), 0)
        name = f"{written}_{number}" if number else written
        while (area, name) in self.used or (number and (area, name) in self.reserved):
            number += 1
            name = f"{written}_{number}"
        self.numbers[area, written] = number
        self.used.add((area, name))
        return name


@cache
def list_operations() -> frozenset[str]:
    """What Keras calls the operations of a model, those of each `Op` too."""
    from ..ops.functions.table import find_fact, list_names

    facts = (find_fact(name) for name in list_names())
    return OPERATIONS | {each for fact in facts if fact is not None for each in fact.operations}


def is_operation(name: str) -> bool:
    """Whether Keras may call an operation so."""
    stem, _, number = name.rpartition("_")
    return name in list_operations() or (number.isdecimal() and stem in list_operations())


def find_operations(names: Iterable[str], more: frozenset[str] = frozenset()) -> dict[str, int]:
    """The operations that Keras may call by one of the names, each with the number from which on it may not.

    `more` are those that lowering makes for what is written alone.
    """
    found: dict[str, int] = {}
    known = OPERATIONS | more
    for name in names:
        stem, number = (name, "0") if name in known else (name.rpartition("_")[0], name.rpartition("_")[2])
        if stem in known and number.isdecimal() and len(number) <= DIGITS:
            found[stem] = max(found.get(stem, 0), int(number) + 1)
    return found


def assign_names(wanted: list[WantedName], reserved: list[str]) -> dict[str, str]:
    """Node ids to unique names; that of a node which is a Keras layer is the layer's.

    A written name that is unique in the model stays, else the area's name is put before it; `reserved` are those of
    inputs and outputs. Layers of several parts are named first, so that the parts' names can be told beforehand.
    """
    counts: dict[str, int] = {}
    for each in wanted:
        if each.name is not None and each.owner and not each.fixed:
            counts[each.name] = counts.get(each.name, 0) + 1
    taken: set[str] = set(reserved)
    names: dict[str, str] = {}
    fixed: set[str] = set()
    numbers: dict[str, int] = {}

    def give(each: WantedName, name: str) -> None:
        free = names[each.id] = _make_free(name, each.parts, taken, numbers)
        taken.add(free)
        if each.parts:
            taken.update([free + part for part in each.parts])

    for each in wanted:
        if each.fixed and each.name is not None:
            names[each.id] = each.name if each.name not in fixed else _make_free(f"{each.name}_output", (), taken, numbers)
            fixed.add(each.name)
            taken.update(names[each.id] + part for part in each.parts)
    for each in sorted(wanted, key=lambda each: not each.parts):
        if each.name is not None and each.owner and not each.fixed:
            unique = counts[each.name] == 1 and each.name not in taken
            give(each, each.name if unique else f"{each.prefix}_{each.name}")
    for each in wanted:
        if each.id not in names and each.owner:
            give(each, each.stem)
    for each in wanted:
        if each.id not in names:
            give(each, f"{each.prefix}_{each.name}" if each.name else each.stem)
    return names


def _make_free(name: str, parts: tuple[str, ...], taken: set[str], numbers: dict[str, int]) -> str:
    """The name, with a number where it or the name of a part is taken; `numbers` are the last ones given."""
    number = numbers.get(name, 0)
    candidate = f"{name}_{number}" if number else name
    while candidate in taken or (parts and any(candidate + part in taken for part in parts)):
        number += 1
        candidate = f"{name}_{number}"
    numbers[name] = number
    return candidate
