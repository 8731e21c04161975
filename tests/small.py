"""Small specs of one branch and one head, for the tests of rules and promises."""

from __future__ import annotations

from cnnlstm_spec import Compilation, load

TOP = "version: 1\nname: small\n"
DENSE = "[{{Dense: {{units: {}, activation: {}}}}}]"


def spec(
    shape: str = "[8]",
    kind: str = "vector",
    layers: str = "[]",
    head: str = "[]",
    compile: str = "",
    more: str = "",
    input: str = "",
) -> Compilation:
    """A spec of one branch `x` and one head."""
    text = f"{TOP}branches:\n  x:\n    input: {{kind: {kind}, shape: {shape}{input}}}\n    layers: {layers}\nhead: {head}\n"
    return load(text + (f"compile: {{{compile}}}\n" if compile else "") + more)


def codes(compilation: Compilation) -> list[str]:
    """The codes of what is found."""
    return [each.code.name for each in compilation.diagnostics]
