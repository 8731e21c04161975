"""The table of strategies: several inputs to one output, made of stock Keras layers and operations."""

from __future__ import annotations

from .fuse import Strategy
from .fuse_attention import AttentionStrategy, CrossAttention
from .fuse_bilinear import Bilinear
from .fuse_elementwise import AddStrategy, AverageStrategy, MaximumStrategy, MultiplyStrategy
from .fuse_join import Concat
from .fuse_weighted import Gated, LearnedWeights

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
