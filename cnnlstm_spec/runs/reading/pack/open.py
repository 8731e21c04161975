"""Opens a pack as the parts that it holds, after it was held against the spec: what it was packed with is what is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
from pydantic import ValidationError

from ....ops.input import Input
from ....spec.data.inputs import VideoSource
from ....spec.data.section import DataSpec
from ....spec.data.sources import DataSource
from ....spec.data.window import Window
from ....text.files import PathError, find_sort, read
from ....text.files import digest as digest_of
from ...samples import DataError, HeadTarget
from ..branches.branch import BranchFacts, BranchSamples
from ..branches.cells import CellsBranch
from ..head_facts import HeadFacts
from ..part import FilePart, Windows
from ..sources.rows import Array, Rows
from ..windows import RowOrder
from .describe import find_differences
from .document import MASK, NAME, Pack
from .fit import find_unfit
from .shards import Shards

MOST = 1 << 26
"""Bytes of `pack.json`."""


class OpenPack:
    """A pack whose `pack.json` was read."""

    def __init__(self, folder: Path, shown: str) -> None:
        """Raises DataError where the folder holds no sound pack."""
        self.folder, self.shown = folder, shown
        try:
            self.pack = Pack.from_json(read(folder / NAME, MOST))
        except (PathError, ValueError, ValidationError, RecursionError):
            raise DataError([f"{shown}/{NAME}: it is no pack that `cnnlstm-spec data SPEC --pack DIR` has written"]) from None

    @property
    def targets(self) -> dict[str, HeadTarget]:
        """What each head's target is."""
        return {head: each.target.to_target(head) for head, each in self.pack.targets.items()}

    def require_like(
        self, inputs: Mapping[str, Input], data: DataSpec, heads: list[HeadFacts], known: Mapping[str, HeadTarget]
    ) -> None:
        """Raises DataError where the spec reads something else than was packed, or a run has learned other targets."""
        found = list(find_differences(self.pack, inputs, data, heads))
        found += [
            f"the target of `{head}` is not the one that the run has learned"
            for head, each in known.items()
            if self.targets.get(head, each) != each
        ]
        if found:
            raise DataError([f"{self.shown}: {each}" for each in found])

    def describe_part(self, part: str) -> list[dict[str, object]]:
        """What a manifest says of it: its digest is that of `pack.json`, which has those of the shards."""
        samples = self.pack.parts[part].samples
        return [{"path": self.shown, "rows": samples, "sha256": digest_of(self.folder / NAME)}]

    def take(
        self,
        name: str,
        inputs: Sequence[BranchFacts],
        heads: Sequence[HeadFacts],
        seed: int,
        window: Window | None,
        steps: int,
    ) -> FilePart:
        """A part by its name; raises DataError where there is none, or its shards are not as they were packed.

        Targets of a `window` have so many `steps`.
        """
        if name not in self.pack.parts:
            raise DataError([f"{self.shown}: it holds no part `{name}`"])
        part = self.pack.parts[name]
        if (amiss := next(find_unfit(self.pack, part, inputs, heads), None)) is not None:
            raise DataError([f"{self.shown}/{NAME}: `{amiss}` of `{name}` is not what this spec reads"])
        shards = Shards(self.folder, self.shown, part)
        rows = PackedRows(shards, self.describe_part(name))
        branches: dict[str, BranchSamples] = {}
        for each in inputs:
            known = self.pack.inputs[each.name]
            files = known.held == "files"
            branches[each.name] = PackedColumns(each, rows) if known.in_memory else PackedCells(each, rows, files)
        values = {
            head: self._check_sound(_join_shards(shards, f"target/{head}"), self.targets[head]) for head in self.pack.targets
        }
        weights = {head: self._check_sound(shards.read_matrix(f"weight/{head}")) for head in self.pack.weights}
        groups = [str(each) for some in shards.iterate_values("group") for each in some] if "group" in part.columns else None
        if window is None:
            return FilePart(rows, branches, numpy.arange(len(shards)), self.targets, values, weights, seed, None, groups)
        windows, at = self._cut_windows(shards, window, steps)
        values = {head: each[at] for head, each in values.items()}
        weights = {head: each[at] for head, each in weights.items()}
        groups = [groups[place] for place in at.tolist()] if groups is not None else None
        return FilePart(rows, branches, at, self.targets, values, weights, seed, windows, groups)

    def _cut_windows(self, shards: Shards, window: Window, steps: int) -> tuple[Windows, Array]:
        """How windows are made of the rows of a part, and where they begin; raises DataError where one has no place there."""
        at, series = numpy.flatnonzero(shards.read_matrix("begins")), shards.read_matrix("series")
        last = at + window.count_reach(steps) - 1
        if not len(at) or int(last[-1]) >= len(series) or bool((series[at] != series[last]).any()):
            raise DataError([f"{self.shown}: its samples do not begin where `window` lets them"])
        order = RowOrder(numpy.arange(len(series)), series)
        return Windows(window, order, lambda head: shards.read_matrix(f"known/{head}")), at

    def _check_sound(self, values: Array | list[Array], target: HeadTarget | None = None) -> Any:
        """Targets or weights; raises DataError where they are no numbers, or none of the classes."""
        least = 0 if target is None or target.encoding != "real" else -numpy.inf
        most = len(target.names) - 1 if target is not None and target.encoding == "integer" and target.names else numpy.inf
        for each in values if isinstance(values, list) else [values]:
            if not bool(numpy.isfinite(each).all()) or (each.size and not least <= each.min() <= each.max() <= most):
                raise DataError([f"{self.shown}: its targets or weights are not what `{NAME}` says"])
        return values


def find_pack(source: DataSource, path: Path) -> OpenPack | None:
    """The pack at a path; None where there is none, or where the system does not tell, which whoever opens it finds."""
    try:
        return OpenPack(path, str(source.path)) if find_sort(path) == "folder" and find_sort(path / NAME) is not None else None
    except PathError:
        return None


def _join_shards(shards: Shards, name: str) -> Array | list[Array]:
    """The values of all samples, in one array where all are of one shape."""
    if shards.part.columns[name].shape is not None:
        return shards.read_matrix(name)
    return [each for some in shards.iterate_values(name) for each in some]


class PackedRows(Rows):
    """The samples of a part as rows."""

    def __init__(self, shards: Shards, facts: list[dict[str, object]]) -> None:
        self.shards, self.name, self._facts = shards, shards.shown, facts

    def __len__(self) -> int:
        return len(self.shards)

    def list_names(self) -> tuple[str, ...]:
        return ()

    def read_texts(self, column: str) -> Sequence[str | None]:
        raise KeyError(column)

    def read_numbers(self, column: str) -> tuple[Array, Array]:
        raise KeyError(column)

    def read_cell(self, column: str, row: int) -> object:
        return self.shards.read_cell(column, row)

    def is_text(self, column: str) -> bool:
        return False

    def is_array(self, column: str) -> bool:
        return True

    def iterate_keys(self) -> Sequence[bytes]:
        return [str(row).encode() for row in range(len(self))]

    def name_row(self, row: int) -> str:
        return str(self.shards.read_cell("label", row))

    def describe_source(self) -> list[dict[str, object]]:
        return self._facts


class PackedCells(CellsBranch):
    """Samples that are read from the shards one by one."""

    def __init__(self, branch: BranchFacts, rows: Rows, files: bool) -> None:
        super().__init__(branch, rows)
        self.files = files
        """Whether what lies there is all of a file, of which a sample is drawn as it would be of the file."""

    @property
    def column(self) -> str:
        return f"input/{self.name}"

    @property
    def mask_column(self) -> str | None:
        name = f"{MASK}/{self.name}"
        return name if isinstance(self.rows, PackedRows) and name in self.rows.shards.part.columns else None

    def decode_cell(self, row: int) -> Array:
        return numpy.asarray(self.rows.read_cell(self.column, row))

    def decode(self, row: int, generator: numpy.random.Generator | None) -> Array:
        values = self.decode_cell(row)
        source = self.source.source
        if self.files and isinstance(source, VideoSource) and source.frames == "random":
            return values[list(self.make_chooser(source, generator)(len(values)))]
        return values


class PackedColumns(BranchSamples):
    """Samples that lie in memory, one of each row."""

    def __init__(self, branch: BranchFacts, rows: PackedRows) -> None:
        super().__init__(branch, rows)
        self.values = rows.shards.read_matrix(self.column)
        if self.values.dtype.kind == "f" and not bool(numpy.isfinite(self.values).all()):
            raise DataError([f"{rows.name}: `{self.name}` holds NaN or infinity"])

    @property
    def column(self) -> str:
        return f"input/{self.name}"

    def read_matrix(self) -> Array | None:
        return self.values

    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        return numpy.asarray(self.values[row])
