"""What the compiled models cost and give, beside the hand-written ones: fresh processes, in turn, same weights and data."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench.networks import HERE, SMOKE, SPECS
from bench.pairs import paired

Measured = dict[str, list[dict[str, Any]]]


def worker(task: str, name: str = "-", program: str = "-", steps: int = 0) -> dict[str, Any]:
    """The measurements of one process."""
    if SMOKE and task != "own":
        # Not measured: one import of TensorFlow serves all. `own` changes what it times.
        from bench.worker import TASKS

        result: dict[str, Any] = TASKS[task](name, program, steps)
        return result
    command = [sys.executable, "-m", "bench.worker", task, name, program, str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])}\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def alternating(name: str, programs: tuple[str, ...], rounds: int, steps: int) -> Measured:
    """`rounds` processes of each program, in turn."""
    found: Measured = {program: [] for program in programs}
    for _ in range(rounds):
        for program in programs:
            found[program].append(worker("train", name, program, steps))
    return found


def ratio(found: Measured, key: str, first: str, second: str) -> float:
    """The median of the ratios, run by run."""
    return median(a[key] / b[key] for a, b in zip(found[first], found[second], strict=True))


def middle(found: Measured, program: str, key: str) -> float:
    return float(median(run[key] for run in found[program]))


def row(title: str, value: float, bar: float | None = None, form: str = "7.3f") -> str:
    """`title   value   (at most bar: holds)`."""
    verdict = "" if bar is None else f"   (at most {bar:g}: {'holds' if value <= bar else 'DOES NOT HOLD'})"
    return f"{title:64s} {value:{form}}{verdict}"


def table(found: Measured) -> list[str]:
    """Medians of each program."""
    rows = []
    for program, runs in found.items():
        step, first = middle(found, program, "step") * 1000, middle(found, program, "first")
        memory, params = middle(found, program, "memory") / 2**20, runs[0]["params"]
        rows.append(
            f"  {program:12s} step {step:8.1f} ms   first step {first:6.2f} s   peak {memory:6.0f} MiB"
            f"   {params:,} parameters   first loss {runs[0]['loss']:.6f}"
        )
    return rows


def frames(rounds: int, steps: int) -> list[str]:
    """Article 3's network."""
    found = alternating("frames_lstm", ("compiled", "handwritten", "limit"), rounds, steps)
    title = "article 3 at 32 x 64 x 64"
    return [
        f"{title}, batch 4, {rounds} processes each",
        *table(found),
        row(f"{title}: training step", ratio(found, "step", "compiled", "handwritten"), 0.25),
        row("  from `import` done to the first step", ratio(found, "first", "compiled", "handwritten"), 0.30),
        row("  training step against the limit", ratio(found, "step", "compiled", "limit"), 1.10),
    ]


def mobilenet(rounds: int, steps: int) -> list[str]:
    found = alternating("mobilenet", ("compiled", "handwritten", "limit"), rounds, steps)
    title = "MobileNetV2 over 16 x 96 x 96"
    return [
        f"{title}, batch 2, {rounds} processes each",
        *table(found),
        row(f"{title}: from `import` done to the first step", ratio(found, "first", "compiled", "handwritten"), 0.20),
        row("  training step", ratio(found, "step", "compiled", "handwritten"), 0.65),
        row("  training step against the limit", ratio(found, "step", "compiled", "limit")),
    ]


def fault(rounds: int, steps: int) -> list[str]:
    found = alternating("equipment_fault", ("compiled", "handwritten"), rounds, steps)
    ours, theirs = (found[program][0]["operations"] for program in ("compiled", "handwritten"))
    differing = {op: (ours.get(op, 0), theirs.get(op, 0)) for op in sorted({*ours, *theirs}) if ours.get(op) != theirs.get(op)}
    same = "the same: holds" if not differing else f"DIFFER: {differing}"
    return [
        f"article 1, batch 32, {rounds} processes each",
        *table(found),
        row("article 1: training step", ratio(found, "step", "compiled", "handwritten"), 1.10),
        f"  operations of the traced step ({sum(ours.values())} and {sum(theirs.values())}) are {same}",
    ]


def clips() -> list[str]:
    ours, theirs = (worker("clips", program=program)["error"] for program in ("compiled", "handwritten"))
    return [
        row("clips of 7 to 12 frames: error of `predict`, compiled", ours, 1e-5, "7.1e"),
        row("  the same, hand-written", theirs, None, "7.1e"),
    ]


def own(rounds: int) -> list[str]:
    found = [worker("own") for _ in range(rounds)]
    share = median(run["own"] / run["total"] for run in found)
    inside = median(run["own"] / (run["total"] - run["import"]) for run in found)
    seconds, png = median(run["own"] for run in found), median(run["png"] for run in found)
    total = median(run["total"] for run in found)
    return [
        f"`compile` of spec 1: {seconds * 1000:.0f} ms are ours ({png * 1000:.0f} ms of them the PNG), of {total:.2f} s",
        row("compile of spec 1: our own share of the whole", share, 0.10),
        row("  the same, the import of Keras left out", inside),
    ]


def mistake(runs: int) -> list[str]:
    """Both programs fail, and say why."""
    validate = [sys.executable, "-m", "cnnlstm_spec", "validate", str(SPECS / "mistake.yaml")]
    build = [sys.executable, "-m", "bench.handwritten.mistake"]
    pair = paired(validate, build, runs, status=1)
    return [
        f"the same mistake: `validate` {pair.first * 1000:.0f} ms, Keras {pair.second * 1000:.0f} ms",
        row("validate, cold, against the shortest Keras that shows the mistake", pair.ratio, 0.08),
    ]


def passes(steps: int) -> list[str]:
    found = worker("passes", steps=steps)
    rows = ["each layer in a `TimeDistributed` of its own, batch 4, 16 x 64 x 64; with passes:"]
    for name, each in found.items():
        step = f"step {each['step'] * 1000:7.1f} ms ({each['step'] / found['all']['step']:.2f})"
        counts = f"{each['statements']} statements   first loss {each['loss']:.6f}"
        rows.append(f"  {name:26s} {step}   first step {each['first']:5.2f} s   {counts}")
    return rows
