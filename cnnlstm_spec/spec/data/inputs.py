"""How each branch is read: a record for each kind of input, and the mapping `inputs` of branches to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from ...language.cached_reading import recall
from ...language.catalog import NO_EFFECT
from ...language.foreign import suggest_line, write_flow
from ...language.json_schema import Schema
from ...language.kinds import BOOLEAN, COUNT, NOT_A_CHOICE, NUMBER, POSITIVE, SIZE, Choice, report_wrong_type
from ...language.leaf import OpenLeaf, Reading
from ...language.list_kinds import Either, ListOf
from ...language.meanings import NamedKey
from ...language.read_record import read_record
from ...language.record import Checks, Record
from ...language.record_leaf import RecordLeaf
from ...language.scope import POISON, Poison, Scope
from ...ops.input import Input
from ...text.diagnostic import UNWRITTEN, Code, Written
from ...text.frozen import dataclass
from ...text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, show_given
from ...text.source import Place
from ...text.spelling import guess
from ..branch_rounds import Bound
from ..fusion import ONE_WAY
from ..patterns import fits
from .lengths import LENGTH, AugmentLeaf, Length, StepAugmentation
from .splits import COLUMN, LABEL

OTHER_KIND = Code(
    "data-key-of-other-kind",
    "error",
    "`{key}` is for {kinds}; `{branch}` is `kind: {kind}`",
    help="leave it out",
    is_idle=True,
)
UNKNOWN_BRANCH = Code("data-unknown-branch", "error", "there is no branch `{name}` to read")
READ_TWICE = Code("data-branch-twice", "error", "`{pattern}` holds for `{branch}`, which has an entry of its own")
TWICE = Code("label-twice", "error", "`{given}` is named twice", help="name each once")


class LabelsLeaf(ListOf):
    """A list of labels, each once."""

    def __init__(self) -> None:
        super().__init__(LABEL, least=1)
        self.words = "a list of labels"


LABELS = LabelsLeaf()


def find_first_twice(names: Iterable[str]) -> str | None:
    """The first name that stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


class OneHotColumn(Record):
    """A column of words that becomes a number, 0 or 1, for each of them."""

    column: Annotated[str, COLUMN]
    """The column."""
    one_hot: Annotated[tuple[str, ...], LABELS]
    """What may stand in it, in the order of the numbers."""

    def check(self, at: Checks) -> None:
        if (label := find_first_twice(self.one_hot)) is not None:
            at.report(TWICE, "one_hot", given=label)

    @property
    def width(self) -> int:
        """How many numbers it gives."""
        return len(self.one_hot)


ONE_HOT = RecordLeaf(OneHotColumn)


class ColumnLeaf(OpenLeaf["str | OneHotColumn"]):
    """A column of numbers, or one of words as one-hot numbers."""

    words = "the name of a column, or `{column: sex, one_hot: [f, m]}`"
    canonical = (OneHotColumn, str)

    def read_node(self, node: Node, scope: Scope) -> object:
        return ONE_HOT.read_node(node, scope) if isinstance(node, Mapping) else COLUMN.read(node, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [COLUMN.make_schema(), ONE_HOT.make_schema()]}


class ColumnsLeaf(ListOf):
    """A list of columns."""

    def __init__(self) -> None:
        super().__init__(ColumnLeaf(), least=1)
        self.words = "a list of columns"


class InputSource(Record):
    """How a branch is read."""

    column: Annotated[str | None, COLUMN] = None
    """The column of the table; the branch's own name if it is left out."""

    kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of input that are read so."""


class VectorSource(InputSource):
    """A vector: a number for each of some columns, or a list in one."""

    columns: Annotated[tuple[str | OneHotColumn, ...] | None, ColumnsLeaf()] = None
    """Columns of the table, a feature each."""
    missing: Annotated[str | float | None, Either(Choice("drop", code=NOT_A_CHOICE), NUMBER)] = None
    """What is done with an empty cell: its row is dropped, or a number stands for it; else it is an error."""

    kinds = ("vector",)

    def check(self, at: Checks) -> None:
        _check_one_of_columns(self.column, self.columns, at)


def _check_one_of_columns(column: str | None, columns: tuple[str | OneHotColumn, ...] | None, at: Checks) -> None:
    if column is not None and columns is not None:
        at.report(ONE_WAY, "columns", (), True, owner=at.scope.name, keys="`column` or `columns`")
    names = [each if isinstance(each, str) else each.column for each in columns or ()]
    if (name := find_first_twice(names)) is not None:
        at.report(TWICE, "columns", given=name)


RESIZE = Choice("bilinear", "nearest", "bicubic", "lanczos", code=NOT_A_CHOICE)


class ImageSource(InputSource):
    """An image: a path."""

    resize: Annotated[str | None, RESIZE] = None
    """How an image of another size is brought to the branch's; else it is an error."""
    crop_to_aspect_ratio: Annotated[bool, BOOLEAN] = False
    """Whether what does not fit the ratio of height and width is cut off."""
    pad_to_aspect_ratio: Annotated[bool, BOOLEAN] = False
    """Whether it is filled up with black instead."""

    kinds = ("image",)

    def check(self, at: Checks) -> None:
        for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
            if self.is_written(key) and self.resize is None:
                at.report(NO_EFFECT, key, (), True, argument=key, needed="`resize`")
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            keys = "`crop_to_aspect_ratio` or `pad_to_aspect_ratio`"
            at.report(ONE_WAY, "pad_to_aspect_ratio", (), True, owner=at.scope.name, keys=keys)


class SequenceSource(InputSource):
    """A series: a path, or a list."""

    columns: Annotated[tuple[str | OneHotColumn, ...] | None, ColumnsLeaf()] = None
    """Columns of the file; of the table, where `window` makes samples of its rows."""
    length: Annotated[Length | None, LENGTH] = None
    """What is done with samples of other lengths."""
    sample_rate: Annotated[int | None, COUNT] = None
    """Samples a second that sound is brought to."""
    augment: Annotated[tuple[StepAugmentation, ...], AugmentLeaf()] = ()
    """Changes in training alone."""

    kinds = ("sequence",)

    def check(self, at: Checks) -> None:
        _check_one_of_columns(None, self.columns, at)


class VideoSource(ImageSource):
    """A film, a folder of frames, or an array: a path."""

    frames: Annotated[str, Choice("uniform", "random", "first", "key", code=NOT_A_CHOICE)] = "uniform"
    """Which frames are taken of a longer film; `random` is so in training, and `uniform` otherwise."""
    stride: Annotated[int, SIZE] = 1
    """Every so manieth frame alone is looked at."""
    fps: Annotated[float | None, POSITIVE] = None
    """Frames a second that the film is brought to; its own if it is left out."""
    length: Annotated[Length | None, LENGTH] = None
    """What is done with samples of other lengths."""
    augment: Annotated[tuple[StepAugmentation, ...], AugmentLeaf()] = ()
    """Changes in training alone."""

    kinds = ("video",)


class ArraySource(InputSource):
    """An array: a path."""

    kinds = ("volume", "tensor")


class TokensSource(InputSource):
    """Numbers of tokens: a list, or a path."""

    length: Annotated[Length | None, LENGTH] = None
    """What is done with samples of other lengths."""

    kinds = ("tokens",)


class TextSource(InputSource):
    """Text, as it stands in the cell."""

    kinds = ("text",)


SOURCES: tuple[type[InputSource], ...] = (
    VectorSource,
    ImageSource,
    SequenceSource,
    VideoSource,
    ArraySource,
    TokensSource,
    TextSource,
)
BY_KIND = {kind: cls for cls in SOURCES for kind in cls.kinds}


@dataclass(frozen=True)
class BranchSource:
    """How a branch is read, and where that is written."""

    branch: str
    source: InputSource
    written: Written
    place: Place
    """The key of the branch in `inputs`; the branch's own, where it is left out."""

    @property
    def column(self) -> str:
        """The column, where it is one."""
        return self.source.column or self.branch

    @property
    def columns(self) -> tuple[str | OneHotColumn, ...]:
        """The columns whose numbers it holds; of one that holds lists or paths, that."""
        return getattr(self.source, "columns", None) or (self.column,)


def read_inputs(
    node: Node | None, scope: Scope, branches: tuple[tuple[str, Input | None, Place, Bound], ...]
) -> tuple[dict[str, BranchSource], frozenset[str]]:
    """How each branch is read, by name, as far as that is known; and the branches whose entries could not be read."""
    kinds = {name: input.kind if input is not None else None for name, input, _, _ in branches}
    places = {name: place for name, _, place, _ in branches}
    rounds = {name: bound for name, _, _, bound in branches}
    resolved = scope.resolve(node) if node is not None else None
    if node is not None and not isinstance(resolved, Mapping):
        if resolved is not None and not (isinstance(resolved, Scalar) and resolved.value is None):
            report_not_by_name(resolved, scope, "a mapping of branches to how they are read", tuple(kinds))
            return {}, frozenset(kinds)
        resolved = None
    entries = resolved.entries if isinstance(resolved, Mapping) else ()
    untold = not all(bound.told for bound in rounds.values())
    found: dict[str, BranchSource] = {}
    broken: set[str] = set()
    for branch, entry in _map_by_branch(entries, scope, tuple(kinds), untold).items():
        at, kind = rounds[branch].apply_to(scope.enter(entry.key.text)), kinds[branch]
        value = at.resolve(entry.value)
        reading = POISON if value is None or kind is None else recall(_read_source, value, at, branch, kind)
        if isinstance(reading, Reading):
            found[branch] = BranchSource(branch, reading.record, reading.written, at.make_place(entry.key))
        else:
            broken.add(branch)
    for branch, kind in kinds.items():
        if branch not in found and branch not in broken and kind in BY_KIND:
            found[branch] = BranchSource(branch, BY_KIND[kind].make(), UNWRITTEN, places[branch])
    return found, frozenset(broken)


def report_not_by_name(node: Node, scope: Scope, words: str, names: tuple[str, ...]) -> None:
    """Reports columns that stand where each branch or head has its own."""
    columns = node.items if isinstance(node, Listing) else (node,)
    if not columns or not all(isinstance(each, Scalar) and isinstance(each.value, str) for each in columns):
        report_wrong_type(node, scope, words)
        return
    line = f"columns: {write_flow(node)}" if isinstance(node, Listing) else f"column: {write_flow(node)}"
    help, fixes = suggest_line(f"{{{names[0] if names else 'x'}: {{{line}}}}}", node)
    scope.report(WRONG_TYPE, node, key=scope.name, words=words, given=show_given(node), help=help, fixes=fixes)


def _map_by_branch(entries: tuple[Entry, ...], scope: Scope, branches: tuple[str, ...], untold: bool) -> dict[str, Entry]:
    """The entry of each branch; a `*` stands for any characters of a name. `untold` branches may be meant by unknown names."""
    found = {entry.key.text: entry for entry in entries if entry.key.text in branches}
    for entry in entries if scope.index is not None else ():
        scope.note(NamedKey(entry.key.span, branches, "a branch"))
    for entry in found.values():
        scope.note_word(entry.key, "branches", entry.key.text)
    for entry in entries:
        name = entry.key.text
        if name in branches:
            continue
        meant = [branch for branch in branches if "*" in name and fits(branch, name)]
        if not meant and not untold:
            near = guess(name, branches, entry.key.span)
            help = near.help or (f"the branches are {', '.join(branches)}",)
            scope.enter(name).report(UNKNOWN_BRANCH, entry.key, name=name, help=help, fixes=near.fixes)
        for branch in meant:
            if branch in found:
                help = (f"leave `{branch}` out of `inputs`, or write a narrower pattern",)
                scope.enter(name).report(READ_TWICE, entry.key, pattern=name, branch=branch, help=help)
            else:
                found[branch] = entry
    return found


def _read_source(node: Node, scope: Scope, branch: str, kind: str) -> Reading[InputSource] | Poison:
    cls = BY_KIND.get(kind)
    if cls is None:
        return POISON
    sound = True
    if isinstance(node, Mapping):
        for entry in node.entries:
            key = entry.key.text
            kinds = [each for each, other in BY_KIND.items() if key in other.arguments]
            if kinds and key not in cls.arguments:
                named = " and ".join(f"`{each}`" for each in kinds)
                scope.enter(key).report(OTHER_KIND, entry.key, key=key, kinds=named, branch=branch, kind=kind)
                sound = False
        if not sound:
            known = tuple(e for e in node.entries if e.key.text in cls.arguments or not _is_of_other_kind(e.key.text))
            node = Mapping(node.span, known)
    reading = read_record(cls, node, scope, branch)
    return reading if sound else POISON


def _is_of_other_kind(key: str) -> bool:
    return any(key in cls.arguments for cls in SOURCES)
