"""What values and axes stand for, whatever the weights and the data: inferred like shapes. Imports no tensor and no op."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace

from ..language.activations import ADDS_UP, BOUNDS
from ..language.catalog import KerasObject
from ..text.frozen import dataclass
from ..text.source import Place


@dataclass(frozen=True)
class Range:
    """Between which numbers values lie; None for no bound. Where nothing is known of them, there is no range at all."""

    least: float | None = None
    greatest: float | None = None
    attained: bool = False
    """Whether the least value is one that comes, such as the 0 of a `relu`, and not only one that is approached."""
    sums: tuple[int, ...] | None = None
    """The axes, batch left out, along which values add up to 1, as probabilities do."""
    integers: bool = False
    pixels: bool = False
    """Whether they are floats of an image, of which only the data know whether they have been scaled."""
    by: str = ""
    """What gives values that lie so: an activation or a layer."""
    made_at: Place | None = field(default=None, compare=False)

    @property
    def bounded(self) -> bool:
        """Whether there is a bound at either end."""
        return self.least is not None or self.greatest is not None

    @property
    def probabilities(self) -> bool:
        """Whether each value may be a probability."""
        return self.lies_within(0, 1)

    def lies_within(self, least: float, greatest: float) -> bool:
        """Whether all values lie between two numbers."""
        return self.least is not None and self.greatest is not None and self.least >= least and self.greatest <= greatest

    def reaches(self, value: float) -> bool:
        """Whether a number lies between the bounds, or is one that comes."""
        above = self.least is None or value > self.least or (value == self.least and self.attained)
        return above and (self.greatest is None or value <= self.greatest)

    def crosses(self, value: float) -> bool:
        """Whether values may lie on both sides of a number."""
        return (self.least is None or self.least < value) and (self.greatest is None or self.greatest > value)

    def loosen(self) -> Range:
        """The same values, of which nothing is said about their sum."""
        return self if self.sums is None else replace(self, sums=None)

    def map_values(self, function: Callable[[float], float]) -> Range:
        """The values under a function that rises or falls throughout; they are floats, and no pixels as they came."""
        low = None if self.least is None else function(self.least)
        high = None if self.greatest is None else function(self.greatest)
        if function(1.0) < function(0.0):
            return Range(high, low, by=self.by)
        return Range(low, high, self.attained, by=self.by)

    def clip(self, least: float | None, greatest: float | None) -> Range:
        """The values once those beyond two bounds are brought to them."""
        low, high, attained = self.least, self.greatest, self.attained
        if least is not None and (low is None or low < least):
            low, attained = least, True
        if greatest is not None and (high is None or high > greatest):
            high = greatest
        return replace(self, least=low, greatest=high, attained=attained, sums=None, made_at=None)

    def place(self, made_at: Place | None) -> Range:
        """The same values, made at a place."""
        # Not `replace`, which looks every field up: this is called for every node.
        return Range(self.least, self.greatest, self.attained, self.sums, self.integers, self.pixels, self.by, made_at)

    def __str__(self) -> str:
        if self.pixels:
            text = "pixels, scaled or not"
        elif not self.bounded:
            text = "any number"
        elif self.least is None:
            text = f"up to {self.greatest:g}"
        else:
            text = f"from {self.least:g} up" if self.greatest is None else f"{self.least:g} to {self.greatest:g}"
        return text


ANY = Range()
"""Any number may come, as weights have it."""


BRIGHTEST = 255.0
"""The brightest pixel of an image that has not been scaled."""
SCALED = 2.55
"""Pixels that lie below it have been scaled: to 1, or to -1 and 1."""


def infer_scaled_pixels(scale: float) -> Range | None:
    """What pixels of an image were that are scaled so; None where that tells nothing."""
    if 0 < scale * BRIGHTEST <= SCALED:
        return Range(0, BRIGHTEST, True)
    return Range(0, 1, True) if scale >= BRIGHTEST / SCALED else None


def merge_ranges(ranges: Iterable[Range | None]) -> Range | None:
    """The values of all; None where nothing is known of one."""
    whole: Range | None = None
    for each in ranges:
        if each is None or (whole is not None and each.pixels != whole.pixels):
            return None
        whole = each if whole is None else _join_ranges(whole, each)
    return whole


def _join_ranges(a: Range, b: Range) -> Range:
    low = None if a.least is None or b.least is None else min(a.least, b.least)
    high = None if a.greatest is None or b.greatest is None else max(a.greatest, b.greatest)
    attained = low is not None and any(each.least == low and each.attained for each in (a, b))
    sums = a.sums if a.sums == b.sums else None
    by = a.by if a.by == b.by else ""
    return Range(low, high, attained, sums, a.integers and b.integers, a.pixels and b.pixels, by, a.made_at)


def add_ranges(a: Range, b: Range) -> Range:
    """What sums of the one and the other lie between."""
    low = None if a.least is None or b.least is None else a.least + b.least
    high = None if a.greatest is None or b.greatest is None else a.greatest + b.greatest
    return Range(low, high, a.attained and b.attained, integers=a.integers and b.integers)


def multiply_ranges(a: Range, b: Range) -> Range:
    """What products of the one and the other lie between."""
    ends = (a.least, a.greatest, b.least, b.greatest)
    if None not in ends:
        products = [x * y for x in (a.least, a.greatest) for y in (b.least, b.greatest) if x is not None and y is not None]
        return Range(min(products), max(products), min(products) == 0 and (a.attained or b.attained))
    positive = a.least is not None and b.least is not None and a.least >= 0 and b.least >= 0
    return Range(0, None, a.attained or b.attained) if positive else ANY


@dataclass(frozen=True)
class Meaning:
    """What a tensor stands for; places of axes leave the batch out."""

    range: Range | None = None
    """Between which numbers its values lie; None where nothing is known."""
    channels: int | None = None
    """The axis along which a layer put channels or features, each with weights of its own, or reads them."""
    channels_first: bool = False
    """Whether that axis is before those of the image or the steps, as the `data_format` of a layer says."""
    steps: int | None = None
    """The axis of the steps of a sequence."""
    backwards: bool = False
    """Whether the steps come last to first."""
    outer: tuple[bool, ...] = ()
    """Of the axes that are folded into the batch, whether their steps come last to first."""
    still: bool = False
    """Whether a padded step has what the last real one has, as a recurrent layer gives it."""

    def move_axes(self, place: Callable[[int], int | None]) -> Meaning:
        """The same after axes have moved; None for an axis that is no more."""
        channels = None if self.channels is None else place(self.channels)
        steps = None if self.steps is None else place(self.steps)
        return replace(
            self,
            range=move_axes(self.range, place),
            channels=channels,
            channels_first=self.channels_first and self.keeps_first(place),
            steps=steps,
            backwards=self.backwards and steps is not None,
            still=self.still and steps == self.steps,
        )

    def keeps_first(self, place: Callable[[int], int | None]) -> bool:
        """Whether channels that come first do so after axes have moved."""
        if self.channels is None or (channels := place(self.channels)) is None:
            return False
        beside = place(self.channels + 1)
        return beside is None or beside > channels

    def with_range(self, values: Range | None) -> Meaning:
        """Other values, all else the same."""
        return Meaning(values, self.channels, self.channels_first, self.steps, self.backwards, self.outer, self.still)

    def describe(self) -> str:
        """What is known, in words for a dump."""
        said = [] if self.range is None else [f"values {self.range}"]
        if self.range is not None and self.range.sums is not None:
            said.append(f"adding up to 1 along {' and '.join(f'axis {axis + 1}' for axis in self.range.sums)}")
        said += [] if self.channels is None else [f"channels axis {self.channels + 1}"]
        said += [] if self.steps is None else [f"steps axis {self.steps + 1}{' reversed' if self.backwards else ''}"]
        return ", ".join(said)


def move_axes(values: Range | None, place: Callable[[int], int | None]) -> Range | None:
    """A range after axes have moved: of an axis that is no more, no sum is known."""
    if values is None or values.sums is None:
        return values
    axes = [place(axis) for axis in values.sums]
    return replace(values, sums=tuple(axis for axis in axes if axis is not None) if None not in axes else None)


UNKNOWN = Meaning()
"""Of a tensor of which nothing is known."""


def infer_activation_range(activation: object, rank: int) -> Range:
    """What an activation gives, over an output of so many axes."""
    name = activation.name if isinstance(activation, KerasObject) else "linear"
    if name not in BOUNDS:
        return ANY
    least, greatest, attained = BOUNDS[name]
    return Range(least, greatest, attained, (rank - 1,) if name == ADDS_UP else None, by=name)
