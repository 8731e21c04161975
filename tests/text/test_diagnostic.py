"""Codes are declared once."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import cnnlstm_spec
from cnnlstm_spec.text.diagnostic import CODES, Code


def test_a_code_that_is_declared_again_as_something_else_fails() -> None:
    name = "declared-for-a-test"
    try:
        first = Code(name, "error", "this is said")
        with pytest.raises(ValueError, match=f"`{name}` is declared already"):
            Code(name, "error", "that is said")
        with pytest.raises(ValueError, match=f"`{name}` is declared already"):
            Code(name, "warning", "this is said")
        assert CODES[name] is first and Code(name, "error", "this is said") == first
    finally:
        CODES.pop(name, None)


def test_no_code_stands_in_two_places() -> None:
    """Not even in the same words, which would part sooner or later."""
    names = Counter(
        node.args[0].value
        for path in Path(cnnlstm_spec.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Code" and isinstance(node.args[0], ast.Constant)
    )
    assert len(names) > 200
    assert [name for name, count in names.items() if count > 1] == []
