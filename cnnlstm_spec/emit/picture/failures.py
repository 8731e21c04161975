"""Which nodes of a graph with mistakes are to be marked, each with the first line of what is wrong there."""

from __future__ import annotations

from ...ir.graph import Node, TypedGraph, TypedNode
from ...text.diagnostic import Diagnostic
from ...text.source import Path, format_path

UNREAD = "could not be read"


class Failures:
    """The state and message of every node, and the errors that belong to none."""

    def __init__(self, typed: TypedGraph, diagnostics: tuple[Diagnostic, ...]) -> None:
        self._typed = typed
        failing: list[Node] = [each.node for each in typed.nodes.values() if self.fails(each)]
        self.messages = {node.id: UNREAD for node in failing}
        self.elsewhere: list[str] = []
        said: set[str] = set()
        for diagnostic in (d for d in diagnostics if d.severity == "error"):
            hit = _find_closest(failing, diagnostic.place.path)
            if not hit:
                self.elsewhere.append(_describe_with_place(diagnostic))
            for node in hit:
                if node.id not in said:
                    self.messages[node.id] = diagnostic.message
                    said.add(node.id)
        for node in failing:
            if node.id not in said:
                self._take_over(node)

    def _take_over(self, node: Node) -> None:
        """Of a reference to what does not exist, the message is shown where it is read."""
        for id in node.inputs:
            if self._typed.nodes[id].node.area == "unknown":
                self.messages[node.id] = self.messages[id]
                return

    def fails(self, typed: TypedNode) -> bool:
        """Whether the mistake is made here, and not before."""
        if typed.node.op is None:
            return True
        if any(self._typed.nodes[id].node.area == "unknown" for id in typed.node.inputs):
            return True
        return typed.type is None and all(x is not None for x in typed.inputs)


def _find_closest(nodes: list[Node], path: Path) -> list[Node]:
    """The nodes written at the longest part of a path; several where a block is used several times."""
    holding = [node for node in nodes if path[: len(node.origin.place.path)] == node.origin.place.path]
    longest = max((len(node.origin.place.path) for node in holding), default=0)
    return [node for node in holding if len(node.origin.place.path) == longest]


def _describe_with_place(diagnostic: Diagnostic) -> str:
    path = format_path(diagnostic.place.path)
    return f"{path}: {diagnostic.message}" if path else diagnostic.message
