"""Samples as a model is fed them: what reading gives, and training, evaluation and prediction take. Imports NumPy for types.

`reading/` makes a `Data` of what is on disk; `ArrayPart` holds arrays that lie in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from ..spec.targets import Encoding
from ..text.frozen import dataclass

if TYPE_CHECKING:
    import numpy

    from .reading.seen import Seen

    Array = numpy.ndarray[Any, Any]

CHUNK = 1024
"""Samples whose targets are read at a time."""
EMPTY_CELL = "a cell that the model needs is empty (`missing: drop`)"
Sort = Literal["classes", "labels", "numbers"]


@dataclass(frozen=True)
class Batch:
    """Samples as a model takes them, as many in each array."""

    inputs: Mapping[str, Array]
    """By the names of the Keras inputs: branches, and the mask inputs made for them."""
    targets: Mapping[str, Array] = field(default_factory=dict)
    """By head, as the loss needs them: class numbers, one-hot, 0 and 1, or numbers, scaled where that is asked for."""
    weights: Mapping[str, Array] = field(default_factory=dict)
    """By head, a number for each sample; empty where the data weigh none. Class weights are none of these."""


@dataclass(frozen=True)
class HeadTarget:
    """What a head's target is."""

    head: str
    sort: Sort
    """One class of several, several labels at once, or numbers."""
    encoding: Encoding = "real"
    """How the loss is given it."""
    names: tuple[str, ...] = ()
    """The classes, or the labels, in order; of two classes the second is 1. Of numbers the columns."""
    mean: float = 0.0
    spread: float = 1.0
    """What was taken away from numbers, and what they were then divided by."""


class Part(ABC):
    """The samples of a part, such as `train`, by place from 0 on."""

    targets: Mapping[str, HeadTarget]
    groups: Sequence[str] | None = None
    """Of each sample the group that it is of, where the split has groups."""
    left_out: int = 0
    """How many more samples there would be if no cell were empty (`missing: drop`)."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        """The samples at these places, batched in this order.

        `epoch` is that of training, whose random frames and augmentation follow from it and the place; without it there are
        neither. Raises DataError for what cannot be read.
        """

    def read_inputs(self, places: Sequence[int], branches: Collection[str]) -> Mapping[str, Array]:
        """The inputs of the samples at these places, of some branches; overridden where the others need not be read for it."""
        return self.read(places).inputs

    def read_targets(self, places: Sequence[int]) -> Mapping[str, Array]:
        """The targets of the samples at these places alone; overridden where inputs need not be read for it."""
        return self.read(places).targets

    def iterate_targets(self, head: str) -> Iterator[Array]:
        """The targets of a head, some samples at a time; overridden where lengths differ, so that none is filled up."""
        for first in range(0, len(self), CHUNK):
            yield self.read_targets(range(first, min(first + CHUNK, len(self))))[head]

    def count_classes(self, head: str) -> Array:
        """How often each class of a head stands in the part; of several labels, how often each is set."""
        import numpy

        target = self.targets[head]
        counts = numpy.zeros(len(target.names), "int64")
        for values in self.iterate_targets(head):
            if target.encoding in ("one_hot", "multi_hot"):
                counts += values.reshape(-1, len(counts)).sum(0).astype("int64")
                continue
            places = values.astype("int64").ravel()
            # What stands for no class (`ignore_class`) is none of any.
            counts += numpy.bincount(places[(places >= 0) & (places < len(counts))], minlength=len(counts))
        return counts

    def plan(self, order: Sequence[int], size: int) -> list[Sequence[int]]:
        """The batches of an epoch: `order` is a place for each sample, and no batch has more than `size`.

        What is batched with its like (`length.bucket`) is so here; the order of batches still follows from `order`.
        """
        return [order[first : first + size] for first in range(0, len(order), size)]

    def read_arrays(self) -> Batch | None:
        """All samples at once, where they lie in memory and all have one shape, so that `plan` cuts plainly; else None."""
        return None

    def name_sample(self, place: int) -> str:
        """What a person knows a sample by: its path, or the number of its row."""
        return str(place)

    def list_kept(self) -> Sequence[int | None]:
        """Of each row that `predict` keeps, in order, the place of its sample; None of one that has none.

        It has none where it is left out (`missing: drop`), or no window ends with it.
        """
        return range(len(self))

    def explain_unkept(self) -> Iterator[tuple[int, str]]:
        """How many rows that `list_kept` gives have no sample, by reason."""
        if self.left_out:
            yield self.left_out, EMPTY_CELL

    def name_kept(self) -> Sequence[str]:
        """What a person knows each row by that `list_kept` gives."""
        return [self.name_sample(place) for place in range(len(self))]

    def read_rows(self) -> Mapping[str, Sequence[object]] | None:
        """The cells of the source by column, a value for each row that `list_kept` gives; None of arrays."""
        return None


class ArrayPart(Part):
    """Samples in memory."""

    def __init__(
        self,
        inputs: Mapping[str, Array],
        targets: Mapping[str, HeadTarget],
        values: Mapping[str, Array],
        weights: Mapping[str, Array] | None = None,
        groups: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[object]] | None = None,
    ) -> None:
        self.targets, self.groups = targets, groups
        self._all = Batch(dict(inputs), dict(values), dict(weights or {}))
        self._rows = rows

    def __len__(self) -> int:
        return len(next(iter(self._all.inputs.values())))

    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        import numpy

        at = numpy.asarray(places, dtype="int64")
        taken = [{name: array[at] for name, array in arrays.items()} for arrays in self._list_mappings()]
        return Batch(*taken)

    def read_arrays(self) -> Batch | None:
        return self._all

    def read_rows(self) -> Mapping[str, Sequence[object]] | None:
        return self._rows

    def _list_mappings(self) -> tuple[Mapping[str, Array], Mapping[str, Array], Mapping[str, Array]]:
        return self._all.inputs, self._all.targets, self._all.weights


@dataclass(frozen=True)
class Data:
    """The parts of a spec's data, opened, and what was found of them."""

    parts: Mapping[str, Part]
    """`train`, and `validation` and `test` where there are some."""
    targets: Mapping[str, HeadTarget]
    """By head."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What a run's manifest says of them, as JSON: sources with rows and digests, classes, the split.

    The same data give the same."""
    adapted: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What was measured for layers, as `adapted.json` holds it; empty where there is no such layer."""
    seen: Seen | None = None
    """What is known of the files that samples are read of; None where there are none."""


def describe_left_out(count: int) -> str:
    """What is told beside a number of samples: that so many more would be there; empty where none would."""
    return f", {count:,} more left out: {EMPTY_CELL}" if count else ""


class DataError(Exception):
    """What is amiss with data, each as a line that names file and row."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
