"""Text: a `.txt` file in UTF-8, as a folder of folders holds a sample each."""

from __future__ import annotations

from pathlib import Path

from ..places import open_named
from ..problems import Broken

MOST = 1 << 24
"""Bytes."""


def read_text(path: Path) -> str:
    """What the file holds; raises Broken."""
    if path.suffix.lower() != ".txt":
        raise Broken("not-a-kind", "a text ends in `.txt`")
    with open_named(path) as stream:
        data = stream.read(MOST + 1)
    if len(data) > MOST:
        raise Broken("too-large", f"the text is longer than {MOST >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Broken("not-readable", "the text is not UTF-8") from None
