"""A SavedModel, as it is, run by TensorFlow. Imports it to run one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING

from ..place import copy_folder

if TYPE_CHECKING:
    from ...samples import Array

SIGNATURE = "serving_default"


def convert(source: File, target: File, arrays: Mapping[str, Array]) -> None:
    """Copies it."""
    copy_folder(source, target)


def open_file(path: File) -> tuple[object, list[str], list[str]]:
    """What runs it, and the names of its inputs and outputs."""
    import tensorflow

    loaded = tensorflow.saved_model.load(str(path))
    function = loaded.signatures[SIGNATURE]

    def run(arrays: Mapping[str, Array]) -> dict[str, Array]:
        # Not `function`: what was loaded must live as long as its functions are called.
        found = loaded.signatures[SIGNATURE](**{name: tensorflow.constant(each) for name, each in arrays.items()})
        return {name: each.numpy() for name, each in found.items()}

    return run, sorted(function.structured_input_signature[1]), sorted(function.structured_outputs)
