"""What has a position in a picture: rectangles, lines and texts, in pixels, x and y of a rectangle its nearest corner."""

from __future__ import annotations

from collections.abc import Iterable
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


class Canvas:
    """Gathers shapes in the order in which they are painted, one list for each layer of paint."""

    def __init__(
        self,
        frames: Iterable[FrameShape] = (),
        lines: Iterable[Line] = (),
        boxes: Iterable[BoxShape] = (),
        texts: Iterable[SmallText] = (),
    ) -> None:
        self.frames, self.lines, self.boxes, self.texts = list(frames), list(lines), list(boxes), list(texts)
        self.exits: dict[str, tuple[float, float, float]] = {}
        """For each node the middle of that side of its box at which other areas read it, and how far it is to its ends."""

    def add(self, *shapes: FrameShape | Line | BoxShape | SmallText) -> None:
        """Shapes, each above those of its layer of paint."""
        for shape in shapes:
            if isinstance(shape, Line):
                self.lines.append(shape)
            elif isinstance(shape, SmallText):
                self.texts.append(shape)
            elif isinstance(shape, BoxShape):
                self.boxes.append(shape)
            else:
                self.frames.append(shape)

    def add_exit(self, id: str, x: float, y: float, reach: float) -> None:
        """Where other areas read a node."""
        self.exits[id] = (x, y, reach)
