"""Functions of Keras on TensorFlow in operations that converters take, and that are right for a batch of 1. Imports both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import keras
import tensorflow
from keras.src.backend.tensorflow import numpy as functions

Sum = Callable[["tensorflow.Tensor", "tensorflow.Tensor"], object]
Product = Callable[..., object]


@contextmanager
def write_plainly() -> Iterator[None]:
    """Lets what is traced meanwhile add and multiply by operations of their own.

    Keras takes what has one size that is not 1 for a bias of that size, which in a batch of 1 may be a series, or a plane of one
    channel; a product of `einsum` that sums up nothing is to TensorFlow one of matrices, which LiteRT has not.
    """
    add, einsum = functions.add, functions.einsum
    functions.add, functions.einsum = partial(_add, add), partial(_multiply, einsum)
    try:
        yield
    finally:
        functions.add, functions.einsum = add, einsum


def _add(plain: Sum, x1: tensorflow.Tensor, x2: tensorflow.Tensor) -> object:
    """A sum; `plain` is Keras's own."""
    if not tensorflow.is_tensor(x1) or not tensorflow.is_tensor(x2) or _is_bias(tuple(x1.shape), tuple(x2.shape)):
        return plain(x1, x2)
    dtype = keras.backend.result_type(x1.dtype, x2.dtype)
    return tensorflow.add(tensorflow.cast(x1, dtype), tensorflow.cast(x2, dtype))


def _is_bias(given: tuple[int | None, ...], added: tuple[int | None, ...]) -> bool:
    """Whether a value for each channel is added, which are the last axis."""
    return given[-1:] == added[-1:] and all(size == 1 for size in added[:-1])


def _multiply(plain: Product, subscripts: str, *operands: object, **more: object) -> object:
    """A product of axes with names; `plain` is Keras's own, which sums up too."""
    given, _, wanted = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if more or not wanted.isalpha() or not all(_is_part(each, wanted) for each in terms):
        return plain(subscripts, *operands, **more)
    factors = []
    for term, operand in zip(terms, operands, strict=True):
        ordered = keras.ops.transpose(operand, sorted(range(len(term)), key=lambda place: wanted.index(term[place])))
        absent = [axis for axis, name in enumerate(wanted) if name not in term]
        factors.append(keras.ops.expand_dims(ordered, absent) if absent else ordered)
    found: object = factors[0]
    for each in factors[1:]:
        found = keras.ops.multiply(found, each)
    return found


def _is_part(term: str, wanted: str) -> bool:
    """Whether each axis of an operand is one of the product, once."""
    return term.isalpha() and len(set(term)) == len(term) and set(term) <= set(wanted)
