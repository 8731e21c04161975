"""Layers that `trainable: false` freezes, but not for good."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedNode
from ...text.diagnostic import Code, Diagnostic
from .common import Setting

THAWS = Code("thaws-when-loaded", "warning", "`{layer}` is frozen here; Keras trains it once it is saved and loaded")
ATTENTIONS = ("MultiHeadAttention", "GroupQueryAttention", "attention", "cross_attention")
"""Layers made of others that only building makes, which the config of a saved model does not hold."""


def check_frozen(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer whose weights are trained again in a model that is loaded."""
    op = node.node.op
    if op is None or op.trainable or op.title() not in ATTENTIONS or not node.owns_weights:
        return
    layer = f'model.get_layer("{node.node.layer}")'
    help = (f"after loading, set `{layer}.trainable` to True, then to False",)
    yield Diagnostic(
        THAWS, node.node.origin.written.keys["trainable"], {"layer": op.title()}, labels=node.node.origin.uses, help=help
    )
