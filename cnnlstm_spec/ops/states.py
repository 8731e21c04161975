"""The states that a recurrent layer begins with, and those that another ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ir.inference import Inference, Refusal
from ..ir.meaning import ANY, Meaning
from ..ir.op import Op
from ..ir.size import equal
from ..ir.tensor import Axis, Mask, TensorType
from ..text.diagnostic import Code

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

STATE_SHAPE = Code("initial-state-shape", "error", "`{layer}` begins with a state of {wanted}; `{address}` gives {given}")
INSIDE_TIME = Code(
    "initial-state-inside-time",
    "error",
    "`initial_state` has no meaning inside `TimeDistributed`: each step is a sample",
    help="take the layer out of `TimeDistributed`, or leave `initial_state` out",
)


def check_states(at: Inference, op: Op, x: TensorType, states: tuple[TensorType, ...], wanted: tuple[Axis, ...]) -> None:
    """Refuses states that are not what one step of the layer gives."""
    if states and x.outer:
        raise Refusal(INSIDE_TIME, "initial_state")
    addresses = op.get_value("initial_state")
    for index, state in enumerate(states):
        if state.sizes != (sizes := tuple(axis.size for axis in wanted)):
            address = addresses[min(index, len(addresses) - 1)]
            shown = TensorType(wanted)
            help = ("a `Dense` of so many units gives one: put it at the end of what is read",)
            if state.sizes[1:] == sizes:
                help = ("`Slice: {axis: 1, index: -1}` behind it takes the last step, and a name of it gives that",)
            facts: dict[str, Any] = {"layer": op.title(), "wanted": shown, "address": address, "given": state}
            refusal = Refusal(STATE_SHAPE, "initial_state", help, index + 1, **facts)
            if state.rank == 1 and isinstance(state.sizes[0], int) and "units" in op.arguments:
                refusal.add_fixes(units=str(state.sizes[0]))
            if len(state.sizes) != len(sizes):
                raise refusal
            for one, other in zip(state.sizes, sizes, strict=True):
                at.require(equal(one, other), refusal)


def begin_states(to: Lowering, inputs: tuple[Expression, ...]) -> dict[str, Expression] | None:
    """The keywords of the Keras call of a layer that begins with states; None of one that begins with zeros."""
    if len(inputs) == 1:
        return None
    mask = to.find_mask(0)
    states = list(inputs[1:])
    told: dict[str, Expression] = {} if mask is None else {"mask": mask}
    return {**told, "initial_state": states if len(states) > 1 else states[0]}


def end_states(to: Lowering) -> dict[str, bool]:
    """The argument by which a layer gives its states too, where something begins with them."""
    return {"return_state": True} if to.gives_states() else {}


class RecurrentState(Op):
    """One of the states that a recurrent layer ends with: that after the last real step. What messages call it, nobody sees."""

    keeps_mask = False
    has_class = False
    index: int
    sequences: bool
    halves: bool

    def __init__(self, index: int, sequences: bool, halves: bool) -> None:
        super().__init__(index=index, sequences=sequences, halves=halves)  # type: ignore[call-arg]

    @classmethod
    def title(cls) -> str:
        return "state"

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the layer gives for one step; of two directions joined, half of its features."""
        (x,) = inputs
        axes = x.axes[1:] if self.sequences else x.axes
        if not self.halves:
            return x.with_axes(*axes)
        *before, last = axes
        return x.with_axes(*before, Axis(last.name, last.size // 2))

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return inputs[0].dtype

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None

    def takes_no_padding(self, *inputs: TensorType) -> bool:
        """The layer has read the mask: its states stand still at padded steps."""
        return True

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        return Meaning(ANY, output.rank - 1, outer=inputs[0].meaning.outer)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.read_state(self.index)
