"""Mixed policies in files of runtimes that have too little of half precision: their layers compute in float32."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPEC = """version: 1
name: half
branches:
  s:
    input: {{kind: sequence, shape: [5, 3], padding_value: 0.0}}
    layers: [{{Conv1D: {{filters: 4, kernel_size: 3, padding: same}}}}, {{Bidirectional: {{layer: {{{layer}: {{units: 3}}}}}}}}]
head: [{{Dense: {{units: 2}}}}]
compile: {{loss: mse, dtype_policy: mixed_{half}}}
"""


@pytest.mark.parametrize(
    ("format", "half", "layer"),
    [
        ("litert", "float16", "LSTM"),
        ("onnx", "bfloat16", "GRU"),
        pytest.param("litert", "bfloat16", "GRU", marks=pytest.mark.whole),
        pytest.param("openvino", "bfloat16", "LSTM", marks=pytest.mark.whole),
    ],
)
def test_recurrent_layers_of_half_precision(format: str, half: str, layer: str, tmp_path: Path) -> None:
    """Neither converters nor runtimes have their loops; an output is of the type that it is in Keras, if NumPy has that."""
    from importlib import import_module

    import keras
    import numpy

    from cnnlstm_spec.runs.export.formats import Kind
    from cnnlstm_spec.runs.export.serving import write_saved_model
    from cnnlstm_spec.runs.export.sizes import find_inputs
    from cnnlstm_spec.runs.export.widths import HALVES

    keras.utils.clear_session()
    compilation = load(SPEC.format(half=half, layer=layer))
    assert compilation.typed is not None, compilation
    model, inputs = compilation.to_keras(), find_inputs(compilation.typed)
    x = numpy.random.default_rng(0).normal(size=(1, 5, 3)).astype("float32")
    x[:, 3:] = 0
    policies = [each.dtype_policy for each in model._flatten_layers()]
    write_saved_model(model, ("head",), inputs, 1, {}, tmp_path / "source", in_planes=format == "litert", widened=HALVES[format])
    assert [each.dtype_policy for each in model._flatten_layers()] == policies
    module = import_module(f"cnnlstm_spec.runs.export.convert.{format}")
    module.convert(tmp_path / "source", tmp_path / Kind(format).path, arrays={})
    run, _, _ = module.open_file(tmp_path / Kind(format).path)
    found, wanted = numpy.asarray(run({"s": x})["head"]), numpy.asarray(model(x)).astype("float32")
    assert numpy.abs(found.astype("float32") - wanted).max() < (2e-3 if half == "float16" else 2e-2) * max(1.0, numpy.ptp(wanted))
    assert found.dtype == (numpy.float16 if half == "float16" else numpy.float32)
