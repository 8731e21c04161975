"""Tables: CSV, TSV, Parquet and JSON lines, one file or several that are one. Read by polars; CSV as text, never guessed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ....text.files import PathError, digest, open_regular
from ....text.frozen import dataclass
from ...samples import DataError
from ..libraries import import_needed
from ..places import Root
from ..problems import Broken, Problem, RowError
from .rows import Array, Rows, join_columns

if TYPE_CHECKING:
    from types import ModuleType

    from polars import DataFrame, LazyFrame, Series

CHUNK = 1 << 17
"""Rows that are read at a time of what is not held."""
MANY, FEW = 1_000_000, 10_000
"""So many rows are held as the numbers of their texts where they have so few."""
SEPARATORS = {".csv": ",", ".tsv": "\t"}
OTHERS = (";", "|", ",")
"""What else stands between cells, where no separator is written."""


@dataclass(frozen=True)
class TableFile:
    """A file of a table."""

    path: Path
    shown: str
    """As it is written, for messages."""
    separator: str | None
    root: Root

    def scan(self) -> LazyFrame:
        """The file as a frame that is read when it is asked for."""
        polars = import_needed("polars", f"`{self.shown}`")
        ending = self.path.suffix.lower()
        if ending in SEPARATORS:
            separator = self.separator or SEPARATORS[ending]
            frame: LazyFrame = polars.scan_csv(self.path, infer_schema=False, separator=separator, glob=False)
        elif ending == ".parquet":
            frame = polars.scan_parquet(self.path, glob=False, hive_partitioning=False)
        else:
            frame = polars.scan_ndjson(self.path, infer_schema_length=None)
        return frame

    def find_named_twice(self) -> set[str]:
        """The names that stand more than once in the header, of which polars makes others."""
        ending = self.path.suffix.lower()
        if ending not in SEPARATORS:
            return set()
        polars = import_needed("polars", f"`{self.shown}`")
        options = {"separator": self.separator or SEPARATORS[ending], "infer_schema": False, "glob": False}
        names = Counter(polars.read_csv(self.path, has_header=False, n_rows=1, **options).row(0))
        return {name for name, times in names.items() if times > 1 and name is not None}

    def read(self, frame: LazyFrame, columns: Sequence[str]) -> tuple[DataFrame, int]:
        """Some columns of what `scan` has given, and how many rows there are."""
        polars = import_needed("polars", f"`{self.shown}`")
        if self.path.suffix.lower() not in SEPARATORS:
            read = frame.select(columns).collect()
            return read, int(read.height if columns else frame.select(polars.len()).collect().item())
        # Cells beyond the header are seen where all columns are read alone.
        pieces = [(batch.select(columns), batch.height) for batch in frame.collect_batches(maintain_order=True, chunk_size=CHUNK)]
        read = polars.concat([each for each, _ in pieces]) if pieces else frame.select(columns).collect()
        return read, sum(height for _, height in pieces)


class TableRows(Rows):
    """The columns that a run needs, of one or several files."""

    def __init__(self, files: Sequence[TableFile], needed: Sequence[str] | None = None, streamed: Sequence[str] = ()) -> None:
        """`needed` are the columns that are read, where the table has them; None for all.

        Those of them that are `streamed` are asked for as a matrix alone, and not held otherwise.
        """
        polars = import_needed("polars", f"`{files[0].shown}`")
        self.files, self.name = files, files[0].shown
        frames: list[DataFrame] = []
        heights: list[int] = []
        self._names: tuple[str, ...] = ()
        for each in files:
            with _told(each, polars):
                frame = each.scan()
                names = tuple(frame.collect_schema().names())
                for name in sorted(each.find_named_twice()):
                    if needed is None or name in needed:
                        raise DataError([f"{each.shown}: its header names `{name}` twice"])
                wanted = [name for name in names if (needed is None or name in needed) and name not in streamed]
                if frames and set(names) != set(self._names):
                    raise DataError([f"{each.shown}: its columns are others than those of {files[0].shown}"])
                self._names = self._names or names
                read, height = each.read(frame, wanted)
                frames.append(read)
                heights.append(height)
        self.starts = numpy.cumsum([0, *heights])
        order = frames[0].columns
        whole = frames[0] if len(frames) == 1 else polars.concat([each.select(order) for each in frames], how="vertical_relaxed")
        self.frame = whole if whole.height < MANY else whole.select([_shorten_column(whole[name]) for name in order])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def list_names(self) -> tuple[str, ...]:
        return self._names

    def suggest(self, column: str) -> str:
        header, known = "".join(self._names), self.files[0].separator if self.files else None
        other = next((each for each in OTHERS if each != known and len(self._names) == 1 and each in header), None)
        if other is None:
            return super().suggest(column)
        return f"; its header is one cell with `{other}` in it: give the source `separator: '{other}'`"

    def _read_series(self, column: str) -> Series:
        """A column; one that is streamed is read, and held from now on."""
        if column not in self.frame.columns:
            polars = import_needed("polars", "a table")
            found = []
            for each in self.files:
                with _told(each, polars):
                    found.append(each.scan().select(column).collect())
            self.frame = self.frame.with_columns(polars.concat(found, how="vertical_relaxed")[column])
        return self.frame[column]

    def read_texts(self, column: str) -> Sequence[str | None]:
        texts: Sequence[str | None] = _as_texts(self._read_series(column)).to_list()
        return texts

    def list_labels(self, column: str) -> Sequence[Sequence[str] | None] | None:
        polars = import_needed("polars", "a table")
        if column not in self.frame.columns:
            return None
        series = self.frame[column]
        if series.dtype not in (polars.List(polars.String), polars.List(polars.Null)):
            return None
        lists: Sequence[Sequence[str] | None] = series.to_list()
        return lists

    def read_codes(self, column: str) -> tuple[list[str], Array]:
        polars = import_needed("polars", "a table")
        series = self._read_series(column)
        if isinstance(series.dtype, polars.Enum):
            places = series.to_physical().cast(polars.Int32).fill_null(-1).to_numpy()
            names = series.dtype.categories.to_list()
            return (names, places) if places.min() >= 0 else (["", *names], places + 1)
        texts = _as_texts(series).fill_null("")
        names = texts.unique(maintain_order=True)
        return names.to_list(), texts.replace_strict(names, range(len(names)), return_dtype=polars.Int32).to_numpy()

    def read_numbers(self, column: str) -> tuple[Array, Array]:
        return _as_numbers(self._read_series(column))

    def read_matrix(self, columns: Sequence[str], dtype: str) -> tuple[Array, Array | None]:
        if all(column in self.frame.columns for column in columns):
            return super().read_matrix(columns, dtype)
        polars = import_needed("polars", "a table")
        values: Array = numpy.empty((len(self), len(columns)), dtype)
        faults: Array | None = None
        first = 0
        for each in self.files:
            with _told(each, polars):
                for batch in each.scan().select(columns).collect_batches(maintain_order=True, chunk_size=CHUNK):
                    numbers = [_as_numbers(batch[column]) for column in columns]
                    some = slice(first, first + batch.height)
                    values[some], amiss = join_columns(numbers, dtype, partial(_list_texts, batch, columns))
                    if amiss is not None:
                        faults = numpy.zeros(values.shape, "int8") if faults is None else faults
                        faults[some] = amiss
                    first += batch.height
        return values, faults

    def read_cell(self, column: str, row: int) -> object:
        value = self._read_series(column)[row]
        if value is None or isinstance(value, str | bool | int | float):
            return value
        try:
            return numpy.asarray(value.to_list() if hasattr(value, "to_list") else value, dtype="float64")
        except (TypeError, ValueError):
            told = "the cell is a list of other things than numbers, or of lists of unequal lengths"
            raise Broken("not-a-number", told) from None

    def is_text(self, column: str) -> bool:
        polars = import_needed("polars", "a table")
        return bool(self._read_series(column).dtype in (polars.String, polars.Enum))

    def iterate_keys(self) -> Iterator[bytes]:
        """A digest of the cells of each row, all columns of the table, in its order."""
        polars = import_needed("polars", "a table")
        for each in self.files:
            with _told(each, polars):
                for batch in each.scan().select(self._names).collect_batches(maintain_order=True, chunk_size=CHUNK):
                    for row in batch.iter_rows():
                        yield hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def locate(self, row: int) -> tuple[str, int]:
        index = int(numpy.searchsorted(self.starts, row, side="right")) - 1
        return self.files[index].shown, row - int(self.starts[index]) + 1

    def find_root(self, row: int) -> Root | None:
        index = int(numpy.searchsorted(self.starts, row, side="right")) - 1
        return self.files[index].root

    def describe_source(self) -> list[dict[str, object]]:
        rows = numpy.diff(self.starts)
        return [
            {"path": each.shown, "rows": int(count), "sha256": digest(each.path)}
            for each, count in zip(self.files, rows, strict=True)
        ]

    def read_whole(self) -> dict[str, Sequence[object]] | None:
        frames = TableRows(self.files).frame
        return {name: frames[name].to_list() for name in self._names}


def _shorten_column(series: Series) -> Series:
    """A column of which many rows have few texts, as the numbers of these; any other as it is."""
    polars = import_needed("polars", "a table")
    count = series.approx_n_unique() if series.dtype == polars.String else None
    if not isinstance(count, int) or count > FEW:
        return series
    names = series.drop_nulls().unique(maintain_order=True)
    return series if "" in names else series.cast(polars.Enum(names))


def _list_texts(frame: DataFrame, columns: Sequence[str], index: int) -> Sequence[str | None]:
    texts: Sequence[str | None] = _as_texts(frame[columns[index]]).to_list()
    return texts


def _as_texts(series: Series) -> Series:
    """A column as text."""
    polars = import_needed("polars", "a table")
    if series.dtype.is_float():
        # Integers that a format keeps as floats are labels such as 3, not 3.0.
        whole = series.cast(polars.Int64, strict=False)
        if bool(((whole.cast(series.dtype) == series) | series.is_null()).all()):
            series = whole
    if series.dtype == polars.List:
        texts = [None if each is None else str(each) for each in series.to_list()]
        series = polars.Series(series.name, texts, polars.String)
    return series.cast(polars.String)


def _as_numbers(series: Series) -> tuple[Array, Array]:
    """A column as float64, NaN where there is nothing; and of each cell whether it holds something that is no number."""
    polars = import_needed("polars", "a table")
    if series.dtype in (polars.String, polars.Enum):
        series = series.cast(polars.String).str.strip_chars()
    elif not (series.dtype.is_numeric() or series.dtype == polars.Boolean):
        return numpy.full(len(series), numpy.nan), series.is_not_null().to_numpy()
    made = series.cast(polars.Float64, strict=False)
    wrong = made.is_null() & series.is_not_null()
    return made.fill_null(float("nan")).to_numpy(), wrong.to_numpy()


class _told:
    """Says of which file it is what polars says; what it quotes of the file is left out."""

    def __init__(self, file: TableFile, polars: ModuleType) -> None:
        self.file, self.polars = file, polars

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self.polars.exceptions.NoDataError):
            raise DataError([f"{self.file.shown}: it is empty"]) from None
        if isinstance(error, self.polars.exceptions.PolarsError):
            row, told = _find_broken_row(self.file), _explain_problem(str(error))
            if row is not None and self.file.path.suffix.lower() == ".jsonl":
                told = "the line is no mapping in JSON"
            raise RowError(Problem("not-readable", told, self.file.shown, row)) from None
        if isinstance(error, OSError):
            raise DataError([f"{self.file.shown}: it cannot be read"]) from None


def _find_broken_row(file: TableFile) -> int | None:
    """The first row that is no JSON, or has more cells than the header; None where there is none, or none is known."""
    ending = file.path.suffix.lower()
    try:
        with open_regular(file.path) as opened, io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as stream:
            if ending in SEPARATORS:
                rows = csv.reader(stream, delimiter=file.separator or SEPARATORS[ending])
                width = len(next(rows))
                return next((number for number, row in enumerate(rows, 1) if len(row) > width), None)
            if ending == ".jsonl":
                lines = (line for line in stream if line.strip())
                return next((number for number, line in enumerate(lines, 1) if not _is_row(line)), None)
    except (PathError, OSError, ValueError, csv.Error, StopIteration):
        # What it is that cannot be read is told without a row.
        return None
    return None


def _is_row(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _explain_problem(words: str) -> str:
    if "utf-8" in words or "utf8" in words:
        return "it is not UTF-8"
    if "more fields" in words:
        return "a row has more cells than the header"
    return "it is no table of the format that its name says"
