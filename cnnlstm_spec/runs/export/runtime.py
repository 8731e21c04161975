"""An exported file in its own runtime, as a function of arrays of any number of samples. Imports NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ...ir.graph import TypedGraph
from ...ir.size import Symbol
from ...text.frozen import dataclass
from ..open_sizes import Fixed
from ..samples import DataError
from .child import Child
from .samples import fill_up
from .sizes import Fed

if TYPE_CHECKING:
    from ..samples import Array

Prepare: TypeAlias = "Callable[[Mapping[str, Array]], Mapping[str, Array]]"


@dataclass(frozen=True)
class Runtime:
    """A file that is open in a process of its own."""

    child: Child
    typed: TypedGraph
    inputs: Sequence[Fed]
    fixed: Fixed
    batch: int | None
    prepare: Prepare = dict
    """Makes what the file is fed of what the model is fed."""

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by head; steps that are filled up for the file are cut off again. Raises Failed."""
        arrays = self.prepare(arrays)
        given = fill_up({each.name: arrays[each.name] for each in self.inputs}, self.inputs, self.fixed)
        if given is None:
            raise DataError(["a sample does not fit the sizes of the file"])
        _, found = self.child.ask("run", given, batch=self.batch)
        actual = self._measure_sizes(arrays)
        return {head: self._cut(head, each, actual) for head, each in found.items()}

    def measure_seconds(self, arrays: Mapping[str, Array]) -> list[float]:
        """How long each of some runs takes."""
        head, _ = self.child.ask("time", self.prepare(arrays))
        found: list[float] = head["seconds"]
        return found

    def _measure_sizes(self, arrays: Mapping[str, Array]) -> dict[Symbol, int]:
        found: dict[Symbol, int] = {}
        for each in self.inputs:
            for size, actual in zip(each.sizes, arrays[each.name].shape[1:], strict=True):
                if not isinstance(size, int) and len(size.symbols) == 1:
                    found.setdefault(next(iter(size.symbols)), actual)
        return found

    def _cut(self, head: str, array: Array, actual: Mapping[Symbol, int]) -> Array:
        type = self.typed.nodes[self.typed.graph.outputs[head]].type if head in self.typed.graph.outputs else None
        if type is None or type.outer:
            return array
        kept = tuple(
            slice(None) if isinstance(size, int) or not size.symbols <= set(self.fixed) else slice(size.evaluate(dict(actual)))
            for size in type.sizes
        )
        return array[(slice(None), *kept)] if len(kept) == array.ndim - 1 else array
