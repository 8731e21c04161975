"""The commit that a spec's repository stands at, read without running Git: a repository may say what Git is to run."""

from __future__ import annotations

import re
from pathlib import Path as File

from ..text.files import PathError, find_sort, read, resolve

HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
REF = re.compile(r"ref: (refs/[\w./@+-]+)")
MOST = 4 * 2**20


def find_commit(folder: File) -> str | None:
    """The hash; None where the folder lies in no repository, or that cannot be told."""
    try:
        for each in (resolve(folder), *resolve(folder).parents):
            sort = find_sort(each / ".git")
            if sort == "folder":
                return _read_head(each / ".git")
            if sort == "file":
                place = _read_text(each / ".git").removeprefix("gitdir: ")
                return _read_head(each / place)
    except PathError:
        return None
    return None


def _read_head(repository: File) -> str | None:
    text = _read_text(repository / "HEAD")
    if HASH.fullmatch(text):
        return text
    ref = REF.fullmatch(text)
    if ref is None or ".." in ref[1]:
        return None
    common = repository
    if find_sort(repository / "commondir") == "file":
        common = repository / _read_text(repository / "commondir")
    if find_sort(common / ref[1]) == "file":
        found = _read_text(common / ref[1])
        return found if HASH.fullmatch(found) else None
    if find_sort(common / "packed-refs") != "file":
        return None
    lines = (line.split(" ") for line in _read_text(common / "packed-refs").splitlines())
    return next((line[0] for line in lines if len(line) == 2 and line[1] == ref[1] and HASH.fullmatch(line[0])), None)


def _read_text(path: File) -> str:
    return read(path, MOST).decode("utf-8", "replace").strip()
