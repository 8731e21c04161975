"""Text and values that are looked up: measured of the training part as Keras measures them, kept, and loaded by Keras alone."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: reviews
branches:
  review:
    input: {kind: text}
    layers:
      - TextVectorization: {max_tokens: 30, output_sequence_length: 6}
      - Embedding: {input_dim: 30, output_dim: 4, mask_zero: true}
      - GlobalAveragePooling1D
  answer: {input: {kind: text}, share_layers_with: review}
  bag:
    input: {kind: text}
    layers: [{TextVectorization: {max_tokens: 30, output_mode: tf_idf, pad_to_max_tokens: true, ngrams: 2}}]
  genre:
    input: {kind: text}
    layers: [{StringLookup: {output_mode: one_hot, max_tokens: 6, pad_to_max_tokens: true}}]
  codes:
    input: {kind: tokens, shape: [n], padding_value: 0}
    layers:
      - IntegerLookup: {max_tokens: 9, mask_token: 0}
      - Embedding: {input_dim: 9, output_dim: 2}
      - GlobalAveragePooling1D
fusion: {strategy: concat}
head: [{Dense: {units: 1, activation: sigmoid}}]
compile: {loss: binary_crossentropy, metrics: [accuracy]}
data:
  train: train.jsonl
  test: test.jsonl
  inputs: {bag: {column: review}}
  targets: {head: {column: label}}
fit: {epochs: 1, batch_size: 16}
"""
WORDS = ("good", "bad", "dull", "a", "the", "film,", "PLOT", "line\nbreak", 'quo"te', "\u2028", "日本")


def write_rows(path: Path, count: int, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    rows = []
    for index in range(count):
        words = draw.choices(WORDS, k=draw.randint(1, 8))
        codes = [draw.randint(1, 12) for _ in range(draw.randint(1, 4))]
        row = {"review": " ".join(words), "answer": draw.choice(WORDS), "genre": draw.choice("xyz"), "codes": codes}
        rows.append({**row, "label": ("no", "yes")[index % 2]})
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec of text, its data, and a run of it."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "spec.yaml").write_text(SPEC)
    write_rows(folder / "train.jsonl", 40, 0)
    write_rows(folder / "test.jsonl", 10, 1)
    assert run(["train", str(folder / "spec.yaml"), "-o", str(folder / "run")]) == 0
    return folder


def held(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run" / "adapted.json").read_text())["layers"]
    return found


def test_it_is_measured_as_keras_measures_it(folder: Path) -> None:
    import keras
    import tensorflow

    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    reviews, answers = ([row[name] for row in rows] for name in ("review", "answer"))
    found = held(folder)
    assert set(found) == {f"branches.{name}.layers[0]" for name in ("review", "bag", "genre", "codes")}

    words = keras.layers.TextVectorization(max_tokens=30)
    words.adapt(tensorflow.constant(reviews + answers))
    assert found["branches.review.layers[0]"] == {"vocabulary": words.get_vocabulary(include_special_tokens=False)}

    bag = keras.layers.TextVectorization(max_tokens=30, output_mode="tf_idf", pad_to_max_tokens=True, ngrams=2)
    bag.adapt(tensorflow.constant(reviews))
    made = keras.layers.TextVectorization(
        max_tokens=30, output_mode="tf_idf", pad_to_max_tokens=True, ngrams=2, **found["branches.bag.layers[0]"]
    )
    assert made.get_vocabulary() == bag.get_vocabulary()
    assert (made(tensorflow.constant(reviews)).numpy() == bag(tensorflow.constant(reviews)).numpy()).all()

    genres = keras.layers.StringLookup()
    genres.adapt(tensorflow.constant([row["genre"] for row in rows]))
    assert found["branches.genre.layers[0]"]["vocabulary"] == genres.get_vocabulary(include_special_tokens=False)

    codes = keras.layers.IntegerLookup(max_tokens=9, mask_token=0)
    codes.adapt(tensorflow.constant([code for row in rows for code in row["codes"]]))
    assert found["branches.codes.layers[0]"]["vocabulary"] == [int(each) for each in codes.get_vocabulary(False)]


def test_words_that_numpy_takes_for_one() -> None:
    import numpy

    from cnnlstm_spec.ops.lookup import TextVectorization
    from cnnlstm_spec.runs.adapt_values import measure

    texts = numpy.asarray(["nul\0 nul end\0", "nul\0"], dtype=object)
    assert measure(TextVectorization.make(), iter([(texts, None)])) == {"vocabulary": ["nul", "end"]}
    weighed = TextVectorization.make(output_mode="tf_idf", max_tokens=9, pad_to_max_tokens=True)
    found = measure(weighed, iter([(texts, None)]))
    assert found["vocabulary"] == ["[UNK]", "nul", "end"] and len(found["idf_weights"]) == 3
    assert measure(TextVectorization.make(), iter([(numpy.asarray(["", " "], dtype=object), None)])) == {}


def test_keras_alone_loads_what_the_run_predicted(folder: Path) -> None:
    import keras
    import tensorflow

    import cnnlstm_spec.runs

    assert run(["predict", str(folder / "run"), str(folder / "test.jsonl"), "-o", str(folder / "out.csv")]) == 0
    with (folder / "out.csv").open(newline="") as stream:
        written = list(csv.DictReader(stream))
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]
    assert [row["review"] for row in written] == [row["review"] for row in rows]
    fed = cnnlstm_spec.runs.read(folder / "run", folder / "test.jsonl")
    as_tensors = {name: tensorflow.constant(each) for name, each in fed.items()}
    model = keras.models.load_model(folder / "run" / "model.keras")
    given = model.predict(as_tensors, verbose=0)[:, 0]
    # The probability of what was predicted, of two classes.
    wanted = [float(row["head.probability"]) for row in written]
    assert [each if each >= 0.5 else 1 - each for each in given.tolist()] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.whole
def test_what_was_measured_builds_the_model_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(folder / "spec.yaml")
    assert run(["compile", spec, "-o", str(folder / "none")]) == 1 and not (folder / "none").exists()
    assert "--adapted RUN" in capsys.readouterr().err
    assert run(["compile", spec, "-o", str(folder / "built"), "--adapted", str(folder / "run"), "--verify"]) == 0
    shown = capsys.readouterr().out
    assert 'tensorflow.constant(["a text"])' in shown and "greatest difference 0.0e+00" in shown
    assert run(["evaluate", str(folder / "run"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 10
    assert run(["compare", str(folder / "run")]) == 0


def test_what_does_not_fit_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = """
version: 1
name: words
branches:
  review:
    input: {kind: text}
    layers:
      - TextVectorization: {output_sequence_length: 6}
      - Embedding: {input_dim: 5, output_dim: 4}
      - Flatten
head: [{Dense: {units: 1, activation: sigmoid}}]
compile: {loss: binary_crossentropy}
data: {train: train.jsonl, targets: {head: {column: label}}}
fit: {epochs: 1}
"""
    (tmp_path / "spec.yaml").write_text(spec)
    write_rows(tmp_path / "train.jsonl", 40, 0)
    assert run(["validate", str(tmp_path / "spec.yaml")]) == 0
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 1
    told = capsys.readouterr().err
    assert "`Embedding` has rows for 0 to 4; given 0 to " in told and "`input_dim: " in told


def test_a_backend_without_text(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert run(["train", str(folder / "spec.yaml"), "-o", str(folder / "jax")]) == 1
    assert "`jax` has no operation for `TextVectorization`" in capsys.readouterr().err
    assert not (folder / "jax").exists()
