"""Times two programs as whole processes, in turn, so that a drift of the machine's speed falls on both."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Pair:
    """Medians in seconds, and the median of the ratios pair by pair."""

    first: float
    second: float
    ratio: float


def once(command: list[str], status: int = 0) -> float:
    """Wall seconds of one run, which must end with that status; its output is thrown away."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    if done.returncode != status:
        raise RuntimeError(f"status {done.returncode}, not {status}: {' '.join(command)}")
    return seconds


def measure_once(command: list[str]) -> tuple[float, float]:
    """Wall seconds of one run, which must end with 0, and seconds of all cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = once(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def paired(first: list[str], second: list[str], runs: int, status: int = 0) -> Pair:
    """`runs` pairs after one of each that is not counted; a single pair has none before it."""
    if runs > 1:
        once(first, status), once(second, status)
    rows = [(once(first, status), once(second, status)) for _ in range(runs)]
    return Pair(median(a for a, _ in rows), median(b for _, b in rows), median(a / b for a, b in rows))


def machine() -> str:
    """The machine in words, for a reader of the numbers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"Python {sys.version.split()[0]}, {cores} cores{_processor()}, load {os.getloadavg()[0]:.1f}"


def _processor() -> str:
    """The processor, and the widest vectors that it has, by which TensorFlow chooses its kernels; nothing outside of Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    facts = dict(map(str.strip, line.split(":", 1)) for line in reversed(lines) if ":" in line)
    flags = facts.get("flags", "").split()
    widest = next((each for each in ("amx_tile", "avx512_vnni", "avx512f", "avx2", "avx") if each in flags), "no avx")
    return f" of {facts.get('model name', 'a processor')} ({widest})"
