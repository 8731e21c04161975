"""`TimeDistributed` against each frame by itself: known and unknown sizes, nested, with masks inside, and its gradients."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")

from test_fusion import built, close, compiled, run  # noqa: E402

numpy = pytest.importorskip("numpy", reason="every test here needs Keras, which brings it")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

POOLED = "[{Conv2D: {filters: 3, kernel_size: 3, activation: tanh}}, MaxPooling2D, GlobalAveragePooling2D, {Dense: {units: 4}}]"
MAPS = "[{Conv2D: {filters: 3, kernel_size: 3, padding: same}}, {Conv2D: {filters: 2, kernel_size: 2, strides: 2}}]"
SQUEEZED = (
    "[{Conv2D: {filters: 4, kernel_size: 3}}, {Parallel: {paths: {gate: [GlobalAveragePooling2D, {Dense: {units: 4}}], x: []},"
    " merge: {strategy: multiply, broadcast: true}}}]"
)
ATTENDED = "[{Parallel: {paths: {a: [{Dense: {units: 2}}], b: []}, merge: attention}}]"


def one_branch(input: str, layers: str) -> str:
    return f"version: 1\nname: t\nbranches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: []\n"


def pair(video: str, image: str, layers: str) -> tuple[Any, Any]:
    """The model over frames, and that of one frame with the same weights."""
    whole = built(compiled(one_branch(video, f"[{{TimeDistributed: {layers}}}]")), scale=0.5)
    single = built(compiled(one_branch(image, layers)))
    single.set_weights(whole.get_weights())
    return whole, single


def clip(*shape: int) -> Any:
    return numpy.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def by_frame(single: Any, x: Any) -> Any:
    return numpy.stack([numpy.asarray(single(x[:, t])) for t in range(x.shape[1])], axis=1)


SIZES = [
    "4, 6, 6",
    "frames, 6, 6",
    "4, null, null",
    "frames, height, width",
    "frames, height, 6",
    "null, null, null",
    "frames, 6, width",
]


@pytest.mark.sampled("sizes", "layers")
@pytest.mark.parametrize("layers", [POOLED, MAPS, SQUEEZED, ATTENDED], ids=["pooled", "maps", "squeezed", "attended"])
@pytest.mark.parametrize("sizes", SIZES)
def test_each_frame_by_itself(sizes: str, layers: str) -> None:
    """One model, clips of several lengths and sizes, called and in `predict`."""
    _, height, width = sizes.split(", ")
    whole, single = pair(f"{{kind: video, shape: [{sizes}, 2]}}", f"{{kind: image, shape: [{height}, {width}, 2]}}", layers)
    free = [not size.isdigit() for size in sizes.split(", ")]
    for batch, *shape in ((2, 4, 6, 6), (3, 7, 8, 5), (1, 2, 5, 7), (5, 1, 6, 8)):
        t, h, w = (size if able else fixed for size, able, fixed in zip(shape, free, (4, 6, 6), strict=True))
        x = clip(batch, t, h, w, 2)
        wanted = by_frame(single, x)
        close(run(whole, {"x": x}), wanted)
        close(whole.predict(x, verbose=0), wanted)


@pytest.mark.parametrize("sizes", ["4, 6, 6", "frames, 6, 6", "frames, height, width"])
def test_gradients(sizes: str) -> None:
    import tensorflow

    _, height, width = sizes.split(", ")
    image = f"{{kind: image, shape: [{height}, {width}, 2]}}"
    whole, single = pair(f"{{kind: video, shape: [{sizes}, 2]}}", image, POOLED)
    x = tensorflow.constant(clip(3, 4, 6, 6, 2))
    weigh = clip(3, 4, 4)

    def gradients(model: Any, outputs: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(x)
            loss = tensorflow.reduce_sum(weigh * outputs() ** 2)
        return tape.gradient(loss, [x, *model.trainable_variables])

    ours = gradients(whole, lambda: whole(x, training=True))
    theirs = gradients(single, lambda: tensorflow.stack([single(x[:, t], training=True) for t in range(4)], axis=1))
    for a, b in zip(ours, theirs, strict=True):
        close(numpy.asarray(a), numpy.asarray(b), 1e-4)


@pytest.mark.sampled("outer", "inner", "size", long=1)
@pytest.mark.parametrize("outer", ["3", "clips"])
@pytest.mark.parametrize("inner", ["4", "frames"])
@pytest.mark.parametrize("size", ["6", "size"])
def test_nested(outer: str, inner: str, size: str) -> None:
    inside = "[{Conv1D: {filters: 3, kernel_size: 3}}, GlobalMaxPooling1D]"
    layers = f"[{{TimeDistributed: {inside}}}, {{LSTM: {{units: 3, return_sequences: true}}}}]"
    input = f"{{kind: tensor, axes: [clips, frames, size, f], shape: [{outer}, {inner}, {size}, 2]}}"
    whole = built(compiled(one_branch(input, f"[{{TimeDistributed: {layers}}}]")), scale=0.5)
    clip_input = f"{{kind: tensor, axes: [frames, size, f], shape: [{inner}, {size}, 2]}}"
    single = built(compiled(one_branch(clip_input, layers)))
    single.set_weights(whole.get_weights())
    for batch, a, b, c in ((2, 3, 4, 6), (3, 5, 2, 8)):
        a, b, c = (int(x) if x.isdigit() else y for x, y in zip((outer, inner, size), (a, b, c), strict=True))
        x = clip(batch, a, b, c, 2)
        close(whole.predict(x, verbose=0), by_frame(single, x))


@pytest.mark.parametrize("sizes", ["3, 5", "sentences, words"])
def test_masks_inside(sizes: str) -> None:
    """A mask made inside the frames is read there; one of the frames comes back when time is left."""
    inside = "[{Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}, {LSTM: {units: 3}}]"
    input = f"{{kind: tensor, dtype: int32, axes: [sentences, words], time_axis: sentences, mask_input: real, shape: [{sizes}]}}"
    text = one_branch(input, f"[{{TimeDistributed: {inside}}}, {{GRU: {{units: 2}}}}]")
    model = built(compiled(text))
    single = built(compiled(one_branch("{kind: tokens, shape: [null]}", inside)))
    single.set_weights(model.get_weights()[:4])
    tokens = numpy.random.default_rng(0).integers(1, 9, (2, 3, 5))
    tokens[0, 1, 3:] = 0
    tokens[1, 0, 1:] = 0
    real = numpy.array([[1, 1, 0], [1, 1, 1]], bool)
    each = [[numpy.asarray(single(tokens[b, s][tokens[b, s] > 0][None]))[0] for s in range(3)] for b in range(2)]
    after = built(compiled(one_branch("{kind: sequence, shape: [null, 3]}", "[{GRU: {units: 2}}]")))
    after.set_weights(model.get_weights()[4:])
    wanted = numpy.concatenate([numpy.asarray(after(numpy.array(each)[b : b + 1, : real[b].sum()])) for b in range(2)])
    for junk in (0, 3):
        tokens[0, 2] = junk
        close(run(model, {"x": tokens, "real": real}), wanted)
    if "words" in sizes:
        longer = numpy.pad(tokens, ((0, 0), (0, 2), (0, 3)))
        close(model.predict({"x": longer, "real": numpy.pad(real, ((0, 0), (0, 2)))}, verbose=0), wanted)


def test_batch_norm_moves_once_a_step() -> None:
    """The statistics are those of all frames together, and move once; so says the page against Keras's own loop."""
    text = one_branch("{kind: video, shape: [frames, 4, 4, 2]}", "[{TimeDistributed: [{BatchNormalization: {momentum: 0.5}}]}]")
    model = compiled(text).to_keras()
    x = clip(3, 5, 4, 4, 2)
    model(x, training=True)
    close(model.get_weights()[2], 0.5 * x.mean((0, 1, 2, 3)))
