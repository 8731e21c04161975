"""What to install where an import fails that Keras, or one of its layers, needs."""

from __future__ import annotations

EXTRAS = {"keras": "tensorflow", "tensorflow": "tensorflow", "scipy": "tensorflow", "jax": "jax", "torch": "torch"}
"""By module, the extra that installs it."""


def install(extra: str) -> str:
    """The command for an extra, and where it works: no package index has this package."""
    return f"pip install '.[{extra}]' in a checkout of cnnlstm-spec"


def explain_missing(error: ImportError) -> str | None:
    """A line that says it; None where what is missing cannot be told, or is a part of this package."""
    name = _find_module(error)
    if name is None or name == __name__.partition(".")[0]:
        return None
    return f"`{name}` is not installed: {install(EXTRAS[name]) if name in EXTRAS else f'pip install {name}'}"


def _find_module(error: BaseException | None) -> str | None:
    """The package that was not found; Keras raises an error of its own for one that it needs at times only."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError) and error.name is not None:
            return error.name.partition(".")[0]
        error = error.__cause__ or error.__context__
    return None
