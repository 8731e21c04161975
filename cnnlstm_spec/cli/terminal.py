"""Standard output and error: colour, width, progress, and readers that go away.

The only file that writes to them. What is written holds no character that a terminal would obey, but for line breaks and our own
colours.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

from ..compiler import interrupts
from ..text.escape.terminal import make_line_safe, make_lines_safe, make_patch_safe


class Unwritable(Exception):
    """Why standard output takes no more: a full disk, say."""


def write(text: str, colored: bool = False) -> None:
    """To standard output, whatever its encoding; a reader that has gone away ends it quietly."""
    _put(sys.stdout, make_lines_safe(text, colored))


def write_patch(text: str) -> None:
    """A patch to standard output, as `patch` takes it: its tabs and line breaks as they are in the files."""
    _put(sys.stdout, make_patch_safe(text))


def note(text: str, colored: bool = False) -> None:
    """A line to standard error."""
    _put(sys.stderr, make_lines_safe(text, colored) + "\n")


def _put(stream: TextIO | None, text: str) -> None:
    if stream is None:
        return
    try:
        stream.write(text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"))
        stream.flush()
    except OSError as error:
        fail_to_write(stream, error)


def fail_to_write(stream: TextIO, error: OSError) -> None:
    """Mutes a stream that takes no more; raises Unwritable if it is standard output, unless its reader has gone away."""
    _mute(stream)
    if stream is sys.stdout and not isinstance(error, BrokenPipeError):
        raise Unwritable(f"standard output: {'it is closed' if error.errno == errno.EBADF else error.strerror}") from None


def open_streams() -> None:
    """Gives a process the standard streams that it was started without; what uses them is told that they are closed.

    Else the next file that is opened would have their number, and get what is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None and not _is_open(number):
            # Standard output is opened for reading, so that writing fails, and standard input the other way round.
            null = os.open(os.devnull, os.O_RDONLY if name == "stdout" else os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
        return True
    except OSError:
        return False


def _mute(stream: TextIO) -> None:
    """Sends the rest nowhere, so that neither the next line nor the flush at exit fails again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def has_color(choice: str, stream: TextIO) -> bool:
    """`--color`, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal that can."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return os.environ["FORCE_COLOR"] != "0"
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at it."""
    return stream is not None and stream.isatty()


def measure_columns(stream: TextIO) -> int | None:
    """The width of a terminal; None where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None if is_terminal(stream) else None
    except OSError:
        return None


class Progress:
    """One line on standard error that says what is under way; nothing where no person looks."""

    def __init__(self) -> None:
        self.shown = is_terminal(sys.stderr)

    def show_step(self, text: str) -> None:
        """What is under way now; raises KeyboardInterrupt where one was swallowed since the last step."""
        self.draw(f"{text} ...")

    def draw(self, line: str) -> None:
        """A line in place of the one before, as `show_step` does it."""
        interrupts.check()
        if self.shown:
            _put(sys.stderr, f"\r\x1b[K{make_line_safe(line)}")

    def end(self) -> None:
        """Takes the line away."""
        if self.shown:
            _put(sys.stderr, "\r\x1b[K")
