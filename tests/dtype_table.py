"""Every layer on every dtype: what we say of it, and what Keras makes of it where it trains, in a graph. Imports Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy
import oracle
import tensorflow
from layers import op_classes, spec_of

from cnnlstm_spec import load
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ir.op import POLICIES, Example, Op
from cnnlstm_spec.ops import find_op
from cnnlstm_spec.ops.input import DTYPES
from fuzz.reading import make
from fuzz.text import text_of

UNARY = find_op("Op")
assert UNARY is not None


@dataclass(frozen=True)
class Case:
    """A layer with arguments on an input."""

    op: type[Op]
    example: Example

    def __str__(self) -> str:
        return f"{self.op.title()} {dict(self.example.arguments)} on {self.example.dtype}"


LAYERS = [Case(op, op.examples[0]) for op in (*op_classes(), UNARY)]
GIVEN = [
    *((None, dtype) for dtype in DTYPES),
    *((policy, dtype) for policy in POLICIES[1:] for dtype in ("float32", "int32")),
]
"""The policy of a layer, and the dtype of its input."""


def on(layer: Case, policy: str | None, dtype: str) -> Case | None:
    """The layer on another dtype, with a policy; None where it has a penalty of another dtype than the loss, a rule of its own."""
    if policy is None:
        return Case(layer.op, replace(layer.example, dtype=dtype))
    if layer.op.title() == "ActivityRegularization":
        return None
    return Case(layer.op, Example({**layer.example.arguments, "dtype": policy}, layer.example.shapes, dtype))


def compiled(cases: Sequence[Case]) -> Compilation:
    """All of them in one spec, each by itself."""
    return load(text_of(spec_of([(each.op, each.example) for each in cases])))


def wrong(cases: Sequence[Case]) -> list[str]:
    """Where what we say of layers is not what Keras does."""
    sound, found = [], []
    for each in cases:
        errors = [problem for problem in compiled([each]).diagnostics if problem.severity == "error"]
        if not errors:
            sound.append(each)
        elif all(problem.code.sort == "keras" for problem in errors) and runs_in_keras(each):
            found.append(f"{each}: refused ({errors[0].code.name}), but Keras runs it")
    return found + failing(sound)


def runs_in_keras(case: Case) -> bool:
    """Whether Keras builds the layer as written, and trains it for a batch."""
    keras.utils.clear_session(free_memory=False)
    try:
        layer = make(case.op.title(), dict(case.example.arguments)) if case.op is not UNARY else None
        inputs = [keras.Input(shape, dtype=case.example.dtype) for shape in case.example.shapes]
        given = [started(each) for each in inputs]
        if layer is None:
            output = getattr(keras.ops, case.example.arguments["name"])(*given)
        elif case.op.title() in oracle.ATTEND and len(given) == 1:
            output = layer(*given * 2) if case.op.title() in oracle.POSITIONAL else layer(given * 2)
        elif case.op.title() in oracle.POSITIONAL:
            output = layer(*given)
        else:
            output = layer(given if len(given) > 1 else given[0])
        train(keras.Model(inputs, oracle.End(dtype="float32")(output)), [arrays(case)])
    except Exception:
        return False
    return True


def started(x: Any) -> Any:
    """An input behind a weight, so that a gradient runs through what reads it."""
    floats = "float" in keras.backend.standardize_dtype(x.dtype)
    return oracle.Start(dtype=x.dtype)(x) if floats else x


def arrays(case: Case) -> list[Any]:
    return [oracle.data(tuple(shape), case.example.dtype) for shape in case.example.shapes]


def train(model: Any, given: Sequence[Sequence[Any]]) -> None:
    """One batch, in a graph."""
    model.compile(optimizer="sgd", loss="mse")
    batch = [tensorflow.convert_to_tensor(each) for group in given for each in group]
    outputs = len(model.outputs)
    labels = [numpy.zeros((oracle.BATCH,), "float32")] * outputs
    model.train_on_batch(batch if len(batch) > 1 else batch[0], labels if outputs > 1 else labels[0])


def failing(cases: Sequence[Case]) -> list[str]:
    """Those of sound layers that do not build, train or give the dtype that is inferred; looked for by halves."""
    if not cases:
        return []
    told = trained(cases)
    if told is None:
        return []
    if isinstance(told, list):
        return told
    if len(cases) == 1:
        return [] if any(words in told for words in oracle.KERNELS_LACKING) else [f"{cases[0]}: {told}"]
    half = len(cases) // 2
    return failing(cases[:half]) + failing(cases[half:])


def trained(cases: Sequence[Case]) -> str | list[str] | None:
    """Why they do not run together, or which are not as inferred."""
    keras.utils.clear_session(free_memory=False)
    compilation = compiled(cases)
    assert compilation.ok and compilation.typed is not None, compilation.diagnostics
    typed = compilation.typed
    inferred = {head: typed.nodes[id].type for head, id in typed.graph.outputs.items()}
    given = [arrays(each) for each in cases]
    try:
        model = compilation.to_keras()
        fed = {name: each for index, group in enumerate(given) for name, each in zip(names(index, group), group, strict=True)}
        unlike = [*differing(model, fed, inferred, cases)]
        if unlike:
            return unlike
        inputs = {each.name: keras.Input(each.shape[1:], dtype=each.dtype) for each in model.inputs}
        forward = {
            name
            for index, (case, group, x) in enumerate(zip(cases, given, inferred.values(), strict=True))
            if x is not None and x.dtype in getattr(case.op, "only_forward", ())
            for name in names(index, group)
        }
        # Behind a weight no gradient comes through these, which is told of a spec that has one there.
        read = {name: each if name in forward else started(each) for name, each in inputs.items()}
        outputs = model(read if len(read) > 1 else next(iter(read.values())))
        outputs = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
        ends = [oracle.End(dtype="float32")(each) for each in outputs]
        whole = keras.Model(list(inputs.values()), ends)
        train(whole, [[fed[name] for name in inputs]])
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


def names(index: int, group: Sequence[Any]) -> list[str]:
    return [f"x{index}_{place}" for place in range(len(group))]


def differing(model: Any, fed: dict[str, Any], inferred: dict[str, Any], cases: Sequence[Case]) -> Iterator[str]:
    """Outputs of another dtype than inferred, in graphs; what Keras announces is often only the layer's own dtype."""
    tensors = {name: tensorflow.convert_to_tensor(each) for name, each in fed.items()}
    tensors = tensors if len(tensors) > 1 else next(iter(tensors.values()))

    def run(training: bool) -> Any:
        return tensorflow.function(lambda x: model(x, training=training), autograph=False)(tensors)

    ways = {"in training": run(True), "predicted": run(False)}
    for index, (head, x) in enumerate(inferred.items()):
        for way, outputs in ways.items():
            value = outputs[head] if isinstance(outputs, dict) else outputs
            dtype = keras.backend.standardize_dtype(value.dtype)
            if dtype != x.dtype:
                yield f"{cases[index]}: inferred {x.dtype}, {way} {dtype}"
