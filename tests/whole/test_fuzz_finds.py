"""With a mend turned off, the fuzz finds what it mended, within the number of seeds that is written here."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from cnnlstm_spec.model.rules import activations, metrics
from cnnlstm_spec.model.rules import check as verify
from cnnlstm_spec.model.rules.indices import check_indices
from cnnlstm_spec.model.rules.xla import check_xla
from cnnlstm_spec.ops.augment.factors import Factor, SavedPair
from fuzz import themes

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

Off = Callable[[pytest.MonkeyPatch], None]


def without_rule(patch: pytest.MonkeyPatch, rules: str, rule: Any) -> None:
    patch.setattr(verify, rules, tuple(each for each in getattr(verify, rules) if each is not rule))


MENDS: dict[str, tuple[Any, str, Off, str, int]] = {
    "what XLA cannot compile": (themes.compiled, "MixUp", lambda it: without_rule(it, "RULES", check_xla), "does not run", 40),
    "integers without a row": (
        themes.looked_up,
        "",
        lambda it: without_rule(it, "NODE_RULES", check_indices),
        "does not run",
        40,
    ),
    "overlaps of class numbers": (
        themes.measured,
        "IoU",
        lambda it: it.setattr(metrics, "BY_NUMBERS", ()),
        "measures something else",
        40,
    ),
    "divergences of no distribution": (
        themes.measured,
        "kl_divergence",
        lambda it: it.setattr(activations, "DISTRIBUTIONS", frozenset()),
        "measures something else",
        60,
    ),
    "files that do not load": (
        themes.saved,
        "RandomShear",
        lambda it: it.setattr(SavedPair, "bound", Factor.bound),
        "not the same once it is loaded",
        400,
    ),
}
"""The theme, a word of the specs that it could be found in, how the mend is turned off, the disagreement, and the seeds of the
theme within which it is found; those without the word would only take time."""


@pytest.mark.parametrize("name", MENDS)
def test_the_fuzz_finds_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.judge import judge

    theme, word, off, kind, seeds = MENDS[name]
    off(monkeypatch)
    specs = (theme(Random(f"theme {seed}")) for seed in range(seeds))
    assert any(judge(spec).disagreement == kind for spec in specs if word in str(spec))
