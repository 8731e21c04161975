"""What could stand at a place: a word put there is read, and what reads it says what it would take for it.

So a half-written line is completed by the same reader that reads whole ones, and by nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import NamedTuple

from ...compiler.compile import Compilation
from ...compiler.silence import find_codes
from ...emit.words.code_pages import read_title
from ...emit.words.reference import find, format_default
from ...ir.graph import Graph
from ...language.catalog import find_family
from ...language.meanings import (
    Address,
    ArgumentValue,
    Described,
    DocumentPath,
    Key,
    LayerName,
    NamedKey,
    ObjectName,
    RuleCode,
    RuleLevel,
    TextMeaning,
    Variables,
)
from ...model.addresses import list_addresses, list_inner
from ...model.logged import list_logged
from ...ops import ALIASES, list_known_layers
from ...spec.registry import STRUCTURES
from ...text.escape.json import write_readable
from ...text.escape.terminal import make_line_safe
from ...text.repair import propose_repairs
from ...text.source import Source, Span
from ...text.texts import EditedTexts
from ..positions import to_offset, to_range
from ..state import State
from .diagnostics import Json
from .extended_paths import complete_extended
from .hover import describe

MARK = "qzcompletedhere"
"""A word that is near none that a spec may hold."""
BEGUN = re.compile(r"(?:\$\{?)?[A-Za-z0-9_.\-]*\Z")
GOES_ON = re.compile(r"[A-Za-z0-9_.\-]*")
MODULE, FUNCTION, FIELD, VARIABLE, CLASS, PROPERTY, VALUE = 9, 3, 5, 6, 7, 10, 12
PLAIN, SNIPPET = 1, 2
MOST = 10
"""So many texts with the word in them are read until one tells what it is."""
LOOK_AT_LOGGED = ("monitor", "maximize", "minimize")
"""Arguments that name what is logged."""


class Option(NamedTuple):
    """What could be written."""

    text: str
    kind: int
    detail: str = ""
    doc: str = ""
    insert: str | None = None
    """What is written instead of the text, with places to fill in."""
    first: bool = False


def find_completions(state: State, params: Json) -> Json:
    """What could be written at a place, in place of the word that is there."""
    if (paths := complete_extended(state, params)) is not None:
        return {"isIncomplete": False, "items": paths}
    source, offset = state.source, to_offset(state.source, params["position"])
    line = source.start(source.find_position(offset)[0])
    begun = BEGUN.search(source.text, line, offset)
    start = begun.start() if begun is not None else offset
    goes_on = GOES_ON.match(source.text, offset)
    end = goes_on.end() if goes_on is not None else offset
    written = source.text[start:offset]
    is_variable = written.startswith("$")
    options = _find_options(state, start, end, "$" + MARK if is_variable else MARK, written)
    if is_variable:
        options = [each for each in options if each.kind == VARIABLE]
    unique = {each.text: each for each in reversed(options)}
    place = to_range(Span(source, start, end))
    items = [_make_item(each, place, state.settings.has_snippets) for each in reversed(unique.values())]
    return {"isIncomplete": False, "items": items}


def _find_options(state: State, start: int, end: int, mark: str, written: str) -> list[Option]:
    """What could stand in place of a word: by the first text with another one there that can be read, and that tells of some."""
    last, texts = state.source, state.prepared.texts
    for candidate in islice(_propose_texts(state.source, start, end, mark), MOST):
        edited = state.edit(candidate, EditedTexts(texts, {id(last): candidate}))
        if edited.document is None:
            continue
        last, texts = candidate, edited.texts
        compilation = edited.compile_plain()
        held = compilation.index.find_at(candidate, start)
        own = [
            each for each in held if each.span.start in (start, start - 1) and each.span.end - each.span.start <= len(mark) + 2
        ]
        if options := [option for each in own for option in _list_options(each, state, compilation, written)]:
            return options
    return []


def _propose_texts(source: Source, start: int, end: int, mark: str) -> Iterator[Source]:
    """Texts with a word in place of what stands there: as a value, as a key, and with the rest of its line closed."""
    before, after, number = source.text[:start], source.text[end:], source.find_position(start)[0]
    rest, newline, below = after.partition("\n")
    texts = [f"{before}{mark}{after}"]
    if rest.strip():
        # What follows on the line may belong to what was there before.
        texts.append(f"{before}{mark}{newline}{below}")
    if not rest.lstrip().startswith(":"):
        texts.append(f"{before}{mark}:{after}")
    if not rest.strip() and not before[source.start(number) :].strip():
        # Alone on its line a word is a key more often than a value.
        texts.reverse()
    sources = [Source(source.name, text) for text in texts]
    for each in (*sources, *(each for one in sources for each in propose_repairs(one, number))):
        if each.text.startswith(mark, start):
            yield each


def _list_options(meaning: TextMeaning, state: State, compilation: Compilation, written: str) -> Iterator[Option]:
    known = state.meant if state.meant.graph is not None else compilation
    if isinstance(meaning, Key):
        for name, argument in meaning.arguments.items():
            if name not in meaning.written:
                yield _make_key_option(name, argument, meaning.owner)
    elif isinstance(meaning, LayerName):
        yield from (Option(name, FUNCTION, "block", first=True) for name in meaning.blocks)
        yield from _list_layers()
    elif isinstance(meaning, ObjectName):
        yield from _list_objects(meaning.family)
    elif isinstance(meaning, ArgumentValue):
        yield from _list_values(meaning.argument)
        if meaning.argument.name in LOOK_AT_LOGGED and known.spec is not None:
            yield from (Option(name, VALUE, "what is logged") for name in list_logged(known.spec))
    elif isinstance(meaning, Variables):
        yield from (Option(f"${name}", VARIABLE, _shorten(node)) for name, node in meaning.variables.items())
    elif isinstance(meaning, DocumentPath):
        yield from (Option(".".join(map(str, each)), VARIABLE, "a path") for each in compilation.index.words if each[0] == "vars")
    elif isinstance(meaning, RuleCode):
        yield from _list_codes()
    elif isinstance(meaning, RuleLevel):
        yield from (Option(level, VALUE) for level in meaning.levels)
    elif isinstance(meaning, NamedKey):
        yield from (Option(name, CLASS, meaning.what, insert=f"{_escape(name)}: $0") for name in meaning.names)
    elif isinstance(meaning, Address) and known.graph is not None:
        names = list_addresses(known.graph) if meaning.whole else _list_references(known.graph, meaning.with_heads)
        names = (*names, *list_inner(known.graph, written, meaning.whole))
        yield from (Option(name, VALUE, "an address" if meaning.whole else "a reference") for name in names)
        if meaning.whole:
            yield from (Option(name, VALUE, "a count") for name in ("params", "trainable_params", "macs"))


@cache
def _list_codes() -> tuple[Option, ...]:
    """The codes whose level is a person's to say."""
    codes = (each for each in find_codes().values() if each.may_be_set)
    return tuple(Option(each.name, PROPERTY, each.severity, read_title(each.name), f"{each.name}: $0") for each in codes)


def _list_references(graph: Graph, with_heads: bool) -> tuple[str, ...]:
    """Branches, fusions and layers in them as references have them; heads and what is in them too where they may be read."""
    heads = tuple(f"heads.{name}" for name in graph.outputs) if with_heads else ()
    return (*(name for name in graph.addresses if with_heads or not name.startswith(("head.", "heads."))), *heads)


def _make_key_option(name: str, argument: Described, owner: str) -> Option:
    default = "required" if argument.required else f"default: {format_default(argument)}"
    return Option(
        name, PROPERTY, f"{argument.words}; {default}", describe(argument, owner), f"{_escape(name)}: $0", argument.required
    )


@cache
def _list_layers() -> tuple[Option, ...]:
    """Every layer and structure, with its required arguments to fill in."""
    names = [*STRUCTURES, *(name for name in list_known_layers() if name not in ALIASES)]
    return tuple(Option(name, CLASS, _read_first_line(name), insert=_write_with_required(name)) for name in names)


def _read_first_line(name: str) -> str:
    record = find(name)
    return (record.__doc__ or "").strip().split("\n")[0] if record is not None else ""


def _write_with_required(name: str) -> str | None:
    """A layer with what must be written, each place with its number; None where nothing must."""
    record = find(name)
    needed = [each for each, argument in record.arguments.items() if argument.required] if record is not None else []
    if not needed or name in STRUCTURES:
        return f"{name}: $0" if name in STRUCTURES else None
    places = ", ".join(f"{each}: ${number}" for number, each in enumerate(needed, 1))
    return f"{name}: {{{places}}}"


@cache
def _list_objects(name: str) -> tuple[Option, ...]:
    found = find_family(name)
    words = [*found.get("by_shape", ()), *found["identifiers"]]
    classes = [each for each in found["classes"] if each not in words] if name != "activations" else []
    return tuple(Option(each, VALUE, name) for each in (*dict.fromkeys(words), *classes))


def _list_values(argument: Described) -> Iterator[Option]:
    choices = list(_list_choices(argument.make_schema()))
    # Beside nothing else, null would be taken for what is meant by whoever goes on to the next line.
    for value in choices if any(each is not None for each in choices) else ():
        text = write_readable(value) if not isinstance(value, str) else value
        is_default = not argument.required and argument.default == value
        yield Option(text, VALUE, "default" if is_default else "", first=is_default)


def _list_choices(schema: object) -> Iterator[object]:
    """The values that a schema lists, and both of a boolean."""
    if not isinstance(schema, Mapping):
        return
    if isinstance(schema.get("enum"), list | tuple):
        yield from (each for each in schema["enum"] if each is None or isinstance(each, str | bool | int | float))
    if "const" in schema:
        yield schema["const"]
    sorts = schema.get("type")
    if sorts == "null":
        yield None
    if sorts == "boolean" or (isinstance(sorts, list) and "boolean" in sorts):
        yield from (True, False)
    for part in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(part, ()):
            yield from _list_choices(each)
    yield from _list_choices(schema.get("items"))


def _escape(name: str) -> str:
    """A name that stands for itself in a text with places to fill in."""
    return re.sub(r"([\\$}])", r"\\\1", name)


def _shorten(node: object) -> str:
    return make_line_safe(str(getattr(node, "text", "")))[:60]


def _make_item(option: Option, place: Json, has_snippets: bool) -> Json:
    insert = option.insert if option.insert is not None else option.text
    plain = re.sub(r"\\([\\$}])", r"\1", re.sub(r"(?<!\\)\$\d", "", insert)) if option.insert is not None else insert
    made: Json = {
        "label": make_line_safe(option.text),
        "kind": option.kind,
        "sortText": f"{0 if option.first else 1}{option.text}",
        "filterText": option.text,
        "textEdit": {"range": place, "newText": insert if has_snippets and option.insert is not None else plain},
        "insertTextFormat": SNIPPET if has_snippets and option.insert is not None else PLAIN,
    }
    if option.detail:
        made["detail"] = make_line_safe(option.detail)
    if option.doc:
        made["documentation"] = {"kind": "plaintext", "value": option.doc}
    return made


def list_labels(completions: Json) -> Iterable[str]:
    """The texts of completions, for tests."""
    return [each["label"] for each in completions["items"]]
