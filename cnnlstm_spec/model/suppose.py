"""Looking on after a mistake: what else is wrong, whatever the layer at fault gives once it is mended.

What it gives is supposed, in several ways: that it does what it is meant to do, that it is taken out, with sizes that are
unknown, small or large, with a mask and without one. What follows is inferred and judged under each supposition, and what all
of them find is so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

from ..ir.graph import Node
from ..ir.inference import Inference
from ..ir.meaning import UNKNOWN as UNKNOWN_MEANING
from ..ir.op import TEXT, Op, compute_dtype
from ..ir.size import Expr, Size, make_anonymous
from ..ir.tensor import Axis, Mask, TensorType
from ..ops.input import InputOp
from ..ops.structural import EnterTime
from ..text.frozen import dataclass
from ..text.memo import UNKNOWN as NOT_KEPT
from ..text.source import Place
from . import frames
from .alike import Alike
from .shortcuts import Shortcuts

TRIED = (48, 96)
"""Sizes given to a layer to see which of its output's follow from its arguments: those that are the same for both."""
SMALL = (2, 3)
"""The same for a layer that takes no large ones."""

STEPS = ("steps", "frames")
"""Names of axes of time."""

BEFORE = "what comes"
"""What stands before a stretch is called so, whatever it is."""

UNKNOWN = 0
"""Stands for a size that does not follow from arguments, until it is supposed."""


@dataclass(frozen=True)
class Supposition:
    """What is supposed of layers that fail; by turns, where several do."""

    size: int | None
    """Of each axis whose size does not follow from arguments; None for one that is known only at run time."""
    meant: tuple[bool, ...]
    """Whether a layer does what it is meant to do, or is taken out; of each failing layer, again from the first."""
    rank: int
    """Axes of what a layer gives of which it is not plain, where it is not taken out."""
    within: bool = False
    """Whether what follows a layer with an axis too many is meant for each step, too, as in one `TimeDistributed`."""
    stepwise: bool = True
    """Whether a layer with an axis too many that is not of steps is meant for each position of it; or its input to be
    brought to what it reads."""
    masked: bool = False
    """Whether steps of what a layer gives may be padding, where it is not taken out."""
    outside: bool = False
    """Whether a layer in `TimeDistributed` that reads an axis more than a step has is meant for all steps, outside of it."""

    def means(self, number: int) -> bool:
        """Whether the failing layer whose turn is that number does what it is meant to do."""
        return self.meant[number % len(self.meant)]


class SupposedTrial:
    """Goes through a graph under a supposition, and gathers what fails, and what it has asked of the supposition."""

    def __init__(
        self,
        supposed: Supposition,
        turns: dict[str, int],
        alike: Alike,
        told: frozenset[str] = frozenset(),
        shortcuts: Shortcuts | None = None,
    ) -> None:
        """`turns` has the turn of each node that fails in this trial or another one of the same graph, and grows.

        `shortcuts` are those that the trial takes.
        """
        self.supposed, self._turns, self._shortcuts = supposed, turns, shortcuts or {}
        self.alike = alike
        """What is known of the layers of the graph, from this trial or another one."""
        self.told = told
        """The nodes of which its words may be told; of others what is found is looked at alone, without ways out."""
        self.failing: dict[str, None] = {}
        self._stepped: set[str] = set()
        self._asked: set[str] = set()
        """What was asked of the supposition but whether layers are taken out."""
        self._asked_turns: set[int] = set()
        """Of which failing layers that was asked."""

    def has_shown(self, other: Supposition) -> bool:
        """Whether the graph is the same under another supposition, which says the same of all that was asked."""
        mine = self.supposed
        return all(getattr(mine, name) == getattr(other, name) for name in self._asked) and all(
            mine.means(number) == other.means(number) for number in self._asked_turns
        )

    def list_read(self, node: Node) -> tuple[str, ...]:
        """The nodes whose types come to one; by no shortcut from one that fails, where the next may be taken another way."""
        before = self._shortcuts.get(node.id)
        if before is None or (len(self.supposed.meant) > 1 and before in self.failing):
            return node.inputs
        return (before,)

    def note_failing(self, id: str) -> None:
        """A node fails."""
        self.failing[id] = None

    def note_stepped(self, id: str) -> None:
        """The first axis of a node is one that a layer before has too many: layers after it may be meant for each step."""
        self._stepped.add(id)

    def is_stepped(self, id: str) -> bool:
        """Whether that was noted of a node."""
        return id in self._stepped

    def is_within(self) -> bool:
        """Whether what follows a layer with an axis too many is meant for each step."""
        self._asked.add("within")
        return self.supposed.within

    def take(self, node: Node, inputs: tuple[TensorType, ...], policy: str) -> tuple[Node, TensorType]:
        """The next failing node, without its op where it is taken out, and what it gives.

        That it is taken out is not supposed of what no person wrote, but for what enters time, nor of a layer that is plain but
        for a mistake in its arguments.
        """
        inputs = inputs[: len(inputs) - node.sides]
        number = self._turns.setdefault(node.id, len(self._turns))
        self.note_failing(node.id)
        if inputs and node.meant is None and (not node.hidden or isinstance(node.op, EnterTime)):
            self._asked_turns.add(number)
            if not self.supposed.means(number):
                return replace(node, op=None), inputs[-1]
        return node, self._infer_type(node, inputs, policy)

    def give(self, known: TensorType, place: Place, policy: str) -> TensorType:
        """What stands before a stretch gives, of which nothing is known: of its dtype, either that or the one of the policy."""
        supposed = self.supposed
        sizes = (_make_unknown(BEFORE, index) if supposed.size is None else supposed.size for index in range(supposed.rank))
        axes = tuple(Axis("features", size) for size in sizes)
        dtype = compute_dtype(policy) if supposed.masked or known.dtype == TEXT else known.dtype
        mask = Mask(frozenset({BEFORE}), place) if axes and supposed.masked else None
        return TensorType(axes, dtype, mask, known.outer)

    def _infer_type(self, node: Node, inputs: tuple[TensorType, ...], policy: str) -> TensorType:
        op = node.op or node.meant
        if op is not None and inputs and _reads_steps(op, inputs[0]) and self._is_outside():
            inputs = tuple(_restore_steps(x) for x in inputs)
        first = inputs[0] if inputs else TensorType(())
        meant = self._infer_meant(op, inputs, policy) if op is not None and inputs else None
        if isinstance(op, InputOp):
            meant = op.infer_type(node.id, node.origin.place, node.origin.written)
        if meant is None:
            self._asked.add("rank")
            axes = tuple(Axis("features", UNKNOWN) for _ in range(self.supposed.rank))
            meant = replace(_forget_values(first), axes=axes, dtype=compute_dtype(policy))
        if meant.dtype == TEXT:
            # What a layer makes of text is a number.
            meant = replace(meant, dtype=compute_dtype(policy))
        outer = tuple((self._set_size(axis, node, -1), mask) for axis, mask in meant.outer[len(first.outer) :])
        axes = tuple(self._set_size(axis, node, index) for index, axis in enumerate(meant.axes))
        mask = Mask(frozenset({node.id}), node.origin.place) if axes and self._is_masked() else None
        return replace(meant, axes=axes, mask=mask, outer=(*first.outer, *outer))

    def _infer_meant(self, op: Op, inputs: tuple[TensorType, ...], policy: str) -> TensorType | None:
        """What an op gives on inputs as it reads them; UNKNOWN sizes where arguments do not say; None where it is not plain."""
        fewest, most = op.count_inputs()
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            return None
        over = _is_over(op, inputs[0], self._is_stepwise)
        key = (_infer_meant, self.alike.number_op(op), over)
        meant: TensorType | None = self.alike.get(key, inputs)
        if meant is NOT_KEPT:
            meant = _infer_meant(op, inputs, policy, over)
            self.alike.keep(key, inputs, meant)
        return meant

    def _set_size(self, axis: Axis, node: Node, index: int) -> Axis:
        if axis.size != UNKNOWN:
            return axis
        self._asked.add("size")
        size = self.supposed.size
        return replace(axis, size=_make_unknown(node.layer, index) if size is None else size)

    def _is_masked(self) -> bool:
        self._asked.add("masked")
        return self.supposed.masked

    def _is_outside(self) -> bool:
        self._asked.add("outside")
        return self.supposed.outside

    def _is_stepwise(self) -> bool:
        self._asked.add("stepwise")
        return self.supposed.stepwise


TWO_DOZEN = 24
"""A size that is supposed, which most layers take."""
TAKEN_OUT = Supposition(None, (False,), 2)
"""Looked at first, since most of what other suppositions alone would bring is not found under it."""
IN_WORDS = Supposition(None, (True,), 1)
"""Gives the words of what is told, unless the first shows the same: it names no size that is not known."""
SUPPOSITIONS = (
    TAKEN_OUT,
    IN_WORDS,
    *(Supposition(None, (True,), rank) for rank in range(2, 6)),
    *(Supposition(None, (True,), rank, masked=True) for rank in range(1, 6)),
    Supposition(1, (True,), 2),
    Supposition(TWO_DOZEN, (False,), 3),
    Supposition(TWO_DOZEN, (True,), 4),
    Supposition(TWO_DOZEN, (True, False), 3),
    Supposition(1, (False, True), 4),
    Supposition(TWO_DOZEN, (True,), 1, within=True),
    Supposition(TWO_DOZEN, (True,), 2, stepwise=False),
    Supposition(None, (True,), 0),
    Supposition(None, (True,), 2, outside=True),
)


def _is_over(op: Op, first: TensorType, is_stepwise: Callable[[], bool]) -> bool:
    """Whether the first axis is one more than an op reads, of steps or meant to be."""
    reads = op.list_axes_read()
    return reads is not None and first.rank == len(reads) + 1 and (first.axes[0].name in STEPS or is_stepwise())


def _reads_steps(op: Op, step: TensorType) -> bool:
    """Whether an op in `TimeDistributed` reads one axis more than a step has."""
    reads = op.list_axes_read()
    return bool(step.outer) and reads is not None and step.rank == len(reads) - 1


def _restore_steps(x: TensorType) -> TensorType:
    """A step as all of them, out of the `TimeDistributed` that was entered last."""
    return replace(_forget_values(x), axes=(x.outer[-1][0], *x.axes), outer=x.outer[:-1]) if x.outer else x


def _infer_meant(op: Op, inputs: tuple[TensorType, ...], policy: str, over: bool) -> TensorType | None:
    first, reads = inputs[0], op.list_axes_read()
    names = tuple(axis.name for axis in first.axes)
    if reads is not None and len(names) != len(reads):
        names = names[1:] if over else reads
    names += ("features",) * (op.least_rank - len(names))
    # One that reads any number of axes may need one more than there are.
    one, two = (
        _try_sizes(op, inputs, names, policy)
        or (_try_sizes(op, inputs, (*names, "features"), policy) if reads is None else None)
        or (None, None)
    )
    if one is None or two is None:
        return None
    axes = tuple(a if a.size == b.size else replace(a, size=UNKNOWN) for a, b in zip(one.axes, two.axes, strict=True))
    outer = tuple((replace(axis, size=UNKNOWN), None) for axis, _ in one.outer[len(first.outer) :])
    # One axis more than it reads is one of steps, each of which goes through the layer: `TimeDistributed`.
    given = replace(_forget_values(one), values=one.values, outer=(*first.outer, *outer))
    return replace(given, axes=(first.axes[0], *axes) if over else axes)


def set_sizes(x: TensorType, size: int) -> TensorType:
    """A type whose sizes that are known only at run time are as they come of that one; the very type where there are none."""
    if all(isinstance(axis.size, int) for axis in x.axes):
        return x
    return x.with_axes(*(axis if isinstance(axis.size, int) else Axis(axis.name, _set_size(axis.size, size)) for axis in x.axes))


def _set_size(of: Expr, size: int) -> int:
    return of.evaluate(dict.fromkeys(of.symbols, size))


def merge_types(first: TensorType, second: TensorType, layer: str) -> TensorType:
    """One type of two, sizes in which they differ unknown."""
    pairs = enumerate(zip(first.axes, second.axes, strict=True))
    return first.with_axes(*(a if a == b else replace(a, size=_make_unknown(layer, index)) for index, (a, b) in pairs))


def _make_unknown(layer: str, index: int) -> Size:
    return make_anonymous(f"axis {index + 1} of `{layer}`", supposed=True)


def _make_type(x: TensorType, names: tuple[str, ...], size: int, last: Size) -> TensorType:
    sizes = (size,) * (len(names) - 1) + (last,)
    return replace(_forget_values(x), axes=tuple(map(Axis, names, sizes)))


def _forget_values(x: TensorType) -> TensorType:
    """A type of whose values nothing is known."""
    return replace(x, mask=None, values=None, zeros=None, meaning=UNKNOWN_MEANING)


def _try_sizes(
    op: Op, inputs: tuple[TensorType, ...], names: tuple[str, ...], policy: str
) -> tuple[TensorType, TensorType] | None:
    """What an op gives on axes of those names, of two sizes each; the last one may have to be as it is, or 3, as colours are."""
    for sizes, last in product((TRIED, SMALL), (0, inputs[0].axes[-1].size if inputs[0].axes else 0, 3)):
        found = [_infer_given(op, tuple(_make_type(x, names, size, last or size) for x in inputs), policy) for size in sizes]
        if found[0] is not None and found[1] is not None and found[0].rank == found[1].rank:
            return found[0], found[1]
    return None


def _infer_given(op: Op, inputs: tuple[TensorType, ...], policy: str) -> TensorType | None:
    at = Inference(policy)
    try:
        return frames.infer_frames_given(op, inputs, op.infer(at, *frames.infer_seen(op, inputs))).with_dtype(
            op.infer_dtype(at, *inputs)
        )
    except Exception as error:
        # Of inputs that the checks before it keep away from an op, it may say anything; then what it gives is not plain.
        error.with_traceback(None)
        return None
