"""What the system says of a path: all that the package reads, and asks of a path, goes through here. Imports nothing of ours.

A file that is not regular is never opened: a pipe could wait for ever, a device never end. Whatever else the system has
against a path (no permission, a loop of links, a name that is too long or holds what no name can) is one exception.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path as File
from typing import BinaryIO, Literal

Sort = Literal["file", "folder", "link", "pipe", "socket", "device"]
PACKAGE = File(__file__).parent.parent
NOWHERE = (errno.ENOENT, errno.ENOTDIR)
"""What the system answers where nothing lies at a path."""
SMALL = 2**20
"""Bytes that are read of a file of the system whose size is said to be none."""
JSON_LIMIT = 64 * 2**20
CHUNK = 2**20
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


class PathError(Exception):
    """What the system has against a path, as the end of a sentence; `missing` where nothing lies there."""

    def __init__(self, path: File | str, reason: str, missing: bool = False) -> None:
        super().__init__(f"`{path}`: {reason}")
        self.path, self.reason, self.missing = path, reason, missing


NO_NAME = "its name holds what no file name can"


@contextmanager
def tell_system_errors(path: File) -> Iterator[None]:
    """Turns what the system says into a PathError."""
    try:
        yield
    except OSError as error:
        raise PathError(path, explain_error(error), error.errno in NOWHERE) from None
    except ValueError:
        # Python's own checks, of NUL and of characters that no name can hold; each version has words of its own.
        raise PathError(path, NO_NAME) from None


def explain_error(error: Exception) -> str:
    """What the system says, as the end of a sentence."""
    if isinstance(error, UnicodeError):
        return NO_NAME
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EBADF:
        return "it is closed"
    words = os.strerror(error.errno) if error.errno else str(error)
    return words[:1].lower() + words[1:]


def find_sort(path: File, links: bool = True) -> Sort | None:
    """What lies at a path, with `links` behind those too; None where nothing does.

    Raises PathError where the system does not tell.
    """
    try:
        with tell_system_errors(path):
            return _sort(os.stat(path, follow_symlinks=links))
    except PathError as error:
        if error.missing:
            return None
        raise


def read_mode(path: File) -> int:
    """Who may do what with a file, as the system numbers it; raises PathError."""
    with tell_system_errors(path):
        return stat.S_IMODE(os.stat(path).st_mode)


def _sort(status: os.stat_result) -> Sort:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISLNK(mode):
        return "link"
    return "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"


Stamp = tuple[int, int, int] | None
"""What changes when a file does; None where nothing lies."""
_NOTED: ContextVar[dict[File, Stamp] | None] = ContextVar("noted", default=None)


@contextmanager
def note_files() -> Iterator[dict[File, Stamp]]:
    """Notes the files that are read, there or not, and the folders that are looked through; each as it was before that."""
    noted: dict[File, Stamp] = {}
    before = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(before)


def _note(path: File) -> None:
    noted = _NOTED.get()
    if noted is not None and path not in noted:
        noted[path] = stamp(path)


def stamp(path: File) -> Stamp:
    """The time of a file's last change, its size and its place on the disk."""
    try:
        with tell_system_errors(path):
            status = os.stat(path)
            return status.st_mtime_ns, status.st_size, status.st_ino
    except PathError:
        return None


def measure_size(path: File) -> int:
    """The bytes of a file; raises PathError."""
    with tell_system_errors(path):
        return os.stat(path).st_size


def read(path: File, most: int | None = None) -> bytes:
    """The bytes of a regular file, at most so many; raises PathError."""
    _note(path)
    with tell_system_errors(path):
        _need_regular(path, os.stat(path))
        handle = os.open(path, FLAGS)
        with open(handle, "rb") as stream:
            # Another thing may lie there by now.
            status = os.fstat(handle)
            _need_regular(path, status)
            # As much as is asked for would be set aside at once, however little is there.
            wanted = -1 if most is None else min(most, max(status.st_size, SMALL) + 1)
            return stream.read(wanted) or b""


@contextmanager
def open_folder(path: File) -> Iterator[int]:
    """A folder as the system knows it while it is open; raises PathError."""
    with tell_system_errors(path):
        opened = os.open(path, os.O_RDONLY)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def open_regular(path: File) -> Iterator[BinaryIO]:
    """A regular file, open for reading; raises PathError where it cannot be opened."""
    with tell_system_errors(path):
        _need_regular(path, os.stat(path))
        handle = os.open(path, FLAGS)
    with open(handle, "rb") as stream:
        _need_regular(path, os.fstat(handle))
        yield stream


def digest(path: File) -> str:
    """The SHA-256 of a regular file; raises PathError."""
    found = hashlib.sha256()
    with open_regular(path) as stream:
        while chunk := stream.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def find_matching(pattern: File) -> list[File]:
    """The paths of a pattern with `*`, `?` and `[...]`, in order; hidden files are none."""
    with tell_system_errors(pattern):
        return sorted(File(each) for each in glob.glob(str(pattern)))


def is_pattern(path: str) -> bool:
    """Whether a path is a pattern."""
    return glob.has_magic(path)


def need_regular(path: File) -> None:
    """Raises PathError where no regular file lies at a path, which a library is to be handed."""
    with tell_system_errors(path):
        _need_regular(path, os.stat(path))


def _need_regular(path: File, status: os.stat_result) -> None:
    sort = _sort(status)
    if sort != "file":
        raise PathError(path, f"it is a {sort}")


def read_json(path: File) -> object:
    """What a JSON file holds; None where it cannot be read, or is not JSON, or too large or too deep for one of ours."""
    try:
        return json.loads(read(path, JSON_LIMIT))
    except (PathError, ValueError, RecursionError):
        return None


def resolve(path: File) -> File:
    """The path without links, as far as it leads anywhere; raises PathError where it cannot be one."""
    with tell_system_errors(path):
        return File(os.path.realpath(path))


def is_below(path: File, folder: File) -> bool:
    """Whether a path lies in a folder or below it, whatever links lead there; raises PathError."""
    return resolve(path).is_relative_to(resolve(folder))


def list_entries(folder: File) -> list[File]:
    """What lies in a folder, in order; raises PathError."""
    with tell_system_errors(folder):
        return sorted(folder / name for name in os.listdir(folder))


def read_link(path: File) -> str | None:
    """Where the link at a path leads; None where there is no link."""
    try:
        with tell_system_errors(path):
            return os.readlink(path)
    except PathError:
        return None


def measure_age(path: File, now: float) -> float | None:
    """Seconds since a file was changed; None where that cannot be told."""
    try:
        with tell_system_errors(path):
            return now - os.stat(path).st_mtime
    except PathError:
        return None


def walk(folder: File, fail: Callable[[PathError], None]) -> Iterator[tuple[File, list[str], list[str]]]:
    """Folders below a folder, each with the names of the folders and files in it; `fail` is told of those that cannot be read.

    Links to folders are not followed, so that a loop ends.
    """

    def raise_failed(error: OSError) -> None:
        fail(PathError(error.filename, explain_error(error)))

    try:
        read_mode(folder)
    except PathError as error:
        # Of what can be no path the walk itself would raise.
        fail(error)
        return
    for root, folders, files in os.walk(folder, onerror=raise_failed):
        _note(File(root))
        yield File(root), folders, files


def read_own(*names: str) -> bytes:
    """A file of the package."""
    return PACKAGE.joinpath(*names).read_bytes()


def list_own(*names: str) -> list[str]:
    """The files in a folder of the package."""
    return sorted(os.listdir(PACKAGE.joinpath(*names)))
