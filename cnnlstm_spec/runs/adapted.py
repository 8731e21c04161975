"""What layers have measured of a run's data, as overrides of its spec: `adapted.json` holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue

from ..compiler.compile import Compilation
from ..compiler.from_keras.read import NotAModel, read_model
from ..text.document import Document
from ..text.escape.json import to_json
from ..text.files import find_sort, need_regular
from ..text.source import format_path
from .folder import ADAPTED
from .samples import DataError


class Adapted(Document):
    """What layers have measured of the training part before the model was built."""

    model_config = ConfigDict(title="cnnlstm-spec train: adapted.json")

    version: Literal[1] = 1
    layers: dict[str, dict[str, JsonValue]]
    """The arguments that were measured, by the address of their layer."""


def make_adapted(measured: Mapping[str, Mapping[str, Any]]) -> Adapted:
    """The document of what was measured."""
    return Adapted(version=1, layers={address: dict(values) for address, values in measured.items()})


def to_overrides(found: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Texts of the form PATH=VALUE that set what was measured."""
    return tuple(
        f"{address}.{name}={to_json(value, None)}" for address, values in found.items() for name, value in values.items()
    )


def read_adapted(folder: File) -> tuple[str, ...]:
    """What a run has measured, as overrides; empty where it has measured nothing. Raises DataError, PathError."""
    if find_sort(folder / ADAPTED) is None:
        return ()
    need_regular(folder / ADAPTED)
    held = Adapted.read_file(folder / ADAPTED)
    if held is None:
        raise DataError([f"`{folder / ADAPTED}` does not hold what a run has measured"])
    return to_overrides(held.layers)


MEASURED = ("mean", "variance", "bin_boundaries", "vocabulary", "idf_weights")
"""The arguments of Keras's layers that hold what was measured."""


def read_adapted_model(path: File, compilation: Compilation) -> tuple[str, ...]:
    """What the layers of a model file have measured that the spec lacks, as overrides. Raises DataError, PathError."""
    open_ = {node.node.layer: format_path(node.node.origin.address) for node in compilation.list_open_nodes()}
    if not open_:
        return ()
    try:
        config = read_model(path).config
    except NotAModel as error:
        raise DataError([f"`{path}` is no model: {error}"]) from None
    found: dict[str, dict[str, object]] = {}
    for name, layer in _iterate_layers(config):
        if name in open_:
            found[open_[name]] = {key: layer[key] for key in MEASURED if layer.get(key) is not None}
            if "bin_boundaries" in found[open_[name]]:
                # Keras takes one of the two.
                found[open_[name]]["num_bins"] = None
    if missing := [address for address in open_.values() if not found.get(address)]:
        raise DataError([f"`{path}` does not hold what `{each}` has measured" for each in missing])
    return to_overrides(found)


def _iterate_layers(value: object) -> Iterator[tuple[str, dict[str, object]]]:
    """The name and the arguments of each layer of a configuration, at any depth."""
    if isinstance(value, dict):
        config = value.get("config")
        if isinstance(config, dict) and isinstance(config.get("name"), str):
            yield config["name"], config
        for each in value.values():
            yield from _iterate_layers(each)
    elif isinstance(value, list):
        for each in value:
            yield from _iterate_layers(each)
