"""Specs that are too large, too deep or too many, each by another key: a finding, soon, and nothing that grows without end."""

from __future__ import annotations

import ast
import sys
from threading import Thread
from time import process_time

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.compiler.dump import dump

SECONDS = 5
"""Of a processor, for everything about one spec; a second or two where the machine is not busy."""


def spec(layers: str, shape: str = "[4]", kind: str = "vector", before: str = "", after: str = "") -> str:
    branch = f"branches: {{a: {{input: {{kind: {kind}, shape: {shape}}}, layers: [{layers}]}}}}"
    return f"version: 1\nname: t\n{before}{branch}\nhead: []\n{after}"


def branches(count: int, fusion: str, shape: str = "[4]", kind: str = "vector", more: str = "") -> str:
    listed = "".join(f"  b{i}: {{input: {{kind: {kind}, shape: {shape}{more}}}}}\n" for i in range(count))
    return f"version: 1\nname: t\nbranches:\n{listed}fusion: {fusion}\nhead: []\n"


def stages(count: int) -> str:
    listed = "".join(f"  - {{name: f{i}, strategy: add}}\n" for i in range(count))
    return branches(count, "\n" + listed)


def variables(count: int, value: str, last: str) -> str:
    return "vars:\n" + "".join(f"  v{i}: {value % {'next': f'$v{i + 1}'}}\n" for i in range(count)) + f"  v{count}: {last}\n"


SHARING = "version: 1\nname: t\nbranches:\n  b0: {input: {kind: vector, shape: [4]}, layers: [" + "ReLU, " * 30 + "]}\n"
SHARING += "".join(f"  b{i}: {{input: {{kind: vector, shape: [4]}}, share_layers_with: b0}}\n" for i in range(1, 2000))
SHARING += "fusion: {strategy: add}\nhead: []\n"
CHAINED = "version: 1\nname: t\nbranches:\n  b0: {input: {kind: vector, shape: [4]}, layers: [ReLU]}\n"
CHAINED += "".join(
    f"  b{i}: {{input: {{kind: vector, shape: [4]}}, share_layers_with: b{i - 1}, layers: [ReLU]}}\n" for i in range(1, 500)
)
CHAINED += "fusion: {strategy: add}\nhead: []\n"
EACH, NEST = "{Repeat: {each: {x: $v0}, layers: [ReLU]}}", "{Residual: {layers: $v0}}"
REFUSED = {
    "values that double": (spec(EACH, before=variables(60, "[%(next)s, %(next)s]", "4")), "aliases-too-large"),
    "values in values": (spec(EACH, before=variables(2000, "[%(next)s]", "4")), "nested-too-deep"),
    "values that hold themselves": (spec(EACH, before="vars: {v0: [$v0, $v0]}\n"), "nested-too-deep"),
    "layers that double": (
        spec(NEST, before=variables(40, "[{Residual: {layers: %(next)s}}, {Residual: {layers: %(next)s}}]", "[ReLU]")),
        "too-many-layers",
    ),
    "layers that hold themselves": (
        spec(NEST, before="vars: {v0: [{Residual: {layers: $v0}}, {Residual: {layers: $v0}}]}\n"),
        "nested-too-deep",
    ),
    "a wrapper that holds itself": (spec("$v", before="vars: {v: {SpectralNormalization: {layer: $v}}}\n"), "nested-too-deep"),
    "a schedule that holds itself": (
        spec(
            "ReLU",
            before="vars: {v: {CosineDecay: {initial_learning_rate: $v, decay_steps: 3}}}\n",
            after="compile: {loss: mse, optimizer: {Adam: {learning_rate: $v}}}\n",
        ),
        "wrong-type",
    ),
    "layers in the text": (spec("ReLU, " * 30_000), "too-many-layers"),
    "layers that are shared": (SHARING, "graph-too-large"),
    "layers that are shared in a chain": (CHAINED, "graph-too-large"),
    "stages of all branches": (stages(600), "graph-too-large"),
    "a size": (
        spec("{Repeat: {times: 500, layers: [{UpSampling1D: {size: 1000000}}]}}", "[3, 4]", "sequence"),
        "tensor-too-large",
    ),
    "an open size": (
        spec("{Repeat: {times: 500, layers: [{UpSampling1D: {size: 1000000}}]}}", "[t, 4]", "sequence"),
        "tensor-too-large",
    ),
    "a weight": (spec("{Dense: {units: 999999999999}}, {Dense: {units: 999999999999}}"), "tensor-too-large"),
    "elements": (
        spec("Flatten", "[" + "10, " * 30 + "]", "tensor, axes: [" + ", ".join(f"x{i}" for i in range(30)) + "]"),
        "tensor-too-large",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, code = REFUSED[name]
    started = process_time()
    compilation = load(text)
    assert code in {each.code.name for each in compilation.diagnostics}
    assert len([each for each in compilation.diagnostics if each.code.name == code]) < 3
    compilation.to_svg()
    dump(compilation, "typed", "default")
    assert process_time() - started < SECONDS


STRATEGIES = ("concat", "add", "gated", "learned_weights", "attention")
MASKED = ", padding_value: 0.0"
BACKBONES = (
    "version: 1\nname: t\nbranches:\n"
    + "".join(
        f"  b{i}: {{input: {{kind: image, shape: [64, 64, 3]}}, layers: [{{ResNet50: {{weights: null, include_top: false, pooling: avg}}}}]}}\n"
        for i in range(300)
    )
    + "fusion: {strategy: concat}\nhead: []\n"
)
ACCEPTED = {
    **{f"{each} over many": branches(600, f"{{strategy: {each}}}") for each in STRATEGIES},
    **{f"{each} over many masks": branches(300, f"{{strategy: {each}}}", "[t, 4]", "sequence", MASKED) for each in STRATEGIES},
    "attention over steps": branches(300, "{strategy: cross_attention, query: b0}", "[t, 4]", "sequence", MASKED),
    "backbones": BACKBONES,
    "a name as Keras numbers operations": spec("{ReLU: {name: take_99999999999}}, {ReLU: {name: add_400000}}"),
    "defaults that rest on each other": spec(
        "b, b, b",
        before="blocks:\n  b:\n    parameters: {p0: 4, "
        + ", ".join(f"p{i}: $p{i - 1}" for i in range(1, 90))
        + "}\n    layers: [{Dense: {units: $p89}}]\n",
    ),
    "many parameters": spec(
        "b, " * 200,
        before="blocks: {b: {parameters: {"
        + ", ".join(f"p{i}: {i + 1}" for i in range(500))
        + "}, layers: [{Dense: {units: $p3}}]}}\n",
    ),
    "a long name": spec(f"{{ReLU: {{name: {'x' * 100_000}}}}}"),
    "heads": "version: 1\nname: t\nbranches: {a: {input: {kind: vector, shape: [4]}}}\nheads:\n"
    + "".join(f"  h{i}: []\n" for i in range(400))
    + "expect:\n"
    + "".join(f"  heads.h{i}: [4]\n" for i in range(400)),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    """What is many and no mistake is read, emitted as source that Python takes, and drawn."""
    started = process_time()
    compilation = load(ACCEPTED[name])
    assert compilation.ok, compilation.diagnostics[0].message
    depth = max(map(_depth, ast.walk(ast.parse(compilation.to_python()))), default=0)
    assert depth < 200, "Python itself takes no source that is nested without end"
    compilation.to_svg()
    assert process_time() - started < SECONDS


def _depth(node: ast.AST) -> int:
    """How deep operators and calls stand in each other at their left, and in their first arguments."""
    depth = 0
    while isinstance(node, ast.BinOp | ast.Call):
        node = node.left if isinstance(node, ast.BinOp) else node.args[0] if node.args else node.func
        depth += 1
    return depth


@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("path", ["branches.a." + "layers." * 3000 + "x", "branches.a.x.units", "vars.v0" + "[0]" * 500])
def test_paths_into_variables_that_hold_themselves(path: str) -> None:
    text = spec("$v0", before="vars: {v0: [{Residual: {layers: $v0}}, {Residual: {layers: $v0}}]}\n")
    started = process_time()
    assert "unknown-path" in {each.code.name for each in load(text, (f"{path}=1",)).diagnostics}
    assert process_time() - started < SECONDS


HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


def test_an_override_that_holds_itself() -> None:
    with pytest.raises(TypeError, match="nested more than 64 levels deep"):
        load(spec("ReLU"), {"vars.x": HOLDS_ITSELF})


@pytest.mark.parametrize(
    "text",
    [
        spec(
            "{Residual: {layers: $v200}}",
            before="vars:\n  v0: [ReLU]\n" + "".join(f"  v{i}: [{{Residual: {{layers: $v{i - 1}}}}}]\n" for i in range(1, 201)),
        ),
        spec(
            "b45",
            before="blocks:\n  b0: {layers: [ReLU]}\n"
            + "".join(f"  b{i}: {{layers: [{{Residual: {{layers: [b{i - 1}]}}}}]}}\n" for i in range(1, 46)),
        ),
    ],
)
def test_the_deepest_needs_two_thirds_of_the_calls_of_python(text: str) -> None:
    """So that `load` never raises where it is called from far down."""
    deep: list[bool] = []

    def read() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(650)
        try:
            compilation = load(text)
            compilation.to_svg()
            deep.append("nested-too-deep" in {each.code.name for each in compilation.diagnostics})
        finally:
            sys.setrecursionlimit(limit)

    thread = Thread(target=read)
    thread.start()
    thread.join()
    assert deep == [True]
