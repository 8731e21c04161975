"""All ways out that are told of losses, metrics, activations and targets, by names for their tests. Imports no Keras."""

from __future__ import annotations

from ways_of_heads import ACTIVATIONS, TARGETS
from ways_of_training import LABELS, LOSSES, METRICS

WAYS = [*LABELS, *METRICS, *LOSSES, *ACTIVATIONS, *TARGETS]
NAMES = [f"{index}-{way.code}" for index, way in enumerate(WAYS)]
