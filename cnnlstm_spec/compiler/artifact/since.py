"""From which Keras on an artifact loads, and for which of its classes and arguments. Imports no Keras.

The facts are `language/data/since.json`, made by `tools/since.py` from the versions themselves.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from ...ir.program import Call, Let, Program, Ref, find_calls, find_uses
from ...text.files import read_own

if TYPE_CHECKING:
    from ...language.catalog_types import SinceFact

RESHAPES_AGAIN = "3.12"
"""Before, a `Reshape` that is used more than once has for its `-1` the size that it was first built for."""


def find_since(program: Program) -> dict[str, str]:
    """What a program uses that the oldest Keras has not, as `layers.Dense` or `layers.Dense.lora_rank`, and since when."""
    facts = _load_facts()
    found: dict[str, str] = {"layers.Reshape.target_shape": RESHAPES_AGAIN} if _reshapes_again(program) else {}
    for call in [call for statement in program.statements for call in find_calls(statement)]:
        found |= _find_since_of_call(call, facts.get(call.path, {}))
    return dict(sorted(found.items()))


def find_least(since: dict[str, str]) -> str | None:
    """The version that has all of it; None where the oldest has."""
    return max(since.values(), key=_read_numbers, default=None)


def _find_since_of_call(call: Call, known: SinceFact) -> dict[str, str]:
    name = call.path.removeprefix("keras.")
    found = {name: known["since"]} if "since" in known else {}
    arguments = known.get("arguments", {})
    return found | {f"{name}.{keyword}": arguments[keyword] for keyword, _ in call.keywords if keyword in arguments}


def _reshapes_again(program: Program) -> bool:
    """Whether a `Reshape` whose shape leaves a size open is used more than once."""
    uses = Counter(each.layer.name for line in program.statements for each in find_uses(line) if isinstance(each.layer, Ref))
    return any(
        isinstance(shape, tuple) and -1 in shape and uses[name] > 1
        for name, call in [(each.name, each.value) for each in program.statements if isinstance(each, Let)]
        if isinstance(call, Call) and call.path == "keras.layers.Reshape"
        for keyword, shape in call.keywords
        if keyword == "target_shape"
    )


def _read_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@lru_cache(maxsize=1)
def _load_facts() -> dict[str, SinceFact]:
    found: dict[str, SinceFact] = json.loads(read_own("language", "data", "since.json"))["since"]
    return found
