"""Makes films beside this file: a shape goes round in a circle, clockwise or anticlockwise. Each frame by itself tells nothing.

    python examples/moving-shapes/make.py

A film played backwards is one of the other class, so that whoever does not know the order of the frames can only guess. Films
are MPEG-4 by PyAV, which the extra `data` installs; the same seed draws the same films.
"""

from __future__ import annotations

import csv
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy

FOLDER = Path(__file__).resolve().parent
SIZE, FRAMES, RATE = 32, 10, 10
PARTS = {"train": 240, "test": 120}
CLASSES = ("anticlockwise", "clockwise")


def draw(shape: str, row: float, column: float, size: float) -> numpy.ndarray:
    """A bright shape on black, (height, width)."""
    down, right = numpy.mgrid[:SIZE, :SIZE].astype(float)
    down, right = numpy.abs(down - row), numpy.abs(right - column)
    inside = {"disc": down**2 + right**2 < size**2, "square": numpy.maximum(down, right) < size, "diamond": down + right < size}
    return inside[shape] * 200.0


def make_film(path: Path, rng: numpy.random.Generator, kind: str) -> None:
    """A film of one shape; speed, circle, size and noise are drawn."""
    turn = (1 if kind == "clockwise" else -1) * rng.uniform(0.35, 0.7)
    start, radius, size = rng.uniform(0, 2 * numpy.pi), rng.uniform(6, 9), rng.uniform(3, 5)
    middle, shape = rng.uniform(13, 18, 2), rng.choice(["disc", "square", "diamond"])
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("mpeg4", rate=RATE)
        stream.width = stream.height = SIZE
        stream.pix_fmt, stream.bit_rate, stream.time_base = "yuv420p", 400_000, Fraction(1, RATE)
        for number in range(FRAMES):
            angle = start + number * turn
            # Rows count downwards: a growing angle turns clockwise.
            frame = draw(str(shape), middle[0] + radius * numpy.sin(angle), middle[1] + radius * numpy.cos(angle), size)
            frame = numpy.clip(frame + rng.normal(25, 8, frame.shape), 0, 255).astype("uint8")
            film.mux(stream.encode(av.VideoFrame.from_ndarray(numpy.repeat(frame[..., None], 3, axis=2), format="rgb24")))
        film.mux(stream.encode(None))


def main(share: float = 1.0) -> None:
    """Makes both parts, or a share of each."""
    rng = numpy.random.default_rng(0)
    for part, count in PARTS.items():
        folder = FOLDER / "data" / part
        folder.mkdir(parents=True, exist_ok=True)
        with (FOLDER / "data" / f"{part}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["clip", "direction"])
            for number in range(max(8, round(count * share))):
                kind = CLASSES[number % 2]
                make_film(folder / f"{number}.mp4", rng, kind)
                writer.writerow([f"{part}/{number}.mp4", kind])


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
