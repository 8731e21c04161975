"""Emitted Python holds the text of a spec in strings alone, whatever the text is. Needs no Keras."""

from __future__ import annotations

import ast
import io
import tokenize
from random import Random

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.emit.python.source import WIDTH, write_source
from cnnlstm_spec.ir.program import Apply, Call, Comment, Do, Let, Program, Ref
from cnnlstm_spec.text.escape.characters import UNSAFE
from fuzz import hostile

SPEC = "version: 1\nname: x\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: [{Dense: {units: 1}}]\n"
FOUND_FIRST = "a" * 85 + ' bb """""; import os; os.abort()  # '
"""What once ran: quotes were escaped before the text was wrapped, and the cut fell between a backslash and its quote."""


def shape(text: str) -> str:
    """The syntax tree with its strings left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def comments(text: str) -> list[str]:
    return [each.string for each in tokenize.generate_tokens(io.StringIO(text).readline) if each.type == tokenize.COMMENT]


def strings(text: str) -> list[str]:
    return [each.value for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def check(text: str, like: str) -> None:
    """Holds that a source is another but for what its strings hold, and that it is fit to be shown."""
    assert shape(text) == shape(like)
    assert UNSAFE.search(text.replace("\n", "")) is None
    text.encode()


def emitted(description: str) -> str:
    compilation = load(SPEC, overrides={"description": description})
    assert compilation.ok
    return compilation.to_python()


PLAIN = emitted("plain")


def test_what_was_found_first() -> None:
    check(emitted(FOUND_FIRST), PLAIN)
    assert FOUND_FIRST.split() == ast.get_docstring(ast.parse(emitted(FOUND_FIRST)), clean=False).split()[1:]  # type: ignore[union-attr]


@pytest.mark.sampled(every=8, long=4)
@pytest.mark.parametrize("part", [*hostile.PARTS, '"', '\\"', '""""', "#"], ids=repr)
def test_a_description_at_every_column(part: str) -> None:
    """Every part, in words and in the middle of one, at every column of two lines and at both ends of the text."""
    for before in range(2 * WIDTH + 10):
        for text in ("a" * before + part, "a" * before + part + " b", "a " * (before // 2) + "a" * (before % 2) + part + "b"):
            written = write_source(Program("t"), text)
            docstring = ast.get_docstring(ast.parse(written), clean=False)
            assert docstring is not None and "".join(docstring.split()) == "".join(f"t: {text}".split())
            assert len(ast.parse(written).body) == 4


@pytest.mark.sampled(every=8, long=4)
@pytest.mark.parametrize("part", hostile.PARTS, ids=repr)
def test_strings_and_comments_at_every_column(part: str) -> None:
    plain = write_source(Program("t", (Comment("b"), Let("x", Call("f", ("b",), (("k", {"b": "b"}),))), Do(Call("g", (["b"],))))))
    for before in range(60, WIDTH + 10):
        text = "a" * before + part
        call = Call("f", (text,), (("k", {text: text}),))
        written = write_source(Program("t", (Comment(text), Let("x", call), Do(Call("g", ([text],))))))
        check(written, plain)
        assert strings(written).count(text) == 4
        assert len(comments(written)) >= 1


def test_random_texts_in_every_medium_of_a_source() -> None:
    rng = Random(0)
    for _ in range(300):
        text = hostile.text(rng)
        statements = (Comment(text), Let("x", Apply(Call("f", (), (("k", text),)), (Ref("y"),)), text), Do(Call("g", (text,))))
        plain = (Comment("b"), Let("x", Apply(Call("f", (), (("k", "b"),)), (Ref("y"),)), "b"), Do(Call("g", ("b",))))
        check(write_source(Program(text, statements), text), write_source(Program("t", plain), "b"))


@pytest.mark.parametrize("bad", ["x = 1; y", "a\nb", "", "a.", "1a", "a b", "a#", "import os\n"], ids=repr)
def test_what_is_no_name_is_not_written_as_one(bad: str) -> None:
    for statement in (Let(bad, 1), Let("x", Ref(bad)), Do(Call(bad)), Let("x", Call("f", (), ((bad, 1),)))):
        with pytest.raises(ValueError, match="no name"):
            write_source(Program("t", (statement,)))
    with pytest.raises(ValueError, match="no name"):
        write_source(Program("t", (), (bad,)))
