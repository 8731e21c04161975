"""The versions of what trains a model, told without importing it."""

from __future__ import annotations

import os
from importlib.metadata import packages_distributions, version
from pathlib import Path as File

from ..compiler.version import __version__
from ..text.files import read_json

BACKEND = "tensorflow"
"""Keras's own choice where nothing else is said."""


def installed_versions() -> dict[str, str]:
    """Those of this package, of Keras and of its backend; one that is not installed is left out."""
    known = packages_distributions()
    # The module `tensorflow` may come from `tensorflow-cpu` and others.
    found = {name: version(known[name][0]) for name in ("keras", find_backend()) if name in known}
    return {"cnnlstm-spec": __version__, **found}


def find_backend() -> str:
    """The backend that Keras would take: by the environment, else by its own file."""
    home = os.environ.get("KERAS_HOME") or str(File.home() / ".keras")
    written = read_json(File(home, "keras.json"))
    configured = written.get("backend") if isinstance(written, dict) else None
    return os.environ.get("KERAS_BACKEND") or (configured if isinstance(configured, str) else BACKEND)
