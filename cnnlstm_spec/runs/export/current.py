"""Whether a folder holds an export already: of the same model, spec, data and wishes, by the same versions. Imports no Keras."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path as File

from ...compiler.artifact.batch import has_own_modules
from ...spec.data.sources import DataSource
from ...text.escape.json import to_json
from ...text.files import PathError, digest
from ..file_digests import digest_files
from ..finished import Finished
from ..installed import find_installed_versions
from ..run import make_identity
from ..samples import Data
from .document import Export
from .formats import FORMS, Kind
from .place import DOCUMENT
from .wanted import Wanted

PACKAGES = {"ai_edge_litert": "ai-edge-litert"}
"""What a module is installed as, where its name differs."""


def read_data(finished: Finished) -> Data:
    """What files are measured on; no parts of a spec without data. Raises DataError."""
    spec = finished.compilation.spec
    if spec is None or spec.data is None or not spec.data.train:
        return Data({}, {})
    reading = finished.prepare_reading()
    parts = reading.read(_find_fold(finished))
    reading.problems.stop()
    return Data(parts, reading.targets, reading.describe_parts(parts), seen=reading.seen)


def list_versions(kinds: Iterable[Kind]) -> dict[str, str]:
    """The versions of the packages that convert and run the files."""
    packages = dict.fromkeys(module for kind in kinds for module in FORMS[kind.format].modules)
    return {**find_installed_versions(), **{name: version(PACKAGES.get(name, name)) for name in packages}}


def find_origin(finished: Finished, data: Data, wanted: Wanted) -> str | None:
    """A digest of all that an export rests on; None where modules of the person's own are among it, which may change."""
    if has_own_modules(finished.compilation) or _calls_functions(finished):
        return None
    identity = make_identity(finished.compilation, data, _find_fold(finished)).add_files(digest_files(data, anew=True))
    manifest = finished.manifest
    facts = {
        **identity.to_data(),
        "model": digest(finished.model_path),
        "targets": {head: each.to_data() for head, each in manifest.targets.items()} if manifest is not None else {},
        "thresholds": dict(finished.thresholds),
        "wanted": wanted.describe(),
        "versions": list_versions(wanted.kinds),
    }
    return hashlib.sha256(to_json(facts, indent=None).encode()).hexdigest()


def is_current(folder: File, origin: str | None) -> bool:
    """Whether the export that lies in a folder rests on the same, and its files are as they were written."""
    held = Export.read_file(folder / DOCUMENT)
    if held is None or origin is None or held.origin != origin:
        return False
    digests = {name: each.sha256 for file in held.files for name, each in file.files.items()}
    digests |= {each.vocabulary: each.sha256 for each in (held.texts or {}).values() if each.vocabulary and each.sha256}
    try:
        return all(digest(folder / name) == sha256 for name, sha256 in digests.items())
    except PathError:
        return False


def _find_fold(finished: Finished) -> int | None:
    return finished.manifest.fold if finished.manifest is not None else None


def _calls_functions(finished: Finished) -> bool:
    """Whether samples come from functions of Python's."""
    data = finished.compilation.spec.data if finished.compilation.spec is not None else None
    sources = (*data.train, *data.parts.values()) if data is not None else ()
    return any(isinstance(each, DataSource) and each.path is None for each in sources)
