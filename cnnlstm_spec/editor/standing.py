"""What stands where layers are written and blocks are used: the places of the index, with the nodes of the typed graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..compiler.compile import Compilation
from ..ir.graph import TypedNode
from ..language.meanings import NodePlace


class Standing(NamedTuple):
    """The layers that stand at a place, in order: of a use of a block, all that it brings there."""

    place: NodePlace
    nodes: list[TypedNode]

    @property
    def output(self) -> TypedNode:
        """What gives the output of all."""
        return self.nodes[-1]


def iterate_standing(compilation: Compilation) -> Iterator[Standing]:
    """What stands where layers are written and blocks are used, without what no person wrote; of an indexed spec."""
    typed = compilation.typed
    for place in compilation.index.places if typed is not None else ():
        assert typed is not None
        if nodes := [each for id in place.nodes if not (each := typed.nodes[id]).node.hidden]:
            yield Standing(place, nodes)
