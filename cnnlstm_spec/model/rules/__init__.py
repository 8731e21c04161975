"""Rules, one file for a theme: of the whole graph and its spec, of one head, or of one node by itself.

A rule is a function `check_...` of a file in this folder. What it judges is the type of its first argument: a `TypedGraph`
with its spec, a `HeadUse`, or a `TypedNode` with the setting that it stands in. Rules are found here by that, and nothing
lists them. They import `spec` and the rooms below, and read no text; each gives the findings of what comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from ...ir.graph import TypedGraph, TypedNode
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Diagnostic
from ...text.files import own_names
from .common import HeadUse, Setting

Rule = Callable[[TypedGraph, ModelSpec], Iterable[Diagnostic]]
HeadRule = Callable[[HeadUse], Iterable[Diagnostic]]
NodeRule = Callable[[TypedNode, Setting], Iterable[Diagnostic]]

RUN_ELSEWHERE = ("__init__", "check", "classes", "data", "fit", "search")
"""What runs the rules, and the files of those that `runs` imports for a spec that has their section."""


def find_rules(judged: type) -> Iterator[Any]:
    """The rules whose first argument is of that type, by file and then as they stand there."""
    for name in own_names("model", "rules"):
        stem = name.removesuffix(".py")
        if not name.endswith(".py") or stem in RUN_ELSEWHERE:
            continue
        module = import_module(f"{__name__}.{stem}")
        for each in vars(module).values():
            of_file = callable(each) and getattr(each, "__module__", "") == module.__name__ and each.__name__.startswith("check_")
            if of_file and next(iter(each.__annotations__.values())) == judged.__name__:
                yield each


RULES: tuple[Rule, ...] = tuple(find_rules(TypedGraph))
"""Every rule of the whole graph."""

RULES_BEYOND_MISTAKES: tuple[Rule, ...] = tuple(
    rule for rule in RULES if rule.__name__ in ("check_targets", "check_single_steps")
)
"""Those of them that hold of what follows a mistake, since they judge each head, or layer, by what it gives or is given alone."""

HEAD_RULES: tuple[HeadRule, ...] = tuple(find_rules(HeadUse))
"""Every rule of a head of known type, in a spec that is compiled."""

NODE_RULES: tuple[NodeRule, ...] = tuple(find_rules(TypedNode))
"""Every rule of a node whose type is known."""
