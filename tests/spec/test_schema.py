"""The JSON Schema: sound, as wide as the language, and narrow enough to show mistakes in an editor."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from json_schemas import tool
from places import ROOT

from cnnlstm_spec.language.catalog import load_catalog
from cnnlstm_spec.language.record import Record
from cnnlstm_spec.ops import find_op, list_known_layers
from cnnlstm_spec.spec.compile_keys import PASSED_ON, CompileKeys
from cnnlstm_spec.spec.model_spec import BranchSection, Top
from cnnlstm_spec.spec.schema.whole import make_spec_schema
from cnnlstm_spec.spec.structures import RECORDS
from cnnlstm_spec.text.nodes import to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Source

SPECS = sorted((ROOT / "specs").rglob("*.yaml")) + sorted((ROOT / "tests" / "specs" / "ok").glob("*.yaml"))


schema = cache(make_spec_schema)


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(schema())


def value(text: str) -> Any:
    """A spec as the schema sees it."""
    node, found = parse(Source("spec", text))
    assert node is not None and not found
    return to_value(node)


PARTS = 8
"""A part of the definitions is checked always."""


@pytest.mark.sampled(every=PARTS, long=1)
@pytest.mark.parametrize("part", range(PARTS))
def test_it_is_a_schema(part: int) -> None:
    definitions = schema()["$defs"]
    jsonschema.Draft202012Validator.check_schema({**schema(), "$defs": dict(list(definitions.items())[part::PARTS])})


def test_definitions_are_those_that_are_referred_to() -> None:
    named = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema())))
    assert named == set(schema()["$defs"]), "every definition is referred to, and everything referred to is defined"


def test_the_file_is_what_the_package_says() -> None:
    made = tool()
    assert (made.FOLDER / "spec.schema.json").read_text("utf-8") == made.format_spec_schema(), "run `python tools/schema.py`"
    assert json.loads(made.format_spec_schema()) == schema()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_pass(path: Path) -> None:
    found = jsonschema.exceptions.best_match(validator().iter_errors(value(path.read_text("utf-8"))))
    assert found is None, f"{found.json_path}: {found.message}"


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_specs_name_the_schema(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/spec.schema.json"


def definition(name: str) -> dict[str, Any]:
    """The mapping of arguments in a definition, `$name` and short forms left aside."""
    found = schema()["$defs"][name]
    if "$ref" in found:
        return definition(found["$ref"].removeprefix("#/$defs/"))
    return next(each for each in [found, *found.get("anyOf", [])] if "properties" in each)


def test_every_layer_and_argument_is_in_it() -> None:
    item = definition("layer")["properties"]
    for name in list_known_layers():
        op = find_op(name)
        if op is None:
            continue
        assert item[name]["$ref"] == f"#/$defs/{name}"
        properties = definition(name)["properties"]
        assert set(properties) == set(op.arguments)
        for argument in op.arguments.values():
            assert argument.doc and properties[argument.name]["description"] == argument.doc
            assert argument.required == ("default" not in properties[argument.name])
    assert {*RECORDS, "Repeat"} <= set(item)
    assert set(definition("whole")["properties"]) == set(definition("whole_part")["properties"]) == set(Top.arguments)


def test_every_object_of_keras_is_in_it() -> None:
    for family, held in load_catalog()["families"].items():
        for name, spec in held["classes"].items():
            assert set(definition(f"{family}.{name}")["properties"]) == {fact["name"] for fact in spec["arguments"]}


CHOSEN = {"branches", "heads", "vars", "blocks", "paths", "each", "parameters", "matrix"}
CHOSEN |= {"loss", "metrics", "loss_weights", "expect", "targets", "sizes"}
"""Keys behind which a spec chooses the keys, or may."""


def paths(node: Any, own: set[str], at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all mappings in a value that the schema closes: not those under a name of the spec's `own` blocks."""
    last = at[-1] if at else ""
    if last == "vars" or str(last).startswith("x-") or (last in own and at[:-1] != ("blocks",)):
        return []
    found = [at] if isinstance(node, dict) and last not in CHOSEN | {"learning_rate_multipliers"} else []
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, each in inner:
        found += paths(each, own, (*at, step))
    return found


def changed(node: Any, path: tuple[str | int, ...], change: Any) -> Any:
    """A copy with the value at a path changed."""
    if not path:
        return change(node)
    if isinstance(node, dict):
        return {key: changed(each, path[1:], change) if key == path[0] else each for key, each in node.items()}
    return [changed(each, path[1:], change) if index == path[0] else each for index, each in enumerate(node)]


@pytest.mark.sampled(every=4, long=4)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_key_that_is_not_known_fails(path: Path) -> None:
    spec = value(path.read_text("utf-8"))
    for at in paths(spec, set(spec.get("blocks") or ())):
        wrong = changed(spec, at, lambda held: {**held, "Misspelt": 1})
        assert not validator().is_valid(wrong), at


LAYER = "{{version: 1, name: n, branches: {{x: {{input: {{kind: vector, shape: [4]}}, layers: [{}]}}}}, head: []}}"


@pytest.mark.parametrize(
    "layer",
    [
        "Dence: {units: 4}",
        "Dense",
        "Dense: {units: '64'}",
        "Dense: {units: true}",
        "Dense: {units: -1}",
        "Dense: {units: 1.5}",
        "Dense: {units: 4, activation: rellu}",
        "Dense: {units: 4, kernel_regularizer: {L2: {l3: 1}}}",
        "Dense: {}",
        "Dense: 4",
        "Dropout: {rate: 2}",
        "{Dense: {units: 4}, Dropout: {rate: 0.2}}",
        "Conv2D: {filters: 4, kernel_size: [3, 3, 3]}",
        "Conv2D: {filters: 4, kernel_size: 3, padding: full}",
        "Residual: {layers: [Dence]}",
        "Residual: {layers: [], shortcut: projektion}",
        "Parallel: {paths: {a: []}, merge: konkat}",
        "Parallel: {paths: {a: []}, merge: {strategy: concat, inputs: [a]}}",
        "Repeat: {times: -1, layers: []}",
    ],
)
def test_wrong_layers_fail(layer: str) -> None:
    assert not validator().is_valid(value(LAYER.format(layer)))


@pytest.mark.parametrize(
    "layer",
    [
        "Dense: {units: $width}",
        'Dense: {units: "${width * 2}"}',
        "Dense: $arguments",
        "$layer",
        "my_block",
        "my_block: {anything: [1, 2]}",
        "Conv2D: {filters: 4, kernel_size: [3, $k]}",
        "Dense: {units: 4, activation: $activation}",
        "Rescaling: {scale: 1/255}",
        "Flatten: null",
        "Flatten: {}",
        "Flatten",
    ],
)
def test_variables_and_blocks_pass(layer: str) -> None:
    assert validator().is_valid(value(LAYER.format(layer)))


SPEC = {"version": 1, "name": "n", "branches": {"x": {"input": {"kind": "vector", "shape": [4]}}}, "head": []}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"head": None, "heads": None, "name": None},
        {"branches": {}},
        {"branches": {"x": {"layers": []}}},
        {"branches": {"x": {"input": {"kind": "picture", "shape": [4]}}}},
        {"fusion": {"strategy": "concatt"}},
        {"fusion": {"strategy": "concat", "num_heads": 4}},
        {"fusion": {"inputs": ["x", "y"]}},
        {"fusion": [{"strategy": "concat"}]},
        {"compile": {"optimizer": "adamm"}},
        {"compile": {"optimizer": {"Adam": {"learning_rat": 1}}}},
        {"compile": {"loss": {"CategoricalCrossentropi": {"label_smoothing": 0.1}}}},
        {"compile": {"dtype_policy": "float8"}},
        {"blocks": {"Block": {"layers": []}}},
        {"blocks": {"block": {"layer": []}}},
        {"seed": -1},
        {"budget": {"parms": 1}},
        {"targets": {"head": {"encoding": "integers"}}},
        {"expect": {"head": [1.5]}},
    ],
    ids=str,
)
def test_wrong_sections_fail(change: dict[str, Any]) -> None:
    assert validator().is_valid(SPEC)
    assert not validator().is_valid({**SPEC, **change})


def test_a_head_is_needed() -> None:
    without = {key: each for key, each in SPEC.items() if key != "head"}
    assert not validator().is_valid(without)
    assert validator().is_valid({**without, "heads": {"y": []}})


PARTIAL = [
    "extends: base.yaml\nbranches: {b: null}",
    "extends: base.yaml\nbranches: {b: {layers: [Flatten]}}",
    "extends: base.yaml\nfusion: {units: 3}",
    "extends: base.yaml\nbranches: {a: {input: {shape: [4]}}}\ncompile: {metrics: null}",
]


@pytest.mark.parametrize("text", PARTIAL)
def test_a_part_of_a_spec(text: str) -> None:
    """What extends another file may leave out what that one has, and take it away; what it writes is held against the rules."""
    assert not list(validator().iter_errors(value(text)))
    assert list(validator().iter_errors(value(text.partition("\n")[2])))
    assert list(validator().iter_errors(value(text + "\nbatchsize: 3")))


def find_records(cls: type[Record] = Record) -> list[type[Record]]:
    return [each for inner in cls.__subclasses__() for each in (inner, *find_records(inner))]


def test_every_record_has_a_schema_that_needs_nothing_beside_it() -> None:
    """`Dense.model_json_schema()` is whole: pydantic's own way to the same that the schema of a spec says of a layer."""
    ops = {name: op for name in list_known_layers() if (op := find_op(name)) is not None}
    own = [cls for cls in find_records() if cls.__module__.startswith("cnnlstm_spec.")]
    assert {*ops.values(), Top, CompileKeys, BranchSection} <= set(own)
    for cls in own:
        made = cls.model_json_schema()
        assert "$ref" not in json.dumps(made), cls.__name__
        assert list(made["properties"]) == list(cls.arguments) and made["additionalProperties"] is False
        assert all(each["description"] for each in made["properties"].values()), cls.__name__
    for op in ops.values():
        checked = jsonschema.Draft202012Validator(op.model_json_schema())
        for example in op.examples:
            found = jsonschema.exceptions.best_match(checked.iter_errors(json.loads(json.dumps(example.arguments))))
            assert found is None, f"{op.__name__}: {found.json_path}: {found.message}"


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        ({"units": 3, "kernel_regularizer": {"L2": {"l2": 0.1}}}, True),
        ({}, False),
        ({"units": 0}, False),
        ({"units": 3, "acivation": "relu"}, False),
        ({"units": 3, "activation": "no-such"}, False),
        ({"units": 3, "kernel_regularizer": {"L2": {"l3": 0.1}}}, False),
    ],
)
def test_the_schema_of_one_layer(arguments: dict[str, Any], fits: bool) -> None:
    dense = find_op("Dense")
    assert dense is not None
    assert jsonschema.Draft202012Validator(dense.model_json_schema()).is_valid(arguments) is fits


def test_compile_takes_what_the_catalog_says() -> None:
    """The keys that are passed on have the names and defaults of `keras.Model.compile`, as the catalog has them from Keras."""
    told = {fact["name"]: fact["default"] for fact in load_catalog()["compile"]}
    assert {name: CompileKeys.arguments[name].default for name in PASSED_ON} == told


def test_a_word_that_editors_offer_as_a_value_is_no_key_that_they_offer_too() -> None:
    layer = schema()["$defs"]["layer"]["anyOf"]
    bare = next(each for each in layer if "enum" in each)
    item = next(each for each in layer if "properties" in each)["properties"]
    assert {name for name, each in item.items() if each.get("doNotSuggest")} == set(bare["enum"])
    assert len(bare["enumDescriptions"]) == len(bare["enum"]) and all(bare["enumDescriptions"])
    assert bare["enumDescriptions"][bare["enum"].index("Flatten")] == "All axes made one."
