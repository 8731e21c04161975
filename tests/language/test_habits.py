"""What people type first who know Keras, PyTorch, Ludwig, Hydra, Lightning or JSON is answered with what to write.

Each line that a message offers for a layer or an object of Keras is read again, and is sound.
"""

from __future__ import annotations

import json
import re

import pytest
from told import hold_told

import cnnlstm_spec
from cnnlstm_spec.language.foreign import read_call
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import NOWHERE
from cnnlstm_spec.text.spelling import find_nearest

SPEC = """version: 1
name: habits
branches:
  x:
    input: {input}
    layers: {layers}
{rest}"""


def spec(
    layers: str = "[]",
    head: str = "head: [GlobalMaxPooling1D, {Dense: {units: 1}}]\n",
    input: str = "{kind: sequence, shape: [20, 4]}",
) -> str:
    return SPEC.replace("{layers}", layers).replace("{rest}", head).replace("{input}", input)


def errors(text: str) -> list[Diagnostic]:
    return [each for each in cnnlstm_spec.load(text).diagnostics if each.severity == "error"]


def ways(text: str, request: pytest.FixtureRequest) -> str:
    """The ways out of the errors of a spec, whose findings are told as they are written down."""
    hold_told(cnnlstm_spec.load(text).diagnostics, request)
    found = errors(text)
    assert found
    return "\n".join(way for each in found for way in each.help)


def layer(text: str) -> str:
    return spec(layers=f"[{text}]")


def compiled(text: str) -> str:
    return spec(head="head: [GlobalMaxPooling1D, {Dense: {units: 1}}]\ncompile: {loss: mse, " + text + "}\n")


LAYERS = {
    "{type: Dense, units: 3}": "Dense: {units: 3}",
    "{layer: Dense}": "Dense: {units: ",
    "{layer: Flatten}": "Flatten",
    "{name: Conv1D, filters: 3}": "Conv1D: {filters: 3, kernel_size: 3}",
    "{_target_: keras.layers.Dense, units: 3}": "Dense: {units: 3}",
    "{_target_: torch.nn.Linear, in_features: 3, out_features: 5}": "Dense: {units: 5}",
    "{class_path: keras.layers.LSTM, init_args: {units: 3, return_sequences: true}}": "LSTM: {units: 3, return_sequences: true}",
    "{class_name: Dense, config: {units: 3, activation: relu}}": "Dense: {units: 3, activation: relu}",
    "{op: Dense, units: 3}": "Dense: {units: 3}",
    "{module: Dense, args: {units: 3}}": "Dense: {units: 3}",
    "{kind: lstm, hidden_size: 3}": "LSTM: {units: 3}",
    "{layer: {type: Dense, units: 3}}": "Dense: {units: 3}",
    "{first: {type: Conv1D, filters: 3}}": "Conv1D: {filters: 3, name: first, kernel_size: 3}",
    "{layer_type: conv1d, num_filters: 8, filter_size: 5}": "Conv1D: {filters: 8, kernel_size: 5}",
    '"Dense(64)"': "Dense: {units: 64}",
    "\"Dense(64, activation='relu')\"": "Dense: {units: 64, activation: relu}",
    '"layers.Dropout(0.5)"': "Dropout: {rate: 0.5}",
    "\"tf.keras.layers.Conv1D(8, 3, padding='same', strides=2)\"": "Conv1D: {filters: 8, kernel_size: 3, padding: same, strides: 2}",
    '"keras.layers.LSTM(64, return_sequences=True)"': "LSTM: {units: 64, return_sequences: true}",
    '"MaxPooling1D(pool_size=(2,))"': "MaxPooling1D: {pool_size: [2]}",
    '"nn.Conv1d(4, 8, 3, stride=2)"': "Conv1D: {filters: 8, kernel_size: 3, strides: 2}",
    '"nn.Linear(8, 3)"': "Dense: {units: 3}",
    '"nn.LSTM(4, 32, batch_first=True)"': "LSTM: {units: 32}",
    '"nn.BatchNorm1d(8)"': "BatchNormalization",
    '"nn.ReLU()"': "ReLU",
    '"nn.GELU()"': "Activation: {activation: gelu}",
    "{keras.layers.Dense: {units: 3}}": "Dense: {units: 3}",
    "{nn.Conv1d: {in_channels: 4, out_channels: 8, kernel_size: 3}}": "Conv1D: {filters: 8, kernel_size: 3}",
    "{Linear: {in_features: 3, out_features: 3}}": "Dense: {units: 3}",
    "{fc: {units: 3}}": "Dense: {units: 3}",
    "{Conv1D: 32}": "Conv1D: {filters: 32, kernel_size: 3}",
    "{Conv1D: [32, 5]}": "Conv1D: {filters: 32, kernel_size: 5}",
    "{Dropout: 0.5}": "Dropout: {rate: 0.5}",
    "{LSTM: 64}": "LSTM: {units: 64}",
    "{Reshape: [4, 20]}": "Reshape: {target_shape: [4, 20]}",
    "GELU": "Activation: {activation: gelu}",
    "Tanh": "Activation: {activation: tanh}",
    "Swish": "Activation: {activation: swish}",
    "InstanceNormalization": "GroupNormalization: {groups: -1}",
}


@pytest.mark.parametrize("written", LAYERS)
def test_layers_of_others(written: str, request: pytest.FixtureRequest) -> None:
    """One error, at the layer; the line that it offers is sound."""
    found = errors(layer(written))
    hold_told(found, request)
    assert [each.place.span.source.find_position(each.place.span.start)[0] for each in found] == [6]
    (way,) = found[0].help
    offered = re.search(r"`(.+)`", way)
    assert offered is not None and offered[1].startswith(LAYERS[written])
    item = offered[1] if ": " not in offered[1] else "{" + offered[1] + "}"
    again = [each.code.name for each in errors(layer(item))]
    # What a layer gives may not suit the head of these tests, which reads steps.
    assert again in ([], ["wrong-rank"])


def test_json_of_keras() -> None:
    """A layer of `get_config`, with all of its defaults and nested objects."""
    config = {
        "module": "keras.layers",
        "class_name": "Conv1D",
        "config": {
            "name": "conv",
            "trainable": True,
            "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None},
            "filters": 8,
            "kernel_size": [3],
            "activation": "relu",
            "kernel_initializer": {
                "module": "keras.initializers",
                "class_name": "HeNormal",
                "config": {"seed": 3},
                "registered_name": None,
            },
            "kernel_regularizer": None,
        },
        "registered_name": None,
        "build_config": {"input_shape": [None, 20, 4]},
    }
    (way,) = errors(layer(json.dumps(config)))[0].help
    assert "Conv1D: {name: conv" in way and "filters: 8" in way and "kernel_initializer: {HeNormal: {seed: 3}}" in way
    assert not errors(layer("{" + way.partition("`")[2].rstrip("`") + "}"))


WORDS = {
    "{Conv1D: {filters: 8, nb_row: 3}}": "`kernel_size`",
    "{BatchNormalization: {virtual_batch_size: 8}}": "whole batch",
    "{Dense: {out_features: 5}}": "`units`",
    "{Dense: {output_dim: 5}}": "`units`",
    "{Dense: {neurons: 5}}": "`units`",
    "{LSTM: {hidden_size: 8}}": "`units`",
    "{Conv1D: {out_channels: 8, kernel_size: 3}}": "`filters`",
    "{Conv1D: {nb_filter: 8, filter_length: 3}}": "`kernel_size`",
    "{Conv1D: {filters: 8, kernel_size: 3, stride: 2}}": "`strides`",
    "{Conv1D: {filters: 8, kernel_size: 3, dilation: 2}}": "`dilation_rate`",
    "{Conv1D: {filters: 8, kernel_size: 3, bias: false}}": "`use_bias`",
    "{Conv1D: {filters: 8, kernel_size: 3, border_mode: same}}": "`padding`",
    "{Conv1D: {filters: 8, kernel_size: 3, padding: 1}}": "`same`",
    "{Dense: {units: 5, W_regularizer: l2}}": "`kernel_regularizer`",
    "{Dense: {units: 5, init: zeros}}": "`kernel_initializer`",
    "{LSTM: {units: 5, inner_activation: sigmoid}}": "`recurrent_activation`",
    "{LSTM: {units: 5, dropout_U: 0.1}}": "`recurrent_dropout`",
    "{Dropout: {p: 0.5}}": "`rate`",
    "{MaxPooling1D: {kernel_size: 2}}": "`pool_size`",
    "{MaxPooling1D: {pool_length: 2}}": "`pool_size`",
    "{LeakyReLU: {alpha: 0.1}}": "`negative_slope`",
    "{BatchNormalization: {eps: 0.1}}": "`epsilon`",
    "{Embedding: {num_embeddings: 5, embedding_dim: 3}}": "`output_dim`",
    "{Embedding: {input_dim: 5, output_dim: 3, input_length: 20}}": "takes the length of the input",
    "{Dense: {units: 5, input_shape: [4]}}": "branch's `input`",
    "{Dense: {units: 5, input_dim: 4}}": "branch's `input`",
    "{LSTM: {units: 5, batch_input_shape: [1, 20, 4]}}": "branch's `input`",
    "{LSTM: {units: 8, batch_first: true}}": "batch always comes first",
    "{LSTM: {units: 8, num_layers: 2}}": "`return_sequences: true`",
    "{LSTM: {units: 8, bidirectional: true}}": "`Bidirectional: {layer: {LSTM",
    "{LSTM: {units: 8, implementation: 2}}": "chooses by itself",
    "{BatchNormalization: {fused: true}}": "chooses by itself",
    "{Dense: {units: 5, dropout: 0.5}}": "`Dropout: {rate: 0.5}`",
    "{Dropout: {rate: 0.5, training: true}}": "`fit` and `predict` overrule it",
    "{Dense: {units: '{{ width }}'}}": "`$width`",
    "{Dense: {units: '${vars.width}'}}": "`$width`",
    "Concatenate": "Parallel: {paths",
    "{Add: {}}": "Parallel: {paths",
    "{TimeDistributed: Flatten}": "`TimeDistributed: [Flatten]`",
    "{Dot: {axes: 1}}": "`Parallel`",
    "WeightNormalization": "`SpectralNormalization`",
    "Conv": "`Conv1D`, `Conv2D` and `Conv3D`",
    "SpatialDropout": "`SpatialDropout1D`",
    "Sequential": "a list of layers is one already",
    "Input": "`input: {kind:",
    "View": "`Reshape`",
    "Transpose": "`Permute`",
    "SelfAttention": "`MultiHeadAttention`",
    "{Dense: {units: 5, regularizer: l2}}": "`kernel_regularizer`",
    "{Dense: {units: 5, reg: l2}}": "`kernel_regularizer`",
    "{Dense: {units: 5, initializer: zeros}}": "`kernel_initializer`",
    "{Reshape: {shape: [80]}}": "`target_shape`",
    "{Permute: {axes: [2, 1]}}": "`dims`",
    "{Embedding: {input_dim: 5, output_dim: 3, padding_idx: 0}}": "`mask_zero: true`",
    "InstanceNorm2d": "`GroupNormalization: {groups: -1}`",
    "{PixelShuffle: 2}": "`Op: {function: depth_to_space",
    "{TransformerEncoderLayer: {d_model: 64, nhead: 4}}": "`MultiHeadAttention`",
    "GAP": "`GlobalAveragePooling2D`",
    "{Skip: {layers: [ReLU]}}": "Residual",
    "Multiply": "merge: multiply}",
    "Subtract": "of a `Parallel` the paths",
    "Minimum": "merge: {layer: Minimum}",
    "{Op: {function: cosine}}": "did you mean `cos`?",
    "{Op: {function: pow, x2: 2}}": "did you mean `power`?",
    "{Op: {function: ln}}": "did you mean `log`?",
}


@pytest.mark.parametrize("written", WORDS)
def test_words_of_others(written: str, request: pytest.FixtureRequest) -> None:
    assert WORDS[written] in ways(layer(written), request)


OBJECTS = {
    'optimizer: "Adam(1e-3)"': "{Adam: {learning_rate: 0.001}}",
    'optimizer: "tf.keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)"': "{SGD: {learning_rate: 0.1, momentum: 0.9}}",
    "optimizer: keras.optimizers.Adam": "Adam",
    "optimizer: {type: adam, learning_rate: 1e-3}": "{Adam: {learning_rate: 1e-3}}",
    "optimizer: {name: adam, lr: 1e-3}": "{Adam: {learning_rate: 1e-3}}",
    "optimizer: {_target_: torch.optim.AdamW, lr: 1e-3}": "{AdamW: {learning_rate: 1e-3}}",
    "optimizer: {class_name: RMSprop, config: {learning_rate: 1e-3}}": "{RMSprop: {learning_rate: 1e-3}}",
    "optimizer: {Adam: 1e-3}": "{Adam: {learning_rate: 1e-3}}",
    'optimizer: {Adam: {learning_rate: "ExponentialDecay(0.1, 100, 0.9)"}}': "{ExponentialDecay: {initial_learning_rate: 0.1, ",
    'metrics: ["AUC()"]': "AUC",
    "optimizer: {type: adam}": "adam",
    "optimizer: {type: AdamW, lr: 1e-3, betas: [0.9, 0.99]}": "{AdamW: {learning_rate: 1e-3, beta_1: 0.9, beta_2: 0.99}}",
    "optimizer: 0.001": "{Adam: {learning_rate: 0.001}}",
    "metrics: [{class_name: AUC}]": "AUC",
    "optimizer: {type: AdamW, lr: 1e-3, wd: 0.1}": "{AdamW: {learning_rate: 1e-3, weight_decay: 0.1}}",
    'metrics: ["keras.metrics.AUC(num_thresholds=100)"]': "{AUC: {num_thresholds: 100}}",
}


@pytest.mark.parametrize("written", OBJECTS)
def test_objects_of_others(written: str, request: pytest.FixtureRequest) -> None:
    """The line that is offered stands in place of what was written, and is sound."""
    (way,) = ways(compiled(written), request).splitlines()
    offered = way.removeprefix("write `").removesuffix("`")
    assert offered.startswith(OBJECTS[written])
    place = errors(compiled(written))[0].place
    text = compiled(written)
    start, end = place.span.start, place.span.end
    if written.startswith("optimizer: {Adam: 1"):
        start, end = text.index("{Adam: 1"), text.index("}", text.index("{Adam: 1")) + 1
    assert not errors(text[:start] + offered + text[end:])


PLACES = {
    "loss: mse": "`compile: {loss: mse}`",
    "optimizer: adam": "`compile: {optimizer: adam}`",
    "metrics: [accuracy]": "`compile: {metrics: [accuracy]}`",
    "epochs: 10": "`fit: {epochs: 10}`",
    "nb_epoch: 10": "`fit: {epochs: 10}`",
    "callbacks: [EarlyStopping]": "`fit: {callbacks: [EarlyStopping]}`",
    "patience: 3": "EarlyStopping",
    "validation_split: 0.2": "`data: {validation: {fraction: 0.2}}`",
    "optimiser: adam": "`compile: {optimizer: adam}`",
    "criterion: mse": "`compile: {loss: mse}`",
    "compile: {loss: mse, optimiser: adam}": "`optimizer`",
    "lr: 0.1": "`compile: {optimizer: {Adam: {learning_rate: 0.1}}}`",
    "learning_rate: 0.1": "`compile: {optimizer: {Adam: {learning_rate: 0.1}}}`",
    "trainer: {max_epochs: 3}": "`fit: {epochs: 10}`",
    "dataset: mnist": "`data`",
    "defaults: [_self_]": "`extends: base.yaml`",
    "layers: [Flatten]": "`branches: {x: {input:",
    "mixed_precision: true": "`compile: {dtype_policy: mixed_float16}`",
    "compile: {loss: mse, lr: 0.1}": "`optimizer: {Adam: {learning_rate: 0.1}}`",
    "compile: {loss: mse, optimizer: sgd, learning_rate: 0.1}": "`optimizer: {SGD: {learning_rate: ",
    "compile: {loss: mse, epochs: 3}": "`fit: {epochs: 3}`",
    "compile: {loss: mse, batch_size: 3}": "`fit: {batch_size: 3}`",
    "compile: {loss: mse, sample_weight_mode: temporal}": "sample weights",
    "data: {train: a.csv, split: 0.2}": "`validation`",
    "data: {train: a.csv, num_workers: 4}": "the run chooses by itself",
    "data: {train: a.csv, features: [a, b]}": "`inputs`",
    "compile: {loss: {name: mse}}": "write `mse`",
    "compile: {loss: {type: mse}}": "write `mse`",
    "compile: {loss: {class_name: Huber, config: {delta: 0.5}}}": "write `{Huber: {delta: 0.5}}`",
    "compile: {loss: {_target_: keras.losses.Huber, delta: 0.5}}": "write `{Huber: {delta: 0.5}}`",
    "compile: {loss: mse, metrics: {name: mae}}": "write [mae]",
    "compile: {loss: mse, from_logits: true}": "`loss: {BinaryCrossentropy: {from_logits: true}}`",
    "compile: {loss: mse, label_smoothing: 0.1}": "argument of the loss",
    "compile: {loss: mse, sample_weight: w}": "`data: {sample_weight: {column: w}}`",
    "compile: {loss: mse, metrics: [average_precision]}": "`{AUC: {curve: PR}}`",
    "compile: {loss: mse, metrics: [dice]}": "`{F1Score: {threshold: 0.5}}`",
    "compile: {loss: mse, metrics: [specificity]}": "`{SpecificityAtSensitivity: {sensitivity: 0.9}}`",
    "compile: {loss: mse, metrics: [sensitivity]}": "`recall`",
    "compile: {loss: mse, metrics: [mIoU]}": "`mean_io_u`",
    "compile: {loss: mse, optimizer: {Adam: {betas: [0.9, 0.99]}}}": "`beta_1` and `beta_2`",
    "compile: {loss: CrossEntropyLoss}": "{SparseCategoricalCrossentropy: {from_logits: true}}",
    "compile: {loss: BCEWithLogitsLoss}": "{BinaryCrossentropy: {from_logits: true}}",
    'compile: {loss: "nn.CrossEntropyLoss()"}': "{SparseCategoricalCrossentropy: {from_logits: true}}",
    "compile: {loss: mse, dtype_policy: fp16}": "`mixed_float16`",
    "compile: {loss: MSELoss}": "`mean_squared_error`",
    "compile: {loss: mse, metrics: [rmse]}": "`root_mean_squared_error`",
    "compile: {loss: mse, metrics: [iou]}": "`mean_io_u`",
    "compile: {loss: mse, optimizer: {Adam: {lr: 0.1}}}": "`learning_rate`",
    "compile: {loss: mse, optimizer: {Adam: {learning_rate: {StepLR: {gamma: 0.1}}}}}": "`ExponentialDecay`",
    "compile: {loss: mse, optimizer: {Adam: {learning_rate: ReduceLROnPlateau}}}": "callback",
    "fusion: {strategy: mean}": "`average`",
    "fusion: {strategy: sum}": "`add`",
    "fusion: {strategy: weighted}": "`learned_weights`",
    "fusion: {type: concat}": "`strategy`",
    "fusion: {method: concat}": "`strategy`",
    "fusion: concat": "`{strategy: concat}`",
    "fusion: {concat: {axis: -1}}": "`strategy: concat`",
}


@pytest.mark.parametrize("written", PLACES)
def test_keys_that_stand_elsewhere(written: str, request: pytest.FixtureRequest) -> None:
    assert PLACES[written] in ways(spec() + written + "\n", request)


WHOLE = {
    spec(input="[64, 64, 3]"): "{kind: image, shape: [64, 64, 3]}",
    spec(input="[20, 4]"): "{kind: sequence, shape: [20, 4]}",
    spec(input="{type: sequence, shape: [20, 4]}"): "`kind`",
    spec(input="{kind: timeseries, shape: [20, 4]}"): "`sequence`",
    spec(input="{kind: categorical, shape: []}"): "`tokens`",
    spec(input='{kind: vector, shape: "(4,)"}'): "write [4]",
    spec(input='{kind: sequence, shape: "(None, 4)"}'): "write [null, 4]",
    spec(input="{kind: sequence, input_shape: [20, 4]}"): "`shape`",
    spec(input="{kind: image, height: 64, width: 64}"): "`shape: [64, 64, 3]`",
    spec(input="{kind: sequence, shape: [-1, 4]}"): "`null`",
    spec(input="{kind: sequence, shape: [None, 4]}"): "`null`",
    spec(input="{sequence: {shape: [20, 4]}}"): "`kind: sequence`",
    spec(input="{kind: sequence, shape: 20x4}"): "[20, 4]",
    spec(layers="[{Conv1D: {filters: 8, kernel_size: 3x3}}]"): "[3, 3]",
    spec(layers="[{Dropout: {rate: 50%}}]"): "write 0.5",
    spec(layers="[{Dense: {units: 5, kernel_regularizer: 0.01}}]"): "{L2: {l2: 0.01}}",
    spec(layers="[{Conv1D: {filters: 8, kernel_size: 3, data_format: NWC}}]"): "`channels_last`",
    "version: 1\nname: a\nbranches: {x: [Flatten]}\nhead: []\n": "beside its input",
    spec(layers="{Dense: {units: 3}}"): "`- Dense: {units: 3}`",
    spec(head="head: {Dense: {units: 1}}\n"): "`- Dense: {units: 1}`",
    spec(head="head: Dense\n"): "`[Dense]`",
    spec(head="output: [{Dense: {units: 1}}]\n"): "`head`",
    spec(head="heads: [{name: y, layers: []}]\n"): "`heads: {y: ...}`",
    spec().replace("version: 1", "version: '1.0'"): "write 1",
    "version: 1\nname: a\nbranches: [{name: x, input: {kind: vector, shape: [4]}}]\nhead: []\n": "`branches: {x: ...}`",
    '{"class_name": "Sequential", "config": {"name": "s", "layers": []}}': "the JSON of a Keras model",
    spec().replace("    layers: []", "    type: image"): "`input: {kind: image",
    spec().replace("    layers: []", "    encoder: stacked_cnn"): "`layers: [",
    spec().replace("    layers: []", "    Dense: {units: 3}"): "`layers: [{Dense: {units: 3}}]`",
    spec().replace("    layers: []", "    padding_value: 0"): "`input: {padding_value: 0}`",
}


@pytest.mark.parametrize("text", WHOLE)
def test_whole_specs(text: str, request: pytest.FixtureRequest) -> None:
    assert WHOLE[text] in ways(text, request)


FAR = ("WeightNormalization", "Maxout", "GCNConv", "KANLinear", "CapsuleLayer", "Highway", "CRF")


@pytest.mark.parametrize("name", FAR)
def test_no_guess_is_far_fetched(name: str, request: pytest.FixtureRequest) -> None:
    assert "did you mean" not in ways(layer(name), request)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Dnese", "Dense"),
        ("Conv2DTrnspose", "Conv2DTranspose"),
        ("BatchNormalisation", "BatchNormalization"),
        ("GlobalAveragPooling2D", "GlobalAveragePooling2D"),
    ],
)
def test_misspellings_are_still_told(written: str, meant: str) -> None:
    assert (
        find_nearest(written, ("Dense", "Conv2DTranspose", "Conv3DTranspose", "BatchNormalization", "GlobalAveragePooling2D"))
        == meant
    )


HOSTILE = (
    "__import__('os').system('x')",
    "Dense(" * 60 + ")" * 60,
    "f(" + "(" * 150,
    "Dense(1 if 1 is 1 else 2)",
    "Dense(**{'units': 3})",
    "Dense(*[3])",
    "Dense([x for x in y])",
    "Dense(units=\0)",
    "a" * 10_000 + "()",
    "lambda: 0",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_call_is_run(text: str) -> None:
    """What is no call of plain values is none; looking at it raises nothing."""
    call = read_call(text, NOWHERE)
    assert call is None or call.name == "Dense"
    assert errors(layer(json.dumps(text.replace("\0", ""))))


SET = {
    "compile.optimizer.Adam.learning_rate=0.1": "`compile.optimizer.learning_rate=...`",
    "head.1.units=3": "`head[1].units=...`",
    "head[1].Dense.units=3": "`head[1].units=...`",
    "branches.x.layers.0.Conv1D.filters=3": "`branches.x.layers[0].filters=...`",
    "branches.x.layers[1].LSTM.units=3": "`branches.x.layers[1].layer.units=...`",
    "x.layers[0].filters=3": "`branches.x.layers[0].filters=...`",
}


@pytest.mark.parametrize("text", SET)
def test_paths_of_set_that_work(text: str, request: pytest.FixtureRequest) -> None:
    """The path that is offered leads to what was meant."""
    layers = "[{Conv1D: {filters: 8, kernel_size: 3}}, {Bidirectional: {layer: {LSTM: {units: 4, return_sequences: true}}}}]"
    written = spec(layers) + "compile: {loss: mse, optimizer: {Adam: {learning_rate: 1}}}\n"
    (found,) = cnnlstm_spec.load(written, [text]).diagnostics
    hold_told([found], request)
    assert found.place.span.source.name == "--set" and SET[text] in found.help[0]
    path = SET[text].strip("`").removesuffix("=...")
    assert not cnnlstm_spec.load(written, [f"{path}={text.partition('=')[2]}"]).diagnostics


@pytest.mark.parametrize(("name", "meant"), [("sin", "`function: sin`"), ("sqr", "did you mean `sqrt`")])
def test_another_function_of_keras_is_no_misspelt_one(name: str, meant: str, request: pytest.FixtureRequest) -> None:
    found = ways(layer(f"{{Op: {{name: {name}}}}}"), request)
    assert meant in found and ("did you mean" in found) == ("did you mean" in meant)


def test_a_schedule_that_lacks_arguments_is_named_as_it_is_written(request: pytest.FixtureRequest) -> None:
    found = ways(compiled("optimizer: {Adam: {learning_rate: {type: CosineDecay, decay_steps: 10}}}"), request)
    assert found == "write `CosineDecay: {argument: value}`"
