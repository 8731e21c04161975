"""How the target of a head is read: classes, several labels or numbers, and in the form in which the loss takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy

from ..samples import DataError, HeadTarget
from .array_targets import ArrayTargets
from .branches.branch import find_exceeding
from .head_facts import HeadFacts
from .problems import Broken, Problems
from .sources.rows import Array, Rows

EMPTY = -2
"""Stands for the class of a cell that is empty."""


def _holds_lists(rows: Rows, column: str, row: int) -> bool:
    """Whether a cell is a list, one that cannot be read too."""
    try:
        cell = rows.read_cell(column, row)
    except Broken:
        return True
    return isinstance(cell, numpy.ndarray) and cell.ndim > 0


class HeadReader:
    """Reads the targets of a head, of any source, as those of `train` are."""

    def __init__(
        self,
        head: HeadFacts,
        train: Rows,
        rows: Array,
        problems: Problems,
        known: HeadTarget | None = None,
        windowed: bool = False,
    ) -> None:
        """`rows` are those of the training part, in which classes, mean and spread are looked up.

        Where the target of an earlier run is `known`, it holds here, whatever classes the rows have. Of a head that is `windowed`
        a row is a step, and its cell no path of an array with all of them.
        """
        self.head = head
        self.axes = head.type.rank if head.type is not None else 1
        first = head.source.columns[0]
        labels = train.list_labels(first) is not None
        if labels and (self.axes < 2 or (head.promise is not None and head.promise.encoding == "multi_hot")):
            self.head = head = replace(head, lists=True)
            self._need_several(train)
        inner = not head.lists and len(rows) > 0 and (labels or _holds_lists(train, first, int(rows[0])))
        paths = not inner and not windowed and self.axes > 1 and train.is_text(first)
        if inner and windowed:
            self._need_numbers(train, int(rows[0]))
        self.arrays = ArrayTargets(head, paths, windowed) if inner or paths else None
        self.target = self._learn_target(train, rows, problems) if known is None else known

    def _learn_target(self, train: Rows, rows: Array, problems: Problems) -> HeadTarget:
        if self.arrays is not None:
            return self.arrays.learn(train, rows, problems)
        if self.head.of_classes or self._is_words(train, rows):
            return self._encode_classes(train, rows, problems)
        return self._scale_values(train, rows)

    def _need_several(self, rows: Rows) -> None:
        """Raises DataError where lists of labels are not what is promised of the head."""
        promised = self.head.promise.encoding if self.head.promise is not None else "multi_hot"
        if promised != "multi_hot":
            column = self.head.source.columns[0]
            raise DataError([f"{rows.name}, `{column}`: the cells are lists of labels; `targets` says `{promised}`"])

    def _need_numbers(self, rows: Rows, row: int) -> None:
        """Raises DataError where the cell of a row, which is a step of a target, holds more than one number."""
        column = self.head.source.columns[0]
        try:
            shape = numpy.asarray(rows.read_cell(column, row)).shape
        except Broken as error:
            raise DataError([f"{rows.name}, `{column}`: {error}"]) from None
        if prod(shape) != 1:
            told = f"the cells are arrays of {list(shape)}; with `window` the target of a row is a number or a label"
            raise DataError([f"{rows.name}, `{column}`: {told}, or several in `columns`"])

    def _is_words(self, rows: Rows, at: Array) -> bool:
        """Whether the cells are words, of a head about which nothing else is said."""
        if self.head.promise is not None or self.head.source.source.scale is not None or len(self.head.source.columns) > 1:
            return False
        _, wrong = rows.read_numbers(self.head.source.columns[0])
        return bool(len(at)) and bool(wrong[at].all())

    def _encode_classes(self, rows: Rows, at: Array, problems: Problems) -> HeadTarget:
        head, source = self.head, self.head.source.source
        encoding: Any = head.find_encoding() if head.find_encoding() != "real" else ("binary" if head.width == 1 else "one_hot")
        if source.columns is not None:
            return HeadTarget(head.name, "labels", "multi_hot", source.columns)
        column = head.source.columns[0]
        seen = self._list_seen(rows, at, column)
        names = source.classes or self._name_classes(seen, encoding)
        for name in names:
            if name not in seen and not (head.several and source.classes is None):
                problems.add("class-missing", f"the class `{name}` has no row in the training part", rows.name, None, column)
        width = 2 if encoding == "binary" else head.width
        if width is not None and len(names) != width and encoding != "integer":
            told = f"there are {len(names)} classes; `{head.name}` tells {width} apart"
            problems.add("class-missing", told, rows.name, None, column)
        elif width is not None and len(names) > width:
            problems.add(
                "not-a-class", f"there are {len(names)} classes; `{head.name}` tells {width} apart", rows.name, None, column
            )
        elif width is not None and len(names) < width:
            told = f"there are {len(names)} classes; `{head.name}` tells {width} apart: write them as `classes`"
            problems.add("class-missing", told, rows.name, None, column)
        return HeadTarget(head.name, "labels" if head.several else "classes", encoding, tuple(names))

    def _list_seen(self, rows: Rows, at: Array, column: str) -> set[str]:
        """The labels in rows, those of a cell with several each by itself."""
        separator = self.head.source.source.separator
        if self.head.lists or separator is not None:
            cells = self._read_cells(rows, column)
            return {label for row in at.tolist() for label in cells[row] or ()}
        names, codes = rows.read_codes(column)
        return {name for each in numpy.unique(codes[at]).tolist() if (name := names[each])}

    def _read_cells(self, rows: Rows, column: str) -> Sequence[Sequence[str] | None]:
        """The labels of each cell; None of an empty one."""
        lists, separator = rows.list_labels(column), self.head.source.source.separator
        if lists is not None:
            return [each if each is None else [label for label in each if label] for each in lists]
        texts = rows.read_texts(column)
        if separator is None:
            return [[each] if each else None for each in texts]
        return [None if each is None else [label for part in each.split(separator) if (label := part.strip())] for each in texts]

    def _name_classes(self, seen: set[str], encoding: str) -> tuple[str, ...]:
        """The classes in order: 0, 1, ... where labels count from 0, else as they sort, as numbers where all are."""
        if seen and all(each.isdecimal() for each in seen):
            width = 2 if encoding == "binary" else self.head.width
            top = max(map(int, seen))
            if not self.head.several and width is not None and top < width:
                return tuple(map(str, range(width)))
            return tuple(sorted(seen, key=int))
        try:
            return tuple(sorted(seen, key=float))
        except ValueError:
            return tuple(sorted(seen))

    def _scale_values(self, rows: Rows, at: Array) -> HeadTarget:
        head = self.head
        names = head.source.columns
        if head.source.source.scale is None or not len(at):
            return HeadTarget(head.name, "numbers", "real", names)
        values = numpy.stack([rows.read_numbers(each)[0] for each in names], axis=1)[at]
        # What is no number is a problem of its own.
        values = values[numpy.isfinite(values)]
        mean, spread = (float(values.mean()), float(values.std())) if values.size else (0.0, 1.0)
        return HeadTarget(head.name, "numbers", "real", names, mean, spread if spread > 0 else 1.0)

    def read(self, rows: Rows, at: Array, problems: Problems) -> Array | list[Array]:
        """The targets of some rows as the loss takes them; a list of arrays where their lengths differ."""
        if self.arrays is not None:
            return self.arrays.read(rows, at, self.target, problems)
        if self.target.sort == "numbers":
            values = self._read_numbers(rows, at, problems, ("not-a-number", "the target is no number"))
            with numpy.errstate(over="ignore", invalid="ignore"):
                scaled: Array = ((values - self.target.mean) / self.target.spread).astype("float32")
            if (told := self.head.explain_outside(scaled)) is not None:
                outside: Array = numpy.asarray(((scaled < 0) | (scaled > 1)).any(axis=1))
                self._report(rows, at, outside, problems, "not-a-class", told)
            return scaled
        if self.head.source.source.columns is not None:
            values = self._read_numbers(rows, at, problems, ("not-a-class", "the cell is neither 0 nor 1"))
            self._report(
                rows,
                at,
                numpy.asarray(~numpy.isin(values, (0, 1)).all(axis=1)),
                problems,
                "not-a-class",
                "the cell is neither 0 nor 1",
            )
            return values.astype("float32")
        return self._read_labels(rows, at, problems)

    def _read_numbers(self, rows: Rows, at: Array, problems: Problems, wrong: tuple[str, str]) -> Array:
        found = []
        for column in self.head.source.columns:
            values, faulty = rows.read_numbers(column)
            self._report(rows, at, faulty[at], problems, *wrong, column=column)
            unknown = ~numpy.isfinite(values[at]) & ~faulty[at]
            texts = rows.read_texts(column) if unknown.any() else ()
            empty = numpy.asarray(
                [bool(each) and texts[row] is None for row, each in zip(at.tolist(), unknown, strict=True)], dtype=bool
            )
            self._report(rows, at, empty, problems, "cell-empty", "the target is empty", column=column)
            self._report(rows, at, unknown & ~empty, problems, "not-finite", "the target is NaN or infinite", column=column)
            large = find_exceeding("float32", values[at]) & ~unknown & ~faulty[at]
            self._report(rows, at, large, problems, "not-finite", "the target is too large for float32", column=column)
            found.append(values[at])
        return numpy.stack(found, axis=1)

    def _report(
        self, rows: Rows, at: Array, wrong: Array, problems: Problems, code: str, words: str, column: str | None = None
    ) -> None:
        for index in numpy.flatnonzero(wrong).tolist():
            file, number = rows.locate(int(at[index]))
            problems.add(code, words, file, number, column or self.head.source.columns[0])

    def _read_labels(self, rows: Rows, at: Array, problems: Problems) -> Array:
        column, target = self.head.source.columns[0], self.target
        places = {name: place for place, name in enumerate(target.names)}
        if target.sort == "labels":
            return self._read_several(rows, at, places, problems)
        names, codes = rows.read_codes(column)
        found = numpy.asarray([places.get(name, -1 if name else EMPTY) for name in names], "int32")[codes[at]]
        self._report(rows, at, found == EMPTY, problems, "cell-empty", "the label is empty")
        self._report(rows, at, found == -1, problems, "not-a-class", self._explain_no_class())
        if target.encoding == "integer":
            return found.astype("int32")
        if target.encoding == "binary":
            return found.astype("float32").reshape(-1, *[1] * self.axes)
        one_hot: Array = numpy.eye(len(target.names), dtype="float32")
        return numpy.asarray(one_hot[numpy.maximum(found, 0)])

    def _explain_no_class(self) -> str:
        names = self.target.names
        shown = (
            ", ".join(f"`{each}`" for each in names[:8]) if self.head.source.source.classes is not None else "those in `train`"
        )
        return f"the label is none of the {len(names)} classes: {shown}{', ...' if len(names) > 8 and '`' in shown else ''}"

    def _read_several(self, rows: Rows, at: Array, places: dict[str, int], problems: Problems) -> Array:
        """Several labels at once; a text without any has none, an empty cell of lists is told."""
        found = numpy.zeros((len(at), len(places)), dtype="float32")
        cells = self._read_cells(rows, self.head.source.columns[0])
        wrong, empty = numpy.zeros(len(at), dtype=bool), numpy.zeros(len(at), dtype=bool)
        for index, row in enumerate(at.tolist()):
            labels = cells[row]
            empty[index] = labels is None and self.head.lists
            for label in labels or ():
                if label in places:
                    found[index, places[label]] = 1
                else:
                    wrong[index] = True
        self._report(rows, at, empty, problems, "cell-empty", "the cell is empty; a sample without a label has the list []")
        self._report(rows, at, wrong, problems, "not-a-class", self._explain_no_class())
        return found

    def fit_to_head(self, rows: Rows, values: Array | list[Array], problems: Problems) -> Array | list[Array]:
        """Targets of whole samples with the axes that the head gives; where these hold more or less than a target, it is told."""
        sizes = self.head.type.sizes if self.head.type is not None else None
        if sizes is None or isinstance(values, list) or self.arrays is not None or self.head.takes_sequences:
            return values
        wide = self.target.encoding in ("one_hot", "multi_hot")
        # How many classes or labels a head tells apart is told where these are found.
        wanted = sizes[:-1] if wide or self.target.encoding == "integer" else sizes
        has = prod(values.shape[1:-1] if wide else values.shape[1:])
        if all(isinstance(each, int) for each in wanted) and prod(wanted) == has:
            return values.reshape(len(values), *wanted, *values.shape[-1:]) if wide else values.reshape(len(values), *wanted)
        shown = "[" + ", ".join(str(each) if isinstance(each, int) else "?" for each in wanted) + "]"
        held = f"{has} value{'' if has == 1 else 's'}"
        told = f"a target is {held} here; the head `{self.head.name}` takes {shown}, a list or the path of an array"
        problems.add("shape-differs", told, rows.name, None, self.head.source.columns[0])
        return values
