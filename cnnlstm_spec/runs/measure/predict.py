"""The predictions of a model for a part, batch by batch, in the order of its samples. Imports Keras through its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import numpy

from ...compiler.compile import Compilation
from ...language.catalog import find_reads
from ...spec.compile_section import CompileSpec
from ...text.frozen import dataclass
from ..samples import HeadTarget, Part
from ..train.keep import forget_states
from .real_steps import find_real_steps, tell_steps

if TYPE_CHECKING:
    from ..samples import Array

BATCH = 32


@dataclass(frozen=True)
class Predicted:
    """What a head gives for each sample, and what it should have given."""

    values: tuple[Array, ...]
    """An array a sample, without the batch axis: those with steps may differ in their number."""
    targets: tuple[Array, ...] = ()
    """The same of the targets; empty where there are none."""

    def list_rows(self) -> Array:
        """Predictions of a head without steps: (samples, width)."""
        return numpy.stack(self.values).reshape(len(self.values), -1)

    def list_flat(self, target: HeadTarget) -> tuple[Array, Array, Array]:
        """Predictions (rows, width), targets (rows, ...), and of each row the sample that it is of.

        A head without steps gives a row a sample; with steps a row a step, but for padding. Rows are left out whose number stands
        for no class (`ignore_class`).
        """
        shaped = [each.reshape(-1, each.shape[-1]) if each.ndim else each.reshape(1, 1) for each in self.values]
        owners = numpy.repeat(numpy.arange(len(shaped)), [len(each) for each in shaped])
        targets = [target.reshape(len(each), -1) for each, target in zip(shaped, self.targets, strict=True)] or [
            numpy.zeros((0, 1))
        ]
        values, truth = numpy.concatenate(shaped), numpy.concatenate(targets)
        if target.sort != "classes" or target.encoding != "integer":
            return values, truth, owners
        known = ((truth >= 0) & (truth < len(target.names))).all(axis=1)
        return values[known], truth[known], owners[known]


Change = Callable[[Mapping[str, "Array"], Sequence[int]], Mapping[str, "Array"]]
"""What is done with the inputs of a batch before they are fed, such as another sample's branch."""


def predict(model: keras.Model, part: Part, heads: Heads, change: Change | None = None) -> dict[str, Predicted]:
    """The predictions of all samples by head, as float32 where Keras gives less; padded steps are left out.

    Where the model's batch axis is fixed, a last, smaller batch is filled up, and what is too much is cut off.
    """
    forget_states(model)
    telling = tell_steps(model, heads.masked, heads.names)
    fixed = heads.batch_size
    values: dict[str, list[Array]] = {head: [] for head in heads.names}
    targets: dict[str, list[Array]] = {head: [] for head in heads.names}
    size = fixed or BATCH
    for first in range(0, len(part), size):
        places = list(range(first, min(first + size, len(part))))
        batch = part.read([*places, *[places[-1]] * (size - len(places))] if fixed else places)
        found = told = map_outputs(telling, heads.names, batch.inputs)
        if change is not None:
            # Which steps are real is a matter of the sample, whose targets these are.
            found = map_outputs(telling, heads.names, change(batch.inputs, places))
        for head in heads.names:
            array, given = found[head], batch.targets.get(head)
            if array.dtype.kind not in "iub" and array.dtype != "float64":
                array = array.astype("float32")
            real = find_real_steps(telling, head, told)
            for place in range(len(places)):
                kept = slice(None) if real is None else real[place]
                values[head].append(array[place][kept] if array.ndim > 2 else array[place])
                if given is not None:
                    targets[head].append(numpy.asarray(given[place][kept] if array.ndim > 2 else given[place]))
    return {head: Predicted(tuple(values[head]), tuple(targets[head])) for head in heads.names}


@dataclass(frozen=True)
class Heads:
    """The heads of a spec, and how their outputs are to be read."""

    names: tuple[str, ...]
    logits: frozenset[str] = frozenset()
    """Those whose loss takes logits, which are made into probabilities."""
    masked: frozenset[str] = frozenset()
    """Those with steps that may be padding."""
    batch_size: int | None = None
    """A batch axis that the model has."""
    sequences: frozenset[str] = frozenset()
    """Those whose loss holds a sequence of classes against all steps together, of which no figure is known."""


def make_heads(compilation: Compilation) -> Heads:
    """What is to be known of the heads of a sound spec."""
    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    losses = spec.compile.losses if isinstance(spec.compile, CompileSpec) else {}
    logits = {head for head, loss in losses.items() if loss is not None and loss.thing.get("from_logits")}
    types = {head: typed.nodes[id].type for head, id in typed.graph.outputs.items()}
    sequences = {head for head, loss in losses.items() if loss is not None and find_reads(loss.thing).get("labels") == "sequence"}
    masked = {head for head, type in types.items() if type is not None and type.mask is not None}
    return Heads(tuple(types), frozenset(logits), frozenset(masked), spec.batch_size, frozenset(sequences))


def compute_probabilities(values: Array, is_logits: bool) -> Array:
    """Probabilities (rows, classes), or (rows, 1), of what a head gives."""
    if not is_logits:
        return values
    if values.shape[-1] == 1:
        of_one: Array = 1 / (1 + numpy.exp(-values.astype("float64")))
        return of_one
    shifted = numpy.exp(values - values.max(-1, keepdims=True))
    shares: Array = shifted / shifted.sum(-1, keepdims=True)
    return shares


def feed(model: keras.Model, inputs: Mapping[str, Array]) -> object:
    """What a model gives for the inputs of a batch, of which it takes those that it has; text goes in as a tensor."""
    fed = {each.name: inputs[each.name] for each in model.inputs}
    if any(each.dtype == "string" for each in model.inputs):
        import tensorflow

        fed = {name: tensorflow.constant(each) if each.dtype == object else each for name, each in fed.items()}
    return model.predict_on_batch(fed if len(fed) > 1 else next(iter(fed.values())))


def map_outputs(model: keras.Model, heads: Sequence[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs of a batch by name; of a model with one output it is the head's."""
    found = feed(model, inputs)
    return {name: numpy.asarray(each) for name, each in (found if isinstance(found, dict) else {heads[0]: found}).items()}


def decide_classes(values: Array, target: HeadTarget, threshold: float) -> Array:
    """The class of each row of probabilities or logits (rows, classes); of a binary head 1 from the threshold on."""
    if target.encoding == "binary" or values.shape[-1] == 1:
        return (values[:, 0] >= threshold).astype("int64")
    classes: Array = values.argmax(-1)
    return classes


def read_numbers(values: Array, target: HeadTarget) -> Array:
    """Numbers as the column has them."""
    return values * target.spread + target.mean
