"""Writes the UEA archive's JapaneseVowels beside this file: a table for each part, and an .npy file for each utterance.

    pip install --no-deps aeon==1.6.0
    python examples/japanese-vowels/make.py

The data lie inside the package `aeon` (BSD-3), which is not imported. They are of M. Kudo, J. Toyama and M. Shimbo (1999).
"""

from __future__ import annotations

import csv
from importlib.metadata import distribution
from pathlib import Path

import numpy

FOLDER = Path(__file__).resolve().parent
SOURCE = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"


def read(part: str) -> list[tuple[numpy.ndarray, str]]:
    """Each utterance as (steps, 12) numbers, and its speaker."""
    text = Path(str(distribution("aeon").locate_file(SOURCE.format(part=part)))).read_text("utf-8")
    _, _, body = text.partition("@data\n")
    samples = []
    for line in body.splitlines():
        *channels, speaker = line.split(":")
        samples.append((numpy.array([channel.split(",") for channel in channels], "float32").T, speaker.strip()))
    return samples


def main() -> None:
    """Writes both parts."""
    for part in ("TRAIN", "TEST"):
        folder = FOLDER / "data" / part.lower()
        folder.mkdir(parents=True, exist_ok=True)
        with (FOLDER / "data" / f"{part.lower()}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["utterance", "speaker"])
            for number, (values, speaker) in enumerate(read(part)):
                numpy.save(folder / f"{number}.npy", values)
                writer.writerow([f"{folder.name}/{number}.npy", speaker])


if __name__ == "__main__":
    main()
