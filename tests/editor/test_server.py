"""The server as an editor meets it: a process, messages in and out. What it says is checked against the types of LSP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from client import Client, at, edited, server
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.editor.server.documents import find_path
from cnnlstm_spec.editor.server.loop import ANSWERED, CAPABILITIES, read_client

lsp = pytest.importorskip("lsprotocol.types")
URI = "file:///nowhere/fault.yaml"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text()
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}
DOCUMENT = {"uri": URI}


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    with server() as client:
        client.initialize()
        yield client


@pytest.fixture
def client(shared: Client) -> Iterator[Client]:
    """A server with one spec open, closed again afterwards."""
    shared.versions.clear()
    shared.open(URI, TEXT)
    assert shared.findings(URI, 1) == []
    yield shared
    shared.notify("textDocument/didClose", textDocument=DOCUMENT)


def replaced(old: str, new: str, text: str = TEXT) -> Any:
    """A change of one word."""
    return {"range": {"start": at(text, old), "end": at(text, old, len(old))}, "text": new}


def test_the_life_of_a_server() -> None:
    with server(errors=subprocess.PIPE) as client:
        refused = client.wait(client.begin("textDocument/hover", textDocument=DOCUMENT, position={"line": 0, "character": 0}))
        assert refused["error"]["code"] == -32002
        assert client.initialize()["capabilities"] == CAPABILITIES
        assert client.wait(client.begin("initialize"))["error"]["code"] == -32600
        assert client.wait(client.begin("no/such"))["error"]["code"] == -32601
        assert client.ask("textDocument/hover", textDocument=DOCUMENT, position={"line": 0, "character": 0}) is None
        client.ask("shutdown")
        assert client.wait(client.begin("textDocument/hover"))["error"]["code"] == -32600
        client.notify("exit")
        assert client.process.wait(timeout=60) == 0
        assert client.process.stderr is not None and client.process.stderr.read() == b""


@pytest.mark.parametrize("end", ["exit", "closed"])
def test_an_editor_that_goes_away_ends_the_server(end: str) -> None:
    with server() as client:
        client.initialize()
        client.open(URI, TEXT)
        if end == "exit":
            client.notify("exit")
        else:
            assert client.process.stdin is not None
            client.process.stdin.close()
        assert client.process.wait(timeout=60) == 1


def test_initialize_is_answered_before_the_compiler_is_imported() -> None:
    code = "import sys, cnnlstm_spec.editor.server.loop; print(sorted(m for m in sys.modules if m.startswith(('cnnlstm_spec', 'yaml', 'pydantic'))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pydantic" not in found and "yaml" not in found and "cnnlstm_spec.model" not in found


def test_findings_follow_changes(client: Client) -> None:
    client.change(URI, 2, replaced("units: 64", "units: -64"))
    found = client.findings(URI, 2)
    bad = TEXT.replace("units: 64", "units: -64")
    assert [(each["code"], each["severity"]) for each in found] == [("out-of-range", 1)]
    assert found[0]["range"]["start"] == at(bad, "-64")
    client.change(URI, 3, replaced("units: -64", "units: 64", bad), replaced("adam", "sgd"))
    assert client.findings(URI, 3) == []


def test_changes_soon_after_each_other_are_told_once(client: Client) -> None:
    for version in range(2, 40):
        client.change(URI, version, {"text": TEXT + f"# {version}\n"})
    client.findings(URI, 39)
    client.drain()
    assert client.versions[URI] == 39
    told = [each for each in client.other if each["method"] == "window/logMessage"]
    assert told == []


def test_columns_are_units_of_utf_16(client: Client) -> None:
    text = TEXT.replace("description: Thermal image plus", "description: \U0001f525 é image plus")
    client.change(URI, 2, {"text": text})
    start = {"line": 5, "character": len("description: ") + 2}
    client.change(URI, 3, {"range": {"start": start, "end": start}, "text": "!"})
    client.change(
        URI, 4, {"range": {"start": {"line": 5, "character": 13}, "end": {"line": 5, "character": 15}}, "text": "x, [y"}
    )
    client.change(URI, 5, {"range": {"start": {"line": 3, "character": 9}, "end": {"line": 3, "character": 99}}, "text": "2"})
    found = client.findings(URI, 5)
    assert [each["code"] for each in found] == ["value-not-allowed"] and found[0]["range"]["end"] == {"line": 3, "character": 10}
    named = client.ask("textDocument/documentSymbol", textDocument=DOCUMENT)
    assert named[2]["range"]["end"]["character"] == len(
        "description: x, [y! é image plus vibration sequence, one fault probability."
    )


def test_every_answer_has_the_types_of_lsp(client: Client) -> None:
    from lsprotocol.converters import get_converter

    converter = get_converter()
    client.change(URI, 2, replaced("pool_size: 2", "pool_sise: 2"))
    notice = {"uri": URI, "version": 2, "diagnostics": client.findings(URI, 2)}
    converter.structure(notice, lsp.PublishDiagnosticsParams)
    converter.structure({"id": 1, "jsonrpc": "2.0", "result": {"capabilities": CAPABILITIES}}, lsp.InitializeResponse)
    text = TEXT.replace("pool_size: 2", "pool_sise: 2", 1)
    place = at(text, "pool_sise", 2)
    asked = {"textDocument": DOCUMENT, "position": place, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    for method in ANSWERED:
        if not method.startswith("textDocument"):
            continue
        more = {"newName": "other", "context": {"includeDeclaration": True, "diagnostics": []}, "range": ALL}
        answer = client.wait(client.begin(method, **{**asked, **more}))
        if method.endswith("ename"):
            assert "error" in answer or answer["result"] is None
            continue
        name = next(each for each, info in lsp.METHOD_TO_TYPES.items() if each == method)
        structured = converter.structure(answer, lsp.METHOD_TO_TYPES[name][1])
        assert structured.result is not None, method


def test_a_fix_that_is_offered_mends(client: Client) -> None:
    text = TEXT.replace("pool_size: 2", "pool_sise: 2", 1)
    client.change(URI, 2, {"text": text})
    found = client.findings(URI, 2)
    actions = client.ask(
        "textDocument/codeAction", textDocument=DOCUMENT, range=found[0]["range"], context={"diagnostics": found}
    )
    assert edited(text, actions[0]["edit"]["changes"][URI]) == TEXT


def test_the_picture_is_drawn(client: Client) -> None:
    assert client.ask("cnnlstm-spec/picture", textDocument=DOCUMENT)["svg"].startswith("<svg")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": {}}',
        b'{"id": 1}',
        b'{"method": 7, "id": 1}',
        b'{"method": "textDocument/hover", "id": [1]}',
        b'{"method": "textDocument/didOpen", "params": []}',
        b'{"method": "textDocument/didOpen", "params": {"textDocument": {"uri": 1, "text": 2}}}',
        b'{"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///nowhere/fault.yaml"}, "contentChanges": 3}}',
        b'{"jsonrpc": "2.0", "id": 99, "result": {}}',
        b'{"method": "$/cancelRequest", "params": {"id": null}}',
        b'{"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///%00", "text": "version: 1\\nbranches: {}\\nextends: x"}}}',
    ],
)
def test_messages_that_mean_nothing_are_survived(shared: Client, body: bytes) -> None:
    shared.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert shared.ask("textDocument/foldingRange", textDocument={"uri": "file:///none"}) is None


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"hello\r\n\r\n",
        b"\0" * 9000,
    ],
)
def test_a_stream_that_is_none_ends_the_server(data: bytes) -> None:
    with server(errors=subprocess.PIPE) as client:
        client.raw(data)
        assert client.process.wait(timeout=60) == 1
        assert client.process.stderr is not None and client.process.stderr.read() == b""


@pytest.mark.parametrize("method", sorted(each for each in ANSWERED if each.startswith("textDocument")))
def test_parameters_that_mean_nothing_are_told(client: Client, method: str) -> None:
    wrong: list[Any] = [
        {},
        {"position": 3, "range": []},
        {"position": {"line": -1, "character": 2}},
        {"position": {"line": "a", "character": None}, "context": 4, "newName": 3},
    ]
    for params in wrong:
        answer = client.wait(client.begin(method, textDocument=DOCUMENT, **params))
        assert "result" in answer or answer["error"]["code"] == -32602
    far = {
        "position": {"line": 10**9, "character": 10**9},
        "range": {"start": {"line": 10**9, "character": 0}, "end": {"line": 10**9, "character": 0}},
    }
    assert "id" in client.wait(client.begin(method, textDocument=DOCUMENT, **far, newName="x", context={"diagnostics": []}))


def test_a_request_is_cancelled_and_one_of_an_older_text_is_refused(client: Client) -> None:
    ids = [
        client.begin("textDocument/codeAction", textDocument=DOCUMENT, range=ALL, context={"diagnostics": []}) for _ in range(5)
    ]
    client.notify("$/cancelRequest", id=ids[-1])
    client.change(URI, 2, {"text": TEXT + "\n"})
    answers = [client.wait(id) for id in ids]
    codes = {answer.get("error", {}).get("code") for answer in answers}
    assert codes <= {None, -32800, -32801}
    assert client.findings(URI, 2) == []


def test_other_yaml_is_let_be(shared: Client) -> None:
    other = "file:///nowhere/other.yaml"
    shared.open(other, "a: 1\nb: [\n")
    assert shared.findings(other, 1) == []
    assert shared.ask("textDocument/hover", textDocument={"uri": other}, position={"line": 0, "character": 0}) is None
    ending = "file:///nowhere/begun.spec.yaml"
    shared.open(ending, "version: 1\n")
    assert next(each["code"] for each in shared.findings(ending, 1)) == "missing-key"


def test_a_rename_across_open_files_and_the_disk(tmp_path: Path) -> None:
    base = "vars: {width: 8}\nbranches:\n  x:\n    input: {kind: vector, shape: [4]}\n    layers: [{Dense: {units: $width}}]\n"
    own_text = "version: 1\nname: child\nextends: base.yaml\nhead: [{Dense: {units: $width}}]\n"
    (tmp_path / "base.yaml").write_text(base)
    (tmp_path / "own.yaml").write_text(own_text)
    uri, base_uri = (tmp_path / "own.yaml").as_uri(), (tmp_path / "base.yaml").as_uri()
    with server() as client:
        client.initialize()
        client.open(uri, own_text)
        assert client.findings(uri, 1) == []
        where = {"textDocument": {"uri": uri}, "position": at(own_text, "$width", 2)}
        assert client.ask("textDocument/definition", **where)[0]["uri"] == base_uri
        changes = client.ask("textDocument/rename", **where, newName="breadth")["changes"]
        assert edited(base, changes[base_uri]) == base.replace("width", "breadth")
        assert edited(own_text, changes[uri]) == own_text.replace("width", "breadth")
        client.open(base_uri, base)
        from_base = client.ask(
            "textDocument/rename", textDocument={"uri": base_uri}, position=at(base, "width", 1), newName="breadth"
        )
        assert {key: len(value) for key, value in from_base["changes"].items()} == {base_uri: 2, uri: 1}
        client.change(base_uri, 2, {"text": base.replace("units: $width", "units: $with")})
        while not client.told.get(base_uri):
            client.take()
        assert client.told[base_uri][0]["code"] == "unknown-variable"
        client.notify("textDocument/didClose", textDocument={"uri": uri})
        while client.told[base_uri]:
            client.take()
        assert client.end() == 0


BASE = "vars: {width: 8}\nbranches:\n  x:\n    input: {kind: vector, shape: [4]}\n    layers: [{Dense: {units: $width}}]\n"
CHILD = "version: 1\nname: child\nextends: base.yaml\nhead: [{Dense: {units: $width}}]\n"


@pytest.mark.parametrize("opened", ["base.yaml", "one.yaml"])
@pytest.mark.parametrize("given", ["workspaceFolders", "rootUri", "a folder that is added", "none"])
def test_a_rename_reaches_what_is_not_open(opened: str, given: str, tmp_path: Path) -> None:
    """Children of a base, and others of the same base; without a folder that is open those beside the file."""
    texts = {
        "base.yaml": BASE,
        "one.yaml": CHILD,
        "two.yaml": CHILD.replace("name:", "vars: {width: 3}\nname:"),
        "_part.yaml": CHILD.replace("head", "heads"),
        "other.yaml": "version: 1\nvars: {width: 2}\nextends: elsewhere.yaml\n",
        "upper.yaml": CHILD.replace("base.yaml", "deep/base.yaml").replace("width", "height"),
        "deep/base.yaml": BASE.replace("width", "height"),
        "deep/three.yaml": CHILD.replace("width", "height"),
        "above.yaml": CHILD.replace("base.yaml", "one.yaml"),
    }
    (tmp_path / "deep").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    root = tmp_path.as_uri()
    folders = [{"uri": root, "name": "w"}, {"uri": "untitled:3"}, 4]
    told: dict[str, Any] = {"workspaceFolders": {"workspaceFolders": folders}, "rootUri": {"rootUri": root}}
    with server() as client:
        client.ask("initialize", processId=None, capabilities={}, **told.get(given, {}))
        client.notify("initialized")
        if given.startswith("a folder"):
            client.notify("workspace/didChangeWorkspaceFolders", event={"added": [{"uri": root, "name": "w"}], "removed": [7]})
        uri = (tmp_path / opened).as_uri()
        client.open(uri, texts[opened])
        where = {"textDocument": {"uri": uri}, "position": at(texts[opened], "width", 1)}
        references = client.ask("textDocument/references", **where, context={"includeDeclaration": True})
        changes = client.ask("textDocument/rename", **where, newName="breadth")["changes"]
        names = {"base.yaml", "one.yaml", "two.yaml", "above.yaml"}
        assert {each["uri"] for each in references} == set(changes) == {(tmp_path / each).as_uri() for each in names}
        for name in names:
            after = edited(texts[name], changes[(tmp_path / name).as_uri()])
            assert after == texts[name].replace("width", "breadth"), name
            (tmp_path / name).write_text(after)
        assert all(load(tmp_path / name).ok for name in names - {"base.yaml"})
        if given != "none":
            deep = (tmp_path / "deep" / "base.yaml").as_uri()
            client.open(deep, texts["deep/base.yaml"])
            where = {"textDocument": {"uri": deep}, "position": at(texts["deep/base.yaml"], "height", 1)}
            changes = client.ask("textDocument/rename", **where, newName="depth")["changes"]
            assert set(changes) == {deep, *((tmp_path / each).as_uri() for each in ("upper.yaml", "deep/three.yaml"))}
        assert client.end() == 0


def test_a_file_that_several_links_lead_to_is_changed_once(tmp_path: Path) -> None:
    """With breaks of lines of Windows, and a base that is no spec by its name."""
    base, child = BASE.replace("\n", "\r\n"), CHILD.replace("base.yaml", "parts/_base.yaml")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "_base.yaml").write_bytes(base.encode())
    (tmp_path / "child.yaml").write_text(child)
    (tmp_path / "again.yaml").symlink_to("child.yaml")
    (tmp_path / "linked").symlink_to("parts")
    (tmp_path / "other.yaml").write_text(child.replace("parts/", "linked/"))
    uri = (tmp_path / "parts" / "_base.yaml").as_uri()
    with server() as client:
        client.ask("initialize", processId=None, capabilities={}, rootUri=tmp_path.as_uri())
        client.notify("initialized")
        client.open(uri, base)
        given = {"textDocument": {"uri": uri}, "position": at(base, "width", 1), "newName": "breadth"}
        changes = client.ask("textDocument/rename", **given)["changes"]
        names = {Path(find_path(each) or "").name for each in changes}
        assert len(changes) == 3 and names in ({"_base.yaml", each, "other.yaml"} for each in ("child.yaml", "again.yaml"))
        assert edited(base, changes[uri]) == base.replace("width", "breadth")
        client.end()


def test_what_lies_in_a_folder_that_is_open_is_survived(tmp_path: Path) -> None:
    """Folders that are none, circles of links, pipes, endless files, bytes that are no text, and specs that extend themselves."""
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "child.yaml").write_text(CHILD)
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "endless.yaml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"extends\xff\x00" * 100)
    (tmp_path / "deep.yaml").write_text("extends: " + "[" * 50_000)
    (tmp_path / "one.yaml").write_text("extends: two.yaml\n")
    (tmp_path / "two.yaml").write_text("extends: one.yaml\n")
    folders = [{"uri": each} for each in (tmp_path.as_uri(), "file:///%00", "file:///nowhere", "http://x", 3)]
    uri = (tmp_path / "base.yaml").as_uri()
    with server() as client:
        client.ask("initialize", processId=None, capabilities={}, workspaceFolders=[*folders, None])
        client.open(uri, BASE)
        given = {"textDocument": {"uri": uri}, "position": at(BASE, "width", 1), "newName": "breadth"}
        assert set(client.ask("textDocument/rename", **given)["changes"]) == {uri, (tmp_path / "child.yaml").as_uri()}
        assert client.end() == 0


def test_a_name_that_a_spec_with_errors_has_too_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "own.yaml").write_text(CHILD)
    (tmp_path / "wrong.yaml").write_text(CHILD.replace("Dense", "Dens"))
    uri = (tmp_path / "own.yaml").as_uri()
    with server() as client:
        client.initialize()
        client.open(uri, CHILD)
        given = {"textDocument": {"uri": uri}, "position": at(CHILD, "$width", 2), "newName": "breadth"}
        answer = client.wait(client.begin("textDocument/rename", **given))
        assert "wrong.yaml`, which has the name too, has errors; mend them first" in answer["error"]["message"]
        (tmp_path / "wrong.yaml").write_bytes(b"extends: \xff\xfe")
        assert len(client.ask("textDocument/rename", **given)["changes"]) == 2


def test_an_editor_asks_again_for_the_hints_of_what_extends_a_text_that_has_changed(tmp_path: Path) -> None:
    base = "branches:\n  x:\n    input: {kind: vector, shape: [4]}\n    layers: [{Dense: {units: 8}}]\n"
    own = "version: 1\nname: child\nextends: base.yaml\nhead:\n  - Activation: {activation: relu}\n  - Dense: {units: 3}\n"
    (tmp_path / "base.yaml").write_text(base)
    uri, base_uri = (tmp_path / "own.yaml").as_uri(), (tmp_path / "base.yaml").as_uri()
    refreshed = {"inlayHint": {"refreshSupport": True}, "codeLens": {"refreshSupport": True}}
    with server() as client:
        client.ask("initialize", processId=None, capabilities={"workspace": refreshed}, initializationOptions={})
        client.notify("initialized")

        def ask_hints() -> list[str]:
            return [each["label"] for each in client.ask("textDocument/inlayHint", textDocument={"uri": uri}, range=ALL)]

        client.open(uri, own)
        client.findings(uri, 1)
        assert ask_hints() == ["(features=8)", "(features=3)"]
        client.change(uri, 2, {"text": own + "# more\n"})
        client.findings(uri, 2)
        assert client.other == [], "it asks by itself after a change of the text"
        client.open(base_uri, base)
        client.change(base_uri, 2, {"text": base.replace("units: 8", "units: 5")})
        while len(client.other) < 2:
            client.take()
        assert {each["method"] for each in client.other} == {"workspace/inlayHint/refresh", "workspace/codeLens/refresh"}
        assert len({each["id"] for each in client.other}) == len(client.other)
        assert ask_hints() == ["(features=5)", "(features=3)"]


def test_a_file_that_comes_or_goes_is_told_where_it_is_extended(tmp_path: Path) -> None:
    base, uri = tmp_path / "base.yaml", (tmp_path / "own.yaml").as_uri()
    own = "version: 1\nname: child\nextends: base.yaml\nhead: [{Dense: {units: 3}}]\n"
    with server() as client:
        client.initialize()
        client.open(uri, own)
        assert [each["code"] for each in client.findings(uri, 1)] == ["base-not-readable"]
        base.write_text("branches: {x: {input: {kind: vector, shape: [4]}, layers: [Flatten]}}\n")
        client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": base.as_uri(), "type": 1}])
        while client.told[uri]:
            client.take()
        base.unlink()
        client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": base.as_uri(), "type": 3}])
        while not client.told[uri]:
            client.take()
        assert [each["code"] for each in client.told[uri]] == ["base-not-readable"]


def test_only_the_editors_own_settings_allow_imports(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "settings.json").write_text(json.dumps({"cnnlstm-spec.allowImports": True, "allowImports": True}))
    text = TEXT.replace("version: 1\n", "version: 1\nlayers_from: [mine]\n")
    for options, code in (({}, "imports-not-allowed"), ({"allowImports": True}, "module-not-imported")):
        with server(tmp_path, subprocess.DEVNULL) as client:
            client.initialize(**options)
            client.notify("workspace/didChangeConfiguration", settings={"allowImports": True})
            client.open(URI, text)
            assert [each["code"] for each in client.findings(URI, 1)] == [code]


def test_what_is_no_setting_is_none() -> None:
    assert not read_client({"initializationOptions": {"allowImports": "yes"}}).allow_imports
    assert read_client({"initializationOptions": {"allowImports": True}}).allow_imports
    assert read_client({"initializationOptions": [], "capabilities": 3}) == read_client({})
