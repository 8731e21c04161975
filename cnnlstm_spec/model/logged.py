"""The names that `Model.fit` logs, and whether more or less of each is better: known from the spec, without Keras."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ..language.catalog import KerasObject, find_reads
from ..spec.compile_section import CompileSpec
from ..spec.model_spec import ModelSpec

DOWN, UP = "down", "up"


class Logged(NamedTuple):
    """Something that each epoch logs."""

    direction: str | None
    """`up` where more is better, `down` where less is; None where nobody says so."""
    auto: bool
    """Whether Keras finds that out by itself, for `mode: auto`."""
    head: str | None = None
    """The head that its name begins with, where there are several."""


def find_logged(spec: ModelSpec) -> dict[str, Logged] | None:
    """What an epoch of training logs, by name; that of validation begins with `val_`. None where `compile` is not known."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or any(head.name not in section.losses for head in spec.heads):
        return None
    found = {"loss": Logged(DOWN, True)}
    several = len(spec.heads) > 1
    trained = [head.name for head in spec.heads if section.losses[head.name] is not None]
    if len(trained) > 1:
        found |= {f"{head}_loss": Logged(DOWN, False, head) for head in trained}
    names = _list_names(section)
    for head, name, thing in names[0]:
        _add(found, f"{head}_{name}" if several else name, thing, head if several else None, auto=not several)
    for head, name, thing in names[1]:
        plain, weighted = (f"{head}_{each}" if several else each for each in (name, f"weighted_{name}"))
        free = plain not in found
        _add(found, plain if free else weighted, thing, head if several else None, auto=not several and free)
    return found


def find_looked_at(known: Mapping[str, Logged], name: str) -> tuple[str, Logged | None]:
    """What a monitor looks at, with what its name begins with: `val_` where it is that of validation."""
    prefix = "val_" if name not in known and name.startswith("val_") else ""
    return prefix, known.get(name.removeprefix(prefix))


def list_logged(spec: ModelSpec) -> tuple[str, ...]:
    """What an epoch may log, that of validation too unless the spec says that there is none."""
    known = tuple(find_logged(spec) or ())
    return known + tuple(f"val_{name}" for name in known if validates(spec))


def validates(spec: ModelSpec) -> bool:
    """Whether there may be a validation: not where `data` are told without one."""
    return spec.data is None or spec.data.has("validation")


def _add(found: dict[str, Logged], name: str, thing: KerasObject, head: str | None, auto: bool) -> None:
    """Adds a metric; of equal names all but the first are numbered."""
    number, free = 1, name
    while free in found:
        free, number = f"{name}_{number}", number + 1
    direction = UP if thing.identifier in ("accuracy", "acc") else find_reads(thing).get("direction")
    found[free] = Logged(direction, auto and free == name and direction is not None, head)


Names = list[tuple[str, str, KerasObject]]


def _list_names(section: CompileSpec) -> tuple[Names, Names]:
    """The names of the metrics and weighted metrics, each with its head; those without one are numbered as they are made."""
    made: Counter[str] = Counter()
    found: tuple[Names, Names] = ([], [])
    for names, metrics in zip(found, (section.metrics, section.weighted_metrics), strict=True):
        for head, listed in metrics.items():
            for placed in listed:
                names.append((head, name_metric(placed.thing, made), placed.thing))
    return found


def name_metric(metric: KerasObject, made: Counter[str]) -> str:
    """What a metric is called: as its string, by `name`, else by its class, with a number from the second one on."""
    if metric.identifier is not None:
        return metric.identifier
    if (name := metric.get("name")) is not None:
        return str(name)
    stem = _convert_to_snake_case(metric.name)
    made[stem] += 1
    return stem if made[stem] == 1 else f"{stem}_{made[stem] - 1}"


def _convert_to_snake_case(name: str) -> str:
    """As Keras turns the name of a class into that of an object."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
