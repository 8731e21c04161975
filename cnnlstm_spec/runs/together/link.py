"""A connection between two processes: lines of JSON, and a word every two seconds from each."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...text.escape.json import to_json

BEAT, SILENCE = 2.0, 10.0
"""Seconds between two words, and without one after which who should say them is lost."""
LONGEST = 4096
"""Bytes of a line."""
CLOSED = "its connection was closed"


class Link:
    """One end; what the other says goes to `hear`, and that it is gone, with the reason, to `lose`, once."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(SILENCE)
        self._connection, self._lines = connection, connection.makefile("rb")
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._listener: threading.Thread | None = None

    def say(self, **words: object) -> None:
        """Whether it arrives is told by `lose` alone."""
        with suppress(OSError), self._lock:
            self._connection.sendall(to_json(words, None).encode() + b"\n")

    def read(self) -> dict[str, Any]:
        """The next thing that is said; raises ValueError with the reason where there is none."""
        try:
            line = self._lines.readline(LONGEST)
        except TimeoutError:
            raise ValueError(f"it has said nothing for {SILENCE:.0f} s") from None
        except (OSError, ValueError):
            raise ValueError(CLOSED) from None
        if not line:
            raise ValueError(CLOSED)
        try:
            words = json.loads(line)
        except (ValueError, RecursionError):
            words = None
        if not isinstance(words, dict):
            raise ValueError("it says what no process of a training says")
        return words

    def listen(self, hear: Callable[[dict[str, object]], None], lose: Callable[[str], None]) -> None:
        """Listens, and says that this end is there, from now on."""
        self._listener = threading.Thread(target=self._listen, args=(hear, lose), daemon=True)
        self._listener.start()
        threading.Thread(target=self._beat, daemon=True).start()

    def _listen(self, hear: Callable[[dict[str, object]], None], lose: Callable[[str], None]) -> None:
        while True:
            try:
                words = self.read()
            except ValueError as reason:
                if not self._closed.is_set():
                    lose(str(reason))
                return
            hear(words)

    def _beat(self) -> None:
        while not self._closed.wait(BEAT):
            self.say()

    def end(self) -> None:
        """Says nothing any more; what was said before arrives."""
        self._closed.set()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Ends it, once the other has ended its own, or after a while."""
        self.end()
        # A connection that is closed before all is read takes back what was said last.
        self._join()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._join()
        self._lines.close()
        self._connection.close()

    def _join(self) -> None:
        if self._listener is not None:
            self._listener.join(BEAT)
