"""The versions of what trains a model, told without importing it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, packages_distributions, version

from ..compiler.backend import find_backend
from ..compiler.version import __version__


def find_installed_versions() -> dict[str, str]:
    """Those of this package, of Keras and of its backend; one that is not installed is left out."""
    found = {name: _find_version(name) for name in ("keras", find_backend())}
    return {"cnnlstm-spec": __version__, **{name: each for name, each in found.items() if each is not None}}


def _find_version(module: str) -> str | None:
    """That of the package that a module comes from; None where there is none."""
    try:
        return version(module)
    except PackageNotFoundError:
        # The module `tensorflow` may come from `tensorflow-cpu` and others; to look through all packages takes long.
        known = packages_distributions().get(module)
        return version(known[0]) if known else None
