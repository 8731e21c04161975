"""Modules of a person's own, imported where that is allowed: whoever runs the tool says so. Imports no layer by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from types import ModuleType

from ..ir.inference import describe_error
from ..language.kinds import Text
from ..language.list_kinds import ListOf
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.nodes import Entry, Listing, Node

NOT_ALLOWED = Code("imports-not-allowed", "error", "`{key}` imports Python modules, which is not allowed here")
NOT_IMPORTED = Code("module-not-imported", "error", "`{module}` cannot be imported: {error}")
RESERVED = Code("own-module-name", "error", "`{module}` cannot be named here: `{name}` means another thing in a program")

PROGRAM_NAMES = frozenset({"keras", "numpy", "layers", "ops", "model", "build_model"})
"""Names that the Python source of a model has."""
MODULES = ListOf(Text("the dotted name of a module", r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"))


def are_allowed(key: str, node: Node, scope: Scope) -> bool:
    """Whether modules may be imported; where not, that is reported at the key that names them."""
    if not scope.allow_imports:
        help = ("`--allow-imports`, or `load(..., allow_imports=True)`, allows it; it runs their code",)
        scope.enter(key).report(NOT_ALLOWED, node, key=key, help=help)
    return scope.allow_imports


def list_places(modules: tuple[str, ...], entry: Entry, scope: Scope) -> list[tuple[str, Node, Scope]]:
    """Each module that a key names, with the node of its name and the scope of that."""
    items = entry.value.items if isinstance(entry.value, Listing) else (entry.value,) * len(modules)
    return [
        (module, item, scope.enter(entry.key.text, index))
        for index, (module, item) in enumerate(zip(modules, items, strict=True))
    ]


def import_own(module: str, node: Node, scope: Scope) -> ModuleType | None:
    """The module; None where it cannot be had, which is reported."""
    from importlib import import_module

    root = module.partition(".")[0]
    if root in PROGRAM_NAMES:
        scope.report(RESERVED, node, module=module, name=root, help=("put it into a package of another name",))
        return None
    try:
        with redirect_stdout(sys.stderr):
            return import_module(module)
    except (Exception, SystemExit) as error:
        help = (describe_error(error), *_suggest_ways(error, root))
        scope.report(NOT_IMPORTED, node, module=module, error=type(error).__name__, help=help)
        return None


def _suggest_ways(error: BaseException, root: str) -> Iterable[str]:
    if isinstance(error, ModuleNotFoundError) and error.name == root:
        yield "install its package, or name its folder in PYTHONPATH"
