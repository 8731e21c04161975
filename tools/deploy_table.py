"""The tables of docs/deploy.md: made of the cells that were run, and of those that stand there where none was.

A table has a row of when each column was run, by the commits that its cells are of, so that a cell that stands from before
is told as what it is. Below the tables is why cells do not work.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, cast

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- made by tools/deploy.py -->", "<!-- end of what tools/deploy.py made -->"
FORMATS = ("saved_model", "litert", "onnx", "openvino")
QUANTISED = ("litert dynamic", "litert float16", "litert int8")
ELSEWHERE = ("keras 3.8.0", "keras 3.10.0", "keras 3.12.4", "keras 3.14.1", "jax", "torch")
"""The cells of `tools/versions.py`."""
TABLES = (FORMATS, ELSEWHERE, QUANTISED)
COUNTS, RUN = "of", "**run**"
NOT_RUN = "not run"
NOTE = re.compile(r"- `(?P<spec>[^`]+)`: (?P<kind>[^:]+): ")


class Held(NamedTuple):
    """What stands in tables: cells and notes by spec and kind, and when a kind was run."""

    cells: dict[tuple[str, str], str]
    notes: dict[tuple[str, str], str]
    runs: dict[str, list[str]]


def read_tables(text: str) -> Held:
    """What stands in tables, each of which begins with a row of its kinds."""
    held = Held({}, {}, {})
    kinds: list[str] = []
    for line in text.splitlines():
        if (note := NOTE.match(line)) is not None:
            held.notes[note["spec"], note["kind"]] = line
        if not line.startswith("| "):
            continue
        name, *cells = [each.strip() for each in line.strip("|").split("|")]
        if name == "spec":
            kinds = cells
        elif name == RUN:
            held.runs.update({kind: cell.split(", ") for kind, cell in zip(kinds, cells, strict=True) if cell})
        elif not name.startswith(("---", f"**{COUNTS} ")):
            held.cells.update({(name, kind): cell for kind, cell in zip(kinds, cells, strict=True)})
    return held


def make_tables(specs: list[Path], cache: Path, held: Held) -> str:
    """The tables, and what there is to say of cells that do not work."""
    tables, notes = [], []
    for kinds in TABLES:
        table, said = make_table(specs, kinds, cache, held)
        tables.append(table)
        notes += said
    return "\n\n".join([*tables, "\n".join(sorted(notes))]).strip()


def make_table(specs: list[Path], kinds: tuple[str, ...] | list[str], cache: Path, held: Held) -> tuple[str, list[str]]:
    """A table, and why cells of it do not work."""
    rows = [f"| spec | {' | '.join(kinds)} |", f"| --- |{' --- |' * len(kinds)}"]
    notes: list[str] = []
    counts = dict.fromkeys(kinds, 0)
    runs: dict[str, list[str]] = {kind: [] for kind in kinds}
    for spec in specs:
        cells = []
        for kind in kinds:
            key = (spec.stem, kind)
            found = read_cell(cell_path(cache, spec, kind))
            if found is None or "began" in found:
                cells.append(held.cells.get(key, NOT_RUN))
                notes += [held.notes[key]] if key in held.notes else []
                stood = held.runs.get(kind, []) if cells[-1] != NOT_RUN else []
            else:
                cells.append(write_cell(found))
                notes += (
                    [f"- `{spec.stem}`: {found['failed'].split('; fixed sizes may do')[0][:200]}"] if "failed" in found else []
                )
                stood = [date_commit(found["commit"])]
            runs[kind] += [each for each in stood if each not in runs[kind]]
            counts[kind] += cells[-1][:1].isdigit()
        rows.append(f"| {spec.stem} | {' | '.join(cells)} |")
    rows.append(f"| **{COUNTS} {len(specs)}** | {' | '.join(f'**{count}**' for count in counts.values())} |")
    rows.append(f"| {RUN} | {' | '.join(', '.join(sorted(each)) for each in runs.values())} |")
    return "\n".join(rows), notes


def write_cell(found: dict[str, Any]) -> str:
    """The difference from Keras, with what had to be fixed; what does not work is told below."""
    if "late" in found:
        return f"over {found['late']} s"
    if "failed" in found:
        return "no"
    return f"{found['difference']:.0e}" + (" (fixed)" if "open" in found else "")


def date_commit(described: str) -> str:
    """The day of a commit, and the commit, as `git describe` gives it."""
    commit = described.removesuffix("-dirty").rpartition("-g")[2]
    asked = ["git", "show", "--no-patch", "--format=%cs", commit]
    # A commit that was rebased since is no more where it was.
    day = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip()
    return f"{day} {described}".strip()


def write_page(tables: str) -> None:
    """Puts the tables between the marks of the page."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", "utf-8")


def read_page() -> Held:
    """What stands in the page."""
    return read_tables(PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0])


def list_specs() -> list[Path]:
    """Those of the tables."""
    specs = [*sorted(ROOT.glob("specs/*.yaml")), *sorted(ROOT.glob("specs/published/*.yaml"))]
    return [each for each in specs if not each.name.startswith("_")]


def cell_path(cache: Path, spec: Path, kind: str) -> Path:
    """Where a cell is kept."""
    return cache / f"{spec.stem}.{kind.replace(' ', '-')}.json"


def read_cell(path: Path) -> dict[str, Any] | None:
    """What is known of a cell; None where it was never begun."""
    return cast("dict[str, Any]", json.loads(path.read_text("utf-8"))) if path.exists() else None
