"""Documents: every JSON that the tool writes has a public model, from which its schema is made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from json_schemas import SCHEMAS, read_document, tool
from places import ROOT, TESTS
from pydantic import ValidationError

from cnnlstm_spec import load
from cnnlstm_spec.compiler.artifact.write import make_manifest
from cnnlstm_spec.emit.keras.document import make_examination
from cnnlstm_spec.emit.keras.expectations import KerasDifference
from cnnlstm_spec.emit.words.findings import make_findings
from cnnlstm_spec.text.document import Document, make_schema
from cnnlstm_spec.text.escape.json import JsonList, to_json

DOCUMENTS = tool().DOCUMENTS
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
WRONG = sorted((TESTS / "specs" / "err").glob("*.yaml"))


def find_documents(cls: type[Document] = Document) -> list[type[Document]]:
    return [each for inner in cls.__subclasses__() for each in (inner, *find_documents(inner))]


def test_the_schemas_are_what_the_package_says() -> None:
    there = {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()}
    assert there == tool().make_files(), "run `make schema`"


def test_every_document_that_is_written_whole_has_a_schema() -> None:
    """One that stands in no other is, and so is what has a version."""
    inner = {name for each in find_documents() for name in make_schema(each).get("$defs", {})}
    ours = [each for each in find_documents() if not each.__module__.endswith(".gitlab")]
    whole = {each for each in ours if each.__name__ not in inner or "version" in each.model_fields}
    assert whole <= set(DOCUMENTS.values())


def test_every_schema_is_held_against_what_is_written() -> None:
    """By some test, which reads what the tool has written with `read_document`, or with the schema's validator."""
    texts = "".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    assert set(DOCUMENTS) - set(re.findall(r'(?:read_document|validator)\(\s*"([\w-]+)"', texts)) == set()


@pytest.mark.parametrize("cls", find_documents(), ids=lambda cls: cls.__name__)
def test_a_document_says_what_it_is(cls: type[Document]) -> None:
    assert cls.__doc__ and cls.__doc__ != Document.__doc__ and cls.model_config["frozen"]
    assert make_schema(cls)["additionalProperties"] is False


def test_texts_of_fields_are_in_the_schema() -> None:
    schema = make_schema(DOCUMENTS["manifest"])
    assert schema["properties"]["inference"]["description"] == "Of a model for inference alone."
    assert "inference" not in schema["required"] and {"for", "passes"} <= set(schema["required"])


def test_a_document_is_frozen_and_takes_no_other_keys() -> None:
    found = make_findings([("x", load(SPECS[0]).diagnostics)])
    with pytest.raises(ValidationError):
        found.version = 2  # type: ignore[assignment]
    with pytest.raises(ValidationError):
        type(found).from_json('{"version": 1, "files": [], "more": 1}')
    with pytest.raises(ValidationError):
        type(found).from_json('{"version": 2, "files": []}')


DIFFERS = [
    KerasDifference(name="GRU", sort="missing", what="Keras has no `keras.layers.GRU`"),
    KerasDifference(name="New", sort="new", what="it is new \x7f\ud800"),
]


@pytest.mark.parametrize("found", [DIFFERS, []], ids=["differs", "equal"])
def test_an_examination_is_read_as_it_was_written(found: list[KerasDifference]) -> None:
    data = read_again("doctor", make_examination("3.99", "3.15", found))
    assert data["ok"] is not bool(found) and [each["what"] for each in data["differences"]] == [each.what for each in found]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_manifest_is_read_as_it_was_written(spec: Path) -> None:
    read_again("manifest", make_manifest(load(spec), {"model.keras": b"x"}, {"keras": "3"}))


@pytest.mark.parametrize("spec", WRONG, ids=lambda path: path.stem)
def test_findings_are_read_as_they_were_written(spec: Path) -> None:
    assert read_again("validate", make_findings([(str(spec), load(spec).diagnostics)]))["files"][0]["diagnostics"]


def read_again(name: str, document: Document) -> Any:
    """What is read from what a document is written as, which is the same document."""
    assert type(document).from_json(document.to_json()) == document
    return read_document(name, document.to_json() + "\n")


@pytest.mark.parametrize("items", [[], [1], [{"a": [], "b": {"c": "x[]\n\x7f"}}, [], [[2]], "\u2028"]])
def test_a_list_that_is_written_an_item_at_a_time(items: list[object]) -> None:
    for empty, whole in (([], items), ({"a": {"b": "[]", "files": []}, "c": 1}, {"a": {"b": "[]", "files": items}, "c": 1})):
        parts = JsonList(empty)
        assert "".join([*map(parts.add, items), parts.end()]) == to_json(whole)
