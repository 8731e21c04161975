"""A spec with the variants of its matrix: read once, then compiled one variant after the other. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import TYPE_CHECKING

from .compiler import Compilation, Overrides, collector_paused, compile_document, finish, read_document
from .diagnostic import Diagnostic
from .memory import Memory
from .nodes import Mapping, Node
from .source import Source

if TYPE_CHECKING:
    from .overrides import Override
    from .variants import Variant


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
    variants: tuple[Variant, ...]
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    def plain(self) -> Compilation:
        """The spec as it is written."""
        return self.compiled(None)

    def compiled(self, variant: Variant | None) -> Compilation:
        """A variant, or the spec as it is written.

        What it shares with those before it is not read from text, read as layers, inferred or checked again.
        """
        found, document = list(self.found), self.document
        if document is None:
            return Compilation(self.source, finish(found))
        with collector_paused():
            if variant is not None:
                document = variant.document(document, found, self.memory)
            if self.overrides:
                from .overrides import set_all

                document = set_all(document, self.overrides, found, self.memory)
            return compile_document(self.source, document, found, self.folder, self.allow_imports, self.memory)

    def all(self) -> Iterator[tuple[Variant, Compilation]]:
        """Every variant in order, the last axis fastest."""
        return ((variant, self.compiled(variant)) for variant in self.variants)


def sweep(
    source: Source,
    overrides: Overrides = (),
    matrix: tuple[str, ...] = (),
    folder: File | None = None,
    allow_imports: bool = False,
    allow_outside: bool = False,
) -> Sweep:
    """The variants of a spec: those of its own matrix, and of texts of the form PATH=[a, b] in place of its axes.

    An axis whose place an override sets is none; without any there are no variants.
    """
    document, found = read_document(source, (), folder, allow_outside)
    after: tuple[Override, ...] = ()
    if overrides and document is not None:
        from .overrides import read_overrides, set_all

        given = read_overrides(overrides, found)
        document = set_all(document, (each for each in given if each.steps[0] == "matrix"), found)
        after = tuple(each for each in given if each.steps[0] != "matrix")
    variants: tuple[Variant, ...] = ()
    if isinstance(document, Mapping) and (matrix or document.get("matrix") is not None):
        from .variants import combinations, read_matrix, without

        before = len(found)
        axes = read_matrix(document, matrix, found, after)
        variants = tuple(combinations(axes)) if axes and len(found) == before else ()
        document = without(document)
    return Sweep(source, document, tuple(found), after, folder, allow_imports, variants)
