"""Which rows of `train` are validation and test: by fraction, by time, by a column, or in folds; drawn with `data.seed`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy

from ...spec.data.splits import Split
from ..samples import DataError
from .sources.rows import Array, Rows

TRAIN, VALIDATION, TEST = 0, 1, 2
CODES = {"validation": VALIDATION, "test": TEST}


def rank_keys(keys: Iterable[bytes], seed: int, count: int) -> Array:
    """The rank of each of so many keys by a hash of it and the seed, as integers of 64 bits; equal keys are equal."""
    salt = str(seed).encode()[:64]
    ranks = (int.from_bytes(hashlib.blake2b(key, digest_size=8, key=salt).digest(), "big") for key in keys)
    return numpy.fromiter(ranks, "uint64", count)


def round_share(share: float, count: int) -> int:
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
            taken = _choose_by_column(rows, split)
        elif split.way == "last":
            taken = _choose_last(order(split), split.last or 0.0, free)
        elif split.way == "folds":
            taken = _choose_fold(rows, split, seed, free, fold or 0)
        else:
            taken = _draw_fraction(rows, split, seed, free)
        parts[taken & free] = CODES[name]
    return parts


def read_codes(rows: Rows, name: str, key: str) -> tuple[list[str], Array]:
    """The texts that a column holds which `stratify`, `group` or `where` names, and of each row the number of its own."""
    if name not in rows.list_names():
        raise DataError([f"{rows.name}: `{key}: {name}` names a column that is not there"])
    return rows.read_codes(name)


def _choose_by_column(rows: Rows, split: Split) -> Array:
    taken: Array = numpy.ones(len(rows), dtype=bool)
    for name, value in (split.where or {}).items():
        names, codes = read_codes(rows, name, "where")
        taken &= codes == (names.index(value) if value in names else -1)
    return taken


def _choose_last(places: Array, share: float, free: Array) -> Array:
    """The rows from one point in time on, so that the share of all rows is met as nearly as ties allow."""
    count = round_share(share, len(places))
    held = numpy.sort(places[free])
    if count == 0 or len(held) == 0:
        return numpy.zeros(len(places), dtype=bool)
    point = held[max(len(held) - count, 0)]
    return numpy.asarray(places >= point)


def _rank_rows(rows: Rows, split: Split, seed: int) -> Array:
    """What rows are ordered by: a hash of each one's group, else of its cells."""
    if split.group is None:
        return rank_keys(rows.iterate_keys(), seed, len(rows))
    names, codes = read_codes(rows, split.group, "group")
    return rank_keys((each.encode("utf-8", "surrogateescape") for each in names), seed, len(names))[codes]


def _group_classes(rows: Rows, split: Split) -> tuple[list[str], Array]:
    """The classes that are shared out alike, and the number of each row's; one of all rows where none are."""
    return read_codes(rows, split.stratify, "stratify") if split.stratify is not None else ([""], numpy.zeros(len(rows), "int8"))


def _rank_in_class(ranks: Array, classes: Array, free: Array) -> tuple[Array, Array]:
    """The free rows by class and rank, and how many of their class come before each."""
    order = numpy.flatnonzero(free)
    order = order[numpy.argsort(ranks[order], kind="stable")]
    order = order[numpy.argsort(classes[order], kind="stable")]
    counts = numpy.bincount(classes[order])
    return order, numpy.arange(len(order)) - numpy.repeat(numpy.cumsum(counts) - counts, counts)


def _draw_fraction(rows: Rows, split: Split, seed: int, free: Array) -> Array:
    ranks, (names, classes) = _rank_rows(rows, split, seed), _group_classes(rows, split)
    wanted = numpy.asarray([round_share(split.fraction or 0.0, each) for each in numpy.bincount(classes, minlength=len(names))])
    if split.group is not None:
        return _choose_whole_groups(ranks, classes, wanted, free)
    order, places = _rank_in_class(ranks, classes, free)
    taken: Array = numpy.zeros(len(rows), dtype=bool)
    taken[order[places < wanted[classes[order]]]] = True
    return taken


def _iterate_groups(ranks: Array, free: Array) -> Iterator[Array]:
    """The rows of each group that is wholly free, by rank."""
    order = numpy.argsort(ranks, kind="stable")
    for rows in numpy.split(order, numpy.flatnonzero(numpy.diff(ranks[order])) + 1):
        if bool(free[rows].all()):
            yield rows


def _choose_whole_groups(ranks: Array, classes: Array, wanted: Array, free: Array) -> Array:
    """Groups in the order of their ranks, each taken where it brings the part nearer to what is wanted of each class."""
    taken: Array = numpy.zeros(len(ranks), dtype=bool)
    left = wanted.copy()
    for rows in _iterate_groups(ranks, free):
        held, counts = numpy.unique(classes[rows], return_counts=True)
        if numpy.abs(left[held] - counts).sum() < numpy.abs(left[held]).sum():
            taken[rows] = True
            left[held] -= counts
    return taken


def _choose_fold(rows: Rows, split: Split, seed: int, free: Array, fold: int) -> Array:
    """The rows of one fold: by rank in turn, each class and each group by itself."""
    ranks, (names, classes) = _rank_rows(rows, split, seed), _group_classes(rows, split)
    folds = split.folds or 2
    if (count := len(numpy.unique(ranks[free])) if split.group is not None else int(free.sum())) < folds:
        of = "rows" if split.group is None else f"groups of `{split.group}`"
        raise DataError([f"{rows.name}: {folds} folds of {count} {of}: each needs one"])
    taken: Array = numpy.zeros(len(rows), dtype=bool)
    if split.group is not None:
        taken[_spread_groups(ranks, [names[each] for each in classes.tolist()], free, folds) == fold] = True
        return taken & free
    # Each class begins where the one before ended, so that rests do not all go into the first fold.
    counts = numpy.bincount(classes[free], minlength=len(names))
    by_name = sorted(range(len(names)), key=lambda each: names[each])
    starts = numpy.empty(len(names), "int64")
    starts[by_name] = numpy.cumsum(counts[by_name]) - counts[by_name]
    order, places = _rank_in_class(ranks, classes, free)
    taken[order[(starts[classes[order]] + places) % folds == fold]] = True
    return taken


def _spread_groups(ranks: Array, classes: Sequence[str], free: Array, folds: int) -> Array:
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
