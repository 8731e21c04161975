"""Every diagnostic has a manual page, and the page is true: its wrong spec gives exactly that code, the right one none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixable import LISTED

import cnnlstm_spec
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.diagnostic import CODES
from cnnlstm_spec.text.source import Source
from tools.diagnostics import import_all

PAGES = {page.stem: page for page in sorted((Path(cnnlstm_spec.__file__).parent / "text" / "codes").glob("*.md"))}
BLOCK = "\n\n```{sort}\n(?P<{name}>.+?)```\n"
WRONG, RIGHT = BLOCK.format(sort="(?P<sort>yaml|text)", name="wrong"), BLOCK.format(sort="(?P=sort)", name="right")
PAGE = re.compile(rf"(?P<text>.+?)\n\n## Wrong{WRONG}\n## Right{RIGHT}", re.S)
MARK = re.compile(r"# (error|warning)$", re.M)

NOT_A_SPEC = {
    "not-text": "a page cannot hold the character",
    "not-utf8": "a page is UTF-8",
    "nested-too-deep": "the spec would fill the page",
    "aliases-too-large": "the spec would fill the page",
    "unclear-rule": "about the command line",
    "no-operation": "about the command line",
    "unknown-path": "about the command line",
    "set-in-vain": "about the command line",
    "unclear-override": "about the command line",
    "no-such-file": "about a file",
    "unreadable-file": "about a file",
    "file-too-large": "about a file",
    "more-findings": "the spec would fill the page",
    "matrix-too-large": "the spec would fill the page",
    "matrix-too-much-work": "the spec would fill the page",
    "graph-too-large": "the spec would fill the page",
    "extends-not-a-path": "about several files",
    "extends-without-folder": "about a text that came from no file, which the others here are",
    "extends-outside": "about several files",
    "extends-cycle": "about several files",
    "base-not-readable": "about several files",
    "module-not-imported": "about a Python module",
    "no-layers-in-module": "about a Python module",
    "matrix-does-not-fit": "about a file",
    "lora-with-weights": "about a file",
    "no-objects-in-module": "about a Python module",
    "own-object-name": "about a Python module",
    "own-layer-name": "about a Python module",
    "own-layer-raises": "about a Python module",
    "own-module-name": "about a Python module",
}
"""Pages whose examples are no specs, and why; the codes have tests of their own."""


def declared() -> set[str]:
    """The names of all codes; imports every module."""
    import_all()
    return set(CODES)


def parts(name: str) -> re.Match[str]:
    found = PAGE.fullmatch(PAGES[name].read_text("utf-8"))
    assert found is not None, "a page is one paragraph, `## Wrong` with a block, and `## Right` with a block"
    return found


def test_a_page_for_every_code_and_a_code_for_every_page() -> None:
    assert set(PAGES) == declared()


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str) -> None:
    page = parts(name)
    assert "\n\n" not in page["text"] and not page["text"].startswith("#")
    assert (page["sort"] == "text") == (name in NOT_A_SPEC)
    assert "invalid" not in page["text"].lower()


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_A_SPEC])
def test_examples(name: str) -> None:
    declared()
    page = parts(name)
    text = page["wrong"]
    marks = [(text.count("\n", 0, mark.start()) + 1, mark[1]) for mark in MARK.finditer(text)]
    found = [
        (each.place.span.source.find_position(each.place.span.start)[0], each.severity, each.code.name) for each in said(text)
    ]
    assert marks, "no line of the wrong spec has `# error` or `# warning`"
    assert [(line, severity) for line, severity, _ in found] == marks, found
    assert {code for _, _, code in found} == {name}
    assert MARK.search(page["right"]) is None
    assert [(each.code.name, each.message) for each in said(page["right"])] == []


def said(text: str) -> tuple[cnnlstm_spec.diagnostic.Diagnostic, ...]:
    compilation = compile_source(Source("page.yaml", text))
    for each in compilation.diagnostics:
        assert "invalid" not in each.message.lower()
    return compilation.diagnostics


@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_A_SPEC])
def test_what_a_fix_makes_is_what_the_page_shows(name: str) -> None:
    page = parts(name)
    prepared = sweep(Source("page.yaml", page["wrong"]))
    offered = any(fix.applicability != "display" for each in prepared.compile_plain().diagnostics for fix in each.fixes)
    assert offered or name not in LISTED
    if offered:
        mended = mend(prepared, unsafe=True, clock=Clock(lambda: 0.0))
        ((_, text),) = mended.changed
        assert without_marks(text) == page["right"] and not mended.found


def without_marks(text: str) -> str:
    return re.sub(r" *# (error|warning)$", "", text, flags=re.M)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_A_SPEC])
def test_errors_name_a_way_out(name: str) -> None:
    assert all(each.help for each in said(parts(name)["wrong"]) if each.severity == "error")
