"""What a run costs beside the same written by hand: epochs, the way to the first step, reading of files, and memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.networks import HERE, SMOKE
from bench.pairs import measure_once
from bench.run_tasks import SPEC, write_arrays
from bench.training import row, worker

MIB = 2**20


def epochs(rounds: int) -> list[str]:
    """An epoch of `train` against one of a `fit` by hand, on the same arrays."""
    with tempfile.TemporaryDirectory() as name:
        write_arrays(Path(name))
        pairs = [[worker("epoch", name, program) for program in ("ours", "hand")] for _ in range(rounds)]
    ours, hand = ({key: min(pair[place][key] for pair in pairs) for key in pairs[0][0]} for place in (0, 1))
    told = f"{ours['seconds']:.2f} s, of `fit` {hand['seconds']:.2f} s"
    return [
        f"article 1 on arrays in memory, {rounds} processes each: an epoch of `train` {told}",
        row("an epoch of `train` against `fit` by hand", ours["seconds"] / hand["seconds"], 1.05),
        row("  in seconds of all cores", ours["processor"] / hand["processor"]),
    ]


def first_steps(runs: int) -> list[str]:
    """From the start of the command to the end of the first step."""
    with tempfile.TemporaryDirectory() as name:
        write_arrays(Path(name))
        command = [sys.executable, "-m", "bench.run_tasks"]
        pairs = [[measure_once([*command, program, name]) for program in ("ours", "hand")] for _ in range(runs)]
    ours, hand = ([min(each) for each in zip(*(pair[place] for pair in pairs), strict=True)] for place in (0, 1))
    return [
        f"from the start to the end of the first step: `train` {ours[0]:.2f} s, by hand {hand[0]:.2f} s",
        row("the start of `train` against one by hand", ours[0] / hand[0], 1.15),
        row("  in seconds of all cores", ours[1] / hand[1]),
    ]


def reading(rounds: int) -> list[str]:
    """An epoch of examples from their files against one of samples that are decoded; films have no bar."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        for example in ("plant", "japanese-vowels", "moving-shapes"):
            folder = _made(example, Path(name, example))
            if folder is None:
                lines.append(f"{example}: left out, its make.py has not been run")
                continue
            found = [worker("files", str(folder)) for _ in range(rounds)]
            wall, used = (
                min(each["files"][key] for each in found) / min(each["arrays"][key] for each in found)
                for key in ("seconds", "processor")
            )
            waited, bars = min(each["waited"] for each in found), (None, None) if example == "moving-shapes" else (1.15, 0.05)
            lines += [
                row(f"{example}: an epoch from files against decoded samples", wall, bars[0]),
                row("  in seconds of all cores", used),
                row("  share of it that waits for data", waited, bars[1]),
            ]
    return lines


def _made(example: str, folder: Path) -> Path | None:
    """An example with its data, which it makes itself or has made before; None where it needs a package for them."""
    made = HERE.parent / "examples" / example
    if example == "japanese-vowels":
        return made if (made / "data" / "train.csv").exists() else None
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("data"))
    subprocess.run([sys.executable, str(folder / "make.py"), "0.05" if SMOKE else "1"], check=True)
    return folder


PICTURES = """version: 1
name: pictures
branches: {x: {input: {kind: image, shape: [64, 64, 1]}, layers: [{Conv2D: {filters: 4, kernel_size: 3}}, GlobalMaxPooling2D]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: few.csv, inputs: {x: {column: file}}, targets: {head: {column: y}}}
fit: {epochs: 1, batch_size: 32, steps_per_epoch: 30}
"""


def flat() -> list[str]:
    """Peak memory of a training with ten times the rows."""
    import numpy
    from PIL import Image

    rows, rng = (40 if SMOKE else 2_000), numpy.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        for number in range(20):
            Image.fromarray(rng.integers(0, 256, (64, 64), "uint8")).save(Path(name, f"{number}.png"))
        for table, count in (("few.csv", rows), ("many.csv", 10 * rows)):
            lines = [f"{number % 20}.png,{number}" for number in range(count)]
            Path(name, table).write_text("file,y\n" + "\n".join(lines) + "\n")
        Path(name, SPEC).write_text(PICTURES)
        few, many = (worker("peak", name, table)["peak"] for table in ("few.csv", "many.csv"))
    return [
        f"peak memory of a training on {rows:,} pictures {few / MIB:.0f} MiB, on {10 * rows:,} {many / MIB:.0f} MiB",
        row("memory with ten times the samples", many / few, 1.10),
    ]


NUMBERS = """version: 1
name: numbers
branches: {x: {input: {kind: vector, shape: [8]}, layers: [{Dense: {units: 16, activation: relu}}]}}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy}
data:
  train: rows.parquet
  validation: {fraction: 0.1, stratify: kind}
  inputs: {x: {columns: [a, b, c, d, e, f, g, h]}}
  targets: {head: {column: kind}}
fit: {epochs: 1, batch_size: 256, steps_per_epoch: 20, validation_steps: 5}
"""


def many_rows(count: int) -> list[str]:
    """Peak memory of a long table, counted, split and begun, beyond the import of TensorFlow."""
    import numpy
    import polars

    rng = numpy.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        columns: dict[str, Any] = {each: rng.normal(size=count).astype("float32") for each in "abcdefgh"}
        kinds = numpy.asarray(["red", "green", "blue"])[(columns["a"] > 0).astype(int) + (columns["b"] > 0)]
        frame = polars.DataFrame({**columns, "kind": kinds})
        frame.write_parquet(Path(name, "rows.parquet"))
        frame.write_csv(Path(name, "rows.csv"), float_precision=5)
        del frame, columns, kinds
        Path(name, SPEC).write_text(NUMBERS)
        before = worker("peak", name, "import")["peak"]
        found = {table: worker("peak", name, table)["peak"] - before for table in ("rows.parquet", "rows.csv")}
    return [
        row(f"{count:,} rows of 8 numbers and a label, {table}: MiB beyond the import", peak / MIB, 1024, "7.0f")
        for table, peak in found.items()
    ]
