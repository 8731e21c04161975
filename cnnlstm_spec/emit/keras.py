"""Runs a Program with Keras. The only file of the package that imports Keras or TensorFlow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy

from ..program import Apply, Call, Comment, Do, Expression, Infix, Let, Program, Ref, SetAttribute, Slice


def run(program: Program) -> keras.Model:
    """The model that a program builds; the process's random state and dtype policy are left as they were."""
    values: dict[str, Any] = {}
    with _restored():
        for statement in program.statements:
            match statement:
                case Let(name, value):
                    values[name] = _evaluate(value, values)
                case SetAttribute(target, attribute, value):
                    setattr(values[target], attribute, _evaluate(value, values))
                case Do(call):
                    _evaluate(call, values)
                case Comment():
                    pass
    model = values["model"]
    assert isinstance(model, keras.Model)
    return model


@contextmanager
def _restored() -> Iterator[None]:
    python, numpy_state, policy = random.getstate(), numpy.random.get_state(), keras.config.dtype_policy()
    try:
        yield
    finally:
        random.setstate(python)
        numpy.random.set_state(numpy_state)
        keras.config.set_dtype_policy(policy)


def _evaluate(expression: Expression, values: dict[str, Any]) -> Any:
    match expression:
        case Ref(name):
            return values[name]
        case Call(path, arguments, keywords):
            function = _find(path, values)
            return function(*(_evaluate(a, values) for a in arguments), **{k: _evaluate(v, values) for k, v in keywords})
        case Apply(layer, arguments, keywords):
            made = _evaluate(layer, values)
            return made(*(_evaluate(a, values) for a in arguments), **{k: _evaluate(v, values) for k, v in keywords})
        case Slice(value, index):
            # One index of its own, since a layer may give a tuple of tensors.
            return _evaluate(value, values)[_index(index[0]) if len(index) == 1 else tuple(map(_index, index))]
        case Infix(operator, left, right):
            return _infix(operator, _evaluate(left, values), _evaluate(right, values))
        case tuple():
            return tuple(_evaluate(each, values) for each in expression)
        case list():
            return [_evaluate(each, values) for each in expression]
        case dict():
            return {name: _evaluate(each, values) for name, each in expression.items()}
        case _:
            return expression


def _index(index: int | tuple[int | None, int | None] | None) -> int | slice:
    if isinstance(index, tuple):
        return slice(*index)
    return slice(None) if index is None else index


def _infix(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    raise ValueError(operator)


def _find(path: str, values: dict[str, Any]) -> Any:
    head, *steps = path.split(".")
    found: Any = keras if head == "keras" else values[head]
    for step in steps:
        found = getattr(found, step)
    return found


def save(model: keras.Model, path: Path) -> None:
    """Writes a `.keras` file."""
    model.save(path)


def versions() -> dict[str, str]:
    """What builds the model: Keras, and the backend that it runs on."""
    backend = keras.backend.backend()
    return {"keras": keras.__version__, backend: import_module(backend).__version__}
