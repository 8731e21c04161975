"""Tables: CSV, TSV, Parquet and JSON lines, one file or several that are one. Read by polars; CSV as text, never guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from ....text.files import digest
from ...samples import DataError
from ..libraries import need
from ..places import Root
from .rows import Array, Rows

SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class TableFile:
    """A file of a table."""

    path: Path
    shown: str
    """As it is written, for messages."""
    separator: str | None
    root: Root

    def scan(self) -> Any:
        """The file as a frame that is read when it is asked for."""
        polars = need("polars", f"`{self.shown}`")
        ending = self.path.suffix.lower()
        if ending in SEPARATORS:
            separator = self.separator or SEPARATORS[ending]
            return polars.scan_csv(self.path, infer_schema=False, separator=separator, glob=False)
        if ending == ".parquet":
            return polars.scan_parquet(self.path, glob=False, hive_partitioning=False)
        return polars.scan_ndjson(self.path, infer_schema_length=None)


class TableRows(Rows):
    """The columns that a run needs, of one or several files."""

    def __init__(self, files: Sequence[TableFile], needed: Sequence[str] | None = None) -> None:
        """`needed` are the columns that are read, where the table has them; None for all."""
        polars = need("polars", f"`{files[0].shown}`")
        self.files, self.name = files, files[0].shown
        frames: list[Any] = []
        self._names: tuple[str, ...] = ()
        for each in files:
            with _told(each, polars):
                frame = each.scan()
                names = tuple(frame.collect_schema().names())
                wanted = [name for name in names if needed is None or name in needed]
                if frames and set(names) != set(self._names):
                    raise DataError([f"{each.shown}: its columns are others than those of {files[0].shown}"])
                self._names = self._names or names
                # A file of none of them still has rows.
                frames.append(frame.select(wanted or names[:1]).collect())
        self.starts = numpy.cumsum([0, *(each.height for each in frames)])
        order = frames[0].columns
        self.frame = (
            frames[0] if len(frames) == 1 else polars.concat([each.select(order) for each in frames], how="vertical_relaxed")
        )

    def __len__(self) -> int:
        return int(self.frame.height)

    def names(self) -> tuple[str, ...]:
        return self._names

    def texts(self, column: str) -> Sequence[str | None]:
        polars = need("polars", "a table")
        series = self.frame[column]
        if series.dtype.is_float():
            # Integers that a format keeps as floats are labels such as 3, not 3.0.
            whole = series.cast(polars.Int64, strict=False)
            if bool(((whole.cast(series.dtype) == series) | series.is_null()).all()):
                series = whole
        texts: Sequence[str | None] = series.cast(polars.String).to_list()
        return texts

    def numbers(self, column: str) -> tuple[Array, Array]:
        polars = need("polars", "a table")
        series = self.frame[column]
        if series.dtype == polars.String:
            series = series.str.strip_chars()
        elif not (series.dtype.is_numeric() or series.dtype == polars.Boolean):
            return numpy.full(len(self), numpy.nan), series.is_not_null().to_numpy()
        made = series.cast(polars.Float64, strict=False)
        wrong = made.is_null() & series.is_not_null()
        return made.fill_null(float("nan")).to_numpy(), wrong.to_numpy()

    def cell(self, column: str, row: int) -> Any:
        value = self.frame[column][row]
        if value is None or isinstance(value, str | bool | int | float):
            return value
        try:
            return numpy.asarray(value.to_list() if hasattr(value, "to_list") else value, dtype="float64")
        except (TypeError, ValueError):
            file, number = self.where(row)
            told = "the cell is a list of other things than numbers, or of lists of unequal lengths"
            raise DataError([f"{file}, row {number}, `{column}`: {told}"]) from None

    def is_text(self, column: str) -> bool:
        polars = need("polars", "a table")
        return bool(self.frame[column].dtype == polars.String)

    def keys(self) -> Sequence[bytes]:
        return list(self._keys())

    def _keys(self) -> Iterator[bytes]:
        """A digest of the cells of each row, all columns of the table, in its order."""
        polars = need("polars", "a table")
        for each in self.files:
            with _told(each, polars):
                for batch in each.scan().select(self._names).collect_batches(maintain_order=True):
                    for row in batch.iter_rows():
                        yield hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def where(self, row: int) -> tuple[str, int]:
        index = int(numpy.searchsorted(self.starts, row, side="right")) - 1
        return self.files[index].shown, row - int(self.starts[index]) + 1

    def root(self, row: int) -> Root | None:
        index = int(numpy.searchsorted(self.starts, row, side="right")) - 1
        return self.files[index].root

    def facts(self) -> list[dict[str, Any]]:
        rows = numpy.diff(self.starts)
        return [
            {"path": each.shown, "rows": int(count), "sha256": digest(each.path)}
            for each, count in zip(self.files, rows, strict=True)
        ]

    def whole(self) -> dict[str, Sequence[Any]] | None:
        frames = TableRows(self.files).frame
        return {name: frames[name].to_list() for name in self._names}


class _told:
    """Says of which file it is what polars says; what it quotes of the file is left out."""

    def __init__(self, file: TableFile, polars: Any) -> None:
        self.file, self.polars = file, polars

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self.polars.exceptions.NoDataError):
            raise DataError([f"{self.file.shown}: it is empty"]) from None
        if isinstance(error, self.polars.exceptions.PolarsError):
            raise DataError([f"{self.file.shown}: {_reason(str(error))}"]) from None
        if isinstance(error, OSError):
            raise DataError([f"{self.file.shown}: it cannot be read"]) from None


def _reason(words: str) -> str:
    if "utf-8" in words or "utf8" in words:
        return "it is not UTF-8"
    if "more fields" in words:
        return "a row has more cells than the header"
    return "it is no table of the format that its name says"
