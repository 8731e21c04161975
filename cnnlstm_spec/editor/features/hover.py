"""What is told of the word under the pointer: what it is, what it takes, and what comes of it here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...emit.words.arithmetic import explain_layer
from ...emit.words.code_pages import list_pages, read_introduction
from ...emit.words.mask_origin import find_mask_origin
from ...emit.words.object_pages import write_object_page
from ...emit.words.reference import find, format_default, write_page
from ...language.meanings import ArgumentValue, Described, Key, LayerName, ObjectName, RuleCode, TextMeaning, Word
from ...text.escape.json import write_readable
from ...text.escape.terminal import make_line_safe, make_lines_safe
from ...text.nodes import Mapping, Node, to_value
from ...text.source import Span
from ..hints import format_output
from ..positions import to_offset, to_range
from ..standing import iterate_standing
from ..state import State
from .diagnostics import Json

ORDER: tuple[type[TextMeaning], ...] = (ObjectName, LayerName, Word, RuleCode, Key, ArgumentValue)
"""What is told first of a word that means several things."""
MOST = 3
"""So many uses of one layer are told of."""


def find_hover(state: State, params: Json) -> Json | None:
    """The text for a place, as Markdown whose every part that a person wrote is code; None where nothing is known."""
    offset = to_offset(state.source, params["position"])
    held = state.meant.index.find_at(state.source, offset)
    known = [each for kind in ORDER for each in held if isinstance(each, kind)]
    for each in sorted(known, key=lambda one: one.span.end - one.span.start):
        parts = [part for part in _iterate_parts(each, state) if part]
        if parts:
            told = "\n---\n".join(map(fence_code, parts))
            return {"contents": {"kind": "markdown", "value": told}, "range": to_range(each.span)}
    return None


def fence_code(text: str) -> str:
    """A text as code of Markdown, whatever it holds."""
    text = make_lines_safe(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _iterate_parts(meaning: TextMeaning, state: State) -> Iterator[str]:
    if isinstance(meaning, LayerName):
        yield from _describe_uses(meaning.span, state)
        record = find(meaning.name)
        if record is not None:
            yield write_page(meaning.name, record).rstrip()
        elif meaning.name in meaning.blocks:
            yield _describe_block(meaning.name, meaning.blocks[meaning.name])
    elif isinstance(meaning, ObjectName):
        yield (write_object_page(meaning.name, meaning.family) or "").rstrip()
    elif isinstance(meaning, Word):
        yield _describe_word(meaning, state)
    elif isinstance(meaning, RuleCode) and meaning.name in list_pages():
        yield f"{meaning.name}\n{read_introduction(meaning.name)}"
    elif isinstance(meaning, Key) and meaning.name in meaning.arguments:
        yield describe(meaning.arguments[meaning.name], meaning.owner)
    elif isinstance(meaning, ArgumentValue):
        yield describe(meaning.argument, meaning.owner)


def describe(argument: Described, owner: str) -> str:
    """An argument in a few lines: what it is, what it means, what it is if it is left out."""
    default = "required" if argument.required else f"default: {format_default(argument)}"
    lines = [
        f"{argument.name}: {argument.words}",
        *([argument.doc] if argument.doc else []),
        f"of {make_line_safe(owner)}; {default}",
    ]
    return "\n".join(lines)


def _describe_uses(span: Span, state: State) -> Iterator[str]:
    """How the outputs of a layer, or of a use of a block, came to be."""
    here = [each for each in iterate_standing(state.meant) if _is_at(each.place.span, span)]
    typed = state.meant.typed
    for each in here[:MOST]:
        assert typed is not None
        output = each.output
        lines = [f"output {format_output(output)}"] if each.place.is_use else list(explain_layer(output, typed))
        mask = find_mask_origin(output.type, typed) if output.type is not None else None
        yield "\n".join([*lines, *([f"  mask  {make_line_safe(mask)}"] if mask else [])])
    if len(here) > MOST:
        yield f"and {len(here) - MOST} more"


def _is_at(one: Span, other: Span) -> bool:
    return one.start == other.start and one.source.name == other.source.name


def _describe_block(name: str, node: Node) -> str:
    parameters = node.get("parameters") if isinstance(node, Mapping) else None
    taken = write_readable(to_value(parameters.value)) if parameters is not None else "none"
    return f"block {make_line_safe(name)}\nparameters: {make_line_safe(taken)}"


def _describe_word(word: Word, state: State) -> str:
    """A name: what it stands for, and how often it is used."""
    symbol, index = word.symbol, state.meant.index
    words = index.words.get(symbol, [])
    what = "shared by" if word.sort == "share" else word.sort
    lines = [f"{what} {make_line_safe(str(symbol[-1]))}"]
    if symbol[0] == "vars" and isinstance(state.meant.document, Mapping):
        section = state.meant.document.get("vars")
        entry = section.value.get(str(symbol[-1])) if section is not None and isinstance(section.value, Mapping) else None
        lines += [f"value: {make_line_safe(write_readable(to_value(entry.value)))}"] if entry is not None else []
    typed = state.meant.typed
    address = ".".join(map(str, symbol[1:]))
    id = typed.graph.addresses.get(address) if typed is not None and symbol[0] in ("branches", "fusion", "names") else None
    if typed is not None and symbol[0] == "heads":
        id = typed.graph.outputs.get(address)
    if typed is not None and id is not None and id in typed.nodes:
        lines.append(f"output: {format_output(typed.nodes[id])}")
    uses = sum(not each.defines for each in words)
    return "\n".join([*lines, f"used {uses} time{'' if uses == 1 else 's'}"])
