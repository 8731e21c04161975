"""What is said besides the first line: the other end of a mismatch, and the ways out, which must lead out."""

from __future__ import annotations

import pytest
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.ops import list_known_layers
from cnnlstm_spec.ops import structural as structure
from cnnlstm_spec.ops.fusions.residual import ResidualAdd
from cnnlstm_spec.ops.fusions.table import STRATEGIES
from cnnlstm_spec.text.diagnostic import LONGEST, Diagnostic
from cnnlstm_spec.text.render import describe_counts
from cnnlstm_spec.text.source import Source

KINDS = {
    "vector": "{kind: vector, shape: [10]}",
    "sequence": "{kind: sequence, shape: [20, 8]}",
    "image": "{kind: image, shape: [32, 32, 3]}",
    "video": "{kind: video, shape: [6, 32, 32, 3]}",
}


def text(layers: str, kind: str = "sequence", more: str = "", head: str = "[]") -> str:
    """A spec of one branch `a`, whose layers stand on line 5."""
    return f"version: 1\nname: t\nbranches:\n  a: {{input: {KINDS.get(kind, kind)}, layers:\n  {layers}}}\nhead: {head}\n{more}"


def only(spec: str) -> Diagnostic:
    """The one finding."""
    (found,) = load(spec).diagnostics
    return found


def shown(found: Diagnostic) -> str:
    """What the span of a finding covers."""
    span = found.place.span
    return span.source.text[span.start : span.end]


@pytest.mark.parametrize(
    ("kind", "layers", "origin"),
    [
        (
            "sequence",
            "[{LSTM: {units: 8, return_sequences: true}}, {Dropout: {rate: 0.1}}, {Conv2D: {filters: 2, kernel_size: 3}}]",
            "LSTM",
        ),
        ("sequence", "[BatchNormalization, {Conv2D: {filters: 2, kernel_size: 3}}]", "[20, 8]"),
        ("video", "[TimeDistributed: [{Conv2D: {filters: 8, kernel_size: 3}}], MaxPooling2D]", "TimeDistributed"),
        ("sequence", "[TimeDistributed: [{LSTM: {units: 4}}]]", "TimeDistributed"),
    ],
)
def test_the_other_end_is_where_the_size_was_made(kind: str, layers: str, origin: str) -> None:
    found = only(text(layers, kind))
    (label,) = found.labels
    span = label.place.span
    assert span.source.text[span.start : span.end] == origin
    assert found.code.name == "wrong-rank" and f"`{origin if origin[0] != '[' else 'a'}` gives" in found.message


def test_no_message_names_what_nobody_wrote() -> None:
    """The names that a node without a layer of its own has in messages."""
    here = (structure.EnterTime, structure.LeaveTime, structure.Projection, structure.Output)
    hidden = (*here, ResidualAdd)
    assert {op for op in vars(structure).values() if isinstance(op, type) and op.__module__ == structure.__name__} == {
        structure.Fold,
        *here,
    }
    written = {*list_known_layers(), *STRATEGIES, "TimeDistributed", "Residual", "projection", "head"}
    assert {op.title() for op in hidden} <= written


@pytest.mark.parametrize(
    ("kind", "layers", "help"),
    [
        (
            "sequence",
            "[{LSTM: {units: 4}}, GlobalAveragePooling1D]",
            "`return_sequences: true` on the `LSTM` of line 5 gives its steps",
        ),
        (
            "sequence",
            "[{GRU: {units: 4}}, {MultiHeadAttention: {num_heads: 2, key_dim: 4}}]",
            "`return_sequences: true` on the `GRU`",
        ),
        (
            "sequence",
            "[{LSTM: {units: 4, return_sequences: true}}, {RepeatVector: {n: 3}}]",
            "`return_sequences: false` on the `LSTM`",
        ),
        (
            "sequence",
            "[TimeDistributed: [{LSTM: {units: 4}}]]",
            "take it out of `TimeDistributed:`, which gives it each of the steps",
        ),
        ("sequence", "[{Conv1D: {filters: 4, kernel_size: 3}}, GlobalAveragePooling2D]", "`GlobalAveragePooling1D` reads 2 axes"),
        ("image", "[ConvLSTM2D: {filters: 8, kernel_size: 3}]", "read a `video`, whose first axis is the missing one"),
        ("video", "[MaxPooling2D]", "put it inside `TimeDistributed:` to run it on each of the frames"),
    ],
)
def test_of_a_rank(kind: str, layers: str, help: str) -> None:
    assert only(text(layers, kind)).help[0].startswith(help)


@pytest.mark.parametrize(
    ("spec", "key", "help"),
    [
        (text("[{Dropout: {p: 0.5}}]"), "p", "did you mean `rate`?"),
        (text("[{Bidirectional: {units: 4}}]"), "units", "`Bidirectional` needs `layer`, which is a recurrent layer such as"),
        (text("[]").replace("head:", "outputs:"), "outputs", "the spec needs `head`"),
        (text("[]", more="layers: 3\n"), "layers", "layers stand in a branch: `branches: {x: "),
        (text("[]", more="batchsize: many\n"), "batchsize", "did you mean `batch_size`?"),
        (
            text("[]", head="[Flatten, {Dense: {units: 1}}]", more="compile: {loss: mse, learning_rate: 0.1, optimizer: sgd}\n"),
            "learning_rate",
            "it is an argument of the optimizer: `optimizer: {SGD: {learning_rate: 0.1}}`",
        ),
        (text("[]", more="compile: {loss: {Huber: {dleta: big}}}\n"), "dleta", "did you mean `delta`?"),
        (text("[]", more="fusion: {strateg: concat}\n"), "strateg", "did you mean `strategy`?"),
        (text("[]", more="fusion: {how: concat}\n"), "how", "`fusion` needs `strategy`"),
    ],
)
def test_one_slip_is_one_finding_at_the_key(spec: str, key: str, help: str) -> None:
    found = only(spec)
    assert found.code.name == "unknown-key" and shown(found) == key
    assert found.help[0].startswith(help)


HEADS = """\
version: 1
name: t
branches: {a: {input: {kind: vector, shape: [4]}}, b: {input: {kind: vector, shape: [4]}}}
fusion: {strategy: add}
heads: {alpha: [{Dense: {units: 1}}], beta: [{Dense: {units: 1}}]}
"""


def test_a_misspelt_head_is_not_missing_too() -> None:
    assert only(HEADS + "compile: {loss: {alpha: mse, bete: mse}}").help == ("did you mean `beta`?",)
    assert only(HEADS + "compile: {loss: {alpha: mse, x: mse}}").help == ("did you mean `beta`?",)


def test_a_mistake_hides_no_other() -> None:
    spec = HEADS.replace("{strategy: add}", "{strategy: ad, inputs: [a, bb], unit: 3}")
    assert [(each.code.name, shown(each)) for each in load(spec).diagnostics] == [
        ("unknown-choice", "ad"),
        ("unknown-reference", "bb"),
        ("unknown-key", "unit"),
    ]
    found = load(HEADS + "budget: {params: 1, macs: 1, activation_memory: 1KB}\n").diagnostics
    assert [each.code.name for each in found] == ["over-budget", "over-budget", "wrong-type"]


@pytest.mark.parametrize(
    ("override", "at", "help"),
    [
        ("seed=999999999999999999999999999999", "999999999999999999999999999999", "write a smaller number"),
        ("vars.width=3", "width", "no `$width` is written in the spec"),
        ("compile.optimizer.learning_rate=0.1", "optimizer", "add `loss:`, or leave `compile` out"),
        (
            "compile.loss.from_logits=true",
            "loss",
            "it is not written; set the whole of it: `compile.loss={Name: {argument: value}}`",
        ),
        ("targets.hed.encoding=real", "hed", "did you mean `head`?"),
        ("branches.a.layers[0].LSTM.units=2", "LSTM", "class names are not written in a path: `branches.a.layers[0].units=...`"),
        ("branches.a.layers[0].unts=2", "unts", "did you mean `units`?"),
    ],
)
def test_of_an_override(override: str, at: str, help: str) -> None:
    (found,) = load(text("[{LSTM: {units: 4}}]"), [override]).diagnostics
    assert (shown(found), found.help) == (at, (help,))


@pytest.mark.parametrize("written", [True, False])
def test_a_wrong_key_of_a_matrix_is_one_finding(written: bool) -> None:
    spec = text("[{LSTM: {units: 4}}]", more='matrix: {"branches.a.layers[0].unts": [1, 2]}\n' if written else "")
    prepared = sweep(Source("t.yaml", spec), matrix=() if written else ("branches.a.layers[0].unts=[1, 2]",))
    found = [each for _, compilation in prepared.find_all() for each in compilation.diagnostics]
    assert [(each.code.name, shown(each)) for each in found] == [("unknown-key", "unts")] * 2
    assert len({each.place.span for each in found}) == 1


@pytest.mark.parametrize(
    ("spec", "code", "help"),
    [
        (text("[]", "{kind: sequence, shape: [None, 8]}"), "wrong-type", "Python's `None` is `null` in YAML"),
        (text("[{Dense: {units: 2, activation: None}}]"), "wrong-type", "Python's `None` is `null` in YAML"),
        (text("[]", "{kind: image, shape: [28, 28]}"), "input-axes", "for one channel, as in grey images, write [28, 28, 1]"),
    ],
)
def test_of_a_value(spec: str, code: str, help: str) -> None:
    found = only(spec)
    assert (found.code.name, found.help[0]) == (code, help)


def test_the_largest_size_is_named() -> None:
    found = only(text("[]", "{kind: vector, shape: [99999999999]}"))
    assert found.message == "`shape` is at most 2147483647; this is 99999999999"


def test_upper_case_where_keras_takes_it() -> None:
    layers = "[{Conv2D: {filters: 2, kernel_size: 3, padding: SAME, data_format: Channels_Last}}, {Reshape: {target_shape: [null, 64]}}]"
    compilation = load(text(layers, "image"))
    assert compilation.ok and "padding='same'" in compilation.to_python().replace('"', "'")
    assert only(text("[{MaxPooling2D: {padding: SAME}}]", "image")).code.name == "unknown-choice"


@pytest.mark.parametrize(
    ("layer", "code", "help"),
    [
        ("{CuDNNLSTM: {units: 4}}", "unknown-layer", "`LSTM` uses cuDNN by itself where it can"),
        ("{Dens: {units: 4}}", "unknown-layer", "did you mean `Dense`?"),
        ("'Dense {units: 4}'", "unknown-layer", "a colon is missing: `Dense: {argument: value}`"),
        ("Dense(4)", "unknown-layer", "write `Dense: {units: 4}`"),
        ("{Dense: {units:4}}", "unknown-key", "a space is missing after the colon: `units: 4`"),
        ("{Dense: {units: true}}", "wrong-type", "write a number, such as `units: 1`"),
        ("{Dense: {units: -1}}", "out-of-range", "1 is the least"),
        (
            "{Dense: {units: 4, activation: {LeakyReLU: {negative_slope: 0.1}}}}",
            "unknown-name",
            "it is a layer: write `- LeakyReLU: ...` after this one",
        ),
    ],
)
def test_of_a_layer(layer: str, code: str, help: str) -> None:
    found = only(text(f"[{layer}]"))
    assert (found.code.name, found.help[0]) == (code, help)


@pytest.mark.parametrize(
    ("more", "code", "help"),
    [
        ("compile: {loss: mse, optimizer: {Adam: {decay: 1e-6}}}\n", "unknown-key", "give `learning_rate` a schedule"),
        ("compile: {loss: mse, optimizer: adma}\n", "unknown-name", "did you mean `adam`?"),
        ("fusion: {layer: Dense}\n", "layer-of-one-input", "a strategy first, then `layers: [Dense: ...]`"),
    ],
)
def test_of_a_section(more: str, code: str, help: str) -> None:
    found = only(text("[]", more=more))
    assert found.code.name == code and found.help[0].startswith(help)


def test_a_function_in_arithmetic() -> None:
    found = only(text("[{Dense: {units: '${int(a)}'}}]", more="vars: {a: 4}\n"))
    assert found.message == "`${int(a)}`: `int(` calls a function; there are only + - * / // and ( )"


@pytest.mark.parametrize(
    ("spec", "at", "help"),
    [
        ("version: 1\nname: @x\n", "@", 'quote the value: "@x"'),
        ("version: 1\ndescription: 100% sure: yes\n", ":", 'quote the value: "100% sure: yes"'),
        ("version:1\nname: x\n", "1", "a space is missing after the colon: `version: 1`"),
        ("version: 1\nname: 'x\nhead: []\n", "'", "close the quote"),
        ("a: {b: [8]\nlayers: []\n", "l", "close the `{` of line 1, or put a comma between the values"),
        ("a:\n  - Dense\n - ReLU\n", "-", "no line before it is indented like it"),
        ("a:\n  -Dense: {units: 3}\n  -ReLU\nb: 1\n", "-", "a space is missing after the dash: `- Dense: {units: 3}`"),
        ("a: 1\nb\nc: 2\n", "b", "a colon is missing: `key: value`"),
        ("a: 1\n  b: 2\n", ":", "its line is indented deeper than the one before it"),
        ("a: {b: ${c}}\n", "{", 'quote it in a flow mapping: "${c}"'),
        ("a: {b: [\n", "", "close every bracket"),
    ],
)
def test_of_what_is_not_yaml(spec: str, at: str, help: str, request: pytest.FixtureRequest) -> None:
    found = only(spec)
    hold_told([found], request)
    assert found.code.name == "not-yaml" and shown(found) == at
    assert found.help[0].startswith(help)


def test_first_lines_are_bounded() -> None:
    """Whatever a person writes; what is ours has 80 columns."""
    name = "x" * 900
    layers = f"[{{{name}: {{}}}}, {{Dense: {{units: {name}, {name}: 1}}}}, {{Dense: {{units: '${{({name}}}'}}}}, $y{name}]"
    found = load(text(layers, more=f"compile: {{loss: {name}}}\n{name}: 1\n")).diagnostics
    assert len(found) >= 6 and all(len(each.message) <= LONGEST for each in found)


def test_findings_that_are_not_shown_are_counted() -> None:
    found = load(text(f"[{', '.join(['Dens'] * 1000)}]")).diagnostics
    assert len(found) == 201 and describe_counts(found, 1) == "1000 errors in 1 file"
