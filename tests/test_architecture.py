"""What the structure promises, whatever the code says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import cnnlstm_spec

PACKAGE = Path(cnnlstm_spec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
SPEC = PACKAGE.parent / "specs" / "equipment-fault.yaml"
HEAVY = ("keras", "tensorflow", "numpy", "jsonschema", "rich", "pydantic")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_holds_one_thing_and_says_so(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a file says in its first lines what it is"
    assert len(text.splitlines()) <= 400


def test_files_are_small() -> None:
    assert median(len(path.read_text("utf-8").splitlines()) for path in FILES) < 150


COMMANDS = [
    ["validate", str(SPEC)],
    ["shapes", str(SPEC)],
    ["plot", str(SPEC), "-o", "plot.svg"],
    ["emit", "python", str(SPEC)],
    ["schema"],
    ["explain", "wrong-rank"],
    ["layers"],
    ["layers", "LSTM"],
    ["dump", "--stage", "typed", str(SPEC)],
    ["new", "video"],
]
WITHOUT = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None
from cnnlstm_spec.cli import main
main()
"""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_works_where_tensorflow_is_not_installed(command: list[str], tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


WRITERS = {
    "standard output and error": ("terminal.py", {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}),
    "JSON": ("escape/json.py", {"json.dumps", "json.dump"}),
}


@pytest.mark.parametrize("medium", WRITERS)
def test_a_medium_has_one_writer(medium: str) -> None:
    """So that what a text holds is escaped in one place, and nothing goes past it."""
    only, ways = WRITERS[medium]
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways
    }
    assert found <= {only}
