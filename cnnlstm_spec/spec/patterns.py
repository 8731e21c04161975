"""`*` in a name of branches: any characters. What a pattern stands for, in the order of the branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..language.references import is_pattern
from ..language.scope import Scope
from ..text.diagnostic import Code, Diagnostic, Label, Origin
from ..text.source import Place
from .compile_keys import Multiplier

if TYPE_CHECKING:
    from .expect import Expected

NO_BRANCH = Code("pattern-without-branch", "error", "`{pattern}` stands for no branch")
BESIDE = Code("named-beside-pattern", "error", "`{pattern}` stands for `{name}`, which is named beside it")
BRANCHES = "branches."

References = tuple[tuple[str, Origin], ...]


class Names(NamedTuple):
    """The branches of a spec."""

    known: Sequence[str]
    are_told: bool
    """Whether these are all."""


def fits(name: str, pattern: str) -> bool:
    """Whether a name is one that a pattern stands for."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    *middle, last = rest
    at, end = len(first), len(name) - len(last)
    if at > end or not name.startswith(first) or not name.endswith(last):
        return False
    for part in middle:
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def find_matches(pattern: str, branches: Names) -> list[str]:
    """What a reference with a pattern stands for: `lead_*.conv3` for that layer in each of the branches."""
    stem, dot, layer = pattern.partition(".")
    return [f"{name}{dot}{layer}" for name in branches.known if fits(name, stem)]


def match_references(refs: References, branches: Names, scope: Scope) -> References | None:
    """The references with what patterns stand for; None where one is amiss, which is reported."""
    if not any(is_pattern(ref) for ref, _ in refs):
        return refs
    found: dict[str, Place] = {ref: origin.place for ref, origin in refs if not is_pattern(ref)}
    result: list[tuple[str, Origin]] = []
    sound = True
    for ref, origin in refs:
        meant = _check(ref, find_matches(ref, branches), found, origin.place, branches, scope) if is_pattern(ref) else [ref]
        sound = sound and meant is not None
        result += [(each, origin) for each in meant or ()]
    return tuple(result) if sound else None


def match_multipliers(multipliers: tuple[Multiplier, ...], branches: Names, scope: Scope) -> tuple[Multiplier, ...]:
    """The multipliers with what `branches.lead_*` stands for; those that are amiss are left out, which is reported."""
    stands_for = _match_keys([(each.address, each.place) for each in multipliers], branches, scope)
    pairs = zip(multipliers, stands_for, strict=True)
    return tuple(each._replace(address=address) for each, meant in pairs for address in meant)


def match_expected(expected: tuple[Expected, ...], branches: Names, scope: Scope) -> tuple[Expected, ...]:
    """The entries of `expect` with what `branches.lead_*` stands for; those that are amiss are left out, which is reported."""
    pairs = zip(expected, _match_keys([(each.name, each.key) for each in expected], branches, scope), strict=True)
    return tuple(replace(each, name=address) for each, meant in pairs for address in meant)


def _match_keys(keys: Sequence[tuple[str, Place]], branches: Names, scope: Scope) -> list[list[str]]:
    """By key, the addresses that it stands for; none of one that is amiss."""
    found = {address: place for address, place in keys if not is_address_pattern(address)}
    return [
        (_check(address, match_address(address, branches), found, place, branches, scope) or [])
        if is_address_pattern(address)
        else [address]
        for address, place in keys
    ]


def is_address_pattern(address: str) -> bool:
    """Whether the name of a branch in an address is a pattern."""
    return address.startswith(BRANCHES) and is_pattern(address.removeprefix(BRANCHES))


def match_address(address: str, branches: Names) -> list[str]:
    """The addresses that one with a pattern stands for."""
    return [BRANCHES + each for each in find_matches(address.removeprefix(BRANCHES), branches)]


def _check(
    pattern: str, meant: list[str], found: dict[str, Place], place: Place, branches: Names, scope: Scope
) -> list[str] | None:
    """What a pattern stands for, which is added to what is `found`; None where it is nothing, or named beside it."""
    if not meant:
        if branches.are_told:
            help = (f"the branches are {', '.join(f'`{name}`' for name in branches.known[:12])}",)
            scope.found.append(Diagnostic(NO_BRANCH, place, {"pattern": pattern}, "", scope.uses, help))
        return None
    twice = next((each for each in meant if each in found), None)
    if twice is not None:
        scope.found.append(report_beside(pattern, twice, place, found[twice], scope.uses))
        return None
    found.update(dict.fromkeys(meant, place))
    return meant


def report_beside(pattern: str, name: str, place: Place, other: Place, uses: tuple[Label, ...] = ()) -> Diagnostic:
    """Says that what a pattern stands for is named beside it."""
    help = (f"leave `{name}` out, or write a narrower pattern",)
    facts: dict[str, object] = {"pattern": pattern, "name": name}
    return Diagnostic(BESIDE, place, facts, "", (Label(other, "named here too"), *uses), help)
