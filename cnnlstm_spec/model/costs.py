"""What a model costs: parameters, multiply-adds, memory; the convention is docs/costs.md. Imports no later stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..ir.graph import TypedGraph, TypedNode, count_elements
from ..ir.op import COMPUTE_DTYPES
from ..ir.size import Expr, Size, Symbol
from ..ir.tensor import TensorType
from ..language.catalog import KerasObject
from ..spec.compile_section import CompileSpec
from ..spec.model_spec import ModelSpec
from ..text.frozen import dataclass

BYTES = {"bool": 1, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "string": 0} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}

SLOTS = {
    "Adadelta": 2,
    "Adagrad": 1,
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Ftrl": 2,
    "Lamb": 2,
    "Lion": 1,
    "Muon": 2,
    "Nadam": 2,
    "RMSprop": 1,
    "SGD": 1,
    "ScheduleFreeAdamW": 2,
}
"""Values that an optimizer keeps for each trained weight, without its options."""

EXTRA = (("amsgrad", 1), ("centered", 1), ("use_ema", 1), ("gradient_accumulation_steps", 1))
"""Options that keep one value more."""


@dataclass(frozen=True)
class Row:
    """The costs of a node: multiply-adds of a sample, bytes of its weights, bytes of its output for a batch."""

    node: TypedNode
    params: int
    trainable: int
    weight_bytes: int
    macs: Size
    activation_bytes: Size


@dataclass(frozen=True)
class Costs:
    """The costs of a graph at a batch size; sizes known only at run time, and not given, stay in them as expressions."""

    rows: tuple[Row, ...]
    batch_size: int

    @property
    def params(self) -> int:
        """The number of weights."""
        return sum(row.params for row in self.rows)

    @property
    def trainable(self) -> int:
        """The number of weights that training changes."""
        return sum(row.trainable for row in self.rows)

    @property
    def weight_bytes(self) -> int:
        """The bytes of all weights."""
        return sum(row.weight_bytes for row in self.rows)

    @property
    def macs(self) -> Size:
        """Multiply-adds of one sample."""
        return sum_sizes(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> Size:
        """The bytes of the outputs of all layers, for the whole batch."""
        return sum_sizes(row.activation_bytes for row in self.rows)


def count_costs(typed: TypedGraph, batch_size: int = 1, sizes: Mapping[str, int] | None = None) -> Costs:
    """The costs of every layer whose type is known; `sizes` gives values to sizes known only at run time, by name."""
    values = {} if sizes is None else dict(sizes)
    shown = [node for node in typed.nodes.values() if node.type is not None and not node.node.hidden]
    return Costs(tuple(_make_row(node, typed.policy, batch_size, values) for node in shown), batch_size)


def estimate_training_bytes(typed: TypedGraph, spec: ModelSpec, costs: Costs) -> Size:
    """An estimate of the most memory in training: weights, gradients, the optimizer's values, and activations."""
    trained = sum(row.weight_bytes * row.trainable // row.params for row in costs.rows if row.params)
    return costs.activation_bytes + costs.weight_bytes + trained * (1 + count_optimizer_slots(spec))


def count_optimizer_slots(spec: ModelSpec) -> int:
    """How many values the optimizer keeps for each trained weight; 0 without `compile`."""
    if not isinstance(spec.compile, CompileSpec):
        return 0
    written = spec.compile.optimizer
    optimizer = KerasObject("optimizers", "RMSprop") if written is None else written.thing
    slots = SLOTS.get(optimizer.name, 1)
    if optimizer.name == "SGD" and not optimizer.get("momentum"):
        slots = 0
    if optimizer.name == "RMSprop" and optimizer.get("momentum"):
        slots += 1
    return slots + sum(more for argument, more in EXTRA if optimizer.get(argument))


def sum_sizes(sizes: Iterable[Size]) -> Size:
    """The sum of sizes."""
    found: Size = 0
    for size in sizes:
        found = found + size
    return found


def put_sizes(size: Size, sizes: Mapping[str, int]) -> Size:
    """A size with values for the names in it; as it is where one is missing."""
    if isinstance(size, int):
        return size
    values: dict[Symbol, int] = {symbol: sizes[symbol.name] for symbol in size.symbols if symbol.name in sizes}
    return size.evaluate(values) if len(values) == len(size.symbols) else size


def list_open_sizes(size: Size) -> tuple[str, ...]:
    """The names of the sizes known only at run time on which a size rests; an unnamed one is named in words."""
    return tuple(sorted(symbol.name for symbol in size.symbols)) if isinstance(size, Expr) else ()


def find_open_sizes(typed: TypedGraph) -> frozenset[str]:
    """The names of the sizes of inputs that are known only at run time; those of sizes without a name are left out."""
    types = [typed.nodes[id].type for id in typed.graph.inputs]
    sizes = [size for type in types if type is not None for size in type.sizes if isinstance(size, Expr)]
    return frozenset(symbol.name for size in sizes for symbol in size.symbols if not symbol.anonymous)


def _make_row(node: TypedNode, policy: str, batch_size: int, sizes: Mapping[str, int]) -> Row:
    assert node.type is not None and node.node.op is not None
    outer = _count_positions(node.type)
    width = BYTES[find_variable_dtype(node.node.op.dtype or policy)]
    return Row(
        node,
        node.params,
        node.trainable_params,
        width * sum(count_elements(weight.shape) for weight in node.weights) if node.owns_weights else 0,
        put_sizes(node.macs * outer, sizes),
        put_sizes(_count_elements(node) * outer * (BYTES[node.type.dtype] * batch_size), sizes),
    )


def _count_positions(type: TensorType) -> Size:
    """How often `TimeDistributed` runs the layer for a sample."""
    product: Size = 1
    for axis, _ in type.outer:
        product = product * axis.size
    return product


def _count_elements(node: TypedNode) -> Size:
    """The values that a layer gives for a sample, or a step of it; of a backbone those of all layers in it, once."""
    from ..ops.backbones.inner import InnerLayer
    from ..ops.backbones.op import Backbone

    assert node.type is not None
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if isinstance(op, Backbone) and x is not None:
        return op.count_elements(x)
    if isinstance(op, InnerLayer):
        return 0
    product: Size = 1
    for size in node.type.sizes:
        product = product * size
    return product


def find_variable_dtype(policy: str) -> str:
    """What weights are kept in: float32 under a mixed policy."""
    return "float32" if policy in COMPUTE_DTYPES else policy if policy in BYTES else "float32"
