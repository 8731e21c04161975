"""What a spec defines and nothing uses is told, each once, in the file that defines it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source


def spec(more: str, layers: str = "") -> str:
    return (
        f"version: 1\nname: t\n{more}\nbranches: {{x: {{input: {{kind: vector, shape: [8]}}, layers: [{layers}]}}}}\n"
        "head: [{Dense: {units: 1}}]\n"
    )


def said(text: str) -> list[str]:
    return [each.message for each in load(text).diagnostics]


DENSE = "{Dense: {units: $a}}"
BLOCKS = "blocks: {p: {parameters: {k: 3, m: 1}, layers: [{Dense: {units: $k}}]}, q: {layers: [ReLU]}}"
UNUSED = [
    (spec("vars: {a: 1, b: 2}", DENSE), ["nothing uses `$b`"]),
    (spec('vars: {a: 1, b: "${a * 2}"}'), ["nothing uses `$b`"]),
    (spec(BLOCKS, "p"), ["nothing uses the parameter `m` of `p`", "nothing uses the block `q`"]),
]


@pytest.mark.parametrize(("text", "messages"), UNUSED)
def test_it_is_told_and_stays(text: str, messages: list[str]) -> None:
    """It may be there to be used, so that no fix takes it away by itself."""
    assert said(text) == messages
    assert not mend(sweep(Source("k.yaml", text)), True, Clock(lambda: 0.0)).changed


@pytest.mark.parametrize(
    "text",
    [
        spec("vars: {a: 1}", DENSE),
        spec('vars: {a: 1, b: "${a + 1}"}', "{Dense: {units: $b}}"),
        spec("vars: {a: {units: 3}}", "{Dense: $a}"),
        spec("x-old: {units: $a}\nvars: {a: 3}"),
        spec("vars: {a: &w 32}", "{Dense: {units: *w}}"),
        # What a choice leaves out is there to be chosen.
        spec(
            "vars: {net: p}\nblocks: {p: {layers: [ReLU]}, q: {layers: [{Dense: {units: 4}}]}}\nmatrix: {vars.net: [p, q]}",
            "$net",
        ),
        spec("vars: {a: 4}\nblocks: {p: {layers: [{Dense: {units: $a}}]}}", "p"),
        'version: 1\nname: t\nvars: {a: 5}\nbranches: {"x_${k}_${a}": {each: {k: [i, j]}, input: {kind: vector, shape: [8]}}}\n'
        "fusion: {strategy: concat}\nhead: [{Dense: {units: 1}}]\n",
    ],
)
def test_what_is_used_is_not(text: str) -> None:
    assert said(text) == []


def test_beside_a_mistake_nothing_is_said() -> None:
    """It may be how the variable was to be used."""
    assert said(spec("vars: {widht: 1}", "{Dense: {units: $width}}")) == ["`$width` is not defined"]


def test_what_a_base_defines_is_for_others(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(spec("vars: {a: 1, z: 4}", DENSE), "utf-8")
    (tmp_path / "child.yaml").write_text("extends: base.yaml\nname: c\nvars: {a: 2, n: 5}\n", "utf-8")
    assert [each.message for each in load(tmp_path / "child.yaml").diagnostics] == ["nothing uses `$n`"]
