"""A model file made into a spec."""

from __future__ import annotations

from pathlib import Path

from .calls import find_calls
from .lowered import read_lowered
from .read import ModelFile, read_model
from .structure import Finder
from .write import Draft, Writer, find_policy


def convert_file(path: Path) -> Draft:
    """The spec of a model file; raises PathError or NotAModel."""
    return convert(read_model(path), path.stem)


def convert(model: ModelFile, name: str) -> Draft:
    """The spec of a model; raises NotAModel where it has no graph that could be read."""
    read = read_lowered(find_calls(model.config))
    graph = read.graph
    policy = find_policy(graph, model.compiled)
    structure = Finder(graph, policy).find()
    title = str(model.config["config"].get("name") or name)
    return Writer(graph, structure, title, policy, model.compiled, read.padding).write()
