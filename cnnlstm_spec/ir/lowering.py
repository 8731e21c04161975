"""What an op may ask of the lowering while it says what it calls in Keras. Abstract: the emitter of programs does it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from .tensor import Mask, TensorType

if TYPE_CHECKING:
    from .program import Call, Expression, Index, Ref


class KerasLayer(Protocol):
    """What an op is to the lowering: a class of Keras with arguments."""

    reads_mask: ClassVar[bool]
    arity: ClassVar[tuple[int, int | None]]

    @classmethod
    def keras_path(cls) -> str:
        """Where Keras has the class."""

    def list_keras_arguments(self) -> dict[str, object]:
        """What is passed to it."""


class Lowering(ABC):
    """Given to `Op.lower`: the types around one node, and ways to call Keras. Shapes leave out the batch."""

    inputs: tuple[TensorType, ...]
    """Types of the inputs."""
    output: TensorType
    """Type of the output."""
    name: str
    """Name of the node's layer in Keras."""
    stem: str
    """What the names of variables for the branch, fusion or head of the node begin with."""
    policy: str
    """The dtype policy of the model."""
    marks_layers: bool
    """Whether the name of a layer inside another must say in which: optimizers are told by the paths of weights."""

    @abstractmethod
    def copy_with_inputs(self, inputs: tuple[TensorType, ...]) -> Self:
        """The same node on inputs of other types, which the op has made of its own."""

    @abstractmethod
    def write_keywords(self, op: KerasLayer, within: str = "") -> dict[str, Expression]:
        """What is passed to an op's class, in the order written; of a layer that is the value of an argument, `within` it."""

    @abstractmethod
    def call(
        self, op: KerasLayer, inputs: tuple[Expression, ...], applied: dict[str, Expression] | None = None, **more: Expression
    ) -> Expression:
        """The op's own Keras layer on the inputs; with the mask of the first where the op reads one, unless told otherwise."""

    @abstractmethod
    def write_layer(
        self, path: str, inputs: Expression, *arguments: Expression, suffix: str = "", **keywords: Expression
    ) -> Expression:
        """A Keras layer named for the node, applied; inputs in a tuple are arguments of their own."""

    @abstractmethod
    def apply(
        self,
        path: str,
        inputs: tuple[Expression, ...],
        arguments: tuple[Expression, ...],
        keywords: dict[str, Expression],
        applied: dict[str, Expression],
        suffix: str = "",
    ) -> Expression:
        """A layer's constructor applied to inputs; made once where several nodes are the layer."""

    @abstractmethod
    def make_layer(self, constructor: Call, suffix: str = "", scope: str | None = None, alone: bool = False) -> Ref:
        """A variable for the node's Keras layer, made at its first use; `alone` where nothing else counts up names."""

    @abstractmethod
    def is_first_use(self) -> bool:
        """Whether the node is the first that is its Keras layer."""

    @abstractmethod
    def gives_states(self) -> bool:
        """Whether something reads the states that the node's layer ends with."""

    @abstractmethod
    def read_state(self, index: int) -> Expression:
        """One of the states that the layer of the node's input ends with."""

    @abstractmethod
    def call_ops(self, function: str, *arguments: Expression, **keywords: Expression) -> Expression:
        """A call of `keras.ops`."""

    @abstractmethod
    def write_infix(self, operator: str, left: Expression, right: Expression) -> Expression:
        """`left operator right`."""

    @abstractmethod
    def slice(self, value: Expression, *index: Index) -> Expression:
        """`value[:, *index]`."""

    @abstractmethod
    def pick(self, value: Expression, *index: Index) -> Expression:
        """`value[index]`, the batch counted too."""

    @abstractmethod
    def cast(self, value: Expression) -> Expression:
        """The value in the dtype of the output."""

    @abstractmethod
    def zero(self) -> Expression:
        """0 in the dtype of the output, so that no operation widens it."""

    @abstractmethod
    def write_comment(self, text: str) -> None:
        """A line for people before what comes next."""

    @abstractmethod
    def let(self, value: Expression, stem: str) -> Ref:
        """A variable for a value."""

    @abstractmethod
    def let_each(self, value: Expression, stems: list[str]) -> tuple[Ref, ...]:
        """Variables for the values that a model of several outputs gives; of one output, its only one."""

    @abstractmethod
    def give_inner(self, layer: str, value: Expression) -> None:
        """Keeps what an inner layer of the node gives, for the nodes that read it."""

    @abstractmethod
    def find_inner(self, layer: str) -> Expression:
        """What an inner layer of the node's input gives."""

    @abstractmethod
    def freeze_before(self, target: Ref, layer: str) -> None:
        """The layers of a model before one of them are not trained."""

    @abstractmethod
    def freeze_norms(self, target: Ref) -> None:
        """The batch norms of a model are not trained."""

    @abstractmethod
    def set(self, target: Ref, attribute: str, value: Expression) -> None:
        """Sets an attribute of a variable."""

    @abstractmethod
    def mark_name(self, name: str) -> str:
        """The name of a layer inside the node's; after a dot, which no written name has, stands where it is."""

    @abstractmethod
    def mark_layers(self, target: Ref, deep: bool) -> None:
        """Marks the names of all layers of a model."""

    @abstractmethod
    def find_mask(self, index: int) -> Expression | None:
        """The boolean (batch, steps) mask of an input, true where a step is real; None where it has none."""

    @abstractmethod
    def write_mask(self, mask: Mask) -> Expression:
        """The tensor of a mask."""

    @abstractmethod
    def find_mask_made(self) -> Expression | None:
        """The mask that the node itself has made, where something reads it."""

    @abstractmethod
    def find_mask_input(self, name: str) -> Expression:
        """The boolean Keras input of that name."""

    @abstractmethod
    def widen_mask(self, mask: Expression, value: Expression, rank: int) -> Expression:
        """A (batch, steps) mask repeated over the axes of a value of `rank` axes, its last left out."""

    @abstractmethod
    def fold(self, value: Expression, x: TensorType) -> Expression:
        """(batch, time, ...) to (batch x time, ...)."""

    @abstractmethod
    def fold_axis(self, value: Expression, x: TensorType) -> tuple[Expression, Expression]:
        """The first axis in the batch, for one op alone, and the positions that bring it out again."""

    @abstractmethod
    def unfold(self, value: Expression, x: TensorType) -> Expression:
        """(batch x time, ...) to (batch, time, ...)."""

    @abstractmethod
    def write_output(self, value: Expression) -> Expression:
        """The value as an output of the model, with its mask where steps are still masked."""

    @abstractmethod
    def write_output_without_mask(self, value: Expression) -> Expression:
        """The value as an output of a model that is not trained, which has the values of `write_output`."""
