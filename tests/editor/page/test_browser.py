"""The live page in Chromium, by Playwright: `make test-page` installs that, and CHROMIUM names the program."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.cli.view import _make_loader, command
from cnnlstm_spec.editor.page.server import PageServer
from cnnlstm_spec.editor.page.views import Views

CHROMIUM = os.environ.get("CHROMIUM", "")
SPEC = (ROOT / "specs" / "published" / "googlenet.yaml").read_text()
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e'\"&<!--"
FOLD = "state.picture.boxes.findIndex((box) => box.fold)"
SECONDS = 20

# Where it names what is not there, every test fails: what cannot be run is not passed over.
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="CHROMIUM names no program")


class Page:
    """A page of the browser, with what it complains of. Waits by itself: the policy lets no driver evaluate anything in frames."""

    def __init__(self, page: Any) -> None:
        self.page, self.said = page, list[str]()
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append("a dialog"), dialog.dismiss()))

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.wait_for_selector("#picture svg")

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)

    def until(self, script: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.ask(script):
            assert time.monotonic() < end, script
            time.sleep(0.01)

    def click_box(self, number: int) -> None:
        self.ask(f"show(groups()[{number}])")
        self.page.locator(f'#picture g[data-box="{number}"]').click()

    def boxes(self) -> int:
        return int(self.page.locator("#picture g[data-box]").count())


@pytest.fixture
def page() -> Iterator[Page]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Page(browser.new_page(viewport={"width": 1400, "height": 900}))
        browser.close()


@contextmanager
def served(path: Path, text: str) -> Iterator[str]:
    path.write_text(text)
    with command.make_context("view", [str(path)]):
        server = PageServer(Views(_make_loader(str(path), (), False)))
    server.start()
    yield server.address
    server.stop()


def test_click_fold_search_and_a_save_that_keeps_the_place(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    with served(path, SPEC) as address:
        page.open(address)
        before = page.boxes()
        page.click_box(page.ask(FOLD))
        page.until(f"state.picture.boxes.length > {before}")
        opened = page.ask("[...opened]")
        page.click_box(page.ask("state.picture.boxes.findIndex((box) => box.title === 'Conv2D')"))
        page.page.wait_for_selector("#details:not([hidden])")
        assert "112 = (224 + 1) // 2" in page.page.inner_text("#details")
        lines = page.page.locator("#text .picked").all_inner_texts()
        assert any("Conv2D" in line for line in lines) and len(lines) == 2, "the layer, and the use of its block"
        page.page.fill("#search", "pool")
        assert "found" in page.page.inner_text("#hits")
        page.page.select_option("#colour", "macs")
        page.page.click("#larger")
        place, version = page.ask("({...place})"), page.ask("state.version")
        path.write_text(SPEC.replace("name: googlenet", "name: other", 1))
        page.until(f"state.version > {version}")
        assert page.page.inner_text("#title") == "other"
        assert (page.ask("({...place})"), page.ask("[...opened]")) == (place, opened)
        assert page.page.is_visible("#details") and page.page.input_value("#search") == "pool"
        path.write_text(SPEC.replace("strides: 3}", "stridez: 3}", 1))
        page.until("state.found.some((each) => each.severity === 'error')")
        assert page.page.locator("#text .error").count() and page.page.locator("#picture rect.bad").count()
        assert not page.said


def test_what_is_picked_in_the_text_does_not_lie_under_its_details(page: Page, tmp_path: Path) -> None:
    branches = "".join(
        f"  b{each}: {{input: {{kind: vector, shape: [4]}}, layers: [{{Dense: {{units: {each + 1}}}}}]}}\n" for each in range(9)
    )
    text = f"version: 1\nname: wide\nbranches:\n{branches}fusion: {{strategy: concat}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    with served(tmp_path / "spec.yaml", text) as address:
        page.open(address)
        for line in (4, 12):
            page.ask(f"pickLine({line})")
            page.until("!document.getElementById('details').hidden && picked !== null && picked.places[0][1] === " + str(line))
            page.until(
                "groups()[picked.number].getBoundingClientRect().right <= document.getElementById('details').getBoundingClientRect().x"
            )
        assert not page.said


def test_hostile_names_are_text(page: Page, tmp_path: Path) -> None:
    name = json.dumps(HOSTILE)
    layers = f"[{{Dense: {{units: 4, activation: {name}}}}}]"
    text = (
        f"version: 1\nname: {name}\nbranches:\n  x: {{input: {{kind: vector, shape: [8]}}, layers: {layers}}}\nhead: [Flatten]\n"
    )
    with served(tmp_path / "spec.yaml", text) as address:
        page.open(address)
        page.ask("pickLine(4)")
        page.page.wait_for_selector("#details:not([hidden])")
        assert not page.page.locator("img").count() and page.page.locator("script").count() == 2 and not page.said


def test_five_hundred_layers(page: Page, tmp_path: Path) -> None:
    layers = "".join(f"      - Dense: {{units: {4 + number}}}\n" for number in range(500))
    text = f"version: 1\nname: long\nbranches:\n  x:\n    input: {{kind: vector, shape: [4]}}\n    layers:\n{layers}head: [Flatten]\n"
    with served(tmp_path / "spec.yaml", text) as address:
        page.open(address)
        page.page.click("#open")
        page.until("state.picture.boxes.length > 500")
        assert page.boxes() > 500 and not page.said


def test_a_file_opens_its_folds_without_a_server(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert run(["view", str(ROOT / "specs" / "published" / "unet.yaml"), "-o", str(path)]) == 0
    page.open(path.as_uri())
    before = page.boxes()
    page.click_box(page.ask(FOLD))
    page.until(f"groups().length > {before}")
    page.click_box(1)
    page.page.wait_for_selector("#details:not([hidden])")
    assert "Arguments" in page.page.inner_text("#details") and not page.said
