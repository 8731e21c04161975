"""A half-written line costs its own meaning, not that of the file: most types stay, and no hint is stale."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.editor.hints import find_hints, format_output
from cnnlstm_spec.editor.repaired import count_types, find_line, find_meant, is_half_written
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.repair import MOST, propose_repairs
from cnnlstm_spec.text.source import Source

SPECS = ("equipment-fault", "video-padded", "video-two-streams", "published/unet", "published/vqa", "published/googlenet")
NAME = "spec.yaml"
PARTS = 7


def cuts(text: str) -> Iterator[tuple[int, str]]:
    """The text with one of its lines cut off after so many of its characters, for every line and several columns."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        written = len(line) - indent
        columns = sorted({indent + 1, indent + 2, *(indent + written * part // PARTS for part in range(1, PARTS)), len(line) - 1})
        for column in columns:
            if indent < column < len(line):
                yield number, "\n".join((*lines[: number - 1], line[:column], *lines[number:]))


def text_of(spec: str) -> str:
    return (ROOT / "specs" / f"{spec}.yaml").read_text()


STATES = [(spec, number, text) for spec in SPECS for number, text in cuts(text_of(spec))]


def is_hint_of(compilation: Compilation, line: int, output: str) -> bool:
    """Whether what `shapes` shows of a spec has the outputs of a hint, on its line or in a block that is used there."""
    typed = compilation.typed
    assert typed is not None
    shown = set()
    for each in typed.nodes.values():
        spans = (each.node.origin.place.span, *(label.place.span for label in each.node.origin.uses))
        if any(find_line(span.source, span.start) == line for span in spans):
            shown.add(format_output(each))
    return set(output.split(" | ")) - {"..."} <= shown


def test_most_types_stay_and_no_hint_is_stale(whole: bool) -> None:
    states = STATES if whole else STATES[::80]
    wholes = {spec: sweep(Source(NAME, text_of(spec)), indexed=True).compile_plain() for spec in SPECS}
    kept, alone = 0, None
    for spec, number, text in states:
        prepared = sweep(Source(NAME, text), indexed=True)
        plain = prepared.compile_plain()
        shown = find_meant(prepared, number, plain) if is_half_written(plain, number) else plain
        hints = find_hints(shown, number)
        assert all(hint.line != number for hint in hints)
        # Of a line that is left out the text is the same wherever it was cut off.
        alone = alone if alone is not None and alone.source.text == shown.source.text else load(shown.source.text)
        assert all(is_hint_of(alone, hint.line, hint.output) for hint in hints), (spec, number)
        assert find_line(shown.source, len(shown.source.text)) == find_line(plain.source, len(text))
        kept += 2 * count_types(shown, number) >= count_types(wholes[spec], number)
    assert len(STATES) > 1000
    # Of a few states a few more than the share of all may lose theirs.
    assert kept >= (0.85 if whole else 0.75) * len(states), f"{kept} of {len(states)}"


def test_what_is_found_in_a_candidate_is_not_in_the_findings_of_the_spec() -> None:
    text = text_of("equipment-fault").replace("{filters: 32, kernel_size: 3, activation: relu}", "{filters: 32, kern", 1)
    number = text[: text.index("kern")].count("\n") + 1
    prepared = sweep(Source(NAME, text), indexed=True)
    plain = prepared.compile_plain()
    assert [each.code.name for each in plain.diagnostics] == ["not-yaml"]
    shown = find_meant(prepared, number, plain)
    assert shown.typed is not None and shown is not plain
    assert [each.code.name for each in prepared.compile_plain().diagnostics] == ["not-yaml"]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("- Dense: {units: 3, act", "- Dense: {units: 3}"),
        ("- Dense: {units: [3, 4", "- Dense: {units: [3]}"),
        ("- Dense: {units: 3, activation: 're", "- Dense: {units: 3}"),
        ("- Dense: {units: 3 # and so on", "- Dense: {}"),
        ("name: 'ab", "name: 'ab'"),
        ('name: "a # b', 'name: "a # b"'),
        ("a#b: 'c", "a#b: 'c'"),
        ("layers", "layers:"),
    ],
)
def test_a_line_is_closed(line: str, meant: str) -> None:
    candidates = [each.text for each in propose_repairs(Source(NAME, line), 1)]
    assert meant in candidates and len(candidates) <= MOST
    assert line not in candidates


def test_a_word_is_ended_as_one_of_another_line() -> None:
    text = "a:\n  kernel_size: 3\nb:\n  ker\n"
    assert "a:\n  kernel_size: 3\nb:\n  kernel_size:\n" in [each.text for each in propose_repairs(Source(NAME, text), 4)]


@pytest.mark.parametrize(
    "line", ["'" * 200, "[{" * 300, "\\" * 99, "- " * 200, "x" * 20_000, '"' * 301, "#", "\t{", "a: b: c: ["]
)
def test_whatever_stands_on_a_line_gives_few_candidates(line: str) -> None:
    source = Source(NAME, f"a:\n  {line}\nb: 1\n")
    found = list(propose_repairs(source, 2))
    assert len(found) <= MOST
    for each in found:
        assert each.text.count("\n") == source.text.count("\n")
        parse(each)
