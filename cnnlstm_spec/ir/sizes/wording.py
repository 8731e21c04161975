"""A set of sizes as the rule it is: "a multiple of 32", "`n // 4` is even", "8 to 11 or at least 16". Imports `fits` alone."""

from __future__ import annotations

from itertools import takewhile

from .fits import Fits, Interval, group_intervals

SHOWN = 6
"""Parts of a list that are told; a longer one is told otherwise."""


def say_rule(name: str, found: Fits) -> str | None:
    """What the sizes of that name are, exactly; None where no short rule says it. Some fit, and some do not."""
    if not found.rests:
        parts = [_describe_interval(each) for each in found.few]
        return f"{name} is {join_words(parts)}" if len(parts) <= SHOWN else None
    least = found.least
    assert least is not None
    if found.period == 1:
        if not found.few:
            return f"{name} is at least {found.start}"
        if len(found.few) >= SHOWN:
            return _except(name, found)
        return f"{name} is {join_words([*map(_describe_interval, found.few), f'at least {found.start}'])}"
    told = _describe_repeating(name, found.period, found.rests)
    if told is None:
        return None
    every = Fits((), 1, found.period, found.rests)
    if every == found:
        return told
    few = [each for each in found.few if not _follow(each, every)]
    below = {number for low, high in found.few for number in range(low, min(high, low + found.period) + 1)}
    from_least = Fits((), least, found.period, found.rests).iterate()
    if few or any(number not in below for number in takewhile(lambda number: number < found.start, from_least)):
        return _describe_exceptions(name, told, found)
    return told if least == every.least else f"{told}, and {name} is at least {least}"


def _except(name: str, found: Fits) -> str | None:
    """Where all but some fit."""
    edges = [0, *(edge for low, high in found.few for edge in (low, high)), found.start]
    gaps = [(edges[at] + 1, edges[at + 1] - 1) for at in range(0, len(edges), 2)]
    parts = [_describe_interval(gap) for gap in gaps if gap[0] <= gap[1]]
    return f"{name} is not {join_words(parts)}" if len(parts) <= SHOWN else None


def _describe_exceptions(name: str, told: str, found: Fits) -> str | None:
    """Where a few small ones break the rule of the large ones."""
    parts = [_describe_interval(each) for each in found.few]
    if len(parts) > SHOWN:
        return None
    first = next(found.iterate())
    small = f"{name} is {join_words(parts)}; or " if parts else ""
    return f"{small}{told}, and {name} is at least {first}"


def _follow(each: Interval, every: Fits) -> bool:
    return each[1] - each[0] <= every.period and all(every.holds(number) for number in range(each[0], each[1] + 1))


def _describe_repeating(name: str, period: int, rests: frozenset[int]) -> str | None:
    """What leaves certain remainders, without end."""
    if len(rests) == 1:
        (rest,) = rests
        return _describe_single(name, period, rest)
    if len(rests) == period - 1:
        (rest,) = set(range(period)) - rests
        left = _describe_moved(name, rest, period)
        return f"{left} is not a multiple of {period}"
    runs = _group_runs(period, rests)
    if len(runs) == 1:
        low, length = runs[0]
        if period == 2 * length:
            return _describe_block(name, low, length, period)
        if period % length == 0 and not low:
            return f"{_describe_rounded(name, low, length, period)} is a multiple of {period // length}"
    if len(runs) <= SHOWN:
        parts = [_describe_interval(each) for each in group_intervals(sorted(rests))]
        if len(parts) <= SHOWN:
            return f"{name} leaves {join_words(parts)} when divided by {period}"
    return None


def _describe_single(name: str, period: int, rest: int) -> str:
    if period == 2:
        return f"{name} is {'odd' if rest else 'even'}" if rest else f"{name} is a multiple of 2"
    return f"{_describe_moved(name, rest, period)} is a multiple of {period}"


def _describe_moved(name: str, rest: int, period: int) -> str:
    """What is a multiple of the period where the size leaves the remainder."""
    if not rest:
        return name
    return _describe_sum(name, period - rest) if rest > period // 2 else _describe_sum(name, -rest)


def _describe_block(name: str, low: int, length: int, period: int) -> str:
    if low == length:
        return f"`{_strip_marks(name)} // {length}` is odd" if _is_code(name) else f"{name} // {length} is odd"
    return f"{_describe_rounded(name, low, length, period)} is even"


def _describe_rounded(name: str, low: int, length: int, period: int) -> str:
    """What is even, or another multiple, where the remainders are so many from `low` on."""
    more = (period - low) % period if low > period // 2 else -low
    inside = _strip_marks(_describe_sum(name, more)) if more else _strip_marks(name)
    text = f"({inside}) // {length}" if more else f"{inside} // {length}"
    return f"`{text}`" if _is_code(name) else text


def _describe_sum(name: str, more: int) -> str:
    text = f"{_strip_marks(name)} {'+' if more > 0 else '-'} {abs(more)}"
    return f"`{text}`" if _is_code(name) else text


def _is_code(name: str) -> bool:
    return name.startswith("`")


def _strip_marks(name: str) -> str:
    return name.strip("`") if _is_code(name) else name


def _group_runs(period: int, rests: frozenset[int]) -> list[tuple[int, int]]:
    """Remainders that follow one another, in a circle: the first, and how many."""
    firsts = sorted(rest for rest in rests if (rest - 1) % period not in rests)
    found = []
    for first in firsts:
        length = 1
        while (first + length) % period in rests:
            length += 1
        found.append((first, length))
    return found


def _describe_interval(each: Interval) -> str:
    low, high = each
    return str(low) if low == high else f"{low} or {high}" if high == low + 1 else f"{low} to {high}"


def join_words(parts: list[str], word: str = "or") -> str:
    """Parts of a sentence, the last after a word."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f" {word} {parts[-1]}"
