"""An export as a whole: every file is made and held against Keras, then all are put in place, or none. Imports Keras at work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ...compiler.artifact.write import digest as hash_bytes
from ...compiler.artifact.write import replace_file
from ...compiler.backend import DEFAULT, find_backend
from ...compiler.deploy import deploy
from ...emit.keras.quiet import silence
from ...emit.words.shapes import make_inputs, make_outputs
from ...text.files import digest
from ..finished import Finished
from ..samples import Data, DataError
from .asked import check_model
from .current import find_origin, is_current, list_versions, read_data
from .document import Export, ExportedFile, ExportInput, ExportOutput, TextLayer
from .formats import Kind, need_installed
from .place import check_folder, make_scratch_beside, make_scratch_folder, put_in_place
from .wanted import Wanted, find_judging

if TYPE_CHECKING:
    from .export import Exporter


def write_export(
    finished: Finished,
    wanted: Wanted,
    folder: File,
    force: bool = False,
    step: Callable[[str], None] = lambda text: None,
    note: Callable[[str], None] = lambda text: None,
) -> Export | None:
    """Writes the files that are wanted, and gives what `export.json` holds; None where the folder holds them already.

    Raises DataError with what is amiss; then nothing is written. Raises PathError and Unbuildable as `train` does.
    """
    if (backend := find_backend()) != DEFAULT:
        raise DataError([f"files are converted with TensorFlow, and Keras runs on {backend}: leave `KERAS_BACKEND` out"])
    kinds = wanted.kinds
    need_installed(kinds)
    deployment = deploy(finished.compilation, finished.model_path)
    check_model(deployment, wanted)
    check_folder(folder, kinds, force)
    step("reading the data")
    try:
        data = Data({}, {}) if wanted.without_data else read_data(finished)
    except DataError as error:
        raise DataError([*error.problems, "`--without-data` compares files on seeded samples, and measures nothing"]) from error
    if wanted.required and find_judging(data.parts) is None:
        raise DataError(["`--require` needs `data` with a `validation` or a `test` part"])
    origin = find_origin(finished, data, wanted)
    if not force and is_current(folder, origin):
        return None
    step("importing Keras")
    with silence():
        from .export import Exporter, Shared, open_model
    step("building the model")
    model = open_model(finished, deployment, data.parts)
    with make_scratch_beside(folder) as scratch, make_scratch_folder() as between:
        exporter = Exporter(model, wanted, scratch, step, note, Shared(between))
        files = tuple(_make(exporter, kinds))
        found = _describe(exporter, files, _write_texts(exporter, kinds, scratch), origin)
        put_in_place(scratch, folder, found)
    return found


def _make(exporter: Exporter, kinds: tuple[Kind, ...]) -> list[ExportedFile]:
    """Every file; what is amiss with any of them is told of all at once."""
    found: list[ExportedFile] = []
    problems: list[str] = []
    for kind in kinds:
        try:
            found.append(exporter.make(kind))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return found


def _write_texts(exporter: Exporter, kinds: tuple[Kind, ...], scratch: File) -> dict[str, TextLayer]:
    """Writes the vocabularies that files leave out; gives what reads the text of each branch."""
    from .texts import describe_texts, list_words

    model = exporter.model
    texts = next((side.texts for side in map(model.find_side, kinds) if side.texts), ())
    for branch, each in (found := describe_texts(model.typed, texts)).items():
        words = list_words(model.typed, branch)
        if each.vocabulary is not None and words is not None:
            data = "".join(f"{word}\n" for word in words).encode()
            replace_file(scratch / each.vocabulary, data)
            found[branch] = each.model_copy(update={"sha256": hash_bytes(data)})
    return found


def _describe(exporter: Exporter, files: tuple[ExportedFile, ...], texts: dict[str, TextLayer], origin: str | None) -> Export:
    model = exporter.model
    spec, typed = model.finished.compilation.spec, model.finished.compilation.typed
    assert spec is not None and typed is not None
    document = model.finished.manifest.spec.document if model.finished.manifest is not None else {}
    data = document.get("data")
    read = data.get("inputs") if isinstance(data, dict) else None
    how: dict[str, Any] = read if isinstance(read, dict) else {}
    trial = exporter.trial
    more: dict[str, Any] = ({"texts": texts} if texts else {}) | ({"origin": origin} if origin is not None else {})
    return Export(
        version=1,
        name=spec.name,
        versions=list_versions(exporter.wanted.kinds),
        model=digest(model.finished.model_path),
        inputs=tuple(ExportInput(**each.to_data(), read=how.get(each.name)) for each in make_inputs(typed)),
        outputs=tuple(ExportOutput(**each.to_data(), **_read_output(model.finished, each.name)) for each in make_outputs(typed)),
        **more,
        samples=len(trial.samples),
        samples_of=trial.of,
        files=files,
    )


def _read_output(finished: Finished, head: str) -> dict[str, Any]:
    target = finished.targets.get(head)
    if target is None:
        return {}
    found: dict[str, Any] = {"names": target.names}
    if head in finished.thresholds:
        found["threshold"] = finished.thresholds[head]
    return found | ({"mean": float(target.mean), "spread": float(target.spread)} if target.sort == "numbers" else {})
