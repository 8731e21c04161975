"""The folder of a run: whose it is, what it goes on from, and how its files get there. Imports no Keras."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path as File
from typing import Any, Literal

from ..compiler.artifact.ownership import MANIFEST, MODEL, clear, is_temporary
from ..compiler.artifact.write import digest, remove_files, remove_folder, replace_file, write_files
from ..text.escape.json import to_json
from ..text.files import PathError, find_sort, list_entries, read, read_json
from ..text.frozen import dataclass

STATE, IDENTITY, LAST = "state", "run.json", "last.npz"
ADAPTED, HISTORY, REPORT, GO_ON = "adapted.json", "history.csv", "report.html", "resume.npz"
NAMES = (MODEL, ADAPTED, HISTORY, REPORT, GO_ON, MANIFEST)
"""What a run writes into its folder, beside `state/`."""

FILES = "files"
"""Of the data of an identity, the digest of the files that samples are read of."""

Standing = Literal["new", "finished", "unfinished", "other run", "foreign"]


@dataclass(frozen=True)
class Identity:
    """What makes two runs one: the resolved spec, the data, the versions."""

    spec: dict[str, Any]
    data: dict[str, Any]
    versions: dict[str, str]

    def add_files(self, files: Any) -> Identity:
        """The same with what is known of the files that samples are read of."""
        return self if files is None else replace(self, data={**self.data, FILES: files})

    def to_data(self) -> Any:
        """As JSON has it."""
        return json.loads(to_json({"spec": self.spec, "data": self.data, "versions": self.versions}))

    def is_same(self, other: Any, but_epochs: bool = False) -> bool:
        """Whether a run's identity, as it was written, is this one; `but_epochs` lets it have more epochs."""
        if not isinstance(other, dict):
            return False
        mine, other = _prepare_identities(self.to_data(), other)
        return bool(_without_epochs(mine) == _without_epochs(other)) if but_epochs else bool(mine == other)

    def describe_difference(self, other: Any) -> str:
        """What is not the same, in words."""
        mine, other = _prepare_identities(self.to_data(), other)
        words = {"spec": "the spec", "data": "the data", "versions": "the versions of packages"}
        found = [word for key, word in words.items() if not isinstance(other, dict) or mine[key] != other.get(key)]
        return " and ".join(found) or "nothing"


def _prepare_identities(mine: Any, other: Any) -> tuple[Any, Any]:
    """Two identities without the digest of the files where one has none: a run has it once it has read them all."""
    both = [each.get("data") if isinstance(each, dict) else None for each in (mine, other)]
    if all(isinstance(each, dict) and FILES in each for each in both):
        return mine, other
    return _without_files(mine), _without_files(other)


def _without_files(values: Any) -> Any:
    data = values.get("data") if isinstance(values, dict) else None
    if not isinstance(data, dict):
        return values
    return {**values, "data": {name: each for name, each in data.items() if name != FILES}}


def _without_epochs(values: Any) -> Any:
    values = json.loads(to_json(values))
    section = (values.get("spec") or {}).get("document", {}).get("fit")
    if isinstance(section, dict):
        section.pop("epochs", None)
    return values


@dataclass(frozen=True)
class RunFolder:
    """A folder that a run writes to, a store of what its training goes on from."""

    path: File

    def find_standing(self, identity: Identity) -> Standing:
        """What lies there."""
        if find_sort(self.path) is None or all(is_temporary(each, (STATE, *NAMES)) for each in list_entries(self.path)):
            return "new"
        held = read_json(self.path / STATE / IDENTITY)
        if held is not None and find_sort(self.path / STATE / LAST) is None and self.read_written() is None:
            # It ended before its first epoch did, and has nothing to lose.
            return "new"
        if held is not None:
            return "unfinished" if identity.is_same(held, but_epochs=True) else "other run"
        written = self.read_written()
        if written is None:
            return "foreign"
        return "finished" if identity.is_same(written) and self.is_whole() else "other run"

    def read_written(self) -> Any:
        """The identity of the finished run that lies there; None where there is none."""
        manifest = read_json(self.path / MANIFEST)
        try:
            document = {key: manifest["spec"][key] for key in ("document", "compile", "layers")}
            return {"spec": document, "data": manifest["data"], "versions": manifest["versions"]}
        except (KeyError, TypeError):
            return None

    def read_held(self) -> Any:
        """The identity of the run that lies there, finished or not."""
        return read_json(self.path / STATE / IDENTITY) or self.read_written()

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
        try:
            files = read_json(self.path / MANIFEST)["files"]
            return all(digest(read(self.path / name)) == facts["sha256"] for name, facts in files.items())
        except (KeyError, TypeError, PathError):
            return False

    def begin(self, identity: Identity) -> None:
        """Clears what a run before has left, and says whose the folder is from now on."""
        clear(self.path, NAMES)
        clear(self.path / STATE, (STATE, IDENTITY))
        remove_folder(self.path / STATE)
        write_files(self.path / STATE, {IDENTITY: to_json(identity.to_data()).encode()})

    def take_up(self, identity: Identity) -> None:
        """Goes on with what lies there, which may have fewer epochs."""
        replace_file(self.path / STATE / IDENTITY, to_json(identity.to_data()).encode())

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
