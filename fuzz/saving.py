"""Whether a model that builds can be saved as `compile` saves it, loaded, and gives the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy
import tensorflow

from cnnlstm_spec.compiler.artifact.saved import make_portable


def lost(model: Any, given: Any) -> str | None:
    """What goes wrong when a model is saved and loaded, and then gives something else; None where nothing does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        path.write_bytes(make_portable(path.read_bytes()))
        try:
            loaded = keras.saving.load_model(path)
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    for one, other in zip(_arrays(model, given), _arrays(loaded, given), strict=True):
        if not numpy.allclose(one, other, atol=1e-4, equal_nan=True):
            return f"differs by {numpy.abs(one - other).max():.2g} once it is loaded"
    return None


def _arrays(model: Any, given: Any) -> list[Any]:
    outputs = tensorflow.function(model, autograph=False)(given, training=False)
    values = outputs.values() if isinstance(outputs, dict) else [outputs]
    return [numpy.asarray(keras.ops.convert_to_numpy(keras.ops.cast(each, "float32"))) for each in values]
