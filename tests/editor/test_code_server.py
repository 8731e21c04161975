"""VS Code's own build with the packaged extension, in Chromium: `make test-vscode` installs them, CODE_SERVER names the program.

What it shows is held against what the package says of the same text. With PICTURES, a folder, each test leaves its picture there.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.editor.hints import find_hints
from cnnlstm_spec.text.source import Source

CODE_SERVER = os.environ.get("CODE_SERVER", "")
CHROMIUM = os.environ.get("CHROMIUM", "")
PICTURES = os.environ.get("PICTURES", "")
EXTENSION = ROOT / "editors" / "vscode" / "cnnlstm-spec.vsix"
SECONDS = 60
RIGHT = """\
version: 1
name: clip
branches:
  video:
    input: {kind: video, shape: [frames, 64, 64, 3], padding_value: 0}
    layers:
      - TimeDistributed:
          - Conv2D: {filters: 16, kernel_size: 3}
          - MaxPooling2D
          - GlobalAveragePooling2D
      - LSTM: {units: 64}
head:
  - Dropout: {rate: 0.5}
  - Dense: {units: 3, activation: softmax}
compile:
  loss: sparse_categorical_crossentropy
"""
WRONG = RIGHT.replace("LSTM: {units: 64}", "LSTM: {unitz: 64}").replace("rate: 0.5", "rate: 1.5")
SETTINGS = {
    "cnnlstm-spec.program": [sys.executable, "-m", "cnnlstm_spec"],
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Light Modern",
    "window.commandCenter": False,
    "editor.minimap.enabled": False,
    "extensions.ignoreRecommendations": True,
    "telemetry.telemetryLevel": "off",
}

# Where it names what is not there, every test fails: what cannot be run is not passed over.
pytestmark = pytest.mark.skipif(not CODE_SERVER, reason="CODE_SERVER names no program")


class Editor:
    """VS Code with a folder open."""

    def __init__(self, page: Any, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder

    def open(self, text: str) -> None:
        """Opens a spec, and waits until its findings and hints are shown."""
        (self.folder / "clip.yaml").write_text(text)
        self.page.goto(f"{self.address}/?folder={self.folder}")
        row = self.page.locator(".explorer-folders-view .monaco-list-row", has_text="clip.yaml")
        row.wait_for(timeout=SECONDS * 1000)
        row.dblclick()
        self.until(lambda: len(self.read_lines()) >= len(text.splitlines()))
        self.until(lambda: "(frames, height=62" in self.read_lines()[7])

    def until(self, holds: Any) -> None:
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, "\n".join(self.read_lines())
            time.sleep(0.05)

    def read_lines(self) -> list[str]:
        """The lines as they are shown, with what stands behind them."""
        lines = self.page.locator(".editor-instance .view-line").evaluate_all(
            "found => found.map(each => [each.offsetTop, each.textContent])"
        )
        return [re.sub("[\xa0\u200a]", " ", str(text)) for _, text in sorted(lines)]

    def find_word(self, word: str) -> Any:
        return self.page.locator(".editor-instance .view-line span span", has_text=word).first

    def keep_picture(self, name: str) -> None:
        if PICTURES:
            Path(PICTURES).mkdir(exist_ok=True)
            self.page.screenshot(path=str(Path(PICTURES) / f"vscode-{name}.png"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """VS Code's server with the extension installed."""
    home = tmp_path_factory.mktemp("home")
    (home / "user" / "User").mkdir(parents=True)
    (home / "user" / "User" / "settings.json").write_text(json.dumps(SETTINGS))
    line = ["node", CODE_SERVER, "--user-data-dir", str(home / "user"), "--extensions-dir", str(home / "extensions")]
    surroundings = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run([*line, "--install-extension", str(EXTENSION)], env=surroundings, check=True, timeout=SECONDS * 2)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    line += ["--auth", "none", "--bind-addr", f"127.0.0.1:{port}", "--disable-telemetry", "--disable-update-check"]
    with (home / "log").open("w") as log, subprocess.Popen(line, env=surroundings, stdout=log, stderr=log) as server:
        try:
            yield wait_for_server(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()


def wait_for_server(address: str, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + SECONDS
    while True:
        assert server.poll() is None and time.monotonic() < end
        try:
            urlopen(f"{address}/healthz").close()
        except OSError:
            time.sleep(0.1)
        else:
            return address


@pytest.fixture
def editor(address: str, tmp_path: Path) -> Iterator[Editor]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        folder = tmp_path / "specs"
        folder.mkdir()
        yield Editor(browser.new_page(viewport={"width": 1200, "height": 620}), address, folder)
        browser.close()


def test_hints_are_the_outputs(editor: Editor) -> None:
    editor.open(RIGHT)
    outputs = {each.line: each.output for each in find_hints(sweep(Source("clip.yaml", RIGHT), indexed=True).compile_plain())}
    wanted = [f"{line} {outputs.get(number, '')}".rstrip() for number, line in enumerate(RIGHT.splitlines(), 1)]
    editor.until(lambda: editor.read_lines()[: len(wanted)] == wanted)
    editor.keep_picture("hints")


def test_findings_are_underlined(editor: Editor) -> None:
    editor.open(WRONG)
    found = load(editor.folder / "clip.yaml").diagnostics
    assert [each.code.name for each in found] == ["unknown-key", "out-of-range"]
    editor.until(lambda: editor.page.locator(".squiggly-error").count() == len(found))
    editor.page.keyboard.press("Control+Shift+m")
    editor.until(lambda: all(editor.page.locator(".markers-panel", has_text=each.message).count() for each in found))
    editor.keep_picture("findings")


def test_a_layer_is_told_of_under_the_pointer(editor: Editor) -> None:
    editor.open(RIGHT)
    editor.find_word("Conv2D").hover()
    told = editor.page.locator(".monaco-hover", has_text="kernel_size")
    told.wait_for(timeout=SECONDS * 1000)
    assert "62 = (64 - 3) // 1 + 1" in told.inner_text().replace("\xa0", " ")
    editor.until(lambda: not told.evaluate("each => each.getAnimations({subtree: true}).length"))
    editor.keep_picture("hover")


def test_a_quick_fix_is_made(editor: Editor) -> None:
    editor.open(WRONG)
    editor.until(lambda: editor.page.locator(".squiggly-error").count() == 2)
    editor.find_word("unitz").click()
    editor.page.keyboard.press("Control+.")
    fix = editor.page.locator(".action-widget", has_text="units")
    fix.wait_for(timeout=SECONDS * 1000)
    editor.keep_picture("fix")
    editor.page.keyboard.press("Enter")
    editor.until(lambda: any("LSTM: {units: 64} (features=64)" in line for line in editor.read_lines()))
    editor.until(lambda: editor.page.locator(".squiggly-error").count() == 1)


def test_the_picture_follows_the_text(editor: Editor) -> None:
    editor.open(WRONG)
    editor.page.locator(".editor-actions .codicon-type-hierarchy, .editor-actions [aria-label*='Show the Picture']").first.click()
    editor.until(lambda: read_picture(editor.page) is not None)
    before = read_picture(editor.page)
    editor.keep_picture("picture")
    editor.find_word("unitz").dblclick()
    editor.page.keyboard.type("units")
    editor.until(lambda: read_picture(editor.page) not in (None, before))


def read_picture(page: Any) -> str | None:
    """The picture that is shown beside the text, None while there is none."""
    inner = page.frame_locator("iframe.webview").frame_locator("#active-frame")
    shown = inner.locator('img[alt="The model"]').evaluate_all(
        "found => found.filter(each => each.complete && each.naturalWidth > 0).map(each => each.src)"
    )
    return str(shown[0]) if shown else None
