"""A layer that is shared reads inputs of as many axes as Keras lets it, once it is built for the first."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from cnnlstm_spec import load

SHAPES: list[list[Any]] = [[4], [3, 4], ["t", 4], [2, 3, 4], [3, 2, 3, 4]]
HELD: dict[str, dict[str, Any]] = {
    "MultiHeadAttention": {"num_heads": 1, "key_dim": 2},
    "BatchNormalization": {},
    "GroupNormalization": {"groups": 1},
    "EinsumDense": {"equation": "...a,ab->...b", "output_shape": [2]},
}
"""Layers that Keras holds to the axes of what it gives them first."""
FREE: dict[str, dict[str, Any]] = {
    "Dense": {"units": 2},
    "LayerNormalization": {},
    "RMSNormalization": {},
    "Softmax": {},
    "SpectralNormalization": {"layer": {"Dense": {"units": 2}}},
}


def spec_of(name: str, arguments: dict[str, Any], *shapes: list[Any]) -> dict[str, Any]:
    """The layer in a branch for each shape, each with a head."""
    branches: dict[str, Any] = {}
    for key, shape in zip("xy", shapes, strict=True):
        input = {"kind": "tensor", "shape": shape, "axes": [f"{key}{at}" for at in range(len(shape))]}
        branches[key] = {"input": input, "layers": [{name: {**arguments, "share": "s"}}]}
    heads = {f"of_{key}": {"inputs": [key], "layers": []} for key in branches}
    return {"version": 1, "name": "fuzzed", "branches": branches, "heads": heads}


def told(spec: dict[str, Any]) -> list[str]:
    return [each.code.name for each in load(yaml.safe_dump(spec)).diagnostics]


def pairs(name: str) -> list[tuple[list[Any], list[Any]]]:
    shapes = SHAPES[1:] if name == "MultiHeadAttention" else SHAPES
    return [(first, other) for first in shapes for other in shapes if first != other]


@pytest.mark.parametrize("name", HELD)
def test_what_is_held_to_its_axes(name: str) -> None:
    for first, other in pairs(name):
        expected = [] if len(first) == len(other) else ["shared-rank-differs"]
        assert told(spec_of(name, HELD[name], first, other)) == expected, (first, other)


@pytest.mark.parametrize("name", FREE)
def test_what_reads_any(name: str) -> None:
    for first, other in pairs(name):
        assert told(spec_of(name, FREE[name], first, other)) == [], (first, other)


def test_statistics_of_more_axes_widen_what_has_fewer() -> None:
    values = {"mean": 0.5, "variance": 2.0}
    assert told(spec_of("Normalization", values, [4], [3, 4])) == []
    assert told(spec_of("Normalization", values, [3, 4], [4])) == ["shared-rank-differs"]


FUSION = """
version: 1
name: t
branches:
  x: {input: {kind: vector, shape: [4]}, layers: [%s, %s]}
head: []
"""
PARALLEL = "{Parallel: {paths: {a: [], b: [ReLU]}, merge: {strategy: attention, pool: none, share: m}}}"


def test_fusions_that_attend_bring_more_axes_into_the_batch() -> None:
    spec = FUSION % (PARALLEL, PARALLEL)
    assert [each.code.name for each in load(spec).diagnostics] == ["shared-rank-differs"]
    assert load(spec.replace("kind: vector, shape: [4]", "kind: sequence, shape: [3, 4]")).ok


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*HELD, *FREE, "Normalization"])
def test_keras_says_so(name: str) -> None:
    """Of what it takes the model runs; of what it does not, a layer of its own fails or gives another shape."""
    import keras

    from fuzz.judge import judge
    from fuzz.reading import make

    arguments = {**HELD, **FREE, "Normalization": {"mean": 0.5, "variance": 2.0}}[name]
    for first, other in [([4], [3, 4]), ([3, 4], [4]), ([3, 4], [2, 3, 4]), ([2, 3, 4], [3, 4])]:
        if name == "MultiHeadAttention" and [4] in (first, other):
            continue
        spec = spec_of(name, arguments, first, other)
        if not told(spec):
            assert judge(spec).disagreement is None, (first, other)
            continue
        layer = make(name, dict(arguments))
        feed = (lambda x: layer(x, x)) if name == "MultiHeadAttention" else layer  # noqa: B023
        feed(keras.ops.ones((2, *first)))
        try:
            assert tuple(feed(keras.ops.ones((2, *other))).shape) != (2, *other)
        except ValueError as error:
            assert "ndim" in str(error)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["BatchNormalization", "GroupNormalization", "EinsumDense"])
def test_the_steps_that_are_put_into_the_batch_are_no_axis(name: str) -> None:
    from fuzz.judge import judge

    spec = spec_of(name, HELD[name], [4], [3, 4])
    spec["branches"]["y"]["layers"] = [{"TimeDistributed": spec["branches"]["y"]["layers"]}]
    assert told(spec) == [] and judge(spec).disagreement is None
