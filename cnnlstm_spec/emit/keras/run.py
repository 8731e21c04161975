"""Runs a Program with Keras. Of this package only this file and `comparison.py` import Keras."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

import keras
import numpy

from ...ir.inference import describe_error
from ...ir.program import (
    Apply,
    Attribute,
    Call,
    Comment,
    Do,
    DottedName,
    Expression,
    FreezeBefore,
    FreezeNorms,
    Index,
    Infix,
    Let,
    LetEach,
    MarkLayers,
    OnTensorFlow,
    Program,
    Ref,
    SetAttribute,
    Slice,
    Statement,
    Unbuildable,
)
from ...language.catalog import load_catalog
from .expectations import KerasDifference

LEAST = (3, 13)
"""The oldest Keras that builds models: two minor versions before the one that the rules were made from."""


def run(program: Program) -> keras.Model:
    """The model that a program builds; the process's random state and dtype policy are left as they were."""
    values: dict[str, Any] = {}
    with _restore():
        check(program)
        for statement in program.statements:
            match statement:
                case Let(name, value, scope, alone):
                    values[name] = (_make_alone if alone else _make)(value, scope, values)
                case LetEach(names, value):
                    values.update(zip(names, _evaluate(value, values), strict=True))
                case SetAttribute(target, attribute, value):
                    setattr(values[target], attribute, _evaluate(value, values))
                case MarkLayers(target, mark, deep):
                    for layer in values[target].layers:
                        for each in (layer, *(getattr(layer, "layers", ()) if deep else ())):
                            each.name = f"{each.name}.{mark}"
                case FreezeBefore(target, name):
                    freeze(iterate_before(values[target].layers, name))
                case FreezeNorms(target):
                    freeze(filter(is_norm, values[target].layers))
                case Do(call, times):
                    for _ in range(times):
                        _evaluate(call, values)
                case Comment():
                    pass
    model = values["model"]
    assert isinstance(model, keras.Model)
    return model


def _make(value: Expression, scope: str | None, values: dict[str, object]) -> object:
    with nullcontext() if scope is None else keras.name_scope(scope):
        return _evaluate(value, values)


def _make_alone(value: Expression, scope: str | None, values: dict[str, object]) -> object:
    """What is made in a thread of its own, where Keras counts the names of layers from the start."""
    policy = keras.config.dtype_policy()

    def make() -> object:
        keras.config.set_dtype_policy(policy)
        return _make(value, scope, values)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()


def iterate_before(layers: Iterable[keras.layers.Layer], name: str) -> Iterator[keras.layers.Layer]:
    """The layers that come before the one of a name."""
    return takewhile(lambda layer: layer.name != name, layers)


def is_norm(layer: keras.layers.Layer) -> bool:
    """Whether a layer is a batch norm."""
    return isinstance(layer, keras.layers.BatchNormalization)


def freeze(layers: Iterable[keras.layers.Layer]) -> None:
    """Lets layers be trained no more."""
    for layer in layers:
        layer.trainable = False


Changes = Mapping[str, Callable[[Any], Any]]
"""By head, what makes another thing of one of the spec's."""


def compile_again(
    model: keras.Model,
    statements: Iterable[Statement],
    losses: Changes,
    metrics: Changes,
    scope: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Runs statements that compile a model, on one that is built; some heads get another loss or metrics.

    Metrics are called as in a model that is compiled for the first time. `scope` makes what a model is compiled in that several
    devices train; TensorFlow's cannot be left where Keras has forgotten in it.
    """
    forget(free=False)
    with scope():
        _compile_model(model, statements, losses, metrics)


def _compile_model(model: keras.Model, statements: Iterable[Statement], losses: Changes, metrics: Changes) -> None:
    for statement in statements:
        assert isinstance(statement, Do)
        keywords = {name: _evaluate(each, {"model": model}) for name, each in statement.call.keywords}
        keywords["loss"] = _change_value(keywords["loss"], losses)
        for key in ("metrics", "weighted_metrics"):
            if key in keywords:
                lists = {head: partial(_change_each, change) for head, change in metrics.items()}
                keywords[key] = _change_value(keywords[key], lists)
        model.compile(**keywords)


def _change_each(change: Callable[[object], object], values: list[object]) -> list[object]:
    return [change(each) for each in values]


def _change_value(value: object, changes: Changes) -> object:
    """A value of `compile`, by head or of the only one."""
    if isinstance(value, dict):
        return {head: changes[head](each) if head in changes else each for head, each in value.items()}
    return next(iter(changes.values()))(value) if changes else value


def make(expression: Expression) -> Any:
    """The object of Keras that an expression makes, such as a callback."""
    return _evaluate(expression, {})


def check(program: Program) -> None:
    """Raises Unbuildable where the installed Keras is too old, or differs from the rules in what the program uses."""
    made_from = load_catalog()["keras"]
    if keras.__version__ == made_from:
        return
    if tuple(int(part) for part in keras.__version__.split(".")[:2]) < LEAST:
        least = ".".join(map(str, LEAST))
        raise Unbuildable(
            f"Keras {keras.__version__} is installed; {least} or later is needed to build models. It loads those made elsewhere"
        )
    from .doctor import find_used

    found = find_used(program, lambda expression: _evaluate(expression, {}))
    if found:
        listed = "".join(f"\n  {each}" for each in found)
        raise Unbuildable(
            f"this spec uses what Keras {keras.__version__} has changed; the rules were made from {made_from}:{listed}\n"
            "`cnnlstm-spec doctor` compares everything"
        )


def examine() -> tuple[str, str, list[KerasDifference]]:
    """The installed version of Keras, the one that the rules were made from, and all differences."""
    from .doctor import compare

    with _restore():
        return keras.__version__, load_catalog()["keras"], compare(lambda expression: _evaluate(expression, {}))


@contextmanager
def _restore() -> Iterator[None]:
    python, numpy_state, policy = random.getstate(), numpy.random.get_state(), keras.config.dtype_policy()
    try:
        yield
    finally:
        random.setstate(python)
        numpy.random.set_state(numpy_state)
        keras.config.set_dtype_policy(policy)


def _evaluate(expression: Expression, values: dict[str, object]) -> Any:
    match expression:
        case Ref(name):
            return values[name]
        case DottedName(path):
            return _find(path, values)
        case Call(path, arguments, keywords):
            return _call(_find(path, values), *_evaluate_arguments(arguments, keywords, values))
        case Apply(layer, arguments, keywords):
            return _call(_evaluate(layer, values), *_evaluate_arguments(arguments, keywords, values))
        case Slice(value, index):
            # One index of its own, since a layer may give a tuple of tensors.
            return _evaluate(value, values)[_read_index(index[0]) if len(index) == 1 else tuple(map(_read_index, index))]
        case Attribute(value, name):
            return getattr(_evaluate(value, values), name)
        case Infix(operator, left, right):
            return _compute_infix(operator, _evaluate(left, values), _evaluate(right, values))
        case OnTensorFlow(value, elsewhere):
            return value if keras.backend.backend() == "tensorflow" else elsewhere
        case tuple():
            return tuple(_evaluate(each, values) for each in expression)
        case list():
            return [_evaluate(each, values) for each in expression]
        case dict():
            return {name: _evaluate(each, values) for name, each in expression.items()}
        case _:
            return expression


def _evaluate_arguments(
    arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...], values: dict[str, object]
) -> tuple[list[object], dict[str, object]]:
    return [_evaluate(each, values) for each in arguments], {name: _evaluate(each, values) for name, each in keywords}


def _read_index(index: Index) -> int | slice:
    if isinstance(index, tuple):
        return slice(*index)
    return slice(None) if index is None else index


def _compute_infix(operator: str, left: Any, right: object) -> object:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    raise ValueError(operator)


def _find(path: str, values: dict[str, object]) -> object:
    head, *steps = path.split(".")
    if head != "keras" and head not in values:
        return _find_own(path)
    found: Any = keras if head == "keras" else values[head]
    for step in steps:
        found = getattr(found, step)
    return found


def _find_own(path: str) -> object:
    """What a module other than Keras has by that name."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        raise Unbuildable(f"`{path}` cannot be had: {describe_error(error)}") from error


def _call(function: Any, arguments: list[object], keywords: dict[str, object]) -> object:
    """The result of a call; what a person's own layer raises is not a bug of ours."""
    try:
        return function(*arguments, **keywords)
    except Exception as error:
        own = function if isinstance(function, type) else type(function)
        if own.__module__.partition(".")[0] in ("keras", "builtins", "functools"):
            raise
        raise Unbuildable(f"`{own.__name__}` of `{own.__module__}` fails: {describe_error(error)}") from error


def forget(free: bool = True) -> None:
    """Lets the names of operations count from the start again, as in a process that has built nothing.

    With `free` the memory of models that nobody holds is freed, which takes a look at every object there is. Devices that share
    what is computed here go on sharing it.
    """
    shared = keras.distribution.distribution()
    keras.utils.clear_session(free_memory=free)
    keras.distribution.set_distribution(shared)


def save(model: keras.Model, path: Path) -> None:
    """Writes a `.keras` file; with the optimizer built, which Keras else says it skips wherever the file is loaded."""
    optimizer = getattr(model, "optimizer", None)  # a model that is not compiled has none
    if optimizer is not None and not optimizer.built:
        optimizer.build(model.trainable_variables)
    model.save(path)


def load(path: Path) -> keras.Model:
    """Reads a `.keras` file, without what it is trained with."""
    return keras.models.load_model(path, compile=False)


def compute_alike() -> None:
    """Lets the backend choose operations that give the same bits each time, on a GPU too, though slower."""
    match keras.backend.backend():
        case "tensorflow":
            import_module("tensorflow").config.experimental.enable_op_determinism()
        case "jax":
            # XLA reads it when it first computes.
            os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
        case "torch":
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            import_module("torch").use_deterministic_algorithms(True)


def list_devices() -> tuple[str, ...]:
    """The kinds of device that Keras computes on, without what says which machine it is."""
    # Keras lists none of torch's; they are where a tensor is made.
    names = [keras.ops.zeros(()).device.type] if keras.backend.backend() == "torch" else keras.distribution.list_devices()
    return tuple(dict.fromkeys(name.partition(":")[0].upper() for name in names))


def find_class(module: str, name: str) -> object:
    """What Keras has under that name in a module of its own; None where there is none."""
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def find_versions() -> dict[str, str]:
    """What builds the model: Keras, and the backend that it runs on."""
    backend = keras.backend.backend()
    return {"keras": keras.__version__, backend: import_module(backend).__version__}
