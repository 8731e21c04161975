"""Every strategy of fusion against a plain NumPy reading of its definition: values, weights, shapes, and masks."""

from __future__ import annotations

import textwrap
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.text.source import Source

keras = pytest.importorskip("keras")
numpy = pytest.importorskip("numpy", reason="every test here needs Keras, which brings it")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

Array = Any
SHAPES = {"vector": "[4]", "sequence": "[5, 4]", "unknown": "[steps, 4]"}


def spec(inputs: dict[str, str], fusion: str, head: str = "[]", **more: str) -> str:
    """A spec of branches by name, each `{kind: ..., shape: ...}` and perhaps `; layers`, and one fusion."""
    branches = ""
    for name, text in inputs.items():
        input, _, layers = text.partition(";")
        branches += f"  {name}:\n    input: {input}\n" + (f"    layers: {layers}\n" if layers else "")
    rest = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"version: 1\nname: t\nbranches:\n{branches}fusion: {fusion}\nhead: {head}\n{rest}"


def compiled(text: str) -> Compilation:
    compilation = compile_source(Source("t.yaml", textwrap.dedent(text)))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    return compilation


def built(compilation: Compilation, scale: float = 1.0) -> Any:
    """The model with weights drawn at random; it has as many as are counted, and the shape that was inferred."""
    keras.backend.clear_session(free_memory=False)
    model = compilation.to_keras()
    typed = compilation.typed
    assert typed is not None and model.count_params() == typed.params
    assert sum(int(numpy.prod(w.shape)) for w in model.trainable_variables) == typed.trainable_params
    rng = numpy.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape).astype(w.dtype) * scale for w in model.get_weights()])
    by_layer = {layer.name: layer for layer in model.layers}
    for node in typed.nodes.values():
        for part in {weight.within for weight in node.weights}:
            own = [weight.shape for weight in node.weights if weight.within == part]
            assert [tuple(w.shape) for w in by_layer[node.node.layer + part].weights] == own
    output = typed.nodes[typed.graph.outputs["head"]].type
    assert output is not None
    assert tuple(model.output.shape[1:]) == tuple(s if isinstance(s, int) else None for s in output.sizes)
    assert model.output.dtype == output.dtype
    return model


def run(model: Any, data: dict[str, Array]) -> Array:
    return numpy.asarray(model(data if len(data) > 1 else next(iter(data.values()))))


def close(given: Array, wanted: Array, within: float = 1e-5) -> None:
    assert given.shape == wanted.shape
    numpy.testing.assert_allclose(given, wanted, rtol=within, atol=within)


def softmax(x: Array, axis: int = -1) -> Array:
    powers = numpy.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def attention_scores(query: Array, value: Array, weights: list[Array], mask: Array | None = None) -> Array:
    """What each query makes of each value, in each head."""
    wq, bq, wk, bk = weights[:4]
    q = numpy.einsum("...qd,dhk->...qhk", query, wq) + bq
    k = numpy.einsum("...sd,dhk->...shk", value, wk) + bk
    scores = numpy.einsum("...qhk,...shk->...hqs", q, k) / numpy.sqrt(wq.shape[-1])
    if mask is not None:
        scores = numpy.where(mask[:, None, None, :], scores, -1e9)
    return softmax(scores)


def attend(query: Array, value: Array, weights: list[Array], mask: Array | None = None) -> Array:
    """Multi-head attention over the last axis but one."""
    wv, bv, wo, bo = weights[4:]
    v = numpy.einsum("...sd,dhk->...shk", value, wv) + bv
    scores = attention_scores(query, value, weights, mask)
    return numpy.einsum("...qhk,hkd->...qd", numpy.einsum("...hqs,...shk->...qhk", scores, v), wo) + bo


def reference(strategy: str, arguments: dict[str, Any], xs: list[Array], weights: dict[str, list[Array]]) -> Array:
    """The strategy as the page defines it; `weights` are those of Keras's layers, by what their names add to `fusion`."""
    match strategy:
        case "concat":
            return numpy.concatenate(xs, axis=arguments.get("axis", -1))
        case "add":
            return sum(xs)
        case "average":
            return sum(xs) / len(xs)
        case "maximum":
            return reduce(numpy.maximum, xs)
        case "multiply":
            return reduce(numpy.multiply, xs)
        case "learned_weights":
            share = softmax(weights["_weights"][0][0])
            return sum(share[i] * x for i, x in enumerate(xs))
        case "gated":
            pairs = [weights[f"_score_{i + 1}"] for i in range(len(xs))]
            gates = softmax(numpy.concatenate([x @ v + c for x, (v, c) in zip(xs, pairs, strict=True)], axis=-1))
            return sum(gates[..., i : i + 1] * x for i, x in enumerate(xs))
        case "attention":
            tokens = numpy.stack(xs, axis=-2)
            found = attend(tokens, tokens, weights[""])
            pool = arguments.get("pool", "mean")
            if pool == "concat":
                return found.reshape(*found.shape[:-2], -1)
            return found if pool == "none" else getattr(numpy, pool)(found, axis=-2)
        case "cross_attention":
            steps = [x[:, None] if x.ndim == 2 else x for x in xs]
            found = attend(steps[0], numpy.concatenate(steps[1:], axis=1), weights[""])
            return found[:, 0] if xs[0].ndim == 2 else found
        case "bilinear":
            return (xs[0] @ weights["_first"][0]) * (xs[1] @ weights["_second"][0])
    raise ValueError(strategy)


def weights_of(model: Any, name: str = "fusion") -> dict[str, list[Array]]:
    return {layer.name.removeprefix(name): layer.get_weights() for layer in model.layers if layer.name.startswith(name)}


STRATEGIES: list[tuple[str, dict[str, Any]]] = [
    ("concat", {}),
    ("add", {}),
    ("average", {}),
    ("maximum", {}),
    ("multiply", {}),
    ("learned_weights", {}),
    ("gated", {}),
    ("attention", {}),
    ("attention", {"pool": "max", "num_heads": 2}),
    ("attention", {"pool": "concat"}),
    ("attention", {"pool": "none", "key_dim": 3}),
    ("cross_attention", {"query": "a", "num_heads": 2}),
    ("bilinear", {"units": 6}),
]
IDS = ["-".join([name, *map(str, arguments.values())]) for name, arguments in STRATEGIES]


def counts(strategy: str, arguments: dict[str, Any], n: int, d: int) -> int:
    """The weights of the page's table."""
    heads = arguments.get("num_heads", 1)
    inner = heads * arguments.get("key_dim", d // heads)
    attention = 3 * (d + 1) * inner + inner * d + d
    own = {"learned_weights": n, "gated": n * (d + 1), "attention": attention, "cross_attention": attention}
    return 2 * d * arguments["units"] if strategy == "bilinear" else own.get(strategy, 0)


def written(strategy: str, arguments: dict[str, Any], **more: Any) -> str:
    values = {"strategy": strategy, **arguments, **more}
    shown = {key: str(value).lower() if isinstance(value, bool) else value for key, value in values.items()}
    return "{" + ", ".join(f"{key}: {value}" for key, value in shown.items()) + "}"


@pytest.mark.sampled("strategy", "arguments", "kind")
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(("strategy", "arguments"), STRATEGIES, ids=IDS)
def test_strategy(strategy: str, arguments: dict[str, Any], kind: str, tmp_path: Path) -> None:
    """On one, two and three inputs: the values of the definition, the weights of the table; saved and loaded without custom code."""
    least, most = {"bilinear": (2, 2), "cross_attention": (2, 3)}.get(strategy, (1, 3))
    for n in range(least, most + 1):
        sort = "vector" if kind == "vector" else "sequence"
        names = "abc"[:n]
        compilation = compiled(
            spec(dict.fromkeys(names, f"{{kind: {sort}, shape: {SHAPES[kind]}}}"), written(strategy, arguments))
        )
        assert compilation.typed is not None and compilation.typed.params == counts(strategy, arguments, n, 4)
        model = built(compilation)
        data = draw(names, (4,) if kind == "vector" else (5, 4))
        wanted = reference(strategy, arguments, list(data.values()), weights_of(model))
        close(run(model, data), wanted)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", safe_mode=True)
    if kind == "unknown":
        data = draw(names, (7, 4))
        close(loaded.predict(data, verbose=0), reference(strategy, arguments, list(data.values()), weights_of(model)))
    else:
        close(run(loaded, data), wanted)


def draw(names: str, shape: tuple[int, ...], batch: int = 3) -> dict[str, Array]:
    rng = numpy.random.default_rng(1)
    return {name: rng.normal(size=(batch, *shape)).astype("float32") for name in names}


@pytest.mark.sampled("strategy", "arguments", "kind")
@pytest.mark.parametrize("kind", ["vector", "unknown"])
@pytest.mark.parametrize(("strategy", "arguments"), [s for s in STRATEGIES if s[0] != "bilinear"], ids=IDS[:-1])
def test_projection(strategy: str, arguments: dict[str, Any], kind: str) -> None:
    """`units` puts each input through a `Dense` of its own; `layers` come after, and the whole is a model input to no one else."""
    time = "steps, " if kind == "unknown" else ""
    sort = "vector" if kind == "vector" else "sequence"
    inputs = {name: f"{{kind: {sort}, shape: [{time}{d}]}}" for name, d in (("a", 3), ("b", 5))}
    compilation = compiled(spec(inputs, written(strategy, arguments, units=4, layers="[{Rescaling: {scale: 2.0}}]")))
    assert compilation.typed is not None
    assert compilation.typed.params == counts(strategy, arguments, 2, 4) + (3 + 1) * 4 + (5 + 1) * 4
    model = built(compilation)
    data = {name: draw("a", (6, d) if time else (d,))["a"] for name, d in (("a", 3), ("b", 5))}
    dense = [model.get_layer(f"fusion_{name}_projection").get_weights() for name in "ab"]
    xs = [x @ w + b for x, (w, b) in zip(data.values(), dense, strict=True)]
    close(run(model, data), 2 * reference(strategy, arguments, xs, weights_of(model)))


@pytest.mark.sampled("strategy", "arguments", "steps")
@pytest.mark.parametrize("steps", ["5", "steps"])
@pytest.mark.parametrize(("strategy", "arguments"), [s for s in STRATEGIES if s[0] != "cross_attention"])
def test_vector_over_time(strategy: str, arguments: dict[str, Any], steps: str) -> None:
    """`broadcast` repeats a vector over the steps; without it that is an error."""
    for names in ("va", "av"):
        shapes = {"a": f"{{kind: sequence, shape: [{steps}, 4]}}", "v": "{kind: vector, shape: [4]}"}
        inputs = {name: shapes[name] for name in names}
        refused = compile_source(Source("t.yaml", spec(inputs, written(strategy, arguments))))
        assert not refused.ok and len(refused.diagnostics) == 1
        model = built(compiled(spec(inputs, written(strategy, arguments, broadcast=True))))
        given = {"a": draw("a", (5, 4))["a"], "v": draw("v", (4,))["v"]}
        xs = [numpy.broadcast_to(given[n][:, None], (3, 5, 4)) if n == "v" else given[n] for n in names]
        close(run(model, {n: given[n] for n in names}), reference(strategy, arguments, xs, weights_of(model)))


@pytest.mark.sampled("size", "strategy")
@pytest.mark.parametrize("size", ["3, 2", "height, width", "null, null"])
@pytest.mark.parametrize("strategy", ["multiply", "concat", "learned_weights", "attention", "gated"])
def test_over_an_image(strategy: str, size: str) -> None:
    """A gate over an image, and axes of size 1 that are stretched, to sizes known only at run time too."""
    inputs = {
        "x": f"{{kind: image, shape: [{size}, 4]}}",
        "gate": "{kind: vector, shape: [4]}",
        "row": "{kind: image, shape: [1, 1, 4]}",
    }
    model = built(compiled(spec(inputs, written(strategy, {}, broadcast=True))))
    data = {"x": draw("x", (3, 2, 4))["x"], "gate": draw("g", (4,))["g"], "row": draw("r", (1, 1, 4))["r"]}
    whole = [numpy.broadcast_to(v, (3, 3, 2, 4)) for v in (data["x"], data["gate"][:, None, None], data["row"])]
    wanted = reference(strategy, {}, whole, weights_of(model))
    close(run(model, data), wanted)
    close(model.predict(data, verbose=0), wanted)


@pytest.mark.sampled("shape", "sizes", long=1)
@pytest.mark.parametrize("shape", [(3, 3, 5), (1, 5, 5), (1, 4, 4)])
@pytest.mark.parametrize("sizes", [("[height, 1, 4]", "[1, width, 4]"), ("[null, 1, 4]", "[1, 5, 4]")])
def test_axes_of_size_1_from_several_inputs(sizes: tuple[str, str], shape: tuple[int, int, int]) -> None:
    """A batch of one too, where Keras's `add` may take one side for a bias."""
    batch, height, width = shape
    width = 5 if "5" in sizes[1] else width
    inputs = {name: f"{{kind: image, shape: {size}}}" for name, size in zip("ab", sizes, strict=True)}
    for strategy in ("add", "average", "multiply", "maximum", "learned_weights", "concat", "attention", "gated"):
        model = built(compiled(spec(inputs, written(strategy, {}, broadcast=True))))
        data = {"a": draw("a", (height, 1, 4), batch)["a"], "b": draw("b", (1, width, 4), batch)["b"]}
        whole = [numpy.broadcast_to(v, (batch, height, width, 4)) for v in data.values()]
        close(run(model, data), reference(strategy, {}, whole, weights_of(model)))


def test_squeeze_and_excitation() -> None:
    text = """
    version: 1
    name: t
    branches:
      x:
        input: {kind: image, shape: [height, width, 4]}
        layers:
          - Parallel:
              paths:
                gate: [GlobalAveragePooling2D, {Dense: {units: 2, activation: relu}}, {Dense: {units: 4, activation: sigmoid}}]
                same: []
              merge: {strategy: multiply, broadcast: true}
    head: []
    """
    model = built(compiled(text))
    x = draw("x", (3, 5, 4))["x"]
    w1, b1, w2, b2 = model.get_weights()
    gate = 1 / (1 + numpy.exp(-(numpy.maximum(x.mean((1, 2)) @ w1 + b1, 0) @ w2 + b2)))
    close(run(model, {"x": x}), x * gate[:, None, None])


def test_broadcast_before_a_layer() -> None:
    inputs = {"a": "{kind: sequence, shape: [steps, 4]}", "v": "{kind: vector, shape: [4]}"}
    data = {"a": draw("a", (5, 4))["a"], "v": draw("v", (4,))["v"]}
    wide = numpy.broadcast_to(data["v"][:, None], (3, 5, 4))
    close(run(built(compiled(spec(inputs, "{layer: Subtract, broadcast: true}"))), data), data["a"] - wide)
    joined = built(compiled(spec(inputs, "{layer: Concatenate, broadcast: true}")))
    close(run(joined, data), numpy.concatenate([data["a"], wide], -1))


LAYERS = {
    "Subtract": lambda a, b, w: a - b,
    "Minimum": lambda a, b, w: numpy.minimum(a, b),
    "{Concatenate: {axis: 1}}": lambda a, b, w: numpy.concatenate([a, b], 1),
    "{Dot: {axes: -1}}": lambda a, b, w: numpy.einsum("btd,bsd->bts", a, b),
    "{Attention: {use_scale: true}}": lambda a, b, w: softmax(w[0] * numpy.einsum("btd,bsd->bts", a, b)) @ b,
    "{MultiHeadAttention: {num_heads: 2, key_dim: 3}}": lambda a, b, w: attend(a, b, w),
}


@pytest.mark.sampled("steps", "layer", long=1)
@pytest.mark.parametrize("steps", ["5", "steps"])
@pytest.mark.parametrize("layer", LAYERS)
def test_layer(layer: str, steps: str) -> None:
    inputs = dict.fromkeys("ab", f"{{kind: sequence, shape: [{steps}, 4]}}")
    model = built(compiled(spec(inputs, f"{{layer: {layer}, inputs: [b, a]}}")))
    data = draw("ab", (5, 4))
    close(run(model, data), LAYERS[layer](data["b"], data["a"], model.get_weights()))


@pytest.mark.parametrize("strategy", ["add", "gated", "attention", "bilinear", "cross_attention"])
def test_merge_of_parallel(strategy: str) -> None:
    more = {"bilinear": ", units: 6", "cross_attention": ", query: q"}.get(strategy, "")
    paths = "{p: [{Rescaling: {scale: 2.0}}], q: []}"
    layers = f"[{{Parallel: {{name: fusion, paths: {paths}, merge: {{strategy: {strategy}{more}}}}}}}]"
    text = f"version: 1\nname: t\nbranches:\n  x:\n    input: {{kind: sequence, shape: [5, 4]}}\n    layers: {layers}\nhead: []\n"
    model = built(compiled(text))
    x = draw("x", (5, 4))["x"]
    xs = [x, 2 * x] if strategy == "cross_attention" else [2 * x, x]
    close(run(model, {"x": x}), reference(strategy, {"units": 6}, xs, weights_of(model)))


def test_stages() -> None:
    """A fusion reads an earlier one, a branch and a layer inside one; the weights of each stage have its name."""
    inputs = {
        "a": "{kind: vector, shape: [4]}",
        "b": "{kind: vector, shape: [4]}",
        "c": "{kind: vector, shape: [3]}; [{Dense: {units: 2, name: inner}}, {Dense: {units: 5}}]",
    }
    stages = """
      - {name: ab, strategy: gated, inputs: [a, b], layers: [LayerNormalization]}
      - {name: all, strategy: concat, inputs: [ab, c, c.inner]}"""
    model = built(compiled(spec(inputs, stages)))
    data = {**draw("ab", (4,)), "c": draw("c", (3,))["c"]}
    out = run(model, data)
    assert out.shape == (3, 4 + 5 + 2)
    inner = numpy.asarray(keras.Model(model.inputs, model.get_layer("inner").output)(data))
    close(out[:, 9:], inner)
    gates = numpy.asarray(keras.Model(model.inputs, model.get_layer("ab_weights").output)(data))
    close(gates.sum(-1), numpy.ones(3))


@pytest.mark.parametrize("kind", SHAPES)
def test_what_it_trusts(kind: str) -> None:
    """The shares of `learned_weights` and `gated` are the output of `<fusion>_weights`; at first all are equal in the former."""
    sort = "vector" if kind == "vector" else "sequence"
    inputs = dict.fromkeys("abc", f"{{kind: {sort}, shape: {SHAPES[kind]}}}")
    data = draw("abc", (4,) if kind == "vector" else (5, 4))
    model = compiled(spec(inputs, "{name: f, strategy: learned_weights}")).to_keras()
    shares = numpy.asarray(keras.Model(model.inputs, model.get_layer("f_weights").output)(data))
    close(shares, numpy.full((3, 3), 1 / 3))
    model = compiled(spec(inputs, "{name: f, strategy: gated}")).to_keras()
    shares = numpy.asarray(keras.Model(model.inputs, model.get_layer("f_weights").output)(data))
    assert shares.shape == ((3, 3) if kind == "vector" else (3, 5, 3))


def scores_of(model: Any, data: dict[str, Array], name: str = "f") -> Array:
    """The scores, which are the second output of the layer of the fusion's name."""
    return numpy.asarray(keras.Model(model.inputs, model.get_layer(name).output[1])(data))


@pytest.mark.parametrize("kind", ["vector", "sequence"])
def test_attention_scores(kind: str) -> None:
    inputs = dict.fromkeys("abc", f"{{kind: {kind}, shape: {SHAPES[kind]}}}")
    data = draw("abc", (4,) if kind == "vector" else (5, 4))
    model = built(compiled(spec(inputs, "{name: f, strategy: attention, num_heads: 2}")), scale=0.5)
    tokens = numpy.stack([data[name] for name in "abc"], axis=-2)
    close(scores_of(model, data), attention_scores(tokens, tokens, model.get_layer("f").get_weights()))


def test_attention_scores_of_images() -> None:
    """The outer axes are in the batch."""
    inputs = dict.fromkeys("ab", "{kind: image, shape: [3, 2, 4]}")
    data = draw("ab", (3, 2, 4))
    model = built(compiled(spec(inputs, "{name: f, strategy: attention}")), scale=0.5)
    tokens = numpy.stack([data["a"], data["b"]], axis=-2)
    wanted = attention_scores(tokens, tokens, model.get_layer("f").get_weights())
    close(scores_of(model, data), wanted.reshape(-1, *wanted.shape[2:]))


def test_cross_attention_scores() -> None:
    """Over the steps of all others, and none of those that are padding."""
    inputs = {
        "a": "{kind: vector, shape: [4]}",
        "b": "{kind: sequence, shape: [5, 6], mask_input: real}",
        "c": "{kind: vector, shape: [6]}",
    }
    fusion = "{name: f, strategy: cross_attention, query: a, num_heads: 2}"
    model = built(compiled(spec(inputs, fusion)), scale=0.5)
    data = {"a": draw("a", (4,))["a"], "b": draw("b", (5, 6))["b"], "c": draw("c", (6,))["c"], "real": REAL}
    value = numpy.concatenate([data["b"], data["c"][:, None]], axis=1)
    mask = numpy.concatenate([REAL, numpy.ones((3, 1), bool)], axis=1)
    wanted = attention_scores(data["a"][:, None], value, model.get_layer("f").get_weights(), mask)
    assert wanted.shape == (3, 2, 1, 6) and (wanted[~numpy.broadcast_to(mask[:, None, None], wanted.shape)] == 0).all()
    close(scores_of(model, data), wanted)


@pytest.mark.sampled("strategy", "arguments", "policy", long=1)
@pytest.mark.parametrize(("strategy", "arguments"), STRATEGIES, ids=IDS)
@pytest.mark.parametrize("policy", ["mixed_float16", "float64"])
def test_policy(strategy: str, arguments: dict[str, Any], policy: str) -> None:
    """In half and double precision, on inputs of both dtypes that stand in the model: float32 inputs and layers' outputs."""
    inputs = {"a": "{kind: sequence, shape: [steps, 4]}; [{Dense: {units: 4}}]", "b": "{kind: sequence, shape: [steps, 4]}"}
    text = spec(inputs, written(strategy, arguments), compile=f"{{dtype_policy: {policy}, loss: mse}}")
    model = built(compiled(text), scale=0.5)
    data = draw("ab", (5, 4))
    kernel, bias = model.get_layer("a_dense").get_weights()
    xs = [data["a"] @ kernel + bias, data["b"]]
    wanted = reference(strategy, arguments, xs, weights_of(model))
    close(run(model, data).astype("float64"), wanted, 2e-2 if policy == "mixed_float16" else 1e-6)


WEIGHTED = [each for each in STRATEGIES if each[0] in ("learned_weights", "gated", "attention", "cross_attention", "bilinear")]


@pytest.mark.parametrize(("strategy", "arguments"), WEIGHTED, ids=[each[0] for each in WEIGHTED])
def test_frozen(strategy: str, arguments: dict[str, Any]) -> None:
    """`trainable: false` reaches every Keras layer that the fusion is made of; `built` holds the count against ours."""
    inputs = dict.fromkeys("ab", "{kind: vector, shape: [4]}")
    text = spec(inputs, written(strategy, {**arguments, "trainable": False}), "[{Dense: {units: 1}}]")
    model = built(compiled(text))
    assert {weight.path.split("/")[0] for weight in model.trainable_variables} == {"head_dense"}
    assert len(model.non_trainable_variables) > 0


@pytest.mark.parametrize("strategy", ["add", "concat", "gated", "cross_attention, query: a"])
def test_projections_are_frozen_with_their_fusion(strategy: str) -> None:
    inputs = dict.fromkeys("ab", "{kind: vector, shape: [4]}")
    text = "{{strategy: {}, units: 3, trainable: {}, layers: [{{Dense: {{units: 2}}}}]}}"
    for trainable in (True, False):
        model = built(compiled(spec(inputs, text.format(strategy, str(trainable).lower()))))
        trained = {weight.path.split("/")[0] for weight in model.trainable_variables}
        projections = {"fusion_a_projection", "fusion_b_projection"}
        assert trained >= projections | {"fusion_dense"} if trainable else trained == {"fusion_dense"}


@pytest.mark.parametrize(("strategy", "arguments"), STRATEGIES, ids=IDS)
def test_dtype_of_one_fusion(strategy: str, arguments: dict[str, Any]) -> None:
    """Every Keras layer of it computes in it, and what it gives has it."""
    inputs = dict.fromkeys("ab", "{kind: vector, shape: [4]}")
    compilation = compiled(spec(inputs, written(strategy, {**arguments, "dtype": "float64"})))
    model = built(compilation)
    own = [layer for layer in model.layers if layer.name.startswith("fusion") and "projection" not in layer.name]
    assert {layer.compute_dtype for layer in own} == {"float64"}
    assert model.get_layer("head").input.dtype == "float64"


# Masks

MASKED = [s for s in STRATEGIES if s[0] != "cross_attention"]
REAL = numpy.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]], bool)
OTHER = numpy.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], bool)


def padded(x: Array, mask: Array, junk: float) -> Array:
    return numpy.where(mask[..., None], x, junk).astype("float32")


@pytest.mark.sampled("strategy", "arguments", "both", long=1)
@pytest.mark.parametrize(("strategy", "arguments"), MASKED, ids=[i for i, s in zip(IDS, STRATEGIES, strict=True) if s in MASKED])
@pytest.mark.parametrize("both", [False, True])
def test_padding_never_leaks(strategy: str, arguments: dict[str, Any], both: bool) -> None:
    """A step is real where it is real in every input that has a mask: an LSTM after the fusion reads those alone."""
    if arguments.get("pool") == "none":
        pytest.skip("not a sequence of vectors")
    inputs = {"a": "{kind: sequence, shape: [steps, 4], mask_input: am}", "b": "{kind: sequence, shape: [steps, 4]}"}
    if both:
        inputs["b"] = "{kind: sequence, shape: [steps, 4], mask_input: bm}"
    model = built(compiled(spec(inputs, written(strategy, arguments), "[{LSTM: {units: 3}}]")), scale=0.5)
    whole, real = draw("ab", (5, 4)), REAL & OTHER if both else REAL
    masks = {"am": REAL, **({"bm": OTHER} if both else {})}
    results = []
    for junk in (0.0, 7.0):
        data = {name: padded(x, real, junk) for name, x in whole.items()}
        results.append(run(model, {**data, **masks}))
    longer = {name: numpy.pad(padded(x, real, 3.0), ((0, 0), (0, 4), (0, 0)), constant_values=5) for name, x in whole.items()}
    results.append(run(model, {**longer, **{n: numpy.pad(m, ((0, 0), (0, 4))) for n, m in masks.items()}}))
    for sample in range(3):
        cut = {n: x[sample : sample + 1, : real[sample].sum()] for n, x in whole.items()}
        ones = {n: numpy.ones((1, real[sample].sum()), bool) for n in masks}
        alone = run(model, {**cut, **ones})
        for result in results:
            close(result[sample : sample + 1], alone, 2e-6)


@pytest.mark.sampled("query", "second", long=1)
@pytest.mark.parametrize("query", ["q", "v"])
@pytest.mark.parametrize("second", ["mask_input: bm, ", ""])
def test_cross_attention_masks(query: str, second: str) -> None:
    """Padded steps of what is attended to have no weight; of inputs without a mask every step is real, and a vector is one."""
    inputs = {
        "q": "{kind: sequence, shape: [5, 4]}",
        "a": "{kind: sequence, mask_input: am, shape: [steps, 4]}",
        "b": f"{{kind: sequence, {second}shape: [more, 4]}}",
        "v": "{kind: vector, shape: [4]}",
    }
    model = built(compiled(spec(inputs, f"{{strategy: cross_attention, query: {query}}}")))
    data = {**draw("qab", (5, 4)), "v": draw("v", (4,))["v"]}
    masks = {"am": REAL, **({"bm": OTHER} if second else {})}
    mask_of = {"a": REAL, "b": OTHER if second else numpy.ones_like(OTHER)}
    rest = [name for name in "qabv" if name != query]
    mask = numpy.concatenate([mask_of.get(n, numpy.ones((3, 1 if n == "v" else 5), bool)) for n in rest], axis=1)
    steps = {n: x[:, None] if n == "v" else x for n, x in data.items()}
    wanted = attend(steps[query], numpy.concatenate([steps[n] for n in rest], 1), weights_of(model)[""], mask)
    for junk in (0.0, 9.0):
        fed = {n: padded(x, mask_of[n], junk) if n in mask_of else x for n, x in data.items()}
        close(run(model, {**fed, **masks}), wanted[:, 0] if query == "v" else wanted)


@pytest.mark.sampled("fusion", "order", long=1)
@pytest.mark.parametrize("fusion", ["{strategy: concat, axis: 1}", "{layer: {Concatenate: {axis: 1}}}"])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_joined_along_time(fusion: str, order: str) -> None:
    """Steps joined along time keep their masks, which a pooling reads; of the input without one all steps are real."""
    shapes = {
        "a": "{kind: tokens, shape: [null]}; [{Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}]",
        "b": "{kind: sequence, shape: [5, 4]}",
    }
    compilation = compiled(spec({n: shapes[n] for n in order}, fusion, "[GlobalAveragePooling1D]"))
    assert not compilation.diagnostics
    model = built(compilation)
    tokens, b = numpy.array([[1, 2, 3, 0], [4, 0, 0, 0], [5, 6, 7, 8]]), draw("b", (5, 4))["b"]
    table = model.get_layer("a_embedding").get_weights()[0]
    each = [numpy.concatenate([table[t[t > 0]], x]).mean(0) for t, x in zip(tokens, b, strict=True)]
    for more in (0, 3):
        fed = {"a": numpy.pad(tokens, ((0, 0), (0, more))), "b": b}
        close(run(model, {n: fed[n] for n in order}), numpy.stack(each), 2e-6)


def test_padding_value() -> None:
    inputs = dict.fromkeys("ab", "{kind: sequence, shape: [null, 4], padding_value: -1.0}")
    model = built(compiled(spec(inputs, "{strategy: gated}", "[{GRU: {units: 3}}]")), scale=0.5)
    whole = draw("ab", (5, 4))
    results = []
    for more in (0, 2, 6):
        data = {n: numpy.pad(padded(x, REAL, -1), ((0, 0), (0, more), (0, 0)), constant_values=-1) for n, x in whole.items()}
        results.append(run(model, data))
    close(results[1], results[0], 1e-6)
    close(results[2], results[0], 1e-6)


def test_mask_and_a_vector() -> None:
    """With `broadcast` the mask is that of the steps."""
    inputs = {"v": "{kind: vector, shape: [4]}", "a": "{kind: sequence, mask_input: am, shape: [steps, 4]}"}
    model = built(compiled(spec(inputs, "{strategy: concat, broadcast: true}", "[{LSTM: {units: 3}}]")), scale=0.5)
    a, v = draw("a", (5, 4))["a"], draw("v", (4,))["v"]
    close(*(run(model, {"v": v, "a": padded(a, REAL, junk), "am": REAL}) for junk in (0.0, 4.0)), 1e-6)


REPEATED = ["Attention", "AdditiveAttention", "{MultiHeadAttention: {num_heads: 2, key_dim: 3}}"]


@pytest.mark.parametrize(
    ("layer", "other"),
    [
        *((layer, "{kind: vector, shape: [4]}") for layer in (*REPEATED, "{Concatenate: {axis: 1}}")),
        *((layer, "{kind: sequence, shape: [1, 4]}") for layer in REPEATED),
    ],
)
def test_what_is_repeated_is_padded_where_the_others_are(layer: str, other: str) -> None:
    inputs = {"v": other, "a": "{kind: sequence, mask_input: am, shape: [steps, 4]}"}
    model = built(compiled(spec(inputs, f"{{layer: {layer}, broadcast: true}}", "[{GRU: {units: 3}}]")), scale=0.5)
    a, v = draw("a", (5, 4))["a"], draw("v", (4,) if "vector" in other else (1, 4))["v"]
    results = [run(model, {"v": v, "a": padded(a, REAL, junk), "am": REAL}) for junk in (0.0, 4.0)]
    longer = {"a": numpy.pad(a, ((0, 0), (0, 3), (0, 0)), constant_values=2.0), "am": numpy.pad(REAL, ((0, 0), (0, 3)))}
    for result in (results[1], run(model, {"v": v, **longer})):
        close(result, results[0], 2e-6)


@pytest.mark.sampled("rest", "axis", long=1)
@pytest.mark.parametrize(
    "rest", ["{MultiHeadAttention: {num_heads: 1, key_dim: 4}}", "{Dense: {units: 3}}", "{Conv1D: {filters: 3, kernel_size: 1}}"]
)
@pytest.mark.parametrize("axis", [-1, 1])
def test_the_mask_of_a_softmax_goes_no_further(rest: str, axis: int) -> None:
    """Keras would hand its mask, of (batch, steps, 1), on to the next layer that reads one."""
    inputs = {"a": f"{{kind: sequence, mask_input: am, shape: [steps, 4]}}; [{{Softmax: {{axis: {axis}}}}}, {rest}]"}
    model = built(compiled(spec(inputs, "{strategy: concat}", "[{LSTM: {units: 3}}]", compile="{optimizer: sgd, loss: mse}")))
    a = draw("a", (5, 4))["a"]
    close(*(run(model, {"a": padded(a, REAL, junk), "am": REAL}) for junk in (0.0, 4.0)), 1e-6)
    model.train_on_batch({"a": a, "am": REAL}, numpy.zeros((3, 3)))


def test_steps_in_two_orders() -> None:
    """Of a sequence read backwards the mask is reversed too; a fused step is real where it is real in both orders."""
    inputs = {
        "a": "{kind: sequence, mask_input: am, shape: [steps, 4]}; [{LSTM: {units: 4, return_sequences: true, go_backwards: true}}]",
        "b": "{kind: sequence, mask_input: bm, shape: [steps, 4]}",
    }
    model = built(compiled(spec(inputs, "{strategy: add}", "[GlobalAveragePooling1D]")), scale=0.5)
    data = draw("ab", (5, 4))
    masks = {"am": numpy.array([[1, 1, 1, 0, 0]] * 3, bool), "bm": numpy.array([[1, 1, 1, 1, 0]] * 3, bool)}
    states = numpy.asarray(keras.Model(model.inputs, model.get_layer("a_lstm").output)({**data, **masks}))
    both = masks["am"][:, ::-1] & masks["bm"]
    wanted = (states + data["b"])[both].reshape(3, 2, 4).mean(1)
    for junk in (0.0, 5.0):
        fed = {"a": padded(data["a"], masks["am"], junk), "b": padded(data["b"], masks["bm"], junk)}
        close(run(model, {**fed, **masks}), wanted)


@pytest.mark.sampled("layer", "third", long=1)
@pytest.mark.parametrize(
    "layer", ["{Attention: {use_scale: true}}", "AdditiveAttention", "{MultiHeadAttention: {num_heads: 2, key_dim: 3}}"]
)
@pytest.mark.parametrize("third", [False, True])
def test_layers_that_read_masks(layer: str, third: bool) -> None:
    """Of value and key, a step counts that is real in both."""
    inputs = {name: f"{{kind: sequence, shape: [steps, 4], mask_input: {name}m}}" for name in ("q", "v", "k")}
    names = "[q, v, k]" if third else "[q, v]"
    inputs = {name: text for name, text in inputs.items() if name in names}
    model = built(compiled(spec(inputs, f"{{layer: {layer}, inputs: {names}}}", "[{LSTM: {units: 3}}]")), scale=0.5)
    whole = draw("qvk" if third else "qv", (5, 4))
    masks = {"qm": numpy.ones_like(REAL), "vm": REAL, **({"km": OTHER} if third else {})}
    both = {"q": numpy.ones_like(REAL), "v": REAL & OTHER if third else REAL, "k": REAL & OTHER}
    results = [run(model, {**{n: padded(x, both[n], junk) for n, x in whole.items()}, **masks}) for junk in (0.0, 6.0)]
    close(*results, 1e-6)
