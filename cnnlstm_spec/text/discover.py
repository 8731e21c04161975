"""The specs in a folder: files that have `version` and `branches`, or `extends`. Imports no stage after the reading of YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path as File

from .files import PathError, walk
from .nodes import Mapping
from .parse import parse
from .read_source import UnreadFile, read_file
from .source import Source

MARKS = tuple(re.compile(rf"^[\"']?{key}[\"']?[ \t]*:", re.MULTILINE) for key in ("version", "branches"))
ENDINGS = (".yaml", ".yml")
EXTENDS = re.compile(r"^[\"']?extends[\"']?[ \t]*:", re.MULTILINE)


def find_specs(folder: File, skip: Callable[[File, str], None], fail: Callable[[PathError], None]) -> list[File]:
    """Every spec below a folder, in order; each other YAML file is told to `skip` with the reason.

    `fail` is told why a folder cannot be looked into.
    Hidden files and folders are not looked at. A file that cannot be read counts as a spec, so that it is reported.
    """
    found = []
    for path in _find_yaml_files(folder, fail):
        if path.name.startswith("_"):
            skip(path, "its name begins with `_`, so it is a part of others")
        elif is_spec(path):
            found.append(path)
        else:
            skip(path, "no spec: it lacks `version` or `branches` at its top, and `extends`")
    return found


def _find_yaml_files(folder: File, fail: Callable[[PathError], None]) -> Iterator[File]:
    """Links to folders are not followed, so that a loop ends."""
    for root, folders, files in walk(folder, fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(ENDINGS) and not name.startswith("."):
                yield File(root, name)


def find_extending(folder: File, is_deep: bool, check: Callable[[], None]) -> Iterator[Source]:
    """The texts of a folder, or of those below it too, that may extend others; what cannot be read is passed over.

    `check` is called in each folder, and may end the search by what it raises: there may be very many.
    """
    for root, folders, files in walk(folder, lambda error: None):
        check()
        folders[:] = sorted(name for name in folders if is_deep and not name.startswith("."))
        for name in sorted(files):
            if name.endswith(ENDINGS) and not name.startswith((".", "_")):
                try:
                    source = read_file(root / name)
                except UnreadFile:
                    continue
                if "extends" in source.text:
                    yield source


def is_spec(path: File) -> bool:
    """Whether the keys stand at the top; a file that is not YAML is judged by its lines."""
    try:
        source = read_file(path)
    except UnreadFile as error:
        source = error.diagnostic.place.span.source
        if not source.text:
            return True
    return holds_spec(source)


def holds_spec(source: Source) -> bool:
    """Whether a text has the keys of a spec at its top; one that is not YAML is judged by its lines."""
    if all(mark.search(source.text) for mark in MARKS) or EXTENDS.search(source.text):
        return True
    held = ("version" in source.text and "branches" in source.text) or "extends" in source.text
    return held and _has_keys(source)


def _has_keys(source: Source) -> bool:
    root, _ = parse(source)
    if not isinstance(root, Mapping):
        return False
    return root.get("extends") is not None or all(root.get(key) is not None for key in ("version", "branches"))
