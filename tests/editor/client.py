"""A small client of the language server, for tests: it waits for what it asks, and keeps what it is told."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

Json = Any
SECONDS = 60


class Client:
    """One process of the server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.count = process, 0
        self.answers: dict[Any, Json] = {}
        self.inbox: Queue[Json] = Queue()
        self.told: dict[str, list[Json]] = {}
        self.versions: dict[str, int] = {}
        self.other: list[Json] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        out = self.process.stdout
        assert out is not None
        while line := out.readline():
            length = int(line.split(b":")[1])
            assert out.readline() == b"\r\n"
            self.inbox.put(json.loads(out.read(length)))
        self.inbox.put(None)

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def begin(self, method: str, **params: Any) -> int:
        self.count += 1
        self.send({"id": self.count, "method": method, "params": params})
        return self.count

    def take(self, seconds: float = SECONDS) -> Json:
        message = self.inbox.get(timeout=seconds)
        assert message is not None, "the server has ended"
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.told[params["uri"]] = params["diagnostics"]
            self.versions[params["uri"]] = params.get("version")
        elif "method" in message:
            self.other.append(message)
        else:
            self.answers[message["id"]] = message
        return message

    def wait(self, id: Any) -> Json:
        while id not in self.answers:
            self.take()
        return self.answers.pop(id)

    def ask(self, method: str, **params: Any) -> Json:
        answer = self.wait(self.begin(method, **params))
        assert "error" not in answer, answer
        return answer["result"]

    def initialize(self, **options: Any) -> Json:
        found = self.ask("initialize", processId=None, capabilities={}, initializationOptions=options)
        self.notify("initialized")
        return found

    def open(self, uri: str, text: str, version: int = 1) -> None:
        self.notify("textDocument/didOpen", textDocument={"uri": uri, "languageId": "yaml", "version": version, "text": text})

    def change(self, uri: str, version: int, *changes: Json) -> None:
        self.notify("textDocument/didChange", textDocument={"uri": uri, "version": version}, contentChanges=list(changes))

    def findings(self, uri: str, version: int) -> list[Json]:
        """What is told of a version of a text."""
        while self.versions.get(uri) != version:
            self.take()
        return self.told[uri]

    def drain(self) -> None:
        while True:
            try:
                self.take(0.01)
            except Empty:
                return

    def end(self) -> int:
        self.ask("shutdown")
        self.notify("exit")
        return self.process.wait(timeout=SECONDS)


@contextmanager
def server(folder: Path | None = None, errors: int | None = None) -> Iterator[Client]:
    """A server, which is killed in the end."""
    command = [sys.executable, "-m", "cnnlstm_spec", "lsp"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=errors, cwd=folder) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def at(text: str, word: str, inside: int = 0) -> Json:
    """The position of a word, in a text of which every line is ASCII before it."""
    offset = text.index(word) + inside
    line = text.count("\n", 0, offset)
    return {"line": line, "character": offset - (text.rfind("\n", 0, offset) + 1)}


def edited(text: str, edits: list[Json]) -> str:
    """A text after edits of LSP, in a text of ASCII."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(place: Json) -> int:
        return starts[place["line"]] + place["character"]

    for edit in sorted(edits, key=lambda each: -offset(each["range"]["start"])):
        text = text[: offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]) :]
    return text
