"""A thing with arguments as other libraries write it: `{type: Dense, units: 3}`, `_target_`, `class_name`, `Adam(1e-3)`.

What is found is written as a spec has it, `Dense: {units: 3}`, for the line that a message shows. Nothing of it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..text.escape.json import write_readable
from ..text.fix import Fix, write
from ..text.frozen import dataclass
from ..text.nodes import Entry, Listing, Mapping, Node, Scalar, make_node
from ..text.source import Span
from ..text.spelling import find_nearest
from ..text.synonyms import GONE, fold_word
from ..text.yaml_scalars import resolve

if TYPE_CHECKING:
    import ast

NAMING = ("_target_", "class_path", "class_name", "type", "layer", "layer_type", "cls", "class", "kind", "op", "name", "module")
"""Keys whose value names a thing, the surest first."""
INNER = ("config", "init_args", "args", "kwargs", "params", "arguments", "parameters", "options")
"""Keys whose value holds its arguments."""
BESIDE = ("module", "registered_name", "build_config", "compile_config", "_convert_", "_recursive_", "_partial_")
"""Keys of such a form that say nothing of the model."""
PAIRS = {"betas": ("beta_1", "beta_2")}
"""Arguments that are a list elsewhere, to those that Keras has instead."""
LONGEST = 200
"""Characters of a text that is looked at."""


@dataclass(frozen=True)
class ForeignCall:
    """A name as it is written, with arguments by place and by name."""

    name: str
    by_place: tuple[Node, ...] = ()
    by_name: tuple[tuple[str, Node], ...] = ()

    @property
    def last(self) -> str:
        """The name without the modules before it."""
        return self.name.rpartition(".")[2]


def read_foreign(node: Node, sure: bool = False) -> ForeignCall | None:
    """What a node says in the way of another library; None where it says nothing so. `sure`: by the surest keys alone."""
    if isinstance(node, Scalar):
        return read_call(node.value, node.span) if isinstance(node.value, str) else None
    if not isinstance(node, Mapping):
        return None
    naming = NAMING[:3] if sure else NAMING
    found = next((entry for key in naming if (entry := node.get(key)) and _is_name(entry.value)), None)
    if found is None or not isinstance(found.value, Scalar):
        return None
    call = read_call(found.value.text, found.value.span) or ForeignCall(found.value.text)
    arguments: list[tuple[str, Node]] = []
    for entry in node.entries:
        if entry is found or entry.key.text in BESIDE:
            continue
        if entry.key.text in INNER and isinstance(entry.value, Mapping):
            arguments += [(each.key.text, each.value) for each in entry.value.entries]
        elif entry.key.text not in INNER:
            arguments.append((entry.key.text, entry.value))
    return replace(call, by_name=(*call.by_name, *arguments))


def _is_name(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and bool(node.value)


def read_call(text: str, span: Span) -> ForeignCall | None:
    """A name of a module, or a call in Python, whose arguments are plain values; None for any other text."""
    if len(text) > LONGEST or not ("(" in text or "." in text):
        return None
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = ast.parse(text.strip(), mode="eval").body
        call = parsed if isinstance(parsed, ast.Call) else None
        name = _read_dotted(call.func if call is not None else parsed)
        if name is None:
            return None
        if call is None:
            return ForeignCall(name)
        by_place = tuple(_make_node(each, span) for each in call.args)
        return ForeignCall(name, by_place, tuple((each.arg or "", _make_node(each.value, span)) for each in call.keywords))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _read_dotted(node: ast.expr) -> str | None:
    import ast

    if isinstance(node, ast.Name):
        return node.id
    before = _read_dotted(node.value) if isinstance(node, ast.Attribute) else None
    return f"{before}.{node.attr}" if before is not None and isinstance(node, ast.Attribute) else None


def _make_node(value: ast.expr, span: Span) -> Node:
    """An argument of a call: a plain value, or the text of a name or another call."""
    import ast

    if isinstance(value, ast.Call | ast.Attribute | ast.Name):
        text = ast.unparse(value)
        return Scalar(span, text, text, plain=False)
    return make_node(ast.literal_eval(value), span)


def name_arguments(call: ForeignCall, known: Iterable[str], order: Sequence[str]) -> tuple[Entry, ...]:
    """The arguments of a call by Keras's names: those by place in their order, others by what they stand for.

    What Keras reads off the model itself is left out.
    """
    known = tuple(known)
    found: dict[str, Node] = dict(zip(order, call.by_place, strict=False))
    for key, value in call.by_name:
        pair = PAIRS.get(fold_word(key), ())
        if pair and isinstance(value, Listing):
            found.update(zip(pair, value.items, strict=False))
            continue
        meant = key if key in known else find_nearest(key, known)
        if meant is not None:
            found.setdefault(meant, value)
        elif fold_word(key) not in GONE:
            found.setdefault(key, value)
    return tuple(Entry(Scalar(value.span, key, key), translate_for_spec(value)) for key, value in found.items())


def translate_for_spec(node: Node) -> Node:
    """A value with each thing in it that is surely another library's way of writing as a spec has it."""
    if isinstance(node, Listing):
        return replace(node, items=tuple(map(translate_for_spec, node.items)))
    if not isinstance(node, Mapping):
        return node
    call = read_foreign(node, sure=True)
    if call is None:
        return replace(node, entries=tuple(replace(each, value=translate_for_spec(each.value)) for each in node.entries))
    key = Scalar(node.span, call.last, call.last)
    given = tuple(
        Entry(Scalar(node.span, name, name), translate_for_spec(value)) for name, value in call.by_name if not _is_null(value)
    )
    return Mapping(node.span, (Entry(key, Mapping(node.span, given)),)) if given else key


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def make_thing(name: str, entries: Sequence[Entry], span: Span) -> Node:
    """`Name`, or `Name: {argument: value}`."""
    key = Scalar(span, name, name)
    return Mapping(span, (Entry(key, Mapping(span, tuple(entries))),)) if entries else key


def write_flow(node: Node) -> str:
    """A node as YAML in one line."""
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_write_word(each.key)}: {write_flow(each.value)}" for each in node.entries) + "}"
    if isinstance(node, Listing):
        return "[" + ", ".join(map(write_flow, node.items)) + "]"
    assert isinstance(node, Scalar)
    return _write_word(node)


def write_line(node: Node) -> str:
    """A thing as the item of a list: the outer mapping without its braces."""
    return write_flow(node)[1:-1] if isinstance(node, Mapping) and node.entries else write_flow(node)


def _write_word(node: Scalar) -> str:
    """A scalar as YAML reads it again: text in quotes where it would be something else without."""
    if not isinstance(node.value, str):
        return "null" if node.value is None else str(node.value).lower() if isinstance(node.value, bool) else node.text
    plain = node.value.replace("_", "").replace(".", "").replace("-", "").replace("/", "").replace("$", "")
    safe = plain.isalnum() and plain.isascii() and not node.value.startswith(("-", ".", "/"))
    fraction = node.plain and not any(map(str.isalpha, node.value))
    return node.value if safe and (isinstance(resolve(node.value), str) or fraction) else write_readable(node.value)


def choose_readable(candidates: Iterable[Node], reads: Callable[[Node], bool]) -> Node | None:
    """The first of several ways to write a thing that can be read."""
    return next((each for each in candidates if reads(each)), None)


def suggest_line(line: str | None, node: Node, inside: int = 0) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """What to write, and the fix that writes it; of the value of a name what is `inside` its braces."""
    return ((f"write `{line}`",), (write(node.span, line[inside:-1] if inside else line),)) if line is not None else ((), ())
