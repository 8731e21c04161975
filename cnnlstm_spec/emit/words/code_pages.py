"""The manual pages of diagnostics: which there are, what one says, and its first sentence."""

from __future__ import annotations

import re

from ...text.files import list_own, read_own

LONGEST = 110
"""Columns of a title."""


def list_pages() -> list[str]:
    """The codes that have a page, which are all."""
    return [name.removesuffix(".md") for name in list_own("text", "codes") if name.endswith(".md")]


def read_page(code: str) -> str:
    """A page, as Markdown."""
    return read_own("text", "codes", f"{code}.md").decode("utf-8")


def read_introduction(code: str) -> str:
    """The first paragraph of a page, in one line."""
    return " ".join(read_page(code).partition("\n\n")[0].split())


def read_title(code: str) -> str:
    """The first sentence of a page."""
    words = read_introduction(code)
    first = re.match(r".+?[.:](?= [A-Z`]|$)", words)
    text = (first[0] if first else words).rstrip(":")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rpartition(' ')[0]} ..."
