"""Layers of a person's own: read only where that is allowed, their failures told, and built by Keras."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from elsewhere import Elsewhere
from places import ROOT
from told import hold_told

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.spec.own_layers import find_offered

DOCS = (ROOT / "docs" / "own-layers.md").read_text("utf-8")
LAYERS, KERAS_LAYERS = re.findall(r"```python\n(# my_package.+?)```", DOCS, re.S)
(SPEC,) = re.findall(r"```yaml\n(.+?)```", DOCS, re.S)
(PROJECT,) = re.findall(r"```toml\n(.+?)```", DOCS, re.S)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the documentation, where Python finds it."""
    folder = tmp_path / "my_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "layers.py").write_text(LAYERS)
    (folder / "keras_layers.py").write_text(KERAS_LAYERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    find_offered.cache_clear()
    yield folder
    find_offered.cache_clear()
    for name in [each for each in sys.modules if each.partition(".")[0] in ("my_package", "layers")]:
        del sys.modules[name]


def found(compilation: Compilation) -> list[tuple[str, int]]:
    """The code and line of each finding."""
    spans = [(each.code.name, each.place.span) for each in compilation.diagnostics]
    return [(code, span.source.find_position(span.start)[0]) for code, span in spans]


def test_not_allowed(package: Path) -> None:
    assert found(load(SPEC)) == [("imports-not-allowed", 3)]
    assert "my_package" not in sys.modules
    assert found(load(SPEC.replace("Dense", "Denze"))) == [("imports-not-allowed", 3)]
    assert ("layer-not-supported", 9) in found(load(SPEC.replace("LSTM", "Lambda")))


def test_allowed(package: Path) -> None:
    compilation = load(SPEC, allow_imports=True)
    assert found(compilation) == [] and compilation.typed is not None
    assert compilation.typed.params == 8 * 16 + 1 + 4 * 8 * (16 + 8 + 1) + 9
    assert "keras_layers" not in {name.rpartition(".")[2] for name in sys.modules}
    assert "import my_package.keras_layers\n" in compilation.to_python()
    assert "my_package.keras_layers.ScaledProjection(units=16" in compilation.to_python()


def test_it_is_read_as_strictly_as_any_layer(package: Path) -> None:
    assert found(load(SPEC.replace("units: 16", "unit: 16"), allow_imports=True)) == [("unknown-key", 8)]
    assert found(load(SPEC.replace("units: 16", "units: -1"), allow_imports=True)) == [("out-of-range", 8)]
    (near,) = load(SPEC.replace("ScaledProjection", "ScaledProjektion"), allow_imports=True).diagnostics
    assert near.help == ("did you mean `ScaledProjection`?",)
    assert found(load(SPEC.replace("[steps, 8]", "[8, features]"), allow_imports=True)) == [("size-needed-at-build", 8)]


def test_in_structures_and_fusions(package: Path) -> None:
    layer = "ScaledProjection: {units: 16"
    for item in (
        f"TimeDistributed: [{{{layer}}}}}]",
        f"Residual: {{layers: [{{{layer}}}}}], shortcut: projection}}",
        f"Repeat: {{times: 2, layers: [{{{layer}}}}}]}}",
        f"{layer}, share: both, dtype: float16, trainable: false}}",
    ):
        compilation = load(SPEC.replace(f"{layer}}}", item), allow_imports=True)
        assert found(compilation) == ([("shared-alone", 8)] if "share" in item else []), item
        assert compilation.to_python()


MISTAKES = {
    "missing": ("", "[my_packge.layers]", "module-not-imported"),
    "raises": ("1 / 0", "[my_package.layers]", "module-not-imported"),
    "exits": ("raise SystemExit(3)", "[my_package.layers]", "module-not-imported"),
    "not Python": ("def", "[my_package.layers]", "module-not-imported"),
    "empty": ("from cnnlstm_spec.ops.core import Dense\nx = 1", "[my_package.layers]", "no-layers-in-module"),
    "hidden": ("from cnnlstm_spec.extend import Op\nclass _Base(Op): pass", "[my_package.layers]", "no-layers-in-module"),
    "name taken": ("from cnnlstm_spec.extend import Op\nclass Dense(Op): pass", "[my_package.layers]", "own-layer-name"),
    "structure": ("from cnnlstm_spec.extend import Op\nclass Repeat(Op): pass", "[my_package.layers]", "own-layer-name"),
    "twice": (LAYERS, "[my_package.layers, my_package.layers]", "own-layer-name"),
    "module name": (LAYERS, "[layers]", "own-module-name"),
    "not a module": (LAYERS, "[my-package.layers]", "wrong-type"),
    "not a list": (LAYERS, "my_package.layers", "wrong-type"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_module_that_does_not_do(
    name: str, package: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    source, modules, code = MISTAKES[name]
    (package / "layers.py").write_text(source)
    spec = SPEC.replace("[my_package.layers]", modules)
    compilation = load(spec, allow_imports=True)
    assert found(compilation) == [(code, 3)]
    hold_told(compilation.diagnostics, request)
    (package.parent / "spec.yaml").write_text(spec)
    assert run(["validate", "--allow-imports", str(package.parent / "spec.yaml")]) == 1
    assert code in capsys.readouterr().out


def test_a_layer_that_raises(package: Path, request: pytest.FixtureRequest) -> None:
    (package / "layers.py").write_text(LAYERS.replace("(x,) = inputs", "(x,) = inputs\n        1 / 0"))
    compilation = load(SPEC, allow_imports=True)
    assert found(compilation) == [("own-layer-raises", 8)]
    assert compilation.diagnostics[0].help == ("ZeroDivisionError: division by zero",)
    told = compilation.diagnostics
    del sys.modules["my_package.layers"]
    check = "    def check(self, scope, node):\n        return self.none\n"
    (package / "layers.py").write_text(LAYERS.replace("    def infer", check + "\n    def infer"))
    compilation = load(SPEC, allow_imports=True)
    assert found(compilation) == [("own-layer-raises", 8)]
    hold_told((*told, *compilation.diagnostics), request)


def test_what_a_module_prints_does_not_end_up_in_the_output(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "layers.py").write_text("print('hello')\n" + LAYERS)
    (package.parent / "spec.yaml").write_text(SPEC)
    assert run(["shapes", "--format", "json", "--allow-imports", str(package.parent / "spec.yaml")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("{") and "hello" in err


def test_an_installed_package_offers_layers(package: Path) -> None:
    info = package.parent / "my_package-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1\n")
    ((group, offered),) = tomllib.loads(PROJECT)["project"]["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {module}" for name, module in offered.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    spec = SPEC.replace("layers_from: [my_package.layers]\n", "")
    (unknown,) = load(spec).diagnostics
    assert unknown.code.name == "unknown-layer" and "--allow-imports" in unknown.help[1]
    assert "my_package" not in sys.modules
    assert found(load(spec, allow_imports=True)) == []
    del sys.modules["my_package.layers"]
    (package / "layers.py").write_text("1 / 0")
    (unknown,) = load(spec, allow_imports=True).diagnostics
    assert unknown.code.name == "unknown-layer"
    assert unknown.help[1] == "`my_package.layers` cannot be imported: ZeroDivisionError"


@pytest.mark.parametrize("command", [["validate"], ["shapes"], ["dump"], ["plot", "-o", "-"], ["emit", "python"]])
def test_commands(command: list[str], package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(package.parent / "spec.yaml")
    Path(spec).write_text(SPEC)
    assert run([*command, spec]) == 1
    assert run([*command, "--allow-imports", spec]) == 0
    capsys.readouterr()


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestKeras:
    def test_the_model_is_saved_and_loaded(self, package: Path, capsys: pytest.CaptureFixture[str], elsewhere: Elsewhere) -> None:
        folder = package.parent
        (folder / "spec.yaml").write_text(SPEC)
        assert run(["compile", "--allow-imports", str(folder / "spec.yaml"), "-o", str(folder / "out")]) == 0
        usage = capsys.readouterr().out.split("\n\n")[1]
        assert "my_package.keras_layers" in usage
        elsewhere.run(usage, folder)

    def test_shapes_and_source_agree_with_keras(self, package: Path) -> None:
        compilation = load(SPEC, allow_imports=True)
        model = compilation.to_keras()
        assert compilation.typed is not None and model.count_params() == compilation.typed.params
        names: dict[str, object] = {"__name__": "source"}
        exec(compilation.to_python(), names)
        assert names["build_model"]().count_params() == model.count_params()  # type: ignore[operator]

    @pytest.mark.parametrize(
        ("module", "old", "new", "words"),
        [
            ("layers.py", "keras_layers.Scaled", "none.Scaled", "No module named 'my_package.none'"),
            ("layers.py", "keras_layers.Scaled", "keras_layers.Sealed", "has no attribute"),
            ("keras_layers.py", "def build(self, shape):", "def build(self, shape):\n        1 / 0", "division by zero"),
            ("keras_layers.py", "def __init__(self, units, ", "def __init__(self, ", "units"),
        ],
    )
    def test_a_keras_class_that_fails(
        self, module: str, old: str, new: str, words: str, package: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = (package / module).read_text()
        (package / module).write_text(text.replace(old, new))
        (package.parent / "spec.yaml").write_text(SPEC)
        assert run(["compile", "--allow-imports", str(package.parent / "spec.yaml"), "-o", str(package.parent / "out")]) == 1
        err = capsys.readouterr().err
        assert words in err and "bug" not in err
