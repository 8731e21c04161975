"""Names that a person has chosen: where they are defined and used, and other names for them, in all texts of a spec."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path as File
from typing import NamedTuple

from ...language.kinds import NAME
from ...language.meanings import Word
from ...language.scope import Scope
from ...text.diagnostic import Diagnostic
from ...text.edits.applied import apply_edits
from ...text.escape.terminal import make_line_safe
from ...text.fix import Edit
from ...text.nodes import Mapping, Node, Scalar
from ...text.source import Path, Source, Span
from ...text.texts import EditedTexts, find_same_file
from ..positions import to_offset, to_range
from ..server.documents import find_path
from ..state import State, make_state
from .actions import make_edit
from .diagnostics import Json, Uris

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BY_PATH = ("vars", "blocks", "branches", "heads")
"""Symbols that are ways to a key, in the text of each file."""


class View(NamedTuple):
    """A text as a part of a spec: itself, or one that the spec extends."""

    state: State
    source: Source | None
    """The text; None of a spec that does not read it, but others that it may have names in common with."""
    uris: Uris


class CannotRename(Exception):
    """Why a name stays what it is."""


def find_definition(views: Sequence[View], params: Json) -> list[Json]:
    """Where the name at a place is defined; of `extends`, the file."""
    found: dict[str, Json] = {}
    for view in views:
        if view.source is not None and (file := _find_extended(view.state, view.source, view.uris, params)) is not None:
            return [file]
    for view, symbol in _find_named(views, params):
        for span in _find_defined(view.state, symbol):
            location = view.uris.make_location(span)
            found.setdefault(repr(location), location)
    return list(found.values())


def find_references(views: Sequence[View], params: Json) -> list[Json]:
    """Where the name at a place is used, and where it is defined if that is asked for."""
    with_definition = bool(params.get("context", {}).get("includeDeclaration", True))
    found: dict[str, Json] = {}
    for view, symbol in _find_named(views, params):
        for each in _find_everywhere(view.state, symbol):
            if with_definition or not each.defines:
                location = view.uris.make_location(each.span)
                found.setdefault(repr(location), location)
    return list(found.values())


def prepare_rename(views: Sequence[View], params: Json) -> Json | None:
    """The range and the name at a place that can have another one."""
    view, word = next(((view, word) for view in views if (word := _find_word(view, params)) is not None), (None, None))
    if view is None or word is None or not _is_as_written(word) or not _find_defined(view.state, word.symbol):
        return None
    return {"range": to_range(word.span), "placeholder": str(word.symbol[-1])}


def rename(views: Sequence[View], params: Json) -> Json:
    """The edits, of all files, that give a name another one; raises CannotRename where something else would change."""
    name, changes, uris = str(params.get("newName", "")), dict[str, list[Json]](), dict[str | File, str]()
    for view, symbol in _find_named(views, params):
        if any(each.severity == "error" for each in view.state.found):
            which = "the spec" if view is views[0] else f"`{make_line_safe(view.state.source.name)}`, which has the name too,"
            raise CannotRename(f"{which} has errors; mend them first, so that every use of the name is known")
        for uri, edits in make_edit(_rename_word(view, symbol, name), view.uris)["changes"].items():
            path = find_path(uri)
            # A file has one set of edits, whatever links lead to it.
            first = uris.setdefault(uri if path is None else find_same_file(File(path)), uri)
            known = changes.setdefault(first, [])
            known += [edit for edit in edits if edit not in known]
    if not changes:
        raise CannotRename("nothing here has a name that a person has chosen")
    return {"changes": changes}


def _rename_word(view: View, symbol: Path, name: str) -> list[Edit]:
    words = _find_everywhere(view.state, symbol)
    is_variable = any(each.sort in ("variable", "parameter") for each in words)
    if not (VARIABLE.fullmatch(name) if is_variable else _is_name(name)):
        raise CannotRename(f"`{make_line_safe(name)}` cannot be a name here")
    if not _find_defined(view.state, symbol):
        raise CannotRename("this name is given by Keras or by the language, not by the spec")
    if not all(map(_is_as_written, words)):
        raise CannotRename("it is made unique where a block is used several times; name it in one place")
    edits = list(dict.fromkeys(Edit(each.span, name) for each in words))
    _check(view.state, edits)
    return edits


def _is_name(name: str) -> bool:
    found: list[Diagnostic] = []
    NAME.read(Scalar(Span(Source("", ""), 0, 0), name, name, plain=False), Scope(found))
    return not found and "." not in name and name.strip() == name


def _check(state: State, edits: Iterable[Edit]) -> None:
    """Raises CannotRename where the spec with the edits has findings that it did not have."""
    edits = list(edits)
    sources = {id(edit.span.source): edit.span.source for edit in edits}
    edited = {}
    for key, source in sources.items():
        text = apply_edits(source.text, [edit for edit in edits if edit.span.source is source])
        if text is None:
            raise CannotRename("two uses of the name lie in one another")
        edited[key] = Source(source.name, text)
    prepared = state.edit(edited.get(id(state.source), state.source), EditedTexts(state.prepared.texts, edited, keeps=False))
    before, after = Counter(map(_mark_code, state.found)), Counter(map(_mark_code, prepared.find_in_all()))
    new = [
        each
        for each in prepared.find_in_all()
        if after[_mark_code(each)] > before[_mark_code(each)] and each.severity != "advice"
    ]
    if new:
        raise CannotRename(make_line_safe(new[0].message))


def _mark_code(found: Diagnostic) -> str:
    return found.code.name


def _find_named(views: Sequence[View], params: Json) -> list[tuple[View, Path]]:
    """The views that have the name at a place, and its symbol in each: in those too that replace what stands there.

    And those that do not have the text, but another in which the name stands.
    """
    words = [_find_word(view, params) for view in views]
    known = next((word.symbol for word in words if word is not None), None)
    if known is None:
        return []
    found = [
        (view, known if word is None else word.symbol)
        for view, word in zip(views, words, strict=True)
        if word is not None or _has_at(view, known, params)
    ]
    beside = [view for view in views if view.source is None]
    places = {place for view, symbol in found for place in _list_places(view.state, symbol)} if beside else set()
    return found + [(view, known) for view in beside if not places.isdisjoint(_list_places(view.state, known))]


def _list_places(state: State, symbol: Path) -> set[tuple[File, int]]:
    """Where a name stands, by file and offset."""
    return {(find_same_file(File(each.span.source.name)), each.span.start) for each in _find_everywhere(state, symbol)}


def _has_at(view: View, symbol: Path, params: Json) -> bool:
    """Whether a text has a name at a place, be it that the spec replaces what stands there."""
    if view.source is None:
        return False
    offset = to_offset(view.source, params["position"])
    spans = (each.span for each in _find_everywhere(view.state, symbol))
    return any(span.source.name == view.source.name and span.start <= offset <= span.end for span in spans)


def _find_word(view: View, params: Json) -> Word | None:
    """The innermost name at a place of a text."""
    if view.source is None:
        return None
    offset = to_offset(view.source, params["position"])
    found = (index.find_words(view.source, offset) for index in view.state.indexes)
    return next((words[0] for words in found if words), None)


def _is_as_written(word: Word) -> bool:
    span = word.span
    return span.source.text[span.start : span.end] == str(word.symbol[-1])


def _find_defined(state: State, symbol: Path) -> list[Span]:
    """Where a person has given a name: of what is shared at its first use, which makes the weights."""
    words = state.find_words(symbol)
    if symbol[0] == "share":
        return [each.span for each in words[:1]]
    return [each.span for each in words if each.defines] + _find_in_trees(state, symbol)


def _find_everywhere(state: State, symbol: Path) -> list[Word]:
    """The words of a symbol in the spec, and in each file that it extends by itself: some may be replaced in the spec."""
    words = {each.span: each for each in state.find_words(symbol)}
    for each in _split_extended(state):
        for word in each.compilation.index.words.get(symbol, ()):
            words.setdefault(_find_same_span(state, word.span), Word(_find_same_span(state, word.span), symbol, word.defines))
    for span in _find_in_trees(state, symbol):
        words.setdefault(span, Word(span, symbol, defines=True))
    return list(words.values())


def _find_same_span(state: State, span: Span) -> Span:
    """The span in the text as the spec has read it."""
    source = next((each for each in state.prepared.texts.sources.values() if each.name == span.source.name), span.source)
    return Span(source, span.start, span.end)


def _split_extended(state: State) -> list[State]:
    """The files that a spec extends, each by itself."""
    sources = [each for each in state.prepared.texts.sources.values() if each is not state.source]
    return [make_state(each, File(each.name).parent, {}, state.settings, memory=state.memory) for each in sources]


def _find_in_trees(state: State, symbol: Path) -> list[Span]:
    """Where the keys of a symbol stand in each text, in those that others replace too."""
    if symbol[0] not in BY_PATH:
        return []
    found = []
    for tree in state.prepared.texts.trees.values():
        node: Node | None = tree
        for number, step in enumerate(symbol):
            entry = node.get(str(step)) if isinstance(node, Mapping) else None
            if entry is None:
                break
            if number == len(symbol) - 1:
                found.append(Span(entry.key.span.source, *_find_inside_quotes(entry.key)))
            node = entry.value
    return found


def _find_inside_quotes(key: Scalar) -> tuple[int, int]:
    start, end = key.span.start, key.span.end
    return (start, end) if key.plain else (start + 1, end - 1)


def _find_extended(state: State, text: Source, uris: Uris, params: Json) -> Json | None:
    """The file that `extends` names at a place."""
    offset, tree = to_offset(text, params["position"]), state.prepared.texts.trees.get(id(text))
    entry = tree.get("extends") if isinstance(tree, Mapping) else None
    if entry is None or not entry.value.span.start <= offset <= entry.value.span.end or not isinstance(entry.value, Scalar):
        return None
    path = str(File(text.name).parent / entry.value.text)
    source = next((each for each in state.prepared.texts.sources.values() if each.name == path), None)
    return uris.make_location(Span(source, 0, 0)) if source is not None else None
