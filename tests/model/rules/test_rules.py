"""What is checked of a typed graph after inference: idle parts, losses and metrics, weights, masks."""

from __future__ import annotations

import pytest
from small import DENSE, TOP, codes, spec

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.model.addresses import find_members, find_output, list_addresses


def masked(
    layers: str, head: str = "[]", compile: str = "", more: str = "", kind: str = "sequence", shape: str = "[20, 8]"
) -> Compilation:
    """The same, its input padded."""
    return spec(shape, kind, layers, head, compile, more, ", padding_value: 0")


def branches(*fusion: str, head: str = "[{Dense: {units: 1}}]", more: str = "") -> Compilation:
    """Branches a, b and c of one width, with stages of a fusion."""
    stages = "".join(f"  - {stage}\n" for stage in fusion)
    each = "".join(
        f"  {name}: {{input: {{kind: vector, shape: [4]}}, layers: [{{Dense: {{units: 4, name: first}}}}]}}\n" for name in "abc"
    )
    return load(f"{TOP}branches:\n{each}" + (f"fusion:\n{stages}" if stages else "") + f"head: {head}\n{more}")


def messages(compilation: Compilation) -> list[str]:
    return [each.message for each in compilation.diagnostics]


class TestIdle:
    def test_a_branch(self) -> None:
        compilation = branches("{name: ab, strategy: add, inputs: [a, b]}")
        assert messages(compilation) == ["the branch `c` reaches no head"]

    def test_a_fusion_with_what_it_alone_reads(self) -> None:
        compilation = branches("{name: ab, strategy: add, inputs: [a, b]}", "{name: last, strategy: add, inputs: [b, c]}")
        assert messages(compilation) == ["the fusion `ab` reaches no head"]
        (found,) = compilation.diagnostics
        assert [label.message for label in found.labels] == ["is read by nothing else"]

    def test_the_end_of_a_branch(self) -> None:
        each = "  y: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 4, name: used}}, ReLU, {Dense: {units: 2}}]}\n"
        compilation = load(f"{TOP}branches:\n{each}fusion: {{strategy: concat, inputs: [y.used]}}\nhead: []\n")
        assert messages(compilation) == ["`ReLU` and what follows it reaches no head"]

    def test_heads_of_their_own(self) -> None:
        text = f"{TOP}branches:\n  x: {{input: {{kind: vector, shape: [4]}}, layers: [{{Dense: {{units: 4, name: one}}}}]}}\n"
        assert codes(load(text + "heads: {p: {inputs: [x.one], layers: []}, q: [{Dense: {units: 1}}]}\n")) == []

    @pytest.mark.parametrize("fusion", ["{name: ab, strategy: ad, inputs: [a]}", "{name: ab, strategy: add, inputs: [a, d]}"])
    def test_nothing_after_another_mistake(self, fusion: str) -> None:
        assert "reaches-no-head" not in codes(branches(fusion))
        assert len(codes(branches(fusion))) == 1


class TestAddresses:
    def graph(self) -> Compilation:
        stage = "{name: abc, strategy: add, layers: [{Dense: {units: 2, name: after}}]}"
        return branches(stage, head="[{Dense: {units: 1, name: last}}]")

    def test_known(self) -> None:
        typed = self.graph().typed
        assert typed is not None
        names = {*(f"branches.{each}" for each in "abc"), *(f"branches.{each}.first" for each in "abc")}
        assert set(list_addresses(typed.graph)) == names | {"fusion", "fusion.abc", "fusion.abc.after", "head", "head.last"}

    def test_outputs_and_members(self) -> None:
        typed = self.graph().typed
        assert typed is not None
        shapes = {
            address: str(typed.nodes[id].type)
            for address in list_addresses(typed.graph)
            if (id := find_output(typed.graph, address))
        }
        assert shapes["fusion"] == shapes["fusion.abc.after"] == "(features=2)" and shapes["head"] == "(features=1)"
        assert len(shapes) == len(list_addresses(typed.graph))
        assert len(find_members(typed.graph, "branches")) == 6 and len(find_members(typed.graph, "branches.a.first")) == 1

    def test_a_structure(self) -> None:
        layers = "[{TimeDistributed: {name: frames, layers: [{Dense: {units: 3}}, {Dense: {units: 4}}]}}, {LSTM: {units: 2}}]"
        typed = spec("[5, 8]", "sequence", layers).typed
        assert typed is not None
        assert sum(typed.nodes[id].params for id in find_members(typed.graph, "branches.x.frames")) == 27 + 16

    def test_copies_of_a_structure(self) -> None:
        """Each has the members of its own, whatever stands around it."""
        skip = "{Residual: {name: skip, layers: [{Dense: {units: 8}}]}}"
        typed = spec("[8]", "vector", f"[{{Repeat: {{name: all, times: 3, layers: [{skip}, {{Dense: {{units: 8}}}}]}}}}]").typed
        assert typed is not None
        for name, params in (("skip", 72), ("skip_1", 72), ("skip_2", 72), ("all", 6 * 72)):
            assert sum(typed.nodes[id].params for id in find_members(typed.graph, f"branches.x.{name}")) == params

    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("branches.a", None),
            ("branches", None),
            ("branches.a.first", None),
            ("head", None),
            ("fusion", "no-effect"),
            ("a", "unknown-address"),
            ("branches.a.frist", "unknown-address"),
        ],
    )
    def test_multipliers(self, address: str, code: str | None) -> None:
        more = f"compile: {{loss: mse, learning_rate_multipliers: {{{address}: 0.1}}}}\n"
        found = codes(branches("{name: abc, strategy: add}", more=more))
        assert found == ["multipliers-and-callbacks", *([code] if code else [])]

    def test_multipliers_of_runs_that_a_pass_makes_one(self) -> None:
        time = "{{TimeDistributed: {{name: {0}, layers: [{{Conv2D: {{filters: 2, kernel_size: 1, name: conv_{0}}}}}]}}}}"
        layers = f"[{time.format('one')}, {time.format('two')}, Flatten]"
        rates = "learning_rate_multipliers: {branches.x.one: 0.5, branches.x.two: 0.25}"
        compilation = spec("[5, 8, 8, 4]", "video", layers, "[{Dense: {units: 1}}]", f"loss: mse, optimizer: sgd, {rates}")
        text = compilation.to_python()
        assert '"conv_one/.*": keras.optimizers.SGD(learning_rate=0.005)' in text
        assert '"conv_two/.*": keras.optimizers.SGD(learning_rate=0.0025)' in text


LOSSES = [
    ("[8]", DENSE.format(1, "sigmoid"), "loss: bce", None),
    ("[8]", DENSE.format(4, "softmax"), "loss: sparse_categorical_crossentropy", None),
    ("[8]", DENSE.format(4, "softmax"), "loss: {SparseCategoricalCrossentropy: {axis: 1}}", None),
    ("[8]", DENSE.format(4, "softmax"), "loss: {CategoricalCrossentropy: {axis: -3}}", "axis-not-in-output"),
    ("[8]", DENSE.format(4, "softmax"), "loss: {BinaryCrossentropy: {axis: [1, 2]}}", "axis-not-in-output"),
    ("[8]", "[{Dense: {units: 1}}, {Reshape: {target_shape: []}}]", "loss: mse", None),
    ("[8]", DENSE.format(3, "relu"), "loss: categorical_crossentropy", "probabilities-expected"),
    ("[8]", DENSE.format(3, "null"), "loss: {BinaryCrossentropy: {from_logits: true}}", None),
    ("[8]", DENSE.format(3, "sigmoid"), "loss: {BinaryCrossentropy: {from_logits: true}}", "logits-expected"),
    ("[8]", DENSE.format(1, "softmax"), "loss: categorical_crossentropy", "softmax-over-one"),
    (
        "[8]",
        "[{Dense: {units: 3}}, Softmax, {ActivityRegularization: {l2: 0.1}}]",
        "loss: binary_crossentropy",
        "softmax-with-binary",
    ),
    (
        "[8]",
        "[{Dense: {units: 3}}, {Activation: {activation: sigmoid}}]",
        "loss: sparse_categorical_crossentropy",
        "sigmoid-with-categorical",
    ),
    ("[8]", "[{Dense: {units: 3}}, BatchNormalization]", "loss: categorical_crossentropy", None),
    ("[8]", DENSE.format(3, "null"), "loss: mse", None),
    ("[8]", DENSE.format(3, "null"), "loss: poisson", "positive-expected"),
    ("[8]", DENSE.format(3, "softmax"), "loss: kl_divergence", None),
    ("[8]", DENSE.format(3, "linear"), "loss: crossentropy", None),
    ("[8]", DENSE.format(3, "softmax"), "loss: circle", None),
    ("[6, 8]", DENSE.format(3, "softmax"), "loss: circle", "loss-rank"),
    ("[6, 8]", DENSE.format(1, "linear"), "loss: circle", "loss-rank"),
    ("[1, 8]", DENSE.format(1, "linear"), "loss: circle", "embedding-of-one-number"),
    ("[6, 8]", DENSE.format(1, "softplus"), "loss: categorical_generalized_cross_entropy", "unknown-name"),
    ("[6, 8]", DENSE.format(1, "sigmoid"), "loss: CategoricalGeneralizedCrossEntropy", "loss-width"),
]


@pytest.mark.parametrize(("shape", "head", "compile", "code"), LOSSES)
def test_losses(shape: str, head: str, compile: str, code: str | None) -> None:
    kind = "sequence" if "," in shape else "vector"
    found = spec(shape, kind, "[]", head, compile)
    assert codes(found) == ([code] if code else []), messages(found)


SPARSE, DENSE_LOSS = "sparse_categorical_crossentropy", "categorical_crossentropy"
METRICS = [
    (SPARSE, "accuracy", 4, None),
    (SPARSE, "sparse_categorical_accuracy", 4, None),
    (SPARSE, "mse", 4, "metric-labels"),
    (SPARSE, "{OneHotIoU: {num_classes: 4, target_class_ids: [0]}}", 4, "metric-without-meaning"),
    (SPARSE, "{Precision: {class_id: 1}}", 4, "metric-without-meaning"),
    (SPARSE, "{Recall: {top_k: 1}}", 4, "metric-labels"),
    (SPARSE, "{MeanIoU: {num_classes: 4, sparse_y_pred: false}}", 4, None),
    (SPARSE, "{MeanIoU: {num_classes: 4}}", 4, "metric-labels"),
    (DENSE_LOSS, "{MeanIoU: {num_classes: 4, sparse_y_pred: false}}", 4, "metric-labels"),
    (DENSE_LOSS, "{MeanIoU: {num_classes: 4, sparse_y_true: false, sparse_y_pred: false}}", 4, None),
    (DENSE_LOSS, "{MeanIoU: {num_classes: 4, sparse_y_true: false}}", 4, "metric-cannot-run"),
    (DENSE_LOSS, "sparse_categorical_accuracy", 4, "metric-labels"),
    (DENSE_LOSS, "auc", 4, None),
    (DENSE_LOSS, "{AUC: {multi_label: true, num_labels: 4}}", 4, None),
    (DENSE_LOSS, "{AUC: {multi_label: true, label_weights: [1.0, 2.0]}}", 4, "auc-labels"),
    (DENSE_LOSS, "{Precision: {class_id: -4}}", 4, None),
    (DENSE_LOSS, "{Precision: {class_id: -5}}", 4, "class-not-there"),
    (DENSE_LOSS, "{Precision: {top_k: 5}}", 4, "top-k-too-large"),
    (DENSE_LOSS, "{TopKCategoricalAccuracy: {k: 9}}", 4, "metric-without-meaning"),
    (DENSE_LOSS, "{MeanSquaredError: {dtype: bfloat16}}", 4, "metric-cannot-run"),
    (DENSE_LOSS, "{CosineSimilarity: {axis: 2}}", 4, "axis-not-in-output"),
    (DENSE_LOSS, "f1_score", 4, None),
    (DENSE_LOSS, "pearson_correlation", 4, None),
]


OF_NUMBERS = [
    ("{OneHotMeanIoU: {num_classes: 4}}", "metric-rank"),
    ("{OneHotMeanIoU: {num_classes: 4, sparse_y_pred: true}}", "metric-without-meaning"),
    ("{MeanIoU: {num_classes: 4}}", None),
    ("{MeanIoU: {num_classes: 4, sparse_y_pred: false}}", "metric-without-meaning"),
    ("{MeanIoU: {num_classes: 4, sparse_y_true: false}}", "metric-without-meaning"),
    ("{MeanIoU: {num_classes: 4, sparse_y_true: false, sparse_y_pred: false}}", "metric-rank"),
    ("accuracy", "metric-without-meaning"),
    ("categorical_accuracy", "metric-without-meaning"),
    ("sparse_categorical_accuracy", "metric-without-meaning"),
    ("top_k_categorical_accuracy", "metric-rank"),
    ("{Precision: {class_id: 0}}", "metric-rank"),
    ("mae", None),
]


@pytest.mark.parametrize(("metric", "code"), OF_NUMBERS)
def test_metrics_of_a_number_for_a_sample(metric: str, code: str | None) -> None:
    """A head without an axis beside the samples: what looks for the greatest value finds that of the batch, or fails."""
    found = spec("[]", "vector", "[]", "[{Activation: {activation: linear}}]", f"loss: mse, metrics: [{metric}]")
    assert codes(found) == ([code] if code else []), messages(found)


@pytest.mark.parametrize(("loss", "metric", "units", "code"), METRICS)
def test_metrics(loss: str, metric: str, units: int, code: str | None) -> None:
    found = spec("[8]", "vector", "[]", DENSE.format(units, "softmax"), f"loss: {loss}, metrics: [{metric}]")
    assert codes(found) == ([code] if code else []), messages(found)


@pytest.mark.parametrize(
    ("loss", "code"),
    [
        ("categorical_crossentropy", "one-class"),
        ("CategoricalGeneralizedCrossEntropy", "one-class"),
        ("sparse_categorical_crossentropy", "loss-rank"),
        ("circle", "embedding-of-one-number"),
        ("ctc", "loss-rank"),
    ],
)
def test_losses_of_a_number_for_a_sample(loss: str, code: str) -> None:
    """A head without an axis beside the samples: what reads classes takes the samples of a batch for them, or fails."""
    found = spec("[]", "vector", "[]", "[{Activation: {activation: linear}}]", f"loss: {loss}")
    assert codes(found) == [code], messages(found)


def test_what_rests_on_the_steps_has_the_way_out_of_the_error() -> None:
    """Of one step the metric runs, of more it fails: the warning says what reads the labels."""
    compiled = "loss: sparse_categorical_crossentropy, metrics: [categorical_accuracy]"
    found = spec("[steps, 8]", "sequence", "[]", DENSE.format(4, "softmax"), compiled)
    (told,) = [each for each in found.diagnostics if each.code.name == "depends-on-size"]
    assert told.message == "runs where `steps` is 1" and "`sparse_categorical_accuracy` reads class numbers" in told.help


def test_no_metric_reads_the_sequences_of_a_loss() -> None:
    """Their lengths are not known."""
    found = spec("[1, 8]", "sequence", "[]", DENSE.format(4, "linear"), "loss: ctc, metrics: [hinge]")
    assert codes(found) == ["metric-labels"], messages(found)


def test_metrics_of_one_unit_take_either_label() -> None:
    head = DENSE.format(1, "sigmoid")
    assert codes(spec(head=head, compile="loss: bce, metrics: [accuracy, auc]")) == []


@pytest.mark.parametrize("metric", ["sparse_categorical_accuracy", "CategoricalCrossentropy", "top_k_categorical_accuracy"])
def test_classes_of_one_unit_say_nothing(metric: str) -> None:
    head = DENSE.format(1, "sigmoid")
    assert codes(spec(head=head, compile=f"loss: bce, metrics: [{metric}]")) == ["metric-without-meaning"]


def test_a_correlation_over_one_unit_says_nothing() -> None:
    head = DENSE.format(1, "sigmoid")
    assert codes(spec(head=head, compile="loss: bce, metrics: [pearson_correlation]")) == ["metric-without-meaning"]


def test_metrics_without_a_loss_agree_with_each_other() -> None:
    text = f"{TOP}branches: {{x: {{input: {{kind: vector, shape: [4]}}}}}}\n"
    text += f"heads: {{p: {DENSE.format(3, 'softmax')}, q: [{{Dense: {{units: 1}}}}]}}\n"
    text += "compile: {loss: {p: null, q: mse}, metrics: {p: [accuracy, sparse_categorical_accuracy, auc]}}\n"
    assert codes(load(text)) == ["metric-labels"]


def test_an_accuracy_of_no_axis() -> None:
    head = "[{Dense: {units: 1, activation: sigmoid}}, {Reshape: {target_shape: []}}]"
    assert codes(spec(head=head, compile="loss: bce, metrics: [accuracy]")) == ["metric-without-meaning"]


WEIGHTS = [
    ("{Dense: {units: 2, kernel_initializer: identity}}", "[8]", None),
    ("{Conv1D: {filters: 2, kernel_size: 1, kernel_initializer: identity}}", "[6, 8]", "weight-rank"),
    (
        "{Conv1D: {filters: 2, kernel_size: 1, kernel_regularizer: {OrthogonalRegularizer: {factor: 0.1}}}}",
        "[6, 8]",
        "weight-rank",
    ),
    ("{LSTM: {units: 2, recurrent_initializer: identity}}", "[6, 8]", None),
    ("{Bidirectional: {layer: {LSTM: {units: 2, bias_initializer: orthogonal}}}}", "[6, 8]", "weight-rank"),
    ("{Dense: {units: 2, kernel_constraint: {MaxNorm: {axis: [0, 1]}}}}", "[8]", None),
    ("{Dense: {units: 2, bias_constraint: {UnitNorm: {axis: -1}}}}", "[8]", None),
    ("{Dense: {units: 2, bias_constraint: {UnitNorm: {axis: -2}}}}", "[8]", "weight-axis"),
]


@pytest.mark.parametrize(("layer", "shape", "code"), WEIGHTS)
def test_weights(layer: str, shape: str, code: str | None) -> None:
    found = spec(shape, "sequence" if "," in shape else "vector", f"[{layer}]")
    assert codes(found) == ([code] if code else []), messages(found)


MASKS = [
    ("[{LSTM: {units: 4}}]", None),
    ("[{LSTM: {units: 4, return_sequences: true}}, {Dense: {units: 2}}, GlobalAveragePooling1D]", None),
    ("[{MultiHeadAttention: {num_heads: 1, key_dim: 2}}, GlobalAveragePooling1D]", None),
    ("[{Conv1D: {filters: 4, kernel_size: 3, padding: same}}, {LSTM: {units: 4}}]", "mask-lost"),
    ("[GlobalMaxPooling1D]", "mask-lost"),
    ("[{MaxPooling1D: {}}, Flatten]", "mask-lost"),
    ("[Flatten]", "mask-lost"),
    ("[{Reshape: {target_shape: [10, 16]}}, {LSTM: {units: 4}}]", "mask-lost"),
    ("[{TimeDistributed: [{Dense: {units: 3}}]}, {GRU: {units: 4}}]", None),
    ("[{Masking: {mask_value: 1.0}}, {GRU: {units: 4}}]", "mask-made-twice"),
]


@pytest.mark.parametrize(("layers", "code"), MASKS)
def test_masks(layers: str, code: str | None) -> None:
    found = masked(layers)
    assert codes(found) == ([code] if code else []), messages(found)


def test_a_mask_made_inside_time_is_lost_outside() -> None:
    words = "[{TimeDistributed: [{Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}, {Dense: {units: 2}}]}, Flatten]"
    tensor = "[3, 5], axes: [sentences, words], dtype: int32"
    assert codes(spec(tensor, "tensor", words)) == ["mask-lost"]
    pooled = words.replace("{Dense: {units: 2}}", "{LSTM: {units: 2}}")
    assert codes(spec(tensor, "tensor", pooled)) == []


def test_mask_zero_over_more_than_steps() -> None:
    layers = "[{Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}, Flatten]"
    assert codes(spec("[3, 5], axes: [sentences, words], dtype: int32", "tensor", layers)) == ["no-effect"]


@pytest.mark.parametrize(
    ("norm", "code"), [("BatchNormalization", "batchnorm-over-padding"), ("{BatchNormalization: {trainable: false}}", None)]
)
def test_statistics_of_padded_frames(norm: str, code: str | None) -> None:
    found = masked(
        f"[{{TimeDistributed: [{norm}, GlobalAveragePooling2D]}}, {{LSTM: {{units: 2}}}}]", kind="video", shape="[5, 8, 8, 3]"
    )
    assert codes(found) == ([code] if code else [])


PENALTIES = {
    "[{Dense: {units: 2, activity_regularizer: l2}}, {LSTM: {units: 2}}]": True,
    "[ActivityRegularization, {LSTM: {units: 2}}]": True,
    "[{LSTM: {units: 2, return_sequences: true, activity_regularizer: l1}}, GlobalAveragePooling1D]": True,
    "[{TimeDistributed: [{Dense: {units: 2, activity_regularizer: l2}}]}, {LSTM: {units: 2}}]": True,
    "[{Bidirectional: {layer: {LSTM: {units: 2, return_sequences: true, activity_regularizer: l1}}}}, GlobalAveragePooling1D]": True,
    "[{Dense: {units: 2, kernel_regularizer: l2}}, {LSTM: {units: 2}}]": False,
    "[{LSTM: {units: 2, activity_regularizer: l2}}]": False,
}


@pytest.mark.parametrize("layers", PENALTIES)
def test_penalties_that_count_padding(layers: str) -> None:
    assert codes(masked(layers)) == ["penalty-over-padding"] * PENALTIES[layers]


STEPS = "[{LSTM: {units: 4, return_sequences: true}}]"
MASKED_HEADS = [
    ("loss: bce, metrics: [binary_accuracy, mse]", None),
    ("loss: dice", "loss-counts-padding"),
    ("loss: {BinaryCrossentropy: {reduction: none}}", "loss-counts-padding"),
    ("loss: bce, metrics: [auc]", "metric-counts-padding"),
    ("loss: mse, weighted_metrics: [root_mean_squared_error]", "metric-counts-padding"),
]


@pytest.mark.parametrize(("compile", "code"), MASKED_HEADS)
def test_masked_heads(compile: str, code: str | None) -> None:
    found = masked(STEPS, DENSE.format(3, "sigmoid"), compile)
    assert codes(found) == ([code] if code else []), messages(found)


def test_an_output_of_steps_alone_cannot_carry_a_mask() -> None:
    head = "[{Dense: {units: 1}}, {Reshape: {target_shape: [20]}}]"
    assert codes(masked(STEPS, head, "loss: mse")) == ["loss-counts-padding"]


def test_a_loss_that_takes_no_mask_is_given_none() -> None:
    compilation = masked(STEPS, "[{Dense: {units: 3}}]", "loss: ctc")
    assert codes(compilation) == ["loss-counts-padding"] and "Masking" not in compilation.to_python()
    assert "Masking" in masked(STEPS, DENSE.format(3, "softmax"), "loss: cosine_similarity").to_python()


IMAGES = [
    ("[{Conv2D: {filters: 4, kernel_size: 3}}, {Dense: {units: 4}}]", "dense-on-image"),
    ("[{Dense: {units: 4}}, {Dense: {units: 2}}]", "dense-on-image"),
    ("[{Dense: {units: 4}}, GlobalAveragePooling2D]", None),
    ("[{Conv2D: {filters: 4, kernel_size: 1}}]", None),
]


@pytest.mark.parametrize(("head", "code"), IMAGES)
def test_images(head: str, code: str | None) -> None:
    assert codes(spec("[16, 16, 3]", "image", "[]", head)) == ([code] if code else [])


def test_a_softmax_along_the_batch_is_over_no_single_value() -> None:
    assert "softmax-over-one" not in codes(spec("[20, 4]", "sequence", "[{Softmax: {axis: 0}}]"))
    assert "softmax-over-one" not in codes(spec("[20, 4]", "sequence", "[{Softmax: {axis: -3}}]"))
