"""Sums with padded images that end the process: each in a process of its own, beside its way out and what is not told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.compiler.deploy import deploy

PREDICT = """
import sys
import numpy
from cnnlstm_spec import load
model = load(sys.stdin.read()).to_keras()
model.predict([numpy.ones((2, *x.shape[1:]), "float32") for x in model.inputs], verbose=0)
"""


def spec(conv: str, joined: str = "Residual: {layers: [{CONV}]}", first: str = "ZeroPadding2D", more: str = "") -> str:
    layers = f"[{first if ':' not in first else '{' + first + '}'}, {{{joined.replace('CONV', conv)}}}, GlobalAveragePooling2D]"
    branch = f"  x: {{input: {{kind: image, shape: [8, 8, 4]}}, layers: {layers}}}\n"
    return f"version: 1\nname: t\nbranches:\n{branch}head: [{{Dense: {{units: 1}}}}]\n{more}"


ONE = "Conv2D: {filters: 4, kernel_size: 1}"
BESIDE = "Parallel: {paths: {a: [{CONV}], b: [{Conv2D: {filters: 4, kernel_size: 5}}, ZeroPadding2D]}, merge: {layer: Average}}"
DROPPED = "Residual: {layers: [{CONV}, {Dropout: {rate: 0.1}}]}"
FRAMES = """version: 1
name: t
branches:
  x:
    input: {kind: video, shape: [3, 8, 8, 4]}
    layers:
      - TimeDistributed:
          layers: [ZeroPadding2D, {Residual: {layers: [{Conv2D: {filters: 4, kernel_size: 1}}]}}, GlobalAveragePooling2D]
      - GlobalAveragePooling1D
head: [{Dense: {units: 1}}]
"""
COMPILED = "compile: {optimizer: adam, loss: mse, jit_compile: true}\n"
DIES = {
    "one pixel": spec(ONE),
    "dropped": spec(ONE, DROPPED),
    "padded by a function": spec(ONE, first="Op: {function: pad, pad_width: [[0, 0], [1, 1], [1, 1], [0, 0]]}"),
    "in each frame": FRAMES,
    "separable": spec("SeparableConv2D: {filters: 4, kernel_size: 3}", BESIDE, "ReLU"),
    "windows": spec("Conv2D: {filters: 4, kernel_size: 3}", BESIDE, "ReLU"),
}
RUNS = {
    "same": spec("Conv2D: {filters: 4, kernel_size: 1, padding: same}"),
    "without a bias": spec("Conv2D: {filters: 4, kernel_size: 1, use_bias: false}"),
    "separable that reads it": spec("SeparableConv2D: {filters: 4, kernel_size: 3, padding: same}"),
    "activated": spec("Conv2D: {filters: 4, kernel_size: 1, activation: relu}"),
    "windows without a bias": spec("Conv2D: {filters: 4, kernel_size: 3, use_bias: false}", BESIDE, "ReLU"),
    "nothing padded": spec(ONE, first="ZeroPadding2D: {padding: 0}"),
    "padded by a function with ones": spec(
        ONE, first="Op: {function: pad, pad_width: [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values: 1.0}"
    ),
    "reflected": spec(ONE, first="Op: {function: pad, pad_width: [[0, 0], [1, 1], [1, 1], [0, 0]], mode: reflect}"),
    "compiled": spec(ONE, more=COMPILED),
}


def is_told(text: str) -> bool:
    return "padding-ends-process" in {each.code.name for each in load(text).diagnostics}


def predict(text: str) -> int:
    """The status of a process that predicts."""
    return subprocess.run([sys.executable, "-c", PREDICT], input=text, text=True, capture_output=True, check=False).returncode


@pytest.mark.parametrize("name", DIES)
def test_it_is_told(name: str) -> None:
    assert is_told(DIES[name])


@pytest.mark.parametrize("name", RUNS)
def test_what_runs_is_not_told(name: str) -> None:
    assert not is_told(RUNS[name])


@pytest.mark.keras
@pytest.mark.whole(every=2)
@pytest.mark.parametrize("name", DIES)
def test_it_ends_the_process(name: str) -> None:
    """Where TensorFlow has oneDNN; the fault is one of memory, which a run may survive."""
    assert any(predict(DIES[name]) < 0 for _ in range(3))


@pytest.mark.keras
@pytest.mark.whole(every=3)
@pytest.mark.parametrize("name", RUNS)
def test_the_way_out_runs(name: str) -> None:
    assert predict(RUNS[name]) == 0


NORMED = spec("Conv2D: {filters: 4, kernel_size: 1, use_bias: false}", "Residual: {layers: [{CONV}, BatchNormalization]}")
DEPLOYED = """
import sys
import numpy
from cnnlstm_spec import load
from cnnlstm_spec.compiler.deploy import deploy
for model in deploy(load(sys.stdin.read())).make_models():
    model.predict(numpy.ones((2, 8, 8, 4), "float32"), verbose=0)
"""


def test_a_norm_that_would_give_the_convolution_a_bias_stays_for_inference() -> None:
    for text, stays in ((NORMED, True), (NORMED.replace("ZeroPadding2D", "ReLU"), False)):
        deployment = deploy(load(text))
        assert deployment.inference.graph is not None
        assert any("norm" in id for id in deployment.inference.graph.nodes) is stays
        assert any("oneDNN" in each.text for each in deployment.left) is stays


@pytest.mark.keras
@pytest.mark.whole(every=1)
def test_what_is_deployed_runs() -> None:
    done = subprocess.run([sys.executable, "-c", DEPLOYED], input=NORMED, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
