"""The table of strategies: several inputs to one output, made of stock Keras layers and operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Strategy

FILES = {
    "concat": "concat.Concat",
    "add": "elementwise.AddStrategy",
    "average": "elementwise.AverageStrategy",
    "maximum": "elementwise.MaximumStrategy",
    "multiply": "elementwise.MultiplyStrategy",
    "learned_weights": "weighted.LearnedWeights",
    "gated": "weighted.Gated",
    "attention": "attention.AttentionStrategy",
    "cross_attention": "attention.CrossAttention",
    "bilinear": "bilinear.Bilinear",
}
"""The word in a spec, and the file and class that it stands for."""


class Strategies(Mapping[str, "type[Strategy]"]):
    """By word, each strategy. Its file is imported when it is looked up."""

    def __getitem__(self, word: str) -> type[Strategy]:
        file, _, name = FILES[word].partition(".")
        found: type[Strategy] = getattr(import_module(f"{__package__}.{file}"), name)
        return found

    def __contains__(self, word: object) -> bool:
        return word in FILES

    def __iter__(self) -> Iterator[str]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


STRATEGIES = Strategies()
