"""A finished run, read back from its folder: its spec, its model, and what its targets are. Imports Keras when it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, NamedTuple

from ..compiler.artifact.ownership import MANIFEST, MODEL
from ..compiler.compile import Compilation, compile_source
from ..emit.keras.quiet import silence
from ..spec.data.sources import DataSource
from ..spec.paths import WrittenPath
from ..text.escape.json import to_json
from ..text.files import PathError, find_sort
from ..text.frozen import dataclass
from ..text.source import Place, Span
from ..text.source import Source as Text
from .adapted import read_adapted
from .manifest import RunManifest
from .samples import DataError, HeadTarget, Part

if TYPE_CHECKING:
    import keras

    from .reading.open import DataReading


FRACTION = re.compile(r'(?<!\\)"(-?\d+/\d+)"(?!\s*:)')
"""A text such as 1/255, which is a number where it stands without quotation marks."""


class Opened(NamedTuple):
    """Samples to be measured or predicted."""

    name: str
    """What they are called: `test`, or the source that is named."""
    part: Part
    targets: Mapping[str, HeadTarget]
    """What each head's target is: that of the run, else of the spec's data."""


@dataclass(frozen=True)
class Finished:
    """A model with its spec, whether a run's or one that is named by itself."""

    compilation: Compilation
    model_path: File
    manifest: RunManifest | None
    """None of a model that is no run's."""
    allow_outside: bool = False
    allow_imports: bool = False

    @property
    def targets(self) -> Mapping[str, HeadTarget]:
        """What each head's target is; empty of a model that is no run's."""
        if self.manifest is None:
            return {}
        return {head: each.to_target(head) for head, each in self.manifest.targets.items()}

    @property
    def thresholds(self) -> Mapping[str, float]:
        """From which probability on a head is 1; of a model that is no run's the numbers that the spec has."""
        if self.manifest is not None:
            return self.manifest.thresholds
        spec = self.compilation.spec
        wanted = spec.fit.threshold if spec is not None and spec.fit is not None else {}
        found = {head.name: wanted.get(head.name, wanted.get(None)) for head in spec.heads} if spec is not None else {}
        return {head: each.value for head, each in found.items() if each is not None and each.value is not None}

    def load(self) -> keras.Model:
        """The model, compiled as the spec says, with its trained weights. Raises Unbuildable where they do not fit."""
        self.compilation.need_backend()
        with silence():
            from ..emit.keras.run import forget

        from ..compiler.trained import load_into

        forget()
        model = self.compilation.to_keras()
        load_into(model, self.model_path, self.compilation, "default")
        return model

    def prepare_reading(self) -> DataReading:
        """The data of the spec, not opened yet; classes and scales are those of the run."""
        from .reading.open import DataReading

        return DataReading(self.compilation, self.allow_outside, self.allow_imports, targets=self.targets)

    def open_part(self, source: str | None, wanted: str = "test", targets: bool = True) -> Opened:
        """The samples of a source that is named, or of a part of the spec's.

        Raises DataError where there is none, or they cannot be read.
        """
        reading = self.prepare_reading()
        data = self.compilation.spec.data if self.compilation.spec is not None else None
        assert data is not None
        if source is None and not data.has(wanted):
            raise DataError([f"the spec has no `data.{wanted}`: name a source, such as `{wanted}.csv`"])
        if not self.targets:
            reading.read()
        if source is not None:
            like = data.train[0]
            given = WrittenPath(source, None, by_hand=True)
            named = (
                DataSource(given, None, like.root, like.separator, like.place)
                if ":" not in source or find_sort(File(source))
                else _import_function(source, self.allow_imports)
            )
            part = reading.open_part((named,), source, targets)
            reading.problems.stop()
            return Opened(File(source).name, part, self.targets or reading.targets)
        one = data.parts[wanted]
        if isinstance(one, DataSource):
            part = reading.open_part((one,), wanted)
            reading.problems.stop()
            return Opened(wanted, part, self.targets or reading.targets)
        parts = reading.read(self.manifest.fold if self.manifest is not None else None)
        reading.problems.stop()
        return Opened(wanted, parts[wanted], self.targets or reading.targets)


def _import_function(name: str, allow_imports: bool) -> DataSource:
    if not allow_imports:
        raise DataError([f"`{name}` is a function of Python's: `--allow-imports` allows it"])
    return DataSource(None, name, None, None, Place((), Span(Text("<command line>", ""), 0, 0)))


def open_run(folder: File, allow_outside: bool = False, allow_imports: bool = False) -> Finished:
    """A run by its folder. Raises DataError where there is none, or it is not finished."""
    if (sort := find_sort(folder)) != "folder":
        raise DataError([f"`{folder}` is {f'a {sort}, and ' if sort else ''}no folder of a run, which `train` writes"])
    if any(find_sort(folder / name) != "file" for name in (MANIFEST, MODEL)):
        unfinished = find_sort(folder / "state") == "folder"
        raise DataError([f"`{folder}` holds " + ("a run that is not finished" if unfinished else "no finished run")])
    manifest = RunManifest.read_file(folder / MANIFEST)
    if manifest is None:
        raise DataError([f"`{folder / MANIFEST}` is no manifest of a run; `train` writes one"])
    compilation = compile_held(manifest.spec.document, folder, manifest.base, allow_imports, read_adapted(folder))
    return Finished(compilation, folder / MODEL, manifest, allow_outside, allow_imports)


def compile_held(
    document: Mapping[str, object], folder: File, base: str, allow_imports: bool, overrides: tuple[str, ...] = ()
) -> Compilation:
    """The spec that a manifest holds, read as if it lay where it did."""
    kept = {key: each for key, each in document.items() if key not in ("matrix", "extends")}
    below = folder / base
    compilation = compile_source(
        Text(str(below / "spec.yaml"), FRACTION.sub(r"\1", to_json(kept))), overrides, below, allow_imports
    )
    if not compilation.ok:
        first = next(each for each in compilation.diagnostics if each.severity == "error")
        raise DataError([f"the spec of `{folder}` is not sound any more: {first.message}"])
    return compilation


__all__ = ["Finished", "PathError", "open_run"]
