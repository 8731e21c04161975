"""Files to sources: UTF-8 alone, of a bounded size. What cannot be read is a finding like any other."""

from __future__ import annotations

import errno
import os
from pathlib import Path as File
from typing import BinaryIO

from .diagnostic import Code, Diagnostic
from .source import Place, Source, Span

NO_FILE = Code("no-such-file", "error", "there is no such file")
UNREADABLE = Code("unreadable-file", "error", "the file cannot be read: {reason}")
NOT_UTF8 = Code("not-utf8", "error", "not UTF-8: the byte 0x{byte:02X} stands here")
TOO_LARGE = Code("file-too-large", "error", "larger than {limit} MiB, which no spec is")

LIMIT = 4
"""MiB; a spec of 10,000 layers has about half of one."""
ALTERNATIVES = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
BOM = b"\xef\xbb\xbf"


class Unread(Exception):
    """Why a file gives no source; `missing` where nothing of it could be read at all."""

    def __init__(self, diagnostic: Diagnostic, missing: bool) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic, self.missing = diagnostic, missing


def read_file(path: File, name: str | None = None) -> Source:
    """The source of a file, named as the path is written; raises Unread."""
    name = str(path) if name is None else name
    if path.is_dir():
        raise _refused(name, UNREADABLE, help=("it is a folder; name a file in it",), reason="it is a folder")
    try:
        with path.open("rb") as stream:
            return read_stream(stream, name)
    except FileNotFoundError:
        raise _refused(name, NO_FILE, help=_near(path)) from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else str(error)
        if isinstance(error, OSError) and error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
            raise _refused(name, NO_FILE) from None
        raise _refused(name, UNREADABLE, reason=reason) from None


def read_stream(stream: BinaryIO, name: str) -> Source:
    """The source of a stream of bytes; raises Unread."""
    data = stream.read(LIMIT * 2**20 + 1)
    if len(data) > LIMIT * 2**20:
        raise _refused(name, TOO_LARGE, limit=LIMIT)
    return decode(data, name)


def decode(data: bytes, name: str) -> Source:
    """The source of some bytes, a byte order mark left out; raises Unread."""
    data = data.removeprefix(BOM)
    try:
        return Source(name, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        source = Source(name, data.decode("utf-8", "replace"))
        at = len(data[: error.start].decode("utf-8"))
        place = Place((), Span(source, at, at + 1))
        other = ALTERNATIVES.get(data[:2])
        help = f"save it as UTF-8; it looks like {other}" if other else "save it as UTF-8"
        found = Diagnostic(NOT_UTF8, place, {"byte": data[error.start]}, help=(help,))
        raise Unread(found, missing=False) from None


def _refused(name: str, code: Code, help: tuple[str, ...] = (), **facts: object) -> Unread:
    return Unread(Diagnostic(code, Place((), Span(Source(name, ""), 0, 0)), facts, help=help), missing=True)


def _near(path: File) -> tuple[str, ...]:
    """A file beside it with nearly that name."""
    from .spelling import nearest

    if path.is_symlink():
        return (f"it is a link to `{path.readlink()}`, which is not there",)
    try:
        names = sorted(each.name for each in path.parent.iterdir() if each.suffix in (".yaml", ".yml"))[:1000]
    except OSError:
        return (f"there is no folder `{path.parent}`",)
    near = nearest(path.name, names)
    return (f"did you mean `{path.parent / near}`?",) if near else ()
