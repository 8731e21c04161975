"""The document of a run's spec, with the paths of its data as they are seen from the spec's folder, whoever wrote them."""

from __future__ import annotations

import os
from pathlib import Path as File
from typing import Any

from ..spec.data.section import DataSpec
from ..spec.data.sources import DataSource
from ..spec.model_spec import ModelSpec
from ..spec.paths import WrittenPath

SOURCES = ("train", "validation", "test")


def make_portable(document: dict[str, Any], spec: ModelSpec, base: File) -> dict[str, object]:
    """The document without a path from the root, in which `extends` and the command line have left no trace in paths.

    `base` is the spec's folder. It is read again from there, by `evaluate` and `predict`.
    """
    if spec.data is None or not isinstance(document.get("data"), dict):
        return document
    section = {**document["data"], **_make_sources_portable(spec.data, base)}
    if spec.data.root is not None:
        section["root"] = _make_relative(spec.data.root, base)
    changed = {key: each for key, each in document.items() if key != "extends"} | {"data": section}
    if spec.fit is not None and spec.fit.start_from is not None and isinstance(document.get("fit"), dict):
        changed["fit"] = {**document["fit"], "start_from": _make_relative(spec.fit.start_from, base)}
    return changed


def _make_sources_portable(data: DataSpec, base: File) -> dict[str, object]:
    found: dict[str, object] = {}
    if data.train:
        train = [_make_source_portable(each, base) for each in data.train]
        found["train"] = train if len(train) > 1 else train[0]
    return found | {name: _make_source_portable(each, base) for name, each in data.parts.items() if isinstance(each, DataSource)}


def _make_source_portable(source: DataSource, base: File) -> dict[str, object] | str | None:
    if source.path is None:
        return source.function
    more: dict[str, object] = {}
    if source.root is not None:
        more["root"] = _make_relative(source.root, base)
    if source.separator is not None:
        more["separator"] = source.separator
    path = _make_relative(source.path, base)
    return {"path": path, **more} if more else path


def _make_relative(written: WrittenPath, base: File) -> str:
    """As a path from the spec's folder."""
    return File(os.path.relpath(written.path, base)).as_posix()
