"""What is told once samples are counted: batches larger than the data, and schedules that end long before or after training."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.runs.counted import find_hints
from cnnlstm_spec.runs.samples import DataError

SPEC = """
version: 1
name: x
branches: {x: {input: {kind: vector, shape: [2]}}}
head: [{Dense: {units: 1}}]
compile: {optimizer: {Adam: {learning_rate: RATE}}, loss: mse}
data: {train: t.csv, inputs: {x: {columns: [a, b]}}, targets: {head: {column: y}}}
fit: FIT
"""
COSINE = "{CosineDecay: {initial_learning_rate: 0.1, decay_steps: %s}}"
LATE = "`CosineDecay` ends after 1,000 steps, and training has 30: the learning rate hardly changes"


@pytest.mark.parametrize(
    ("rate", "fit", "told"),
    [
        (COSINE % 30, "{epochs: 3}", []),
        (COSINE % 1000, "{epochs: 3}", [LATE]),
        (COSINE % 1, "{epochs: 3}", ["`CosineDecay` ends after 1 step of the 30 that training has"]),
        (COSINE % 20, "{epochs: 3, steps_per_epoch: 4}", []),
        (COSINE % 20, "{epochs: 1, steps_per_epoch: 4}", ["`CosineDecay` ends after 20 steps, and training has 4"]),
        (
            "{PiecewiseConstantDecay: {boundaries: [500, 900], values: [1, 0.1, 0.01]}}",
            "{epochs: 3}",
            ["`PiecewiseConstantDecay` ends"],
        ),
        ("{ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 9000, decay_rate: 0.9}}", "{epochs: 3}", []),
        (
            "0.1",
            "{epochs: 3, batch_size: 1000}",
            ["a batch of 1,000 is larger than the 300 samples of `train`: each epoch is one step"],
        ),
        (
            COSINE % 30,
            "{phases: [{name: a, epochs: 3}, {name: b, epochs: 20}]}",
            ["`CosineDecay` ends after 30 steps of the 200 that the phase `b` has"],
        ),
    ],
)
def test_what_is_probably_not_meant(rate: str, fit: str, told: list[str]) -> None:
    compilation = load(SPEC.replace("RATE", rate).replace("FIT", fit))
    assert compilation.ok and compilation.spec is not None, compilation.diagnostics
    found = list(find_hints(compilation.spec, 300))
    assert len(found) == len(told) and all(each.startswith(words) for each, words in zip(found, told, strict=True)), found


def test_no_whole_batch() -> None:
    spec = load(SPEC.replace("RATE", "0.1").replace("FIT", "{epochs: 1}") + "batch_size: 16\n").spec
    assert spec is not None and list(find_hints(spec, 16)) == []
    with pytest.raises(DataError, match="a batch of 16 is larger than the 15 samples of `train`"):
        list(find_hints(spec, 15))
