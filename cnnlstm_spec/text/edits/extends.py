"""`extends: base.yaml`: a spec that is written as its differences from another. Imports no other room.

Maps merge, lists and scalars replace, `null` removes. Every value keeps the span of the file that wrote it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File

from ..diagnostic import Code, Diagnostic, Label
from ..files import PathError, is_below
from ..nodes import Entry, Mapping, Node, Scalar, describe_sort
from ..read_source import UnreadFile
from ..source import Place
from ..texts import Texts, find_same_file

NOT_A_PATH = Code("extends-not-a-path", "error", "`extends` is the path of one file; this is {given}")
NO_FOLDER = Code("extends-without-folder", "error", "`extends` stands in a text that came from no file")
OUTSIDE = Code("extends-outside", "error", "`{path}` lies outside of the spec's folder")
UNREADABLE = Code("base-not-readable", "error", "`{path}` cannot be extended: {reason}")
CYCLE = Code("extends-cycle", "error", "`{path}` extends itself")

KEY = "extends"


def extend(
    root: Node, found: list[Diagnostic], folder: File | None, allow_outside: bool = False, texts: Texts | None = None
) -> Node | None:
    """The document with everything that it extends in it, `extends` itself left out; None where a base cannot be read.

    Paths are relative to the file that writes them, and stay below `folder` unless `allow_outside`. They are read and parsed
    through `texts`.
    """
    if not isinstance(root, Mapping) or root.get(KEY) is None:
        return root
    texts = texts or Texts()
    chain, here, entry = [root], folder, root.get(KEY)
    seen: dict[File, Label | None] = {}
    if folder is not None:
        seen[find_same_file(File(folder, File(root.span.source.name).name))] = None
    while entry is not None:
        path = _read_path(entry, here, folder, allow_outside, found)
        if path is None or folder is None:
            return None
        if find_same_file(path) in seen:
            labels = tuple(label for label in seen.values() if label is not None)
            text = entry.value.text if isinstance(entry.value, Scalar) else ""
            found.append(Diagnostic(CYCLE, _place(entry.value), {"path": text}, labels=labels))
            return None
        seen[find_same_file(path)] = Label(_place(entry.value), "extended here")
        base = _read(path, entry, found, texts)
        if base is None:
            return None
        chain.append(base)
        here, entry = path.parent, base.get(KEY)
    merged = _without(chain.pop(), KEY)
    while chain:
        merged = _merge_entries(merged, _without(chain.pop(), KEY))
    return merged


def _read_path(entry: Entry, here: File | None, folder: File | None, allow_outside: bool, found: list[Diagnostic]) -> File | None:
    """The path of a base, as the specs that lead to it are written."""
    value, place = entry.value, _place(entry.value)
    if not isinstance(value, Scalar) or not isinstance(value.value, str) or not value.value:
        given = describe_sort(value)
        found.append(Diagnostic(NOT_A_PATH, place, {"given": given}, help=("`extends: base.yaml`",)))
        return None
    if here is None or folder is None:
        help = ("load the spec from a file, or give standard input a name with `--stdin-filename`",)
        found.append(Diagnostic(NO_FOLDER, Place((KEY,), entry.key.span), help=help))
        return None
    path = here / value.value
    try:
        inside = is_below(path, folder)
    except PathError as error:
        found.append(Diagnostic(UNREADABLE, place, {"path": value.value, "reason": error.reason}))
        return None
    if not allow_outside and not inside:
        help = ("move it into the folder, or allow it with `--allow-outside`",)
        found.append(Diagnostic(OUTSIDE, place, {"path": value.value}, help=help))
        return None
    return path


def _read(path: File, entry: Entry, found: list[Diagnostic], texts: Texts) -> Mapping | None:
    """The mapping in a base; what is amiss in it is reported there."""
    place, text = _place(entry.value), entry.value.text if isinstance(entry.value, Scalar) else ""
    try:
        source = texts.read(path)
    except UnreadFile as error:
        inner = error.diagnostic
        if not error.missing:
            found.append(replace(inner, labels=(*inner.labels, Label(place, "extended here"))))
            return None
        found.append(Diagnostic(UNREADABLE, place, {"path": text, "reason": inner.message}, help=inner.help))
        return None
    root, problems = texts.parse(source)
    found += [replace(each, labels=(*each.labels, Label(place, "extended here"))) for each in problems]
    if root is not None and not isinstance(root, Mapping):
        found.append(Diagnostic(UNREADABLE, place, {"path": text, "reason": f"it holds {describe_sort(root)}, not a mapping"}))
        return None
    return root


def _merge_entries(base: Mapping, own: Mapping) -> Mapping:
    """The entries of the base in its order, changed where `own` has them, then the others of `own`."""
    if _is_named(base) and _is_named(own) and _is_other(base, own):
        return own
    written = {entry.key.text: entry for entry in own.entries}
    entries = []
    for entry in base.entries:
        mine = written.pop(entry.key.text, None)
        if mine is None:
            entries.append(entry)
        elif not _is_null(mine.value):
            both = isinstance(entry.value, Mapping) and isinstance(mine.value, Mapping)
            entries.append(Entry(mine.key, _merge_entries(entry.value, mine.value)) if both else mine)  # type: ignore[arg-type]
    return Mapping(own.span, (*entries, *written.values()))


def _is_named(node: Mapping) -> bool:
    """Whether a mapping is `Name: {argument: value}`, one thing and not a section."""
    return len(node.entries) == 1 and node.entries[0].key.text[:1].isupper()


def _is_other(base: Mapping, own: Mapping) -> bool:
    return base.entries[0].key.text != own.entries[0].key.text or _is_null(own.entries[0].value)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None and not node.broken


def _without(node: Mapping, key: str) -> Mapping:
    return replace(node, entries=tuple(entry for entry in node.entries if entry.key.text != key))


def _place(node: Node) -> Place:
    return Place((KEY,), node.span)
