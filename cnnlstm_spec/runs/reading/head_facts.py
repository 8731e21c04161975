"""What is known of a head before its targets are read: by its loss, its type, and what `data` and `targets` say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.tensor import TensorType
from ...language.catalog import find_reads
from ...model.rules.common import BINARY, CATEGORICAL, PROBABILITIES
from ...spec.compile_keys import Placed
from ...spec.data.targets import HeadSource
from ...spec.targets import Encoding
from ...spec.targets import Target as Promise
from ...text.frozen import dataclass

if TYPE_CHECKING:
    from ..samples import Array

OF_CLASSES = (
    BINARY | CATEGORICAL | {"CategoricalHinge", "Hinge", "SquaredHinge", "KLDivergence", "Dice", "Tversky", "Circle", "CTC"}
)
"""Losses whose targets are classes or labels, not numbers."""


@dataclass(frozen=True)
class HeadFacts:
    """What is known of a head before its targets are read."""

    name: str
    source: HeadSource
    type: TensorType | None
    """What it gives."""
    loss: Placed | None
    promise: Promise | None
    """Its entry in `targets`."""
    lists: bool = False
    """Whether its cells are lists of labels, several of a sample at once."""

    @property
    def width(self) -> int | None:
        """The size of its last axis, where that is a number."""
        size = self.type.axes[-1].size if self.type is not None and self.type.axes else None
        return size if isinstance(size, int) else None

    @property
    def of_classes(self) -> bool:
        """Whether its targets are classes or labels by what is written of them."""
        if self.promise is not None:
            return self.promise.encoding != "real"
        if self.lists or self.source.source.classes is not None or self.source.source.separator is not None:
            return True
        return self.loss is not None and self.loss.thing.name in OF_CLASSES and self.source.source.scale is None

    @property
    def several(self) -> bool:
        """Whether a sample has several labels at once."""
        source = self.source.source
        if self.lists or (self.promise is not None and self.promise.encoding == "multi_hot"):
            return True
        return source.separator is not None or (source.columns is not None and self.of_classes)

    def find_encoding(self) -> Encoding:
        """How the loss is given a class or labels."""
        if self.promise is not None:
            return self.promise.encoding
        if self.several:
            return "multi_hot"
        if self.loss is not None and find_reads(self.loss.thing).get("labels") in ("integer", "sequence"):
            return "integer"
        if self.width == 1:
            return "binary"
        return "one_hot" if self.loss is not None else "integer"

    @property
    def takes_sequences(self) -> bool:
        """Whether the loss takes as many class numbers as there are, in their order, whatever the head's steps."""
        return self.loss is not None and find_reads(self.loss.thing).get("labels") == "sequence"

    @property
    def ignored_class(self) -> int | None:
        """The number that stands for no class, where the loss has one."""
        ignored = self.loss.thing.get("ignore_class") if self.loss is not None else None
        return ignored if isinstance(ignored, int) else None

    def explain_outside(self, values: Array) -> str | None:
        """What is wrong with numbers that the loss does not take; None of those that it takes."""
        if self.loss is None or self.loss.thing.name not in PROBABILITIES or not values.size:
            return None
        if values.min() >= 0 and values.max() <= 1:
            return None
        return f"`{self.loss.thing.name}` takes numbers from 0 to 1, and the target holds others"
