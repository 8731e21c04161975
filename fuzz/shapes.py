"""Whether chains over written sizes run, as Keras's own layers compute their shapes. Imports nothing of the compiler."""

from __future__ import annotations

from typing import Any

import keras

from fuzz.reading import make

Shape = tuple[Any, ...]


class Misfit(Exception):
    """A size is not there, or two differ that a strategy wants to be equal."""


def runs(spec: dict[str, Any]) -> bool:
    """Whether every shape of a spec of chains can be computed."""
    try:
        ends = [_after(branch["layers"], (None, *branch["input"].get("shape", ()))) for branch in spec["branches"].values()]
        if "fusion" in spec:
            _after(spec["fusion"]["layers"], _merged(spec["fusion"], ends))
    except (Misfit, ValueError):
        return False
    return True


def _after(items: list[Any], shape: Shape) -> Shape:
    for item in items:
        name, values = (item, {}) if isinstance(item, str) else next(iter(item.items()))
        if name == "Residual":
            shape = _merged("add", [_after(values["layers"], shape), _after(values.get("shortcut", []), shape)])
        elif name == "Parallel":
            shape = _merged(values["merge"], [_after(path, shape) for path in values["paths"].values()])
        else:
            shape = tuple(make(name, values).compute_output_shape(shape))
        if any(size is not None and size < 1 for size in shape):
            raise Misfit(shape)
    return shape


def _merged(merge: Any, shapes: list[Shape]) -> Shape:
    merge = {"strategy": merge} if isinstance(merge, str) else merge
    if "layer" in merge:
        return _joined(make(merge["layer"], None), shapes)
    if merge["strategy"] == "concat":
        return _joined(keras.layers.Concatenate(axis=merge["axis"]), shapes)
    if len(set(shapes)) > 1:
        raise Misfit(shapes)
    return shapes[0]


def _joined(layer: Any, shapes: list[Shape]) -> Shape:
    """The shape of what is joined; whether shapes fit one another Keras looks at when it builds."""
    layer.build(shapes)
    return tuple(layer.compute_output_shape(shapes))
