"""What is to be drawn, before anything has a position: boxes in frames and lanes, an area for each branch, fusion and head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "failed", "dim"]
"""`dim` is downstream of a mistake."""


@dataclass(frozen=True)
class Flow:
    """What leaves a box: the sizes of the axes, and what has become of the mask there."""

    shape: str
    mask: str = ""
    known: bool = True


@dataclass(frozen=True)
class Box:
    """A layer, or what stands for several: an input, a fusion, an output, a fold."""

    look: Literal["input", "layer", "plain", "backbone", "fusion", "merge", "output", "folded", "shared"]
    title: str
    gives: Flow
    detail: str = ""
    name: str = ""
    params: int = 0
    note: str = ""
    """In place of the number of parameters."""
    message: str = ""
    """The first line of what is wrong with it."""
    state: State = "ok"
    ids: tuple[str, ...] = ()
    """The nodes that it stands for."""
    tip: tuple[str, ...] = ()
    """Lines shown on hovering: what the box says in full, or what it stands for."""
    folded: tuple[str, ...] = ()
    """The class of each layer that a fold stands for."""

    @property
    def solid(self) -> bool:
        """Whether it is drawn in full colour, its words in the middle."""
        return self.look in ("input", "fusion", "output")

    @property
    def classes(self) -> tuple[str, ...]:
        """The class of each layer that it shows or stands for."""
        return () if self.look in ("input", "output") else self.folded or (self.title,)

    @property
    def told(self) -> tuple[str, ...]:
        """A line for each of these layers, for where the box is not drawn."""
        own = (f"{self.title} {self.detail} {self.name}".strip(),)
        return () if self.look in ("input", "output") else self.tip if self.folded else own


@dataclass(frozen=True)
class Frame:
    """A sequence with a title: a block, a repetition, what is done per step."""

    look: Literal["block", "time", "repeat"]
    title: str
    items: tuple[Element, ...]
    gives: Flow
    ids: tuple[str, ...] = ()
    """The nodes, seen by nobody, whose output is that of the frame."""
    unseen: tuple[Box, ...] = ()
    """Boxes of rounds that are not drawn, each like one that is."""
    name: str = ""
    """What a person calls it."""

    @property
    def heading(self) -> str:
        """What it is, and what it is called."""
        return f"{self.title} · {self.name}" if self.name else self.title


@dataclass(frozen=True)
class Lane:
    """One of several ways from a split to a merge; the input itself where it is empty."""

    title: str
    items: tuple[Element, ...]


@dataclass(frozen=True)
class Split:
    """One input down several lanes, and the box where they meet."""

    look: Literal["residual", "parallel"]
    title: str
    lanes: tuple[Lane, ...]
    merge: Box
    name: str = ""
    """What a person calls it."""

    @property
    def heading(self) -> str:
        """What it is, and what it is called."""
        return f"{self.title} · {self.name}" if self.name else self.title

    @property
    def gives(self) -> Flow:
        """What leaves it."""
        return self.merge.gives


Element = Box | Frame | Split


@dataclass(frozen=True)
class Join:
    """The beginning of a fusion: a lane for each input, with the node that it reads, and the box where they meet."""

    lanes: tuple[Lane, ...]
    sources: tuple[str, ...]
    merge: Box


@dataclass(frozen=True)
class Area:
    """A branch, a fusion or a head: a column."""

    address: str
    tone: str
    """What gives the colour: a kind of input, `fusion` or `head`."""
    items: tuple[Element, ...]
    last: str
    """The node whose output leaves at the bottom."""
    join: Join | None = None
    source: str | None = None
    """The node that the first item reads, where there is no join."""


@dataclass(frozen=True)
class Drawing:
    """The whole picture in words and areas, in the order in which they depend on each other."""

    title: str
    description: str
    facts: str
    problems: tuple[str, ...]
    """First lines of errors that no box shows."""
    areas: tuple[Area, ...]


def boxes(items: tuple[Element, ...]) -> Iterator[Box]:
    """Every box that is drawn, in order."""
    for item in items:
        if isinstance(item, Box):
            yield item
        elif isinstance(item, Frame):
            yield from boxes(item.items)
        else:
            for lane in item.lanes:
                yield from boxes(lane.items)
            yield item.merge


def outputs(items: tuple[Element, ...]) -> Iterator[str]:
    """Every node whose output others may read, in order."""
    for item in items:
        if isinstance(item, Box):
            yield from item.ids
        elif isinstance(item, Frame):
            yield from outputs(item.items)
            yield from (id for box in item.unseen for id in box.ids)
            yield from item.ids
        else:
            for lane in item.lanes:
                yield from outputs(lane.items)
            yield from item.merge.ids


def all_boxes(items: tuple[Element, ...]) -> Iterator[Box]:
    """Every box, those of folded rounds too."""
    for item in items:
        if isinstance(item, Box):
            yield item
        elif isinstance(item, Frame):
            yield from all_boxes(item.items)
            yield from item.unseen
        else:
            for lane in item.lanes:
                yield from all_boxes(lane.items)
            yield item.merge
