"""The section `fit`: every form of it is read into a typed value, and every mistake is said at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs_specs import DATA, TWO_HEADS, found, run_spec

from cnnlstm_spec import load
from cnnlstm_spec.spec.fit.section import ELSEWHERE, FitSpec

BASE = "[{Dense: {units: 8, name: base}}, {Dense: {units: 8, name: top}}]"


def fit_of(written: str, **spec: str) -> FitSpec:
    compilation = run_spec(f"{DATA}fit: {written}\n", **spec)  # type: ignore[arg-type]
    assert compilation.diagnostics == ()
    assert compilation.spec is not None and compilation.spec.fit is not None
    return compilation.spec.fit


def test_the_arguments_of_keras() -> None:
    written = "{epochs: 100, batch_size: 64, steps_per_epoch: 10, validation_steps: 2, validation_batch_size: 8, shuffle: false}"
    fit = fit_of(written)
    assert (fit.epochs, fit.batch_size, fit.steps_per_epoch, fit.validation_steps) == (100, 64, 10, 2)
    assert fit.validation_batch_size == 8 and not fit.shuffle and fit.validation_freq == 1
    assert fit_of("{epochs: 4, validation_freq: [1, 4]}").validation_freq == (1, 4)


def test_class_weights() -> None:
    assert fit_of("{epochs: 3, class_weight: balanced}").class_weight["head"].weights is None
    assert fit_of("{epochs: 3, class_weight: {0: 1, 1: 2.5, 2: 1/2}}").class_weight["head"].weights == {
        "0": 1.0,
        "1": 2.5,
        "2": 0.5,
    }
    assert fit_of("{epochs: 3, class_weight: {head: {ok: 1, worn: 2, bad: 3}}}").class_weight["head"].weights == {
        "ok": 1.0,
        "worn": 2.0,
        "bad": 3.0,
    }


def test_callbacks() -> None:
    written = "{epochs: 50, callbacks: [TerminateOnNaN, {EarlyStopping: {patience: 5}}, {TensorBoard: {profile_batch: [2, 5]}}]}"
    first, second, third = fit_of(written).callbacks
    assert (first.thing.name, second.thing.name) == ("TerminateOnNaN", "EarlyStopping")
    assert second.thing.get("patience") == 5 and second.thing.get("monitor") == "val_loss"
    assert second.places["patience"].path == ("fit", "callbacks", 1, "patience")
    assert third.thing.get("profile_batch") == (2, 5)
    assert fit_of("{epochs: 3, callbacks: [{TensorBoard: {update_freq: 10}}]}").callbacks[0].thing.get("update_freq") == 10


def test_phases() -> None:
    written = (
        "{phases: [{name: heads, epochs: 5, freeze: [branches.x.base]}, "
        "{name: all, epochs: 20, unfreeze: [branches.x.base], optimizer: {Adam: {learning_rate: 1e-5}}}]}"
    )
    phases = fit_of(written, layers=BASE).phases
    assert phases is not None and [(each.name, each.epochs) for each in phases] == [("heads", 5), ("all", 20)]
    assert [each.text for each in phases[0].keys.freeze] == ["branches.x.base"]
    assert phases[1].keys.optimizer.get("learning_rate") == 1e-5
    assert phases[0].keys.optimizer is None


def test_thresholds() -> None:
    fit = fit_of("{epochs: 3, threshold: 0.3}", units="1", activation="sigmoid", loss="binary_crossentropy")
    assert fit.threshold[None].value == 0.3
    fit = fit_of("{epochs: 3, threshold: {maximize: f1}}", units="1", activation="sigmoid", loss="binary_crossentropy")
    assert fit.threshold[None].maximize == "f1" and fit.threshold[None].value is None
    fit = fit_of("{epochs: 3, threshold: {head: {maximize: f1}}}", units="1", activation="sigmoid", loss="binary_crossentropy")
    assert fit.threshold["head"].maximize == "f1"


def test_the_rest() -> None:
    fit = fit_of("{epochs: 3, monitor: val_accuracy, mode: max, deterministic: true, start_from: runs/base}")
    assert (fit.monitor, fit.mode, fit.deterministic) == ("val_accuracy", "max", True)
    assert fit.start_from is not None and fit.start_from.text == "runs/base"


MISTAKES = [
    ("fit: {}\n", [("missing-key", "fit")]),
    ("fit: {epochs: 0}\n", [("value-not-allowed", "0")]),
    ("fit: {epochs: 2.5}\n", [("wrong-type", "2.5")]),
    ("fit: {epochs: 3, epoch: 3}\n", [("unknown-key", "epoch")]),
    ("fit: {epochs: 3, callbacks: EarlyStopping}\n", [("wrong-type", "EarlyStopping")]),
    ("fit: {epochs: 30, callbacks: [EarlyStoping]}\n", [("unknown-name", "EarlyStoping")]),
    ("fit: {epochs: 30, callbacks: [{EarlyStopping: {patiense: 3}}]}\n", [("unknown-key", "patiense")]),
    ("fit: {epochs: 30, callbacks: [{EarlyStopping: {patience: -1}}]}\n", [("out-of-range", "-1")]),
    ("fit: {epochs: 30, callbacks: [{ReduceLROnPlateau: {factor: 1.0}}]}\n", [("out-of-range", "1.0")]),
    ("fit: {epochs: 30, callbacks: [{LambdaCallback: {}}]}\n", [("name-not-supported", "LambdaCallback")]),
    ("fit: {epochs: 30, callbacks: [{TensorBoard: {log_dir: ../x}}]}\n", [("log-dir-outside", "../x")]),
    ("fit: {epochs: 30, phases: [{name: a, epochs: 3}]}\n", [("one-of-keys", "epochs")]),
    ("fit: {phases: []}\n", [("wrong-type", "[]")]),
    ("fit: {phases: [{epochs: 3}]}\n", [("missing-key", "{epochs: 3}")]),
    ("fit: {phases: [{name: a, epochs: 3}, {name: a, epochs: 3}]}\n", [("phases-of-one-name", "a")]),
    ("fit: {phases: [{name: a, epochs: 3, optimiser: adam}]}\n", [("unknown-key", "optimiser")]),
    ("fit: {epochs: 3, class_weight: balance}\n", [("not-a-choice", "balance")]),
    ("fit: {epochs: 3, class_weight: {a: -1}}\n", [("out-of-range", "-1")]),
    ("fit: {epochs: 3, class_weight: 3}\n", [("wrong-type", "3")]),
    ("fit: {epochs: 3, threshold: 1.5}\n", [("out-of-range", "1.5")]),
    ("fit: {epochs: 3, threshold: {maximise: f1}}\n", [("unknown-key", "maximise")]),
    ("fit: {epochs: 3, threshold: {maximize: f2}}\n", [("not-a-choice", "f2")]),
    ("fit: {epochs: 3, mode: maximum}\n", [("not-a-choice", "maximum")]),
]


@pytest.mark.parametrize(("more", "expected"), MISTAKES)
def test_mistakes(more: str, expected: list[tuple[str, str]]) -> None:
    assert found(run_spec(DATA + more, layers=BASE)) == expected


@pytest.mark.parametrize("key", ELSEWHERE)
def test_what_belongs_elsewhere_says_where(key: str) -> None:
    (diagnostic,) = run_spec(f"{DATA}fit: {{epochs: 3, {key}: 0.2}}\n").diagnostics
    assert diagnostic.code.name == "unknown-key" and diagnostic.help == (ELSEWHERE[key],)


@pytest.mark.parametrize("name", ["ModelCheckpoint", "BackupAndRestore", "CSVLogger", "History", "ProgbarLogger"])
def test_what_the_run_does_itself(name: str) -> None:
    assert found(run_spec(f"{DATA}fit: {{epochs: 3, callbacks: [{name}]}}\n")) == [("callback-of-the-run", name)]


def test_class_weights_of_several_heads() -> None:
    assert found(load(f"{TWO_HEADS}{DATA}fit: {{epochs: 3, class_weight: balanced}}\n")) == [
        ("class-weight-for-several-heads", "balanced")
    ]
    compilation = load(f"{TWO_HEADS}{DATA}fit: {{epochs: 3, class_weight: {{state: balanced}}}}\n")
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.fit is not None
    assert set(compilation.spec.fit.class_weight) == {"state"}
    wrong = load(f"{TWO_HEADS}{DATA}fit: {{epochs: 3, class_weight: {{stat: balanced}}}}\n")
    assert found(wrong) == [("unknown-head", "stat")]


def test_set_a_key_of_fit() -> None:
    base = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [2]}}}\nhead: [{Dense: {units: 1}}]\n"
    base += "compile: {loss: mse}\n"
    for more in ("", "fit: {epochs: 5}\n"):
        compilation = load(base + more, ["fit.epochs=30", "fit.callbacks=[{EarlyStopping: {monitor: loss}}]"])
        assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.fit is not None
        assert compilation.spec.fit.epochs == 30
    written = base + "fit: {epochs: 50, callbacks: [{EarlyStopping: {monitor: loss, patience: 3}}]}\n"
    compilation = load(written, ["fit.callbacks[0].patience=7"])
    assert compilation.diagnostics == () and compilation.spec is not None and compilation.spec.fit is not None
    assert compilation.spec.fit.callbacks[0].thing.get("patience") == 7


def test_start_from_is_relative_to_the_file_that_writes_it(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    base = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [2]}}}\nhead: [{Dense: {units: 1}}]\n"
    base += "compile: {loss: mse}\n"
    (tmp_path / "base" / "model.yaml").write_text(base + "fit: {epochs: 3, start_from: runs/a}\n")
    (tmp_path / "run.yaml").write_text("extends: base/model.yaml\nfit: {epochs: 5}\n")
    compilation = load(tmp_path / "run.yaml")
    assert compilation.spec is not None and compilation.spec.fit is not None and compilation.spec.fit.start_from is not None
    assert compilation.spec.fit.start_from.path == tmp_path / "base" / "runs" / "a"
    assert compilation.spec.fit.epochs == 5


@pytest.mark.parametrize(
    ("callbacks", "told"),
    [("[{ReduceLROnPlateau: {patience: 5}}]", True), ("[{EarlyStopping: {patience: 5}}]", False), ("[]", False)],
)
def test_multipliers_beside_callbacks_that_set_the_rate(callbacks: str, told: bool) -> None:
    """Without `fit` nobody knows which callbacks there will be; with it, it says."""
    with_multipliers = "[accuracy], learning_rate_multipliers: {head: 0.1}"
    compilation = run_spec(f"{DATA}fit: {{epochs: 50, callbacks: {callbacks}}}\n", metrics=with_multipliers)
    assert found(compilation) == [("multipliers-and-callbacks", "learning_rate_multipliers")] * told
    labels = [label.message for each in compilation.diagnostics for label in each.labels]
    assert labels == ["the callback"] * told
    assert len(found(run_spec("", metrics=with_multipliers))) == 1
