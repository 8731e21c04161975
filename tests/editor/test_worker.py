"""The loop goes on whatever the worker is at; work that is of no use any more is given up."""

from __future__ import annotations

import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec.editor.server import worker as workers
from cnnlstm_spec.editor.server.documents import OpenText, find_path
from cnnlstm_spec.editor.server.loop import Loop
from cnnlstm_spec.editor.server.session import Session
from cnnlstm_spec.editor.server.wire import MessageWriter
from cnnlstm_spec.editor.state import Overtaken, Settings, WantedMemory, make_state
from cnnlstm_spec.text.discover import find_extending
from cnnlstm_spec.text.source import Source

URI = "file:///nowhere/a.spec.yaml"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text()
SECONDS = 20


class Recorder(MessageWriter):
    """Keeps what is written, and lets somebody wait for it."""

    def __init__(self) -> None:
        super().__init__(BytesIO())
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def wait(self, id: int) -> Any:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for each in list(self.sent):
                if each.get("id") == id and "method" not in each:
                    return each
            time.sleep(0.01)
        raise AssertionError(f"{id} is not answered")


def message(method: str, id: int | None = None, **params: Any) -> Any:
    return {"method": method, "params": params, **({} if id is None else {"id": id})}


def test_a_disk_that_does_not_answer_stops_nothing_but_what_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, may_go_on = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        reads.set()
        may_go_on.wait(SECONDS)
        return make_state(*given)

    monkeypatch.setattr(workers, "make_state", slow)
    out = Recorder()
    loop = Loop(out)
    loop.take(message("initialize", 1))
    loop.take(message("textDocument/didOpen", textDocument={"uri": URI, "text": TEXT, "version": 1}))
    loop.take(message("textDocument/hover", 2, textDocument={"uri": URI}, position={"line": 11, "character": 10}))
    assert reads.wait(SECONDS)
    loop.take(message("textDocument/didChange", textDocument={"uri": URI, "version": 2}, contentChanges=[{"text": TEXT + "\n"}]))
    loop.take({"method": "$/cancelRequest", "params": {"id": 2}})
    loop.take(message("no/such", 3))
    loop.take(message("shutdown", 4))
    assert out.wait(3)["error"]["code"] == -32601 and out.wait(4)["result"] is None
    document = loop.session.find_document(URI)
    assert document is not None and document.text == TEXT + "\n"
    may_go_on.set()
    assert out.wait(2)["error"]["code"] in (-32800, -32801)
    loop.end()
    assert loop.worker is not None
    loop.worker.join(SECONDS)
    assert not loop.worker.is_alive()


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c/%E6%A8%A1.yaml", "/a/b c/模.yaml"),
        ("file://localhost/a.yaml", "/a.yaml"),
        ("file:///c%3A/x/y.yaml", "c:/x/y.yaml"),
        ("file:///C:/x/y.yaml", "C:/x/y.yaml"),
        ("file:a.yaml", None),
        ("file://server/share/a.yaml", None),
        ("untitled:Untitled-1", None),
        ("vscode-remote://host/a.yaml", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_only_the_uri_of_a_file_of_this_machine_has_a_path(uri: str, path: str | None) -> None:
    """No other text has a folder, so that nothing is read beside it."""
    assert find_path(uri) == path


def test_findings_have_the_number_of_the_text_that_they_are_of() -> None:
    """Whatever has been opened or changed in between: an editor takes them for those of that text."""
    out, session = Recorder(), Session()
    worker = workers.EditorWorker(session, out)
    broken = TEXT.replace("units: 64", "units: -64")

    def put(text: str, version: int) -> OpenText:
        document = OpenText(URI, Source("/nowhere/a.spec.yaml", text), version, session.take_serial())
        session.put(document, 0.0)
        return document

    def work() -> list[tuple[Any, int]]:
        before = len(out.sent)
        worker.do_job(session.take() or pytest.fail("nothing waits"))
        return [(each["params"].get("version"), len(each["params"]["diagnostics"])) for each in out.sent[before:]]

    put(TEXT, 1)
    assert work() == [(1, 0)]
    # Closed and opened again at once: nobody has looked at the second text when the first is let go.
    session.close(URI)
    put(broken, 2)
    assert work() == [(None, 0)] and work() == [(2, 1)]
    # Changed while another text is told of.
    put(TEXT, 3)
    worker.publish(URI)
    assert out.sent[-1]["params"]["version"] == 2
    assert work() == [(3, 0)]


def test_work_that_was_overtaken_ends_where_it_stands() -> None:
    memory = WantedMemory()
    state = make_state(Source("/nowhere/a.yaml", TEXT), Path("/nowhere"), {}, Settings(), None, memory)
    asked: list[int] = []

    def is_wanted() -> bool:
        asked.append(1)
        return len(asked) < 5

    memory.serve(is_wanted)
    with pytest.raises(Overtaken):
        state.compilation.ok  # noqa: B018
    assert len(asked) == 5
    memory.serve(lambda: True)
    assert state.compilation.ok and not state.found


def test_a_search_through_folders_is_given_up_in_each_of_them(tmp_path: Path) -> None:
    """Of a tree that holds no spec too, where nothing else would ask whether somebody still waits."""
    for number in range(5):
        (tmp_path / f"folder{number}" / "inner").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "folder1" / "child.yml").write_text("extends: base.yaml\n")
    asked: list[int] = []
    found = list(find_extending(tmp_path, True, lambda: asked.append(1)))
    assert [Path(each.name).name for each in found] == ["child.yml"] and len(asked) == 11
    assert list(find_extending(tmp_path, False, lambda: asked.append(1))) == [] and len(asked) == 12

    def give_up() -> None:
        raise Overtaken

    with pytest.raises(Overtaken):
        next(find_extending(tmp_path, True, give_up))
