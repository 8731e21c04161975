"""A person's own layers: modules that a spec names in `layers_from`, or installed packages offer, read where that is allowed.

Nothing is imported unless the person who runs the tool allows it. Imports no layer by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from typing import Any

from .argument import read_record
from .diagnostic import Code, Diagnostic
from .kinds import ListOf, Text
from .op import Op
from .scope import Scope
from .syntax import Listing, Node, Scalar
from .syntax import Mapping as MappingNode

NOT_ALLOWED = Code("imports-not-allowed", "error", "`layers_from` imports Python modules, which is not allowed here")
NOT_IMPORTED = Code("module-not-imported", "error", "`{module}` cannot be imported: {error}")
NO_LAYERS = Code("no-layers-in-module", "error", "`{module}` defines no layer")
TAKEN = Code("own-layer-name", "error", "`{module}` defines `{name}`, which is there already")
RAISES = Code("own-layer-raises", "error", "`{layer}` raises {error} here")
RESERVED = Code("own-module-name", "error", "`{module}` cannot hold layers: `{name}` means another thing in a program")

KEY = "layers_from"
GROUP = "cnnlstm_spec.layers"
"""The group of entry points, each a module with layers."""
PROGRAM_NAMES = frozenset({"keras", "layers", "ops", "model", "build_model"})
"""Names that the Python source of every model has."""
MODULES = ListOf(Text("the dotted name of a module", r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"))


def is_own(op: Op | type[Op]) -> bool:
    """Whether a layer is a person's own, and its failures are not ours."""
    cls = op if isinstance(op, type) else type(op)
    return cls.__module__.partition(".")[0] != __package__


def described(error: BaseException) -> str:
    """An exception in a line. Keras puts a line of its own before what a layer raised, and that in bold."""
    text = str(error).replace("\x1b[1m", "").replace("\x1b[0m", "")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Exception encountered when calling")]
    return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__


def with_own_layers(modules: tuple[str, ...] | None, root: MappingNode, scope: Scope) -> Scope:
    """The scope with the layers of the modules named (None: not readable); where some fail, unknown names may be theirs."""
    entry = root.get(KEY)
    if entry is None:
        return scope
    if modules is None:
        return replace(scope, layers_unread=True)
    if not modules:
        return scope
    if not scope.allow_imports:
        help = ("`--allow-imports`, or `load(..., allow_imports=True)`, allows it; it runs their code",)
        scope.at(KEY).report(NOT_ALLOWED, entry.key, help=help)
        return replace(scope, layers_unread=True)
    found: dict[str, Any] = {}
    unread = False
    for index, module in enumerate(modules):
        item = entry.value.items[index] if isinstance(entry.value, Listing) else entry.value
        at = scope.at(KEY, index)
        layers = _of_module(module, item, at)
        unread = unread or layers is None
        for name, cls in (layers or {}).items():
            if name in found or _is_known(name):
                help = ("name its class otherwise, or give it another `title()`",)
                at.report(TAKEN, item, module=module, name=name, help=help)
                unread = True
            else:
                found[name] = cls
    return replace(scope, layers=found, layers_unread=unread)


def installed(key: Scalar, scope: Scope) -> type[Op] | None:
    """A layer that an installed package offers, where imports are allowed."""
    if not scope.allow_imports:
        return None
    for module in offered():
        layers = _of_module(module, key, replace(scope, found=[]))
        if layers is not None and key.text in layers:
            return layers[key.text]
    return None


def about_offered(key: Scalar, scope: Scope) -> tuple[str, ...]:
    """What is to be said of a layer that is not found: packages that may have it, or have failed."""
    if not scope.allow_imports:
        return tuple(f"`--allow-imports` adds the layers of `{module}`" for module in offered())
    quiet: list[Diagnostic] = []
    for module in offered():
        _of_module(module, key, replace(scope, found=quiet))
    return tuple(each.message for each in quiet)


@cache
def offered() -> tuple[str, ...]:
    """The modules that installed packages offer, without importing them."""
    from importlib.metadata import entry_points

    return tuple(each.value.partition(":")[0].strip() for each in entry_points(group=GROUP))


def read_own(cls: type[Op], node: Node, key: Node, scope: Scope, name: str) -> Any:
    """A layer's record; what the class raises is a finding."""
    try:
        return read_record(cls, node, scope, name)
    except Exception as error:
        if not is_own(cls):
            raise
        return scope.report(RAISES, key, layer=name, error=type(error).__name__, help=(described(error),))


def _of_module(module: str, node: Node, scope: Scope) -> Mapping[str, type[Op]] | None:
    """The layers of a module by name; None where it gives none, which is reported."""
    from importlib import import_module

    root = module.partition(".")[0]
    if root in PROGRAM_NAMES:
        scope.report(RESERVED, node, module=module, name=root, help=("put it into a package of another name",))
        return None
    try:
        with redirect_stdout(sys.stderr):
            loaded = import_module(module)
    except (Exception, SystemExit) as error:
        help = (described(error), *_ways(error, root))
        scope.report(NOT_IMPORTED, node, module=module, error=type(error).__name__, help=help)
        return None
    layers = {cls.title(): cls for cls in _classes(loaded)}
    if not layers:
        help = ("a layer is a class derived from `cnnlstm_spec.extend.Op`, defined in the module",)
        scope.report(NO_LAYERS, node, module=module, help=help)
        return None
    return layers


def _ways(error: BaseException, root: str) -> Iterable[str]:
    if isinstance(error, ModuleNotFoundError) and error.name == root:
        yield "install its package, or name its folder in PYTHONPATH"


def _classes(module: Any) -> Iterator[type[Op]]:
    """The layers that a module defines, those of modules below it that it takes in, and those that it lists in `__all__`."""
    listed = getattr(module, "__all__", ())
    for name, value in vars(module).items():
        if not isinstance(value, type) or not issubclass(value, Op) or name.startswith("_"):
            continue
        if name in listed or f"{value.__module__}.".startswith(f"{module.__name__}."):
            yield value


def _is_known(name: str) -> bool:
    from .layers import STRUCTURES
    from .ops import find_op

    return name in STRUCTURES or find_op(name) is not None
