"""From which Keras on an artifact loads, told of its program."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.compiler.artifact.since import find_least, find_since

SPEC = """version: 1
name: x
branches:
  x: {{input: {{kind: sequence, shape: [6, 4]}}, layers: [{layers}]}}
head: [{{Dense: {{units: 1}}}}]
compile: {{loss: mse{more}}}
"""


@pytest.mark.parametrize(
    ("layers", "more", "since", "least"),
    [
        ("{LSTM: {units: 2}}", "", {}, None),
        ("RMSNormalization, {LSTM: {units: 2}}", "", {"layers.RMSNormalization": "3.9"}, "3.9"),
        ("{BatchNormalization: {renorm: true}}, {LSTM: {units: 2}}", "", {"layers.BatchNormalization.renorm": "3.14"}, "3.14"),
        (
            "RMSNormalization, {AdaptiveAveragePooling1D: {output_size: 2}}, Flatten",
            "",
            {"layers.AdaptiveAveragePooling1D": "3.13", "layers.RMSNormalization": "3.9"},
            "3.13",
        ),
        (
            "{LSTM: {units: 2}}",
            ", learning_rate_multipliers: {branches.x: 0.1}",
            {"optimizers.MultiOptimizer": "3.15", "optimizers.OptimizerMap": "3.15"},
            "3.15",
        ),
    ],
)
def test_what_is_newer_than_the_oldest_is_told(layers: str, more: str, since: dict[str, str], least: str | None) -> None:
    compilation = load(SPEC.format(layers=layers, more=more))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    found = find_since(compilation.program)
    assert (found, find_least(found)) == (since, least)


SHARED = """version: 1
name: x
branches:
  x: {{input: {{kind: vector, shape: [12]}}, layers: [Reshape: {{target_shape: {shape}, share: shape}}, Flatten]}}
  y: {{input: {{kind: vector, shape: [{size}]}}, layers: [Reshape: {{target_shape: {shape}, share: shape}}, Flatten]}}
fusion: {{strategy: concat}}
head: [{{Dense: {{units: 1}}}}]
"""


@pytest.mark.parametrize(("shape", "size", "least"), [("[-1, 4]", 8, "3.12"), ("[3, 4]", 12, None)])
def test_one_reshape_of_several_sizes(shape: str, size: int, least: str | None) -> None:
    """Keras before 3.12 has the open size of the first for all, and an artifact of `retinanet-resnet50` does not load in 3.8."""
    compilation = load(SHARED.format(shape=shape, size=size))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    assert find_least(find_since(compilation.program)) == least
