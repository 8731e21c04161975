"""A list of layers once it is read: blocks and repetitions written out, structure still nested. Plain values."""

from __future__ import annotations

from dataclasses import field

from ..ir.op import Op
from ..language.references import Reference
from ..language.scope import Poison
from ..text.diagnostic import Origin, Written
from ..text.frozen import dataclass
from ..text.source import Place


@dataclass(frozen=True)
class Layer:
    """One layer; without an op where it could not be read, which is reported."""

    op: Op | None
    origin: Origin
    meant: Op | None = None
    """Of one that could not be read, what could: the layer without the mistake, where that says what it gives."""
    beside: tuple[Reference, ...] | Poison = ()
    """Of one that could not be read, what it begins with; POISON where that could not be read either."""


@dataclass(frozen=True)
class Timed:
    """`TimeDistributed`: every step of the first axis through the same items."""

    items: tuple[Item, ...]
    origin: Origin
    name: str | None = None
    share: str | None = None
    frozen: Written | None = None
    """Where its arguments stand if `trainable: false` is one, which is said of all items."""
    norms: Place | None = None
    """Where `freeze_batch_norm: true` is written, which is said of all batch norms in it."""


@dataclass(frozen=True)
class Residual:
    """`shortcut(x) + items(x)`; the shortcut is a list of items (empty: the identity), or None for a projection."""

    items: tuple[Item, ...]
    shortcut: tuple[Item, ...] | None
    origin: Origin
    name: str | None = None
    share: str | None = None


@dataclass(frozen=True)
class Parallel:
    """The same input down several paths, then merged."""

    paths: tuple[tuple[str, tuple[Item, ...]], ...]
    merge: Fusion
    origin: Origin
    name: str | None = None
    share: str | None = None


@dataclass(frozen=True)
class Group:
    """The items of a block, or of one round of a repetition: a frame with a title in the plot."""

    items: tuple[Item, ...]
    title: str
    origin: Origin
    name: str | None = None
    share: str | None = None
    norms: Place | None = None
    """Where `freeze_batch_norm: true` is written, of a block."""
    is_use: bool = False
    """Whether it is a use of a block."""


Item = Layer | Timed | Residual | Parallel | Group


@dataclass(frozen=True)
class Fusion:
    """Inputs brought together by an op, projected to `units` before and followed by items."""

    op: Op | None
    origin: Origin
    name: str | None = None
    inputs: tuple[tuple[str, Origin], ...] | None = None
    """References such as `video` or `video.conv3`; None for all branches."""
    units: int | None = None
    query: tuple[str, Origin] | None = None
    trainable: bool = True
    """Whether training changes the projections."""
    items: tuple[Item, ...] = field(default=())
    named: Place | None = field(default=None, compare=False)
    """Where its name is written."""


def find_names(items: tuple[Item, ...]) -> set[str]:
    """The names that are written in a list of layers, in structure too."""
    names: set[str] = set()
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        written = (item.op.name if item.op is not None else None) if isinstance(item, Layer) else item.name
        names.update([written] if written else ())
        waiting += list_inner(item)
    return names


def list_inner(item: Item) -> tuple[Item, ...]:
    """The items that stand directly in one."""
    if isinstance(item, Layer):
        return ()
    if isinstance(item, Parallel):
        return tuple(each for _, path in item.paths for each in path) + item.merge.items
    return item.items + ((item.shortcut or ()) if isinstance(item, Residual) else ())


def holds_timed(items: tuple[Item, ...], name: str) -> bool:
    """Whether a layer of that name stands inside a `TimeDistributed` among the items."""
    waiting = [(item, False) for item in items]
    while waiting:
        item, timed = waiting.pop()
        if timed and (item.op.name if isinstance(item, Layer) and item.op is not None else getattr(item, "name", None)) == name:
            return True
        timed = timed or isinstance(item, Timed)
        waiting += [(each, timed) for each in list_inner(item)]
    return False
