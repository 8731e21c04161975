"""Text that comes into a layer: most read numbers."""

from __future__ import annotations

from ..ir.graph import Graph, Node
from ..ir.op import TEXT, Op
from ..ir.tensor import TensorType
from ..text.diagnostic import Code

NOT_READ = Code(
    "text-not-read",
    "error",
    "`{layer}` reads numbers; `{origin}` gives text",
    help="put `TextVectorization` before it, or `StringLookup` where the whole text is one word of a list",
)


def find_text(op: Op, inputs: tuple[TensorType, ...]) -> int | None:
    """Which input is text, of an op that reads numbers; a person's own layer may read what it likes."""
    if op.takes_text or op.is_own():
        return None
    return next((index for index, x in enumerate(inputs) if x.dtype == TEXT), None)


def may_be_text(op: Op, node: Node, graph: Graph) -> bool:
    """Whether a layer that reads text stands on an input that could not be read."""
    return op.takes_text and graph.nodes[node.inputs[0]].op is None
