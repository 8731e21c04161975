"""A compiler from YAML specs to Keras models.

    compilation = cnnlstm_spec.load("specs/equipment-fault.yaml")
    model = compilation.to_keras()

Importing it imports neither Keras nor TensorFlow; `Compilation.to_keras` and `compile_model` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiler.api import compile_model, load
    from .compiler.compile import Compilation, SpecError
    from .compiler.version import __version__
    from .ir.program import Unbuildable

__all__ = ["Compilation", "SpecError", "Unbuildable", "__version__", "compile_model", "load"]

_HOMES = {
    "load": "compiler.api",
    "compile_model": "compiler.api",
    "Compilation": "compiler.compile",
    "SpecError": "compiler.compile",
    "Unbuildable": "ir.program",
    "__version__": "compiler.version",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
