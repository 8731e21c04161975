"""Masks that never fire: `Masking` where no step holds its value any more, and steps made anew of a padded sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.meaning import Range
from ...ir.op import Op
from ...ir.size import Size
from ...ops.input import InputOp
from ...ops.shared import find_called
from ...ops.stand_in import stand_for
from ...ops.structural import LeaveTime
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Drop, Fix, Move, Put, Wrap
from .common import find_compile_spec, find_title

if TYPE_CHECKING:
    from ...ops.embedding import EmbeddingLookup
    from ...ops.functions.op import Function
    from ...ops.fusions.concat import Concat
    from ...ops.fusions.elementwise import AddStrategy
    from ...ops.join import Concatenate
    from ...ops.masking import Masking
    from ...ops.merge import Add
    from ...ops.normalization import Normalizing
    from ...ops.recurrent import Recurrent
    from ...ops.regularization import AlphaDropout, GaussianNoise
    from ...ops.rescaling import Normalization, Rescaling
    from ...ops.shape import RepeatVector, Reshape
    from ...ops.unary import Op as Unary
    from ...ops.wrappers import Bidirectional
else:
    EmbeddingLookup = stand_for("embedding", "EmbeddingLookup")
    Concat = stand_for("fusions.concat", "Concat")
    AddStrategy = stand_for("fusions.elementwise", "AddStrategy")
    Function = stand_for("functions.op", "Function")
    Concatenate = stand_for("join", "Concatenate")
    Masking = stand_for("masking", "Masking")
    Add = stand_for("merge", "Add")
    Normalizing = stand_for("normalization", "Normalizing")
    Recurrent = stand_for("recurrent", "Recurrent")
    AlphaDropout = stand_for("regularization", "AlphaDropout")
    GaussianNoise = stand_for("regularization", "GaussianNoise")
    Normalization = stand_for("rescaling", "Normalization")
    Rescaling = stand_for("rescaling", "Rescaling")
    RepeatVector = stand_for("shape", "RepeatVector")
    Reshape = stand_for("shape", "Reshape")
    Unary = stand_for("unary", "Op")
    Bidirectional = stand_for("wrappers", "Bidirectional")

NEVER = Code("masking-never-fires", "warning", "`Masking` finds no padding: `{layer}` before it leaves no step at {value:g}")
ANEW = Code("padding-made-anew", "warning", "`{layer}` makes {steps} steps without the mask: the loss counts padding")


def check_maskings(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each `Masking` behind a layer that gives padded steps other values, and each vector repeated for padded steps."""
    for node in filter(_may_make_mask, typed.nodes.values()):
        if isinstance(node.node.op, Masking):
            yield from _check_never(typed, node, node.node.op)
        elif node.type is not None and node.type.rank > 1:
            yield from _check_made_anew(typed, spec, node, node.type.axes[0].size)


@remember_by_node
def _may_make_mask(node: TypedNode) -> bool:
    return node.type is not None and isinstance(node.node.op, Masking | RepeatVector | Reshape)


def _check_never(typed: TypedGraph, node: TypedNode, op: Masking) -> Iterable[Diagnostic]:
    given = node.inputs[0]
    found = _find_changing(typed, node.node.inputs[0], op.mask_value)
    if found is None or (given is not None and given.mask is not None):
        # That it makes a second mask is told already.
        return
    step, outer, why = found
    assert step.node.op is not None
    facts: dict[str, object] = {"layer": find_title(step.node.op), "value": op.mask_value}
    labels = (Label(step.node.origin.place, why), *node.node.origin.uses)
    here, key = node.node.origin.place.span, f"`padding_value: {op.mask_value:g}` of the input"
    before = dict.fromkeys((step.node.origin.place.span, outer.node.origin.place.span))
    fixes = tuple(Fix("move it before that layer", (Move(here, each),)) for each in before)
    if isinstance(step.node.op, EmbeddingLookup):
        key = "`mask_zero: true` of the embedding, or `padding_value` of the input,"
        edits = (Put(step.node.origin.place.span, "mask_zero", "true"), Drop(here))
        fixes = (Fix("write `mask_zero: true`, and leave it out", edits),)
    help = (f"put `Masking` before it: {key} says it of the data",)
    yield Diagnostic(NEVER, node.node.origin.place, facts, "", labels, help, fixes)


JOINS = (Add, Concatenate, AddStrategy, Concat)
"""What has another value where one of its inputs has."""
Changing = tuple[TypedNode, TypedNode, str]
"""A layer, the structure that it stands in, and what it does."""


def _find_changing(typed: TypedGraph, id: str, value: float) -> Changing | None:
    """The last layer up to a node that leaves no step at a value."""
    outer: TypedNode | None = None
    while (step := typed.nodes[id]).node.op is not None and step.node.inputs and step.type is not None:
        op, values = step.node.op, step.type.meaning.range
        if _map_value(op, 0) == value:
            # Padding of 0, which has become that value.
            value = 0
        elif (why := _explain_change(op, value)) is not None:
            return step, outer or step, why
        elif values is not None and not values.pixels and _leaves_out(values, value):
            return step, outer or step, f"gives {values}"
        if isinstance(op, (LeaveTime, *JOINS)):
            outer = outer or step
        if len(step.node.inputs) > 1:
            paths = [_find_changing(typed, each, value) for each in step.node.inputs if isinstance(op, JOINS)]
            return next(((found[0], outer or found[1], found[2]) for found in paths if found is not None), None)
        id = step.node.inputs[0]
    return None


def _leaves_out(values: Range, value: float) -> bool:
    """Whether a number is none of those that come."""
    below = values.least is not None and (value < values.least or (value == values.least and not values.attained))
    return below or (values.greatest is not None and value > values.greatest)


def _map_value(op: Op, value: float) -> float | None:
    """What a layer that computes with numbers, and has no weights, makes of one; None of another layer, or where that differs."""
    if isinstance(op, Rescaling):
        offsets = op.offset if isinstance(op.offset, tuple) else (op.offset,)
        scales = op.scale if isinstance(op.scale, tuple) else (op.scale,)
        made = {a * value + b for a in scales for b in offsets}
        return made.pop() if len(made) == 1 else None
    if not isinstance(op, Unary | Function) or (isinstance(op, Function) and op.fact.sort != "each"):
        return None
    # Imported where there is a function: most specs have none.
    from ...ops.functions.ranges import infer_function_range

    name, settings = (op.fact.name, op.list_settings()) if isinstance(op, Function) else (op.function, {})
    given = infer_function_range(name, "each", settings, Range(value, value, True), (), 0)
    return given.least if given is not None and given.least == given.greatest else None


def _explain_change(op: Op, value: float) -> str | None:
    """How a layer gives steps that hold a value everywhere another one; None where it leaves them, or that is not known."""
    if isinstance(op, Normalizing):
        return "takes the mean away"
    if isinstance(op, GaussianNoise | AlphaDropout):
        return "adds noise in training" if op.draws else None
    if isinstance(op, EmbeddingLookup):
        return "looks up a vector, for 0 too"
    if isinstance(op, Recurrent | Bidirectional):
        return "gives what it has read so far"
    if "use_bias" in op.arguments and op.get_value("use_bias"):
        return "adds a bias"
    if isinstance(op, Normalization):
        return "takes the mean away"
    if isinstance(op, Rescaling):
        if _map_value(op, value) == value:
            return None
        return "adds an offset" if any(op.offset if isinstance(op.offset, tuple) else (op.offset,)) else "scales it"
    if isinstance(op, Unary | Function):
        made = _map_value(op, value)
        return f"makes {made:g} of {value:g}" if made is not None and made != value else None
    named = op.is_function or (find_called(op.get_value("activation")) if find_title(op) == "Activation" else None)
    if value == 0 and named is not None and not op.keeps_zeros():
        return f"`{named}` makes another number of 0"
    return None


def _check_made_anew(typed: TypedGraph, spec: ModelSpec, node: TypedNode, steps: Size) -> Iterable[Diagnostic]:
    """Steps as many as those of a padded sequence that a layer before it has read, which reach a loss."""
    source = _read(typed, node)
    section = find_compile_spec(spec)
    if source is None or section is None or source.inputs[0] is None or source.inputs[0].axes[0].size != steps:
        return
    mask = source.inputs[0].mask
    for head, id in typed.graph.outputs.items():
        output, before = typed.nodes[id], typed.nodes[typed.nodes[id].node.inputs[0]]
        if section.losses.get(head) is None or output.type is None or before.type is None or before.type.mask is not None:
            continue
        if output.type.rank < 2 or output.type.axes[0].size != steps or not _find_reaching_step(typed, node.node.id, id):
            continue
        assert mask is not None and node.node.op is not None
        layer = find_title(node.node.op)
        labels = (Label(mask.made_at, "the mask of the padding"), *node.node.origin.uses)
        help = (
            "bring the mask back, in place of these two layers:",
            f"`Parallel: {{paths: {{again: [..., {layer}], padding: [{{Rescaling: {{scale: 0}}}}]}}, merge: concat}}`",
        )
        yield Diagnostic(
            ANEW, node.node.origin.place, {"layer": layer, "steps": steps}, "", labels, help, (_fix_beside_padding(source, node),)
        )
        return


def _fix_beside_padding(source: TypedNode, node: TypedNode) -> Fix:
    """The layers from the one that reads a padded sequence to `RepeatVector` in one path, and what has the mask in another."""
    both = ("padding: [{Rescaling: {scale: 0}}]", "merge: concat")
    wrap = Wrap(source.node.origin.place.span, node.node.origin.place.span, "Parallel.paths.again", both)
    return Fix("bring the mask back by a path of its own", (wrap,))


def _read(typed: TypedGraph, node: TypedNode) -> TypedNode | None:
    """The layer that read a padded sequence into the vector that a node repeats."""
    step = typed.nodes[node.node.inputs[0]]
    while len(step.node.inputs) == 1 and not isinstance(step.node.op, InputOp) and step.type is not None:
        x = step.inputs[0]
        if x is not None and x.mask is not None and step.type.mask is None:
            return step
        step = typed.nodes[step.node.inputs[0]]
    return None


def _find_reaching_step(typed: TypedGraph, start: str, end: str) -> bool:
    """Whether one node rests on another."""
    waiting, seen = [end], set()
    while waiting:
        id = waiting.pop()
        if id == start:
            return True
        if id not in seen:
            seen.add(id)
            waiting += typed.nodes[id].node.inputs
    return False
