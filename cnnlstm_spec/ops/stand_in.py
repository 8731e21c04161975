"""Classes of layers by name, for those that only ask what a layer is: no family is imported for the question alone."""

from __future__ import annotations

import sys
from typing import Any


class _StandIn(type):
    """A class whose instances are those of another, which is found once the family that has it is imported."""

    meant: type | None

    def __instancecheck__(cls, instance: object) -> bool:
        meant = cls.meant
        if meant is None:
            module = sys.modules.get(cls.__module__)
            if module is None:
                # Of a family that nobody has imported there is no layer yet.
                return False
            # Nor while another thread is importing it.
            meant = cls.meant = getattr(module, cls.__name__, None)
        return meant is not None and isinstance(instance, meant)


def stand_for(family: str, name: str) -> Any:
    """What stands for a class of a file of this folder in `isinstance`; types are read under TYPE_CHECKING."""
    return _StandIn(name, (), {"__module__": f"{__package__}.{family}", "meant": None})
