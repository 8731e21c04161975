"""The section `search`: what is made greatest or least, over which values, in how many trials."""

from __future__ import annotations

import math
from decimal import Decimal
from math import prod
from typing import Annotated

from ..language.catalog import NO_EFFECT
from ..language.json_schema import Schema
from ..language.kinds import (
    BOOLEAN,
    INTEGER,
    NOT_A_CHOICE,
    NUMBER,
    OWN_NATURAL,
    SIZE,
    AnyKind,
    Choice,
    Optional,
    Text,
    report_wrong_type,
)
from ..language.list_kinds import ListOf
from ..language.paths import find_path, read_steps
from ..language.read_record import MISSING_KEY, NOT_A_MAPPING, UNKNOWN_KEY, read_fields, read_record
from ..language.record import Checks, Record, describe_record
from ..language.scope import POISON, Poison, Scope
from ..text.diagnostic import UNWRITTEN, Code, Written
from ..text.edits.matrix import find_twins
from ..text.edits.overrides import FORM
from ..text.fix import write
from ..text.frozen import dataclass
from ..text.nodes import Listing, Mapping, Node, Scalar, describe_sort
from ..text.source import Place
from .fusion import ONE_WAY

UNCLEAR_PATH = Code(
    "unclear-search-path",
    "error",
    "`{path}` is not a path such as vars.width",
    help="write keys with dots between them, and positions in brackets: `branches.video.layers[2].filters`",
)
RANGE = Code("search-range", "error", "`{key}` runs from the least to the greatest; this is {given}", help="swap the two")
LOG = Code("search-log-range", "error", "a range with `log: true` lies above 0; this begins at {given}")
NOT_WHOLE = Code("search-range-of-numbers", "error", "`int` runs between integers; this is {given}", help="`{float: [a, b]}`")
STEP_TOO_LARGE = Code(
    "search-step", "error", "`step` is more than 0 and at most {width:g}; this is {given}", help="take a smaller one"
)
BOUNDS = ListOf(NUMBER, 2)
Whole = int
Real = float
"""In a class that has a field `int`, or `float`, that word is the field."""


class IntRange(Record):
    """Integers between two, both included."""

    int: Annotated[tuple[Whole, Whole], ListOf(INTEGER, 2)]
    """The least and the greatest."""
    log: Annotated[bool, BOOLEAN] = False
    """Whether the logarithm is drawn evenly."""
    step: Annotated[Whole, SIZE] = 1
    """From one integer to the next."""

    def check(self, at: Checks) -> None:
        low, high = self.int
        _check_range("int", low, high, self.log, at)
        _check_step(self.step if self.step != 1 else None, high - low, self.log, at)


class FloatRange(Record):
    """Numbers between two, both included."""

    float: Annotated[tuple[Real, Real], BOUNDS]
    """The least and the greatest."""
    log: Annotated[bool, BOOLEAN] = False
    """Whether the logarithm is drawn evenly."""
    step: Annotated[Real | None, NUMBER] = None
    """From one number to the next; any if it is left out."""

    def check(self, at: Checks) -> None:
        low, high = self.float
        _check_range("float", low, high, self.log, at)
        _check_step(self.step, high - low, self.log, at)


def _check_range(key: str, low: float, high: float, log: bool, at: Checks) -> None:
    if low >= high:
        if low == high:
            at.report(RANGE, key, ("leave it out of the space, and write it where it stands",), key=key, given=[low, high])
        else:
            swapped = f"[{high}, {low}]"
            at.report(RANGE, key, (), False, lambda span: write(span, swapped, title="swap the two"), key=key, given=[low, high])
    elif log and low <= 0:
        at.report(LOG, key, ("leave `log` out",), given=low)


def _check_step(step: float | None, width: float, log: bool, at: Checks) -> None:
    if step is not None and log:
        at.report(NO_EFFECT, "step", (), True, argument="step", needed="`log: false`")
    elif step is not None and width > 0 and not 0 < step <= width:
        at.report(STEP_TOO_LARGE, "step", given=step, width=width)


@dataclass(frozen=True)
class Dimension:
    """A path of the spec and the values that it takes in trials."""

    path: str
    steps: tuple[str | int, ...]
    """The path as keys and positions."""
    choices: tuple[Node, ...]
    """The values; none of a range."""
    range: IntRange | FloatRange | None
    place: Place
    """The value, as it is written."""
    key: Place

    def count_values(self) -> int | None:
        """How many values there are; None of numbers between which there are always more, and of a range that is none."""
        if self.range is None:
            return len(self.choices)
        low, high = self.range.int if isinstance(self.range, IntRange) else self.range.float
        if self.range.step is None or not 0 < self.range.step <= high - low:
            return None
        # As decimals, since 0.3 holds three steps of 0.1.
        return int((Decimal(str(high)) - Decimal(str(low))) / Decimal(str(self.range.step))) + 1


class SearchSection(Record):
    """What is searched for, over which values, in how many trials."""

    maximize: Annotated[str | None, Text("the name of what is logged, such as `val_auc`")] = None
    """What the best trial has the greatest value of."""
    minimize: Annotated[str | None, Text("the name of what is logged, such as `val_loss`")] = None
    """What the best trial has the least value of."""
    space: Annotated[Node, AnyKind("a mapping of paths to ranges or lists")]
    """Paths, as those of `--set`, to lists of values or ranges."""
    trials: Annotated[int, SIZE]
    """So many variants are trained; pruned ones count."""
    pruner: Annotated[str | None, Optional(Choice("hyperband", "median", code=NOT_A_CHOICE))] = "hyperband"
    """What stops trials without hope early."""
    seed: Annotated[int, OWN_NATURAL] = 0
    """What the draws depend on."""


@dataclass(frozen=True)
class SearchSpec:
    """The section `search` as read; what could not be read has been reported."""

    place: Place
    """The key `search`."""
    written: Written = UNWRITTEN
    objective: str | None = None
    """What is made greatest or least; None where it could not be read."""
    maximize: bool = False
    space: tuple[Dimension, ...] = ()
    """Those that could be read."""
    unread: int = 0
    """How many could not."""
    trials: int | None = None
    pruner: str | None = "hyperband"
    seed: int = 0

    def count_combinations(self) -> int | None:
        """How many variants the space has; None where there are always more, or it could not be read."""
        known = [count for each in self.space if (count := each.count_values()) is not None]
        return prod(known) if known and len(known) == len(self.space) + self.unread else None


def read_search(node: Node, scope: Scope, key: Node) -> SearchSpec:
    """The section, as far as it can be read; `key` is where it begins."""
    place = scope.make_place(key)
    resolved = scope.resolve(node)
    if resolved is None:
        return SearchSpec(place)
    if isinstance(resolved, Scalar) and resolved.value is None:
        resolved = Mapping(resolved.span, ())
    if not isinstance(resolved, Mapping):
        scope.report(NOT_A_MAPPING, resolved, owner="search", given=describe_sort(resolved))
        return SearchSpec(place)
    values, written = read_fields(SearchSection, resolved, scope, "search", key)
    objectives = [name for name in ("maximize", "minimize") if name in written.places]
    if len(objectives) == 2:
        at = scope.enter("minimize")
        at.report(ONE_WAY, Node(written.keys["minimize"].span), owner="search", keys="`maximize` or `minimize`")
    elif not objectives and not any(name not in values for name in ("maximize", "minimize")):
        help = ("`minimize: val_loss`, or `maximize: val_accuracy`",)
        scope.report(MISSING_KEY, key, owner="search", key="maximize", help=help)
    objective = values.get(objectives[0]) if len(objectives) == 1 else None
    space, unread = read_space(values["space"], scope.enter("space")) if "space" in values else ((), 0)
    return SearchSpec(
        place,
        written,
        objective,
        objectives[:1] == ["maximize"],
        space,
        unread,
        values.get("trials"),
        values.get("pruner"),
        values.get("seed", 0),
    )


def read_space(node: Node, scope: Scope) -> tuple[tuple[Dimension, ...], int]:
    """The dimensions that could be read, and how many could not."""
    resolved = scope.resolve(node)
    if resolved is None:
        return (), 0
    if not isinstance(resolved, Mapping) or not resolved.entries:
        report_wrong_type(resolved, scope, "a mapping of paths to ranges or lists")
        return (), 0
    found = []
    for entry in resolved.entries:
        path, at = entry.key.text, scope.enter(entry.key.text)
        if scope.index is not None and (meaning := find_path(entry.key)) is not None:
            scope.note(meaning)
        if FORM.fullmatch(path) is None:
            at.report(UNCLEAR_PATH, entry.key, path=path)
            continue
        value = at.resolve(entry.value)
        values = POISON if value is None else _read_values(value, at)
        if values is POISON:
            continue
        choices, bounds = (values, None) if isinstance(values, tuple) else ((), values)
        found.append(Dimension(path, read_steps(path), choices, bounds, at.make_place(entry.value), at.make_place(entry.key)))
    return tuple(found), len(resolved.entries) - len(found)


def _read_values(node: Node, scope: Scope) -> tuple[Node, ...] | IntRange | FloatRange | Poison:
    """The values of a list, as nodes, or a range."""
    words = "a list or a range such as `{int: [16, 256]}`"
    if isinstance(node, Listing):
        resolved = [scope.enter(index).resolve_deep(item) for index, item in enumerate(node.items)]
        if not resolved:
            return report_wrong_type(node, scope, words)
        scope.found.extend(find_twins(scope.name, node, scope.path))
        items = tuple(each for each in resolved if each is not None)
        return items if len(items) == len(resolved) else POISON
    if not isinstance(node, Mapping):
        return report_wrong_type(node, scope, words)
    kinds = [name for name in ("int", "float") if node.get(name) is not None]
    if len(kinds) > 1:
        second = node.get("float")
        assert second is not None
        return scope.report(ONE_WAY, second.key, owner=scope.name, keys="`int` or `float`")
    if not kinds:
        first = node.entries[0].key if node.entries else node
        help = ("`{int: [16, 256]}`, `{float: [1e-5, 1e-2], log: true}`, or a list of values",)
        key = first.text if isinstance(first, Scalar) else "int"
        return scope.report(UNKNOWN_KEY if node.entries else MISSING_KEY, first, owner=scope.name, key=key, help=help)
    if kinds == ["int"] and (wrong := _find_not_whole(node)) is not None:
        return scope.enter("int").report(NOT_WHOLE, wrong, given=[getattr(each, "value", "?") for each in wrong.items])
    if kinds == ["int"]:
        whole = read_record(IntRange, node, scope, scope.name)
        return POISON if whole is POISON else whole.record
    reading = read_record(FloatRange, node, scope, scope.name)
    return POISON if reading is POISON else reading.record


def _find_not_whole(node: Mapping) -> Listing | None:
    """The bounds of `int`, where one of them is a number with a fraction."""
    bounds = node.get("int")
    if bounds is None or not isinstance(bounds.value, Listing):
        return None
    values = [each.value for each in bounds.value.items if isinstance(each, Scalar)]
    fractions = [each for each in values if isinstance(each, float) and math.isfinite(each) and not each.is_integer()]
    return bounds.value if fractions else None


def make_space_schema() -> Schema:
    """Paths to lists of values or ranges."""
    one = {"anyOf": [{"type": "array", "minItems": 1}, describe_record(IntRange), describe_record(FloatRange)]}
    return {"type": "object", "minProperties": 1, "additionalProperties": one}
