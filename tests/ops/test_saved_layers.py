"""Every example of every layer, saved and loaded by a fresh process that has Keras alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from layers import op_classes, spec_of

from cnnlstm_spec import load
from cnnlstm_spec.compiler.artifact.saved import make_portable
from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ops import find_op
from fuzz.text import text_of

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

UNARY = find_op("Op")
assert UNARY is not None
LAYERS = [(op, each) for op in (*op_classes(), UNARY) for each in op.examples]
EACH = 35
"""Layers in one model: a file each would take most of the time."""

LOADS = """
import sys
import keras, numpy
for path in sys.argv[1:]:
    model = keras.saving.load_model(path)
    given = dict(numpy.load(path + ".in.npz"))
    outputs = model(given, training=False).items()
    numpy.savez(path + ".out.npz", **{head: keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for head, x in outputs})
"""


@pytest.mark.sampled(every=12, long=2)
@pytest.mark.parametrize("first", range(0, len(LAYERS), EACH))
def test_every_layer_gives_the_same_once_it_is_loaded(first: int, tmp_path: Path, elsewhere: Elsewhere) -> None:
    group, path = LAYERS[first : first + EACH], tmp_path / "layers.keras"
    names, values = saved(group, path)
    try:
        elsewhere.run(LOADS, tmp_path, str(path))
    except AssertionError as error:
        raise AssertionError(first_that_fails(group, tmp_path)) from error
    assert unequal(names, values, path) == []


def saved(group: list[tuple[type[Op], Example]], path: Path) -> tuple[list[str], dict[str, Any]]:
    """Saves a model of these layers and its input; their names, and what it predicts."""
    import keras
    import numpy
    import oracle

    keras.utils.clear_session(free_memory=False)
    sound = [(op, each) for op, each in group if load(text_of(spec_of([(op, each)]))).ok]
    compilation = load(text_of(spec_of(sound)))
    model = compilation.to_keras()
    model.save(path)
    path.write_bytes(make_portable(path.read_bytes()))
    shapes = {f"x{n}_{i}": (s, each.dtype) for n, (_, each) in enumerate(sound) for i, s in enumerate(each.shapes)}
    given = {name: oracle.data(tuple(shape), dtype)[:4] for name, (shape, dtype) in shapes.items()}
    numpy.savez(f"{path}.in.npz", **{name: each.astype("U") if each.dtype == object else each for name, each in given.items()})
    outputs = model(given, training=False).items()
    values = {head: keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for head, x in outputs}
    return [f"{op.title()} {dict(each.arguments)}" for op, each in sound], values


def unequal(names: list[str], values: dict[str, Any], path: Path) -> list[str]:
    """The layers that give something else in the process that has loaded them."""
    import numpy

    loaded = numpy.load(f"{path}.out.npz")
    return [
        names[int(head.removeprefix("y"))]
        for head, value in values.items()
        if not numpy.allclose(value, loaded[head], atol=1e-6, equal_nan=True)
    ]


def first_that_fails(group: list[tuple[type[Op], Example]], folder: Path) -> str:
    """The layer that a file does not load for, looked for one by one."""
    import keras

    for op, each in group:
        if not load(text_of(spec_of([(op, each)]))).ok:
            continue
        saved([(op, each)], folder / "one.keras")
        try:
            keras.saving.load_model(folder / "one.keras")
        except Exception:
            return f"{op.title()} {dict(each.arguments)}"
    return ""
