"""What Keras calls layers that have no name of their own. Imports no other room."""

from __future__ import annotations

import re
from functools import cache


@cache
def make_layer_stem(title: str) -> str:
    """A class's name as Keras writes it in layer names: `MaxPooling2D` to `max_pooling2d`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", title))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
