"""What is known of a training once its samples are counted: classes, how large batches are, where schedules end. No Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..language.catalog import KerasObject
from ..spec.compile_section import CompileSpec
from ..spec.fit.section import FitSpec
from ..spec.model_spec import ModelSpec
from ..text.source import Span
from .samples import DataError, HeadTarget

BATCH = 32
"""Keras's own."""
FAR = 2
"""A schedule that ends after so many times the steps, or so many times before the last, is probably not meant."""


def list_unknown_classes(spec: ModelSpec, targets: Mapping[str, HeadTarget]) -> list[str]:
    """The classes that have a weight and are none of the data's, in words, with their places in the spec."""
    wanted = spec.fit.class_weight if spec.fit is not None else {}
    return [
        f"{_tell_line(weight.places[name].span)}: `{name}` is no class of `{head}`; they are {', '.join(targets[head].names)}"
        for head, weight in wanted.items()
        for name in weight.weights or ()
        if head in targets and name not in targets[head].names
    ]


def _tell_line(span: Span) -> str:
    return f"`fit.class_weight`, line {span.source.find_position(span.start)[0]} of {span.source.name}"


def find_hints(spec: ModelSpec, samples: int) -> Iterator[str]:
    """What is probably not meant, of so many samples to train on. Raises DataError where they make no batch."""
    fit = spec.fit
    if fit is None or not samples:
        return
    size = spec.batch_size or fit.batch_size or BATCH
    if size > samples:
        told = f"a batch of {size:,} is larger than the {samples:,} samples of `train`"
        if spec.batch_size is not None:
            raise DataError([f"{told}, which the spec's `batch_size` leaves out"])
        if fit.batch_size is not None:
            yield f"{told}: each epoch is one step"
    in_epoch = fit.steps_per_epoch or (samples // size if spec.batch_size is not None else -(-samples // size))
    for name, schedule, epochs in _iterate_schedules(spec, fit):
        end, steps = _find_end(schedule), in_epoch * epochs
        where = f"the phase `{name}`" if name else "training"
        if end is not None and end > FAR * steps:
            yield f"`{schedule.name}` ends after {_count_steps(end)}, and {where} has {steps:,}: the learning rate hardly changes"
        elif end is not None and FAR * end < steps:
            yield f"`{schedule.name}` ends after {_count_steps(end)} of the {steps:,} that {where} has"


def _iterate_schedules(spec: ModelSpec, fit: FitSpec) -> Iterator[tuple[str, KerasObject, int]]:
    """The schedules of learning rates, each with the phase that it begins with, and its epochs."""
    section = spec.compile
    own = section.optimizer.thing if isinstance(section, CompileSpec) and section.optimizer is not None else None
    parts: list[tuple[str, KerasObject | None, int | None]] = [("", own, fit.epochs)]
    if fit.phases:
        parts = [(each.name, each.keys.optimizer or own, each.epochs) for each in fit.phases]
    for name, optimizer, epochs in parts:
        rate = optimizer.get("learning_rate") if optimizer is not None else None
        if isinstance(rate, KerasObject) and epochs is not None:
            yield name, rate, epochs


def _find_end(schedule: KerasObject) -> int | None:
    """The step from which on a schedule gives the same; None of one that never does."""
    match schedule.name:
        case "CosineDecay":
            return int(schedule.get("decay_steps")) + int(schedule.get("warmup_steps") or 0)
        case "PolynomialDecay" if not schedule.get("cycle"):
            return int(schedule.get("decay_steps"))
        case "PiecewiseConstantDecay":
            return int(max(schedule.get("boundaries")))
    return None


def _count_steps(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"
