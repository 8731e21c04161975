"""What functions do with axes, a rule a sort of function. Imports no op."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.inference import TOO_FEW_AXES, Refusal
from ...ir.size import make_anonymous, take_larger
from ...ir.tensor import Axis, TensorType
from ...language.kinds import NOT_ALLOWED
from ...text.diagnostic import Code
from ..axes import NO_SUCH_AXIS, find_axis_number, find_axis_numbers, refuse_batch
from ..windows import slide
from .call import FunctionCall, Shaped

NOT_ONE = Code(
    "squeezes-more-than-one",
    "error",
    "`squeeze` takes axes of size 1; {axis} is none",
    sort="keras",
    help="name an axis of size 1; `Slice` takes one position of another",
)
NOT_EVERY_AXIS = Code(
    "axes-not-each-once",
    "error",
    "`{layer}` needs {wanted}; given {given}",
    sort="keras",
    help="axes count from 0, the batch, which stays where it is",
)


def _infer_each(call: FunctionCall) -> Shaped:
    return Shaped(call.x.axes, call.list_kept(()))


ORDERED = frozenset({"softmax", "log_softmax", "sparsemax", "cumsum", "cumprod", "nancumsum", "nancumprod", "normalize"})
"""Functions along an axis after which its positions stand in the order in which they stood."""
ORDERED |= {"rms_normalization", "layer_normalization", "flip"}


def _infer_along(call: FunctionCall) -> Shaped:
    axes = call.find_several_axes()
    return Shaped(call.x.axes, call.list_kept(() if call.name in ORDERED else axes), frozenset(axes))


def _reduce(call: FunctionCall) -> Shaped:
    axes = call.find_several_axes()
    if call.name == "trapezoid" and call.values["axis"] < -1:
        # Keras takes it for another axis, of the numbers between the points.
        help, last = ("it counts from 1, and -1 is the last",), call.x.rank
        refusal = Refusal(NO_SUCH_AXIS, "axis", help, layer=call.name, axis=call.values["axis"], least=-1, most=last)
        raise refusal.add_fixes(axis=str(axes[0] + 1))
    if not call.values.get("keepdims"):
        return call.drop_axes(axes)
    return call.resize_axes(dict.fromkeys(axes, 1))


def _halve(call: FunctionCall) -> Shaped:
    place = call.find_one_axis()
    call.require_even(call.x.axes[place], 2, "axis")
    return call.resize_axes({place: call.x.axes[place].size // 2})


def _expand(call: FunctionCall) -> Shaped:
    written = call.values["axis"]
    written = (written,) if isinstance(written, int) else written
    wider = TensorType((*call.x.axes, *(Axis("added", 1) for _ in written)))
    numbers = find_axis_numbers(call.name, written, wider)
    for number in numbers:
        refuse_batch(call.name, number, call.x, "axis")
    return _widen(call, {number - 1: Axis("added", 1) for number in numbers})


def _widen(call: FunctionCall, added: dict[int, Axis]) -> Shaped:
    """The axes with others among them."""
    kept = [place for place in range(call.x.rank + len(added)) if place not in added]
    axes = {**dict(zip(kept, call.x.axes, strict=True)), **added}
    return Shaped(tuple(axes[place] for place in sorted(axes)), tuple(kept))


def _squeeze(call: FunctionCall) -> Shaped:
    axes = call.find_several_axes(may_repeat=True)
    # Keras asks when it builds, when a size known only at run time is none yet.
    if wide := [axis for place in axes if (axis := call.x.axes[place]).size != 1]:
        raise Refusal(NOT_ONE, "axis", (), axis=wide[0])
    return Shaped((shaped := call.drop_axes(axes)).axes, shaped.places)


def _transpose(call: FunctionCall) -> Shaped:
    count, axes = call.x.rank + 1, call.values.get("axes")
    if axes is None:
        refuse_batch(call.name, 0, call.x, "axes", left_out=True)
    axes = (axes,) if isinstance(axes, int) else axes or ()
    order = find_axis_numbers(call.name, axes, call.x, "axes")
    if len(order) != count:
        raise Refusal(NOT_EVERY_AXIS, "axes", (), layer=call.name, wanted=f"each of 0 to {count - 1}", given=list(axes))
    return call.move_axes(order, "axes")


def _move(call: FunctionCall) -> Shaped:
    sources, targets = (find_axis_numbers(call.name, call.values[name], call.x, name) for name in ("source", "destination"))
    if len(sources) != len(targets):
        wanted, given = "as many in `destination` as in `source`", f"{len(sources)} and {len(targets)}"
        raise Refusal(NOT_EVERY_AXIS, "destination", (), layer=call.name, wanted=wanted, given=given)
    order = [number for number in range(call.x.rank + 1) if number not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        order.insert(target, source)
    return call.move_axes(order, "source" if 0 in sources else "destination")


def _swap(call: FunctionCall) -> Shaped:
    first, second = call.find_one_axis("axis1"), call.find_one_axis("axis2")
    order = list(range(call.x.rank + 1))
    order[first + 1], order[second + 1] = second + 1, first + 1
    return call.move_axes(order, "axis1")


def _turn(call: FunctionCall) -> Shaped:
    axes = call.find_several_axes("axes")
    if len(axes) != 2:
        raise Refusal(NOT_EVERY_AXIS, "axes", (), layer=call.name, wanted="two axes", given=len(axes))
    first, second = axes
    sizes = call.x.axes[first].size, call.x.axes[second].size
    return call.resize_axes({first: sizes[1], second: sizes[0]} if call.values["k"] % 2 else {first: sizes[0], second: sizes[1]})


def _repeat(call: FunctionCall) -> Shaped:
    place = call.find_one_axis()
    return call.resize_axes({place: call.x.axes[place].size * call.values["repeats"]})


def _tile(call: FunctionCall) -> Shaped:
    written = call.values["repeats"]
    times = (written,) if isinstance(written, int) else written
    number = call.x.rank + 1
    if len(times) > number or (len(times) == number and times[0] != 1):
        refuse_batch(call.name, 0, call.x, "repeats")
    times = times[-call.x.rank :] if call.x.rank else ()
    first = call.x.rank - len(times)
    changed = {first + place: call.x.axes[first + place].size * each for place, each in enumerate(times) if each > 1}
    return call.resize_axes(changed)


def _pad(call: FunctionCall) -> Shaped:
    widths = call.values["pad_width"]
    if len(widths) != call.x.rank + 1:
        wanted = f"a pair for each of {call.x.rank + 1} axes, the batch first"
        raise Refusal(NOT_EVERY_AXIS, "pad_width", (), layer=call.name, wanted=wanted, given=len(widths))
    if any(widths[0]):
        refuse_batch(call.name, 0, call.x, "pad_width")
    least = {"reflect": 1, "symmetric": 0}.get(call.values["mode"])
    for axis, pair in zip(call.x.axes, widths[1:], strict=True):
        if least is not None and any(pair):
            call.require_length(axis, max(pair) + least, "pad_width")
    return call.resize_axes({n: axis.size + sum(widths[n + 1]) for n, axis in enumerate(call.x.axes) if any(widths[n + 1])})


def _infer_differences(call: FunctionCall) -> Shaped:
    place, n = call.find_one_axis(), call.values["n"]
    call.require_rest(call.x.axes[place], n + 1, "n")
    return call.resize_axes({place: call.x.axes[place].size - n})


def _infer_classes(call: FunctionCall) -> Shaped:
    wider, axis = TensorType((*call.x.axes, Axis("classes", 1))), call.values["axis"]
    number = find_axis_number(call.name, axis, wider)
    if not -1 <= axis <= call.x.rank:
        # Keras knows no other for the last one.
        help = ("-1 puts the classes last",)
        refusal = Refusal(NO_SUCH_AXIS, "axis", help, layer=call.name, axis=axis, least=-1, most=call.x.rank)
        raise refusal.add_fixes(axis="-1") if number == call.x.rank + 1 else refusal
    refuse_batch(call.name, number, call.x, "axis")
    return _widen(call, {number - 1: Axis("classes", call.values["num_classes"])})


def _infer_triangle(call: FunctionCall) -> Shaped:
    (rows, columns), k = call.find_matrix(), call.values["k"]
    if call.name == "tril":
        call.require_length(columns, k, "k")
    else:
        call.require_length(rows, -k, "k")
    return _infer_each(call)


def _infer_diagonal(call: FunctionCall) -> Shaped:
    (first, second), offset = call.find_two_axes(), call.values["offset"]
    rows, columns = call.x.axes[first], call.x.axes[second]
    height, width = rows.size + min(offset, 0), columns.size - max(offset, 0)
    length = height + width - take_larger(height, width)
    shaped = call.drop_axes((first, second))
    call.require_length(rows, 1 - min(offset, 0), "offset")
    call.require_length(columns, 1 + max(offset, 0), "offset")
    if isinstance(length, int) and not (isinstance(height, int) and isinstance(width, int)):
        # To Keras it is known only at run time.
        length = make_anonymous(f"the diagonal, {length} in fact")
    return Shaped((*shaped.axes, Axis("diagonal", length)), shaped.places, shaped.mixed)


def _trace(call: FunctionCall) -> Shaped:
    (first, second), offset = call.find_two_axes(), call.values["offset"]
    rows, columns = call.x.axes[first], call.x.axes[second]
    call.require_length(rows, -offset, "offset")
    call.require_length(columns, offset, "offset")
    if offset > 0:
        # Keras masks the matrix with a diagonal that may be too long for it.
        call.require_length(rows, columns.size - offset, "offset")
    elif offset:
        call.require_length(columns, rows.size + offset, "offset")
    return call.drop_axes((first, second))


def _infer_matrix(call: FunctionCall) -> Shaped:
    call.require_square()
    last = (call.x.rank - 2, call.x.rank - 1)
    return Shaped(call.x.axes, call.list_kept(last), frozenset(last))


def _infer_transposed(call: FunctionCall) -> Shaped:
    rows, columns = call.find_matrix()
    last = (call.x.rank - 2, call.x.rank - 1)
    return Shaped((*call.x.axes[:-2], columns, rows), call.list_kept(last), frozenset(last))


def _infer_of_matrix(call: FunctionCall) -> Shaped:
    if call.name != "matrix_rank":
        call.require_square()
    call.find_matrix()
    return call.drop_axes((call.x.rank - 2, call.x.rank - 1))


def _find_image_axes(call: FunctionCall) -> tuple[int, int, int]:
    """The axes of height, width and channels."""
    if call.x.rank != 3:
        raise Refusal(TOO_FEW_AXES, None, (), layer=call.name, least="3 axes", origin="what comes in", given=call.x)
    return (1, 2, 0) if call.values.get("data_format") == "channels_first" else (0, 1, 2)


def _infer_to_depth(call: FunctionCall) -> Shaped:
    height, width, channels = _find_image_axes(call)
    block, axes = call.values["block_size"], call.x.axes
    for place in (height, width):
        call.require_even(axes[place], block, "block_size")
    return call.resize_axes(
        {height: axes[height].size // block, width: axes[width].size // block, channels: axes[channels].size * block**2}
    )


def _infer_to_space(call: FunctionCall) -> Shaped:
    height, width, channels = _find_image_axes(call)
    block, axes = call.values["block_size"], call.x.axes
    call.require_even(axes[channels], block**2, "block_size")
    return call.resize_axes(
        {height: axes[height].size * block, width: axes[width].size * block, channels: axes[channels].size // block**2}
    )


def _infer_sequences(call: FunctionCall) -> Shaped:
    *before, axis = call.x.axes
    length, stride = call.values["sequence_length"], call.values["sequence_stride"]
    call.require_rest(axis, length, "sequence_length")
    windows = Axis("windows", (axis.size - length) // stride + 1)
    last = call.x.rank - 1
    return Shaped((*before, windows, Axis(axis.name, length)), call.list_kept((last,)), frozenset({last}))


def _infer_pool(call: FunctionCall) -> Shaped:
    first = call.values.get("data_format") == "channels_first"
    count = call.x.rank - 1
    if count < 1:
        raise Refusal(TOO_FEW_AXES, None, (), layer=call.name, least="2 axes", origin="what comes in", given=call.x)
    sizes = call.values["pool_size"]
    sizes = (sizes,) * count if isinstance(sizes, int) else sizes
    strides = call.values.get("strides") or sizes
    strides = (strides,) * count if isinstance(strides, int) else strides
    for argument, each in (("pool_size", sizes), ("strides", strides)):
        if len(each) not in (1, count):
            # Of more TensorFlow may take the first for the batch.
            words = f"one size, or {count}, for each axis but the channels"
            raise Refusal(NOT_ALLOWED, argument, (), key=argument, words=words, given=list(each))
    sizes, strides = (each * count if len(each) == 1 else each for each in (tuple(sizes), tuple(strides)))
    places = range(1, count + 1) if first else range(count)
    padding = call.values["padding"]
    moved = {
        place: slide(call.at, call.name, call.x.axes[place], size, stride, padding, argument="pool_size").size
        for place, size, stride in zip(places, sizes, strides, strict=True)
    }
    return call.resize_axes(moved)


def _take(call: FunctionCall) -> Shaped:
    place, index = call.find_one_axis(), call.values["indices"]
    call.require_length(call.x.axes[place], index + 1 if index >= 0 else -index, "indices")
    return call.drop_axes((place,))


RULES: dict[str, Callable[[FunctionCall], Shaped]] = {
    "each": _infer_each,
    "along": _infer_along,
    "reduce": _reduce,
    "halve": _halve,
    "expand": _expand,
    "squeeze": _squeeze,
    "transpose": _transpose,
    "move": _move,
    "swap": _swap,
    "turn": _turn,
    "repeat": _repeat,
    "tile": _tile,
    "pad": _pad,
    "differences": _infer_differences,
    "classes": _infer_classes,
    "triangle": _infer_triangle,
    "diagonal": _infer_diagonal,
    "trace": _trace,
    "matrix": _infer_matrix,
    "transposed_matrix": _infer_transposed,
    "of_matrix": _infer_of_matrix,
    "to_depth": _infer_to_depth,
    "to_space": _infer_to_space,
    "sequences": _infer_sequences,
    "pool": _infer_pool,
    "take": _take,
}
