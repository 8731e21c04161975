"""What an op is given to infer its output from, and how it refuses its inputs."""

from __future__ import annotations

import re

from ..text.diagnostic import Code
from ..text.fix import Fix
from .size import Condition, holds_always, holds_never

WRONG_RANK = Code("wrong-rank", "error", "`{layer}` reads ({reads}); `{origin}` gives {given}", sort="keras")
TOO_FEW_AXES = Code("too-few-axes", "error", "`{layer}` reads at least {least}; `{origin}` gives {given}", sort="keras")


class Refusal(Exception):
    """Why an op cannot take its inputs: a code with its facts, the argument at fault, and the ways out."""

    def __init__(self, code: Code, at: str | None = None, help: tuple[str, ...] = (), input: int = 0, **facts: object) -> None:
        super().__init__(code.name)
        self.code, self.at, self.help, self.input, self.facts = code, at, help, input, facts
        self.ways: tuple[tuple[str, str], ...] = ()
        self.fixes: tuple[Fix, ...] = ()

    def add_fixes(self, *fixes: Fix, **arguments: str) -> Refusal:
        """The same with fixes, and with arguments of the layer that mend it, written as YAML."""
        self.fixes, self.ways = (*self.fixes, *fixes), (*self.ways, *arguments.items())
        return self


class Inference:
    """Given to `Op.infer`: the dtype policy and fixed batch size in force, and what must hold of run-time sizes."""

    def __init__(
        self, policy: str = "float32", batch_size: int | None = None, has_data: bool = False, node: str = "the layer"
    ) -> None:
        """`has_data` says whether what a layer measures may be left open, to be measured before the model is built.

        `node` is what the node is called, and no other.
        """
        self.policy = policy
        self.batch_size = batch_size
        self.has_data = has_data
        self.node = node
        self.conditions: list[tuple[Condition, Refusal]] = []

    def require(self, condition: Condition, refusal: Refusal) -> None:
        """Refuses where a condition never holds, and notes it where it holds only for some sizes."""
        if holds_never(condition):
            raise refusal
        if not holds_always(condition):
            self.conditions.append((condition, refusal))


RAISES = Code("own-layer-raises", "error", "`{layer}` raises {error} here")
ORNAMENTS = re.compile(r"\x1b\[[01]m|\{\{[^{}]*\}\} ?")
"""What Keras prints in bold with, and TensorFlow's name for the operation that fails."""


def describe_error(error: BaseException) -> str:
    """An exception in a line. Keras puts a line of its own before what a layer raised."""
    text = ORNAMENTS.sub("", str(error))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Exception encountered when calling")]
    return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
