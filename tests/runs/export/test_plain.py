"""Sums and products that Keras writes on TensorFlow in a way that converters do not take, or that is wrong for a batch of 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SERIES = "{kind: sequence, shape: [5, 1]}"
SUMS = {
    "one feature": f"branches: {{x: {{input: {SERIES}, layers: [{{Residual: {{layers: [{{Dense: {{units: 1}}}}]}}}}]}}}}",
    "a step a series": f"""branches:
  x: {{input: {{kind: sequence, shape: [5, 5]}}}}
  y: {{input: {SERIES}}}
fusion: {{layer: Add, inputs: [x, y]}}""",
}
PRODUCTS = ("abc,c->abc", "abc,b->abc", "abc,cb->abc", "abc,b->acb", "abc,d->adbc")


@pytest.mark.parametrize("format", ["saved_model", "litert", pytest.param("onnx", marks=pytest.mark.whole)])
@pytest.mark.parametrize("which", SUMS)
def test_sums_of_one_channel_in_a_batch_of_one(which: str, format: str, tmp_path: Path) -> None:
    """Keras adds what has one size that is not 1 as a bias: along the last axis, if that has as many, whichever axis it is of."""
    difference = convert(f"version: 1\nname: one\n{SUMS[which]}\nhead: [Identity]\n", format, tmp_path)
    assert difference < 1e-6


@pytest.mark.parametrize("equation", [PRODUCTS[0], *(pytest.param(each, marks=pytest.mark.whole) for each in PRODUCTS[1:])])
def test_products_that_sum_up_nothing_in_litert(equation: str, tmp_path: Path) -> None:
    """LiteRT's converter takes them for products of matrices, and fails."""
    sizes = {"b": 4, "c": 6, "d": 3}
    shape = [sizes[axis] for axis in equation.partition("->a")[2]]
    layer = f'{{EinsumDense: {{equation: "{equation}", output_shape: {shape}}}}}'
    branch = f"{{input: {{kind: sequence, shape: [4, 6]}}, layers: [{layer}]}}"
    assert convert(f"version: 1\nname: one\nbranches: {{x: {branch}}}\nhead: [Identity]\n", "litert", tmp_path) < 1e-6


def convert(text: str, format: str, folder: Path) -> float:
    """How far a file with a batch of 1 is from what Keras gives of two samples."""
    from importlib import import_module

    import keras
    import numpy
    from keras.src.backend.tensorflow import numpy as functions

    from cnnlstm_spec.runs.export.formats import Kind
    from cnnlstm_spec.runs.export.serving import write_saved_model
    from cnnlstm_spec.runs.export.sizes import find_inputs

    keras.utils.clear_session()
    compilation = load(text)
    assert compilation.typed is not None, compilation
    model, inputs = compilation.to_keras(), find_inputs(compilation.typed)
    rng = numpy.random.default_rng(0)
    samples = {each.name: rng.normal(size=each.shape(2, {})).astype("float32") for each in inputs}
    wanted = model.predict(samples if len(samples) > 1 else samples["x"], verbose=0)
    before = functions.add, functions.einsum
    write_saved_model(model, ("head",), inputs, 1, {}, folder / "source")
    assert (functions.add, functions.einsum) == before
    module = import_module(f"cnnlstm_spec.runs.export.convert.{format}")
    target = folder / "out" / Kind(format).path
    target.parent.mkdir(parents=True)
    module.convert(folder / "source", target, arrays={})
    run: Any = module.open_file(target)[0]
    found = [run({name: each[place : place + 1] for name, each in samples.items()})["head"] for place in range(2)]
    assert numpy.concatenate(found).shape == wanted.shape
    return float(numpy.abs(numpy.concatenate(found) - wanted).max())
