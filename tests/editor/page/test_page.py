"""The live page without a browser: who is answered, what is said of a spec, and that hostile text stays text."""

from __future__ import annotations

import gc
import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.cli.view import _make_loader, command
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.editor.page import server as serving
from cnnlstm_spec.editor.page.assemble import make_file, make_page
from cnnlstm_spec.editor.page.server import PageServer
from cnnlstm_spec.editor.page.views import Views
from cnnlstm_spec.text.escape.characters import UNSAFE
from cnnlstm_spec.text.source import Source

SPEC = (ROOT / "specs" / "equipment-fault.yaml").read_text()
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e'\"&<!--"
HOSTILE_SPEC = f"""\
version: 1
name: {json.dumps(HOSTILE)}
description: {json.dumps(HOSTILE)}
branches:
  x:
    input: {{kind: vector, shape: [8]}}
    layers: [{{Dense: {{units: 4, activation: {json.dumps(HOSTILE)}}}}}, {{{json.dumps(HOSTILE)}: 3}}]
head: [{{Dense: {{units: 1}}}}]
"""


def views(text: str, old: str | None = None) -> Views:
    load_old = None if old is None else lambda: sweep(Source("old.yaml", old))
    return Views(lambda: sweep(Source("new.yaml", text), indexed=True), load_old)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PageServer]:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    with_context = command.make_context("view", [str(path)])
    with with_context:
        made = PageServer(Views(_make_loader(str(path), (), False)))
    made.start()
    yield made
    made.stop()


def test_garbage_is_collected_once_nobody_saves(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection takes longer than a picture, which would wait for it."""
    until(lambda: not gc.isenabled())
    looked, collected = list[int](), list[int]()
    monkeypatch.setattr(gc, "collect", lambda: collected.append(len(looked)))
    monkeypatch.setattr(serving, "QUIET", 2)
    changes = chain([True, False, True, False, False], repeat(False))
    monkeypatch.setattr(server.views, "refresh_if_changed", lambda: looked.append(1) or next(changes))
    until(lambda: len(looked) > 8)
    assert collected == [5]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def ask(server: PageServer, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer


def state(server: PageServer, **asked: Any) -> Any:
    status, body, _ = ask(server, f"/{server.token}/state?{urlencode(asked, doseq=True)}")
    assert status == 200
    return json.loads(body)


def test_the_page_has_a_policy_that_lets_our_own_script_run_alone(server: PageServer) -> None:
    status, body, answer = ask(server, f"/{server.token}/")
    policy = answer.headers["Content-Security-Policy"]
    assert status == 200 and "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(rb"<script[^>]*>", body) == [b'<script type="application/json" id="given">', b"<script>"]
    assert answer.headers["Access-Control-Allow-Origin"] is None


def test_it_listens_on_the_loopback_alone(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/state",
        "/wrong/",
        "/wrong/state",
        "//",
        "/TOKEN",
        "/TOKEN/state/x",
        "/../TOKEN/state",
        "/TOKENx/",
        "/\u00e9/".encode().decode("latin-1"),
    ],
)
def test_without_the_token_nothing_is_told(server: PageServer, path: str) -> None:
    status, body, _ = ask(
        server, path.replace("TOKEN", server.token).encode("latin-1").decode("ascii", "replace").replace("\ufffd", "%e9")
    )
    assert (status, body) == (403, b"403")


def test_other_things_under_the_token_do_not_exist(server: PageServer) -> None:
    for name in ("page.js", "etc", "%2e%2e", "..", "spec.yaml"):
        assert ask(server, f"/{server.token}/{name}")[:2] == (404, b"404")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", "0.0.0.0:{port}"]
)
def test_another_host_is_refused(server: PageServer, host: str) -> None:
    assert ask(server, f"/{server.token}/state", Host=host.format(port=server.port))[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1"])
def test_another_origin_is_refused(server: PageServer, origin: str) -> None:
    assert ask(server, f"/{server.token}/state", Origin=origin.format(port=server.port))[0] == 403
    assert ask(server, f"/{server.token}/state", Origin=f"http://127.0.0.1:{server.port}")[0] == 200


def test_two_hosts_are_none(server: PageServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as raw:
        host = f"Host: 127.0.0.1:{server.port}\r\n"
        raw.sendall(f"GET /{server.token}/state HTTP/1.1\r\n{host}{host}\r\n".encode())
        assert b" 403 " in raw.recv(1000)


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "<script>"])
def test_only_get_is_answered(server: PageServer, method: str) -> None:
    status, body, _ = ask(server, f"/{server.token}/state", method)
    assert status == 501 and body in (b"501", b"")


def test_bytes_that_are_no_request_end_nothing(server: PageServer) -> None:
    for sent in (b"\x16\x03\x01\x00\xff", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), 5) as raw:
            raw.sendall(sent)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    assert state(server)["title"] == "equipment-fault"


@pytest.mark.parametrize(
    "asked", [{"variant": "-1"}, {"variant": "9" * 30}, {"variant": "\u0663"}, {"open": ["x", "*"]}, {"variant": "7"}]
)
def test_odd_questions_get_the_spec_as_it_is(server: PageServer, asked: dict[str, Any]) -> None:
    assert state(server, **asked)["variant"] is None


def test_a_box_leads_to_its_lines_and_its_layer(server: PageServer) -> None:
    shown = state(server)
    compilation = load(SPEC)
    assert compilation.typed is not None
    for box in shown["picture"]["boxes"]:
        for number in box["nodes"]:
            node = list(compilation.typed.nodes.values())[number]
            span = node.node.origin.place.span
            file, first, last = shown["nodes"][number]["places"][0]
            assert file == 0 and first <= last
            assert shown["files"][0]["lines"][first - 1] == compilation.source.read_line(span.source.find_position(span.start)[0])
            assert shown["nodes"][number]["params"] == node.params
    drawn = re.findall(r'data-box="(\d+)"', shown["picture"]["svg"])
    assert list(map(int, drawn)) == list(range(len(shown["picture"]["boxes"])))


def test_a_click_is_told_arguments_arithmetic_mask_and_weights(server: PageServer) -> None:
    shown = state(server)
    number = next(number for number, node in enumerate(shown["nodes"]) if node["params"])
    told = json.loads(ask(server, f"/{server.token}/details?node={number}")[1])
    assert any(line.startswith("parameters") and "=" in line for line in told["arithmetic"])
    assert told["weights"] and any(written for _, _, written in told["arguments"])
    assert any(not written for _, _, written in told["arguments"]), "defaults are shown too"
    assert json.loads(ask(server, f"/{server.token}/details?node=99999")[1]) is None


def test_a_save_is_shown_and_the_waiting_page_is_told(server: PageServer) -> None:
    path = next(iter(server.views._stamps))
    before = state(server)["version"]
    began = time.monotonic()
    path.write_text(SPEC.replace("name: equipment-fault", "name: other"))
    told = json.loads(ask(server, f"/{server.token}/version?since={before}")[1])
    assert told > before and time.monotonic() - began < 5
    assert state(server)["title"] == "other"
    path.unlink()
    json.loads(ask(server, f"/{server.token}/version?since={told}")[1])
    gone = state(server)
    assert [each["severity"] for each in gone["found"]] == ["error"] and "nothing to draw" in gone["picture"]["svg"]


def test_a_page_that_waits_is_answered_without_a_change(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "WAITS", 0.05)
    assert json.loads(ask(server, f"/{server.token}/version?since=1")[1]) == 1


def test_folds_open_one_by_one_and_all_together() -> None:
    made = views((ROOT / "specs" / "published" / "googlenet.yaml").read_text())
    shown = made.describe_state(None, frozenset())["picture"]["boxes"]
    folds = [box["fold"] for box in shown if box["fold"]]
    one = made.describe_state(None, frozenset(folds[:1]))["picture"]["boxes"]
    everything = made.describe_state(None, frozenset("*"))["picture"]["boxes"]
    assert folds and len(shown) < len(one) < len(everything)
    assert folds[0] not in [box["fold"] for box in one] and not any(box["fold"] for box in everything)
    numbers = [sorted({number for box in boxes for number in box["nodes"]}) for boxes in (shown, one, everything)]
    assert set(numbers[0]) <= set(numbers[1]) <= set(numbers[2])
    costs = [sum(made.describe_state(None, frozenset())["nodes"][each]["params"] for each in numbers[2])]
    assert costs == [made.plain.typed.params], "every weight is in a box"  # type: ignore[union-attr]


def test_mistakes_are_marked_in_the_text_and_in_the_picture() -> None:
    shown = views(SPEC.replace("units:", "unitz:", 1)).describe_state(None, frozenset())
    error = next(each for each in shown["found"] if each["severity"] == "error")
    assert "unitz" in shown["files"][0]["lines"][error["place"][1] - 1]
    assert any(box["message"] for box in shown["picture"]["boxes"]) and "error[" in error["text"]


def test_variants_are_chosen_by_number() -> None:
    text = SPEC + "matrix: {head.layers[0].units: [7, 9]}\n"
    if not views(text).list_variants():
        text = "version: 1\nname: m\nmatrix: {vars.w: [3, 5]}\nvars: {w: 2}\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: [{Dense: {units: $w}}]\n"
    made = views(text)
    assert len(made.list_variants()) == 2
    svgs = [made.describe_state(each, frozenset())["picture"]["svg"] for each in (None, 0, 1)]
    assert len(set(svgs)) == 3 and made.describe_state(1, frozenset())["variant"] == 1


def test_differences_name_the_layers_that_are_drawn() -> None:
    shown = views(SPEC.replace("units: 64", "units: 65", 1), SPEC).describe_state(None, frozenset())
    addresses = {node["address"] for node in shown["nodes"]}
    if shown["differences"]["layers"]:
        assert set(shown["differences"]["layers"]) <= addresses
    else:
        raise AssertionError(shown["differences"]["text"])
    broken = views("version: 1", SPEC).describe_state(None, frozenset())
    assert "has errors" in broken["differences"]["text"]


class Tags(HTMLParser):
    """The elements of a page, and what scripts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def tags(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    parser = Tags()
    parser.feed(page)
    return [each for each in parser.found if each[0] not in ("title", "meta")]


def test_hostile_names_add_no_element_to_a_page_and_none_to_a_picture() -> None:
    made = views(HOSTILE_SPEC, HOSTILE_SPEC)
    page = make_file(made)
    assert tags(page) == tags(make_page("plain", {})), "as the page of nothing"
    title = re.search("<title>(.*?)</title>", page)
    assert title is not None and "<" not in title[1]
    held = json.loads(page.partition('id="given">')[2].partition("</script>")[0])
    shown = held["states"][0]
    for node in ElementTree.fromstring(shown["pictures"][""]["svg"]).iter():
        assert node.tag.rpartition("}")[2] in {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
        assert not any(name.startswith("on") or name.endswith("href") for name in node.attrib)
    texts = [line for file in shown["files"] for line in file["lines"]]
    assert not any(UNSAFE.search(line) for line in texts) and any("<img src=x" in line for line in texts)
    assert UNSAFE.search(page.replace("\n", "")) is None


def test_our_script_puts_no_text_into_the_document_as_markup() -> None:
    script = (ROOT / "cnnlstm_spec" / "editor" / "page" / "data" / "page.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|text/html", script)


def test_five_hundred_layers_are_drawn_folded_and_opened() -> None:
    layers = "".join(f"      - Dense: {{units: {4 + number}, name: d{number}}}\n" for number in range(500))
    made = views(
        f"version: 1\nname: long\nbranches:\n  x:\n    input: {{kind: vector, shape: [4]}}\n    layers:\n{layers}head: [{{Dense: {{units: 1}}}}]\n"
    )
    shown = made.describe_state(None, frozenset())
    whole = made.describe_state(None, frozenset("*"))["picture"]["boxes"]
    assert made.ok and len(shown["nodes"]) >= 501
    assert len(shown["picture"]["boxes"]) < 100 < 500 <= len(whole)


def test_one_file_has_all_that_the_page_would_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert run(["view", str(ROOT / "specs" / "published" / "unet.yaml"), "-o", str(path)]) == 0
    page = path.read_text()
    held = json.loads(page.partition('id="given">')[2].partition("</script>")[0])["states"][0]
    folds = {box["fold"] for box in held["pictures"][""]["boxes"] if box["fold"]}
    assert folds and folds | {"", "*"} == set(held["pictures"])
    assert len(held["details"]) == len(held["nodes"])
    assert "connect-src &#39;none&#39;" in page and not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_what_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", "x.yaml", "-o", "x.svg"]) == 2 and run(["view", "-"]) == 2
    assert run(["view", str(tmp_path / "none.yaml"), "-o", str(tmp_path / "x.html")]) == 2
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nname: x\n")
    assert run(["view", str(bad), "-o", str(tmp_path / "x.html")]) == 1 and (tmp_path / "x.html").exists()
    assert CliRunner().invoke(command, ["--help"]).exit_code == 0


def test_a_file_that_is_empty_while_it_is_saved_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    with command.make_context("view", [str(path)]):
        made = Views(_make_loader(str(path), (), False))
    path.write_text("")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        path.write_text(SPEC.replace("name: equipment-fault", "name: saved"))

    monkeypatch.setattr(time, "sleep", sleep)
    assert made.refresh_if_changed() and len(waited) == 1 and made.describe_state(None, frozenset())["title"] == "saved"
    assert not made.refresh_if_changed()
