"""A model file made into a spec."""

from __future__ import annotations

from pathlib import Path

from .calls import find_calls
from .fused import read_fused
from .later_outputs import read_first_outputs
from .lowered import read_lowered
from .read import ModelFile, NotAModel, read_model
from .structure import Finder
from .write import Draft, SpecWriter, find_policy


def convert_file(path: Path) -> Draft:
    """The spec of a model file; raises PathError or NotAModel."""
    return convert(read_model(path), path.stem)


def convert(model: ModelFile, name: str) -> Draft:
    """The spec of a model; raises NotAModel where it has no graph that could be read."""
    try:
        return _convert(model, name)
    except (TypeError, AttributeError, LookupError, ValueError, ArithmeticError, RecursionError) as error:
        # A configuration may hold anything in the place of anything.
        raise NotAModel("its configuration is none that Keras writes") from error


def _convert(model: ModelFile, name: str) -> Draft:
    read = read_lowered(read_first_outputs(find_calls(model.config)))
    policy = find_policy(read.graph, model.compiled)
    graph = read_fused(read.graph, policy)
    structure = Finder(graph, policy).find()
    title = str(model.config["config"].get("name") or name)
    return SpecWriter(graph, structure, title, policy, model.compiled, read.padding).write()
