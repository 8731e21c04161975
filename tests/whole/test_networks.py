"""Every spec in `specs/`: equal to Keras, runs a training batch, and its file loads where this package is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from places import ROOT

import cnnlstm_spec

SPECS = sorted(ROOT.joinpath("specs").glob("*.yaml"))
HEAVY = 10_000_000
"""Parameters from which on a batch is one sample of two frames."""
LONG = {
    *(
        "disease-risk",
        "equipment-fault-attention",
        "equipment-fault-weighted",
        "frames-gru",
        "image-vgg16",
        "stock-price",
        "video-conv3d",
    ),
    "efficientnet-lstm",
    "video-lstm",
    "video-mobilenet",
    "video-padded",
    "video-resnet50",
    "video-resnet50-bidirectional",
    "video-self-attention",
    "video-two-streams",
}
"""What takes long to run; the others have all that is in them."""

LARGE = {"efficientnet-lstm", "video-lstm", "video-resnet50", "video-resnet50-bidirectional"}
"""What takes longest to build."""

EXPECTED = {
    "equipment-fault": 60_865,
    "equipment-fault-attention": 60_865,
    "video-lstm": 95_638_218,
    "video-resnet50": 28_837_770,
    "video-resnet50-bidirectional": 34_087_818,
    "efficientnet-lstm": 4_729_957,
}


@pytest.mark.parametrize(("name", "params"), EXPECTED.items())
def test_parameters_are_those_of_the_articles(name: str, params: int) -> None:
    typed = cnnlstm_spec.load(SPECS[0].parent / f"{name}.yaml").typed
    assert typed is not None and typed.params == params


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=pytest.mark.whole(every=3) if path.stem in LARGE else (), id=path.stem) for path in SPECS]
)
def test_is_what_keras_builds_and_what_emitted_python_builds(path: Path, fresh: Any) -> None:
    import networks

    compilation = cnnlstm_spec.load(path)
    typed = compilation.typed
    assert typed is not None
    model = compilation.to_keras()
    networks.compare(compilation, model)
    if typed.params > 5 * HEAVY:
        pytest.skip("as large twice over would fill the machine's memory")
    wanted = _text(model.get_config()), _text(model.get_compile_config())
    fresh.utils.clear_session(free_memory=False)
    module: dict[str, Any] = {"__name__": "emitted"}
    try:
        exec(compile(compilation.to_python(), "emitted.py", "exec"), module)
        other = module["build_model"]()
    finally:
        fresh.config.set_dtype_policy("float32")
    assert (_text(other.get_config()), _text(other.get_compile_config())) == wanted


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, marks=pytest.mark.whole(every=0 if path.stem in LARGE else 3) if path.stem in LONG else (), id=path.stem
        )
        for path in SPECS
    ],
)
def test_runs_a_batch_and_loads_elsewhere(path: Path, tmp_path: Path, fresh: Any, elsewhere: Elsewhere) -> None:
    import networks
    import numpy

    compilation = cnnlstm_spec.load(path)
    model = compilation.to_keras()
    heavy = model.count_params() > HEAVY
    sizes, batch = ({"frames": 2}, 1) if heavy else ({}, 3)
    inputs = networks.random_inputs(compilation, sizes, batch)
    model.save(tmp_path / "model.keras")
    numpy.savez(tmp_path / "inputs.npz", **inputs)
    elsewhere.predict(tmp_path / "model.keras", tmp_path / "inputs.npz", tmp_path / "outputs.npz")
    fed = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    predicted = model.predict(fed, verbose=0)
    outputs = predicted if isinstance(predicted, dict) else {"": predicted}
    loaded = dict(numpy.load(tmp_path / "outputs.npz"))
    assert loaded.keys() == outputs.keys()
    for name, wanted in outputs.items():
        numpy.testing.assert_allclose(loaded[name], wanted, rtol=1e-5, atol=1e-6)
    networks.run_first_batch(compilation, model, sizes, batch)


def _text(config: Any) -> str:
    return json.dumps(config, sort_keys=True, default=str)


@pytest.mark.whole
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_layers_inputs_and_outputs_may_be_named_as_operations_of_keras(tmp_path: Path, fresh: Any) -> None:
    import networks

    layers = "[{TimeDistributed: [{Conv2D: {filters: 2, kernel_size: 3}}, Flatten]}, {LSTM: {units: 2}}]"
    heads = {
        name: f"{{inputs: fusion, layers: [{{Dense: {{units: 1, name: add_{name}}}}}]}}"
        for name in ("reshape", "take_1", "cumsum_2")
    }
    text = (
        "version: 1\nname: operations\nbranches:\n"
        f"  take: {{input: {{kind: video, shape: [null, 8, 8, 3], padding_value: 0}}, layers: {layers}}}\n"
        "  add: {input: {kind: sequence, shape: [null, 4], mask_input: not_equal}, layers: [{LSTM: {units: 2, name: sum}}, {Dense: {units: 2, name: multiply_1}}]}\n"
        "fusion: {strategy: learned_weights}\nheads:\n"
        + "".join(f"  {name}: {head}\n" for name, head in heads.items())
        + f"compile: {{loss: {{{', '.join(f'{name}: mse' for name in heads)}}}}}\n"
    )
    compilation = cnnlstm_spec.load(text)
    for _ in range(2):
        model = compilation.to_keras()
        networks.compare(compilation, model)
        assert model.get_layer("sum").units == model.get_layer("multiply_1").units == 2
    wanted = networks.run_first_batch(compilation, model)
    assert wanted.keys() == heads.keys()
    model.save(tmp_path / "model.keras")
    loaded = fresh.models.load_model(tmp_path / "model.keras")
    found = loaded.predict(networks.random_inputs(compilation), verbose=0)
    assert all((found[name] == wanted[name]).all() for name in heads)
