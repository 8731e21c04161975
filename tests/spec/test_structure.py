"""Residual, Parallel, Repeat, blocks and sharing: graphs, types, counts, names, and where mistakes are shown."""

from __future__ import annotations

import os
import textwrap
from typing import Any

import pytest

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.text.source import Source, format_path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def compiled(text: str) -> Compilation:
    return compile_source(Source("t.yaml", textwrap.dedent(text)))


def sound(text: str) -> Compilation:
    compilation = compiled(text)
    assert compilation.ok, said(compilation)
    return compilation


def branch(layers: str, shape: str = "{kind: sequence, shape: [16, 4]}", **more: str) -> str:
    """A spec of one branch `x` with layers as YAML."""
    top = "".join(f"{key}: {value}\n" for key, value in more.items())
    inner = textwrap.indent(textwrap.dedent(layers), "      ")
    return f"version: 1\nname: t\n{top}branches:\n  x:\n    input: {shape}\n    layers:\n{inner}\nhead: []\n"


def said(compilation: Compilation) -> list[str]:
    """`line code`, and the lines of the labels."""
    lines = []
    for each in compilation.diagnostics:
        places = (each.place, *(label.place for label in each.labels))
        numbers = [str(place.span.source.find_position(place.span.start)[0]) for place in places]
        lines.append(f"{each.code.name} {' '.join(numbers)}")
    return lines


def names(compilation: Compilation) -> list[str]:
    """The layers' names; of a node that is an earlier node's layer, its own with that."""
    assert compilation.typed is not None
    nodes = [typed.node for typed in compilation.typed.nodes.values() if not typed.node.hidden]
    return [node.id if node.id == node.layer else f"{node.id}={node.layer}" for node in nodes]


def types(compilation: Compilation) -> dict[str, tuple[Any, ...]]:
    assert compilation.typed is not None
    return {id: typed.type.shape for id, typed in compilation.typed.nodes.items() if typed.type is not None}


def params(compilation: Compilation) -> int:
    assert compilation.typed is not None
    return compilation.typed.params


@pytest.mark.parametrize(
    ("layer", "way"),
    [
        ("Residual: {layers: [{Dense: {units: 4}}], trainable: false}", "give it to each layer inside: `trainable: false`"),
        (
            "Repeat: {times: 2, layers: [{Dense: {units: 4}}], trainable: false}",
            "give it to each layer inside: `trainable: false`",
        ),
        (
            "wide: {trainable: false}",
            "declare `parameters: {trainable: true}` in the block, and give each layer in it `trainable: $trainable`",
        ),
    ],
)
def test_what_holds_layers_is_frozen_layer_by_layer(layer: str, way: str) -> None:
    (found,) = compiled(branch(f"- {layer}", blocks="{wide: {layers: [{Dense: {units: 4}}]}}")).diagnostics
    assert found.code.name == "unknown-key" and found.help == (way,)


def test_a_block_hands_trainable_on() -> None:
    block = "{wide: {parameters: {trainable: true}, layers: [{Dense: {units: 4, trainable: $trainable}}]}}"
    found = sound(branch("- wide: {trainable: false}\n- wide", blocks=block))
    assert found.typed is not None and params(found) == 40 and found.typed.trainable_params == 20


# Residual


def test_residual_identity() -> None:
    found = sound(branch("- Residual: {name: r, layers: [{Dense: {units: 4}}]}"))
    assert names(found) == ["x_dense", "r"] and types(found)["r"] == (16, 4) and params(found) == 20


def test_residual_of_other_width() -> None:
    found = compiled(branch("- Residual: {layers: [{Dense: {units: 5}}]}"))
    assert said(found)[0].startswith("shapes-differ 7")
    assert any("projection" in line for line in found.diagnostics[0].help)


@pytest.mark.parametrize(
    ("shape", "layer", "gives", "weights"),
    [
        ("{kind: vector, shape: [6]}", "Dense: {units: 4}", (4,), 2 * (6 * 4 + 4)),
        ("{kind: sequence, shape: [10, 6]}", "Conv1D: {filters: 4, kernel_size: 1, strides: 3}", (4, 4), 2 * (6 * 4 + 4)),
        ("{kind: image, shape: [9, 10, 3]}", "Conv2D: {filters: 4, kernel_size: 1, strides: 2}", (5, 5, 4), 2 * (3 * 4 + 4)),
        ("{kind: image, shape: [9, 10, 3]}", "Conv2D: {filters: 3, kernel_size: 1}", (9, 10, 3), 2 * (3 * 3 + 3)),
        ("{kind: volume, shape: [4, 4, 4, 1]}", "Conv3D: {filters: 2, kernel_size: 1, strides: 2}", (2, 2, 2, 2), 2 * (2 + 2)),
        (
            "{kind: image, shape: [height, 8, 3]}",
            "Conv2D: {filters: 4, kernel_size: 1, strides: 2}",
            ("(height - 1) // 2 + 1", 4, 4),
            32,
        ),
    ],
)
def test_projection(shape: str, layer: str, gives: tuple[Any, ...], weights: int) -> None:
    found = sound(branch(f"- Residual: {{name: r, shortcut: projection, layers: [{{{layer}}}]}}", shape))
    assert types(found)["r"] == gives and params(found) == weights


def test_projection_that_fits_some_sizes() -> None:
    """Half the steps, rounded down by the pooling and up by strides: right where their number is even.

    That the pooling asks for two steps is implied, and not told.
    """
    found = compiled(branch("- Residual: {shortcut: projection, layers: [MaxPooling1D]}", "{kind: sequence, shape: [steps, 4]}"))
    assert found.ok and [each.message for each in found.diagnostics] == ["runs where `steps` is a multiple of 2"]


def test_projection_that_does_not_fit() -> None:
    found = compiled(branch("- Residual: {shortcut: projection, layers: [{Cropping1D: {cropping: 2}}]}"))
    assert said(found)[0].startswith("projection-does-not-fit 7")
    flat = compiled(branch("- Residual: {shortcut: projection, layers: [Flatten]}"))
    assert said(flat)[0].startswith("projection-does-not-fit 7")


def test_shortcut_of_layers() -> None:
    found = sound(branch("- Residual: {name: r, shortcut: [{Dense: {units: 7}}], layers: [{Dense: {units: 7}}]}"))
    assert types(found)["r"] == (16, 7) and params(found) == 2 * 35


# Parallel and Repeat


def test_parallel_paths_of_any_depth() -> None:
    layers = """
    - Parallel:
        name: p
        paths:
          deep: [{Residual: {layers: [{Repeat: {times: 2, layers: [{Dense: {units: 4}}]}}]}}]
          wide: [{Parallel: {paths: {a: [], b: [{Dense: {units: 3}}]}, merge: concat}}]
          same: []
        merge: {strategy: concat, units: 5, layers: [{Dense: {units: 2, name: after}}]}
    """
    found = sound(branch(layers))
    assert types(found)["after"] == (16, 2) and found.graph is not None
    assert params(found) == 2 * 20 + 15 + (4 + 1) * 5 + (7 + 1) * 5 + (4 + 1) * 5 + (15 + 1) * 2
    assert found.graph.addresses["x.p"] == "after" and found.graph.addresses["x.after"] == "after"


def test_repeat() -> None:
    assert params(sound(branch("- Repeat: {times: 3, layers: [{Dense: {units: 4}}]}"))) == 60
    assert params(sound(branch("- Repeat: {times: 0, layers: [{Dense: {units: 4}}]}"))) == 0
    each = sound(branch("- Repeat: {each: {u: [8, 6], r: [0.1, 0.2]}, layers: [{Dense: {units: $u, name: 'd${index}'}}]}"))
    assert names(each) == ["d0", "d1"] and types(each)["d1"] == (16, 6)
    uneven = compiled(branch("- Repeat: {each: {u: [8, 6], r: [0.1]}, layers: [{Dense: {units: $u}}]}"))
    assert said(uneven) == ["each-of-unequal-lengths 7"]


def test_repeat_inside_time() -> None:
    layers = "- TimeDistributed: [{Repeat: {each: {f: [2, 3]}, layers: [{Residual: {shortcut: projection, layers: [{Conv1D: {filters: $f, kernel_size: 1}}]}}]}}]"
    found = sound(branch(layers, "{kind: tensor, axes: [a, b, c], shape: [a, 6, 4]}"))
    assert types(found)["head"] == ("a", 6, 3) and params(found) == 2 * (4 * 2 + 2) + 2 * (2 * 3 + 3)


# Blocks

BLOCKS = "\n  conv:\n    parameters: {filters: required, kernel_size: 3}\n    layers:\n      - Conv1D: {filters: $filters, kernel_size: $kernel_size}\n      - ReLU: {name: out}"


def test_blocks() -> None:
    found = sound(branch("- conv: {filters: 2}\n- conv: {filters: 3, kernel_size: 5, name: second}", blocks=BLOCKS))
    assert names(found) == ["x_conv1d", "out", "x_conv1d_1", "out_1"]
    assert found.graph is not None and found.graph.addresses["x.second"] == "out_1" == found.graph.addresses["x.out_1"]
    assert found.graph.addresses["x.out"] == "out"


def test_mistakes_in_blocks() -> None:
    """A missing parameter at the use; a mistake inside a block in the block, with the uses beside it."""
    assert said(compiled(branch("- conv: {}", blocks=BLOCKS))) == ["missing-key 13"]
    assert said(compiled(branch("- conv: {filters: 2, filers: 3}", blocks=BLOCKS))) == ["unknown-key 13"]
    wrong = compiled(branch("- conv: {filters: 2, kernel_size: 30}", blocks=BLOCKS))
    assert said(wrong) == ["kernel-larger-than-input 7 11 13"]
    unknown = compiled(branch("- conv: {filters: 2}\n- conv: {filters: 3}", blocks=BLOCKS.replace("ReLU", "Relu6")))
    assert said(unknown) == ["unknown-layer 8 13"]
    assert format_path(wrong.diagnostics[0].place.path).startswith(("blocks.conv", "branches.x"))


def test_a_block_that_uses_itself() -> None:
    blocks = "\n  a: {layers: [b]}\n  b: {layers: [a]}"
    assert said(compiled(branch("- a", blocks=blocks)))[0].startswith("block-cycle")


# Names


def test_two_layers_of_one_name() -> None:
    twice = "- Dense: {units: 4, name: d}\n- Dense: {units: 4, name: d}"
    assert said(compiled(branch(twice))) == ["same-name 8 7"]
    structures = "- Repeat: {name: d, times: 1, layers: [ReLU]}\n- Residual: {name: d, layers: [{Dense: {units: 4}}]}"
    assert said(compiled(branch(structures))) == ["same-name 8 7"]
    assert said(compiled(branch("- TimeDistributed: {name: d, layers: [ReLU]}\n- ReLU: {name: d}"))) == ["same-name 8 7"]


def test_copies_are_numbered() -> None:
    found = sound(branch("- Repeat: {times: 3, layers: [{Dense: {units: 4, name: d}}]}"))
    assert names(found) == ["d", "d_1", "d_2"]
    assert found.graph is not None and [found.graph.addresses[f"x.{n}"] for n in ("d", "d_1", "d_2")] == ["d", "d_1", "d_2"]


def test_a_name_in_two_branches() -> None:
    text = """
    version: 1
    name: t
    branches:
      a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2, name: d}}, {Dense: {units: 2, name: only}}]}
      b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2, name: d}}, {Dense: {units: 2, name: f_weights}}]}
    fusion: {name: f, strategy: learned_weights}
    head: [{Dense: {units: 1, name: a}}]
    """
    assert names(sound(text)) == ["a_d", "only", "b_d", "b_f_weights", "f", "head_a"]


# Sharing


def test_shared_layers() -> None:
    found = sound(branch("- Dense: {units: 4, share: s, name: d}\n- ReLU\n- Dense: {units: 4, share: s, name: d}"))
    assert names(found) == ["d", "x_re_lu", "x_d_1=d"] and params(found) == 20
    unlike = compiled(branch("- Dense: {units: 4, share: s}\n- Dense: {units: 4, share: s, use_bias: false}"))
    assert said(unlike) == ["shared-unlike 8 7"]
    differ = compiled(branch("- Dense: {units: 5, share: s}\n- Dense: {units: 5, share: s}"))
    assert said(differ)[0].startswith("shared-weights-differ 8")


def test_shared_wrappers_and_blocks() -> None:
    blocks = "\n  two: {layers: [{Dense: {units: 4}}, {Residual: {shortcut: projection, layers: [{Dense: {units: 4}}]}}]}"
    found = sound(branch("- two: {share: s}\n- two: {share: s}\n- two", blocks=blocks))
    one = params(sound(branch("- two", blocks=blocks)))
    assert params(found) == 2 * one
    timed = "- TimeDistributed: {share: t, layers: [{Dense: {units: 4}}]}\n"
    assert params(sound(branch(timed * 2))) == 20
    both = "- Bidirectional: {share: b, layer: {GRU: {units: 2, return_sequences: true}}}\n"
    assert params(sound(branch(both * 2))) == params(sound(branch(both)))
    merged = "- Parallel: {share: p, paths: {a: [{Dense: {units: 4}}], b: []}, merge: {strategy: gated, units: 4}}\n"
    assert params(sound(branch(merged * 2))) == params(sound(branch(merged)))
    other = merged.replace("gated", "add").replace("units: 4}}\n", "units: 4, layers: [ReLU]}}\n")
    assert said(compiled(branch(merged + other))) == ["shared-unlike 8 7"]
    units = merged.replace("units: 4}}\n", "units: 4, layers: [ReLU]}}\n")
    assert said(compiled(branch(merged + units))) == ["shared-unlike 8 7"]
    assert said(compiled(branch("- Dense: {units: 4, share: t}\n" + timed))) == ["shared-unlike 8 7"]


CHAIN = """
version: 1
name: t
branches:
  c: {input: {kind: vector, shape: [4]}, share_layers_with: b, layers: [{Dense: {units: 2, name: own}}]}
  a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 4, name: first}}]}
  b: {input: {kind: vector, shape: [4]}, share_layers_with: a, layers: [{Dense: {units: 3, name: middle}}, {Dense: {units: 3}}]}
fusion: {strategy: concat}
head: []
"""


def test_branches_that_share() -> None:
    """c has a's layers, then b's, then its own; each set of weights is counted once, and named for the branch it is written in."""
    found = sound(CHAIN)
    assert names(found) == [
        "first",
        "middle",
        "b_dense",
        "own",
        "a_first=first",
        "b_first=first",
        "b_middle=middle",
        "b_dense_1=b_dense",
        "fusion",
    ]
    assert params(found) == 20 + 15 + 12 + 8
    assert found.graph is not None and {"c.first", "c.middle", "c.own", "b.first", "a.first"} <= set(found.graph.addresses)


def test_branches_that_share_in_a_circle() -> None:
    circle = CHAIN.replace("[{Dense: {units: 4, name: first}}]", "[]").replace(
        "a: {input: {kind: vector, shape: [4]},", "a: {input: {kind: vector, shape: [4]}, share_layers_with: c,"
    )
    assert [line.split()[0] for line in said(compiled(circle))] == ["share-cycle"]
    itself = CHAIN.replace("share_layers_with: a", "share_layers_with: b")
    assert said(compiled(itself)) == ["share-cycle 7"]
    assert said(compiled(CHAIN.replace("share_layers_with: a", "share_layers_with: z"))) == ["unknown-branch 7"]


# Fusions


def fused(fusion: str, a: str = "{kind: sequence, shape: [5, 4]}", b: str = "{kind: sequence, shape: [5, 4]}") -> Compilation:
    text = f"version: 1\nname: t\nbranches:\n  a:\n    input: {a}\n  b:\n    input: {b}\nfusion: {fusion}\nhead: []\n"
    return compile_source(Source("t.yaml", text))


VECTOR = "{kind: vector, shape: [4]}"


@pytest.mark.parametrize(
    ("fusion", "b", "code"),
    [
        ("{strategy: add}", "{kind: sequence, shape: [5, 3]}", "shapes-differ"),
        ("{strategy: gated}", "{kind: sequence, shape: [6, 4]}", "shapes-differ"),
        ("{strategy: attention}", VECTOR, "shapes-differ"),
        ("{strategy: bilinear, units: 3}", VECTOR, "shapes-differ"),
        ("{strategy: concat}", VECTOR, "ranks-differ"),
        ("{strategy: concat}", "{kind: sequence, shape: [6, 4]}", "sizes-differ"),
        ("{strategy: bilinear}", VECTOR, "missing-key"),
        ("{strategy: cross_attention}", VECTOR, "missing-key"),
        ("{strategy: cross_attention, query: c}", VECTOR, "query-not-an-input"),
        ("{strategy: cross_attention, query: a, inputs: [a]}", VECTOR, "nothing-to-merge"),
        ("{strategy: cross_attention, query: a, broadcast: true}", VECTOR, "broadcast-without-effect"),
        ("{strategy: add, query: a}", VECTOR, "unknown-key"),
        ("{strategy: attention, num_heads: 3}", "{kind: sequence, shape: [5, 4]}", "heads-do-not-divide"),
        ("{strategy: bilinear, units: 2, inputs: [a, b, a]}", VECTOR, "wrong-number-of-inputs"),
        ("{strategy: add, broadcast: true}", "{kind: vector, shape: [3]}", "shapes-differ"),
    ],
)
def test_fusions_that_do_not_fit(fusion: str, b: str, code: str) -> None:
    found = fused(fusion, b=b)
    assert [each.code.name for each in found.diagnostics if each.code.name != "reaches-no-head"] == [code]


@pytest.mark.parametrize(
    ("strategy", "b", "wanted", "other"),
    [
        ("add", VECTOR, "to one rank", "to one size"),
        ("add", "{kind: sequence, shape: [6, 4]}", "to one size", "to one rank"),
        ("add", "{kind: sequence, shape: [5, 3]}", "one width", "to one size"),
        ("add", "{kind: sequence, shape: [1, 4]}", "`broadcast: true`", "to one size"),
        ("concat", VECTOR, "to one rank", "to one size"),
        ("concat", "{kind: sequence, shape: [6, 4]}", "`axis: 1`", "to one rank"),
        ("concat", "{kind: sequence, shape: [6, 3]}", "to one size", "`axis: 1`"),
        ("concat", "{kind: sequence, shape: [1, 4]}", "`broadcast: true`", "to one size"),
    ],
)
def test_help_where_shapes_differ(strategy: str, b: str, wanted: str, other: str) -> None:
    """It is about what differs: the number of axes, a size, or the width."""
    (found,) = fused(f"{{strategy: {strategy}}}", b=b).diagnostics
    help = " ".join(found.help)
    assert wanted in help and other not in help


def test_an_axis_of_size_1_is_stretched_on_demand() -> None:
    found = fused("{strategy: add}", b="{kind: sequence, shape: [1, 4]}")
    assert not found.ok and any("broadcast" in line for line in found.diagnostics[0].help)
    assert fused("{strategy: add, broadcast: true}", b="{kind: sequence, shape: [1, 4]}").ok


def test_sizes_known_at_run_time() -> None:
    """Of one name they agree; of two names they may, which a warning says."""
    named = "{kind: sequence, shape: [steps, 4]}"
    assert not fused("{strategy: gated}", named, named).diagnostics
    found = fused("{strategy: gated}", named, "{kind: sequence, shape: [null, 4]}")
    assert found.ok and [each.severity for each in found.diagnostics] == ["warning"]


# With Keras


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_shared_weights_are_one_layer() -> None:
    pytest.importorskip("keras")
    model = sound(CHAIN).to_keras()
    layer = model.get_layer("first")
    assert len(layer._inbound_nodes) == 3 and model.count_params() == 55
    assert sorted(each.name for each in model.layers if each.weights) == ["b_dense", "first", "middle", "own"]
    timed = "- TimeDistributed: {share: t, layers: [{Dense: {units: 4, name: d}}]}\n"
    assert sound(branch(timed * 2)).to_keras().count_params() == 20


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_projection_numbers() -> None:
    import numpy

    pytest.importorskip("keras")
    layers = "- Residual: {shortcut: projection, layers: [{Conv1D: {filters: 3, kernel_size: 1, strides: 3, name: c}}]}"
    model = sound(branch(layers, "{kind: sequence, shape: [10, 4]}")).to_keras()
    x = numpy.random.default_rng(0).normal(size=(2, 10, 4)).astype("float32")
    model.set_weights([numpy.random.default_rng(1).normal(size=w.shape) for w in model.get_weights()])
    kernel, bias, kernel_2, bias_2 = model.get_weights()
    wanted = x[:, ::3] @ (kernel[0] + kernel_2[0]) + bias + bias_2
    numpy.testing.assert_allclose(numpy.asarray(model(x)), wanted, rtol=1e-5, atol=1e-5)


FROZEN = """
- TimeDistributed:
    trainable: false
    layers:
      - Residual: {shortcut: projection, layers: [{Dense: {units: 3}}, BatchNormalization]}
      - Parallel: {paths: {a: [{Dense: {units: 2}}], b: []}, merge: {strategy: gated, units: 2}}
- Dense: {units: 2}
"""


@pytest.mark.keras
def test_frozen_over_time() -> None:
    """`trainable: false` of `TimeDistributed` is that of every layer in it, in Keras too."""
    found = sound(branch(FROZEN))
    model = found.to_keras()
    assert found.typed is not None and found.typed.trainable_params == 2 * 2 + 2
    assert [weight.path for weight in model.trainable_weights] == ["x_dense_2/kernel", "x_dense_2/bias"]
    assert params(found) == model.count_params()
