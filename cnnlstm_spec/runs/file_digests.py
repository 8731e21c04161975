"""One digest of all the files that samples are read of, in their order: what a run's identity says of them."""

from __future__ import annotations

import hashlib

from pydantic import JsonValue

from ..text.files import PathError
from .reading.branches.cells import CellsBranch
from .reading.part import FilePart
from .reading.problems import Broken
from .samples import Data


def digest_files(data: Data, anew: bool) -> dict[str, JsonValue] | None:
    """How many files there are, and their digest. None where there are none, or one is not known and not to be read `anew`."""
    found, count = hashlib.sha256(), 0
    for name, part in sorted(data.parts.items()):
        if not isinstance(part, FilePart):
            continue
        for branch in part.branches.values():
            if not isinstance(branch, CellsBranch) or not branch.paths:
                continue
            for place in range(len(part)):
                row = part.find_row(place)
                try:
                    path = branch.find_path(row)
                    if (sha256 := branch.seen.digest(path, anew)) is None:
                        return None
                    line = f"{name}\0{branch.name}\0{branch.rows.read_cell(branch.column, row)}\0{sha256}\n"
                except (Broken, PathError):
                    # It was there before; the run has what it read of it.
                    continue
                found.update(line.encode("utf-8", "surrogateescape"))
                count += 1
    return {"count": count, "sha256": found.hexdigest()} if count else None
