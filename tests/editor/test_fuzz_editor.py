"""Edits and messages drawn at random: the text never drifts, what is told is that of a fresh compile, and nothing grows."""

from __future__ import annotations

import gc
import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec.compiler.variants import merge_findings, sweep
from cnnlstm_spec.editor import retyped
from cnnlstm_spec.editor.features.diagnostics import Uris, make_diagnostics
from cnnlstm_spec.editor.server import session as sessions
from cnnlstm_spec.editor.server.loop import ANSWERED, Loop
from cnnlstm_spec.editor.server.wire import MessageWriter
from cnnlstm_spec.editor.server.worker import EditorWorker
from cnnlstm_spec.editor.state import keep_shown
from cnnlstm_spec.text.source import Source

SPECS = [(ROOT / "specs" / f"{name}.yaml").read_text() for name in ("equipment-fault", "video-padded", "published/vqa")]
PIECES = (
    *(
        "\n",
        "\r\n",
        "\r",
        " ",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        "-",
        ",",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "#",
        "$",
        "${",
        "&a ",
        "*a",
        "|",
        ">",
    ),
    *(
        "a",
        "units: 4",
        "Dense",
        "- Flatten\n",
        "      - Dense: {units: 3}\n",
        "vars: {width: 4}\n",
        "$width",
        "\U0001f525",
        "é",
        "\u2028",
        "\x00",
    ),
    *(
        "null",
        "1e999",
        "name: x",
        "<<: *a",
        "!!int",
        "---",
        "...",
        "extends: x.yaml\n",
        "matrix: {seed: [1, 2]}\n",
        "version: 1\n",
    ),
)


class Recorder(MessageWriter):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__(BytesIO())
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


class Here(Loop):
    """The loop and the worker in one thread."""

    def __init__(self) -> None:
        super().__init__(Recorder())
        self.works = EditorWorker(self.session, self.writer)

    def start(self) -> None:
        pass

    def work(self) -> list[Any]:
        """Does all jobs that wait; gives what was sent since."""
        while self.session._jobs:
            job = self.session.take()
            assert job is not None
            self.works.do_job(job)
        assert isinstance(self.writer, Recorder)
        sent, self.writer.sent = self.writer.sent, []
        return sent


class Reference:
    """A text as units of UTF-16, edited as LSP says."""

    def __init__(self, text: str) -> None:
        self.text = text

    def lines(self) -> list[str]:
        return _lines(self.text)

    def edit(self, start: tuple[int, int], end: tuple[int, int], new: str) -> None:
        low, high = self.offset(*start), self.offset(*end)
        self.text = self.text[:low] + new + self.text[high:]

    def offset(self, line: int, character: int) -> int:
        lines = self.lines()
        before = sum(map(len, lines[:line]))
        own = lines[line].rstrip("\r\n") if line < len(lines) else ""
        units = own.encode("utf-16-le", "surrogatepass")[: 2 * character]
        return before + len(units.decode("utf-16-le", "ignore"))


def _lines(text: str) -> list[str]:
    """Lines with their ends, as LSP has them."""
    found, at = [], 0
    while True:
        ends = [(text.find(end, at), end) for end in ("\r\n", "\n", "\r")]
        ends = [(place, end) for place, end in ends if place >= 0]
        if not ends:
            return [*found, text[at:]]
        place, end = min(ends, key=lambda each: (each[0], -len(each[1])))
        found.append(text[at : place + len(end)])
        at = place + len(end)


def draw_edit(chance: random.Random, text: str) -> tuple[tuple[int, int], tuple[int, int], str]:
    """A place, another one not before it, and what stands between them afterwards."""
    lines = _lines(text)
    line = chance.randrange(len(lines))
    width = sum(2 if char > "\uffff" else 1 for char in lines[line].rstrip("\r\n"))
    start = chance.randint(0, width)
    end = (line, min(width, start + chance.choice((0, 0, 0, 1, 3, 99))))
    if chance.random() < 0.05 and line + 1 < len(lines):
        end = (line + 1, 0)
    return (
        (line, _whole(lines[line], start)),
        (end[0], _whole(lines[end[0]], end[1])),
        chance.choice(PIECES) if chance.random() < 0.8 else "",
    )


def _whole(line: str, character: int) -> int:
    """A column that is not inside of a character."""
    at = 0
    for char in line:
        if at >= character:
            return at
        at += 2 if char > "\uffff" else 1
    return at


def position(place: tuple[int, int]) -> Any:
    return {"line": place[0], "character": place[1]}


def test_edits_never_drift_and_nothing_grows(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "DEBOUNCE", 0.0)
    monkeypatch.setattr(retyped, "LEAST", 0)
    edits, compiled_each = (100_000, 40) if whole else (360, 30)
    chance, loop, grown = random.Random(1), Here(), []
    loop.take({"method": "initialize", "id": 0})
    uri, reference = "file:///nowhere/a.spec.yaml", Reference(SPECS[0])
    loop.take({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "text": reference.text, "version": 0}}})
    loop.work()
    for number in range(edits):
        if number % 60 == 0 or len(reference.text) > 20_000:
            reference = Reference(chance.choice(SPECS))
            changes = [{"text": reference.text}]
        else:
            changes = []
            for _ in range(chance.choice((1, 1, 1, 2))):
                start, end, new = draw_edit(chance, reference.text)
                reference.edit(start, end, new)
                changes.append({"range": {"start": position(start), "end": position(end)}, "text": new})
        params = {"textDocument": {"uri": uri, "version": number}, "contentChanges": changes}
        loop.take({"method": "textDocument/didChange", "params": params})
        document = loop.session.find_document(uri)
        assert document is not None and document.text == reference.text, number
        if number % compiled_each == 0:
            told = [
                each["params"]["diagnostics"] for each in loop.work() if each.get("method") == "textDocument/publishDiagnostics"
            ]
            fresh = load_text(reference.text)
            assert told[-1] == fresh, number
        if number and number % (edits // 3) == 0:
            gc.collect()
            grown.append(len(gc.get_objects()))
    assert grown[-1] < 1.3 * grown[0] + 20_000, grown


def load_text(text: str) -> list[Any]:
    """What `validate` finds in a text, as the server tells it."""
    source = Source("/nowhere/a.spec.yaml", text)
    prepared = sweep(source, folder=Path("/nowhere"))
    every = [each.diagnostics for _, each in prepared.find_all()] if prepared.variants else [prepared.compile_plain().diagnostics]
    told = merge_findings([keep_shown(each) for each in every])
    unique = {(each.code.name, each.place.span, each.message): each for found in told for each in found}
    uri = "file:///nowhere/a.spec.yaml"
    return make_diagnostics(unique.values() if prepared.variants else told[0], Uris(source, uri))[uri]


def draw_message(chance: random.Random, number: int, uris: list[str]) -> Any:
    """A message that an editor might send, or that none would."""
    uri = chance.choice(uris)
    place = {"line": chance.choice((0, 3, 9, 12, 25, 2**31)), "character": chance.choice((0, 2, 8, 14, 30, 2**40))}
    kind = chance.random()
    if kind < 0.5:
        params: Any = {"textDocument": {"uri": uri}, "position": place, "range": {"start": position((0, 0)), "end": place}}
        params |= {
            "context": {"diagnostics": [], "only": chance.choice((None, ["quickfix"], ["source.fixAll"], []))},
            "newName": chance.choice(PIECES),
        }
        return {"id": number, "method": chance.choice(sorted(ANSWERED)), "params": params}
    if kind < 0.75:
        change = (
            {"range": {"start": place, "end": place}, "text": chance.choice(PIECES)}
            if chance.random() < 0.7
            else {"text": chance.choice(SPECS)}
        )
        return {
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": uri, "version": number}, "contentChanges": [change]},
        }
    if kind < 0.82:
        return {
            "method": "textDocument/didOpen",
            "params": {"textDocument": {"uri": uri, "version": 1, "text": chance.choice(SPECS)}},
        }
    if kind < 0.85:
        return {"method": "textDocument/didClose", "params": {"textDocument": {"uri": uri}}}
    if kind < 0.9:
        return {"method": "$/cancelRequest", "params": {"id": number - chance.randint(0, 3)}}
    return (
        draw_value(chance, 3)
        if chance.random() < 0.5
        else {"method": chance.choice(sorted(ANSWERED)), "id": number, "params": draw_value(chance, 4)}
    )


def draw_value(chance: random.Random, depth: int) -> Any:
    """Any JSON, with keys that messages have."""
    keys = (
        "method",
        "id",
        "params",
        "textDocument",
        "uri",
        "position",
        "line",
        "range",
        "start",
        "context",
        "only",
        "contentChanges",
        "text",
    )
    if depth == 0 or chance.random() < 0.3:
        return chance.choice((None, True, -1, 2**70, 0.5, "", "\ud800", "file:///a.spec.yaml", "textDocument/hover", [], {}))
    if chance.random() < 0.2:
        return [draw_value(chance, depth - 1) for _ in range(3)]
    return {key: draw_value(chance, depth - 1) for key in chance.sample(keys, 4)}


def test_any_messages_are_survived_and_every_request_is_answered_once(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "DEBOUNCE", 0.0)
    chance, loop = random.Random(2), Here()
    uris = ["file:///a.spec.yaml", "file:///b.spec.yaml", "untitled:c.spec.yaml", "file:///%00.spec.yaml", "x:y"]
    loop.take({"method": "initialize", "id": -1})
    loop.work()
    for number in range(20_000 if whole else 150):
        message = draw_message(chance, number, uris)
        if not isinstance(message, dict) or message.get("method") in ("shutdown", "exit"):
            continue
        loop.take(message)
        sent = loop.work() if chance.random() < 0.7 else []
        bugs = [each for each in sent if each.get("error", {}).get("code") == -32603 or each.get("method") == "window/logMessage"]
        bugs = [
            each
            for each in bugs
            if "a change means nothing" not in str(each) and "bug of cnnlstm-spec, or of the editor" not in str(each)
        ]
        assert not bugs, (message, bugs)
        id = message.get("id")
        if (
            sent
            and isinstance(id, int)
            and not isinstance(id, bool)
            and "method" in message
            and isinstance(message["method"], str)
        ):
            assert sum(each.get("id") == id and "method" not in each for each in sent) == 1, message
