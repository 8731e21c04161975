"""What is known of an open text: its findings, and what it holds or, while a line is half written, what it may be meant as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path as File

from ..compiler.compile import Compilation
from ..compiler.silence import separate_advice
from ..compiler.variants import Sweep, merge_findings, sweep
from ..language.meanings import Index, Word
from ..text.diagnostic import Diagnostic
from ..text.frozen import dataclass
from ..text.memo import UNKNOWN, Memory
from ..text.source import Path, Source
from ..text.texts import Texts, find_same_file
from .repaired import find_line, find_meant, is_half_written
from .retyped import may_retype, retype

VARIANTS = 200
"""So many variants of a matrix are looked at while a spec is edited."""


FEW = 200
"""So many layers in a short text are compiled in less time than a person sees."""
AGE = 40
"""So many states in a row may keep what the one before has known; then all is compiled anew."""


class Overtaken(BaseException):
    """The work is of no use any more: the text has changed, or nobody waits for it."""


class WantedMemory(Memory):
    """A memory that ends the work in it once it is no longer wanted; all stages of the compiler look into it."""

    def __init__(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        super().__init__()
        self.is_wanted = is_wanted

    def serve(self, is_wanted: Callable[[], bool]) -> None:
        """From now on the work is that of another request, which says whether it is wanted."""
        self.is_wanted = is_wanted

    def get(self, key: tuple[object, ...]) -> object:
        # Thousands of times for a text: without a call of those below.
        if not self.is_wanted():
            raise Overtaken
        known = self._kept.get(key)
        return UNKNOWN if known is None else known[0]

    def check(self) -> None:
        """Raises Overtaken where the work is no longer wanted."""
        if not self.is_wanted():
            raise Overtaken


class OpenTexts(Texts):
    """Files as the editor has them open; others as they lie on the disk."""

    def __init__(self, open_files: Mapping[File, Source]) -> None:
        super().__init__()
        self.open_files = open_files

    def read(self, path: File) -> Source:
        same = find_same_file(path)
        known = self.open_files.get(same)
        if known is None:
            return super().read(path)
        self.asked.add(same)
        source = self.files[same] = Source(str(path), known.text)
        return source


@dataclass(frozen=True)
class Settings:
    """What a person has set in the editor itself; nothing of a folder that is opened."""

    allow_imports: bool = False
    allow_outside: bool = False
    shows_params: bool = False
    """Whether hints show parameters too."""
    has_snippets: bool = False
    """Whether the editor takes texts with places to fill in."""


@dataclass(frozen=True, eq=False)
class State:
    """A text as it was compiled."""

    source: Source
    prepared: Sweep
    memory: WantedMemory
    line: int | None = None
    """The 1-based line that was changed last."""
    settings: Settings = field(default_factory=Settings)
    age: int = 0
    """How many states before it have given it what they knew."""
    keeps: bool = True
    """Whether it keeps what it knows for the one after it."""

    @cached_property
    def exact(self) -> State:
        """The same text compiled by itself: in one that has kept what was known, offsets are those of the texts before."""
        if not self.age:
            return self
        # It is wanted as long as this one is, whoever asks for it by then.
        memory = WantedMemory(lambda: self.memory.is_wanted())
        return make_state(self.source, self.prepared.folder, {}, self.settings, self.line, memory)

    @cached_property
    def compilation(self) -> Compilation:
        """The spec as it is written."""
        return self.prepared.compile_plain(self.keeps)

    def is_small(self) -> bool:
        """Whether it was compiled as fast as one could be that keeps what it knows, or gives up once nobody waits for it."""
        made: Compilation | None = self.__dict__.get("compilation")
        return not may_retype(self.source) and made is not None and made.graph is not None and len(made.graph.nodes) <= FEW

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        """What `validate` finds."""
        if not self.prepared.variants:
            found = separate_advice(keep_shown(self.compilation.diagnostics))[0]
            return tuple(sorted(found, key=_rank_finding)) if self.age else tuple(found)
        few = self.prepared.variants[:VARIANTS]
        whole = merge_findings([keep_shown(self.prepared.compile(each).diagnostics) for each in few])
        own = [separate_advice(each)[0] for each in whole]
        unique = {(each.code.name, each.place.span, each.message): each for found in own for each in found}
        return tuple(unique.values())

    @cached_property
    def half_written(self) -> int | None:
        """The 1-based line for which the spec cannot be read, if it may be half written."""
        first = next((each for each in self.compilation.diagnostics if each.severity == "error"), None)
        number = self.line
        if self.compilation.document is None and (number is None or number > find_line(self.source, len(self.source.text))):
            number = find_line(self.source, first.place.span.start) if first is not None else None
        return number if number is not None and is_half_written(self.compilation, number) else None

    @cached_property
    def meant(self) -> Compilation:
        """The spec, or what it may be meant as: its lines but for the half-written one are the same."""
        number = self.half_written
        if number is None:
            return self.compilation
        meant = find_meant(self.prepared, number, self.compilation)
        first = next(iter(self.compilation.diagnostics), None)
        if meant is self.compilation and meant.document is None and first is not None:
            other = find_line(self.source, first.place.span.start)
            meant = find_meant(self.prepared, other, self.compilation) if other != number else meant
        return meant

    @cached_property
    def indexes(self) -> tuple[Index, ...]:
        """What its words mean, and what they mean in its variants, whose values stand in the matrix."""
        few = self.prepared.variants[:VARIANTS]
        return (self.meant.index, *(self.prepared.compile(each).index for each in few))

    def find_words(self, symbol: Path) -> list[Word]:
        """Where a name is defined and used, each place once."""
        words = {each.span: each for index in self.indexes for each in index.words.get(symbol, ())}
        return list(words.values())

    def edit(self, source: Source, texts: Texts) -> Sweep:
        """The spec prepared anew from other texts."""
        assert self.prepared.again is not None
        return self.prepared.again(source, texts)


def _rank_finding(found: Diagnostic) -> tuple[int, int, str]:
    """As `validate` orders what it finds in one file."""
    return (*found.place.span.source.find_position(found.place.span.start), found.code.name)


def keep_shown(found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """The findings that are shown unless advice is asked for."""
    return [each for each in found if each.severity != "advice"]


def make_state(
    source: Source,
    folder: File | None,
    open_files: Mapping[File, Source],
    settings: Settings,
    line: int | None = None,
    memory: WantedMemory | None = None,
    before: State | None = None,
) -> State:
    """The state of a text of a folder, None for one of no file; what is known of the one `before` it is kept where that is so.

    Of a text with errors nothing is kept: what is said of them may rest on where things stand.
    """
    if before is not None and before.age < AGE and (prepared := retype(before.prepared, source)) is not None:
        state = State(source, prepared, before.memory, line, settings, before.age + 1)
        if state.compilation.ok:
            return state
    memory = memory or WantedMemory()
    given = (settings.allow_imports, settings.allow_outside)
    prepared = sweep(source, (), (), folder, *given, texts=OpenTexts(open_files), memory=memory, indexed=True)
    return State(source, prepared, memory, line, settings, keeps=before is None or not before.is_small())
