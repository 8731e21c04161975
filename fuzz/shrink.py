"""A smaller spec that still disagrees in the same way: parts are left out one by one, outer ones first. Imports no Keras."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from fuzz.text import get, paths_of, replaced, without

SECONDS = 90
"""How long one disagreement may take."""


def shrink(spec: dict[str, Any], disagrees: Callable[[dict[str, Any]], bool], seconds: float = SECONDS) -> dict[str, Any]:
    """The smallest spec found; `disagrees` tells whether one still shows what the first did."""
    end = monotonic() + seconds
    changed = True
    while changed and monotonic() < end:
        changed = False
        for smaller in _smaller(spec):
            if monotonic() > end:
                break
            if disagrees(smaller):
                spec, changed = smaller, True
                break
    return spec


def _smaller(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Specs with one part left out, or one structure replaced by what it holds."""
    found = []
    for path in sorted(paths_of(spec), key=len):
        if path in (("version",), ("name",)) or path[-2:-1] in (("shape",), ("axes",)) or path[-1] in ("kind", "shape", "input"):
            continue
        found.append(without(spec, path))
        value = get(spec, path)
        if isinstance(path[-1], int) and isinstance(value, dict):
            found += [_spliced(spec, path, inner) for inner in _lists(value)]
    return found


def _lists(item: dict[Any, Any]) -> list[list[Any]]:
    """The lists of layers that a structure holds."""
    inner = next(iter(item.values()), None)
    if isinstance(inner, list):
        return [inner]
    if not isinstance(inner, dict):
        return []
    paths = inner.get("paths")
    lists = [inner.get("layers"), *(paths.values() if isinstance(paths, dict) else ())]
    return [each for each in lists if isinstance(each, list)]


def _spliced(spec: dict[str, Any], path: tuple[str | int, ...], items: list[Any]) -> dict[str, Any]:
    holder = get(spec, path[:-1])
    at = path[-1]
    assert isinstance(at, int)
    return dict(replaced(spec, path[:-1], [*holder[:at], *items, *holder[at + 1 :]]))
