"""What layers of a graph give, known of all that are alike as soon as it is known of one.

Layers that are alike differ in what they are called and in where they are written. So what one gives is what another gives on
an equal type, but for the place where it is made, and where rules of one node find nothing at one, they find nothing at another.
Imports no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.graph import Node, TypedNode
from ..ir.op import Op
from ..ir.tensor import TensorType
from ..text.diagnostic import Diagnostic, Written
from ..text.memo import UNKNOWN, Memory
from ..text.source import Place
from .infer import SameType

Key = tuple[object, ...]


class Alike:
    """What is known of the layers of one graph; inputs are each the first of the types that are equal."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._numbered: dict[int, tuple[int, object]] = {}
        self._types: dict[SameType, TensorType] = {}
        self._first: dict[int, tuple[TensorType, TensorType]] = {}
        self._memory = Memory()

    def number_op(self, op: Op) -> int:
        """The number of an op, which those have too that differ from it in what they are called alone."""
        known = self._numbered.get(id(op))
        if known is None:
            number = self._numbers.setdefault(_list_arguments(op), len(self._numbers))
            known = self._numbered[id(op)] = number, op
        return known[0]

    def find_first(self, type: TensorType) -> TensorType:
        """The first type that is equal to one."""
        known = self._first.get(id(type))
        if known is None:
            known = self._first[id(type)] = self._types.setdefault(SameType(type), type), type
        return known[0]

    def get(self, key: Key, inputs: tuple[TensorType, ...]) -> Any:
        """What is kept under a key, of inputs that are these; or UNKNOWN."""
        return self._memory.get((*key, *map(id, inputs)))

    def keep(self, key: Key, inputs: tuple[TensorType, ...], value: object) -> None:
        """Keeps a value under a key, of inputs that are these."""
        self._memory.keep((*key, *map(id, inputs)), value, *inputs)

    def find_typed(self, make: object, node: Node, op: Op, inputs: tuple[TensorType, ...]) -> TypedNode | None:
        """What is known of a node by one that is alike; None where nothing is."""
        known = self._memory.get((make, self.number_op(op), *map(id, inputs)))
        if known is UNKNOWN:
            return None
        typed: TypedNode = known
        if typed.node is node:
            return typed
        return TypedNode(node, typed.type, typed.inputs, typed.weights, typed.owns_weights, typed.macs)

    def recall_typed(self, make: object, node: Node, op: Op, given: TensorType) -> TypedNode | None:
        """The same of a node of one input, whose op and input have been met; asked of every node, it calls no other method."""
        numbered, first = self._numbered.get(id(op)), self._first.get(id(given))
        if numbered is None or first is None:
            return None
        known = self._memory.get((make, numbered[0], id(first[0])))
        if known is UNKNOWN or known.node is node:
            return None if known is UNKNOWN else known
        return TypedNode(node, known.type, known.inputs, known.weights, known.owns_weights, known.macs)

    def relocate(self, make: object, node: Node, op: Op, inputs: tuple[TensorType, ...]) -> TypedNode | None:
        """The same of inputs that are equal to the first ones: what is handed on is theirs, and what is made is made here."""
        first = tuple(map(self.find_first, inputs))
        known = self._memory.get((make, self.number_op(op), *map(id, first)))
        if known is UNKNOWN or len(inputs) != 1 or known.inputs[0] is not first[0]:
            return None
        if known.node is node and first[0] is inputs[0]:
            found: TypedNode = known
            return found
        type = _relocate_type(known.type, first[0], known.node.origin.place, inputs[0], node.origin.place)
        return None if type is None else TypedNode(node, type, inputs, known.weights, known.owns_weights, known.macs)

    def keep_typed(self, make: object, op: Op, typed: TypedNode, inputs: tuple[TensorType, ...]) -> None:
        """Keeps what is known of a node, for all that are alike."""
        self._memory.keep((make, self.number_op(op), *map(id, inputs)), typed, *inputs)

    def judge(self, typed: TypedNode, rules: Callable[[TypedNode], list[Diagnostic]]) -> list[Diagnostic]:
        """What rules of one node find at it; nothing where they found nothing at one that is alike."""
        node = typed.node
        assert node.op is not None
        written = _describe_written(node.origin.written)
        key = (
            Alike.judge,
            self.number_op(node.op),
            node.hidden,
            typed.owns_weights,
            written,
            id(typed.type),
            *map(id, typed.inputs),
        )
        if self._memory.get(key) is not UNKNOWN:
            return []
        found = rules(typed)
        if not found:
            self._memory.keep(key, None, typed)
        return found


def is_alike_given(typed: TypedNode, inputs: tuple[TensorType, ...]) -> bool:
    """Whether what a node gives names nothing that the node makes: a mask, or a size that is known only at run time."""
    x = typed.type
    if x is None or (x.mask is not None and all(x.mask is not each.mask for each in inputs)):
        return False
    own = [axis.size for axis in x.axes if not isinstance(axis.size, int)]
    if not own:
        return True
    given = {axis.size for each in inputs for axis in each.axes if not isinstance(axis.size, int)}
    if given.issuperset(own):
        return True
    symbols = {symbol for size in given for symbol in size.symbols}
    return all(symbol in symbols for size in own for symbol in size.symbols)


def _relocate_type(x: TensorType, there: TensorType, place: Place, given: TensorType, here: Place) -> TensorType | None:
    """What is given for an equal of what came in there; None where it holds more that is made there than its axes and range."""
    kept = ("mask", "values", "zeros", "outer", "image")
    if any(getattr(x, name) and getattr(x, name) is not getattr(there, name) for name in kept):
        return None
    values, before, now = x.meaning.range, there.meaning.range, given.meaning.range
    if values is not None and values.made_at is not None:
        handed_on = before is not None and values.made_at is before.made_at
        if handed_on == (values.made_at is place):
            return None
        values = values.place(now.made_at if handed_on and now is not None else here)
    return TensorType(
        # Axes that are made here are no others, since what gave a shape is told by them.
        given.axes if x.axes is there.axes else (*x.axes,),
        x.dtype,
        x.mask and given.mask,
        x.outer and given.outer,
        x.values and given.values,
        x.zeros and given.zeros,
        x.meaning if values is x.meaning.range else x.meaning.with_range(values),
        x.image and given.image,
    )


def _list_arguments(op: Op) -> object:
    """What ops that are alike have in common; an op that may have any arguments is like no other."""
    if op.is_own():
        return id(op)
    values = {**vars(op), **{field: getattr(op, field) is None for field in op.naming}}
    found = (type(op), *values.values())
    try:
        hash(found)
    except TypeError:
        # A mapping, or an object of Keras that is given one.
        return type(op), repr(values)
    return found


def _describe_written(written: Written) -> Key:
    """Which arguments are written, in layers that others wrap too."""
    if not written.inner:
        return (*written.places, None, *written.keys)
    inner = ((name, _describe_written(each)) for name, each in written.inner.items())
    return (*written.places, None, *written.keys, *inner)
