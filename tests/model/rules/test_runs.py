"""Rules of `data`, `fit` and `search` that need no data; what Keras logs, and when its callbacks act, is held against Keras."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from runs_specs import DATA, TWO_HEADS, found, run_spec

from cnnlstm_spec import load
from cnnlstm_spec.model.logged import find_logged

FIT = "fit: {epochs: 50, callbacks: [%s]}\n"
ONE_UNIT = {"units": 1, "activation": "sigmoid", "loss": "binary_crossentropy"}

CALLBACKS = [
    ("{EarlyStopping: {patience: 5}}", []),
    ("{EarlyStopping: {monitor: val_acuracy, mode: max}}", [("monitor-not-logged", "val_acuracy")]),
    ("{EarlyStopping: {monitor: head_accuracy, mode: max}}", [("monitor-not-logged", "head_accuracy")]),
    ("{EarlyStopping: {monitor: val_accuracy}}", []),
    ("{ReduceLROnPlateau: {monitor: accuracy}}", []),
    ("{EarlyStopping: {patience: 49}}", [("patience-never-ends", "49")]),
    ("{EarlyStopping: {patience: 48}}", []),
    ("{EarlyStopping: {patience: 45, start_from_epoch: 10}}", [("patience-never-ends", "45")]),
    ("SwapEMAWeights", [("swap-without-ema", "SwapEMAWeights")]),
    ("TerminateOnNaN, {TensorBoard: {log_dir: logs/a}}", []),
]


@pytest.mark.parametrize(("callbacks", "expected"), CALLBACKS)
def test_callbacks(callbacks: str, expected: list[tuple[str, str]]) -> None:
    assert found(run_spec(DATA + FIT % callbacks)) == expected


def test_validation_that_is_not_there() -> None:
    without = "data: {train: plant.csv}\n"
    assert found(run_spec(without + FIT % "EarlyStopping")) == [("monitor-without-validation", "EarlyStopping")]
    assert found(run_spec(without + FIT % "{EarlyStopping: {monitor: loss}}")) == []
    # Data may come by hand, from Python: nothing is known of them.
    assert found(run_spec(FIT % "EarlyStopping")) == []
    more = "fit: {epochs: 5, validation_steps: 3, threshold: {maximize: f1}}\n"
    told = found(run_spec(without + more, **ONE_UNIT))
    assert told == [("no-effect", "validation_steps"), ("no-effect", "threshold")]


def test_the_monitor_of_the_run() -> None:
    assert found(run_spec(DATA + "fit: {epochs: 5, monitor: val_accuracy}\n")) == []
    assert found(run_spec(DATA + "fit: {epochs: 5, monitor: val_auc}\n")) == [("monitor-not-logged", "val_auc")]
    metrics = "[FalsePositives]"
    more = DATA + "fit: {epochs: 5, monitor: val_false_positives}\n"
    assert found(run_spec(more, metrics=metrics, **ONE_UNIT)) == [("monitor-direction", "val_false_positives")]


def test_names_of_several_heads() -> None:
    for name, expected in (
        ("val_state_accuracy, mode: max", []),
        ("val_state_loss, mode: min", []),
        ("val_state_accuracy", ["monitor-direction"]),
        ("val_accuracy", ["monitor-not-logged"]),
        ("val_loss", []),
    ):
        more = DATA + FIT % f"{{EarlyStopping: {{monitor: {name}}}}}"
        assert [code for code, _ in found(load(TWO_HEADS + more))] == expected, name
    # The run itself knows which way is better, of a metric of one of several heads too.
    assert found(load(f"{TWO_HEADS}{DATA}fit: {{epochs: 5, monitor: val_state_accuracy}}\n")) == []


BASE = "[{Dense: {units: 8, name: base}}, {Dense: {units: 8, name: top, trainable: false}}]"
PHASES = [
    ("[{name: a, epochs: 3, freeze: [branches.x.bose]}]", [("unknown-address", "branches.x.bose")]),
    ("[{name: a, epochs: 3, freeze: [branches.x, head]}]", [("phase-trains-nothing", None)]),
    ("[{name: a, epochs: 3, freeze: ['branches.*', head]}]", [("phase-trains-nothing", None)]),
    ("[{name: a, epochs: 3, freeze: [branches.x]}, {name: b, epochs: 3, freeze: [head]}]", [("phase-trains-nothing", None)]),
    ("[{name: a, epochs: 3, freeze: [branches.x, head], unfreeze: [branches.x.top]}]", []),
    ("[{name: a, epochs: 3, freeze: [branches.x]}, {name: b, epochs: 3, unfreeze: [branches.x]}]", []),
    ("[{name: a, epochs: 3, unfreeze: [branches.x.base]}]", [("phase-changes-nothing", "branches.x.base")]),
    ("[{name: a, epochs: 3, unfreeze: [branches.x]}]", []),
    ("[{name: a, epochs: 3, freeze: [branches.x.top]}]", []),
    (
        "[{name: a, epochs: 3, freeze: [branches.x]}, {name: b, epochs: 3, freeze: [branches.x.base]}]",
        [("phase-changes-nothing", "branches.x.base")],
    ),
]


@pytest.mark.parametrize(("phases", "expected"), PHASES)
def test_phases(phases: str, expected: list[tuple[str, str | None]]) -> None:
    told = found(run_spec(f"{DATA}fit: {{phases: {phases}}}\n", layers=BASE))
    assert [code for code, _ in told] == [code for code, _ in expected]
    assert all(text in (None, place) for (_, text), (_, place) in zip(expected, told, strict=True))


CLASSES = [
    ("class_weight: {0: 1, 1: 2, 2: 3}", []),
    ("class_weight: {0: 1, 1: 2}", [("class-weight-missing-class", "{0: 1, 1: 2}")]),
    ("class_weight: balanced, threshold: 0.5", [("threshold-without-binary-head", "0.5")]),
]


@pytest.mark.parametrize(("written", "expected"), CLASSES)
def test_classes(written: str, expected: list[tuple[str, str]]) -> None:
    assert found(run_spec(f"{DATA}fit: {{epochs: 5, {written}}}\n")) == expected


def test_class_weights_of_numbers() -> None:
    more = DATA + "fit: {epochs: 5, class_weight: balanced}\n"
    assert found(run_spec(more, units=1, activation="linear", loss="mse", metrics="[]")) == [
        ("class-weight-of-numbers", "balanced")
    ]
    assert found(run_spec(more, metrics="[]", **ONE_UNIT)) == []


WINDOW = "data: {train: t.csv, window: {sequence_length: 6, order: d}, inputs: {x: {columns: [a, b]}}%s}\n"
SERIES: dict[str, Any] = {
    "kind": "sequence",
    "shape": "[6, 2]",
    "layers": "[{LSTM: {units: 3}}]",
    "units": 1,
    "activation": "linear",
    "loss": "mse",
    "metrics": "[]",
}
WINDOWS = [
    ("", {}, []),
    (", validation: {last: 0.2}", {}, []),
    (", validation: {fraction: 0.2, group: g}", {}, []),
    (", validation: {fraction: 0.2}", {}, [("window-part-at-random", "0.2")]),
    (", validation: {folds: 3}", {}, [("window-part-at-random", "3")]),
    ("", {"shape": "[5, 2]"}, [("window-steps", "6")]),
    ("", {"shape": "[6, 3]"}, [("columns-width", "[a, b]")]),
    ("", {"shape": "[steps, 2]"}, []),
]


@pytest.mark.parametrize(("more", "other", "expected"), WINDOWS)
def test_windows(more: str, other: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    told = [each for each in found(run_spec(WINDOW % more, **{**SERIES, **other})) if each[0] != "no-mask-for-length"]
    assert told == expected


LENGTHS = [
    ("[20, 2]", "{max: 20}", []),
    ("[20, 2]", "{max: 10, pad: end}", []),
    ("[20, 2]", "{pad: start}", []),
    ("[20, 2]", "{max: 30}", [("length-steps", "30")]),
    ("[20, 2]", "{max: 10}", [("length-steps", "10")]),
    ("[20, 2]", "{bucket: [10, 20]}", [("no-effect", "bucket")]),
]


@pytest.mark.parametrize(("shape", "length", "expected"), LENGTHS)
def test_lengths(shape: str, length: str, expected: list[tuple[str, str]]) -> None:
    more = f"data: {{train: t.csv, inputs: {{x: {{column: s, length: {length}}}}}}}\n"
    assert found(run_spec(more, **{**SERIES, "shape": shape})) == expected


@pytest.mark.parametrize(
    ("bucket", "is_idle"), [("[6, 8]", True), ("[5]", True), ("[2, 4]", False), ("[4]", False), ("[2, 9]", False)]
)
def test_buckets_above_what_is_kept_have_no_effect(bucket: str, is_idle: bool) -> None:
    more = f"data: {{train: t.csv, inputs: {{x: {{column: s, length: {{max: 4, bucket: {bucket}}}}}}}}}\n"
    expected = [("no-effect", "bucket")] if is_idle else []
    assert found(run_spec(more, **{**SERIES, "shape": "[steps, 2]", "input": ", padding_value: 0.0"})) == expected


def test_pad_of_open_steps_has_no_effect() -> None:
    more = "data: {train: t.csv, inputs: {x: {column: s, length: {pad: end}}}}\n"
    assert found(run_spec(more, **{**SERIES, "shape": "[steps, 2]", "input": ", padding_value: 0.0"})) == [("no-effect", "pad")]


def test_what_is_measured_stands_before_weights() -> None:
    layers = "[{Rescaling: {scale: 2.0}}, Normalization, {Dense: {units: 2}}]"
    assert found(run_spec(DATA, layers=layers)) == []
    assert found(run_spec(DATA, layers="[{Dense: {units: 2}}, ReLU, Normalization]")) == [
        ("measured-behind-weights", "Normalization")
    ]


SPACE = [
    ("vars.width: {int: [4, 16]}", []),
    ("vars.width: [4, wide]", [("search-value", "wide")]),
    ("vars.width: {int: [0, 16]}", [("search-value", "{int: [0, 16]}")]),
    ("vars.widht: [4, 8]", [("unknown-path", "vars.widht")]),
    ("compile.optimizer: [adam, adamm]", [("search-value", "adamm")]),
    ("head[0].activation: [softmax, sparsemax]", []),
    ("head[0].activasion: [softmax]", [("search-value", "softmax")]),
    ("fit.batch_size: [16, 32]", []),
    ("fit.batch_size: {float: [16, 32]}", [("search-value", "{float: [16, 32]}")]),
]


@pytest.mark.parametrize(("space", "expected"), SPACE)
def test_a_space_is_held_against_the_keys(space: str, expected: list[tuple[str, str]]) -> None:
    more = f"{DATA}fit: {{epochs: 20}}\nvars: {{width: 8}}\nsearch: {{minimize: val_loss, trials: 1, space: {{'{space}}}}}\n"
    more = more.replace(f"'{space}", f"'{space.replace(': ', chr(39) + ': ', 1)}")
    told = found(run_spec(more, layers="[{Dense: {units: $width, activation: relu}}]"))
    assert [(code, text.strip("'")) for code, text in told] == expected


def test_a_matrix_beside_a_search() -> None:
    more = (
        f"{DATA}fit: {{epochs: 20}}\nmatrix: {{seed: [1, 2]}}\nsearch: {{minimize: val_loss, trials: 1, space: {{seed: [1]}}}}\n"
    )
    assert found(run_spec(more)) == [("matrix-beside-search", "search")]


LOGS = [
    ("binary_crossentropy", 1, "sigmoid", "[accuracy, AUC, {AUC: {name: pr, curve: PR}}, Precision, mse, MeanSquaredError]", ""),
    ("binary_crossentropy", 1, "sigmoid", "[acc, AUC, AUC, FalsePositives]", ", weighted_metrics: [acc, Recall, recall]"),
    ("sparse_categorical_crossentropy", 3, "softmax", "[accuracy, {SparseTopKCategoricalAccuracy: {k: 2}}]", ""),
    ("mse", 1, "linear", "[mae, RootMeanSquaredError, MSE, R2Score]", ", weighted_metrics: [mae]"),
]


@pytest.mark.keras
@pytest.mark.parametrize(("loss", "units", "activation", "metrics", "more"), LOGS)
def test_what_keras_logs(loss: str, units: int, activation: str, metrics: str, more: str) -> None:
    compilation = run_spec("", units=units, activation=activation, loss=f"{loss}{more}", metrics=metrics)
    held_against_keras(compilation, {"head": (4,) if loss.startswith("sparse") else (4, units)})


@pytest.mark.keras
def test_what_keras_logs_of_several_heads() -> None:
    text = TWO_HEADS.replace("metrics: {state: [accuracy]}", "metrics: {state: [accuracy], wear: [mae, RootMeanSquaredError]}")
    held_against_keras(load(text), {"state": (4,), "wear": (4, 1)})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gradients do not exist")
        held_against_keras(load(text.replace("wear: mse", "wear: null")), {"state": (4,), "wear": (4, 1)})


def held_against_keras(compilation: Any, targets: dict[str, tuple[int, ...]]) -> None:
    """The names are those of a real history, and `mode: auto` finds a direction where it is said to."""
    import keras
    import numpy

    assert compilation.ok and compilation.spec is not None
    known = find_logged(compilation.spec)
    assert known is not None
    keras.utils.clear_session()
    model = compilation.to_keras()
    inputs = numpy.random.default_rng(0).normal(size=(4, 8)).astype("float32")
    labels = {head: (numpy.arange(numpy.prod(shape)) % 2).reshape(shape).astype("float32") for head, shape in targets.items()}
    given = labels if len(labels) > 1 else next(iter(labels.values()))
    history = model.fit(inputs, given, validation_data=(inputs, given), epochs=1, verbose=0).history
    assert set(history) == {*known, *(f"val_{name}" for name in known)}
    for name, each in known.items():
        stop = keras.callbacks.EarlyStopping(monitor=name)
        stop.set_model(model)
        try:
            stop._set_monitor_op()
            found = True
        except ValueError:
            found = False
        assert found == each.auto, name


@pytest.mark.keras
def test_what_callbacks_of_keras_do() -> None:
    """Patience runs out when it is said to, a schedule beside `ReduceLROnPlateau` and a swap without averages fail."""
    import keras
    import numpy

    inputs, labels = numpy.zeros((4, 8), dtype="float32"), numpy.zeros((4,), dtype="float32")
    model = run_spec("").to_keras()
    for patience, begin, ends in ((3, 0, 4), (0, 0, 2), (2, 3, 6)):
        stop = keras.callbacks.EarlyStopping("loss", patience=patience, start_from_epoch=begin, min_delta=1e9)
        assert len(model.fit(inputs, labels, epochs=9, verbose=0, callbacks=[stop]).epoch) == ends
    with pytest.raises(ValueError, match="use_ema"):
        model.fit(inputs, labels, verbose=0, callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True)])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="sparse_categorical_crossentropy")
    with pytest.raises(TypeError):
        model.fit(
            inputs, labels, epochs=5, verbose=0, callbacks=[keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=1e9)]
        )
