"""Text to values with the span of every key and value. The only file that reads YAML; imports no other stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from .diagnostic import Code, Diagnostic, Label
from .fix import write
from .foreign_variables import JINJA
from .nodes import DEPTH_LIMIT, NODES_LIMIT, TOO_DEEP, TOO_MANY, Entry, Listing, Mapping, Node, Scalar, as_key, describe_sort
from .read_source import LIMIT, TOO_LARGE
from .source import Place, Source, Span
from .yaml_scalars import Unreadable, Value, resolve

NESTING = "nesting depth"
"""What newer libyaml says of brackets, some of which it reads ahead of what it has given."""

NOT_YAML = Code("not-yaml", "error", "not YAML: {problem}")
NOT_TEXT = Code("not-text", "error", "a character that YAML does not allow: {character}")
EMPTY = Code("empty-spec", "error", "nothing is written here", help="`cnnlstm-spec new` prints a spec to start from")
SEVERAL = Code(
    "several-documents",
    "error",
    "a second document begins here; a file holds one spec",
    help="put it into a file of its own, or remove the `---`",
)
CYCLE = Code(
    "alias-cycle",
    "error",
    "`*{name}` stands inside the value that it names",
    help="write the value out, or let the alias name another one",
)
UNKNOWN_ALIAS = Code(
    "unknown-alias", "error", "`*{name}` has no `&{name}` before it", help="write `&name` before the first value of that kind"
)
DUPLICATE = Code("duplicate-key", "error", "`{key}` is written twice in one mapping", help="keep one of the two")
BAD_KEY = Code("key-not-a-name", "error", "a key is a name; this is {given}", help="quote it if it is meant as text")
BAD_TAG = Code("unknown-tag", "error", "the tag `{tag}` means nothing here", help="leave the tag out")
BAD_MERGE = Code(
    "merge-needs-mapping",
    "error",
    "`<<` merges a mapping or a list of mappings; this is {given}",
    help="let it name an anchor of a mapping: `<<: *base`",
)
BAD_NUMBER = Code("unclear-number", "error", "{reason}")


class Refused(Exception):
    """Holds the diagnostic that ends the reading of a text."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def parse(source: Source) -> tuple[Node | None, list[Diagnostic]]:
    """The one document of a text; a text that cannot be read gives one diagnostic, at its place."""
    found: list[Diagnostic] = []
    try:
        _check_size(source)
        _check_characters(source)
        return _Composer(source, found).read_document(), found
    except Refused as refused:
        return None, [*found, refused.diagnostic]
    except yaml.MarkedYAMLError as error:
        return None, [*found, _report_syntax_error(source, error)]


def find_texts(source: Source) -> list[tuple[int, int]]:
    """The ranges of text in quotes and in blocks, in order, where a `#` begins no comment; as far as it is YAML."""
    found: list[tuple[int, int]] = []
    events: Any = yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        for event in events:
            if getattr(event, "style", None) not in ("'", '"', "|", ">"):
                continue
            start, end = event.start_mark.index, event.end_mark.index
            if event.style in "|>":
                # Its first line has the sign, and may have a comment.
                start += len(source.text[start:end].split("\n")[0].split("\r")[0])
            found.append((start, end))
    except yaml.YAMLError:
        found.append((found[-1][1] if found else 0, len(source.text)))
    return found


def _check_size(source: Source) -> None:
    """Of a file it is known before it is read whole; an editor, and the API, hand a text over."""
    if len(source.text) > LIMIT * 2**20:
        raise Refused(Diagnostic(TOO_LARGE, Place((), Span(source, 0, 0)), {"limit": LIMIT}))


def _check_characters(source: Source) -> None:
    match = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
    if match is not None:
        place = Place((), Span(source, match.start(), match.end()))
        raise Refused(Diagnostic(NOT_TEXT, place, {"character": f"U+{ord(match[0]):04X}"}, help=("remove it",)))


def _report_syntax_error(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    at = min(mark.index if mark else 0, len(source.text))
    problem = error.problem or "it cannot be read"
    if NESTING in problem:
        at = _find_too_deep(source.text, at)
        return Diagnostic(TOO_DEEP, Place((), Span(source, at, at + 1)), {"limit": DEPTH_LIMIT})
    begun = error.context_mark.index if error.context_mark else at
    from .yaml_slips import find_slip

    fix, help, fixes = find_slip(source, problem, at, error.context or "", begun)
    labels: tuple[Label, ...] = ()
    if error.context and begun not in (at, fix) and fix == at:
        labels = (Label(Place((), Span(source, begun, begun + 1)), error.context),)
    place = Place((), Span(source, fix, min(fix + 1, len(source.text))))
    return Diagnostic(NOT_YAML, place, {"problem": problem}, "", labels, (help,) if help else (), fixes)


def _find_too_deep(text: str, at: int) -> int:
    """The first bracket a level too deep: libyaml may read brackets on, and end at its own limit."""
    opened: list[int] = []
    closed = 0
    for index in range(min(at, len(text) - 1), -1, -1):
        if text[index] in "]}":
            closed += 1
        elif text[index] in "[{" and closed:
            closed -= 1
        elif text[index] in "[{":
            opened.append(index)
    return opened[-DEPTH_LIMIT - 1] if len(opened) > DEPTH_LIMIT else at


class _Composer:
    """Builds nodes from the event stream: `compose` on the C loader overflows its stack on deep nesting."""

    def __init__(self, source: Source, found: list[Diagnostic]) -> None:
        self.source = source
        self.found = found
        self.events: Iterator[yaml.Event] = yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.count = 0

    def make_span(self, event: yaml.Event) -> Span:
        assert event.start_mark is not None and event.end_mark is not None
        return Span(self.source, event.start_mark.index, event.end_mark.index)

    def refuse_key(self, key: Node) -> Refused:
        """What is said of a key that is a list or a mapping, as a variable of Jinja is."""
        source = key.span.source
        jinja = JINJA.match(source.text, key.span.start - 1)
        if jinja is None:
            return self.refuse(BAD_KEY, key.span, given=describe_sort(key))
        variable, span = f"${jinja[1]}", Span(source, jinja.start(), jinja.end())
        facts: dict[str, object] = {"given": describe_sort(key)}
        help = (f"a variable is written `{variable}`",)
        return Refused(Diagnostic(BAD_KEY, Place((), key.span), facts, help=help, fixes=(write(span, variable),)))

    def refuse(self, code: Code, span: Span, **facts: object) -> Refused:
        return Refused(Diagnostic(code, Place((), span), facts))

    def read_document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.refuse(SEVERAL, self.make_span(event))
                root = self.read_node(next(self.events), 0)
        if root is None or (isinstance(root, Scalar) and root.value is None and not root.broken):
            raise self.refuse(EMPTY, Span(self.source, 0, 0))
        return root

    def read_node(self, event: yaml.Event, depth: int) -> Node:
        span = self.make_span(event)
        if depth > DEPTH_LIMIT:
            raise self.refuse(TOO_DEEP, span, limit=DEPTH_LIMIT)
        if isinstance(event, yaml.AliasEvent):
            return self.read_alias(event.anchor or "", span)
        assert isinstance(event, yaml.NodeEvent)
        before = self.count
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.spend(1, span)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self.read_scalar(event, span)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.read_listing(event, span, depth)
        else:
            assert isinstance(event, yaml.MappingStartEvent)
            node = self.read_mapping(event, span, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def spend(self, count: int, span: Span) -> None:
        self.count += count
        if self.count > NODES_LIMIT:
            raise self.refuse(TOO_MANY, span, limit=NODES_LIMIT)

    def read_alias(self, name: str, span: Span) -> Node:
        if name not in self.anchors:
            raise self.refuse(UNKNOWN_ALIAS, span, name=name)
        held = self.anchors[name]
        if held is None:
            raise self.refuse(CYCLE, span, name=name)
        self.spend(held[1], span)
        return held[0]

    def read_scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        plain = event.style is None or event.style == ""
        text: str = event.value
        if event.tag in (None, "!"):
            value = resolve(text) if plain and event.tag is None else text
        else:
            value = self.read_tagged(event.tag, text, span)
        if isinstance(value, Unreadable):
            facts: dict[str, object] = {"reason": value.reason}
            self.found.append(Diagnostic(BAD_NUMBER, Place((), span), facts, help=(value.help,)))
            return Scalar(span, None, text, plain, broken=True)
        return Scalar(span, value, text, plain)

    def read_tagged(self, tag: str, text: str, span: Span) -> Value | Unreadable:
        name = tag.removeprefix("tag:yaml.org,2002:")
        value = resolve(text)
        if name == "str":
            return text
        if name == "float" and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        known = {"int": int, "float": float, "bool": bool, "null": type(None)}
        if type(value) is known.get(name) or (isinstance(value, Unreadable) and name in known):
            return value
        raise self.refuse(BAD_TAG, span, tag=tag)

    def read_container(self, event: yaml.CollectionStartEvent, span: Span, name: str) -> None:
        if event.tag not in (None, "!", f"tag:yaml.org,2002:{name}"):
            raise self.refuse(BAD_TAG, span.to(span.start + 1), tag=event.tag)

    def read_listing(self, event: yaml.SequenceStartEvent, span: Span, depth: int) -> Listing:
        self.read_container(event, span, "seq")
        items = []
        last = None
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            items.append(self.read_node(inner, depth + 1))
            last = self.find_end(inner, items[-1])
        return Listing(span.to(self.find_collection_end(inner, last)), tuple(items))

    def find_collection_end(self, event: yaml.Event, last: int | None) -> int:
        """Where a collection ends, given the end of the last in it; a block collection's own mark lies at the token after it."""
        own = self.make_span(event)
        return own.end if own.end > own.start or last is None else last

    def find_end(self, event: yaml.Event, node: Node) -> int:
        """Where a value ends that stands here; that of an alias is written elsewhere."""
        return self.make_span(event).end if isinstance(event, yaml.AliasEvent) else node.span.end

    def read_mapping(self, event: yaml.MappingStartEvent, span: Span, depth: int) -> Mapping:
        self.read_container(event, span, "map")
        entries: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        last = None
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.read_node(inner, depth + 1)
            inner = next(self.events)
            value = self.read_node(inner, depth + 1)
            last = self.find_end(inner, value)
            if not isinstance(key, Scalar):
                raise self.refuse_key(key)
            key = as_key(key, self.found)
            if key.text == "<<" and key.plain:
                self.merge(value, merged)
            elif (first := entries.get(key.text)) is not None:
                label = Label(Place((), first.key.span), "first written here")
                facts: dict[str, object] = {"key": key.text}
                self.found.append(Diagnostic(DUPLICATE, Place((), key.span), facts, labels=(label,)))
            else:
                entries[key.text] = Entry(key, value)
        own = tuple(entries.values())
        inherited = tuple(entry for name, entry in merged.items() if name not in entries)
        return Mapping(span.to(self.find_collection_end(inner, last)), inherited + own)

    def merge(self, value: Node, merged: dict[str, Entry]) -> None:
        for each in value.items if isinstance(value, Listing) else (value,):
            if not isinstance(each, Mapping):
                raise self.refuse(BAD_MERGE, each.span, given=describe_sort(each))
            self.spend(len(each.entries), each.span)
            for entry in each.entries:
                merged.setdefault(entry.key.text, entry)
