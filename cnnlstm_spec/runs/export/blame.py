"""Which layer of a spec a library speaks of, by the names in what it says. Imports no Keras."""

from __future__ import annotations

import re

from ...ir.graph import TypedGraph, TypedNode
from ...text.source import format_path
from .said import LOCATION

NAME = re.compile(r"[A-Za-z0-9_.-]+")
NOTE = "note:"
NUMBER = re.compile(r"_\d+$")


def find_layer(typed: TypedGraph, said: str) -> TypedNode | None:
    """The layer that is named first, as TensorFlow writes it: its operations lie below it, by `layer/` or `layer_1/`."""
    known = {
        find_scope(each.node.layer): each for each in typed.nodes.values() if not each.node.hidden and each.node.op is not None
    }
    for word in NAME.findall(said):
        # TensorFlow numbers a scope that it has seen before, as it has when the model was built.
        for name in (NUMBER.sub("", word), word):
            if name in known and name != find_scope(typed.graph.name):
                return known[name]
    return None


def find_blamed(typed: TypedGraph, reason: str, whole: str) -> tuple[TypedNode | None, str]:
    """The layer that is to blame, and what is said of it: by the first line that says where it is, else any that is named."""
    said = reason
    for line in whole.splitlines():
        if (at := LOCATION.search(line)) is None:
            continue
        # A note says more of the line before.
        said = said if NOTE in line[: at.start()] else line[at.end() :]
        if (found := find_layer(typed, at[0])) is not None:
            return found, said
    return find_layer(typed, reason) or find_layer(typed, whole), reason


def describe(typed: TypedNode) -> str:
    """A layer by its path and class, such as `branches.ct.layers[1]` (MaxPooling3D)."""
    assert typed.node.op is not None
    return f"`{format_path(typed.node.origin.place.path)}` ({typed.node.op.title()})"


def find_scope(name: str) -> str:
    """A name as TensorFlow has it in those of operations."""
    return re.sub(r"[^A-Za-z0-9_.\\-]", "_", name)
