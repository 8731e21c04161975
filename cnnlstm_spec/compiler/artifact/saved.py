"""A Keras model as the bytes of a `.keras` file, the same for equal models wherever they are made."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

from ...ir.program import Do, OnTensorFlow, Program
from ...text.escape.json import to_json

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
SAVED = "1980-01-01@00:00:00"


def find_jit(program: Program) -> bool | None:
    """Whether XLA compiles the model, as far as the program says it for TensorFlow; a file of any backend may be loaded there."""
    calls = (each.call for each in program.statements if isinstance(each, Do))
    said = next((value for call in calls for name, value in call.keywords if name == "jit_compile"), None)
    plain = said.value if isinstance(said, OnTensorFlow) else said
    return plain if isinstance(plain, bool) else None


def make_portable(data: bytes, jit: bool | None = None) -> bytes:
    """The canonical form of a `.keras` file, without what equals a default, so that earlier versions of Keras read it.

    Whether XLA compiles the model is decided where the file is loaded, if it is not said here.
    """
    from ...emit.keras.defaults import leave_out_defaults, with_compiled

    return make_canonical(data, lambda config: leave_out_defaults(with_compiled(config, jit)))


def make_canonical(data: bytes, shorten: Callable[[dict[str, object]], object] = lambda config: config) -> bytes:
    """A `.keras` file without the times and the memory addresses of its making, so that equal models are equal bytes.

    `shorten` is given its configuration.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "metadata.json":
                content = to_json({**json.loads(content), "date_saved": SAVED}, None).encode()
            if name == "config.json":
                content = to_json(_renumber(shorten(json.loads(content)), {}), None).encode()
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o600 << 16
            new.writestr(info, content)
    return made.getvalue()


def _renumber(config: object, ids: dict[int, int]) -> object:
    """A config whose shared objects are numbered as they come; Keras takes their addresses in memory."""
    if isinstance(config, list):
        return [_renumber(each, ids) for each in config]
    if not isinstance(config, dict):
        return config
    shared = "shared_object_id"
    numbered = {key: ids.setdefault(value, len(ids) + 1) if key == shared else value for key, value in config.items()}
    return {key: _renumber(value, ids) for key, value in numbered.items()}
