"""What a terminal shows of many short specs, each with a mistake, held in one `.out` a file; `make out` writes them anew.

The fragments of `tests/specs/said/*.yaml` are divided by `---`. Each is a spec together with those of the lines below whose
keys it does not have.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT, TESTS
from told import covers_words, hold, tell, tell_fixes

from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.spec.rules import read_rule_texts
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Source, Span

sys.path.insert(0, str(ROOT / "tools"))

from diagnostics import PAGE, PAGES
from mistakes import mistakes

FRAGMENTS = {path: path.read_text("utf-8").split("---\n") for path in sorted((TESTS / "specs" / "said").glob("*.yaml"))}
BETWEEN = "\n\n"
"""What stands in an `.out` between what is said of a fragment and the next."""
BASE = {
    "version": "version: 1\n",
    "name": "name: said\n",
    "branches": "branches: {x: {input: {kind: vector, shape: [4]}}, y: {input: {kind: vector, shape: [4]}}}\n",
    "fusion": "fusion: {strategy: concat}\n",
    "head": "head: [{Dense: {units: 1}}]\n",
}


def whole(fragment: str) -> str:
    """A fragment as a spec. Without branches of its own it has two that are joined."""
    written = set(re.findall(r"^(\w+):", fragment, re.M))
    left_out = {*written, *({"head"} if "heads" in written else ()), *({"fusion"} if "branches" in written else ())}
    return "".join(line for key, line in BASE.items() if key not in left_out) + fragment


def show(fragment: str) -> str:
    """A fragment and what is said of it."""
    found = compile_source(Source("said.yaml", whole(fragment))).diagnostics
    assert found, fragment
    return f"{fragment}---\n{tell(found)}\n"


def read_shown(path: Path) -> list[str]:
    """What the `.out` of a file has of each fragment, which ends where the next begins."""
    text = path.with_suffix(".out").read_text("utf-8")
    starts = [0]
    for fragment in FRAGMENTS[path][1:]:
        starts.append(text.index(f"\n{BETWEEN}{fragment}---\n", starts[-1]) + len(f"\n{BETWEEN}"))
    ends = [*(start - len(BETWEEN) for start in starts[1:]), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def chain(count: int, layer: str) -> str:
    """Blocks of which each uses the next, inside a layer."""
    inner = [f"  b{at}: {{parameters: {{x: 1}}, layers: [{layer.format(f'b{at + 1}: {{x: [$x, $x]}}')}]}}" for at in range(count)]
    return "\n".join(["blocks:", *inner, f"  b{count}: {{parameters: {{x: 1}}, layers: [Flatten]}}", "head: [b0]", ""])


DEEP = {
    "an address of many steps": chain(40, "{{Residual: {{layers: [{{{}}}]}}}}"),
    "a layer of many steps": chain(40, "{{Residual: {{layers: [{{{}}}]}}}}").replace("head: [b0]", "heads: {risk: [b0]}"),
    "values that double": chain(20, "{{{}}}"),
    "many findings": f"head: [{', '.join(['{Dense: {unit: 1}}'] * 210)}]\n",
    "brackets": "head: " + "[" * 20_000,
    "a layer in itself": "vars: {v: {SpectralNormalization: {layer: $v}}}\nhead: [$v]\n",
    "many inputs": "branches:\n"
    + "".join(f"  b{at}: {{input: {{kind: vector, shape: [4]}}}}\n" for at in range(500))
    + "fusion:\n"
    + "".join(f"  - {{name: f{at}, strategy: add}}\n" for at in range(500)),
    "many layers": "head: [{Repeat: {times: 200, layers: [{Repeat: {times: 200, layers: [Flatten]}}]}}]\n",
}
"""Specs that are small, and large when they are written out."""


@pytest.mark.parametrize(
    ("path", "number"),
    [pytest.param(path, at, id=f"{path.stem}-{at + 1}") for path, fragments in FRAGMENTS.items() for at in range(len(fragments))],
)
def test_what_is_said(path: Path, number: int, request: pytest.FixtureRequest) -> None:
    if number == 0 and request.config.getoption("--update"):
        hold(path.with_suffix(".out"), BETWEEN.join(show(each) for each in FRAGMENTS[path]), request)
    assert show(FRAGMENTS[path][number]) == read_shown(path)[number]


def test_what_is_said_of_what_grows(request: pytest.FixtureRequest) -> None:
    """Of many findings the last, which says how many more there are."""
    said = []
    for name, text in DEEP.items():
        found = compile_source(Source("said.yaml", whole(text))).diagnostics
        said.append(f"{name}\n{tell(found if len(found) < 100 else found[-1:])}\n")
    hold(TESTS / "specs" / "said" / "deep.out", "\n\n".join(said), request)


def test_what_is_said_of_real_mistakes(request: pytest.FixtureRequest) -> None:
    said = [f"{each.name}\n{tell(compile_source(Source('spec.yaml', each.wrong)).diagnostics)}\n" for each in mistakes()]
    hold(TESTS / "specs" / "said" / "mistakes.out", "\n\n".join(said), request)


def test_what_is_said_of_rules_of_the_command_line(request: pytest.FixtureRequest) -> None:
    found: list[Diagnostic] = []
    read_rule_texts(["mask-lost", "=ignore", "mask-lst=ignore", "mask-lost=never", "wrong-type=ignore"], found)
    hold(TESTS / "specs" / "said" / "rules.out", tell(found) + "\n", request)


def test_the_fixes_of_each_code(request: pytest.FixtureRequest) -> None:
    """Of the specs on their pages; what is said of those stands in `docs/diagnostics.md`."""
    said = []
    for path in sorted(PAGES.glob("*.md")):
        page = PAGE.fullmatch(path.read_text("utf-8"))
        if page is not None and page["sort"] == "yaml":
            said += tell_fixes(compile_source(Source("spec.yaml", page["wrong"])).diagnostics)
    hold(TESTS / "specs" / "said" / "fixes.out", "\n".join(said) + "\n", request)


def test_a_caret_that_cuts_a_word_is_not_written_down() -> None:
    source = Source("said.yaml", "units: 3x4")
    cut = [(0, 4), (1, 5), (7, 9)]
    assert [covers_words(Span(source, *each)) for each in [*cut, (0, 5), (7, 10), (0, 10), (8, 9)]] == [False] * 3 + [True] * 4


def test_what_is_left_out_is_what_is_named() -> None:
    """A fix that leaves a key or an item out stands at it, and not at what holds it or is its value."""
    told = "".join(path.read_text("utf-8") for path in sorted(TESTS.rglob("*.out")))
    left_out = re.findall(r"leave `([^`]+)` out; drop \d+:\d+ '([^']+)'", told)
    assert len(left_out) > 50
    assert [(named, at) for named, at in left_out if at not in re.split(r"\.|: ", named) and at != named] == []


SMALL = """
import pytest
from told import hold_told

from cnnlstm_spec.spec.rules import read_rule_texts


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_small(name: str, request: pytest.FixtureRequest) -> None:
    found = []
    read_rule_texts([f"{name}=never"], found)
    hold_told(found, request)
"""


@pytest.mark.whole
def test_a_part_of_the_tests_writes_its_own_parts(tmp_path: Path) -> None:
    """What other tests tell stays as it is, and what tests tell that are no longer there goes."""
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_small.py").write_text(SMALL, "utf-8")

    def update(*asked: str) -> list[tuple[str, str]]:
        options = ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "--update"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(TESTS)])}
        line = [sys.executable, "-m", "pytest", *options, *asked]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return re.findall(r"^=== (.+)\n.*?\b(one|two|zwei|three|gone)\b", (tmp_path / "test_small.out").read_text("utf-8"), re.M)

    all_of_them = [(f"test_small[{name}]", name) for name in ("one", "two", "three")]
    assert update("test_small.py") == all_of_them
    written = (tmp_path / "test_small.out").read_text("utf-8")
    (tmp_path / "test_small.out").write_text(
        written.replace("two", "zwei").replace("[zwei]", "[two]") + "\n\n=== test_gone\ngone\n", "utf-8"
    )
    kept = [("test_small[one]", "one"), ("test_small[two]", "zwei"), ("test_small[three]", "three")]
    assert update("test_small.py::test_small[one]") == [*kept, ("test_gone", "gone")]
    assert update("test_small.py", "-k", "three") == kept
