"""A compiler from YAML specs to Keras models.

    compilation = cnnlstm_spec.load("specs/equipment-fault.yaml")
    print(compilation)               # the table of layers, and what is found
    model = compilation.to_keras()

    load(path_or_text, overrides)    reads a spec and works out every shape; never raises for what a spec says
    compile_model(path, overrides)   the Keras model of a spec; raises SpecError where the spec has errors
    Compilation                      a spec and all that is known of it, a picture in a notebook:
        .ok, .diagnostics            whether there are errors; what is found, each with its text as str()
        .shapes                      inputs, layers, outputs and parameters as data, .to_pandas() as a frame
        .to_keras(), .to_python()    the model, and its source
        .to_svg()                    the picture
    SpecError                        a spec has errors; its text is what a terminal shows of them
    Unbuildable                      the installed Keras cannot build what a spec says

Overrides are `{"branches.video.layers[2].filters": 64}`, numbers and arrays of numpy too. `help(cnnlstm_spec.load)` says more.
Importing the package imports neither Keras nor TensorFlow; `to_keras` and `compile_model` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compiler.api import compile_model as compile_model
    from .compiler.api import load as load
    from .compiler.compile import Compilation as Compilation
    from .compiler.compile import SpecError as SpecError
    from .compiler.version import __version__ as __version__
    from .ir.program import Unbuildable as Unbuildable

_HOMES = {
    "load": "compiler.api",
    "compile_model": "compiler.api",
    "Compilation": "compiler.compile",
    "SpecError": "compiler.compile",
    "Unbuildable": "ir.program",
    "__version__": "compiler.version",
}
"""Where each name is defined. There is no `__all__`: `help` would show every name with all that it holds."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
