"""What several rules ask of a graph: the trained heads, and the activation that an output comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...ir.graph import Node, TypedGraph, TypedNode, remember_by_graph
from ...ir.op import Op
from ...ir.size import Size
from ...ir.tensor import Mask, TensorType
from ...language.catalog import KerasObject, find_reads
from ...ops.input import InputOp
from ...ops.shared import find_called
from ...spec.compile_keys import Placed
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Written
from ...text.fix import Edit, Fix, Put, put, write
from ...text.source import Place

if TYPE_CHECKING:
    from ...spec.targets import Target

BINARY = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy"})
CATEGORICAL = frozenset(
    {
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "SparseCategoricalCrossentropy",
        "CategoricalGeneralizedCrossEntropy",
    }
)
DISTRIBUTIONS = CATEGORICAL | {"KLDivergence"}
"""Losses of one class of several, whose probabilities sum to 1."""
PROBABILITIES = BINARY | DISTRIBUTIONS | {"Dice", "Tversky"}
SIGMOIDS = frozenset({"sigmoid", "hard_sigmoid", "sparse_sigmoid"})
SOFTMAXES = frozenset({"softmax", "sparsemax"})
POSITIVE = SIGMOIDS | SOFTMAXES | {"softplus", "exponential", "squareplus", "sparse_plus", "relu", "relu6"}


class Setting(NamedTuple):
    """What a rule of one node knows besides the node."""

    policy: str
    trains: bool
    """Whether the spec has a section `compile`."""


class Activated(NamedTuple):
    """The function that gave values, and the node it stands on; `linear` for none."""

    function: str
    typed: TypedNode
    size: Size
    """How many values a softmax divides 1 among; otherwise the last axis."""
    pooled: bool = False

    @property
    def node(self) -> Node:
        """The node, without what is known of it."""
        return self.typed.node


class HeadUse(NamedTuple):
    """An output with what is trained and measured on it."""

    name: str
    type: TensorType
    node: Node
    loss: Placed | None
    metrics: tuple[Placed, ...]
    activation: Activated | None
    """The function that its values come from; None where it cannot be told."""
    mask: Mask | None
    """The mask of what it is given, which not every output carries."""
    target: Target | None = None
    """What its labels look like, where the spec says so."""
    loss_is_open: bool = False
    """Whether its loss could not be read, so that nobody knows what labels come."""

    @property
    def rank(self) -> int:
        """The axes of the predictions, batch and all."""
        return self.type.rank + 1

    @property
    def width(self) -> Size | None:
        """The size of the last axis; None of an output that has none beside the batch."""
        return self.type.axes[-1].size if self.type.axes else None


def find_compile_spec(spec: ModelSpec) -> CompileSpec | None:
    """The section `compile` of a spec that has it."""
    return spec.compile if isinstance(spec.compile, CompileSpec) else None


@remember_by_graph
def list_heads(typed: TypedGraph, spec: ModelSpec) -> tuple[HeadUse, ...]:
    """The heads of known type, of a spec that is compiled."""
    if find_compile_spec(spec) is None:
        return ()
    heads = (find_head_use(name, typed, spec) for name in typed.graph.outputs)
    return tuple([head for head in heads if head is not None])


def find_head_use(name: str, typed: TypedGraph, spec: ModelSpec) -> HeadUse | None:
    """A head of known type; nothing is trained or measured on one of a spec that is not compiled."""
    output, section = typed.nodes[typed.graph.outputs[name]], find_compile_spec(spec)
    before = output.inputs[0]
    if output.type is None or before is None:
        return None
    loss = section.losses.get(name) if section is not None else None
    is_open = section is not None and name not in section.losses
    target = next((each.target for each in spec.targets if each.head == name), None)
    metrics = (*section.metrics.get(name, ()), *section.weighted_metrics.get(name, ())) if section is not None else ()
    return HeadUse(
        name, output.type, output.node, loss, metrics, find_activation(typed, output.node.id), before.mask, target, is_open
    )


def describe_use(name: str, spec: ModelSpec) -> tuple[object, ...]:
    """What is trained and measured on a head, and nothing of where that is written."""
    section = find_compile_spec(spec)
    if section is None:
        return ()
    measured = (*section.metrics.get(name, ()), *section.weighted_metrics.get(name, ()))
    loss = section.losses.get(name)
    things = tuple((each.thing.name, repr(each.thing)) if each is not None else None for each in (loss, *measured))
    targets = tuple((each.target, tuple(each.written.places)) for each in spec.targets if each.head == name)
    return (name in section.losses, things, targets)


def find_activation(typed: TypedGraph, id: str) -> Activated | None:
    """The function that a node's values come from, through layers that only move them; None where it cannot be told."""
    pooled = False
    while True:
        step = typed.nodes[id]
        op = step.node.op
        if op is None or step.type is None or isinstance(op, InputOp):
            return None
        if op.averages or op.passes_on:
            pooled = pooled or op.averages
            id = step.node.inputs[0]
            continue
        function = find_function(op)
        if function is None:
            return None
        return Activated(function, step, measure_softmax(op, step.type), pooled)


def find_title(op: Op) -> str:
    """The class's own name, which a hidden op has too."""
    return type(op).__name__ if op.has_class else op.title()


def find_function(op: Op) -> str | None:
    """The activation that an op ends with; None where it has none that is known."""
    if op.is_function is not None:
        return op.is_function
    if find_title(op) == "Bidirectional":
        inner = find_function(op.get_value("layer"))
        return inner if op.get_value("merge_mode") == "concat" else None
    for argument in ("activation", "classifier_activation"):
        if argument in op.arguments:
            if argument == "classifier_activation" and not op.get_value("include_top"):
                return None
            return find_called(op.get_value(argument)) or "linear"
    return None


def has_softmax_axis(op: Op) -> bool:
    """Whether a layer is an activation by itself that is told its axis."""
    return op.is_function is not None and "axis" in op.arguments


def find_softmax_axis(op: Op) -> int | tuple[int, ...] | None:
    """The axis, or axes, that a softmax goes along."""
    return op.get_value("axis") if has_softmax_axis(op) else -1


def is_over_batch(op: Op, output: TensorType) -> bool:
    """Whether a softmax goes along the batch."""
    axis = find_softmax_axis(op)
    return any(each in (0, -output.rank - 1) for each in (axis if isinstance(axis, tuple | list) else (axis,)))


def measure_softmax(op: Op, output: TensorType) -> Size:
    """The size of the axis, or the product of the axes, that a softmax goes along; the last one of another function."""
    axis = find_softmax_axis(op)
    axes = tuple(range(1, output.rank + 1)) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    size: Size = 1
    for each in axes:
        place = each - 1 if each > 0 else each + output.rank
        size = size * output.axes[place].size if 0 <= place < output.rank else size
    return size


def fails_to_read(loss: Placed, target: Target) -> bool:
    """Whether a loss does not read labels that are written so."""
    name, labels = loss.thing.name, find_reads(loss.thing).get("labels")
    if labels == "sequence":
        return True
    match target.encoding:
        case "integer":
            return labels is not None and labels != "integer"
        case "one_hot":
            return labels == "integer" or name in BINARY
        case "real":
            low, high = target.bounds
            within = low is not None and high is not None and low >= 0 and high <= 1
            return labels == "integer" or (name in BINARY | CATEGORICAL and not within)
    return labels == "integer" or name in CATEGORICAL or name == "CategoricalHinge"


def name_written(thing: KerasObject) -> str:
    """The name as a person wrote it."""
    return thing.identifier or thing.name


def fix_instead(thing: Placed, name: str) -> Fix:
    """The fix that writes another loss or metric, with the arguments that it is given."""
    from ...language.catalog import find_family

    cls = find_family(thing.thing.family)["identifiers"].get(name, name)
    return write(thing.place.span, name if thing.thing.identifier is not None else cls)


def with_argument(thing: Placed, argument: str, value: str, cls: str | None = None) -> Fix:
    """The fix that gives a loss or metric an argument, or makes it one of another class with that argument."""
    name, span = cls or thing.thing.name, thing.place.span
    if thing.thing.identifier is not None:
        return write(span, f"{{{name}: {{{argument}: {value}}}}}")
    whole = () if name == thing.thing.name else (Edit(span, name),)
    return Fix(f"write `{name}: {{{argument}: {value}}}`", (*whole, Put(span, argument, value)))


def fix_activation(node: Node, function: str) -> Fix:
    """The fix that ends a layer with another activation, or makes another one of a layer that is one."""
    span, op = node.origin.place.span, node.op
    if op is None or op.is_function is None:
        return put(span, "activation", function)
    given = Put(span, "activation", function, instead="function" if "function" in op.arguments else None)
    return Fix(f"write `Activation: {{activation: {function}}}`", (Edit(span, "Activation"), given))


def place_in(op: Op, argument: str, node: Node) -> Place:
    """Where an argument is written, else the layer."""
    return find_written(op, node).places.get(argument, node.origin.place)


def find_written(op: Op, node: Node) -> Written:
    """Where the arguments of a node's op, or of a layer that it wraps, are written."""
    whole = node.origin.written
    if node.op is None or op is node.op:
        return whole
    return next((whole.find_inner(name) for name, value in node.op.list_values().items() if value is op), whole)
