"""`python tools/mutants.py N`: N of the things that a message says are changed, one at a time; how many changes a test sees.

A place in the source is changed where it runs: the modules are imported through a loader that hands each help text, label,
place, suggestion and fix to `decide`, which gives it back as it is or, in the one place that is asked for, changed:

    help         a text in `help=`, or the way out of a code: its last word is another
    label        the words of a label
    place        where a finding stands: its span ends a character earlier, or it stands at the whole record
    suggestion   what `suggest_word` or `find_nearest` gives: nothing
    fix          the title of a fix
    edits        the changes of a fix: the last of them is left out

First the tests run as they are, and it is noted which of them reach which place. Then each change is made in a process of
its own, which runs the tests that reach it until one fails. A change that no test reaches has survived. The sample is the
same until the source changes; `--first N` leaves out as many, so that the next of them are tried, and `--only WORD` takes changes
with a word in their name.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, process_time
from types import ModuleType
from typing import Any, TextIO
from zlib import crc32

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cnnlstm_spec"
GOAL = 0.95
"""The part of all changes that must be seen."""
TESTS = ("tests",)
"""All that do not need Keras, but for the slow ones."""
SLOW = (
    "test_adding",
    "test_architecture",
    "test_arithmetic",
    "test_browser",
    "test_cli",
    "test_codes",
    "test_configurations",
    "test_emit",
    "test_files",
    "test_folder",
    "test_fuzz*",
    "test_hostile*",
    "test_inference",
    "test_interrupts",
    "test_layout",
    "test_limits",
    "test_meeting",
    "test_memory",
    "test_mutants",
    "test_neovim",
    "test_page",
    "test_pictures",
    "test_pipelines",
    "test_processes",
    "test_readme",
    "test_repaired",
    "test_scalars",
    "test_schema",
    "test_search_workers",
    "test_server",
    "test_several",
    "test_sizes",
    "test_svg",
    "test_targets",
    "test_threads",
    "test_verbs",
    "test_vscode",
    "test_yaml_language_server",
)
"""Files of tests that take long and see no message which others do not see sooner, and those that see none."""
SHOWN = ("test_specs.py", "test_diagnostics_page.py", "test_said.py")
"""Files of tests that compare all that a terminal shows, and see most: they come first."""
PATIENCE = 30
"""Seconds of work on tests for one change; one that nothing has seen by then has survived."""
DECIDE = "__decide__"
"""The name by which instrumented source calls `decide`."""
NAMED = {"report": ("help",), "Refusal": ("help",), "Diagnostic": ("help", "label"), "refuse": ("help",), "_refused": ("help",)}
"""Calls that make a finding, and their arguments that are texts."""
SUGGESTS = ("suggest_word", "find_nearest")
SPELLING = ("spelling", "scope")
"""The modules that these come from; another has a `find_nearest` of its own."""
PLACED = {"report": 1, "Diagnostic": 1, "Label": 0}
"""Calls that say where, and the position of that argument."""


class Sites(ast.NodeTransformer):
    """Hands every thing that a message says to `decide`, with the name of the place: `file:line:column kind`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[str] = []
        self.suggests: set[str] = set()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Notes what suggests words in this file."""
        if (node.module or "").rpartition(".")[2] in SPELLING:
            self.suggests |= {each.name for each in node.names if each.name in SUGGESTS}
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Looks into the arguments, then at the call itself."""
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in PLACED and len(node.args) > PLACED[name] and (name != "report" or _is_code(node.args[0])):
            node.args[PLACED[name]] = self.handed(node.args[PLACED[name]], "place")
        if name == "Label" and len(node.args) == 2:
            node.args[1] = self.handed(node.args[1], "label")
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg in NAMED.get(name, ()):
                keyword.value = self.handed(keyword.value, keyword.arg)
        if name == "Code" and (helps := [each for each in node.keywords if each.arg == "help"]):
            # It is made once, when its module is imported; what is told of it is read where a finding is made.
            self.found.append(f"{self.file}:{helps[0].value.lineno}:0 help of {ast.literal_eval(node.args[0])}")
        if name == "Fix":
            if len(node.args) > 1:
                node.args[1] = self.handed(node.args[1], "edits")
            return self.handed(node, "fix")
        return self.handed(node, "suggestion") if name in self.suggests else node

    def handed(self, value: ast.expr, kind: str) -> ast.expr:
        """The value, through `decide`; what is plainly empty says nothing."""
        if isinstance(value, ast.Tuple) and not value.elts:
            return value
        name = f"{self.file}:{value.lineno}:{value.col_offset} {kind}"
        self.found.append(name)
        call = ast.Call(ast.Name(DECIDE, ast.Load()), [ast.Constant(name), value], [])
        return ast.fix_missing_locations(ast.copy_location(call, value))


def _is_code(value: ast.expr) -> bool:
    """Whether the first argument of `report` is a code; other things than findings are reported too."""
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return name.isupper() or name == "code"


def read_sites(path: Path) -> tuple[ast.Module, list[str]]:
    """The tree of a file with its places handed over, and their names."""
    sites = Sites(path.relative_to(PACKAGE).as_posix())
    tree = sites.visit(ast.parse(path.read_text("utf-8")))
    return tree, sites.found


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles the instrumented source, and leaves bytecode alone."""

    def get_code(self, fullname: str) -> Any:
        """The code of the instrumented module."""
        path = Path(self.get_filename(fullname))
        return compile(read_sites(path)[0], str(path), "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of the package, for that loader."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """The specification of a module of the package, or None for others."""
        if fullname.partition(".")[0] != PACKAGE.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path or [str(ROOT)])
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = Loader(fullname, spec.loader.path)
        return spec


def changed(name: str, value: Any) -> Any:
    """What a place says instead; the very same value where there is nothing to change."""
    kind = name.split(" ")[1]
    if kind == "suggestion":
        return type(value)() if isinstance(value, tuple) else None
    if kind == "place":
        return moved(value)
    if kind == "edits":
        return tuple(value)[:-1]
    if kind == "fix":
        return replace(value, title=reworded(value.title))
    return reworded(value)


def reworded(value: Any) -> Any:
    """A text whose last word is another, or texts of which the last is."""
    if isinstance(value, str):
        return value and f"{value.rpartition(' ')[0]} otherwise".strip()
    texts = tuple(value)
    return (*texts[:-1], reworded(texts[-1])) if texts else value


def moved(value: Any) -> Any:
    """A node or a place whose span ends a character earlier, or begins one later where a person sees no end of it.

    Of an argument's name, by which a record says where its finding stands, none: the finding then stands at the whole record.
    """
    if isinstance(value, str):
        return None
    if (inner := getattr(value, "span", None)) is not None:
        span = moved(inner)
        made = value._replace(span=span) if hasattr(value, "_replace") else replace(value, span=span)
        return value if span is inner else made
    if not hasattr(value, "source") or not value.source.text:
        return value
    text = value.source.text[value.start : value.end]
    if len(text) > 1:
        return value._replace(start=value.start + 1) if "\n" in text else value._replace(end=value.end - 1)
    if value.source.text[value.end : value.end + 1].isprintable():
        return value._replace(end=value.end + 1)
    return value._replace(start=value.start - 1) if value.start else value


class Decider:
    """Stands in the source: notes who comes by, or makes the one change that is asked for."""

    def __init__(self) -> None:
        self.asked: str | None = None
        self.test = ""
        self.reached: dict[str, dict[str, None]] = defaultdict(dict)
        self.same: set[str] = set()
        """Places that were reached and where nothing can be changed."""

    def decide(self, name: str, value: Any) -> Any:
        """The value, changed in the place that is asked for."""
        if isinstance(value, Iterator):
            value = tuple(value)
        if self.asked is not None:
            return changed(name, value) if name == self.asked else value
        if value and changed(name, value) != value:
            self.reached[name][self.test] = None
        else:
            self.same.add(name)
        return value

    def watch_codes(self, names: dict[str, str]) -> None:
        """Hands over the ways out of codes, where a finding has no nearer one; `names` are their places by code."""
        from cnnlstm_spec.text.diagnostic import Diagnostic

        plain: Callable[[Diagnostic], None] = Diagnostic.__post_init__

        def post_init(found: Diagnostic) -> None:
            nearer = bool(found.help)
            plain(found)
            if found.help and not nearer and found.code.name in names:
                object.__setattr__(found, "help", self.decide(names[found.code.name], found.help))

        setattr(Diagnostic, "__post_init__", post_init)  # noqa: B010


class Plugin:
    """Runs the tests once as they are, then, in processes of their own, those that reach each change; says so to a stream."""

    def __init__(self, decider: Decider, sites: list[str], processes: int, out: TextIO) -> None:
        self.decider, self.sites, self.processes, self.out = decider, sites, processes, out
        self.seconds: dict[str, float] = {}
        self.broken: set[str] = set()
        self.survived: list[str] = []
        self.killed = 0
        self.untouched: list[str] = []

    def pytest_runtestloop(self, session: Any) -> bool:
        """All of it, in place of pytest's own loop."""
        started = monotonic()
        for item in session.items:
            begun = monotonic()
            self.decider.test = item.nodeid
            if not passes(item):
                self.broken.add(item.nodeid)
            self.seconds[item.nodeid] = monotonic() - begun
        for test in sorted(self.broken):
            print(f"fails as it is: {test}", file=self.out, flush=True)
        print(
            f"{len(session.items)} tests in {monotonic() - started:.0f} s, {len(self.broken)} of them fail as they are",
            flush=True,
        )
        items = {item.nodeid: item for item in session.items if item.nodeid not in self.broken}
        waiting = []
        for site in self.sites:
            tests = [each for each in self.decider.reached.get(site, ()) if each in items]
            if tests:
                waiting.append((site, sorted(tests, key=self.place_in_line)))
            elif site in self.decider.same:
                self.untouched.append(site)
            else:
                self.tell(site, "no test reaches it")
        running: dict[int, tuple[str, int]] = {}
        while waiting or running:
            while waiting and len(running) < self.processes:
                site, tests = waiting.pop()
                pid = self.fork(site, [items[each] for each in tests])
                running[pid] = (site, len(tests))
            pid, status = os.wait()
            site, count = running.pop(pid)
            if status:
                self.killed += 1
            else:
                self.tell(site, f"{count} tests reach it")
        return True

    def place_in_line(self, test: str) -> tuple[bool, float]:
        """Tests that compare everything come first, then the quickest."""
        return not any(name in test for name in SHOWN), self.seconds[test]

    def fork(self, site: str, items: list[Any]) -> int:
        """A process that makes one change and ends with 1 where a test sees it, else with 0."""
        sys.stdout.flush()
        if pid := os.fork():
            return pid
        seen = 1
        try:
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, 1), os.dup2(devnull, 2)
            self.decider.asked = site
            until = process_time() + PATIENCE
            seen = int(any(not passes(item) for item in items if process_time() < until))
        finally:
            os._exit(seen)

    def tell(self, site: str, why: str) -> None:
        """Tells of a change that has survived."""
        self.survived.append(site)
        print(f"survived: {site} ({why}; {self.killed} others are seen so far)", file=self.out, flush=True)


def passes(item: Any) -> bool:
    """Whether a test passes, or is skipped."""
    from _pytest.runner import runtestprotocol

    if hasattr(item, "_request"):
        item._initrequest()
    return all(not report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def main() -> int:
    """0 where enough changes are seen."""
    parser = argparse.ArgumentParser(prog="mutants", description="Changes what messages say, and looks whether a test sees it.")
    parser.add_argument("count", type=int, nargs="?", default=100, help="how many changes (default: 100)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="how many of them are left out first (default: 0)")
    parser.add_argument("--only", default="", metavar="WORD", help="changes with a word in their name")
    parser.add_argument(
        "--tests", nargs="+", default=TESTS, metavar="PATH", help="the tests, in place of those that see messages"
    )
    parser.add_argument("--processes", type=int, default=2, help="how many processes (default: 2)")
    options = parser.parse_args()
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if "cli" not in path.relative_to(PACKAGE).parts]
    every = [site for path in files for site in read_sites(path)[1] if options.only in site]
    sites = sorted(every, key=lambda site: crc32(site.encode()))[options.first :][: options.count]
    decider = Decider()
    setattr(builtins, DECIDE, decider.decide)
    sys.meta_path.insert(0, Finder())
    sys.path[:0] = [str(ROOT)]
    os.chdir(ROOT)
    decider.watch_codes({site.rpartition(" ")[2]: site for site in every if " help of " in site})
    import pytest

    # pytest takes what is printed for the tests' own.
    plugin = Plugin(decider, sites, options.processes, os.fdopen(os.dup(1), "w"))
    # That a test fails is all that is asked; to tell why takes longer than the test.
    quiet = ["-q", "--assert=plain", "--tb=no"]
    ignored = [f"--ignore-glob=*/{name}.py" for name in SLOW]
    pytest.main(
        [*quiet, "-m", "not keras", "-p", "no:cacheprovider", "-p", "no:xdist", *ignored, *options.tests], plugins=[plugin]
    )
    tried = plugin.killed + len(plugin.survived)
    kinds = Counter(site.split(" ")[1] for site in sites)
    print(f"{tried} changes of {len(every)}: " + ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    if plugin.untouched:
        print(f"{len(plugin.untouched)} more say nothing that could be changed")
    print(f"{plugin.killed} seen, {len(plugin.survived)} survived")
    return 0 if tried and plugin.killed >= GOAL * tried and len(plugin.broken) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
