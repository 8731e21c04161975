"""New samples as a run's model takes them, for programs that predict by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path as File
from typing import TYPE_CHECKING

from .finished import open_run
from .reading.sources.held import HeldRows
from .samples import DataError

if TYPE_CHECKING:
    from .samples import Array


def read_rows(
    run: str | PathLike[str],
    rows: str | PathLike[str] | Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]],
    allow_outside: bool = False,
    allow_imports: bool = False,
) -> dict[str, Array]:
    """The arrays that `model.predict` takes, by the names of the Keras inputs, read as the run's `data` says.

    `rows` is the path of a source, a mapping of columns to cells, or a list of mappings, a row each. Paths in cells are relative
    to the source, else to the working folder. Targets are not needed. Rows that `missing: drop` leaves out are not in the arrays.
    Raises DataError for a run that is none, and with all that is amiss in the rows.
    """
    finished = open_run(File(run), allow_outside, allow_imports)
    if isinstance(rows, str | PathLike):
        part = finished.open_part(str(rows), targets=False).part
    else:
        reading = finished.prepare_reading()
        held = HeldRows(rows, File(), allow_outside)
        if not len(held):
            raise DataError(["there are no rows"])
        part = reading.make_part(held, "rows", targets=False)
        reading.problems.stop()
    return dict(part.read(range(len(part))).inputs)
