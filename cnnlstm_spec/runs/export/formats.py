"""The formats, what each needs installed, and how far its outputs may differ from Keras's. Imports nothing heavy."""

from __future__ import annotations

from importlib.util import find_spec

from ...model.runtimes import RUNTIMES
from ...text.frozen import dataclass
from ...text.missing import install
from ..samples import DataError

FORMATS = RUNTIMES
QUANTIZED = ("dynamic", "float16", "int8")
EXTRA = "export"
MODEL = "model"
"""What the files are called, without their endings."""
TOLERANCES = {None: 1e-4, "float16": 2e-3, "dynamic": 2e-2}
"""The greatest difference of an output, relative to its spread, by quantisation; int8 is held by what it costs."""
POLICIES = {"float16": 2e-3, "bfloat16": 2e-2}
"""The same of models that compute with less than float32."""
COST = 0.01
"""By how much a metric may fall with int8."""


@dataclass(frozen=True)
class Form:
    """How a format is written."""

    path: str
    """The file, or the folder that its runtime is given, below the folder of the export."""
    modules: tuple[str, ...]
    """What converts it and runs it."""


FORMS = {
    "saved_model": Form("saved_model/1", ()),
    "litert": Form(f"{MODEL}.tflite", ("ai_edge_litert",)),
    "onnx": Form(f"{MODEL}.onnx", ("tf2onnx", "onnx", "onnxruntime")),
    "openvino": Form(f"{MODEL}.xml", ("openvino",)),
}


@dataclass(frozen=True)
class Kind:
    """A format with its quantisation."""

    format: str
    quantize: str | None = None

    @property
    def path(self) -> str:
        """Where it is written, below the folder of the export."""
        path = FORMS[self.format].path
        return path if self.quantize is None else path.replace(MODEL, f"{MODEL}.{self.quantize}", 1)

    def __str__(self) -> str:
        return self.format if self.quantize is None else f"{self.format} {self.quantize}"

    def find_tolerance(self, policy: str) -> float | None:
        """How far outputs may differ, of a model of that dtype policy; None where they are reported alone."""
        if self.quantize == "int8":
            return None
        least = max((bound for name, bound in POLICIES.items() if name in policy), default=0.0)
        return max(TOLERANCES[self.quantize], least)


def need_installed(kinds: tuple[Kind, ...]) -> None:
    """Raises DataError, which says what installs it, where a package is missing that a format needs."""
    for kind in kinds:
        for module in FORMS[kind.format].modules:
            if find_spec(module) is None:
                raise DataError([f"`{kind.format}` needs `{module}`, which is not installed: {install(EXTRA)}"])
