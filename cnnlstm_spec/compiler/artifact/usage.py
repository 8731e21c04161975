"""How to load and feed a compiled model, in three lines of Python."""

from __future__ import annotations

from ...emit.words.shapes import Tensor, make_inputs
from ...ir.op import TEXT
from ...text.escape.python import name as named
from ...text.escape.python import write_string
from ..compile import Compilation

SAMPLE = 32
"""Stands for a size that is known only at run time."""


def write_usage(compilation: Compilation, model: str) -> list[str]:
    """Three lines that load the model at a path, and predict for data of zeros, or for a text, which is fed as a tensor."""
    assert compilation.typed is not None and compilation.spec is not None
    batch = compilation.spec.batch_size or 1
    arrays = {each.name: _write_zeros(each, batch) for each in make_inputs(compilation.typed)}
    data = next(iter(arrays.values())) if len(arrays) == 1 else _write_mapping(arrays)
    # Importing the module of a person's own layer or loss registers it with Keras.
    used = [each for each in ("numpy", "tensorflow") if f"{each}." in data]
    modules = ", ".join(dict.fromkeys(["keras", *used, *map(named, compilation.program.imports)]))
    return [f"import {modules}", f"model = keras.models.load_model({write_string(model)})", f"model.predict({data})"]


def _write_mapping(arrays: dict[str, str]) -> str:
    return "{" + ", ".join(f"{write_string(name)}: {zeros}" for name, zeros in arrays.items()) + "}"


def _write_zeros(tensor: Tensor, batch: int) -> str:
    if tensor.dtype == TEXT:
        return f"tensorflow.constant({['a text'] * batch})".replace("'", '"')
    sizes = [size if isinstance(size, int) else SAMPLE for size in tensor.shape]
    function = "ones" if tensor.dtype == "bool" else "zeros"
    dtype = "float32" if tensor.dtype == "bfloat16" else tensor.dtype
    return f'numpy.{function}(({", ".join(map(str, [batch, *sizes]))}), "{dtype}")'
