"""What an installed Keras does otherwise than the rules say, as the document that `doctor --format json` writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import ConfigDict

from ...text.document import Count, Document
from .expectations import KerasDifference, count_expectations


class ComparedCounts(Document):
    """How many things of each sort were compared."""

    layers: Count
    backbones: Count
    objects: Count


class Examination(Document):
    """How the installed Keras differs from the one that the rules were made from."""

    model_config = ConfigDict(title="cnnlstm-spec doctor --format json")

    version: Literal[1]
    keras: str
    """The version that is installed."""
    rules: str
    """The version that the rules were made from."""
    ok: bool
    """Whether nothing is missing and nothing differs."""
    compared: ComparedCounts
    differences: tuple[KerasDifference, ...]


def make_examination(installed: str, made_from: str, found: Iterable[KerasDifference]) -> Examination:
    """The document of what was found."""
    differences = tuple(found)
    return Examination(
        version=1,
        keras=installed,
        rules=made_from,
        ok=all(each.sort == "new" for each in differences),
        compared=ComparedCounts.model_validate(count_expectations()),
        differences=differences,
    )
