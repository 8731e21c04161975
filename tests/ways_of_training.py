"""Ways out that are told of labels, metrics and losses. Imports no Keras."""

from __future__ import annotations

from way import FULL, ONE, ONE_HOT, PLAIN, SIGMOID, SOFT, SPARSE, STEPS, WIDE, Way

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
        "metric-without-meaning",
        SOFT,
        SPARSE % "{MeanIoU: {num_classes: 4, sparse_y_true: false, sparse_y_pred: false}}",
        "`sparse_y_true: true` reads class numbers",
        (("sparse_y_true: false", "sparse_y_true: true"),),
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
    Way(
        "metric-twice",
        SIGMOID,
        "loss: binary_crossentropy, metrics: [binary_accuracy, BinaryAccuracy]",
        "keep one of them",
        ((", BinaryAccuracy", ""),),
    ),
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
        "embedding-of-one-number",
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
