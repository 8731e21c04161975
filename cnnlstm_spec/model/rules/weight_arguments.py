"""Arguments that are of one weight of a layer, such as `bias_regularizer`; and those whose weight is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode, remember_by_node
from ...ir.op import Op, Weight
from ...language.catalog import NO_EFFECT, KerasObject
from ...ops.stand_in import stand_for
from ...text.diagnostic import Diagnostic
from .common import Setting, find_title, find_written

if TYPE_CHECKING:
    from ...ops.recurrent import SimpleRNN
else:
    SimpleRNN = stand_for("recurrent", "SimpleRNN")

ENDINGS = ("_initializer", "_regularizer", "_constraint")
NEEDS = {
    "bias": ("use_bias", "`use_bias: true`"),
    "beta": ("center", "`center: true`"),
    "gamma": ("scale", "`scale: true`"),
}
"""What a layer must be told for it to have the weight."""


@remember_by_node
def list_layers(node: TypedNode) -> tuple[tuple[Op, tuple[Weight, ...]], ...]:
    """A layer, or those that it wraps, each with its weights; nothing of one downstream of a mistake."""
    op = node.node.op
    if op is None or node.type is None:
        return ()
    inner = op.list_inner_ops()
    inputs = tuple(x for x in node.inputs if x is not None)
    found: list[tuple[Op, tuple[Weight, ...]]] = [(op, () if inner else node.weights)]
    for layer in inner:
        trainable = op.trainable and layer.trainable
        weights = tuple(replace(each, trainable=each.trainable and trainable) for each in layer.weights(*inputs))
        found.append((layer, weights))
    return tuple(found)


def find_weights(argument: str, weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """The weights that an argument is of; that of a kernel is also that of its correction of low rank."""
    stem = argument.rsplit("_", 1)[0]
    names = {stem, f"{stem}_kernel", f"lora_{stem}_a", f"lora_{stem}_b"}
    if stem == "depthwise":
        names.add("kernel")
    if argument == "initializer":
        names.add("embeddings")
    return tuple(each for each in weights if each.name.rsplit("/", 1)[-1] in names)


def is_penalised(op: Op, weights: tuple[Weight, ...], of: Callable[[object], bool] = lambda penalty: penalty is not None) -> bool:
    """Whether a layer adds a penalty on a weight that it trains to the loss; with `of`, one of those penalties."""
    given = (name for name, value in op.list_values().items() if name.endswith("_regularizer") and of(value))
    return any(each.trainable for name in given if name != "activity_regularizer" for each in find_weights(name, weights))


def has_gradient(penalty: object) -> bool:
    """Whether a penalty has a gradient: of the kinds left at 0, `L1L2` makes no tensor that depends on the values."""
    if not isinstance(penalty, KerasObject):
        return penalty is not None
    return penalty.name != "L1L2" or any(penalty.get(each) for each in ("l1", "l2"))


def has_activity_penalty(op: Op) -> bool:
    """Whether a layer adds a penalty on its output to the loss."""
    if find_title(op) == "ActivityRegularization":
        return True
    return find_activity_penalty(op) is not None


def forgets_penalty(op: Op) -> bool:
    """Whether a layer takes a penalty on its output, and forgets it."""
    return isinstance(op, SimpleRNN)


def find_activity_penalty(op: Op) -> object:
    """The penalty on its output that a layer does not forget; None where it has none."""
    penalty: object = op.get_value("activity_regularizer") if "activity_regularizer" in op.arguments else None
    return None if forgets_penalty(op) else penalty


def pulls_on_output(op: Op) -> bool:
    """Whether a layer adds a penalty on its output that has a gradient."""
    if find_title(op) == "ActivityRegularization":
        return any(op.get_value(each) for each in ("l1", "l2"))
    return has_gradient(find_activity_penalty(op))


def check_weight_arguments(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """Each argument that is of a weight which the layer does not have, and so changes nothing; null asks for nothing."""
    for op, weights in list_layers(node):
        keys = find_written(op, node.node).keys
        for argument, value in op.list_values().items():
            needed = None if value is None else _find_missing(op, argument, weights)
            if needed is not None:
                facts: dict[str, object] = {"argument": argument, "needed": needed}
                help = _suggest_way_out(op, argument)
                yield Diagnostic(NO_EFFECT, keys[argument], facts, labels=node.node.origin.uses, help=help)


def _find_missing(op: Op, argument: str, weights: tuple[Weight, ...]) -> str | None:
    """What an argument has no effect without, where that is not there."""
    if argument == "activity_regularizer":
        return "`ActivityRegularization`" if forgets_penalty(op) else None
    if argument == "unit_forget_bias":
        return None if find_weights("bias_", weights) else NEEDS["bias"][1]
    if not argument.endswith(ENDINGS) or not weights or find_weights(argument, weights):
        return None
    stem = argument.rsplit("_", 1)[0]
    switch, words = NEEDS.get(stem, ("", ""))
    if switch in op.arguments:
        return words
    return "`bias_axes`" if "bias_axes" in op.arguments and stem == "bias" else None


def _suggest_way_out(op: Op, argument: str) -> tuple[str, ...]:
    if argument != "activity_regularizer":
        return ("leave it out",)
    return (
        f"`{find_title(op)}` of Keras forgets it: leave it out, and put `ActivityRegularization: {{l2: 0.01}}` after the layer",
    )
