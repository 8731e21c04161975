"""Texts that would be more than text, and the places of a spec where they can stand.

A generator is a `random.Random`, so that a seed gives the same texts. Imports nothing of ours but `text`.
"""

from __future__ import annotations

import copy
from random import Random
from typing import Any, NamedTuple

from .text import Path, get, paths_of, renamed, replaced

QUOTES = ('"', "'", '"""', "'''", '"' * 5, '"' * 6, "\\", "\\\\", '\\"', '\\\\"', "\\'", "\\N{DASH}", "\\x", "\\u12", "\\0", "`")
BREAKS = ("\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029")
CONTROLS = ("\0", "\x07", "\x08", "\x1b", "\x1b[31m", "\x1b]0;title\x07", "\x1b[2J", "\x7f", "\x80", "\x9b31m", "\x9d0;t\x9c")
DIRECTIONS = (*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",)
BROKEN = (*"\ud800\udfff\udc9b\udcff\ufffe\uffff\ufeff\u0301\u200d\u6570\xe9", "\U0001f3f4")
CODE = (
    *('"""\nimport os\nos.abort()\n"""', '" + __import__("os").abort() + "', "')\nraise SystemExit(9)\n('"),
    *("# -*- coding: utf-7 -*-", "#", "+ADs-"),
)
FORMATS = ("{}", "{0}", "{name}", "{{", "}", "%", "%s", "%(name)s", "${x}", "$x", "${", "$(id)", "`id`", "; id", "&& id", "| id")
FILES = ("../..", "/", "\\\\host\\share", "-rf", "~", "*", "nul", "a" * 300, ".", "=1+1", "@SUM(1)", ",", ";")
MARKUP = (
    *("<script>alert(1)</script>", '<a href="javascript:alert(1)">', "<foreignObject>", "</text>", "</title>", "</style>"),
    *('" onload="alert(1)', "' onload='alert(1)", "<!--", "-->", "]]>", "<![CDATA[", "&amp;", "&#0;", "&lt", "<?xml?>", "&"),
)
PARTS = (*QUOTES, *BREAKS, *CONTROLS, *DIRECTIONS, *BROKEN, *CODE, *FORMATS, *FILES, *MARKUP)
FAMILIES = (QUOTES, BREAKS, CONTROLS, DIRECTIONS, BROKEN, CODE, FORMATS, FILES, MARKUP)
NEAR_WRAP = range(70, 120)
"""How many characters go before a part that is to stand where a line of source or of a terminal ends."""


class Spot(NamedTuple):
    """A text in a spec: the value at a path, or its key."""

    path: Path
    is_key: bool


def text(rng: Random) -> str:
    """A text of a few hostile parts of any families, near the end of a line as often as not."""
    parts = [rng.choice(rng.choice(FAMILIES)) for _ in range(rng.randint(1, 4))]
    before = rng.choice(("", "", "a ", "word " * 20))
    if rng.random() < 0.5:
        before = (rng.choice(("a", "word ")) * max(NEAR_WRAP))[: rng.choice(NEAR_WRAP)]
    return before + rng.choice(("", " ", "a")).join(parts) + rng.choice(("", "", " a", "b"))


def spots(spec: Any) -> list[Spot]:
    """Every place where a spec holds a text."""
    found = []
    for path in paths_of(spec):
        if isinstance(path[-1], str):
            found.append(Spot(path, True))
        if isinstance(get(spec, path), str):
            found.append(Spot(path, False))
    return found


def plant(spec: Any, spot: Spot, text: str) -> Any:
    """The spec with a text in that place."""
    return renamed(spec, spot.path, text) if spot.is_key else replaced(spec, spot.path, text)


def riddled(spec: Any, rng: Random, count: int) -> Any:
    """The spec with hostile texts in so many places."""
    spec = copy.deepcopy(spec)
    for _ in range(count):
        spec = plant(spec, rng.choice(spots(spec)), text(rng))
    return spec
