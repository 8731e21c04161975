"""Attention written by hand: padded steps that are 0 in a sum are not lost, and all others still are."""

from __future__ import annotations

import random

import pytest

from cnnlstm_spec import load

SPEC = """version: 1
name: z
branches:
  x:
    input: {{kind: sequence, shape: [7, 4], {padding}}}
    layers: [{layers}]
head: [Flatten, {{Dense: {{units: 1}}}}]
"""
WEIGHTS = "{Dense: {units: 1}}, {Softmax: {axis: 1}}"
START = "{Dense: {units: 4, activation: tanh}}"
LSTM = "{LSTM: {units: 4, return_sequences: true}}"


def pooled(weights: str, merge: str, values: str = "") -> str:
    return f"{{Parallel: {{paths: {{w: [{weights}], s: [{values}]}}, merge: {{{merge}}}}}}}"


DOT = "layer: {Dot: {axes: 1}}"
FREE = [
    f"{LSTM}, {pooled(WEIGHTS, DOT)}",
    f"{START}, {pooled(WEIGHTS, 'layer: {Dot: {axes: [1, 1]}}', '{Dense: {units: 3, activation: tanh}}')}",
    # The weights by a network of their own, several at once, scaled, dropped out.
    f"{START}, {pooled('{Dense: {units: 8, activation: tanh}}, {Dense: {units: 3}}, {Softmax: {axis: 1}}', DOT)}",
    f"{START}, {pooled(WEIGHTS + ', {Dropout: {rate: 0.2}}, {Rescaling: {scale: 2}}, {Activation: {activation: tanh}}', DOT)}",
    f"{START}, {pooled(WEIGHTS + ', {Dense: {units: 2, use_bias: false}}, ReLU', DOT)}",
    # Along another axis than that of the steps: Keras gives 0 at padded ones all the same.
    f"{START}, {pooled('{Dense: {units: 2}}, Softmax', DOT)}",
    # Laid on their side.
    f"{START}, {pooled(WEIGHTS + ', {Permute: {dims: [2, 1]}}', 'layer: {Dot: {axes: [2, 1]}}')}",
    f"{START}, {pooled(WEIGHTS + ', {Reshape: {target_shape: [1, 7]}}', 'layer: {Dot: {axes: [2, 1]}}')}",
    f"{START}, {pooled('{Dense: {units: 1}}, {Reshape: {target_shape: [7]}}, Softmax', 'layer: {Dot: {axes: [1, 1]}}')}",
    f"{START}, {pooled(WEIGHTS + ', Flatten, {RepeatVector: {n: 4}}, {Permute: {dims: [2, 1]}}', 'layer: Multiply')}, {pooled('', DOT)}",
    # A product first, the sum after it.
    f"{START}, {pooled(WEIGHTS, 'strategy: multiply, broadcast: true')}, {pooled(WEIGHTS, DOT)}",
    f"{START}, {pooled(WEIGHTS, 'layer: Multiply')}, {pooled('', DOT, '{Dense: {units: 2}}')}",
    f"{START}, {pooled(WEIGHTS, 'layer: Multiply')}, {{Permute: {{dims: [2, 1]}}}}, {{Dense: {{units: 2}}}}",
    f"{START}, {pooled(WEIGHTS, 'strategy: concat', WEIGHTS)}, {pooled('', DOT)}",
    # Two of one origin.
    f"{START}, {pooled(WEIGHTS, 'layer: {Dot: {axes: 1, normalize: true}}', WEIGHTS)}",
]
LOST = [
    # Nothing makes them 0.
    f"{START}, {pooled('{Dense: {units: 1}}', DOT)}",
    f"{START}, {pooled('{Dense: {units: 1, activation: sigmoid}}', DOT)}",
    f"{START}, {pooled('{Dense: {units: 1}}, Flatten, Softmax', 'layer: {Dot: {axes: [1, 1]}}')}",
    # They are 0 no more.
    f"{START}, {pooled(WEIGHTS + ', {Dense: {units: 1, bias_initializer: ones}}', DOT)}",
    f"{START}, {pooled(WEIGHTS + ', {Activation: {activation: sigmoid}}', DOT)}",
    f"{START}, {pooled(WEIGHTS + ', {Rescaling: {scale: 1, offset: 1}}', DOT)}",
    f"{START}, {pooled(WEIGHTS + ', {Op: {name: exp}}', DOT)}",
    f"{START}, {pooled(WEIGHTS, 'strategy: add, broadcast: true')}, {pooled('{Dense: {units: 1}}', DOT)}",
    # The sum is over another axis, or of what is not 0 beside it.
    f"{START}, {pooled('{Dense: {units: 4}}, {Softmax: {axis: 1}}', 'layer: {Dot: {axes: [2, 2]}}')}",
    f"{START}, {pooled(WEIGHTS, 'layer: {Dot: {axes: 1, normalize: true}}')}",
    # A mean over all steps counts them.
    f"{START}, {pooled(WEIGHTS, 'layer: Multiply')}, {{Permute: {{dims: [2, 1]}}}}, {{GlobalAveragePooling1D: {{data_format: channels_first}}}}",
]
"""Whose predictions, but for the last, depend on what stands in padded steps."""


def text(layers: str, padding: str = "mask_input: real") -> str:
    return SPEC.format(layers=layers, padding=padding)


def lost(layers: str, padding: str = "mask_input: real") -> bool:
    compilation = load(text(layers, padding))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    return bool({"mask-lost", "masks-combined", "mask-unread"} & {each.code.name for each in compilation.diagnostics})


@pytest.mark.parametrize("layers", FREE)
def test_zeros_in_a_sum_are_not_lost(layers: str) -> None:
    assert not lost(layers)


@pytest.mark.parametrize("layers", LOST)
def test_what_is_not_zero_is_lost(layers: str) -> None:
    assert lost(layers)


@pytest.mark.parametrize(("padding", "made"), [("padding_value: 0.0", ""), ("dtype: float32", "{Masking: {mask_value: -1}}, ")])
def test_steps_that_are_zero_by_themselves(padding: str, made: str) -> None:
    assert not lost(made + pooled("", DOT), padding)
    assert lost(made + pooled("{Dense: {units: 4}}", DOT, "{Dense: {units: 4}}"), padding)
    assert lost(pooled("", DOT), "padding_value: 3.0")


def test_weights_of_one_mask_do_not_clear_another() -> None:
    compilation = load("""version: 1
name: two
branches:
  a: {input: {kind: sequence, shape: [7, 4], mask_input: one}, layers: [{Dense: {units: 1}}, {Softmax: {axis: 1}}]}
  b: {input: {kind: sequence, shape: [7, 4], mask_input: two}, layers: [{Dense: {units: 4}}]}
fusion: {layer: {Dot: {axes: 1}}}
head: [Flatten]
""")
    assert [each.code.name for each in compilation.diagnostics] == ["mask-lost"]


def differs(layers: str) -> bool:
    """Whether predictions depend on what stands in padded steps, in Keras."""
    import keras
    import numpy

    keras.utils.clear_session(free_memory=False)
    model = load(text(layers)).to_keras()
    for weight in model.weights:
        # No bias of 0, which hides what it adds.
        weight.assign(weight + 0.1)
    draw = numpy.random.default_rng(0)
    real = numpy.arange(7)[None, :] < numpy.array([[4], [7], [1]])
    x = draw.normal(size=(3, 7, 4)).astype("float32")
    other = numpy.where(real[..., None], x, x + draw.normal(size=x.shape).astype("float32") * 3)
    one, two = (numpy.asarray(model({"x": each, "real": real}, training=False)) for each in (x, other))
    return bool(numpy.abs(one - two).max() > 1e-5)


@pytest.mark.whole
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_keras_agrees() -> None:
    assert [layers for layers in FREE if differs(layers)] == []
    assert [layers for layers in LOST[:-1] if not differs(layers)] == []


STEPS = (
    "{Dense: {units: 4}}", "{Dense: {units: 4, use_bias: false}}", "{Softmax: {axis: 1}}", "Softmax", "{Activation: {activation: tanh}}",
    "{Activation: {activation: sigmoid}}", "{Rescaling: {scale: 2}}", "ReLU", "{Op: {name: square}}", "{Permute: {dims: [1, 2]}}",
    LSTM, "LayerNormalization", "{UnitNormalization: {axis: -1}}",
)  # fmt: skip


def chain(random: random.Random) -> str:
    def some(most: int) -> str:
        return ", ".join(random.choice(STEPS) for _ in range(random.randint(0, most)))

    merge = random.choice((DOT, DOT, "layer: {Dot: {axes: 1, normalize: true}}", "layer: {Dot: {axes: [2, 2]}}"))
    product = random.choice(("layer: Multiply", "layer: Add", "strategy: concat", "layer: Maximum"))
    first = pooled(some(3), product, some(2)) + ", " if random.random() < 0.6 else ""
    return f"{some(1) or START}, {first}{pooled(some(3), merge, some(2))}"


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_of_drawn_chains_none_that_is_silent_reads_padding(whole: bool) -> None:
    """Of each seed: silence means that Keras's predictions depend on real steps alone; and a good part is silent."""
    drawn = [layers for layers in map(chain, map(random.Random, range(120 if whole else 40))) if load(text(layers)).ok]
    silent = [layers for layers in drawn if not lost(layers)]
    assert len(drawn) // 12 <= len(silent) <= len(drawn) // 2
    assert [layers for layers in silent if differs(layers)] == []
