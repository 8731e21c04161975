"""What a model file says of its model: Keras's own configuration, as data. Imports no Keras."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from ...text.files import read
from ...text.frozen import dataclass

LARGEST_FILE = 16 * 2**30
"""Bytes of a whole model file."""
LARGEST_CONFIG = 64 * 2**20
"""Bytes of its configuration."""
CONFIG = "config.json"


class NotAModel(Exception):
    """Why a file cannot be read as a model, as the end of a sentence."""


@dataclass(frozen=True)
class ModelFile:
    """The configuration of a model, as Keras writes it."""

    config: dict[str, Any]
    compiled: dict[str, Any]
    """What it was compiled with; empty where it was not."""


def read_model(path: Path) -> ModelFile:
    """Reads a `.keras` file, or Keras's JSON of a model; raises PathError or NotAModel."""
    data = read(path, LARGEST_CONFIG + 1 if path.suffix == ".json" else LARGEST_FILE)
    if data[:8] == b"\x89HDF\r\n\x1a\n":
        data = _read_hdf5(data)
    elif data[:2] == b"PK":
        data = _read_zip(data)
    if len(data) > LARGEST_CONFIG:
        raise NotAModel(f"its configuration is longer than {LARGEST_CONFIG // 2**20} MiB")
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        raise NotAModel("it is neither a `.keras` file nor Keras's JSON of a model") from None
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict) or "class_name" not in config:
        raise NotAModel("its JSON is not that of a Keras model")
    compiled = config.get("compile_config")
    return ModelFile(config, compiled if isinstance(compiled, dict) else {})


def _read_zip(data: bytes) -> bytes:
    """The configuration in a `.keras` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(CONFIG) as stream:
            return stream.read(LARGEST_CONFIG + 1)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        reason = f"it has no `{CONFIG}`" if isinstance(error, KeyError) else "its zip archive is broken"
        raise NotAModel(reason) from None


def _read_hdf5(data: bytes) -> bytes:
    """The configuration in a `.h5` file of a whole model, which older versions of Keras wrote."""
    try:
        import h5py
    except ImportError:
        raise NotAModel("a `.h5` file is read with h5py, which comes with TensorFlow: pip install h5py") from None
    try:
        with h5py.File(io.BytesIO(data), "r") as stream:
            found = stream.attrs.get("model_config")
    except (OSError, RuntimeError, ValueError, KeyError):
        raise NotAModel("its HDF5 data are broken") from None
    if found is None:
        raise NotAModel("it holds weights alone, and no model")
    return found if isinstance(found, bytes) else str(found).encode()
