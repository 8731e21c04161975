"""Sizes known only at run time, as the numbers that come, and whether a model runs with them. Imports no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property

from ..ir.graph import TypedGraph
from ..ir.size import Size, Symbol
from ..model.infer import infer
from ..ops.input import InputOp
from ..text.diagnostic import Diagnostic
from ..text.frozen import dataclass

Fixed = Mapping[Symbol, int]
"""Sizes known only at run time that are given a number."""
Shapes = Mapping[str, tuple[int, ...]]
"""By branch, the sizes of a sample."""


def fix_size(size: Size, fixed: Fixed) -> int | None:
    """A size as a number; None where it stays open."""
    if isinstance(size, int):
        return size
    return size.evaluate(dict(fixed)) if size.symbols <= set(fixed) else None


def find_impossible(typed: TypedGraph, fixed: Fixed) -> list[Diagnostic]:
    """The errors of a model whose inputs have the sizes that are fixed."""
    if not fixed:
        return []
    nodes = dict(typed.graph.nodes)
    for id in typed.graph.inputs:
        op, type = nodes[id].op, typed.nodes[id].type
        assert isinstance(op, InputOp) and type is not None
        shape = tuple(fix_size(size, fixed) or written for written, size in zip(op.input.shape, type.sizes, strict=True))
        nodes[id] = replace(nodes[id], op=op.replace_values(input=op.input.replace_values(shape=shape)))
    found: list[Diagnostic] = []
    infer(replace(typed.graph, nodes=nodes), typed.policy, found)
    return [each for each in found if each.severity == "error"]


@dataclass(frozen=True, eq=False)
class OpenSizes:
    """The sizes of a model's inputs that are open, held against those that come; what was asked once is known."""

    typed: TypedGraph
    heads: tuple[str, ...] = ()
    """Those whose targets have the shape of what the head gives."""
    _answers: dict[tuple[tuple[Symbol, int], ...], str | None] = field(default_factory=dict, init=False)

    def refuse(self, shapes: Shapes) -> str | None:
        """Why the model does not run on samples of these shapes, in words; None where it does, or where nobody knows."""
        fixed = self._fix(shapes)
        if fixed is None:
            return None
        key = tuple(sorted(fixed.items(), key=lambda each: each[0].name))
        if key not in self._answers:
            self._answers[key] = next((each.message for each in find_impossible(self.typed, fixed)), None)
        return self._answers[key]

    @cached_property
    def open_heads(self) -> dict[str, tuple[Size, ...]]:
        """The sizes of heads of which some are open."""
        types = {head: self.typed.nodes[self.typed.graph.outputs[head]].type for head in self.heads}
        return {
            head: type.sizes
            for head, type in types.items()
            if type is not None and not all(isinstance(size, int) for size in type.sizes)
        }

    def measure_heads(self, shapes: Shapes) -> dict[str, tuple[int | None, ...]]:
        """The sizes of what heads give for a sample of these shapes, where some are open; None of what nobody knows."""
        fixed = self._fix(shapes) or {}
        return {head: tuple(fix_size(size, fixed) for size in sizes) for head, sizes in self.open_heads.items()}

    def _fix(self, shapes: Shapes) -> dict[Symbol, int] | None:
        """The numbers of open sizes; None where two branches have another of one."""
        fixed: dict[Symbol, int] = {}
        for id in self.typed.graph.inputs:
            op, type = self.typed.graph.nodes[id].op, self.typed.nodes[id].type
            assert isinstance(op, InputOp) and type is not None
            for size, come in zip(type.sizes, shapes.get(op.branch, ()), strict=False):
                for symbol in () if isinstance(size, int) else size.symbols:
                    if fixed.setdefault(symbol, come) != come:
                        # Samples of one branch are padded apart from those of another.
                        return None
        return fixed
