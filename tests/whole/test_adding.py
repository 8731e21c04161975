"""A layer, a rule and a diagnostic are added to a copy of the package, by the steps of CONTRIBUTING.md and no others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

LAYER = '''

class Doubled(Op):
    """Twice as many channels, the same ones again."""

    times: Annotated[int, COUNT] = 2
    """How often each channel comes."""
    examples = (example({}, (4,)), example({"times": 3}, (None, 4)))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(..., channels) to (..., channels * `times`)."""
        (x,) = inputs
        if self.times > 9:
            raise Refusal(TOO_OFTEN, at="times", layer=self.title(), times=self.times)
        return x.with_axes(*x.axes[:-1], Axis(x.axes[-1].name, x.axes[-1].size * self.times))
'''
DECLARED = """TOO_OFTEN = Code("comes-too-often", "error", "`{layer}` gives each channel {times} times", help="9 times is enough")
"""
PAGE = """Nobody needs a channel more than nine times.

## Wrong

```yaml
version: 1
name: example
branches: {x: {input: {kind: vector, shape: [4]}, layers: [{Doubled: {times: 10}}]}}  # error
head: [{Dense: {units: 1}}]
```

## Right

```yaml
version: 1
name: example
branches: {x: {input: {kind: vector, shape: [4]}, layers: [{Doubled: {times: 3}}]}}
head: [{Dense: {units: 1}}]
```
"""
RULE = '''"""A layer that doubles twice in a row."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedNode
from ...text.diagnostic import Code, Diagnostic
from .common import Setting, find_title

TWICE = Code("doubled-much", "warning", "`{layer}` gives {count} channels", help="write fewer `times`")


def check_doubled(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """Each layer of that name that gives more than 16 channels."""
    op, x = node.node.op, node.type
    if op is not None and x is not None and find_title(op) == "Doubled" and x.axes[-1].size > 16:
        yield Diagnostic(TWICE, node.node.origin.place, {"layer": "Doubled", "count": x.axes[-1].size})
'''
SPEC = """version: 1
name: added
branches: {x: {input: {kind: vector, shape: [4]}, layers: [Doubled, {Doubled: {times: %s}}, Dubled]}}
head: [{Dense: {units: 1}}]
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with the three added: a class and its name, a file, a declaration and a page for each code."""
    folder = tmp_path_factory.mktemp("copy")
    package = folder / "cnnlstm_spec"
    shutil.copytree(ROOT / "cnnlstm_spec", package, ignore=shutil.ignore_patterns("__pycache__"))
    core = package / "ops" / "core.py"
    text = core.read_text("utf-8").replace("class Dense(Op):", f"{DECLARED}\n\nclass Dense(Op):", 1)
    core.write_text(text + LAYER, "utf-8")
    registry = package / "ops" / "__init__.py"
    registry.write_text(registry.read_text("utf-8").replace('"core": "Dense ', '"core": "Doubled Dense ', 1), "utf-8")
    (package / "model" / "rules" / "doubled.py").write_text(RULE, "utf-8")
    for code in ("comes-too-often", "doubled-much"):
        (package / "text" / "codes" / f"{code}.md").write_text(PAGE, "utf-8")
    return folder


def said(copy: Path, *arguments: str, spec: str = "") -> str:
    """What a command prints there."""
    (copy / "spec.yaml").write_text(spec, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    line = [sys.executable, "-m", "cnnlstm_spec", *arguments]
    return subprocess.run(line, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=120).stdout


def test_the_layer_is_one_of_the_language(copy: Path) -> None:
    assert "(features=24)" in said(copy, "shapes", "spec.yaml", spec=SPEC.replace(", Dubled", "") % 3)
    assert "How often each channel comes." in said(copy, "layers", "Doubled")
    assert "did you mean `Doubled`?" in said(copy, "validate", "spec.yaml", spec=SPEC % 3)
    assert '"Doubled"' in said(copy, "schema")


def test_the_diagnostic_is_told_with_its_place_and_its_way_out(copy: Path) -> None:
    out = said(copy, "validate", "spec.yaml", spec=SPEC.replace(", Dubled", "") % 10)
    assert "error[comes-too-often]: `Doubled` gives each channel 10 times\n --> spec.yaml:3:" in out
    assert "\n  = help: 9 times is enough\n" in out
    assert said(copy, "explain", "comes-too-often") == PAGE


def test_the_rule_is_found_by_its_folder(copy: Path) -> None:
    spec = SPEC.replace(", Dubled", "")
    assert "warning[doubled-much]: `Doubled` gives 24 channels\n" in said(copy, "validate", "spec.yaml", spec=spec % 3)
    assert "doubled-much" not in said(copy, "validate", "spec.yaml", spec=spec % 2)
