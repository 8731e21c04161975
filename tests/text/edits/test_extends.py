"""`extends`: what merges, replaces and goes; where mistakes are shown; which files may be read."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from told import hold_told

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.spec.schema.whole import make_spec_schema
from cnnlstm_spec.text.discover import find_specs
from cnnlstm_spec.text.nodes import to_value

BASE = """
    version: 1
    name: base
    description: What others differ from.
    vars: {width: 4}
    branches:
      x:
        input: {kind: vector, shape: [8]}
        layers:
          - Dense: {units: $width}
          - Dropout: {rate: 0.5}
    head:
      - Dense: {units: 1}
    compile: {optimizer: {Adam: {learning_rate: 0.1, clipnorm: 1.0}}, loss: mse, metrics: [mae]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "specs"
    inner.mkdir()
    write(inner / "base.yaml", BASE)
    return inner


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def extending(folder: Path, text: str, allow_outside: bool = False) -> Compilation:
    return load(write(folder / "own.yaml", text), allow_outside=allow_outside)


def said(compilation: Compilation) -> list[str]:
    found = []
    for each in compilation.diagnostics:
        span = each.place.span
        line, column = span.source.find_position(span.start)
        found.append(f"{Path(span.source.name).name}:{line}:{column} {each.code.name}")
    return found


def read(compilation: Compilation) -> dict[str, object]:
    assert compilation.document is not None and said(compilation) == []
    value = to_value(compilation.document)
    assert isinstance(value, dict)
    return value


def test_maps_merge_lists_replace_and_null_removes(folder: Path) -> None:
    document = read(
        extending(
            folder,
            """
            extends: base.yaml
            name: own
            description: null
            vars: {width: 16}
            branches: {x: {layers: [{Dense: {units: $width}}]}, y: {input: {kind: vector, shape: [2]}}}
            fusion: {strategy: concat}
            compile: {metrics: null}
            """,
        )
    )
    assert list(document) == ["version", "name", "vars", "branches", "head", "compile", "fusion"]
    assert document["name"] == "own" and document["vars"] == {"width": 16}
    assert document["branches"] == {
        "x": {"input": {"kind": "vector", "shape": [8]}, "layers": [{"Dense": {"units": "$width"}}]},
        "y": {"input": {"kind": "vector", "shape": [2]}},
    }
    assert document["compile"] == {"optimizer": {"Adam": {"learning_rate": 0.1, "clipnorm": 1.0}}, "loss": "mse"}


def test_a_name_with_arguments_is_one_thing(folder: Path) -> None:
    def optimizer(text: str) -> object:
        section = read(extending(folder, f"extends: base.yaml\ncompile: {{optimizer: {text}}}\n"))["compile"]
        assert isinstance(section, dict)
        return section["optimizer"]

    assert optimizer("{SGD: {momentum: 0.9}}") == {"SGD": {"momentum": 0.9}}
    assert optimizer("{Adam: {learning_rate: 0.5}}") == {"Adam": {"learning_rate": 0.5, "clipnorm": 1.0}}
    assert optimizer("{Adam: {clipnorm: null}}") == {"Adam": {"learning_rate": 0.1}}
    assert optimizer("{Adam: }") == {"Adam": None}
    assert optimizer("sgd") == "sgd"


def test_chains(folder: Path) -> None:
    write(folder / "parts" / "_b.yaml", "extends: ../base.yaml\nvars: {width: 5}\nseed: 3\n")
    compilation = extending(folder, "extends: parts/_b.yaml\nseed: 4\n")
    assert read(compilation)["seed"] == 4
    assert compilation.typed is not None and compilation.typed.params == 8 * 5 + 5 + 5 + 1


def test_overrides_come_after(folder: Path) -> None:
    path = write(folder / "own.yaml", "extends: base.yaml\n")
    compilation = load(path, {"vars.width": 7})
    assert compilation.ok and compilation.typed is not None and compilation.typed.params == 8 * 7 + 7 + 7 + 1


def test_a_mistake_is_shown_in_the_file_that_wrote_it(folder: Path) -> None:
    write(folder / "base.yaml", BASE.replace("rate: 0.5", "rate: much"))
    compilation = extending(folder, "extends: base.yaml\nseed: -1\n")
    assert said(compilation) == ["base.yaml:10:25 wrong-type", "own.yaml:2:7 value-not-allowed"]


def test_a_base_that_is_not_yaml(folder: Path) -> None:
    write(folder / "base.yaml", "version: [1\n")
    compilation = extending(folder, "extends: base.yaml\n")
    assert said(compilation) == ["base.yaml:2:1 not-yaml"]
    assert compilation.diagnostics[0].labels[-1].message == "extended here"


def test_a_base_that_is_not_there(folder: Path) -> None:
    compilation = extending(folder, "name: own\nextends: bse.yaml\n")
    assert said(compilation) == ["own.yaml:2:10 base-not-readable"]
    assert "base.yaml" in compilation.diagnostics[0].help[0]


@pytest.mark.parametrize("text", ["- 1\n", "text\n"])
def test_a_base_that_is_no_mapping(folder: Path, text: str) -> None:
    write(folder / "base.yaml", text)
    assert said(extending(folder, "extends: base.yaml\n")) == ["own.yaml:1:10 base-not-readable"]


@pytest.mark.parametrize("value", ["[a.yaml, base.yaml]", "3", "null", '""'])
def test_what_is_no_path(folder: Path, value: str) -> None:
    assert said(extending(folder, f"extends: {value}\n")) == ["own.yaml:1:10 extends-not-a-path"]


@pytest.mark.parametrize("value", ['"a\\0b.yaml"', "itself.yaml", "../other.yaml", "bas.yaml", "[]"])
def test_what_cannot_be_extended(folder: Path, value: str, request: pytest.FixtureRequest) -> None:
    (folder / "itself.yaml").symlink_to("itself.yaml")
    hold_told(extending(folder, f"extends: {value}\n").diagnostics, request, folder)


def test_cycles(folder: Path) -> None:
    assert said(extending(folder, "extends: ./own.yaml\n")) == ["own.yaml:1:10 extends-cycle"]
    write(folder / "base.yaml", "name: x\nextends: own.yaml\n")
    compilation = extending(folder, "extends: base.yaml\n")
    assert said(compilation) == ["base.yaml:2:10 extends-cycle"]
    assert [label.message for label in compilation.diagnostics[0].labels] == ["extended here"]


def test_paths_stay_in_the_folder(folder: Path) -> None:
    outside = write(folder.parent / "outside.yaml", BASE)
    assert said(extending(folder, "extends: ../outside.yaml\n")) == ["own.yaml:1:10 extends-outside"]
    assert said(extending(folder, f"extends: {outside}\n")) == ["own.yaml:1:10 extends-outside"]
    (folder / "link.yaml").symlink_to(outside)
    assert said(extending(folder, "extends: link.yaml\n")) == ["own.yaml:1:10 extends-outside"]
    write(folder / "parts" / "p.yaml", "extends: ../../outside.yaml\n")
    assert said(extending(folder, "extends: parts/p.yaml\n")) == ["p.yaml:1:10 extends-outside"]
    assert said(extending(folder, "extends: ../outside.yaml\n", allow_outside=True)) == []


def test_a_text_has_no_folder() -> None:
    compilation = load("extends: base.yaml\nversion: 1\n")
    assert [each.code.name for each in compilation.diagnostics] == ["extends-without-folder"]


def test_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder.parent / "outside.yaml", BASE)
    write(folder / "own.yaml", "extends: ../outside.yaml\n")
    monkeypatch.chdir(folder)
    assert run(["validate", "own.yaml"]) == 1
    assert run(["validate", "own.yaml", "--allow-outside"]) == 0
    assert run(["shapes", "own.yaml"]) == 1
    assert run(["shapes", "own.yaml", "--allow-outside"]) == 0


def test_a_folder_of_specs(folder: Path) -> None:
    write(folder / "own.yaml", "extends: base.yaml\n")
    write(folder / "_part.yaml", "extends: base.yaml\n")
    write(folder / "other.yaml", "a: 1\n")
    assert [path.name for path in find_specs(folder, lambda path, why: None, fail=print)] == ["base.yaml", "own.yaml"]


def test_the_schema_asks_nothing_of_a_spec_that_extends() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(make_spec_schema())
    assert validator.is_valid({"extends": "base.yaml", "vars": {"width": 3}})
    assert not validator.is_valid({"vars": {"width": 3}}) and not validator.is_valid({"extends": 3})
    assert not validator.is_valid({"extends": "base.yaml", "brnches": {}})
