"""Classes of layers by name, for those that only ask what a layer is: no family is imported for the question alone."""

from __future__ import annotations

import sys


class _StandIn(type):
    """A class whose instances are those of another, which is found once the family that has it is imported."""

    told: dict[type, bool]
    """By the class of an instance. A class that was there before the family was imported is none of it, and stays none."""

    def __instancecheck__(cls, instance: object) -> bool:
        kind = type(instance)
        answer = cls.told.get(kind)
        if answer is None:
            # Nothing, too, while another thread is importing it: no class has been derived from the one that is meant.
            meant = getattr(sys.modules.get(cls.__module__), cls.__name__, None)
            answer = cls.told[kind] = meant is not None and issubclass(kind, meant)
        return answer


def stand_for(family: str, name: str) -> _StandIn:
    """What stands for a class of a file of this folder in `isinstance`; types are read under TYPE_CHECKING."""
    return _StandIn(name, (), {"__module__": f"{__package__}.{family}", "told": {}})
