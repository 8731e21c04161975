"""What is wrong after a mistake besides it, whatever comes of the layer at fault: what is found under every supposition of it.

One supposition finds what may be. What then is found near a node, whatever comes of any rank and size, needs no look at all
that lies before; of what is not, a supposition that clears it there is the next that the whole graph is looked at under.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ..ir.graph import Graph, TypedGraph, TypedNode
from ..ir.tensor import TensorType
from ..spec.compile_section import CompileSpec
from ..spec.model_spec import ModelSpec
from ..text.diagnostic import Diagnostic
from ..text.memo import Memory
from .alike import Alike
from .infer_on import Found, Stretch, find_stretch, infer_on, infer_stretch
from .rules.check import judge_head, judge_node
from .rules.common import Setting, describe_use, find_head_use
from .rules.steps import find_single_steps
from .rules.targets import find_misfits
from .shortcuts import Shortcuts, find_shared_layers, find_shortcuts
from .suppose import IN_WORDS, SUPPOSITIONS, TAKEN_OUT, TWO_DOZEN, SupposedTrial, Supposition

Key = tuple[object, ...]
Keys = dict[Key, str]
"""What is found, each with the first node where it is."""

NEAR = (
    *{(each.size, each.rank, each.masked): each for each in SUPPOSITIONS if each.size != TWO_DOZEN and not each.outside}.values(),
    Supposition(None, (True,), 4, within=True),
)
"""What is supposed before a stretch: nothing stands there that could be taken out, and each step of it may be meant. A layer that
is refused with sizes that are not known is refused with two that are; one alone may be another thing."""
WIDTHS = (2, 16, 64, 256)
"""How many nodes up to one are looked at, first and where that shows nothing."""


def look_on(typed: TypedGraph, spec: ModelSpec, told: list[Diagnostic], memory: Memory | None = None) -> list[Diagnostic]:
    """What is wrong after a mistake besides it, whatever comes of the layer at fault."""
    beyond = tuple(id for id, node in typed.nodes.items() if node.type is None)
    if not beyond:
        return []
    # Suppositions have most of what follows in common, as variants have.
    look = _Look(typed, spec, memory or Memory(), beyond)
    first, whole, found = look.look_at(TAKEN_OUT, beyond)
    before = set(map(make_finding_key, told))
    left = look.find_left(first, whole, {key: id for key, id in _list_keys(found).items() if key not in before})
    if not left:
        return []
    words = TAKEN_OUT if first.has_shown(IN_WORDS) else IN_WORDS
    _, _, found = look.look_at(words, left.values(), told=True)
    return [each for some in found.values() for each in some if make_finding_key(each) in left]


def make_finding_key(found: Diagnostic) -> Key:
    """What makes two findings one: the code and the place."""
    return (found.code.name, id(found.place.span.source), found.place.span.start)


def _list_keys(found: Found) -> Keys:
    keys: Keys = {}
    for id, some in found.items():
        for each in some:
            keys.setdefault(make_finding_key(each), id)
    return keys


def _group_written_alike(graph: Graph, ids: Iterable[str]) -> dict[str, list[str]]:
    """By the id of a node, those that are written at its place, of which the same is found; of an output, all outputs."""
    groups: dict[object, list[str]] = {}
    outputs, found = set(graph.outputs.values()), dict[str, list[str]]()
    for id in ids:
        span = graph.nodes[id].origin.place.span
        found[id] = groups.setdefault(None if id in outputs else (span.source.name, span.start), [])
        found[id].append(id)
    return found


class _Look:
    """A graph with mistakes as it is looked at, and the turns of the nodes that fail."""

    def __init__(self, typed: TypedGraph, spec: ModelSpec, memory: Memory, beyond: Iterable[str]) -> None:
        self._typed, self._spec, self._memory = typed, spec, memory
        self._turns = dict[str, int]()
        self._alike = Alike()
        self._starts: dict[object, TensorType] = {}
        self._beyond = dict.fromkeys(beyond)
        self._setting = Setting(typed.policy, isinstance(spec.compile, CompileSpec))
        self._layers = find_shared_layers(typed.graph)
        self._shortcuts: Shortcuts = {}
        self._written_alike = _group_written_alike(typed.graph, beyond)

    def look_at(self, supposed: Supposition, ids: Iterable[str], told: bool = False) -> tuple[SupposedTrial, TypedGraph, Found]:
        """A trial of what some nodes rest on: the types, and what is found; in words that are told, or where alone."""
        asked = dict.fromkeys(ids)
        wide = {each: None for id in asked for each in self._written_alike[id]}
        shortcuts = {id: before for id, before in self._shortcuts.items() if id not in wide}
        trial = SupposedTrial(supposed, self._turns, self._alike, frozenset(asked if told else ()), shortcuts)
        whole, found = infer_on(self._typed, trial, wide, self._layers, self._spec.batch_size, self._memory)
        self._judge(whole, tuple(whole.nodes), trial, asked, found, self._memory)
        return trial, whole, found

    def find_left(self, first: SupposedTrial, whole: TypedGraph, keys: Keys) -> Keys:
        """Of what is found in the first trial what is found under every supposition."""
        trials, sure, open = [first], set[Key](), keys
        self._shortcuts = find_shortcuts(self._typed.graph, self._layers, self._beyond, first.failing)

        def clear(supposed: Supposition) -> Keys:
            if not open or any(trial.has_shown(supposed) for trial in trials):
                return open
            trial, _, given = self.look_at(supposed, open.values())
            trials.append(trial)
            found = _list_keys(given)
            return {key: id for key, id in open.items() if key in found}

        for width in WIDTHS:
            if len(open) * width > len(self._beyond):
                # To look at the whole graph is less.
                break
            shown, likely = self._look_near(whole, open, width)
            sure |= shown
            open = {key: id for key, id in open.items() if key not in shown}
            open = clear(likely) if likely is not None else open
        for supposed in SUPPOSITIONS:
            open = clear(supposed)
        return {key: id for key, id in keys.items() if key in sure or key in open}

    def _look_near(self, whole: TypedGraph, keys: Keys, width: int) -> tuple[set[Key], Supposition | None]:
        """What is found whatever comes to a stretch, and the supposition under which most of the rest is not."""
        shown, clearing, order = set[Key](), Counter[Supposition](), list(NEAR)
        at: dict[str, list[Key]] = {}
        for key, id in keys.items():
            at.setdefault(id, []).append(key)
        alike: dict[tuple[object, ...], tuple[list[int], Supposition | None]] = {}
        for id, some in at.items():
            stretch = find_stretch(self._typed, id, width)
            if stretch is None:
                continue
            words = self._describe(stretch, whole, some)
            known = alike.get(words) or self._try_near(stretch, whole, some, order)
            alike[words] = known
            left, clears = known
            shown.update(some[index] for index in left)
            if clears is not None:
                clearing[clears] += 1
                # What clears one is likely to clear the next.
                order = [clears, *(each for each in order if each is not clears)]
        return shown, clearing.most_common(1)[0][0] if clearing else None

    def _describe(self, stretch: Stretch, whole: TypedGraph, keys: list[Key]) -> tuple[object, ...]:
        """What the findings at the end of a stretch rest on, places left out: those of two that are alike are the same."""
        uses = tuple(describe_use(head, self._spec) for head, id in self._typed.graph.outputs.items() if id == stretch.nodes[-1])
        index = {id: place for place, id in enumerate((stretch.before, *stretch.nodes))}
        given, nodes = whole.nodes[stretch.before].type, [self._typed.graph.nodes[id] for id in stretch.nodes]
        described = tuple(
            (
                *(
                    *(op and self._alike.number_op(op) for op in (node.op, node.meant)),
                    node.hidden,
                    tuple(node.origin.written.places),
                ),
                *(index.get(id) or self._typed.nodes[id].type for id in node.inputs),
            )
            for node in nodes
        )
        layers = len({node.layer for node in nodes})
        return (given and given.dtype, given and given.outer, layers, *(key[0] for key in keys), described, uses)

    def _try_near(
        self, stretch: Stretch, whole: TypedGraph, keys: list[Key], order: list[Supposition]
    ) -> tuple[list[int], Supposition | None]:
        """Which of the keys are found whatever comes, and else the supposition that clears the last of them."""
        left, shortcuts = list(range(len(keys))), stretch.shorten(self._shortcuts)
        for supposed in order:
            found = self._find_near(stretch, shortcuts, whole, supposed)
            left = [index for index in left if keys[index] in found]
            if not left:
                return left, supposed
        return left, None

    def _find_near(self, stretch: Stretch, shortcuts: Shortcuts, whole: TypedGraph, supposed: Supposition) -> set[Key]:
        """What is found at the end of a stretch that begins with what is supposed."""
        end, given = stretch.nodes[-1], whole.nodes[stretch.before].type
        assert given is not None
        trial = SupposedTrial(supposed, self._turns, self._alike, shortcuts=shortcuts)
        key = (supposed, given.dtype, given.outer)
        start = self._starts.get(key)
        if start is None:
            start = self._starts[key] = trial.give(given, self._typed.graph.nodes[end].origin.place, self._typed.policy)
        near, found = infer_stretch(self._typed, stretch, start, trial, self._spec.batch_size)
        inferred = [id for id in near.nodes if id != stretch.before]
        self._judge(near, inferred, trial, (end,), found, None)
        return set(map(make_finding_key, found.get(end, ())))

    def _judge(
        self,
        whole: TypedGraph,
        inferred: Collection[str],
        trial: SupposedTrial,
        nodes: Iterable[str],
        found: Found,
        memory: Memory | None,
    ) -> None:
        for id, single in find_single_steps(whole.nodes[id] for id in inferred):
            found.setdefault(id, []).append(single)
        outputs = self._typed.graph.outputs
        for labels in self._spec.targets:
            if outputs[labels.head] in inferred and (use := find_head_use(labels.head, whole, self._spec)) is not None:
                found.setdefault(use.node.id, []).extend(find_misfits(labels, use))
        for name, id in outputs.items() if self._setting.trains else ():
            if id in inferred and id in self._beyond and (use := find_head_use(name, whole, self._spec)) is not None:
                found.setdefault(id, []).extend(judge_head(use, memory))
        for id in nodes:
            if id in self._beyond and id not in trial.failing and (each := self._judge_node(whole.nodes[id], trial, memory)):
                found.setdefault(id, []).extend(each)

    def _judge_node(self, typed: TypedNode, trial: SupposedTrial, memory: Memory | None) -> list[Diagnostic]:
        """What is said of a node by itself; nothing where nothing was said of one that is alike."""
        if typed.node.op is None or typed.type is None:
            return []
        if trial.told:
            return judge_node(typed, self._setting, memory)
        return self._alike.judge(typed, lambda typed: judge_node(typed, self._setting, memory))
