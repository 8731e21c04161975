"""Makes a plant beside this file: of each of 40 machines some thermal pictures (PNG) and recordings of its vibration (WAV).

    python examples/plant/make.py

A machine has a fault where it has a hot spot and knocks at once. Under load it is hot without a fault, and a loose cover knocks
too, so that neither the picture nor the recording tells by itself. Pillow is in the extra `data`; the plant is always the same.
"""

from __future__ import annotations

import csv
import sys
import wave
from pathlib import Path

import numpy
from PIL import Image

FOLDER = Path(__file__).resolve().parent
MACHINES, TIMES = 40, 20
SIZE = 32
RATE, SAMPLES = 1000, 800


def make_picture(path: Path, rng: numpy.random.Generator, warm: float, hot: bool) -> None:
    """A picture in grey; a machine has its own warmth, and a hot spot lies anywhere."""
    down, right = numpy.mgrid[:SIZE, :SIZE]
    values = warm + rng.normal(0, 10, (SIZE, SIZE)) + 20 * numpy.sin(down / SIZE * numpy.pi)
    if hot:
        row, column = rng.uniform(6, SIZE - 6, 2)
        values += 90 * numpy.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * rng.uniform(1.5, 2.5) ** 2))
    Image.fromarray(numpy.clip(values, 0, 255).astype("uint8")).save(path)


def make_recording(path: Path, rng: numpy.random.Generator, hum: float, knocks: bool) -> None:
    """A recording of 16 bits; a machine has its own hum, and knocks come at equal distances."""
    time = numpy.arange(SAMPLES) / RATE
    values = 0.25 * numpy.sin(2 * numpy.pi * (hum * time + rng.random())) + rng.normal(0, 0.06, SAMPLES)
    if knocks:
        since = (time + rng.random()) % rng.uniform(0.07, 0.12)
        values += 0.5 * numpy.exp(-since / 0.008) * numpy.sin(2 * numpy.pi * 180 * since)
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1), stream.setsampwidth(2), stream.setframerate(RATE)
        stream.writeframes((numpy.clip(values, -1, 1) * 32767).astype("<i2").tobytes())


def main(share: float = 1.0) -> None:
    """Makes the plant, or a share of its machines."""
    rng = numpy.random.default_rng(0)
    for name in ("pictures", "recordings"):
        (FOLDER / "data" / name).mkdir(parents=True, exist_ok=True)
    with (FOLDER / "data" / "plant.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["picture", "recording", "machine", "fault"])
        for machine in range(max(5, round(MACHINES * share))):
            warm, hum = rng.uniform(60, 110), rng.uniform(20, 60)
            for time in range(TIMES):
                hot, knocks = ((False, False), (True, False), (False, True), (True, True), (True, True))[time % 5]
                picture, recording = f"pictures/{machine}-{time}.png", f"recordings/{machine}-{time}.wav"
                make_picture(FOLDER / "data" / picture, rng, warm, hot)
                make_recording(FOLDER / "data" / recording, rng, hum, knocks)
                writer.writerow([picture, recording, f"M{machine}", "fault" if hot and knocks else "ok"])


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
