"""What a spec promises of itself, `targets`, `expect` and `budget`, and the costs that promises are about."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import DENSE, TOP, codes, spec

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.model.costs import count_costs, estimate_training_bytes, put_sizes


def messages(compilation: Compilation) -> list[str]:
    return [each.message for each in compilation.diagnostics]


TARGETS = [
    ("encoding: integer, classes: 4", 4, "softmax", "loss: sparse_categorical_crossentropy", None),
    ("encoding: integer, classes: 4", 4, "softmax", "loss: crossentropy", None),
    ("encoding: integer, classes: 5", 4, "softmax", "loss: sparse_categorical_crossentropy", "target-width"),
    ("encoding: one_hot, classes: 4", 4, "softmax", "loss: binary_focal_crossentropy", "target-loss"),
    ("encoding: multi_hot, classes: 4", 4, "sigmoid", "loss: bce", None),
    ("encoding: binary", 1, "sigmoid", "loss: bce", None),
    ("encoding: binary", 2, "softmax", "", "target-width"),
    ("encoding: binary, classes: 2", 1, "sigmoid", "", "no-effect"),
    ("encoding: real, shape: [4]", 4, "linear", "loss: mse", None),
    ("encoding: real, range: [0, 1]", 4, "sigmoid", "loss: bce", None),
    ("encoding: real, range: [0, null]", 4, "linear", "loss: mse", None),
    ("encoding: real, range: [-1, 1]", 4, "relu", "loss: mse", "target-range"),
    ("encoding: real", 4, "softmax", "loss: categorical_crossentropy", "target-loss"),
    ("encoding: real, classes: 4", 4, "linear", "", "no-effect"),
    ("encoding: numbers", 4, "linear", "", "not-a-choice"),
]


@pytest.mark.parametrize(("target", "units", "activation", "compile", "expected"), TARGETS)
def test_targets(target: str, units: int, activation: str, compile: str, expected: str | None) -> None:
    found = spec(head=DENSE.format(units, activation), compile=compile, more=f"targets: {{head: {{{target}}}}}\n")
    assert sorted(codes(found)) == sorted(expected.split() if expected else []), messages(found)


def test_targets_of_no_head() -> None:
    assert codes(spec(head="[{Dense: {units: 1}}]", more="targets: {haed: {encoding: binary}}\n")) == ["unknown-head"]


EXPECT = [
    ("head: [4]", []),
    ("branches.x: [frames, 8]", []),
    ("branches.x: [null, 8]", []),
    ("branches.x.conv: [frames - 2, 4]", []),
    ("branches.x.conv: [null, 4]", []),
    ("branches.x.conv: [frames, 4]", ["shape-not-as-expected"]),
    ("branches.x: [10, 8]", ["shape-not-as-expected"]),
    ("head: [4, 1]", ["shape-not-as-expected"]),
    ("head: [null]", ["shape-not-as-expected"]),
    ("params: 256, trainable_params: 256", []),
    ("params: 1k", ["count-not-as-expected"]),
    ("macs: 100", ["budget-needs-size"]),
    ("branch.x: [4]", ["unknown-address"]),
    ("params: many", ["wrong-type"]),
    ("head: 4", ["wrong-type"]),
]


@pytest.mark.parametrize(("expect", "expected"), EXPECT)
def test_expect(expect: str, expected: list[str]) -> None:
    layers = "[{Conv1D: {filters: 4, kernel_size: 3, name: conv}}, {Conv1D: {filters: 8, kernel_size: 1, padding: same}}]"
    layers = layers if "conv" in expect or "params" in expect else "[]"
    head = "[{LSTM: {units: 4}}]" if layers == "[]" else "[GlobalMaxPooling1D, {Dense: {units: 4}}]"
    if "params" in expect:
        layers, head = "[{Conv1D: {filters: 4, kernel_size: 3}}]", "[{LSTM: {units: 4, use_bias: false}}]"
        expect = expect.replace("256", str(3 * 8 * 4 + 4 + (4 + 4) * 16))
    found = spec("[frames, 8]", "sequence", layers, head, more=f"expect: {{{expect}}}\n")
    told = [each for each in codes(found) if each not in ("depends-on-size", "no-mask-for-length")]
    assert told == expected, messages(found)


BUDGET = [
    ("params: 45", []),
    ("params: 44", ["over-budget"]),
    ("params: 1k, trainable_params: 1M, macs: 0.1G", []),
    ("macs: 39", ["over-budget"]),
    ("macs: 40", []),
    ("activation_memory: 20B", []),
    ("activation_memory: 19", ["over-budget"]),
    ("activation_memory: 1KiB, batch_size: 51", []),
    ("activation_memory: 1kB, batch_size: 51", ["over-budget"]),
    ("batch_size: 51", ["no-effect"]),
    ("params: 5MB", ["wrong-type"]),
    ("params: 5 mega", ["wrong-type"]),
    ("parms: 5", ["unknown-key"]),
    ("params: 45, sizes: {frames: 3}", ["unknown-key"]),
]


@pytest.mark.parametrize(("budget", "expected"), BUDGET)
def test_budget(budget: str, expected: list[str]) -> None:
    found = spec(head="[{Dense: {units: 5}}]", more=f"budget: {{{budget}}}\n")
    assert codes(found) == expected, messages(found)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1KiB", "3.91 KiB; the budget is 1 KiB"),
        ("0.001MiB", "0.00382 MiB; the budget is 0.001 MiB"),
        ("1kB", "4.01 kB; the budget is 1 kB"),
        ("3k", "4.01 kB; the budget is 3 kB"),
        ("100", "4.01 kB; the budget is 100 bytes"),
        ("4.007kB", "4,008 bytes; the budget is 4,007 bytes"),
        ("12B", "4,008 bytes; the budget is 12 bytes"),
    ],
)
def test_a_budget_is_answered_in_the_unit_written(written: str, told: str) -> None:
    head = "[{Dense: {units: 1000}}, {Dense: {units: 2}}]"
    (found,) = spec(head=head, more=f"budget: {{activation_memory: {written}}}\n").diagnostics
    assert found.message == f"`activation_memory` is {told}"


def test_a_budget_names_the_lines_that_cost_most() -> None:
    head = "[{Dense: {units: 1000}}, {Dense: {units: 1}}]"
    (found,) = spec(head=head, more="budget: {params: 5k}\n").diagnostics
    assert found.message == "`params` is 10,001; the budget is 5,000"
    assert [label.message for label in found.labels] == ["9,000, 89 %", "1,001, 10 %"]


class TestCosts:
    def test_time_multiplies(self) -> None:
        layers = "[{TimeDistributed: [{Conv2D: {filters: 2, kernel_size: 3}}, GlobalAveragePooling2D]}]"
        typed = spec("[frames, 8, 8, 3]", "video", layers).typed
        assert typed is not None
        costs = count_costs(typed)
        once = 6 * 6 * 2 * 27
        assert str(costs.macs) == f"{once} * frames" and put_sizes(costs.macs, {"frames": 4}) == 4 * once
        assert count_costs(typed, 5, {"frames": 4}).activation_bytes == 5 * 4 * 4 * (6 * 6 * 2 + 2)

    def test_weights_of_a_mixed_policy(self) -> None:
        compilation = spec(head="[{Dense: {units: 5}}]", compile="loss: mse, optimizer: adam, dtype_policy: mixed_float16")
        assert compilation.typed is not None and compilation.spec is not None
        costs = count_costs(compilation.typed)
        assert (costs.weight_bytes, costs.activation_bytes) == (4 * 45, 2 * 5)
        assert estimate_training_bytes(compilation.typed, compilation.spec, costs) == 10 + 4 * 45 * 4

    def test_a_backbone_counts_all_its_layers(self) -> None:
        layers = "[{MobileNetV2: {weights: null, include_top: false, pooling: avg}}]"
        typed = spec("[96, 96, 3]", "image", layers).typed
        assert typed is not None
        (row,) = count_costs(typed).rows
        assert isinstance(row.activation_bytes, int) and row.activation_bytes > 10_000_000

    def test_shared_layers_compute_twice_and_weigh_once(self) -> None:
        text = f"{TOP}branches:\n  a: {{input: {{kind: vector, shape: [4]}}, layers: [{{Dense: {{units: 4}}}}]}}\n"
        text += "  b: {input: {kind: vector, shape: [4]}, share_layers_with: a}\nfusion: {strategy: add}\nhead: []\n"
        typed = load(text).typed
        assert typed is not None
        costs = count_costs(typed)
        assert (costs.params, costs.macs) == (20, 32)


class TestShapesWithCosts:
    SPEC = f"{TOP}branches: {{x: {{input: {{kind: sequence, shape: [frames, 3]}}}}}}\n"
    SPEC += "head: [{LSTM: {units: 4}}, {Dense: {units: 2}}]\n"

    def shown(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
        path = tmp_path / "small.yaml"
        path.write_text(self.SPEC, encoding="utf-8")
        status = run(["shapes", *options, str(path)])
        return status, capsys.readouterr().out

    def test_sorted(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, text = self.shown(tmp_path, capsys, "--sort", "macs", "--size", "frames=10", "--batch-size", "4")
        assert status == 0
        lines = text.splitlines()
        assert lines[3].split()[:2] == ["LSTM", "head_lstm"] and "1,120" in lines[3]
        assert "outputs of all layers for 4 samples: 96 bytes" in lines

    def test_an_open_size_stays(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        status, text = self.shown(tmp_path, capsys, "--batch-size", "1")
        assert status == 0 and "multiply-adds for a sample: 112 * frames + 8" in text

    @pytest.mark.parametrize("options", [("--size", "frame=3"), ("--size", "frames"), ("--format", "json", "--sort", "macs")])
    def test_usage(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
        assert self.shown(tmp_path, capsys, *options)[0] == 2
