"""The rules held against the installed Keras: signatures, and what each layer gives for its examples. Imports Keras."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from ...ir.expressions import make_expression
from ...ir.inference import describe_error
from ...ir.op import TEXT, Example, Op
from ...ir.program import Call, Expression, Program, find_calls
from ...language.catalog import MODULES, load_catalog
from ...language.leaf import REQUIRED
from ...language.scope import Scope
from ...ops import ALIASES, explain_refusal, find_op
from ...ops.backbones.walk import BACKBONES
from ...ops.backbones.walk import find_facts as backbone_facts
from ...text.nodes import make_node
from .expectations import ANNOUNCED_WRONGLY, ExpectedLayer, KerasDifference, Shape, iterate_expectations, map_layers

EVERY_OP = frozenset({"name", "trainable", "dtype", "share"})
"""Arguments that every op has, whatever Keras's class takes."""
LEFT_OUT = {"Bidirectional": {"weights"}}
"""Arguments of Keras that a spec cannot write."""
TRAINED = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
"""Keywords of `compile` that take the string identifiers of a family."""

BATCH = 2
UNKNOWN = 7
"""Stands for a size known only at run time."""

Evaluate = Callable[[Expression], Any]
Used = frozenset[str] | None
"""The arguments that a program writes, of which alone it is asked whether Keras has them; None for all."""


def compare(evaluate: Evaluate) -> list[KerasDifference]:
    """Every difference, of layers, backbones and named objects; then what is new."""
    found: list[KerasDifference] = []
    for cls in map_layers().values():
        found += compare_layer(cls, evaluate)
    found += _find_missing_functions()
    for name in BACKBONES:
        found += compare_backbone(name)
    for family, known in load_catalog()["families"].items():
        for name in known["classes"]:
            found += compare_object(family, name)
        for identifier in known["identifiers"]:
            found += compare_identifier(family, identifier)
    return sorted([*found, *_find_new()], key=lambda each: each.sort == "new")


def find_used(program: Program, evaluate: Evaluate) -> list[KerasDifference]:
    """The differences in what a program uses, what is new left out, and arguments that it does not write."""
    by_path = map_layers()
    called = [call for statement in program.statements for call in find_calls(statement)]
    found: list[KerasDifference] = []
    written: dict[str, set[str]] = {}
    for call in called:
        written.setdefault(call.path, set()).update(name for name, _ in call.keywords)
    for path, keywords in written.items():
        used = frozenset(keywords)
        module, _, name = path.rpartition(".")
        family = next((each for each in load_catalog()["families"] if module == f"keras.{MODULES.get(each, each)}"), None)
        if path in by_path:
            found += compare_layer(by_path[path], evaluate, used)
        elif module == "keras.applications":
            found += compare_backbone(name, used)
        elif family is not None and name in load_catalog()["families"][family]["classes"]:
            found += compare_object(family, name, used)
        elif path.startswith("keras.") and resolve(path) is None:
            found.append(KerasDifference(name=path, sort="missing", what="Keras has no such name"))
    for call in called:
        for keyword, value in call.keywords if call.path == "model.compile" else ():
            for identifier in _list_strings(value) if keyword in TRAINED else ():
                found += compare_identifier(TRAINED[keyword], identifier)
    return [each for each in found if each.sort != "new"]


def compare_layer(cls: type[Op], evaluate: Evaluate, used: Used = None) -> list[KerasDifference]:
    """A layer's signature, and its examples."""
    made = resolve(cls.keras_path())
    name = cls.title()
    if made is None:
        return [KerasDifference(name=name, sort="missing", what=f"Keras has no `{cls.keras_path()}`")]
    found = list(_compare_signatures(cls, made, used))
    if any(each.sort != "new" for each in found):
        return found
    lacking = set(cls.arguments) - set(list_parameters(made)) - EVERY_OP if used is not None else set()
    for op, example, expected in iterate_expectations(cls):
        if lacking & set(example.arguments):
            continue
        if (what := _find_mismatch(op, example, expected, evaluate)) is not None:
            index = cls.examples.index(example) + 1
            found.append(KerasDifference(name=name, sort="differs", what=f"example {index}: {what}"))
    return found


def _compare_signatures(cls: type[Op], made: Callable[..., object], used: Used) -> Iterator[KerasDifference]:
    ours = {name: each for name, each in cls.arguments.items() if name not in EVERY_OP | cls.call_arguments}
    theirs = {
        name: value for name, value in list_parameters(made).items() if name not in EVERY_OP | LEFT_OUT.get(cls.title(), set())
    }
    yield from _compare_names(cls.title(), set(ours), theirs, used)
    for name in [each for each in ours if each in theirs]:
        argument, default = ours[name], theirs[name]
        if argument.default is REQUIRED or default is inspect.Parameter.empty:
            same = (argument.default is REQUIRED) == (default is inspect.Parameter.empty)
        else:
            same = argument.canonical == (None if default is None else argument.kind.read(make_node(default), Scope([])))
        if not same:
            yield KerasDifference(name=cls.title(), sort="differs", what=f"the default of `{name}` is {_show_default(default)}")


def _find_mismatch(op: Op, example: Example, expected: ExpectedLayer, evaluate: Evaluate) -> str | None:
    """What is different for an example, or None."""
    try:
        layer = evaluate(Call(op.keras_path(), (), tuple((k, make_expression(v)) for k, v in op.list_keras_arguments().items())))
        inputs = tuple(keras.Input(shape, dtype=example.dtype) for shape in example.shapes)
        output = layer(*_list_fed(op, inputs))
    except Exception as error:
        return f"it fails: {describe_error(error)}"
    shape: Shape = tuple(output.shape[1:])
    if shape != expected.shape and op.title() not in ANNOUNCED_WRONGLY:
        return f"the shape is {shape}, not {expected.shape}"
    dtype = _choose_dtype(layer, op, example, output, expected.dtype)
    if dtype != expected.dtype:
        return f"the dtype is {dtype}, not {expected.dtype}"
    weights = _list_weights(layer)
    if op.trainable and weights != expected.weights:
        return f"the weights are {_show_weights(weights)}, not {_show_weights(expected.weights)}"
    return None


def _choose_dtype(layer: keras.layers.Layer, op: Op, example: Example, output: keras.KerasTensor, expected: str) -> str:
    """The dtype announced, or, where that is another one, the dtype given: Keras announces the compute dtype by default."""
    announced: str = keras.backend.standardize_dtype(output.dtype)
    if announced == expected:
        return announced
    data = tuple(_make_zeros((BATCH, *(size or UNKNOWN for size in shape)), example.dtype) for shape in example.shapes)
    try:
        given: str = keras.backend.standardize_dtype(layer(*_list_fed(op, data)).dtype)
    except Exception:
        return announced
    return given


def _make_zeros(shape: tuple[int, ...], dtype: str) -> object:
    if dtype == TEXT:
        return keras.ops.convert_to_tensor([""] * shape[0], dtype=dtype)
    return keras.ops.zeros(shape, dtype)


def _list_fed(op: Op, inputs: tuple[Any, ...]) -> tuple[object, ...]:
    """The arguments of the layer's call."""
    from ...ops.attention import Attending

    if isinstance(op, Attending):
        return op.list_feeds(inputs)
    return inputs if len(inputs) == 1 else (list(inputs),)


def _list_weights(layer: keras.layers.Layer) -> tuple[tuple[str, tuple[int, ...], bool], ...]:
    """Weights in Keras's order, without the states of seed generators."""
    trainable = {id(each) for each in layer.trainable_weights}
    kept = [each for each in layer.weights if "seed_generator" not in each.path]
    return tuple((each.path.split("/", 1)[-1], tuple(each.shape), id(each) in trainable) for each in kept)


def _show_weights(weights: tuple[tuple[str, tuple[int, ...], bool], ...]) -> str:
    return ", ".join(f"{name} {list(shape)}{'' if on else ' frozen'}" for name, shape, on in weights) or "none"


def compare_backbone(name: str, used: Used = None) -> list[KerasDifference]:
    """A backbone's signature."""
    made = resolve(f"keras.applications.{name}")
    if made is None:
        return [KerasDifference(name=name, sort="missing", what=f"Keras has no `keras.applications.{name}`")]
    ours = dict(backbone_facts(name).arguments)
    theirs = {key: value for key, value in list_parameters(made).items() if key in ours or key not in ("name", "input_tensor")}
    return [*_compare_names(name, set(ours), theirs, used), *_compare_defaults(name, ours, theirs, used)]


def compare_object(family: str, name: str, used: Used = None) -> list[KerasDifference]:
    """The signature of an optimizer, loss, metric or another named object."""
    made = resolve(f"keras.{MODULES.get(family, family)}.{name}")
    label = f"{family}.{name}"
    if made is None:
        return [KerasDifference(name=label, sort="missing", what="Keras has no such class")]
    arguments = load_catalog()["families"][family]["classes"][name]["arguments"]
    ours = {each["name"]: inspect.Parameter.empty if each.get("required") else each.get("default") for each in arguments}
    theirs = list_parameters(made)
    return [*_compare_names(label, set(ours), theirs, used), *_compare_defaults(label, ours, theirs, used)]


def compare_identifier(family: str, identifier: str) -> list[KerasDifference]:
    """Whether Keras still knows a string of a family, or a second name of a class."""
    known = load_catalog()["families"][family]
    target = known["identifiers"].get(identifier)
    module = resolve(f"keras.{MODULES.get(family, family)}")
    if target is None or hasattr(module, identifier):
        return []
    try:
        module.get(identifier)
    except ValueError as error:
        if "Could not" in str(error) or "Unknown" in str(error):
            return [
                KerasDifference(name=f"{family}.{target}", sort="missing", what=f"Keras does not know the string `{identifier}`")
            ]
    except TypeError:
        return []  # it is known, and needs arguments
    return []


def _compare_names(label: str, ours: set[str], theirs: dict[str, object], used: Used) -> Iterator[KerasDifference]:
    for name in sorted(ours - set(theirs) if used is None else (ours - set(theirs)) & used):
        yield KerasDifference(name=label, sort="differs", what=f"there is no argument `{name}`")
    for name, default in theirs.items():
        if name not in ours and default is inspect.Parameter.empty:
            yield KerasDifference(name=label, sort="differs", what=f"the argument `{name}` is new, and required")
        elif name not in ours:
            yield KerasDifference(name=label, sort="new", what=f"the argument `{name}` is new")


def _compare_defaults(label: str, ours: dict[str, object], theirs: dict[str, object], used: Used) -> Iterator[KerasDifference]:
    # What an object calls itself changes nothing of a model.
    for name in [each for each in ours if each in theirs and (used is None or each != "name")]:
        if _make_plain(ours[name]) != _make_plain(theirs[name]):
            yield KerasDifference(name=label, sort="differs", what=f"the default of `{name}` is {_show_default(theirs[name])}")


def list_parameters(made: Callable[..., object]) -> dict[str, object]:
    """The arguments of a class or function with their defaults, catch-alls left out."""
    if inspect.isclass(made) and made.__init__ is object.__init__:
        return {}
    function = made.__init__ if inspect.isclass(made) else made
    kept = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(function).parameters.items()
    return {name: each.default for name, each in found if each.kind in kept and name != "self"}


def _make_plain(value: object) -> object:
    return [_make_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _show_default(default: object) -> str:
    return "not there: it is required" if default is inspect.Parameter.empty else f"`{default!r}`"


def _find_missing_functions() -> Iterator[KerasDifference]:
    op = find_op("Op")
    assert op is not None
    for function in op.arguments["name"].kind.make_schema()["enum"]:
        if resolve(f"keras.ops.{function}") is None:
            yield KerasDifference(name="Op", sort="missing", what=f"Keras has no `keras.ops.{function}`")


def _find_new() -> Iterator[KerasDifference]:
    known = {path.rpartition(".")[2] for path in map_layers()} | set(ALIASES) | {"TimeDistributed", "Input"}
    for name, cls in sorted(vars(keras.layers).items()):
        if inspect.isclass(cls) and issubclass(cls, keras.layers.Layer) and cls.__name__ not in known | set(BACKBONES):
            if name == cls.__name__ and explain_refusal(name) is None:
                yield KerasDifference(name=name, sort="new", what="the layer is new")
    for name, item in sorted(vars(keras.applications).items()):
        if callable(item) and name[:1].isupper() and name not in BACKBONES:
            yield KerasDifference(name=name, sort="new", what="the backbone is new")


def _list_strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _list_strings(each)
    elif isinstance(value, dict):
        yield from _list_strings(list(value.values()))


def resolve(path: str) -> Any:
    """The object that a dotted path below `keras` names, or None."""
    found: Any = keras
    for step in path.split(".")[1:]:
        found = getattr(found, step, None)
    return found
