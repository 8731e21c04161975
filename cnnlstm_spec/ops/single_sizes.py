"""Sizes of an input that are written one by one, `height: 64, width: 64`, or with one of the batch: the `shape` that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..text.fix import Drop, Edit, Fix
from ..text.nodes import Entry, Listing, Mapping, Scalar
from ..text.source import Span
from ..text.synonyms import fold_word

AXIS_WORDS: dict[str, tuple[str, ...]] = {
    "height": ("height", "h", "rows", "imgheight", "imageheight"),
    "width": ("width", "w", "cols", "columns", "imgwidth", "imagewidth"),
    "channels": ("channels", "c", "numchannels", "nchannels", "inchannels", "depth"),
    "steps": (
        *("steps", "timesteps", "numsteps", "nsteps", "numtimesteps", "seqlen", "seqlength", "sequencelength"),
        *("length", "maxlen", "maxlength", "windowsize"),
    ),
    "features": ("features", "numfeatures", "nfeatures", "infeatures", "inputdim", "inputsize", "dim", "channels"),
    "frames": ("frames", "numframes", "nframes", "length", "steps", "timesteps"),
    "depth": ("depth", "slices"),
}
"""Words for the size of an axis, folded."""
SQUARE = ("size", "imagesize", "imgsize", "resolution")
"""Words for the height and the width at once, folded."""
BATCH = (-1, "None", "none")
"""What people write for a batch of any size, beside `null`."""
WORDS = frozenset(word for words in AXIS_WORDS.values() for word in words) | set(SQUARE)


def is_size(entry: Entry, axes: Sequence[str]) -> bool:
    """Whether a key of an input with these axes says one of its sizes, or two of them, and not all."""
    whole = isinstance(entry.value, Listing) and len(entry.value.items) in (len(axes), *range(3, 9))
    return fold_word(entry.key.text) in WORDS and not whole


def tell_shape(entries: Sequence[Entry], axes: Sequence[str]) -> tuple[str, ...]:
    """The line to write in place of sizes, for an input with these axes."""
    sizes = _read_sizes(entries, axes)
    example = "64, 64, 3" if axes[-1:] != ("features",) else ", ".join(["100", "8"][-len(axes) :])
    shown = example if not sizes or None in sizes else ", ".join(map(str, sizes))
    return (f"sizes stand in `shape`, the batch left out: `shape: [{shown}]`",)


def write_shape(entries: Sequence[Entry], axes: Sequence[str]) -> tuple[Fix, ...]:
    """The fix that writes the shape, where each of its sizes is there and nothing else."""
    sizes = _read_sizes(entries, axes)
    if not sizes or None in sizes:
        return ()
    shape = f"shape: [{', '.join(map(str, sizes))}]"
    first, others = entries[0], tuple(each.key.span for each in entries[1:])
    whole = Span(first.key.span.source, first.key.span.start, first.value.span.end)
    return (Fix(f"write `{shape}`", (Edit(whole, shape), *((Drop(others[0], others[1:]),) if others else ()))),)


def _read_sizes(entries: Sequence[Entry], axes: Sequence[str]) -> list[str | None] | None:
    """A size for each axis, None of one that is not there; None where a key says none of them."""
    found: dict[str, str] = {}
    for entry in entries:
        word, values = fold_word(entry.key.text), _list_texts(entry)
        named = ["height", "width"] if word in SQUARE else [_find_axis(word, axes)]
        values = values * 2 if len(values) < len(named) else values
        if len(values) != len(named) or any(each not in axes or each in found for each in named):
            return None
        found |= {str(axis): value for axis, value in zip(named, values, strict=True)}
    return [found.get(axis) for axis in axes]


def _find_axis(word: str, axes: Sequence[str]) -> str | None:
    return next((axis for axis in axes if word in AXIS_WORDS[axis]), None)


def _list_texts(entry: Entry) -> list[str]:
    items = entry.value.items if isinstance(entry.value, Listing) else (entry.value,)
    return [each.text for each in items if isinstance(each, Scalar)]


def find_axes(node: Mapping, kinds: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The axes of the kind that a mapping names."""
    kind = node.get("kind")
    return kinds.get(kind.value.text, ()) if kind is not None and isinstance(kind.value, Scalar) else ()


def open_batch(node: Mapping, axes: Sequence[str]) -> Mapping:
    """The mapping with `null` for a size more than there are axes, before the others, that people write for the batch."""
    shape = node.get("shape")
    items = shape.value.items if shape is not None and isinstance(shape.value, Listing) else ()
    if shape is None or not axes or len(items) != len(axes) + 1 or not isinstance(items[0], Scalar):
        return node
    if items[0].value not in BATCH:
        return node
    opened = Listing(shape.value.span, (Scalar(items[0].span, None, "null"), *items[1:]))
    return replace(node, entries=tuple(replace(each, value=opened) if each is shape else each for each in node.entries))
