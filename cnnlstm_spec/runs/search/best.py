"""`best.yaml`: the spec of the best trial, written as its differences from the one searched. Imports no Keras."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from ...text.escape.json import to_json
from .space import to_flow

PLAIN = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def make_best(name: str, place: File, before: object, after: object, told: str) -> str:
    """The text; `before` is the document as it is written, `after` with the values of the trial, and `told` is said of it."""
    changed = find_changes(before, after)
    lines = [f"# {' '.join(told.split())}"]
    lines += [f"extends: {to_json(File(os.path.relpath(name, place)).as_posix())}", "search: null"]
    return "\n".join([*lines, *_write_lines({key: each for key, each in changed.items() if key != "search"}, 0)]) + "\n"


def find_changes(before: object, after: object) -> Any:
    """What a mapping that extends `before` says to be `after`: mappings merge, all else replaces, null removes."""
    if not isinstance(before, dict) or not isinstance(after, dict) or _is_other(before, after):
        return after
    changed: dict[str, Any] = {key: None for key in before if key not in after}
    for key, each in after.items():
        if key not in before or before[key] != each or type(before[key]) is not type(each):
            changed[key] = find_changes(before.get(key), each)
    return changed


def _is_other(before: dict[str, object], after: dict[str, object]) -> bool:
    """Whether the two are things of different classes: one such replaces the other whole."""
    names = [next(iter(each)) if len(each) == 1 else "" for each in (before, after)]
    return all(name[:1].isupper() for name in names) and names[0] != names[1]


def _write_lines(values: dict[str, object], depth: int) -> Iterator[str]:
    for key, each in values.items():
        name = key if PLAIN.fullmatch(key) and key.lower() not in WORDS else to_json(key)
        if isinstance(each, dict) and each:
            yield f"{'  ' * depth}{name}:"
            yield from _write_lines(each, depth + 1)
        else:
            yield f"{'  ' * depth}{name}: {to_flow(each)}"
