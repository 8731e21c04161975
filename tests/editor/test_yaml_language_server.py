"""The JSON Schema in the YAML language server, for editors without ours; `make test-yaml-server` installs it with Node."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from client import Client, at, edited
from places import ROOT

from cnnlstm_spec.spec.schema.whole import make_spec_schema
from cnnlstm_spec.text.nodes import to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Source

PROGRAM = os.environ.get("YAML_LANGUAGE_SERVER", "")
URI = "file:///nowhere/spec.yaml"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text().split("\n", 1)[1]
HALF = TEXT.replace("      - Flatten\n", "      - Fl\n")
SETTINGS = {
    "schemas": {(ROOT / "schemas" / "spec.schema.json").as_uri(): ["*.yaml"]},
    "completion": True,
    "validate": True,
    "hover": True,
}

# Where it names what is not there, every test fails: what cannot be run is not passed over.
pytestmark = pytest.mark.skipif(not PROGRAM, reason="YAML_LANGUAGE_SERVER names no program")


class Configured(Client):
    """A client that tells its settings when it is asked for them."""

    def take(self, seconds: float = 60) -> Any:
        message = super().take(seconds)
        if "method" in message and "id" in message:
            items = message["params"].get("items", [])
            self.send({"id": message["id"], "result": [SETTINGS if each.get("section") == "yaml" else None for each in items]})
        return message


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with subprocess.Popen(["node", PROGRAM, "--stdio"], stdin=-1, stdout=-1) as process:
        made = Configured(process)
        snippets = {"textDocument": {"completion": {"completionItem": {"snippetSupport": True}}}}
        made.ask("initialize", processId=None, rootUri=None, capabilities={"workspace": {"configuration": True}, **snippets})
        made.notify("initialized")
        made.notify("workspace/didChangeConfiguration", settings={"yaml": SETTINGS})
        made.open(URI, HALF)
        # It reads the schema once it knows its settings, and answers with nothing before.
        while not completions(made):
            pass
        yield made
        process.kill()


def completions(client: Client) -> list[Any]:
    found = client.ask("textDocument/completion", textDocument={"uri": URI}, position=at(HALF, "- Fl", 4))
    return found["items"] if isinstance(found, dict) else found or []


def test_what_completion_writes_of_a_bare_layer_is_one(client: Client) -> None:
    bare = [each for each in completions(client) if each["kind"] == 12]
    validator = jsonschema.Draft202012Validator(make_spec_schema())
    assert len(bare) > 80 and all(each["documentation"] for each in bare)
    for each in bare:
        assert each["textEdit"]["newText"] == each["label"]
        node, found = parse(Source("", edited(HALF, [each["textEdit"]])))
        assert node is not None and not found and validator.is_valid(to_value(node)), each["label"]
    others = {each["label"] for each in completions(client)} - {each["label"] for each in bare}
    assert {"Dense", "Repeat", "Conv2D"} <= others


def test_a_bare_name_has_its_text(client: Client) -> None:
    whole = "file:///nowhere/whole.yaml"
    client.open(whole, TEXT)
    shown = client.ask("textDocument/hover", textDocument={"uri": whole}, position=at(TEXT, "- Flatten", 4))
    assert "`Flatten`: All axes made one" in shown["contents"]["value"]


def test_blocks_have_no_squiggle_and_a_misspelt_layer_has_one(client: Client) -> None:
    text = (ROOT / "specs" / "published" / "googlenet.yaml").read_text().split("\n", 1)[1]
    other = "file:///nowhere/other.yaml"
    client.open(other, text.replace("- Flatten", "- Flaten"))
    while not client.told.get(other):
        client.take()
    assert [each["range"]["start"]["line"] for each in client.told[other]] == [at(text, "- Flatten")["line"]]
