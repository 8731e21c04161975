"""The server as pytest-lsp sees it, which holds each answer against what a client of its list can do; `make test-lsp` installs it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

if not os.environ.get("PYTEST_LSP"):
    pytest.skip("PYTEST_LSP does not ask for it", allow_module_level=True)

import pytest_lsp
from lsprotocol import types

from cnnlstm_spec import load

CLIENTS = ("neovim", "visual_studio_code", "emacs")
TEXT = """version: 1
name: météo 🌦
vars: {width: 16}
branches:
  sky:
    input: {kind: image, shape: [32, 32, 3]}
    layers:
      - Conv2D: {filters: $width, kernel_size: 3, activation: relu}
      - Flatten
head:
  - Dense: {units: "3", activation: softmax}
compile: {optimizer: adam, loss: sparse_categorical_crossentropy}
"""
FIXED = TEXT.replace('"3"', "3")

# What the specification of the protocol does not have is a warning of pytest-lsp.
pytestmark = pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning")


def make_client() -> Any:
    """A client of pytest-lsp that takes what a server asks of every one."""
    client = pytest_lsp.make_test_lsp_client()

    @client.feature("client/registerCapability")
    def register(params: Any) -> None:
        """The server watches files."""

    return client


COMMAND = [sys.executable, "-m", "cnnlstm_spec", "lsp"]
CONFIG = pytest_lsp.ClientServerConfig(server_command=COMMAND, client_factory=make_client)


@pytest_lsp.fixture(config=CONFIG, params=CLIENTS)
async def client(request: pytest.FixtureRequest, lsp_client: pytest_lsp.LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    folder = types.WorkspaceFolder(uri=tmp_path.as_uri(), name="folder")
    can = pytest_lsp.client_capabilities(request.param)
    await lsp_client.initialize_session(types.InitializeParams(capabilities=can, workspace_folders=[folder]))
    yield
    await lsp_client.shutdown_session()


def find_place(text: str, word: str) -> types.Position:
    """In units of UTF-16, of which every character of these lines is one."""
    before = text[: text.index(word)].split("\n")
    return types.Position(len(before) - 1, len(before[-1]))


@pytest.mark.asyncio
async def test_what_clients_ask(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(TEXT)
    uri, document = path.as_uri(), types.TextDocumentIdentifier(path.as_uri())
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "yaml", 1, TEXT)))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    (told,) = client.diagnostics[uri]
    (found,) = load(path).diagnostics
    assert told.code == found.code.name and told.message.startswith(found.message)
    where = find_place(TEXT, "Conv2D")
    hover = await client.text_document_hover_async(types.HoverParams(document, where))
    assert hover is not None and "30 = (32 - 3) // 1 + 1" in hover.contents.value
    everything = types.Range(types.Position(0, 0), types.Position(99, 0))
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, everything))
    assert [each.label for each in hints or ()] == ["(height=30, width=30, channels=16)", "(features=14400)"]
    context = types.CodeActionContext([told])
    (action,) = await client.text_document_code_action_async(types.CodeActionParams(document, told.range, context)) or ()
    assert action.title == "write `3`"
    completed = await client.text_document_completion_async(types.CompletionParams(document, find_place(TEXT, "adam")))
    assert "adamw" in [each.label for each in completed.items]
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(document))
    assert any(each.command.title.startswith("448 parameters") for each in lenses or ())
    assert await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert await client.text_document_folding_range_async(types.FoldingRangeParams(document))
    changed = types.TextDocumentContentChangeWholeDocument(FIXED)
    version = types.VersionedTextDocumentIdentifier(uri=uri, version=2)
    client.text_document_did_change(types.DidChangeTextDocumentParams(version, [changed]))
    await asyncio.wait_for(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 60)
    assert client.diagnostics[uri] == ()
    at = find_place(FIXED, "width")
    assert len(await client.text_document_definition_async(types.DefinitionParams(document, at))) == 1
    uses = types.ReferenceParams(types.ReferenceContext(True), document, at)
    assert len(await client.text_document_references_async(uses)) == 2
    edit = await client.text_document_rename_async(types.RenameParams(document, at, "breadth"))
    assert edit is not None and {each.new_text for each in edit.changes[uri]} == {"breadth"}
