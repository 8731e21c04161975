"""`--set`: where a path leads, what it may set, and what is said where it leads nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.edits.overrides import apply, is_override
from cnnlstm_spec.text.nodes import to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Source

SPEC = """
version: 1
name: m
vars: {width: 8, stack: [{Dense: {units: 3}}]}
blocks:
  small:
    parameters: {units: 4}
    layers:
      - Dense: {units: $units}
branches:
  video:
    input: {kind: video, shape: [4, 8, 8, 3]}
    layers:
      - TimeDistributed:
          - Conv2D: {filters: 4, kernel_size: 3}
          - Flatten
      - LSTM: {units: $width, name: rnn}
      - Residual:
          layers:
            - Dense: {units: 8, name: inner}
      - Parallel:
          name: both
          paths:
            P: [{Dense: {units: 2, name: wide}}]
            Quiet: []
          merge: concat
      - Repeat: {times: 2, layers: [{Dense: {units: 8, name: again}}]}
      - small
      - Bidirectional: {layer: LSTM}
  plain:
    input: {kind: vector, shape: [5]}
    layers: $stack
fusion:
  - {name: all, strategy: concat, layers: [{Dense: {units: 2, name: mixed}}]}
head:
  - Flatten
  - Dense: {units: 1, name: out}
compile:
  optimizer: adam
  loss: {MeanSquaredError: {}}
  metrics: [{AUC: {name: auc}}]
"""


def document(*overrides: str, spec: str = SPEC) -> tuple[Any, list[Diagnostic]]:
    node, found = parse(Source("spec", spec))
    assert node is not None and not found
    return to_value(apply(node, overrides, found)), found


def at(data: Any, *steps: str | int) -> Any:
    for step in steps:
        data = data[step]
    return data


VIDEO = ("branches", "video", "layers")


@pytest.mark.parametrize(
    ("override", "steps", "value"),
    [
        ("vars.width=128", ("vars", "width"), 128),
        ("vars.width=1e-3", ("vars", "width"), 1e-3),
        ("seed=3", ("seed",), 3),
        ("branches.video.input.shape[0]=frames", ("branches", "video", "input", "shape", 0), "frames"),
        ("branches.video.input.padding_value=0.0", ("branches", "video", "input", "padding_value"), 0.0),
        ("branches.video.layers[0].layers[0].filters=6", (*VIDEO, 0, "TimeDistributed", 0, "Conv2D", "filters"), 6),
        ("branches.video.layers[0].name=td", (*VIDEO, 0, "TimeDistributed", "name"), "td"),
        ("branches.video.layers[0].layers[1].name=f", (*VIDEO, 0, "TimeDistributed", 1, "Flatten", "name"), "f"),
        ("branches.video.rnn.units=16", (*VIDEO, 1, "LSTM", "units"), 16),
        ("branches.video.layers[1].dropout=0.5", (*VIDEO, 1, "LSTM", "dropout"), 0.5),
        ("branches.video.inner.units=16", (*VIDEO, 2, "Residual", "layers", 0, "Dense", "units"), 16),
        ("branches.video.layers[2].shortcut=projection", (*VIDEO, 2, "Residual", "shortcut"), "projection"),
        ("branches.video.layers[3].paths.P[0].units=16", (*VIDEO, 3, "Parallel", "paths", "P", 0, "Dense", "units"), 16),
        ("branches.video.wide.units=16", (*VIDEO, 3, "Parallel", "paths", "P", 0, "Dense", "units"), 16),
        ("branches.video.both.merge=add", (*VIDEO, 3, "Parallel", "merge"), "add"),
        ("branches.video.both.merge.units=3", (*VIDEO, 3, "Parallel", "merge"), {"strategy": "concat", "units": 3}),
        ("branches.video.layers[4].times=5", (*VIDEO, 4, "Repeat", "times"), 5),
        ("branches.video.again.units=5", (*VIDEO, 4, "Repeat", "layers", 0, "Dense", "units"), 5),
        ("branches.video.layers[5].units=5", (*VIDEO, 5), {"small": {"units": 5}}),
        ("branches.video.layers[6].layer.units=5", (*VIDEO, 6, "Bidirectional", "layer"), {"LSTM": {"units": 5}}),
        ("branches.video.layers[6]={Dense: {units: 3}}", (*VIDEO, 6), {"Dense": {"units": 3}}),
        ("branches.plain.layers[0].units=9", ("branches", "plain", "layers", 0, "Dense", "units"), 9),
        ("blocks.small.layers[0].units=9", ("blocks", "small", "layers", 0, "Dense", "units"), 9),
        ("fusion[0].strategy=attention", ("fusion", 0, "strategy"), "attention"),
        ("fusion.all.units=4", ("fusion", 0, "units"), 4),
        ("fusion.all.mixed.units=4", ("fusion", 0, "layers", 0, "Dense", "units"), 4),
        ("head[1].units=4", ("head", 1, "Dense", "units"), 4),
        ("head.out.units=4", ("head", 1, "Dense", "units"), 4),
        ("head.inputs=[video]", ("head", "inputs"), ["video"]),
        ("compile.optimizer=sgd", ("compile", "optimizer"), "sgd"),
        ("compile.optimizer.learning_rate=0.1", ("compile", "optimizer"), {"adam": {"learning_rate": 0.1}}),
        ("compile.loss.reduction=sum", ("compile", "loss"), {"MeanSquaredError": {"reduction": "sum"}}),
        ("compile.metrics[0].name=area", ("compile", "metrics", 0), {"AUC": {"name": "area"}}),
        ("compile.jit_compile=false", ("compile", "jit_compile"), False),
        ("budget.params=5M", ("budget", "params"), "5M"),
        ("description=", ("description",), None),
    ],
)
def test_paths(override: str, steps: tuple[str | int, ...], value: object) -> None:
    before, _ = document()
    data, found = document(override)
    assert not found
    assert at(data, *steps) == value
    assert data != before


UNWRITTEN = """\
version: 1
name: t
vars: {w: 3}
branches: {x: {input: {kind: sequence, shape: [5, 4]}, layers: [{LSTM: {units: $w}}]}}
head: [{Dense: {units: 1, name: out}}]
compile: {loss: mse}
"""


@pytest.mark.parametrize(
    ("overrides", "printed"),
    [
        (("compile.optimizer.clipnorm=0.5",), "optimizer=keras.optimizers.RMSprop(clipnorm=0.5)"),
        (
            ("compile.optimizer.clipnorm=0.5", "compile.optimizer.learning_rate=0.25"),
            "optimizer=keras.optimizers.RMSprop(clipnorm=0.5, learning_rate=0.25)",
        ),
        (("compile.optimizer.clipnorm=0.5", "compile.optimizer=adam"), 'optimizer="adam"'),
        (("head.out.kernel_initializer.seed=7",), "kernel_initializer=keras.initializers.GlorotUniform(seed=7)"),
        (
            ("branches.x.layers[0].recurrent_initializer.gain=2",),
            "recurrent_initializer=keras.initializers.Orthogonal(gain=2.0)",
        ),
        (("compile.metrics.head=[mae]",), 'metrics=["mae"]'),
    ],
)
def test_an_argument_of_what_is_not_written(overrides: tuple[str, ...], printed: str) -> None:
    """An object that has a default is that one, with the argument."""
    compilation = load(UNWRITTEN, overrides=overrides)
    assert not compilation.diagnostics and printed in " ".join(compilation.to_python().split())


def test_targets_that_are_not_written() -> None:
    compilation = load(UNWRITTEN, overrides=("targets.head.encoding=real",))
    assert not compilation.diagnostics and compilation.spec is not None
    assert [(each.head, each.target.encoding) for each in compilation.spec.targets] == [("head", "real")]


@pytest.mark.parametrize(
    ("override", "message", "help"),
    [
        (
            "compile.optimizer.Adam.clipnorm=1",
            "the spec has no `compile.optimizer`",
            "it is not written; set the whole of it: `compile.optimizer={Adam: {clipnorm: value}}`",
        ),
        (
            "head.out.kernel_regularizer.l2=1",
            "the spec has no `head[0].kernel_regularizer`",
            "it is not written; set the whole of it: `head[0].kernel_regularizer={Name: {argument: value}}`",
        ),
        ("compile.optimizer.clipnrm=1", "`RMSprop` has no key `clipnrm`", "did you mean `clipnorm`?"),
        ("compile.optimiser.clipnorm=1", "the spec has no `compile.optimiser`", "did you mean `compile.optimizer`?"),
        ("w=3", "the spec has no key `w`", "it is a variable: `--set vars.w=3`"),
        ("head.out.bias_initializer.value=1", "`Zeros` has no key `value`", None),
    ],
)
def test_what_cannot_be_set_in_what_is_not_written(override: str, message: str, help: str | None) -> None:
    (found,) = load(UNWRITTEN, overrides=(override,)).diagnostics
    assert (found.message, found.help) == (message, () if help is None else (help,))


@pytest.mark.parametrize(
    ("override", "column", "path", "help"),
    [
        ("branches.vidoe.layers[0].units=1", 10, "branches.vidoe", "did you mean `branches.video`?"),
        ("branches.video.layers[7].units=1", 23, "branches.video.layers[7]", "it has 7 items, counted from [0]"),
        ("branches.video.rnnn.units=1", 16, "branches.video.rnnn", "did you mean `branches.video.rnn`?"),
        (
            "branches.video.layers[3].paths.Quite[0].units=1",
            32,
            "branches.video.layers[3].paths.Quite",
            "did you mean `branches.video.layers[3].paths.Quiet`?",
        ),
        ("vars.widht=1", 6, "vars.widht", "did you mean `vars.width`?"),
        (
            "compile.optimizer.Adam.learning_rate=1",
            19,
            "compile.optimizer.Adam",
            "class names are not written in a path: `compile.optimizer.learning_rate=...`",
        ),
        (
            "branches.video.layers[1].LSTM.units=1",
            26,
            "branches.video.layers[1].LSTM",
            "class names are not written in a path: `branches.video.layers[1].units=...`",
        ),
        ("fusion.al.units=1", 8, "fusion.al", "did you mean `fusion.all`?"),
        ("head[0][1]=1", 9, "head[0][1]", "there is no list"),
        ("name.first=1", 6, "name.first", None),
        ("branchs.video.layers[0].units=1", 1, "branchs", "did you mean `branches`?"),
    ],
)
def test_a_path_that_leads_nowhere(
    override: str, column: int, path: str, help: str | None, request: pytest.FixtureRequest
) -> None:
    data, found = document(override)
    (diagnostic,) = found
    hold_told(found, request)
    assert diagnostic.message == f"the spec has no `{path}`"
    assert diagnostic.help == ((help,) if help else ())
    span = diagnostic.place.span
    assert span.source.text == override and span.source.find_position(span.start) == (1, column)
    assert data == document()[0]


def test_a_variable_that_the_spec_uses_may_be_given_alone() -> None:
    spec = "version: 1\nhead: [{Dense: {units: $width}}]\n"
    data, found = document("vars.width=3", spec=spec)
    assert not found and data["vars"] == {"width": 3}


def test_later_ones_win() -> None:
    assert document("seed=1", "seed=2")[0]["seed"] == 2


def test_only_the_path_changes_where_an_anchor_is_used_twice() -> None:
    spec = "x-a: &a {units: 3}\nhead: [{Dense: *a}, {Dense: *a}]\n"
    data, _ = document("head[0].units=5", spec=spec)
    assert data["head"] == [{"Dense": {"units": 5}}, {"Dense": {"units": 3}}]


@pytest.mark.parametrize("value", ["[1", "*x", "!!python/object:os.system x", "010", "a: 1\na: 2"])
def test_a_value_that_is_not_yaml_is_shown_at_its_place(value: str, request: pytest.FixtureRequest) -> None:
    data, found = document(f"seed={value}")
    hold_told(found, request)
    assert found and data == document()[0]
    for diagnostic in found:
        span = diagnostic.place.span
        assert span.source.name == "--set" and len("seed=") <= span.start <= span.end <= len(span.source.text) + 1


def test_what_is_set_is_checked_like_what_is_written() -> None:
    overrides = ("branches.video.rnn.units=many", "branches.video.rnn.unitz=3")
    found = compile_source(Source("spec", SPEC), overrides).diagnostics
    shown = {(each.code.name, each.place.span.source.text[each.place.span.start : each.place.span.end]) for each in found}
    assert {("wrong-type", "many"), ("unknown-key", "unitz")} <= shown


def test_python_values() -> None:
    node, found = parse(Source("spec", SPEC))
    assert node is not None
    data = to_value(apply(node, {"vars.width": 5, "branches.video.layers": [{"LSTM": {"units": 2}}]}, found))
    assert not found
    assert at(data, "vars", "width") == 5 and at(data, *VIDEO) == [{"LSTM": {"units": 2}}]


@pytest.mark.parametrize("text", ["vars.width", "=3", "a..b=1", "a[x]=1", "a b=1", "", ".a=1", "a[1]b=1", "[0]=1"])
def test_forms_that_are_none(text: str) -> None:
    assert not is_override(text)
    node, found = parse(Source("spec", SPEC))
    assert node is not None
    apply(node, (text,), found)
    assert [each.code.name for each in found] == ["unclear-override"]
