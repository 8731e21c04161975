"""`matrix`: which variants there are, what is said of each, and what is built of them."""

from __future__ import annotations

import csv
import io
import json
import textwrap
import tracemalloc
from pathlib import Path
from time import process_time
from typing import Any
from xml.etree import ElementTree

import pytest
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.compile import SHOWN, Compilation
from cnnlstm_spec.compiler.variants import Distinct, Sweep, sweep
from cnnlstm_spec.text import memo
from cnnlstm_spec.text.edits.matrix import LIMIT, Variant, name_folders
from cnnlstm_spec.text.source import Source

SPEC = """
    version: 1
    name: several
    vars: {width: 8}
    branches:
      x:
        input: {kind: vector, shape: [8]}
        layers: [{Dense: {units: $width, name: first}}]
      y:
        input: {kind: vector, shape: [8]}
    fusion: {strategy: concat}
    head: [{Dense: {units: 1}}]
    compile: {loss: mse}
"""
MATRIX = """
    matrix:
      vars.width: [8, 16]
      fusion.strategy: [concat, add]
"""


def spec(matrix: str = MATRIX) -> str:
    return textwrap.dedent(SPEC).lstrip("\n") + textwrap.dedent(matrix).lstrip("\n")


def swept(text: str, *matrix: str, overrides: tuple[str, ...] = ()) -> Sweep:
    return sweep(Source("several.yaml", text), overrides, matrix)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "several.yaml"
    path.write_text(spec(), encoding="utf-8")
    return path


def test_every_combination_the_last_axis_fastest() -> None:
    prepared = swept(spec())
    assert [variant.label for variant in prepared.variants] == [
        "vars.width=8,fusion.strategy=concat",
        "vars.width=8,fusion.strategy=add",
        "vars.width=16,fusion.strategy=concat",
        "vars.width=16,fusion.strategy=add",
    ]
    found = [compilation for _, compilation in prepared.find_all()]
    assert [each.ok for each in found] == [True, True, True, False]
    assert [each.typed.params for each in found if each.typed] == [72 + 17, 72 + 9, 144 + 25, 144]
    assert [each.code.name for each in found[3].diagnostics] == ["shapes-differ"]


def test_a_mistake_in_a_value_is_shown_in_the_matrix(request: pytest.FixtureRequest) -> None:
    prepared = swept(spec(MATRIX.replace("add", "adda")))
    found = prepared.compile(prepared.variants[1]).diagnostics
    assert [each.code.name for each in found] == ["unknown-choice"]
    hold_told(found, request)


def test_axes_of_the_command_line_replace_those_of_the_spec() -> None:
    labels = [variant.texts for variant in swept(spec(), "vars.width=[4]", "seed=[1,2]").variants]
    assert labels == [("4", "concat", "1"), ("4", "concat", "2"), ("4", "add", "1"), ("4", "add", "2")]


def test_overrides_stand_in_every_variant() -> None:
    prepared = swept(spec(), overrides=("branches.y.input.shape=[3]", "matrix={vars.width: [8], fusion.strategy: [concat, add]}"))
    (concat, add) = [compilation for _, compilation in prepared.find_all()]
    assert concat.ok and not add.ok


NAMED = "branches.x.first.units"


@pytest.mark.parametrize(
    ("matrix", "override", "left", "params"),
    [
        ("{vars.width: [8, 16], seed: [1, 2]}", "vars.width=4", ["seed=1", "seed=2"], [36 + 13] * 2),
        ("{vars.width: [8, 16], seed: [1, 2]}", "vars={width: 4}", ["seed=1", "seed=2"], [36 + 13] * 2),
        # One place, two ways to write it.
        ("{'branches.x.layers[0].units': [8, 16], seed: [1, 2]}", f"{NAMED}=4", ["seed=1", "seed=2"], [36 + 13] * 2),
        (f"{{{NAMED}: [8, 16], seed: [1, 2]}}", "branches.x.layers[0].units=4", ["seed=1", "seed=2"], [36 + 13] * 2),
        # What lies around an axis is set whole; what lies in its value is set in each.
        (f"{{{NAMED}: [8, 16], seed: [1, 2]}}", "branches.x.layers=[]", ["seed=1", "seed=2"], [17] * 2),
        ("{branches.x.layers: [[{Dense: {units: 3}}], [{Dense: {units: 3, use_bias: false}}]]}", "branches.x.layers[0].units=4",
         ['branches.x.layers=[{"Dense":{"units":3}}]', 'branches.x.layers=[{"Dense":{"units":3,"use_bias":false}}]'], [49, 45]),
        # Only the values of the axis have such a place.
        ("{branches.x.layers: [[{Dense: {units: 3}}, Flatten, {Dense: {units: 3}}]]}", "branches.x.layers[2].units=4",
         ['branches.x.layers=[{"Dense":{"units":3}},"Flatten",{"Dense":{"units":3}}]'], [27 + 16 + 13]),
        ("{vars.width: [8, 16]}", "matrix={seed: [1, 2]}", ["seed=1", "seed=2"], [72 + 17] * 2),
    ],
)  # fmt: skip
def test_what_is_set_comes_after_it_all(matrix: str, override: str, left: list[str], params: list[int]) -> None:
    prepared = swept(spec(f"matrix: {matrix}\n"), overrides=(override,))
    assert [variant.label for variant in prepared.variants] == left
    assert [compilation.typed.params for _, compilation in prepared.find_all() if compilation.typed] == params
    assert all(compilation.ok for _, compilation in prepared.find_all())


@pytest.mark.parametrize("path", ["vars.idle", "extends", "matrix.seed"])
def test_an_axis_that_changes_nothing_is_an_error(path: str, request: pytest.FixtureRequest) -> None:
    prepared = swept(spec("").replace("width: 8", "width: 8, idle: 3"), f"{path}=[4, 5]")
    found = [each for _, compilation in prepared.find_all() for each in compilation.diagnostics]
    assert {each.code.name for each in found} == {"set-in-vain"}
    hold_told(found, request)


@pytest.mark.parametrize("matrix", [
    "{'branches.x.layers[0].units': [3, 4], branches.x.layers: [[{Dense: {units: 5}}], [{Dense: {units: 6}}]]}",
    "{branches.x.first.units: [3, 4], 'branches.x.layers[0].units': [5, 6]}",
    "{'branches.x.layers[0].units': [3, 4], seed: [1, 2], 'branches.x': [{input: {kind: vector, shape: [8]}}]}",
])  # fmt: skip
def test_an_axis_that_a_later_one_sets_anew_is_an_error(matrix: str, request: pytest.FixtureRequest) -> None:
    prepared = swept(spec(f"matrix: {matrix}\n"))
    (found,) = prepared.found
    assert found.code.name == "set-in-vain" and not prepared.variants
    hold_told([found], request)


def test_an_axis_may_be_set_within_an_earlier_one() -> None:
    matrix = "{branches.x.layers: [[{Dense: {units: 5}}], [{Dense: {units: 5}}, ReLU]], 'branches.x.layers[0].units': [3, 4]}"
    prepared = swept(spec(f"matrix: {matrix}\n"))
    assert len(prepared.variants) == 4 and all(compilation.ok for _, compilation in prepared.find_all())


@pytest.mark.parametrize("override", ["vars.idle=4", "extends=other.yaml"])
def test_what_is_set_in_vain_is_an_error(override: str, request: pytest.FixtureRequest) -> None:
    prepared = swept(spec("").replace("width: 8", "width: 8, idle: 3"), overrides=(override,))
    (found,) = prepared.compile_plain().diagnostics
    assert found.code.name == "set-in-vain"
    hold_told([found], request)


def test_an_axis_of_the_command_line_is_fixed_too() -> None:
    prepared = sweep(Source("several.yaml", spec()), {"seed": 3}, ("seed=[1, 2]", "vars.width=[4]"))
    assert [variant.label for variant in prepared.variants] == [
        "vars.width=4,fusion.strategy=concat",
        "vars.width=4,fusion.strategy=add",
    ]


def test_with_every_axis_fixed_there_is_one_spec(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(path), "--set", "vars.width=4", "--set", "fusion.strategy=concat"]
    assert run(["validate", *arguments]) == 0
    assert "variant" not in capsys.readouterr().out
    assert run(["shapes", "--format", "csv", *arguments]) == 0
    heading, line = csv.reader(io.StringIO(capsys.readouterr().out))
    assert heading[0] == "params" and line[0] == str(36 + 13)
    assert load(path, {"vars.width": 4}).typed.params == 36 + 13  # type: ignore[union-attr]


def test_a_fixed_axis_leaves_the_table(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(path), "--set", "vars.width=16"]) == 1
    out = capsys.readouterr().out
    assert "2 variants, 1 fails" in out and "vars.width" not in out.partition("2 variants")[0]
    assert run(["shapes", str(path), "--set", "fusion.strategy=concat", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["vars.width"], row["params"]) for row in rows] == [("8", "89"), ("16", "169")]
    assert "fusion.strategy" not in rows[0]


def test_a_path_that_is_set_and_leads_nowhere_is_told_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(path), "--set", "vars.widht=16", "--set", "fusion.strategy=concat"]) == 1
    out = capsys.readouterr().out
    assert out.count("--> --set") == 1 and "2 variants, 2 fail" in out


def test_any_value() -> None:
    prepared = swept(spec("matrix: {branches.x.layers: [[{Dense: {units: 2}}], []]}\n"))
    assert prepared.variants[0].label == 'branches.x.layers=[{"Dense":{"units":2}}]'
    assert [compilation.ok for _, compilation in prepared.find_all()] == [True, True]


@pytest.mark.parametrize(
    ("matrix", "code", "at"),
    [
        ("matrix: 3\n", "wrong-type", "3"),
        ("matrix: {vars.width: 3}\n", "wrong-type", "3"),
        ("matrix: {vars.width: []}\n", "wrong-type", "[]"),
        ("matrix: {'vars..width': [3]}\n", "unclear-matrix-path", "'vars..width'"),
        (f"matrix: {{seed: {list(range(200))}, vars.width: {list(range(200))}}}\n", "matrix-too-large", "matrix"),
    ],
)
def test_what_is_no_matrix(matrix: str, code: str, at: str, request: pytest.FixtureRequest) -> None:
    prepared = swept(spec(matrix))
    (found,) = prepared.compile_plain().diagnostics
    hold_told([found], request)
    span = found.place.span
    assert prepared.variants == () and found.code.name == code
    assert span.source.text[span.start : span.end] == at
    assert [each.code.name for each in load(spec(matrix)).diagnostics] == [code]
    assert LIMIT == 10_000


def test_a_path_that_leads_nowhere(request: pytest.FixtureRequest) -> None:
    prepared = swept(spec("matrix: {vars.widht: [1, 2]}\n"))
    found = prepared.compile(prepared.variants[0]).diagnostics
    hold_told(found, request)
    assert [each.code.name for each in found] == ["unknown-path"] and found[0].help == ("did you mean `vars.width`?",)


def test_load_gives_the_spec_as_written(path: Path) -> None:
    compilation = load(path)
    assert compilation.ok and compilation.typed is not None and compilation.typed.params == 89


def test_names_of_folders() -> None:
    text = spec("matrix: {branches.x.layers: [[], [{Dense: {units: 1}}]], description: [a/b, 'a:b', ..]}\n")
    names = name_folders(list(swept(text).variants))
    assert len({name.lower() for name in names}) == len(names) == 6
    assert all("/" not in name and not name.startswith(".") for name in names)


def test_validate(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.count("error[shapes-differ]") == 2  # once in full, once in the table
    assert "4 variants, 1 fails" in out and out.count(" ok\n") == 3 and out.endswith("1 error in 1 file\n")
    assert run(["validate", str(path), "--matrix", "fusion.strategy=[concat]"]) == 0
    assert "2 variants, all are sound" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "of_each"), [("text", 1), ("concise", 0), ("github", 0)])
def test_what_is_found_is_written_as_it_comes(
    form: str, of_each: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a variant is held back until the next one is looked at, which its findings do not wait for either."""
    path = tmp_path / "several.yaml"
    path.write_text(spec("matrix: {vars.width: [8, none, 16], fusion.strategy: [concat, add]}\n"))
    written: list[list[str]] = []
    compile_variant = Sweep.compile

    def compiled(self: Sweep, variant: Variant | None) -> Compilation:
        written.append(capsys.readouterr().out.splitlines())
        return compile_variant(self, variant)

    monkeypatch.setattr(Sweep, "compile", compiled)
    assert run(["validate", str(path), "--format", form]) == 1
    rest = capsys.readouterr().out.splitlines()
    assert len(written) == 6 and len(written[0]) == of_each
    if form == "text":
        assert [len(each) for each in written] == [1] * 6 and "3 fail" in rest[1]
    else:
        assert ["wrong-type" in "".join(each) for each in written] == [False, False, False, True, False, False]
        assert len(rest) == 1 and "shapes-differ" in rest[0]


@pytest.mark.parametrize("form", ["json", "junit"])
@pytest.mark.parametrize("second", ["8", '"8"'])
def test_variants_are_written_as_they_come(
    form: str, second: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with a fix, which is tried in all, waits for the last of them in JSON, and so do those behind it."""
    path = tmp_path / "several.yaml"
    path.write_text(spec(f"matrix: {{vars.width: [4, {second}, 16, 32]}}\n"))
    written: list[str] = []
    compile_variant = Sweep.compile

    def compiled(self: Sweep, variant: Variant | None) -> Compilation:
        written.append(capsys.readouterr().out)
        return compile_variant(self, variant)

    waits = form == "json" and second != "8"
    monkeypatch.setattr(Sweep, "compile", compiled)
    assert run(["validate", str(path), "--format", form]) == (second != "8")
    written.append(capsys.readouterr().out)
    assert ["width=" in each for each in written[:5]] == [False, True, *([not waits] * 3)]
    found: Any = json.loads("".join(written)) if form == "json" else ElementTree.fromstring("".join(written))
    names = [each["path"] for each in found["files"]] if form == "json" else [each.get("name") for each in found]
    assert names == [f"{path}[vars.width={width}]" for width in (4, 8, 16, 32)]
    if waits:
        assert [len(each["diagnostics"]) for each in found["files"]] == [0, 1, 0, 0]
        assert found["files"][1]["diagnostics"][0]["fixes"]


def test_memory_does_not_grow_with_the_number_of_variants(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what variants share, of which so much is kept at most."""
    monkeypatch.setattr(memo, "MOST", 100)

    def find_peak(side: int) -> int:
        path = tmp_path / "several.yaml"
        widths, seeds = list(range(9, 9 + side)), list(range(side))
        path.write_text(spec(f"matrix: {{vars.width: {widths}, seed: {seeds}, fusion.strategy: [add]}}\n"))
        capsys.readouterr()
        tracemalloc.start()
        files = [part for form in ("json", "junit", "text") for part in ("--output-file", f"{form}={tmp_path / form}")]
        assert run(["validate", str(path), "--format", "concise", *files]) == 1
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    find_peak(3)
    few = find_peak(5)
    assert find_peak(9) - few < (9 * 9 - 5 * 5) * 200


def test_what_is_found_in_many_variants_is_counted_beyond_what_a_person_reads() -> None:
    prepared = swept(spec(f"matrix: {{vars.width: {list(range(9, 9 + SHOWN + 50))}, fusion.strategy: [add], seed: [1, 2]}}\n"))
    distinct = Distinct()
    news = [len(distinct.add(each.diagnostics)[1]) for _, each in prepared.find_all()]
    assert news == [1, 0] * SHOWN + [0, 0] * 50
    assert len(distinct.found) == SHOWN + 1 and distinct.found[-1].message == "50 more findings from here on"
    assert distinct.found[-1].severity == "error" and not distinct.idle


def test_a_variant_by_its_place() -> None:
    found = swept(spec()).variants
    assert len(found) == 4 and [found[place].label for place in range(-4, 0)] == [each.label for each in found]
    assert [each.label for each in found[1:3]] == [found[1].label, found[2].label]
    with pytest.raises(IndexError):
        found[4]


def test_validate_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(path), "--format", "json"]) == 1
    files = json.loads(capsys.readouterr().out)["files"]
    assert [file["ok"] for file in files] == [True, True, True, False]
    assert files[3]["path"] == f"{path}[vars.width=16,fusion.strategy=add]"
    assert files[3]["diagnostics"][0]["source"] == str(path)


def test_costs_as_csv(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", str(path), "--format", "csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["params"] for row in rows] == ["89", "81", "169", ""]
    assert [row["vars.width"] for row in rows] == ["8", "8", "16", "16"]
    assert rows[3]["error"].startswith("error[shapes-differ]: ") and rows[0]["macs"] == "80"
    assert run(["shapes", str(path), "--matrix", "vars.width=[1]"]) == 2


def test_costs_of_a_spec_without_variants(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(spec(""), encoding="utf-8")
    assert run(["shapes", str(path), "--format", "csv"]) == 0
    assert [row["params"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["89"]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_compile(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], whole: bool) -> None:
    def built(*more: str) -> dict[str, Any]:
        assert run(["compile", str(path), "-o", str(tmp_path / "out"), *more]) == 1
        lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
        return dict(line.split(": ", 1) for line in lines)

    names = ["vars.width=8,fusion.strategy=concat", "vars.width=8,fusion.strategy=add", "vars.width=16,fusion.strategy=concat"]
    assert built() == dict(zip(names, ["89 parameters", "81 parameters", "169 parameters"], strict=True))
    assert built() == dict.fromkeys(names, "up to date")
    for name in names:
        assert (tmp_path / "out" / name / "model.keras").exists()
    (tmp_path / "out" / names[0] / "plot.svg").write_text("changed")
    path.write_text("# a comment changes no model\n" + spec(), encoding="utf-8")
    assert built() == {names[0]: "89 parameters", **dict.fromkeys(names[1:], "up to date")}
    digests = [json.loads((tmp_path / "out" / name / "manifest.json").read_text())["files"] for name in names]
    assert built("--set", "seed=1") == dict(zip(names, ["89 parameters", "81 parameters", "169 parameters"], strict=True))
    # Each job imports Keras.
    assert built(*(("--jobs", "2") if whole else ()))[names[0]] == "89 parameters"
    assert [json.loads((tmp_path / "out" / name / "manifest.json").read_text())["files"] for name in names] == digests
    assert built("--set", "seed=1", "--passes", "none")[names[0]] == "89 parameters"
    assert built("--set", "vars.width=16") == {"fusion.strategy=concat": "169 parameters"}


WIDE = "version: 1\nname: t\nvars: {u: 4, v: 4}\nbranches: {a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: $u}}, {Dense: {units: $v}}, %s]}}\nhead: []\n"
HUNDRED = "[" + ", ".join(map(str, range(1, 101))) + "]"


def test_variants_with_too_many_layers_together_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """100 x 100 over 1,000 layers: not one of them is looked at."""
    path = tmp_path / "wide.yaml"
    path.write_text(WIDE % ("ReLU, " * 1000))
    started = process_time()
    for command in (["validate"], ["shapes", "--format", "csv"], ["compile", "-o", str(tmp_path / "out")]):
        assert run([*command, str(path), "--matrix", f"vars.u={HUNDRED}", "--matrix", f"vars.v={HUNDRED}"]) == 1
        out = "".join(capsys.readouterr())
        assert "error[matrix-too-much-work]: 10,000 variants of 1,004 layers are more than 1,000,000 layers" in out
        assert "`--max-variants 10000`" in out
    assert process_time() - started < 10


def test_what_is_too_much_work_is_told_at_the_matrix(request: pytest.FixtureRequest) -> None:
    text = (WIDE % ("ReLU, " * 1000)).rstrip("\n") + f"\nmatrix: {{vars.u: {HUNDRED}, vars.v: {HUNDRED}}}\n"
    (found,) = swept(text).compile_plain().diagnostics
    hold_told([found], request)


def test_as_many_variants_as_a_person_allows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.yaml"
    path.write_text((WIDE % "ReLU") + f"matrix: {{vars.u: {HUNDRED}}}\n")
    assert run(["validate", str(path), "--max-variants", "99"]) == 1
    assert "the matrix has 100 variants; 99 are the most" in capsys.readouterr().out
    assert run(["validate", str(path), "--max-variants", "100"]) == 0
    assert run(["validate", str(path), "--max-variants", "0"]) == 2


def test_many_axes_of_one_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "axes.yaml"
    layers = ", ".join(f"{{Dense: {{units: 4, name: d{i}}}}}" for i in range(1000))
    path.write_text((WIDE % layers) + "matrix: {" + ", ".join(f"branches.a.d{i}.units: [4]" for i in range(1000)) + "}\n")
    assert run(["validate", str(path)]) == 1
    assert "the matrix has 1,000 axes; 100 are the most" in capsys.readouterr().out
