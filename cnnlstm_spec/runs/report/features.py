"""What flows through a trained model: the inputs of every fusion, what it trusts, and what each branch gives. Imports Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import numpy

from ...compiler.compile import Compilation
from ...ir.graph import TypedGraph
from ...ops.input import InputOp
from ..measure.figures import label_figures, measure_class_figures, measure_number_figures
from ..measure.inside import find_tensor
from ..measure.measure import HALF, number_truth
from ..measure.predict import Change, Heads, Predicted, compute_probabilities, decide_classes, predict, read_numbers
from ..measure.real_steps import tell_steps
from ..reading.libraries import import_needed
from ..samples import HeadTarget, Part

if TYPE_CHECKING:
    from ..samples import Array, Batch

MOST = 1000
"""Samples that features are taken of."""


class First(Part):
    """The first samples of a part."""

    def __init__(self, part: Part, most: int = MOST) -> None:
        self.part, self.count, self.targets = part, min(len(part), most), part.targets

    def __len__(self) -> int:
        return self.count

    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        return self.part.read(places, epoch)


def project_fusions(compilation: Compilation, model: keras.Model, part: Part, heads: Heads) -> dict[str, Array]:
    """The first two principal components, (samples, 2), of each input of a fusion and of what it gives, by address."""
    typed = compilation.typed
    assert typed is not None
    import_needed("sklearn", "the projections of `report.html`")
    from sklearn.decomposition import PCA

    found: dict[str, Array] = {}
    for address, id in _list_around_fusions(compilation):
        tensor = find_tensor(model, typed, id)
        if tensor is None or isinstance(tensor, list | tuple | dict):
            continue
        cut = keras.Model(model.inputs, tensor)
        predicted = predict(cut, First(part), Heads((address,), batch_size=heads.batch_size))[address]
        # Of what has steps, or height and width, their mean.
        rows = [each.reshape(-1, each.shape[-1]).mean(0) if each.ndim else each.reshape(1) for each in predicted.values]
        if len({each.shape for each in rows}) > 1 or len(rows) < 3 or not numpy.isfinite(rows).all():
            continue
        values = numpy.stack(rows).astype("float64")
        if values.shape[1] >= 2:
            # Where all samples are one point, no share of the variance is explained.
            with numpy.errstate(invalid="ignore"):
                found[address] = PCA(2).fit_transform(values)
    return found


def _list_around_fusions(compilation: Compilation) -> Iterator[tuple[str, str]]:
    """The addresses of what fusions read and give, with their nodes."""
    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    graph = typed.graph
    seen: set[str] = set()
    for place, fusion in enumerate(spec.fusions):
        names = [name for name, _ in fusion.inputs] if fusion.inputs is not None else [each.name for each in spec.branches]
        own = fusion.name or ("fusion" if len(spec.fusions) == 1 else f"fusion {place}")
        for name in (*names, own):
            id = graph.addresses.get(name)
            if id is not None and name not in seen:
                seen.add(name)
                yield name, id


def weigh_fusions(
    compilation: Compilation, model: keras.Model, part: Part, heads: Heads
) -> dict[str, tuple[tuple[str, ...], Array]]:
    """How much each fusion that weighs its inputs trusts each, (samples, inputs), with the inputs' names."""
    spec = compilation.spec
    assert spec is not None
    layers = {layer.name: layer for layer in model.layers}
    found: dict[str, tuple[tuple[str, ...], Array]] = {}
    for fusion in spec.fusions:
        name = fusion.name or "fusion"
        layer = layers.get(f"{name}_weights")
        if layer is None or isinstance(layer.output, list | tuple):
            continue
        cut = keras.Model(model.inputs, layer.output)
        predicted = predict(cut, First(part), Heads((name,), batch_size=heads.batch_size))[name]
        inputs = tuple(each for each, _ in fusion.inputs) if fusion.inputs is not None else tuple(b.name for b in spec.branches)
        rows = [each.reshape(-1, each.shape[-1]).mean(0) for each in predicted.values]
        if rows and rows[0].shape == (len(inputs),):
            found[name] = inputs, numpy.stack(rows)
    return found


def shuffle_branches(
    compilation: Compilation, model: keras.Model, part: Part, heads: Heads, thresholds: Mapping[str, float], seed: int = 0
) -> dict[str, dict[str, float]]:
    """The figure of each head, whole and with each branch of another sample: what it falls by is what the branch gives.

    By head `""` is the whole; of classes and labels accuracy, of numbers MAE.
    """
    spec = compilation.spec
    assert spec is not None
    small = First(part)
    others = numpy.random.default_rng(seed).permutation(len(small))
    judged = {head: target for head, target in part.targets.items() if head not in heads.sequences}
    found: dict[str, dict[str, float]] = {head: {} for head in judged}
    telling = tell_steps(model, heads.masked, heads.names)
    for branch in ("", *(each.name for each in spec.branches)):
        change = None if not branch else _exchange(small, branch, others, compilation)
        if branch and change is None:
            continue
        predicted = predict(telling, small, heads, change)
        for head, target in judged.items():
            found[head][branch] = measure_quality(predicted[head], target, head in heads.logits, thresholds.get(head, HALF))
    return found


def _exchange(part: Part, branch: str, others: Array, compilation: Compilation) -> Change | None:
    """Puts another sample's branch in place of its own; None where its steps are those of something else too."""
    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    masks = {each.name: each.input.mask_input for each in spec.branches if each.input is not None}
    mask = masks.pop(branch, None)
    if _is_tied(typed, branch) or (mask is not None and mask in masks.values()):
        return None
    names = (branch,) if mask is None else (branch, mask)

    def change(inputs: Mapping[str, Array], places: Sequence[int]) -> Mapping[str, Array]:
        held = part.read([int(others[place]) for place in places]).inputs
        filled = {name: held[name] for name in names}
        count = len(next(iter(inputs.values())))
        return {**inputs, **{name: each[numpy.arange(count) % len(each)] for name, each in filled.items()}}

    return change


def _is_tied(typed: TypedGraph, branch: str) -> bool:
    """Whether a size of a branch that is known only at run time is one of another branch, or of a head."""
    types = {id: typed.nodes[id].type for id in (*typed.graph.inputs, *typed.graph.outputs.values())}
    own = {id for id in typed.graph.inputs if isinstance(op := typed.nodes[id].node.op, InputOp) and op.branch == branch}
    sizes = {
        id: {name for size in type.sizes if not isinstance(size, int) for name in size.symbols}
        for id, type in types.items()
        if type
    }
    mine = {name for id in own for name in sizes[id]}
    return any(mine & found for id, found in sizes.items() if id not in own)


def measure_quality(predicted: Predicted, target: HeadTarget, is_logits: bool, threshold: float) -> float:
    """Accuracy, or the MAE of numbers."""
    values, truth, _ = predicted.list_flat(target)
    weights = numpy.ones((1, len(values)))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        if target.sort == "numbers":
            told = read_numbers(truth.astype("float64"), target), read_numbers(values.astype("float64"), target)
            return float(measure_number_figures(*told, weights)["mae"][0])
        scores = compute_probabilities(values, is_logits)
        if target.sort == "labels":
            return float(label_figures(truth, scores, threshold, target.names, weights)["accuracy"][0])
        columns = scores[:, 0] if scores.shape[-1] == 1 else scores
        given = (number_truth(truth, target), decide_classes(scores, target, threshold), columns, target.names, weights)
        return float(measure_class_figures(*given)["accuracy"][0])
