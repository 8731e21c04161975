"""Losses, metrics, optimizers and the rest are read again from a file as they are written into it, whatever their arguments are."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.compiler.artifact.saved import make_portable
from cnnlstm_spec.emit.keras.defaults import leave_out_defaults, with_plain_numbers
from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.language.named import find_kind
from fuzz.arguments import NOTHING, Draw

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

FAMILIES = ("losses", "metrics", "optimizers", "schedules", "regularizers", "initializers", "constraints")
DRAWS = 1
"""Values of each argument."""


def list_objects(family: str) -> list[tuple[str, str, Any]]:
    """Objects with one argument beside those that each needs."""
    import keras

    draw, found = Draw(Random(family)), []
    module = keras.optimizers.schedules if family == "schedules" else getattr(keras, family)
    for name, fact in find_family(family)["classes"].items():
        declared = [each for each in fact["arguments"] if each["name"] not in ("name", "dtype")]
        needed = {each["name"]: draw.of(find_kind(each), each["name"]) for each in declared if each.get("required")}
        for each in declared * DRAWS:
            value = draw.of(find_kind(each), each["name"])
            if value is NOTHING:
                continue
            try:
                found.append((name, each["name"], getattr(module, name)(**{**needed, each["name"]: value})))
            except (TypeError, ValueError, AttributeError):
                # Values that do not go together.
                continue
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_written_is_read(family: str) -> None:
    import keras

    seen = 0
    for name, argument, made in list_objects(family):
        written = json.loads(json.dumps(keras.saving.serialize_keras_object(made)))
        again = keras.saving.deserialize_keras_object(leave_out_defaults(with_plain_numbers(written)))
        assert json.dumps(keras.saving.serialize_keras_object(again)) == json.dumps(written), (name, argument)
        seen += 1
    assert seen > 5


def test_a_file_of_a_model_with_both_is_loaded(tmp_path: Any) -> None:
    """Of Keras's own file the metric is not read, and without its defaults the initializer was not."""
    import keras
    import numpy

    text = (
        "version: 1\nname: t\nbranches: {x: {input: {kind: vector, shape: [3]}}}\n"
        "head: [{Dense: {units: 2, activation: sigmoid, bias_initializer: {Constant: {value: 0.0}}}}]\n"
        "compile: {loss: binary_crossentropy, metrics: [{AUC: {multi_label: true, num_labels: 2, label_weights: [1.0, 3.0]}}]}\n"
    )
    model, path = load(text).to_keras(), tmp_path / "model.keras"
    model.save(path)
    with pytest.raises(ValueError, match="__tensor__"):
        keras.models.load_model(path)
    path.write_bytes(make_portable(path.read_bytes()))
    loaded = keras.models.load_model(path)
    draw = numpy.random.default_rng(0)
    x, y = draw.normal(size=(32, 3)).astype("float32"), draw.integers(0, 2, (32, 2))
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
