"""The files of `test`, which no epoch reads: they are read before the first step, so that no training is lost to one of them."""

from __future__ import annotations

from ..samples import Data
from .branches.cells import CellsBranch
from .check import measure_part
from .part import FilePart
from .problems import Problem, Problems


def find_unread(data: Data) -> FilePart | None:
    """The part `test`, where it has files that nobody has read as they are now, or targets that hang on what is in them."""
    part = data.parts.get("test")
    if not isinstance(part, FilePart):
        return None
    branches = [each for each in part.branches.values() if isinstance(each, CellsBranch) and each.paths]
    if branches and part.sizes is not None and part.sizes.open_heads:
        return part
    rows = [part.find_row(place) for place in range(len(part))]
    return part if any(not branch.is_known(row) for branch in branches for row in rows) else None


def check_unread(part: FilePart) -> None:
    """Raises a DataError with all that is amiss in a part."""
    told: list[Problem] = []
    measure_part(part, told)
    problems = Problems()
    for each in told:
        problems.add(each.code, each.message, each.file, each.row, each.column)
    problems.stop()
