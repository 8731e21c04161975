"""What a terminal shows of many short specs, each with a mistake, held in one `.out` a file; `make out` writes them anew.

The fragments of `tests/specs/said/*.yaml` are divided by `---`. Each is a spec together with those of the lines below whose
keys it does not have.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from places import TESTS

from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.emit.words.diagnostics import render
from cnnlstm_spec.text.source import Source

FILES = sorted((TESTS / "specs" / "said").glob("*.yaml"))
BASE = {
    "version": "version: 1\n",
    "name": "name: said\n",
    "branches": "branches: {x: {input: {kind: vector, shape: [4]}}, y: {input: {kind: vector, shape: [4]}}}\n",
    "fusion": "fusion: {strategy: concat}\n",
    "head": "head: [{Dense: {units: 1}}]\n",
}


def whole(fragment: str) -> str:
    """A fragment as a spec. Without branches of its own it has two that are joined."""
    written = set(re.findall(r"^(\w+):", fragment, re.M))
    left_out = {*written, *({"head"} if "heads" in written else ()), *({"fusion"} if "branches" in written else ())}
    return "".join(line for key, line in BASE.items() if key not in left_out) + fragment


def shown(path: Path) -> str:
    """What is said of each fragment of a file, in turn."""
    said = []
    for fragment in path.read_text("utf-8").split("---\n"):
        found = compile_source(Source("said.yaml", whole(fragment))).diagnostics
        assert found, fragment
        said.append(f"{fragment}---\n{render(found)}\n")
    return "\n\n".join(said)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_said(path: Path, request: pytest.FixtureRequest) -> None:
    out = path.with_suffix(".out")
    said = shown(path)
    if request.config.getoption("--update"):
        out.write_text(said, encoding="utf-8")
    assert out.read_text("utf-8") == said
