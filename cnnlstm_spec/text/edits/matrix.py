"""`matrix`: paths to lists of values, every combination of which is a variant of the spec. Imports no stage after `edit`.

A spec is parsed once; a variant is the document with some values in other places, whose other nodes are the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import product
from math import prod
from typing import overload

from ..diagnostic import Code, Diagnostic, Label
from ..escape.file_name import make_file_name
from ..escape.json import write_readable
from ..fix import drop
from ..frozen import dataclass
from ..memo import UNKNOWN, Memory
from ..nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, describe_sort, to_value
from ..source import Path, Place, Span
from .overrides import FORM, IN_VAIN, STEP, UNKNOWN_PATH, Override, explain_path, read_text
from .set_value import NoPath, Steps, edit, edit_at

UNCLEAR_AXIS = Code(
    "unclear-matrix-path",
    "error",
    "`{path}` is not a path such as vars.width",
    help="write keys with dots between them, and positions in brackets: `branches.video.layers[2].filters`",
)
TOO_MANY = Code("matrix-too-large", "error", "the matrix has {count:,} {what}; {limit:,} are the most")
TOO_MUCH = Code("matrix-too-much-work", "error", "{count:,} variants of {layers:,} layers are more than {limit:,} layers")
TWINS = Code("value-twice", "error", "`{path}` has the value {value} twice", help="leave one of them out")
BESIDE_SEARCH = Code(
    "matrix-beside-search",
    "error",
    "a `matrix` and a `search` both say which variants there are",
    help="keep one of them; a list of values may stand in `search.space`",
)

KEY = "matrix"
LIMIT = 10_000
"""So many variants are looked at unasked."""
WORK = 1_000_000
"""So many layers of all variants together."""
AXES = 100
"""More axes of two values and more have too many variants, and those of one are none."""


@dataclass(frozen=True)
class MatrixAxis:
    """A path and the values that stand there in turn."""

    path: str
    span: Span
    values: tuple[Node, ...]
    steps: Steps
    """The path as keys and positions."""
    spans: tuple[Span, ...]
    """Where each of them is written."""

    @cached_property
    def texts(self) -> dict[int, str]:
        """Each value as it is written on one line, by the `id` of its node."""
        return {id(value): show_value(value) for value in self.values}


@dataclass(frozen=True)
class Variant:
    """One combination: a value for each axis."""

    choices: tuple[tuple[MatrixAxis, Node], ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values, as they are written on one line."""
        return tuple([axis.texts[id(value)] for axis, value in self.choices])

    @property
    def label(self) -> str:
        """`vars.width=32,fusion.strategy=gated`."""
        return ",".join(f"{axis.path}={text}" for (axis, _), text in zip(self.choices, self.texts, strict=True))

    def apply_to(self, plain: Node, found: list[Diagnostic], memory: Memory | None = None) -> Node:
        """The document with the values in it; a path that names nothing is reported at the matrix."""
        for axis, value in self.choices:
            key = (Variant.apply_to, id(plain), id(axis), id(value))
            is_last = axis is self.choices[-1][0]
            known = memory.get(key) if memory is not None and not is_last else UNKNOWN
            if known is not UNKNOWN:
                plain = known
                continue
            before = plain
            try:
                if axis.steps[0] == KEY:
                    raise NoPath(len(axis.steps), help="an axis is of the spec, not of its matrix", in_vain=True)
                plain = edit(plain, axis.steps, value, axis.spans, memory)
            except NoPath as error:
                found.append(_report_unknown(axis, value, error, plain))
                continue
            # No other variant has all of its values, and so many have those before the last.
            if memory is not None and not is_last:
                memory.keep(key, plain, before, axis, value)
        return plain


def read_matrix(
    document: Node, texts: Iterable[str], found: list[Diagnostic], overrides: Sequence[Override] = ()
) -> list[MatrixAxis]:
    """The axes of a spec's matrix, and those of texts of the form PATH=[a, b], which replace axes of the same path.

    What is set comes after it all: an axis whose place an override sets is none.
    """
    axes: dict[str, MatrixAxis] = {}
    section = document.get(KEY) if isinstance(document, Mapping) else None
    search = document.get("search") if isinstance(document, Mapping) else None
    if section is not None and search is not None:
        found.append(Diagnostic(BESIDE_SEARCH, Place(("search",), search.key.span)))
    if section is not None and isinstance(section.value, Mapping):
        for entry in section.value.entries:
            if (axis := _read_axis(entry, found)) is not None:
                axes[axis.path] = axis
    elif section is not None:
        facts: dict[str, object] = {"key": KEY, "words": "a mapping of paths to lists", "given": describe_sort(section.value)}
        found.append(Diagnostic(WRONG_TYPE, Place((KEY,), section.value.span), facts))
    for text in texts:
        parts = read_text(text, "--matrix", found)
        if parts is not None and (axis := _read_axis(Entry(*parts), found)) is not None:
            axes[axis.path] = axis
    for path in _find_fixed(document, list(axes.values()), overrides):
        del axes[path]
    found.extend(_find_covered(document, list(axes.values())))
    return list(axes.values())


def limit_variants(axes: list[MatrixAxis], document: Node, found: list[Diagnostic], limit: int | None = None) -> list[MatrixAxis]:
    """The axes, or none where they, or their combinations, are too many; `limit` is how many a person allows."""
    count, most = prod(len(axis.values) for axis in axes), limit or LIMIT
    facts: dict[str, object] = {"count": count, "limit": most, "what": "variants"}
    if len(axes) > AXES:
        facts = {"count": len(axes), "limit": AXES, "what": "axes"}
    elif count <= most:
        return axes
    help = _explain_limit(count) if len(axes) <= AXES else ("vary fewer values at a time",)
    found.append(Diagnostic(TOO_MANY, _place(axes, document), facts, help=help))
    return []


def find_too_much_work(axes: list[MatrixAxis], document: Node, count: int, layers: int) -> Diagnostic | None:
    """What is said where all variants, each of so many layers, would take too long to look at."""
    if count * layers <= WORK:
        return None
    facts: dict[str, object] = {"count": count, "layers": layers, "limit": WORK}
    return Diagnostic(TOO_MUCH, _place(axes, document), facts, help=_explain_limit(count))


def _place(axes: list[MatrixAxis], document: Node) -> Place:
    """Where the matrix is written: in the spec, or on the command line."""
    section = document.get(KEY) if isinstance(document, Mapping) else None
    return Place((KEY,), section.key.span if section is not None else axes[0].span)


def _explain_limit(count: int) -> tuple[str, ...]:
    return (f"try fewer values, or allow so many: `--max-variants {count}`",)


def _find_fixed(document: Node, axes: list[MatrixAxis], overrides: Sequence[Override]) -> set[str]:
    """The paths of the axes whose place, or one around it, is set, by whatever names the way is written."""
    if not overrides or len(axes) > AXES:
        return set()
    document, places = _find_places(document, axes)
    fixed = set()
    for each in overrides:
        with suppress(NoPath):
            document, place = edit_at(document, each.steps, each.value, each.spans)
            fixed |= {path for path, inner in places.items() if _is_around(place, inner)}
    return fixed


def _is_around(place: Steps, inner: Steps) -> bool:
    return inner[: len(place)] == place


def _find_covered(document: Node, axes: list[MatrixAxis]) -> Iterator[Diagnostic]:
    """The axes whose values a later axis sets anew, itself or with what is around them: variants would differ in name alone."""
    if len(axes) > AXES:
        return
    _, places = _find_places(document, axes)
    for index, axis in enumerate(axes):
        later = [each for each in axes[index + 1 :] if each.path in places] if axis.path in places else []
        over = next((each for each in later if _is_around(places[each.path], places[axis.path])), None)
        if over is not None:
            labels = (Label(Place((KEY, over.path), over.span), "sets it anew"),)
            move = "" if places[over.path] == places[axis.path] else f"write it behind `{over.path}`, or "
            help = (f"{move}leave one of them out",)
            yield Diagnostic(IN_VAIN, Place((KEY, axis.path), axis.span), {"path": axis.path}, labels=labels, help=help)


def _find_places(document: Node, axes: list[MatrixAxis]) -> tuple[Node, dict[str, Steps]]:
    """The document with the first value of each axis, and by their paths where those went."""
    places: dict[str, Steps] = {}
    for axis in axes:
        with suppress(NoPath):
            document, places[axis.path] = edit_at(document, axis.steps, axis.values[0], axis.spans)
    return document, places


class Variants(Sequence[Variant]):
    """Every combination, the last axis fastest; none without axes. Each is made when it is asked for."""

    def __init__(self, axes: Sequence[MatrixAxis] = ()) -> None:
        self.axes = tuple(axes)

    def __len__(self) -> int:
        return prod(len(axis.values) for axis in self.axes) if self.axes else 0

    def __iter__(self) -> Iterator[Variant]:
        for values in product(*(axis.values for axis in self.axes)) if self.axes else ():
            yield Variant(tuple(zip(self.axes, values, strict=True)))

    @overload
    def __getitem__(self, index: int) -> Variant: ...

    @overload
    def __getitem__(self, index: slice) -> list[Variant]: ...

    def __getitem__(self, index: int | slice) -> Variant | list[Variant]:
        places = range(len(self))[index]
        return self._make(places) if isinstance(places, int) else [self._make(each) for each in places]

    def _make(self, place: int) -> Variant:
        choices: list[tuple[MatrixAxis, Node]] = []
        for axis in reversed(self.axes):
            place, position = divmod(place, len(axis.values))
            choices.append((axis, axis.values[position]))
        return Variant(tuple(reversed(choices)))


def remove_matrix(document: Mapping) -> Mapping:
    """The document without its matrix."""
    return replace(document, entries=tuple(entry for entry in document.entries if entry.key.text != KEY))


def name_folders(variants: list[Variant]) -> list[str]:
    """A name for the folder of each: its label as every file system takes it, numbered where another has it, in any case."""
    names: dict[str, str] = {}
    for index, variant in enumerate(variants):
        stem = name = make_file_name(variant.label, "variant")
        while name.lower() in names:
            name, index = f"{stem}_{index}", index + 1
        names[name.lower()] = name
    return list(names.values())


def _read_axis(entry: Entry, found: list[Diagnostic]) -> MatrixAxis | None:
    path, value = entry.key.text, entry.value
    place = Place((KEY, path), value.span)
    if entry.key.broken:
        return None
    if FORM.fullmatch(path) is None:
        found.append(Diagnostic(UNCLEAR_AXIS, Place((KEY,), entry.key.span), {"path": path}))
        return None
    if not isinstance(value, Listing) or not value.items:
        given = "an empty list" if isinstance(value, Listing) else describe_sort(value)
        help = (f"write `[{value.text}]`",) if isinstance(value, Scalar) and value.value is not None else ()
        facts: dict[str, object] = {"key": path, "words": "a list of values", "given": given}
        found.append(Diagnostic(WRONG_TYPE, place, facts, help=help))
        return None
    found.extend(find_twins(path, value, (KEY, path)))
    found_steps = list(STEP.finditer(path))
    steps = tuple(int(step[2]) if step[1] is None else step[1] for step in found_steps)
    span = entry.key.span
    # A key in quotes begins a character later.
    start = span.start + (span.source.text[span.start : span.end] != path)
    spans = tuple(Span(span.source, start + step.start(step.lastindex or 0), start + step.end()) for step in found_steps)
    return MatrixAxis(path, span, value.items, steps, spans)


def find_twins(path: str, values: Listing, place: Path) -> Iterator[Diagnostic]:
    """Values that the list, which stands at a place, has before them."""
    seen: dict[str, Node] = {}
    for each in values.items:
        first = seen.setdefault(repr(to_value(each)), each)
        if first is not each:
            labels = (Label(Place(place, first.span), "the first"),)
            value = show_value(each)
            facts: dict[str, object] = {"path": path, "value": value}
            yield Diagnostic(TWINS, Place(place, each.span), facts, labels=labels, fixes=(drop(each.span, value),))


def _report_unknown(axis: MatrixAxis, value: Node, error: NoPath, document: Node) -> Diagnostic:
    code = IN_VAIN if error.in_vain else UNKNOWN_PATH
    help = explain_path(axis.steps, value, error, document)
    return Diagnostic(code, Place((KEY, axis.path), axis.span), {"path": axis.path}, help=help)


def show_value(value: Node) -> str:
    """A value on one line, such as `--set` takes it."""
    if isinstance(value, Scalar):
        return value.text if value.text else "null"
    return write_readable(to_value(value), (",", ":"))
