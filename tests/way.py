"""A way out of a finding, with the spec that it is told of; and words of such specs. Imports no Keras."""

from __future__ import annotations

from dataclasses import dataclass

VECTOR = "{kind: vector, shape: [6]}"
STEPS = "{kind: sequence, shape: [5, 6]}"


@dataclass(frozen=True)
class Way:
    """A spec with a finding, words of its help, and what becomes of the spec where that is followed."""

    code: str
    head: str
    training: str
    words: str
    changes: tuple[tuple[str, str], ...]
    input: str = VECTOR
    more: str = ""
    best: float = 1.0
    """What the metrics give for predictions that are all but sure and right."""

    @property
    def text(self) -> str:
        """The spec with the finding."""
        lines = ["version: 1", "name: t", f"branches: {{a: {{input: {self.input}}}}}", f"head: [{self.head}]"]
        return "\n".join([*lines, f"compile: {{{self.training}}}", self.more, ""])

    @property
    def changed(self) -> str:
        """The spec with the way out taken."""
        text = self.text
        for old, new in self.changes:
            assert old in text, old
            text = text.replace(old, new)
        return text


SOFT = "{Dense: {units: 4, activation: softmax}}"
WIDE = "{Dense: {units: 6, activation: softmax}}"
SIGMOID = "{Dense: {units: 4, activation: sigmoid}}"
PLAIN = "{Dense: {units: 4}}"
ONE = "{Dense: {units: 1}}"
SPARSE = "loss: sparse_categorical_crossentropy, metrics: [%s]"
FULL = "loss: categorical_crossentropy, metrics: [%s]"
ONE_HOT = ("sparse_categorical_crossentropy", "categorical_crossentropy")
