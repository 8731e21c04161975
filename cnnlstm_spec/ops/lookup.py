"""TextVectorization, StringLookup, IntegerLookup: words and numbers to their places in a vocabulary, which may be measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning
from ..ir.op import TEXT, example
from ..ir.size import make_anonymous
from ..ir.tensor import Axis, Mask, TensorType
from ..language.kinds import BOOLEAN, BOUNDS_OF_INT64, INTEGER, NOT_A_CHOICE, NOT_ALLOWED, SIZE, Choice, Integer, Optional
from ..language.list_kinds import Each, OneOrMore
from ..text.diagnostic import Code
from .vocabulary import TEXTS, TOKEN, Token, VocabularyLeaf, VocabularyLookup

GIVES_TEXT = Code(
    "gives-text",
    "error",
    "`StringLookup` with `invert: true` gives text, which no layer and no loss reads",
    help="let the model give numbers, and look them up after `predict`",
)
NOT_SPLIT = Code(
    "text-not-split",
    "error",
    "with `split: null` Keras announces another shape than it gives",
    help="use `StringLookup`, or `output_mode: one_hot`",
)
ONE_HOT_WORDS = Code(
    "one-hot-of-words",
    "error",
    "`output_mode: one_hot` of `TextVectorization` needs `split: null`",
    sort="keras",
    help="use `multi_hot` or `count`",
)
NO_RAGGED = Code(
    "ragged-output",
    "error",
    "`ragged: true` gives a tensor that no other layer reads",
    help="leave `ragged` out",
)
ENCODING = Choice("utf-8", code=NOT_A_CHOICE)
MOST_UNKNOWN = 1_000_000
"""Keras makes a list as long as there are places for unknown values."""
MOST_WORDS = 100
"""Keras makes a list of all lengths of words in a row."""
INT64 = Integer(*BOUNDS_OF_INT64, code=NOT_ALLOWED)
INTEGERS = Optional(VocabularyLeaf(INT64))


class TextVectorization(VocabularyLookup):
    """A text to its words, as places in a vocabulary (padded with 0), or as one vector that counts them."""

    takes_text = True
    standardize: Annotated[str | None, Optional(Choice("lower_and_strip_punctuation", "lower", "strip_punctuation"))] = (
        "lower_and_strip_punctuation"
    )
    """What is done to a text before it is split."""
    split: Annotated[str | None, Optional(Choice("whitespace", "character"))] = "whitespace"
    """Where a text is split."""
    ngrams: Annotated[int | tuple[int, ...] | None, Optional(OneOrMore(Integer(1, MOST_WORDS, code=NOT_ALLOWED)))] = None
    """Words in a row that count as one, up to so many, or of each of the lengths in a list."""
    output_sequence_length: Annotated[int | None, Optional(SIZE)] = None
    """Words that are kept of a text; a shorter one is padded. Without it a batch is as long as its longest."""
    vocabulary: Annotated[tuple[str, ...] | None, TEXTS] = None
    """The known words, the most frequent first; measured of a spec's `data` if it is left out."""
    ragged: Annotated[bool, BOOLEAN] = False
    """Only `false`: a ragged tensor has no use in a spec."""
    encoding: Annotated[str, ENCODING] = "utf-8"
    """How characters are written as bytes."""
    examples = (
        example((), dtype=TEXT, vocabulary=["a", "b"], output_sequence_length=4),
        example((), dtype=TEXT, vocabulary=["", "[UNK]", "a", "b"], split="character", standardize=None),
        example((), dtype=TEXT, vocabulary=["a", "b"], output_mode="multi_hot", max_tokens=8, pad_to_max_tokens=True),
        example((), dtype=TEXT, vocabulary=["a", "b", "a b"], output_mode="tf_idf", idf_weights=[1.0, 2.0, 0.5], ngrams=[1, 2]),
    )

    def decides_shape(self, argument: str) -> bool:
        return argument == "output_sequence_length" or super().decides_shape(argument)

    @property
    def padding(self) -> Token | None:
        return ""

    @property
    def unknown(self) -> tuple[Token | None, int]:
        return "[UNK]", 1

    def list_together(self) -> tuple[tuple[str, str, bool], ...]:
        length = self.output_sequence_length is not None and self.mode != "int"
        return (*super().list_together(), ("output_sequence_length", "`output_mode: int`", length))

    def infer_axes(self, at: Inference, x: TensorType) -> tuple[Axis, ...]:
        if self.ragged:
            raise Refusal(NO_RAGGED, "ragged", ())
        if self.mode == "one_hot" and self.split is not None:
            raise Refusal(ONE_HOT_WORDS, "output_mode", ())
        if self.mode != "one_hot" and self.split is None:
            raise Refusal(NOT_SPLIT, "split", ())
        if self.mode != "int":
            return (Axis("classes", self.count_depth()),)
        return (Axis("steps", self.output_sequence_length or make_anonymous(f"the number of words of `{at.node}`")),)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        """None: its input has no steps."""
        return None

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        return replace(super().infer_meaning(output, *inputs), steps=0 if self.mode == "int" else None)


class IndexLookup(VocabularyLookup):
    """What StringLookup and IntegerLookup have in common."""

    num_oov_indices: Annotated[int, Integer(0, MOST_UNKNOWN, code=NOT_ALLOWED)] = 1
    """Places for values that are not known, which are shared out among them by a hash; with 0 they are an error."""
    invert: Annotated[bool, BOOLEAN] = False
    """Whether to give the values for their places."""
    salt: Annotated[tuple[int, ...] | None, Optional(Each(INTEGER, 2))] = None
    """Key of the hash, one integer or two."""

    @property
    def padding(self) -> Token | None:
        found: Token | None = self.get_value("mask_token")
        return found

    @property
    def unknown(self) -> tuple[Token | None, int]:
        return self.get_value("oov_token"), self.num_oov_indices

    @property
    def inverts(self) -> bool:
        return self.invert

    def list_together(self) -> tuple[tuple[str, str, bool], ...]:
        named = self.invert and self.get_value("oov_token") is None
        modes = self.invert and self.mode != "int"
        return (*super().list_together(), ("invert", "`output_mode: int`", modes), ("invert", "an `oov_token`", named))


class StringLookup(IndexLookup):
    """A text, as a whole, to its place in a vocabulary."""

    takes_text = True
    mask_token: Annotated[str | None, Optional(TOKEN)] = None
    """The text that is padding, which gets place 0."""
    oov_token: Annotated[str | None, Optional(TOKEN)] = "[UNK]"
    """What stands for texts that are not known."""
    vocabulary: Annotated[tuple[str, ...] | None, TEXTS] = None
    """The known texts; measured of a spec's `data` if it is left out."""
    encoding: Annotated[str, ENCODING] = "utf-8"
    """How characters are written as bytes."""
    examples = (
        example((), dtype=TEXT, vocabulary=["a", "b"]),
        example((), dtype=TEXT, vocabulary=["a", "b"], output_mode="one_hot", max_tokens=8, pad_to_max_tokens=True),
        example((), dtype=TEXT, vocabulary=["a", "b"], num_oov_indices=3, salt=7, mask_token=""),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.invert:
            raise Refusal(GIVES_TEXT, "invert", ())
        return super().infer(at, *inputs)


class IntegerLookup(IndexLookup):
    """An integer to its place in a vocabulary."""

    mask_token: Annotated[int | None, Optional(INT64)] = None
    """The integer that is padding, which gets place 0."""
    oov_token: Annotated[int | None, Optional(INT64)] = -1
    """What stands for integers that are not known."""
    vocabulary: Annotated[tuple[int, ...] | None, INTEGERS] = None
    """The known integers; measured of a spec's `data` if it is left out."""
    vocabulary_dtype: Annotated[str, Choice("int64")] = "int64"
    """Only `int64`."""
    oov_method: Annotated[str, Choice("floormod", "farmhash")] = "floormod"
    """How integers that are not known are shared out."""
    examples = (
        example((3,), dtype="int32", vocabulary=[0, 5, 9]),
        example((None,), dtype="int32", vocabulary=[0, 5], output_mode="multi_hot"),
        example(
            (3, 1), dtype="uint8", vocabulary=[0, 5], output_mode="one_hot", num_oov_indices=2, oov_method="farmhash", salt=[1, 2]
        ),
        example((3,), dtype="int32", vocabulary=[4, 5], invert=True),
        example((3,), dtype="int32", vocabulary=[0, 5], output_mode="tf_idf", idf_weights=[0.5, 1.5]),
    )

    def list_together(self) -> tuple[tuple[str, str, bool], ...]:
        salted = self.salt is not None and self.oov_method != "farmhash"
        return (*super().list_together(), ("salt", "`oov_method: farmhash`", salted))
