"""Layers of images over the frames of a video: whether all frames of a clip are changed alike."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedNode
from ...text.diagnostic import Code, Diagnostic
from .common import Setting

DRAWN_APART = Code("frames-drawn-apart", "warning", "`{layer}` draws anew for each of the {frames}")


def check_clips(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """An augmentation inside `TimeDistributed`, where each frame of a clip is changed in its own way."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or not op.draws_for_images or x is None or not x.outer:
        return
    help: tuple[str, ...] = ("give the data the same change for all frames before it comes here",)
    if op.place_frames() is not None:
        help = ("take it out of `TimeDistributed:`, to stand on the video: it then draws once for all frames",)
    facts: dict[str, object] = {"layer": op.title(), "frames": x.outer[-1][0].name}
    yield Diagnostic(DRAWN_APART, node.node.origin.place, facts, labels=node.node.origin.uses, help=help)
