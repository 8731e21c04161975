"""EinsumDense: a product with a kernel, the axes spelt out in an equation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from string import ascii_letters
from typing import TYPE_CHECKING, Annotated, Any

from ..ir.inference import Inference, Refusal
from ..ir.op import Op, Weight, example
from ..ir.size import Expr, Size, equal, holds_always, make_anonymous
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import NATURAL, NOT_ALLOWED, NUMBER, SIZE, Optional, Text
from ..language.list_kinds import OneOrMore
from ..text.diagnostic import Code
from ..text.frozen import dataclass
from .core import LORA_WITH_CONSTRAINT
from .shared import ACTIVATION, CONSTRAINT, INITIALIZER, NOTHING, REGULARIZER, UNKNOWN_SIZE, as_written

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

EQUATION = Code(
    "equation-does-not-fit",
    "error",
    "`equation` does not fit: {problem}",
    sort="keras",
    help="write a letter for each axis, the batch too, or `...` for those that stay",
)
FORMS = ("it has one of the forms ab,bc->ac and ...b,bc->...c and ab...,bc->ac...; its first letter is the batch",)
PATTERN = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")

BATCH = None
"""Stands for the size of the batch."""


@dataclass(frozen=True)
class Einsum:
    """An equation with sizes: the letters of input, kernel and output, and the sizes of the latter two."""

    letters: tuple[str, str, str]
    kernel: tuple[Size, ...]
    output: tuple[Axis, ...]


class EinsumDense(Op):
    """A product with a kernel along the axes that an equation names."""

    equation: Annotated[str, Text("an equation such as abc,cd->abd")]
    """Letters of the input (batch first), kernel and output."""
    output_shape: Annotated[int | tuple[int | None, ...] | None, OneOrMore(Optional(SIZE))]
    """Sizes of the output without batch and `...`; null for one known only at run time."""
    activation: Annotated[KerasObject | None, ACTIVATION] = None
    """Activation of the output."""
    bias_axes: Annotated[str | None, Optional(Text("letters of the output"))] = None
    """Output axes that have a bias."""
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel."""
    bias_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the bias."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel."""
    bias_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the bias."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel."""
    bias_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the bias."""
    lora_rank: Annotated[int | None, Optional(NATURAL)] = None
    """Rank of a trained correction; the kernel is then frozen."""
    lora_alpha: Annotated[float | None, Optional(NUMBER)] = None
    """The correction is scaled by `lora_alpha / lora_rank`."""
    gptq_unpacked_column_size: Annotated[None, NOTHING] = None
    """Only `null`: a spec does not quantize."""
    quantization_config: Annotated[None, NOTHING] = None
    """Only `null`: a spec does not quantize."""

    examples = (
        example((4,), equation="ab,bc->ac", output_shape=3),
        example((3, 4), equation="abc,cd->abd", output_shape=[3, 5], bias_axes="bd", activation="relu"),
        example((None, 4), equation="...x,xy->...y", output_shape=5, bias_axes="y"),
        example((3, 4, 2), equation="ab...,bc->ac...", output_shape=[6], bias_axes="c"),
        example((None, 4), equation="abc,cde->abde", output_shape=[None, 2, 5], bias_axes="e", lora_rank=2),
    )

    def refuse(self, problem: str, at: str = "equation", help: tuple[str, ...] = ()) -> Refusal:
        """A refusal of the equation."""
        return Refusal(EQUATION, at, help, problem=problem)

    def split(self) -> tuple[bool, str, str, str, bool]:
        """Dots on the left, the letters of input, kernel and output, dots on the right."""
        match = PATTERN.fullmatch(self.equation)
        if match is None:
            raise self.refuse(f"`{self.equation}` is of no form that Keras reads", help=FORMS)
        left, given, right, kernel, left_after, result, right_after = match.groups()
        if bool(left) != bool(left_after) or bool(right) != bool(right_after) or (left and right) or (right and len(given) < 2):
            raise self.refuse(f"`{self.equation}` is of no form that Keras reads", help=FORMS)
        for letters in (given, result):
            if len(set(letters)) < len(letters):
                raise self.refuse(f"`{letters}` has a letter twice")
        return bool(left), given, kernel, result, bool(right)

    def match_sizes(self, x: TensorType) -> Einsum:
        """The equation with the sizes of the input; raises where they do not go together."""
        left, given, kernel, result, right = self.split()
        elided = x.rank + 1 - len(given)
        if elided < 0 or (elided > 0 and not left and not right):
            raise self.refuse(f"`{given}` names {len(given)} axes, batch counted; the input has {x.rank + 1}")
        sizes: list[Size | None] = [BATCH, *x.sizes]
        named = sizes[elided:] if left else sizes[: len(given)]
        by_given = dict(zip(given, named, strict=True))
        written = [self.output_shape] if self.output_shape is None or isinstance(self.output_shape, int) else self.output_shape
        wanted: list[int | None] = list(written)
        # With `...` on the left the first written size belongs to the first letter, else to the one after the batch.
        batched = not (left and elided)
        if len(wanted) + batched > len(result):
            # Keras reads the first ones.
            words = f"a size for each letter of `{result[batched:]}`"
            raise Refusal(NOT_ALLOWED, "output_shape", (), key="output_shape", words=words, given=wanted)
        if len(wanted) + batched != len(result):
            raise self.refuse(f"`output_shape` has {len(wanted)} sizes for `{result[batched:]}`", "output_shape")
        by_result = dict(zip(result, [BATCH, *wanted] if batched else wanted, strict=True))
        axes = list(x.axes[: elided - 1] if left and elided else ())
        truth: dict[str, Size] = {}
        for place, letter in enumerate(result):
            first = batched and place == 0
            if letter not in given and letter not in kernel:
                raise self.refuse(f"`{letter}` of the output is in neither the input nor the kernel")
            if first and (letter not in given or by_given[letter] is not BATCH):
                raise self.refuse(f"the output begins with `{letter}`, which is not the batch")
            if not first:
                axes.append(self.find_result_axis(letter, by_given, by_result[letter]))
                truth[letter] = axes[-1].size
        if not left:
            axes += x.axes[len(given) - 1 :]
        for letter in kernel:
            if letter not in truth and by_given.get(letter) is None:
                raise self.refuse(f"`{letter}` of the kernel is the batch, or in neither the input nor the output")
        return Einsum((given, kernel, result), tuple(self.require_kernel_size(k, truth, by_given) for k in kernel), tuple(axes))

    def find_result_axis(self, letter: str, given: Mapping[str, Size | None], wanted: int | None) -> Axis:
        """The output axis of a letter: of a written size that agrees with the input's, or unknown to Keras."""
        size = given.get(letter)
        name = "features" if size is None else f"axis {letter}"
        if letter in given and wanted is not None:
            if not isinstance(size, int):
                raise self.refuse(f"`{letter}` is known only at run time, not {wanted}", "output_shape", ("write null for it",))
            if not holds_always(equal(size, wanted)):
                raise self.refuse(f"`{letter}` is {size} in the input and {wanted} in `output_shape`", "output_shape")
        if wanted is not None:
            return Axis(name, wanted)
        if size is None:
            raise self.refuse(f"`{letter}` needs a size in `output_shape`", "output_shape")
        # Keras takes null at its word, also where the input's size is known.
        return Axis(name, size if isinstance(size, Expr) else make_anonymous(f"the axis `{letter}`, {size} in fact"))

    def require_kernel_size(self, letter: str, truth: dict[str, Size], given: Mapping[str, Size | None]) -> Size:
        """The size of a kernel axis, which must be known when the model is built."""
        size = truth.get(letter, given.get(letter))
        if isinstance(size, int):
            return size
        help = ("write its size in `output_shape`", "give the input a fixed size on that axis")
        raise Refusal(UNKNOWN_SIZE, "equation", help, layer=self.title(), axis=f"axis `{letter}`")

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The axes that the equation names on its right, in that order."""
        (x,) = inputs
        found = self.match_sizes(x)
        self.make_bias(x, found)
        if self.lora_rank and self.kernel_constraint is not None:
            raise Refusal(LORA_WITH_CONSTRAINT, "lora_rank", (), layer=self.title(), constraint="kernel_constraint")
        return x.with_axes(*found.output)

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """With the axes of `...` named where they are two or more: Keras 3.15 announces those on the left in reverse."""
        from ..ir.expressions import list_sizes

        (x,) = to.inputs
        left, given, kernel, result, _ = self.split()
        elided = x.rank + 1 - len(given)
        if not left or elided < 3:
            return to.call(self, inputs)
        letters = "".join(letter for letter in ascii_letters if letter not in given + kernel + result)[:elided]
        written = self.output_shape if isinstance(self.output_shape, tuple) else (self.output_shape,)
        named = f"{letters}{given},{kernel}->{letters}{result}"
        return to.call(self, inputs, equation=named, output_shape=(*list_sizes(x.axes[: elided - 1]), *written))

    def make_bias(self, x: TensorType, found: Einsum) -> tuple[Weight, ...]:
        """The bias: from its first axis on, 1 where it has none of its own, 1 along what `...` stands for."""
        if self.bias_axes is None:
            return ()
        given, _, result = found.letters
        missing = [letter for letter in self.bias_axes if letter not in result]
        if missing:
            raise self.refuse(f"`{missing[0]}` of `bias_axes` is not in the output `{result}`", "bias_axes")
        left, *_, right = self.split()
        elided = x.rank + 1 - len(given)
        sizes: list[Any] = [axis.size for axis in found.output]
        sizes = sizes[elided - 1 :] if left and elided else [BATCH, *sizes]
        start = min(result.index(letter) for letter in self.bias_axes)
        shape: list[int] = []
        for letter, size in list(zip(result, sizes, strict=False))[start:]:
            if letter not in self.bias_axes:
                shape.append(1)
            elif isinstance(size, int):
                shape.append(size)
            else:
                raise Refusal(UNKNOWN_SIZE, "bias_axes", (), layer=self.title(), axis=f"axis `{letter}`")
        return (Weight("bias", (*shape, *(1,) * (elided if right else 0))),)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        (x,) = inputs
        found = self.match_sizes(x)
        kernel = tuple(size for size in found.kernel if isinstance(size, int))
        rank = self.lora_rank
        if not rank:
            return (Weight("kernel", kernel), *self.make_bias(x, found))
        lora = (Weight("lora_kernel_a", (*kernel[:-1], rank)), Weight("lora_kernel_b", (rank, kernel[-1])))
        return (Weight("kernel", kernel, trainable=False), *self.make_bias(x, found), *lora)

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        return rank == first

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        (x,) = inputs
        found = self.match_sizes(x)
        kernel = set(found.letters[1])
        whole: Size = prod(size for size in found.kernel if isinstance(size, int))
        left, given, _, _, _ = self.split()
        elided = x.rank + 1 - len(given)
        start = elided if left else 0
        for place, size in enumerate(x.sizes, 1):
            letter = given[place - start] if 0 <= place - start < len(given) else ""
            if letter not in kernel:
                whole = whole * size
        return whole
