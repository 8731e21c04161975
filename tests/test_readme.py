"""What the README shows is so."""

from __future__ import annotations

import re
from pathlib import Path

import cnnlstm_spec
from cnnlstm_spec.compiler import compile_source
from cnnlstm_spec.render.text import render
from cnnlstm_spec.source import Source

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SPECS = re.findall(r"```yaml\n(.*?)```", README, re.S)


def test_the_spec_is_the_one_in_specs() -> None:
    body = (ROOT / "specs" / "equipment-fault.yaml").read_text("utf-8")
    typed, shown = cnnlstm_spec.load(body).typed, cnnlstm_spec.load(SPECS[0]).typed
    assert typed is not None and shown is not None
    assert [repr(node.node.op) for node in typed.nodes.values()] == [repr(node.node.op) for node in shown.nodes.values()]


def test_the_tour_validates() -> None:
    compilation = cnnlstm_spec.load("version: 1\nname: tour\n" + SPECS[1])
    assert [d.code.name for d in compilation.diagnostics] == ["multipliers-and-callbacks"]


MISTAKEN = """version: 1
name: fault
branches:
  thermal:
    input: {kind: image, shape: [64, 64, 1]}
    layers:
      - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
      - MaxPooling2D: {pool_size: 2}
      - Flatten
      - LSTM: {units: 64}
  vibration:
    input: {kind: sequence, shape: [100, 50]}
    layers:
      - LSTM: {units: 64}
      - Dropout: {rate: 0.2}
fusion: {strategy: concat}
head:
  - Dense: {units: 1, activation: sigmoid}
compile: {loss: binary_crossentrpy}
"""


def test_the_messages_are_those() -> None:
    shown = re.search(r"```\n(error.*?)\n\n2 errors in 1 file\n```", README, re.S)
    assert shown is not None
    rendered = render(compile_source(Source("fault.yaml", MISTAKEN)).diagnostics)
    assert rendered.strip() == shown[1].strip()
