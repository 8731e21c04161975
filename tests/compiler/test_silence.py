"""What is meant can be said: `rules:`, `# ignore:` and `--rule`, what each of them may say, and which of them counts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from json_schemas import validator

import cnnlstm_spec
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.silence import find_codes
from cnnlstm_spec.text.comments import find_ignored
from cnnlstm_spec.text.diagnostic import CODES
from cnnlstm_spec.text.source import Source

LOST = "mask-lost"
SPEC = """\
version: 1
name: meant
{top}branches:
  steps:
    input: {{kind: sequence, shape: [20, 4], padding_value: 0.0}}
    layers:{before}
      - Conv1D: {{filters: 8, kernel_size: 3}}{beside}
      - GlobalMaxPooling1D
head:
  - Dense: {{units: 1}}
"""


def spec(top: str = "", before: str = "", beside: str = "") -> str:
    return SPEC.format(top=top, before=before, beside=beside)


def said(text: str, **options: object) -> list[tuple[str, str, int]]:
    """Code, severity and line of each finding."""
    found = cnnlstm_spec.load(text, **options).diagnostics  # type: ignore[arg-type]
    return [(each.code.name, each.severity, each.place.span.source.find_position(each.place.span.start)[0]) for each in found]


def warned(line: int = 7) -> list[tuple[str, str, int]]:
    return [(LOST, "warning", line)]


def test_the_spec_of_these_tests_has_one_warning() -> None:
    assert said(spec()) == warned()


@pytest.mark.parametrize("level", ["advice", "error"])
def test_rules_say_how_severe_it_is(level: str) -> None:
    assert said(spec(f"rules: {{{LOST}: {level}}}\n")) == [(LOST, level, 8)]


def test_what_is_raised_to_an_error_is_one() -> None:
    compilation = cnnlstm_spec.load(spec(f"rules: {{{LOST}: error}}\n"))
    assert not compilation.ok
    with pytest.raises(cnnlstm_spec.SpecError):
        compilation.to_python()


@pytest.mark.parametrize(
    "top",
    [
        "rules: {mask-lost: ignore}\n",
        "vars: {level: ignore}\nrules: {mask-lost: $level}\n",
        "rules:\n  mask-lost: ignore # meant\n",
    ],
)
def test_rules_ignore(top: str) -> None:
    assert said(spec(top)) == []


@pytest.mark.parametrize("empty", ["rules:\n", "rules: {}\n", "rules: null\n"])
def test_empty_rules(empty: str) -> None:
    assert [code for code, *_ in said(spec(empty))] == [LOST]


@pytest.mark.parametrize(
    ("before", "beside"),
    [
        ("", "  # ignore: mask-lost"),
        ("", "  # ignore: mask-lost the padding is short"),
        ("", "  #ignore:mask-lost"),
        ("", "  # eight of them # ignore: mask-lost"),
        ("\n      # ignore: mask-lost", ""),
        ("\n# ignore: mask-lost: as in the paper", ""),
        ("\n      # ignore: mask-lost\n\n      # it is short", ""),
        ("  # the layers\n      # why:\n      # ignore: mask-lost", ""),
    ],
)
def test_comments_that_count(before: str, beside: str) -> None:
    assert said(spec(before=before, beside=beside)) == []


def test_a_comment_names_several_codes() -> None:
    promise = "budget: {params: 5}"
    both = spec(
        f"{promise}  # ignore: over-budget words, more words\n", beside="  # ignore: mask-unread , mask-lost short, is it"
    )
    assert said(both) == [("silences-nothing", "warning", 8)]
    assert said(both.replace("mask-unread , mask-lost", "mask-lost,mask-lost")) == []


@pytest.mark.parametrize(
    "top",
    [
        "description: |\n  text # ignore: mask-lost\n",
        "description: >-\n  # ignore: mask-lost\n  text\n\n\n",
        'description: "a\n  # ignore: mask-lost"\n',
        "description: 'a # ignore: mask-lost'\n",
        "description: a#ignore:mask-lost\n",
        'x-note: "\\" # ignore: mask-lost"\n',
    ],
)
def test_text_is_no_comment(top: str) -> None:
    text = spec(top)
    found: list[cnnlstm_spec.text.diagnostic.Diagnostic] = []
    assert find_ignored(Source("spec", text), found) == () and found == []
    assert [code for code, *_ in said(text)] == [LOST]


@pytest.mark.parametrize(
    "top",
    [
        "description: | # ignore: mask-lost\n  text\n",
        "description: |\n  text\n # ignore: mask-lost\n",
        'description: "a" # ignore: mask-lost\n',
    ],
)
def test_beside_text_it_is_one(top: str) -> None:
    assert len(find_ignored(Source("spec", spec(top)), [])) == 1


def test_lines_end_as_editors_end_them() -> None:
    text = spec(before="\n      # ignore: mask-lost")
    assert said(text.replace("\n", "\r\n")) == said(text.replace("\n", "\r")) == []


def test_a_comment_on_another_line_does_not_count() -> None:
    found = said(spec(before="  # ignore: mask-lost"))
    assert found == [("silences-nothing", "warning", 6), (LOST, "warning", 7)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (spec("rules: {mask-unread: ignore}\n"), 3),
        (spec("rules: {mask-unread: advice}\n"), 3),
        (spec(beside=" # ignore: mask-unread, mask-lost"), 7),
    ],
)
def test_a_silencer_that_silences_nothing_is_a_warning(text: str, line: int) -> None:
    assert ("silences-nothing", "warning", line) in said(text)


def test_nor_does_one_that_raises_or_lowers_to_what_is_shown() -> None:
    assert said(spec("rules: {mask-unread: error, over-budget: warning, mask-lost: ignore}\n")) == []


def test_that_warning_can_be_silenced_too() -> None:
    assert said(spec("rules: {silences-nothing: ignore, mask-lost: ignore}\n", beside="  # ignore: mask-unread")) == []


def test_while_there_are_errors_nothing_is_said_of_silencers() -> None:
    text = spec("rules: {mask-unread: ignore}\n").replace("units: 1", "units: one")
    assert "silences-nothing" not in [code for code, *_ in said(text)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (spec("rules: {mask-lots: ignore}\n"), "unknown-code", 3),
        (spec(beside="  # ignore: mask-lots, mask-lost"), "unknown-code", 7),
        (spec("rules: {wrong-rank: ignore}\n"), "severity-fixed", 3),
        (spec(beside="  # ignore: no-effect"), "severity-fixed", 7),
        (spec("rules: {unknown-key: error}\n"), "severity-fixed", 3),
        (spec("rules: {joins-samples: ignore}\n"), "severity-fixed", 3),
        (spec("rules: {mask-lost: off}\n"), "not-a-choice", 3),
        (spec("rules: {mask-lost: 0}\n"), "wrong-type", 3),
        (spec("rules: {mask-lost: null}\n"), "wrong-type", 3),
        (spec("rules: [mask-lost]\n"), "not-a-mapping", 3),
        (spec("rules: mask-lost\n"), "not-a-mapping", 3),
        (spec("rules: {mask-lost: $level}\n"), "unknown-variable", 3),
        (spec(beside="  # ignore: (short)"), "ignores-no-code", 7),
        (spec(beside="  # ignore:"), "ignores-no-code", 7),
    ],
)
def test_what_cannot_be_said_is_an_error(text: str, code: str, line: int) -> None:
    assert (code, "error", line) in said(text)


def test_the_nearest_code_is_named() -> None:
    found = cnnlstm_spec.load(spec("rules: {mask_lost: ignore}\n")).diagnostics
    assert found[0].help == ("did you mean `mask-lost`?",)


def test_every_code_is_known_before_it_is_used() -> None:
    assert {"joins-samples", "extends-cycle", LOST} <= set(find_codes()) <= set(CODES)


def test_promises_may_be_lowered() -> None:
    promises = "budget: {params: 5}\nexpect: {head: [2], params: 3}\n"
    codes = ["over-budget", "shape-not-as-expected", "count-not-as-expected"]
    assert sorted(code for code, severity, _ in said(spec(promises)) if severity == "error") == sorted(codes)
    for level in ("warning", "advice", "ignore"):
        rules = "rules: {" + ", ".join(f"{code}: {level}" for code in codes) + "}\n"
        compilation = cnnlstm_spec.load(spec(promises + rules))
        assert compilation.ok and compilation.to_python()
        assert [each.severity for each in compilation.diagnostics if each.code.name in codes] == [level] * (
            3 * (level != "ignore")
        )


def test_a_run_beats_a_comment_which_beats_rules() -> None:
    text = spec("rules: {mask-lost: error}\n", beside="  # ignore: mask-lost")
    assert said(text) == []
    assert said(text, rules={LOST: "advice"}) == [(LOST, "advice", 8)]
    assert said(spec("rules: {mask-lost: ignore}\n"), rules={LOST: "error"}) == [(LOST, "error", 8)]


def test_rules_of_a_run_are_judged_too() -> None:
    assert [code for code, *_ in said(spec(), rules={"mask-lots": "ignore"})] == ["unknown-code", LOST]
    assert [code for code, *_ in said(spec(), rules={LOST: "off"})] == ["not-a-choice", LOST]
    assert [code for code, *_ in said(spec(), rules={"": "off"})] == ["unclear-rule", LOST]


def test_set_and_matrix() -> None:
    assert said(spec(), overrides=("rules.mask-lost=ignore",)) == []
    assert said(spec("rules: {mask-lost: ignore}\n"), overrides={"rules.mask-lost": "error"})[0][1] == "error"
    assert [code for code, *_ in said(spec(), overrides=("rules.mask-lots=ignore",))] == ["unknown-code", LOST]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def test_bases(folder: Path) -> None:
    """Maps merge and null removes; a comment counts in its own file, and nothing idle is told of a base."""
    base = spec("rules: {mask-lost: error, mask-unread: ignore}\n", beside="  # ignore: bias-before-batchnorm")
    (folder / "_base.yaml").write_text(base)
    child = folder / "child.yaml"
    child.write_text("extends: _base.yaml\n")
    assert said(str(child)) == [(LOST, "error", 8)]
    child.write_text("extends: _base.yaml\nrules: {mask-lost: null}\n")
    assert said(str(child)) == warned(8)
    child.write_text("extends: _base.yaml\nrules: {mask-lost: ignore}\n")
    assert said(str(child)) == []
    (folder / "_base.yaml").write_text(spec(beside="  # ignore: mask-lost"))
    child.write_text("extends: _base.yaml\n\n\n\n\n\nx-a: 1  # ignore: mask-unread\n")
    assert said(str(child)) == [("silences-nothing", "warning", 7)]
    (folder / "_base.yaml").write_text(spec(beside="  # ignore: mask-lots"))
    child.write_text("extends: _base.yaml\n")
    assert [code for code, *_ in said(str(child))] == [LOST, "unknown-code"]


def test_variants(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment counts for every variant, and is idle only where it is so in all of them."""
    matrix = "matrix: {{branches.steps.input.padding_value: [{values}]}}\n"
    text = spec(matrix.format(values="0.0, null"), beside="  # ignore: mask-lost")
    (folder / "spec.yaml").write_text(text)
    assert run(["validate", "--strict", "spec.yaml"]) == 0
    assert "all are sound" in capsys.readouterr().out
    (folder / "spec.yaml").write_text(text.replace("0.0, null", "null"))
    assert run(["validate", "spec.yaml"]) == 0
    assert "silences-nothing" in capsys.readouterr().out
    assert said(text) == []
    (folder / "spec.yaml").write_text(spec("matrix: {rules.mask-lost: [ignore, error]}\n"))
    assert run(["validate", "spec.yaml"]) == 1
    out = capsys.readouterr().out
    assert "2 variants, 1 fails" in out and "error[mask-lost]" in out


def test_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text(spec())
    (folder / "b.yaml").write_text(spec().replace(", padding_value: 0.0", ""))
    assert run(["validate", "a.yaml", "--strict"]) == 1
    assert run(["validate", "a.yaml", "--strict", "--rule", "mask-lost=ignore"]) == 0
    assert run(["validate", "a.yaml", "--rule", "mask-lost=error"]) == 1
    capsys.readouterr()
    assert run(["validate", "a.yaml", "--strict", "--advice", "--rule", "mask-lost=advice"]) == 0
    assert "advice[mask-lost]" in (out := capsys.readouterr().out) and "no errors, 1 advice in 1 file" in out
    assert run(["validate", "a.yaml", "--rule", "mask-lost=advice"]) == 0
    assert "mask-lost" not in capsys.readouterr().out
    # Of several files, one has need of it.
    assert run(["validate", "a.yaml", "b.yaml", "--strict", "--rule", "mask-lost=ignore"]) == 0
    assert run(["validate", "b.yaml", "--rule", "mask-lost=ignore"]) == 0
    assert "silences-nothing" in (out := capsys.readouterr().out) and "--rule:1:1" in out
    assert run(["validate", "b.yaml", "--strict", "--rule", "mask-lost=ignore"]) == 1
    capsys.readouterr()
    assert run(["validate", "b.yaml", "--format", "json", "--rule", "mask-lost=ignore"]) == 0
    data = json.loads(capsys.readouterr().out)
    validator("validate").validate(data)
    assert [each["code"] for each in data["files"][0]["diagnostics"]] == ["silences-nothing"]


@pytest.mark.parametrize("rule", ["mask-lost", "mask-lost=off", "mask-lots=ignore", "wrong-rank=ignore", "=ignore", "mask-lost="])
def test_an_option_that_says_nothing(folder: Path, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text(spec())
    assert run(["validate", "a.yaml", "--rule", rule]) == 2
    assert "--rule" in capsys.readouterr().err


def test_other_commands_follow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text(spec())
    (folder / "b.yaml").write_text(spec("rules: {mask-lost: error}\n"))
    assert run(["shapes", "b.yaml"]) == 1 and run(["shapes", "a.yaml"]) == 0
    assert run(["emit", "python", "a.yaml", "--rule", "mask-lost=error"]) == 1
    assert run(["emit", "python", "b.yaml", "--rule", "mask-lost=warning"]) == 0
    assert run(["diff", "a.yaml", "b.yaml"]) == 2
    capsys.readouterr()
    assert run(["diff", "a.yaml", "b.yaml", "--rule", "mask-lost=ignore"]) == 0
    assert "mask-lost" not in capsys.readouterr().err
    assert run(["compile", "b.yaml", "-o", "out"]) == 1
    assert not (folder / "out").exists()


def test_of_a_mistake_made_twice_each_place_is_silenced_by_itself() -> None:
    conv = "      - Conv2D: {filters: 8, kernel_size: 3}\n      - BatchNormalization\n"
    text = "version: 1\nname: x\nbranches:\n  x:\n    input: {kind: image, shape: [32, 32, 3]}\n    layers:\n" + 2 * conv
    text += "      - Flatten\nhead: [{Dense: {units: 2, activation: softmax}}]\n"
    text += "compile:\n  loss: categorical_crossentropy\n  metrics:\n    - Precision\n    - Recall\n"
    lines = text.splitlines()
    places = {"bias-before-batchnorm": (7, 9), "precision-is-accuracy": (16, 17)}
    for code, (first, second) in places.items():
        for silenced, left in (((), first), ((first,), second), ((second,), first), ((first, second), None)):
            commented = [f"{line}  # ignore: {code}" if n in silenced else line for n, line in enumerate(lines, 1)]
            found = [each for each in cnnlstm_spec.load("\n".join(commented)).diagnostics if each.code.name == code]
            told = [each.place.span.source.find_position(each.place.span.start)[0] for each in found]
            assert told == ([] if left is None else [left]), (code, silenced)
            assert not silenced or all(len(each.labels) < 2 for each in found)


def test_many_comments_take_no_longer_than_their_text() -> None:
    """10,000 above each other, of codes that there are and that there are not."""
    began = time.perf_counter()
    assert len(cnnlstm_spec.load(spec() + "# ignore: mask-lost\n" * 10_000).diagnostics) == 201
    assert len(cnnlstm_spec.load(spec() + "".join(f"# ignore: none-{n}\n" for n in range(3000))).diagnostics) == 201
    assert time.perf_counter() - began < 20
