"""Inner layers of backbones as addresses, what nothing reads of a backbone, and what freezes a part of it. Without Keras."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.emit.words.arithmetic import explain, find
from cnnlstm_spec.ops.backbones.op import Backbone

BASE: dict[str, Any] = {"weights": None, "include_top": False, "name": "base"}
IMAGE = {"kind": "image", "shape": [96, 64, 3]}
VIDEO = {"kind": "video", "shape": ["frames", 96, 64, 3]}
POOLED: Any = ["GlobalAveragePooling2D", {"Dense": {"units": 1}}]


BESIDE = ("no-mask-for-length", "multipliers-and-callbacks")
"""Warnings that are about something else."""


def load(layers: Any, inputs: Any = None, input: Any = IMAGE, head: Any = POOLED, **more: Any) -> Compilation:
    """A branch `x` of those layers, and a head that reads those inputs, or the branch."""
    heads = {"head": head} if inputs is None else {"heads": {"y": {"inputs": inputs, "layers": head}}}
    spec = {"version": 1, "name": "t", "branches": {"x": {"input": input, "layers": layers}}, **heads, **more}
    return cnnlstm_spec.load(json.dumps(spec))


def net(**arguments: Any) -> Any:
    return {"MobileNetV2": {**BASE, "alpha": 0.35, **arguments}}


def codes(compilation: Compilation) -> list[str]:
    return [each.code.name for each in compilation.diagnostics if each.code.name not in BESIDE]


def shape(compilation: Compilation, id: str) -> Any:
    assert compilation.typed is not None
    found = compilation.typed.nodes[id].type
    return found.shape if found is not None else None


def test_an_inner_layer_is_read_by_a_head() -> None:
    found = load([net()], ["x.base.block_3_expand_relu"])
    assert codes(found) == [] and shape(found, "x_base_block_3_expand_relu") == (24, 16, 48)


def test_what_nothing_reads_is_no_part_of_the_model() -> None:
    whole, cut = load([net()]), load([net()], ["x.base.block_3_expand_relu"])
    both = load([net()], ["x.base.block_3_expand_relu"], heads={"y": POOLED, "z": {"inputs": ["x.base.Conv1"], "layers": POOLED}})
    assert whole.typed is not None and cut.typed is not None and both.typed is not None
    # Conv1 3x3x3x16, depthwise 3x3x16, project 16x8, expand 8x48, depthwise 3x3x48, project 48x8, ... with their norms.
    assert cut.typed.nodes["base"].params < 5_000 < 400_000 < whole.typed.nodes["base"].params
    assert both.typed.nodes["base"].params == whole.typed.nodes["base"].params
    macs = cut.typed.nodes["base"].macs, whole.typed.nodes["base"].macs
    assert isinstance(macs[0], int) and isinstance(macs[1], int) and macs[0] < macs[1] / 2
    op = cut.typed.nodes["base"].node.op
    assert isinstance(op, Backbone) and op.list_kept()[-1] == "block_3_expand_relu" and "block_3_depthwise" not in op.list_kept()


def test_layers_written_behind_a_backbone_still_must_be_read() -> None:
    assert codes(load([net(), "GlobalAveragePooling2D"], ["x.base.Conv1"])) == ["reaches-no-head"]


@pytest.mark.parametrize(
    ("ref", "help"),
    [
        ("x.base.block_3_expnd_relu", "did you mean `x.base.block_3_expand_relu`?"),
        ("x.base.block_13_expand_relu6", "did you mean `x.base.block_13_expand_relu`?"),
        ("x.bse.block_3_expand_relu", "did you mean `x.base.block_3_expand_relu`?"),
    ],
)
def test_a_misspelt_layer_gets_the_nearest(ref: str, help: str) -> None:
    (found,) = [each for each in load([net()], [ref]).diagnostics if each.code.name == "unknown-reference"]
    assert found.help[0].startswith(help)


def test_a_backbone_without_a_name_is_told_to_need_one() -> None:
    (found,) = load([{"MobileNetV2": {"weights": None, "include_top": False}}], ["x.mobilenet.block_3_expand_relu"]).diagnostics
    assert found.help == ("give `MobileNetV2` a `name` to read inside it: `x.NAME.block_3_expand_relu`",)


def test_the_names_are_those_of_a_backbone_alone() -> None:
    inception = {"InceptionV3": {**BASE, "name": "base"}}
    spec = {
        "version": 1,
        "name": "t",
        "branches": {name: {"input": {"kind": "image", "shape": [75, 80, 3]}, "layers": [inception]} for name in "ab"},
        "fusion": [{"name": "f", "strategy": "concat", "inputs": ["a.base.conv2d_93", "b.base.conv2d_93", "a.base.mixed9_1"]}],
        "head": POOLED,
        "expect": {"branches.b.base.mixed0": [7, 7, 256]},
    }
    found = cnnlstm_spec.load(json.dumps(spec))
    assert shape(found, "a_base_conv2d_93") == shape(found, "b_base_conv2d_93") == (1, 1, 192)
    assert codes(found) == []


def test_inside_time_distributed_the_steps_come_first() -> None:
    timed = {"TimeDistributed": [net(), "GlobalAveragePooling2D"]}
    expect = {"branches.x.base": ["frames", 3, 2, 1280], "branches.x.base.block_3_expand": ["frames", 24, 16, 48]}
    head = [{"TimeDistributed": ["GlobalAveragePooling2D"]}, {"LSTM": {"units": 2}}]
    heads = {"y": {"inputs": ["x"], "layers": [{"LSTM": {"units": 2}}]}, "z": {"inputs": ["x.base.Conv1"], "layers": head}}
    found = load([timed], ["x"], VIDEO, heads=heads, expect=expect)
    assert codes(found) == [] and found.typed is not None
    conv = found.typed.graph.addresses["x.base.Conv1"]
    assert shape(found, conv) == ("frames", 48, 32, 16)


def test_only_a_named_backbone_in_time_distributed_has_an_address() -> None:
    timed = {"TimeDistributed": [net(), {"GlobalAveragePooling2D": {"name": "pool"}}]}
    assert codes(load([timed], ["x.pool"], VIDEO, [{"LSTM": {"units": 2}}])) == ["unknown-reference"]
    whole = load([{"TimeDistributed": [net()]}], ["x.base"], VIDEO, [{"TimeDistributed": ["Flatten"]}, {"LSTM": {"units": 2}}])
    assert codes(whole) == []
    cut = load(
        [{"TimeDistributed": [net()]}], ["x.base.Conv1"], VIDEO, [{"TimeDistributed": ["Flatten"]}, {"LSTM": {"units": 2}}]
    )
    assert codes(cut) == [] and cut.typed is not None and cut.typed.nodes["base"].params == 16 * 27


def test_images_without_a_size() -> None:
    found = load([net()], ["x.base.block_3_expand_relu"], {"kind": "image", "shape": ["h", "w", 3]})
    (at,) = [each for each in found.typed.nodes.values() if each.node.layer.endswith("relu")] if found.typed is not None else []
    assert at.type is not None and not isinstance(at.type.sizes[0], int)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_layer_that_three_channels_have(channels: int) -> None:
    """ConvNeXt norms the pixels of images in colour alone."""
    net = {"ConvNeXtTiny": BASE}
    name = "convnext_tiny_prestem_normalization"
    found = load([net], [f"x.base.{name}"], {"kind": "image", "shape": [32, 32, channels]})
    assert codes(found) == ([] if channels == 3 else ["unknown-inner-layer"])


def test_expect_of_inner_layers() -> None:
    right = {"branches.x.base.block_3_expand": [24, 16, 48]}
    assert codes(load([net()], expect=right)) == []
    wrong = load([net()], expect={"branches.x.base.block_3_expand": [24, 24, 48]})
    assert codes(wrong) == ["shape-not-as-expected"]
    assert "(height=24, width=16, channels=48)" in wrong.diagnostics[0].message
    (unknown,) = load([net()], expect={"branches.x.base.block_3_expandd": [24, 16, 48]}).diagnostics
    assert unknown.code.name == "unknown-address" and "`branches.x.base.block_3_expand`" in unknown.help[0]


@pytest.mark.parametrize("address", ["branches.x.base.block_3_expand_BN", "branches.x.base.Conv1", "branches.x.base"])
def test_explain_of_inner_layers(address: str) -> None:
    """Of one that is read, one that is not, and the backbone."""
    found = load([net()], ["x.base.Conv1"])
    assert found.typed is not None
    node = find(found.typed, address)
    assert node is not None
    text = explain(found.typed, node)
    assert "MobileNetV2 base (line 1)" in text
    assert address == "branches.x.base" or text.splitlines()[-3].split() == ["height", "24" if "block" in address else "48"]


def test_source_is_python_that_builds_it_cut() -> None:
    text = load([net(train_from="Conv1_relu", freeze_batch_norm=True)], ["x.base.block_1_expand"]).to_python()
    compile(text, "emitted.py", "exec")
    assert 'base_whole_layer.get_layer("block_1_expand").output' in text
    assert 'if layer.name == "Conv1_relu":\n            break\n        layer.trainable = False' in text
    assert "if isinstance(layer, keras.layers.BatchNormalization):\n            layer.trainable = False" in text
    assert "made_alone" not in text


@pytest.mark.parametrize("multiplied", [False, True])
def test_names_that_keras_counts_up_are_made_alone(multiplied: bool) -> None:
    """Where somebody goes by them: of a backbone that has no name nobody does."""
    section: dict[str, Any] = {"optimizer": "sgd", "loss": "mse"}
    if multiplied:
        section["learning_rate_multipliers"] = {"branches.x.base.conv": 0.5}
    small = {"MobileNetV3Small": {**BASE, "alpha": 0.35}}
    text = load([small], compile=section).to_python()
    compile(text, "emitted.py", "exec")
    assert text.count("def made_alone(make):") == 1 and ("= made_alone(make)" if multiplied else "lambda: keras") in text
    unnamed = {"MobileNetV3Small": {"weights": None, "include_top": False}}
    assert "made_alone" not in load([unnamed]).to_python()


def test_a_picture_shows_what_is_read_inside() -> None:
    found = load(
        [net()], ["x.base.block_3_expand_relu"], heads={"y": POOLED, "z": {"inputs": ["x.base.Conv1"], "layers": POOLED}}
    )
    svg = found.to_svg()
    assert "base.Conv1" in svg and "48 × 32 × 16" in svg


COMPILED = {"compile": {"optimizer": "sgd", "loss": "mse"}}


def fit(*phases: Any) -> Any:
    return {**COMPILED, "fit": {"phases": [{"epochs": 1, **each} for each in phases]}}


CUT = "branches.x.base.block_16_expand"


NAMING: Any = [
    {"expect": {CUT: [3, 2, 336]}},
    {"expect": {"branches.x": [3, 2, 1280]}},
    {"expect": {"branches.x.base": [3, 2, 1280]}},
    {"compile": {"optimizer": "sgd", "loss": "mse", "learning_rate_multipliers": {CUT: 0.1}}},
    fit({"name": "a", "freeze": [CUT]}),
]
"""What names a layer that is cut off, if nothing else is read than an earlier one."""


@pytest.mark.parametrize("more", NAMING)
@pytest.mark.parametrize("reference", ["xz", "zzzzzzzz", "x.base.zzzzzzzz"])
def test_what_is_cut_off_is_not_known_where_a_reference_names_nothing(more: Any, reference: str) -> None:
    read = {"y": "x.base.block_3_expand_relu", "z": reference}
    heads = {name: {"inputs": [each], "layers": POOLED} for name, each in read.items()}
    more = {**more, "compile": {**more["compile"], "loss": {"y": "mse", "z": "mse"}}} if "compile" in more else more
    found = load([net(train_from="block_13_expand")], [reference], **more, heads=heads)
    assert [each.code.name for each in found.diagnostics if each.severity == "error"] == ["unknown-reference"]


@pytest.mark.parametrize("more", NAMING)
def test_what_is_cut_off_has_no_address(more: Any) -> None:
    found = load([net()], ["x.base.block_3_expand_relu"], **more)
    assert [each for each in codes(found) if each != "adapted-without-data"] == ["inner-layer-cut-off"]


def test_train_from_freezes_what_stands_before() -> None:
    found = load([net(train_from="block_13_expand")])
    assert codes(found) == ["frozen-at-random"] and found.typed is not None
    trained = {each.name.split("/")[0] for each in found.typed.nodes["base"].weights if each.trainable}
    frozen = {each.name.split("/")[0] for each in found.typed.nodes["base"].weights} - trained
    assert {"block_13_expand", "block_13_expand_BN", "Conv_1"} <= trained
    assert {"Conv1", "bn_Conv1", "block_12_project_BN"} <= frozen


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"train_from": "block_13_expnd"}, "unknown-inner-layer"),
        ({"train_from": "block_13_expand", "trainable": True}, "train-from-and-trainable"),
        ({"freeze_batch_norm": True, "trainable": False}, "no-effect"),
        ({"freeze_batch_norm": True, "train_from": "out_relu"}, "no-effect"),
        ({"training": False}, "unknown-key"),
    ],
)
def test_what_freezes_and_cannot(arguments: Any, code: str) -> None:
    assert code in codes(load([net(**arguments)]))


def test_train_from_what_is_cut_off() -> None:
    found = load([net(train_from="block_13_expand")], ["x.base.block_3_expand_relu"])
    assert codes(found) == ["inner-layer-cut-off"]


def test_the_key_training_is_answered() -> None:
    (found,) = load([net(training=False)]).diagnostics
    assert "`fit` and `predict` overrule it" in found.help[0] and "freeze_batch_norm" in found.help[0]


NORM: Any = [{"Conv2D": {"filters": 2, "kernel_size": 3, "use_bias": False}}, "BatchNormalization"]
PLAIN: Any = [{"Conv2D": {"filters": 2, "kernel_size": 3}}]


def frozen(compilation: Compilation) -> set[str]:
    """The layers that have a weight which could be trained, and is not."""
    assert compilation.typed is not None
    names = ("kernel", "gamma", "beta")
    nodes = compilation.typed.nodes.values()
    return {n.node.layer for n in nodes for w in n.weights if not w.trainable and w.name.endswith(names)}


@pytest.mark.parametrize("where", ["block", "branch", "TimeDistributed"])
@pytest.mark.parametrize(("layers", "code"), [(NORM, None), (PLAIN, "no-batch-norm"), ([net()], None)])
def test_freeze_batch_norm_around_layers(where: str, layers: Any, code: str | None) -> None:
    input, tail = IMAGE, []
    more: dict[str, Any] = {"blocks": {"b": {"layers": layers}}} if where == "block" else {}
    items = [{"b": {"freeze_batch_norm": True}}] if where == "block" else layers
    if where == "TimeDistributed":
        timed: Any = {"TimeDistributed": {"layers": layers, "freeze_batch_norm": True}}
        input, items, tail = VIDEO, [timed], [{"TimeDistributed": ["Flatten"]}, {"LSTM": {"units": 1}}]
    branch = {"input": input, "layers": [*items, *tail], **({"freeze_batch_norm": True} if where == "branch" else {})}
    spec = {"version": 1, "name": "t", "branches": {"x": branch}, "head": [] if tail else POOLED, **more}
    found = cnnlstm_spec.load(json.dumps(spec))
    assert codes(found) == ([] if code is None else [code])
    if layers is NORM:
        assert frozen(found) == {"x_batch_normalization"}
    if code is None and layers is not NORM:
        assert found.typed is not None
        held = {w.name.split("/")[0] for w in found.typed.nodes["base"].weights if not w.trainable}
        assert held and all(name.endswith(("BN", "bn", "bn_Conv1")) for name in held)


def test_freeze_batch_norm_of_frozen_layers_has_no_effect() -> None:
    layers = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, {"BatchNormalization": {"trainable": False}}]
    timed = {"TimeDistributed": {"layers": layers, "freeze_batch_norm": True}}
    found = load([timed], input=VIDEO, head=[{"TimeDistributed": ["Flatten"]}, {"LSTM": {"units": 1}}])
    assert codes(found) == ["no-effect"]


def test_preprocess_input_needs_the_channels_that_it_knows() -> None:
    grey = {"kind": "image", "shape": [64, 64, 1]}
    of = {"weights": None, "include_top": False, "preprocess_input": True}
    assert codes(load([{"ResNet50": of}], input=grey)) == ["preprocess-channels"]
    assert codes(load([{"MobileNetV2": of}], input=grey)) == []


def test_preprocess_input_scales_the_pixels() -> None:
    raw: Any = {"MobileNetV2": {"weights": "imagenet", "include_top": False}}
    scaled: Any = {"MobileNetV2": {**raw["MobileNetV2"], "preprocess_input": True}}
    assert codes(load([raw])) == ["pixels-not-scaled"]
    assert codes(load([scaled])) == []
    assert codes(load([{"Rescaling": {"scale": 0.004}}, scaled])) == ["pixels-scaled-twice"]


def test_phases_by_inner_layers() -> None:
    thawed = fit({"name": "a", "freeze": ["branches.x", "head"]}, {"name": "b", "unfreeze": ["branches.x.base.block_16_expand"]})
    assert [each.facts for each in load([net()], **thawed).diagnostics if each.code.name == "phase-trains-nothing"] == [
        {"name": "a"}
    ]
    held = fit({"name": "a", "freeze": ["head", "branches.x.base.Conv_1"]})
    # What is left are the gammas and betas of the last batch norm, which are held.
    assert "phase-trains-nothing" in codes(load([net(freeze_batch_norm=True)], **held))
    assert "phase-trains-nothing" not in codes(load([net()], **held))


@pytest.mark.parametrize(
    ("address", "codes_"),
    [
        ("branches.x.base.block_3_expand", []),
        ("branches.x.base.out_relu", ["no-effect"]),
        ("branches.x.base.b", ["unknown-address"]),
    ],
)
def test_multipliers_by_inner_layers(address: str, codes_: list[str]) -> None:
    section = {"optimizer": "sgd", "loss": "mse", "learning_rate_multipliers": {address: 0.1}}
    found = [each for each in codes(load([net()], compile=section)) if each != "multipliers-and-callbacks"]
    assert found == codes_


def test_branches_that_share_a_backbone_have_the_outputs_of_both() -> None:
    spec = {
        "version": 1,
        "name": "t",
        "branches": {"a": {"input": IMAGE, "layers": [net()]}, "b": {"input": IMAGE, "share_layers_with": "a"}},
        "fusion": [
            {"name": "f", "strategy": "concat", "inputs": ["a.base.block_3_expand", "b.base.block_4_expand"], "layers": []}
        ],
        "head": POOLED,
    }
    spec["fusion"][0]["inputs"] = ["a.base.block_4_expand", "b.base.block_5_expand"]  # type: ignore[index]
    found = cnnlstm_spec.load(json.dumps(spec))
    assert codes(found) == [] and found.typed is not None
    ops = [each.node.op for each in found.typed.nodes.values() if isinstance(each.node.op, Backbone)]
    assert [op.taps for op in ops] == [("block_4_expand", "block_5_expand")] * 2 and not any(op.whole for op in ops)
