"""The data of a compilation: sources opened, parts shared out, targets read, all that is amiss in cells told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ...compiler.compile import Compilation
from ...ops.input import Input
from ...spec.compile_section import CompileSpec
from ...spec.data.sources import DataSource
from ...spec.data.splits import Split
from ..open_sizes import OpenSizes
from ..readers import count_tokens, find_masked_value
from ..samples import Data, DataError, HeadTarget, Part
from .branches.branch import BranchFacts, BranchSamples
from .branches.cells import CellsBranch
from .branches.columns import ColumnsBranch
from .branches.open import open_branch
from .head_facts import HeadFacts
from .heads import HeadReader
from .needed import WEIGHTS, list_needed
from .pack.open import OpenPack, find_pack
from .part import FilePart, Windows
from .places import find_source
from .problems import MOST as MOST_PROBLEMS
from .problems import Problems
from .room import MOST, Room
from .seen import Seen
from .sources.folders import FolderRows
from .sources.open import SourceSetting, open_source
from .sources.rows import Array, Rows
from .split import CODES, TRAIN, read_codes, split_rows
from .windows import RowOrder, find_windows, rank_rows, sort_rows

if TYPE_CHECKING:
    from ...ir.graph import TypedGraph
    from ...ir.tensor import TensorType

PARTS = ("train", "validation", "test")


class DataReading:
    """Opens the sources of a spec, and makes parts of them."""

    def __init__(
        self,
        compilation: Compilation,
        allow_outside: bool = False,
        allow_imports: bool = False,
        targets: Mapping[str, HeadTarget] | None = None,
        most_problems: int = MOST_PROBLEMS,
    ) -> None:
        """`targets` are those of an earlier run, whose classes and scales hold here too; without them `train` says."""
        spec, typed = compilation.spec, compilation.typed
        assert spec is not None and typed is not None
        if spec.data is None:
            raise DataError(["the spec has no section `data`"])
        self.spec, self.typed, self.data = spec, typed, spec.data
        self.known = dict(targets or {})
        self.problems = Problems(most_problems)
        self.readers: dict[str, HeadReader] = {}
        self.packed: dict[str, HeadTarget] = {}
        """The targets of packs."""
        self.opened: dict[str, Rows] = {}
        self.branches: dict[Rows, dict[str, BranchSamples]] = {}
        name = compilation.source.name
        base = Path() if name.startswith("<") else Path(name).parent
        self.seen, self.room = Seen(base), Room()
        root = find_source(self.data.root, base, allow_outside) if self.data.root is not None else None
        heads = tuple(head.name for head in spec.heads)
        names = tuple(each.name for each in spec.branches)
        needed, streamed = list_needed(spec, self.data)
        self.sizes = OpenSizes(typed, tuple(each.name for each in self.list_heads() if not each.takes_sequences))
        self.setting = SourceSetting(base, root, names, heads, allow_outside, allow_imports, needed, streamed)

    def open_all(self, fold: int | None = None) -> Data:
        """All parts, of which samples are read again and again; raises DataError with everything that is amiss in cells."""
        self.room = Room(MOST)
        parts = self.read(fold)
        self.problems.stop()
        return Data(parts, self.targets, self.describe_parts(parts), seen=self.seen)

    @property
    def targets(self) -> dict[str, HeadTarget]:
        """What the target of each head is that has been read."""
        return {**self.packed, **{name: each.target for name, each in self.readers.items()}}

    def read(self, fold: int | None = None) -> dict[str, Part]:
        """All parts, as far as they can be read; what is amiss stands in `problems`."""
        parts: dict[str, Part] = {}
        with self.problems.gather():
            pack = self._pack(self.data.train)
            share = self._make_sharer(fold) if pack is None else partial(self._open_packed, pack)
            parts["train"] = share("train")
            for name, value in self.data.parts.items():
                with self.problems.gather():
                    if isinstance(value, Split):
                        parts[name] = share(name)
                    elif isinstance(value, DataSource):
                        parts[name] = self.open_part((value,), name)
        return parts

    def _make_sharer(self, fold: int | None) -> Callable[[str], Part]:
        """What gives `train`, and the parts of it that others are."""
        train = self._open_rows(self.data.train, "train")
        splits = {name: each for name, each in self.data.parts.items() if isinstance(each, Split)}
        order = self._make_order(train)
        codes = None
        with self.problems.gather():
            codes = split_rows(train, splits, self.data.seed, lambda split: self._list_places(train, split), fold)

        def share(name: str) -> Part:
            if codes is None and name in splits:
                # Why stands in `problems`: the rest is looked at as if all were `train`.
                raise DataError([])
            return self._open_part(
                name, train, numpy.zeros(len(train), "int8") if codes is None else codes, CODES.get(name, TRAIN), order
            )

        return share

    def open_part(self, sources: tuple[DataSource, ...], name: str, targets: bool = True) -> Part:
        """A source as a part of its own; without `targets` it needs no columns for them.

        `train` is read before, or the targets of an earlier run are known.
        """
        if (pack := self._pack(sources)) is not None:
            return self._open_packed(
                pack, name if name in PARTS else next(each for each in reversed(PARTS) if each in pack.pack.parts)
            )
        return self.make_part(self._open_rows(sources, name), name, targets)

    def _pack(self, sources: tuple[DataSource, ...]) -> OpenPack | None:
        """The pack that a source is; None where it is something else."""
        (source, *others) = sources
        if source.path is None or others:
            return None
        return find_pack(source, find_source(source.path, self.setting.base, self.setting.allow_outside))

    def _open_packed(self, pack: OpenPack, name: str) -> FilePart:
        inputs = {each.name: each.input for each in self.spec.branches if isinstance(each.input, Input)}
        heads = self.list_heads()
        pack.require_like(inputs, self.data, heads, self.known)
        self.known |= pack.targets
        self.packed |= pack.targets
        part = pack.take(name, self._list_branches(), heads, self.spec.seed, self.data.window, self.count_steps())
        self.opened[name] = part.source
        return replace(part, sizes=self.sizes)

    def make_part(self, rows: Rows, name: str, targets: bool = True) -> Part:
        """Rows that are open already as a part of its own."""
        return self._open_part(name, rows, numpy.zeros(len(rows), dtype="int8"), TRAIN, self._make_order(rows), targets)

    def _open_rows(self, sources: tuple[DataSource, ...], name: str) -> Rows:
        rows = self.opened[name] = open_source(sources, self.setting)
        if not len(rows):
            raise DataError([f"{rows.name}: it has no row"])
        if isinstance(rows, FolderRows) and name == "train":
            for each in rows.list_empty():
                self.problems.add("class-missing", f"the class `{each}` has no file", rows.name, None, rows.head)
        return rows

    def _make_order(self, rows: Rows) -> RowOrder | None:
        return sort_rows(rows, self.data.window, self.problems) if self.data.window is not None else None

    def _list_places(self, rows: Rows, split: Split) -> Array:
        window = self.data.window
        return rank_rows(rows, split.order or (window.order if window is not None else None))

    def _open_part(self, name: str, rows: Rows, codes: Array, code: int, order: RowOrder | None, targets: bool = True) -> Part:
        branches = self._make_branches(rows)
        window = self.data.window
        if window is not None and order is not None:
            at = find_windows(order, codes, code, window, self.count_steps(), targets)
            seen = order.rows[codes[order.rows] == code]
        else:
            at = seen = numpy.flatnonzero(codes == code)
        before = len(at)
        for branch in branches.values():
            kept = branch.check(seen, self.problems)
            if kept is not seen:
                # Of a window the last row is the only one that such a branch reads.
                at = at[numpy.isin(self._list_last_rows(at, order), kept)]
        if not len(at):
            window_words = (
                f", or none of {window.count_reach(self.count_steps())} rows one after the other" if window is not None else ""
            )
            self.problems.add("part-empty", f"the part `{name}` has no sample{window_words}", rows.name)
            self.problems.stop()
        values = self._read_targets(name, rows, at, order, seen) if targets else {}
        windows = Windows(window, order, partial(self._read_known, rows)) if window is not None and order is not None else None
        weights = self._read_weights(rows, self._list_last_rows(at, order)) if targets else {}
        group = next(
            (each.group for each in self.data.parts.values() if isinstance(each, Split) and each.group is not None), None
        )
        groups = None
        if group is not None and group in rows.list_names():
            names, held = read_codes(rows, group, "group")
            groups = [names[each] for each in held[self._list_last_rows(at, order)].tolist()]
        known = {head: each.target for head, each in self.readers.items()} if targets else {}
        given = (windows, groups, self.sizes, before - len(at))
        part = FilePart(rows, branches, at, known, values, weights, self.spec.seed, *given)
        if self.sizes.open_heads and not any(isinstance(each, CellsBranch) and each.paths for each in branches.values()):
            # Of files the steps are known once they are read.
            for file, row, head, told in part.find_unfit_targets():
                self.problems.add("shape-differs", told, file, row, head)
        return part

    def _list_branches(self) -> list[BranchFacts]:
        found = []
        for each in self.spec.branches:
            assert isinstance(each.input, Input)
            by_layer = find_masked_value(self.typed, each.name)
            padding = each.input.padding_value if each.mask_by is not None else by_layer
            tells_padding = each.mask_by is not None or by_layer is not None
            tokens = count_tokens(self.typed, each.name) if each.input.kind == "tokens" else None
            found.append(BranchFacts(each.name, each.input, self.data.inputs[each.name], tells_padding, padding, tokens))
        return found

    def _make_branches(self, rows: Rows) -> dict[str, BranchSamples]:
        """How each branch reads these rows; the parts of one source have the same."""
        if rows not in self.branches:
            self.branches[rows] = self._open_branches(rows)
        return self.branches[rows]

    def _open_branches(self, rows: Rows) -> dict[str, BranchSamples]:
        found = {}
        for each in self._list_branches():
            try:
                branch = open_branch(each, rows, self.data.window is not None, self.seen, self.room)
            except KeyError as error:
                (column,) = error.args
                self.problems.add(
                    "column-missing",
                    f"there is no such column, which the branch `{each.name}` reads{rows.suggest(column)}",
                    rows.name,
                    None,
                    column,
                )
                continue
            found[each.name] = branch
            if isinstance(branch, ColumnsBranch) and branch.shape.sizes and each.input.kind != "tokens":
                width, has = branch.shape.sizes[-1], branch.values.shape[1]
                if width is not None and width != has:
                    told = f"{has} columns are read; the branch `{each.name}` has {width} features"
                    self.problems.add("shape-differs", told, rows.name, None, branch.column)
        return found

    def _read_known(self, rows: Rows, head: str) -> Array:
        """The numbers of the columns of a head's target."""
        return numpy.stack([rows.read_numbers(column)[0] for column in self.data.targets[head].columns], axis=1)

    def count_steps(self) -> int:
        """How many rows the target of a window has: as many as the head has steps."""
        found = 1
        for head in self.list_heads():
            sizes = head.type.sizes if head.type is not None else ()
            if len(sizes) >= 1 and isinstance(sizes[0], int) and not (len(sizes) == 1 and (sizes[0] == 1 or self._is_wide(head))):
                found = max(found, sizes[0])
        return found

    def _is_wide(self, head: HeadFacts) -> bool:
        """Whether the only axis of a head is its columns or classes, not steps."""
        return head.of_classes or len(head.source.columns) > 1

    def list_heads(self) -> list[HeadFacts]:
        """The heads that have a target: those that are trained or measured."""
        section = self.spec.compile if isinstance(self.spec.compile, CompileSpec) else CompileSpec()
        promised = {each.head: each.target for each in self.spec.targets}
        found = []
        for each in self.spec.heads:
            loss = section.losses.get(each.name)
            measured = section.metrics.get(each.name) or section.weighted_metrics.get(each.name)
            if section.losses and loss is None and not measured:
                continue
            output = _find_output(self.typed, each.name)
            found.append(HeadFacts(each.name, self.data.targets[each.name], output, loss, promised.get(each.name)))
        return found

    def _read_targets(
        self, name: str, rows: Rows, at: Array, order: RowOrder | None, seen: Array
    ) -> dict[str, Array | list[Array]]:
        found: dict[str, Array | list[Array]] = {}
        for head in self.list_heads():
            missing = [column for column in head.source.columns if column not in rows.list_names()]
            for column in missing:
                told = f"there is no such column, which the head `{head.name}` is to learn{rows.suggest(column)}"
                self.problems.add("column-missing", told, rows.name, None, column)
            if missing:
                continue
            if head.name not in self.readers:
                known = self.known.get(head.name)
                windowed = order is not None
                self.readers[head.name] = HeadReader(head, rows, seen if windowed else at, self.problems, known, windowed)
            reader = self.readers[head.name]
            read = reader.read(rows, at, self.problems) if order is None else self._read_windows(head, reader, rows, at, order)
            found[head.name] = reader.fit_to_head(rows, read, self.problems)
        return found

    def _read_windows(self, head: HeadFacts, reader: HeadReader, rows: Rows, at: Array, order: RowOrder) -> Array:
        """The targets of windows: the rows that begin `delay` after the last of each."""
        window = self.data.window
        assert window is not None
        sizes = head.type.sizes if head.type is not None else ()
        steps = sizes[0] if len(sizes) >= 1 and isinstance(sizes[0], int) and not (len(sizes) == 1 and self._is_wide(head)) else 1
        first = at + window.span - 1 + window.delay
        every = order.rows[first[:, None] + numpy.arange(steps)]
        unique, places = numpy.unique(every.reshape(-1), return_inverse=True)
        values = reader.read(rows, unique, self.problems)
        if isinstance(values, list) or len(values) < len(unique):
            # Why stands in `problems`.
            raise DataError([])
        taken = values[places].reshape(len(at), steps, *values.shape[1:])
        if len(sizes) == 1 and steps == sizes[0] and taken[0].size == steps and not self._is_wide(head):
            return taken.reshape(len(at), steps)
        return taken[:, 0] if steps == 1 and len(sizes) == 1 else taken

    def _list_last_rows(self, at: Array, order: RowOrder | None) -> Array:
        """The row of each sample, of a window the last one."""
        window = self.data.window
        return at if order is None or window is None else order.rows[at + window.span - 1]

    def _read_weights(self, rows: Rows, at: Array) -> dict[str, Array]:
        found: dict[str, Array] = {}
        sources = [(each.head, each.column) for each in self.data.sample_weights]
        if not sources and self.setting.needed is not None and rows.find_root(0) is None:
            by_name = [(None, WEIGHTS), *((head, f"{WEIGHTS}.{head}") for head in self.setting.heads)]
            sources = [(head, column) for head, column in by_name if column in rows.list_names()]
        for head, column in sources:
            if column not in rows.list_names():
                told = f"there is no such column, which weighs the samples{rows.suggest(column)}"
                self.problems.add("column-missing", told, rows.name, None, column)
                continue
            values, wrong = rows.read_numbers(column)
            for index in numpy.flatnonzero(wrong[at] | ~numpy.isfinite(values[at])).tolist():
                self.problems.add("not-a-number", "the weight is no number", *rows.locate(int(at[index])), column)
            for index in numpy.flatnonzero(values[at] < 0).tolist():
                self.problems.add("weight-negative", "the weight is below 0", *rows.locate(int(at[index])), column)
            for name in [each.name for each in self.list_heads()] if head is None else [head]:
                found[name] = values[at].astype("float32")
        return found

    def describe_parts(self, parts: Mapping[str, Part]) -> dict[str, object]:
        """What a manifest says of the data: sources, counts, classes."""
        classes = {name: list(each.names) for name, each in self.targets.items() if each.sort != "numbers"}
        left_out = {name: part.left_out for name, part in parts.items() if part.left_out}
        return {
            "sources": {name: rows.describe_source() for name, rows in self.opened.items()},
            "samples": {name: len(part) for name, part in parts.items()},
            **({"left_out": left_out} if left_out else {}),
            "classes": classes,
            "seed": self.data.seed,
        }


def _find_output(typed: TypedGraph, head: str) -> TensorType | None:
    """The type of what a head gives."""
    return typed.nodes[typed.graph.outputs[head]].type


def open_data(
    compilation: Compilation, allow_outside: bool = False, allow_imports: bool = False, fold: int | None = None
) -> Data:
    """The data of a spec, opened, every cell of its tables looked at. Raises DataError with everything that is amiss."""
    return DataReading(compilation, allow_outside, allow_imports).open_all(fold)
