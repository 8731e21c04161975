"""What is told of instances that no page shows, measured in Keras."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]


def build(input: str, head: str, section: str = "") -> Any:
    """The model of a spec of one branch."""
    compiled = f"compile: {{{section}}}\n" if section else ""
    text = f"version: 1\nname: k\nbranches: {{x: {{input: {input}}}}}\nhead: {head}\n{compiled}"
    return load(text).to_keras()


@pytest.mark.parametrize(
    ("loss", "metric", "labels"),
    [
        ("categorical_crossentropy", "TopKCategoricalAccuracy: {k: 3}", [[0, 0, 1]]),
        ("categorical_crossentropy", "TopKCategoricalAccuracy: {k: 9}", [[0, 0, 1]]),
        ("sparse_categorical_crossentropy", "SparseTopKCategoricalAccuracy: {k: 3}", [2]),
    ],
)
def test_the_right_class_is_among_all_classes(loss: str, metric: str, labels: Any) -> None:
    import numpy

    model = build(
        "{kind: vector, shape: [4]}", "[{Dense: {units: 3, activation: softmax}}]", f"loss: {loss}, metrics: [{metric}]"
    )
    x = numpy.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    assert model.evaluate(x, numpy.repeat(labels, 16, 0), verbose=0)[1] == 1


def test_the_poisson_metric_of_negative_values_is_nan() -> None:
    import numpy

    model = build("{kind: vector, shape: [4]}", "[{Dense: {units: 1}}]", "loss: mse, metrics: [Poisson]")
    model.trainable_weights[-1].assign([-100.0])
    assert numpy.isnan(model.evaluate(numpy.zeros((4, 4), "float32"), numpy.ones((4, 1)), verbose=0)[1])


def test_what_divides_probabilities_says_nothing_of_scores_by_margins() -> None:
    """Every class is right by more than the margin, and all values are above 0.5."""
    import keras
    import numpy

    labels, scores = numpy.eye(3), numpy.array([[3.0, 2, 1], [2, 3, 1], [1, 2, 3]])
    assert float(keras.losses.CategoricalHinge()(labels, scores)) == 0
    metrics = keras.metrics
    right, told = metrics.CategoricalAccuracy(), [metrics.Precision(), metrics.F1Score(threshold=0.5), metrics.AUC()]
    for metric in (right, *told, metrics.BinaryAccuracy()):
        metric.update_state(labels, scores)
        value = float(numpy.mean(metric.result()))
        assert value == 1 if metric is right else value <= 0.5, metric.name


@pytest.mark.parametrize("layer", ["MultiHeadAttention: {num_heads: 2, key_dim: 4}", "Attention: {use_scale: true}"])
def test_an_attention_over_one_step_does_not_learn_what_it_scores(layer: str) -> None:
    import numpy

    model = build("{kind: sequence, shape: [1, 4]}", f"[{{{layer}}}, Flatten, {{Dense: {{units: 1}}}}]", "loss: mse")
    scoring = [each for each in model.trainable_weights if any(word in each.path for word in ("query", "key/", "scale"))]
    before = [numpy.asarray(each) for each in scoring]
    x = numpy.random.default_rng(0).normal(size=(64, 1, 4)).astype("float32")
    model.fit(x, x[:, 0, :1], epochs=3, verbose=0)
    assert scoring and all(numpy.allclose(each, now, atol=1e-7) for each, now in zip(before, scoring, strict=True))


@pytest.mark.parametrize("strategy", ["cross_attention, query: x", "gated", "learned_weights", "attention"])
def test_a_fusion_that_weighs_one_alone_does_not_learn_its_weights(strategy: str) -> None:
    """Those of queries, keys, scores and weights stay; the output is that of whatever is weighed."""
    import numpy

    others = ", inputs: [x, z]" if "query" in strategy else ", inputs: [x]"
    fusion = f"[{{name: z, inputs: [x]}}, {{name: f, strategy: {strategy}{others}}}]" if "query" in strategy else None
    written = fusion or f"{{name: f, strategy: {strategy}{others}}}"
    model = build("{kind: vector, shape: [4]}", f"[{{Dense: {{units: 1}}}}]\nfusion: {written}", "loss: mse")
    words = ("query", "key/", "score", "f_weights")
    weighing = [each for each in model.trainable_weights if any(word in each.path for word in words)]
    before = [numpy.asarray(each) for each in weighing]
    x = numpy.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    model.fit(x, x[:, :1], epochs=3, verbose=0)
    assert weighing and all(numpy.allclose(each, now, atol=1e-7) for each, now in zip(before, weighing, strict=True))


def test_the_direction_of_one_number_is_its_sign() -> None:
    """Numbers that are far off have a perfect score, and the loss no slope."""
    import keras
    import numpy
    import tensorflow

    metric = keras.metrics.CosineSimilarity()
    metric.update_state([[1.0], [2.0], [-3.0]], [[50.0], [0.1], [-0.2]])
    assert float(metric.result()) == 1
    model = build("{kind: vector, shape: [4]}", "[{Dense: {units: 1}}]", "loss: cosine_similarity")
    x = numpy.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    with tensorflow.GradientTape() as tape:
        loss = model.compute_loss(y=x[:, :1], y_pred=model(x))
    slopes = tape.gradient(loss, [each.value for each in model.trainable_weights])
    assert all(numpy.abs(each).max() < 1e-5 for each in slopes)
