"""Keras's named objects that are no layers: activations, initializers, optimizers, losses and so on."""

from __future__ import annotations

from typing import Any

from .argument import Kind
from .kinds import wrong_type
from .scope import Scope
from .syntax import Mapping, Node, Scalar, value_of


class Named(Kind):
    """A string identifier that Keras accepts, or a class with arguments."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.words = f"one of Keras's {family}"

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        if isinstance(node, Mapping):
            return value_of(node)
        return wrong_type(node, scope, self.words)

    def schema(self) -> dict[str, Any]:
        return {}


from dataclasses import dataclass


@dataclass(frozen=True)
class KerasObject:
    """A class of Keras with arguments: `keras.regularizers.L2(l2=0.01)`."""

    path: str
    arguments: tuple[tuple[str, Any], ...] = ()
