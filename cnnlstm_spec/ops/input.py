"""What a branch reads: the kinds of input, their axes, dtype, and the mask that padding gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from math import isinf
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetJsonSchemaHandler, InstanceOf
from pydantic_core import CoreSchema

from ..ir.meaning import Meaning, Range
from ..ir.op import FLOATS, TEXT, Op
from ..ir.size import Size, make_anonymous, make_symbol
from ..ir.tensor import Axis, Mask, TensorType, Values, Zeros
from ..language.json_schema import Schema
from ..language.kinds import NAME, NOT_A_CHOICE, NOT_ALLOWED, Choice, Optional, fix_parentheses, report_wrong_type
from ..language.leaf import OpenLeaf, Steps
from ..language.list_kinds import ListOf
from ..language.record import Checks, Record
from ..language.scope import Scope
from ..text.diagnostic import Code, Written
from ..text.fix import Fix, write
from ..text.nodes import WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, show_given
from ..text.source import Place, Span
from ..text.spelling import find_nearest
from ..text.synonyms import fold_word
from ..text.yaml_scalars import SIDES
from .padding_mask import PADDING
from .single_sizes import WORDS, find_axes, is_size, open_batch, tell_shape, write_shape

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

KINDS: dict[str, tuple[str, ...]] = {
    "image": ("height", "width", "channels"),
    "sequence": ("steps", "features"),
    "video": ("frames", "height", "width", "channels"),
    "volume": ("depth", "height", "width", "channels"),
    "vector": ("features",),
    "tokens": ("steps",),
    "text": (),
}
AXES_OF_KINDS = tuple(kind for kind in (*KINDS, "tensor") if kind != "text")
"""The kinds whose shape must be written."""
SCALARS = ("vector", "tokens", "text")
"""The kinds that may have no axes."""
TIMED = ("sequence", "video", "tokens")
MASK_KEYS = ("padding_value", "mask_input")
"""Keys that say which steps are padding."""
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
DTYPES = (*FLOATS, *INTEGERS, "bool", TEXT)
LARGEST = 2**31 - 1

WRONG_RANK = Code("input-axes", "error", "`{kind}` has the axes ({axes}); the shape has {given}")
NOT_TIMED = Code(
    "no-time-axis",
    "error",
    "`{key}` needs a time axis, which this `{kind}` does not have",
    help="leave it out, or read the data as a `sequence`",
)
AXES_NEEDED = Code("tensor-axes", "error", "`axes` names the {count} axes of the shape; it has {given} names")
NOT_FIRST = Code(
    "time-axis-not-first",
    "error",
    "`{key}` needs `time_axis` to be the first axis; it is `{axis}`",
    help="put that axis first in `axes` and `shape`",
)
ONLY_TENSOR = Code(
    "only-for-tensor",
    "error",
    "`{key}` is for `kind: tensor` alone; `{kind}` has ({axes})",
    help="write `kind: tensor`, or leave the key out",
)
UNKNOWN_AXIS = Code("unknown-axis", "error", "`time_axis: {axis}` is not one of the axes ({axes})", help="name one of them")
TWO_MASKS = Code("two-masks", "warning", "`{first}` and `{second}` both say what is padding; the later counts")
TWICE = Code("axis-named-twice", "error", "two axes are named `{axis}`", help="give each axis a name of its own")
BAD_PADDING = Code(
    "padding-value-dtype",
    "error",
    "`padding_value: {value}` cannot stand in {dtype} data",
    help="take a value of the data's dtype, or give the input another `dtype`",
)


OF_TEXT = Code(
    "dtype-of-text",
    "error",
    "`kind: {kind}` holds {holds}, not `{dtype}`",
    help="leave `dtype` out, or read the data as another `kind`",
)


class SizeKind(OpenLeaf[int | str | None]):
    """A positive integer, null, or the name of a size known only at run time."""

    words = "a positive integer, null or a name"

    canonical = (int, str)

    def read_node(self, node: Node, scope: Scope) -> object:
        value = node.value if isinstance(node, Scalar) else ()
        if value is None:
            return None
        if isinstance(value, str):
            is_name = not value[:1].isdigit() and value not in ("None", "none")
            return NAME.read(node, scope) if is_name else report_wrong_type(node, scope, self.words)
        if isinstance(value, bool) or not isinstance(value, int):
            return report_wrong_type(node, scope, self.words)
        if value > LARGEST:
            return scope.report(NOT_ALLOWED, node, key=scope.name, words=f"at most {LARGEST}", given=show_given(node))
        if value < 1:
            batch = ("leave the batch out, if it is that",) if value == -1 and scope.path[-1:] == (0,) else ()
            help = (*batch, "a size known only at run time is `null`, or a name such as `steps`")
            fixes = (write(node.span, "null"),) if value == -1 else ()
            return scope.report(
                NOT_ALLOWED, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        return value

    def make_schema(self) -> Schema:
        return {
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}, {"type": "string", "not": {"enum": ["None", "none"]}}]
        }


class ShapeKind(ListOf):
    """A list of sizes; empty for text alone, which has no axes."""

    def __init__(self) -> None:
        super().__init__(SizeKind())
        self.words = "a list of sizes"

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if isinstance(node, Scalar) and isinstance(node.value, str) and SIDES.fullmatch(node.value.strip()):
            report_wrong_type(node, scope, self.words)
        elif isinstance(node, Scalar) and isinstance(node.value, int | str) and not isinstance(node.value, bool):
            help = (_as_list(node.text),)
            meant = write(node.span, f"[{node.text}]", "safe")
            fixes = fix_parentheses(node) if node.text.startswith("(") else (meant,)
            scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes)
        else:
            super().explain(problem, steps, node, scope)


SHAPE = ShapeKind()


def _as_list(text: str) -> str:
    if not text.startswith("("):
        return f"write [{text}]"
    if not text.endswith(")"):
        return "a list is written in brackets, such as [64, 64, 3]"
    sizes = [each.strip() for each in text[1:-1].split(",") if each.strip()]
    return f"write [{', '.join('null' if each == 'None' else each for each in sizes)}]"


class Input(Record):
    """The input of a branch."""

    kind: Annotated[str, Choice(*KINDS, "tensor", code=NOT_A_CHOICE)]
    """What is read, which names the axes."""
    shape: Annotated[tuple[int | str | None, ...], SHAPE]
    """The sizes, batch left out; of `text`, which has none, it may be left out."""
    axes: Annotated[tuple[str, ...] | None, Optional(ListOf(NAME))] = None
    """Names of the axes of a `tensor`."""
    time_axis: Annotated[str | None, Optional(NAME)] = None
    """Which axis of a `tensor` is time."""
    dtype: Annotated[str | None, Optional(Choice(*DTYPES))] = None
    """Dtype of the data."""
    padding_value: Annotated[float | None, Optional(PADDING)] = None
    """A step whose every value equals it is padding."""
    mask_input: Annotated[str | None, Optional(NAME)] = None
    """Name of a boolean input, true where a step is real; several branches may share it."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        """Sizes that are written one by one are told at once."""
        one_by_one = node.get("shape") is None and is_size(entry, find_axes(node, KINDS))
        return "shape" if one_by_one and entry.key.text not in KINDS else None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """Of sizes that are written one by one it is told where they stand."""
        key = entries[0].key.text
        if key in KINDS:
            return (f"write `kind: {key}`, with `shape` beside it",)
        if is_size(entries[0], find_axes(node, KINDS)):
            return tell_shape(entries, find_axes(node, KINDS))
        return ("leave it out, or write `batch_size` at the top, which fixes it",) if fold_word(key) == "batchsize" else ()

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        return write_shape(entries, find_axes(node, KINDS)) if node.get("shape") is None else ()

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        """A shape is there where sizes are."""
        there = {*written, *(("shape",) if any(fold_word(each) in WORDS for each in written) else ())}
        return super().find_missing(there)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        with_axes = {"if": {"properties": {"kind": {"enum": [*AXES_OF_KINDS]}}}, "then": {"required": ["shape"]}}
        return super().__get_pydantic_json_schema__(core, handler) | {"required": ["kind"], "allOf": [with_axes]}

    @classmethod
    def repair_shape(cls, node: Mapping, scope: Scope) -> Mapping:
        """The mapping with the shape of a text, where it is left out; of others with `null` for a batch that is written."""
        kind = node.get("kind") or next(filter(_may_be_kind, node.entries), None)
        value = scope.resolve(kind.value) if kind is not None else None
        if not isinstance(value, Scalar) or value.value != "text" or node.get("shape") is not None:
            return open_batch(node, KINDS.get(str(value.value), ()) if isinstance(value, Scalar) else ())
        assert kind is not None
        span = kind.value.span
        return Mapping(node.span, (*node.entries, Entry(Scalar(span, "shape", "shape"), Listing(span, ()))))

    def check(self, at: Checks) -> None:
        if not self.shape and self.kind not in SCALARS:
            help = ("a number without an axis is a `vector` of `shape: []`, an integer one `tokens`",)
            at.report(NOT_ALLOWED, "shape", help, key="shape", words="a list of one size or more", given="empty")
            return
        self._check_axes(at)
        self._check_time(at)
        if self.dtype is not None and (self.dtype == TEXT) != (self.kind == "text"):
            holds = "text" if self.kind == "text" else "numbers"
            at.report(OF_TEXT, "dtype", kind=self.kind, holds=holds, dtype=self.dtype)

    def _check_axes(self, at: Checks) -> None:
        if self.kind != "tensor":
            names = ", ".join(KINDS[self.kind])
            for key in ("axes", "time_axis"):
                if self.is_written(key):
                    at.report(ONLY_TENSOR, key, key=key, kind=self.kind, axes=names)
            if self.kind == "text" and self.shape:
                at.report(
                    WRONG_RANK,
                    "shape",
                    ("leave `shape` out: a sample is one text",),
                    kind="text",
                    axes="none",
                    given=len(self.shape),
                )
            elif self.shape and len(self.shape) != len(KINDS[self.kind]):
                mend: Callable[[Span], Fix] | None = None
                near = [kind for kind, axes in KINDS.items() if len(axes) == len(self.shape)]
                sizes = f"{len(self.shape)} sizes are those" if len(self.shape) > 1 else "one size is that"
                help = (f"{sizes} of {' or '.join(f'`kind: {k}`' for k in near)}",) if near else ()
                if len(self.shape) == len(KINDS[self.kind]) + 1 and (self.shape[0] is None or not near):
                    help = (f"leave the batch out: write {_write_listed(self.shape[1:])}", *help)
                    mend = partial(write, text=_write_listed(self.shape[1:]))
                elif len(self.shape) == len(KINDS[self.kind]) + 1:
                    help = (*help, f"leave {self.shape[0]} out, if it is the batch: write {_write_listed(self.shape[1:])}")
                if KINDS[self.kind][-1] == "channels" and len(self.shape) == len(KINDS[self.kind]) - 1:
                    grey = _write_listed((*self.shape, 1))
                    help, mend = (f"for one channel, as in grey images, write {grey}", *help), partial(write, text=grey)
                facts: dict[str, Any] = {"kind": self.kind, "axes": names, "given": len(self.shape)}
                at.report(WRONG_RANK, "shape", help, False, mend, **facts)
            return
        axes = self.axes or ()
        if len(axes) != len(self.shape):
            key = "axes" if self.is_written("axes") else "shape"
            help = ("`axes: [windows, samples, features]` names each",)
            at.report(AXES_NEEDED, key, help, count=len(self.shape), given=len(axes))
        for index, axis in enumerate(axes):
            if axis in axes[:index]:
                at.report(TWICE, "axes", axis=axis)
        if self.time_axis is not None and self.time_axis not in axes:
            at.report(UNKNOWN_AXIS, "time_axis", axis=self.time_axis, axes=", ".join(axes))

    def _check_time(self, at: Checks) -> None:
        for key in MASK_KEYS:
            if getattr(self, key) is None:
                continue
            if self.kind == "tensor" and self.time_axis and self.axes and self.axes[0] != self.time_axis:
                at.report(NOT_FIRST, key, key=key, axis=self.time_axis)
            elif (self.kind not in TIMED or not self.shape) and not (self.kind == "tensor" and self.time_axis):
                help = ("give `time_axis: ` the name of the first axis",) if self.kind == "tensor" else ()
                at.report(NOT_TIMED, key, help, key=key, kind=self.kind)
        value = self.padding_value
        if value is not None and self.data_type not in FLOATS and not float(value).is_integer():
            at.report(BAD_PADDING, "padding_value", value=value, dtype=self.data_type)
        if self.padding_value is not None and self.mask_input is not None:
            first, second = list_mask_keys(at.written) or MASK_KEYS
            at.report(TWO_MASKS, second, first=first, second=second)

    @property
    def data_type(self) -> str:
        """The dtype of the data."""
        if self.kind == "text":
            return TEXT
        return self.dtype if self.dtype not in (None, TEXT) else "int32" if self.kind == "tokens" else "float32"

    def list_axis_names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return self.axes or () if self.kind == "tensor" else KINDS[self.kind] if self.shape else ()


def _write_listed(shape: Iterable[int | str | None]) -> str:
    return f"[{', '.join('null' if size is None else str(size) for size in shape)}]"


def _may_be_kind(entry: Entry) -> bool:
    """Whether a key is no other of an input, and looks like `kind`."""
    return entry.key.text not in Input.arguments and find_nearest(entry.key.text, Input.arguments) == "kind"


def list_mask_keys(written: Written) -> tuple[str, ...]:
    """Which of `padding_value` and `mask_input` are written, in that order: of two the later says what is padding."""
    keys = [key for key in MASK_KEYS if key in written.places]
    return tuple(sorted(keys, key=lambda key: written.places[key].span.start))


def find_mask_key(input: Input, written: Written) -> str | None:
    """`padding_value` or `mask_input`, whichever says what is padding; the later where both do."""
    return next((key for key in reversed(list_mask_keys(written)) if input.get_value(key) is not None), None)


ENDS = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}
"""The greatest value of a dtype that holds no other than those from 0 up, and that data fill."""


class InputOp(Op):
    """The Keras input of a branch; the first node of it."""

    arity = (0, 0)

    input: InstanceOf[Input]
    branch: str
    mask_of: str
    """The branch whose mask it has: the first of those that share a `mask_input`."""
    mask_by: str | None
    """`padding_value` or `mask_input`, whichever says what is padding."""

    def __init__(self, input: Input, branch: str, mask_by: str | None = None, mask_of: str | None = None) -> None:
        super().__init__(input=input, branch=branch, mask_by=mask_by, mask_of=mask_of or branch)  # type: ignore[call-arg]

    @classmethod
    def title(cls) -> str:
        return "Input"

    def name_giver(self) -> str:
        return self.branch

    def infer_type(self, id: str, place: Place, written: Written) -> TensorType:
        """The type of the data."""
        axes = [
            Axis(name, self._choose_size(name, size))
            for name, size in zip(self.input.list_axis_names(), self.input.shape, strict=True)
        ]
        source = id if self.mask_of == self.branch else self.mask_of
        mask = Mask(frozenset({source}), place) if self.mask_by else None
        padding = self.input.padding_value
        values = None if padding is None else Values(padding, padding, written.places.get("padding_value", place))
        zeros = Zeros(mask) if mask is not None and self.mask_by == "padding_value" and not padding else None
        meaning = Meaning(self._find_range(), steps=0 if self._begins_with_time() else None)
        return TensorType(tuple(axes), self.input.data_type, mask, zeros=zeros, values=values, meaning=meaning)

    def _begins_with_time(self) -> bool:
        axis = self.input.time_axis
        names = self.input.list_axis_names()
        return bool(names) and (self.input.kind in TIMED or names[0] == axis)

    def _find_range(self) -> Range | None:
        """What the dtype says of the data, and that floats of an image are pixels."""
        dtype = self.input.data_type
        if dtype in ENDS:
            return Range(0, ENDS[dtype], True, integers=True, by=dtype)
        colours = self.input.kind in ("image", "video") and self.input.shape[-1] in (1, 3, 4)
        return Range(pixels=True) if colours and dtype in FLOATS else None

    def _choose_size(self, axis: str, size: int | str | None) -> Size:
        if isinstance(size, str):
            return make_symbol(size)
        return (
            make_anonymous(f"the {'number of ' if axis.endswith('s') else ''}{axis} of `{self.branch}`") if size is None else size
        )

    def is_padded_infinitely(self) -> bool:
        """Whether padded steps hold an infinite value."""
        return self.mask_by == "padding_value" and isinf(self.input.padding_value or 0)

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        """The boolean (batch, steps) tensor that tells real steps from padding."""
        from .padding_mask import write_padding_mask

        if self.mask_by == "mask_input":
            assert self.input.mask_input is not None
            return to.find_mask_input(self.input.mask_input)
        assert self.input.padding_value is not None
        return write_padding_mask(to, inputs[0], self.input.padding_value, to.output)
