"""Inputs of unknown length whose padded steps a layer or a loss takes for data, for want of a mask."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from ...ir.graph import TypedGraph, TypedNode
from ...ir.inference import Refusal
from ...ir.tensor import Mask, TensorType
from ...ops.input import TIMED, InputOp
from ...ops.structural import EnterTime, Output
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from .common import find_compile_spec

NO_MASK = Code("no-mask-for-length", "warning", "`{branch}` is of any length, and nothing says which {steps} are padding")


def check_lengths(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Follows the padding of such an input to the first that would read its mask; silent after a mistake.

    What would lose the mask on the way, such as a convolution, is not told: a mask would only be lost there. Padded steps
    go through it, though, and it is named where they are read.
    """
    open_ = {id: node for id, node in typed.nodes.items() if _is_open(node)}
    if not open_ or spec.batch_size == 1 or not typed.is_known:
        return
    section = find_compile_spec(spec)
    trained = {typed.graph.outputs[head] for head, loss in section.losses.items() if loss is not None} if section else set()
    could: dict[str, TensorType] = {}
    lost: dict[str, TypedNode] = {}
    for id, node in typed.nodes.items():
        assert node.type is not None and node.node.op is not None
        if id in open_:
            could[id] = node.type.with_mask(Mask(frozenset({id}), node.node.origin.place))
            continue
        inputs = tuple(could[each] for each in node.node.inputs)
        read = _find_sources(_read(node, inputs)) if id in trained or not node.node.op.is_output else frozenset()
        for source in [each for each in open_ if each in read]:
            yield _report_lengths(open_.pop(source), node, lost.get(source))
        if not open_:
            return
        could[id] = _infer_with_mask(node, inputs)
        if could[id].mask is None and (kept := _find_kept_mask(node, inputs)) is not None:
            could[id] = could[id].with_mask(kept)
            lost |= {source: node for source in _find_sources([could[id]]) if source not in lost}


def _is_open(node: TypedNode) -> bool:
    """Whether it is an input whose steps are known only at run time, and that has no mask."""
    op = node.node.op
    if not isinstance(op, InputOp) or node.type is None or not node.type.axes or node.type.mask is not None:
        return False
    timed = op.input.kind in TIMED or (op.input.kind == "tensor" and op.input.time_axis == node.type.axes[0].name)
    return timed and not isinstance(node.type.axes[0].size, int)


def _infer_with_mask(node: TypedNode, inputs: tuple[TensorType, ...]) -> TensorType:
    """The type with the mask that it could have; none where it has one already."""
    op, type = node.node.op, node.type
    assert op is not None and type is not None
    mask = None
    if type.mask is None and inputs:
        with suppress(Refusal):
            mask = _join_masks(inputs) if op.joins_masks and op.makes_mask(*inputs) else op.infer_mask(*inputs)
    if isinstance(op, EnterTime):
        return replace(type, outer=(*inputs[0].outer, (inputs[0].axes[0], inputs[0].mask)))
    outer = inputs[0].outer[: len(type.outer)] if inputs else ()
    return replace(type, mask=mask, outer=outer)


def _join_masks(inputs: tuple[TensorType, ...]) -> Mask:
    """The mask of inputs side by side along their steps."""
    masks = [x.mask for x in inputs if x.mask is not None]
    return replace(masks[0], sources=frozenset(source for mask in masks for source in mask.sources))


def _find_kept_mask(node: TypedNode, inputs: tuple[TensorType, ...]) -> Mask | None:
    """The mask that a layer would lose, where there are steps behind it that are still padded."""
    type = node.type
    if type is None or type.mask is not None or not type.axes or isinstance(type.axes[0].size, int):
        return None
    return None if isinstance(node.node.op, EnterTime) else next((x.mask for x in inputs if x.mask is not None), None)


def _read(node: TypedNode, inputs: tuple[TensorType, ...]) -> Iterable[TensorType]:
    """The inputs whose padded steps an output counts, or a layer would leave out if it had a mask."""
    op = node.node.op
    if isinstance(op, Output):
        return inputs
    if op is None or not op.reads_mask or not op.leaves_padding_out(inputs[0]):
        return ()
    return op.list_weighed(*inputs)


def _find_sources(types: Iterable[TensorType]) -> frozenset[str]:
    """The inputs that masks come from."""
    return frozenset(id for x in types if x.mask is not None for id, _ in x.mask.terms)


def _report_lengths(input: TypedNode, reader: TypedNode, lost: TypedNode | None) -> Diagnostic:
    op = input.node.op
    assert isinstance(op, InputOp) and input.type is not None and reader.node.op is not None
    what = "the loss counts them" if reader.node.op.is_output else f"`{reader.node.op.title()}` reads them all"
    facts: dict[str, object] = {"branch": op.branch, "steps": input.type.axes[0].name}
    help: tuple[str, ...] = ("nothing is padded where the length is fixed, or all samples of a batch have the same",)
    if lost is not None and lost.node.op is not None:
        help = (*help, f"a mask from the input would be lost at `{lost.node.op.title()}` on the way")
    elif op.input.kind == "tokens":
        help = ("`mask_zero: true` of the `Embedding`, `padding_value` or `mask_input` says it", *help)
    else:
        help = ("`padding_value` or `mask_input` of its input says it", *help)
    place = input.node.origin.written.places.get("shape", input.node.origin.place)
    return Diagnostic(NO_MASK, place, facts, labels=(Label(reader.node.origin.place, f"{what} here"),), help=help)
