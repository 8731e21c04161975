"""What training alone does to a sample with steps: some put out of sight, the speed changed."""

from __future__ import annotations

import numpy

from ...spec.data.lengths import StepAugmentation
from .sources.rows import Array


def augment(
    values: Array,
    real: Array | None,
    changes: tuple[StepAugmentation, ...],
    generator: numpy.random.Generator,
    padding: float | None,
) -> tuple[Array, Array | None]:
    """A sample as training sees it, steps put out of sight and the speed changed; and which of its steps are real.

    A step out of sight is 0; where that is what padding looks like, it is the mean of the sample.
    """
    for each in changes:
        if each.name == "time_mask":
            width = int(generator.integers(0, int(each.most) + 1))
            width = min(width, len(values))
            first = int(generator.integers(0, len(values) - width + 1))
            values = numpy.array(values)
            values[first : first + width] = values.mean(axis=0) if padding == 0 else 0
        else:
            factor = float(generator.uniform(each.least, each.most))
            count = max(1, round(len(values) / factor))
            places = numpy.linspace(0, len(values) - 1, count)
            low = numpy.floor(places).astype(int)
            high = numpy.minimum(low + 1, len(values) - 1)
            share = (places - low).reshape(-1, *[1] * (values.ndim - 1))
            mixed = values[low] * (1 - share) + values[high] * share
            values = mixed.astype(values.dtype) if values.dtype.kind == "f" else values[numpy.round(places).astype(int)]
            # A step between two is real where both are.
            real = real[low] & (real[high] | (places == low)) if real is not None else None
    return values, real
