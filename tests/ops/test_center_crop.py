"""What `CenterCrop` of small images gives under a policy: Keras resizes them in float32, and announces the policy's dtype."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec import load

SPEC = """
version: 1
name: fuzzed
branches:
  x:
    input: {kind: image, shape: [%d, 8, 3]}
    layers: [{CenterCrop: {height: 4, width: 6}}, %s]
head: []
compile: {loss: mse, dtype_policy: %s}
"""
POLICIES = ["float16", "bfloat16", "float64", "mixed_float16"]
AFTER = ["Identity", "Flatten", "{Op: {function: square}}", "{Dense: {units: 2}}"]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_cropped_has_the_dtype_of_the_policy(policy: str) -> None:
    dtypes: list[Any] = []
    for height in (9, 3):
        typed = load(SPEC % (height, "Flatten", policy)).typed
        assert typed is not None
        crop = next(each.type for each in typed.nodes.values() if each.node.layer.endswith("center_crop"))
        dtypes.append(crop and crop.dtype)
    assert dtypes == [policy.removeprefix("mixed_"), "float32"]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("after", AFTER)
def test_so_it_does_in_keras(policy: str, after: str) -> None:
    import yaml

    from fuzz.judge import judge

    for height in (9, 3):
        outcome = judge(yaml.safe_load(SPEC % (height, after, policy)))
        assert outcome.verdict == "accepted", outcome
