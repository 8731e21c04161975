"""The `compile` section (to be filled in)."""

from __future__ import annotations

from typing import Any

from .graph import TypedGraph
from .program import Call, Do, Expression, Statement
from .scope import Scope
from .spec import ModelSpec
from .syntax import Mapping, value_of


def read_compile(node: Mapping, scope: Scope, heads: tuple[str, ...], single: bool) -> Any:
    return value_of(node)


def policy_statements(spec: ModelSpec, policy: str) -> list[Statement]:
    statements: list[Statement] = [Do(Call("keras.utils.set_random_seed", (spec.seed,)))]
    if policy != "float32":
        statements.append(Do(Call("keras.config.set_dtype_policy", (policy,))))
    return statements


def compile_statements(spec: ModelSpec, graph: TypedGraph) -> list[Statement]:
    if not spec.compile:
        return []
    return [Do(Call("model.compile", (), tuple(spec.compile.items())))]
