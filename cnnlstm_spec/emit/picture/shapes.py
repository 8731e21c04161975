"""What has a position in a picture: rectangles, lines and texts, in pixels, x and y of a rectangle its nearest corner."""

from __future__ import annotations

from dataclasses import field
from typing import TypeVar

from ...text.frozen import dataclass
from .drawing import Box

Point = tuple[float, float]


@dataclass(frozen=True)
class BoxShape:
    """A box with the lines of text that fit into it."""

    box: Box
    tone: str
    x: float
    y: float
    width: float
    height: float
    title: str
    note: str
    detail: tuple[str, ...]
    name: str
    message: tuple[str, ...]


@dataclass(frozen=True)
class FrameShape:
    """A frame around boxes, its title at the top left and a note at the top right."""

    look: str
    title: str
    note: str
    tone: str
    x: float
    y: float
    width: float
    height: float
    tip: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of horizontal and vertical strokes, corners rounded."""

    points: tuple[Point, ...]
    arrow: bool = True
    look: str = "flow"


@dataclass(frozen=True)
class SmallText:
    """A line of small type beside a line of the picture; `look` is `shape`, `unknown`, `lane`, `mask` or `lost`."""

    x: float
    y: float
    width: float
    height: float
    text: str
    look: str


Shape = TypeVar("Shape", BoxShape, FrameShape, Line, SmallText)


def change(shape: Shape, **fields: object) -> Shape:
    """A shape with other fields. Not `replace`, which looks every field up: a picture moves thousands of shapes."""
    made = object.__new__(type(shape))
    made.__dict__.update(shape.__dict__)
    made.__dict__.update(fields)
    return made


@dataclass
class Canvas:
    """Shapes in the order in which they are painted, one list for each layer of paint."""

    frames: list[FrameShape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    boxes: list[BoxShape] = field(default_factory=list)
    texts: list[SmallText] = field(default_factory=list)
    exits: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """For each node the middle of that side of its box at which other areas read it, and how far it is to its ends."""
