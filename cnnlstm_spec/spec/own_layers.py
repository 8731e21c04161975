"""A person's own layers: modules that a spec names in `layers_from`, or installed packages offer, read where that is allowed.

Nothing is imported unless the person who runs the tool allows it. Imports no layer by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

from ..ir.op import Op
from ..language.scope import OwnLayers, Scope
from ..text.diagnostic import Code, Diagnostic
from ..text.nodes import Mapping as MappingNode
from ..text.nodes import Node, make_node
from .own_modules import are_allowed, import_own, list_places

NO_LAYERS = Code("no-layers-in-module", "error", "`{module}` defines no layer")
TAKEN = Code("own-layer-name", "error", "`{module}` defines `{name}`, which is there already")

KEY = "layers_from"
GROUP = "cnnlstm_spec.layers"
"""The group of entry points, each a module with layers."""
NOT_WRITTEN = make_node(None)
"""Where what an installed package offers is said to stand."""


class FoundLayers(OwnLayers):
    """The layers of the modules that a spec names, and, where they are looked for, those that installed packages offer."""

    def __init__(self, named: Mapping[str, type[Op]], scope: Scope) -> None:
        self.named = named
        self.allow_imports = scope.allow_imports

    def __getitem__(self, name: str) -> type[Op]:
        if name in self.named:
            return self.named[name]
        for module in find_offered() if self.allow_imports else ():
            layers = _find_in_module(module, NOT_WRITTEN, Scope([]))
            if layers is not None and name in layers:
                return layers[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.named)

    def __len__(self) -> int:
        return len(self.named)

    def explain_missing(self) -> tuple[str, ...]:
        if not self.allow_imports:
            return tuple(f"`--allow-imports` adds the layers of `{module}`" for module in find_offered())
        quiet: list[Diagnostic] = []
        for module in find_offered():
            _find_in_module(module, NOT_WRITTEN, Scope(quiet))
        return tuple(each.message for each in quiet)


def with_own_layers(modules: tuple[str, ...] | None, root: MappingNode, scope: Scope) -> Scope:
    """The scope with the layers of the modules named (None: not readable); where some fail, unknown names may be theirs."""
    entry = root.get(KEY)
    scope = scope.change_document(layers=FoundLayers({}, scope))
    if entry is None or modules == ():
        # By a misspelt key, which is told, nothing is imported.
        return replace(scope, layers_unread=bool(modules))
    if modules is None or not are_allowed(KEY, entry.key, scope):
        return replace(scope, layers_unread=True)
    found: dict[str, Any] = {}
    unread = False
    for module, item, at in list_places(modules, entry, scope):
        layers = _find_in_module(module, item, at)
        unread = unread or layers is None
        for name, cls in (layers or {}).items():
            if name in found or scope.has_layer(name):
                help = ("name its class otherwise, or give it another `title()`",)
                at.report(TAKEN, item, module=module, name=name, help=help)
                unread = True
            else:
                found[name] = cls
    return replace(scope, layers=FoundLayers(found, scope), layers_unread=unread)


@cache
def find_offered() -> tuple[str, ...]:
    """The modules that installed packages offer, without importing them."""
    from importlib.metadata import entry_points

    return tuple(each.value.partition(":")[0].strip() for each in entry_points(group=GROUP))


def _find_in_module(module: str, node: Node, scope: Scope) -> Mapping[str, type[Op]] | None:
    """The layers of a module by name; None where it gives none, which is reported."""
    loaded = import_own(module, node, scope)
    if loaded is None:
        return None
    layers = {cls.title(): cls for cls in _find_classes(loaded)}
    if not layers:
        help = ("a layer is a class derived from `cnnlstm_spec.extend.Op`, defined in the module",)
        scope.report(NO_LAYERS, node, module=module, help=help)
        return None
    return layers


def _find_classes(module: ModuleType) -> Iterator[type[Op]]:
    """The layers that a module defines, those of modules below it that it takes in, and those that it lists in `__all__`."""
    listed = getattr(module, "__all__", ())
    for name, value in vars(module).items():
        if not isinstance(value, type) or not issubclass(value, Op) or name.startswith("_"):
            continue
        if name in listed or f"{value.__module__}.".startswith(f"{module.__name__}."):
            yield value
