"""A spec with the variants of its matrix: read once, then compiled one variant after the other. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path as File
from typing import TYPE_CHECKING

from ..text.diagnostic import Diagnostic
from ..text.frozen import dataclass
from ..text.memo import Memory
from ..text.nodes import Mapping, Node
from ..text.source import Source
from ..text.spelling import limit_lookups
from ..text.texts import Texts
from .compile import SHOWN, Compilation, Overrides, compile_document, count_rest, finish, pause_collector, read_document
from .silence import IDLE, NOTHING, Silence

if TYPE_CHECKING:
    from ..language.meanings import TextMeaning
    from ..text.edits.matrix import Variant
    from ..text.edits.overrides import Override


Key = tuple[object, ...]
FEW = 50
"""So many variants cannot have too many layers together, of which a spec has a limit of its own."""


@dataclass(frozen=True)
class Sweep:
    """What all variants of a spec have in common; there are none without a matrix, and none where it has mistakes."""

    source: Source
    document: Node | None
    """Without its matrix, and nothing set in it yet."""
    found: tuple[Diagnostic, ...]
    """What was found before the values of a variant stand in the document."""
    overrides: tuple[Override, ...]
    """What is set after those values: it comes after it all."""
    folder: File | None
    allow_imports: bool
    variants: Sequence[Variant]
    silence: Silence = NOTHING
    texts: Texts = field(default_factory=Texts, repr=False, compare=False)
    """What was read for it."""
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)
    again: Callable[[Source, Texts], Sweep] | None = field(default=None, repr=False, compare=False)
    """Prepares it anew from other texts, under the same options and with the same memory."""
    indexed: bool = False
    """Whether it is noted what the words of the texts mean."""
    noted: tuple[TextMeaning, ...] = field(default=(), repr=False, compare=False)
    """What those of its matrix mean."""

    def compile_plain(self, keeps: bool = True) -> Compilation:
        """The spec as it is written; without `keeps` a tenth faster, where nothing like it is compiled after it."""
        return self.compile(None, keeps)

    @limit_lookups
    def compile(self, variant: Variant | None, keeps: bool = True) -> Compilation:
        """A variant, or the spec as it is written.

        What it shares with those before it is not read from text, read as layers, inferred or checked again; with `keeps` nor is
        what it shares with those after it.
        """
        found, document, memory = list(self.found), self.document, self.memory if keeps else None
        if document is None:
            return Compilation(self.source, finish(found))
        with pause_collector():
            if variant is not None:
                document = variant.apply_to(document, found, memory)
            plain = document
            if self.overrides:
                from ..text.edits.overrides import set_all

                document = set_all(document, self.overrides, found, memory)
            tells = variant is not None or not self.variants
            silence = self.silence if self.silence.tells_idle == tells else replace(self.silence, tells_idle=tells)
            given = (self.folder, self.allow_imports, memory)
            compilation = compile_document(self.source, document, found, *given, silence, self.indexed)
            if self.noted:
                compilation = replace(compilation, index=compilation.index.add(self.noted))
            if not self.overrides or compilation.ok:
                return compilation
            from .blame import blame

            def find_findings(document: Node) -> tuple[Diagnostic, ...]:
                return compile_document(self.source, document, [], *given).diagnostics

            told = blame(compilation.diagnostics, plain, self.overrides, find_findings)
            return replace(compilation, diagnostics=told)

    def find_all(self) -> Iterator[tuple[Variant, Compilation]]:
        """Every variant in order, the last axis fastest."""
        return ((variant, self.compile(variant)) for variant in self.variants)

    def find_in_all(self) -> list[Diagnostic]:
        """What is found in any variant, or in the spec where there are none, each finding once."""
        # One at a time: there may be many.
        compilations = (each for _, each in self.find_all()) if self.variants else iter((self.compile_plain(),))
        unique = {_identify(each): each for one in compilations for each in one.diagnostics}
        return list(unique.values())

    def count_layers(self) -> int:
        """How many layers the spec has as it is written, and each variant about as many."""
        graph = self.compile_plain().graph
        return len(graph.nodes) if graph is not None else 0


class Distinct:
    """What is found in variants that come one after another: each finding once, and of all no more than a person reads.

    What is kept does not grow with the number of variants, but for a number for each finding, and one of each code at each place.
    """

    def __init__(self) -> None:
        self._first: dict[Key, Diagnostic] = {}
        self._more: set[int] = set()
        self._stands_for: Diagnostic | None = None
        self._errors = 0
        self._idle: dict[Key, Diagnostic] | None = None
        self._places: dict[Key, Diagnostic] = {}

    def add(self, found: Sequence[Diagnostic]) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
        """Of the next variant what is found in it, but for what silences nothing; and what no variant had before."""
        idle = {_identify(each): each for each in found if each.code is IDLE}
        self._idle = idle if self._idle is None else {key: each for key, each in self._idle.items() if key in idle}
        own = [each for each in found if each.code is not IDLE]
        return tuple([self._first.get(_identify(each), each) for each in own]), tuple([each for each in own if self._take(each)])

    def _take(self, found: Diagnostic) -> bool:
        """Whether a finding is one of those that are told, and had not come before."""
        key = _identify(found)
        self._places.setdefault(key[:2], found)
        if key in self._first:
            return False
        if len(self._first) < SHOWN:
            self._first[key] = found
            return True
        if hash(key) not in self._more:
            self._more.add(hash(key))
            self._errors += found.severity == "error"
            self._stands_for = self._stands_for or found
        return False

    @property
    def found(self) -> list[Diagnostic]:
        """All of them, and at the end how many more there are."""
        told = list(self._first.values())
        return told if self._stands_for is None else [*told, count_rest(self._stands_for, len(self._more), self._errors)]

    @property
    def places(self) -> list[Diagnostic]:
        """One of each code at each place, of all that was found."""
        return list(self._places.values())

    @property
    def idle(self) -> list[Diagnostic]:
        """What silences nothing in any variant."""
        return list((self._idle or {}).values())


def _identify(found: Diagnostic) -> Key:
    return found.code.name, found.place.span, found.message


def merge_findings(found: Sequence[list[Diagnostic]]) -> list[list[Diagnostic]]:
    """The findings of each variant, without those of what silences nothing in some and something in others."""
    idle = [{each.place for each in one if each.code is IDLE} for one in found]
    everywhere = set.intersection(*idle) if idle else set()
    return [[each for each in one if each.code is not IDLE or each.place in everywhere] for one in found]


@limit_lookups
def sweep(
    source: Source,
    overrides: Overrides = (),
    matrix: tuple[str, ...] = (),
    folder: File | None = None,
    allow_imports: bool = False,
    allow_outside: bool = False,
    max_variants: int | None = None,
    rules: tuple[str, ...] = (),
    texts: Texts | None = None,
    memory: Memory | None = None,
    indexed: bool = False,
) -> Sweep:
    """The variants of a spec: those of its own matrix, and of texts of the form PATH=[a, b] in place of its axes.

    An axis whose place an override sets is none; without any there are no variants. Nor are there where they are too many, or
    have too many layers together; `max_variants` is how many a person allows. What is read goes through `texts`, and what is
    compiled through `memory`; with `indexed` it is noted what the words of the texts mean.
    """
    texts, memory = texts or Texts(), memory or Memory()

    def prepare_again(source: Source, texts: Texts) -> Sweep:
        given = (folder, allow_imports, allow_outside, max_variants, rules, texts, memory, indexed)
        return sweep(source, overrides, matrix, *given)

    document, found, silence = read_document(source, (), folder, allow_outside, rules, texts)
    after: tuple[Override, ...] = ()
    if overrides and document is not None:
        from ..text.edits.overrides import read_overrides, set_all

        given = read_overrides(overrides, found)
        document = set_all(document, (each for each in given if each.steps[0] == "matrix"), found)
        after = tuple(each for each in given if each.steps[0] != "matrix")
    variants: Sequence[Variant] = ()
    made = Sweep(source, document, (), after, folder, allow_imports, (), silence, texts, memory, prepare_again, indexed)
    if isinstance(document, Mapping) and (matrix or document.get("matrix") is not None):
        from ..text.edits.matrix import Variants, find_too_much_work, limit_variants, read_matrix, remove_matrix

        written = document
        told: list[Diagnostic] = []
        axes = limit_variants(read_matrix(document, matrix, told, after), document, told, max_variants)
        found.extend(told)
        variants = Variants(axes) if axes and not told else ()
        document = remove_matrix(document)
        made = replace(made, noted=_list_paths(written) if indexed else ())
        prepared = replace(made, document=document, found=tuple(found), variants=variants)
        if max_variants is None and len(variants) > FEW:
            said = find_too_much_work(axes, written, len(variants), prepared.count_layers())
            return prepared if said is None else replace(prepared, found=(*found, said), variants=())
    return replace(made, document=document, found=tuple(found), variants=variants)


def _list_paths(document: Mapping) -> tuple[TextMeaning, ...]:
    """What the keys of the matrix mean."""
    from ..language.paths import find_path

    matrix = document.get("matrix")
    entries = matrix.value.entries if matrix is not None and isinstance(matrix.value, Mapping) else ()
    return tuple([meaning for each in entries if (meaning := find_path(each.key)) is not None])
