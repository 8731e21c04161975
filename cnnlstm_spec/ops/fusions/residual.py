"""The sum of a `Residual`."""

from __future__ import annotations

from typing import Literal

from .elementwise import AddStrategy


class ResidualAdd(AddStrategy):
    """The sum at the end of a Residual."""

    word = "Residual"
    arity = (2, 2)

    def suggest_help(self, differs: Literal["rank", "size", "width"], stretched: bool = False) -> tuple[str, ...]:
        return ("`shortcut: projection` brings the shortcut to the shape of the layers",)
