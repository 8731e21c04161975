"""Each pass before and after, what it must not change, and the models with and without passes against each other."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.model.passes import (
    INFERENCE,
    INFERENCE_REASONS,
    PASSES,
    REASONS,
    apply,
    merge_reshapes,
    merge_time,
    optimize,
    remove_noops,
    skip_fold,
)
from cnnlstm_spec.ops.structural import EnterTime, LeaveTime
from cnnlstm_spec.text.source import Source

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
DROP, LINEAR = "{Dropout: {rate: 0}}", "{Activation: {activation: linear}}"
IMAGE = "{kind: image, shape: [8, 8, 3]}"
NOOPS = {
    "dropout of rate 0": Pair(
        f"[{DROP}, {DENSE}, {{GaussianNoise: {{stddev: 0}}}}]", "x x_dropout d x_gaussian_noise head", "x d head"
    ),
    "linear": Pair(f"[{DENSE}, {LINEAR}, Identity]", "x d x_activation x_identity head", "x d head"),
    "same shape": Pair(
        "[{Permute: {dims: [1, 2, 3]}}, {Reshape: {target_shape: [8, 8, 3]}}, {Permute: {dims: [2, 1, 3], name: p}}]",
        "x x_permute x_reshape p head",
        "x p head",
    ),
    "the last": Pair(f"[{DENSE}, Flatten, Flatten]", "x d x_flatten x_flatten_1 head", "x d x_flatten head"),
    "every one": Pair("[Identity]", "x x_identity head", "x head"),
    "read twice": Pair(
        f"[{DROP}, {{Parallel: {{name: p, merge: add, paths: {{l: [{DENSE}], r: [{{Dense: {{units: 4, name: e}}}}]}}}}}}]",
        "x x_dropout d e p head",
        "x d e p head",
    ),
    "named": Pair("[{Dropout: {rate: 0, name: q}}]", "x q head", "x q head"),
    "shared": Pair(
        f"[{{Identity: {{share: s}}}}, {DENSE}, {{Identity: {{share: s}}}}]",
        "x x_identity d x_identity_1 head",
        "x x_identity d x_identity_1 head",
    ),
    "casts": Pair("[{Identity: {dtype: float16}}]", "x x_identity head", "x x_identity head"),
    "drops": Pair("[{Dropout: {rate: 0.5, name: q}}]", "x q head", "x q head"),
}
FLAT = "{Reshape: {target_shape: [192]}}"
RESHAPES = {
    "two": Pair(f"[{FLAT}, {{Reshape: {{target_shape: [4, 48], name: r}}}}]", "x x_reshape r head", "x r head"),
    "three": Pair(
        f"[{FLAT}, {{Reshape: {{target_shape: [-1, 2]}}}}, Flatten]", "x x_reshape x_reshape_1 x_flatten head", "x x_flatten head"
    ),
    "channels first": Pair(
        "[{Flatten: {data_format: channels_first}}, {Reshape: {target_shape: [4, 48]}}]",
        "x x_flatten x_reshape head",
        "x x_flatten x_reshape head",
    ),
    "named": Pair(
        "[{Reshape: {target_shape: [192], name: q}}, {Reshape: {target_shape: [2, 96]}}]",
        "x q x_reshape head",
        "x q x_reshape head",
    ),
    "casts": Pair(
        "[{Reshape: {target_shape: [192], dtype: float16}}, {Reshape: {target_shape: [2, 96]}}]",
        "x x_reshape x_reshape_1 head",
        "x x_reshape x_reshape_1 head",
    ),
    "read twice": Pair(
        f"[{FLAT}, {{Parallel: {{name: p, merge: concat, paths: {{l: [{{Reshape: {{target_shape: [192], name: l}}}}], r: []}}}}}}]",
        "x x_reshape l p head",
        "x x_reshape l p head",
    ),
}


@pytest.mark.parametrize("name", NOOPS)
def test_remove_noops(name: str) -> None:
    typed = compiled(NOOPS[name].layers, IMAGE).typed
    assert typed is not None
    assert shown(typed) == NOOPS[name].before
    assert shown(remove_noops(typed)) == NOOPS[name].after


@pytest.mark.parametrize("name", RESHAPES)
def test_merge_reshapes(name: str) -> None:
    typed = compiled(RESHAPES[name].layers, IMAGE).typed
    assert typed is not None
    assert shown(typed) == RESHAPES[name].before
    assert shown(merge_reshapes(typed)) == RESHAPES[name].after


VIDEO = "{kind: video, shape: [frames, 8, 8, 3]}"
PADDED = "{kind: tensor, axes: [frames, f], time_axis: frames, shape: [frames, 3], padding_value: 0.0}"
STEP = "{TimeDistributed: [{Reshape: {target_shape: [3, 1], name: %s}}, {Conv1D: {filters: 1, kernel_size: 1}}, Flatten]}"
APART = {
    (VIDEO, f"[{{TimeDistributed: [{A}]}}, {DENSE}, {{TimeDistributed: [{B}]}}]"): "`d` stands there",
    (
        VIDEO,
        f"[{{TimeDistributed: [{A}]}}, {{Conv3D: {{filters: 2, kernel_size: 1, name: v}}}}, {DENSE}, {{TimeDistributed: [{B}]}}]",
    ): ("`v` reads all steps at once"),
    (
        VIDEO,
        f"[{{TimeDistributed: [{A}]}}, {{BatchNormalization: {{name: n}}}}, {{TimeDistributed: [{B}]}}]",
    ): "`n` reads all steps at once",
    (
        VIDEO,
        f"[{{TimeDistributed: [{A}]}}, {{Residual: {{name: r, layers: [{{Dense: {{units: 2}}}}]}}}}, {{TimeDistributed: [{B}]}}]",
    ): ("`r` reads several values"),
    (PADDED, f"[{STEP % 'p'}, {{Masking: {{name: m}}}}, {STEP % 'q'}]"): "`m` says anew which steps are padding",
}
"""Two runs with something between them, and why they do not become one."""


@pytest.mark.parametrize("case", APART, ids=lambda case: APART[case])
def test_runs_that_stay_apart(case: tuple[str, str]) -> None:
    typed = compiled(case[1], case[0]).typed
    assert typed is not None
    after = optimize(typed)
    entered = [id for id, each in after.nodes.items() if isinstance(each.node.op, EnterTime)]
    found = [(id, reason) for id, reason in REASONS["merge_time"](after)]
    assert found == [(entered[-1], f"it begins anew after the run before: {APART[case]}")]


def test_a_run_that_is_left_before_it_is_over() -> None:
    typed = compiled(
        MERGED["read twice"]
        .layers.replace("concat, paths: {l:", "concat, paths: {e: [], l:")
        .replace("kernel_size: 3", "kernel_size: 1")
    ).typed
    assert typed is not None
    assert "no pass ran" in [reason for _, reason in REASONS["merge_time"](typed)]
    after = merge_time(typed)
    left = next(id for id, each in after.nodes.items() if isinstance(each.node.op, LeaveTime) and each.node.inputs == ("a",))
    assert list(REASONS["merge_time"](after)) == [(left, "time is left for what reads it here, though the run goes on with `b`")]


def test_a_run_alone_has_no_reason() -> None:
    for layers in (MERGED["one run"].layers, MERGED["two runs"].layers, SKIPPED["inside"].layers):
        typed = compiled(layers).typed
        assert typed is not None and list(REASONS["merge_time"](optimize(typed))) == []


def test_every_pass_gives_reasons() -> None:
    assert set(REASONS) == {each.__name__ for each in PASSES["default"]}
    assert set(INFERENCE_REASONS) == {each.__name__ for each in INFERENCE}


DECLINED = {
    "[{Dropout: {rate: 0, name: q}}]": ("remove_noops", "q", "a person named it"),
    "[{Identity: {share: s}}, {Identity: {share: s}}]": ("remove_noops", "x_identity", "it is shared"),
    "[{Identity: {dtype: float16}}]": ("remove_noops", "x_identity", "it casts"),
    "[{Reshape: {target_shape: [192], name: q}}, {Reshape: {target_shape: [2, 96]}}]": (
        "merge_reshapes",
        "q",
        "a person named it",
    ),
    "[{TimeDistributed: [{Dense: {units: 2}}, {Conv1D: {filters: 2, kernel_size: 2, name: c}}]}]": (
        "skip_fold",
        "c",
        "it reads more than the last axis of a step, so time is folded into the batch",
    ),
}


@pytest.mark.parametrize("layers", DECLINED)
def test_reasons(layers: str) -> None:
    typed = compiled(layers, IMAGE).typed
    assert typed is not None
    after = optimize(typed)
    found = [(name, id, reason) for name, why_not in REASONS.items() for id, reason in why_not(after)]
    assert DECLINED[layers] in found


def test_a_reshape_that_checks_a_size_stays() -> None:
    typed = compiled(
        "[{Reshape: {target_shape: [-1, 6]}}, {Reshape: {target_shape: [-1, 3]}}]", "{kind: sequence, shape: [null, 3]}"
    ).typed
    assert typed is not None and merge_reshapes(typed) is typed


def test_passes_repeat_until_nothing_changes() -> None:
    """Two reshapes that cancel, between two runs of time, which then are one."""
    between = "{Reshape: {target_shape: [4, 36, 2]}}, {Reshape: {target_shape: [4, 6, 6, 2]}}"
    layers = f"[{{TimeDistributed: [{A}]}}, {between}, {{TimeDistributed: [{B}]}}]"
    typed = compiled(layers, "{kind: video, shape: [4, 8, 8, 3]}").typed
    assert typed is not None and shown(optimize(typed)) == "x > a b < head"


def test_addresses_of_layers_that_are_gone() -> None:
    """A fusion reads a branch that ends in a layer without effect, and a head's multiplier covers one."""
    text = """
version: 1
name: t
branches:
  a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 3, name: d}}, {Dropout: {rate: 0}}]}
  b: {input: {kind: vector, shape: [3]}, layers: [Identity]}
fusion: {strategy: concat, inputs: [b, a]}
head: [{Dropout: {rate: 0.0}}, {Dense: {units: 1}}, {Activation: {activation: linear}}]
compile: {optimizer: adam, loss: mse, learning_rate_multipliers: {branches.a: 0.1, head: 0.5}}
"""
    compilation = compile_source(Source("t.yaml", text))
    assert compilation.ok and compilation.typed is not None
    after = optimize(compilation.typed)
    assert shown(after) == "a d b fusion head_dense head"
    assert after.nodes["fusion"].node.inputs == ("b", "d")
    assert str(compilation.lower_with().statements[-1]) == str(compilation.lower_with("none").statements[-1])


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
    plain = [compiled(pair.layers) for pair in PAIRS.values()] + [compiled(each, MASKED_INPUT) for each in MASKED.values()]
    return plain + [compiled(pair.layers, IMAGE) for pair in (*NOOPS.values(), *RESHAPES.values())]


def test_what_passes_keep() -> None:
    """Names, weights, outputs and the types around each node that stays a layer."""
    for compilation in cases():
        before = compilation.typed
        assert before is not None
        after = optimize(before)
        kept = {id: typed for id, typed in before.nodes.items() if not isinstance(typed.node.op, EnterTime | LeaveTime)}
        left = {id for id, typed in after.nodes.items() if not isinstance(typed.node.op, EnterTime | LeaveTime)}
        assert left <= set(kept) and all(not kept[id].weights and kept[id].node.op.name is None for id in set(kept) - left)
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
    assert len(compilation.lower_with("none").statements) > len(compilation.lower_with().statements)
    assert compilation.program == compilation.lower_with("default")


FEW = 2
"""So many models that a pass changes are built for each, unless all are asked for."""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["default", *(each.__name__ for each in PASSES["default"])])
def test_models_with_and_without_passes(name: str, whole: bool) -> None:
    """Equal predictions, gradients, updated weights and names of weights: of all passes together, and of each by itself."""
    import numpy
    import tensorflow

    keras = pytest.importorskip("keras")
    from cnnlstm_spec.emit.keras.run import run
    from cnnlstm_spec.emit.lowering.lower import lower

    passes = tuple(each for each in PASSES["default"] if name in ("default", each.__name__))
    rng = numpy.random.default_rng(0)
    changed = 0
    for compilation in cases():
        assert compilation.typed is not None and compilation.spec is not None
        after = apply(compilation.typed, passes)
        if after is compilation.typed or (changed == FEW and not whole):
            continue
        changed += 1
        keras.backend.clear_session(free_memory=False)
        plain, passed = run(compilation.lower_with("none")), run(lower(after, compilation.spec))
        passed.set_weights(plain.get_weights())
        assert [w.path for w in passed.weights] == [w.path for w in plain.weights]
        for batch, steps in ((2, 4), (3, 6)):
            x = rng.normal(size=(batch, *(steps if size is None else size for size in plain.input_shape[1:])))
            x[0, steps - 2 :] = 0.0
            found = []
            for model in (plain, passed):
                keras.utils.set_random_seed(0)
                given = tensorflow.constant(x, "float32")
                with tensorflow.GradientTape() as tape:
                    tape.watch(given)
                    y = model(given, training=True)
                    loss = tensorflow.reduce_sum(tensorflow.sin(y))
                gradients = tape.gradient(loss, [given, *model.trainable_variables])
                assert all(each is not None for each in gradients)
                # What is traced is traced once for each model.
                predicted = model.predict(x, verbose=0) if batch == 3 else model(given, training=False)
                found.append([y, *gradients, predicted])
                found[-1] += model.get_weights()
            for a, b in zip(*found, strict=True):
                numpy.testing.assert_allclose(numpy.asarray(a), numpy.asarray(b), rtol=1e-5, atol=1e-5)
    assert changed >= FEW


@pytest.mark.keras
@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([1, 2], [1, 2], 0),
        ([1, 200], [1, 201], 1 / 200),
        ([float("nan"), 1], [float("nan"), 1.5], 0.5),
        ([float("inf"), float("-inf")], [float("inf"), float("-inf")], 0),
        ([float("nan")], [1], float("inf")),
        ([float("inf")], [float("-inf")], float("inf")),
        ([1], [1, 1], float("inf")),
    ],
)
def test_the_difference_of_predictions(a: list[float], b: list[float], wanted: float) -> None:
    import numpy

    from cnnlstm_spec.compiler.artifact.verify import _measure_difference

    assert _measure_difference(numpy.array(a, "float32"), numpy.array(b, "float32")) == wanted
