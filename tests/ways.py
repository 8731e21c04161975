"""Ways out that are told of losses, metrics, activations and targets, each with the spec that it is told of. Imports no Keras."""

from __future__ import annotations

from dataclasses import dataclass

VECTOR = "{kind: vector, shape: [6]}"
STEPS = "{kind: sequence, shape: [5, 6]}"


@dataclass(frozen=True)
class Way:
    """A spec with a finding, words of its help, and what becomes of the spec where that is followed."""

    code: str
    head: str
    training: str
    words: str
    changes: tuple[tuple[str, str], ...]
    input: str = VECTOR
    more: str = ""
    best: float = 1.0
    """What the metrics give for predictions that are all but sure and right."""

    @property
    def text(self) -> str:
        """The spec with the finding."""
        lines = ["version: 1", "name: t", f"branches: {{a: {{input: {self.input}}}}}", f"head: [{self.head}]"]
        return "\n".join([*lines, f"compile: {{{self.training}}}", self.more, ""])

    @property
    def changed(self) -> str:
        """The spec with the way out taken."""
        text = self.text
        for old, new in self.changes:
            assert old in text, old
            text = text.replace(old, new)
        return text


SOFT = "{Dense: {units: 4, activation: softmax}}"
WIDE = "{Dense: {units: 6, activation: softmax}}"
SIGMOID = "{Dense: {units: 4, activation: sigmoid}}"
PLAIN = "{Dense: {units: 4}}"
ONE = "{Dense: {units: 1}}"
SPARSE = "loss: sparse_categorical_crossentropy, metrics: [%s]"
FULL = "loss: categorical_crossentropy, metrics: [%s]"
ONE_HOT = ("sparse_categorical_crossentropy", "categorical_crossentropy")

LABELS = [
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "{MeanIoU: {num_classes: 4}}",
        "`sparse_y_pred: false`",
        (("num_classes: 4", "num_classes: 4, sparse_y_pred: false"),),
    ),
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "{IoU: {num_classes: 4, target_class_ids: [1]}}",
        "`sparse_y_pred: false`",
        (("num_classes: 4", "num_classes: 4, sparse_y_pred: false"),),
    ),
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "{OneHotMeanIoU: {num_classes: 4}}",
        "`MeanIoU: {sparse_y_pred: false, ...}` reads class numbers",
        (("OneHotMeanIoU: {", "MeanIoU: {sparse_y_pred: false, "),),
        STEPS,
    ),
    Way(
        "metric-without-meaning",
        SOFT,
        SPARSE % "{OneHotIoU: {num_classes: 4, target_class_ids: [0, 1, 2, 3]}}",
        "`IoU: {sparse_y_pred: false, ...}` reads class numbers",
        (("OneHotIoU: {", "IoU: {sparse_y_pred: false, "),),
    ),
    Way(
        "metric-labels",
        SOFT,
        FULL % "{MeanIoU: {num_classes: 4, sparse_y_pred: false}}",
        "`sparse_y_true: false`",
        (("sparse_y_pred", "sparse_y_true: false, sparse_y_pred"),),
    ),
    Way(
        "metric-without-meaning",
        SOFT,
        FULL % "{MeanIoU: {num_classes: 4}}",
        "`sparse_y_true: false, sparse_y_pred: false`",
        (("num_classes: 4", "num_classes: 4, sparse_y_true: false, sparse_y_pred: false"),),
    ),
    Way(
        "metric-without-meaning",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [{MeanIoU: {num_classes: 2}}]",
        "`BinaryIoU`",
        (("{MeanIoU: {num_classes: 2}}", "{BinaryIoU: {threshold: 0.5}}"),),
    ),
    Way(
        "metric-cannot-run",
        SOFT,
        FULL % "{OneHotMeanIoU: {num_classes: 4, sparse_y_pred: true}}",
        "write `sparse_y_pred: false`",
        (("sparse_y_pred: true", "sparse_y_pred: false"),),
    ),
    Way(
        "metric-without-meaning",
        SOFT,
        SPARSE % "categorical_accuracy",
        "`sparse_categorical_accuracy` reads class numbers",
        (("[categorical_accuracy", "[sparse_categorical_accuracy"),),
    ),
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "categorical_accuracy",
        "`sparse_categorical_accuracy` reads class numbers",
        (("[categorical_accuracy", "[sparse_categorical_accuracy"),),
        STEPS,
    ),
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "{TopKCategoricalAccuracy: {k: 2}}",
        "`sparse_top_k_categorical_accuracy`",
        (("{TopK", "{SparseTopK"),),
    ),
    Way(
        "metric-labels",
        SOFT,
        SPARSE % "CategoricalCrossentropy",
        "`sparse_categorical_crossentropy` reads",
        (("[CategoricalCrossentropy", "[sparse_categorical_crossentropy"),),
        best=0.0,
    ),
    *(
        Way("metric-labels", SOFT, SPARSE % name, "one-hot labels are what it reads: `categorical_crossentropy`", (ONE_HOT,))
        for name in ("AUC", "Precision", "F1Score", "BinaryIoU", "binary_accuracy", "{RecallAtPrecision: {precision: 0.5}}")
    ),
    Way("metric-labels", SOFT, SPARSE % "mse", "one-hot labels are what it reads", (ONE_HOT,), best=0.0),
    Way(
        "metric-without-meaning",
        SOFT,
        SPARSE % "{Recall: {class_id: 1}}",
        "one-hot labels are what it reads",
        (ONE_HOT,),
    ),
    *(
        Way("metric-labels", WIDE, FULL % f"Sparse{name}", f"`{full}` reads full labels", ((f"Sparse{name}", name),), best=best)
        for name, full, best in (
            ("CategoricalAccuracy", "categorical_accuracy", 1.0),
            ("CategoricalCrossentropy", "categorical_crossentropy", 0.0),
            ("TopKCategoricalAccuracy", "top_k_categorical_accuracy", 1.0),
        )
    ),
    Way(
        "metric-labels",
        SOFT,
        "loss: {CategoricalGeneralizedCrossEntropy: {q: 0.5}}, metrics: [AUC]",
        "`categorical_crossentropy` in place of `CategoricalGeneralizedCrossEntropy`",
        (("{CategoricalGeneralizedCrossEntropy: {q: 0.5}}", "categorical_crossentropy"),),
    ),
    Way(
        "metric-without-meaning",
        PLAIN,
        "loss: CTC, metrics: [SparseCategoricalAccuracy]",
        "leave it out",
        ((", metrics: [SparseCategoricalAccuracy]", ""),),
        STEPS,
    ),
    Way("metric-labels", PLAIN, "loss: CTC, metrics: [mae]", "leave it out", ((", metrics: [mae]", ""),), STEPS),
    Way("metric-labels", PLAIN, "loss: Circle, metrics: [mae]", "leave it out", ((", metrics: [mae]", ""),)),
]

METRICS = [
    Way("metric-rank", SOFT, FULL % "F1Score", "bring the output to one axis", (("head: [", "head: [Flatten, "),), STEPS),
    Way(
        "metric-rank",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [{AUC: {multi_label: true}}]",
        "leave `multi_label` out",
        (("{AUC: {multi_label: true}}", "AUC"),),
        STEPS,
    ),
    Way(
        "metric-without-meaning",
        "{Dense: {units: 1, activation: sigmoid}}, {Reshape: {target_shape: []}}",
        "loss: binary_crossentropy, metrics: [accuracy]",
        "`binary_accuracy`",
        (("[accuracy]", "[binary_accuracy]"),),
    ),
    Way(
        "class-not-there",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [{Precision: {class_id: 4}}]",
        "from 0 to 3",
        (("class_id: 4", "class_id: 3"),),
    ),
    Way("top-k-too-large", SOFT, FULL % "{Recall: {top_k: 5}}", "smaller number", (("top_k: 5", "top_k: 1"),)),
    Way(
        "auc-labels",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [{AUC: {multi_label: true, num_labels: 3}}]",
        "give it 4",
        (("num_labels: 3", "num_labels: 4"),),
    ),
    Way(
        "auc-labels",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [{AUC: {label_weights: [1, 2]}}]",
        "give it 4",
        (("[1, 2]", "[1, 2, 1, 2]"),),
    ),
    Way(
        "metric-dtype",
        SOFT.replace("units: 4", "units: 4, dtype: float16"),
        FULL % "{TopKCategoricalAccuracy: {k: 2}}",
        "give the last layer `dtype: float32`",
        (("dtype: float16", "dtype: float32"),),
    ),
    Way(
        "metric-cannot-run",
        SOFT,
        FULL % "{OneHotMeanIoU: {num_classes: 4, axis: 1}}",
        "leave `axis` out",
        ((", axis: 1", ""),),
    ),
    Way(
        "axis-not-in-output",
        SOFT,
        FULL % "{CosineSimilarity: {axis: 2}}",
        "axes are 0 (the batch) to 1",
        (("axis: 2", "axis: 1"),),
    ),
]
EMPTY = "{Reshape: {target_shape: []}}"
LOSSES = [
    Way(
        "loss-rank",
        "{Dense: {units: 1}}, " + EMPTY,
        SPARSE % "",
        "`Reshape: {target_shape: [1]}` and `Dense: {units: <classes>, activation: softmax}`",
        ((EMPTY, EMPTY + ", {Reshape: {target_shape: [1]}}, " + SOFT),),
    ),
    Way(
        "loss-rank",
        "{Dense: {units: 1}}, " + EMPTY,
        "loss: Circle",
        "`Reshape: {target_shape: [1]}` and `Dense: {units: <features>}`",
        ((EMPTY, EMPTY + ", {Reshape: {target_shape: [1]}}, " + PLAIN),),
    ),
    Way("loss-rank", PLAIN, "loss: Circle", "bring the output to one axis", (("head: [", "head: [Flatten, "),), STEPS),
    Way(
        "loss-rank",
        "{LSTM: {units: 4}}, " + SOFT,
        "loss: CTC",
        "keep the steps, and end with `Dense: {units: <classes and a blank>}` without an activation",
        (("LSTM: {units: 4", "LSTM: {units: 4, return_sequences: true"), (SOFT, PLAIN)),
        STEPS,
    ),
    Way("loss-width", ONE, "loss: CTC", "two units or more", (("units: 1", "units: 4"),), STEPS),
    Way(
        "one-class",
        ONE,
        "loss: categorical_crossentropy",
        "`Dense: {units: 1, activation: sigmoid}` with `binary_crossentropy`",
        (("units: 1", "units: 1, activation: sigmoid"), ("categorical_", "binary_")),
    ),
    Way(
        "axis-not-in-output",
        SOFT,
        "loss: {CategoricalCrossentropy: {axis: 3}}",
        "-1 is the last",
        (("axis: 3", "axis: -1"),),
    ),
]
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
WAYS = [*LABELS, *METRICS, *LOSSES, *ACTIVATIONS, *TARGETS]
NAMES = [f"{index}-{way.code}" for index, way in enumerate(WAYS)]
