"""What our side says of a layer alone: every op class there is, and the verdict on a shape. Imports no Keras."""

from __future__ import annotations

import inspect
import json
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from places import TESTS

from cnnlstm_spec import ops
from cnnlstm_spec.ir.inference import WRONG_RANK, Inference, Refusal
from cnnlstm_spec.ir.op import TEXT, Example, Op
from cnnlstm_spec.ir.size import Size, make_symbol
from cnnlstm_spec.ir.tensor import Axis, TensorType
from cnnlstm_spec.language.kinds import Boolean, Choice, Optional
from cnnlstm_spec.language.leaf import Leaf
from cnnlstm_spec.language.list_kinds import Either
from cnnlstm_spec.language.read_record import read_record
from cnnlstm_spec.language.scope import POISON, Scope
from cnnlstm_spec.model.infer import RANK_MISREAD
from cnnlstm_spec.ops.augment.factors import Factor
from cnnlstm_spec.text.nodes import make_node

REGISTRY = TESTS / "keras_layers.txt"
"""The names of the classes in `keras.layers`, one a line."""

KERAS = frozenset(REGISTRY.read_text().split())

Shape = tuple[int | None, ...]


def op_classes() -> list[type[Op]]:
    """Every layer of Keras that a module of `ops` defines: the classes that have examples."""
    found: dict[str, type[Op]] = {}
    for module in pkgutil.walk_packages(ops.__path__, f"{ops.__name__}."):
        for each in vars(import_module(module.name)).values():
            if (
                inspect.isclass(each)
                and issubclass(each, Op)
                and each.examples
                and each.__doc__ is not None
                and each.__name__ in KERAS
                and ".fusions" not in module.name
            ):
                found[each.__name__] = each
    return [found[name] for name in sorted(found)]


def type_of(op: Op, shape: Shape, dtype: str, unknown: int | None = None) -> TensorType:
    """The type of an input; a size of None is a symbol of its own, or `unknown` where that is given."""
    names = op.list_axes_read() or ()
    axes = []
    for index, size in enumerate(shape):
        name = names[index] if len(names) == len(shape) else f"axis{index + 1}"
        known: Size = make_symbol(f"s{index + 1}") if size is None and unknown is None else unknown if size is None else size
        axes.append(Axis(name, known))
    return TensorType(tuple(axes), dtype)


@dataclass(frozen=True)
class Verdict:
    """The output's type and weights, or why there is none; `conditional` where some run-time sizes fail."""

    output: TensorType | None
    refusal: Refusal | None
    conditional: bool = False
    weights: tuple[tuple[str, tuple[int, ...], bool], ...] = ()


def judge(op: Op, shapes: Sequence[Shape], dtype: str, policy: str = "float32", unknown: int | None = None) -> Verdict:
    """What the op says of inputs of those shapes, as the engine would ask it."""
    inputs = [type_of(op, shape, dtype, unknown) for shape in shapes]
    at = Inference(policy)
    try:
        check_rank(op, inputs)
        output = op.infer(at, *inputs)
        output = output.with_dtype(op.infer_dtype(at, *inputs))
        weights = tuple((each.name, each.shape, each.trainable) for each in op.weights(*inputs))
    except Refusal as refusal:
        return Verdict(None, refusal)
    return Verdict(output, None, bool(at.conditions), weights)


def check_rank(op: Op, inputs: Sequence[TensorType]) -> None:
    """Refuses inputs of a wrong number of axes, which the engine does before it asks the op."""
    names = op.list_axes_read()
    for x in inputs:
        if (names is not None and len(names) != x.rank) or x.rank < op.least_rank:
            raise Refusal(RANK_MISREAD if op.misreads_rank(x.rank, timed=False) else WRONG_RANK)


def variants(op: type[Op]) -> Iterator[Example]:
    """Every example, and of each argument with few values every one of them, in the first example that takes it."""
    yield from op.examples
    seen = {json.dumps([example.arguments, example.shapes], default=str) for example in op.examples}
    for name, argument in op.arguments.items():
        for value in _values(argument.kind) if name not in LEFT_OUT else ():
            for example in op.examples:
                changed = Example({**example.arguments, name: value}, example.shapes, example.dtype)
                if _fits(op, changed):
                    key = json.dumps([changed.arguments, changed.shapes], default=str)
                    yield from () if key in seen else (changed,)
                    seen.add(key)
                    break


LEFT_OUT = frozenset({"trainable", "dtype", "stateful", "return_state"})
"""Arguments of every layer, and what a list of layers cannot have."""


def _values(kind: Leaf) -> list[Any]:
    if isinstance(kind, Optional):
        return _values(kind.inner)
    if isinstance(kind, Factor):
        middle = (kind.least + kind.most) // 2 if kind.least == 1 else 0.25
        return [middle, [middle, kind.most]]
    if isinstance(kind, Boolean):
        return [True, False]
    if isinstance(kind, Choice):
        return list(kind.choices)
    return _values(kind.choice) if isinstance(kind, Either) else []


def _fits(op: type[Op], example: Example) -> bool:
    reading = read_record(op, make_node(example.arguments), Scope([]), op.__name__)
    return reading is not POISON and judge(reading.record, example.shapes, example.dtype).refusal is None


def spec_of(layers: Sequence[tuple[type[Op], Example]]) -> dict[str, Any]:
    """A spec in which each layer stands alone between inputs of its own and a head of its own, `y0` and so on."""
    branches: dict[str, Any] = {}
    fusions: list[Any] = []
    heads: dict[str, Any] = {}
    for index, (op, example) in enumerate(layers):
        item = {op.title(): dict(example.arguments)} if example.arguments else op.title()
        names = [f"x{index}_{place}" for place in range(len(example.shapes))]
        for name, shape in zip(names, example.shapes, strict=True):
            axes = [f"{name}_{place}" for place in range(len(shape))]
            arrays = {"kind": "tensor", "axes": axes, "shape": list(shape), "dtype": example.dtype}
            branches[name] = {"input": {"kind": "text"} if example.dtype == TEXT else arrays}
        if len(names) == 1:
            branches[names[0]]["layers"] = [item]
        else:
            fusions.append({"name": f"f{index}", "layer": item, "inputs": names})
        heads[f"y{index}"] = {"inputs": [names[0] if len(names) == 1 else f"f{index}"]}
    # What no head reads by default would be an error; the last fusion is read by its own.
    return {"version": 1, "name": "layers", "branches": branches, **({"fusion": fusions} if fusions else {}), "heads": heads}
