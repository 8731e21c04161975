"""Files to sources: UTF-8 alone, of a bounded size. What cannot be read is a finding like any other."""

from __future__ import annotations

from pathlib import Path as File
from typing import BinaryIO

from .diagnostic import Code, Diagnostic
from .files import PathError, explain_error, list_entries, read, read_link
from .source import Place, Source, Span

NO_FILE = Code("no-such-file", "error", "there is no such file")
UNREADABLE = Code("unreadable-file", "error", "the file cannot be read: {reason}")
NOT_UTF8 = Code("not-utf8", "error", "not UTF-8: the byte 0x{byte:02X} stands here")
TOO_LARGE = Code("file-too-large", "error", "larger than {limit} MiB, which no spec is")

LIMIT = 4
"""MiB; a spec of 10,000 layers has about half of one."""
ALTERNATIVES = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
BOM = b"\xef\xbb\xbf"
WAYS = {
    "it is a folder": ("name a file in it, or `-` for standard input",),
    "it is a pipe": ("give it as standard input, which is named `-`",),
    "it is a device": ("give it as standard input, which is named `-`",),
    "it is a socket": ("name a file, or `-` for standard input",),
}


class UnreadFile(Exception):
    """Why a file gives no source; `missing` where nothing of it could be read at all."""

    def __init__(self, diagnostic: Diagnostic, missing: bool) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic, self.missing = diagnostic, missing


def read_file(path: File, name: str | None = None) -> Source:
    """The source of a file, named as the path is written; raises Unread."""
    name = str(path) if name is None else name
    try:
        data = read(path, LIMIT * 2**20 + 1)
    except PathError as error:
        if error.missing:
            raise _refuse(name, NO_FILE, help=_suggest_near(path)) from None
        raise _refuse(name, UNREADABLE, help=WAYS.get(error.reason, ()), reason=error.reason) from None
    return decode(data, name)


def read_stream(stream: BinaryIO | None, name: str) -> Source:
    """The source of a stream of bytes, None for one that is closed; raises Unread."""
    if stream is None:
        raise _refuse(name, UNREADABLE, reason="it is closed")
    try:
        return decode(stream.read(LIMIT * 2**20 + 1), name)
    except (OSError, ValueError) as error:
        # A ValueError is Python's own word for a stream that was closed.
        raise _refuse(name, UNREADABLE, reason=explain_error(error)) from None


def decode(data: bytes, name: str) -> Source:
    """The source of some bytes, a byte order mark left out; raises Unread."""
    if len(data) > LIMIT * 2**20:
        raise _refuse(name, TOO_LARGE, limit=LIMIT)
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
        raise UnreadFile(found, missing=False) from None


def _refuse(name: str, code: Code, help: tuple[str, ...] = (), **facts: object) -> UnreadFile:
    return UnreadFile(Diagnostic(code, Place((), Span(Source(name, ""), 0, 0)), facts, help=help), missing=True)


def _suggest_near(path: File) -> tuple[str, ...]:
    """A file beside it with nearly that name."""
    from .spelling import find_nearest

    if (target := read_link(path)) is not None:
        return (f"it is a link to `{target}`, which is not there",)
    try:
        names = [each.name for each in list_entries(path.parent) if each.suffix in (".yaml", ".yml")][:1000]
    except PathError:
        return (f"there is no folder `{path.parent}`",)
    near = find_nearest(path.name, names)
    return (f"did you mean `{path.parent / near}`?",) if near else ()
