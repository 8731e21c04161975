"""What layers that look values up in a vocabulary have in common; the vocabulary is written, or measured of a spec's `data`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..ir.inference import Inference, Refusal
from ..ir.meaning import ANY, Range
from ..ir.op import TEXT
from ..ir.tensor import Axis, TensorType, Values
from ..language.json_schema import Schema
from ..language.kinds import BOOLEAN, NUMBER, Choice, Integer, Optional, Text
from ..language.leaf import Leaf, Steps
from ..language.list_kinds import WRONG_LENGTH, ListOf
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import WRONG_TYPE, Listing, Node, Scalar, show_given
from .discretize import NO_SPARSE, SPARSE_INTEGERS, Encoder
from .shared import WRONG_DTYPE

NO_VALUES = Code("lookup-without-values", "error", "`{layer}` needs `vocabulary`")
VOCABULARY = Code(
    "vocabulary-does-not-fit",
    "error",
    "the `vocabulary` of `{layer}` {what}",
    sort="keras",
    help="name each value once; those for padding and the unknown come first by themselves",
)
WEIGHTS = Code(
    "idf-weights-do-not-fit",
    "error",
    "`{layer}` {what}",
    sort="keras",
    help="write `output_mode: tf_idf`, `vocabulary`, and as many `idf_weights` as it has values",
)
ARGUMENT = Code(
    "lookup-argument", "error", "`{argument}` of `{layer}` needs {needed}", sort="keras", help="leave one of the two out"
)
SIZE_OPEN = Code(
    "lookup-size-open",
    "error",
    "`output_mode: {mode}` of `{layer}` has no size before it is measured",
    help="write `max_tokens: 1000` and `pad_to_max_tokens: true`, which fix it, or the `vocabulary`",
)
NO_PLACE = Code(
    "lookup-without-places",
    "error",
    "`max_tokens: {most}` of `{layer}` leaves no place for any value",
    help="take more: padding and unknown values have places too",
)
OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
MODES = Choice("int", "one_hot", "multi_hot", "count", "tf_idf", *OLD_MODES)


class TokenLeaf(Text):
    """A text of whole characters, which may be empty. One that ends with NUL would lose it in NumPy."""

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_read_whole, core_schema.is_instance_schema(str))

    def make_schema(self) -> Schema:
        return {"type": "string", "pattern": r"(^|[^\u0000])$"}


def _read_whole(value: str) -> str:
    if value.endswith("\0") or any("\ud800" <= each <= "\udfff" for each in value):
        raise PydanticCustomError("text", "{words}", {"words": "whole characters"})
    return str(value)


TOKEN = TokenLeaf("a text")


class VocabularyLeaf(ListOf):
    """A list of the known values."""

    def __init__(self, inner: Leaf) -> None:
        super().__init__(inner, least=1)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        value = scope.resolve(node) or node
        if isinstance(value, Scalar) and isinstance(value.value, str):
            help = ("a file is not read here: write its lines as a list, or extend a file that has them",)
            scope.report(WRONG_TYPE, value, key=scope.name, words=self.words, given=show_given(value), help=help)
        elif isinstance(value, Listing) and not value.items:
            help = ("name at least one value",)
            scope.report(WRONG_LENGTH, value, key=scope.name, words=self.words, given=0, help=help)
        else:
            super().explain(problem, steps, node, scope)


TEXTS = Optional(VocabularyLeaf(TOKEN))
Token = str | int


class VocabularyLookup(Encoder):
    """What layers with a vocabulary have in common: padding is 0, unknown values come next, then the vocabulary."""

    keeps_xla_off = True
    max_tokens: Annotated[int | None, Optional(Integer(2))] = None
    """How many values are known at most, those for padding and the unknown counted."""
    output_mode: Annotated[str, MODES] = "int"
    """Places in the vocabulary, or vectors that count them."""
    pad_to_max_tokens: Annotated[bool, BOOLEAN] = False
    """Whether vectors are of size `max_tokens`, however many values are known."""
    idf_weights: Annotated[tuple[float, ...] | None, Optional(ListOf(NUMBER))] = None
    """Of `tf_idf`, the weight of each value of `vocabulary`."""

    @property
    def mode(self) -> str:
        """`output_mode` by the name that Keras has for it now."""
        return OLD_MODES.get(self.output_mode, self.output_mode)

    @property
    def padding(self) -> Token | None:
        """The value that is padding; None where there is none."""
        raise NotImplementedError

    @property
    def unknown(self) -> tuple[Token | None, int]:
        """What stands for values that are not known, and how many places there are for them."""
        raise NotImplementedError

    @property
    def tokens(self) -> tuple[Token, ...] | None:
        """The vocabulary as it is written."""
        found: tuple[Token, ...] | None = self.get_value("vocabulary")
        return found

    @property
    def inverts(self) -> bool:
        """Whether it gives the values for their places."""
        return False

    @property
    def specials(self) -> int:
        """How many places come before the vocabulary."""
        return (self.padding is not None and self.mode == "int") + self.unknown[1]

    def list_known(self) -> tuple[Token, ...]:
        """The vocabulary without the special values that it may begin with."""
        values, first, (name, count) = self.tokens or (), self.specials, self.unknown
        if not first or len(values) < first or values[:first] != (self.padding,) * (first - count) + (name,) * count:
            return values
        return values[first:]

    def is_to_measure(self) -> bool:
        return self.tokens is None and not self.inverts

    def count_depth(self) -> int:
        """How many places there are; 0 where that is not known before it is measured."""
        if self.mode != "int" and self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        return self.max_tokens or 0 if self.tokens is None else self.specials + len(self.list_known())

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """With `int` the shape of the input, of texts with their words; else the vocabulary where `Encoder` has the classes."""
        (x,) = inputs
        if self.takes_text and x.dtype != TEXT:
            help = ("read the data as `kind: text`",)
            raise Refusal(WRONG_DTYPE, None, help, layer=self.title(), taken="text", dtype=x.dtype)
        if self.sparse:
            raise Refusal(SPARSE_INTEGERS if self.mode == "int" else NO_SPARSE, "sparse", (), layer=self.title())
        for argument, needed, missing in self.list_together():
            if missing:
                raise Refusal(ARGUMENT, argument, (), argument=argument, layer=self.title(), needed=needed)
        self._check_weights()
        if self.tokens is not None:
            self._check_vocabulary()
        elif not (self.is_to_measure() and at.has_data):
            way = ("or give the spec a section `data`, of which they are measured",) if self.is_to_measure() else ()
            raise Refusal(NO_VALUES, None, ("write the values as a list", *way), layer=self.title())
        elif self.max_tokens is not None and self.max_tokens <= self.specials:
            raise Refusal(NO_PLACE, "max_tokens", (), layer=self.title(), most=self.max_tokens)
        elif self.mode != "int" and not self.pad_to_max_tokens:
            raise Refusal(SIZE_OPEN, "output_mode", (), mode=self.output_mode, layer=self.title())
        return x.with_axes(*self.infer_axes(at, x))

    def infer_axes(self, at: Inference, x: TensorType) -> tuple[Axis, ...]:
        """The axes of the output."""
        return self.infer_encoded(x)

    def list_together(self) -> tuple[tuple[str, str, bool], ...]:
        """Arguments, what each needs beside it, and whether that is missing."""
        return (("pad_to_max_tokens", "`max_tokens`", self.pad_to_max_tokens and self.max_tokens is None),)

    def _check_weights(self) -> None:
        weights, values, what = self.idf_weights, self.tokens, ""
        if weights is not None and self.mode != "tf_idf":
            what = "takes `idf_weights` with `output_mode: tf_idf` alone"
        elif self.mode == "tf_idf" and weights is None and values is not None:
            what = "needs `idf_weights`, one for each value of `vocabulary`"
        elif weights is not None and (values is None or len(values) != len(weights)):
            what = f"has {len(weights)} `idf_weights` for {len(values or ())} values"
        if what:
            raise Refusal(WEIGHTS, "idf_weights", (), layer=self.title(), what=what)

    def _check_vocabulary(self) -> None:
        known, (name, _), what = self.list_known(), self.unknown, ""
        places = self.specials + len(known)
        if not known:
            what = "has no values but the special ones"
        elif (twice := _find_twice(known)) is not None:
            what = f"names `{twice}` twice"
        elif self.padding is not None and self.padding in known:
            what = f"holds {f'`{self.padding}`' if self.padding != '' else 'an empty text'}, which is padding"
        elif self.inverts and name in known:
            what = f"holds `{name}`, which stands for the unknown"
        elif self.max_tokens is not None and places > self.max_tokens:
            what = f"needs {places} places, more than `max_tokens`"
        if what:
            raise Refusal(VOCABULARY, "vocabulary", (), layer=self.title(), what=what)

    def list_keras_arguments(self) -> dict[str, object]:
        """Vocabularies as lists, which print an item a line."""
        lists = {name: list(value) for name in ("vocabulary", "idf_weights") if (value := self.get_value(name)) is not None}
        return super().list_keras_arguments() | lists

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return "float32" if self.mode == "tf_idf" else "int64"

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        if self.inverts or not self.count_depth() or self.mode == "tf_idf":
            return ANY
        return super().infer_range(output, *inputs)

    def infer_values(self, *inputs: TensorType) -> Values | None:
        return super().infer_values(*inputs) if self.count_depth() and not self.inverts else None


def _find_twice(values: Iterable[Token]) -> Token | None:
    """The first value that stands twice."""
    seen: set[Token] = set()
    for each in values:
        if each in seen:
            return each
        seen.add(each)
    return None
