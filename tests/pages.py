"""A reader of a page who does what it says: every block, in order, in a fresh folder with the specs."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from places import ROOT

import cnnlstm_spec
from cnnlstm_spec.cli.main import run

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.S | re.M)
KERAS = re.compile(r"cnnlstm-spec (?:compile|train|evaluate|predict)\b")
MODULE = re.compile(r"# ([\w/]+\.py)\b")
"""How a block of Python begins that is a file."""
FILE = re.compile(r"`([\w./-]+\.yaml)`")


@dataclass(frozen=True)
class Block:
    """A block of code, with the paragraph before it."""

    language: str
    text: str
    before: str

    @property
    def needs_keras(self) -> bool:
        """Whether TensorFlow is imported for it."""
        of_keras = self.language == "python" and not MODULE.match(self.text)
        return of_keras or KERAS.search(self.text) is not None


def blocks(page: str) -> list[Block]:
    """Every block of a page, the unmarked ones too."""
    text = (ROOT / page).read_text("utf-8")
    found = [Block(each[1], each[2], text[: each.start()].rstrip().rpartition("\n\n")[2]) for each in FENCE.finditer(text)]
    assert 2 * len(found) == len(re.findall(r"^```", text, re.M)), f"a block of {page} is not closed"
    return found


class Reader:
    """Does the blocks of a page; `done` says what was really done, `output` is what the last line printed."""

    def __init__(self, folder: Path, keras: bool) -> None:
        self.folder, self.keras = folder, keras
        self.done: list[Block] = []
        self.output = ""
        self.names: dict[str, Any] = {}
        program = folder / "bin" / "cnnlstm-spec"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec "{sys.executable}" -m cnnlstm_spec "$@"\n')
        program.chmod(0o755)
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def do(self, block: Block) -> None:
        """Does one block; one in a language that a reader cannot do is a fault of the page, and TOML is only read."""
        if block.needs_keras and not self.keras:
            return
        ways = {"sh": self.type_lines, "text": self.compare, "python": self.run, "yaml": self.save, "toml": self.read}
        assert block.language in ways, f"no reader can do this block: {block.text}"
        ways[block.language](block)
        self.done.append(block)

    def type_lines(self, block: Block) -> None:
        """Types the lines into a shell; those that set things up are looked up instead."""
        for line in block.text.splitlines():
            word, _, rest = line.partition("#")[0].strip().partition(" ")
            if word == "make":
                assert re.search(rf"^{rest.strip()}:", (ROOT / "Makefile").read_text("utf-8"), re.M), line
            elif word == "pip":
                check_install(rest)
            else:
                status, out, err = self.type_line(line)
                assert status in (0, 1) and "Traceback" not in err, out + err
                assert status == 0 or out, line + err
                self.output = out

    def type_line(self, line: str) -> tuple[int, str, str]:
        """The status and what came; a command alone runs in this process, which need not import what it needs anew."""
        program, *arguments = shlex.split(line, comments=True) or [""]
        if program != "cnnlstm-spec" or set(line) & set("|&;<>$*~`"):
            ran = subprocess.run(line, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True)
            return ran.returncode, ran.stdout, ran.stderr
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(arguments)
        return status, out.getvalue(), err.getvalue()

    def compare(self, block: Block) -> None:
        """What is shown is what came."""
        assert self.output == block.text, self.output

    def run(self, block: Block) -> None:
        """Runs Python in the folder, with the names of the blocks before it; or saves it as the file that it says it is."""
        if (file := MODULE.match(block.text)) is not None:
            (self.folder / file[1]).parent.mkdir(exist_ok=True)
            (self.folder / file[1]).write_text(block.text, "utf-8")
            return
        with self.find_modules():
            exec(block.text, self.names)

    @contextlib.contextmanager
    def find_modules(self) -> Iterator[None]:
        """Modules that the page has saved are found, as by Python in that folder."""
        sys.path.insert(0, str(self.folder))
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            for name, module in [*sys.modules.items()]:
                places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
                if any(Path(each).is_relative_to(self.folder) for each in places):
                    del sys.modules[name]

    def read(self, block: Block) -> None:
        """Reads what belongs into a file that the page does not show whole."""
        assert tomllib.loads(block.text)

    def save(self, block: Block) -> None:
        """Saves a spec as the file that the page names, or by its own name; one that is there already ends with it."""
        named = FILE.findall(block.before)
        path = self.folder / (named[-1] if named else re.findall(r"^name: (\S+)", block.text, re.M)[0] + ".yaml")
        if path.exists():
            assert path.read_text("utf-8").endswith(block.text)
        else:
            path.write_text(block.text, "utf-8")
        # A variant may be wrong: its findings are what the page shows next.
        with self.find_modules():
            assert "matrix:" in block.text or cnnlstm_spec.load(path, allow_imports="layers_from:" in block.text).ok


def check_install(arguments: str) -> None:
    """An install from the checkout, with extras that there are."""
    found = re.fullmatch(r"install '?\.(?:\[([\w,]+)\])?'?", arguments.strip())
    assert found, arguments
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set((found[1] or "").split(",")) - {""} <= set(extras)
