"""What the inputs of an exported file are: names, dtypes, and sizes that are fixed or left open. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...ir.graph import TypedGraph
from ...ir.size import Size, Symbol
from ...ops.input import Input, InputOp
from ...text.frozen import dataclass
from ..open_sizes import Fixed, fix_size
from ..samples import DataError


@dataclass(frozen=True)
class Fed:
    """An input of the Keras model."""

    name: str
    dtype: str
    sizes: tuple[Size, ...]
    """Without that of the batch."""
    branch: str
    input: Input
    is_mask: bool = False

    @property
    def fill(self) -> float | None:
        """What steps are filled up with; None where nothing tells them from others."""
        if self.is_mask:
            return 0
        if self.input.padding_value is not None:
            return self.input.padding_value
        return 0 if self.input.mask_input is not None else None

    def shape(self, batch: int | None, fixed: Fixed) -> tuple[int | None, ...]:
        """Its shape, batch first; None for what stays open."""
        return batch, *(fix_size(each, fixed) for each in self.sizes)


def find_inputs(typed: TypedGraph) -> tuple[Fed, ...]:
    """The inputs of the Keras model, in its order."""
    found: list[Fed] = []
    for id in typed.graph.inputs:
        op, type = typed.nodes[id].node.op, typed.nodes[id].type
        assert isinstance(op, InputOp) and type is not None
        found.append(Fed(op.branch, type.dtype, type.sizes, op.branch, op.input))
        mask = op.input.mask_input
        if mask is not None and all(each.name != mask for each in found):
            found.append(Fed(mask, "bool", type.sizes[:1], op.branch, op.input, is_mask=True))
    return tuple(found)


TAKEN = "self"
"""No function of TensorFlow, of which all files are made, has an input of that name."""


def need_names(inputs: Iterable[Fed]) -> None:
    """Raises DataError for names of inputs that no graph of TensorFlow has: two that differ in case alone, and `TAKEN`."""
    known: dict[str, str] = {}
    for each in inputs:
        if each.name == TAKEN:
            raise DataError([f"no file holds an input named `{TAKEN}`: rename it"])
        other = known.setdefault(each.name.lower(), each.name)
        if other != each.name:
            raise DataError([f"`{other}` and `{each.name}` differ in case alone: no file holds both inputs; rename one"])


def find_open(typed: TypedGraph) -> dict[Symbol, tuple[str, ...]]:
    """What each size that is known only at run time is called on the command line: by its name, and as `branch.axis`."""
    found: dict[Symbol, list[str]] = {}
    for id in typed.graph.inputs:
        op, type = typed.nodes[id].node.op, typed.nodes[id].type
        assert isinstance(op, InputOp) and type is not None
        for axis in type.axes:
            if isinstance(axis.size, int):
                continue
            for each in axis.size.symbols:
                names = found.setdefault(each, [] if each.anonymous else [each.name])
                names.append(f"{op.branch}.{axis.name}")
    return {each: tuple(names) for each, names in found.items()}


def fix_sizes(typed: TypedGraph, given: Mapping[str, int]) -> dict[Symbol, int]:
    """The sizes that are given, by what they stand for. Raises DataError for a name that is none, and for a second number."""
    known = find_open(typed)
    found: dict[Symbol, int] = {}
    for name, value in given.items():
        matching = [each for each, names in known.items() if name in names]
        if not matching:
            there = f"there are {_read_listed(known)}" if known else "every size of this model is a number already"
            raise DataError([f"`--size {name}={value}`: there is no size `{name}` that is known only at run time; {there}"])
        if found.setdefault(matching[0], value) != value:
            raise DataError([f"`--size {name}={value}`: `{known[matching[0]][0]}` is {found[matching[0]]} already"])
    return found


def need_fixed(typed: TypedGraph, fixed: Fixed, format: str) -> None:
    """Raises DataError where a size is open that a format needs a number for."""
    left = {each: names for each, names in find_open(typed).items() if each not in fixed}
    if left:
        ways = " ".join(f"--size {names[0]}=16" for names in left.values())
        raise DataError([f"`{format}` needs a number for {_read_listed(left)}: {ways}"])


def _read_listed(sizes: Mapping[Symbol, tuple[str, ...]]) -> str:
    return ", ".join(f"`{names[0]}`" for names in sizes.values())
