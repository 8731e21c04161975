"""The section `search`: every form of it is read into a typed value, and every mistake is said at its place."""

from __future__ import annotations

import pytest
from runs_specs import DATA, found, run_spec
from told import hold_told

from cnnlstm_spec.spec.search import FloatRange, IntRange, SearchSpec
from cnnlstm_spec.text.nodes import to_value

FIT = "fit: {epochs: 20}\nvars: {width: 8}\n"
LAYERS = "[{Dense: {units: $width, activation: relu}}]"


def search_of(written: str) -> SearchSpec:
    compilation = run_spec(f"{DATA}{FIT}search: {written}\n", layers=LAYERS)
    assert compilation.diagnostics == ()
    assert compilation.spec is not None and compilation.spec.search is not None
    return compilation.spec.search


def test_a_search() -> None:
    space = "{vars.width: {int: [16, 256], log: true}, 'head[0].activation': [softmax, sparsemax], "
    space += "compile.optimizer: [adam, {SGD: {learning_rate: 0.1}}]}"
    search = search_of(f"{{maximize: val_accuracy, trials: 50, pruner: median, seed: 3, space: {space}}}")
    assert (search.objective, search.maximize, search.trials, search.pruner, search.seed) == (
        "val_accuracy",
        True,
        50,
        "median",
        3,
    )
    width, activation, optimizer = search.space
    assert isinstance(width.range, IntRange) and width.range.int == (16, 256) and width.range.log
    assert activation.steps == ("head", 0, "activation") and [to_value(each) for each in activation.choices] == [
        "softmax",
        "sparsemax",
    ]
    assert to_value(optimizer.choices[1]) == {"SGD": {"learning_rate": 0.1}}


def test_defaults() -> None:
    search = search_of("{minimize: val_loss, trials: 2, space: {seed: {int: [0, 9], step: 3}}}")
    assert not search.maximize and search.pruner == "hyperband" and search.seed == 0
    assert isinstance(search.space[0].range, IntRange) and search.space[0].range.step == 3
    assert search_of("{minimize: val_loss, pruner: null, trials: 2, space: {seed: [1, 2]}}").pruner is None


def test_numbers() -> None:
    base = "compile.loss_weights: {float: [0.5, 2], step: 0.5}"
    (dimension,) = search_of(f"{{minimize: val_loss, trials: 2, space: {{{base}}}}}").space
    assert isinstance(dimension.range, FloatRange) and dimension.range.float == (0.5, 2) and dimension.range.step == 0.5


SPACE = "space: {seed: [1, 2]}"
MISTAKES = [
    ("{minimize: val_loss, trials: 2}", [("missing-key", "search")]),
    (f"{{minimize: val_loss, {SPACE}}}", [("missing-key", "search")]),
    (f"{{trials: 2, {SPACE}}}", [("missing-key", "search")]),
    (f"{{minimize: val_loss, maximize: val_accuracy, trials: 2, {SPACE}}}", [("one-of-keys", "minimize")]),
    (f"{{minimize: val_loss, trials: 0, {SPACE}}}", [("value-not-allowed", "0")]),
    (f"{{minimize: val_loss, trials: 2, pruner: asha, {SPACE}}}", [("not-a-choice", "asha")]),
    ("{minimize: val_loss, trials: 2, space: {}}", [("wrong-type", "{}")]),
    ("{minimize: val_loss, trials: 2, space: {seed: 3}}", [("wrong-type", "3")]),
    ("{minimize: val_loss, trials: 2, space: {seed: []}}", [("wrong-type", "[]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {ints: [1, 2]}}}", [("unknown-key", "ints")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [2, 1]}}}", [("search-range", "[2, 1]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [2, 2]}}}", [("search-range", "[2, 2]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [1, 2, 3]}}}", [("wrong-length", "[1, 2, 3]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [1, 2.5]}}}", [("search-range-of-numbers", "[1, 2.5]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [0, 2], log: true}}}", [("search-log-range", "[0, 2]")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [1, 9], log: true, step: 2}}}", [("no-effect", "step")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [1, 9], logs: true}}}", [("unknown-key", "logs")]),
    ("{minimize: val_loss, trials: 2, space: {'a b': [1, 2]}}", [("unclear-search-path", "'a b'")]),
    ("{minimize: val_loss, trials: 2, space: {seed: {int: [1, 9], step: 9}}}", [("search-step", "9")]),
    ("{minimize: val_loss, trials: 2, space: {seed: [1, 2, 1]}}", [("value-twice", "1")]),
    ("{minimize: val_loss, trials: 2, space: {vars.width: {float: [4, 8]}}}", [("search-value", "{float: [4, 8]}")]),
    (
        "{minimize: val_loss, trials: 2, space: {'head[0]': [{Dense: {units: -2}}, Flaten, Flatten]}}",
        [("search-value", "{Dense: {units: -2}}"), ("search-value", "Flaten")],
    ),
    ("{minimize: val_loss, trials: 2, space: {search.seed: [1, 2]}}", [("set-in-vain", "search.seed")]),
    ("{minimize: val_loss, trials: 2, space: {head.0.units: [1, 2]}}", [("unknown-path", "head.0.units")]),
    ("{minimize: val_loss, trials: 2, space: {vars.depth: [1, 2]}}", [("unknown-path", "vars.depth")]),
    (
        "{minimize: val_loss, trials: 2, space: {'head[0].use_bias': [true, false], head: [[{Dense: {units: 3, activation: softmax}}]]}}",
        [("set-in-vain", "'head[0].use_bias'")],
    ),
]


@pytest.mark.parametrize(("written", "expected"), MISTAKES)
def test_mistakes(written: str, expected: list[tuple[str, str]], request: pytest.FixtureRequest) -> None:
    compilation = run_spec(f"{DATA}{FIT}search: {written}\n", layers=LAYERS)
    assert found(compilation) == expected
    hold_told(compilation.diagnostics, request)


COUNTED = [
    ("{seed: [1, 2, 5], vars.width: {int: [1, 9], step: 2}}", 15),
    ("{seed: [1], vars.width: {int: [16, 256], log: true}}", 241),
    ("{compile.loss_weights: {float: [0.1, 0.3], step: 0.1}}", 3),
    ("{compile.loss_weights: {float: [0.1, 0.95], step: 0.1}}", 9),
    ("{seed: [1, 2], compile.loss_weights: {float: [0.1, 0.3]}}", None),
]


@pytest.mark.parametrize(("space", "count"), COUNTED)
def test_more_trials_than_combinations_are_told(space: str, count: int | None) -> None:
    def told(trials: int) -> list[str]:
        compilation = run_spec(f"{DATA}{FIT}search: {{minimize: val_loss, trials: {trials}, space: {space}}}\n", layers=LAYERS)
        return [each.message for each in compilation.diagnostics]

    assert told(count or 1000) == []
    assert told(1000) == ([] if count is None else [f"`trials` is 1,000; the space has {count} combinations"])


def test_a_space_that_was_not_read_whole_is_not_counted() -> None:
    written = "search: {minimize: val_loss, trials: 9, space: {seed: [1, 2], vars.width: {int: [1]}}}\n"
    assert found(run_spec(f"{DATA}{FIT}{written}", layers=LAYERS)) == [("wrong-length", "[1]")]
