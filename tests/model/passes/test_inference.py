"""`compile --for inference`: what is left of a graph and why, and models with the outputs of those that are trained."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from json_schemas import read_document
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.compiler.deploy import Deployment, deploy
from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.model.passes import INFERENCE, PASSES, apply
from cnnlstm_spec.ops.normalization import BatchNormalization
from cnnlstm_spec.ops.regularization import Dropout
from cnnlstm_spec.ops.structural import EnterTime, LeaveTime
from cnnlstm_spec.text.source import Source

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

IMAGE = "{kind: image, shape: [9, 8, 4]}"
SERIES = "{kind: sequence, shape: [20, 4]}"
OPEN = "{kind: sequence, shape: [frames, 4]}"
PADDED = "{kind: sequence, shape: [frames, 4], padding_value: 0.0}"
VOLUME = "{kind: volume, shape: [6, 7, 8, 2]}"
VIDEO = "{kind: video, shape: [frames, 8, 8, 3]}"
FIRST = "{kind: tensor, axes: [channels, height, width], shape: [4, 9, 8]}"
VECTOR = "{kind: vector, shape: [5]}"


def compiled(input: str, layers: str, more: str = "") -> Compilation:
    text = f"version: 1\nname: t\nbranches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: []\n{more}"
    compilation = compile_source(Source("t.yaml", text))
    assert compilation.ok and compilation.typed is not None, [each.message for each in compilation.diagnostics]
    return compilation


def for_inference(input: str, layers: str, more: str = "") -> Deployment:
    return deploy(compiled(input, layers, more))


def graph_of(compilation: Compilation) -> TypedGraph:
    assert compilation.typed is not None
    return compilation.typed


def shown(graph: TypedGraph) -> str:
    """The nodes with what they read, `>` for entering time and `<` for leaving it."""
    signs: dict[type, str] = {EnterTime: ">", LeaveTime: "<"}
    return " ".join(signs.get(type(typed.node.op), typed.node.id) for typed in graph.nodes.values())


def texts(deployment: Deployment) -> list[str]:
    return [f"{note.layer}: {note.text}" for note in deployment.changed]


def left(deployment: Deployment) -> list[str]:
    return [f"{note.layer}: {note.text}" for note in deployment.left]


CONV = "{Conv2D: {filters: 3, kernel_size: 3, name: c}}"
NORM = "{BatchNormalization: {name: n}}"
FOLDED = {
    "Conv1D": (SERIES, "[{Conv1D: {filters: 3, kernel_size: 3, padding: causal, name: c}}, %s]"),
    "Conv1D, strides, groups": (SERIES, "[{Conv1D: {filters: 6, kernel_size: 3, strides: 2, groups: 2, name: c}}, %s]"),
    "Conv2D": (IMAGE, f"[{CONV}, %s]"),
    "Conv2D, same, no bias": (IMAGE, "[{Conv2D: {filters: 3, kernel_size: 3, padding: same, use_bias: false, name: c}}, %s]"),
    "Conv2D, linear by name": (IMAGE, "[{Conv2D: {filters: 3, kernel_size: 3, activation: linear, name: c}}, %s]"),
    "Conv3D": (VOLUME, "[{Conv3D: {filters: 3, kernel_size: 2, name: c}}, %s]"),
    "Conv1DTranspose": (OPEN, "[{Conv1DTranspose: {filters: 3, kernel_size: 3, strides: 2, name: c}}, %s]"),
    "Conv2DTranspose": (IMAGE, "[{Conv2DTranspose: {filters: 3, kernel_size: 3, use_bias: false, padding: same, name: c}}, %s]"),
    "Conv3DTranspose": (VOLUME, "[{Conv3DTranspose: {filters: 3, kernel_size: 2, strides: 2, name: c}}, %s]"),
    "SeparableConv1D": (OPEN, "[{SeparableConv1D: {filters: 3, kernel_size: 3, padding: same, name: c}}, %s]"),
    "SeparableConv2D": (IMAGE, "[{SeparableConv2D: {filters: 3, kernel_size: 3, depth_multiplier: 2, name: c}}, %s]"),
    "DepthwiseConv1D": (SERIES, "[{DepthwiseConv1D: {kernel_size: 3, depth_multiplier: 3, name: c}}, %s]"),
    "DepthwiseConv2D": (IMAGE, "[{DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2, use_bias: false, name: c}}, %s]"),
    "Dense": (VECTOR, "[{Dense: {units: 3, name: c}}, %s]"),
    "Dense, masked steps": (PADDED, "[{Dense: {units: 3, use_bias: false, name: c}}, %s]"),
}
"""One layer before a batch norm, which is folded into it whatever the options of the norm."""
NORMS = {
    "plain": NORM,
    "no center": "{BatchNormalization: {center: false, epsilon: 0.1, name: n}}",
    "no scale": "{BatchNormalization: {scale: false, name: n}}",
    "renorm": "{BatchNormalization: {renorm: true, name: n}}",
    "neither": "{BatchNormalization: {center: false, scale: false, trainable: false, name: n}}",
}
TIMED = {
    "one run": f"[{{TimeDistributed: [{CONV}, {NORM}]}}]",
    "two runs": f"[{{TimeDistributed: {{layer: {CONV}}}}}, {{TimeDistributed: {{layer: {NORM}}}}}]",
    "norm outside": f"[{{TimeDistributed: [{CONV}]}}, {NORM}]",
    "norm inside alone": f"[{{Dense: {{units: 2, name: c}}}}, {{TimeDistributed: [{NORM}]}}]",
    "norms in a row": f"[{{TimeDistributed: [{CONV}, {NORM}, {{BatchNormalization: {{name: m, axis: 3}}}}, {{Dropout: {{rate: 0.5}}}}]}}]",
    "nothing between": f"[{{TimeDistributed: [{CONV}, {{Activation: {{activation: linear}}}}, {{Dropout: {{rate: 0}}}}, {NORM}]}}]",
    "dropout between": f"[{{TimeDistributed: [{CONV}, {{SpatialDropout2D: {{rate: 0.3}}}}, {NORM}, ReLU]}}]",
}
CHANNELS_FIRST = {
    "Conv2D": "[{Conv2D: {filters: 3, kernel_size: 3, data_format: channels_first, name: c}}, {BatchNormalization: {axis: 1, name: n}}]",
    "DepthwiseConv2D": "[{DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2, data_format: channels_first, name: c}}, "
    "{BatchNormalization: {axis: 1, name: n}}]",
}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("layer", FOLDED)
def test_folds(layer: str, norm: str) -> None:
    input, layers = FOLDED[layer]
    deployment = for_inference(input, layers % NORMS[norm])
    before, after = graph_of(deployment.training), graph_of(deployment.inference)
    assert shown(before) == "x c n head" and shown(after) == "x c head"
    assert "n: folded into `c`" in texts(deployment) and left(deployment) == []
    assert after.nodes["c"].weights[-1].name == "bias" and after.nodes["c"].node.op.get_value("use_bias")  # type: ignore[union-attr]
    had = before.nodes["c"].weights[-1].name == "bias"
    bias = after.nodes["c"].weights[-1].shape[0]
    assert after.params == before.params - before.nodes["n"].params + (0 if had else bias)


@pytest.mark.parametrize("name", TIMED)
def test_folds_within_time(name: str) -> None:
    deployment = for_inference(VIDEO, TIMED[name])
    assert "n: folded into `c`" in texts(deployment)
    assert not any(
        "normalization" in type(each.node.op).__name__.lower() for each in graph_of(deployment.inference).nodes.values()
    )
    again = apply(graph_of(deployment.inference), PASSES["default"])
    assert shown(again) in ("x > c head", "x > c < head", "x c head", "x > c x_re_lu < head")


@pytest.mark.parametrize("name", CHANNELS_FIRST)
def test_folds_channels_first(name: str) -> None:
    assert texts(for_inference(FIRST, CHANNELS_FIRST[name])) == ["n: folded into `c`"]


STAYS = {
    f"[{{Conv2D: {{filters: 3, kernel_size: 3, activation: relu, name: c}}}}, {NORM}]": "n: `c` before it has the activation `relu`",
    f"[{CONV}, {{ReLU: {{name: r}}}}, {NORM}]": "n: `r` before it is no convolution and no `Dense`",
    f"[{NORM}]": "n: `x` before it is no convolution and no `Dense`",
    f"[{CONV}, {{BatchNormalization: {{axis: 1, name: n}}}}]": "n: its axis is not that of the channels of `c` before it",
    f"[{CONV}, {{Residual: {{layers: [{NORM}]}}}}]": "n: something else reads `c` before it",
    "[{Conv2D: {filters: 4, kernel_size: 3, share: c}}, {BatchNormalization: {name: n}}, {Conv2D: {filters: 4, kernel_size: 3, share: c}}]": (
        "n: `x_conv2d` before it is shared"
    ),
    "[{Dense: {units: 4}}, {BatchNormalization: {share: n}}, {Dense: {units: 4}}, {BatchNormalization: {share: n}}]": (
        "x_batch_normalization: it is shared"
    ),
    f"[{{Dense: {{units: 3, lora_rank: 2, name: c}}}}, {NORM}]": "n: `c` before it has `lora_rank`",
    f"[{{Conv2D: {{filters: 3, kernel_size: 3, dtype: float64, name: c}}}}, {NORM}]": "n: it casts",
    "[{Dropout: {rate: 0.5, dtype: float64, name: d}}]": "d: it casts",
    "[{RandomCrop: {height: 4, width: 4, name: r}}]": "r: it changes images outside of training too",
    "[{AutoContrast: {name: r}}]": "r: it changes images outside of training too",
}


@pytest.mark.parametrize("layers", STAYS)
def test_stays(layers: str) -> None:
    deployment = for_inference(IMAGE, layers)
    assert STAYS[layers] in left(deployment)
    assert len(graph_of(deployment.inference).nodes) == len(graph_of(deployment.training).nodes)


def test_half_precision_stays() -> None:
    policy = "compile: {loss: mse, dtype_policy: mixed_float16}\n"
    assert left(for_inference(IMAGE, f"[{CONV}, {NORM}]", policy)) == [
        "n: it computes in float16, in which outputs would differ by more than 1e-4"
    ]


def test_backbones_stay() -> None:
    deployment = for_inference(
        "{kind: image, shape: [64, 64, 3]}", "[{MobileNetV2: {weights: null, include_top: false, name: b}}]"
    )
    assert left(deployment) == ["b: a backbone is left as it is"] and texts(deployment) == []


STRIPPED = {
    "[{Dropout: {rate: 0.5, name: d}}, {GaussianNoise: {stddev: 0.1}}, {Dense: {units: 2, name: e}}]": (
        "x d x_gaussian_noise e head",
        "x e head",
    ),
    "[{SpatialDropout2D: {rate: 0.1, share: s}}, {RandomFlip: {seed: 1}}, {SpatialDropout2D: {rate: 0.1, share: s}}]": (
        "x x_spatial_dropout2d x_random_flip x_spatial_dropout2d_1 head",
        "x head",
    ),
    "[{AlphaDropout: {rate: 0.1}}, {GaussianDropout: {rate: 0.1}}, {ActivityRegularization: {l1: 0.1}}, {Identity: {name: i}}]": (
        "x x_alpha_dropout x_gaussian_dropout x_activity_regularization i head",
        "x i head",
    ),
}


@pytest.mark.parametrize("layers", STRIPPED)
def test_strips_layers(layers: str) -> None:
    deployment = for_inference(IMAGE, layers)
    assert (shown(graph_of(deployment.training)), shown(graph_of(deployment.inference))) == STRIPPED[layers]
    gone = set(graph_of(deployment.training).nodes) - set(graph_of(deployment.inference).nodes)
    assert len(texts(deployment)) == len({graph_of(deployment.training).nodes[id].node.layer for id in gone})
    assert apply(graph_of(deployment.inference), INFERENCE) is graph_of(deployment.inference)


def test_strips_arguments() -> None:
    layers = (
        "[{Dense: {units: 4, kernel_regularizer: l2, kernel_constraint: non_neg, use_bias: false, name: d}}, "
        "{Bidirectional: {layer: {LSTM: {units: 2, dropout: 0.2, recurrent_dropout: 0.1, return_sequences: true}}, name: b}}, "
        "{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.1, name: m}}]"
    )
    compilation = compiled(SERIES, layers, "compile: {loss: mse}\n")
    before = compilation.to_python()
    deployment = deploy(compilation)
    assert texts(deployment) == [
        "d: without `kernel_regularizer`, `kernel_constraint`",
        "b: without `layer.dropout`, `layer.recurrent_dropout`",
        "m: without `dropout`",
        "t: without optimizer, loss and metrics",
    ]
    source = deployment.inference.to_python()
    assert not any(word in source for word in ("dropout", "regularizer", "constraint", "compile("))
    assert "use_bias=False" in source and "return_sequences=True" in source
    assert compilation.to_python() == before, "the ops of the training model are as they were"


DECISIVE = {
    (SERIES, "{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.1, name: m}}"): None,
    (SERIES, "{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.1, attention_axes: -1, name: m}}"): "`dropout` chooses",
    (PADDED, "{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.1, name: m}}"): "`dropout` chooses",
    (SERIES, "{GRU: {units: 2, recurrent_dropout: 0.1, name: m}}"): None,
    (PADDED, "{GRU: {units: 2, recurrent_dropout: 0.1, dropout: 0.2, name: m}}"): "`recurrent_dropout` keeps it from cuDNN",
    (
        PADDED,
        "{Bidirectional: {layer: {LSTM: {units: 2, recurrent_dropout: 0.1}}, name: m}}",
    ): "`recurrent_dropout` keeps it from cuDNN",
    (PADDED, "{SimpleRNN: {units: 2, recurrent_dropout: 0.1, name: m}}"): None,
}
"""Dropouts that decide what Keras runs outside of training too, and why they stay; None where they do not."""


@pytest.mark.parametrize("case", DECISIVE, ids=lambda case: case[1])
def test_dropouts_that_decide_more(case: tuple[str, str]) -> None:
    deployment = for_inference(case[0], f"[{case[1]}]")
    reason = DECISIVE[case]
    assert len(left(deployment)) == (0 if reason is None else 1)
    assert all(each.startswith(f"m: {reason}") for each in left(deployment))
    source = deployment.inference.to_python()
    assert ("dropout=0.1" in source) == (reason is not None) and source.count("dropout") <= 1


def test_a_shared_layer_keeps_what_one_of_its_uses_needs() -> None:
    """Of two uses the second alone has a mask; the layer is made at the first."""
    text = """
version: 1
name: t
branches:
  a: {input: {kind: sequence, shape: [8, 4]}, layers: [{LSTM: {units: 2, recurrent_dropout: 0.1, share: s}}]}
  b: {input: {kind: sequence, shape: [8, 4], padding_value: 0}, layers: [{LSTM: {units: 2, recurrent_dropout: 0.1, share: s}}]}
fusion: {strategy: concat}
head: []
"""
    assert "recurrent_dropout=0.1" in deploy(compile_source(Source("t.yaml", text))).inference.to_python()


def test_strips_what_marks_padded_steps() -> None:
    layers = "[{LSTM: {units: 2, return_sequences: true}}]"
    deployment = for_inference(PADDED, layers, "compile: {loss: mse}\n")
    assert "layers.Masking" in deployment.training.to_python()
    source = deployment.inference.to_python()
    assert "layers.Masking" not in source and "ops.where(ops.expand_dims(" in source and "mask=x_mask)" in source
    assert "head: padded steps are zeros, with no mask for loss and metrics" in texts(deployment)


class Lasting(Dropout):
    """Someone's dropout that drops outside of training too."""


class Moving(BatchNormalization):
    """Someone's batch norm, whose statistics are others."""


def test_layers_of_ones_own_stay() -> None:
    """What they inherit may not hold of them; the registry of a spec is not needed for it."""
    graph = graph_of(compiled(IMAGE, f"[{CONV}, {NORM}, {{Dropout: {{rate: 0.5, name: d}}}}]"))
    own = {"n": Moving(), "d": Lasting(rate=0.5)}
    nodes = {id: replace(each, node=replace(each.node, op=own.get(id, each.node.op))) for id, each in graph.nodes.items()}
    assert shown(apply(replace(graph, nodes=nodes), INFERENCE)) == "x c n d head"


def test_nothing_to_do() -> None:
    deployment = for_inference(VECTOR, "[{Dense: {units: 2}}]")
    assert graph_of(deployment.inference) is graph_of(deployment.training)
    lines = str(deployment).splitlines()
    assert lines[1:] == ["  nothing changes", "12 parameters, 0 fewer than in training"]
    trained = deploy(deployment.training, Path("runs/best.keras"))
    assert str(trained).splitlines() == ["for inference, with the weights of best.keras", *lines[1:]]


def test_the_report() -> None:
    layers = f"[{CONV}, {NORM}, ReLU, {{BatchNormalization: {{name: m}}}}]"
    assert str(for_inference(IMAGE, layers, "compile: {loss: mse}\n")).splitlines() == [
        "for inference, with the weights that training starts from; `--weights` takes those of a trained model",
        "  n: folded into `c`",
        "  t: without optimizer, loss and metrics",
        "left as they are",
        "  m: `x_re_lu` before it is no convolution and no `Dense`",
        "123 parameters, 12 fewer than in training",
    ]


def test_addresses_of_layers_that_are_gone() -> None:
    """A fusion reads a branch that ends in a batch norm, and a named layer before it."""
    text = """
version: 1
name: t
branches:
  a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 3, name: d}}, {Dropout: {rate: 0.2}}, {BatchNormalization: {name: n}}]}
  b: {input: {kind: vector, shape: [3]}, layers: [{Dropout: {rate: 0.5, name: q}}]}
fusion: {strategy: concat, inputs: [b.q, a]}
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse, learning_rate_multipliers: {branches.a: 0.1}}
"""
    after = graph_of(deploy(compile_source(Source("t.yaml", text))).inference)
    assert shown(after) == "a d b fusion head_dense head" and after.nodes["fusion"].node.inputs == ("b", "d")


def test_draws_every_spec() -> None:
    for path in sorted(ROOT.glob("specs/**/*.yaml")):
        deployment = deploy(load(path))
        assert deployment.inference.to_svg().startswith("<svg") and deployment.inference.to_python()


@pytest.fixture
def fresh() -> Any:
    keras = pytest.importorskip("keras")
    keras.utils.clear_session(free_memory=False)
    yield keras
    keras.utils.clear_session(free_memory=False)


def randomized(model: Any, seed: int = 1) -> None:
    """Weights as training may leave them: no norm is the identity, and no variance is 0."""
    import numpy

    rng = numpy.random.default_rng(seed)
    for weight in model.weights:
        name = weight.path.rsplit("/", 1)[-1]
        if name in ("gamma", "moving_variance", "moving_stddev"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif name in ("beta", "bias", "moving_mean"):
            weight.assign(rng.normal(scale=0.3, size=weight.shape))


def check_equal(compilation: Compilation, passes: str = "default") -> tuple[Any, Any]:
    """The models for training and for inference, after their outputs were found equal to 1e-4, and to depend on the input."""
    import networks
    import numpy

    from cnnlstm_spec.emit.keras.weights import fold_weights

    deployment = deploy(compilation)
    training, inference = deployment.make_models(passes)
    randomized(training)
    fold_weights(training, inference, graph_of(deployment.inference).folds)
    for sizes, batch in (({"frames": 7}, 2), ({"frames": 12}, 3)):
        inputs = networks.random_inputs(compilation, sizes, batch)
        first = next(iter(inputs))
        if inputs[first].ndim > 2:
            inputs[first][0, -2:] = 0
        fed = inputs if len(inputs) > 1 else inputs[first]
        wanted, found = (arrays(model.predict(fed, verbose=0)) for model in (training, inference))
        for a, b in zip(wanted, found, strict=True):
            assert a.shape == b.shape and numpy.ptp(a) > 1e-3
            numpy.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    assert inference.count_params() == graph_of(deployment.inference).params
    assert [each.name for each in inference.inputs] == [each.name for each in training.inputs]
    assert keras_outputs(inference) == keras_outputs(training)
    assert {each.name for each in inference.layers if each.weights} <= {each.name for each in training.layers}
    return training, inference


def keras_outputs(model: Any) -> list[str]:
    """The names of the layers that give the outputs."""
    return [each._keras_history.operation.name for each in model.outputs]


def arrays(outputs: Any) -> list[Any]:
    return list(outputs.values()) if isinstance(outputs, dict) else [outputs]


CASES = {
    **{
        f"{name}, {norm}": (input, layers % NORMS[norm])
        for (name, (input, layers)), norm in zip(FOLDED.items(), itertools.cycle(NORMS), strict=False)
    },
    "masked by an input": (
        "{kind: sequence, shape: [frames, 4], mask_input: real}",
        "[{Dense: {units: 3}}, BatchNormalization, GlobalAveragePooling1D]",
    ),
    **{f"time: {name}": (VIDEO, layers) for name, layers in TIMED.items()},
    "attention": (
        SERIES,
        "[{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.3}}, "
        "{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 1, attention_axes: -1}}]",
    ),
    "masked attention": (PADDED, "[{MultiHeadAttention: {num_heads: 2, key_dim: 2, dropout: 0.3}}, GlobalAveragePooling1D]"),
    "masked recurrence": (
        PADDED,
        "[{Conv1D: {filters: 3, kernel_size: 3, padding: same}}, BatchNormalization, {GRU: {units: 2, return_sequences: true, dropout: 0.5}}]",
    ),
    "masked outputs": (
        PADDED,
        "[{Dense: {units: 3}}, BatchNormalization, {LSTM: {units: 2, return_sequences: true}}, {Dropout: {rate: 0.5}}]",
    ),
    "bidirectional": (
        PADDED,
        "[{Bidirectional: {layer: {LSTM: {units: 2, recurrent_dropout: 0.5, kernel_constraint: max_norm}}}}]",
    ),
    "residual": (
        IMAGE,
        "[{Residual: {layers: [{Conv2D: {filters: 6, kernel_size: 3, padding: same}}, BatchNormalization, ReLU, "
        "{Conv2D: {filters: 6, kernel_size: 3, padding: same}}, BatchNormalization], shortcut: projection}}, BatchNormalization]",
    ),
    "augmented": (
        IMAGE,
        f"[{{RandomFlip: {{}}}}, {{RandomZoom: {{height_factor: 0.2}}}}, {CONV}, {{Dropout: {{rate: 0.5}}}}, {NORM}]",
    ),
}


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=4, long=1)
@pytest.mark.parametrize("name", CASES)
def test_equal_outputs(name: str, fresh: Any) -> None:
    check_equal(compiled(*CASES[name]))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["two runs", "norm inside alone", "dropout between"])
def test_equal_outputs_without_passes(name: str, fresh: Any) -> None:
    training, inference = check_equal(compiled(VIDEO, TIMED[name]), "none")
    assert len(inference.layers) < len(training.layers)


SEVERAL = """
version: 1
name: several
branches:
  a:
    input: {kind: sequence, shape: [frames, 4], mask_input: real}
    layers:
      - Normalization: {mean: 0.5, variance: 2.0}
      - SpectralNormalization: {layer: {Dense: {units: 4, kernel_constraint: non_neg}}}
      - Bidirectional: {layer: {LSTM: {units: 3, recurrent_dropout: 0.3}}}
  b:
    input: {kind: vector, shape: [6]}
    layers: [{Dense: {units: 6, name: d}}, BatchNormalization]
fusion: {strategy: gated, units: 5}
heads: {p: [{Dense: {units: 2}}, BatchNormalization], q: [{Dense: {units: 2}}, {Dropout: {rate: 0.5}}]}
compile: {loss: {p: mse, q: mse}}
"""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.whole
def test_several_inputs_and_heads(tmp_path: Path, fresh: Any) -> None:
    """Wrapped layers, a fusion of several Keras layers, and weights that come back from both sorts of file."""
    compilation = compile_source(Source("t.yaml", SEVERAL))
    trained, _ = check_equal(compilation)
    trained.save(tmp_path / "m.keras")
    trained.save_weights(tmp_path / "m.weights.h5")
    for name in ("m.keras", "m.weights.h5"):
        training, _ = deploy(compilation, tmp_path / name).make_models()
        assert all((a == b).all() for a, b in zip(trained.get_weights(), training.get_weights(), strict=True))


SPECS = [
    "disease-risk",
    "video-padded",
    "video-two-streams",
    "published/fcn",
    "published/mlstm-fcn",
    "published/sound-event-crnn",
]
SPECS += ["published/inception-time", "published/arrhythmia-attention", "published/resnet-time-series"]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=9, long=2)
@pytest.mark.parametrize("name", SPECS)
def test_specs(name: str, fresh: Any) -> None:
    check_equal(load(ROOT / "specs" / f"{name}.yaml"))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_channels_first(fresh: Any) -> None:
    """TensorFlow has no kernel for it on a CPU, so that the weights alone are looked at: the same as channels last."""
    import numpy

    from cnnlstm_spec.emit.keras.weights import fold_weights

    for layers in CHANNELS_FIRST.values():
        last = layers.replace("data_format: channels_first, ", "").replace("axis: 1", "axis: -1")
        found = []
        for input, each in ((FIRST, layers), (IMAGE, last)):
            deployment = for_inference(input, each)
            training, inference = deployment.make_models()
            randomized(training)
            fold_weights(training, inference, graph_of(deployment.inference).folds)
            found.append(inference.get_weights())
        for a, b in zip(*found, strict=True):
            numpy.testing.assert_array_equal(a, b)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_what_acts_in_training_alone(fresh: Any) -> None:
    """A layer is said to give its input as it is outside of training if, and only if, Keras's does."""
    import numpy
    from layers import op_classes

    from cnnlstm_spec.emit.keras.run import _evaluate
    from cnnlstm_spec.ir.expressions import make_expression
    from cnnlstm_spec.ir.program import Call
    from cnnlstm_spec.ops.augment.factors import Augmentation
    from cnnlstm_spec.ops.regularization import Noise

    rng, seen = numpy.random.default_rng(0), set()
    for cls in op_classes():
        assert issubclass(cls, Augmentation | Noise) or not cls.only_in_training
        if (
            not issubclass(cls, Augmentation | Noise) or cls.__name__ == "RandomCrop"
        ):  # identity only where Keras finds the size right
            continue
        for example in cls.examples:
            op = cls.make(**example.arguments)
            keywords = tuple((name, make_expression(value)) for name, value in op.list_keras_arguments().items())
            x = rng.uniform(0, 200, size=(2, *(8 if size is None else size for size in example.shapes[0]))).astype("float32")
            y = numpy.asarray(_evaluate(Call(op.keras_path(), (), keywords), {})(x, training=False))
            assert cls.only_in_training == numpy.array_equal(x, y), cls.__name__
            seen.add(cls.only_in_training)
    assert seen == {True, False}


SMALL = """version: 1
name: small
branches:
  x:
    input: {kind: image, shape: [6, 6, 2]}
    layers:
      - Conv2D: {filters: $width, kernel_size: 3, use_bias: false, name: c}
      - BatchNormalization: {name: n}
      - ReLU
      - Dropout: {rate: 0.5}
      - GlobalAveragePooling2D
vars: {width: 4}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return tmp_path / "small.yaml"


LOADED = """
import sys
import keras, numpy
model = keras.models.load_model(sys.argv[1], safe_mode=True)
assert [layer.name for layer in model.layers if layer.weights] == ["c", "head_dense"], model.layers
assert not model.compiled and model.count_params() == 2 * 9 * 4 + 4 + 5
numpy.save("found.npy", model.predict(numpy.load("x.npy"), verbose=0))
"""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("file", ["trained.keras", "trained.weights.h5"])
def test_a_trained_model(file: str, spec: Path, capsys: pytest.CaptureFixture[str], fresh: Any, elsewhere: Elsewhere) -> None:
    """What was fitted is deployed: its file is loaded where this package is not, and predicts the same."""
    import numpy

    rng = numpy.random.default_rng(0)
    x = rng.normal(size=(16, 6, 6, 2)).astype("float32")
    model = load(spec).to_keras()
    model.fit(x, rng.normal(size=(16, 1)), epochs=3, verbose=0)
    randomized(model)
    (model.save if file.endswith(".keras") else model.save_weights)(file)
    assert run(["compile", "small.yaml", "-o", "out", "--for", "inference", "--weights", file, "--verify"]) == 0
    out = capsys.readouterr().out
    assert (
        "  n: folded into `c`\n" in out and "  x_dropout: removed\n" in out and "for training and for inference: greatest" in out
    )
    manifest = read_document("manifest", Path("out/manifest.json").read_text("utf-8"))
    assert manifest["for"] == "inference" and manifest["params"]["total"] == 81 and manifest["passes"] == "default"
    assert {"layer": "n", "text": "folded into `c`"} in manifest["inference"]["changed"] and manifest["inference"]["weights"][
        "sha256"
    ]
    assert [each["name"] for each in manifest["spec"]["layers"]][:2] == ["c", "n"], "the spec stays as it was understood"
    assert "BatchNormalization" not in Path("out/plot.svg").read_text("utf-8")
    numpy.save("x.npy", x)
    elsewhere.run(LOADED, spec.parent, "out/model.keras")
    numpy.testing.assert_allclose(numpy.load("found.npy"), model.predict(x, verbose=0), rtol=1e-4, atol=1e-4)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_model(spec: Path, capsys: pytest.CaptureFixture[str], fresh: Any) -> None:
    def fails(file: str, *more: str) -> str:
        assert run(["compile", "small.yaml", "-o", "out", "--for", "inference", "--weights", file, *more]) != 0
        assert not Path("out").exists()
        return capsys.readouterr().err

    load(spec, {"vars.width": 5}).to_keras().save("wide.keras")
    load(spec, {"vars.width": 5}).to_keras().save_weights("wide.weights.h5")
    assert "`wide.keras` has no weights of this spec: the weights of its layer `c` are 3x3x2x5" in fails("wide.keras")
    assert "`wide.weights.h5` has no weights of this spec: " in fails("wide.weights.h5")
    deploy(load(spec)).make_models()[1].save("folded.keras")
    assert "it has no layer `n`" in fails("folded.keras") or "the weights of its layer `c`" in fails("folded.keras")
    more = {"head": [{"Dense": {"units": 3, "name": "more"}}, {"Dense": {"units": 1}}]}
    load(spec, more).to_keras().save("deeper.keras")
    assert "head_dense" in fails("deeper.keras")
    Path("broken.keras").write_text("no model")
    assert "`broken.keras` has no weights of this spec: " in fails("broken.keras")
    Path("broken.weights.h5").write_text("no weights")
    assert "`broken.weights.h5` has no weights of this spec: " in fails("broken.weights.h5")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--weights", "w.keras"], "`--weights` is for `--for inference`"),
        (["--weights", "w.txt", "--for", "inference"], "neither a .keras nor a .weights.h5 file"),
        (["--weights", "none.keras", "--for", "inference"], "there is no such file"),
        (["--for", "fun"], "'fun' is not one of"),
        (["--weights", "w.keras", "--for", "inference", "--matrix", "vars.width=[2,3]"], "of one model, not of the variants"),
    ],
)
def test_usage(arguments: list[str], said: str, spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("w.keras").touch()
    Path("w.txt").touch()
    assert run(["compile", "small.yaml", "-o", "out", *arguments]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


@pytest.mark.whole(every=1)
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_variants(spec: Path, capsys: pytest.CaptureFixture[str], fresh: Any) -> None:
    """A folder made for inference is not up to date for training, nor the other way round."""

    def built(*more: str) -> str:
        assert run(["compile", "small.yaml", "-o", "out", "--matrix", "vars.width=[2,3]", *more]) == 0
        return capsys.readouterr().out

    assert built().splitlines() == ["vars.width=2: 47 parameters", "vars.width=3: 70 parameters"]
    made = built("--for", "inference")
    assert made.splitlines()[0] == "vars.width=2: 41 parameters" and made.count("    n: folded into `c`\n") == 2
    assert built("--for", "inference").splitlines() == ["vars.width=2: up to date", "vars.width=3: up to date"]
    assert built("--for", "inference", "--passes", "none").count("up to date") == 0
    assert built("--passes", "none").count("up to date") == 0
    assert built("--for", "training", "--passes", "none").count("up to date") == 2


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_weights_of_a_file_that_names_no_layers(tmp_path: Path, fresh: Any) -> None:
    """Where passes change the order of layers, a file of weights alone is refused; the whole model is taken."""
    from cnnlstm_spec import Unbuildable

    text = (
        "version: 1\nname: t\nbranches:\n"
        "  a: {input: {kind: vector, shape: [4]}, layers: [{Dropout: {rate: 0}}, {Dropout: {rate: 0}}, {Dense: {units: 4, name: a1}}, {Dropout: {rate: 0}}]}\n"
        "  b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 4, name: b1}}, ReLU]}\n"
        "fusion: {strategy: concat}\nhead: [{Dense: {units: 1}}]\ncompile: {loss: mse}\n"
    )
    compilation = compile_source(Source("t.yaml", text))
    models = {passes: compilation.to_keras(passes) for passes in ("none", "default")}
    orders = [[each.name for each in model.layers if each.weights] for model in models.values()]
    assert orders[0] != orders[1], "the case is one in which the order changes"
    models["none"].save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(Unbuildable, match="names no layers"):
        deploy(compilation, tmp_path / "w.weights.h5").make_models()
    models["none"].save(tmp_path / "w.keras")
    training, _ = deploy(compilation, tmp_path / "w.keras").make_models()
    assert (training.get_layer("a1").get_weights()[0] == models["none"].get_layer("a1").get_weights()[0]).all()
