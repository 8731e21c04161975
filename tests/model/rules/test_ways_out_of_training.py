"""Each way out that is told of losses, metrics, activations and targets is taken: it must lead out, and measure what is meant."""

from __future__ import annotations

from typing import Any

import pytest
from told import hold_told
from way import Way
from ways import NAMES, WAYS

from cnnlstm_spec import load
from cnnlstm_spec.language.catalog import KerasObject, find_reads
from cnnlstm_spec.model.rules import activations, losses, metrics, targets
from cnnlstm_spec.spec.compile_section import CompileSpec
from cnnlstm_spec.text.diagnostic import CODES, Diagnostic


def findings(text: str) -> list[Diagnostic]:
    """What is said of a spec."""
    return list(load(text).diagnostics)


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_it_leads_out(way: Way, request: pytest.FixtureRequest) -> None:
    (found,) = findings(way.text)
    hold_told([found], request)
    assert found.code.name == way.code
    assert any(way.words in line for line in found.help), found.help
    assert findings(way.changed) == []


def test_each_finding_of_training_has_a_way_that_is_tried() -> None:
    modules = (activations, losses, metrics, targets)
    codes = {each.name for module in modules for each in vars(module).values() if each in CODES.values()}
    assert codes - {way.code for way in WAYS} <= {"unknown-head", "depends-on-size"}


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_it_measures_what_is_meant(way: Way) -> None:
    """What is left trains; of predictions that are right the loss is less than of wrong ones, and never below 0."""
    import keras
    import numpy

    keras.utils.clear_session(free_memory=False)
    compilation = load(way.changed)
    model = compilation.to_keras()
    model.run_eagerly = True
    section = compilation.spec and compilation.spec.compile
    assert isinstance(section, CompileSpec) and section.losses["head"] is not None
    labels, right, wrong = answers(section.losses["head"].thing, tuple(model.output_shape[1:]), way)
    model.train_on_batch(data(tuple(model.input_shape[1:])), labels)
    at_best, at_worst = (float(model.compute_loss(y=labels, y_pred=each)) for each in (right, wrong))
    assert at_best < at_worst
    # Of Poisson the part that does not depend on the prediction is left out, so that it may be less.
    assert at_best >= -1e-6 or "poisson" in way.text
    model.reset_metrics()
    measured = {name: value for name, value in model.compute_metrics(None, labels, right).items() if name != "loss"}
    assert len(measured) == sum(len(each) for each in section.metrics.values())
    for name, value in measured.items():
        assert abs(float(numpy.mean(value)) - way.best) < 0.05, name


BATCH = 8


def data(shape: tuple[int, ...]) -> Any:
    """A batch for a model's input."""
    import numpy

    return numpy.random.default_rng(0).random((BATCH, *shape)).astype("float32")


def answers(loss: KerasObject, shape: tuple[int, ...], way: Way) -> tuple[Any, Any, Any]:
    """Labels as a loss reads them, with predictions that are right and ones that are wrong."""
    import numpy

    width = shape[-1] if shape else 1
    classes = (numpy.arange(BATCH).reshape(-1, *[1] * (len(shape) - 1)) + numpy.zeros(shape[:-1])).astype("int32") % max(width, 2)
    if loss.name == "CTC":
        sequence = numpy.tile([[1, 2]], (BATCH, 1)).astype("int32")
        right = numpy.eye(width)[[[0, 1, 0, 2, 0]] * BATCH] * 20
        return sequence, right.astype("float32"), right[..., ::-1].astype("float32")
    if "encoding: real" in way.more or "positive" in way.code:
        values = (numpy.arange(BATCH * max(width, 1)).reshape(BATCH, *shape) % 9).astype("float32")
        return values, values + 0.01, values + 5
    hot = numpy.eye(width)[classes] if width > 1 else classes.reshape(BATCH, *shape) * 1.0
    sure = hot * 0.98 + 0.01 * (1 - hot)
    wrong = numpy.roll(sure, 1, axis=0)
    if loss.name == "Circle":
        sure, wrong = hot, numpy.roll(numpy.repeat(hot[::2], 2, axis=0), 1, axis=0)
    if loss.get("from_logits"):
        sure, wrong = numpy.log(sure) * 9, numpy.log(wrong) * 9
    labels = classes if find_reads(loss).get("labels") == "integer" else hot.astype("float32")
    return labels, sure.astype("float32"), wrong.astype("float32")
