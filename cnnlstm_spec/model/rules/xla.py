"""`jit_compile`: layers that XLA cannot compile, and layers for which Keras leaves it off."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedGraph
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic
from .common import find_title, place_in
from .gradients import find_gradients_taken

NOT_COMPILED = Code("xla-cannot-compile", "error", "`jit_compile: true`: XLA cannot compile {what}", sort="keras")
NOT_USED = Code(
    "xla-not-used",
    "warning",
    "`jit_compile: true` does nothing: with `{layer}` Keras leaves XLA off",
    help="leave `jit_compile` out, or the layer to what is done before the model",
)


def check_xla(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """The first layer that keeps XLA off, else each that it cannot compile, of a spec that asks for it."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or section.plain.get("jit_compile") is not True or section.plain.get("run_eagerly"):
        return
    unread = [node.node.meant for node in typed.nodes.values() if node.node.op is None]
    if any(meant is None or meant.keeps_xla_off for meant in unread):
        # With a layer that cannot be read Keras may leave XLA off.
        return
    off = next((node for node in typed.nodes.values() if node.node.op is not None and node.node.op.keeps_xla_off), None)
    if off is not None and off.node.op is not None:
        yield Diagnostic(NOT_USED, off.node.origin.place, {"layer": find_title(off.node.op)}, labels=off.node.origin.uses)
        return
    through = find_gradients_taken(typed, spec)
    for id, node in typed.nodes.items():
        op = node.node.op
        argument = op.without_xla(id in through) if op is not None else None
        if op is None or argument is None or (id in through and node.type and op.without_gradient(node.type.dtype)):
            continue
        what = f"`{argument}: {str(op.get_value(argument)).lower()}` of `{find_title(op)}`" if argument else f"`{find_title(op)}`"
        help = ("leave `jit_compile` out: it is then used where it can be",)
        yield Diagnostic(NOT_COMPILED, place_in(op, argument, node.node), {"what": what}, "", node.node.origin.uses, help)
