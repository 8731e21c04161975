"""The command line: exit statuses, streams, forms of output, and what it says of files that cannot be read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document
from places import ROOT

from cnnlstm_spec import __version__
from cnnlstm_spec.cli.main import COMMANDS, run
from cnnlstm_spec.cli.terminal import has_color

SPEC = ROOT / "specs" / "equipment-fault.yaml"
WRONG = """version: 1
name: wrong
branches:
  image:
    input: {kind: image, shape: [64, 64, 3]}
    layers:
      - Conv2D: {filters: 8, kernel_size: 3}
      - LSTM: {units: 4}
head:
  - Dense: {units: "64"}
"""
CONDITIONAL = """version: 1
name: conditional
branches:
  video:
    input: {kind: sequence, shape: [frames, 3]}
    layers:
      - Conv1D: {filters: 8, kernel_size: 5}
      - GlobalMaxPooling1D
head:
  - Dense: {units: 1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "cnnlstm_spec", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False, **options)


def test_a_clean_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(SPEC)]) == 0
    assert capsys.readouterr() == ("no errors in 1 file\n", "")


def test_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["validate", "wrong.yaml"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "error[wrong-rank]: `LSTM` reads (steps, features)" in out
    assert "wrong.yaml:8:9" in out and "wrong.yaml:10:20" in out
    assert out.endswith("\n2 errors in 1 file\n")


def test_json_has_every_finding_at_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["validate", "--format", "json", "wrong.yaml", str(SPEC), "none.yaml"]) == 2
    data = read_document("validate", capsys.readouterr().out)
    assert [(each["path"], each["ok"]) for each in data["files"]] == [
        ("wrong.yaml", False),
        (str(SPEC), True),
        ("none.yaml", False),
    ]
    first, second = data["files"][0]["diagnostics"]
    assert (first["code"], first["line"], first["column"], first["end_column"]) == ("wrong-rank", 8, 9, 13)
    assert first["path"] == "branches.image.layers[1]"
    assert first["labels"][0]["line"] == 7
    assert (second["line"], second["column"], second["help"]) == (10, 20, ["remove the quotes: 64"])
    assert data["files"][2]["diagnostics"][0]["code"] == "no-such-file"


def test_json_says_where_an_override_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--format", "json", "--set", "head[0].units=no", str(SPEC)]) == 1
    data = read_document("validate", capsys.readouterr().out)
    (found,) = data["files"][0]["diagnostics"]
    assert (found["source"], found["line"], found["column"]) == ("--set", 1, 15)


@pytest.mark.parametrize("spec", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_shapes_json(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", "--format", "json", str(spec)]) == 0
    data = read_document("shapes", capsys.readouterr().out)
    assert sum(each["params"] for each in data["layers"]) == data["params"]["total"]


def test_shapes_of_the_first_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", "--format", "json", str(SPEC)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["inputs"][0] == {"name": "thermal", "shape": [64, 64, 1], "dtype": "float32"}
    assert data["outputs"] == [{"name": "head", "shape": [1], "dtype": "float32"}]
    assert data["params"] == {"total": 60865, "trainable": 60865, "non_trainable": 0}
    conv = next(each for each in data["layers"] if each["layer"] == "Conv2D")
    assert (conv["shape"], conv["mask"], conv["params"]) == ([62, 62, 32], None, 320)


def test_shapes_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", str(SPEC)]) == 0
    out, err = capsys.readouterr()
    assert "(height=62, width=62, channels=32)" in out and "parameters: 60,865" in out and err == ""


def test_shapes_of_a_spec_with_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["shapes", "wrong.yaml"]) == 1
    out, err = capsys.readouterr()
    assert "(height=62, width=62, channels=8)" in out and "parameters: unknown" in out
    assert "wrong-rank" in err
    assert run(["shapes", "--format", "json", "wrong.yaml"]) == 1
    assert capsys.readouterr().out == ""


def test_strict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "c.yaml").write_text(CONDITIONAL)
    assert run(["validate", "c.yaml"]) == 0
    out = capsys.readouterr().out
    assert "warning[" in out and out.endswith("no errors, 1 warning in 1 file\n")
    assert run(["validate", "--strict", "c.yaml"]) == 1


def test_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", "--format", "json", "--set", "branches.vibration.layers[0].units=8", str(SPEC)]) == 0
    lstm = next(each for each in json.loads(capsys.readouterr().out)["layers"] if each["layer"] == "LSTM")
    assert lstm["shape"] == [8]
    assert run(["validate", "--set", "branches.vibratoin.layers[0].units=8", str(SPEC)]) == 1
    assert "did you mean `branches.vibration`?" in capsys.readouterr().out
    assert run(["validate", "--set", "units", str(SPEC)]) == 2


BROKEN = {
    "empty": (b"", 1, "empty-spec"),
    "not-yaml": (b"version: [1", 1, "not-yaml"),
    "latin-1": (b"version: 1\nname: caf\xe9\n", 1, "not-utf8"),
    "utf-16": ("version: 1".encode("utf-16"), 1, "not-utf8"),
    "utf-16 without a mark": ("version: 1".encode("utf-16-le"), 1, "not-text"),
    "nul": (b"version: 1\0", 1, "not-text"),
    "brackets": (b"[" * 200_000, 1, "nested-too-deep"),
    "several": (b"a: 1\n---\nb: 2\n", 1, "several-documents"),
    "large": (b"#" * (4 * 2**20 + 1), 2, "file-too-large"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_spec(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, status, code = BROKEN[name]
    (folder / "broken.yaml").write_bytes(data)
    assert run(["validate", "broken.yaml"]) == status
    assert f"error[{code}]" in capsys.readouterr().out
    assert run(["shapes", "broken.yaml"]) == status
    out, err = capsys.readouterr()
    assert f"error[{code}]" in err and out == ""


def test_not_utf8_has_a_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "latin.yaml").write_bytes("version: 1\nname: é".encode() + b"\xe9\n")
    assert run(["validate", "--format", "json", "latin.yaml"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    assert (found["line"], found["column"], found["message"]) == (2, 8, "not UTF-8: the byte 0xE9 stands here")


def test_a_byte_order_mark_and_crlf_are_nothing(folder: Path) -> None:
    (folder / "windows.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC.read_bytes().replace(b"\n", b"\r\n"))
    assert run(["validate", "windows.yaml"]) == 0


def test_what_cannot_be_read_does_not_hide_the_rest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["validate", "wrng.yaml", "wrong.yaml"]) == 2
    out = capsys.readouterr().out
    assert "error[no-such-file]" in out and "did you mean `wrong.yaml`?" in out and "wrong-rank" in out
    assert out.endswith("3 errors in 2 files\n")


def test_a_folder_where_a_file_is_needed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", str(folder)]) == 2
    assert "it is a folder" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "secret.yaml").write_text(WRONG)
    (folder / "secret.yaml").chmod(0)
    assert run(["validate", "secret.yaml"]) == 2
    assert "permission denied" in capsys.readouterr().out


def test_folders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = folder / "specs" / "inner"
    inner.mkdir(parents=True)
    (inner / "b.yml").write_text(SPEC.read_text("utf-8"))
    (folder / "specs" / "a.yaml").write_text("version: 1\nbranches: [\n")
    (folder / "specs" / "flow.yaml").write_text('{"version": 1, "branches": {}, "name": x, "head": []}')
    (folder / "specs" / "other.yaml").write_text("services: {}\n")
    (folder / "specs" / "_part.yaml").write_text(WRONG)
    (folder / "specs" / "readme.txt").write_text(WRONG)
    (folder / "specs" / ".hidden").mkdir()
    (folder / "specs" / ".hidden" / "h.yaml").write_text(WRONG)
    (inner / "loop").symlink_to(folder / "specs")
    assert run(["validate", "--format", "json", "specs"]) == 1
    out, err = capsys.readouterr()
    paths = [each["path"] for each in json.loads(out)["files"]]
    assert paths == ["specs/a.yaml", "specs/flow.yaml", "specs/inner/b.yml"]
    assert sorted(line.partition(":")[0] for line in err.splitlines()) == ["specs/_part.yaml", "specs/other.yaml"]


def test_a_folder_without_specs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(folder)]) == 2
    assert "there is no spec in" in capsys.readouterr().err


def test_standard_input() -> None:
    given = process("validate", "-", "--stdin-filename", "editor.yaml", input=WRONG.encode())
    assert given.returncode == 1 and b"--> editor.yaml:8:9" in given.stdout
    assert process("shapes", "-", input=SPEC.read_bytes()).returncode == 0


@pytest.mark.parametrize(
    ("choice", "environment", "colored"),
    [
        ("auto", {}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "0"}, False),
    ],
)
def test_color(
    choice: str,
    environment: dict[str, str],
    colored: bool,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (folder / "wrong.yaml").write_text(WRONG)
    run(["validate", "--color", choice, "wrong.yaml"])
    assert ("\x1b[" in capsys.readouterr().out) is colored


def test_color_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert has_color("auto", Terminal())  # type: ignore[arg-type]
    monkeypatch.setenv("TERM", "dumb")
    assert not has_color("auto", Terminal())  # type: ignore[arg-type]


@pytest.mark.parametrize("command", [["shapes", str(SPEC)], ["validate", str(SPEC)], ["layers"], ["emit", "python", str(SPEC)]])
def test_a_closed_pipe_ends_quietly(command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", "cnnlstm_spec", *command]
    done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnlstm_spec.cli.checking.sweep", interrupted)
    assert run(["validate", str(SPEC)]) == 128 + signal.SIGINT


def test_a_bug_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("cnnlstm_spec.cli.checking.sweep", broken)
    assert run(["validate", "--format", "json", str(SPEC)]) == 70
    out, err = capsys.readouterr()
    assert out == "" and "has a bug" in err and "report" in err and "ZeroDivisionError: of ours" in err


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["validate"], ["validate", "--format", "xml", "x"], ["shapes"], ["plot", "x", "-o", "x.gif"]]
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err


def test_a_misspelt_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validat", "x"]) == 2
    assert "did you mean `validate`?" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"cnnlstm-spec {__version__}\n"
    assert run(["--help"]) == 0
    assert all(name in capsys.readouterr().out for name in [*COMMANDS][:1])


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_new_gives_specs_that_are_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert len(names) >= 3
    for name in names:
        assert run(["new", name, "-o", f"{name}.yaml"]) == 0
    assert run(["new", names[0], "-o", f"{names[0]}.yaml"]) == 2
    assert run(["validate", "--strict", "."]) == 0
    assert run(["new", names[0] + "x"]) == 2


def test_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["layers"]) == 0
    assert all(f"  {name}" in capsys.readouterr().out for name in ["LSTM"])
    assert run(["layers", "LSTM"]) == 0
    page = capsys.readouterr().out
    assert "(steps, features)" in page and "return_sequences" in page and "- LSTM: {units: 4}" in page
    assert run(["layers", "LTSM"]) == 2
    assert "did you mean `LSTM`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("Lambda", "use `Op: {name: ...}`"),
        ("LSTMCell", "use `LSTM`"),
        ("InstanceNorm2d", "`GroupNormalization: {groups: -1}`"),
        ("tf.keras.layers.Dense", "did you mean `Dense`?"),
        ("Input", "an input is written as `input:"),
        ("fit", "a key of a spec"),
    ],
)
def test_a_name_without_a_page_is_answered_with_what_stands_for_it(
    name: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["layers", name]) == 2
    assert way in capsys.readouterr().err


def test_a_spec_is_explained_by_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(SPEC)]) == 2
    assert f"explain {SPEC} branches.NAME" in capsys.readouterr().err


def test_every_layer_has_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    from cnnlstm_spec.emit.words.reference import find, list_names, write_page

    for listed in list_names().values():
        for name in (each.split()[0] for each in listed):
            record = find(name)
            assert record is not None and write_page(name, record)


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    code = capsys.readouterr().out.split()[0]
    assert run(["explain", code]) == 0
    page = capsys.readouterr().out
    assert "## Wrong" in page
    assert run(["explain", f"error[{code}]"]) == 0
    assert capsys.readouterr().out == page
    assert run(["explain", code + "x"]) == 2


@pytest.mark.parametrize("stage", ["document", "spec", "graph", "typed", "lowered", "program"])
def test_dump(stage: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dump", "--stage", stage, str(SPEC)]) == 0
    first = capsys.readouterr().out
    assert first and " at 0x" not in first
    run(["dump", "--stage", stage, str(SPEC)])
    assert capsys.readouterr().out == first
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["dump", "--stage", stage, "wrong.yaml"]) == 1


def test_dump_of_the_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text(
        "version: 1\nname: a\nbranches: {x: {input: {kind: vector, shape: [3]}}}\n"
        "head: [{Dropout: {rate: 0}}, {Dropout: {rate: 0, name: kept}}]\n"
    )
    assert run(["dump", "--stage", "lowered", "a.yaml"]) == 0
    out = capsys.readouterr().out
    assert "gone: head_dropout\n" in out and "remove_noops leaves kept: a person named it\n" in out
    assert run(["dump", "--stage", "lowered", "--passes", "none", "a.yaml"]) == 0
    assert "gone" not in capsys.readouterr().out
    for passes, count in (("default", 1), ("none", 2)):
        assert run(["dump", "--stage", "program", "--passes", passes, "a.yaml"]) == 0
        assert capsys.readouterr().out.count("layers.Dropout(") == count


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.whole
@pytest.mark.parametrize("sizes", ["4, 8, 8", "frames, height, 8"])
def test_compile_verify(sizes: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnlstm_spec.compiler.artifact import verify as compare

    conv = "TimeDistributed: [{Conv2D: {filters: 2, kernel_size: 3}}, GlobalAveragePooling2D]"
    video = f"{{kind: video, shape: [{sizes}, 1], padding_value: 0.0}}"
    layers = f"[{{{conv}}}, {{Dropout: {{rate: 0}}}}, {{TimeDistributed: [{{Dense: {{units: 3}}}}]}}, {{LSTM: {{units: 2}}}}]"
    (folder / "v.yaml").write_text(f"version: 1\nname: v\nbranches: {{x: {{input: {video}, layers: {layers}}}}}\nhead: []\n")
    assert run(["compile", "v.yaml", "-o", "out", "--verify"]) == 0
    out = capsys.readouterr().out
    assert "with and without passes: greatest difference" in out and out.count("x8x") == 3
    monkeypatch.setattr(compare, "BOUND", -1.0)
    assert run(["compile", "v.yaml", "-o", "out", "--verify", "--passes", "none"]) == 1


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_compile_verify_where_passes_change_the_order_of_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = "{one: [{GRU: {units: 5, return_sequences: true}}], two: [{TimeDistributed: {layer: {Dense: {units: 3}}}}]}"
    branch = f"{{input: {{kind: sequence, shape: [6, 4]}}, layers: [{{Parallel: {{paths: {paths}, merge: concat}}}}]}}"
    (folder / "o.yaml").write_text(f"version: 1\nname: o\nbranches: {{x: {branch}}}\nhead: []\n")
    assert run(["compile", "o.yaml", "-o", "out", "--verify"]) == 0
    assert "with and without passes: greatest difference" in capsys.readouterr().out


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("more", [[], ["--matrix", "seed=[1]"]], ids=["one", "matrix"])
def test_compile_without_what_a_layer_needs(
    more: list[str], folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras.src.utils import module_utils

    monkeypatch.setattr(module_utils.scipy, "module", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    layer = "{STFTSpectrogram: {frame_length: 8}}"
    branch = f"{{input: {{kind: sequence, shape: [64, 1]}}, layers: [{layer}]}}"
    (folder / "s.yaml").write_text(f"version: 1\nname: s\nbranches: {{x: {branch}}}\nhead: []\n")
    assert run(["compile", "s.yaml", "-o", "out", *more]) == 2
    out, err = capsys.readouterr()
    assert "`scipy` is not installed: pip install '.[tensorflow]' in a checkout of cnnlstm-spec\n" in out + err
    assert "bug" not in out + err and not list((folder / "out").glob("**/model.keras"))


def test_what_to_install() -> None:
    from cnnlstm_spec.text.missing import explain_missing

    assert explain_missing(ModuleNotFoundError(name="pandas.core")) == "`pandas` is not installed: pip install pandas"
    assert explain_missing(ModuleNotFoundError(name="cnnlstm_spec.hole")) is None
    assert explain_missing(ImportError("cannot import name")) is None


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


def test_plot(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", str(SPEC), "-o", "model.svg"]) == 0
    assert (folder / "model.svg").read_text("utf-8").lstrip().startswith("<")
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["plot", "wrong.yaml", "-o", "wrong.svg"]) == 1
    assert (folder / "wrong.svg").exists()
    assert run(["plot", str(SPEC), "-o", "no/such/folder.svg"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_plot_takes_depth_direction_and_width(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for options in ([], ["--depth", "0"], ["--direction", "right"], ["--width", "300"]):
        assert run(["plot", str(SPEC), "-o", "-", *options]) == 0
        pages.append(capsys.readouterr().out)
    assert len(set(pages)) == 4 and '<svg xmlns="http://www.w3.org/2000/svg" width="300" ' in pages[3]
    pytest.importorskip("resvg_py")
    assert run(["plot", str(SPEC), "-o", "model.png", "--width", "300", "--depth", "0", "--direction", "right"]) == 0
    assert int.from_bytes((folder / "model.png").read_bytes()[16:20], "big") == 300


@pytest.mark.parametrize(
    "options",
    [["--depth", "-1"], ["--depth", "65"], ["--depth", "all"], ["--depth", "1.5"], ["--direction", "up"]]
    + [["--width", width] for width in ("0", "-300", "63", "16001", "99999999999", "wide", "nan")],
)
def test_plot_refuses_what_cannot_be(options: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", str(SPEC), "-o", "model.svg", *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and f"'{options[0]}'" in err and not (folder / "model.svg").exists()


def test_a_png_that_would_be_too_high_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("resvg_py")
    assert run(["plot", str(SPEC), "-o", "model.png", "--width", "16000"]) == 2
    err = capsys.readouterr().err
    assert "--width 10303 is the most" in err and "Traceback" not in err and not (folder / "model.png").exists()


def test_compile_of_a_spec_with_errors_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text(WRONG)
    assert run(["compile", "wrong.yaml", "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "wrong-rank" in err
    assert sorted(each.name for each in folder.iterdir()) == ["wrong.yaml"]


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = (
        "import sys, cnnlstm_spec; print(len([m for m in sys.modules if m.split('.')[0] in ('yaml', 'click', 'cnnlstm_spec')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"1"


def test_validate_imports_no_keras(folder: Path) -> None:
    """Nor do other commands, which run one after another, so that what one imports is seen after it."""
    commands = [["validate", str(SPEC)], ["shapes", str(SPEC)], ["emit", "python", str(SPEC)], ["schema"], ["layers", "LSTM"]]
    program = (
        "import json, sys; from cnnlstm_spec.cli.main import run\n"
        "for command in json.loads(sys.argv[1]):\n"
        "    assert run(command) == 0, command\n"
        "    assert not {'keras', 'tensorflow', 'numpy', 'jsonschema'} & set(sys.modules), (command, sys.modules.keys())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", program, json.dumps(commands)]
    done = subprocess.run(line, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_example_of_a_page_is_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    from cnnlstm_spec import load
    from cnnlstm_spec.emit.words.reference import find, list_names, write_page

    for heading, listed in list_names().items():
        for name in (each.split()[0] for each in listed if heading != "structures"):
            record = find(name)
            assert record is not None
            written, _, shapes = write_page(name, record).rstrip().rpartition("example\n  ")[2].partition("    # on ")
            dtype = record.examples[0].dtype  # type: ignore[attr-defined]
            inputs = [each.strip("[]") for each in shapes.partition("\n")[0].split("], [")]
            branches = "".join(_branch(index, sizes, dtype) for index, sizes in enumerate(inputs))
            if written.startswith("fusion:"):
                text = f"branches:\n{branches}{written}\nhead: []\n"
            else:
                text = f"branches:\n{branches}    layers:\n      {written}\nhead: []\n"
            found = load(f"version: 1\nname: example\n{text}").diagnostics
            assert [each.message for each in found if each.severity == "error"] == [], (name, text)


def _branch(index: int, sizes: str, dtype: str) -> str:
    axes = ", ".join(f"axis{place}" for place, _ in enumerate(sizes.split(", ")))
    if not sizes and dtype == "string":
        return f"  {('first', 'second', 'third')[index]}:\n    input: {{kind: text}}\n"
    return f"  {('first', 'second', 'third')[index]}:\n    input: {{kind: tensor, axes: [{axes}], shape: [{sizes}], dtype: {dtype}}}\n"


def test_a_folder_that_cannot_be_looked_into(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "secret").mkdir()
    (folder / "good.yaml").write_text("version: 1\nname: t\nbranches: {a: {input: {kind: vector, shape: [4]}}}\nhead: []\n")
    scan = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert run(["validate", "."]) == 2
    captured = capsys.readouterr()
    assert captured.err == "./secret: cannot be read: permission denied\n" and captured.out == "no errors in 1 file\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", [["validate", str(SPEC)], ["schema"], ["shapes", str(SPEC), "--format", "json"]])
def test_a_full_disk_is_no_bug(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "cnnlstm_spec", *command], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and done.stderr == "Error: standard output: No space left on device\n"
