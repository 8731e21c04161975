"""The extension of VS Code, as far as it can be looked at without Node: its package, and whose settings it heeds."""

from __future__ import annotations

import importlib.util
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from places import ROOT

from cnnlstm_spec.compiler.version import __version__
from cnnlstm_spec.editor.server.loop import ANSWERED, read_client

FOLDER = ROOT / "editors" / "vscode"
ABOUT = json.loads((FOLDER / "package.json").read_text())
SOURCE = (FOLDER / "src" / "extension.ts").read_text()
SETTINGS = ABOUT["contributes"]["configuration"]["properties"]


def packer() -> Any:
    spec = importlib.util.spec_from_file_location("vsix", ROOT / "tools" / "vsix.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_package_has_what_its_lists_say(tmp_path: Path) -> None:
    tool = packer()
    for name in tool.FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes() if (FOLDER / name).exists() else b"x")
    tool.pack(tmp_path, tmp_path / "one.vsix")
    tool.pack(tmp_path, tmp_path / "two.vsix")
    assert (tmp_path / "one.vsix").read_bytes() == (tmp_path / "two.vsix").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.vsix") as package:
        names = package.namelist()
        manifest = ElementTree.fromstring(package.read("extension.vsixmanifest"))
        ElementTree.fromstring(package.read("[Content_Types].xml"))
    assert {each.attrib["Path"] for each in manifest.iter() if each.tag.endswith("Asset")} <= set(names)
    assert f"extension/{ABOUT['main'].removeprefix('./')}" in names
    identity = next(each for each in manifest.iter() if each.tag.endswith("Identity"))
    assert identity.attrib["Version"] == ABOUT["version"] == __version__


def test_what_runs_code_is_read_from_a_persons_own_settings_alone() -> None:
    limited = ABOUT["capabilities"]["untrustedWorkspaces"]
    dangerous = {"cnnlstm-spec.program", "cnnlstm-spec.allowImports", "cnnlstm-spec.allowOutside"}
    assert limited["supported"] == "limited" and set(limited["restrictedConfigurations"]) == dangerous
    assert all(SETTINGS[name]["scope"] == "machine" for name in dangerous)
    assert {f"cnnlstm-spec.{name}" for name in re.findall(r'own<[^>]*>+\("(\w+)"', SOURCE)} == dangerous
    assert "globalValue" in SOURCE and "workspaceValue" not in SOURCE


def test_the_settings_are_those_of_the_server() -> None:
    options = re.findall(r"^      (\w+): ", SOURCE, re.M)
    assert {f"cnnlstm-spec.{name}" for name in options} | {"cnnlstm-spec.program"} == set(SETTINGS)
    on = read_client({"initializationOptions": dict.fromkeys(options, True)})
    assert on.allow_imports and on.allow_outside and on.shows_params
    assert re.search(r'"(cnnlstm-spec/\w+)"', SOURCE)[1] in ANSWERED  # type: ignore[index]
