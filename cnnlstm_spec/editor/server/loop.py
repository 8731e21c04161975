"""The loop of the server: reads messages, keeps the open texts, and hands what needs the compiler to a thread of its own.

It answers `initialize` before the compiler is imported, compiles nothing and reads no file: whatever the worker does, it goes on
to take changes and to be ended. Imports `session`, `documents` and `wire`.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import BinaryIO

from ...compiler.version import __version__
from ...text.source import Source
from . import wire
from .documents import OpenText, WrongChange, change_document, find_path
from .session import Client, Session, SessionJob
from .wire import BrokenStream, Json, Malformed, MessageWriter, read_message

ANSWERED = {
    "textDocument/hover": "hover",
    "textDocument/completion": "completion",
    "textDocument/definition": "definition",
    "textDocument/references": "references",
    "textDocument/prepareRename": "prepareRename",
    "textDocument/rename": "rename",
    "textDocument/documentSymbol": "documentSymbol",
    "textDocument/foldingRange": "foldingRange",
    "textDocument/codeLens": "codeLens",
    "textDocument/codeAction": "codeAction",
    "textDocument/inlayHint": "inlayHint",
    "cnnlstm-spec/picture": "picture",
}
"""Requests, and what of the worker answers them."""
CAPABILITIES: Json = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": False},
    "hoverProvider": True,
    "completionProvider": {"triggerCharacters": ["$", ".", " ", "{", "[", ",", ":", "-", "/"]},
    "definitionProvider": True,
    "referencesProvider": True,
    "renameProvider": {"prepareProvider": True},
    "documentSymbolProvider": True,
    "foldingRangeProvider": True,
    "codeLensProvider": {"resolveProvider": False},
    "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll"]},
    "inlayHintProvider": True,
    "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
}
REFRESHED = ("inlayHint", "codeLens")
"""What an editor asks for again by itself only after a change of the text that it is of."""
WATCHED = {"watchers": [{"globPattern": "**/*.{yaml,yml}"}]}


class Loop:
    """Takes messages one by one; `status` is the exit status once the editor has ended it."""

    def __init__(self, writer: MessageWriter) -> None:
        self.writer, self.session = writer, Session()
        self.is_initialized = self.is_shut_down = False
        self.status: int | None = None
        self.worker: threading.Thread | None = None

    def take(self, message: Json) -> None:
        """One message; none of them ends the server but `exit`."""
        method, id = message.get("method"), message.get("id")
        if not isinstance(method, str):
            # An answer to what the server has asked: nothing rests on one.
            if "result" not in message and "error" not in message:
                self.writer.refuse(id if is_id(id) else None, wire.INVALID_REQUEST, "a message has a method")
            return
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if "id" in message and not is_id(id):
            self.writer.refuse(None, wire.INVALID_REQUEST, "an id is a number or a text")
        elif id is None:
            self.answer_notification(method, params)
        else:
            self.answer_request(method, id, params)

    def answer_request(self, method: str, id: int | str, params: Json) -> None:
        """A request."""
        if method == "initialize" and not self.is_initialized:
            self.is_initialized = True
            self.session.note_client(read_client(params))
            self.writer.answer(id, {"capabilities": CAPABILITIES, "serverInfo": {"name": "cnnlstm-spec", "version": __version__}})
            self.start()
        elif not self.is_initialized:
            self.writer.refuse(id, wire.NOT_INITIALIZED, "`initialize` comes first")
        elif self.is_shut_down or method == "initialize":
            self.writer.refuse(id, wire.INVALID_REQUEST, "it is too late for that")
        elif method == "shutdown":
            self.is_shut_down = True
            self.writer.answer(id, None)
        elif method in ANSWERED:
            job = SessionJob(ANSWERED[method], params, id, find_uri(params))
            if not self.session.ask(job):
                self.writer.refuse(id, wire.REQUEST_FAILED, "too many requests wait already")
        else:
            self.writer.refuse(id, wire.METHOD_NOT_FOUND, "no such method")

    def answer_notification(self, method: str, params: Json) -> None:
        """What needs no answer; before `initialize` only `exit` means something."""
        if method == "exit":
            self.status = 0 if self.is_shut_down else 1
        elif not self.is_initialized or self.is_shut_down:
            return
        elif method == "initialized" and self.session.client.watches_files:
            options = {"id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": WATCHED}
            self.writer.send({"id": "watch", "method": "client/registerCapability", "params": {"registrations": [options]}})
        elif method == "$/cancelRequest":
            self.session.cancel(params.get("id"))
        elif method == "textDocument/didOpen":
            self.take_text(params)
        elif method == "textDocument/didChange":
            self.take_change(params)
        elif method == "textDocument/didClose":
            uri = find_uri(params)
            if uri is not None:
                self.session.close(uri)
        elif method == "workspace/didChangeWatchedFiles":
            self.session.tell_all()
        elif method == "workspace/didChangeWorkspaceFolders":
            self.change_folders(params)

    def take_text(self, params: Json) -> None:
        """Opens a text."""
        item = params.get("textDocument")
        if not isinstance(item, dict) or not isinstance(item.get("uri"), str) or not isinstance(item.get("text"), str):
            return
        uri = item["uri"]
        source = Source(find_path(uri) or uri, item["text"])
        self.session.put(OpenText(uri, source, read_number(item.get("version")), self.session.take_serial()), 0.0)

    def take_change(self, params: Json) -> None:
        """Changes an open text; one that cannot be changed so is closed, since nothing is known of it from then on."""
        uri = find_uri(params)
        document = self.session.find_document(uri)
        if document is None or uri is None:
            return
        version = read_number(params["textDocument"].get("version"))
        try:
            document = change_document(document, params.get("contentChanges"), version, self.session.take_serial())
        except WrongChange as error:
            self.writer.notify("window/logMessage", {"type": 1, "message": f"a change means nothing: {error}"})
            self.session.close(uri)
            return
        self.session.put(document)

    def change_folders(self, params: Json) -> None:
        """Folders are opened, and closed."""
        closed = read_folders({"workspaceFolders": find_held(params, "event", "removed") or []})
        opened = read_folders({"workspaceFolders": find_held(params, "event", "added") or []})
        client = self.session.client
        folders = (*(each for each in client.folders if each not in closed), *opened)
        self.session.note_client(replace(client, folders=tuple(dict.fromkeys(folders))))

    def start(self) -> None:
        """Starts the worker, which imports the compiler."""

        def do_work() -> None:
            from .worker import EditorWorker

            EditorWorker(self.session, self.writer).run()

        self.worker = threading.Thread(target=do_work, name="worker", daemon=True)
        self.worker.start()

    def end(self) -> None:
        """Lets the worker end; what it is at is given up."""
        self.session.end()


def serve(stream: BinaryIO, out: BinaryIO) -> int:
    """Serves one editor until it ends it; the exit status, 1 where it has gone away without a word."""
    loop = Loop(MessageWriter(out))
    while loop.status is None and not loop.writer.is_closed:
        try:
            message = read_message(stream)
        except Malformed as error:
            loop.writer.refuse(None, error.code, str(error))
            continue
        except (BrokenStream, OSError, ValueError):
            break
        if message is None:
            break
        loop.take(message)
    loop.end()
    return 1 if loop.status is None else loop.status


def is_id(id: object) -> bool:
    """Whether a value can be the id of a request."""
    return isinstance(id, str | int) and not isinstance(id, bool)


def find_uri(params: Json) -> str | None:
    """The text that a message is about."""
    item = params.get("textDocument")
    uri = item.get("uri") if isinstance(item, dict) else None
    return uri if isinstance(uri, str) else None


def read_number(value: object) -> int:
    """A version, or 0 for what is none."""
    return value if isinstance(value, int) else 0


def read_client(params: Json) -> Client:
    """What an editor says of itself, and what a person has set for it; no setting is read from a folder that is open."""
    can = params.get("capabilities")
    options = params.get("initializationOptions")
    options = options if isinstance(options, dict) else {}
    return Client(
        allow_imports=options.get("allowImports") is True,
        allow_outside=options.get("allowOutside") is True,
        shows_params=options.get("showParameters") is True,
        has_snippets=find_held(can, "textDocument", "completion", "completionItem", "snippetSupport") is True,
        refreshes=tuple(
            f"workspace/{each}/refresh" for each in REFRESHED if find_held(can, "workspace", each, "refreshSupport") is True
        ),
        folders=read_folders(params),
        watches_files=find_held(can, "workspace", "didChangeWatchedFiles", "dynamicRegistration") is True,
    )


def read_folders(params: Json) -> tuple[str, ...]:
    """The paths of the folders that are open in an editor, which names them in one of two ways."""
    listed = params.get("workspaceFolders")
    named = [find_held(each, "uri") for each in listed] if isinstance(listed, list) else [params.get("rootUri")]
    return tuple(path for each in named if isinstance(each, str) and (path := find_path(each)) is not None)


def find_held(value: object, *steps: str) -> object:
    """What lies in objects in objects; None where one of them is missing."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value
