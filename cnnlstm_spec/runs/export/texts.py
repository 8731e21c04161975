"""Files that begin behind the layers that read text, for runtimes that have no strings. Imports Keras.

What those layers do before is up to who feeds the file: their vocabulary lies beside it, their arguments in `export.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import keras
import numpy

from ...compiler.resolved import make_plain
from ...ir.graph import TypedGraph, find_readers
from ...ir.op import TEXT, Op
from ...ops.input import InputOp
from ...text.frozen import dataclass
from ..samples import DataError
from .document import TextLayer
from .place import VOCABULARY
from .sizes import Fed

if TYPE_CHECKING:
    from ..samples import Array

KEPT = "vocabulary"
"""The argument that lies beside the file."""


@dataclass(frozen=True)
class ExportedPart:
    """What is exported: the whole model, or the part of it behind its texts."""

    model: keras.Model
    inputs: tuple[Fed, ...]
    """In the order of the model's own."""
    prepare: Callable[[Mapping[str, Array]], Mapping[str, Array]]
    """Makes what a file is fed of what the model is fed."""
    texts: tuple[str, ...] = ()
    """The branches whose text it does not read."""


def find_texts(inputs: tuple[Fed, ...]) -> tuple[str, ...]:
    """The branches that read text."""
    return tuple(each.name for each in inputs if each.dtype == TEXT)


def cut(typed: TypedGraph, model: keras.Model, inputs: tuple[Fed, ...]) -> ExportedPart:
    """The model behind its texts. Raises DataError where a text is read by several layers, or none that ends it."""
    texts = find_texts(inputs)
    given = {each.name: each for each in model.inputs}
    behind = {name: _read_by(model, given[name], name) for name in texts}
    rest = keras.Model([behind.get(each.name, given[each.name]) for each in inputs], model.output)
    front = keras.Model([given[name] for name in texts], list(behind.values()))

    def prepare(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        import tensorflow

        read = front.predict_on_batch([tensorflow.constant(arrays[name]) for name in texts])
        found = zip(texts, read if isinstance(read, list) else [read], strict=True)
        # Keras announces another dtype for some of them than it gives.
        return {**arrays, **{name: numpy.asarray(each).astype(behind[name].dtype) for name, each in found}}

    fed = tuple(_find_behind(typed, each, behind[each.name].dtype) if each.name in texts else each for each in inputs)
    return ExportedPart(rest, fed, prepare, texts)


def describe_texts(typed: TypedGraph, texts: tuple[str, ...]) -> dict[str, TextLayer]:
    """What reads the text of each branch."""
    found = {}
    for name in texts:
        op = _find_reader(typed, name)
        arguments = {key: make_plain(value) for key, value in op.list_keras_arguments().items() if key != KEPT}
        has = op.list_values().get(KEPT) is not None
        more = {KEPT: f"{name}{VOCABULARY}"} if has else {}
        found[name] = TextLayer(layer=op.title(), arguments=arguments, **more)
    return found


def list_words(typed: TypedGraph, branch: str) -> tuple[str, ...] | None:
    """The vocabulary of a branch, as its layer is given it. Raises DataError where a word breaks the lines of a file."""
    words: tuple[str, ...] | None = _find_reader(typed, branch).list_values().get(KEPT)
    for word in words or ():
        if len(word.splitlines()) > 1 or word.endswith(("\n", "\r")):
            raise DataError([f"`{branch}{VOCABULARY}` cannot hold {word!r}, which breaks a line: export to `saved_model`"])
    return words


def _read_by(model: keras.Model, given: keras.KerasTensor, branch: str) -> keras.KerasTensor:
    """What the one layer gives that reads an input."""
    nodes = [node for layer in model.layers for node in layer._inbound_nodes if any(each is given for each in node.input_tensors)]
    outputs = [each for node in nodes for each in node.outputs]
    if len(outputs) != 1 or outputs[0].dtype == TEXT:
        raise DataError([f"the text of `{branch}` is not read by one layer that makes numbers of it: export to `saved_model`"])
    return outputs[0]


def _find_behind(typed: TypedGraph, fed: Fed, dtype: str) -> Fed:
    reader = next(each for each in find_readers(typed)[_find_input(typed, fed.name)] if each.type is not None)
    assert reader.type is not None
    return Fed(fed.name, dtype, reader.type.sizes, fed.branch, fed.input)


def _find_reader(typed: TypedGraph, branch: str) -> Op:
    op = next(each.node.op for each in find_readers(typed)[_find_input(typed, branch)])
    assert op is not None
    return op


def _find_input(typed: TypedGraph, branch: str) -> str:
    return next(id for id in typed.graph.inputs if isinstance(op := typed.nodes[id].node.op, InputOp) and op.branch == branch)


def draw_text(rng: numpy.random.Generator, typed: TypedGraph, branch: str) -> Array:
    """A seeded text: words of the vocabulary, and some that are not in it; one alone where the layer looks the whole text up."""
    op = _find_reader(typed, branch)
    words = (*(op.list_values().get(KEPT) or ()), "word", "another")
    count = int(rng.integers(1, 9)) if op.title() == "TextVectorization" else 1
    return numpy.asarray([" ".join(words[int(each)] for each in rng.integers(0, len(words), count))], dtype=object)
