"""The first line of what is said has at most 80 columns, but for what a person wrote; of every `.out` that holds messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from places import ROOT, TESTS

FIRST = re.compile(r"^ *(?:error|warning|advice)\[[a-z0-9-]+\]: (.+)$", re.M)
GIVEN = re.compile(r"`[^`]*`|\"[^\"]*\"|\([^()]*=[^()]*\)|\S+\.yaml")
"""Names, texts and shapes, most of which a person wrote."""
SHORT = 14
"""Columns that such a name has at least the right to."""
FILES = [*sorted(TESTS.rglob("*.out")), ROOT / "docs" / "diagnostics.md"]
WRITTEN = ("...", "too many levels of symbolic links", "no size fits: ")
"""What stands where a line was too long for a terminal, the words of an operating system, and sizes as a person wrote them."""


def measure(line: str) -> int:
    """The columns of a first line in which names are short."""
    return len(GIVEN.sub(lambda name: name[0][:SHORT], line))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_first_lines_are_short(path: Path) -> None:
    lines = FIRST.findall(path.read_text("utf-8"))
    assert [each for each in lines if measure(each) > 80 and not any(words in each for words in WRITTEN)] == []
    assert path.suffix == ".out" or len(lines) > 300


def test_a_name_does_not_make_a_line_long_and_words_do() -> None:
    assert measure(f"no layer is called `{'a' * 90}`") == 33
    assert measure("a sentence without names " * 4) == 100
