"""What is to be drawn, before anything has a position: boxes in frames and lanes, an area for each branch, fusion and head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Literal, NamedTuple

from ...text.frozen import dataclass

State = Literal["ok", "failed", "dim"]
"""`dim` is downstream of a mistake."""


@dataclass(frozen=True)
class Flow:
    """What leaves a box: the sizes of the axes, and whether the mask is known, used or lost there."""

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
    each: tuple[int, ...] = ()
    """Where it is drawn once for several copies, the parameters of each."""
    note: str = ""
    """In place of the number of parameters."""
    message: str = ""
    """The first line of what is wrong with it."""
    state: State = "ok"
    ids: tuple[str, ...] = ()
    """The nodes that it stands for, in the first copy of it."""
    copies: tuple[tuple[str, ...], ...] = ()
    """Where it is drawn once for several, the nodes of each copy."""
    tip: tuple[str, ...] = ()
    """Lines shown on hovering: what the box says in full, or what it stands for."""
    held: tuple[Element, ...] = ()
    """What a fold stands for."""

    @property
    def solid(self) -> bool:
        """Whether it is drawn in full colour, its words in the middle."""
        return self.look in ("input", "fusion", "output")

    @property
    def classes(self) -> tuple[str, ...]:
        """The class of each layer that it shows or stands for."""
        if self.held:
            return tuple(name for box in iterate_all_boxes(self.held) for name in box.classes)
        return () if self.look in ("input", "output") else (self.title,)

    @property
    def told(self) -> tuple[str, ...]:
        """A line for each of these layers, for where the box is not drawn."""
        own = (f"{self.title} {self.detail} {self.name}".strip(),)
        if self.held:
            return tuple(line for box in iterate_all_boxes(self.held) for line in box.told)
        return () if self.look in ("input", "output") else own


@dataclass(frozen=True)
class DrawnFrame:
    """A sequence with a title: a block, a repetition, what is done per step."""

    look: Literal["block", "time", "repeat"]
    title: str
    items: tuple[Element, ...]
    gives: Flow
    ids: tuple[str, ...] = ()
    """The nodes, seen by nobody, whose output is that of the frame."""
    copies: tuple[tuple[str, ...], ...] = ()
    """Where it is drawn once for several, those nodes of each copy."""
    unseen: tuple[Box, ...] = ()
    """Boxes of rounds that are not drawn, each like one that is."""
    each: tuple[int, ...] = ()
    """Where it is itself drawn once for several copies, the parameters of each."""
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
class LaneSplit:
    """One input down several lanes, and the box where they meet."""

    look: Literal["residual", "parallel"]
    title: str
    lanes: tuple[Lane, ...]
    merge: Box
    each: tuple[int, ...] = ()
    """Where it is drawn once for several copies, the parameters of each."""
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


Element = Box | DrawnFrame | LaneSplit
Source = tuple[str, ...]
"""What one line carries: the output of a node, or those of several copies that are drawn once."""


@dataclass(frozen=True)
class Join:
    """The beginning of a fusion: a lane for each input, with what it reads, and the box where they meet."""

    lanes: tuple[Lane, ...]
    sources: tuple[Source, ...]
    merge: Box


class StateEntry(NamedTuple):
    """A state that enters a box at its side: the node that it is read from, and the one that begins with it."""

    source: Source
    target: str


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
    source: Source = ()
    """What the first item reads, where there is no join."""
    sides: tuple[StateEntry, ...] = ()
    """What layers in it begin with that other areas give."""
    members: tuple[Area, ...] = ()
    """Where it is drawn once for several, those."""

    @property
    def output(self) -> Source:
        """What leaves at the bottom."""
        return tuple(each.last for each in self.members) or (self.last,)

    @property
    def title(self) -> str:
        """What it is called, of several how many there are, the first and the last."""
        first, *others = (each.address.rpartition(".")[2] for each in self.members or (self,))
        return f"{len(self.members)} × {first} … {others[-1]}" if others else first


@dataclass(frozen=True)
class Drawing:
    """The whole picture in words and areas, in the order in which they depend on each other."""

    title: str
    description: str
    facts: str
    problems: tuple[str, ...]
    """First lines of errors that no box shows."""
    areas: tuple[Area, ...]
    flows: Mapping[str, Flow] = field(default_factory=dict)
    """What leaves each node."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What each node is called, or the structure of which it is the end."""


def iterate_elements(items: tuple[Element, ...]) -> Iterator[Element]:
    """Every element that is drawn, what is in it before itself."""
    for item in items:
        if isinstance(item, DrawnFrame):
            yield from iterate_elements(item.items)
        elif isinstance(item, LaneSplit):
            for lane in item.lanes:
                yield from iterate_elements(lane.items)
        yield item


def iterate_boxes(items: tuple[Element, ...]) -> Iterator[Box]:
    """Every box that is drawn, in order."""
    for item in iterate_elements(items):
        if not isinstance(item, DrawnFrame):
            yield item.merge if isinstance(item, LaneSplit) else item


def iterate_outputs(items: tuple[Element, ...]) -> Iterator[str]:
    """Every node whose output others may read, in order."""
    for item in iterate_elements(items):
        for ids in list_copies(item):
            yield from ids


def iterate_all_boxes(items: tuple[Element, ...]) -> Iterator[Box]:
    """Every box, those of folded rounds too."""
    for item in items:
        if isinstance(item, Box):
            yield item
        elif isinstance(item, DrawnFrame):
            yield from iterate_all_boxes(item.items)
            yield from item.unseen
        else:
            for lane in item.lanes:
                yield from iterate_all_boxes(lane.items)
            yield item.merge


def list_copies(item: Element) -> tuple[tuple[str, ...], ...]:
    """The nodes whose output is that of an element, in each copy of it that it stands for."""
    own = item.merge if isinstance(item, LaneSplit) else item
    return own.copies or (own.ids,)
