"""Hostile text in every field of a spec: `load` never raises, and nothing that is written obeys it. Needs no Keras.

The fields are not listed: they are all keys and all texts of the specs of this project.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from places import ROOT
from test_hostile_source import comments, shape

from cnnlstm_spec import load
from cnnlstm_spec.cli.formats import find_telling
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler import dump
from cnnlstm_spec.compiler.artifact.manifest import Manifest
from cnnlstm_spec.compiler.artifact.write import make_manifest
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.compiler.diff import words as diff
from cnnlstm_spec.compiler.diff.differ import compare
from cnnlstm_spec.editor.page.assemble import make_page
from cnnlstm_spec.editor.page.describe import describe
from cnnlstm_spec.editor.page.details import describe_node
from cnnlstm_spec.emit.words.checked import Checked
from cnnlstm_spec.emit.words.costs import write_costs_table
from cnnlstm_spec.emit.words.findings import make_findings
from cnnlstm_spec.emit.words.table import write_table
from cnnlstm_spec.model.costs import count_costs
from cnnlstm_spec.text.edits.matrix import Variants, name_folders, read_matrix
from cnnlstm_spec.text.escape.characters import UNSAFE
from cnnlstm_spec.text.escape.file_name import make_file_name
from cnnlstm_spec.text.escape.terminal import OURS
from cnnlstm_spec.text.nodes import make_node, to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.render import render
from cnnlstm_spec.text.source import Source
from fuzz import hostile
from fuzz.text import text_of

SPECS = [*sorted(ROOT.glob("specs/**/*.yaml")), *sorted(ROOT.glob("tests/specs/ok/*.yaml"))]
SPECS = [path for path in SPECS if path.stat().st_size < 1500]
"""The longer ones have fields of the same kinds, and take longer."""
NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = {f"{NAMESPACE}{name}" for name in ("svg", "title", "desc", "style", "rect", "g", "path", "text")}
ATTRIBUTES = {
    *("width", "height", "viewBox", "role", "aria-labelledby", "id", "class", "rx", "x", "y", "transform", "d", "textLength"),
    "lengthAdjust",
}
SMALL = 'version: 1\nname: "plain"\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: [{Dense: {units: 1}}]\n'
JSON = '{"version": 1, "name": "x", "branches": {"x": {"input": {"kind": "vector", "shape": [4]}}}, "head": ["Flatten"]}'
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""A text that may be a name, and be seen as one in source."""


@cache
def fields() -> list[tuple[str, Any, hostile.Spot]]:
    """Every field, by its key and whether the key itself is meant: in the shortest spec that has it."""
    found: dict[tuple[str, bool], tuple[int, str, Any, hostile.Spot]] = {}
    for path in SPECS:
        text = path.read_text("utf-8")
        document, _ = parse(Source(path.name, text))
        assert document is not None
        spec = to_value(document)
        for spot in hostile.spots(spec):
            key = next(step for step in reversed(spot.path) if isinstance(step, str))
            if (key, spot.is_key) not in found or len(text) < found[key, spot.is_key][0]:
                found[key, spot.is_key] = (len(text), f"{key}{' itself' if spot.is_key else ''}", spec, spot)
    return [each[1:] for each in found.values()]


def report(form: str, file: Checked) -> str:
    """What `validate` writes of a file."""
    texts: list[str] = []
    telling = find_telling(form, texts.append, strict=True)
    telling.add_part(file)
    telling.add_file(file)
    telling.end([file])
    return "".join(texts)


def held(compilation: Compilation) -> None:
    """Holds of everything that is written of a spec that it is fit for its medium."""
    for colored in (False, True):
        words = render(compilation.diagnostics, colored)
        assert UNSAFE.search(OURS.sub("", words) if colored else words.replace("\n", "")) is None
    file = Checked("x.yaml", compilation.diagnostics)
    reports = [report(form, file) for form in ("concise", "github", "gitlab", "junit", "sarif")]
    assert all(UNSAFE.search(each.replace("\n", "")) is None for each in reports)
    assert all(re.match("::(error|warning|notice) file=", line) for line in reports[1].splitlines())
    assert len(reports[0].splitlines()) == len(reports[1].splitlines()) == len(json.loads(reports[2]))
    ElementTree.fromstring(reports[3])
    assert len(json.loads(reports[4])["runs"][0]["results"]) == len(json.loads(reports[2]))
    data = make_findings([("x", compilation.diagnostics)]).to_json()
    fit(data)
    shown = [each.message for each in compilation.diagnostics if each.severity != "advice"]
    assert [each["message"] for each in json.loads(data)["files"][0]["diagnostics"]] == shown
    well_formed(compilation.to_svg())
    shown = [describe_node(compilation, number) for number in range(len(compilation.typed.nodes) if compilation.typed else 0)]
    page = make_page(compilation.source.name, {"state": describe(compilation), "details": shown})
    fit(page)
    assert re.findall("<[a-z!/]+", page) == re.findall("<[a-z!/]+", make_page("x", {}))
    for stage in dump.STAGES:
        fit(dump.dump(compilation, stage) or "")
    if compilation.typed is not None and compilation.spec is not None:
        fit(write_table(compilation.typed))
        fit(write_costs_table(compilation.typed, compilation.spec, count_costs(compilation.typed, 1, {}), None))


def held_as(compilation: Compilation, plain: Compilation) -> None:
    """Holds of two sound specs that differ in a text that their sources do, in what their strings hold."""
    source, like = compilation.to_python(), plain.to_python()
    assert shape(source) == shape(like) and comments(source) == comments(like)
    fit(source)
    source.encode()
    fit(diff.describe_differences(compare(plain, compilation, 1, ("a", "b"))))
    manifest = make_manifest(compilation, {}, {})
    assert Manifest.from_json(manifest.to_json()) == manifest
    for line in manifest.usage:
        assert shape(line) == shape(plain_line(line))


def plain_line(line: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)


def fit(text: str) -> None:
    assert UNSAFE.search(text.replace("\n", "")) is None


def well_formed(text: str) -> None:
    fit(text)
    assert "<!" not in text and "<?" not in text
    for element in ElementTree.fromstring(text.encode()).iter():
        assert element.tag in ELEMENTS and set(element.attrib) <= ATTRIBUTES


@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize("part", range(4))
def test_every_field(part: int) -> None:
    rng = Random(part)
    for name, spec, spot in fields()[part::4]:
        text = hostile.text(rng)
        try:
            compilation = load(text_of(hostile.plant(spec, spot, text)))
            held(compilation)
            if compilation.ok and not NAME.fullmatch(text):
                plain = load(text_of(hostile.plant(spec, spot, "plain")))
                assert plain.ok
                held_as(compilation, plain)
        except Exception as error:
            error.add_note(f"{name} at {spot.path} was {text!r}")
            raise


def test_many_fields_at_once() -> None:
    rng = Random(1)
    for _ in range(40):
        document, _found = parse(Source("x", rng.choice(SPECS).read_text("utf-8")))
        assert document is not None
        held(load(text_of(hostile.riddled(to_value(document), rng, rng.randint(2, 12)))))


@pytest.mark.sampled(every=3, long=3)
@pytest.mark.parametrize("part", hostile.PARTS, ids=repr)
def test_what_yaml_cannot_write(part: str) -> None:
    """Overrides of the API and of the command line hold any text: halves of characters too."""
    plain = load(SMALL, {"description": "plain", "name": "plain"})
    described = load(SMALL, {"description": part})
    named = load(SMALL, {"name": part})
    assert described.ok or "$" in part
    for each in (described, named):
        held(each)
        if each.ok:
            held_as(each, plain)
    for overrides in ({"vars": {part: 1}}, {part: 1}, {"head[0].Dense": part}, [f"description={part}"], [f"{part}=1"], [part]):
        held(load(SMALL, overrides))
    held(load(SMALL.replace("plain", part)))


UNFIT = [chr(code) for code in range(0x10000) if UNSAFE.match(chr(code)) and not 0xD801 <= code <= 0xDFFE]


def test_no_name_holds_what_nobody_sees() -> None:
    """Neither a key nor a value that is a name: one error each, and nothing else that follows from it."""
    places = {
        "name": SMALL.replace("plain", "%s"),
        "layer": SMALL.replace("units: 1", 'units: 1, name: "%s"'),
        "shared": SMALL.replace("units: 1", 'units: 1, share: "%s"'),
        "size": SMALL.replace("[4]", '["%s"]'),
        "mask": SMALL.replace("{kind: vector, shape: [4]}", '{kind: sequence, shape: [4, 2], mask_input: "%s"}'),
        "axis": SMALL.replace("{kind: vector, shape: [4]}", '{kind: tensor, shape: [4], axes: ["%s"]}'),
        "time": SMALL.replace("{kind: vector, shape: [4]}", '{kind: tensor, shape: [4], axes: [a], time_axis: "%s"}'),
        "metric": SMALL + 'compile: {loss: mse, metrics: [{MeanSquaredError: {name: "%s"}}]}\n',
        "optimizer": SMALL + 'compile: {loss: mse, optimizer: {Adam: {name: "%s"}}}\n',
        "variable": SMALL + 'vars: {"%s": 1}\n',
        "branch": SMALL.replace("{x: {input", '{"%s": {input'),
        "block": SMALL + 'blocks: {"b%s": {layers: []}}\n',
        "parameter": SMALL + 'blocks: {b: {parameters: {"%s": 1}, layers: []}}\n',
        "path": SMALL.replace("[{Dense: {units: 1}}]", '[{Parallel: {paths: {"%s": [], b: []}, merge: concat}}]'),
        "each": SMALL.replace("[{Dense: {units: 1}}]", '[{Repeat: {each: {"%s": [1]}, layers: []}}]'),
        "argument": SMALL.replace("units: 1", 'units: 1, "%s": 2'),
        "head": SMALL.replace("head: [{Dense: {units: 1}}]", 'heads: {"%s": [{Dense: {units: 1}}]}'),
        "axis of the matrix": SMALL + 'matrix: {"%s": [1]}\n',
        "kept": SMALL + 'x-parts: {"%s": 1}\n',
    }
    fusion = 'fusion: {strategy: concat, name: "%s"}\n'
    places["fusion"] = SMALL + fusion
    for place, text in places.items():
        for char in UNFIT[:: 1 if place == "name" else 13]:
            if "\ud800" <= char <= "\udfff":
                continue
            found = load(text % f"a\\u{ord(char):04x}b").diagnostics
            assert [each.code.name for each in found if each.severity == "error"] == ["name-characters"], (place, char, found)
            assert f"U+{ord(char):04X}" in found[0].help[0]


def test_variants() -> None:
    """The folders of variants are names that every system takes, each its own; their table and CSV are fit to be shown."""
    rng = Random(2)
    texts = [*hostile.PARTS, *(hostile.text(rng) for _ in range(50))]
    document = make_node({"matrix": {"description": texts, "vars": [{text: text} for text in texts[:3]]}})
    found = list(Variants(read_matrix(document, (), [])))
    names = name_folders(found)
    assert len({each.lower() for each in names}) == len(names) == 3 * len(texts)
    for name in (*names, *(make_file_name(text, "x") for text in texts)):
        assert re.fullmatch(r"[A-Za-z0-9_=+,][A-Za-z0-9._=,+-]*", name) and len(name) < 140 and not name.endswith(".")


COMMANDS = (
    *(
        ["validate"],
        ["validate", "--color", "always"],
        ["validate", "--format", "json"],
        ["shapes"],
        ["shapes", "--format", "csv"],
    ),
    *(["shapes", "--sort", "params"], ["shapes", "--format", "json"], ["emit", "python"], ["plot", "-o", "-"]),
    *(["dump", "--stage", stage] for stage in dump.STAGES),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a file, its name, a path and `--set` hold, in everything that a command prints."""
    rng = Random(3)
    path = tmp_path / "a\x1b[31m\u202e\x9b.yaml"
    for text in ("plain", *(hostile.text(rng) for _ in range(12))):
        spec = {**json.loads(JSON), "description": text, "matrix": {"vars.a": [1, text]}}
        path.write_text(text_of(spec), "utf-8")
        for more in ([], ["--set", f"description={text}"], ["--set", text], ["--set", f"{text}=1"], ["--set", f"head={text}"]):
            run([*command, str(path), *more])
            written = capsys.readouterr()
            fit(OURS.sub("", written.out) if "always" in command else written.out)
            fit(OURS.sub("", written.err) if "always" in command else written.err)


@pytest.mark.parametrize("part", hostile.PARTS, ids=repr)
def test_arguments(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", None)
    (tmp_path / "spec.yaml").write_text(SMALL)
    for arguments in (
        *(
            [part],
            ["explain", part],
            ["layers", part],
            ["new", part],
            ["validate", f"--{part}"],
            ["plot", "spec.yaml", "-o", part],
        ),
        *(["shapes", "spec.yaml", "--size", part], ["shapes", "spec.yaml", "--size", f"{part}=1"], ["dump", "--stage", part]),
        *(["diff", "spec.yaml", "spec.yaml", "--set", f"name={part}"], ["validate", "spec.yaml", "--matrix", f"{part}=[1]"]),
        *(["validate", "spec.yaml", "--matrix", f"name=[{part}]"], ["compile", "spec.yaml", "-o", "out", "--weights", part]),
    ):
        run(arguments)
        written = capsys.readouterr()
        fit(written.out + written.err)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_an_artifact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed and written of a model whose description and folder are hostile; the lines that use it run."""
    parts = [part for part in hostile.PARTS if "$" not in part and not re.search("[\ud800-\udfff]", part)]
    path, folder = tmp_path / "spec.yaml", tmp_path / "a\x1b[31m'\"\\\u202e{}%s$(id)"
    path.write_text(text_of({**json.loads(JSON), "description": " ".join(parts)}))
    assert run(["compile", str(path), "-o", str(folder)]) == 0
    written = capsys.readouterr()
    fit(written.out)
    well_formed((folder / "plot.svg").read_text("utf-8"))
    manifest = (folder / "manifest.json").read_text("ascii")
    fit(manifest)
    assert json.loads(manifest)["spec"]["document"]["description"] == " ".join(parts)
    exec("\n".join(written.out.splitlines()[-3:]), {})

    before = {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "plot.svg"}
    (folder / "plot.svg").unlink()
    (folder / "plot.svg").mkdir()
    assert run(["compile", str(path), "-o", str(folder), "--force", "--set", "seed=2"]) == 2
    assert "plot.svg` is a folder" in capsys.readouterr().err
    assert {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "plot.svg"} == before
