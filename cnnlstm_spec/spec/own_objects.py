"""A person's own losses, metrics and the like: what the modules of `objects_from` register with Keras.

Nothing is imported unless the person who runs the tool allows it. Keras is imported by the modules alone.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType

from ..language.catalog import OwnObject, OwnObjects, find_family
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import Mapping
from .own_modules import are_allowed, import_own, list_places

NO_OBJECTS = Code("no-objects-in-module", "error", "`{module}` registers nothing with Keras that a spec can name")
TAKEN = Code("own-object-name", "error", "`{module}` has `{name}`, which is there already")

KEY = "objects_from"
BASES = {
    "Loss": "losses",
    "Metric": "metrics",
    "Regularizer": "regularizers",
    "Initializer": "initializers",
    "Callback": "callbacks",
}
"""By Keras's base class, the family of what is derived from it."""
REDUCED = (("reduction", "sum_over_batch_size"),)
"""What Keras does with the values of a function that is a loss."""
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
PLAIN = (bool, int, float, str)
OF_FUNCTIONS = {1: ("activations",), 2: ("losses", "metrics")}
"""By the number of tensors that a function takes, the families that it may stand for."""


def with_own_objects(modules: tuple[str, ...] | None, root: Mapping, scope: Scope) -> Scope:
    """The scope with the objects of the modules named (None: not readable); where some fail, unknown names may be theirs."""
    entry = root.get(KEY)
    if entry is None or modules == ():
        # By a misspelt key, which is told, nothing is imported.
        return replace(scope, objects=OwnObjects(unread=True)) if modules else scope
    if modules is None or not are_allowed(KEY, entry.key, scope):
        return replace(scope, objects=OwnObjects(unread=True))
    found: dict[str, OwnObject] = {}
    unread = False
    for module, item, at in list_places(modules, entry, scope):
        loaded = import_own(module, item, at)
        objects = tuple(_list_objects(loaded)) if loaded is not None else ()
        if loaded is not None and not objects:
            help = ("put `@keras.saving.register_keras_serializable()` before a class or a function",)
            at.report(NO_OBJECTS, item, module=module, help=help)
        unread = unread or not objects
        for each in objects:
            if each.name in found or any(_is_keras(name, each.name) for name in each.families):
                at.report(TAKEN, item, module=module, name=each.name, help=("give it another name",))
                unread = True
            found.setdefault(each.name, each)
    return replace(scope, objects=OwnObjects(tuple(found.values()), unread))


def _is_keras(family_name: str, name: str) -> bool:
    known = find_family(family_name)
    return name in known["classes"] or name in known["identifiers"]


def _list_objects(module: ModuleType) -> Iterator[OwnObject]:
    """What a module, or one below it, has registered with Keras; and its callbacks, which no saved model holds."""
    for name, value in sorted(vars(module).items()):
        if name.startswith("_") or not f"{getattr(value, '__module__', None)}.".startswith(f"{module.__name__}."):
            continue
        if inspect.isclass(value):
            families = _list_families(value)
            if families and (_is_registered(value) or families == ("callbacks",)):
                taken = _list_parameters(value)
                arguments = tuple((each.name, each.default is each.empty) for each in taken)
                defaults = tuple((each.name, each.default) for each in taken if isinstance(each.default, PLAIN))
                yield OwnObject(name, module.__name__, families, arguments, defaults=defaults)
        elif inspect.isfunction(value) and _is_registered(value):
            families = OF_FUNCTIONS.get(len(_list_required(value)), ())
            if families:
                yield OwnObject(name, module.__name__, families, is_function=True, defaults=REDUCED)


def _is_registered(value: Callable[..., object]) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and keras.saving.get_registered_name(value) != value.__name__


def _list_families(cls: type) -> tuple[str, ...]:
    bases = (base for base in cls.__mro__ if base.__module__.partition(".")[0] == "keras")
    return tuple(dict.fromkeys(BASES[base.__name__] for base in bases if base.__name__ in BASES))


def _list_parameters(cls: type) -> tuple[inspect.Parameter, ...]:
    """What making an object of a class takes by name; where it hands others on to its base, those of that too."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        for each in parameters:
            # What a class leaves out of its own, it gives its base by itself.
            if each.kind in NAMED and (base is cls or each.default is not each.empty):
                found.setdefault(each.name, each)
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return tuple(found.values())


def _list_required(function: Callable[..., object]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in BY_PLACE and each.default is each.empty]
