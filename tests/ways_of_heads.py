"""Ways out that are told of activations and targets. Imports no Keras."""

from __future__ import annotations

from way import FULL, ONE, PLAIN, SIGMOID, SOFT, SPARSE, Way

ACTIVATIONS = [
    Way(
        "softmax-over-one",
        "{Dense: {units: 1, activation: softmax}}",
        "loss: binary_crossentropy, metrics: [binary_accuracy]",
        "for one probability use `sigmoid`",
        (("softmax", "sigmoid"),),
    ),
    Way(
        "softmax-over-one",
        "{Dense: {units: 1, activation: softmax}}",
        "loss: sparse_categorical_crossentropy, metrics: [accuracy]",
        "for two classes two units",
        (("units: 1", "units: 2"),),
    ),
    Way("positive-expected", ONE, "loss: poisson", "`softplus` or", (("units: 1", "units: 1, activation: softplus"),)),
    Way("positive-expected", ONE, "loss: poisson", "`exponential`", (("units: 1", "units: 1, activation: exponential"),)),
    Way(
        "logits-expected",
        SOFT,
        "loss: {CategoricalCrossentropy: {from_logits: true}}, metrics: [categorical_accuracy]",
        "leave `from_logits` out",
        (("{CategoricalCrossentropy: {from_logits: true}}", "categorical_crossentropy"),),
    ),
    Way(
        "logits-expected",
        SOFT,
        "loss: {CategoricalCrossentropy: {from_logits: true}}, metrics: [categorical_accuracy]",
        "or the activation",
        ((", activation: softmax", ""),),
    ),
    Way("sigmoid-with-categorical", SIGMOID, FULL % "accuracy", "use `softmax`", (("sigmoid", "softmax"),)),
    Way(
        "sigmoid-with-categorical",
        SIGMOID,
        FULL % "binary_accuracy",
        "`binary_crossentropy` for one unit or classes that can go together",
        (("categorical_", "binary_"),),
    ),
    Way("sigmoid-with-categorical", SIGMOID, "loss: kl_divergence", "use `softmax`", (("sigmoid", "softmax"),)),
    Way(
        "sigmoid-with-categorical",
        "{Dense: {units: 1, activation: sigmoid}}",
        "loss: kl_divergence",
        "for one unit use `binary_crossentropy`",
        (("kl_divergence", "binary_crossentropy"),),
    ),
    Way(
        "softmax-with-binary",
        SOFT,
        "loss: binary_crossentropy",
        "for one class of several use `categorical_crossentropy`",
        (("binary_", "categorical_"),),
    ),
    Way(
        "softmax-with-binary",
        SOFT,
        "loss: binary_crossentropy, metrics: [binary_accuracy]",
        "for classes that can go together `sigmoid`",
        (("softmax", "sigmoid"),),
    ),
    Way("probabilities-expected", PLAIN, "loss: kl_divergence", "`activation: softmax`", ((PLAIN, SOFT),)),
    Way(
        "probabilities-expected",
        ONE,
        "loss: kl_divergence",
        "for one unit: `activation: sigmoid`, with `binary_crossentropy`",
        (("units: 1", "units: 1, activation: sigmoid"), ("kl_divergence", "binary_crossentropy")),
    ),
    Way("probabilities-expected", PLAIN, FULL % "accuracy", "`activation: softmax`", ((PLAIN, SOFT),)),
    Way(
        "probabilities-expected",
        PLAIN,
        "loss: sparse_categorical_crossentropy, metrics: [sparse_categorical_accuracy]",
        "`SparseCategoricalCrossentropy: {from_logits: true}`",
        (("loss: sparse_categorical_crossentropy", "loss: {SparseCategoricalCrossentropy: {from_logits: true}}"),),
    ),
    *(
        Way("probabilities-expected", PLAIN, f"loss: {loss}", "`activation: sigmoid`", ((PLAIN, SIGMOID),))
        for loss in ("binary_crossentropy", "BinaryFocalCrossentropy", "Dice", "Tversky")
    ),
]

CLASSES = "targets: {head: {encoding: %s, classes: 4}}"
TARGETS = [
    Way(
        "target-width",
        "{Dense: {units: 3, activation: softmax}}",
        FULL % "accuracy",
        "`units: 4`",
        (("units: 3", "units: 4"),),
        more=CLASSES % "one_hot",
    ),
    Way(
        "target-width",
        "{Dense: {units: 2, activation: sigmoid}}",
        "loss: binary_crossentropy, metrics: [accuracy]",
        "`units: 1`",
        (("units: 2", "units: 1"),),
        more="targets: {head: {encoding: binary}}",
    ),
    Way(
        "target-activation",
        SOFT,
        "loss: mse",
        "use `sigmoid`",
        (("softmax", "sigmoid"),),
        more=CLASSES % "multi_hot",
    ),
    Way(
        "target-loss",
        SOFT,
        FULL % "",
        "use `sparse_categorical_crossentropy`",
        (("categorical", "sparse_categorical"),),
        more=CLASSES % "integer",
    ),
    Way(
        "target-loss",
        SOFT,
        SPARSE % "",
        "use `categorical_crossentropy`",
        (("sparse_", ""),),
        more=CLASSES % "one_hot",
    ),
    Way(
        "target-loss",
        SIGMOID,
        "loss: categorical_hinge",
        "use `binary_crossentropy`",
        (("categorical_hinge", "binary_crossentropy"),),
        more=CLASSES % "multi_hot",
    ),
    Way(
        "target-loss",
        "{Dense: {units: 2, activation: softmax}}",
        "loss: sparse_categorical_crossentropy",
        "use `mean_squared_error`",
        (("sparse_categorical_crossentropy", "mean_squared_error"),),
        more="targets: {head: {encoding: real, shape: [2]}}",
    ),
    Way(
        "target-shape",
        "{Dense: {units: 2}}",
        "loss: mse",
        "as wide as the labels",
        (("units: 2", "units: 3"),),
        more="targets: {head: {encoding: real, shape: [3]}}",
    ),
    *(
        Way(
            "labels-outside-the-loss",
            ONE,
            f"loss: {loss}",
            f"use `{instead}`",
            ((f"loss: {loss}", f"loss: {instead}"),),
            more=f"targets: {{head: {{encoding: real, shape: [1], range: {range}}}}}",
        )
        for loss, instead, range in (
            ("msle", "mean_squared_error", "[-9, 9]"),
            ("mape", "mean_absolute_error", "[0, 9]"),
        )
    ),
    *(
        Way(
            "target-range",
            f"{{Dense: {{units: 1, activation: {function}}}}}",
            "loss: mse",
            words,
            ((f", activation: {function}", f", activation: {instead}" if instead else ""),),
            more=f"targets: {{head: {{encoding: real, shape: [1], range: {range}}}}}",
        )
        for function, range, words, instead in (
            ("sigmoid", "[0, 9]", "or use `softplus`", "softplus"),
            ("sigmoid", "[-1, 1]", "or use `tanh`", "tanh"),
            ("sigmoid", "[-1, 1]", "leave the activation out", ""),
            ("tanh", "[-9, 9]", "leave the activation out", ""),
        )
    ),
]
