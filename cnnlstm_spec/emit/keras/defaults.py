"""A saved model without what equals a default, so that earlier versions of Keras read it.

Keras writes every argument of every layer; one that came with a newer version is refused by an older, though it changes nothing
where it stands at its default. Numbers, names and null are left out so, initializers and the like without their own defaults.
"""

from __future__ import annotations

import inspect
from functools import cache

from .run import find_class

NEEDED = {
    "Constant": frozenset({"value"}),
    "Rescaling": frozenset({"scale", "offset"}),
    "TextVectorization": frozenset({"standardize", "split", "ngrams"}),
}
"""Arguments that a class asks for when it is read, though they have a default."""
STRUCTURAL = frozenset({"Functional", "Sequential", "Model"})
"""Classes whose configuration is a graph, and no arguments."""


def leave_out_defaults(config: object) -> object:
    """What Keras has serialized, without the arguments that equal their defaults."""
    if isinstance(config, list):
        return [leave_out_defaults(each) for each in config]
    if not isinstance(config, dict):
        return config
    found = {key: leave_out_defaults(value) for key, value in config.items()}
    inner, name, module = found.get("config"), found.get("class_name"), found.get("module")
    if isinstance(inner, dict) and isinstance(name, str) and isinstance(module, str) and name not in STRUCTURAL:
        found["config"] = _without_defaults(inner, name, module)
    return found


def with_compiled(config: dict[str, object], jit: bool | None) -> dict[str, object]:
    """A model that is compiled as it can be read: with lists in metrics, and saying whether XLA compiles it if that is said.

    Keras writes what `auto` has come to where it runs.
    """
    if not isinstance(held := config.get("compile_config"), dict):
        return config
    rest = {key: with_plain_numbers(value) for key, value in held.items() if key != "jit_compile"}
    return {**config, "compile_config": rest if jit is None else {**rest, "jit_compile": jit}}


def with_plain_numbers(config: object) -> object:
    """What Keras has serialized, with lists for tensors: `AUC` writes its `label_weights` as one, and does not read it again."""
    if isinstance(config, list):
        return [with_plain_numbers(each) for each in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "__tensor__":
        return config["config"]["value"]
    return {key: with_plain_numbers(value) for key, value in config.items()}


def _without_defaults(config: dict[str, object], name: str, module: str) -> dict[str, object]:
    if module.startswith("keras.src.ops."):
        # The name of an operation stands beside its configuration too.
        return {key: value for key, value in config.items() if key != "name"}
    defaults = _find_defaults(module, name)
    needed = NEEDED.get(name, frozenset())
    return {
        key: value
        for key, value in config.items()
        if key == "name" or key in needed or key not in defaults or not _is_default(value, defaults[key])
    }


def _is_default(value: object, default: object) -> bool:
    """Whether a value is the default as JSON holds it."""
    default = list(default) if isinstance(default, tuple) else default
    return type(value) is type(default) and bool(value == default)


@cache
def _find_defaults(module: str, name: str) -> dict[str, object]:
    """The defaults of a class of Keras, by argument; none of another's."""
    found = find_class(module, name) if module.partition(".")[0] == "keras" else None
    if not isinstance(found, type):
        return {}
    parameters = inspect.signature(found).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}
