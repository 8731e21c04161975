"""The JSON Schema (draft 2020-12) of a spec, for editors: assembled from the records and kinds that read one.

It knows no names that a spec defines (branches, heads, blocks, variables), so it refuses less than `validate`: a key
that begins with a lower-case letter may be a block wherever a layer may stand, and `$name` may be any value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ...language.json_schema import (
    ANYTHING,
    DEFINITION,
    Schema,
    make_either,
    make_list,
    make_mapping,
    make_one_key,
    make_part,
    make_ref,
    with_variables,
)
from ...language.record import Argument, Record, describe_argument, describe_record
from ...ops import ALIASES, find_op, list_known_layers
from ...ops.functions.op import find_function_op
from ...ops.functions.table import list_names as function_names
from ...ops.fusions.table import STRATEGIES
from ...ops.input import Input, ShapeKind
from ...text.escape.json import to_json
from ..blocks import Block
from ..budget import Budget, Quantity
from ..compile_keys import CompileKeys
from ..data.section import DataSection, make_data_schemas
from ..fit.by_class import make_class_weight_schema, make_threshold_schema
from ..fit.section import FitSection
from ..fusion import FusionKeys, MergeKeys
from ..model_spec import BranchSection, HeadSection, Top
from ..repeat import RepeatStructure
from ..rules import LEVEL
from ..search import SearchSection, make_space_schema
from ..structures import RECORDS
from ..targets import Target
from .keras_objects import define_families

BLOCK_NAME = "^[a-z][A-Za-z0-9_-]*$"
CODE_NAME = "^[a-z][a-z0-9-]*$"
LAYERS = make_ref("layers")
QUIET: Schema = {"doNotSuggest": True}
"""A key that editors need not offer, since they offer the word as a value: of both at once they make `Flatten: Flatten`."""
PARTS = frozenset({"whole", "branch", "block", "input", "fusion", "head", "compile", "data", "fit", "search"})
"""What may be written in parts, over several files."""


def make_spec_schema() -> Schema:
    """The schema of a whole spec."""
    own = {**_make_definitions(), "whole": _make_top()}
    parts = {f"{name}_part": make_part(schema, PARTS) for name, schema in own.items() if name in PARTS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cnnlstm-spec",
        "description": "A network of one or several inputs, for Keras.",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": make_ref("whole_part"),
        "else": make_ref("whole"),
        **with_variables({"$defs": {**own, **parts, **_make_structures(), **_make_layers(), **define_families()}}),
    }


@cache
def write_spec_schema() -> str:
    """The same as text, which is made once."""
    return to_json(make_spec_schema()) + "\n"


def _make_top() -> Schema:
    head = make_either(LAYERS, make_ref("head"))
    sections: dict[str, Schema] = {
        "vars": {"type": ["object", "null"]},
        "blocks": {
            "type": ["object", "null"],
            "additionalProperties": make_ref("block"),
            "propertyNames": {"pattern": BLOCK_NAME},
        },
        "branches": {**make_mapping(make_ref("branch")), "minProperties": 1},
        "fusion": make_either(make_ref("fusion"), make_list({"allOf": [make_ref("fusion"), {"required": ["name"]}]})),
        "head": head,
        "heads": {**make_mapping(head), "minProperties": 1},
        "compile": make_ref("compile"),
        "budget": describe_record(Budget),
        "targets": make_mapping(describe_record(Target)),
        "matrix": make_mapping({"type": "array", "minItems": 1}),
        "expect": make_mapping(make_either(Quantity().make_schema(), ShapeKind().make_schema())),
        "rules": {**make_mapping(LEVEL.make_schema()), "type": ["object", "null"], "propertyNames": {"pattern": CODE_NAME}},
        "data": make_ref("data"),
        "fit": make_ref("fit"),
        "search": make_ref("search"),
    }
    return {
        **describe_record(Top, sections),
        "patternProperties": {"^x-": ANYTHING},
        "if": {"not": {"required": ["heads"]}},
        "then": {"required": ["head"]},
    }


def _make_definitions() -> dict[str, Schema]:
    bare = {"enum": [name for name, cls in STRATEGIES.items() if not cls.needs_units and name != "cross_attention"]}
    return {
        "variable": DEFINITION,
        "layers": {"type": ["array", "null"], "items": make_ref("layer")},
        "layer": _make_layer(),
        "input": describe_record(Input),
        "branch": describe_record(BranchSection, {"each": make_mapping({"type": "array"})}),
        "block": describe_record(Block, {"parameters": {"type": ["object", "null"]}, "layers": LAYERS}),
        "merge": make_either(bare, _make_fusion(MergeKeys)),
        "fusion": {**_make_fusion(FusionKeys), "type": ["object", "null"]},
        "head": {**_make_fusion(HeadSection, strategy_needed=False), "required": ["inputs"]},
        "compile": {**describe_record(CompileKeys), "type": ["object", "null"]},
        "data": describe_record(DataSection, make_data_schemas()),
        "fit": describe_record(FitSection, {"class_weight": make_class_weight_schema(), "threshold": make_threshold_schema()}),
        "search": _search(),
    }


def _search() -> Schema:
    """One of `maximize` and `minimize`, and the rest."""
    rule = {"oneOf": [{"required": ["maximize"]}, {"required": ["minimize"]}]}
    return {**describe_record(SearchSection, {"space": make_space_schema()}), "allOf": [rule]}


def _make_layer() -> Schema:
    """An item of a list of layers: a name, or a name with its arguments."""
    ops = {name: op for name in list_known_layers() if (op := find_op(name)) is not None}
    bare = sorted(name for name, op in ops.items() if not _list_required(op.arguments.values()))
    block = {"type": "string", "pattern": BLOCK_NAME, "description": "A block of `blocks:`."}
    named = {name: {**make_ref(name), **(QUIET if name in bare else {})} for name in (*RECORDS, "Repeat", *ops)}
    item = make_one_key(named, {BLOCK_NAME: {"type": ["object", "null", "string"]}})
    return make_either({"enum": bare, "enumDescriptions": [describe_shortly(ops[name]) for name in bare]}, block, item)


def describe_shortly(cls: type[Record]) -> str:
    """What a layer is, in a sentence."""
    return (cls.__doc__ or "").strip().split("\n")[0]


def _make_structures() -> dict[str, Schema]:
    rounds = {"layers": LAYERS, "each": make_mapping({"type": "array"})}
    found = {name: _make_arguments(cls, rounds if "each" in cls.arguments else {}) for name, cls in RECORDS.items()}
    timed = found["TimeDistributed"]
    found["TimeDistributed"] = {"description": timed.pop("description"), **make_either(timed, LAYERS)}
    return {**found, "Repeat": _make_arguments(RepeatStructure, rounds)}


def _make_layers() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for name in list_known_layers():
        op = find_op(name)
        if op is not None:
            found[name] = make_ref(ALIASES[name]) if name in ALIASES else _make_arguments(op)
    found["Op"] = {"anyOf": [found["Op"], _make_functions()]}
    return found


def _make_functions() -> Schema:
    """`Op` with `function`: the arguments of each function; those of functions that have the same ones stand once."""
    own: dict[str, Schema] = {}
    alike: dict[str, list[str]] = {}
    for name in function_names():
        op = find_function_op(name)
        assert op is not None
        own[name] = describe_record(op, {"function": {"const": name}})
        key = repr([own[name]["properties"] | {"function": {}}, own[name]["required"]])
        alike.setdefault(key, []).append(name)
    groups = [
        {
            **own[names[0]],
            "properties": {**own[names[0]]["properties"], "function": {"description": "The function.", "enum": names}},
        }
        for names in alike.values()
    ]
    return {"type": "object", "required": ["function"], "anyOf": [{**each, "description": ""} for each in groups]}


def _make_arguments(cls: type[Record], instead: Mapping[str, Schema] = {}) -> Schema:
    """What stands behind the name of a layer or structure; nothing, where nothing is required."""
    sort = "object" if _list_required(cls.arguments.values()) else ["object", "null"]
    return {**describe_record(cls, instead), "type": sort}


def _make_fusion(cls: type[MergeKeys], strategy_needed: bool = True) -> Schema:
    """The keys of any fusion, and beside them those of its strategy."""
    common = describe_record(cls)
    own: dict[str, Schema] = {}
    rules: list[Schema] = []
    for name, strategy in STRATEGIES.items():
        names = [key for key in strategy.arguments if key != "name"]
        own.update({key: describe_argument(strategy.arguments[key]) for key in names if key not in cls.arguments})
        condition = {"properties": {"strategy": {"const": name}}, "required": ["strategy"]}
        allowed = list(dict.fromkeys([*cls.arguments, *names]))
        rules.append({"if": condition, "then": {"propertyNames": {"enum": allowed}}})
    layer: Schema = {"propertyNames": {"enum": list(cls.arguments)}}
    # A fusion of one input passes it on.
    alone = {"required": ["inputs"], "properties": {"inputs": {"maxItems": 1}}}
    either_way = {"anyOf": [{"required": ["layer"]}, alone]} if "inputs" in cls.arguments else {"required": ["layer"]}
    needed = either_way if strategy_needed else {}
    rules.append({"if": {"type": "object", "not": {"required": ["strategy"]}}, "then": {**layer, **needed}})
    return {**common, "properties": {**common["properties"], **own}, "allOf": rules}


def _list_required(arguments: Iterable[Argument]) -> list[str]:
    return [argument.name for argument in arguments if argument.required]
