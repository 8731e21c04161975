"""The process that converts a file and runs it, started, asked and ended, under limits of time and memory. Imports NumPy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from ...text.escape.terminal import make_line_safe
from ...text.files import PACKAGE
from .messages import receive, send

if TYPE_CHECKING:
    from ..samples import Array

KEPT = 4000
"""Bytes of what a process printed last that are kept."""


class Failed(Exception):
    """Why a file could not be converted or run: what the library said first, and all of it."""

    def __init__(self, stage: str, reason: str, whole: str = "") -> None:
        super().__init__(reason)
        self.stage, self.reason, self.whole = stage, reason, whole


class Late(Failed):
    """What was asked took too long."""


class Child:
    """One process, for one file."""

    def __init__(self, seconds: float, memory: int) -> None:
        """`seconds` for each thing that is asked of it; `memory` in bytes."""
        self.seconds, self._over, self._late = seconds, False, False
        self._log = b""
        path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
        # `-P`: no module of the working folder is taken for one that is meant.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.worker", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(
        self, what: str, arrays: Mapping[str, Array] | None = None, **more: object
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """What the process answers; raises Failed where it fails, dies, or takes too long."""
        timer = Timer(self.seconds, self._kill_late)
        timer.daemon = True
        timer.start()
        try:
            send(cast(BinaryIO, self._process.stdin), {"do": what, **more}, arrays or {})
            answer = receive(cast(BinaryIO, self._process.stdout))
        except OSError:
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            kind = Late if self._late else Failed
            raise kind(what, self._explain_end(self._process.wait()), self._read_said())
        head, found = answer
        if "failed" in head:
            raise Failed(what, head["failed"], head["whole"])
        return head, found

    def end(self) -> None:
        """Ends the process, whatever it does."""
        if self._over:
            return
        self._over = True
        self._kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]

    def _kill_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (OSError, AttributeError):
                self._process.kill()

    def _explain_end(self, status: int) -> str:
        if self._late:
            return f"it was not done after {self.seconds:g} seconds"
        said = self._read_said().strip().splitlines()
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
            return f"the process was ended by {name}"
        return make_line_safe(said[-1]) if said else f"the process ended with status {status}"

    def _read_said(self) -> str:
        self._listener.join()
        return self._log.decode("utf-8", "replace")

    def _listen(self) -> None:
        """Keeps the end of what the process prints, so that it never waits for a reader."""
        stream = cast(BinaryIO, self._process.stderr)
        while data := stream.read1(KEPT):  # type: ignore[attr-defined]
            self._log = (self._log + data)[-KEPT:]
