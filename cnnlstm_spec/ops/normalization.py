"""BatchNormalization, LayerNormalization, GroupNormalization, UnitNormalization, RMSNormalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..ir.inference import Inference, Refusal
from ..ir.meaning import ANY, Range
from ..ir.op import Op, Weight, example
from ..ir.size import equal
from ..ir.tensor import TensorType
from ..language.catalog import KerasObject
from ..language.json_schema import Schema
from ..language.kinds import BOOLEAN, NOT_NEGATIVE, NUMBER, OUT_OF_RANGE, Integer, Optional
from ..language.leaf import OpenLeaf, Steps
from ..language.read_record import read_record
from ..language.record import Record
from ..language.scope import POISON, Poison, Scope
from ..text.diagnostic import Code
from ..text.nodes import Node
from .axes import AXES, AXIS, find_axis, find_axis_numbers, number_axes_of_sample
from .floats import refuse_integers
from .shared import CONSTRAINT, GROUPS, INITIALIZER, REGULARIZER, as_written, known

CLIPPING = Code(
    "renorm-clipping-crossed",
    "error",
    "`renorm_clipping` has `rmax` {rmax:g} below `rmin` {rmin:g}",
    sort="keras",
    help="`rmin` is at most `rmax`",
)
SCALE_SHAPE = Code(
    "rms-scale-does-not-fit", "error", "`RMSNormalization` scales the last axes; `axis` names others", sort="keras"
)

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


class Clip(Record):
    """Bounds of the renorm correction."""

    rmax: Annotated[float | None, Optional(NUMBER)] = None
    """Greatest ratio of deviations."""
    rmin: Annotated[float | None, Optional(NUMBER)] = None
    """Least ratio of deviations."""
    dmax: Annotated[float | None, Optional(NOT_NEGATIVE)] = None
    """Greatest shift of the mean."""


class ClipKind(OpenLeaf[dict[str, object]]):
    """A mapping of `rmax`, `rmin` and `dmax`."""

    words = "a mapping of `rmax`, `rmin` and `dmax`"

    canonical = (dict,)

    def read_node(self, node: Node, scope: Scope) -> dict[str, object] | Poison:
        reading = read_record(Clip, node, scope, "renorm_clipping")
        if reading is POISON:
            return POISON
        record = reading.record
        if record.rmax is not None and record.rmin is not None and record.rmax < record.rmin:
            return scope.report(CLIPPING, node, rmax=record.rmax, rmin=record.rmin)
        return record.list_values(reading.written.places)

    def make_schema(self) -> Schema:
        keys = {name: argument.kind.make_schema() for name, argument in Clip.arguments.items()}
        return {"type": "object", "properties": keys, "additionalProperties": False}


class Groups(Integer):
    """A positive integer, or -1 for a group for each channel."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.words = "a positive integer, or -1"

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_refuse_zero, super().make_core())

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if problem != ZERO.type:
            super().explain(problem, steps, node, scope)
            return
        scope.report(OUT_OF_RANGE, scope.resolve(node) or node, key=scope.name, words=self.words, given=0)


ZERO = PydanticCustomError("zero", "0 is neither a number of groups nor -1")


def _refuse_zero(value: int) -> int:
    if value == 0:
        raise ZERO
    return value


class Normalizing(Op):
    """What the norms with `gamma` and `beta` have in common."""

    axis: Annotated[Any, AXIS] = -1
    """Axis that has weights of its own."""
    epsilon: Annotated[float, NUMBER] = 0.001
    """Added to the variance."""
    center: Annotated[bool, BOOLEAN] = True
    """Whether `beta` is added."""
    scale: Annotated[bool, BOOLEAN] = True
    """Whether the result is multiplied by `gamma`."""
    beta_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of `beta`."""
    gamma_initializer: Annotated[KerasObject, INITIALIZER] = as_written("ones")
    """Initial values of `gamma`."""
    beta_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on `beta`."""
    gamma_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on `gamma`."""
    beta_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on `beta`."""
    gamma_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on `gamma`."""

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return ANY

    def list_gamma_beta(self, shape: tuple[int, ...]) -> tuple[Weight, ...]:
        """The trained weights, each where there is one."""
        gamma = (Weight("gamma", shape),) if self.scale else ()
        return (*gamma, *((Weight("beta", shape),) if self.center else ()))


class BatchNormalization(Normalizing):
    """Mean 0 and deviation 1 over the batch and every axis but one; moving averages serve inference."""

    is_batch_norm = True
    momentum: Annotated[float, NUMBER] = 0.99
    """Share of the old value in a moving average."""
    moving_mean_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the moving mean."""
    moving_variance_initializer: Annotated[KerasObject, INITIALIZER] = as_written("ones")
    """Initial values of the moving variance."""
    renorm: Annotated[bool, BOOLEAN] = False
    """Whether to use batch renormalization."""
    renorm_clipping: Annotated[dict[str, float] | None, Optional(ClipKind())] = None
    """Bounds of its correction."""
    renorm_momentum: Annotated[float, NUMBER] = 0.99
    """Share of the old value in its moving averages."""
    synchronized: Annotated[bool, BOOLEAN] = False
    """Whether replicas share their statistics."""
    reads_mask = True
    examples = (
        example((4,)),
        example((None, 4), center=False, momentum=0.9, gamma_regularizer="l2"),
        example((3, 4, 5), axis=1, scale=False),
        example((6, 4), renorm=True, renorm_clipping={"rmax": 3, "rmin": 0.3, "dmax": 5}),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        known(self.title(), find_axis(self.title(), self.axis, inputs[0]))
        return inputs[0]

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        shape = (known(self.title(), find_axis(self.title(), self.axis, inputs[0])),)
        names = ["moving_mean", "moving_variance"]
        names += ["moving_stddev", "renorm_mean", "renorm_stddev"] if self.renorm else []
        return (*self.list_gamma_beta(shape), *(Weight(name, shape, trainable=False) for name in names))

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        return rank == first

    def list_weighed(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return inputs if self.trainable else ()

    def leaves_padding_out(self, x: TensorType) -> bool:
        """Over one channel alone Keras makes numbers of the statistics under a mask, and fails but for an `axis` of -1."""
        axis = find_axis(self.title(), self.axis, x)
        return x.rank > 1 and (axis.size != 1 or (x.rank == 2 and self.axis == -1))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        (x,) = to.inputs
        mask = to.find_mask(0)
        if mask is None or not self.leaves_padding_out(x):
            return to.call(self, inputs, {})
        return to.call(self, inputs, {"mask": to.widen_mask(mask, inputs[0], x.rank)})


class LayerNormalization(Normalizing):
    """Mean 0 and deviation 1 over the given axes of each sample."""

    statistics = "axis"
    axis: Annotated[int | tuple[int, ...], AXES] = -1
    """Axes that are normalized together, and have weights of their own."""
    examples = (
        example((4,)),
        example((None, 4), scale=False, epsilon=1e-6),
        example((3, 4, 5), axis=[1, 3]),
        example((3, 4, 5), axis=[-1, 1], center=False),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        find_axis_numbers(self.title(), self.axis, inputs[0])
        if self.scale or self.center:
            self.shape(inputs[0])
        return inputs[0]

    def shape(self, x: TensorType) -> tuple[int, ...]:
        """The shape of the weights: Keras sorts the axes as they are written, the negative ones first."""
        axes = (self.axis,) if isinstance(self.axis, int) else sorted(self.axis)
        return tuple(known(self.title(), find_axis(self.title(), axis, x)) for axis in axes)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return self.list_gamma_beta(self.shape(inputs[0])) if self.scale or self.center else ()


class GroupNormalization(Normalizing):
    """Mean 0 and deviation 1 over groups of channels, and every other axis, of each sample."""

    statistics = "sample"
    groups: Annotated[int, Groups()] = 32
    """Number of groups; -1 for one for each channel."""
    examples = (
        example((None, 4), groups=2),
        example((3, 6, 4), groups=3, axis=2, scale=False),
        example((3, 4), groups=-1),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        count = known(self.title(), find_axis(self.title(), self.axis, inputs[0]))
        if self.groups > count or count % self.groups:
            raise Refusal(GROUPS, "groups", (), groups=self.groups, count=count, what="channels")
        return inputs[0]

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return self.list_gamma_beta((known(self.title(), find_axis(self.title(), self.axis, inputs[0])),))

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        return rank == first


class UnitNormalization(Op):
    """The input scaled to length 1 along the given axes."""

    statistics = "axis"
    axis: Annotated[int | tuple[int, ...], AXES] = -1
    """Axes along which the length is measured."""
    examples = (example((4,)), example((None, 4), axis=[1, 2]))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        refuse_integers(self.title(), inputs[0])
        number_axes_of_sample(self.title(), self.axis, inputs[0], not self.is_written("axis"))
        return inputs[0]

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        positive = values is not None and values.least is not None and values.least >= 0
        return Range(0 if positive else -1, 1, positive and values is not None and values.attained, by="UnitNormalization")


class RMSNormalization(Op):
    """The input divided by its root mean square along the given axes, and scaled."""

    statistics = "axis"
    axis: Annotated[int | tuple[int, ...], AXES] = -1
    """Axes that are normalized together; the last ones, as the scale broadcasts from there."""
    epsilon: Annotated[float, NUMBER] = 1e-6
    """Added to the mean square."""
    keeps_integers = True
    examples = (example((4,)), example((None, 3, 4), axis=[2, 3], epsilon=1e-3))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        find_axis_numbers(self.title(), self.axis, x)
        shape = self.shape(x)
        for size, axis in zip(reversed(shape), reversed(x.axes), strict=False):
            if size != 1:
                help = ("name the last axes, in their order", "or use `LayerNormalization`")
                at.require(equal(axis.size, size), Refusal(SCALE_SHAPE, "axis", help))
        return x

    def shape(self, x: TensorType) -> tuple[int, ...]:
        """The shape of the scale: Keras sorts the axes as they are written, the negative ones first."""
        axes = (self.axis,) if isinstance(self.axis, int) else sorted(self.axis)
        return tuple(known(self.title(), find_axis(self.title(), axis, x)) for axis in axes)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("scale", self.shape(inputs[0])),)
