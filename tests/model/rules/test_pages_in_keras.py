"""What the pages of `codes/` claim of specs that run and are not meant is measured in Keras, of the wrong spec and of the right one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

CODES = Path(cnnlstm_spec.__file__).parent / "text" / "codes"
BATCH = 8

Claim = Callable[[Any, Any], None]
CLAIMS: dict[str, Claim] = {}


def claim(code: str) -> Callable[[Claim], Claim]:
    """Registers what is measured of a page."""

    def registered(measure: Claim) -> Claim:
        CLAIMS[code] = measure
        return measure

    return registered


def models(code: str) -> tuple[Any, Any]:
    """The models of a page's two specs."""
    import keras

    found = re.findall(r"```yaml\n(.+?)```", (CODES / f"{code}.md").read_text("utf-8"), re.S)
    assert len(found) == 2
    made = []
    for text in found:
        keras.utils.clear_session(free_memory=False)
        made.append(load(text).to_keras())
    return made[0], made[1]


def uniform(model: Any, high: float = 1.0) -> Any:
    """A batch for a model of one input."""
    import numpy

    shape = [20 if size is None else size for size in model.input_shape[1:]]
    return numpy.random.default_rng(0).uniform(0.01, high, (BATCH, *shape)).astype("float32")


def measured(model: Any, labels: Any, predicted: Any) -> list[float]:
    """What the metrics of a model say of predictions."""
    import numpy

    labels, predicted = numpy.asarray(labels), numpy.asarray(predicted, "float32")
    model.run_eagerly = True
    model.train_on_batch(uniform(model), labels)
    model.reset_metrics()
    found = model.compute_metrics(None, labels, predicted)
    return [float(numpy.mean(value)) for name, value in found.items() if name != "loss"]


def inner(model: Any, kind: str) -> Any:
    """The model up to the last layer of a class."""
    import keras

    layer = [each for each in model.layers if type(each).__name__ == kind][-1]
    return keras.Model(model.input, layer.output)


def given(model: Any, x: Any, training: bool = False) -> Any:
    """What a model gives."""
    import numpy

    return numpy.asarray(model(x, training=training), "float32")


@claim("accuracy-of-one-class")
def one_class(wrong: Any, right: Any) -> None:
    labels, predicted = [[1, 1, 0, 0, 0, 0]] * BATCH, [[0.6, 0.9, 0.1, 0.1, 0.1, 0.1]] * BATCH
    assert measured(wrong, labels, predicted) == [0] and measured(right, labels, predicted) == [1]


@claim("accuracy-of-numbers")
def numbers(wrong: Any, right: Any) -> None:
    labels = [[2.0 + index] for index in range(BATCH)]
    assert measured(wrong, labels, labels) == [0] and measured(right, labels, labels) == [0]


@claim("accuracy-of-margins")
def margins(wrong: Any, right: Any) -> None:
    halves = [[1.0], [-1.0]] * (BATCH // 2)
    assert measured(wrong, halves, halves) == [0.5]
    assert measured(right, [[1.0], [0.0]] * (BATCH // 2), [[0.4], [-0.4]] * (BATCH // 2)) == [1]
    assert measured(wrong, [[1.0], [0.0]] * (BATCH // 2), [[0.4], [-0.4]] * (BATCH // 2)) == [0.5]


@claim("metric-twice")
def twice(wrong: Any, right: Any) -> None:
    labels, predicted = [[1.0], [0.0]] * (BATCH // 2), [[0.9], [0.8]] * (BATCH // 2)
    assert measured(wrong, labels, predicted) == [0.5, 0.5] and measured(right, labels, predicted) == [0.5]


@claim("margins-expected")
def one_sign(wrong: Any, right: Any) -> None:
    """The best that each can give of a batch of both classes, whose labels are 0 and 1."""
    import numpy

    labels = numpy.array([[1.0], [0.0]] * (BATCH // 2))
    for model, best in ((wrong, 0.5), (right, 0)):
        values = given(model, uniform(model, 1e4) - 5e3)
        least, most = (0, 1) if values.min() >= 0 else (-1, 1)
        assert least <= values.min() <= values.max() <= most
        loss = model.compute_loss(None, labels, numpy.where(labels > 0, most, least).astype("float32"))
        assert abs(float(loss) - best) < 1e-6


@claim("logits-bounded")
def bounded(wrong: Any, right: Any) -> None:
    """The kernel of a class whose logit is cut for all of a batch has no gradient."""
    import numpy
    import tensorflow

    for model, learns in ((wrong, False), (right, True)):
        kernel, bias = model.trainable_variables
        bias.assign([-100, 0, 0, 0])
        with tensorflow.GradientTape() as tape:
            loss = model.compute_loss(None, numpy.eye(4)[[0] * BATCH], model(uniform(model)))
        assert bool(numpy.abs(tape.gradient(loss, kernel.value)[:, 0]).max() > 0) == learns


@claim("threshold-on-logits")
def logits(wrong: Any, right: Any) -> None:
    labels, predicted = [[1.0]] * BATCH, [[0.3]] * BATCH
    assert measured(wrong, labels, predicted) == [0] and measured(right, labels, predicted) == [1]


@claim("score-without-threshold")
def threshold(wrong: Any, right: Any) -> None:
    labels = [[1.0], [0.0]] * (BATCH // 2)
    perfect, yes = [[0.9], [0.1]] * (BATCH // 2), [[0.9]] * BATCH
    assert measured(wrong, labels, perfect) == measured(wrong, labels, yes) != [1]
    assert abs(measured(right, labels, perfect)[0] - 1) < 1e-6


@claim("precision-is-accuracy")
def two_classes(wrong: Any, right: Any) -> None:
    labels = [[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 5
    predicted = [[0.9, 0.1]] * 2 + [[0.1, 0.9]] + [[0.1, 0.9]] * 2 + [[0.9, 0.1]] * 3
    assert measured(wrong, labels, predicted) == [0.5, 0.5]
    precision, recall = measured(right, labels, predicted)
    assert abs(precision - 2 / 3) < 1e-6 and abs(recall - 0.4) < 1e-6


@claim("ignored-class-counted")
def ignored(wrong: Any, right: Any) -> None:
    import numpy

    labels = numpy.full((BATCH, 16, 16), 255)
    labels[:, :8] = numpy.arange(8)[None, :, None] % 4
    perfect = numpy.eye(4)[labels % 4 * (labels < 4)]
    assert measured(wrong, labels, perfect) == [0.5] and measured(right, labels, perfect) == [1]


@claim("logits-expected")
def again(wrong: Any, right: Any) -> None:
    """Not of the page, but of its kin: CTC takes the softmax of what it is given."""
    import keras
    import numpy

    labels, path = numpy.array([[1, 2]]), numpy.eye(3)[[[0, 1, 0, 2, 0]]]
    loss = keras.losses.CTC()
    assert float(loss(labels, path)) > 1 and float(loss(labels, path * 20)) < 0.01


@claim("masking-never-fires")
def masking(wrong: Any, right: Any) -> None:
    """The same real steps with padding in other places are read alike where the mask fires."""
    import numpy

    x = uniform(right)
    last, between = numpy.zeros_like(x), numpy.zeros_like(x)
    last[:, :10], between[:, ::2] = x[:, :10], x[:, :10]
    for model, alike in ((wrong, False), (right, True)):
        for weight in model.weights:
            if weight.path.endswith("bias") and "lstm" not in weight.path:
                weight.assign(weight + 0.5)
        assert numpy.allclose(given(model, last), given(model, between), atol=1e-5) == alike


@claim("padding-made-anew")
def anew(wrong: Any, right: Any) -> None:
    """What the labels are at padded steps changes the loss where the mask is gone."""
    import numpy

    x, y = uniform(right), uniform(right)
    x[:, 12:] = 0
    other = y.copy()
    other[:, 12:] = 5
    for model, alike in ((wrong, False), (right, True)):
        first, second = (model.evaluate(x, labels, verbose=0) for labels in (y, other))
        assert numpy.allclose(first, second, rtol=1e-4) == alike


@claim("value-range-differs")
def value_range(wrong: Any, right: Any) -> None:
    wrong, right = inner(wrong, "RandomBrightness"), inner(right, "RandomBrightness")
    assert abs(given(wrong, uniform(wrong, 255.0), True)).max() > 2
    assert 0 <= given(right, uniform(right, 255.0), True).min() <= given(right, uniform(right, 255.0), True).max() <= 1


def otherwise(wrong_scale: dict[str, float], right_scale: dict[str, float]) -> None:
    """The weights of `pixels-scaled-otherwise` are not at hand; what they were trained on is."""
    import keras
    import numpy

    x = numpy.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    meant = keras.applications.mobilenet_v2.preprocess_input(x.copy())
    assert numpy.allclose(given(keras.layers.Rescaling(**right_scale), x), meant, atol=1e-5)
    assert abs(given(keras.layers.Rescaling(**wrong_scale), x) - meant).max() > 0.9


@claim("steps-reversed")
def reversed_steps(wrong: Any, right: Any) -> None:
    """At the first step the backward half has read one step where it is not turned round, and all where it is."""
    wrong, right = inner(wrong, "Concatenate"), inner(right, "Concatenate")
    x = uniform(wrong)
    other = x.copy()
    other[:, 0] += 1
    for model, alike in ((wrong, True), (right, False)):
        first, second = (given(model, each)[:, 0, 4:] for each in (x, other))
        assert (first == second).all() == alike


@claim("no-share")
def shares(wrong: Any, right: Any) -> None:
    """The statistics that inference uses, after a few batches."""
    import numpy

    for model, averages in ((wrong, False), (right, True)):
        x = numpy.random.default_rng(0).normal(size=(BATCH, 8)).astype("float32")
        for _ in range(5):
            model.train_on_batch(x, x[:, :1])
        moving = [numpy.asarray(each) for each in model.non_trainable_variables if "moving" in each.path]
        assert bool(moving) and all(numpy.abs(each).max() < 100 for each in moving) == averages


@claim("joined-not-over-channels")
def joined(wrong: Any, right: Any) -> None:
    """The images stand side by side in the one, and the channels come together in the other."""
    for model, shape in ((wrong, (None, 4, 32, 64)), (right, (None, 8, 32, 32))):
        flat = next(layer for layer in model.layers if type(layer).__name__ == "Flatten")
        assert flat.input.shape == shape


@claim("stays-at-zero")
def stays(wrong: Any, right: Any) -> None:
    """Of the wrong one the last bias alone moves; of the right one each weight does."""
    assert _list_still(wrong) == ["x_dense/kernel", "x_dense/bias", "head_dense/kernel"] and _list_still(right) == []


def _list_still(model: Any) -> list[str]:
    """The trained weights that some epochs leave as they are."""
    import numpy

    rng = numpy.random.default_rng(0)
    x = rng.normal(size=(32, *model.input_shape[1:])).astype("float32")
    before = {each.path: numpy.asarray(each) for each in model.trainable_variables}
    model.fit(x, rng.normal(size=(32, *model.output_shape[1:])), epochs=5, batch_size=8, verbose=0)
    return [each.path for each in model.trainable_variables if (numpy.asarray(each) == before[each.path]).all()]


ZEROS = "kernel_initializer: zeros"
BEGUN: dict[str, bool] = {
    f"{{Dense: {{units: 4, activation: tanh_shrink, {ZEROS}}}}}": True,
    f"{{Dense: {{units: 4, activation: soft_shrink, {ZEROS}}}}}": True,
    f"{{Dense: {{units: 4, {ZEROS}}}}}, {{Dropout: {{rate: 0.1}}}}, ReLU": True,
    f"{{Dense: {{units: 4, {ZEROS}}}}}, BatchNormalization, {{Activation: {{activation: relu}}}}": True,
    f"{{Dense: {{units: 4, {ZEROS}}}}}, {{ReLU: {{negative_slope: 0.1}}}}": False,
    f"{{Dense: {{units: 4, activation: tanh, {ZEROS}}}}}, {{Dense: {{units: 3, {ZEROS}}}}}": True,
    f"{{Dense: {{units: 4, activation: sigmoid, {ZEROS}}}}}, {{Dense: {{units: 3, {ZEROS}}}}}": False,
    f"{{Dense: {{units: 4, activation: relu, {ZEROS}, bias_initializer: ones}}}}": False,
    f"{{Dense: {{units: 4, activation: elu, {ZEROS}}}}}": False,
    "{Dense: {units: 4, activation: relu, kernel_initializer: {Constant: {value: 0.0}}}}": True,
    f"{{Dense: {{units: 4, activation: relu}}}}, {{Dense: {{units: 3, {ZEROS}}}}}": False,
    f"{{Residual: {{layers: [{{Dense: {{units: 4, activation: tanh}}}}, {{Dense: {{units: 8, {ZEROS}}}}}]}}}}": False,
    f"{{Reshape: {{target_shape: [4, 2]}}}}, {{MultiHeadAttention: {{num_heads: 2, key_dim: 3, {ZEROS}}}}}, Flatten": True,
    f"{{Reshape: {{target_shape: [4, 2]}}}}, {{SimpleRNN: {{units: 3, activation: relu, {ZEROS}}}}}": True,
    f"{{EinsumDense: {{equation: 'bf,fu->bu', output_shape: [4], bias_axes: u, activation: relu, {ZEROS}}}}}": True,
    "{EinsumDense: {equation: 'bf,fu->bu', output_shape: [4], activation: relu}}": False,
    f"{{Reshape: {{target_shape: [4, 2]}}}}, {{LSTM: {{units: 3, {ZEROS}, recurrent_initializer: zeros}}}}": False,
    "{Reshape: {target_shape: [4, 2]}}, {SeparableConv1D: {filters: 3, kernel_size: 2, depthwise_initializer: zeros, "
    "pointwise_initializer: zeros}}, Flatten": True,
}


@pytest.mark.sampled(every=4, long=1)
@pytest.mark.parametrize("layers", BEGUN)
def test_what_begins_with_zeros(layers: str) -> None:
    """What is told of stays as it is in Keras, and what is not moves."""
    text = "version: 1\nname: z\nbranches: {{x: {{input: {{kind: vector, shape: [8]}}, layers: [{}]}}}}\nhead: [{{Dense: {{units: 1}}}}]\ncompile: {{optimizer: adam, loss: mse}}\n"
    compilation = load(text.format(layers))
    assert ["stays-at-zero"] * BEGUN[layers] == [each.code.name for each in compilation.diagnostics if each.severity == "warning"]
    assert bool(_list_still(compilation.to_keras())) == BEGUN[layers]


@claim("rate-not-positive")
def uphill(wrong: Any, right: Any) -> None:
    import numpy

    x = numpy.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    for model, grows in ((wrong, True), (right, False)):
        losses = model.fit(x, x[:, :1], epochs=5, verbose=0).history["loss"]
        assert (losses[-1] > losses[0]) == grows


RATES: dict[str, bool] = {
    "0": True,
    "{CosineDecay: {initial_learning_rate: 0, decay_steps: 100}}": True,
    "{CosineDecay: {initial_learning_rate: 0, decay_steps: 100, warmup_target: 0.1, warmup_steps: 9}}": False,
    "{PolynomialDecay: {initial_learning_rate: 0.0, decay_steps: 100}}": False,
    "{PiecewiseConstantDecay: {boundaries: [9], values: [0.0, 0.0]}}": True,
    "{PiecewiseConstantDecay: {boundaries: [2], values: [0.0, 0.1]}}": False,
}


@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("rate", RATES)
def test_what_has_no_learning_rate(rate: str) -> None:
    text = "version: 1\nname: z\nbranches: {{x: {{input: {{kind: vector, shape: [8]}}}}}}\nhead: [{{Dense: {{units: 1}}}}]\ncompile: {{optimizer: {{SGD: {{learning_rate: {}}}}}, loss: mse}}\n"
    compilation = load(text.format(rate))
    assert ["rate-not-positive"] * RATES[rate] == [each.code.name for each in compilation.diagnostics]
    assert bool(_list_still(compilation.to_keras())) == RATES[rate]


@claim("features-not-channels")
def over_channels(wrong: Any, right: Any) -> None:
    """The one takes as many steps as there are channels; the other reads the channels of each step."""
    for model, steps, features in ((wrong, 8, 96), (right, 96, 8)):
        layer = next(layer for layer in model.layers if type(layer).__name__ == "LSTM")
        assert layer.input.shape == (None, steps, features)
        assert layer.cell.kernel.shape == (features, 64)


@claim("never-learns")
def never_learns(wrong: Any, right: Any) -> None:
    """The first `Dense` of the wrong one stays as it was; of the right one each weight moves."""
    import numpy

    for model, learns in ((wrong, False), (right, True)):
        inputs = {each.name: numpy.random.default_rng(0).normal(size=(BATCH, 8)).astype("float32") for each in model.inputs}
        before = {weight.path: numpy.asarray(weight) for weight in model.trainable_variables}
        model.train_on_batch(inputs, numpy.ones((BATCH, 1), "float32"))
        still = [each.path for each in model.trainable_variables if (numpy.asarray(each) == before[each.path]).all()]
        assert bool(still) != learns and all("x_dense/" in path for path in still)


@claim("one-step")
def one_step(wrong: Any, right: Any) -> None:
    import numpy
    import tensorflow

    for model, learns in ((wrong, False), (right, True)):
        kernel = next(weight for weight in model.trainable_variables if weight.path.endswith("recurrent_kernel"))
        with tensorflow.GradientTape() as tape:
            loss = tensorflow.reduce_sum(model(uniform(model)))
        assert bool(numpy.abs(tape.gradient(loss, kernel.value)).max() > 0) == learns


@claim("probabilities-along-steps")
def along(wrong: Any, right: Any) -> None:
    assert abs(given(wrong, uniform(wrong)).sum(-1) - 1).max() > 0.1
    assert abs(given(right, uniform(right)).sum(-1) - 1).max() < 1e-5


@claim("probabilities-changed")
def changed(wrong: Any, right: Any) -> None:
    assert (given(wrong, uniform(wrong), True) == 0).any() and abs(given(wrong, uniform(wrong), True).sum(-1) - 1).max() > 0.1
    assert abs(given(right, uniform(right), True).sum(-1) - 1).max() < 1e-5


@claim("softmax-not-over-channels")
def over_width(wrong: Any, right: Any) -> None:
    wrong, right = inner(wrong, "Conv2D"), inner(right, "Softmax")
    assert abs(given(wrong, uniform(wrong)).sum(-1) - 1).max() < 1e-5 < abs(given(wrong, uniform(wrong)).sum(1) - 1).max()
    assert abs(given(right, uniform(right)).sum(1) - 1).max() < 1e-5


@claim("norm-not-over-channels")
def norm(wrong: Any, right: Any) -> None:
    sizes = [next(w.shape[0] for w in model.weights if w.path.endswith("moving_mean")) for model in (wrong, right)]
    assert sizes == [30, 4]


@claim("norm-without-channels")
def along_rows(wrong: Any, right: Any) -> None:
    for model, axis, size in ((wrong, 1, 30), (right, 3, 4)):
        assert [w.shape[0] for w in model.weights if w.path.endswith("gamma")] == [size]
        assert abs(given(inner(model, "LayerNormalization"), uniform(model)).mean(axis)).max() < 1e-5


@claim("data-format-differs")
def pooled(wrong: Any, right: Any) -> None:
    assert inner(wrong, "MaxPooling2D").output_shape[1:] == (2, 15, 30)
    assert inner(right, "MaxPooling2D").output_shape[1:] == (4, 15, 15)


@claim("channels-come-first")
def channels(wrong: Any, right: Any) -> None:
    kernels = [tuple(next(w.shape for w in model.weights if w.path.endswith("kernel"))) for model in (wrong, right)]
    assert kernels == [(3, 3, 64, 4), (3, 3, 3, 4)]


@claim("reshape-swaps-axes")
def swapped(wrong: Any, right: Any) -> None:
    x = uniform(wrong)
    assert not (given(inner(wrong, "Reshape"), x) == x.swapaxes(1, 2)).all()
    assert (given(inner(right, "Permute"), x) == x.swapaxes(1, 2)).all()


@claim("rate-clipped")
def clipped(wrong: Any, right: Any) -> None:
    """On a CPU a rate of 1 drops nothing."""
    for model, drops in ((wrong, False), (right, True)):
        x = uniform(model)
        assert bool(abs(given(model, x, True) - given(model, x)).max() > 1e-6) == drops


@claim("exponential-overflows")
def overflows(wrong: Any, right: Any) -> None:
    import numpy

    x = uniform(wrong, 3.0)
    assert not numpy.isfinite(given(wrong, x)).all() and numpy.isfinite(given(right, x)).all()


@claim("outside-its-domain")
def domain(wrong: Any, right: Any) -> None:
    import numpy

    for model, sound in ((wrong, False), (right, True)):
        x = numpy.random.default_rng(0).normal(size=(BATCH, 8)).astype("float32")
        model.train_on_batch(x, x[:, :1])
        assert all(numpy.isfinite(numpy.asarray(weight)).all() for weight in model.weights) == sound


@claim("labels-outside-the-loss")
def outside_loss(wrong: Any, right: Any) -> None:
    """A loss of labels below 0 does not tell outputs below 0 apart."""
    import numpy

    labels = numpy.full((BATCH, 1), -3.0, "float32")
    for model, tells in ((wrong, False), (right, True)):
        losses = [float(model.compute_loss(y=labels, y_pred=labels + by)) for by in (0.0, 1.0, -2.0)]
        assert (losses[0] < min(losses[1:])) == tells


@claim("beyond-float16")
def beyond(wrong: Any, right: Any) -> None:
    import numpy

    for model, sound in ((wrong, False), (right, True)):
        next(weight for weight in model.weights if weight.path.endswith("bias")).assign([9e5])
        assert numpy.isfinite(given(model, uniform(model))).all() == sound


@claim("frozen-at-random")
def frozen(wrong: Any, right: Any) -> None:
    assert len(wrong.trainable_variables) == 2 < len(right.trainable_variables)


@claim("optimizer-in-half")
def half(wrong: Any, right: Any) -> None:
    for model, moves in ((wrong, False), (right, True)):
        assert _moved(model) == ("moves" if moves else "does not move")


def _moved(model: Any) -> str:
    """What some steps of training do to the weights."""
    import numpy

    before = [numpy.asarray(weight, "float32") for weight in model.get_weights()]
    x = numpy.random.default_rng(0).normal(size=(64, *model.input_shape[1:])).astype("float32")
    x[:, -1] = 0
    model.fit(x, x[:, :1] + x[:, 1:2], batch_size=16, epochs=3, verbose=0)
    after = [numpy.asarray(weight, "float32") for weight in model.get_weights()]
    if any(numpy.isnan(weight).any() for weight in after):
        return "makes NaN of"
    still = [bool((a == b).all()) for a, b in zip(after, before, strict=True)]
    return "does not move" if all(still) else "moves matrices alone among" if any(still) else "moves"


@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize("code", CLAIMS)
def test_a_page_is_true_in_keras(code: str) -> None:
    CLAIMS[code](*models(code))


def test_pretrained_weights_expect_what_is_said() -> None:
    otherwise({"scale": 1 / 255}, {"scale": 1 / 127.5, "offset": -1})


@pytest.mark.whole
def test_optimizers_in_half_precision(whole: bool) -> None:
    """Every optimizer, or in each dtype another sixth of them, with its defaults, and with the way out."""
    import keras

    from cnnlstm_spec.language.catalog import find_family

    text = "version: 1\nname: h\nbranches: {{x: {{input: {{kind: vector, shape: [4]}}}}}}\nhead: [{{Dense: {{units: 8, activation: relu}}}}, {{Dense: {{units: 1}}}}]\ncompile: {{optimizer: {}, loss: mse, dtype_policy: {}}}\n"
    for first, dtype in enumerate(("float16", "bfloat16")):
        for name in sorted(find_family("optimizers")["classes"])[slice(3 * first, None, 6) if not whole else slice(None)]:
            if name in ("Adadelta", "Muon"):
                continue  # Adadelta's first steps are smaller than the dtype resolves; of Muon biases alone stand still.
            compilation = load(text.format(name, dtype))
            said = [each for each in compilation.diagnostics if each.code.name == "optimizer-in-half"]
            keras.utils.clear_session(free_memory=False)
            found = _moved(compilation.to_keras())
            assert found == (said[0].facts["outcome"] if said else "moves"), (name, dtype)
            for each in said:
                way = str(each.help[1]).split("`")[1]
                mended = load(text.format(f"{{{name}: {{{way}}}}}", dtype))
                assert not mended.diagnostics
                keras.utils.clear_session(free_memory=False)
                assert _moved(mended.to_keras()) == "moves", (name, dtype, way)
