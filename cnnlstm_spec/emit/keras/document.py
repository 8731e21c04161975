"""What an installed Keras does otherwise than the rules say, as the document that `doctor --format json` writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import ConfigDict

from ...text.document import Count, Document
from .expectations import Difference as Found
from .expectations import Sort, count_expectations


class Difference(Document):
    """Where the installed Keras is not as the rules say; what is `new` breaks no rule and cannot be written in a spec."""

    name: str
    """The layer or backbone, or the family with the object: `optimizers.Adam`."""
    sort: Sort
    what: str


class Compared(Document):
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
    compared: Compared
    differences: tuple[Difference, ...]


def make_examination(installed: str, made_from: str, found: Iterable[Found]) -> Examination:
    """The document of what was found."""
    differences = tuple(Difference(name=each.name, sort=each.sort, what=each.what) for each in found)
    return Examination(
        version=1,
        keras=installed,
        rules=made_from,
        ok=all(each.sort == "new" for each in differences),
        compared=Compared.model_validate(count_expectations()),
        differences=differences,
    )
