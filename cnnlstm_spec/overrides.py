"""`--set PATH=VALUE`: edits a document before it is read, so that what is set is checked like what is written.

A path is that of a diagnostic: keys, positions, no class names; a layer that has a name can be addressed by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .diagnostic import Code, Diagnostic, Label
from .scope import nearest
from .source import Place, Source, Span
from .syntax import EMPTY, Entry, Listing, Node, Scalar, node_of, parse
from .syntax import Mapping as MappingNode

UNKNOWN_PATH = Code("unknown-path", "error", "the spec has no `{path}`")
UNCLEAR = Code("unclear-override", "error", "`{text}` is not of the form PATH=VALUE")

STEP = re.compile(r"(?:\A|\.)([^.\[\]=\s]+)|\[(\d{1,6})\]")
FORM = re.compile(r"[^.\[\]=\s]+(?:\.[^.\[\]=\s]+|\[\d{1,6}\])*")
VARIABLE = re.compile(r"\$\{([^}]*)\}|\$(\w+)")
SECTIONS = ("vars", "fusion", "compile", "targets", "budget", "expect")
"""Sections that come into being when a key of theirs is set."""
NAMED = ("layer", "backward_layer", "optimizer", "loss", "learning_rate", "activation")
NAMED_ENDS = ("_initializer", "_regularizer", "_constraint")
HEAD_KEYS = ("inputs", "strategy", "layer", "units", "broadcast", "query", "layers")

Overrides = Mapping[str, Any] | Iterable[str]
"""Paths to Python values, or texts of the form PATH=VALUE with VALUE as YAML."""


@dataclass(frozen=True)
class Step:
    """A key or a position, and where it stands in the text of the override."""

    value: str | int
    span: Span


class NoPath(Exception):
    """A step that leads nowhere: how many steps were left with it, the words that would do there, or what to say instead."""

    def __init__(self, left: int, known: Iterable[str] = (), help: str | None = None) -> None:
        super().__init__(left)
        self.left, self.known, self.help = left, tuple(known), help


def is_override(text: str) -> bool:
    """Whether a text is of the form PATH=VALUE."""
    return FORM.fullmatch(text.partition("=")[0].strip()) is not None and "=" in text


def apply(document: Node, overrides: Overrides, found: list[Diagnostic]) -> Node:
    """The document with every override in it, the later over the earlier; a path that is not there is reported."""
    for steps, value in _read(overrides, found):
        try:
            document = _Edit(document, value).set(document, tuple(step.value for step in steps), ())
        except NoPath as error:
            found.append(_unknown(steps, error))
    return document


def _read(overrides: Overrides, found: list[Diagnostic]) -> Iterable[tuple[list[Step], Node]]:
    if isinstance(overrides, Mapping):
        for path, value in overrides.items():
            source = Source("overrides", f"{path}={value!r}")
            if (steps := _steps(source, found)) is not None:
                span = Span(source, len(path) + 1, len(source.text))
                yield steps, value if isinstance(value, Node) else node_of(value, span)
        return
    for text in overrides:
        source = Source("--set", text)
        if (steps := _steps(source, found)) is None:
            continue
        if (node := _value(source, found)) is not None:
            yield steps, node


def _steps(source: Source, found: list[Diagnostic]) -> list[Step] | None:
    text = source.text
    if not is_override(text):
        found.append(Diagnostic(UNCLEAR, Place((), Span(source, 0, len(text))), {"text": text}))
        return None
    path = text.partition("=")[0]
    start = len(path) - len(path.lstrip())
    steps = []
    for match in STEP.finditer(path.strip()):
        group = 1 if match[1] is not None else 2
        span = Span(source, start + match.start(group), start + match.end(group))
        steps.append(Step(int(match[2]) if match[1] is None else match[1], span))
    return steps


def _value(source: Source, found: list[Diagnostic]) -> Node | None:
    """The value after the `=` as YAML, its spans in the whole text."""
    start = source.text.index("=") + 1
    node, problems = parse(Source(source.name, source.text[start:]))
    if node is None and [each.code for each in problems] == [EMPTY]:
        return Scalar(Span(source, start, len(source.text)), None, "")
    for each in problems:
        labels = tuple(Label(_moved_place(label.place, source, start), label.message) for label in each.labels)
        found.append(replace(each, place=_moved_place(each.place, source, start), labels=labels))
    return None if node is None or problems else _moved(node, source, start)


def _moved_place(place: Place, source: Source, by: int) -> Place:
    return Place(place.path, Span(source, place.span.start + by, place.span.end + by))


def _moved(node: Node, source: Source, by: int) -> Node:
    span = Span(source, node.span.start + by, node.span.end + by)
    if isinstance(node, MappingNode):
        return MappingNode(span, tuple(Entry(_moved_key(e.key, source, by), _moved(e.value, source, by)) for e in node.entries))
    if isinstance(node, Listing):
        return Listing(span, tuple(_moved(item, source, by) for item in node.items))
    return replace(node, span=span)


def _moved_key(key: Scalar, source: Source, by: int) -> Scalar:
    return replace(key, span=Span(source, key.span.start + by, key.span.end + by))


def _unknown(steps: list[Step], error: NoPath) -> Diagnostic:
    at = len(steps) - error.left
    step = steps[at]
    head = step.span.source.text[: steps[at - 1].span.end] if at else ""
    if at and isinstance(steps[at - 1].value, int):
        head += "]"
    near = nearest(str(step.value), error.known) if isinstance(step.value, str) else None
    before = f"{head}." if head else ""
    if error.help is not None:
        help = (error.help,)
    elif near is not None:
        help = (f"did you mean `{before}{near}`?",)
    else:
        help = (
            (f"there {'is' if len(error.known) == 1 else 'are'} {', '.join(f'`{k}`' for k in error.known)}",)
            if error.known
            else ()
        )
    whole = f"{head}[{step.value}]" if isinstance(step.value, int) else f"{before}{step.value}"
    return Diagnostic(UNKNOWN_PATH, Place((), step.span), {"path": whole.strip()}, help=help)


Steps = tuple[str | int, ...]
ROOT: Final[Steps] = ()


class _Edit:
    """One override: the nodes on the way to the value are made anew, all others stay."""

    def __init__(self, document: Node, value: Node) -> None:
        self.document, self.value = document, value
        self.variables = _entries(document, "vars")
        self.heads = {"head", *_entries(document, "heads")}

    def set(self, node: Node, steps: Steps, path: Steps) -> Node:
        """The node with the value at the end of the steps; `path` is the way to the node, as positions."""
        if not steps:
            return self.value
        node = self.opened(node)
        if isinstance(node, Scalar):
            node = _as_mapping(node, path)
        step = steps[0]
        if isinstance(step, int):
            return self.set_item(node, step, steps, path)
        if isinstance(node, Listing):
            return self.set_in_list(node, step, steps, path)
        if not isinstance(node, MappingNode):
            raise NoPath(len(steps))
        if self.is_named(node, path):
            return self.set_argument(node, step, steps, path)
        return self.set_key(node, step, steps, path)

    def opened(self, node: Node) -> Node:
        """What a variable that stands for the whole value holds."""
        for _ in range(8):
            match = VARIABLE.fullmatch(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
            name = (match[1] or match[2]).strip() if match else None
            if name not in self.variables or isinstance(self.variables[name], Scalar):
                break
            node = self.variables[name]
        return node

    def set_item(self, node: Node, index: int, steps: Steps, path: Steps) -> Node:
        if not isinstance(node, Listing):
            raise NoPath(len(steps), help="there is no list")
        if index >= len(node.items):
            count = len(node.items)
            raise NoPath(len(steps), help=f"it has {count} item{'' if count == 1 else 's'}, counted from [0]")
        changed = self.set(node.items[index], steps[1:], (*path, index))
        return replace(node, items=(*node.items[:index], changed, *node.items[index + 1 :]))

    def set_in_list(self, node: Listing, name: str, steps: Steps, path: Steps) -> Node:
        """A key of a list: the name of a layer or of a stage in it, or a key that makes a head a mapping."""
        if path == ("fusion",):
            names = [_own_name(item) for item in node.items]
            if name not in names:
                raise NoPath(len(steps), filter(None, names))
            return self.set(node, (names.index(name), *steps[1:]), path)
        named = dict(self.named_layers(node))
        if name in named:
            return self.set(node, (*named[name], *steps[1:]), path)
        if _is_head(path) and name in HEAD_KEYS:
            return self.set(_mapping_of(node, "layers", node), steps, path)
        raise NoPath(len(steps), named)

    def set_argument(self, node: MappingNode, step: str, steps: Steps, path: Steps) -> Node:
        """A key of `Name: {argument: value}`."""
        (entry,) = node.entries
        arguments = self.opened(entry.value)
        if isinstance(arguments, Listing):
            if step == "layers":
                changed = self.set(arguments, steps[1:], (*path, "layers"))
                return replace(node, entries=(Entry(entry.key, changed),))
            arguments = _mapping_of(arguments, "layers", arguments)
        elif isinstance(arguments, Scalar) and arguments.value is None:
            arguments = MappingNode(arguments.span, ())
        if not isinstance(arguments, MappingNode):
            raise NoPath(len(steps))
        if step == entry.key.text and arguments.get(step) is None:
            raise NoPath(len(steps), help="class names are not written in a path")
        return replace(node, entries=(Entry(entry.key, self.set_key(arguments, step, steps, path)),))

    def set_key(self, node: MappingNode, step: str, steps: Steps, path: Steps) -> Node:
        entry = node.get(step)
        if entry is not None:
            changed = Entry(entry.key, self.set(entry.value, steps[1:], (*path, step)))
            return replace(node, entries=tuple(changed if each is entry else each for each in node.entries))
        if path == ("fusion",) and _own_name(node) == step and len(steps) > 1:
            return self.set(node, steps[1:], path)
        layers = node.get("layers")
        held = self.opened(layers.value) if layers is not None and _holds_layers(path) else None
        named = dict(self.named_layers(held)) if isinstance(held, Listing) else {}
        if step in named:
            return self.set(node, ("layers", *named[step], *steps[1:]), path)
        known = (*(each.key.text for each in node.entries), *named)
        if path == ("vars",) and not self.is_used(step):
            raise NoPath(len(steps), known)
        if len(steps) > 1 and not (path == ROOT and step in SECTIONS):
            raise NoPath(len(steps), known)
        empty = MappingNode(self.value.span, ())
        made = Entry(self.key(step), self.set(empty, steps[1:], (*path, step)))
        return replace(node, entries=(*node.entries, made))

    def key(self, step: str) -> Scalar:
        """A key that only the override writes, at its place in the text of the override."""
        source = self.value.span.source
        found = [m.span(1) for m in STEP.finditer(source.text.partition("=")[0]) if m[1] == step]
        return Scalar(Span(source, *found[-1]) if found else self.value.span, step, step)

    def named_layers(self, node: Node) -> Iterable[tuple[str, Steps]]:
        """Names of the layers in a list, inside structures too, each with the steps to it; the first of a name last."""
        items = list(enumerate(node.items)) if isinstance(node, Listing) else []
        for index, item in reversed(items):
            if not isinstance(item, MappingNode) or len(item.entries) != 1:
                continue
            arguments = self.opened(item.entries[0].value)
            if not isinstance(arguments, MappingNode):
                continue
            if item.entries[0].key.text in ("Residual", "Parallel", "Repeat"):
                yield from ((name, (index, *steps)) for name, steps in self.named_inside(arguments))
            if (name := _own_name(arguments)) is not None:
                yield name, (index,)

    def named_inside(self, structure: MappingNode) -> Iterable[tuple[str, Steps]]:
        lists: list[tuple[Steps, Node]] = [((entry.key.text,), entry.value) for entry in structure.entries]
        paths, merge = structure.get("paths"), structure.get("merge")
        if paths is not None and isinstance(paths.value, MappingNode):
            lists += [(("paths", entry.key.text), entry.value) for entry in paths.value.entries]
        if merge is not None and isinstance(merge.value, MappingNode) and (after := merge.value.get("layers")) is not None:
            lists.append((("merge", "layers"), after.value))
        for steps, node in lists:
            yield from ((name, (*steps, *more)) for name, more in self.named_layers(self.opened(node)))

    def is_named(self, node: MappingNode, path: Steps) -> bool:
        """Whether a mapping is `Name: {argument: value}`, whose name is no step of a path."""
        if not _may_be_named(path) or len(node.entries) != 1:
            return False
        return path != ("compile", "loss") or node.entries[0].key.text not in self.heads

    def is_used(self, variable: str) -> bool:
        """Whether the spec says `$name` somewhere."""
        return any(
            variable in re.findall(r"\w+", m[1] or m[2]) for text in _texts(self.document) for m in VARIABLE.finditer(text)
        )


def _entries(document: Node, key: str) -> dict[str, Node]:
    entry = document.get(key) if isinstance(document, MappingNode) else None
    section = entry.value if entry is not None else None
    return {each.key.text: each.value for each in section.entries} if isinstance(section, MappingNode) else {}


def _texts(node: Node) -> Iterable[str]:
    if isinstance(node, MappingNode):
        for entry in node.entries:
            yield from _texts(entry.value)
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.value


def _own_name(node: Node) -> str | None:
    entry = node.get("name") if isinstance(node, MappingNode) else None
    return entry.value.text if entry is not None and isinstance(entry.value, Scalar) else None


def _may_be_named(path: Steps) -> bool:
    """Whether a layer, or another of Keras's objects, stands at a path."""
    last = path[-1] if path else ""
    if isinstance(last, int):
        return path[:-1] != ("fusion",)
    return last in NAMED or last.endswith(NAMED_ENDS) or (path[:2] == ("compile", "loss") and len(path) == 3)


def _as_mapping(node: Scalar, path: Steps) -> Node:
    """`Flatten` as `Flatten: {}`, `merge: concat` as `{strategy: concat}`, nothing as `{}`."""
    if isinstance(node.value, str) and _may_be_named(path):
        return _mapping_of(node, node, MappingNode(node.span, ()))
    if isinstance(node.value, str) and path[-1:] == ("merge",):
        return _mapping_of(node, "strategy", node)
    return MappingNode(node.span, ()) if node.value is None else node


def _mapping_of(at: Node, key: str | Scalar, value: Node) -> MappingNode:
    key = Scalar(at.span, key, key) if isinstance(key, str) else key
    return MappingNode(at.span, (Entry(key, value),))


def _is_head(path: Steps) -> bool:
    return path == ("head",) or (path[:1] == ("heads",) and len(path) == 2)


def _holds_layers(path: Steps) -> bool:
    """Whether the layers of a mapping can be addressed by their names through it."""
    return _is_head(path) or path[:1] == ("fusion",) and len(path) <= 2 or path[:1] == ("branches",) and len(path) == 2
