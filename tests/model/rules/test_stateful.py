"""A stateful layer is trained where each batch goes on where the one before ended, and nowhere else."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SPEC = """
version: 1
name: x
batch_size: 1
branches: {x: {input: {kind: sequence, shape: [4, 2]}, layers: [{LSTM: {units: 4, stateful: true}}]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data:
  train: prices.csv
  window: {sequence_length: 4, sequence_stride: 4, order: date}
  validation: {last: 0.2}
  inputs: {x: {columns: [low, high]}}
  targets: {head: {column: low, scale: standard}}
fit: {epochs: 5, shuffle: false}
"""


@pytest.mark.parametrize(
    ("was", "now", "lacking"),
    [
        ("", "", None),
        ("\n  window: {sequence_length: 4, sequence_stride: 4, order: date}", "", "there is no `data.window`"),
        ("sequence_stride: 4", "sequence_stride: 2", "windows overlap, or leave rows out"),
        ("sequence_stride: 4", "sequence_stride: 4, sampling_rate: 2", "windows overlap, or leave rows out"),
        ("order: date}", "order: date, group: ticker}", "one `group` goes on after another"),
        ("{last: 0.2}", "{where: {part: val}}", "parts are cut out of the middle"),
        (", shuffle: false", "", "they are shuffled"),
        ("batch_size: 1", "batch_size: 2", "the samples of a batch follow each other"),
    ],
)
def test_states_go_on_in_order(was: str, now: str, lacking: str | None) -> None:
    text = SPEC.replace(was, now, 1) if was else SPEC
    if "window" not in text:
        text = text.replace("{last: 0.2}", "{last: 0.2, order: date}")
    found = [each for each in load(text).diagnostics if each.code.name == "stateful-without-order"]
    assert [each.facts["lacking"] for each in found] == ([] if lacking is None else [lacking])
    assert all(len(each.message) < 80 for each in found)
