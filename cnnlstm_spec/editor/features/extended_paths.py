"""What `extends` could name at a place: files of the spec's folder, as they lie on the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path as File

from ...text.escape.json import to_json, write_readable
from ...text.escape.terminal import make_line_safe
from ...text.files import PathError, find_sort, is_below, list_entries
from ...text.source import Span
from ..positions import to_offset, to_range
from ..state import State
from .diagnostics import Json

LINE = re.compile(r"""(?:extends|"extends"|'extends')[ \t]*:[ \t]*(?P<value>"[^"]*"?|'[^']*'?|[^"'#{}\[\],]*)""")
PLAIN = re.compile(r"[\w./][\w./ \-]*(?<! )")
"""Paths that YAML takes for the text that they are."""
FILE, FOLDER = 17, 19


def complete_extended(state: State, params: Json) -> list[Json] | None:
    """The files and folders that could be named at a place; None at another place."""
    source, offset = state.source, to_offset(state.source, params["position"])
    start = source.start(source.find_position(offset)[0])
    found = LINE.match(source.text, start)
    if found is None or not found.start("value") <= offset <= found.end("value"):
        return None
    quote = found["value"][:1] if found["value"][:1] in ("'", '"') else ""
    begun = source.text[found.start("value") : offset].removeprefix(quote)
    end = found.start("value") + len(found["value"].rstrip())
    place = to_range(Span(source, found.start("value"), max(end, offset)))
    items = []
    for path, is_folder in _list_paths(state, begun):
        text = path if not quote and PLAIN.fullmatch(path) else write_readable(path) if path.isprintable() else to_json(path)
        edit = {"range": place, "newText": text}
        kind = FOLDER if is_folder else FILE
        items.append({"label": make_line_safe(path), "kind": kind, "filterText": f"{quote}{path}", "textEdit": edit})
    return items


def _list_paths(state: State, begun: str) -> Iterator[tuple[str, bool]]:
    """Paths that go on from what is written of one, of folders with a slash; none of a text that is no file."""
    base = state.prepared.folder
    if base is None:
        return
    own, below = File(state.source.name), os.path.dirname(begun)
    folder = base / below
    try:
        if not state.settings.allow_outside and not is_below(folder, base):
            return
        entries = [(each, find_sort(each)) for each in list_entries(folder) if not each.name.startswith(".")]
    except PathError:
        return
    for each, sort in entries:
        path = os.path.join(below, each.name)
        if sort == "folder":
            yield f"{path}/", True
        elif sort == "file" and each.suffix in (".yaml", ".yml") and each != own:
            yield path, False
