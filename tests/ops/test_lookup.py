"""What follows from a vocabulary: places, sizes, and when it is to be measured. Keras's side is in `test_ops.py`."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec.ir.inference import Inference, Refusal
from cnnlstm_spec.ir.tensor import Axis, TensorType
from cnnlstm_spec.ops.lookup import IntegerLookup, StringLookup, TextVectorization
from cnnlstm_spec.ops.vocabulary import VocabularyLookup

TEXT = TensorType((), "string")
TOKENS = TensorType((Axis("steps", 3),), "int32")


def given(op: VocabularyLookup, x: TensorType = TEXT, has_data: bool = False) -> TensorType:
    return op.infer(Inference(has_data=has_data), x)


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ({"vocabulary": ["a", "b"]}, 4),
        ({"vocabulary": ["", "[UNK]", "a", "b"]}, 4),
        # Only all special values at the beginning are no words.
        ({"vocabulary": ["[UNK]", "a", "b"]}, 5),
        ({"vocabulary": ["[UNK]", "a", "b"], "output_mode": "count"}, 3),
        ({"vocabulary": ["a", "b"], "output_mode": "count", "max_tokens": 9}, 3),
        ({"vocabulary": ["a", "b"], "output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True}, 9),
        ({"vocabulary": ["a", "b"], "output_mode": "binary"}, 3),
    ],
)
def test_places_of_words(arguments: dict[str, Any], places: int) -> None:
    op = TextVectorization.make(**arguments)
    assert op.count_depth() == places
    sizes = given(op).sizes
    assert sizes == (places,) if op.mode != "int" else not isinstance(sizes[0], int)
    values = op.infer_values(TEXT)
    assert (values.greatest if values else None) == (places - 1 if op.mode == "int" else None)


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ({"vocabulary": [5, 6]}, 3),
        ({"vocabulary": [5, 6], "mask_token": 0}, 4),
        ({"vocabulary": [0, -1, 5, 6], "mask_token": 0}, 4),
        ({"vocabulary": [5, 6], "num_oov_indices": 0}, 2),
        ({"vocabulary": [5, 6], "num_oov_indices": 4}, 6),
        ({"vocabulary": [-1, 5], "num_oov_indices": 2}, 4),
        ({"vocabulary": [5, 6], "mask_token": 0, "output_mode": "multi_hot"}, 3),
    ],
)
def test_places_of_integers(arguments: dict[str, Any], places: int) -> None:
    op = IntegerLookup.make(**arguments)
    assert op.count_depth() == places
    assert given(op, TOKENS).sizes == ((3,) if op.mode == "int" else (places,))


def test_what_is_measured_has_its_size_from_its_arguments() -> None:
    words = TextVectorization.make(max_tokens=20, output_sequence_length=7)
    assert words.is_to_measure() and given(words, has_data=True).sizes == (7,)
    values = words.infer_values(TEXT)
    assert values is not None and (values.least, values.greatest) == (0, 19)
    assert TextVectorization.make().infer_values(TEXT) is None
    counts = StringLookup.make(max_tokens=20, output_mode="one_hot", pad_to_max_tokens=True)
    assert given(counts, has_data=True).sizes == (20,)
    for op in (words, counts):
        with pytest.raises(Refusal) as refused:
            given(op)
        assert refused.value.code.name == "lookup-without-values"


def test_the_words_of_two_texts_are_as_many_only_by_chance() -> None:
    op = TextVectorization.make(vocabulary=["a"])
    first, second = (op.infer(Inference(node=node), TEXT) for node in ("one", "two"))
    assert first.sizes != second.sizes
