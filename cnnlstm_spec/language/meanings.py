"""What the words of a text mean, noted by what reads them and by what builds the graph, as they go; and where to look it up.

A reader notes what a key, a value or a name is to it, also where it then has something against it: so the same notes say what
could stand there. Imports `text` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ..text.frozen import dataclass
from ..text.nodes import Entry, Node
from ..text.nodes import Mapping as MappingNode
from ..text.source import Path, Source, Span
from .json_schema import Schema


class Described(ABC):
    """An argument, as a person is told of it."""

    name: str

    @property
    @abstractmethod
    def words(self) -> str:
        """What its value is."""

    @property
    @abstractmethod
    def doc(self) -> str:
        """What it means; empty where that is not told."""

    @property
    @abstractmethod
    def required(self) -> bool:
        """Whether it must be written."""

    @property
    @abstractmethod
    def default(self) -> object:
        """Its value where it is left out and not required."""

    @abstractmethod
    def make_schema(self) -> Schema:
        """The JSON Schema of its value."""


@dataclass(frozen=True, eq=False)
class TextMeaning:
    """What the text at a span is."""

    span: Span

    def tell_apart(self) -> tuple[object, ...]:
        """What tells it from others of its sort at the same place."""
        return ()


@dataclass(frozen=True, eq=False)
class LayerName(TextMeaning):
    """The name of a layer, a structure or a block in a list of layers, whether there is one of that name or not."""

    name: str
    blocks: Mapping[str, Node]
    """The blocks that may be used there."""


@dataclass(frozen=True, eq=False)
class Key(TextMeaning):
    """A key of a mapping of arguments, whether its owner has it or not."""

    name: str
    owner: str
    """What the arguments are of: `Conv2D`, `fit`."""
    arguments: Mapping[str, Described]
    """What its owner takes."""
    written: frozenset[str]
    """The keys that are written beside it, and itself."""


@dataclass(frozen=True, eq=False)
class ArgumentValue(TextMeaning):
    """The value of an argument."""

    argument: Described
    owner: str


@dataclass(frozen=True, eq=False)
class Arguments(TextMeaning):
    """A mapping of arguments, whose keys and values are told apart only where somebody looks them up."""

    node: MappingNode
    entries: tuple[Entry, ...]
    """Those of its entries that are meant."""
    owner: str
    arguments: Mapping[str, Described]

    def expand(self) -> Iterator[TextMeaning]:
        """Each key, and the value of each that the owner has."""
        written = frozenset(entry.key.text for entry in self.node.entries)
        for entry in self.entries:
            name = entry.key.text
            yield Key(entry.key.span, name, self.owner, self.arguments, written)
            if name in self.arguments:
                yield ArgumentValue(entry.value.span, self.arguments[name], self.owner)


@dataclass(frozen=True, eq=False)
class ObjectName(TextMeaning):
    """The name of one of Keras's objects, such as an optimizer, whether there is one of that name or not."""

    name: str
    family: str


@dataclass(frozen=True, eq=False)
class Address(TextMeaning):
    """What names a branch, a fusion, a head or a layer: a reference, or with `whole` an address as `expect` has it."""

    text: str
    whole: bool
    with_heads: bool = False
    """Whether a reference may name a head, as those of heads may."""


@dataclass(frozen=True, eq=False)
class NamedKey(TextMeaning):
    """A key that is the name of a head, or of a branch."""

    names: tuple[str, ...]
    """Those that there are."""
    what: str
    """What has such a name: `a head`."""


@dataclass(frozen=True, eq=False)
class RuleCode(TextMeaning):
    """A code of findings whose level is set, whether there is one of that name or not."""

    name: str


@dataclass(frozen=True, eq=False)
class RuleLevel(TextMeaning):
    """The level that a code is given."""

    levels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Variables(TextMeaning):
    """A value that holds a variable, and those that could stand in it."""

    variables: Mapping[str, Node]


SORTS = {
    "vars": "variable",
    "blocks": "block",
    "branches": "branch",
    "fusion": "fusion",
    "heads": "head",
    "share": "share",
    "names": "layer",
}
"""What a name names, by the first step of its symbol."""


@dataclass(frozen=True, eq=False)
class Word(TextMeaning):
    """A name that a person has chosen, where it is defined or used.

    `symbol` is the same for all words that are one name: `("vars", "width")`, `("blocks", "conv", "parameters", "filters")`,
    `("branches", "video")`, `("fusion", "av")`, `("heads", "risk")`, `("share", "encoder")`, `("names", "video", "conv3")`,
    and what `each` defines by its place: `("branches", "video", "layers", 0, "Repeat", "each", "width")`.
    """

    symbol: Path
    defines: bool = False

    def tell_apart(self) -> tuple[object, ...]:
        return (self.symbol, self.defines)

    @property
    def sort(self) -> str:
        """What it names: one of `SORTS`, or a `parameter` of a block. What `each` gives to its rounds is a variable."""
        if self.symbol[0] == "names" or len(self.symbol) == 2:
            return SORTS[str(self.symbol[0])]
        return "parameter" if self.symbol[:1] == ("blocks",) and self.symbol[2:3] == ("parameters",) else "variable"


@dataclass(frozen=True, eq=False)
class NodePlace(TextMeaning):
    """Where a layer is written, or a block is used: what stands there in the graph, by id and in order."""

    nodes: tuple[str, ...]
    is_use: bool = False
    """Whether it is a use of a block, whose layers are written elsewhere."""

    def tell_apart(self) -> tuple[object, ...]:
        return self.nodes


@dataclass(frozen=True, eq=False)
class DocumentPath(TextMeaning):
    """A path into the document, as `matrix` and `search.space` have them: its steps, and where each stands."""

    steps: Path
    spans: tuple[Span, ...]

    def find_words(self, defined: Container[Path]) -> Iterator[Word]:
        """The names in it, of those that are defined: of a section, of a block's parameter, of a layer in a list."""
        for number, span in enumerate(self.spans):
            area, last = self.steps[:number], self.steps[number]
            is_layer = area[-1:] == ("layers",)
            owner = area[1:-1] if area[:1] in (("branches",), ("fusion",)) else area[:-1]
            symbol: Path = ("names", *owner, last) if is_layer else (*area, last)
            if symbol in defined:
                yield Word(span, symbol)


class Noted(NamedTuple):
    """A meaning and the offset at which its span begins, for looking it up."""

    start: int
    meaning: TextMeaning


class Index:
    """The meanings of the words of a spec, of every text that it is read from."""

    def __init__(self, noted: Iterable[TextMeaning]) -> None:
        self._noted = tuple(noted)

    def add(self, noted: Iterable[TextMeaning]) -> Index:
        """The index with more meanings."""
        return Index((*self._noted, *noted))

    @cached_property
    def meanings(self) -> tuple[TextMeaning, ...]:
        """All of them, each once."""
        unique: dict[tuple[object, ...], TextMeaning] = {}
        told = (inner for each in self._noted for inner in (each.expand() if isinstance(each, Arguments) else (each,)))
        for each in told:
            place = (id(each.span.source), each.span.start, each.span.end)
            unique.setdefault((type(each), *place, *each.tell_apart()), each)
        defined = {each.symbol for each in unique.values() if isinstance(each, Word) and each.defines}
        paths = [each for each in unique.values() if isinstance(each, DocumentPath)]
        return (*unique.values(), *(word for each in paths for word in each.find_words(defined)))

    @cached_property
    def _by_source(self) -> dict[str, list[Noted]]:
        found: dict[str, list[Noted]] = {}
        for each in self.meanings:
            found.setdefault(each.span.source.name, []).append(Noted(each.span.start, each))
        for noted in found.values():
            noted.sort(key=lambda each: (each.start, -each.meaning.span.end))
        return found

    def find_at(self, source: Source, offset: int) -> tuple[TextMeaning, ...]:
        """The meanings of the text at an offset, or that ends there, the innermost first."""
        noted = self._by_source.get(source.name, [])
        before = noted[: bisect_right(noted, offset, key=lambda each: each.start)]
        held = [each.meaning for each in before if each.meaning.span.end >= offset]
        return tuple(sorted(held, key=lambda each: each.span.end - each.span.start))

    @cached_property
    def places(self) -> tuple[NodePlace, ...]:
        """Where layers are written and blocks are used, each once."""
        return tuple(each for each in self._noted if isinstance(each, NodePlace))

    @cached_property
    def words(self) -> dict[Path, list[Word]]:
        """By symbol, where it is defined and used."""
        found: dict[Path, list[Word]] = {}
        for each in self.meanings:
            if isinstance(each, Word):
                found.setdefault(each.symbol, []).append(each)
        return found

    def find_words(self, source: Source, offset: int) -> tuple[Word, ...]:
        """The names at an offset, the innermost first."""
        return tuple(each for each in self.find_at(source, offset) if isinstance(each, Word))


NO_INDEX = Index(())


def find_parts(span: Span, text: str) -> Iterator[tuple[str, Span]]:
    """The parts of a name with dots, each where it stands; nothing where the text stands otherwise at its span."""
    start = span.start
    written = span.source.text
    if not written.startswith(text, start):
        start += 1
        if not text or not written.startswith(text, start) or start + len(text) > span.end:
            return
    for part in text.split("."):
        yield part, Span(span.source, start, start + len(part))
        start += len(part) + 1


def find_word(span: Span, text: str) -> Span:
    """Where a name stands inside of its quotes."""
    starts = span.source.text.startswith(text, span.start + 1) and not span.source.text.startswith(text, span.start)
    start = span.start + 1 if starts else span.start
    return Span(span.source, start, start + len(text)) if span.source.text.startswith(text, start) else span
