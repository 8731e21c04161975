"""After a mistake: what is wrong besides it, whatever comes of it, is told in the same run; what rests on it is not."""

from __future__ import annotations

from random import Random

import pytest
from small import codes

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.model import look_on
from cnnlstm_spec.text.source import Source
from fuzz.generate import generate
from fuzz.layers import load as sound
from fuzz.plant import complaint_of_two, plant_two

TOP = "version: 1\nname: t\n"


def two(
    a: str, b: str, rest: str, vectors: str = "{kind: vector, shape: [20]}", first: str = "{kind: vector, shape: [4]}"
) -> Compilation:
    """Branches `a` and `b` with their layers, and what follows them."""
    return load(f"{TOP}branches:\n  a:\n    input: {first}\n    layers: {a}\n  b:\n    input: {vectors}\n    layers: {b}\n{rest}")


VIDEO = "{kind: video, shape: [16, 112, 112, 3]}"
ADD = "fusion: {strategy: add}\n"


def test_four_mistakes_of_a_newcomer() -> None:
    """Each is told, in the words of what is known; sizes that depend on a mistake are not named."""
    head = "head: [{Dense: {units: 1, activation: softmax}}]\ncompile: {loss: binary_crossentropy}\n"
    layers = "[{Conv2D: {filters: 32, kernel_size: 3}}, MaxPooling2D, Flatten, {Dense: {units: 64}}]"
    found = two(layers, "[{Dense: {units: 32}}]", ADD + head, first=VIDEO).diagnostics
    assert [each.code.name for each in found] == ["wrong-rank", "wrong-rank", "shapes-differ", "softmax-over-one"]
    assert found[1].message == "`MaxPooling2D` reads (height, width, channels); `Conv2D` gives (16, ?, ?, 32)"
    assert found[2].message == "`add` needs inputs of one shape; given (features=64) and (features=32)"


@pytest.mark.parametrize(
    "broken",
    [
        "{Normalization: {mean: 0.5, varianc: 2}}",
        "{Normalization: {mean: 0.5, variance: much}}",
        "{Normalization: {mean: [1, 2, 3], variance: [1, 2, 3]}}",
        "{Denze: {units: 4}}",
        "{Dense: {unitz: 4, activatoin: relu}}",
        "{Conv1D: {filters: 2, kernel_size: 1}}",
        "{LSTM: {units: 4}}",
    ],
)
@pytest.mark.parametrize(
    ("head", "code"),
    [
        (
            "head: [{Dense: {units: 3, activation: softmax}}]\ncompile: {loss: mse, metrics: [{Precision: {class_id: 7}}]}\n",
            "class-not-there",
        ),
        ("head: [{Dense: {units: 1, activation: softmax}}]\n", "softmax-over-one"),
        ("head: [{Dense: {units: 8}}, {Rescaling: {scale: [1, 2]}}]\n", "values-do-not-fit"),
        ("head: [{Dense: {units: 8}}, {Reshape: {target_shape: [3]}}]\n", "reshape-changes-count"),
    ],
)
def test_a_mistake_in_a_branch_hides_none_in_the_head(broken: str, head: str, code: str) -> None:
    """One finding for each of two mistakes."""
    sound = two("[{Dense: {units: 8}}]", "[{Dense: {units: 8}}]", ADD + head)
    assert codes(sound) == [code]
    found = codes(two(f"[{broken}, {{Dense: {{units: 8}}}}]", "[{Dense: {units: 8}}]", ADD + head))
    assert code in found and len(found) == (3 if "activatoin" in broken else 2), found


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        # What rests on the width, the length, the rank or the dtype that a broken layer would have given.
        ("[{Dense: {units: much}}, {Rescaling: {scale: [1, 2, 3]}}]", ["wrong-type"]),
        ("[{Conv1D: {filters: 4, kernel_size: 99}}, {Conv1D: {filters: 2, kernel_size: 9}}]", ["kernel-larger-than-input"]),
        ("[{Conv2D: {filters: 4, kernel_size: 3}}, {Conv2D: {filters: 4, kernel_size: 3}}]", ["wrong-rank"]),
        ("[{Conv2D: {filters: 4, kernel_size: 3}}, {Conv1D: {filters: 4, kernel_size: 3}}]", ["wrong-rank"]),
        ("[{Embeding: {input_dim: 5, output_dim: 2}}, {Permute: {dims: [3, 1, 2]}}]", ["unknown-layer"]),
        ("[{LSTM: {units: 4, return_sequences: 5}}, {LSTM: {units: 4}}]", ["wrong-type"]),
        ("[{LSTM: {units: 4, return_sequence: true}}, {LSTM: {units: 4}}]", ["unknown-key"]),
        ("[{TimeDistributed: [{Densee: {units: 2}}, Flatten]}, {LSTM: {units: 2}}]", ["unknown-layer"]),
        ("[{Attentionn: {}}, {MultiHeadAttention: {num_heads: 2, key_dim: 2}}]", ["unknown-layer"]),
    ],
)
def test_no_cascade(layers: str, wanted: list[str]) -> None:
    """Nothing is said of what the mistake, mended in one way or another, may make right."""
    text = f"{TOP}branches:\n  x:\n    input: {{kind: sequence, shape: [8, 4]}}\n    layers: {layers}\nhead: [Flatten, {{Dense: {{units: 1}}}}]\n"
    assert codes(load(text)) == wanted


@pytest.mark.parametrize("bad", ["activatoin: relu", "activation: rellu", "bias_regularizer: 5", "foo: 1"])
def test_what_a_layer_gives_is_plain_though_it_could_not_be_read(bad: str) -> None:
    """A `Dense` gives its units whatever else is wrong with it."""
    found = two(f"[{{Dense: {{units: 64, {bad}}}}}]", "[{Dense: {units: 32}}]", ADD + "head: []\n").diagnostics
    assert len(found) == 2 and found[1].message == "`add` needs inputs of one shape; given (features=64) and (features=32)"


def test_the_activation_of_a_layer_that_does_not_belong_there_is_not_judged() -> None:
    text = f"{TOP}branches:\n  x:\n    input: {{kind: sequence, shape: [8, 1]}}\n"
    text += "    layers: [{Conv2D: {filters: 2, kernel_size: 1}}]\nhead: []\ncompile: {loss: binary_crossentropy}\n"
    assert codes(load(text)) == ["wrong-rank"]


def test_two_planted_mistakes_are_two_errors() -> None:
    """A layer that cannot stand where it is put, and one after it that is wrong whatever comes: both, and nothing else."""
    told = 0
    for seed in range(100):
        spec = generate(seed)
        planted = plant_two(spec, Random(seed)) if sound(spec).ok else None
        if planted is not None:
            assert complaint_of_two(planted) is None, (seed, complaint_of_two(planted))
            told += 1
        if told == 4:
            return
    raise AssertionError("no place for two mistakes in any of a hundred specs")


def test_promises_are_not_judged() -> None:
    """A count or a shape that a mistake leaves open breaks no promise."""
    text = f"{TOP}branches:\n  x:\n    input: {{kind: vector, shape: [4]}}\n    layers: [{{Dense: {{unitz: 9}}}}]\nhead: [{{Dense: {{units: 2}}}}]\n"
    assert codes(load(text + "expect: {branches.x: [9], params: 70}\nbudget: {params: 100}\n")) == ["unknown-key"]


def test_variants_find_the_same() -> None:
    """With the memory that variants share, too."""
    text = f"{TOP}matrix: {{seed: [1, 2], vars.w: [1, 2]}}\nvars: {{w: 3}}\nbranches:\n  x:\n    input: {{kind: vector, shape: [4]}}\n"
    text += "    layers: [{Conv2D: {filters: 2, kernel_size: 3}}]\nhead: [Flatten, {Dense: {units: $w, activation: softmax}}]\n"
    found = [codes(compilation) for _, compilation in sweep(Source("t.yaml", text)).find_all()]
    assert found == [["wrong-rank", "softmax-over-one"], ["wrong-rank"]] * 2


@pytest.mark.parametrize("image", ["[MaxPooling2D, {LSTM: {units: 4}}]", "[{LSTM: {units: 4}}]", "[{GRU: {units: 4}}, ReLU]"])
@pytest.mark.parametrize("fusion", ["{strategy: concat}", "{strategy: add}", "{layer: {Concatenate: {axis: 1}}}"])
def test_a_layer_over_steps_on_an_image_is_one_mistake(image: str, fusion: str) -> None:
    """It may be meant for each row, or for an image that is brought to steps: then it gives a vector."""
    head = f"fusion: {fusion}\nhead: [{{Dense: {{units: 1}}}}]\n"
    found = two(image, "[{Dense: {units: 4}}]", head, first="{kind: image, shape: [8, 8, 3]}")
    assert codes(found) == ["wrong-rank"]


@pytest.mark.parametrize("broken", ["Dense: {units: four}", "Denze: {units: 4}", "Dense: {unitz: 4, activatoin: relu}"])
def test_a_chain_is_gone_through_once_more(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That nothing else is wrong is seen where what could not be read is taken out; no other supposition is looked at."""
    trials = []
    inner = look_on.infer_on
    monkeypatch.setattr(look_on, "infer_on", lambda *given: (trials.append(given[1].supposed), inner(*given))[1])
    layers = "{Conv1D: {filters: 4, kernel_size: 3}}, {" + broken + "}, BatchNormalization, "
    found = load(
        f"{TOP}branches: {{a: {{input: {{kind: sequence, shape: [90, 4]}}, layers: [{layers * 9}Flatten]}}}}\n"
        "head: [{Dense: {units: 1}}]\ncompile: {loss: mse}\n"
    )
    assert codes(found) and len(trials) == 1


def test_what_enters_time_is_taken_out_with_what_leaves_it() -> None:
    head = "head: [{Dense: {units: 3, activation: softmax}}]\ncompile: {loss: binary_crossentropy}\n"
    found = two(
        "[{TimeDistributed: [{Dense: {units: 8}}, {Dense: {units: 4, activation: softmx}}]}]",
        "[]",
        f"fusion: {{strategy: concat}}\n{head}",
    )
    assert codes(found) == ["nothing-to-distribute", "unknown-name", "softmax-with-binary"]


def test_a_mistake_in_an_axis_hides_no_other() -> None:
    """A softmax gives what it is given, whichever axis is meant; the same of every layer that leaves the shape as it is."""
    chain = (
        "[{Dense: {units: 8}}, {Softmax: {axis: 4}}, {Dense: {units: 8}}, {UnitNormalization: {axis: 5}}, "
        "{BatchNormalization: {axis: 3}}, {Conv1D: {filters: 4, kernel_size: 3}}]"
    )
    found = load(
        f"{TOP}branches: {{a: {{input: {{kind: vector, shape: [20]}}, layers: {chain}}}}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    )
    assert codes(found) == ["no-such-axis", "no-such-axis", "no-such-axis", "wrong-rank"]


def test_what_reads_a_layer_with_a_mistake_in_its_axis_is_told_nothing_of_it() -> None:
    chain = "[{Dense: {units: 8}}, {Softmax: {axis: 4}}, {Reshape: {target_shape: [4, 2]}}, {LSTM: {units: 3}}]"
    found = load(
        f"{TOP}branches: {{a: {{input: {{kind: vector, shape: [20]}}, layers: {chain}}}}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    )
    assert codes(found) == ["no-such-axis"]


@pytest.mark.parametrize(
    ("within", "behind"),
    [
        ("{LSTM: {units: 3}}", ""),
        ("{GRU: {units: 3, return_sequences: true}}, {LSTM: {units: 3}}", ""),
        ("{Conv1D: {filters: 3, kernel_size: 3}}, GlobalAveragePooling1D", ", {Dropout: {rate: 0.5}}"),
        ("{Dense: {units: 3}}, {SimpleRNN: {units: 3}}", ", {RepeatVector: {n: 5}}, {LSTM: {units: 2}}"),
    ],
)
def test_what_is_taken_for_each_step_and_meant_for_all_is_one_mistake(within: str, behind: str) -> None:
    """Outside of `TimeDistributed` it gives no steps: what stands behind, and the labels, are right then."""
    text = (
        f"version: 1\nname: t\nbranches: {{a: {{input: {{kind: sequence, shape: [10, 8]}}, "
        f"layers: [{{TimeDistributed: [{within}]}}{behind}]}}}}\n"
        "head: [{Dense: {units: 1}}]\ncompile: {loss: mse}\ntargets: {head: {encoding: real, shape: [1]}}\n"
    )
    assert [each.code.name for each in load(text).diagnostics] == ["wrong-rank"]
    assert not load(text.replace(f"{{TimeDistributed: [{within}]}}", within)).diagnostics
