"""Dtypes: of wrapped layers, penalties, optimizers and metrics, each table held against Keras."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.model.rules import optimizers
from fuzz.layers import load

TOKENS = {"kind": "tokens", "shape": [3]}
VECTOR = {"kind": "vector", "shape": [4]}
TABLE = {"Embedding": {"input_dim": 20, "output_dim": 2}}
SCHEDULE = {"CosineDecay": {"initial_learning_rate": 0.01, "decay_steps": 10}}


def spec(input: dict[str, Any], layers: list[Any], **section: Any) -> dict[str, Any]:
    compile = {"compile": {"loss": "mse", **section}} if section.pop("trains", True) else {}
    return {"version": 1, "name": "x", "branches": {"a": {"input": input, "layers": layers}}, "head": [], **compile}


def codes(spec: dict[str, Any]) -> list[str]:
    return [each.code.name for each in load(spec).diagnostics]


def normalized(inner: Any) -> dict[str, Any]:
    return {"SpectralNormalization": {"layer": inner}}


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("inner", [{"Dense": {"units": 2}}, TABLE])
@pytest.mark.parametrize("timed", [False, True])
def test_a_normalized_layer_gives_the_dtype_that_it_is_given(dtype: str, inner: Any, timed: bool) -> None:
    layers: list[Any] = [normalized(inner)]
    shape = [3, 4] if timed else [4]
    input = {"kind": "tensor", "shape": shape, "axes": ["x", "y"][: len(shape)], "dtype": dtype, "time_axis": "x"}
    compilation = load(spec(input, [{"TimeDistributed": layers}] if timed else layers, trains=False))
    assert [each.code.name for each in compilation.diagnostics] == ["cut-to-integers"]
    assert compilation.typed is not None
    assert {node.type.dtype for node in compilation.typed.nodes.values() if node.type} == {dtype}


def test_floats_are_cast_to_the_wrapper() -> None:
    compilation = load(spec(VECTOR, [normalized({"Dense": {"units": 2, "dtype": "float64"}})]))
    assert compilation.ok and compilation.typed is not None
    assert list(compilation.typed.nodes.values())[-1].type.dtype == "float32"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "inner", [{"Dense": {"units": 2, "lora_rank": 2}}, {"Embedding": {**TABLE["Embedding"], "lora_rank": 1}}]
)
def test_no_low_rank_under_spectral_normalization(inner: Any) -> None:
    assert codes(spec(VECTOR, [normalized(inner)])) == ["normalized-low-rank"]
    assert codes(spec({"kind": "sequence", "shape": [3, 4]}, [{"TimeDistributed": [normalized(inner)]}])) == [
        "normalized-low-rank"
    ]


NO_EFFECT = [
    ({"Dense": {"units": 2, "use_bias": False, "bias_regularizer": "l1"}}, [4]),
    ({"Dense": {"units": 2, "use_bias": False, "bias_constraint": "non_neg"}}, [4]),
    ({"Conv1D": {"filters": 2, "kernel_size": 1, "use_bias": False, "bias_initializer": "zeros"}}, [4, 3]),
    ({"DepthwiseConv1D": {"kernel_size": 1, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3]),
    ({"SeparableConv1D": {"filters": 2, "kernel_size": 1, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3]),
    ({"Conv1DTranspose": {"filters": 2, "kernel_size": 1, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3]),
    ({"LSTM": {"units": 2, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3]),
    ({"LSTM": {"units": 2, "use_bias": False, "unit_forget_bias": False}}, [4, 3]),
    ({"Bidirectional": {"layer": {"GRU": {"units": 2, "use_bias": False, "bias_constraint": "non_neg"}}}}, [4, 3]),
    ({"ConvLSTM1D": {"filters": 2, "kernel_size": 1, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3, 2]),
    ({"BatchNormalization": {"center": False, "beta_regularizer": "l2"}}, [4]),
    ({"BatchNormalization": {"scale": False, "gamma_initializer": "ones"}}, [4]),
    ({"LayerNormalization": {"center": False, "beta_constraint": "non_neg"}}, [4]),
    ({"GroupNormalization": {"groups": 2, "scale": False, "gamma_regularizer": "l2"}}, [4]),
    ({"MultiHeadAttention": {"num_heads": 1, "key_dim": 2, "use_bias": False, "bias_regularizer": "l2"}}, [4, 3]),
    ({"EinsumDense": {"equation": "ab,bc->ac", "output_shape": [2], "bias_regularizer": "l2"}}, [4]),
    ({"SimpleRNN": {"units": 2, "activity_regularizer": "l2"}}, [4, 3]),
    (normalized({"Dense": {"units": 2, "use_bias": False, "bias_regularizer": "l1"}}), [4]),
]


@pytest.mark.parametrize(("layer", "shape"), NO_EFFECT, ids=lambda each: next(iter(each)) if isinstance(each, dict) else None)
def test_an_argument_of_a_weight_that_is_not_there(layer: Any, shape: list[int]) -> None:
    input = {"kind": "tensor", "shape": shape, "axes": ["x", "y", "z"][: len(shape)], "time_axis": "x"}
    assert codes(spec(input, [layer])) == ["no-effect"]


@pytest.mark.parametrize(
    "layer",
    [
        {"Dense": {"units": 2, "bias_regularizer": "l1"}},
        {"Dense": {"units": 2, "use_bias": False, "bias_regularizer": None}},
        {"Dense": {"units": 2, "lora_rank": 1, "kernel_regularizer": "l2"}},
        {"BatchNormalization": {"center": False, "gamma_regularizer": "l2", "moving_mean_initializer": "ones"}},
    ],
)
def test_an_argument_with_effect(layer: Any) -> None:
    assert codes(spec(VECTOR, [layer])) == []


def test_a_penalty_on_no_weight_gives_no_gradient() -> None:
    layers = [{"Dense": {"units": 3, "use_bias": False, "bias_regularizer": "l2"}}, {"Dropout": {"rate": 1}}]
    assert sorted(codes(spec(VECTOR, layers))) == ["no-effect", "no-gradient"]


def test_a_wrapped_layer_has_not_the_dtype_of_its_wrapper() -> None:
    inner = {"LSTM": {"units": 2, "kernel_regularizer": "l2"}}
    sequence = {"kind": "sequence", "shape": [4, 3]}
    assert codes(spec(sequence, [{"Bidirectional": {"layer": inner, "dtype": "float16"}}])) == []
    half = {"LSTM": {**inner["LSTM"], "dtype": "float16"}}
    assert codes(spec(sequence, [{"Bidirectional": {"layer": half}}])) == ["penalty-not-float32"]


ROWS: list[tuple[Any, Any, dict[str, Any], str | None]] = [
    ("Adafactor", "float16", {}, "table-divided-by-zero"),
    ("Adafactor", "bfloat16", {}, None),
    ("Adafactor", "mixed_float16", {}, None),
    ("Adafactor", "float32", {"epsilon_1": 0.0}, "table-divided-by-zero"),
    ("Adafactor", "float16", {"epsilon_1": 1e-7}, None),
    ("Adafactor", "float16", {"global_clipnorm": 1.0}, None),
    ("Adafactor", "float16", {"clipnorm": 1.0}, "table-divided-by-zero"),
    ("Adafactor", "float16", {"gradient_accumulation_steps": 2}, None),
    ("Adafactor", "float16", {"learning_rate": SCHEDULE}, "table-divided-by-zero"),
    ("RMSprop", "float16", {}, None),
    ("RMSprop", "float16", {"epsilon": 1e-8}, "table-divided-by-zero"),
    ("RMSprop", "float32", {"epsilon": 0.0}, "table-divided-by-zero"),
    ("RMSprop", "mixed_bfloat16", {"epsilon": 1e-40}, "table-divided-by-zero"),
    ("Adadelta", "float16", {"epsilon": 2e-8}, "table-divided-by-zero"),
    ("Adadelta", "float16", {"epsilon": 4e-8}, None),
    ("Adagrad", "float32", {"epsilon": 0.0}, None),
    ("Adagrad", "float32", {"epsilon": 0.0, "initial_accumulator_value": 0.0}, "table-divided-by-zero"),
    ("ScheduleFreeAdamW", "float16", {}, "table-divided-by-zero"),
    ("ScheduleFreeAdamW", "bfloat16", {}, "table-divided-by-zero"),
    ("ScheduleFreeAdamW", "bfloat16", {"beta_2": 0.99}, None),
    ("Adam", "float16", {"epsilon": 0.0}, None),
    ("Muon", "bfloat16", {"learning_rate": SCHEDULE}, None),
]
"""An optimizer under a policy on a table, and whether a batch with a token twice fails."""
MUON: list[tuple[Any, dict[str, Any], str | None]] = [
    ("bfloat16", {"learning_rate": SCHEDULE}, "muon-with-schedule"),
    ("float16", {"learning_rate": SCHEDULE}, "muon-with-schedule"),
    ("float64", {"learning_rate": SCHEDULE, "rms_rate": None}, "muon-with-schedule"),
    ("float64", {}, "muon-in-float64"),
    ("bfloat16", {}, None),
    ("mixed_bfloat16", {"learning_rate": SCHEDULE}, None),
    ("float32", {"learning_rate": SCHEDULE}, None),
]
"""The same of Muon on a matrix."""


@pytest.mark.parametrize(("name", "policy", "values", "code"), ROWS)
def test_tables_under_an_optimizer(name: str, policy: str, values: dict[str, Any], code: str | None) -> None:
    found = codes(spec(TOKENS, [TABLE], optimizer={name: values}, dtype_policy=policy))
    assert [each for each in found if each != "optimizer-in-half"] == ([code] if code else [])


@pytest.mark.parametrize(("policy", "values", "code"), MUON)
def test_matrices_under_muon(policy: str, values: dict[str, Any], code: str | None) -> None:
    found = codes(spec(VECTOR, [{"Dense": {"units": 3}}], optimizer={"Muon": values}, dtype_policy=policy))
    assert [each for each in found if each != "optimizer-in-half"] == ([code] if code else [])


CLIPPED: list[tuple[dict[str, Any], list[Any], bool]] = [
    ({}, [{"Dense": {"units": 3, "dtype": "float64"}}], True),
    ({}, [{"Dense": {"units": 3, "dtype": "bfloat16"}}], True),
    ({}, [{"BatchNormalization": {"dtype": "float16"}}], True),
    ({}, [{"LayerNormalization": {"dtype": "float16"}}], True),
    ({}, [{"Dense": {"units": 3, "dtype": "mixed_float16"}}], False),
    ({}, [{"Dense": {"units": 3, "dtype": "float64", "trainable": False}}], False),
    ({}, [{"Dense": {"units": 3, "dtype": "float64"}}, {"Op": {"function": "stop_gradient"}}], False),
    (
        {},
        [{"Dense": {"units": 3, "dtype": "float64", "kernel_regularizer": "l2"}}, {"Op": {"function": "stop_gradient"}}],
        True,
    ),
    ({"learning_rate": SCHEDULE}, [{"Dense": {"units": 3, "dtype": "float64"}}], True),
    ({"global_clipnorm": None, "clipnorm": 1.0}, [{"Dense": {"units": 3, "dtype": "float64"}}], False),
]
"""Arguments beside `global_clipnorm`, layers before one of float32, and whether a batch fails."""


@pytest.mark.parametrize(("values", "layers", "fails"), CLIPPED)
def test_weights_that_are_clipped_together(values: dict[str, Any], layers: list[Any], fails: bool) -> None:
    made = spec(VECTOR, [*layers, {"Dense": {"units": 2}}], optimizer={"SGD": {"global_clipnorm": 1.0} | values})
    assert ("clipped-dtypes" in codes(made)) == fails


@pytest.mark.parametrize(
    ("layer", "fails"),
    [
        (TABLE, True),
        ({"Embedding": {**TABLE["Embedding"], "lora_rank": 1}}, False),
        ({"Embedding": {**TABLE["Embedding"], "embeddings_regularizer": "l2"}}, False),
        ({"Embedding": {**TABLE["Embedding"], "trainable": False}}, False),
    ],
)
def test_only_the_gradient_of_some_rows_is_not_scaled(layer: Any, fails: bool) -> None:
    made = spec(TOKENS, [layer, {"Dense": {"units": 1}}], optimizer={"SGD": {"loss_scale_factor": 2.0}})
    assert ("sparse-gradient-not-scaled" in codes(made)) == fails


METRICS = {name: each["reads"].get("dtypes") for name, each in find_family("metrics")["classes"].items()}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 4, "target_class_ids": [0], "sparse_y_pred": False},
    "MeanIoU": {"num_classes": 4, "sparse_y_pred": False},
    "OneHotIoU": {"num_classes": 4, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 4},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}


def takes(name: str, dtype: str) -> bool:
    """What the catalog says of a metric and a dtype of predictions."""
    floats = dtype.startswith(("float", "bfloat"))
    return {None: True, "floats": floats, "numbers": dtype != "bool", "float32": dtype == "float32"}[METRICS[name]]


@pytest.mark.parametrize("dtype", ["int32", "bool"])
@pytest.mark.parametrize("name", ["PearsonCorrelation", "ConcordanceCorrelation", "MeanSquaredError", "AUC"])
def test_metrics_of_integers(name: str, dtype: str) -> None:
    heads = {"a": {"inputs": ["x"], "layers": [{"Dense": {"units": 1}}]}, "b": {"inputs": ["y"], "layers": []}}
    branches = {"x": {"input": VECTOR}, "y": {"input": {**VECTOR, "dtype": dtype}}}
    section = {"loss": {"a": "mse", "b": None}, "metrics": {"b": [name]}}
    found = codes({"version": 1, "name": "x", "branches": branches, "heads": heads, "compile": section})
    assert ("metric-dtype" in found) != takes(name, dtype)


def test_a_wrapped_layer_behind_a_mistake_is_let_be() -> None:
    layers: list[Any] = [{"MaxPooling2D": {}}, {"Bidirectional": {"layer": {"LSTM": {"units": 2, "kernel_regularizer": "l2"}}}}]
    sequence = {"kind": "sequence", "shape": [4, 3]}
    assert codes(spec(sequence, layers, optimizer={"Adafactor": {"use_ema": True}})) == ["wrong-rank"]
    assert codes(spec(sequence, layers, optimizer="muon", loss={"MeanSquaredError": {"reduction": "none"}})) == ["wrong-rank"]


@pytest.mark.keras
def test_metrics_take_the_dtypes_that_the_catalog_says() -> None:
    import keras
    import numpy
    import tensorflow

    values = numpy.random.default_rng(0).integers(0, 2, (5, 4))
    for name in METRICS:
        flat = "Sparse" in name or name in ("IoU", "MeanIoU")
        labels = numpy.zeros(5, "int32") if flat else numpy.eye(4, dtype="float32")[[0, 1, 2, 3, 0]]
        for dtype in ("float32", "float16", "bfloat16", "float64", "int32", "uint8", "bool"):
            metric = getattr(keras.metrics, name)(**ARGUMENTS.get(name, {}))
            try:
                metric.update_state(labels, tensorflow.cast(values, dtype))
                ran = True
            except Exception:
                ran = False
            assert ran == takes(name, dtype), (name, dtype)


def test_labels_of_a_width_known_at_run_time() -> None:
    def found(width: int, metric: str) -> list[str]:
        layers = [{"Dense": {"units": width, "activation": "softmax"}}, "Flatten"]
        input = {"kind": "sequence", "shape": ["t", 4]}
        return codes(spec(input, layers, loss="sparse_categorical_crossentropy", metrics=[metric]))

    assert "metric-labels" in found(8, "mae")
    assert "metric-labels" not in found(8, "sparse_categorical_accuracy")
    assert "depends-on-size" in found(1, "mae")


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool", "string"])
def test_a_policy_of_no_floats_is_our_own_rule(dtype: str) -> None:
    found = load(spec(VECTOR, [{"ReLU": {"dtype": dtype}}])).diagnostics
    assert [(each.code.name, each.code.sort) for each in found] == [("policy-of-no-floats", "language")]
    found = load(spec(VECTOR, [], dtype_policy=dtype)).diagnostics
    assert [(each.code.name, each.code.sort) for each in found] == [("policy-of-no-floats", "language")]


@pytest.mark.parametrize(
    "layer", [{"Dropout": {"rate": 0.5}}, {"GaussianDropout": {"rate": 0.5}}, {"GaussianNoise": {"stddev": 1}}]
)
@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_noise_on_integers_is_our_own_rule(layer: Any, dtype: str) -> None:
    """Keras predicts with them, and trains with some."""
    found = load(spec({**VECTOR, "dtype": dtype}, [layer], trains=False)).diagnostics
    assert [(each.code.name, each.code.sort) for each in found] == [("noise-on-integers", "language")]


@pytest.mark.parametrize(
    ("policy", "more", "code"),
    [
        ("mixed_float16", {}, "no-effect"),
        ("mixed_float16", {"auto_scale_loss": False}, "sparse-gradient-not-scaled"),
        ("mixed_bfloat16", {}, "sparse-gradient-not-scaled"),
    ],
)
def test_a_scale_that_the_policy_takes_the_place_of(policy: str, more: dict[str, Any], code: str) -> None:
    made = spec(TOKENS, [TABLE], optimizer={"SGD": {"loss_scale_factor": 2.0}}, dtype_policy=policy, **more)
    assert [each for each in codes(made) if each in ("no-effect", "sparse-gradient-not-scaled")] == [code]


STEPS = {"kind": "sequence", "shape": [6, 4]}
LEARNED: list[tuple[Any, dict[str, Any], str | None]] = [
    ("PositionEmbedding", {"SGD": {"loss_scale_factor": 2.0}}, "sparse-gradient-not-scaled"),
    ("ClassToken", {"SGD": {"loss_scale_factor": 2.0}}, "sparse-gradient-not-scaled"),
    ("PositionEmbedding", {"RMSprop": {"epsilon": 0.0}}, None),
    ({"PositionEmbedding": {"sequence_length": 9}}, {"RMSprop": {"epsilon": 0.0}}, "table-divided-by-zero"),
    ({"PositionEmbedding": {"sequence_length": 9}}, {"RMSprop": {}}, None),
    ("ClassToken", {"RMSprop": {"epsilon": 0.0}}, "table-divided-by-zero"),
    ("ClassToken", {"RMSprop": {}}, None),
]
"""Layers that learn vectors of their own, in a table, under an optimizer; and what is said."""


@pytest.mark.parametrize(("layer", "optimizer", "code"), LEARNED)
def test_learned_vectors_under_an_optimizer(layer: Any, optimizer: Any, code: str | None) -> None:
    assert codes(spec(STEPS, [layer, {"Dense": {"units": 1}}], optimizer=optimizer)) == ([code] if code else [])


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize(("layer", "optimizer", "code"), LEARNED)
def test_learned_vectors_under_an_optimizer_in_keras(
    layer: Any, optimizer: Any, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy

    monkeypatch.setattr(optimizers, "CHECKS", ())
    model = load(spec(STEPS, [layer, {"Dense": {"units": 1}}], optimizer=optimizer)).to_keras()
    given = numpy.random.default_rng(0).random((5, 6, 4), "float32")
    try:
        model.fit(given, numpy.zeros(model(given).shape), verbose=0)
    except Exception as error:
        assert code is not None, error
        return
    assert (code is not None) == any(numpy.isnan(each).any() for each in model.get_weights())


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=6, long=2)
@pytest.mark.parametrize(("name", "policy", "values", "code"), ROWS)
def test_tables_under_an_optimizer_in_keras(name: str, policy: str, values: dict[str, Any], code: str | None) -> None:
    assert _trains(spec(TOKENS, [TABLE], optimizer={name: values}, dtype_policy=policy)) == (code is None)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize(("policy", "values", "code"), MUON)
def test_matrices_under_muon_in_keras(policy: str, values: dict[str, Any], code: str | None) -> None:
    assert _trains(spec(VECTOR, [{"Dense": {"units": 3}}], optimizer={"Muon": values}, dtype_policy=policy)) == (code is None)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize(("values", "layers", "fails"), CLIPPED)
def test_weights_that_are_clipped_together_in_keras(values: dict[str, Any], layers: list[Any], fails: bool) -> None:
    made = spec(VECTOR, [*layers, {"Dense": {"units": 2}}], optimizer={"SGD": {"global_clipnorm": 1.0} | values})
    assert _trains(made) != fails


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("inner", [{"Dense": {"units": 2, "lora_rank": 2}}, {"Dense": {"units": 2}}])
def test_low_rank_under_spectral_normalization_in_keras(inner: Any) -> None:
    assert _trains(spec(VECTOR, [normalized(inner)])) == ("lora_rank" not in inner["Dense"])


def _trains(spec: dict[str, Any]) -> bool:
    """Whether the spec, read by hand, trains in Keras on a batch in which a token comes twice."""
    from fuzz.judge import _read_and_run

    return _read_and_run(spec, spec, {})
