"""What is known of a tensor before it exists: named axes, dtype, mask. The batch axis is implied. Imports `size`."""

from __future__ import annotations

from dataclasses import replace

from ..text.frozen import dataclass
from ..text.source import Place
from .meaning import UNKNOWN, Meaning
from .size import Size, format_size


@dataclass(frozen=True)
class Axis:
    """A size with the name that messages call it; the name never decides anything."""

    name: str
    size: Size

    def __str__(self) -> str:
        size = format_size(self.size)
        text = "?" if size is None else str(size)
        return self.name if text == self.name else f"{self.name}={text}"


@dataclass(frozen=True)
class Mask:
    """Which steps of the first axis are real: those real in every source, the steps in reversed order if `flipped`.

    `sources` are the ids of the graph nodes that make the masks, so that equal masks are known to be equal; one that
    begins with `~` counts in reversed order. In one that is `scattered`, padded steps may stand between real ones. Of one that
    `begins_real`, the first step, in the order of its sources, is real in every sample; after one that `empties`, a sample
    may have no real step.
    """

    sources: frozenset[str]
    made_at: Place
    flipped: bool = False
    scattered: bool = False
    begins_real: bool = False
    empties: bool = False

    @property
    def terms(self) -> frozenset[tuple[str, bool]]:
        """The ids of the sources, each with whether its steps count in reversed order."""
        return frozenset((source.removeprefix("~"), source.startswith("~") != self.flipped) for source in self.sources)

    @property
    def backwards(self) -> bool:
        """Whether the steps of any source count in reversed order."""
        return any(flipped for _, flipped in self.terms)

    def is_same(self, other: Mask) -> bool:
        """Whether two masks come from the same sources, and so agree everywhere."""
        return self.terms == other.terms

    def join(self, other: Mask) -> Mask:
        """The mask of the steps that are real in both."""
        terms = self.terms | other.terms
        flipped = all(each for _, each in terms)
        sources = frozenset(id if each == flipped else f"~{id}" for id, each in terms)
        begins_real = self.begins_real and other.begins_real and self.flipped == other.flipped
        scattered, empties = self.scattered or other.scattered, self.empties or other.empties
        return Mask(sources, self.made_at, flipped, scattered, begins_real, empties)


@dataclass(frozen=True)
class Values:
    """The least and the greatest of values that do come: the one of padding, the bins of a hash. Nothing is said of others."""

    least: float
    greatest: float
    made_at: Place | None = None

    def join(self, other: Values | None) -> Values:
        """The values of both, made where those of the first are."""
        if other is None:
            return self
        return Values(min(self.least, other.least), max(self.greatest, other.greatest), self.made_at)

    def __str__(self) -> str:
        return f"{self.least:g}" if self.least == self.greatest else f"{self.least:g} to {self.greatest:g}"


@dataclass(frozen=True)
class Zeros:
    """Values that are 0 at the steps that a mask leaves out, wherever the axis of the steps has come to stand."""

    mask: Mask
    axis: int = 0

    def cover(self, mask: Mask | None) -> bool:
        """Whether they are 0 wherever another mask leaves a step out."""
        return mask is None or mask.terms <= self.mask.terms

    def move_axes(self, by: int) -> Zeros:
        """The same values with so many axes before their first."""
        return replace(self, axis=self.axis + by)


@dataclass(frozen=True)
class TensorType:
    """Axes without the batch, dtype, the padding mask over the first axis, and the values that are known to come.

    `outer` are the axes that `TimeDistributed` folds into the batch, outermost first, with the masks they had.
    `zeros` says where padded steps are known to hold 0, by themselves or by a product.
    `meaning` is what the values and axes stand for. `image` are, of what a backbone gives, the axes of what it was given.
    """

    axes: tuple[Axis, ...]
    dtype: str = "float32"
    mask: Mask | None = None
    outer: tuple[tuple[Axis, Mask | None], ...] = ()
    values: Values | None = None
    zeros: Zeros | None = None
    meaning: Meaning = UNKNOWN
    image: tuple[Axis, ...] = ()

    @property
    def rank(self) -> int:
        """The number of axes, batch left out."""
        return len(self.axes)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The size of each axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def shape(self) -> tuple[int | str | None, ...]:
        """The sizes as the public interface gives them: an integer, a name or expression, or None."""
        return tuple(format_size(axis.size) for axis in (*(axis for axis, _ in self.outer), *self.axes))

    def with_axes(self, *axes: Axis) -> TensorType:
        """Other axes, all else the same."""
        return TensorType(axes, self.dtype, self.mask, self.outer, self.values, self.zeros)

    def with_mask(self, mask: Mask | None) -> TensorType:
        """Another mask, all else the same."""
        return replace(self, mask=mask)

    def with_zeros(self, zeros: Zeros | None) -> TensorType:
        """Zeros in other steps, all else the same."""
        return replace(self, zeros=zeros)

    def with_dtype(self, dtype: str) -> TensorType:
        """Another dtype, all else the same."""
        return replace(self, dtype=dtype)

    def with_meaning(self, meaning: Meaning) -> TensorType:
        """Another meaning, all else the same."""
        return replace(self, meaning=meaning)

    def with_values(self, values: Values | None) -> TensorType:
        """Other values, all else the same."""
        return replace(self, values=values)

    def __str__(self) -> str:
        return "(" + ", ".join(str(axis) for axis in self.axes) + ")"
