"""Functions are called by verbs: what they do, or, where they answer yes or no, what holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec import extend

PACKAGE = Path(cnnlstm_spec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text("utf-8").split())
"""The verbs, in the base form, with which names of functions begin."""

AUXILIARIES = frozenset({"are", "can", "has", "is", "may", "was"})
CONVERSIONS = frozenset({"as", "from", "to", "with", "without"})
"""As Python and its libraries name conversions, and copies that differ in one thing."""
ATTRIBUTES = frozenset({"property", "cached_property"})
COMMANDS = frozenset({"command", "group"})
CONTRACT = {*extend.__all__, "dataclass", "keras_path", "macs", "main", "title", "version_9", "weights"}
"""Names that others know: of the API for layers of one's own, of Python, and of tf2onnx."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Imports = dict[str, tuple[str, tuple[str, ...]]]


def map_imports(tree: ast.AST) -> Imports:
    """What a file imports of libraries: for each name a module, and the steps from that."""
    found: Imports = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= {each.asname or each.name: (node.module, (each.name,)) for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0]: (each.name, ()) for each in node.names}
    return found


def has_named(base: ast.expr, name: str, imports: Imports) -> bool:
    """Whether a base of a class is a library's, and has a method of that name; or may have, where it is not installed."""
    root, *steps = ast.unparse(base).partition("[")[0].split(".")
    if root not in imports:
        return False
    module, first = imports[root]
    try:
        found: Any = import_module(module)
    except ImportError:
        return True
    for step in (*first, *steps):
        found = getattr(found, step)
    return hasattr(found, name)


def list_functions(node: ast.AST, imports: Imports) -> Iterator[Function]:
    """The functions in a node whose names are ours to choose."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, Function):
            calls = [one.func if isinstance(one, ast.Call) else one for one in each.decorator_list]
            decorators = {ast.unparse(one).rpartition(".")[2] for one in calls}
            bases = node.bases if isinstance(node, ast.ClassDef) else []
            if not decorators & (ATTRIBUTES | COMMANDS) and not any(has_named(base, each.name, imports) for base in bases):
                yield each
        yield from list_functions(each, imports)


def find_verb(function: Function) -> str | None:
    """The verb in the name of a function; "" where that is made by another rule, None where there is no verb."""
    name = function.name
    word = name.strip("_").partition("_")[0]
    if name in CONTRACT or name.endswith("__") or name.startswith("_repr_") or word in CONVERSIONS:
        return ""
    if name.endswith("_of"):
        return None
    forms = {word}
    if function.returns is not None and ast.unparse(function.returns) in ("bool", "bool | None"):
        if word in AUXILIARIES:
            return ""
        forms |= {word.removesuffix("s"), word.removesuffix("es"), word.replace("ies", "y")}
    return next(iter(sorted(forms & VERBS)), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_names_of_functions_begin_with_verbs(path: Path) -> None:
    """A verb that is not in `verbs.txt` yet is added there; a name that has none wants another name."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = list_functions(tree, map_imports(tree))
    assert [f"line {each.lineno}: {each.name}" for each in functions if find_verb(each) is None] == []


def test_the_verbs_are_those_in_use() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in FILES]
    used = {find_verb(each) for tree in trees for each in list_functions(tree, map_imports(tree))}
    assert used - {"", None} == VERBS


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("def find_line(): ...", "find"),
        ("def _find_line(): ...", "find"),
        ("def line_at(): ...", None),
        ("def name_of(): ...", None),
        ("def fitted(): ...", None),
        ("def keeps_mask() -> bool: ...", "keep"),
        ("def keeps_mask() -> str: ...", None),
        ("def is_open() -> bool: ...", ""),
        ("def is_open() -> str: ...", None),
        ("def to_json(): ...", ""),
        ("def __len__(): ...", ""),
    ],
)
def test_what_a_verb_is(text: str, verb: str | None) -> None:
    (function,) = ast.parse(text).body
    assert isinstance(function, Function)
    assert find_verb(function) == verb


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@property\ndef width(self): ...", []),
        ("@functools.cached_property\ndef width(self): ...", []),
        ("@main.command('shapes')\ndef shapes(): ...", []),
        ("@cache\ndef width(): ...", ["width"]),
        ("class Thing:\n    def width(self): ...", ["width"]),
        (
            "from json import JSONEncoder\nclass Thing(JSONEncoder):\n    def default(self): ...\n    def width(self): ...",
            ["width"],
        ),
        ("import json\nclass Thing(json.JSONEncoder):\n    def default(self): ...\n    def width(self): ...", ["width"]),
        ("from nowhere import Base\nclass Thing(Base):\n    def width(self): ...", []),
    ],
)
def test_which_names_are_ours_to_choose(text: str, names: list[str]) -> None:
    tree = ast.parse(text)
    assert [each.name for each in list_functions(tree, map_imports(tree))] == names
