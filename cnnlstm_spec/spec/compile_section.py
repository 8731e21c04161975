"""The `compile` section: optimizer, losses, metrics and the rest of `keras.Model.compile`, a head each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import CoreSchema, core_schema

from ..language.catalog import NO_EFFECT, KerasObject, facts, family
from ..language.kinds import BOOLEAN, NOT_ALLOWED, NUMBER, Choice, Integer, Policy
from ..language.named import Named
from ..language.read_record import MANY, UNKNOWN_KEY, read, report_unknown_keys
from ..language.scope import POISON, Scope, nearest
from ..text.diagnostic import Code, Diagnostic
from ..text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, given
from ..text.source import Place
from .promises import UNKNOWN_HEAD

NO_LOSS = Code("no-loss", "error", "nothing is trained: `{head}` has no loss", sort="keras")
LOSS_FOR_ALL = Code("one-loss-for-several-heads", "error", "one loss for {count} heads; each needs its own, or null")
HEAD_WITHOUT_LOSS = Code("head-without-loss", "error", "the head `{head}` needs a loss, or an explicit null")
WEIGHT_WITHOUT_LOSS = Code("weight-without-loss", "error", "the head `{head}` has no loss to weigh")
CLIP_ALONE = Code("multipliers-with-global-clipnorm", "error", "with multipliers each group of weights would clip by itself")
MULTIPLIER_CALLBACKS = Code(
    "multipliers-and-callbacks", "warning", "learning-rate callbacks do not reach an optimizer with multipliers"
)
METRICS_LIST = Code("metrics-not-a-list", "error", "`{key}` is a list, or maps heads to lists; this is {given}", sort="keras")

LOSS = Named("losses")
METRIC = Named("metrics")
OPTIMIZER = Named("optimizers")
KEYS = (
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "learning_rate_multipliers",
    "dtype_policy",
    "jit_compile",
    "run_eagerly",
    "steps_per_execution",
    "auto_scale_loss",
)


class _JitKind(Choice):
    """`auto`, true or false."""

    def __init__(self) -> None:
        super().__init__("auto")
        self.words = "`auto`, true or false"

    def core(self) -> CoreSchema:
        return core_schema.literal_schema(["auto", True, False])

    def schema(self) -> dict[str, Any]:
        return {"enum": ["auto", True, False]}


PLAIN = {
    "jit_compile": _JitKind(),
    "run_eagerly": BOOLEAN,
    "steps_per_execution": Integer(1),
    "auto_scale_loss": BOOLEAN,
}


@dataclass(frozen=True)
class Placed:
    """An object of the catalog and where it is named."""

    thing: KerasObject
    place: Place


@dataclass(frozen=True)
class CompileSpec:
    """The section as read; mappings are by head."""

    optimizer: Placed | None = None
    losses: dict[str, Placed | None] = field(default_factory=dict)
    """None of a head that is not trained; a head whose loss could not be read is left out."""
    metrics: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    weighted_metrics: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    loss_weights: dict[str, float] = field(default_factory=dict)
    multipliers: tuple[tuple[str, float, Place], ...] = ()
    dtype_policy: str = "float32"
    plain: dict[str, Any] = field(default_factory=dict)
    """Arguments of `compile` that are passed on as they are."""


def read_compile(node: Mapping, scope: Scope, heads: tuple[str, ...], single: bool) -> CompileSpec:
    """The section; what cannot be read is reported and left out."""
    written = {entry.key.text: entry for entry in node.entries}
    unknown = [entry for entry in node.entries if entry.key.text not in KEYS and not _of_optimizer(entry, written, scope)]
    # Read as what is meant, so that nothing is said to be missing.
    written = report_unknown_keys(unknown, scope, "compile", KEYS) | written
    reader = _Reader(scope, heads, single)
    values: dict[str, Any] = {}
    for key, kind in PLAIN.items():
        if key in written and (value := read(kind, written[key].value, scope.at(key))) is not POISON:
            values[key] = value
    if values.get("jit_compile") is True and values.get("run_eagerly"):
        scope.at("jit_compile").report(
            NO_EFFECT, written["jit_compile"].key, argument="jit_compile: true", needed="`run_eagerly: false`"
        )
    policy = "float32"
    if "dtype_policy" in written:
        policy = read(Policy(*facts()["dtype_policies"]), written["dtype_policy"].value, scope.at("dtype_policy"))
    losses = reader.losses(written.get("loss"), node)
    optimizer = reader.optimizer(written.get("optimizer"))
    multipliers = reader.multipliers(written.get("learning_rate_multipliers"), optimizer)
    return CompileSpec(
        optimizer=optimizer,
        losses=losses,
        metrics=reader.metrics("metrics", written.get("metrics")),
        weighted_metrics=reader.metrics("weighted_metrics", written.get("weighted_metrics")),
        loss_weights=reader.loss_weights(written.get("loss_weights"), losses),
        multipliers=multipliers,
        dtype_policy="float32" if policy is POISON else policy,
        plain=values,
    )


def check_compile(node: Mapping, scope: Scope) -> None:
    """Reports what is amiss in the section whatever the heads are, where they could not be read."""
    found: list[Diagnostic] = []
    heads = _heads_of(node, replace(scope, found=[])) or ("head",)
    read_compile(node, replace(scope, found=found), heads, len(heads) == 1)
    scope.found.extend(each for each in found if each.code not in (LOSS_FOR_ALL, HEAD_WITHOUT_LOSS, UNKNOWN_HEAD))


def _heads_of(node: Mapping, scope: Scope) -> tuple[str, ...]:
    """The keys of the section's mappings that are, or are near, no name of Keras's: they must be heads."""
    names: dict[str, None] = {}
    for key, known in (("loss", "losses"), ("metrics", "metrics"), ("weighted_metrics", "metrics"), ("loss_weights", "losses")):
        entry = node.get(key)
        value = scope.at(key).resolve(entry.value) if entry is not None else None
        keras = (*family(known)["classes"], *family(known)["identifiers"])
        keys = [each.key.text for each in value.entries] if isinstance(value, Mapping) else []
        names |= {each: None for each in keys if each not in keras and not nearest(each, keras)}
    return tuple(names)


def _of_optimizer(entry: Entry, written: dict[str, Entry], scope: Scope) -> bool:
    """Whether a key is an argument of the optimizer, which is then reported."""
    optimizer = written.get("optimizer")
    value = optimizer.value if optimizer is not None else None
    named = value.entries[0].key if isinstance(value, Mapping) and value.entries else value
    known = family("optimizers")
    name = named.text if isinstance(named, Scalar) else "Adam"
    name = name if name in known["classes"] else known["identifiers"].get(name.lower(), "Adam")
    key = entry.key.text
    if key not in (argument["name"] for argument in known["classes"][name]["arguments"]):
        return False
    help = (f"it is an argument of the optimizer: `optimizer: {{{name}: {{{key}: ...}}}}`",)
    scope.at(key).report(UNKNOWN_KEY, entry.key, owner="compile", key=key, help=help)
    return True


class _Reader:
    def __init__(self, scope: Scope, heads: tuple[str, ...], single: bool) -> None:
        self.scope, self.heads, self.single = scope, heads, single

    def optimizer(self, entry: Entry | None) -> Placed | None:
        at = self.scope.at("optimizer")
        node = None if entry is None else at.resolve(entry.value)
        return None if node is None else self.placed(OPTIMIZER, node, at)

    def losses(self, entry: Entry | None, section: Mapping) -> dict[str, Placed | None]:
        if entry is None:
            first = section.entries[0].key if section.entries else section
            if len(self.heads) == 1:
                self.scope.report(NO_LOSS, first, head=self.heads[0], help=("add `loss:`, or leave `compile` out",))
            else:
                self.scope.report(HEAD_WITHOUT_LOSS, first, head=self.heads[0], help=("`loss:` maps each head to its loss",))
            return {}
        at = self.scope.at("loss")
        node = at.resolve(entry.value)
        if node is None:
            return {}
        by_head = self.by_head(node, "losses")
        if by_head is not None:
            return self.losses_by_head(by_head, at, entry)
        if len(self.heads) > 1 and not (isinstance(node, Scalar) and node.value is None):
            help = (f"write a mapping: {{{', '.join(f'{head}: ...' for head in self.heads)}}}",)
            at.report(LOSS_FOR_ALL, node, count=len(self.heads), help=help)
            return {}
        if isinstance(node, Scalar) and node.value is None:
            at.report(NO_LOSS, entry.key, head=self.heads[0], help=("name a loss, or leave `compile` out",))
            return {}
        placed = self.placed(LOSS, node, at)
        return {self.heads[0]: placed} if placed else {}

    def losses_by_head(self, node: Mapping, at: Scope, entry: Entry) -> dict[str, Placed | None]:
        found: dict[str, Placed | None] = {}
        heads = self.known_heads(node, at)
        for each in heads:
            inner = at.at(each.key.text)
            value = inner.resolve(each.value)
            empty = isinstance(value, Scalar) and value.value is None and not value.broken
            placed = None if value is None or empty else self.placed(LOSS, value, inner)
            if placed is not None or empty:
                found[each.key.text] = placed
        written = {each.key.text for each in heads}
        for head in self.heads:
            if head not in written:
                at.report(HEAD_WITHOUT_LOSS, entry.key, head=head, help=(f"add `{head}: null` if it is not trained",))
        nulls = [each for each in node.entries if isinstance(each.value, Scalar) and each.value.value is None]
        if nulls and len(nulls) == len(node.entries) and written >= set(self.heads):
            at.report(NO_LOSS, entry.key, head="`, `".join(self.heads), help=("give one head a loss, or leave `compile` out",))
        return found

    def placed(self, kind: Named, node: Node, at: Scope) -> Placed | None:
        value = kind.read(node, at)
        if value is POISON:
            return None
        where = node.entries[0].key if isinstance(node, Mapping) else node
        return Placed(value, at.place(where))

    def by_head(self, node: Node, family_name: str) -> Mapping | None:
        """The mapping, if its keys are heads: one of them is a head's name, or none is a name of Keras's."""
        if not isinstance(node, Mapping) or not node.entries:
            return None
        keys = [each.key.text for each in node.entries]
        if any(key in self.heads for key in keys):
            return node
        known = family(family_name)
        is_keras = any(key in known["classes"] or key in known["identifiers"] for key in keys)
        return None if is_keras or (self.single and len(keys) == 1) else node

    def known_heads(self, node: Mapping, at: Scope) -> list[Entry]:
        """The entries of heads, a misspelt one as that of the head that is meant."""
        known = {each.key.text: each for each in node.entries if each.key.text in self.heads}
        for each in node.entries:
            if each.key.text in self.heads:
                continue
            near = None
            if len(at.found) < MANY:
                left = [head for head in self.heads if head not in known]
                near = nearest(each.key.text, left) or (left[0] if len(left) == 1 else None)
            help = (f"did you mean `{near}`?",) if near else (f"the heads are {', '.join(self.heads)}",)
            at.at(each.key.text).report(UNKNOWN_HEAD, each.key, name=each.key.text, help=help)
            if near is not None:
                known[near] = Entry(replace(each.key, text=near), each.value)
        return list(known.values())

    def metrics(self, key: str, entry: Entry | None) -> dict[str, tuple[Placed, ...]]:
        if entry is None:
            return {}
        at = self.scope.at(key)
        node = at.resolve(entry.value)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return {}
        by_head = self.by_head(node, "metrics")
        if by_head is not None:
            return {
                each.key.text: self.metric_list(key, each.value, at.at(each.key.text), one=True)
                for each in self.known_heads(by_head, at)
            }
        if len(self.heads) > 1:
            help = (f"write a mapping: {{{self.heads[0]}: [...]}}",)
            shown = "one list for several heads" if isinstance(node, Listing) else given(node)
            at.report(METRICS_LIST, node, key=key, given=shown, help=help)
            return {}
        return {self.heads[0]: self.metric_list(key, node, at, one=False)}

    def metric_list(self, key: str, node: Node, at: Scope, one: bool) -> tuple[Placed, ...]:
        resolved = at.resolve(node)
        if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
            return ()
        if not isinstance(resolved, Listing):
            if one:
                placed = self.placed(METRIC, resolved, at)
                return (placed,) if placed else ()
            text = resolved.text if isinstance(resolved, Scalar) else "..."
            at.report(METRICS_LIST, resolved, key=key, given=given(resolved), help=(f"write [{text}]",))
            return ()
        found = []
        for index, item in enumerate(resolved.items):
            inner = at.at(index)
            value = inner.resolve(item)
            placed = self.placed(METRIC, value, inner) if value is not None else None
            if placed is not None:
                found.append(placed)
        return tuple(found)

    def loss_weights(self, entry: Entry | None, losses: dict[str, Placed | None]) -> dict[str, float]:
        if entry is None:
            return {}
        at = self.scope.at("loss_weights")
        node = at.resolve(entry.value)
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            if len(self.heads) > 1:
                at.report(WRONG_TYPE, node, key="loss_weights", words="a mapping of heads to numbers", given=given(node))
                return {}
            value = NUMBER.read(node, at)
            return {} if value is POISON else {self.heads[0]: float(value)}
        found: dict[str, float] = {}
        for each in self.known_heads(node, at):
            head = each.key.text
            value = read(NUMBER, each.value, at.at(head))
            if head in losses and losses[head] is None:
                at.at(head).report(WEIGHT_WITHOUT_LOSS, each.key, head=head, help=("give it a loss, or leave the weight out",))
            elif value is not POISON:
                found[head] = float(value)
        return found

    def multipliers(self, entry: Entry | None, optimizer: Placed | None) -> tuple[tuple[str, float, Place], ...]:
        if entry is None:
            return ()
        at = self.scope.at("learning_rate_multipliers")
        node = at.resolve(entry.value)
        if not isinstance(node, Mapping) or not node.entries:
            if node is not None:
                words = "a mapping of addresses to numbers"
                at.report(WRONG_TYPE, node, key="learning_rate_multipliers", words=words, given=given(node))
            return ()
        found = []
        for each in node.entries:
            inner = at.at(each.key.text)
            value = read(NUMBER, each.value, inner)
            if value is not POISON and value < 0:
                inner.report(NOT_ALLOWED, each.value, key=each.key.text, words="a number of 0 or more", given=value)
            elif value is not POISON:
                found.append((each.key.text, float(value), inner.place(each.key)))
        if optimizer is not None and optimizer.thing.get("global_clipnorm") is not None:
            help = ("use `clipnorm`, which clips each weight by itself anyway",)
            at.report(CLIP_ALONE, entry.key, help=help)
        else:
            at.report(MULTIPLIER_CALLBACKS, entry.key, help=("give the optimizer a schedule instead of a callback",))
        return tuple(found)
