"""What may be written for the arguments of backbones; which of them one has, its constructor in Keras says."""

from __future__ import annotations

from ...language.json_schema import Schema
from ...language.kinds import BOOLEAN, COUNT, POSITIVE, RATE, Choice, Optional
from ...language.leaf import Leaf, OpenLeaf
from ...language.list_kinds import ListOf
from ...language.scope import Poison, Scope
from ...text.nodes import WRONG_TYPE, Node, Scalar, show_given
from ..shared import ACTIVATION
from ..weights_file import WeightsFile, find_file

BY_KERAS = ("name a file that Keras has written",)


class WeightsKind(OpenLeaf[str | WeightsFile]):
    """`imagenet`, or the path of a weights file, relative to the spec."""

    words = "`imagenet` or the path of a weights file"
    canonical = (WeightsFile,)

    def read_node(self, node: Node, scope: Scope) -> str | WeightsFile | Poison:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        if node.value == "imagenet":
            return node.value
        near = ("`weights: imagenet` are those of Keras",) if node.value.lower() == "imagenet" else ()
        return find_file(node, scope, (*near, "`weights: null` starts from random weights"), BY_KERAS)

    def make_schema(self) -> Schema:
        return {"anyOf": [{"enum": ["imagenet"]}, {"type": "string"}]}


KINDS: dict[str, tuple[Leaf, str]] = {
    "weights": (Optional(WeightsKind()), "`null` for random weights, `imagenet`, or a file's path."),
    "include_top": (BOOLEAN, "Whether the classifier of the original is the last layer."),
    "input_shape": (Optional(ListOf(Optional(COUNT), 3)), "Only `[null, null, 3]` (built without a size), or what comes in."),
    "pooling": (Optional(Choice("avg", "max")), "Global pooling in place of the top."),
    "classes": (COUNT, "Classes of the top."),
    "classifier_activation": (ACTIVATION, "Activation of the top."),
    "alpha": (POSITIVE, "Factor on the width of every layer."),
    "depth_multiplier": (COUNT, "Depthwise channels for each channel."),
    "minimalistic": (BOOLEAN, "Whether to leave out what runs slowly on small devices."),
    "include_preprocessing": (BOOLEAN, "Whether pixels of 0 to 255 are scaled inside."),
    "dropout": (RATE, "Dropout before the top."),
    "dropout_rate": (RATE, "Dropout before the top."),
}
