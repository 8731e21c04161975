"""The specs under `specs/ok`, which are silent, and under `specs/err`, each with all that a terminal shows of it, and its fixes, in a `.out`.

`make out` writes the `.out` files anew; read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT, TESTS
from told import tell

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.text.diagnostic import LONGEST

HERE = TESTS / "specs"
SHOWN = ROOT / "specs"
OK = sorted(HERE.glob("ok/*.yaml")) + sorted(SHOWN.glob("*.yaml"))
ERR = sorted(HERE.glob("err/*.yaml"))


def lines(compilation: Compilation) -> list[str]:
    """A line for each diagnostic."""
    found = []
    for each in compilation.diagnostics:
        span = each.place.span
        line, column = span.source.find_position(span.start)
        found.append(f"{Path(span.source.name).name}:{line}:{column} {each.severity}[{each.code.name}] {each.message}")
    return found


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_ok(path: Path) -> None:
    """Says nothing but the warnings that the spec announces with `# warning` at their lines."""
    compilation = load(path)
    announced = [number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "# warning" in line]
    assert compilation.ok, lines(compilation)
    assert [int(line.split(":")[1]) for line in lines(compilation)] == announced
    assert compilation.typed is not None and all(node.type is not None for node in compilation.typed.nodes.values())


@pytest.mark.parametrize("path", ERR, ids=lambda path: path.stem)
def test_err(path: Path, request: pytest.FixtureRequest) -> None:
    """First lines, places, carets, labels, notes, ways out and fixes are those that are written down."""
    compilation = load(path)
    said = tell(compilation.diagnostics).replace(f"{path.parent}/", "") + "\n"
    out = path.with_suffix(".out")
    if request.config.getoption("--update"):
        out.write_text(said, encoding="utf-8")
    assert out.read_text("utf-8") == said
    assert compilation.diagnostics
    assert all(len(each.message) <= LONGEST for each in compilation.diagnostics)


def test_every_out_has_a_spec() -> None:
    assert {out.stem for out in HERE.glob("err/*.out")} == {path.stem for path in ERR}


def test_a_file_that_is_not_there() -> None:
    (line,) = lines(load(HERE / "ok" / "hole.yaml"))
    assert line == "hole.yaml:1:1 error[no-such-file] there is no such file"
    (found,) = load(HERE / "ok" / "whole.yml").diagnostics
    assert "whole.yaml" in found.help[0]
