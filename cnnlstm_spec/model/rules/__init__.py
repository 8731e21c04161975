"""Rules, one file for a theme: of the whole graph and its spec, of one head, or of one node by itself.

They import `model`, `spec` and the rooms below, and read no text. What is judged comes in; findings go out. A rule is a
function `check_...` of a file in this folder. What it judges is the type of its first argument: a `TypedGraph` with its spec, a
`HeadUse`, or a `TypedNode` with the setting that it stands in. Rules are found here by that, and nothing lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from ...ir.graph import TypedGraph, TypedNode
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Diagnostic
from ...text.files import list_own
from .common import HeadUse, Setting

Rule = Callable[[TypedGraph, ModelSpec], Iterable[Diagnostic]]
HeadRule = Callable[[HeadUse], Iterable[Diagnostic]]
NodeRule = Callable[[TypedNode, Setting], Iterable[Diagnostic]]

RUN_ELSEWHERE = ("__init__", "check", "classes", "data", "fit", "search")
"""What runs the rules, and the files of those that `runs` imports for a spec that has their section."""


def find_rules() -> dict[str, list[Callable[..., Iterable[Diagnostic]]]]:
    """All rules by the name of the type that they judge, by file and then as they stand there."""
    found: dict[str, list[Callable[..., Iterable[Diagnostic]]]] = {each.__name__: [] for each in (TypedGraph, HeadUse, TypedNode)}
    for file in list_own("model", "rules"):
        stem = file.removesuffix(".py")
        if not file.endswith(".py") or stem in RUN_ELSEWHERE:
            continue
        module = import_module(f"{__name__}.{stem}")
        for name, each in vars(module).items():
            if name.startswith("check_") and callable(each) and each.__module__ == module.__name__:
                found[next(iter(each.__annotations__.values()))].append(each)
    return found


_FOUND = find_rules()

RULES: tuple[Rule, ...] = tuple(_FOUND["TypedGraph"])
"""Every rule of the whole graph."""

HEAD_RULES: tuple[HeadRule, ...] = tuple(_FOUND["HeadUse"])
"""Every rule of a head of known type, in a spec that is compiled."""

NODE_RULES: tuple[NodeRule, ...] = tuple(_FOUND["TypedNode"])
"""Every rule of a node whose type is known."""
