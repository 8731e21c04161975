"""The folder of a run: whose it is, what it goes on from, and how its files get there. Imports no Keras."""

from __future__ import annotations

from pathlib import Path as File
from typing import Literal

from ..compiler.artifact.ownership import MANIFEST, MODEL, clear, is_temporary
from ..compiler.artifact.write import digest, remove_files, remove_folder, replace_file, write_files
from ..text.files import PathError, find_sort, list_entries, read
from ..text.frozen import dataclass
from .identity import RunIdentity, identify_run
from .manifest import RunManifest

STATE, IDENTITY, LAST = "state", "run.json", "last.npz"
ADAPTED, HISTORY, REPORT, GO_ON = "adapted.json", "history.csv", "report.html", "resume.npz"
NAMES = (MODEL, ADAPTED, HISTORY, REPORT, GO_ON, MANIFEST)
"""What a run writes into its folder, beside `state/`."""

Standing = Literal["new", "finished", "unfinished", "other run", "foreign"]


@dataclass(frozen=True)
class RunFolder:
    """A folder that a run writes to, a store of what its training goes on from."""

    path: File

    def find_standing(self, identity: RunIdentity) -> Standing:
        """What lies there."""
        if find_sort(self.path) is None or all(is_temporary(each, (STATE, *NAMES)) for each in list_entries(self.path)):
            return "new"
        held = self._read_identity()
        if held is not None and find_sort(self.path / STATE / LAST) is None and self.read_written() is None:
            # It ended before its first epoch did, and has nothing to lose.
            return "new"
        if held is not None:
            return "unfinished" if identity.is_same(held, but_epochs=True) else "other run"
        written = self.read_written()
        if written is None:
            return "foreign"
        return "finished" if identity.is_same(written) and self.is_whole() else "other run"

    def read_manifest(self) -> RunManifest | None:
        """The manifest of the finished run that lies there; None where there is none."""
        return RunManifest.read_file(self.path / MANIFEST)

    def read_written(self) -> RunIdentity | None:
        """The identity of the finished run that lies there; None where there is none."""
        manifest = self.read_manifest()
        return None if manifest is None else identify_run(manifest)

    def read_held(self) -> RunIdentity | None:
        """The identity of the run that lies there, finished or not."""
        return self._read_identity() or self.read_written()

    def _read_identity(self) -> RunIdentity | None:
        """That of a run which is not finished."""
        return RunIdentity.read_file(self.path / STATE / IDENTITY)

    def read_kept(self) -> bytes:
        """What a finished run can go on from."""
        return read(self.path / GO_ON)

    def finish(self, files: dict[str, bytes]) -> None:
        """Puts the files of the run in place, the manifest last, and removes what only a run under way needs.

        Files that a run before has written, and this one has not, go.
        """
        stale = [name for name in NAMES if name not in files]
        remove_files(self.path, stale)
        write_files(self.path, files)
        self.end()

    def is_whole(self) -> bool:
        """Whether every file is as its manifest says."""
        manifest = self.read_manifest()
        try:
            return manifest is not None and all(
                digest(read(self.path / name)) == file.sha256 for name, file in manifest.files.items()
            )
        except PathError:
            return False

    def begin(self, identity: RunIdentity) -> None:
        """Clears what a run before has left, and says whose the folder is from now on."""
        clear(self.path, NAMES)
        clear(self.path / STATE, (STATE, IDENTITY))
        remove_folder(self.path / STATE)
        write_files(self.path / STATE, {IDENTITY: (identity.to_json() + "\n").encode()})

    def take_up(self, identity: RunIdentity) -> None:
        """Goes on with what lies there, which may have fewer epochs."""
        replace_file(self.path / STATE / IDENTITY, (identity.to_json() + "\n").encode())

    def end(self) -> None:
        """Removes what only a run that is not finished needs."""
        remove_folder(self.path / STATE)

    def read(self, name: str) -> bytes | None:
        """A file of the state; None where there is none."""
        path = self.path / STATE / name
        return read(path) if find_sort(path) == "file" else None

    def write(self, name: str, data: bytes) -> None:
        """Puts a file of the state in place."""
        replace_file(self.path / STATE / name, data)

    def put(self, name: str, data: bytes) -> None:
        """Puts a file of the run in place."""
        replace_file(self.path / name, data)

    def log_folder(self, name: str) -> str:
        """A folder below the run's, for callbacks that write by themselves."""
        return str(self.path / name)
