"""What Keras's activations give, whatever comes in. Tested against Keras by `tests/ops/test_ranges.py`."""

from __future__ import annotations

Bounds = tuple[float | None, float | None, bool]
"""The least and the greatest value, None for no bound, and whether the least one comes, and is not only approached."""

BOUNDS: dict[str, Bounds] = {
    "sigmoid": (0, 1, False),
    "hard_sigmoid": (0, 1, True),
    "sparse_sigmoid": (0, 1, True),
    "softmax": (0, 1, False),
    "sparsemax": (0, 1, True),
    "tanh": (-1, 1, False),
    "hard_tanh": (-1, 1, True),
    "softsign": (-1, 1, False),
    "relu": (0, None, True),
    "relu6": (0, 6, True),
    "softplus": (0, None, False),
    "squareplus": (0, None, False),
    "sparse_plus": (0, None, True),
    "exponential": (0, None, False),
    "log_sigmoid": (None, 0, False),
    "log_softmax": (None, 0, False),
    "elu": (-1, None, False),
    "celu": (-1, None, False),
    "selu": (-1.7581, None, False),
    "gelu": (-0.1701, None, True),
    "silu": (-0.2785, None, True),
    "mish": (-0.3089, None, True),
    "hard_silu": (-0.375, None, True),
}
"""Those left out give any number."""

DISTRIBUTIONS = frozenset({"softmax", "sparsemax"})
"""Those that divide 1 among the values along the last axis."""

ALONG_LAST_AXIS = DISTRIBUTIONS | {"log_softmax"}
"""Those that take the values along the last axis together."""

ADDS_UP = "softmax"
"""The one of them whose values do add up to 1: Keras's `sparsemax` falls short of it where two values are near each other."""

SIGMOIDS = frozenset({"sigmoid", "hard_sigmoid", "sparse_sigmoid"})
"""Those that give each value a probability of its own."""

CUTTING = frozenset({"relu", "relu6", "sparse_plus"})
"""Those that give one number for all values below another one, so that no gradient comes through there, and grow above it."""

EXPLOSIVE = frozenset({"exponential"})
"""Those that grow so fast that a loop over them leaves every floating-point number behind."""

KEEP_ZEROS = frozenset(
    {None, "linear", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "tanh", "softsign"}
    | {"hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink"}
)
"""Activations of which 0 gives 0."""

FLAT_AT_ZERO = frozenset({"relu", "relu6", "hard_shrink", "soft_shrink", "tanh_shrink"})
"""Those of them that have no gradient at 0."""
