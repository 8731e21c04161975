"""A training as a terminal shows it: a bar while an epoch runs, and a line when it has ended; elsewhere the lines alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from ..compiler import interrupts
from ..runs.train.watch import Watch
from ..text.escape.terminal import make_line_safe
from .terminal import Progress, measure_columns, write

BAR, REDRAWN = 20, 0.1
"""Characters of the bar, and seconds from one drawing of it to the next."""


class TerminalWatch(Watch):
    """Lines go to standard output, the bar to standard error."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix, self.width, self.bar = prefix, measure_columns(sys.stderr) or 80, Progress()
        self.epochs = self.steps = 0
        self.drawn = self.began = 0.0
        self.ended = 0

    def begin(self, epochs: int, steps: int) -> None:
        self.epochs, self.steps, self.began, self.ended = epochs, steps, time.monotonic(), 0

    def end_step(self, epoch: int, done: int, samples: int) -> None:
        interrupts.check()
        now = time.monotonic()
        if not self.bar.shown or now - self.drawn < REDRAWN:
            return
        self.drawn = now
        filled = BAR * done // max(1, self.steps)
        all_steps = (self.epochs - epoch) * self.steps + self.steps - done
        passed = now - self.began
        seen = self.ended * self.steps + done
        left = passed / max(1, seen) * all_steps
        rate = f"{(self.ended * samples / max(1, done) * self.steps + samples) / max(1e-9, passed):,.0f} samples/s"
        shown = f"[{'=' * filled}{' ' * (BAR - filled)}]"
        line = f"{self.prefix}epoch {epoch}/{self.epochs} {shown} {done}/{self.steps}  {_format_clock(left)} left  {rate}"
        self.bar.draw(make_line_safe(line)[: self.width - 1])

    def end_epoch(self, epoch: int, phase: str, logs: Mapping[str, float], seconds: float, samples: int) -> None:
        interrupts.check()
        self.ended += 1
        values = "  ".join(f"{name} {value:.4g}" for name, value in logs.items())
        named = f" ({phase})" if phase else ""
        rate = f"{samples / max(1e-9, seconds):,.0f} samples/s"
        self._show_line(f"epoch {epoch}/{self.epochs}{named}  {values}  {seconds:.1f} s, {rate}")

    def say(self, text: str) -> None:
        self._show_line(text)

    def _show_line(self, text: str) -> None:
        self.bar.end()
        write(f"{make_line_safe(self.prefix + text)}\n")


def _format_clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
