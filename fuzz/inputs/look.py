"""One input through `load`, `validate`, `emit python` or its command line: how far it comes, and what should not have been."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType

from cnnlstm_spec.cli.main import BUG, run
from cnnlstm_spec.compiler import api
from cnnlstm_spec.compiler.compile import Compilation
from fuzz.inputs.draw import KINDS, SPEC, Input, draw

STAGES = ("reader", "spec", "graph", "typed", "checked", "emitted")
"""How far an input comes: read as YAML, as a spec, built, every type known, without an error, printed as Python."""
SECONDS = 10
"""Of a processor, for all that is done with one input."""


class TimeUp(BaseException):
    """The time of an input is over; no handler of errors takes it."""


@dataclass(frozen=True)
class Look:
    """What became of an input: the last stage that it reached, and what is wrong with that."""

    seed: int
    kind: str
    stage: str | None
    wrong: str | None
    seconds: float


def look(seed: int, folder: Path) -> Look:
    """Everything about a seed, in a folder of its own."""
    started = monotonic()
    stage: list[str] = []
    kind = KINDS[seed % len(KINDS)]
    try:
        with limited():
            given = draw(seed)
            laid_out(given, folder)
            wrong = _wrong(given, stage)
    except TimeUp:
        wrong = f"takes more than {SECONDS} s"
    except BaseException as error:
        wrong = f"raises {type(error).__name__}: {str(error)[:200]}{_where(error)}"
    return Look(seed, kind, stage[-1] if stage else None, wrong, monotonic() - started)


def laid_out(given: Input, folder: Path) -> None:
    """Makes the folder of an input, and goes there."""
    os.chdir(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chdir(folder)
    for name, data in given.files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)
    for name, target in given.links.items():
        if target == "|":
            os.mkfifo(name)
        elif target == "/":
            Path(name).mkdir()
        else:
            Path(name).symlink_to(target)


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Ends what takes longer than an input may."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _wrong(given: Input, stage: list[str]) -> str | None:
    if given.arguments:
        status, out = _run(given.arguments, given.stdin)
        if status == BUG:
            return f"status {BUG} of {given.arguments}: {_told(out)}"
    compilation = api.load(Path(SPEC))
    stage += _reached(compilation)
    str(compilation.diagnostics)
    for command in (("validate", SPEC), ("emit", "python", SPEC)):
        status, out = _run(command)
        if status not in (0, 1, 2):
            return f"status {status} of {' '.join(command)}: {_told(out)}"
    if compilation.ok and status == 0:
        ast.parse(out)
        stage.append("emitted")
    return None


def _reached(compilation: Compilation) -> Iterator[str]:
    if compilation.document is None:
        return
    yield "reader"
    if compilation.spec is not None:
        yield "spec"
    if compilation.graph is not None:
        yield "graph"
    if compilation.typed is not None and all(node.type is not None for node in compilation.typed.nodes.values()):
        yield "typed"
        if compilation.ok:
            yield "checked"


def _run(arguments: tuple[str, ...], stdin: bytes = b"") -> tuple[int, str]:
    """The status of a command line, and what it prints, of which all must be text that a terminal takes."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(list(arguments))
    finally:
        sys.stdin = before
    return status, out.getvalue() if status == 0 else out.getvalue() + err.getvalue()


def _told(out: str) -> str:
    """The last lines of the report of a bug."""
    return " | ".join(line.strip() for line in out.splitlines()[-6:] if line.strip())[-600:]


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"
