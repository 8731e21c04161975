"""The table of strategies: several inputs to one output, made of stock Keras layers and operations."""

from __future__ import annotations

from .attention import AttentionStrategy, CrossAttention
from .base import Strategy
from .bilinear import Bilinear
from .concat import Concat
from .elementwise import AddStrategy, AverageStrategy, MaximumStrategy, MultiplyStrategy
from .weighted import Gated, LearnedWeights

ALL: tuple[type[Strategy], ...] = (
    Concat,
    AddStrategy,
    AverageStrategy,
    MaximumStrategy,
    MultiplyStrategy,
    LearnedWeights,
    Gated,
    AttentionStrategy,
    CrossAttention,
    Bilinear,
)
STRATEGIES: dict[str, type[Strategy]] = {strategy.word: strategy for strategy in ALL}
