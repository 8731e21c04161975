"""Published networks in `specs/published/`: they have the published counts, are what Keras builds, and run a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec

PUBLISHED = sorted(ROOT.joinpath("specs", "published").glob("*.yaml"))
FEWEST = 12
SMALL = {"frames": 2, "steps": 64}
"""Sizes known only at run time, as a batch has them."""
RECURRENT = {"LSTM", "GRU", "Bidirectional"}
"""Layers that TensorFlow runs step by step when it does not trace; one batch of all others is not worth a trace."""
LONG = {
    *("arrhythmia-attention", "deepspeech2", "googlenet", "long-videos", "lstnet", "resnet-time-series", "siamese"),
    *("slow-fast", "sound-event-crnn", "transfer-learning", "unet", "unet-mobilenetv2", "wavenet"),
    *("mlp-mixer", "vqa", "lstm-seq2seq"),
    *("cbam-resnet18", "miniature-gpt", "vision-transformer", "bidaf", "cbhg", "multi-lead-ecg", "mlstm-fcn"),
}
"""What takes longest to run: a quarter of them is built always, and all run with `--whole`."""
LARGE = {"multi-lead-ecg", "retinanet-resnet50"}
"""What runs with `--whole` alone."""
FRAMES = {"deepspeech2": {"frames": 40}}
"""CTC needs more steps than labels, after the convolutions."""


def test_there_are_enough() -> None:
    assert len(PUBLISHED) >= FEWEST


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_has_the_published_count_and_its_source(path: Path) -> None:
    """`expect` is checked by the load; its count is written from the source, which the comments name."""
    compilation = cnnlstm_spec.load(path)
    assert compilation.spec is not None and compilation.spec.expect
    text = path.read_text("utf-8")
    comments = "".join(line for line in text.splitlines() if line.startswith("# "))
    assert "http" in comments and f"params: {compilation.typed and compilation.typed.params}" in text


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=4, long=4)
@pytest.mark.parametrize("path", [path for path in PUBLISHED if path.stem in LONG], ids=lambda path: path.stem)
def test_is_what_keras_builds(path: Path, fresh: Any) -> None:
    import networks

    compilation = cnnlstm_spec.load(path)
    networks.compare(compilation, compilation.to_keras())


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            marks=pytest.mark.whole(every=0 if path.stem in LARGE else 4) if path.stem in LONG | LARGE else (),
            id=path.stem,
        )
        for path in PUBLISHED
    ],
)
def test_is_what_keras_builds_and_runs(path: Path, fresh: Any) -> None:
    import networks
    import numpy

    compilation = cnnlstm_spec.load(path)
    model = compilation.to_keras()
    networks.compare(compilation, model)
    model.run_eagerly = RECURRENT.isdisjoint(type(layer).__name__ for layer in model._flatten_layers())
    predicted = networks.run_first_batch(compilation, model, FRAMES.get(path.stem, SMALL), batch=2)
    outputs = predicted.values() if isinstance(predicted, dict) else [predicted]
    assert all(numpy.all(numpy.isfinite(each)) for each in outputs)
