"""Each pass before and after, what it must not change, and the models with and without passes against each other."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from cnnlstm_spec.compiler import Compilation, compile_source
from cnnlstm_spec.graph import TypedGraph
from cnnlstm_spec.ops.structure import EnterTime, LeaveTime
from cnnlstm_spec.passes import PASSES, merge_time, optimize, skip_fold
from cnnlstm_spec.source import Source

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def compiled(layers: str, input: str = "{kind: video, shape: [frames, 8, 8, 3]}") -> Compilation:
    text = f"version: 1\nname: t\nbranches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: []\n"
    compilation = compile_source(Source("t.yaml", text))
    assert compilation.ok and compilation.typed is not None, [each.message for each in compilation.diagnostics]
    return compilation


def shown(graph: TypedGraph) -> str:
    """The nodes with what they read, `>` for entering time and `<` for leaving it."""
    signs: dict[type, str] = {EnterTime: ">", LeaveTime: "<"}
    return " ".join(signs.get(type(typed.node.op), typed.node.id) for typed in graph.nodes.values())


@dataclass(frozen=True)
class Pair:
    layers: str
    before: str
    after: str


CONV = "{Conv2D: {filters: 2, kernel_size: 3, name: %s}}"
A, B, C = (CONV % name for name in "abc")
DENSE = "{Dense: {units: 4, name: d}}"
MERGED = {
    "two runs": Pair(f"[{{TimeDistributed: [{A}]}}, {{TimeDistributed: [{B}]}}]", "x > a < > b < head", "x > a b < head"),
    "three runs": Pair(
        f"[{{TimeDistributed: [{A}]}}, {{TimeDistributed: [{B}]}}, {{TimeDistributed: {{layer: {C}}}}}]",
        "x > a < > b < > c < head",
        "x > a b c < head",
    ),
    "a layer between": Pair(
        f"[{{TimeDistributed: [{A}]}}, {DENSE}, {{TimeDistributed: [{B}]}}]", "x > a < d > b < head", "x > a < d > b < head"
    ),
    "read twice": Pair(
        f"[{{TimeDistributed: [{A}]}}, {{Parallel: {{name: p, merge: concat, paths: "
        f"{{l: [{{TimeDistributed: [{B}]}}], r: [{{TimeDistributed: [{C}]}}]}}}}}}]",
        "x > a < > b < > c < p head",
        "x > a b < c < p head",
    ),
    "one run": Pair(f"[{{TimeDistributed: [{A}]}}]", "x > a < head", "x > a < head"),
}
SKIPPED = {
    "a dense layer": Pair(f"[{{TimeDistributed: [{DENSE}]}}]", "x > d < head", "x d head"),
    "several": Pair(
        f"[{{TimeDistributed: [{DENSE}, {{Rescaling: {{scale: 2.0, name: r}}}}, {{Activation: {{activation: softmax, name: s}}}}]}}]",
        "x > d r s < head",
        "x d r s head",
    ),
    "one that needs the fold": Pair(f"[{{TimeDistributed: [{DENSE}, {A}]}}]", "x > d a < head", "x > d a < head"),
    "nested": Pair(f"[{{TimeDistributed: [{{TimeDistributed: [{DENSE}]}}]}}]", "x > > d < < head", "x d head"),
    "inside": Pair(f"[{{TimeDistributed: [{A}, {{TimeDistributed: [{DENSE}]}}]}}]", "x > a > d < < head", "x > a d < head"),
}


@pytest.mark.parametrize("name", MERGED)
def test_merge_time(name: str) -> None:
    typed = compiled(MERGED[name].layers).typed
    assert typed is not None
    assert shown(typed) == MERGED[name].before
    assert shown(merge_time(typed)) == MERGED[name].after


@pytest.mark.parametrize("name", SKIPPED)
def test_skip_fold(name: str) -> None:
    typed = compiled(SKIPPED[name].layers).typed
    assert typed is not None
    assert shown(typed) == SKIPPED[name].before
    assert shown(skip_fold(typed)) == SKIPPED[name].after


PAIRS = {**MERGED, **SKIPPED}
MASKED = {
    "masked": "[{TimeDistributed: [{Dense: {units: 3}}]}, {TimeDistributed: [{Conv1D: {filters: 2, kernel_size: 2}}]}, "
    "{TimeDistributed: [GlobalMaxPooling1D, {Dense: {units: 4}}]}, {GRU: {units: 2, return_sequences: true}}]",
    "nested runs": "[{TimeDistributed: [{TimeDistributed: [{Dense: {units: 3}}]}]}, "
    "{TimeDistributed: [{TimeDistributed: [{BatchNormalization: {}}]}, GlobalMaxPooling1D]}, {LSTM: {units: 2}}]",
}
MASKED_INPUT = "{kind: tensor, axes: [frames, size, f], time_axis: frames, padding_value: 0.0, shape: [frames, size, 3]}"


def cases() -> list[Compilation]:
    return [compiled(pair.layers) for pair in PAIRS.values()] + [compiled(each, MASKED_INPUT) for each in MASKED.values()]


def test_what_passes_keep() -> None:
    """Names, weights, outputs and the types around each node that stays a layer."""
    for compilation in cases():
        before = compilation.typed
        assert before is not None
        after = optimize(before)
        kept = {id: typed for id, typed in before.nodes.items() if not isinstance(typed.node.op, EnterTime | LeaveTime)}
        assert {id for id, typed in after.nodes.items() if not isinstance(typed.node.op, EnterTime | LeaveTime)} == set(kept)
        assert after.params == before.params
        for id, typed in after.nodes.items():
            assert typed.inputs == tuple(after.nodes[each].type for each in typed.node.inputs)
            assert typed.weights == before.nodes[id].weights and typed.node.layer == before.nodes[id].node.layer
        for head, id in before.graph.outputs.items():
            assert after.nodes[id].type == before.nodes[id].type and after.graph.outputs[head] == id
        assert optimize(after) == after
        assert optimize(before, "none") is before


def test_the_choice_of_passes() -> None:
    assert list(PASSES) == ["default", "none"] and PASSES["none"] == ()
    compilation = compiled(MERGED["two runs"].layers)
    assert len(compilation.lowered("none").statements) > len(compilation.lowered().statements)
    assert compilation.program == compilation.lowered("default")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_models_with_and_without_passes() -> None:
    """Equal predictions, gradients and names of weights."""
    import numpy
    import tensorflow

    keras = pytest.importorskip("keras")
    from cnnlstm_spec.emit.keras import run

    rng = numpy.random.default_rng(0)
    for compilation in cases():
        keras.backend.clear_session(free_memory=False)
        plain, passed = (run(compilation.lowered(passes)) for passes in ("none", "default"))
        passed.set_weights(plain.get_weights())
        assert [w.path for w in passed.weights] == [w.path for w in plain.weights]
        for batch, steps in ((2, 4), (3, 6)):
            x = rng.normal(size=(batch, steps, 8, 3) if len(plain.input_shape) == 4 else (batch, steps, 8, 8, 3))
            x[0, steps - 2 :] = 0.0
            found = []
            for model in (plain, passed):
                with tensorflow.GradientTape() as tape:
                    y = model(x.astype("float32"), training=True)
                    loss = tensorflow.reduce_sum(tensorflow.sin(y))
                gradients = tape.gradient(loss, model.trainable_variables)
                found.append([y, *gradients, model.predict(x, verbose=0)])
                found[-1] += model.get_weights()
            for a, b in zip(*found, strict=True):
                numpy.testing.assert_allclose(numpy.asarray(a), numpy.asarray(b), rtol=1e-4, atol=1e-5)
