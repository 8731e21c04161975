"""Targets that are arrays, one a cell: a list, an array of a source, or a file; of classes too, a step or a pixel each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ...model.rules.common import BINARY
from ..samples import HeadTarget
from .branches.branch import find_exceeding
from .formats.image import is_image, open_image
from .formats.npy import open_npy
from .head_facts import HeadFacts
from .problems import Broken, Problems
from .sources.rows import Array, Rows

ZERO_ONE = ("0", "1")


class ArrayTargets:
    """Reads the targets of a head whose cells are arrays."""

    def __init__(self, head: HeadFacts, paths: bool, steps: bool = False) -> None:
        """`paths` says whether cells name files, `steps` whether a cell is one step of a target and holds one number."""
        self.head, self.paths = head, paths
        self.column = head.source.columns[0]
        self.sizes = (1,) if steps else head.type.sizes if head.type is not None else ()
        self._held: dict[tuple[Rows, int], Array] = {}
        """What was read to know what the targets are, until it is taken: a file is not read twice."""

    def learn(self, rows: Rows, at: Array, problems: Problems) -> HeadTarget:
        """What the targets are, by those of the training part, whose rows these are."""
        for row in at.tolist():
            try:
                self._held[rows, row] = self._read_raw(rows, row)
            except Broken:
                # It is told when it is taken.
                continue
        return self._find_target(rows, list(self._held.values()), problems)

    def read(self, rows: Rows, at: Array, target: HeadTarget, problems: Problems) -> Array | list[Array]:
        """The targets of some rows as the loss takes them; a list of arrays where their lengths differ."""
        found: list[Array] = []
        for row in at.tolist():
            try:
                held = self._held.pop((rows, row), None)
                found.append(self._encode(self._read_raw(rows, row) if held is None else held, target))
            except Broken as error:
                problems.add(error.code, str(error), *rows.locate(row), self.column)
        return numpy.stack(found) if len({each.shape for each in found}) == 1 else found

    def _read_raw(self, rows: Rows, row: int) -> Array:
        """Numbers or texts as a cell or its file has them; raises Broken."""
        if (lists := rows.list_labels(self.column)) is not None:
            labels = lists[row]
            if labels is None or None in labels:
                raise Broken("cell-empty", "the target is empty" if labels is None else "a label of the target is empty")
            return numpy.asarray(labels, dtype=str)
        cell = rows.read_cell(self.column, row)
        if cell is None or (isinstance(cell, str) and not cell):
            raise Broken("cell-empty", "the target is empty")
        if not self.paths:
            return numpy.asarray(cell, dtype=str if numpy.asarray(cell).dtype.kind == "O" else None)
        if (root := rows.find_root(row)) is None:
            raise Broken("not-a-kind", "the target is text")
        path = root.find(str(cell))
        if is_image(path):
            with open_image(path) as opened:
                return numpy.asarray(opened)
        return numpy.asarray(open_npy(path))

    def _find_target(self, rows: Rows, raw: Sequence[Array], problems: Problems) -> HeadTarget:
        """What the targets are, by the loss and what the training part holds."""
        head, words = self.head, any(each.dtype.kind == "U" for each in raw)
        if not head.of_classes:
            return self._make_numbers(raw)
        encoding = head.find_encoding()
        names = self._name_classes(raw, encoding, words)
        if encoding == "one_hot" and not words:
            flat = self._flatten(raw)
            if not _are_one_hot(flat):
                if bool(numpy.isin(flat, (0, 1)).all()) and self._is_of_labels():
                    return HeadTarget(head.name, "labels", "multi_hot", names)
                if head.promise is None:
                    return self._make_numbers(raw)
            elif len(self.sizes) == 1:
                for place in numpy.flatnonzero(flat.sum(0) == 0).tolist() if len(flat) else ():
                    told = f"the class `{names[place]}` has no row in the training part"
                    problems.add("class-missing", told, rows.name, None, self.column)
        elif encoding == "binary" and not words and head.promise is None:
            flat = self._flatten(raw)
            if not bool(numpy.isin(flat, (0, 1)).all()) and bool(((flat >= -1) & (flat <= 1)).all()):
                return self._make_numbers(raw)
        if words and (wrong := self._explain_names(names, encoding)):
            problems.add("not-a-class", wrong, rows.name, None, self.column)
        return HeadTarget(head.name, "labels" if encoding == "multi_hot" else "classes", encoding, names)

    def _is_of_labels(self) -> bool:
        """Whether the loss takes each output by itself."""
        return self.head.loss is not None and self.head.loss.thing.name in BINARY

    def _flatten(self, raw: Sequence[Array]) -> Array:
        """All numbers that fit the head, in rows of its last axis."""
        width = self.head.width or 1
        fitting = [each for each in raw if each.size % width == 0 and each.dtype.kind in "biuf"]
        return numpy.concatenate([numpy.zeros((0, width)), *(each.reshape(-1, width) for each in fitting)])

    def _make_numbers(self, raw: Sequence[Array]) -> HeadTarget:
        """Numbers, with what `scale` takes away from them."""
        head, mean, spread = self.head, 0.0, 1.0
        if head.source.source.scale is not None:
            numbers = [each.reshape(-1).astype("float64") for each in raw if each.dtype.kind in "biuf"]
            flat = numpy.concatenate([numpy.zeros(0), *numbers])
            # What is no number is a problem of its own.
            flat = flat[numpy.isfinite(flat)]
            mean, spread = (float(flat.mean()), float(flat.std())) if flat.size else (0.0, 1.0)
        return HeadTarget(head.name, "numbers", "real", (), mean, spread if spread > 0 else 1.0)

    def _name_classes(self, raw: Sequence[Array], encoding: str, words: bool) -> tuple[str, ...]:
        """The classes in order: as they are written, the words of the training part, or the numbers that the head counts to."""
        if self.head.source.source.classes is not None:
            return self.head.source.source.classes
        if words:
            return tuple(sorted({str(each) for one in raw for each in one.reshape(-1)}))
        if encoding == "binary":
            return ZERO_ONE
        return tuple(map(str, range(self.head.width or 0)))

    def _explain_names(self, names: Sequence[str], encoding: str) -> str | None:
        """What is wrong with the classes that words give; None where nothing is."""
        if self.head.takes_sequences and self.head.source.source.classes is None:
            return "the order of the labels is not known: write them as `classes`, what stands for none of them first"
        width = 2 if encoding == "binary" else self.head.width
        if width is None or len(names) == width:
            return None
        way = ": write them as `classes`" if len(names) < width else ""
        return f"there are {len(names)} classes; `{self.head.name}` tells {width} apart{way}"

    def _encode(self, raw: Array, target: HeadTarget) -> Array:
        """The target as the loss takes it; raises Broken."""
        if target.sort == "numbers":
            return self._encode_numbers(raw, target)
        if target.encoding in ("one_hot", "multi_hot") and raw.dtype.kind != "U":
            values = self._fit(raw, self.sizes)
            if not bool(numpy.isin(values, (0, 1)).all()):
                raise Broken("not-a-class", "the target holds other numbers than 0 and 1")
            if target.encoding == "one_hot" and not _are_one_hot(values):
                way = "several labels at once are `targets: {HEAD: {encoding: multi_hot, classes: N}}`"
                raise Broken("not-a-class", f"the target has another number of ones than one for each: {way}")
            return values.astype("float32")
        numbers = self._number_classes(raw, target)
        if target.encoding == "integer":
            return numbers.astype("int32")
        if target.encoding == "binary":
            return numbers.astype("float32")
        one_hot: Array = numpy.eye(len(target.names), dtype="float32")
        return one_hot[numbers]

    def _encode_numbers(self, raw: Array, target: HeadTarget) -> Array:
        values = self._fit(raw, self.sizes)
        if values.dtype.kind == "f" and not bool(numpy.isfinite(values).all()):
            raise Broken("not-finite", "the target holds NaN or infinity")
        if bool(find_exceeding("float32", values).any()):
            raise Broken("not-finite", "the target holds a number that is too large for float32")
        if (told := self.head.explain_outside(values)) is not None:
            raise Broken("not-a-class", told)
        scaled: Array = (values - target.mean) / target.spread if (target.mean, target.spread) != (0.0, 1.0) else values
        return scaled.astype("float32")

    def _number_classes(self, raw: Array, target: HeadTarget) -> Array:
        """The number of each class, in the shape of the head without its classes; raises Broken."""
        sizes = self.sizes[:-1] if target.encoding != "binary" else self.sizes
        values = raw if self.head.takes_sequences else self._fit(raw, sizes)
        ignored = self.head.ignored_class
        if values.dtype.kind == "U" or self._are_labels(target.names):
            places = {name: place for place, name in enumerate(target.names)}
            texts = values.astype(str) if values.dtype.kind != "f" else values.astype("int64").astype(str)
            if ignored is not None:
                places.setdefault(str(ignored), ignored)
            if any(each not in places for each in texts.reshape(-1).tolist()):
                raise Broken("not-a-class", f"the target holds a label that is none of the {len(target.names)} classes")
            return numpy.asarray([places[each] for each in texts.reshape(-1).tolist()], "int64").reshape(values.shape)
        whole = (values == numpy.floor(values)) & (values >= 0) & (values < max(len(target.names), 1))
        if not bool((whole | (values == ignored) if ignored is not None else whole).all()):
            words = "0 and 1" if target.encoding == "binary" else f"those of a class, 0 to {len(target.names) - 1}"
            raise Broken("not-a-class", f"the target holds other numbers than {words}")
        return values.astype("int64")

    def _are_labels(self, names: Sequence[str]) -> bool:
        """Whether classes are written as numbers, which then stand for themselves and not for places in their order."""
        return self.head.source.source.classes is not None and all(each.isdecimal() for each in names)

    def _fit(self, values: Array, sizes: Sequence[object]) -> Array:
        """The values with the axes that are wanted; raises Broken for another shape."""
        if values.dtype.kind not in "biufU":
            raise Broken("not-a-number", "the target holds no numbers")
        if values.dtype.kind == "U" and not self.head.of_classes:
            raise Broken("not-a-number", "the target holds text")
        if values.ndim == len(sizes) - 1 and sizes[-1] == 1:
            values = values[..., None]
        elif values.ndim == len(sizes) + 1 and values.shape[-1] == 1:
            values = values[..., 0]
        if values.ndim != len(sizes) or any(isinstance(w, int) and w != h for w, h in zip(sizes, values.shape, strict=False)):
            wanted = "[" + ", ".join(str(each) if isinstance(each, int) else "?" for each in sizes) + "]"
            raise Broken("shape-differs", f"the target is {list(values.shape)}; the head `{self.head.name}` takes {wanted}")
        return values


def _are_one_hot(values: Array) -> bool:
    """Whether each row of the last axis has one 1, all else 0."""
    return bool(numpy.isin(values, (0, 1)).all()) and bool((values.sum(-1) == 1).all())
