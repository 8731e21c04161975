"""Operations of one tensor as `Slice` and as `Op`, by the table of functions. Imports no layer of a model."""

from __future__ import annotations

from functools import cache
from typing import Any

from ...ir.graph import make_layer_stem
from ...ops.functions.table import FunctionFacts, find_fact, list_names
from .calls import KerasCall
from .unsayable import Unsayable


def say_function(call: KerasCall) -> tuple[str, dict[str, object]]:
    """The name and the arguments of an operation; raises Unsayable."""
    if call.class_name == "GetItem":
        return "Slice", _find_slice(call)
    fact = _map_by_operation().get(make_layer_stem(call.class_name))
    if fact is None or len(call.inputs) != 1 or call.values[:1] not in ((), (None,)):
        raise Unsayable(f"the operation `{call.class_name}` cannot stand in a spec")
    given = {**call.keywords, **dict(zip((each.name for each in fact.arguments), call.values[1:], strict=False))}
    found: dict[str, Any] = {"function": fact.name}
    for each in fact.arguments:
        value = call.config.get(each.name, given.get(each.name, each.default))
        if isinstance(value, dict):
            raise Unsayable(f"its `{each.name}` is an array that stands in the model, and no number")
        if each.required or value != each.default:
            found[each.name] = value
    return "Op", found


@cache
def _map_by_operation() -> dict[str, FunctionFacts]:
    """The functions by what Keras calls their one operation; of several of one operation, the one of its name."""
    facts = [fact for name in list_names() if (fact := find_fact(name)) is not None and len(fact.operations) == 1]
    found: dict[str, FunctionFacts] = {}
    for fact in sorted(facts, key=lambda fact: fact.name != fact.operations[0]):
        found.setdefault(fact.operations[0], fact)
    return found


def _find_slice(call: KerasCall) -> dict[str, object]:
    """The one axis that is cut, of an index such as `x[:, 1:5]`; raises Unsayable."""
    index = next((value for value in call.values if isinstance(value, list)), None)
    cut = []
    for axis, each in enumerate(index or ()):
        bounds = each.get("config") if isinstance(each, dict) else None
        if isinstance(each, int):
            cut.append((axis, {"index": each}))
        elif not isinstance(bounds, dict):
            raise Unsayable("its index cannot stand in a spec")
        elif any(bounds.get(key) is not None for key in ("start", "stop", "step")):
            cut.append((axis, {key: bounds[key] for key in ("start", "stop", "step") if bounds.get(key) is not None}))
    if len(cut) != 1 or cut[0][0] == 0:
        raise Unsayable("its index is not of one axis")
    return {"axis": cut[0][0], **cut[0][1]}
