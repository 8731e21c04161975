"""What is known of a spec while a line of it is half written: of the texts that may be meant, the one with most types."""

from __future__ import annotations

from functools import cache

from ..compiler.compile import Compilation
from ..compiler.variants import Sweep
from ..spec.blocks import Block
from ..spec.model_spec import BranchSection, Top
from ..spec.registry import STRUCTURES
from ..spec.structures import ParallelStructure
from ..text.repair import propose_repairs
from ..text.source import Source, Span
from ..text.texts import EditedTexts
from .standing import iterate_standing


def is_half_written(compilation: Compilation, number: int) -> bool:
    """Whether the spec cannot be read for what stands on a line: it is not YAML, or a layer is lost by a mistake there."""
    if compilation.document is None:
        return True
    graph = compilation.graph
    lost = graph is None or any(node.op is None for node in graph.nodes.values())
    own = [each.place.span for each in compilation.diagnostics if each.severity == "error"]
    return lost and any(span.source is compilation.source and find_line(span.source, span.start) == number for span in own)


def find_meant(prepared: Sweep, number: int, before: Compilation) -> Compilation:
    """What the spec may be meant as: of the texts in which that line is whole, or is none, the one with most types.

    Its other lines are those of the spec, on the same lines. Where none has more types than the spec, it is the spec itself.
    """
    best, most = before, count_types(before, number)
    last, texts = prepared.source, prepared.texts
    assert prepared.again is not None
    for candidate in propose_repairs(prepared.source, number, _list_keys()):
        edited = prepared.again(candidate, EditedTexts(texts, {id(last): candidate}))
        if edited.document is None:
            continue
        # What is alike in the next one is neither read nor inferred again.
        last, texts = candidate, edited.texts
        compilation = edited.compile_plain()
        known = count_types(compilation, number)
        if known > most:
            best, most = compilation, known
        if _is_whole(compilation):
            break
    return best


def count_types(compilation: Compilation, number: int) -> int:
    """How many layers that are not written on a line have a known output."""
    layers = (each for each in iterate_standing(compilation) if not each.place.is_use)
    return sum(each.output.type is not None and not _is_on(each.place.span, compilation.source, number) for each in layers)


def _is_on(span: Span, source: Source, number: int) -> bool:
    """Whether what stands at a span begins on a line of a text."""
    return span.source.name == source.name and find_line(span.source, span.start) == number


def find_line(source: Source, offset: int) -> int:
    """The 1-based line of an offset."""
    return source.find_position(offset)[0]


def _is_whole(compilation: Compilation) -> bool:
    """Whether nothing but promises of the spec is amiss, so that no other text is more likely."""
    return compilation.typed is not None and all(
        each.code.promised for each in compilation.diagnostics if each.severity == "error"
    )


@cache
def _list_keys() -> tuple[str, ...]:
    """Words that a line begins with."""
    records = (Top, BranchSection, Block, ParallelStructure)
    return tuple(dict.fromkeys((*(name for record in records for name in record.arguments), *STRUCTURES)))
