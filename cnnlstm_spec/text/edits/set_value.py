"""One value into a document, at the end of a path: keys, positions, names of layers; class names are no steps.

Imports no other room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ..memo import Memory
from ..nodes import DEPTH_LIMIT, NODES_LIMIT, DefaultName, Entry, Listing, Mapping, Node, Scalar
from ..source import Span, format_path
from ..spelling import find_nearest

Steps = tuple[str | int, ...]
ROOT: Final[Steps] = ()
VARIABLE = re.compile(r"\$\{([^}]*)\}|\$(\w+)")
SECTIONS = ("vars", "fusion", "compile", "targets", "budget", "expect", "rules", "data", "fit", "search")
"""Sections that come into being when a key of theirs is set."""
OPENED = (("data",), ("fit",), ("search",), ("targets",))
"""Sections whose mappings inside come into being likewise."""
NAMED = ("layer", "backward_layer", "optimizer", "loss", "learning_rate", "activation")
WITH_DEFAULT = "optimizer"
"""Beside those that end so, the argument whose value is an object by default, of which something can be set."""
NAMED_ENDS = ("_initializer", "_regularizer", "_constraint")
SET_WHOLE = "it is not written; set the whole of it: `{path}={{{name}: {{{argument}: value}}}}`"
CLASS_NAME = "class names are not written in a path"
HEAD_KEYS = ("inputs", "strategy", "layer", "units", "broadcast", "query", "layers")


class NoPath(Exception):
    """A step that names nothing: how many steps were left with it, the words that would do there, or what to say instead.

    Of one that is there, and `in_vain`, what is set would change nothing. `instead` are steps that lead on in its place.
    """

    def __init__(
        self, left: int, known: Iterable[str] = (), help: str | None = None, in_vain: bool = False, instead: Steps = ROOT
    ) -> None:
        super().__init__(left)
        self.left, self.known, self.help, self.in_vain, self.instead = left, tuple(known), help, in_vain, instead


def edit(document: Node, steps: Steps, value: Node, spans: Sequence[Span], memory: Memory | None = None) -> Node:
    """The document with a value at the end of the steps, each written at its span; raises NoPath where a step names nothing.

    With a memory, what is made of the very same nodes as before is the very same node.
    """
    if len(steps) > DEPTH_LIMIT:
        raise NoPath(len(steps), help=f"a path has at most {DEPTH_LIMIT} steps")
    return _Edit(document, value, spans, memory).set(document, steps, ROOT)


def edit_at(document: Node, steps: Steps, value: Node, spans: Sequence[Span]) -> tuple[Node, Steps]:
    """What `edit` gives, and the place of the value in keys and positions, which is one whatever names lead to it."""
    one = _Edit(document, value, spans, None)
    return one.set(document, steps, ROOT), one.place


class _Edit:
    """One override: the nodes on the way to the value are made anew, all others stay."""

    place: Steps = ROOT
    """Where the value went, once it is set."""

    def __init__(self, document: Node, value: Node, spans: Sequence[Span], memory: Memory | None) -> None:
        self.document, self.value, self.spans, self.memory = document, value, spans, memory
        self.variables = _find_entries(document, "vars")
        self.seen = 0
        self.heads = {"head", *_find_entries(document, "heads")}

    def set(self, node: Node, steps: Steps, path: Steps) -> Node:
        """The node with the value at the end of the steps; `path` is the way to the node, as positions."""
        if path == ROOT and steps and steps[0] == "extends":
            raise NoPath(len(steps), help="a base is read before anything is set: name it in the file", in_vain=True)
        if steps:
            return self.keep_node(self.edit_node(node, steps, path))
        self.place = path
        return self.value

    def keep_node(self, node: Node) -> Node:
        """The node, or one that was made of the same parts."""
        if self.memory is None:
            return node
        if isinstance(node, Mapping):
            parts: tuple[object, ...] = tuple([id(part) for each in node.entries for part in (each.key, each.value)])
        else:
            parts = tuple(map(id, node.items)) if isinstance(node, Listing) else (node,)
        same: Node = self.memory.keep_first((_Edit, type(node), node.span, *parts), node)
        return same

    def edit_node(self, node: Node, steps: Steps, path: Steps) -> Node:
        node = self.open_variable(node)
        if isinstance(node, Scalar):
            node = _as_mapping(node, path)
        step = steps[0]
        if isinstance(step, int):
            return self.set_item(node, step, steps, path)
        if isinstance(node, Listing):
            return self.set_in_list(node, step, steps, path)
        if not isinstance(node, Mapping):
            raise NoPath(len(steps))
        if self.is_named(node, path):
            return self.set_argument(node, step, steps, path)
        return self.set_key(node, step, steps, path)

    def open_variable(self, node: Node) -> Node:
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
        return Listing(node.span, (*node.items[:index], changed, *node.items[index + 1 :]))

    def set_in_list(self, node: Listing, name: str, steps: Steps, path: Steps) -> Node:
        """A key of a list: the name of a layer or of a stage in it, or a key that makes a head a mapping."""
        if path == ("fusion",):
            names = [_find_own_name(item) for item in node.items]
            if name not in names:
                raise NoPath(len(steps), filter(None, names))
            return self.set(node, (names.index(name), *steps[1:]), path)
        named = dict(self.iterate_named_layers(node))
        if name in named:
            return self.set(node, (*named[name], *steps[1:]), path)
        if _is_head(path) and name in HEAD_KEYS:
            return self.set(_make_mapping(node, "layers", node), steps, path)
        raise NoPath(len(steps), named)

    def set_argument(self, node: Mapping, step: str, steps: Steps, path: Steps) -> Node:
        """A key of `Name: {argument: value}`."""
        (entry,) = node.entries
        arguments = self.open_variable(entry.value)
        if isinstance(arguments, Listing):
            if step == "layers":
                changed = self.set(arguments, steps[1:], (*path, "layers"))
                return Mapping(node.span, (Entry(entry.key, changed),))
            arguments = _make_mapping(arguments, "layers", arguments)
        elif isinstance(arguments, Scalar) and arguments.value is None:
            arguments = Mapping(arguments.span, ())
        if not isinstance(arguments, Mapping):
            raise NoPath(len(steps))
        if step == entry.key.text and arguments.get(step) is None:
            raise NoPath(len(steps), help=CLASS_NAME)
        return Mapping(node.span, (Entry(entry.key, self.keep_node(self.set_key(arguments, step, steps, path))),))

    def set_key(self, node: Mapping, step: str, steps: Steps, path: Steps) -> Node:
        entry = node.get(step)
        if path == ("vars",) and entry is not None and not self.is_used(step):
            raise NoPath(len(steps), help=f"no `${step}` is written in the spec", in_vain=True)
        if entry is not None:
            changed = Entry(entry.key, self.set(entry.value, steps[1:], (*path, step)))
            return Mapping(node.span, tuple([changed if each is entry else each for each in node.entries]))
        if path == ("fusion",) and _find_own_name(node) == step and len(steps) > 1:
            return self.set(node, steps[1:], path)
        layers = node.get("layers")
        held = self.open_variable(layers.value) if layers is not None and _holds_layers(path) else None
        named = dict(self.iterate_named_layers(held)) if isinstance(held, Listing) else {}
        if step in named:
            return self.set(node, ("layers", *named[step], *steps[1:]), path)
        known = (*(each.key.text for each in node.entries), *named)
        if path == ("vars",) and not self.is_used(step):
            raise NoPath(len(steps), known, None if known else f"no `${step}` is written in the spec")
        has_default = len(steps) > 1 and not find_nearest(step, known) and _may_have_default((*path, step), steps[1])
        of_compile = path == ("compile",)
        known = (*known, *(each for each in (WITH_DEFAULT, "loss") if of_compile and each != step))
        section = path[:1] in OPENED or (of_compile and step not in NAMED and not find_nearest(step, known))
        opened = has_default or section or (path == ROOT and step in SECTIONS)
        if len(steps) > 1 and not opened:
            help = None if find_nearest(step, known) else _explain_unwritten((*path, step), steps[1:])
            raise NoPath(len(steps), known, help, instead=self.find_instead(node, step, path))
        span = self.spans[len(self.spans) - len(steps)]
        empty = Mapping(self.value.span, ())
        if has_default:
            empty = Mapping(span, (Entry(self.keep_key(DefaultName(span, "", "")), empty),))
        made = Entry(self.keep_key(Scalar(span, step, step)), self.set(empty, steps[1:], (*path, step)))
        return Mapping(node.span, (*node.entries, made))

    def keep_key(self, key: Scalar) -> Scalar:
        """The key, or an equal one that was made before."""
        kept = self.keep_node(key)
        assert isinstance(kept, Scalar)
        return kept

    def find_instead(self, node: Mapping, step: str, path: Steps) -> Steps:
        """The steps to what a name is taken for: a branch at the top, and the class of a layer that another one wraps."""
        if path == ROOT and step in _find_entries(self.document, "branches"):
            return ("branches", step)
        return next(((each.key.text,) for each in node.entries if _find_class(each.value) == step), ROOT)

    def iterate_named_layers(self, node: Node, depth: int = 0) -> Iterable[tuple[str, Steps]]:
        """Names of the layers in a list, inside structures too, each with the steps to it; the first of a name last.

        Lists that variables stand for may hold each other without end.
        """
        items = list(enumerate(node.items)) if isinstance(node, Listing) and depth < DEPTH_LIMIT else []
        for index, item in reversed(items):
            self.seen += 1
            if self.seen > NODES_LIMIT:
                return
            if not isinstance(item, Mapping) or len(item.entries) != 1:
                continue
            arguments = self.open_variable(item.entries[0].value)
            if not isinstance(arguments, Mapping):
                continue
            if item.entries[0].key.text in ("Residual", "Parallel", "Repeat"):
                yield from ((name, (index, *steps)) for name, steps in self.iterate_named_inside(arguments, depth + 1))
            if (name := _find_own_name(arguments)) is not None:
                yield name, (index,)

    def iterate_named_inside(self, structure: Mapping, depth: int) -> Iterable[tuple[str, Steps]]:
        lists: list[tuple[Steps, Node]] = [((entry.key.text,), entry.value) for entry in structure.entries]
        paths, merge = structure.get("paths"), structure.get("merge")
        if paths is not None and isinstance(paths.value, Mapping):
            lists += [(("paths", entry.key.text), entry.value) for entry in paths.value.entries]
        if merge is not None and isinstance(merge.value, Mapping) and (after := merge.value.get("layers")) is not None:
            lists.append((("merge", "layers"), after.value))
        for steps, node in lists:
            yield from ((name, (*steps, *more)) for name, more in self.iterate_named_layers(self.open_variable(node), depth))

    def is_named(self, node: Mapping, path: Steps) -> bool:
        """Whether a mapping is `Name: {argument: value}`, whose name is no step of a path."""
        if not _may_be_named(path) or len(node.entries) != 1:
            return False
        return path != ("compile", "loss") or node.entries[0].key.text not in self.heads

    def is_used(self, variable: str) -> bool:
        """Whether the spec says `$name` somewhere."""
        return any(
            variable in re.findall(r"\w+", m[1] or m[2])
            for text in _iterate_texts(self.document)
            for m in VARIABLE.finditer(text)
        )


def _may_have_default(path: Steps, inside: str | int) -> bool:
    """Whether an object that is not written at a path may be one all the same, of which an argument can be set."""
    named = path[-1] == WITH_DEFAULT or str(path[-1]).endswith(NAMED_ENDS)
    return named and _may_be_named(path) and isinstance(inside, str) and not inside[0].isupper()


def _explain_unwritten(path: Steps, left: Steps = ROOT) -> str | None:
    """What to say of the last key of a path, which is not written, so that nothing can be set in it, or in what is `left`."""
    if str(path[-1])[0].isupper():
        return CLASS_NAME
    name = str(left[0]) if left and str(left[0])[0].isupper() else "Name"
    argument = str(left[1]) if name != "Name" and len(left) > 1 else "argument"
    return SET_WHOLE.format(path=format_path(path), name=name, argument=argument) if _may_be_named(path) else None


def _find_entries(document: Node, key: str) -> dict[str, Node]:
    entry = document.get(key) if isinstance(document, Mapping) else None
    section = entry.value if entry is not None else None
    return {each.key.text: each.value for each in section.entries} if isinstance(section, Mapping) else {}


def _iterate_texts(node: Node) -> Iterable[str]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield entry.key.text
            yield from _iterate_texts(entry.value)
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _iterate_texts(item)
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.value


def _find_class(node: Node) -> str | None:
    """The name in `Name` and in `Name: {argument: value}`."""
    if isinstance(node, Scalar):
        return node.text
    return node.entries[0].key.text if isinstance(node, Mapping) and len(node.entries) == 1 else None


def _find_own_name(node: Node) -> str | None:
    entry = node.get("name") if isinstance(node, Mapping) else None
    return entry.value.text if entry is not None and isinstance(entry.value, Scalar) else None


def _may_be_named(path: Steps) -> bool:
    """Whether a layer, or another of Keras's objects, stands at a path."""
    last = path[-1] if path else ""
    if path[:1] in (("data",), ("search",)) or path[:2] == ("fit", "phases"):
        return last in NAMED if path[:1] == ("fit",) and len(path) > 3 else path[-2:-1] == ("augment",)
    if isinstance(last, int):
        return path[:-1] != ("fusion",)
    return last in NAMED or last.endswith(NAMED_ENDS) or (path[:2] == ("compile", "loss") and len(path) == 3)


def _as_mapping(node: Scalar, path: Steps) -> Node:
    """`Flatten` as `Flatten: {}`, `merge: concat` as `{strategy: concat}`, nothing as `{}`."""
    if isinstance(node.value, str) and _may_be_named(path):
        return _make_mapping(node, node, Mapping(node.span, ()))
    if isinstance(node.value, str) and path[-1:] == ("merge",):
        return _make_mapping(node, "strategy", node)
    return Mapping(node.span, ()) if node.value is None else node


def _make_mapping(at: Node, key: str | Scalar, value: Node) -> Mapping:
    key = Scalar(at.span, key, key) if isinstance(key, str) else key
    return Mapping(at.span, (Entry(key, value),))


def _is_head(path: Steps) -> bool:
    return path == ("head",) or (path[:1] == ("heads",) and len(path) == 2)


def _holds_layers(path: Steps) -> bool:
    """Whether the layers of a mapping can be addressed by their names through it."""
    if _is_head(path):
        return True
    return (path[:1] == ("fusion",) and len(path) <= 2) or (path[:1] == ("branches",) and len(path) == 2)
