"""The texts that are open in an editor, as its changes leave them. Imports `positions` alone.

A text is replaced whole with each change, so that whoever holds one before it holds what was.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

from ...text.frozen import dataclass
from ...text.source import Source
from ..positions import is_range, to_offset

LARGEST = 64 * 2**20
"""Characters, as of a message; that a spec is shorter is told as of a file."""


@dataclass(frozen=True)
class OpenText:
    """An open text: what it holds, how often it has changed, and the 1-based line of its last change."""

    uri: str
    source: Source
    version: int = 0
    """The editor's number of it."""
    serial: int = 0
    """Ours, which no other state of any text has."""
    line: int | None = None

    @property
    def text(self) -> str:
        """What it holds."""
        return self.source.text


class WrongChange(ValueError):
    """A change that means nothing in the text that it is of."""


def change_document(document: OpenText, changes: object, version: int, serial: int) -> OpenText:
    """The document after a list of changes, each of the text that the one before leaves; raises WrongChange."""
    source, line = document.source, document.line
    if not isinstance(changes, list):
        raise WrongChange("changes are a list")
    for change in changes:
        if not isinstance(change, dict) or not isinstance(change.get("text"), str):
            raise WrongChange("a change has a text")
        text, span = change["text"], change.get("range")
        if span is None:
            line = _find_first_other_line(source.text, text)
            source = Source(source.name, text)
            continue
        if not is_range(span):
            raise WrongChange("a range has a start and an end")
        start, end = to_offset(source, span["start"]), to_offset(source, span["end"])
        start, end = min(start, end), max(start, end)
        new = source.text[:start] + text + source.text[end:]
        source = Source(source.name, new)
        line = source.find_position(start + len(text))[0]
    if len(source.text) > LARGEST:
        raise WrongChange("larger than any message")
    return replace(document, source=source, version=version, serial=serial, line=line)


def _find_first_other_line(before: str, after: str) -> int | None:
    """The first line in which two texts differ."""
    if before == after:
        return None
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    return Source("", after).find_position(at)[0]


def find_path(uri: str) -> str | None:
    """The path of a URI of a file; None of another one."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        return None
    path = unquote(parts.path)
    if len(path) > 2 and path[0] == "/" and path[2] == ":":
        path = path[1:]
    return path or None


def make_uri(path: str) -> str:
    """The URI of a file."""
    path = path.replace("\\", "/")
    return f"file://{quote(path if path.startswith('/') else f'/{path}', safe='/:~')}"
