"""`window`: samples that are rows one after the other of a long table, in the words of `timeseries_dataset_from_array`."""

from __future__ import annotations

from typing import Annotated

from ...language.kinds import OWN_NATURAL, SIZE
from ...language.record import Record
from .splits import COLUMN


class Window(Record):
    """Samples of rows one after the other."""

    sequence_length: Annotated[int, SIZE]
    """How many rows a sample has."""
    sequence_stride: Annotated[int, SIZE] = 1
    """Rows from the beginning of a sample to that of the next."""
    sampling_rate: Annotated[int, SIZE] = 1
    """Rows from one row of a sample to the next."""
    delay: Annotated[int, OWN_NATURAL] = 1
    """Rows from the last row of a sample to its target: 1 is the next."""
    order: Annotated[str | None, COLUMN] = None
    """The column by whose values rows are sorted; the order of the table if it is left out."""
    group: Annotated[str | None, COLUMN] = None
    """A column of whose values no sample spans two."""
    season: Annotated[int | None, SIZE] = None
    """So many rows before lies the value that a forecast is compared with, beside the last one."""

    @property
    def span(self) -> int:
        """Rows from the first of a sample to its last, both counted."""
        return (self.sequence_length - 1) * self.sampling_rate + 1

    def count_reach(self, steps: int = 1) -> int:
        """Rows from the first of a sample to the last of its target of so many steps, both counted."""
        return self.span + self.delay + steps - 1
