"""One training on several devices of this machine: each computes its share of every batch. Imports Keras and TensorFlow.

What is told of a batch, and what its step does, is that of the whole batch, though no device sees it: Keras takes the mean of the
devices' means, which is another number where their shares have not as many samples, or not as many steps that no mask leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import keras
import tensorflow

from ...compiler.compile import Compilation
from ...ops.normalization import BatchNormalization
from ..samples import DataError
from .order import Order
from .training import Losses, Values


class Mirrored:
    """All GPUs of this machine, or all devices that its CPU is told to be."""

    def __init__(self) -> None:
        names = tensorflow.config.list_logical_devices("GPU") or tensorflow.config.list_logical_devices("CPU")
        self.strategy = tensorflow.distribute.MirroredStrategy([each.name for each in names])
        self.count = len(names)

    def make_scope(self) -> AbstractContextManager[object]:
        """What a model is built and compiled in."""
        found: AbstractContextManager[object] = self.strategy.scope()
        return found

    def make_context(self) -> AbstractContextManager[object]:
        """None: TensorFlow has its own."""
        return nullcontext()

    def check(self, compilation: Compilation, model: keras.Model, order: Order) -> None:
        """Raises DataError for what several devices would compute otherwise than one."""
        sizes = {len(each) for each in order.list_batches(0)}
        problems = []
        if min(sizes) < self.count:
            problems.append(f"a batch of {min(sizes)} samples is less than {self.count} devices: choose another `fit.batch_size`")
        typed = compilation.typed
        assert typed is not None
        for each in typed.nodes.values():
            masked = each.inputs and each.inputs[0] is not None and each.inputs[0].mask is not None
            if masked and isinstance(each.node.op, BatchNormalization):
                problems.append(f"`{each.node.id}` has its statistics of steps that a mask leaves, on each device its own")
        uneven = any(size % self.count for size in sizes)
        penal = [each.name for each in model._flatten_layers() if getattr(each, "activity_regularizer", None) is not None]
        if uneven and penal:
            few = f"batches of {', '.join(map(str, sorted(sizes)))} samples are not shared evenly by {self.count} devices"
            problems.append(f"`{penal[0]}` has a penalty on what it gives, and {few}")
        if problems:
            raise DataError(problems)

    def change_losses(self, model: keras.Model, losses: Losses) -> Losses:
        """For each head what makes a loss that is the whole batch's; `losses` are changes that come before."""
        heads = model.output if isinstance(model.output, dict) else [next(iter(losses), "")]
        return {head: _Whole(losses.get(head)) for head in heads}

    def prepare(self, model: keras.Model, batch: Values) -> None:
        """Readies a compiled model: batch norms see the whole batch, and so does the mean of its loss."""
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
        with self.make_scope():
            model._loss_tracker = WholeMean(name="loss")
            model._symbolic_build(data_batch=batch)
        # Keras would build it of the mean of the devices' shares, which fails where they have not as many samples.
        model._maybe_symbolic_build = _pass_over

    def fill(self, model: keras.Model, read: Callable[[Sequence[int]], Values], places: Sequence[int]) -> Values:
        """All of them: TensorFlow shares them out."""
        return read(places)


@cache
def find_devices() -> Mirrored:
    """The devices, for all runs of a process: TensorFlow would take what a second strategy exchanges for the first one's."""
    return Mirrored()


def _pass_over(**_: object) -> None:
    """What is built already."""


class _Whole:
    def __init__(self, change: Callable[[object], object] | None) -> None:
        self.change = change

    def __call__(self, loss: object) -> object:
        if loss is None:
            return None
        return WholeLoss(loss if self.change is None else self.change(loss))


class WholeLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss whose mean is that over the samples, or steps, of all devices; what each gives adds up to it."""

    def __init__(self, loss: object) -> None:
        known = keras.losses.get(loss)
        reduction = getattr(known, "reduction", "sum_over_batch_size")
        super().__init__(name=getattr(known, "name", None), reduction=reduction, dtype=getattr(known, "dtype", None))
        each = getattr(known, "call", known)
        self.total, self.count = _Sum(each, self.dtype), _Sum(lambda *of: keras.ops.ones_like(each(*of)), self.dtype)

    def __call__(self, y_true: object, y_pred: object, sample_weight: object = None) -> object:
        """The part of this device."""
        total = self.total(y_true, y_pred, sample_weight)
        if self.reduction in ("sum", "none", None):
            return total
        weighed = sample_weight if self.reduction == "mean_with_sample_weight" else None
        return keras.ops.divide_no_nan(total, _reduce("SUM", self.count(y_true, y_pred, weighed)))


class _Sum(keras.losses.Loss):  # type: ignore[misc]
    def __init__(self, each: Callable[[object, object], object], dtype: object) -> None:
        super().__init__(reduction="sum", dtype=dtype)
        self.each = each

    def call(self, y_true: object, y_pred: object) -> object:
        return self.each(y_true, y_pred)


class WholeMean(keras.metrics.Mean):  # type: ignore[misc]
    """A mean to which each device adds as much as any other, whatever its share has of samples."""

    def update_state(self, values: object, sample_weight: object = None) -> Any:
        if sample_weight is not None:
            sample_weight = _reduce("MEAN", keras.ops.cast(sample_weight, self.dtype))
        super().update_state(values, sample_weight)


def _reduce(how: str, value: object) -> object:
    """The sum or mean over the devices; the value itself outside of their steps."""
    context = tensorflow.distribute.get_replica_context()
    return value if context is None else context.all_reduce(how, value)
