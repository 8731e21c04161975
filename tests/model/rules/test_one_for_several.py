"""Mistakes that several rules or places see are one finding, whose way out mends all of it."""

from __future__ import annotations

import pytest

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source

TOP = "version: 1\nname: t\n"
VECTOR = TOP + "branches: {x: {input: {kind: vector, shape: [8]}}}\nhead: [{Dense: {units: 3, activation: softmax}}]\n"
STEPS = TOP + "branches: {x: {input: {kind: sequence, shape: [8, 4]}, layers: [%s]}}\nhead: [{Dense: {units: 1}}]\n"
PIXELS = (
    TOP
    + "branches: {x: {input: {kind: image, shape: [%s]}, layers: [%s, GlobalAveragePooling2D]}}\nhead: [{Dense: {units: 2}}]\n"
)
TWO = (
    TOP
    + "branches:\n"
    + "".join(
        f"  {a}: {{input: {{kind: sequence, shape: [8, 4]}}, layers: [{{GRU: {{units: 3, initial_state: {b}}}}}]}}\n"
        for a, b in (("p", "q"), ("q", "r"), ("r", "p"))
    )
    + "fusion: {strategy: concat}\nhead: [{Dense: {units: 1}}]\n"
)
CONV = "{Conv2D: {filters: 16, kernel_size: 3, data_format: channels_first}}"
SPECS = {
    "initial-state-circle": TWO,
    "metric-labels": VECTOR
    + "compile: {loss: sparse_categorical_crossentropy, metrics: [categorical_accuracy, TopKCategoricalAccuracy, Precision]}\n",
    "metric-without-meaning": VECTOR
    + "compile: {loss: sparse_categorical_crossentropy, metrics: [categorical_accuracy, {Recall: {class_id: 1}}]}\n",
    "exponential-overflows": STEPS % "{LSTM: {units: 4, activation: exponential}}",
    "data-format-differs": PIXELS % ("32, 32, 3", f"{CONV}, MaxPooling2D, {{Conv2D: {{filters: 8, kernel_size: 3}}}}"),
    "kernel-larger-than-input": PIXELS % ("3, 64, 64", "{Conv2D: {filters: 4, kernel_size: 3}}, MaxPooling2D"),
}


@pytest.mark.parametrize("code", SPECS)
def test_it_is_one_finding_and_its_fix_mends_it(code: str) -> None:
    prepared = sweep(Source("spec.yaml", SPECS[code]))
    found = [each for each in prepared.compile_plain().diagnostics if each.severity != "advice"]
    assert [each.code.name for each in found] == [code], [each.message for each in found]
    assert not [each for each in mend(prepared, True, Clock(lambda: 0.0)).found if each.severity != "advice"]


@pytest.mark.parametrize(
    "layers",
    [f"{CONV}, MaxPooling2D, {{Conv2D: {{filters: 8, kernel_size: 9}}}}", f"{CONV}, {{Conv2D: {{filters: 8, kernel_size: 20}}}}"],
)
def test_what_fails_for_another_data_format_is_told_with_that(layers: str) -> None:
    prepared = sweep(Source("spec.yaml", PIXELS % ("3, 64, 64", layers)))
    (told,) = prepared.compile_plain().diagnostics
    assert told.code.name == "kernel-larger-than-input" and "takes the channels for height" in told.labels[0].message
    mended = mend(prepared, True, Clock(lambda: 0.0))
    # Of the last pool too, which comes after the one that fails.
    assert mended.changed[0][1].count("channels_first") == layers.count("2D") + 1 and not mended.found


def test_what_fails_with_every_data_format_stays_a_finding_of_its_own() -> None:
    layers = f"{CONV}, MaxPooling2D, {{Conv2D: {{filters: 8, kernel_size: 99}}}}"
    found = sweep(Source("spec.yaml", PIXELS % ("3, 64, 64", layers))).compile_plain().diagnostics
    assert [each.code.name for each in found] == ["data-format-differs", "kernel-larger-than-input"]


def test_each_of_two_circles_is_told() -> None:
    other = TWO.replace("  p:", "  s:").replace("  q:", "  t:").replace("  r:", "  u:")
    for old, new in ("ps", "qt", "ru"):
        other = other.replace(f"initial_state: {old}", f"initial_state: {new}")
    both = TWO.replace("fusion:", other.partition("branches:\n")[2].partition("fusion:")[0] + "fusion:")
    assert [each.code.name for each in sweep(Source("spec.yaml", both)).compile_plain().diagnostics] == [
        "initial-state-circle"
    ] * 2


def test_two_images_of_which_one_is_turned() -> None:
    """What fails in another branch for a reason of its own stays a finding of its own."""
    image = "{input: {kind: image, shape: [%s]}, layers: [{Conv2D: {filters: 4, kernel_size: 3}}, MaxPooling2D, Flatten]}"
    text = f"{TOP}branches:\n  a: {image % '3, 64, 64'}\n  b: {image % '3, 9, 3'}\n"
    text += "fusion: {strategy: concat}\nhead: [{Dense: {units: 1}}]\n"
    found = sweep(Source("spec.yaml", text)).compile_plain().diagnostics
    assert [each.code.name for each in found] == ["kernel-larger-than-input"] * 2
    assert [any("64 channels" in label.message for label in each.labels) for each in found] == [True, False]


def test_what_fails_otherwise_for_another_data_format_does_not_fail_for_that() -> None:
    padded = "{ZeroPadding1D: {data_format: channels_last}}"
    first = f"{{Conv1D: {{filters: 4, kernel_size: 2, data_format: channels_first}}}}, {padded}, {{LSTM: {{units: 3}}}}"
    text = TOP + (
        "branches:\n"
        f"  left: {{input: {{kind: sequence, shape: [4, 8]}}, layers: [{first}]}}\n"
        "  right: {input: {kind: sequence, shape: [4, 8]}, share_layers_with: left, layers: [GlobalMaxPooling2D]}\n"
        "fusion: {strategy: concat}\nhead: [{Dense: {units: 1}}]\n"
    )
    errors = [each for each in sweep(Source("spec.yaml", text)).compile_plain().diagnostics if each.severity == "error"]
    assert [each.code.name for each in errors] == ["wrong-rank"]
    assert not any("data_format" in line for line in errors[0].help), errors[0].help


def test_one_channel_of_one_step_is_the_last_axis() -> None:
    layers = "GlobalAveragePooling1D, {Reshape: {target_shape: [1, -1]}}, ZeroPadding1D, {LSTM: {units: 3}}"
    text = STEPS.replace("[8, 4]", "[8, 1]") % layers
    assert "data-format-differs" not in {each.code.name for each in sweep(Source("spec.yaml", text)).compile_plain().diagnostics}
