"""A real editor as the client: Neovim, set up as docs/editors.md says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pages import blocks
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.editor.hints import format_output

NVIM = Path(sys.executable).with_name("nvim")
SOUND = ROOT / "specs" / "video-two-streams.yaml"
BASE = "vars: {width: 8}\nbranches:\n  x:\n    input: {kind: vector, shape: [4]}\n    layers: [{Dense: {units: $width}}]\n"
OWN = "version: 1\nname: child\nextends: base.yaml\nhead: [{Dense: {units: $width}}]\n"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text()
BROKEN = TEXT.replace("units: 64", 'units: "64"')


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Neovim has seen, and the folder."""
    folder = tmp_path_factory.mktemp("neovim")
    files = {"SOUND": SOUND.read_text(), "BROKEN": BROKEN, "OWN": OWN, "BASE": BASE}
    paths = {name: folder / f"{name.lower()}.yaml" for name in files}
    for name, text in files.items():
        paths[name].write_text(text)
    program = folder / "bin" / "cnnlstm-spec"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnnlstm_spec "$@"\n')
    program.chmod(0o755)
    page = next(block.text for block in blocks("docs/editors.md") if block.language == "lua")
    environment = {
        **os.environ,
        **{name: str(path) for name, path in paths.items()},
        **{f"XDG_{name}_HOME": str(folder / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
        "PAGE": page,
        "SEEN": str(folder / "seen.json"),
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    command = [str(NVIM), "--headless", "--clean", "-S", str(Path(__file__).with_name("neovim.lua"))]
    ran = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    found = json.loads((folder / "seen.json").read_text())
    assert "problem" not in found, found["problem"] + ran.stderr
    return found


def test_hints_equal_shapes(seen: Any) -> None:
    typed = load(SOUND).typed
    assert typed is not None
    shown: dict[int, str] = {}
    for each in typed.nodes.values():
        span = each.node.origin.place.span
        if not each.node.hidden:
            shown.setdefault(span.source.find_position(span.start)[0], format_output(each))
    hints = {each["line"]: each["label"] for each in seen["hints"]}
    assert len(hints) > 8 and hints == {line: shown[line] for line in hints} and set(shown) == set(hints)
    assert seen["shown"]


def test_diagnostics_equal_validate(seen: Any) -> None:
    found = load(BROKEN).diagnostics
    places = [each.place.span.source.find_position(each.place.span.start) for each in found]
    told = [(each["code"], (each["line"], each["column"])) for each in seen["findings"]]
    assert told == list(zip((each.code.name for each in found), places, strict=True))


def test_a_fix_is_applied(seen: Any) -> None:
    assert seen["fixed"] == TEXT


def test_a_name_is_changed_in_what_is_extended_too(seen: Any) -> None:
    assert seen["own"] == OWN.replace("width", "breadth")
    assert seen["base"] == BASE.replace("width", "breadth")


def test_what_the_page_says_of_helix_is_toml() -> None:
    page = next(block.text for block in blocks("docs/editors.md") if block.language == "toml")
    assert tomllib.loads(page)["language-server"]["cnnlstm-spec"]["args"] == ["lsp"]
