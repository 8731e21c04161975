"""Embedding and ReversibleEmbedding: a vector for every integer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.op import Op, Weight, example
from ..ir.program import Call
from ..ir.size import Size
from ..ir.tensor import Axis, TensorType
from ..language.catalog import NO_EFFECT, KerasObject
from ..language.kinds import BOOLEAN, COUNT, NATURAL, NUMBER, Optional, Text
from ..language.record import Checks
from ..text.diagnostic import Code
from ..text.fix import Fix, Put
from .core import LORA_WITH_CONSTRAINT
from .padding_mask import write_padding_mask
from .shared import CONSTRAINT, INITIALIZER, NOTHING, REGULARIZER, as_written
from .weights_file import Matrix, MatrixKind

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


MATRIX = Code(
    "matrix-does-not-fit",
    "error",
    "`{path}` holds {shape}; `input_dim` and `output_dim` ask for {needed}",
    sort="keras",
    help="write the sizes of the file, or name another",
)
LORA_WITH_WEIGHTS = Code(
    "lora-with-weights",
    "error",
    "`{layer}` takes `lora_rank` or `weights`, not both",
    sort="keras",
    help="leave one of them out",
)


class EmbeddingLookup(Op):
    """What both embeddings have in common; values that are no integers are cut off to integers."""

    reads_codes = True
    has_table = True
    looks_up = "input_dim"
    gives_channels = True
    input_dim: Annotated[int, COUNT]
    """How many integers there are, from 0 up."""
    output_dim: Annotated[int, COUNT]
    """Size of a vector."""
    embeddings_initializer: Annotated[KerasObject, INITIALIZER] = as_written("uniform")
    """Initial values of the vectors."""
    embeddings_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the vectors."""
    embeddings_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the vectors."""
    mask_zero: Annotated[bool, BOOLEAN] = False
    """Whether a step of 0 is padding."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(...) to (..., `output_dim`)."""
        (x,) = inputs
        return x.with_axes(*x.axes, Axis("features", self.output_dim))

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        return (Weight("embeddings", (self.input_dim, self.output_dim)),)

    def makes_mask(self, *inputs: TensorType) -> bool:
        return self.mask_zero and inputs[0].rank == 1

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        return write_padding_mask(to, inputs[0], 0, to.inputs[0])

    def list_keras_arguments(self) -> dict[str, object]:
        """Without `mask_zero`: the mask is handed on explicitly, and Keras would hand on one of its own beside it."""
        return {name: value for name, value in super().list_keras_arguments().items() if name != "mask_zero"}


class Embedding(EmbeddingLookup):
    """A vector for every integer."""

    weights_: Annotated[Matrix | None, Optional(MatrixKind())] = None
    """A `.npy` file with the vectors that it starts from, a row for each integer."""
    lora_rank: Annotated[int | None, Optional(NATURAL)] = None
    """Rank of a trained correction; the vectors are then frozen."""
    lora_alpha: Annotated[float | None, Optional(NUMBER)] = None
    """The correction is scaled by `lora_alpha / lora_rank`."""
    quantization_config: Annotated[None, NOTHING] = None
    """Only `null`: a spec does not quantize."""
    examples = (
        example((6,), dtype="int32", input_dim=9, output_dim=4),
        example((None, 3), dtype="uint8", input_dim=9, output_dim=4, embeddings_initializer="normal", mask_zero=True),
        example((6,), dtype="int32", input_dim=9, output_dim=4, lora_rank=2, lora_alpha=3),
        example((None,), input_dim=9, output_dim=4, embeddings_regularizer="l2"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.lora_rank and self.embeddings_constraint is not None:
            help = ("leave out one of them",)
            raise Refusal(LORA_WITH_CONSTRAINT, "lora_rank", help, layer=self.title(), constraint="embeddings_constraint")
        return super().infer(at, *inputs)

    def check(self, at: Checks) -> None:
        """A file of vectors has as many, and as long, as the layer; nothing else says which they are, or gives them weights."""
        if self.weights_ is None:
            return
        if self.is_written("embeddings_initializer"):
            needed = "`weights: null`"
            at.report(NO_EFFECT, "embeddings_initializer", (), True, argument="embeddings_initializer", needed=needed)
        if self.lora_rank:
            at.report(LORA_WITH_WEIGHTS, "weights", layer=self.title())
        shape, needed_shape = self.weights_.shape, (self.input_dim, self.output_dim)
        if shape == needed_shape:
            return
        sizes = dict(zip(("input_dim", "output_dim"), shape, strict=False))
        fix = Fix("write the sizes of the file", tuple(Put(at.node.span, name, str(size)) for name, size in sizes.items()))
        mend = (lambda _: fix) if len(shape) == 2 and all(shape) else None
        facts = {"path": self.weights_.written, "shape": shape, "needed": needed_shape}
        at.report(MATRIX, "weights", (), False, mend, **facts)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        rank = self.lora_rank
        if not rank:
            return super().weights(*inputs)
        lora = (Weight("lora_embeddings_a", (self.input_dim, rank)), Weight("lora_embeddings_b", (rank, self.output_dim)))
        return (Weight("embeddings", (self.input_dim, self.output_dim), trainable=False), *lora)

    def list_keras_arguments(self) -> dict[str, object]:
        given = super().list_keras_arguments()
        if self.weights_ is not None:
            given["weights"] = Call("numpy.load", (self.weights_.path,))
        return given

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return self.input_dim * (self.lora_rank or 0) * self.output_dim


class ReversibleEmbedding(EmbeddingLookup):
    """A vector for every integer; the way back, from vectors to logits, is not reached from a list of layers."""

    tie_weights: Annotated[bool, BOOLEAN] = True
    """Whether the way back has the same weights."""
    reverse_dtype: Annotated[str | None, Optional(Text("the name of a dtype"))] = None
    """Dtype of the way back."""
    logit_soft_cap: Annotated[float | None, Optional(NUMBER)] = None
    """Bound of the logits on the way back."""
    examples = (
        example((6,), dtype="int32", input_dim=9, output_dim=4),
        example((None, 2), dtype="int32", input_dim=9, output_dim=4, tie_weights=False, logit_soft_cap=3.0),
    )

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        way_back = Weight("reverse_embeddings", (self.output_dim, self.input_dim))
        return super().weights(*inputs) if self.tie_weights else (*super().weights(*inputs), way_back)
