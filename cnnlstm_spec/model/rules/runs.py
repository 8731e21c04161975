"""The sections `data`, `fit` and `search` against the model; their rules are imported by a spec that has them."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Diagnostic


def check_runs(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Everything that can be known before data are opened."""
    if spec.data is not None:
        from .data import check_data
        from .fit import check_stateful

        yield from check_data(typed, spec)
        yield from check_stateful(typed, spec)
    if spec.fit is not None:
        from .classes import check_classes
        from .fit import check_fit

        yield from check_fit(typed, spec)
        yield from check_classes(typed, spec)
    if spec.search is not None:
        from .search import check_search

        yield from check_search(typed, spec)
