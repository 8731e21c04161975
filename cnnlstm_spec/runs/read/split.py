"""Which rows of `train` are validation and test: by fraction, by time, by a column, or in folds; hung on `data.seed`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy

from ...spec.data.splits import Split
from ..samples import DataError
from .sources.rows import Array, Rows

TRAIN, VALIDATION, TEST = 0, 1, 2
CODES = {"validation": VALIDATION, "test": TEST}


def ranks_of(keys: Sequence[bytes], seed: int) -> Array:
    """The rank of each key by a hash of it and the seed, as integers of 64 bits; equal keys are equal."""
    salt = str(seed).encode()
    return numpy.asarray(
        [int.from_bytes(hashlib.blake2b(key, digest_size=8, key=salt[:64]).digest(), "big") for key in keys], dtype="uint64"
    )


def nearest(share: float, count: int) -> int:
    """The whole number nearest to a share of a count; halves go up."""
    return int(numpy.floor(share * count + 0.5))


def split_rows(
    rows: Rows, splits: dict[str, Split], seed: int, order: Callable[[Split], Array], fold: int | None = None
) -> Array:
    """Of each row of `train` the part that it is in: 0 for training, 1 validation, 2 test.

    `order` gives the places in time that a split by `last` goes by; `fold` is which fold is validation.
    """
    parts = numpy.zeros(len(rows), dtype="int8")
    for name in ("test", "validation"):
        if name not in splits:
            continue
        split, free = splits[name], parts == TRAIN
        if split.way == "where":
            taken = _where(rows, split)
        elif split.way == "last":
            taken = _last(order(split), split.last or 0.0, free)
        elif split.way == "folds":
            taken = _fold(rows, split, seed, free, fold or 0)
        else:
            taken = _fraction(rows, split, seed, free)
        parts[taken & free] = CODES[name]
    return parts


def column_of(rows: Rows, name: str, key: str) -> list[str]:
    """The cells of a column that `stratify`, `group` or `where` names, as text."""
    if name not in rows.names():
        raise DataError([f"{rows.name}: `{key}: {name}` names a column that is not there"])
    return ["" if each is None else each for each in rows.texts(name)]


def _where(rows: Rows, split: Split) -> Array:
    taken = numpy.ones(len(rows), dtype=bool)
    for name, value in (split.where or {}).items():
        taken &= numpy.asarray([each == value for each in column_of(rows, name, "where")])
    return taken


def _last(places: Array, share: float, free: Array) -> Array:
    """The rows from one point in time on, so that the share of all rows is met as nearly as ties allow."""
    count = nearest(share, len(places))
    held = numpy.sort(places[free])
    if count == 0 or len(held) == 0:
        return numpy.zeros(len(places), dtype=bool)
    point = held[max(len(held) - count, 0)]
    return numpy.asarray(places >= point)


def _keys(rows: Rows, split: Split) -> Sequence[bytes]:
    """What each row is ranked by: its group, else its cells."""
    if split.group is None:
        return rows.keys()
    return [each.encode("utf-8", "surrogateescape") for each in column_of(rows, split.group, "group")]


def _fraction(rows: Rows, split: Split, seed: int, free: Array) -> Array:
    ranks = ranks_of(_keys(rows, split), seed)
    classes = column_of(rows, split.stratify, "stratify") if split.stratify is not None else [""] * len(rows)
    share = split.fraction or 0.0
    wanted = {name: nearest(share, count) for name, count in Counter(classes).items()}
    if split.group is not None:
        return _whole_groups(ranks, classes, wanted, free)
    taken = numpy.zeros(len(rows), dtype=bool)
    order = numpy.lexsort((numpy.arange(len(rows)), ranks))
    left = dict(wanted)
    for row in order:
        name = classes[row]
        if free[row] and left[name] > 0:
            taken[row] = True
            left[name] -= 1
    return taken


def _whole_groups(ranks: Array, classes: Sequence[str], wanted: dict[str, int], free: Array) -> Array:
    """Groups in the order of their ranks, each taken where it brings the part nearer to what is wanted of each class."""
    held: dict[int, list[int]] = {}
    for row, rank in enumerate(ranks.tolist()):
        held.setdefault(rank, []).append(row)
    taken = numpy.zeros(len(ranks), dtype=bool)
    left = Counter(wanted)
    for rank in sorted(held):
        group = held[rank]
        if not free[group].all():
            continue
        counts = Counter(classes[row] for row in group)
        before = sum(abs(left[name]) for name in counts)
        after = sum(abs(left[name] - count) for name, count in counts.items())
        if after < before:
            taken[group] = True
            left.subtract(counts)
    return taken


def _fold(rows: Rows, split: Split, seed: int, free: Array, fold: int) -> Array:
    """The rows of one fold: by rank in turn, each class and each group by itself."""
    ranks = ranks_of(_keys(rows, split), seed)
    classes = column_of(rows, split.stratify, "stratify") if split.stratify is not None else [""] * len(rows)
    folds = split.folds or 2
    taken = numpy.zeros(len(rows), dtype=bool)
    if split.group is not None:
        taken[_fold_of_groups(ranks, classes, free, folds) == fold] = True
        return taken & free
    # Each class begins where the one before ended, so that rests do not all go into the first fold.
    counts = Counter(name for name, each in zip(classes, free, strict=True) if each)
    starts, begun = {}, 0
    for name in sorted(counts):
        starts[name], begun = begun, begun + counts[name]
    for row in numpy.lexsort((numpy.arange(len(rows)), ranks)):
        if free[row]:
            taken[row] = starts[classes[row]] % folds == fold
            starts[classes[row]] += 1
    return taken


def _fold_of_groups(ranks: Array, classes: Sequence[str], free: Array, folds: int) -> Array:
    """The fold of each row: groups, the largest first, into the fold that has the fewest rows of their classes."""
    held: dict[int, list[int]] = {}
    for row, rank in enumerate(ranks.tolist()):
        if free[row]:
            held.setdefault(rank, []).append(row)
    counts = [Counter[str]() for _ in range(folds)]
    found = numpy.full(len(ranks), -1)
    for rank in sorted(held, key=lambda each: (-len(held[each]), each)):
        group = Counter(classes[row] for row in held[rank])
        best = min(
            range(folds), key=lambda each: (sum(counts[each][name] * n for name, n in group.items()), sum(counts[each].values()))
        )
        counts[best].update(group)
        found[held[rank]] = best
    return found
