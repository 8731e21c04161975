"""Whether a model can be exported as it is asked to be, told before anything is built or converted. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...compiler.deploy import Deployment
from ...ir.graph import TypedGraph
from ...ir.op import Op
from ...model.addresses import find_members, list_addresses
from ...model.runtimes import find_lacking
from ...text.diagnostic import Diagnostic
from ...text.source import format_path
from ...text.spelling import suggest_word
from ..open_sizes import find_impossible
from ..samples import DataError
from .blame import describe
from .sizes import find_inputs, fix_sizes, need_fixed, need_names
from .wanted import Wanted


def check_model(deployment: Deployment, wanted: Wanted) -> None:
    """Raises DataError with what the model for inference cannot be exported for."""
    training, typed = deployment.training.typed, deployment.inference.typed
    assert training is not None and typed is not None
    need_names(find_inputs(typed))
    fixed = fix_sizes(typed, wanted.sizes)
    if "litert" in wanted.formats:
        need_fixed(typed, fixed, "litert")
    sizes = " ".join(f"--size {name}={value}" for name, value in wanted.sizes.items())
    impossible = (f"`{sizes}`: {_tell(each)}" for each in find_impossible(training, fixed))
    problems = [*impossible, *_list_unknown(typed, wanted.keep_float), *_list_lacking(typed, wanted.formats)]
    if others := [format for format in wanted.formats if format != "saved_model"]:
        problems += _list_stateful(typed, others)
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
            yield _tell(each)


def _list_stateful(typed: TypedGraph, formats: Iterable[str]) -> Iterator[str]:
    """A line for each layer that goes on from call to call: converters leave its states out, or fail at them."""
    named = " and ".join(f"`{each}`" for each in formats)
    for each in typed.nodes.values():
        if each.node.op is not None and _is_stateful(each.node.op):
            yield f"no states last in {named}, and {describe(each)} is `stateful`: `saved_model` keeps them"


def _is_stateful(op: Op) -> bool:
    values = op.list_values()
    return values.get("stateful") is True or any(_is_stateful(each) for each in values.values() if isinstance(each, Op))


def _tell(found: Diagnostic) -> str:
    """A finding in a line, with where it is."""
    help = f": {'; '.join(found.help)}" if found.help else ""
    return f"{found.message}, at `{format_path(found.place.path)}`{help}"
