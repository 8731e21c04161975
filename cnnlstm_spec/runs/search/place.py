"""The folder of a search: whose it is, one process at a time, and what lies in it. Imports neither Keras nor Optuna."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File

from ...compiler.artifact.ownership import is_temporary
from ...compiler.artifact.write import lock_file, make_folder, replace_file
from ...compiler.resolved import make_plain
from ...text.escape.json import to_json
from ...text.files import find_sort, list_entries, read
from ...text.frozen import dataclass
from ..folder import NAMES, RunFolder
from ..samples import DataError
from .document import SearchIdentity

STUDY, SEARCH, LOCK, TABLE, REPORT, BEST_SPEC, BEST = (
    "study.db",
    "search.json",
    "search.lock",
    "trials.csv",
    "trials.json",
    "best.yaml",
    "best",
)


def name_trial(number: int) -> str:
    """The name of the folder of a trial."""
    return f"trial-{number:04d}"


def make_key(document: object, choices: object) -> str:
    """What tells a search from others: the spec with its overrides, but for how many trials it has."""
    held = {"document": make_plain(document), "search": make_plain(choices)}
    return hashlib.sha256(to_json(held, None).encode()).hexdigest()


class TakenFolder(DataError):
    """The folder is not this search's to write in."""


@dataclass(frozen=True)
class SearchFolder:
    """The folder."""

    path: File

    @property
    def url(self) -> str:
        """The study that lies in it."""
        return f"sqlite:///{(self.path / STUDY).absolute()}"

    def find_trial(self, number: int) -> File:
        """The folder of a trial."""
        return self.path / name_trial(number)

    def is_claimed(self) -> bool:
        """Whether a search has made it its own."""
        return SearchIdentity.read_file(self.path / SEARCH) is not None

    def claim(self, key: str) -> str:
        """Makes the folder this search's, and gives what marks trials as its own. Raises TakenFolder where it is another's."""
        held = SearchIdentity.read_file(self.path / SEARCH)
        if held is not None:
            if held.key != key:
                raise TakenFolder([f"`{self.path}` holds another search (the spec differs): name another folder"])
            return held.owner
        # One that was killed while it made the folder its own has left no more than these.
        if not all(path.name == LOCK or is_temporary(path, (SEARCH,)) for path in list_entries(self.path)):
            raise TakenFolder([f"`{self.path}` holds files that are no search's: name another folder"])
        ours = SearchIdentity(version=1, key=key, owner=secrets.token_hex(8))
        replace_file(self.path / SEARCH, (ours.to_json() + "\n").encode())
        return ours.owner

    @contextmanager
    def lock(self) -> Iterator[None]:
        """For one process alone; the system ends it with the process. Raises TakenFolder where another has it."""
        make_folder(self.path)
        with lock_file(self.path / LOCK) as is_ours:
            if not is_ours:
                way = "`--jobs` trains more at a time; `--storage` shares a study among folders"
                raise TakenFolder([f"a search runs in `{self.path}` already: {way}"])
            yield

    def put(self, name: str, data: bytes) -> None:
        """Puts a file in place."""
        replace_file(self.path / name, data)

    def keep_best(self, number: int) -> None:
        """Makes `best/` a copy of a trial's run."""
        source, target = RunFolder(self.find_trial(number)), RunFolder(self.path / BEST)
        held = source.read_manifest()
        if held is None or held == target.read_manifest():
            return
        make_folder(target.path)
        target.finish({name: read(path) for name in NAMES if find_sort(path := source.path / name) == "file"})
