"""Frozen classes are what the standard library makes of them, but for the time that it takes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from cnnlstm_spec.text.frozen import dataclass

Decorator = Callable[..., Callable[[type[Any]], type[Any]]]


def make(decorator: Decorator) -> tuple[type[Any], type[Any], type[Any], type[Any]]:
    """The same four classes by one decorator or another."""

    class Point:
        """A point."""

        x: int
        y: int = 2
        names: dict[str, int] = field(default_factory=dict, compare=False)
        seen: bool = field(default=False, repr=False, hash=False)

    class Checked:
        value: int

        def __post_init__(self) -> None:
            if self.value < 0:
                raise ValueError("below 0")

    class Alone:
        value: int

    class Nothing:
        pass

    point = decorator(frozen=True)(Point)
    return point, decorator(frozen=True)(Checked), decorator(frozen=True, eq=False)(Alone), decorator(frozen=True)(Nothing)


OURS, THEIRS = make(dataclass), make(dataclasses.dataclass)
PAIRS = pytest.mark.parametrize("classes", [OURS, THEIRS], ids=["ours", "theirs"])


@PAIRS
def test_values(classes: tuple[type[Any], ...]) -> None:
    point, checked, alone, nothing = classes
    one = point(1)
    assert one == point(1, 2, names={"a": 1}) and hash(one) == hash(point(1, names={"b": 2})) == hash(point(1, seen=True))
    assert one != point(1, 3) and one != point(1, seen=True) and one != (1, 2) and point(1).names is not one.names
    assert repr(one).endswith("Point(x=1, y=2, names={})")
    assert (
        replace(one, y=5).y == 5
        and copy.deepcopy(one) == one
        and [each.name for each in fields(one)] == ["x", "y", "names", "seen"]
    )
    assert alone(1) != alone(1) and nothing() == nothing() and hash(nothing()) == hash(nothing())
    assert point.__match_args__ == ("x", "y", "names", "seen") and dataclasses.is_dataclass(one)
    with pytest.raises(ValueError, match="below 0"):
        checked(-1)
    for wrong in ((), (1, 2, {}, True, 5)):
        with pytest.raises(TypeError):
            point(*wrong)
    with pytest.raises(TypeError):
        point(1, z=2)
    for change in (lambda: setattr(one, "x", 3), lambda: setattr(one, "z", 3), lambda: delattr(one, "x")):
        with pytest.raises(FrozenInstanceError):
            change()


@PAIRS
def test_a_class_of_a_class(classes: tuple[type[Any], ...]) -> None:
    """Fields of both, in order; one that adds none of its own is made by the other's initializer."""
    point = classes[0]
    decorator = dataclass if classes is OURS else dataclasses.dataclass

    @decorator(frozen=True)
    class Space(point):  # type: ignore[misc, valid-type]
        z: int = 3

        def __repr__(self) -> str:
            return "a space"

    class Plain(point):  # type: ignore[misc, valid-type]
        pass

    assert Space(1).z == 3 and Space(1, 2, {}, False, 4) == Space(1, z=4) and Space(1) != point(1) and repr(Space(1)) == "a space"
    assert Plain(1).y == 2 and Plain(1) != point(1)


def test_what_is_not_frozen_is_the_standard_librarys() -> None:
    @dataclass
    class Loose:
        x: int = 1

    loose = Loose()
    loose.x = 2
    assert loose == Loose(2) and list(inspect.signature(Loose).parameters) == ["x"]


@dataclass(frozen=True)
class Kept:
    x: int


def test_a_value_goes_to_another_process_as_it_is() -> None:
    assert pickle.loads(pickle.dumps(Kept(1))) == Kept(1)
