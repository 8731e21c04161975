"""What is said of sizes known only at run time, held by the fuzz; and that it finds what was once wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cnnlstm_spec.ir import size_conditions
from cnnlstm_spec.ir.size import Condition
from cnnlstm_spec.ir.size_conditions import Asked, Conditions
from cnnlstm_spec.ir.sizes import condition
from cnnlstm_spec.ir.sizes.fits import Fits
from cnnlstm_spec.ir.sizes.solve import try_sizes
from cnnlstm_spec.ir.sizes.wording import join_words
from cnnlstm_spec.text.diagnostic import Diagnostic
from fuzz.sizes import untrue

Patch = pytest.MonkeyPatch
SEEDS = 120
"""So many are enough to find each fault."""
SHOWN = 4


@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("first", range(0, 40, 5))
def test_what_is_said_of_sizes_is_so(first: int) -> None:
    for seed in range(first, first + 5):
        assert untrue(seed) is None, seed


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("first", range(0, 40, 5))
def test_keras_computes_the_same_shapes(first: int) -> None:
    from fuzz.shapes import runs

    for seed in range(first, first + 5):
        assert untrue(seed, runs) is None, seed


def _kept_by_first_values(patch: Patch) -> None:
    """Conditions as they were once: by a text that shows four sizes that fit."""

    def shown(each: Condition) -> object:
        return tuple([n for n, fits in enumerate(try_sizes(each), 1) if fits][:SHOWN]) if len(each.symbols) == 1 else each

    def add(gathered: Conditions, condition: Condition, warning: Diagnostic) -> None:
        alike = [shown(each) for each in (condition, *gathered.asked)]
        if alike[0] not in alike[1:]:
            gathered.asked.setdefault(condition, Asked(condition, warning))

    patch.setattr(Conditions, "add", add)


def _told_by_first_values(patch: Patch) -> None:
    """Words as they were once: "`n` is 8, 9, 10 or 11"."""

    def rule(name: str, fits: Fits) -> str | None:
        first = [n for n in range(1, 1000) if fits.holds(n)][:SHOWN]
        return f"{name} is {join_words(list(map(str, first)), 'or')}"

    patch.setattr(size_conditions, "say_rule", rule)


def _equality_not_asked(patch: Patch) -> None:
    patch.setattr(condition, "zero", lambda size: size == 0 if isinstance(size, int) else True)


def _bounds_not_asked(patch: Patch) -> None:
    patch.setattr(condition, "require_not_negative", lambda size: size >= 0 if isinstance(size, int) else True)


def _contradictions_not_seen(patch: Patch) -> None:
    """Each condition is told by itself, whatever all come to."""
    patch.setattr(Conditions, "find_findings", lambda self: [asked.warning for asked in list(self.asked.values())[:1]])


FAULTS: list[Callable[[Patch], None]] = [
    *(_kept_by_first_values, _told_by_first_values, _equality_not_asked, _bounds_not_asked, _contradictions_not_seen),
]


LONG = (_kept_by_first_values, _bounds_not_asked, _contradictions_not_seen)
"""Those that take many seeds to be found."""


@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, marks=pytest.mark.whole if each in LONG else ()) for each in FAULTS],
    ids=lambda fault: fault.__name__.strip("_"),
)
def test_a_fault_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    fault(monkeypatch)
    assert any(untrue(seed) is not None for seed in range(SEEDS))
