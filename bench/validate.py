"""What `validate` costs: a cold process, growth with the number of layers, and variants in one process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from math import prod
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.pairs import paired

SPEC = Path(__file__).parent.parent / "specs" / "equipment-fault.yaml"
BASELINE = "import yaml, pydantic; pydantic.create_model('M', a=(int, 1))"


def cold(runs: int) -> list[str]:
    """`validate` of spec 1 against the import of pydantic with one model made."""
    pair = paired([sys.executable, "-m", "cnnlstm_spec", "validate", str(SPEC)], [sys.executable, "-c", BASELINE], runs)
    return [
        f"validate, cold process             {pair.first * 1000:7.0f} ms",
        f"import yaml and pydantic, a model  {pair.second * 1000:7.0f} ms",
        f"ratio                              {pair.ratio:7.2f}      (at most 1.5)",
    ]


def growth(most: int = 10_000) -> list[str]:
    """Seconds in process for 10 layers and ten times as many in turn, up to the most."""
    from cnnlstm_spec import load

    rows, before = [], 0.0
    for count in (each for each in (10, 100, 1000, 10_000) if each <= most):
        text = write_chain(count)
        times = []
        for _ in range(5 if count < 10_000 else 3):
            start = time.perf_counter()
            assert load(text).ok
            times.append(time.perf_counter() - start)
        seconds = median(times)
        ratio = f"ratio {seconds / before:5.1f}      (under 13)" if before else ""
        rows.append(f"validate of {count:6d} layers          {seconds * 1000:9.1f} ms   {ratio}")
        before = seconds
    return rows


def write_chain(count: int) -> str:
    """A spec of so many layers, one after another."""
    layers = "\n".join("      - Dense: {units: 8, activation: relu}" for _ in range(count))
    return (
        "version: 1\nname: many\nbranches:\n  a:\n    input: {kind: vector, shape: [8]}\n    layers:\n"
        f"{layers}\nhead:\n  - Dense: {{units: 1}}\n"
    )


def many(count: int = 1000, runs: int = 10) -> list[str]:
    """1,000 specs in one run against cold runs of one spec."""
    text = SPEC.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        for number in range(count):
            Path(folder, f"{number:04d}.yaml").write_text(
                text.replace("units: 64", f"units: {number % 64 + 1}"), encoding="utf-8"
            )
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cnnlstm_spec", "validate", folder], check=True, capture_output=True)
        together = time.perf_counter() - start
    alone = paired([sys.executable, "-m", "cnnlstm_spec", "validate", str(SPEC)], [sys.executable, "-c", "pass"], runs).first
    return [
        f"{count:,} specs in one run             {together:7.2f} s",
        f"{count:,} cold runs ({count:,} x {alone * 1000:.0f} ms)   {alone * count:7.0f} s",
        f"ratio                              {together / (alone * count):7.3f}      (at most 0.05)",
    ]


def variants(side: int = 20, rounds: int = 5) -> list[str]:
    """400 variants of spec 1 in process, by the time of one core."""
    from cnnlstm_spec.compiler.variants import sweep
    from cnnlstm_spec.text.source import Source

    units = ",".join(map(str, range(1, side + 1)))
    matrix = (f"branches.vibration.layers[0].units=[{units}]", f"branches.thermal.layers[0].filters=[{units}]")
    prepared = sweep(Source(str(SPEC), SPEC.read_text(encoding="utf-8")), (), matrix)
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        assert all(compilation.ok for _, compilation in prepared.find_all())
        best = max(best, len(prepared.variants) / (time.process_time() - start))
    return [f"variants of spec 1 in a second        {best:4.0f}      (at least 500)"]


AXES = ("branches.vibration.layers[0].units", "branches.thermal.layers[0].filters", "branches.thermal.layers[2].filters")


def many_variants(*sides: int) -> list[str]:
    """`validate` of a matrix over spec 1: variants by the time of one core, its memory, and when its first line comes."""
    axes = [f"{path}=[{','.join(map(str, range(1, side + 1)))}]" for path, side in zip(AXES, sides, strict=True)]
    given = [part for axis in axes for part in ("--matrix", axis)]
    command = [sys.executable, "-m", "cnnlstm_spec", "validate", str(SPEC), *given, "--max-variants", str(prod(sides))]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines, rows = iter(process.stdout), 0
    first = (next(lines), time.perf_counter() - start)[1]
    for line in lines:
        rows += line.endswith(b" ok\n")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0 and rows == prod(sides)
    seconds, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    return [
        f"{rows:,} variants of spec 1 in a second of one core {rows / seconds:6.0f}      (at least 1000)",
        f"  peak memory in MiB                 {peak:7.0f}      (under 500)",
        f"  first line after                   {first:7.2f} s, of {time.perf_counter() - start:.1f}",
    ]
