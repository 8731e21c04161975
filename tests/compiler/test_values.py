"""What a person of a notebook gives and sees: numpy's values as overrides, a compilation as a line, a table, a picture and data."""

from __future__ import annotations

import base64
import enum
import pydoc
import re
import sys
import types
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec
from cnnlstm_spec.emit.words.table import write_table
from cnnlstm_spec.text.escape.characters import UNSAFE
from cnnlstm_spec.text.render import render

SPEC = ROOT / "specs" / "equipment-fault.yaml"


def test_numbers_and_arrays_of_numpy_are_values() -> None:
    np = pytest.importorskip("numpy")
    given = {
        "seed": np.int64(3),
        "branches.thermal.input.shape": np.array([32, 32, 1]),
        "branches.vibration.layers[0].dropout": np.float32(0.5),
        "branches.vibration.layers[0].return_sequences": np.bool_(False),
        "compile.loss": np.str_("mse"),
        "head": [{"Dense": {"units": np.int32(2)}}],
    }
    plain = {**given, "seed": 3, "branches.thermal.input.shape": [32, 32, 1], "head": [{"Dense": {"units": 2}}]}
    plain |= {"branches.vibration.layers[0].dropout": 0.5, "branches.vibration.layers[0].return_sequences": False}
    plain["compile.loss"] = "mse"
    one, two = cnnlstm_spec.load(SPEC, given), cnnlstm_spec.load(SPEC, plain)
    assert one.ok and one.to_python() == two.to_python()
    found = cnnlstm_spec.load(SPEC, {"head[0].units": np.float64(2.5)}).diagnostics
    assert [each.message for each in found] == ["`units` is a positive integer; this is 2.5"]


class Width(enum.IntEnum):
    WIDE = 8


class Name(str):
    """A text of a class of its own."""


def test_subclasses_of_plain_values_are_values() -> None:
    assert cnnlstm_spec.load(SPEC, {"head[0].units": Width.WIDE, "compile.loss": Name("mse")}).ok
    assert cnnlstm_spec.load(SPEC, {"head[0].units": Name("wide")}).diagnostics[0].code.name == "wrong-type"
    with pytest.raises(TypeError, match="no place in a spec"):
        cnnlstm_spec.load(SPEC, {"head[0].units": object()})


@pytest.mark.parametrize("given", [None, 3, [3], [("head[0].units", 2)], {3: 4}, {None: 1}, {("head", 0): 1}, {b"seed": 1}])
def test_what_is_no_override_is_told_as_such(given: Any) -> None:
    with pytest.raises(TypeError, match=r"overrides are `\{'vars.width': 8\}`, or texts like 'vars.width=8'; this is "):
        cnnlstm_spec.load(SPEC, given)


def test_overrides_may_come_one_by_one() -> None:
    compilation = cnnlstm_spec.load(SPEC, (f"seed={each}" for each in (1, 2)))
    assert compilation.ok and compilation.spec is not None and compilation.spec.seed == 2


def test_a_compilation_is_one_line() -> None:
    shown = repr(cnnlstm_spec.load(SPEC))
    assert shown.startswith("<Compilation equipment-fault: thermal, vibration -> head (features=1), ")
    assert shown.endswith(" parameters, no errors>") and len(shown) < 200


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        'version: 1\nname: "\\e[31m\\u202e"\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: []\n',
        "[",
        "version: 1\nname: a\n",
    ],
)
def test_of_a_wrong_one_too(text: str) -> None:
    shown = repr(cnnlstm_spec.load(text))
    assert shown.startswith("<Compilation") and " error" in shown and shown.isprintable()


def test_it_is_short_whatever_the_spec() -> None:
    branches = ", ".join(f"b{n}: {{input: {{kind: vector, shape: [4]}}}}" for n in range(300))
    text = f"version: 1\nname: {'n' * 5000}\nbranches: {{{branches}}}\nfusion: {{strategy: concat}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    assert len(repr(cnnlstm_spec.load(text))) < 400


HOSTILE = (
    'version: 1\nname: "</pre><script>\\u202e&"\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: [{"<img src=x>": 1}]\n'
)


def test_print_shows_the_table_and_the_findings() -> None:
    compilation = cnnlstm_spec.load(SPEC)
    assert compilation.typed is not None
    assert str(compilation) == write_table(compilation.typed)
    broken = cnnlstm_spec.load(SPEC, {"head[0].unitz": 3})
    assert broken.typed is not None and str(broken) == f"{write_table(broken.typed)}\n\n{broken.diagnostics[0]}"
    nothing = cnnlstm_spec.load("a: 1\n")
    assert str(nothing) == render(nothing.diagnostics)


def test_a_diagnostic_is_the_text_of_a_terminal() -> None:
    found = cnnlstm_spec.load(SPEC, {"head[0].unitz": 3}).diagnostics[0]
    assert str(found) == render([found]) and "head[0].unitz=3" in str(found) and "\x1b" not in str(found)


def test_shapes_are_data() -> None:
    shapes = cnnlstm_spec.load(SPEC).shapes
    assert shapes is not None and shapes.params.total == 60_865
    assert shapes.layers[0].shape == (62, 62, 32) and shapes.outputs[0].shape == (1,)
    assert cnnlstm_spec.load("a: 1\n").shapes is None


def test_shapes_are_a_frame_of_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = cnnlstm_spec.load(SPEC).shapes
    assert shapes is not None
    stand_in = types.ModuleType("pandas")
    stand_in.DataFrame = lambda rows, columns: (rows, columns)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    rows, columns = shapes.to_pandas()
    assert [row["path"] for row in rows] == [each.path for each in shapes.layers]
    assert all(list(row) == columns for row in rows)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError):
        shapes.to_pandas()


@pytest.mark.parametrize("text", [SPEC.read_text(), HOSTILE, "[", "a: 1\n", ""])
def test_a_notebook_shows_a_picture_that_cannot_touch_its_page(text: str) -> None:
    compilation = cnnlstm_spec.load(text)
    shown = compilation._repr_html_()
    assert set(re.findall(r"</?[a-z]+", shown)) <= {"<img", "<pre", "</pre"} and UNSAFE.search(shown.replace("\n", "")) is None
    encoded = re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', shown)
    assert encoded is not None and base64.b64decode(encoded[1]).decode() == compilation.to_svg()
    assert ("<pre>" in shown) == (not compilation.ok)


def test_help_is_one_screen() -> None:
    shown = pydoc.render_doc(cnnlstm_spec, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
    assert len(shown.splitlines()) <= 56
    assert all(name in shown for name in cnnlstm_spec._HOMES if name != "__version__")
    assert all(hasattr(cnnlstm_spec, name) and name in dir(cnnlstm_spec) for name in cnnlstm_spec._HOMES)
