"""Small specs with the sections `data`, `fit` and `search`."""

from __future__ import annotations

from cnnlstm_spec import Compilation, load

PLAIN = """version: 1
name: small
branches:
  x: {{input: {{kind: {kind}, shape: {shape}{input}}}, layers: {layers}}}
head: [{{Dense: {{units: {units}, activation: {activation}}}}}]
compile: {{loss: {loss}, metrics: {metrics}}}
"""
TWO_HEADS = """version: 1
name: two
branches:
  x: {input: {kind: vector, shape: [8]}}
heads:
  state: {inputs: x, layers: [{Dense: {units: 3, activation: softmax}}]}
  wear: {inputs: x, layers: [{Dense: {units: 1}}]}
compile: {loss: {state: sparse_categorical_crossentropy, wear: mse}, metrics: {state: [accuracy]}}
"""
DATA = "data: {train: plant.csv, validation: {fraction: 0.2}}\n"


def run_spec(
    more: str,
    kind: str = "vector",
    shape: str = "[8]",
    layers: str = "[]",
    units: int = 3,
    activation: str = "softmax",
    loss: str = "sparse_categorical_crossentropy",
    metrics: str = "[accuracy]",
    input: str = "",
) -> Compilation:
    """A spec of one branch `x` and one head, with more sections."""
    base = PLAIN.format(
        kind=kind, shape=shape, layers=layers, units=units, activation=activation, loss=loss, metrics=metrics, input=input
    )
    return load(base + more)


def found(compilation: Compilation) -> list[tuple[str, str]]:
    """The code and the text that its place covers, of each finding."""
    return [(each.code.name, covered(each.place.span)) for each in compilation.diagnostics]


def covered(span: object) -> str:
    """The text under a span."""
    return str(span.source.text[span.start : span.end])  # type: ignore[attr-defined]
