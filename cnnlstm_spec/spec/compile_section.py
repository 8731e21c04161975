"""The `compile` section: optimizer, losses, metrics and the rest of `keras.Model.compile`, a head each."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from ..language.catalog import NO_EFFECT, find_family
from ..language.foreign import read_foreign
from ..language.kinds import NUMBER
from ..language.read_record import read, read_fields
from ..language.scope import POISON, Scope
from ..text.diagnostic import UNWRITTEN, Code, Diagnostic, Written
from ..text.fix import put, write
from ..text.frozen import dataclass
from ..text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, show_given
from ..text.spelling import find_nearest, fix_spelling
from .by_name import UNKNOWN_HEAD, note_heads
from .compile_keys import PASSED_ON, CompileKeys, Multiplier, Placed, PlacedLeaf

NO_LOSS = Code("no-loss", "error", "nothing is trained: `{head}` has no loss", sort="keras")
LOSS_FOR_ALL = Code("one-loss-for-several-heads", "error", "one loss for {count} heads; each needs its own, or null")
HEAD_WITHOUT_LOSS = Code("head-without-loss", "error", "the head `{head}` needs a loss, or an explicit null")
WEIGHT_WITHOUT_LOSS = Code("weight-without-loss", "error", "the head `{head}` has no loss to weigh")
CLIP_ALONE = Code("multipliers-with-global-clipnorm", "error", "with multipliers each group of weights would clip by itself")
METRICS_LIST = Code("metrics-not-a-list", "error", "`{key}` is a list, or maps heads to lists; this is {given}", sort="keras")

LOSS = PlacedLeaf("losses")
METRIC = PlacedLeaf("metrics")
KEYS = tuple(CompileKeys.arguments)


@dataclass(frozen=True)
class CompileSpec:
    """The section as read; mappings are by head."""

    optimizer: Placed | None = None
    losses: dict[str, Placed | None] = field(default_factory=dict)
    """None of a head that is not trained; a head whose loss could not be read is left out."""
    metrics: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    weighted_metrics: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    loss_weights: dict[str, float] = field(default_factory=dict)
    multipliers: tuple[Multiplier, ...] = ()
    dtype_policy: str = "float32"
    plain: dict[str, object] = field(default_factory=dict)
    """Arguments of `compile` that are passed on as they are."""
    written: Written = field(default=UNWRITTEN, compare=False)
    """Where its keys stand."""


def read_compile(node: Mapping, scope: Scope, heads: tuple[str, ...], single: bool) -> CompileSpec:
    """The section; what cannot be read is reported and left out."""
    values, written = read_fields(CompileKeys, node, scope, "compile")
    reader = _Reader(scope, heads, single, values, written)
    if values.get("jit_compile") is True and values.get("run_eagerly"):
        at, needed = scope.enter("jit_compile"), "`run_eagerly: false`"
        at.report(NO_EFFECT, reader.find_key("jit_compile"), argument="jit_compile: true", needed=needed)
    losses = reader.read_losses(node)
    reader.check_multipliers()
    return CompileSpec(
        optimizer=values.get("optimizer"),
        losses=losses,
        metrics=reader.read_metrics("metrics"),
        weighted_metrics=reader.read_metrics("weighted_metrics"),
        loss_weights=reader.read_loss_weights(losses),
        multipliers=values.get("learning_rate_multipliers") or (),
        dtype_policy=values.get("dtype_policy", "float32"),
        plain={name: values[name] for name in PASSED_ON if name in written.places and name in values},
        written=written,
    )


def check_compile(node: Mapping, scope: Scope) -> None:
    """Reports what is amiss in the section whatever the heads are, where they could not be read."""
    found: list[Diagnostic] = []
    heads = _find_heads(node, replace(scope, found=[], index=None)) or ("head",)
    read_compile(node, replace(scope, found=found), heads, len(heads) == 1)
    scope.found.extend(each for each in found if each.code not in (LOSS_FOR_ALL, HEAD_WITHOUT_LOSS, UNKNOWN_HEAD))


def _find_heads(node: Mapping, scope: Scope) -> tuple[str, ...]:
    """The keys of the section's mappings that are, or are near, no name of Keras's: they must be heads."""
    names: dict[str, None] = {}
    for key, known in (("loss", "losses"), ("metrics", "metrics"), ("weighted_metrics", "metrics"), ("loss_weights", "losses")):
        entry = node.get(key)
        value = scope.enter(key).resolve(entry.value) if entry is not None else None
        keras = (*find_family(known)["classes"], *find_family(known)["identifiers"], *scope.objects.list_names(known))
        keys = [each.key.text for each in value.entries] if isinstance(value, Mapping) else []
        names |= {each: None for each in keys if each not in keras and not find_nearest(each, keras)}
    return tuple(names)


def _names_one(node: Node, known: tuple[str, ...], family_name: str) -> bool:
    """Whether a value is a thing of Keras's, or for metrics a list of them, and so what stands before it is a head."""
    if isinstance(node, Listing):
        return family_name == "metrics"
    only = node.entries[0].key if isinstance(node, Mapping) and len(node.entries) == 1 else node
    return isinstance(only, Scalar) and only.text in known


def _is_foreign(node: Mapping, known: tuple[str, ...]) -> bool:
    """Whether a mapping is one thing of Keras's in the way of another library, `{type: mse}`, and no heads."""
    call = read_foreign(node)
    return call is not None and call.last in known


class _Reader:
    """Reads against the heads what was kept as nodes."""

    def __init__(self, scope: Scope, heads: tuple[str, ...], single: bool, values: dict[str, Any], written: Written) -> None:
        self.scope, self.heads, self.single = scope, heads, single
        self.values, self.written = values, written

    def find_key(self, name: str) -> Node:
        """The key of an argument that is written."""
        return Node(self.written.keys[name].span)

    def read_losses(self, section: Mapping) -> dict[str, Placed | None]:
        if "loss" not in self.written.keys:
            first = section.entries[0].key if section.entries else section
            if len(self.heads) == 1:
                self.scope.report(NO_LOSS, first, head=self.heads[0], help=("add `loss:`, or leave `compile` out",))
            else:
                self.scope.report(HEAD_WITHOUT_LOSS, first, head=self.heads[0], help=("`loss:` maps each head to its loss",))
            return {}
        at, node = self.scope.enter("loss"), self.values.get("loss")
        if node is None:
            return {}
        by_head = self.read_by_head(node, "losses")
        if by_head is not None:
            return self.read_losses_by_head(by_head, at)
        if len(self.heads) > 1 and not (isinstance(node, Scalar) and node.value is None):
            help = (f"write a mapping: {{{', '.join(f'{head}: ...' for head in self.heads)}}}",)
            at.report(LOSS_FOR_ALL, node, count=len(self.heads), help=help)
            return {}
        if isinstance(node, Scalar) and node.value is None:
            at.report(NO_LOSS, self.find_key("loss"), head=self.heads[0], help=("name a loss, or leave `compile` out",))
            return {}
        placed = LOSS.read(node, at)
        return {} if placed is POISON else {self.heads[0]: placed}

    def read_losses_by_head(self, node: Mapping, at: Scope) -> dict[str, Placed | None]:
        found: dict[str, Placed | None] = {}
        heads = self.read_known_heads(node, at)
        for each in heads:
            inner = at.enter(each.key.text)
            value = inner.resolve(each.value)
            empty = isinstance(value, Scalar) and value.value is None and not value.broken
            placed = None if empty else POISON if value is None else LOSS.read(value, inner)
            if placed is not POISON:
                found[each.key.text] = placed
        written = {each.key.text for each in heads}
        for head in self.heads:
            if head not in written:
                fixes = (put(self.find_key("loss").span, head, "null"),)
                help = (f"add `{head}: null` if it is not trained",)
                at.report(HEAD_WITHOUT_LOSS, self.find_key("loss"), head=head, help=help, fixes=fixes)
        nulls = [each for each in node.entries if isinstance(each.value, Scalar) and each.value.value is None]
        if nulls and len(nulls) == len(node.entries) and written >= set(self.heads):
            help = ("give one head a loss, or leave `compile` out",)
            at.report(NO_LOSS, self.find_key("loss"), head="`, `".join(self.heads), help=help)
        return found

    def read_by_head(self, node: Node, family_name: str) -> Mapping | None:
        """The mapping, if its keys are heads: one of them is a head's name, or none is a name of Keras's."""
        if not isinstance(node, Mapping) or not node.entries:
            return None
        keys = [each.key.text for each in node.entries]
        if any(key in self.heads for key in keys):
            return node
        known = (
            *find_family(family_name)["classes"],
            *find_family(family_name)["identifiers"],
            *self.scope.objects.list_names(family_name),
        )
        if _is_foreign(node, known) and not any(find_nearest(key, self.heads) for key in keys):
            return None
        is_keras = any(key in known for key in keys)
        alone = self.single and len(keys) == 1 and not _names_one(node.entries[0].value, known, family_name)
        return None if is_keras or alone else node

    def read_known_heads(self, node: Mapping, at: Scope) -> list[Entry]:
        """The entries of heads, a misspelt one as that of the head that is meant."""
        note_heads(node, at, self.heads)
        known = {each.key.text: each for each in node.entries if each.key.text in self.heads}
        for each in node.entries:
            if each.key.text in self.heads:
                continue
            left = [head for head in self.heads if head not in known]
            near = find_nearest(each.key.text, left) or (left[0] if len(left) == 1 else None)
            help = (f"did you mean `{near}`?",) if near else (f"the heads are {', '.join(self.heads)}",)
            fixes = (fix_spelling(each.key.text, near, self.heads, each.key.span),) if near else ()
            at.enter(each.key.text).report(UNKNOWN_HEAD, each.key, name=each.key.text, help=help, fixes=fixes)
            if near is not None:
                known[near] = Entry(replace(each.key, text=near), each.value)
        return list(known.values())

    def read_metrics(self, key: str) -> dict[str, tuple[Placed, ...]]:
        at, node = self.scope.enter(key), self.values.get(key)
        if node is None or (isinstance(node, Scalar) and node.value is None) or (isinstance(node, Mapping) and not node.entries):
            return {}
        by_head = self.read_by_head(node, "metrics")
        if by_head is not None:
            return {
                each.key.text: self.read_metric_list(key, each.value, at.enter(each.key.text), one=True)
                for each in self.read_known_heads(by_head, at)
            }
        if len(self.heads) > 1:
            help = (f"write a mapping: {{{self.heads[0]}: [...]}}",)
            shown = "one list for several heads" if isinstance(node, Listing) else show_given(node)
            at.report(METRICS_LIST, node, key=key, given=shown, help=help)
            return {}
        return {self.heads[0]: self.read_metric_list(key, node, at, one=False)}

    def read_metric_list(self, key: str, node: Node, at: Scope, one: bool) -> tuple[Placed, ...]:
        resolved = at.resolve(node)
        if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
            return ()
        if not isinstance(resolved, Listing):
            if one:
                placed = METRIC.read(resolved, at)
                return () if placed is POISON else (placed,)
            plain = isinstance(resolved, Scalar)
            text = resolved.text if isinstance(resolved, Scalar) else METRIC.named.suggest_instead(resolved, at) or "..."
            fixes = (write(resolved.span, f"[{text}]", "safe" if plain else "unsafe"),) if text != "..." else ()
            at.report(METRICS_LIST, resolved, key=key, given=show_given(resolved), help=(f"write [{text}]",), fixes=fixes)
            return ()
        found = (METRIC.read(item, at.enter(index)) for index, item in enumerate(resolved.items))
        return tuple(placed for placed in found if placed is not POISON)

    def read_loss_weights(self, losses: dict[str, Placed | None]) -> dict[str, float]:
        at, node = self.scope.enter("loss_weights"), self.values.get("loss_weights")
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            if len(self.heads) > 1:
                at.report(WRONG_TYPE, node, key="loss_weights", words="a mapping of heads to numbers", given=show_given(node))
                return {}
            value = NUMBER.read(node, at)
            return {} if value is POISON else {self.heads[0]: float(value)}
        found: dict[str, float] = {}
        for each in self.read_known_heads(node, at):
            head = each.key.text
            value = read(NUMBER, each.value, at.enter(head))
            if head in losses and losses[head] is None:
                at.enter(head).report(WEIGHT_WITHOUT_LOSS, each.key, head=head, help=("give it a loss, or leave the weight out",))
            elif value is not POISON:
                found[head] = float(value)
        return found

    def check_multipliers(self) -> None:
        """Reports what multipliers rule out."""
        if not self.values.get("learning_rate_multipliers"):
            return
        at, key = self.scope.enter("learning_rate_multipliers"), self.find_key("learning_rate_multipliers")
        optimizer = self.values.get("optimizer")
        if optimizer is not None and optimizer.thing.get("global_clipnorm") is not None:
            help = ("use `clipnorm`, which clips each weight by itself anyway",)
            at.report(CLIP_ALONE, key, help=help)
