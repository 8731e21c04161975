"""Whether a model can be exported as it is asked to be, told before anything is built or converted. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...ir.graph import TypedGraph
from ...model.addresses import find_members, list_addresses
from ...model.runtimes import find_lacking
from ...text.source import format_path
from ...text.spelling import suggest_word
from ..samples import DataError
from .sizes import find_inputs, fix_sizes, need_apart, need_fixed
from .wanted import Wanted


def check_model(typed: TypedGraph, wanted: Wanted) -> None:
    """Raises DataError with what the model for inference cannot be exported for."""
    need_apart(find_inputs(typed))
    fixed = fix_sizes(typed, wanted.sizes)
    if "litert" in wanted.formats:
        need_fixed(typed, fixed, "litert")
    problems = [*_list_unknown(typed, wanted.keep_float), *_list_lacking(typed, wanted.formats)]
    if problems:
        raise DataError(problems)


def find_kept(typed: TypedGraph, address: str) -> tuple[str, ...]:
    """The layers of an address that stays in float, by their names in Keras."""
    graph = typed.written or typed.graph
    return tuple(graph.nodes[id].layer for id in find_members(graph, address))


def _list_unknown(typed: TypedGraph, addresses: Iterable[str]) -> Iterator[str]:
    """A line for each address that stays in float and names nothing."""
    known = list_addresses(typed.written or typed.graph)
    for address in addresses:
        if not find_kept(typed, address):
            help = "".join(f"; {each}" for each in suggest_word(address, known))
            yield f"`--keep-float {address}`: there is no `{address}` in this model{help}"


def _list_lacking(typed: TypedGraph, formats: Iterable[str]) -> Iterator[str]:
    """A line for each layer that a format is known to have no operation for."""
    for format in formats:
        for each in find_lacking(typed, format):
            yield f"{each.message}, at `{format_path(each.place.path)}`: {'; '.join(each.help)}"
