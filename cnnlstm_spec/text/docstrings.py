"""The text of a field: the docstring that stands after it in its class. Imports nothing of ours."""

from __future__ import annotations

from functools import cache


@cache
def read_docstrings(cls: type) -> dict[str, str]:
    """The docstrings after the fields that a class declares itself, by field; its source is read when they are asked for."""
    import ast
    import inspect
    from textwrap import dedent

    try:
        (body,) = ast.parse(dedent(inspect.getsource(cls))).body
    except (OSError, TypeError):
        return {}
    assert isinstance(body, ast.ClassDef)
    found = {}
    for each, after in zip(body.body, body.body[1:], strict=False):
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and isinstance(text, str):
            found[each.target.id] = text
    return found
