"""A class for each function of `keras.ops`, its arguments as fields, made from the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from ...ir.inference import Inference, Refusal
from ...ir.meaning import Meaning, Range
from ...ir.op import FLOATS, Example, Op
from ...ir.tensor import Mask, TensorType, Zeros
from ...language.activations import BOUNDS
from ...language.kinds import Choice
from ...text.diagnostic import Code
from ..axes import OVER_BATCH
from ..shared import WRONG_DTYPE
from .call import FunctionCall, Shaped
from .kinds import describe_argument, find_kind
from .ranges import SAME, find_scale, infer_function_range
from .shapes import RULES
from .table import FunctionFacts, find_fact

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression


NOT_OF_INTEGERS = Code(
    "number-fails-with-integers", "error", "`{layer}` of {dtype} fails with `{argument}: {value}`", sort="keras"
)
NUMBERS: dict[str, Callable[[Any], bool]] = {
    "zero": lambda value: isinstance(value, int) and value == 0,
    "negative": lambda value: isinstance(value, int) and value < 0,
    "positive": lambda value: isinstance(value, int) and value > 0,
    "fraction": lambda value: isinstance(value, float),
}
"""The numbers of which the table has words."""


class Function(Op):
    """A function of `keras.ops` of one tensor, saved without custom code."""

    fact: ClassVar[FunctionFacts]
    has_class = False
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    dtype: ClassVar[None] = None  # type: ignore[misc]
    share: ClassVar[None] = None  # type: ignore[misc]

    @classmethod
    def title(cls) -> str:
        return "Op"

    def decides_shape(self, argument: str) -> bool:
        return True

    def list_settings(self) -> dict[str, Any]:
        """The arguments of the function, defaults too."""
        return {name: self.get_value(name) for name in self.arguments if name not in ("name", "function")}

    def infer_shaped(self, at: Inference, x: TensorType) -> Shaped:
        """What it does with the axes; raises Refusal."""
        if self.fact.sort == "sequences" and not x.axes:
            # Keras cuts windows out of the batch.
            help = ("`Reshape` can add an axis",)
            raise Refusal(OVER_BATCH, None, help, layer=self.fact.name, how="", axes="there is no other axis")
        return RULES[self.fact.sort](FunctionCall(self.fact.name, self.list_settings(), at, x))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """What the rule of the function's sort says, in `shapes.py`."""
        (x,) = inputs
        if self.find_given_dtype(x.dtype) is None:
            taken = "floating-point values" if self.find_given_dtype("float32") is not None else "integers"
            if x.dtype in FLOATS and taken != "integers":
                taken = "float32"
            help = ("`cast` to another dtype before it: `Op: {function: cast, dtype: float32}`",)
            raise Refusal(WRONG_DTYPE, None, help, layer=self.fact.name, taken=taken, dtype=x.dtype)
        if x.dtype not in FLOATS:
            self.refuse_numbers(x.dtype)
        return x.with_axes(*self.infer_shaped(at, x).axes)

    def refuse_numbers(self, dtype: str) -> None:
        """Refuses the numbers that integers, or truth values, do not go with."""
        for argument, words in self.fact.refused_numbers.get("bool" if dtype == "bool" else "int32", {}).items():
            value = self.get_value(argument)
            if value is not None and any(NUMBERS[word](value) for word in words):
                help = ("`cast` to float32 before it: `Op: {function: cast, dtype: float32}`",)
                raise Refusal(NOT_OF_INTEGERS, argument, help, layer=self.fact.name, dtype=dtype, argument=argument, value=value)

    def find_given_dtype(self, dtype: str) -> str | None:
        """The dtype that comes out of another; None where it takes none of it."""
        own = self.list_settings()
        if own.get("dtype") is not None and self.fact.dtypes.get(dtype, dtype) is not None:
            asked: str = own["dtype"]
            return asked
        broken = any(isinstance(value, float) for value in own.values())
        return (self.fact.dtypes_of_floats if broken else self.fact.dtypes).get(dtype, dtype)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return self.find_given_dtype(inputs[0].dtype) or inputs[0].dtype

    def find_scale(self) -> float | None:
        """What it multiplies by, if it does nothing else."""
        return find_scale(self.fact.name, self.list_settings())

    def keeps_order(self, x: TensorType) -> bool:
        """Whether the steps stay the first axis, each with what was in it."""
        shaped = self.infer_shaped(Inference(), x)
        return shaped.places[:1] == (0,) and 0 not in shaped.mixed

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        (x,) = inputs
        if x.mask is None or not x.axes:
            return None
        if self.fact.name == "flip" and 0 in self.infer_shaped(Inference(), x).mixed:
            return replace(x.mask, flipped=not x.mask.flipped)
        return x.mask if self.keeps_order(x) else None

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        (x,) = inputs
        if x.zeros is None:
            return None
        if self.fact.sort == "each":
            return x.zeros if self.keeps_zeros() else None
        shaped = self.infer_shaped(Inference(), x)
        place = shaped.places[x.zeros.axis]
        moved_alone = self.fact.sort in SAME and self.fact.sort != "along"
        return replace(x.zeros, axis=place) if moved_alone and place is not None and x.zeros.axis not in shaped.mixed else None

    def keeps_zeros(self) -> bool:
        """What was seen of the example holds where no number stands beside the tensor."""
        numbers = [each.name for each in self.fact.arguments if each.kind.startswith("number")]
        by_one = self.fact.name in ("multiply", "divide", "true_divide")
        return self.fact.keeps_zero and (by_one or not any(self.is_written(name) for name in numbers))

    def sums_zeros(self, *inputs: TensorType) -> bool:
        """A sum over the steps of values that are 0 where a step is padding."""
        (x,) = inputs
        if self.fact.name not in ("sum", "nansum") or x.zeros is None or not x.zeros.cover(x.mask):
            return False
        return x.zeros.axis in self.infer_shaped(Inference(), x).mixed

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        (x,) = inputs
        shaped = self.infer_shaped(Inference(), x)
        values = infer_function_range(
            self.fact.name, self.fact.sort, self.list_settings(), x.meaning.range, shaped.places, x.rank
        )
        turned = self.fact.name == "flip" and x.meaning.steps in shaped.mixed
        meaning = replace(x.meaning, range=None).move_axes(lambda place: shaped.places[place])
        still = meaning.still and self.fact.sort == "each"
        backwards = meaning.backwards != (turned and meaning.steps is not None)
        return replace(meaning, range=self.infer_floats(values, x), backwards=backwards, still=still)

    def infer_floats(self, values: Range | None, x: TensorType) -> Range | None:
        """The range, of integers no longer one of integers where floats come out."""
        whole = self.find_given_dtype(x.dtype) not in FLOATS and x.dtype not in FLOATS
        return replace(values, integers=False) if values is not None and values.integers and not whole else values

    def is_flat(self) -> bool:
        return self.fact.gradient == "none"

    def without_gradient(self, dtype: str) -> str | None:
        return "function" if self.fact.gradient == "missing" else None

    def without_xla(self, trained: bool) -> str | None:
        return None if self.fact.xla[trained] else "function"

    def list_keras_arguments(self) -> dict[str, object]:
        written = super().list_keras_arguments()
        return {name: value for name, value in written.items() if name != "function"}

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call_ops(self.fact.name, *inputs, **to.write_keywords(self))


@cache
def find_function_op(name: str) -> type[Function] | None:
    """The op of a function; None where an `Op` may name none of that name."""
    fact = find_fact(name)
    if fact is None:
        return None
    # Said again of each class: pydantic takes the fields of every base.
    types: dict[str, Any] = {"trainable": ClassVar[bool], "dtype": ClassVar[None], "share": ClassVar[None]}
    types["function"] = Annotated[str, Choice(name)]
    fields: dict[str, Any] = {
        "trainable": True,
        "dtype": None,
        "share": None,
        "__doc__": f"`keras.ops.{name}`.",
        "__module__": __name__,
        "fact": fact,
        "function": Field(description="The function."),
        "last_axis_only": fact.sort == "each",
        "is_function": name if name in BOUNDS else None,
        "needs_matrix": fact.needs_matrix,
        "keeps_values": fact.sort in ("expand", "squeeze", "transpose", "move", "swap"),
        "examples": (Example({"function": name, **fact.example}, (fact.shape,), fact.first),),
    }
    for each in fact.arguments:
        field = f"{each.name}_" if each.name == "dtype" else each.name
        types[field] = Annotated[Any, find_kind(each.kind)]
        words = describe_argument(each.name)
        fields[field] = Field(description=words) if each.required else Field(each.default, description=words)
    fields["__annotations__"] = types
    return type(f"Op_{name}", (Function,), fields)
