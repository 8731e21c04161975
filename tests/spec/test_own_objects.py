"""Losses and the like of a person's own: read only where that is allowed, as strictly as Keras's, and built and loaded by Keras."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elsewhere import Elsewhere
from places import ROOT
from told import hold_told

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

DOCS = (ROOT / "docs" / "own-objects.md").read_text("utf-8")
(OBJECTS,) = re.findall(r"```python\n(# my_package.+?)```", DOCS, re.S)
(SPEC,) = re.findall(r"```yaml\n(.+?)```", DOCS, re.S)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the documentation, where Python finds it."""
    folder = tmp_path / "my_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "objects.py").write_text(OBJECTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    yield folder
    forget()


def forget() -> None:
    """Lets the package be imported anew."""
    for name in [each for each in sys.modules if each.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def found(compilation: Compilation) -> list[tuple[str, int]]:
    """The code and line of each finding."""
    spans = [(each.code.name, each.place.span) for each in compilation.diagnostics]
    return [(code, span.source.find_position(span.start)[0]) for code, span in spans]


def test_not_allowed(package: Path) -> None:
    """Nothing is imported, and what may be theirs is passed over; the rest is judged."""
    assert found(load(SPEC)) == [("imports-not-allowed", 3)]
    assert "my_package" not in sys.modules
    assert found(load(SPEC.replace("units: 3", "units: -3"))) == [("imports-not-allowed", 3), ("out-of-range", 8)]


def test_a_misspelt_key_is_one_mistake(package: Path) -> None:
    """What it names is not imported, and what may be theirs is passed over."""
    assert found(load(SPEC.replace("objects_from", "objects_form"), allow_imports=True)) == [("unknown-key", 3)]
    assert "my_package" not in sys.modules


@pytest.mark.parametrize("module", ["my_packge.objects", "keras.losses", "numpy"])
def test_a_module_that_cannot_be_had(module: str, package: Path) -> None:
    code = "own-module-name" if module.partition(".")[0] in ("keras", "numpy") else "module-not-imported"
    assert found(load(SPEC.replace("my_package.objects", module), allow_imports=True)) == [(code, 3)]


CALLBACK = "class Callback: pass\nCallback.__module__ = 'keras'\n"
"""What a callback is told by, without Keras."""
TOLD = {
    "none": ("x = 1\n", SPEC),
    "taken": (f"{CALLBACK}class EarlyStopping(Callback): pass\n", SPEC),
    "a mapping": (
        f"{CALLBACK}class Mine(Callback):\n    def __init__(self, step): pass\n",
        "version: 1\nname: t\nobjects_from: [my_package.objects]\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: []\n"
        "compile: {loss: mse}\nfit: {epochs: 2, callbacks: [{Mine: {step: {a: 1}}}]}\n",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_of_a_module(name: str, package: Path, request: pytest.FixtureRequest) -> None:
    source, spec = TOLD[name]
    (package / "objects.py").write_text(source)
    (told,) = load(spec, allow_imports=True).diagnostics
    hold_told([told], request)


def test_a_callback_of_ones_own_may_set_the_learning_rate(package: Path) -> None:
    (package / "objects.py").write_text(f"{CALLBACK}class Rate(Callback): pass\n")
    spec = (
        "version: 1\nname: t\nobjects_from: [my_package.objects]\nbranches: {x: {input: {kind: vector, shape: [4]}}}\n"
        "head: [{Dense: {units: 1}}]\ncompile: {loss: mse, learning_rate_multipliers: {head: 0.1}}\n"
        "data: {train: t.csv}\nfit: {epochs: 2, callbacks: [Rate]}\n"
    )
    assert found(load(spec, allow_imports=True)) == [("multipliers-and-callbacks", 6)]
    assert found(load(spec.replace("[Rate]", "[]"), allow_imports=True)) == []


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestKeras:
    def test_it_is_read_as_strictly_as_keras(self, package: Path) -> None:
        def codes(old: str, new: str) -> list[tuple[str, int]]:
            return found(load(SPEC.replace(old, new), allow_imports=True))

        assert codes("", "") == []
        assert codes("power: 1.5", "powr: 1.5") == [("unknown-key", 10)]
        assert codes("power: 1.5", "power: {a: 1}") == [("wrong-type", 10)]
        assert codes("{Band: {factor: 1e-2}}", "Band") == [("name-needs-arguments", 8)]
        assert codes("{Band: {factor: 1e-2}}", "{Band: {}}") == [("missing-key", 8)]
        assert codes("largest_error", "{largest_error: {power: 1}}") == [("unknown-key", 10)]
        assert codes("activation: bent", "activation: largest_error") == [("unknown-name", 8)], "it takes two tensors"
        (near,) = load(SPEC.replace("PowerLoss", "PowerLos"), allow_imports=True).diagnostics
        assert near.help == ("did you mean `PowerLoss`?",)

    def test_of_several_heads(self, package: Path) -> None:
        """A name with arguments is a loss, where a mapping of heads may stand too."""
        spec = SPEC.replace("head: [{Dense: {units: 1}}]", "heads: {y: [{Dense: {units: 1}}]}")
        assert found(load(spec, allow_imports=True)) == []
        by_head = spec.replace("loss: {PowerLoss: {power: 1.5}}", "loss: {y: PowerLoss}").replace(
            "[largest_error, mae]", "{y: mae}"
        )
        assert found(load(by_head, allow_imports=True)) == []

    MISTAKES = (
        ("import keras\nclass Loss(keras.losses.Loss): pass\n", "no-objects-in-module"),
        ("x = 1\n", "no-objects-in-module"),
        (OBJECTS.replace("PowerLoss", "Huber"), "own-object-name"),
        (OBJECTS.replace("def bent", "def relu"), "own-object-name"),
        ("1 / 0", "module-not-imported"),
    )

    @pytest.mark.parametrize(("source", "code"), MISTAKES)
    def test_a_module_that_does_not_do(self, source: str, code: str, package: Path) -> None:
        (package / "objects.py").write_text(source)
        compilation = load(SPEC, allow_imports=True)
        assert found(compilation) == [(code, 3)] and compilation.diagnostics[0].help

    def test_callbacks_need_no_registering(self, package: Path) -> None:
        from cnnlstm_spec.language.catalog import OwnThing
        from cnnlstm_spec.language.scope import Scope
        from cnnlstm_spec.spec.fit.callbacks import NAMED
        from cnnlstm_spec.spec.own_objects import with_own_objects
        from cnnlstm_spec.text.nodes import Mapping, make_node

        counting = "import keras\nclass Counting(keras.callbacks.Callback):\n    def __init__(self, step=1): pass\n"
        (package / "objects.py").write_text(counting)
        root = make_node({"objects_from": ["my_package.objects"]})
        assert isinstance(root, Mapping)
        scope = with_own_objects(("my_package.objects",), root, Scope([], allow_imports=True))
        thing = NAMED.read(make_node({"Counting": {"step": 2}}), scope)
        assert scope.found == [] and isinstance(thing, OwnThing)
        assert (thing.path, thing.get("step")) == ("my_package.objects.Counting", 2)

    def test_the_model_is_built_saved_and_loaded(
        self, package: Path, capsys: pytest.CaptureFixture[str], elsewhere: Elsewhere
    ) -> None:
        numpy = pytest.importorskip("numpy")
        folder = package.parent
        (folder / "spec.yaml").write_text(SPEC)
        source: dict[str, Any] = {"__name__": "source"}
        exec(load(SPEC, allow_imports=True).to_python(), source)
        model: Any = load(SPEC, allow_imports=True).to_keras()
        x, y = numpy.linspace(-1, 1, 32).reshape(8, 4), numpy.linspace(0, 1, 8)[:, None]
        kernel, bias, last, shift = model.get_weights()
        inner = x @ kernel + bias
        given = (numpy.sign(inner) * numpy.sqrt(numpy.abs(inner) + 1)) @ last + shift
        loss = numpy.mean(numpy.abs(given - y) ** 1.5) + 0.01 * numpy.sum(numpy.abs(numpy.abs(kernel) - 1))
        for each in (model, source["build_model"]()):
            told = each.evaluate(x, y, verbose=0, return_dict=True)
            assert told["loss"] == pytest.approx(loss, rel=1e-4)
            assert told["largest_error"] == pytest.approx(numpy.abs(given - y).mean(), rel=1e-4)
        assert run(["compile", "--allow-imports", str(folder / "spec.yaml"), "-o", str(folder / "out")]) == 0
        usage = capsys.readouterr().out.split("\n\n")[1]
        assert "my_package.objects" in usage and "my_package.objects" in (folder / "out" / "manifest.json").read_text()
        elsewhere.run(usage, folder)

    def test_what_your_code_raises_is_told(self, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = OBJECTS.replace("self.power = power", "raise ValueError('no such power')")
        (package / "objects.py").write_text(text)
        (package.parent / "spec.yaml").write_text(SPEC)
        assert run(["compile", "--allow-imports", str(package.parent / "spec.yaml"), "-o", str(package.parent / "out")]) == 1
        assert "no such power" in capsys.readouterr().err
