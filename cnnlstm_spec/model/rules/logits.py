"""Values of one sign, or between bounds, where a loss, a metric or the last activation reads numbers without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, inf
from typing import NamedTuple

from ...ir.graph import TypedGraph
from ...ir.meaning import Range
from ...ir.op import Op
from ...ir.size import Size
from ...language.activations import CUTTING, DISTRIBUTIONS, SIGMOIDS
from ...spec.compile_keys import Placed
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, drop
from ..facts import OF_MARGINS
from .common import (
    BINARY,
    PROBABILITIES,
    Activated,
    HeadUse,
    find_activation,
    fix_activation,
    fix_instead,
    list_heads,
    name_written,
    place_in,
)

MARGINS = Code("margins-expected", "warning", "`{reader}` reads values on both sides of 0; `{head}` gives {given}")
LOGITS = Code("logits-bounded", "warning", "`{reader}` reads logits; `{giver}` gives {given}")

FAR = 0.9
"""A probability that what reads logits has to come to, or to its counterpart below."""
LARGE = 700.0
"""A logit whose exponential is a number still."""


def check_margins(head: HeadUse) -> Iterable[Diagnostic]:
    """Losses, and else metrics, that read the class off the sign of an output of one sign."""
    values, readers = head.type.meaning.range, [each for each in (head.loss, *head.metrics) if each is not None]
    readers = [each for each in readers if each.thing.name in OF_MARGINS]
    if values is None or not readers or values.crosses(0):
        return
    reader, found = readers[0], head.activation
    below = values.least is not None
    worst = "loses 1 or more" if reader is head.loss else "scores 1 or worse"
    which = "every sample of the class below 0" if below else "every sample of the class above 0"
    help: tuple[str, ...] = (f"{which} {worst}; labels of 0 it takes for -1",)
    fixes: tuple[Fix, ...] = ()
    if found is not None and found.node.op is not None and "activation" in found.node.op.arguments and reader is head.loss:
        help = (*help, "end with `activation: tanh`, or without an activation")
        fixes = tuple(fix_activation(found.node, each) for each in ("tanh", "linear"))
    if values.probabilities:
        other = "binary_crossentropy" if values.sums is None else "categorical_crossentropy"
        help = (*help, f"`{other}` reads probabilities")
        fixes = (*fixes, fix_instead(reader, other))
    facts: dict[str, object] = {"reader": name_written(reader.thing), "head": head.name, "given": values}
    yield Diagnostic(MARGINS, reader.place, facts, "", _label_giver(head.node.op, found, values), help, fixes)


def _label_giver(op: Op | None, found: Activated | None, values: Range) -> tuple[Label, ...]:
    if found is not None and found.node.op is not None:
        return (Label(place_in(found.node.op, "activation", found.node), f"gives {values}"), *found.node.origin.uses)
    return (Label(values.made_at, f"gives {values}"),) if values.made_at is not None else ()


class _Logits(NamedTuple):
    """What reads logits, as it is written, and the node that gives them."""

    reader: str
    apart: bool
    """Whether each is read by itself, and not set against the others."""
    given: str
    among: Size
    """How many it sets against one another."""
    places: tuple[Label, ...]


def check_logits(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Logits that reach no probability near 0 or 1, or that a ReLU has cut, where a loss or the last activation reads them."""
    for head in list_heads(typed, spec):
        logits = _find_logits(head, head.loss) if head.loss is not None else None
        if logits is not None:
            yield from _check(logits, typed)


def _find_logits(head: HeadUse, loss: Placed) -> _Logits | None:
    found, label = head.activation, Label(loss.place, "the loss")
    if loss.thing.get("from_logits") or loss.thing.name == "CTC":
        if found is not None and found.function in SIGMOIDS | DISTRIBUTIONS:
            # It gives probabilities, which is told by itself.
            return None
        return _Logits(name_written(loss.thing), loss.thing.name in BINARY, head.node.id, head.width or 1, (label,))
    op = found.node.op if found is not None else None
    if found is None or op is None or found.typed.weights or loss.thing.name not in PROBABILITIES:
        return None
    if found.function not in ("sigmoid", "softmax") or len(found.node.inputs) != 1:
        return None
    reads = Label(place_in(op, "activation", found.node), "reads them")
    return _Logits(found.function, found.function == "sigmoid", found.node.inputs[0], found.size, (reads, label))


def _check(logits: _Logits, typed: TypedGraph) -> Iterator[Diagnostic]:
    giver = typed.nodes[logits.given]
    values, found = giver.type.meaning.range if giver.type is not None else None, find_activation(typed, logits.given)
    if giver.type is None or values is None or not values.bounded or values.pixels:
        return
    low, high = _reach(values, logits)
    cut = found is not None and found.function in CUTTING and not found.pooled and values.attained
    help: tuple[str, ...] = ()
    if low > 1 - FAR:
        help = (f"no probability is below {low:.3g}",)
    if high < FAR:
        help = (*help, f"no probability is above {high:.3g}")
    if cut and not logits.apart:
        help = (*help, "a logit that would be below 0 has no gradient")
    if not help:
        return
    assert giver.node.op is not None
    name, place, fixes = giver.node.op.title(), values.made_at or giver.node.origin.place, tuple[Fix, ...]()
    way = "put a `Dense` without an activation between"
    if found is not None and found.node.op is not None:
        name, place = found.function, place_in(found.node.op, "activation", found.node)
        fixes = tuple(_leave_out(found.node.op, found))
        way = f"leave the `{name}` out" if fixes else way
    facts: dict[str, object] = {"reader": logits.reader, "giver": name, "given": values}
    uses = found.node.origin.uses if found is not None else ()
    yield Diagnostic(LOGITS, place, facts, "", (*logits.places, *uses), (*help, way), fixes)


def _leave_out(op: Op, found: Activated) -> Iterator[Fix]:
    """The layer without its activation, which a recurrent one needs; a list without the layer that is one is shown alone."""
    if "activation" in op.arguments and "return_sequences" not in op.arguments:
        yield fix_activation(found.node, "linear")
    elif not found.typed.weights:
        yield drop(found.node.origin.place.span, op.title(), "display")


def _reach(values: Range, logits: _Logits) -> tuple[float, float]:
    """The least and the greatest probability that comes of logits between bounds."""
    low = -inf if values.least is None else values.least
    high = inf if values.greatest is None else values.greatest
    if logits.apart:
        return _share(low, 1), _share(high, 1)
    others = max(logits.among, 2) - 1 if isinstance(logits.among, int) else 1
    return _share(low - high, others), _share(high - low, others)


def _share(ahead: float, others: int) -> float:
    """The probability of a class whose logit is so far ahead of those of all others."""
    return 1 / (1 + others * exp(-max(ahead, -LARGE)))
