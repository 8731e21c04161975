"""`dataclass` of the standard library, whose frozen classes compile no method before it is called. Imports nothing else here.

The standard one compiles six methods for each class. Of some hundred classes on the way to a finding most are made once or never,
and compiling took a fifth of a cold `validate`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type[T] | None = None, /, *, frozen: bool = False, eq: bool = True, repr: bool = True, **more: object
    ) -> object:
        """The decorator of the standard library, with its arguments."""
        if not frozen or more:
            make = dataclasses.dataclass(frozen=frozen, eq=eq, repr=repr, **more)
        else:

            def make(cls: type[T]) -> type[T]:
                return _freeze(cls, eq, repr)

        return make if cls is None else make(cls)


def _freeze(cls: type[Any], eq: bool, repr: bool) -> type[Any]:
    own = vars(cls)
    says_hash = own.get("__hash__") is not None
    if cls.__doc__ is None:
        # Else the standard library makes one of the signature, which takes longer than all the rest.
        cls.__doc__ = cls.__name__
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    methods: dict[str, Callable[..., object]] = {
        "__init__": _initialize_later(cls),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
    }
    if repr:
        methods["__repr__"] = _describe(cls)
    if eq:
        fields = dataclasses.fields(cls)
        methods["__eq__"] = _compare(_get_all([each.name for each in fields if each.compare]))
        hashed = [each.name for each in fields if (each.compare if each.hash is None else each.hash)]
        methods |= {} if says_hash else {"__hash__": _make_hash(_get_all(hashed))}
    for name, method in methods.items():
        if name not in own or name == "__hash__":
            setattr(cls, name, method)
    return cls


def _initialize_later(cls: type[Any]) -> Callable[..., None]:
    """An initializer that is compiled when the first value is made."""

    def __init__(self: object, *values: object, **named: object) -> None:
        initialize = cls.__init__ = _compile_initializer(cls)
        initialize(self, *values, **named)

    return __init__


def _compile_initializer(cls: type[Any]) -> Callable[..., None]:
    """What the standard library would make of the fields; that compiles methods beside it, which are not wanted."""
    around: dict[str, Any] = {"_set": object.__setattr__, "_left_out": MISSING}
    positional, named, body = ["self"], ["*"], []
    for each in dataclasses.fields(cls):
        name, value = each.name, each.name
        default, make = f"_default_{name}", f"_make_{name}"
        around |= {default: each.default, make: each.default_factory}
        taken = name if each.default is MISSING else f"{name}={default}"
        if each.default_factory is not MISSING:
            taken = f"{name}=_left_out"
            value = f"{make}() if {name} is _left_out else {name}" if each.init else f"{make}()"
        if each.init:
            (named if each.kw_only else positional).append(taken)
        if each.init or each.default_factory is not MISSING:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    taken = ", ".join([*positional, *(named if len(named) > 1 else [])])
    exec(f"def __init__({taken}):\n " + "\n ".join(body or ["pass"]), around)
    initialize: Callable[..., None] = around["__init__"]
    initialize.__qualname__ = f"{cls.__qualname__}.__init__"
    return initialize


def _get_all(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """A function that gives the values of these attributes."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _compare(get: Callable[[object], tuple[object, ...]]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:
        return get(self) == get(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _make_hash(get: Callable[[object], tuple[object, ...]]) -> Callable[[object], int]:
    def __hash__(self: object) -> int:
        return hash(get(self))

    return __hash__


def _describe(cls: type[Any]) -> Callable[[object], str]:
    @recursive_repr()
    def __repr__(self: object) -> str:
        shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(cls) if each.repr)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
