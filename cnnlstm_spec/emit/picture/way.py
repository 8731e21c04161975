"""Which way a picture reads, down or to the right, and what of its measures depends on that.

Everything but this file, `svg.py` and `png.py` is measured across and along the way: x and width are across, y and height
along it. So one layout serves both, and `turn` makes of the positions of one that goes right those on the page.
"""

from __future__ import annotations

from typing import Literal

from ...text.frozen import dataclass
from . import text
from .drawing import Flow
from .shapes import Canvas, SmallText, change

Direction = Literal["down", "right"]

NAME, SHAPE = 10.0, 11.0
"""Sizes of type."""
GAP = 36
"""Between two elements of a sequence: a line with its label."""
FRAME_TOP, FRAME_PAD = 32, 16
BESIDE = 9
"""Between a line and the label beside it."""
LINE = 12
"""The height of a line of small type."""
TAG = 18
"""What the outline of a tag takes beside its text."""
HEAD = 14
"""For the head of an arrow, and air."""


def measure_flow(flow: Flow) -> float:
    """The width of what stands beside a line."""
    mask = text.measure_width(flow.mask, NAME) + TAG if flow.mask else 0
    return text.measure_width(flow.shape, SHAPE) + mask


@dataclass(frozen=True)
class Way:
    """Down, or to the right."""

    right: bool = False

    def turn_sides(self, width: float, height: float) -> tuple[float, float]:
        """What a text of a width and height takes across and along."""
        return (height, width) if self.right else (width, height)

    def measure_gap(self, *flows: Flow) -> float:
        """The length of a line with its label."""
        return max([GAP, *(measure_flow(flow) + HEAD + 10 for flow in flows)]) if self.right else GAP

    def measure_stub(self, *flows: Flow) -> float:
        """The length of a line with its label, without an arrow."""
        return max([26, *(measure_flow(flow) + 14 for flow in flows)]) if self.right else 26

    def measure_beside(self, flow: Flow) -> tuple[float, float]:
        """What a label takes across, before its line and beyond it."""
        return (LINE + 8, 0) if self.right else (0, measure_flow(flow) + 12)

    def make_labels(self, flow: Flow, x: float, y: float, length: float = GAP) -> list[SmallText]:
        """The words beside a line of a length that begins there."""
        wide = text.measure_width(flow.shape, SHAPE)
        left, top = (y + 6, x - LINE - 5) if self.right else (x + BESIDE, y + length / 2 - 7)
        found = [self._make_text(left, top, wide, flow.shape, "shape" if flow.known else "unknown")]
        if flow.mask:
            look = "lost" if flow.mask == "mask lost" else "mask"
            found.append(
                self._make_text(
                    left + wide + TAG - 6 if wide else left + 6, top, text.measure_width(flow.mask, NAME), flow.mask, look
                )
            )
        return found

    def make_lane_title(self, title: str, x: float, top: float) -> SmallText:
        """The name of a lane beside the end of the line that leads to it."""
        wide = text.measure_width(title, NAME)
        if self.right:
            return self._make_text(top - HEAD + 2 - wide, x - LINE - 4, wide, title, "lane")
        return self._make_text(x + 8, top - 18, wide, title, "lane")

    def place_exit_labels(self, flow: Flow, port: float, x: float, y: float, low: float) -> list[SmallText]:
        """The words on a line that leaves at the side at a port, and turns along the way at an x."""
        return (
            self.make_labels(flow, x, low - 4 - measure_flow(flow) - 6)
            if self.right
            else self.make_labels(flow, port - 5, y - 26)
        )

    def measure_exits(self, flows: list[Flow]) -> float:
        """What the labels of lines that leave at the side take across."""
        return 8 if self.right else 18 + max(map(measure_flow, flows))

    def measure_frame(self, heading: float, note: float) -> tuple[tuple[float, float], tuple[float, float], float, float, float]:
        """Of a frame with words of such widths: its margins across and along, and the least port, rest and length."""
        if self.right:
            return (FRAME_TOP - 6, FRAME_PAD), (FRAME_PAD + 8, FRAME_PAD), 0, 0, heading + note + 40
        return (FRAME_PAD, FRAME_PAD), (FRAME_TOP, FRAME_PAD), heading + 30, note + 30, 0

    def measure_fork(self, titles: list[str]) -> tuple[float, float]:
        """From the edge of a frame, where lanes part and where they begin."""
        if self.right:
            return 20, 20 + max([34, *(text.measure_width(title, NAME) + HEAD + 14 for title in titles if title)])
        return FRAME_TOP - 8, FRAME_TOP + 34

    def measure_meeting(self, flows: list[Flow]) -> float:
        """Between the longest lane and the box where all meet."""
        return max([44, *(measure_flow(flow) + 34 for flow in flows)]) if self.right else 44

    def _make_text(self, left: float, top: float, wide: float, words: str, look: str) -> SmallText:
        across, along = (top, left) if self.right else (left, top)
        width, height = self.turn_sides(wide, LINE)
        return SmallText(across, along, width, height, words, look)


def turn(canvas: Canvas) -> Canvas:
    """The positions on the page of a picture that goes right, from those across and along."""
    return Canvas(
        [change(each, x=each.y, y=each.x, width=each.height, height=each.width) for each in canvas.frames],
        [change(each, points=tuple((y, x) for x, y in each.points)) for each in canvas.lines],
        [change(each, x=each.y, y=each.x, width=each.height, height=each.width) for each in canvas.boxes],
        [change(each, x=each.y, y=each.x, width=each.height, height=each.width) for each in canvas.texts],
    )


def shift(canvas: Canvas, dx: float, dy: float) -> Canvas:
    """The canvas, moved."""
    return Canvas(
        [change(each, x=each.x + dx, y=each.y + dy) for each in canvas.frames],
        [change(each, points=tuple((x + dx, y + dy) for x, y in each.points)) for each in canvas.lines],
        [change(each, x=each.x + dx, y=each.y + dy) for each in canvas.boxes],
        [change(each, x=each.x + dx, y=each.y + dy) for each in canvas.texts],
    )
