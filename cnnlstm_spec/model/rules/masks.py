"""Where the mask of the padding is lost, mixed or made for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.tensor import Mask, TensorType
from ...language.catalog import NO_EFFECT
from ...ops.input import InputOp
from ...ops.stand_in import stand_for
from ...ops.structural import EnterTime, LeaveTime, Output
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import write
from ...text.source import Place
from .common import Setting, find_compile_spec, find_title

if TYPE_CHECKING:
    from ...ops.backbones.op import Backbone
else:
    Backbone = stand_for("backbones.op", "Backbone")

MASK_LOST = Code("mask-lost", "warning", "`{layer}` loses the mask: what follows reads padding as data")
COMBINED = Code("masks-combined", "warning", "`{layer}` joins masks of different origin: a step is real where all are")
NORM_OVER_PADDING = Code("batchnorm-over-padding", "warning", "`{layer}` takes its statistics from padded {steps} too")
UNREAD = Code("mask-unread", "warning", "nothing reads the mask that `{maker}` makes")

"""Normalizations over the axes that they are told."""
READERS = "`GlobalAveragePooling1D`, attention and the recurrent layers read the mask"


def check_mask(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """Findings on the masks that come to a layer: lost, combined, unread."""
    yield from _check_mask_zero(node)
    yield from _check_over_padding(node)
    yield from _check_across_steps(node)
    yield from _check_combined(node)
    gone = _find_lost(node)
    if gone is not None:
        yield _report_lost(node, gone)


@remember_by_node
def _find_lost(node: TypedNode) -> Mask | None:
    """The mask that a layer drops though it has not read it."""
    op = node.node.op
    assert op is not None and node.type is not None
    inputs = tuple(x for x in node.inputs if x is not None)
    mask = next((mask for x in inputs for mask in _iterate_masks(x)), None)
    if mask is None or _reads(node) or isinstance(op, EnterTime | Output) or op.sums_zeros(*inputs):
        return None
    if op.makes_mask(*inputs) or op.takes_no_padding(*inputs):
        return None
    if isinstance(op, LeaveTime):
        return mask
    return mask if node.type.mask is None and node.type.zeros is None else None


def _iterate_masks(x: TensorType) -> Iterator[Mask]:
    """The masks by which the steps of a type are padded: of a first axis of steps, and of one where padded steps are 0."""
    if x.mask is not None:
        yield x.mask
    if x.zeros is not None:
        yield x.zeros.mask


@remember_by_node
def _reads(node: TypedNode) -> bool:
    """Whether a layer reads the masks that come to it."""
    op, padded = node.node.op, [x for x in node.inputs if x is not None and any(_iterate_masks(x))]
    return op is not None and op.reads_mask and all(x.mask is not None and op.leaves_padding_out(x) for x in padded)


def _report_lost(node: TypedNode, mask: Mask) -> Diagnostic:
    op = node.node.op
    assert op is not None
    title = find_title(op)
    if isinstance(op, LeaveTime):
        help: tuple[str, ...] = ("inside it, end with a layer that reads the mask, such as `GlobalAveragePooling1D`",)
    elif title == "GlobalMaxPooling1D":
        help = ("`GlobalAveragePooling1D` reads the mask",)
    elif title == "Slice":
        help = (
            "a recurrent layer without `return_sequences`, in `Bidirectional` too, gives what it has read in the end",
            READERS,
        )
    elif title == "Flatten":
        help = ("bring the steps to a vector by a layer that reads the mask: `GlobalAveragePooling1D`, or an `LSTM`",)
    else:
        help = (READERS, "put one of them before it, or leave the mask out where padding may count")
    labels = (Label(mask.made_at, "the mask is made here"), *node.node.origin.uses)
    pooled = title in ("Flatten", "GlobalMaxPooling1D")
    fixes = (write(node.node.origin.place.span, "GlobalAveragePooling1D"),) if pooled else ()
    return Diagnostic(MASK_LOST, node.node.origin.place, {"layer": op.title()}, "", labels, help, fixes)


def _check_combined(node: TypedNode) -> Iterator[Diagnostic]:
    assert node.type is not None and node.node.op is not None
    given = [x.mask for x in node.inputs if x is not None and x.mask is not None]
    other = next((mask for mask in given[1:] if not mask.is_same(given[0])), None)
    if other is None or node.type.mask is None or not given[0].terms | other.terms <= node.type.mask.terms:
        return
    labels = (Label(given[0].made_at, "one is made here"), Label(other.made_at, "the other is made here"))
    help: tuple[str, ...] = ()
    if given[0].backwards != other.backwards:
        help = ("one of them has its steps in reverse order, padding first: `go_backwards` turns them",)
    if list_ids(given[0]) != list_ids(other):
        help = (*help, "give branches of the same steps one `mask_input`, or fuse them after their steps are one vector")
    labels = (*(labels if given[0].made_at != other.made_at else labels[:1]), *node.node.origin.uses)
    yield Diagnostic(COMBINED, node.node.origin.place, {"layer": node.node.op.title()}, labels=labels, help=help)


def _check_across_steps(node: TypedNode) -> Iterator[Diagnostic]:
    """A normalization whose statistics are over the steps of one sample, which it takes without the mask."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or x.mask is None or not x.axes:
        return
    if op.trainable and node.weights and x.rank > 1 and not op.leaves_padding_out(x):
        help: tuple[str, ...] = ("give it two channels or more",)
    elif op.statistics is not None:
        help = ("`LayerNormalization` without `axis` takes them from one step",)
    else:
        return
    axes = op.get_value("axis")
    taken = {each % (x.rank + 1) for each in (axes if isinstance(axes, tuple | list) else (axes,))}
    if op.statistics == "axis" and 1 not in taken:
        return
    labels = (Label(x.mask.made_at, "the mask is made here"), *node.node.origin.uses)
    facts: dict[str, object] = {"layer": op.title(), "steps": x.axes[0].name}
    yield Diagnostic(NORM_OVER_PADDING, node.node.origin.place, facts, labels=labels, help=help)


def _check_over_padding(node: TypedNode) -> Iterator[Diagnostic]:
    """A trained batch norm among steps in the batch: it cannot leave the padded ones out."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or not op.trainable:
        return
    padded = next(((axis, mask) for axis, mask in x.outer if mask is not None), None)
    if padded is None or not any(weight.name.endswith("moving_mean") for weight in node.weights):
        return
    inside = isinstance(op, Backbone)
    if isinstance(op, Backbone) and op.list_norms().intersection(op.list_kept()) <= op.list_frozen_layers():
        return
    axis, mask = padded
    labels = (Label(mask.made_at, "the mask is made here"), *node.node.origin.uses)
    help: tuple[str, ...] = (
        "`LayerNormalization` and `GroupNormalization` take theirs from one step",
        f"`{'freeze_batch_norm: true' if inside else 'trainable: false'}` keeps what was learned before",
    )
    facts: dict[str, object] = {"layer": op.title(), "steps": axis.name}
    yield Diagnostic(NORM_OVER_PADDING, node.node.origin.place, facts, labels=labels, help=help)


def _check_mask_zero(node: TypedNode) -> Iterator[Diagnostic]:
    """`mask_zero` where an embedding makes no mask."""
    op = node.node.op
    x = node.inputs[0] if node.inputs else None
    keys = node.node.origin.written.keys
    if op is None or x is None or x.rank < 2 or "mask_zero" not in keys or not op.get_value("mask_zero"):
        return
    help: tuple[str, ...] = ("put the embedding into `TimeDistributed`, or give its input `mask_input`",)
    facts: dict[str, object] = {"argument": "mask_zero", "needed": "an input of (steps)"}
    yield Diagnostic(NO_EFFECT, keys["mask_zero"], facts, labels=node.node.origin.uses, help=help)


def check_unread_masks(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Masks that no layer and no output reads, and of which nothing has been said; silent after a mistake."""
    if not typed.is_known:
        return
    lost = (node for node in typed.nodes.values() if _find_lost(node) is not None)
    masks = (mask for node in lost for x in node.inputs if x is not None for mask in _iterate_masks(x))
    said = _read(typed, spec, {id for mask in masks for id in list_ids(mask)})
    for node in typed.nodes.values():
        made = _find_made_mask(node)
        if made is not None and node.node.id not in said:
            maker, place = made
            help = (f"{READERS}, and so does the loss of an output with steps", "leave it out if padding may count")
            yield Diagnostic(UNREAD, place, {"maker": maker}, labels=node.node.origin.uses, help=help)


def _read(typed: TypedGraph, spec: ModelSpec, lost: set[str]) -> set[str]:
    """The makers of masks that are read, lost or replaced, or that a loss should read; of a joined mask its parts."""
    section = find_compile_spec(spec)
    trained = [] if section is None else [typed.graph.outputs[head] for head, loss in section.losses.items() if loss is not None]
    found = set(lost)
    for node in reversed(typed.nodes.values()):
        op, coming = node.node.op, _list_coming(node)
        if op is None or not coming:
            continue
        inputs = tuple(x for x in node.inputs if x is not None)
        made = op.makes_mask(*inputs) and (not op.joins_masks or node.node.id in found)
        carried = isinstance(op, Output) and (node.node.id in trained or (node.type is not None and node.type.mask is not None))
        if _reads(node) or made or carried or op.sums_zeros(*inputs):
            found |= coming
    return found


@remember_by_node
def _list_coming(node: TypedNode) -> frozenset[str]:
    """The nodes that make the masks that come to a node."""
    return frozenset(id for x in node.inputs if x is not None for mask in _iterate_masks(x) for id in list_ids(mask))


def list_ids(mask: Mask) -> frozenset[str]:
    """The nodes that make a mask."""
    return frozenset(id for id, _ in mask.terms)


@remember_by_node
def _find_made_mask(node: TypedNode) -> tuple[str, Place] | None:
    """What makes a mask at a node, and where it is written."""
    op = node.node.op
    if isinstance(op, InputOp):
        key = op.mask_by if op.mask_of == op.branch else None
        return (key, node.node.origin.written.places[key]) if key is not None else None
    inputs = tuple(x for x in node.inputs if x is not None)
    if op is None or not inputs or op.joins_masks or not op.makes_mask(*inputs):
        return None
    keys = node.node.origin.written.keys
    if "mask_zero" in keys:
        return "mask_zero", keys["mask_zero"]
    return op.title(), node.node.origin.place
