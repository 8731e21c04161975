"""Losses and metrics on an output whose width is known only at run time: the sizes that they run on are said, and are those of Keras."""

from __future__ import annotations

import pytest

from cnnlstm_spec import Compilation, load

TOP = "version: 1\nname: t\n"
CASES = [
    ("loss: mse, metrics: [{Precision: {class_id: 4}}]", "`t` is at least 3", 2, 3),
    ("loss: mse, metrics: [{Recall: {class_id: -3}}]", "`t` is at least 2", 1, 2),
    ("loss: mse, metrics: [{TopKCategoricalAccuracy: {k: 3}}]", None, None, 1),
    ("loss: mse, metrics: [{Precision: {top_k: 5}}]", "`t` is at least 3", 2, 3),
    ("loss: mse, metrics: [{AUC: {multi_label: true, num_labels: 6}}]", "`t` is 3", 2, 3),
    ("loss: mse, metrics: [{AUC: {label_weights: [1, 2, 1, 2]}}]", "`t` is 2", 3, 2),
]
"""What is written, what is said of the steps of an output that is twice as wide, a number that fails and one that runs."""
LAYERS = {
    2: "[{Dense: {units: 2, activation: sigmoid}}, Flatten]",
    1: "[{Dense: {units: 1, activation: sigmoid}}, Flatten]",
    0: "[{Dense: {units: 3}}, {Permute: {dims: [2, 1]}}]",
}
"""Layers whose output is twice or once as wide as their input has steps; and of several steps, each as wide."""
ALL = [
    *((*each, 2) for each in CASES),
    ("loss: mse, metrics: [{Precision: {class_id: 0}}]", None, None, 1, 1),
    ("loss: CTC", "`t` is at least 2", 1, 3, 0),
]


def compiled(training: str, steps: int | str, layers: int) -> Compilation:
    """A head of such layers."""
    input = f"{{kind: sequence, shape: [{steps}, 3]}}"
    return load(f"{TOP}branches: {{a: {{input: {input}, layers: {LAYERS[layers]}}}}}\nhead: []\ncompile: {{{training}}}\n")


@pytest.mark.parametrize(("training", "condition", "fails", "runs", "layers"), ALL)
def test_the_sizes_are_said(training: str, condition: str | None, fails: int | None, runs: int, layers: int) -> None:
    found = compiled(training, "t", layers)
    told = [str(each.facts["condition"]) for each in found.diagnostics if each.code.name == "depends-on-size"]
    assert found.ok and told == ([condition] if condition is not None else [])
    assert compiled(training, runs, layers).ok
    if fails is not None:
        written = compiled(training, fails, layers).diagnostics
        assert [each.code.sort for each in written if each.severity == "error"] == ["keras"]


def test_a_width_that_no_size_has() -> None:
    """The width is known, whatever the steps are."""
    found = compiled("loss: mse, metrics: [{Precision: {class_id: 12}}]", "t", 0)
    assert "class-not-there" not in [each.code.name for each in found.diagnostics]
    text = f"{TOP}branches: {{a: {{input: {{kind: sequence, shape: [t, 4]}}, layers: [{{Dense: {{units: 3}}}}]}}}}\nhead: []\n"
    found = load(f"{text}compile: {{loss: mse, metrics: [{{Precision: {{class_id: 12}}}}]}}\n")
    assert "class-not-there" in [each.code.name for each in found.diagnostics]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize(("training", "condition", "fails", "runs", "layers"), ALL)
def test_keras_runs_on_these_sizes(training: str, condition: str | None, fails: int | None, runs: int, layers: int) -> None:
    import numpy

    def fit(steps: int) -> None:
        """A first batch: Keras keeps what it made for it, which others may pass that fail by themselves."""
        model = compiled(training, "t", layers).to_keras()
        labels = numpy.eye(4, layers * steps, dtype="float32") if layers else numpy.ones((4, 2), "int32")
        model.fit(numpy.ones((4, steps, 3), "float32"), labels, verbose=0)

    fit(runs)
    if fails is not None:
        with pytest.raises(Exception):  # noqa: B017
            fit(fails)
