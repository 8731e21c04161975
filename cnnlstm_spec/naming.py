"""Unique names for nodes: Keras's layer names, and the addresses that people write."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .diagnostic import Code, Diagnostic, Label
from .items import Origin

SAME_NAME = Code("same-name", "error", "two layers are written with the name `{name}`")


@dataclass(frozen=True)
class Wanted:
    """What a node would be called: the written name, or the stem of an unnamed one."""

    id: str
    area: str
    prefix: str
    written: str | None
    stem: str
    origin: Origin
    fixed: bool = False
    """Whether the name is that of an input or output, which nothing else can have."""


def layer_stem(title: str) -> str:
    """A class's name as Keras writes it in layer names: `MaxPooling2D` to `max_pooling2d`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", title))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def assign_names(wanted: list[Wanted], reserved: list[str], found: list[Diagnostic]) -> dict[str, str]:
    """Node ids to unique names.

    Of equal written names in an area, which only copies have, later ones get `_1`, `_2`. A written name that is
    unique in the model stays, else the area's name is put before it; `reserved` are those of inputs and outputs.
    """
    local = _local_names(wanted, found)
    counts: dict[str, int] = {}
    for name in local.values():
        counts[name] = counts.get(name, 0) + 1
    taken: set[str] = set(reserved)
    names: dict[str, str] = {}
    fixed: set[str] = set()
    for each in wanted:
        own = local.get(each.id)
        if each.fixed and each.written is not None:
            names[each.id] = each.written if each.written not in fixed else _free(f"{each.written}_output", taken)
            fixed.add(each.written)
        elif own is not None:
            names[each.id] = _free(own if counts[own] == 1 and own not in taken else f"{each.prefix}_{own}", taken)
            taken.add(names[each.id])
    for each in wanted:
        if each.id not in names:
            names[each.id] = _free(each.stem, taken)
            taken.add(names[each.id])
    return names


def _local_names(wanted: list[Wanted], found: list[Diagnostic]) -> dict[str, str]:
    """Written names made unique in their area; names written twice are reported."""
    first: dict[tuple[str, str], Origin] = {}
    used: set[tuple[str, str]] = set()
    local: dict[str, str] = {}
    for each in wanted:
        if each.written is None or each.fixed:
            continue
        key = (each.area, each.written)
        origin = first.setdefault(key, each.origin)
        if key in used and origin.place.span != each.origin.place.span:
            label = Label(origin.place, "the first of that name")
            found.append(Diagnostic(SAME_NAME, each.origin.place, {"name": each.written}, labels=(label, *each.origin.uses)))
        name, number = each.written, 0
        while (each.area, name) in used:
            number += 1
            name = f"{each.written}_{number}"
        used.add((each.area, name))
        local[each.id] = name
    return local


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 0, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
