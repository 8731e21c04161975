"""A model whose batch axis is fixed is measured on all samples, and one that keeps states begins anew with each part."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.runs.samples import ArrayPart, HeadTarget

numpy = pytest.importorskip("numpy")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPEC = """
version: 1
name: fixed
batch_size: %s
branches: {x: {input: {kind: sequence, shape: [3, 2]}, layers: [{LSTM: {units: 2%s}}]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse, metrics: [mae, RootMeanSquaredError]}
"""


def make_part(samples: int) -> ArrayPart:
    import numpy

    draw = numpy.random.default_rng(0)
    inputs, targets = draw.normal(size=(samples, 3, 2)).astype("float32"), draw.normal(size=(samples, 1)).astype("float32")
    return ArrayPart({"x": inputs}, {"head": HeadTarget("head", "numbers")}, {"head": targets})


def test_the_last_smaller_batch_counts() -> None:
    import numpy

    from cnnlstm_spec.runs.measure.of_run import evaluate
    from cnnlstm_spec.runs.measure.predict import make_heads, predict

    compilation, part = load(SPEC % (4, "")), make_part(6)
    model = compilation.to_keras()
    found = evaluate(compilation, model, part)
    predicted = predict(model, part, make_heads(compilation))["head"]
    error = numpy.concatenate(predicted.values) - numpy.concatenate(predicted.targets)
    assert found["loss"] == pytest.approx(float((error**2).mean()), rel=1e-5)
    assert found["mae"] == pytest.approx(float(numpy.abs(error).mean()), rel=1e-5)
    assert found["root_mean_squared_error"] == pytest.approx(float((error**2).mean() ** 0.5), rel=1e-5)


def test_states_begin_anew() -> None:
    from cnnlstm_spec.runs.measure.of_run import evaluate
    from cnnlstm_spec.runs.measure.predict import make_heads, predict

    compilation, part = load(SPEC % (1, ", stateful: true")), make_part(3)
    assert compilation.ok
    model = compilation.to_keras()
    first = predict(model, part, make_heads(compilation))["head"].list_rows()
    again = predict(model, part, make_heads(compilation))["head"].list_rows()
    assert (first == again).all()
    alone = make_part(3).read([1]).inputs["x"]
    model.get_layer("x_lstm").reset_state()
    assert abs(model.predict_on_batch(alone)[0, 0] - first[1, 0]) > 1e-5  # what came before is known
    measured = [evaluate(compilation, model, part)["loss"] for _ in range(2)]
    assert measured[0] == measured[1]
