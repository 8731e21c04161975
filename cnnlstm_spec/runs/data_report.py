"""What `cnnlstm-spec data` finds: what the model will be fed, and everything that is amiss with it; as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..text.document import Count, Document, LeftOut
from ..text.escape.terminal import make_line_safe
from .reading.problems import gather_lines
from .samples import describe_left_out


class InputReport(Document):
    """What was met in the samples of a branch."""

    shapes: dict[str, Count]
    """Each shape, as text, with how many samples have it; 20 shapes at most."""
    min: float | None
    """The least value; null where there are no numbers."""
    max: float | None
    """The greatest value."""
    mean: float | None
    """The mean of all values."""


class PartReport(Document):
    """What was met in a part."""

    samples: Count
    left_out: LeftOut[Count] = None
    """How many more samples there would be if no cell were empty (`missing: drop`); left out where there would be none."""
    classes: dict[str, dict[str, Count]]
    """By head, how many samples each class or label has."""
    inputs: dict[str, InputReport]
    """By branch."""


class ProblemReport(Document):
    """Something that is amiss."""

    file: str
    """The source; of a folder of folders the file."""
    row: Count | None
    """Counted from 1; a header is no row."""
    column: str | None
    code: str
    message: str


class DataReport(Document):
    """Everything that reading all of the data has found."""

    version: Literal[1]
    parts: dict[str, PartReport]
    """`train`, and `validation` and `test` where there are some; none where the sources cannot be opened."""
    problems: list[ProblemReport]
    hints: list[str]
    """What runs, and is probably not meant."""

    def to_text(self) -> str:
        """The report for people."""
        return "\n".join(make_line_safe(line) for line in self._write_lines()) + "\n"

    def _write_lines(self) -> Iterator[str]:
        for name, part in self.parts.items():
            yield f"{name}: {part.samples} sample{'' if part.samples == 1 else 's'}{describe_left_out(part.left_out or 0)}"
            for head, counts in part.classes.items():
                yield f"  {head}: " + ", ".join(f"{label} {count}" for label, count in counts.items())
            for branch, held in part.inputs.items():
                shapes = ", ".join(f"{shape} x {count}" for shape, count in list(held.shapes.items())[:6])
                more = ", ..." if len(held.shapes) > 6 else ""
                numbers = "" if held.mean is None else f"; {held.min:.4g} to {held.max:.4g}, mean {held.mean:.4g}"
                yield f"  {branch}: {shapes or 'no sample is sound'}{more}{numbers}"
        for code, line in gather_lines(self.problems):
            yield f"error[{code}]: {line}"
        for hint in self.hints:
            yield f"hint: {hint}"
        count = len(self.problems)
        yield "nothing is amiss" if not count else f"{count} problem{'' if count == 1 else 's'}"
