"""Which columns of a table, and which arrays, a spec reads by their names; what else lies there is passed over."""

from __future__ import annotations

from ...spec.data.section import DataSpec
from ...spec.data.splits import Split
from ...spec.model_spec import ModelSpec

WEIGHTS = "sample_weight"
"""Of arrays, what the weights of samples are called."""


def list_needed(spec: ModelSpec, data: DataSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of all that is read, and of those the columns that branches read as numbers, and nothing else does."""
    numbers, others = _list_number_columns(data), _list_other_columns(data)
    masks = [each.input.mask_input for each in spec.branches if each.input is not None and each.input.mask_input is not None]
    weights = [WEIGHTS, *(f"{WEIGHTS}.{head.name}" for head in spec.heads)]
    streamed = tuple(each for each in numbers if each not in others)
    return tuple(dict.fromkeys([*numbers, *others, *masks, *weights])), streamed


def _list_number_columns(data: DataSpec) -> tuple[str, ...]:
    """The columns of a table that branches read as numbers, a feature each."""
    found: list[str] = []
    for branch in data.inputs.values():
        if data.window is not None or (getattr(branch.source, "kinds", ()) == ("vector",) and branch.columns != (branch.column,)):
            found += [each for each in branch.columns if isinstance(each, str)]
    return tuple(dict.fromkeys(found))


def _list_other_columns(data: DataSpec) -> tuple[str, ...]:
    """The columns of a table that are read in another way too."""
    found: list[str] = []
    numbers = _list_number_columns(data)
    for branch in data.inputs.values():
        every = [each if isinstance(each, str) else each.column for each in (*branch.columns, branch.column)]
        found += [each for each in every if each not in numbers]
        found += [each.column for each in branch.columns if not isinstance(each, str)]
    for head in data.targets.values():
        found += head.columns
    found += [each.column for each in data.sample_weights]
    for part in data.parts.values():
        if isinstance(part, Split):
            found += [each for each in (part.stratify, part.group, part.order) if each is not None]
            found += list(part.where or ())
    if data.window is not None:
        found += [each for each in (data.window.order, data.window.group) if each is not None]
    return tuple(dict.fromkeys(found))
