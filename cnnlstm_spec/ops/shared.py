"""Argument kinds and requirements that several families share. Imports no family of layers."""

from __future__ import annotations

from typing import Any

from pydantic_core import CoreSchema, core_schema

from ..ir.expressions import make_expression
from ..ir.inference import Refusal
from ..ir.op import Op
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.json_schema import Schema
from ..language.kinds import INTEGER, Choice, Optional, report_wrong_type
from ..language.leaf import Leaf, Steps
from ..language.named import Named
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import Node


class Nothing(Leaf[None]):
    """null alone: an argument that a spec has no use for, kept so that Keras's own default can be written."""

    words = "null, the only value that has a meaning in a spec"

    def make_core(self) -> CoreSchema:
        return core_schema.none_schema()

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        report_wrong_type(scope.resolve(node) or node, scope, self.words)

    def make_schema(self) -> Schema:
        return {"type": "null"}


ACTIVATION = Optional(Named("activations"))
INITIALIZER = Named("initializers")
REGULARIZER = Optional(Named("regularizers"))
CONSTRAINT = Optional(Named("constraints"))
DATA_FORMAT = Optional(Choice("channels_last", "channels_first", any_case=True))
SEED = Optional(INTEGER)
NOTHING = Nothing()


def as_written(default: object) -> Any:
    """A default as a person writes it, which is read like any other value before the first record is made."""
    return default


FRAME_PARTS = ("_frames", "_clip")
"""What the names of the layers add that bring the frames of a video into one image, and out of it."""

UNKNOWN_SIZE = Code(
    "size-needed-at-build", "error", "`{layer}` needs the size of {axis}, which is known only at run time", sort="keras"
)

WRONG_DTYPE = Code("dtype-not-taken", "error", "`{layer}` takes {taken}; its input is {dtype}", sort="keras")
GROUPS = Code(
    "groups-do-not-divide",
    "error",
    "`groups: {groups}` does not divide the {count} {what}",
    sort="keras",
    help="take a number that divides it",
)


def need_numbers(layer: str, x: TensorType) -> None:
    """Refuses booleans."""
    if x.dtype == "bool":
        help = ("put a layer that gives floats before it, such as `Rescaling: {scale: 1}`",)
        raise Refusal(WRONG_DTYPE, None, help, layer=layer, taken="numbers", dtype=x.dtype)


def find_called(value: object) -> str | None:
    """The name in a value of kind `Named`: of the class, or of an activation the function."""
    return value.name if isinstance(value, KerasObject) else None


def known(layer: str, axis: Axis, help: tuple[str, ...] = ()) -> int:
    """The size of an axis that sizes a weight; raises where it is known only at run time."""
    if isinstance(axis.size, int):
        return axis.size
    names = (symbol.name for symbol in sorted(axis.size.symbols, key=lambda symbol: symbol.name))
    open_sizes = " and ".join(name if " " in name else f"`{name}`" for name in names)
    default = (f"give the input a fixed size in place of {open_sizes}",)
    raise Refusal(UNKNOWN_SIZE, None, help or default, layer=layer, axis=axis)


def list_lookup_settings(op: Op, initializer: KerasObject) -> dict[str, Any]:
    """The keywords of the `Embedding` whose rows are the vectors that an op learns."""
    written = op.list_keras_arguments()
    kept: dict[str, Any] = {name: written[name] for name in ("trainable", "dtype") if name in written}
    return {"embeddings_initializer": make_expression(initializer), **kept}


def find_last(x: TensorType) -> int:
    """The size of the last axis, which inference has found to be known."""
    size = x.axes[-1].size
    assert isinstance(size, int)
    return size
