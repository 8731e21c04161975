"""Files of weights that drawn specs name: a name says what is in the file, which is written when a spec that has it is read.

Keras and NumPy are imported where files are written and weights are compared.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from cnnlstm_spec.compiler.compile import Compilation

FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")
"""What the paths start from."""
MATRIX = re.compile(r"vectors-(\d+)x(\d+)-(\w+)\.npy")
BACKBONE = re.compile(r"(\w+)-([\d.]+)\.weights\.h5")
"""Its name and its `alpha`; it has no top."""


def folder_of(text: str) -> Path:
    """The folder of a spec, with the files in it that the text names."""
    folder = Path(FOLDER.name)
    for found in (*MATRIX.finditer(text), *BACKBONE.finditer(text)):
        path = folder / found[0]
        if not path.exists():
            (_write_matrix if found.re is MATRIX else _write_backbone)(path, *found.groups())
    return folder


def _write_matrix(path: Path, rows: str, width: str, dtype: str) -> None:
    import numpy

    values = numpy.random.default_rng(1).uniform(-2, 2, (int(rows), int(width)))
    numpy.save(path, values.astype(dtype))


def _write_backbone(path: Path, name: str, alpha: str) -> None:
    _make_backbone(name, alpha, None).save_weights(path)


def _make_backbone(name: str, alpha: str, weights: str | None) -> Any:
    import keras

    make = getattr(keras.applications, name)
    return make(weights=weights, alpha=float(alpha), include_top=False, input_shape=(32, 32, 3))


def unlike(compilation: Compilation, model: Any) -> str | None:
    """A layer of a new model that does not begin with the weights of the file that it names; None where all do."""
    assert compilation.typed is not None
    layers = {layer.name: layer for layer in model.layers}
    for node in compilation.typed.nodes.values():
        op, layer = node.node.op, layers.get(node.node.layer)
        file = op.arguments.get("weights") and op.list_values().get("weights") if op is not None else None
        path = str(getattr(file, "path", ""))
        if layer is None or not path:
            continue
        wrong = _unlike_matrix(layer, path) if path.endswith(".npy") else _unlike_backbone(layer, path)
        if wrong:
            return f"{node.node.layer} begins with other weights than {file}"
    return None


def _unlike_matrix(layer: Any, path: str) -> bool:
    import numpy

    return not _alike(layer.get_weights()[0].astype("float64"), numpy.load(path).astype("float64"))


def _unlike_backbone(layer: Any, path: str) -> bool:

    found = BACKBONE.fullmatch(Path(path).name)
    assert found is not None
    held = _make_backbone(*found.groups(), path).get_weights()
    return not all(any(_alike(ours, theirs) for theirs in held) for ours in layer.get_weights())


def _alike(one: Any, other: Any) -> bool:
    """Whether two arrays are one, as half precision holds it."""
    import numpy

    return bool(one.shape == other.shape and numpy.allclose(one, other, rtol=0.02, atol=0.02))
