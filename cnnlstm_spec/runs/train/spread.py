"""One training on several devices by JAX, of this machine or of several: each computes its share of every batch. Imports JAX.

The step is that of the whole batch, since to JAX an array is one, on however many devices it lies. But it lies on each with as
many samples, so a batch that is not shared evenly is filled up where it is read, and cut again in the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import groupby

import jax
import keras
import numpy

from ...compiler.compile import Compilation
from ..samples import DataError
from .order import Order
from .training import Losses, Values


class Spread:
    """All devices of this machine; with other processes one of each, or all."""

    def __init__(self, all_devices: bool) -> None:
        devices = sorted(jax.devices(), key=lambda device: (device.process_index, device.id))
        if not all_devices:
            devices = [next(of) for _, of in groupby(devices, lambda device: device.process_index)]
        self.count = len(devices)
        self.mine = [place for place, device in enumerate(devices) if device.process_index == jax.process_index()]
        names = [f"{device.platform}:{device.id}" for device in devices]
        self.distribution = keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)

    def make_scope(self) -> AbstractContextManager[object]:
        """What a model is built and compiled in."""
        found: AbstractContextManager[object] = self.distribution.scope()
        return found

    make_context = make_scope

    def check(self, compilation: Compilation, model: keras.Model, order: Order) -> None:
        """Raises DataError for steps that are not compiled, in which an array is no whole."""
        if model.run_eagerly or not model.jit_compile:
            raise DataError(["`jit_compile: false` or `run_eagerly: true` in `compile`: only compiled steps are shared by JAX"])

    def change_losses(self, model: keras.Model, losses: Losses) -> Losses:
        """None but those that come."""
        return losses

    def prepare(self, model: keras.Model, batch: Values) -> None:
        """Builds what Keras would build of a share, and lets steps cut what was filled up; for each phase anew."""
        own = type(model)
        with self.make_scope():
            own._symbolic_build(model, data_batch=batch)
        model._symbolic_build = _pass_over
        model.train_step = lambda state, data: own.train_step(model, state, self._cut(data))
        model.test_step = lambda state, data: own.test_step(model, state, self._cut(data))

    def fill(self, model: keras.Model, read: Callable[[Sequence[int]], Values], places: Sequence[int]) -> Values:
        """The share of this process of the samples at these places, in the order of the devices."""
        each = -(-len(places) // self.count)
        rows = [min(row, len(places) - 1) for device in self.mine for row in range(device * each, (device + 1) * each)]
        if len(self.mine) < self.count and _has_open_sizes(model):
            # What a batch is padded to follows from all of its samples.
            values = keras.tree.map_structure(lambda array: array[rows], read(places))
        else:
            values = read([places[row] for row in rows])
        inputs, *others = values
        # Of how many samples the batch is, every process can tell by the size of this, which is of no bytes.
        count = numpy.zeros((len(places) * len(self.mine), 0), "float32")
        return ({"inputs": inputs, "count": count}, *others)

    def _cut(self, data: Values) -> Values:
        (first, *others) = data
        count = first["count"].shape[0] // self.count
        found: Values = keras.tree.map_structure(lambda array: array[:count], (first["inputs"], *others))
        return found


def _has_open_sizes(model: keras.Model) -> bool:
    return any(size is None for each in model.inputs for size in each.shape[1:])


def _pass_over(**_: object) -> None:
    """What is built already."""
