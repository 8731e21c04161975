"""What an exported file is worth: the figures of `evaluate`, of its outputs in place of the model's. Imports Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import keras

from ...compiler.compile import Compilation
from ...emit.lowering.compile_call import compile_statements
from ...model.passes import optimize
from ..measure.document import Evaluation
from ..measure.of_run import measure_part
from ..samples import Batch, Part
from .runtime import Runtime
from .samples import fill_up

if TYPE_CHECKING:
    from ..samples import Array


class Chosen(Part):
    """Some samples of a part."""

    def __init__(self, part: Part, places: Sequence[int]) -> None:
        self.targets, self._part, self._places = part.targets, part, places
        self.groups = None if part.groups is None else [part.groups[each] for each in places]

    def __len__(self) -> int:
        return len(self._places)

    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        return self._part.read(self._choose_places(places), epoch)

    def read_targets(self, places: Sequence[int]) -> Mapping[str, Array]:
        return self._part.read_targets(self._choose_places(places))

    def name_sample(self, place: int) -> str:
        return self._part.name_sample(self._places[place])

    def _choose_places(self, places: Sequence[int]) -> list[int]:
        return [self._places[each] for each in places]


class WithOutputs(Part):
    """Samples, and beside their inputs what a file gives for them."""

    def __init__(self, part: Part, runtime: Runtime) -> None:
        self.targets, self.groups, self._part, self._runtime = part.targets, part.groups, part, runtime
        # Batches are read ahead by several threads; the file is asked by one.
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._part)

    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        batch = self._part.read(places, epoch)
        with self._lock:
            given = self._runtime.run(batch.inputs)
        return Batch({**batch.inputs, **{_name(head): each for head, each in given.items()}}, batch.targets, batch.weights)

    def read_targets(self, places: Sequence[int]) -> Mapping[str, Array]:
        return self._part.read_targets(places)

    def plan(self, order: Sequence[int], size: int) -> list[Sequence[int]]:
        return self._part.plan(order, size)


def find_fitting(part: Part, runtime: Runtime) -> Part | None:
    """The samples of a part that fit the sizes of a file; None where there are none."""
    if not runtime.fixed:
        return part
    places = [
        place
        for place in range(len(part))
        if fill_up(runtime.prepare(part.read([place]).inputs), runtime.inputs, runtime.fixed) is not None
    ]
    if not places:
        return None
    return part if len(places) == len(part) else Chosen(part, places)


def measure_file(
    compilation: Compilation, model: keras.Model, part: Part, name: str, thresholds: Mapping[str, float], runtime: Runtime
) -> Evaluation:
    """The figures of a file on a part; `model` is the Keras model, whose masks say which steps count."""
    from ...emit.keras.run import compile_again

    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    swapped = _swap_inputs(model, tuple(typed.graph.outputs))
    if spec.compile is not None:
        compile_again(swapped, compile_statements(spec, optimize(typed, "default")), {}, {})
    return measure_part(compilation, swapped, WithOutputs(part, runtime), name, thresholds).evaluation


def _name(head: str) -> str:
    """What the outputs of a file are called among the inputs; no branch has a point in its name."""
    return f"{head}.exported"


def _swap_inputs(model: keras.Model, heads: Sequence[str]) -> keras.Model:
    """The model with inputs more, whose values it gives in place of its own."""
    own = model.output if isinstance(model.output, dict) else {heads[0]: model.output}
    more = {head: keras.Input(batch_shape=each.shape, dtype=each.dtype, name=_name(head)) for head, each in own.items()}
    given = {head: Instead(name=f"{head}.instead")([each, more[head]]) for head, each in own.items()}
    outputs = given if isinstance(model.output, dict) else given[heads[0]]
    return keras.Model([*model.inputs, *more.values()], outputs)


class Instead(keras.layers.Layer):  # type: ignore[misc]
    """Gives its second input with the mask of its first."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)
        self.supports_masking = True

    def call(self, inputs: Any, mask: object = None) -> object:
        return inputs[1] + 0

    def compute_mask(self, inputs: object, previous_mask: object = None) -> object:
        return previous_mask[0] if isinstance(previous_mask, list | tuple) else None

    def compute_output_shape(self, input_shape: Any) -> object:
        return input_shape[1]
