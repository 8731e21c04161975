"""What is asked of an export, and whether it goes together. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import field

from ...text.frozen import dataclass
from ..require import Requirement
from ..samples import DataError
from .formats import FORMATS, Kind

SECONDS = 1800.0
"""For converting a file, and for each thing that is asked of it afterwards."""


@dataclass(frozen=True)
class Wanted:
    """Which files, and how."""

    formats: tuple[str, ...]
    quantize: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    batch_size: int | None = None
    opset: int | None = None
    tolerance: float | None = None
    required: tuple[Requirement, ...] = ()
    explain: bool = False
    keep_float: tuple[str, ...] = ()
    seconds: float = SECONDS
    without_data: bool = False
    """Whether files are compared on seeded samples, though the spec has data."""
    samples: int = 16
    """On how many a file is compared."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The files, in the order of the formats."""
        found: list[Kind] = []
        for format in FORMATS:
            if format in self.formats:
                of_litert = [Kind(format, each) for each in dict.fromkeys(self.quantize)] if format == "litert" else []
                found += of_litert or [Kind(format)]
        return tuple(found)

    def describe(self) -> dict[str, object]:
        """All of it that what is written rests on, as JSON has it."""
        return {
            "files": [str(each) for each in self.kinds],
            "sizes": dict(sorted(self.sizes.items())),
            "batch_size": self.batch_size,
            "opset": self.opset,
            "tolerance": self.tolerance,
            "required": [each.text for each in self.required],
            "explain": self.explain,
            "keep_float": list(self.keep_float),
            "samples": self.samples,
            "without_data": self.without_data,
        }

    def check(self) -> None:
        """Raises DataError for what would have no effect."""
        if self.quantize and "litert" not in self.formats:
            raise DataError(["`--quantize` is for `--format litert`"])
        if self.opset is not None and "onnx" not in self.formats:
            raise DataError(["`--opset` is for `--format onnx`"])
        if self.keep_float and "int8" not in self.quantize:
            raise DataError(["`--keep-float` is for `--quantize int8`"])


def find_judging(parts: Collection[str]) -> str | None:
    """The part of the data that figures are of: `validation`, else `test`."""
    return next((each for each in ("validation", "test") if each in parts), None)


def find_memory() -> int:
    """The bytes that a conversion may take: what the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2**34
