"""The tables of docs/deploy.md: what was run anew, and what stands from before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import deploy_table
from tools.deploy_table import (
    COUNTS,
    FORMATS,
    NOT_RUN,
    RUN,
    Held,
    cell_path,
    list_specs,
    make_table,
    make_tables,
    read_page,
    read_tables,
)

SPECS = [Path("first.yaml"), Path("second.yaml")]
COMMIT = "1234abcd"


@pytest.fixture(autouse=True)
def _without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy_table, "date_commit", lambda commit: f"2026-11-29 {commit}")


def keep(cache: Path, spec: Path, kind: str, **found: object) -> None:
    cell_path(cache, spec, kind).write_text(json.dumps({**found, "commit": COMMIT}))


def test_a_cell_that_was_not_run_anew_stays_with_the_day_that_it_was_run(tmp_path: Path) -> None:
    before = f"""
| spec | onnx | jax |
| --- | --- | --- |
| first | 1e-06 | no |
| second | no | not run |
| **{COUNTS} 2** | **1** | **0** |
| {RUN} | 2026-11-01 ab | 2026-11-02 cd |

- `first`: jax: it has none: of all
- `second`: onnx: what it said
"""
    held = read_tables(before)
    keep(tmp_path, SPECS[1], "onnx", difference=2e-7)
    table, notes = make_table(SPECS, ["onnx", "jax", "torch"], tmp_path, held)
    assert table.splitlines()[2:] == [
        "| first | 1e-06 | no | not run |",
        "| second | 2e-07 | not run | not run |",
        f"| **{COUNTS} 2** | **2** | **0** | **0** |",
        f"| {RUN} | 2026-11-01 ab, 2026-11-29 {COMMIT} | 2026-11-02 cd |  |",
    ]
    assert notes == ["- `first`: jax: it has none: of all"]


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    keep(tmp_path, SPECS[0], "onnx", difference=0.0, open="it said")
    keep(tmp_path, SPECS[0], "litert int8", failed="litert int8: it ends; fixed sizes may do: this")
    keep(tmp_path, SPECS[1], "jax", late=1800)
    written = make_tables(SPECS, tmp_path, Held({}, {}, {}))
    held = read_tables(written)
    assert held.cells["first", "onnx"] == "0e+00 (fixed)" and held.cells["second", "jax"] == "over 1800 s"
    assert held.notes == {("first", "litert int8"): "- `first`: litert int8: it ends"}
    assert make_tables(SPECS, tmp_path / "nothing", held) == written


def test_the_page_is_what_is_made_of_it(tmp_path: Path) -> None:
    """Each spec is in it, and each cell that was run in a column that says when."""
    held = read_page()
    assert {spec for spec, _ in held.cells} == {each.stem for each in list_specs()}
    assert {kind for (_, kind), cell in held.cells.items() if cell != NOT_RUN} == held.runs.keys() >= set(FORMATS)
    assert {key for key, cell in held.cells.items() if cell == "no"} == held.notes.keys()
    assert make_tables(list_specs(), tmp_path, held) in deploy_table.PAGE.read_text()
